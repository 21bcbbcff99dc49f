"""A real Kafka and a real Elasticsearch on the loopback, each started for a test or a person and stopped for certain.

    with Kafka() as kafka, Elasticsearch() as elasticsearch:
        print(kafka.bootstrap, elasticsearch.url)

Start them from a thread that outlives them: Linux ends them with the thread that started them.
"""

from __future__ import annotations

import base64
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from media_type_bridge import MediaTypeBridge
from server_programs import HERE, Unavailable, elasticsearch_program, kafka_program, last_lines

START_SECONDS = 120
STOP_SECONDS = 30


class Failed(Exception):
    """A server did not come up, or went; the message shows the end of its log and where the whole of it lies."""


class Server(ABC):
    """One server process with its data and log in `folder`, a temporary one unless it is given.

    The ports and the data stay the same through `stop`, `kill` and `start`.
    """

    name: str

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix=f"naqid-{self.name}-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.log = self.folder / f"{self.name}.log"
        self.started_in = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            # The folder stays, for the sake of the log that the error names.
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns as soon as the server answers; `started_in` then tells the seconds it took.

        Raises:
            Failed: it ended, or did not answer in time.
        """
        if self.running:
            return
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        before = self.log.stat().st_size if self.log.exists() else 0
        command = self._command()
        if setpriv := shutil.which("setpriv"):
            # Whoever started the server may be killed and clear nothing up.
            command = [setpriv, "--pdeathsig", "TERM", *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._wrapped(command),
                env=os.environ | self._variables(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, so that Ctrl-C in a terminal reaches only the one who stops it in good order.
                start_new_session=True,
            )
        while not self._ready(before):
            if not self.running:
                raise Failed(f"{self.name} ended with {self._process.returncode} while starting{self._told(before)}")
            if time.monotonic() - began > START_SECONDS:
                raise Failed(f"{self.name} did not answer within {START_SECONDS} s{self._told(before)}")
            time.sleep(0.05)
        self.started_in = time.monotonic() - began

    def stop(self) -> None:
        """Stops the server as its own scripts would; one that will not end is killed."""
        if self._process is None:
            return
        self._signal_all(signal.SIGCONT)
        self._process.send_signal(signal.SIGTERM)
        if not self._ended():
            self._signal_all(signal.SIGKILL)
            self._ended()
        self._process = None

    def kill(self) -> None:
        """Ends the server at once, as a power cut would."""
        if self._process is not None:
            self._signal_all(signal.SIGKILL)
            self._ended()
            self._process = None

    def pause(self) -> None:
        """The server goes silent: its connections stay open and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _ended(self) -> bool:
        """Waits until the server is gone with every process that it started (Elasticsearch's own is one of those)."""
        until = time.monotonic() + STOP_SECONDS
        while self.running or self._signal_all(0):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def _signal_all(self, number: int) -> bool:
        """Sends to every process of the server; whether there was one."""
        if self._process is None:
            return False
        self._process.poll()
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def _told(self, before: int) -> str:
        log = self.log.read_bytes()[before:].decode("utf-8", "replace")
        return f"; its log, {self.log}, ends so:\n{last_lines(log)}"

    def _wrapped(self, command: list[str]) -> list[str]:
        return command

    def _variables(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def _command(self) -> list[str]:
        """What to run; prepares the data where there is none."""

    @abstractmethod
    def _ready(self, before: int) -> bool:
        """Whether the server, whose log of this start begins at byte `before`, serves."""


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


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, below those that Linux hands out to outgoing connections.

    A server that is stopped for a while thus finds its port free again.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports
