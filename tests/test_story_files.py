"""The stories are well formed: a story that misnames an article or a word would test nothing."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from pipeline.core.alerts import ReversalKind

STORIES = sorted((Path(__file__).parent / "stories").glob("*.toml"))
DEMO = Path(__file__).parent.parent / "config" / "demo" / "albukamal.jsonl"
ARTICLE_KEYS = {"outlet", "url", "published", "title", "text", "gloss"}
ALERT_KEYS = {"kind", "place", "earlier", "later", "earlier_words", "later_words"}
KINDS_NEVER_ALERTED = {"development"}

Table = dict[str, Any]


def load(path: Path) -> Table:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def articles_of(story: Table) -> dict[str, Table]:
    return {article["url"]: article for article in story["article"]}


def news_of(article: Table) -> str:
    """The title and the first paragraph's first two sentences: where a newspaper puts what is new."""
    return f"{article['title']}\n{'. '.join(article['text'].split('. ')[:2])}"


@pytest.fixture(params=STORIES, ids=lambda path: path.stem)
def story(request: pytest.FixtureRequest) -> Table:
    return load(request.param)


def test_there_are_at_least_eighteen_stories_and_four_of_them_are_silent() -> None:
    stories = [load(path) for path in STORIES]
    assert len(stories) >= 18
    assert sum(1 for story in stories if not story.get("alert")) >= 4


def test_no_two_articles_of_all_stories_share_an_address() -> None:
    urls = [article["url"] for path in STORIES for article in load(path)["article"]]
    assert len(urls) == len(set(urls))


def test_every_kind_of_reversal_that_alerts_is_expected_somewhere() -> None:
    expected = {kind for path in STORIES for alert in load(path).get("alert", ()) for kind in alert["kind"]}
    assert expected == set(get_args(ReversalKind)) - KINDS_NEVER_ALERTED


def test_a_story_says_in_english_what_it_is_about(story: Table) -> None:
    assert set(story) <= {"title", "about", "article", "alert", "silence"}
    assert story["title"].isascii() and story["about"].isascii()
    assert all(article["gloss"].isascii() for article in story["article"])


def test_a_story_has_four_to_nine_reports_of_three_or_more_outlets(story: Table) -> None:
    assert 4 <= len(story["article"]) <= 9
    assert len({article["outlet"] for article in story["article"]}) >= 3


def test_a_report_has_every_key_and_an_example_address(story: Table) -> None:
    for article in story["article"]:
        assert set(article) == ARTICLE_KEYS, article["url"]
        assert article["url"].startswith("https://example.org/")
        assert article["title"] and article["text"] == article["text"].strip()


def test_reports_stand_in_the_order_of_their_times_with_a_zone(story: Table) -> None:
    times = [article["published"] for article in story["article"]]
    assert all(isinstance(time, datetime) and time.utcoffset() == timedelta(0) for time in times)
    assert times == sorted(times)
    assert len(times) == len(set(times))


def test_a_story_holds_at_least_two_look_alikes_each_with_its_reason(story: Table) -> None:
    silences = story["silence"]
    assert len(silences) >= 2
    for silence in silences:
        assert set(silence) == {"articles", "why"}
        assert silence["why"].isascii()
        assert silence["articles"] and set(silence["articles"]) <= set(articles_of(story))


def test_an_alert_joins_two_reports_of_its_story_in_their_order(story: Table) -> None:
    articles = articles_of(story)
    for alert in story.get("alert", ()):
        assert ALERT_KEYS <= set(alert) <= ALERT_KEYS | {"outlets_at_least"}
        earlier, later = articles[alert["earlier"]], articles[alert["later"]]
        assert earlier["published"] < later["published"] or (earlier is later and "camp" in alert["kind"])
        assert set(alert["kind"]) <= set(get_args(ReversalKind)) - KINDS_NEVER_ALERTED
        assert 1 <= alert.get("outlets_at_least", 1) <= len({article["outlet"] for article in articles.values()})


def test_the_words_and_the_place_of_an_alert_stand_in_what_is_news_of_its_reports(story: Table) -> None:
    articles = articles_of(story)
    for alert in story.get("alert", ()):
        assert alert["earlier_words"] in news_of(articles[alert["earlier"]]), alert["earlier"]
        assert alert["later_words"] in news_of(articles[alert["later"]]), alert["later"]
        for side in ("earlier", "later"):
            assert alert["place"].removeprefix("ال") in news_of(articles[alert[side]]).replace("لل", "ل"), alert[side]


def test_no_report_is_both_a_side_of_an_alert_and_a_silence(story: Table) -> None:
    silent = {url for silence in story["silence"] for url in silence["articles"]}
    sides = {alert[side] for alert in story.get("alert", ()) for side in ("earlier", "later")}
    assert not silent & sides


def test_the_demo_tells_its_story_in_order_to_a_reader_without_arabic() -> None:
    reports = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    assert all(set(report) == ARTICLE_KEYS for report in reports)
    assert 7 <= len(reports) <= 9
    assert len({report["outlet"] for report in reports}) >= 4
    assert len({report["url"] for report in reports}) == len(reports)
    assert all(report["gloss"].isascii() for report in reports)
    times = [datetime.fromisoformat(report["published"]) for report in reports]
    assert times == sorted(times)
    assert times[0] >= datetime(2017, 11, 8, tzinfo=UTC) and times[-1] < datetime(2017, 12, 1, tzinfo=UTC)
