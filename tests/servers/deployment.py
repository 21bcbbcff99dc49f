"""naqid on a real Kafka for a test or a trial: its own topics, its own folder, and workers that can be killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from command import bare_environment

from pipeline import codec
from pipeline.apart import StateApart
from pipeline.assembly import Assembly, recorded_feed
from pipeline.collecting import Collector
from pipeline.core.alerts import UNANNOUNCED, Alert
from pipeline.core.claims import Claim
from pipeline.overlay import find_overlay
from pipeline.ports import Record, Topic, Unreachable
from pipeline.settings import load_settings

READY_SECONDS = 60


class Worker:
    """A worker in a process of its own; its log is in `log`."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, *command], env=environment, stdout=file, stderr=subprocess.STDOUT
            )

    def wait_until_ready(self) -> None:
        """Returns when it has its partitions for the first time."""
        until = time.monotonic() + READY_SECONDS
        while b"naqid: worker" not in self.log.read_bytes():
            assert self._process.poll() is None, self.log.read_text(errors="replace")[-3000:]
            assert time.monotonic() < until, f"not ready after {READY_SECONDS} s: {self.log}"
            time.sleep(0.1)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> int:
        """Its exit code once it has ended by itself."""
        return self._process.wait(seconds)

    def halt(self) -> None:
        """Stop it in the middle of a line, as a suspended machine would."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on as if nothing had happened."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """End it as a supervisor would. Returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL


class Deployment:
    """One log on the broker at `bootstrap`, its workers, and what they come to.

    `index` is the address of the index; by default each worker has a file of its own, since a file has one writer.
    `files` lie in its configuration, `settings` stand in its `pipeline.toml`.
    """

    def __init__(
        self,
        bootstrap: str,
        folder: Path,
        cache: Path,
        *,
        partitions: int = 4,
        index: str = "",
        session: float = 6.0,
        files: Mapping[str, str] | None = None,
        settings: str = "",
    ) -> None:
        self.folder = folder
        self._index = index
        self.prefix = f"t{uuid.uuid4().hex[:8]}."
        self._workers: list[Worker] = []
        config = folder / "config"
        config.mkdir(parents=True)
        (config / "pipeline.toml").write_text(
            f'log = "kafka://{bootstrap}"\n{settings}'
            f"[kafka]\npartitions = {partitions}\nsession_seconds = {session:.0f}\n"
            f'prefix = "{self.prefix}"\ngroup = "{self.prefix}naqid"\n',
            encoding="utf-8",
        )
        for name, text in (files or {}).items():
            (config / name).write_text(text, encoding="utf-8")
        self._environment = bare_environment(folder, cache) | {"NAQID_INDEX": index}
        overlay = find_overlay(self._environment, config)
        self.assembly = Assembly(overlay, load_settings(overlay, self._environment, folder / "data"))
        self._config = config
        self._log = self.assembly.open_server_log()
        self.log = self._log.__enter__()
        self.log.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            if worker.running:
                worker.kill()
        self._log.__exit__(None, None, None)

    def worker(self, name: str, *, stock: bool = False) -> Worker:
        """Start a worker; `stock` gives it Faust's own consumer."""
        index = self._index or f"sqlite:{self.folder}/index-{name}.db"
        folder = ["--config", str(self._config), "--data", str(self.folder / "data")]
        command = ["-m", "lab.trials.stock_worker"] if stock else ["-m", "pipeline.cli"]
        worker = Worker(
            [*command, "worker", *folder, "--name", name],
            self._environment | {"NAQID_INDEX": index},
            self.folder / f"{name}-{len(self._workers)}.log",
        )
        self._workers.append(worker)
        return worker

    def service(self, command: str, **variables: str) -> Worker:
        """Start a command that stays, such as the collector (`run`) or the announcer."""
        arguments = ["-m", "pipeline.cli", command, "--config", str(self._config), "--data", str(self.folder / "data")]
        service = Worker(arguments, self._environment | variables, self.folder / f"{command}.log")
        self._workers.append(service)
        return service

    def naqid(self, *arguments: str, **variables: str) -> str:
        """What a command of naqid prints, over this deployment."""
        command = [sys.executable, "-m", "pipeline.cli", arguments[0], "--config", str(self._config)]
        command += ["--data", str(self.folder / "data"), *arguments[1:]]
        done = subprocess.run(
            command, env=self._environment | variables, capture_output=True, encoding="utf-8", timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def append(self, file: Path) -> None:
        """What `naqid ingest` does, without a process of its own; tried again while Kafka comes back."""
        poll = recorded_feed(file).poll("", datetime.now(UTC))
        assert not poll.skipped
        with self.assembly.open_own("ingest") as own:
            for tries_left in reversed(range(10)):
                try:
                    Collector(StateApart(self.log, own)).ingest(poll.articles)
                    return
                except Unreachable:
                    if not tries_left:
                        raise
                    time.sleep(1)

    def backlog(self) -> dict[str, int]:
        """How many records the workers have not committed yet, of each topic that they read."""
        stands = self.assembly.worker_positions()
        return {topic: self.log.behind(topic, position) for topic, position in stands.items()}

    def wait_until_done(self, seconds: float) -> float:
        """Wait until everything appended is read and followed. Returns how long it took; fails after `seconds`."""
        began = time.monotonic()
        while any((backlog := self.backlog()).values()):
            assert time.monotonic() - began < seconds, f"still to do after {seconds} s: {backlog}"
            running = [worker for worker in self._workers if worker.running]
            assert running, self._workers[-1].log.read_text(errors="replace")[-3000:]
            time.sleep(0.3)
        return time.monotonic() - began

    def records(self, topic: Topic) -> Iterator[Record]:
        """All records of a topic, as often as they are there."""
        position = ""
        while stored := self.log.read(topic, position, 1000):
            yield from (one.record for one in stored)
            position = stored[-1].position

    def alerts(self) -> dict[str, Alert]:
        """The alerts that stand, by id, each as it was last told."""
        last = {record.key: codec.alert_from_bytes(record.value) for record in self.records("alerts")}
        return {id: alert for id, alert in last.items() if alert.kind not in UNANNOUNCED and alert.state != "resolved"}

    def claims(self) -> dict[str, Claim]:
        return {
            claim.id: claim
            for record in self.records("claims")
            for claim in codec.claims_from_bytes(record.value).claims
        }


def json_lines(path: Path, articles: Sequence[dict[str, Any]]) -> Path:
    """Write the articles as a file for `naqid ingest` and `naqid replay`."""
    lines = (json.dumps(article, ensure_ascii=False, default=lambda time: time.isoformat()) for article in articles)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
