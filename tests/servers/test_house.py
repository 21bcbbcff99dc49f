"""The whole house on real servers: feeds in, through Kafka and Elasticsearch, and each alert once to Slack."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from deployment import Deployment
from feed_server import Document, FeedServer, item, rss
from server_processes import Elasticsearch, Kafka
from slack_server import Reply, SlackServer, rate_limited, strings

DENIAL = "نفى قائد المجموعة العسكرية الروسية في سوريا انسحاب الجيش السوري من مدينة {town}."
ADMISSION = "اعترفت القناة المركزية لقاعدة حميميم العسكرية بانسحاب الجيش السوري من مدينة {town}."
TOWNS = ("البوكمال", "تدمر", "دير الزور", "الرقة")
OUTLETS = """\
[[outlet]]
id = "first"
name = "الأولى"
name_en = "The First"
home = "{url}/"
feed = "{url}/first.xml"

[[outlet]]
id = "second"
name = "الثانية"
name_en = "The Second"
home = "{url}/"
feed = "{url}/second.xml"
"""
SETTINGS = """\
[collect]
interval = 1
allow_networks = ["127.0.0.0/8"]
[elasticsearch]
prefix = "{prefix}"
"""


def feed(server: FeedServer, name: str, sentence: str, hour: int) -> Document:
    entries = [
        item(
            f"خبر {number} من {town}",
            f"{server.url}/{name}/{number}",
            sentence.format(town=town),
            f"Mon, 13 Nov 2017 {hour + number:02}:00:00 GMT",
        )
        for number, town in enumerate(TOWNS)
    ]
    return Document(rss(*entries))


def until(reached: Callable[[], bool], seconds: float, what: Callable[[], object]) -> None:
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < seconds, what()
        time.sleep(0.3)


def test_an_alert_goes_from_the_feeds_to_slack_once_though_all_that_it_needs_was_away(
    kafka: Kafka, elasticsearch: Elasticsearch, tmp_path: Path, warm_cache: Path
) -> None:
    with FeedServer() as feeds, SlackServer() as slack:
        feeds.documents["/first.xml"] = feed(feeds, "first", DENIAL, 1)
        feeds.documents["/second.xml"] = feed(feeds, "second", ADMISSION, 8)
        slack.script([rate_limited(1), Reply(500, "server_error")])
        settings = SETTINGS.format(prefix=f"house{uuid.uuid4().hex[:6]}")
        with Deployment(
            kafka.bootstrap,
            tmp_path / "deployment",
            warm_cache,
            index=elasticsearch.url,
            files={"outlets.toml": OUTLETS.format(url=feeds.url)},
            settings=settings,
        ) as deployment:
            worker = deployment.worker("one")
            announcer = deployment.service("announcer", NAQID_SLACK_WEBHOOK=slack.url)
            worker.wait_until_ready()
            elasticsearch.pause()
            collector = deployment.service("run")
            until(lambda: deployment.log.size("articles") == 8, 30, lambda: collector.log.read_text())
            kafka.pause()
            time.sleep(3)
            kafka.resume()
            elasticsearch.resume()
            until(lambda: len(slack.posts) >= len(TOWNS), 60, lambda: announcer.log.read_text()[-3000:])
            time.sleep(2)
            deployment.wait_until_done(30)
            alerts = [json.loads(line) for line in deployment.naqid("alerts", "--json").splitlines()]
            assert sorted(alert["place"]["name"] for alert in alerts) == sorted(TOWNS)
            assert {alert["id"] for alert in alerts} == set(deployment.alerts())
            assert len(slack.posts) == len(TOWNS)
            said = ["\n".join(strings(post)) for post in slack.posts]
            assert all(any(town in text for text in said) for town in TOWNS)
            status = json.loads(deployment.naqid("status", "--json"))
            assert status["outbox"]["posted"] == len(TOWNS)
            assert [outlet["last_error"] for outlet in status["outlets"]] == ["", ""]
            assert (status["index"]["articles"], status["backlog"]) == (8, {"read": 0, "follow": 0})
            assert [service.stop() for service in (collector, announcer, worker)] == [0, 0, 0]
