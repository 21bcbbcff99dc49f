"""The service, killed at random moments again and again: each article is taken once and each alert is posted once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from feed_server import Document, FeedServer, Request, item, rss
from slack_server import Reply, SlackServer, strings

from connectors.sqlite_log import SqliteLog
from pipeline import codec

KILLS = 20
WHILE_STARTING = (4, 9, 14, 19)
WHILE_POSTING = (1, 5, 11)
SHOWING_ONE_MORE_TOWN = (0, 1, 3, 5, 7, 11, 13, 15)
TOWNS = ("البوكمال", "تدمر", "دير الزور", "منبج", "جرابلس", "الرقة", "درعا", "إدلب")
DENIAL = "نفى قائد المجموعة العسكرية الروسية في سوريا انسحاب الجيش السوري من مدينة {town}."
ADMISSION = "اعترفت القناة المركزية لقاعدة حميميم العسكرية بانسحاب الجيش السوري من مدينة {town}."

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
PIPELINE = """\
[collect]
interval = 1
allow_networks = ["127.0.0.0/8"]
"""


class SlowSlack(SlackServer):
    """Takes a post at once and answers a while later, so that a kill can fall between posting and remembering."""

    def take(self, content_type: str, body: bytes) -> Reply:
        reply = super().take(content_type, body)
        self.rest(0.5)
        return reply


class News:
    """Two feeds: one shows a denial, one an admission, for each of the first `shown` towns."""

    def __init__(self, server: FeedServer) -> None:
        self.shown = 0
        self.url = server.url
        server.documents["/first.xml"] = lambda request: self._feed(request, DENIAL, hour=9)
        server.documents["/second.xml"] = lambda request: self._feed(request, ADMISSION, hour=11)

    def address(self, request: str, number: int) -> str:
        return f"{self.url}{request.removesuffix('.xml')}/{number}"

    def _feed(self, request: Request, sentence: str, hour: int) -> Document:
        items = [
            item(
                title=sentence.format(town=town),
                link=self.address(request.path, number),
                text=sentence.format(town=town),
                published=f"Mon, 13 Nov 2017 {hour:02}:{number:02}:00 GMT",
            )
            for number, town in enumerate(TOWNS[: self.shown])
        ]
        return Document(rss(*items), etag=f'"{self.shown}"')


@contextmanager
def service(folder: Path, cache: Path, webhook: str) -> Iterator[subprocess.Popen[str]]:
    """`naqid run` over the folder's configuration and data."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", "--config", folder / "config", "--data", folder / "data"],
        env={
            "HOME": str(folder),
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "XDG_CACHE_HOME": str(cache),
            "NAQID_SLACK_WEBHOOK": webhook,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def started(process: subprocess.Popen[str]) -> None:
    """Wait for the line that says that the outlets are watched."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "watching" in line:
            return
    raise AssertionError("the service ended: " + "".join(said))


def test_killed_twenty_times_it_takes_each_article_and_posts_each_alert_once(tmp_path: Path, warm_cache: Path) -> None:
    chance = random.Random(2017)
    (tmp_path / "config").mkdir()
    with FeedServer() as feeds, SlowSlack() as slack:
        news = News(feeds)
        (tmp_path / "config" / "outlets.toml").write_text(OUTLETS.format(url=feeds.url), encoding="utf-8")
        (tmp_path / "config" / "pipeline.toml").write_text(PIPELINE, encoding="utf-8")
        for kill in range(KILLS):
            with service(tmp_path, warm_cache, slack.url) as process:
                if kill in WHILE_STARTING:
                    time.sleep(chance.uniform(0.1, 0.8))
                else:
                    started(process)
                    posted = len(slack.posts)
                    news.shown += kill in SHOWING_ONE_MORE_TOWN
                    if kill in WHILE_POSTING:
                        slack.wait_for(posted + 1)
                    else:
                        time.sleep(chance.uniform(0.0, 1.2))
                process.send_signal(signal.SIGKILL)
        with service(tmp_path, warm_cache, slack.url) as process:
            started(process)
            urls = pairs_posted_until(slack, news)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        posts = slack.posts

    with closing(SqliteLog(tmp_path / "data" / "naqid.db")) as log:
        articles = [codec.article_from_bytes(one.record.value) for one in log.read("articles", "", 1000)]
        assert sorted(article.url for article in articles) == sorted(url for pair in urls for url in pair)
        assert log.size("rejected") == 0
        assert log.counts() == {"waiting": 0, "posted": len(TOWNS), "given up": 0}
    told = [" ".join(strings(post)) for post in posts]
    for pair in urls:
        marks = ["Possible repeat" in words for words in told if all(named(url, words) for url in pair)]
        assert marks and all(marks[1:]), f"{pair}: {marks}"
    assert len(WHILE_POSTING) <= sum("Possible repeat" in words for words in told) <= KILLS


def pairs_posted_until(slack: SlackServer, news: News) -> list[tuple[str, str]]:
    """The addresses of each town's two reports, once an alert of each town was posted."""
    news.shown = len(TOWNS)
    pairs = [(news.address("/first.xml", n), news.address("/second.xml", n)) for n in range(len(TOWNS))]
    until = time.monotonic() + 20
    while True:
        told = [" ".join(strings(post)) for post in list(slack.posts)]
        missing = [pair for pair in pairs if not any(all(named(url, words) for url in pair) for words in told)]
        if not missing:
            return pairs
        assert time.monotonic() < until, f"no alert was posted for {missing}"
        time.sleep(0.05)


def named(url: str, words: str) -> bool:
    """Whether the words hold this address whole: /first/1 is not /first/11."""
    return f"{url} " in f"{words} "
