# The image of every process of naqid on servers: collector, worker, announcer. docker-compose.yml says which is which.
# What is installed is locked by hashes in requirements-servers.lock; nothing that builds or installs stays in the image.

FROM python:3.11-slim-bookworm AS wheel
WORKDIR /source
# requirements.lock holds the build backend, so that the second step asks nobody.
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY pipeline ./pipeline
COPY connectors ./connectors
COPY config ./config
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --no-index --wheel-dir /wheel .

FROM python:3.11-slim-bookworm AS environment
COPY requirements-servers.lock /
RUN python -m venv --without-pip /opt/naqid \
    && python -m pip --python /opt/naqid/bin/python install --no-cache-dir --only-binary :all: \
        --require-hashes --requirement /requirements-servers.lock
COPY --from=wheel /wheel /wheel
RUN python -m pip --python /opt/naqid/bin/python install --no-cache-dir --no-deps --no-index /wheel/*.whl

FROM python:3.11-slim-bookworm
# The base image brings pip; a program that never installs anything is safer without it.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/naqid --shell /usr/sbin/nologin naqid \
    && install --directory --owner naqid --group naqid --mode 0700 /var/lib/naqid \
    && install --directory /etc/naqid
COPY --from=environment /opt/naqid /opt/naqid
# Settings lie in /etc/naqid, all that is kept in /var/lib/naqid.
ENV PATH=/opt/naqid/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_CONFIG_HOME=/etc \
    XDG_DATA_HOME=/var/lib \
    XDG_CACHE_HOME=/var/lib/naqid/cache \
    NAQID_HEARTBEAT=/tmp/alive
USER 10001:10001
WORKDIR /var/lib/naqid
VOLUME ["/var/lib/naqid"]
# Every process that stays touches that file every ten seconds as long as its work goes on.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=2 \
    CMD ["sh", "-c", "test -n \"$(find /tmp/alive -mmin -2)\""]
ENTRYPOINT ["naqid"]
CMD ["--help"]
