# Everything a person does with a clone. The environment is .venv; only the first run needs the network.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
UV ?= uv
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help venv demo run servers env test test-servers check format lock audit lab-venv clean

help: ## what can be made
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { split($$1, part, ":"); printf "make %-13s %s\n", part[1], $$2 }' Makefile

venv: .venv/ready ## the environment that runs naqid

demo: .venv/ready ## a story in which a reversal is caught, with real output
	@$(BIN)/naqid demo

run: .venv/ready ## the service over config/outlets.toml, until Ctrl-C
	@$(BIN)/naqid run

servers: .venv/ready-to-test ## a real Kafka and a real Elasticsearch to try it on, until Ctrl-C
	@$(BIN)/python tests/servers/leave_running.py

# "set -C" refuses to write over a file that appeared since it was looked for. The passwords are letters and digits, as
# they stand inside addresses.
env: ## random passwords for docker-compose.yml, in .env, which only its owner may read
	@if [ -e .env ]; then echo 'make env: .env is there already; its passwords are in use, so it stays as it is' >&2; exit 2; fi
	@umask 077; set -C; { \
		echo '# Passwords for docker-compose.yml; keep a copy: the data on the volumes are locked with them.'; \
		for name in ELASTIC_PASSWORD KIBANA_PASSWORD NAQID_PASSWORD KIBANA_ENCRYPTION_KEY; do \
			echo "$$name=$$(od -A n -N 24 -t x1 /dev/urandom | tr -d ' \n')"; \
		done; \
		echo '# The address of a Slack incoming webhook; without one, alerts are printed: docker compose logs announcer'; \
		echo 'NAQID_SLACK_WEBHOOK='; \
	} > .env
	@echo 'wrote .env; now: docker compose up --detach --build'

test: .venv/ready-to-test ## every test
	@$(BIN)/python -m pytest

test-servers: .venv/ready-to-test ## the tests on those two alone (needs Java and Maven)
	@$(BIN)/python -m pytest tests/servers

check: .venv/ready-to-test ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/ready-to-test ## lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## renew the lock files (needs uv)
	$(UV) pip compile $(LOCK) --group build -o requirements.lock
	$(UV) pip compile $(LOCK) --extra servers -c requirements.lock -o requirements-servers.lock
	$(UV) pip compile $(LOCK) --group build --extra servers --extra dev -c requirements-servers.lock -o requirements-test.lock
	$(UV) pip compile $(HASHED) --group lab -o requirements-lab.lock

audit: .venv/ready ## known vulnerabilities of what is locked (needs the network)
	@$(PYTHON) -m venv .venv-audit && .venv-audit/bin/pip install --quiet pip-audit
	.venv-audit/bin/pip-audit --disable-pip --require-hashes -r requirements.lock

# Six gigabytes, as torch brings what it needs on a graphics card; the product needs none of it.
lab-venv: requirements-lab.lock ## the environment that trains the judge's weights
	@$(PYTHON) -m venv .venv-lab
	.venv-lab/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-lab.lock

clean: ## remove the environments and caches
	rm -rf .venv .venv-audit .venv-lab .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

HASHED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
LOCK := $(HASHED) pyproject.toml

# What is locked is installed by its hashes; the project itself is then linked in without asking anyone.
INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r
LINK = $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "naqid needs Python 3.11 or newer; name it so: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make an environment; install its venv package (Debian: apt-get install python3-venv)" >&2; exit 2; }
	@$(PYTHON) -m venv .venv

.venv/ready: .venv/bin/python requirements.lock pyproject.toml
	@echo "Installing what naqid needs into .venv (once) ..." >&2
	@$(INSTALL) requirements.lock
	@$(LINK)
	@touch $@

.venv/ready-to-test: .venv/ready requirements-test.lock
	@echo "Installing what the tests need into .venv (once) ..." >&2
	@$(INSTALL) requirements-test.lock
	@touch $@
