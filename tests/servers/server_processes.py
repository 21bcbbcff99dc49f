"""A real Kafka and a real Elasticsearch on the loopback, each started for a test or a person and stopped for certain.

    with Kafka() as kafka, Elasticsearch() as elasticsearch:
        print(kafka.bootstrap, elasticsearch.url)

Start them from a thread that outlives them: Linux ends them with the thread that started them.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from media_type_bridge import MediaTypeBridge
from running_server import Failed, Server, free_ports
from server_programs import HERE, Unavailable, elasticsearch_program, kafka_program, last_lines

__all__ = ["Elasticsearch", "Failed", "Kafka", "Server", "free_ports"]


class Kafka(Server):
    """One broker that is its own controller (KRaft); makes no topic by itself."""

    name = "kafka"

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self._libraries, self._java = kafka_program()
        self.port, self._controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        properties, data = self.folder / "server.properties", self.folder / "data"
        controller = f"127.0.0.1:{self._controller_port}"
        properties.write_text(
            (HERE / "kafka" / "server.properties").read_text(encoding="utf-8")
            + f"listeners=PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}\n"
            + f"advertised.listeners=PLAINTEXT://{self.bootstrap}\n"
            + f"controller.quorum.voters=1@{controller}\n"
            + f"log.dirs={data}\n",
            encoding="utf-8",
        )
        options = [
            f"-Dlog4j2.configurationFile={HERE / 'kafka' / 'log4j2.properties'}",
            "-Djava.awt.headless=true",
            "-XX:+ExitOnOutOfMemoryError",
            "-classpath",
            str(self._libraries / "*"),
        ]
        if not (data / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            format_data = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(properties)]
            formatted = subprocess.run(
                [self._java.program("java"), "-XX:TieredStopAtLevel=1", *options, *format_data],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            if formatted.returncode:
                raise Failed(f"Kafka could not prepare {data}:\n{last_lines(formatted.stdout + formatted.stderr)}")
        return [self._java.program("java"), "-Xms512m", "-Xmx512m", *options, "kafka.Kafka", str(properties)]

    def _ready(self, before: int) -> bool:
        return b"Kafka Server started" in self.log.read_bytes()[before:]


class Elasticsearch(Server):
    """One node without security, with the filters of `elasticsearch/ArabicAnalysisPlugin.java`.

    Of version 9, or 8 where no Java runs a 9; the client of version 9 then finds a bridge before it.
    It is the real server without most of its modules: no ILM, data streams, reindex, scripts or `GET /`.
    """

    name = "elasticsearch"

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self._program = elasticsearch_program()
        self.version = self._program.version
        self.port, self._transport_port, self._node_port = free_ports(3)
        self.url = f"http://127.0.0.1:{self.port}"
        self._bridge: MediaTypeBridge | None = None
        if not self.version.startswith("8."):
            self._node_port = self.port

    def start(self) -> None:
        if self._node_port != self.port and self._bridge is None:
            self._bridge = MediaTypeBridge(self.port, self._node_port)
        super().start()

    def stop(self) -> None:
        super().stop()
        self._close_bridge()

    def kill(self) -> None:
        super().kill()
        self._close_bridge()

    def _close_bridge(self) -> None:
        if self._bridge:
            self._bridge.close()
            self._bridge = None

    def _command(self) -> list[str]:
        # The node writes into its folder of settings, so it gets one of its own.
        shutil.copytree(HERE / "elasticsearch" / "config", self.folder / "config", dirs_exist_ok=True)
        (self.folder / "temporary").mkdir(exist_ok=True)
        settings = {
            "http.port": self._node_port,
            "transport.port": self._transport_port,
            "path.data": self.folder / "data",
            "path.logs": self.folder / "logs",
        }
        options = [f"-E{name}={value}" for name, value in settings.items()]
        return [str(self._program.home / "bin" / "elasticsearch"), *options]

    def _wrapped(self, command: list[str]) -> list[str]:
        if os.geteuid() != 0:
            return command
        # Elasticsearch refuses root. In a user namespace of its own it is someone else, and still owns its files.
        unshare = shutil.which("unshare")
        wrapper = [unshare or "unshare", "--map-user=1000", "--map-group=1000"]
        if not unshare or subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
            raise Unavailable("Elasticsearch does not run as root, and no user namespace can be had here; be a user")
        return [*wrapper, *command]

    def _variables(self) -> dict[str, str]:
        return {
            "ES_JAVA_HOME": str(self._program.java.home),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "temporary"),
        }

    def _ready(self, before: int) -> bool:
        health = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s"
        try:
            with urllib.request.urlopen(health, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
