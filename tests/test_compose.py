"""docker-compose.yml: what docker compose itself would load, and what every service of it owes to its machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command import ROOT
from composed import COMPOSE, composed, services

PASSWORDS = ("ELASTIC_PASSWORD", "KIBANA_PASSWORD", "NAQID_PASSWORD", "KIBANA_ENCRYPTION_KEY")
NAQID = ("collector", "worker", "announcer", "naqid")
# Each ends by itself.
ONCE = {"accounts": "on-failure:5", "naqid": "no"}
# Each says in docker-compose.yml why: a password handed over as a file, or a file that the image writes.
WRITABLE_ROOT = {"elasticsearch", "accounts"}

each_service = pytest.mark.parametrize("name", sorted(services()))


@pytest.fixture(scope="session")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that loads a file as docker compose does, built from the library of docker compose."""
    if not shutil.which("go"):
        pytest.skip("go is not here, which builds the loader of docker compose")
    program = tmp_path_factory.mktemp("loader") / "load"
    built = subprocess.run(
        ["go", "build", "-buildvcs=false", "-o", str(program), "."],
        cwd=ROOT / "tests" / "compose",
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if built.returncode and os.environ.get("NAQID_REQUIRE_SERVERS") != "1":
        pytest.skip(f"the loader of docker compose could not be built: {built.stderr.strip().splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    return program


def load(loader: Path, folder: Path, variables: dict[str, str], text: str = "") -> subprocess.CompletedProcess[str]:
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    file = folder / "docker-compose.yml"
    file.write_text(text or COMPOSE.read_text(encoding="utf-8"), encoding="utf-8")
    return subprocess.run(
        [str(loader), str(folder / ".env"), str(file)],
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_docker_compose_loads_it_as_we_read_it(loader: Path, tmp_path: Path) -> None:
    loaded = load(loader, tmp_path, {name: f"value-of-{name}" for name in PASSWORDS})
    assert loaded.returncode == 0, loaded.stderr
    project: dict[str, Any] = json.loads(loaded.stdout)
    assert set(project["services"]) == set(services()) - {"naqid"}
    assert set(project["volumes"]) == set(composed()["volumes"])
    for name, service in project["services"].items():
        assert service["mem_limit"], name
        assert service["cap_drop"] == ["ALL"], name
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name
    worker = project["services"]["worker"]["environment"]
    assert worker["NAQID_INDEX"] == "http://naqid:value-of-NAQID_PASSWORD@elasticsearch:9200"


def test_docker_compose_refuses_a_misspelled_key(loader: Path, tmp_path: Path) -> None:
    misspelled = COMPOSE.read_text(encoding="utf-8").replace("cap_drop:", "cap_dorp:")
    loaded = load(loader, tmp_path, dict.fromkeys(PASSWORDS, "value"), misspelled)
    assert loaded.returncode == 1
    assert "cap_dorp" in loaded.stderr


@pytest.mark.parametrize("missing", PASSWORDS[1:])
def test_without_a_password_it_says_what_to_do(loader: Path, tmp_path: Path, missing: str) -> None:
    loaded = load(loader, tmp_path, {name: "value" for name in PASSWORDS if name != missing})
    assert loaded.returncode == 1
    assert "run make env" in loaded.stderr


@each_service
def test_a_port_is_open_to_this_machine_only(name: str) -> None:
    for port in services()[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_kafka_can_load_the_libraries_that_it_unpacks() -> None:
    (temporary,) = [mount for mount in services()["kafka"]["tmpfs"] if mount.startswith("/tmp:")]
    assert "exec" in temporary.split(",")


def test_only_what_people_and_workers_elsewhere_reach_has_a_port() -> None:
    assert {name for name, service in services().items() if service.get("ports")} == {
        "kafka",
        "elasticsearch",
        "kibana",
    }


@each_service
def test_a_service_may_do_little_and_takes_no_more_than_its_share(name: str) -> None:
    service = services()[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@each_service
def test_no_service_is_root(name: str) -> None:
    user = services()[name].get("user") or user_of_the_image()
    assert int(user.partition(":")[0]) >= 1000


@each_service
def test_a_root_file_system_that_can_be_written_has_its_reason(name: str) -> None:
    service = services()[name]
    assert bool(service.get("read_only")) == (name not in WRITABLE_ROOT)
    if name in WRITABLE_ROOT:
        above = COMPOSE.read_text(encoding="utf-8").partition(f"\n  {name}:")[0].splitlines()[-1]
        assert above.startswith("  # ")
        assert "root file system stays writable" in above


@each_service
def test_a_service_comes_back_and_is_looked_after(name: str) -> None:
    service = services()[name]
    assert service["restart"] == ONCE.get(name, "unless-stopped")
    if name in ONCE:
        assert service["healthcheck"] == {"disable": True}
    elif name in NAQID:
        assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    else:
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])


@each_service
def test_whom_a_service_waits_for_is_ready_or_done(name: str) -> None:
    for other, condition in services()[name].get("depends_on", {}).items():
        done = "service_completed_successfully" if other == "accounts" else "service_healthy"
        assert condition == {"condition": done}
        assert other in services()


@each_service
def test_an_image_is_named_to_its_patch_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+", services()[name]["image"])


def test_elasticsearch_and_kibana_are_of_one_version() -> None:
    images = {name: services()[name]["image"] for name in ("elasticsearch", "kibana", "accounts")}
    assert {image.partition(":")[2] for image in images.values()} == {"9.5.4"}
    assert images["accounts"] == images["elasticsearch"]


def test_the_image_of_naqid_is_of_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    assert {services()[name]["image"] for name in NAQID} == {f"naqid:{version[1]}"}
    assert [name for name in services() if "build" in services()[name]] == ["collector"]


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in services()[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY|WEBHOOK", variable):
            assert re.fullmatch(r"\$\{[A-Z_]+(:\?run make env|:-)\}|/run/secrets/[a-z_]+", value), variable
        assert not re.search(r"://[^/@$]+:[^@$]+@", value), variable


@pytest.mark.parametrize("name", NAQID)
def test_every_process_of_naqid_keeps_to_its_volume(name: str) -> None:
    service = services()[name]
    (kept,) = [volume for volume in service["volumes"] if isinstance(volume, str)]
    assert kept.endswith("/var/lib/naqid")
    (settings,) = [volume for volume in service["volumes"] if isinstance(volume, dict)]
    assert settings["read_only"] is True
    assert service["init"] is True


def test_workers_share_no_volume_and_no_name_so_that_there_may_be_many() -> None:
    worker = services()["worker"]
    assert "/var/lib/naqid" in worker["volumes"]
    assert not {"container_name", "hostname", "ports"} & set(worker)


def test_each_process_of_naqid_knows_only_the_secret_that_it_needs() -> None:
    told = {name: set(services()[name]["environment"]) for name in NAQID}
    assert told == {
        "collector": {"NAQID_LOG"},
        "worker": {"NAQID_LOG", "NAQID_INDEX"},
        "announcer": {"NAQID_LOG", "NAQID_SLACK_WEBHOOK"},
        "naqid": {"NAQID_LOG", "NAQID_INDEX"},
    }


def test_what_needs_no_other_machine_reaches_none() -> None:
    assert composed()["networks"]["inside"] == {"internal": True}
    assert {name for name in services() if services()[name]["networks"] == ["inside"]} == {"accounts", "worker"}


def test_up_starts_everything_but_what_a_person_calls() -> None:
    assert {name for name in services() if services()[name].get("profiles")} == {"naqid"}


def test_what_a_person_calls_sees_what_the_collector_and_the_announcer_remember() -> None:
    kept = {name: [volume for volume in services()[name]["volumes"] if isinstance(volume, str)] for name in NAQID}
    assert kept["naqid"] == kept["collector"] == kept["announcer"] == ["naqid:/var/lib/naqid"]


def test_what_is_mounted_from_the_repository_is_there() -> None:
    mounted = [volume for service in services().values() for volume in service.get("volumes", [])]
    sources = {volume["source"] for volume in mounted if isinstance(volume, dict)}
    assert "${NAQID_SETTINGS:-./settings}" in sources
    for source in sources - {"${NAQID_SETTINGS:-./settings}"}:
        assert (ROOT / source).is_file()


def user_of_the_image() -> str:
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    return str(users[-1])
