"""What docker-compose.yml tells Kafka and Elasticsearch, taken by real ones: no container, the same settings."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command import ROOT
from composed import services
from elasticsearch_samples import article
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError
from server_processes import HERE, Elasticsearch, Failed, Kafka, free_ports
from server_programs import install_plugin

from connectors.elasticsearch_index import ElasticsearchIndex
from pipeline.ports import Query

PASSWORDS = {"elastic": "elastic-0f3a", "kibana": "kibana-7c21", "naqid": "naqid-5d9e"}


class ComposedKafka(Kafka):
    """A broker with the environment of docker-compose.yml, made into its settings by what does so in the image."""

    def _command(self) -> list[str]:
        settings, data = self.folder / "settings", self.folder / "data"
        for folder in ("default", "mounted"):
            (settings / folder).mkdir(parents=True, exist_ok=True)
        (services_port,) = free_ports(1)
        environment = services()["kafka"]["environment"]
        for there, here in {
            "19092": str(services_port),
            ":9092": f":{self.port}",
            "9093": str(self._controller_port),
            "kafka:": "localhost:",
            "/var/lib/kafka/data": str(data),
        }.items():
            environment = {name: value.replace(there, here) for name, value in environment.items()}
        java = [self._java.program("java"), *environment["KAFKA_LOG4J_OPTS"].split(), "-cp", str(self._libraries / "*")]
        shipped, mounted = (f"--{kind}-configs-dir={settings / kind}" for kind in ("default", "mounted"))
        made = subprocess.run(
            [*java, "kafka.docker.KafkaDockerWrapper", "setup", shipped, mounted, f"--final-configs-dir={settings}"],
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if made.returncode:
            raise Failed(made.stdout + made.stderr)
        return [*java, *environment["KAFKA_HEAP_OPTS"].split(), "kafka.Kafka", str(settings / "server.properties")]

    def _ready(self, before: int) -> bool:
        try:
            self.make_topic("ready", 1)
        except (KafkaError, OSError):
            return False
        return True

    def make_topic(self, name: str, partitions: int) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=1000)
        try:
            if name not in admin.list_topics():
                admin.create_topics([NewTopic(name, partitions, 1)])
        finally:
            admin.close()


class ComposedElasticsearch(Elasticsearch):
    """A node with the settings of docker-compose.yml: security is on, and the first password is given."""

    def _command(self) -> list[str]:
        command = super()._command()
        configuration = self.folder / "config"
        home = self.folder / "program"
        if not home.exists():
            shutil.copytree(self._program.home, home)
            self._install_filters_of_accounts(home)
        command[0] = str(home / "bin" / "elasticsearch")
        tool = home / "bin" / "elasticsearch-keystore"
        if not (configuration / "elasticsearch.keystore").exists():
            (configuration / "elasticsearch.yml").write_text("http.host: 127.0.0.1\ntransport.host: 127.0.0.1\n")
            for arguments, given in ((["create"], ""), (["add", "-x", "bootstrap.password"], PASSWORDS["elastic"])):
                subprocess.run(
                    ["bash", str(tool), *arguments],
                    env=os.environ | self._variables(),
                    input=given,
                    capture_output=True,
                    encoding="utf-8",
                    check=True,
                )
        environment = services()["elasticsearch"]["environment"]
        settings = {name: value for name, value in environment.items() if name.islower()}
        # A limit of memory that may be locked is not a test's to raise.
        settings |= {"bootstrap.memory_lock": "false", "cluster.routing.allocation.disk.threshold_enabled": "false"}
        return [*command, *(f"-E{name}={value}" for name, value in settings.items())]

    def _install_filters_of_accounts(self, home: Path) -> None:
        workshop, java = self.folder / "workshop", self._program.java
        (workshop / "plugins").mkdir(parents=True)
        (workshop / "lib").symlink_to(self._program.home / "lib")
        source = HERE / "elasticsearch" / "AccountsIndexPlugin.java"
        install_plugin(java, source, workshop, self.version, min(java.version, 21))
        plugin = Path(shutil.move(workshop / "plugins" / "arabic-analysis", home / "plugins" / "accounts"))
        descriptor = plugin / "plugin-descriptor.properties"
        told = descriptor.read_text(encoding="utf-8").replace("name=arabic-analysis", "name=accounts", 1)
        descriptor.write_text(told, encoding="utf-8")

    def _ready(self, before: int) -> bool:
        return (
            self.ask("elastic", PASSWORDS["elastic"], "GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            == 200
        )

    def ask(self, user: str, password: str, method: str, path: str, body: object = None) -> int:
        """The status of the answer, 0 where there is none."""
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        request = urllib.request.Request(
            self.url + path,
            method=method,
            headers={"Authorization": f"Basic {basic}", "Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@pytest.fixture(scope="module")
def node() -> Iterator[ComposedElasticsearch]:
    with ComposedElasticsearch() as elasticsearch:
        yield elasticsearch


def test_a_real_broker_runs_with_what_the_compose_file_says() -> None:
    with ComposedKafka() as kafka:
        kafka.make_topic("articles", 12)
        assert "Unknown" not in kafka.log.read_text(encoding="utf-8")
        kafka.stop()
        # What it formatted the first time it takes up again; the image's script reads on after this answer.
        with pytest.raises(Failed, match="already formatted"):
            kafka.start()


def test_the_accounts_are_made_and_made_again_without_harm(node: ComposedElasticsearch, tmp_path: Path) -> None:
    for name, password in PASSWORDS.items():
        (tmp_path / f"{name}_password").write_text(password)
    assert node.ask("naqid", PASSWORDS["naqid"], "GET", "/_cluster/health") == 401
    for _ in range(2):
        ran = run_accounts(node.url, tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert not any(password in ran.stdout + ran.stderr for password in PASSWORDS.values())
    assert node.ask("kibana_system", PASSWORDS["kibana"], "GET", "/_cluster/health") == 200
    naqid = ("naqid", PASSWORDS["naqid"])
    assert node.ask(*naqid, "PUT", "/naqid-here") == 200
    assert node.ask(*naqid, "PUT", "/_index_template/naqid-here", {"index_patterns": ["naqid-here-*"]}) == 200
    assert node.ask(*naqid, "PUT", "/elsewhere") == 403
    assert node.ask(*naqid, "GET", "/_security/user") == 403
    index = ElasticsearchIndex(
        node.url,
        templates=ROOT / "config" / "index",
        stop_words=("من",),
        overrides={},
        credentials=naqid,
        places_of=lambda _: [],
    )
    with closing(index):
        index.put([article("one")])
        assert [hit.id for hit in index.search(Query("articles", "انسحب"))] == ["one"]
    # A misspelled index is an error, other programs' indices are theirs.
    assert node.ask(*naqid, "POST", "/naqid-misspelled/_doc", {}) == 404
    assert node.ask("elastic", PASSWORDS["elastic"], "POST", "/logs-of-another/_doc", {}) == 201


def test_a_refused_password_is_told_of_and_never_shown(node: ComposedElasticsearch, tmp_path: Path) -> None:
    for name in PASSWORDS:
        (tmp_path / f"{name}_password").write_text("wrong-password")
    ran = run_accounts(node.url, tmp_path)
    assert ran.returncode == 1
    assert "/_security/user/kibana_system/_password" in ran.stderr
    assert "401" in ran.stderr
    assert "wrong-password" not in ran.stdout + ran.stderr


def run_accounts(url: str, secrets: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("curl"):
        pytest.skip("curl is not here, which the image of Elasticsearch brings")
    return subprocess.run(
        ["bash", str(ROOT / "config" / "servers" / "accounts.sh")],
        env={"PATH": os.environ["PATH"], "ELASTICSEARCH_URL": url, "SECRETS": str(secrets)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
