"""Workers killed, added and stopped while articles come: what is missing, what is doubled, what differs.

    python -m lab.trials.rebalance --runs 10 --articles 20000          the project's consumer
    python -m lab.trials.rebalance --runs 10 --articles 20000 --stock  Faust's own, for comparison
    python -m lab.trials.rebalance --away 60                           workers stay, and Kafka is stopped for a minute

Prints one JSON object a run. A real Kafka is started for all of them; it needs Java and Maven.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployment import Deployment, json_lines
from kafka import KafkaConsumer, TopicPartition
from load import articles, with_claims
from server_processes import Kafka

from pipeline.announcing import Announcer
from pipeline.assembly import Assembly, recorded_feed
from pipeline.commands.outcome import concluded
from pipeline.overlay import find_overlay
from pipeline.ports import Notice
from pipeline.settings import load_settings
from pipeline.shapes import alert_json
from pipeline.stream_dossiers import unpacked

_PARTS = 8
_STILL_SECONDS = 60


def main() -> None:
    options = _options()
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    made = articles(options.articles)
    with tempfile.TemporaryDirectory(prefix="naqid-trial-") as scratch:
        folder = Path(scratch)
        expected, seconds = in_one_process(made, folder / "embedded")
        rate = round(len(made) / seconds)
        print(json.dumps({"in one process": {"alerts": len(expected), "articles_per_second": rate}}), flush=True)
        with Kafka() as kafka:
            for run in range(options.runs):
                where = folder / f"run{run}"
                result = _run(kafka, made, expected, where, options.stock, options.away)
                print(
                    json.dumps({"run": run, "consumer": "stock" if options.stock else "no-loss", **result}), flush=True
                )


def _run(
    kafka: Kafka, made: list[dict[str, Any]], expected: dict[str, Any], folder: Path, stock: bool, away: float
) -> dict[str, Any]:
    folder.mkdir()
    bootstrap = kafka.bootstrap
    files = [json_lines(folder / f"part{part}.jsonl", _part(made, part)) for part in range(_PARTS)]
    with Deployment(bootstrap, folder / "deployment", folder.parent / "cache", partitions=8) as deployment:
        workers = {name: deployment.worker(name, stock=stock) for name in ("a", "b")}
        for worker in workers.values():
            worker.wait_until_ready()
        began = time.monotonic()
        for part, file in enumerate(files):
            deployment.append(file)
            if away:
                if part == 3:
                    kafka.stop()
                    time.sleep(away)
                    kafka.start()
            elif part == 1:
                workers["a"].kill()
            elif part == 3:
                workers["c"] = deployment.worker("c", stock=stock)
            elif part == 5:
                workers["c"].wait_until_ready()
                workers["b"].stop()
        stuck = _wait(deployment)
        seconds = time.monotonic() - began
        for worker in workers.values():
            if worker.running:
                worker.stop()
        result = {"seconds": round(seconds, 1), "stuck": stuck, **_compared(deployment, made, expected, bootstrap)}
        result["gaps_seen"] = sum(worker.log.read_bytes().count(b"were never seen") for worker in workers.values())
        return result


def _compared(
    deployment: Deployment, made: list[dict[str, Any]], expected: dict[str, Any], bootstrap: str
) -> dict[str, Any]:
    ids = Counter(record.id for record in deployment.records("articles"))
    records = Counter(record.id for record in deployment.records("claims"))
    claims = deployment.claims()
    read = {claim.evidence.url for claim in claims.values()}
    in_dossiers = _claims_in_dossiers(deployment, bootstrap)
    standing = {id: json.loads(json.dumps(alert_json(alert))) for id, alert in deployment.alerts().items()}
    posted = _posted(deployment)
    return {
        "articles": len(ids),
        "articles_without_their_claims": len(with_claims(made) - read),
        "claims": len(claims),
        "claims_missing_in_dossiers": len(set(claims) - set(in_dossiers)),
        "claims_twice_in_dossiers": sum(count - 1 for count in in_dossiers.values()),
        "claims_records_repeated": sum(records.values()) - len(records),
        "alerts": len(standing),
        "alerts_missing": len(set(expected) - set(standing)),
        "alerts_too_many": len(set(standing) - set(expected)),
        "alerts_that_differ": sum(standing[id] != expected[id] for id in set(standing) & set(expected)),
        "alerts_posted": len(posted),
        "alerts_posted_twice": sum(count - 1 for count in posted.values()),
    }


def _claims_in_dossiers(deployment: Deployment, bootstrap: str) -> Counter[str]:
    """The claims of every dossier as its changelog ends."""
    kafka = deployment.assembly.settings.kafka
    topic = f"{kafka.group}-dossiers-changelog"
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    parts = [TopicPartition(topic, number) for number in range(kafka.partitions)]
    consumer.assign(parts)
    ends = consumer.end_offsets(parts)
    last: dict[bytes, bytes] = {}
    while any(consumer.position(part) < ends[part] for part in parts):
        for messages in consumer.poll(timeout_ms=500).values():
            last.update((message.key, message.value) for message in messages)
    consumer.close()
    dossiers = [unpacked(key.decode(), value).dossier for key, value in last.items()]
    return Counter(claim.id for dossier in dossiers if dossier is not None for claim in dossier.claims)


def _posted(deployment: Deployment) -> Counter[str]:
    """What an announcer posts that reads all alerts from the beginning, and once more."""
    posted: Counter[str] = Counter()

    class Channel:
        name = "counted"

        def post(self, notice: Notice) -> None:
            posted[notice.id] += 1

    with deployment.assembly.open_own("announcer") as own:
        announcer = Announcer(own, own, [Channel()])
        for _ in range(2):
            announcer.take_in(deployment.log)
            announcer.post_due(datetime.now(UTC))
    return posted


def _wait(deployment: Deployment) -> bool:
    """Wait until all is done. Returns whether it stood still for a minute instead."""
    left, since = -1, time.monotonic()
    while now := sum(deployment.backlog().values()):
        if now != left:
            left, since = now, time.monotonic()
        elif time.monotonic() - since > _STILL_SECONDS:
            return True
        time.sleep(0.5)
    return False


def in_one_process(made: list[dict[str, Any]], folder: Path) -> tuple[dict[str, Any], float]:
    """The alerts of the driver in one process, by id, and how many seconds it took."""
    folder.mkdir()
    environment = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    overlay = find_overlay(environment)
    assembly = Assembly(overlay, load_settings(overlay, environment, folder / "data"))
    read = recorded_feed(json_lines(folder / "all.jsonl", made)).poll("", datetime.now(UTC)).articles
    with assembly.open_stores() as stores:
        driver = assembly.driver(stores)
        began = time.monotonic()
        driver.ingest(read)
        driver.drain()
        seconds = time.monotonic() - began
        alerts = concluded(stores.log, {article.id for article in read}).alerts
    return {alert.id: json.loads(json.dumps(alert_json(alert))) for alert in alerts}, seconds


def _part(made: list[dict[str, Any]], part: int) -> list[dict[str, Any]]:
    size = -(-len(made) // _PARTS)
    return made[part * size : (part + 1) * size]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--stock", action="store_true", help="Faust's own consumer")
    parser.add_argument("--away", type=float, default=0.0, help="seconds for which Kafka is stopped instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
