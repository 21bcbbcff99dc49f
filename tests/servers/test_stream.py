"""The driver on a real Kafka gives what the driver in one process gives, whatever happens to its workers."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, Naqid
from deployment import Deployment, json_lines
from kafka import KafkaProducer
from load import articles, with_claims
from server_processes import Kafka

from pipeline import codec
from pipeline.core.alerts import Alert
from pipeline.shapes import alert_json

STORIES = sorted((ROOT / "tests" / "stories").glob("*.toml"))
Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy(kafka: Kafka, tmp_path: Path, warm_cache: Path) -> Iterator[Deploy]:
    with ExitStack() as stack:

        def make(**options: Any) -> Deployment:
            folder = tmp_path / f"deployment{len(list(tmp_path.iterdir()))}"
            return stack.enter_context(Deployment(kafka.bootstrap, folder, warm_cache, **options))

        yield make


def stories() -> list[list[dict[str, Any]]]:
    """The articles of each story, the stories in the order of their times."""
    found = [tomllib.loads(path.read_text(encoding="utf-8"))["article"] for path in STORIES]
    return sorted(found, key=lambda articles: articles[0]["published"])


def without_pause(story: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The story cut where more than a month passes."""
    parts = [story[:1]]
    for before, article in pairwise(story):
        if article["published"] - before["published"] > timedelta(days=31):
            parts.append([])
        parts[-1].append(article)
    return parts


def embedded(naqid: Naqid, file: Path) -> dict[str, dict[str, Any]]:
    """The alerts of `naqid replay`, by id."""
    done = naqid("replay", file, "--json")
    assert done.returncode == 0, done.stderr
    return {alert["id"]: alert for alert in map(json.loads, done.stdout.splitlines())}


def told(alerts: dict[str, Alert]) -> dict[str, dict[str, Any]]:
    """The alerts in the shape in which they are printed."""
    return {id: json.loads(json.dumps(alert_json(alert))) for id, alert in alerts.items()}


def test_every_story_gives_the_same_alerts_on_servers_as_in_one_process(
    deploy: Deploy, naqid: Naqid, tmp_path: Path
) -> None:
    expected = embedded(naqid, json_lines(tmp_path / "stories.jsonl", [one for story in stories() for one in story]))
    deployment = deploy()
    worker = deployment.worker("one")
    # What lies months apart comes apart, as in the world: a dossier forgets what is months old.
    for part in (part for story in stories() for part in without_pause(story)):
        deployment.append(json_lines(tmp_path / "story.jsonl", part))
        deployment.wait_until_done(60)
    assert told(deployment.alerts()) == expected
    assert len(expected) >= 30
    assert worker.stop() == 0


def test_the_seed_articles_give_the_alert_of_the_replay_in_search_and_in_the_index(
    deploy: Deploy, naqid: Naqid, shared: Path, tmp_path: Path
) -> None:
    file = json_lines(tmp_path / "seeds.jsonl", seeds(shared))
    ((expected),) = embedded(naqid, file).values()
    deployment = deploy(index=f"sqlite:{tmp_path}/index.db")
    worker = deployment.worker("one")
    deployment.naqid("ingest", str(file))
    deployment.wait_until_done(60)
    ((alert),) = map(json.loads, deployment.naqid("alerts", "--json").splitlines())
    # What the index adds: the words found, and which outlets could not be read between the two sides.
    assert {name: value for name, value in alert.items() if name not in ("snippet", "gaps")} == expected
    assert len(deployment.naqid("search", "بالبوكمال", "--json").splitlines()) == 2
    status = json.loads(deployment.naqid("status", "--json"))
    assert (status["backlog"], status["rejected"]) == ({"read": 0, "follow": 0}, 0)
    assert status["index"]["articles"] == 2
    assert worker.stop() == 0


def seeds(shared: Path) -> list[dict[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((shared / "data" / "seeds").glob("*.txt"))]
    outlets = ("تلفزيون الخبر", "العربي الجديد")
    return [
        {
            "outlet": outlet,
            "url": f"https://example.org/seed/{number}",
            "title": "",
            "text": text,
            "published": datetime(2017, 11, 13, 9 + number, tzinfo=UTC),
        }
        for number, (outlet, text) in enumerate(zip(outlets, texts, strict=True))
    ]


POISON: list[tuple[str, str, bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
    # (what it is, topic, key, value, headers)
    ("no bytes at all", "articles", b"a", b"", [("id", b"p1")]),
    ("no value", "articles", b"a", None, [("id", b"p2")]),
    ("no key", "articles", None, b"{}", [("id", b"p3")]),
    ("a key that is no text", "articles", b"\xff\xfe", b"{}", [("id", b"p4")]),
    ("no id", "articles", b"a", b"{}", []),
    ("an id that is no text", "articles", b"a", b"{}", [("id", b"\xff")]),
    ("bytes that are no text", "articles", b"a", b"\x80\x81\x82", [("id", b"p7")]),
    ("text that is no JSON", "articles", b"a", "ليس".encode(), [("id", b"p8")]),
    ("JSON that ends early", "articles", b"a", b'{"v":1,"id":"x"', [("id", b"p9")]),
    ("a list", "articles", b"a", b"[]", [("id", b"p10")]),
    ("a number", "articles", b"a", b"7", [("id", b"p11")]),
    ("null", "articles", b"a", b"null", [("id", b"p12")]),
    ("a version of the future", "articles", b"a", b'{"v":99}', [("id", b"p13")]),
    ("no fields", "articles", b"a", b'{"v":1}', [("id", b"p14")]),
    ("ten thousand brackets", "articles", b"a", b"[" * 10_000, [("id", b"p15")]),
    ("a number too long for anyone", "articles", b"a", b'{"v":' + b"9" * 10_000 + b"}", [("id", b"p16")]),
    ("another topic's record", "claims", b"d", b'{"v":1,"outlet":"x"}', [("id", b"p17")]),
    ("claims that are no list", "claims", b"d", b'{"v":1,"division":"d","claims":7}', [("id", b"p18")]),
    ("claims under another key", "claims", b"x", b'{"v":1,"division":"d","claims":[]}', [("id", b"p19")]),
    ("claims of nobody", "claims", b"d", b'{"v":1,"division":"d","claims":[]}', [("id", b"p20")]),
    ("a megabyte of nothing", "claims", b"d", b"\x00" * 1_000_000, [("id", b"p21")]),
]


def test_poison_lands_in_rejected_with_its_reason_and_the_worker_goes_on(
    kafka: Kafka, deploy: Deploy, naqid: Naqid, tmp_path: Path
) -> None:
    deployment = deploy()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=2_000_000)
    for _, topic, key, value, headers in POISON:
        producer.send(f"{deployment.prefix}{topic}", key=key, value=value, headers=headers, partition=0)
    producer.flush()
    producer.close()
    file = json_lines(tmp_path / "load.jsonl", articles(400))
    worker = deployment.worker("one")
    deployment.naqid("ingest", str(file))
    deployment.wait_until_done(60)
    rejected = {record.id: codec.rejected_from_bytes(record.value) for record in deployment.records("rejected")}
    assert len(rejected) == len(POISON) >= 20
    assert all(one.reason for one in rejected.values())
    assert told(deployment.alerts()) == embedded(naqid, file) != {}
    status = json.loads(deployment.naqid("status", "--json", NAQID_INDEX=f"sqlite:{deployment.folder}/index-one.db"))
    assert status["rejected_of"] == {"articles": 16, "claims": 5}
    assert worker.running
    assert worker.stop() == 0


def test_a_dossier_that_cannot_be_read_ends_the_worker_with_the_cure(
    kafka: Kafka, deploy: Deploy, tmp_path: Path
) -> None:
    deployment = deploy()
    first = deployment.worker("one")
    deployment.append(json_lines(tmp_path / "load.jsonl", articles(20)))
    deployment.wait_until_done(60)
    assert first.stop() == 0
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for record in deployment.records("claims"):
        producer.send(f"{deployment.prefix}naqid-dossiers-changelog", key=record.key.encode(), value=b"damaged")
    producer.flush()
    producer.close()
    changed = [{**article, "text": article["text"] + " تحديث."} for article in articles(20)]
    deployment.append(json_lines(tmp_path / "changed.jsonl", changed))
    second = deployment.worker("another")
    assert second.wait(60) == 1
    assert "another kafka.group" in second.log.read_text(encoding="utf-8")
    assert deployment.backlog()["claims"] > 0


def test_a_worker_that_was_killed_goes_on_where_it_was(deploy: Deploy, naqid: Naqid, tmp_path: Path) -> None:
    file = json_lines(tmp_path / "load.jsonl", articles(2000))
    deployment = deploy()
    worker = deployment.worker("one")
    worker.wait_until_ready()
    deployment.naqid("ingest", str(file))
    worker.kill()
    assert any(deployment.backlog().values())
    deployment.worker("one")
    deployment.wait_until_done(60)
    assert told(deployment.alerts()) == embedded(naqid, file)


def test_workers_come_and_go_under_load_and_nothing_is_missing(deploy: Deploy, naqid: Naqid, tmp_path: Path) -> None:
    made = articles(3000)
    whole = json_lines(tmp_path / "load.jsonl", made)
    parts = [json_lines(tmp_path / f"part{number}.jsonl", made[number::4]) for number in range(4)]
    deployment = deploy()
    first = deployment.worker("one")
    first.wait_until_ready()
    deployment.naqid("ingest", str(parts[0]))
    second = deployment.worker("two")
    deployment.naqid("ingest", str(parts[1]))
    second.wait_until_ready()
    deployment.naqid("ingest", str(parts[2]))
    assert second.stop() == 0
    deployment.naqid("ingest", str(parts[3]))
    deployment.wait_until_done(90)
    expected = embedded(naqid, whole)
    assert told(deployment.alerts()) == expected
    read = {claim.evidence.url for claim in deployment.claims().values()}
    assert read == with_claims(made)
    assert b"were never seen" not in first.log.read_bytes() + second.log.read_bytes()


def test_reading_the_log_again_fills_an_index_that_was_lost(deploy: Deploy, tmp_path: Path) -> None:
    file = json_lines(tmp_path / "load.jsonl", articles(400))
    index = tmp_path / "index.db"
    deployment = deploy(index=f"sqlite:{index}")
    worker = deployment.worker("one")
    deployment.naqid("ingest", str(file))
    deployment.wait_until_done(60)
    assert worker.stop() == 0
    whole = {what: shown(deployment.naqid(what, "--json", "--limit", "1000")) for what in ("events", "alerts")}
    before = told(deployment.alerts())
    for left in tmp_path.glob("index.db*"):
        left.unlink()
    deployment.worker("one")
    deployment.naqid("replay", "--topic", "articles", "--since", "2017-01-01")
    deployment.wait_until_done(60)
    again = {what: shown(deployment.naqid(what, "--json", "--limit", "1000")) for what in ("events", "alerts")}
    assert again == whole and all(whole.values())
    assert told(deployment.alerts()) == before
    assert json.loads(deployment.naqid("status", "--json"))["index"]["articles"] == 400


def shown(lines: str) -> dict[str, Any]:
    return {one["id"]: one for one in map(json.loads, lines.splitlines())}
