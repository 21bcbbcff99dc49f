"""The whole house under load while what it needs goes away: is an article or an alert lost, doubled or another?

    python -m lab.trials.outages --what kafka --seconds 60       Kafka is stopped
    python -m lab.trials.outages --what silent --seconds 150     Kafka hears and says nothing
    python -m lab.trials.outages --what search --seconds 60      Elasticsearch is stopped
    python -m lab.trials.outages --what slack --seconds 60       Slack answers 429 and 500

Feeds are served on the loopback interface, a collector polls them, one worker reads and follows, an announcer posts.
Prints one JSON object. It needs Java and Maven.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import threading
import time
import uuid
from collections import Counter
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from deployment import Deployment
from feed_server import Document, FeedServer, item, rss
from load import articles
from server_processes import Elasticsearch, Kafka
from slack_server import Reply, SlackServer, Step, rate_limited

from lab.trials.rebalance import in_one_process
from pipeline import codec

_OUTLETS = 4
# A feed shows so many entries, enough for polls that come late; every second it gets new ones in place of the oldest.
_SHOWN = 500
_STILL_SECONDS = 120
_OUTLET = """\
[[outlet]]
id = "outlet-{number}"
name = "المنفذ {number}"
name_en = "Outlet {number}"
home = "{url}/"
feed = "{url}/{number}.xml"
"""
_SETTINGS = """\
[collect]
interval = 1
allow_networks = ["127.0.0.0/8"]
[elasticsearch]
prefix = "{prefix}"
"""


class Feeds:
    """Feeds that publish the articles little by little, so that an outage falls into the middle."""

    def __init__(self, server: FeedServer, made: list[dict[str, Any]], a_second: int) -> None:
        self._server = server
        self._a_second = a_second
        self._lots = [made[number::_OUTLETS] for number in range(_OUTLETS)]
        self._shown = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while self._shown < max(map(len, self._lots)):
            self._shown += max(1, self._a_second // _OUTLETS)
            for number, lot in enumerate(self._lots):
                shown = lot[max(0, self._shown - _SHOWN) : self._shown]
                entries = [
                    item("", one["url"], one["text"], format_datetime(one["published"])) for one in reversed(shown)
                ]
                self._server.documents[f"/{number}.xml"] = Document(rss(*entries))
            time.sleep(1)
        self.ended.set()


def main() -> None:
    options = _options()
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    made = articles(options.articles)
    for number, article in enumerate(made):
        article["outlet"] = f"المنفذ {number % _OUTLETS}"
    with tempfile.TemporaryDirectory(prefix="naqid-trial-") as scratch:
        folder = Path(scratch)
        expected, _ = in_one_process(made, folder / "embedded")
        with Kafka() as kafka, Elasticsearch() as search, FeedServer() as feeds, SlackServer() as slack:
            result = _run(options, made, set(expected), folder, kafka, search, feeds, slack)
        print(json.dumps({"away": options.what, "seconds": options.seconds, **result}), flush=True)


def _run(
    options: argparse.Namespace,
    made: list[dict[str, Any]],
    expected: set[str],
    folder: Path,
    kafka: Kafka,
    search: Elasticsearch,
    feeds: FeedServer,
    slack: SlackServer,
) -> dict[str, Any]:
    outlets = "\n".join(_OUTLET.format(number=number, url=feeds.url) for number in range(_OUTLETS))
    with Deployment(
        kafka.bootstrap,
        folder / "deployment",
        folder / "cache",
        index=search.url,
        files={"outlets.toml": outlets},
        settings=_SETTINGS.format(prefix=f"trial{uuid.uuid4().hex[:6]}"),
    ) as deployment:
        worker = deployment.worker("one")
        worker.wait_until_ready()
        services = [deployment.service("announcer", NAQID_SLACK_WEBHOOK=slack.url), deployment.service("run")]
        publishing = Feeds(feeds, made, options.rate)
        threading.Thread(target=publishing.run, daemon=True).start()
        time.sleep(10)
        began = time.monotonic()
        _away(options, kafka, search, slack)
        published = publishing.ended.wait(len(made) / options.rate + 300)
        stuck = not published or _wait(deployment, slack, len(made))
        drained = time.monotonic() - began - options.seconds
        posts = Counter(json.dumps(post, sort_keys=True) for post in slack.posts)
        result = {"stuck": stuck, "drained_after_seconds": round(drained), **_compared(deployment, made, expected)}
        result |= {"posts": len(slack.posts), "posts_twice": sum(count - 1 for count in posts.values())}
        result["ended_well"] = [service.stop() for service in (*services, worker)] == [0, 0, 0]
        return result


def _away(options: argparse.Namespace, kafka: Kafka, search: Elasticsearch, slack: SlackServer) -> None:
    if options.what == "slack":
        refusals: list[Step] = [rate_limited(2), Reply(500, "server_error")] * max(1, int(options.seconds / 8))
        slack.script(refusals)
        time.sleep(options.seconds)
    elif options.what == "silent":
        kafka.pause()
        time.sleep(options.seconds)
        kafka.resume()
    else:
        server = kafka if options.what == "kafka" else search
        server.stop()
        time.sleep(options.seconds)
        server.start()


def _compared(deployment: Deployment, made: list[dict[str, Any]], expected: set[str]) -> dict[str, Any]:
    urls = {article["url"] for article in made}
    stored = [codec.article_from_bytes(record.value) for record in deployment.records("articles")]
    standing = set(deployment.alerts())
    status = json.loads(deployment.naqid("status", "--json"))
    return {
        "articles": len(urls),
        "articles_missing": len(urls - {article.url for article in stored}),
        "articles_repeated": len(stored) - len({article.url for article in stored}),
        "articles_indexed": status["index"]["articles"],
        "alerts": len(standing),
        "alerts_missing": len(expected - standing),
        "alerts_too_many": len(standing - expected),
        "alerts_posted": status["outbox"]["posted"],
        "waiting": status["outbox"]["waiting"],
        "rejected": status["rejected"],
    }


def _wait(deployment: Deployment, slack: SlackServer, count: int) -> bool:
    """Wait until all is read, followed and posted. Returns whether it stood still for two minutes instead."""
    left, since = (-1, -1, -1), time.monotonic()
    while True:
        backlog = sum(deployment.backlog().values())
        now = (deployment.log.size("articles"), backlog, len(slack.posts))
        if now[0] >= count and backlog == 0 and now[2] >= len(deployment.alerts()):
            return False
        if now != left:
            left, since = now, time.monotonic()
        elif time.monotonic() - since > _STILL_SECONDS:
            return True
        time.sleep(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("kafka", "silent", "search", "slack"), required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--rate", type=int, default=20, help="articles published a second")
    return parser.parse_args()


if __name__ == "__main__":
    main()
