"""Recorded articles: which lines are taken, and what is said of those that are not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.recorded import LINE_LIMIT, read_articles
from connectors.worker_process import Worker
from pipeline.core.article import Article
from pipeline.ports import Skipped

NOW = datetime(2024, 1, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "outlet": "تلفزيون الخبر",
    "url": "https://outlet.example/1",
    "title": "قائد المجموعة الروسية ينفي الانسحاب",
    "text": "نفى قائد المجموعة الروسية انسحاب الجيش من البوكمال.",
    "published": "2017-11-13T10:00:00+02:00",
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as one:
        yield one


def read(folder: Path, data: bytes | str, worker: Worker | None = None) -> list[Article | Skipped]:
    path = folder / "articles.jsonl"
    path.write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    return list(read_articles(path, NOW, worker))


def line(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes}, ensure_ascii=False)


def test_a_line_is_an_article_as_written(tmp_path: Path) -> None:
    (article,) = read(tmp_path, line())
    assert isinstance(article, Article)
    assert (article.outlet, article.url, article.title, article.text) == (
        GOOD["outlet"],
        GOOD["url"],
        GOOD["title"],
        GOOD["text"],
    )
    assert (article.published, article.date_source) == (datetime(2017, 11, 13, 8, tzinfo=UTC), "given")
    assert article.fetched == NOW


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2017-11-13T10:00:00Z", datetime(2017, 11, 13, 10, tzinfo=UTC)),
        ("2017-11-13T10:00:00.250-05:00", datetime(2017, 11, 13, 15, 0, 0, 250_000, tzinfo=UTC)),
        ("2017-11-13 10:00", datetime(2017, 11, 13, 10, tzinfo=UTC)),
        ("2017-11-13", datetime(2017, 11, 13, tzinfo=UTC)),
        (" 2017-11-13T10:00+0300 ", datetime(2017, 11, 13, 7, tzinfo=UTC)),
    ],
)
def test_published_is_iso_8601_and_utc_where_no_zone_is_written(tmp_path: Path, written: str, moment: datetime) -> None:
    (article,) = read(tmp_path, line(published=written))
    assert isinstance(article, Article)
    assert article.published == moment


@pytest.mark.parametrize(
    "changes",
    [{"title": ""}, {"title": None}, {"url": ""}, {"url": None}, {"text": ""}, {"text": None}, {"language": "ar"}],
)
def test_what_may_be_empty_or_unknown_costs_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert isinstance(read(tmp_path, line(**changes))[0], Article)


@pytest.mark.parametrize("missing", ["title", "url", "text"])
def test_what_may_be_missing_costs_nothing(tmp_path: Path, missing: str) -> None:
    left = json.dumps({key: value for key, value in GOOD.items() if key != missing})
    assert isinstance(read(tmp_path, left)[0], Article)


def test_marks_of_byte_order_line_ends_of_windows_and_empty_lines_are_no_lines(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + f"{line()}\r\n\r\n   \n{line(url='https://outlet.example/2')}".encode()
    assert [article.url for article in read(tmp_path, data) if isinstance(article, Article)] == [
        "https://outlet.example/1",
        "https://outlet.example/2",
    ]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{", "not JSON"),
        ("nonsense", "not JSON"),
        ("[1, 2]", "a list; give one JSON object a line"),
        ("3", "a number"),
        ("null", "null"),
        ('{"outlet": NaN}', "NaN"),
        ('{"outlet": -Infinity}', "Infinity"),
        ("[" * 200_000, "nested too deeply"),
        ("9" * 10_000, "not JSON"),
        (line(outlet=""), '"outlet" is missing or empty'),
        (line(outlet=None), '"outlet" is missing or empty'),
        (line(outlet=5), '"outlet" is a number; give a string'),
        (line(title=["x"]), '"title" is a list'),
        (line(text={"ar": "x"}), '"text" is an object'),
        (line(url=True), '"url" is true or false'),
        (line(url="javascript:alert(1)"), "give an http or https address"),
        (line(url=" FILE:///etc/passwd"), "give an http or https address"),
        (line(title="", text="  "), 'neither "title" nor "text"'),
        (line(title="\u202e\u0000", text=""), 'neither "title" nor "text"'),
        (line(published=""), '"published" is missing'),
        (line(published=None), '"published" is missing'),
        (line(published=1510567200), '"published" is a number'),
        (line(published="13 November 2017"), "no time of ISO 8601"),
        (line(published="2017-02-30"), "no time of ISO 8601"),
        (line(published="0001-01-01T00:00:00+14:00"), "no time of ISO 8601"),
        (b"\xff\xfe{}", "not UTF-8"),
        (line().encode("utf-16-le"), "not"),
        (line().encode("cp1256"), "not UTF-8"),
        (line(text="x" * LINE_LIMIT), "longer than 10,000,000 bytes"),
        (line(text="", title="", html="<script>x</script>"), '"html" gives no text'),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_around_it_are_taken(
    tmp_path: Path, worker: Worker, bad: str | bytes, words: str
) -> None:
    bad = bad.encode() if isinstance(bad, str) else bad
    found = read(
        tmp_path, line().encode() + b"\n" + bad + b"\n" + line(url="https://outlet.example/3").encode(), worker
    )
    kept = [article.url for article in found if isinstance(article, Article)]
    assert kept == ["https://outlet.example/1", "https://outlet.example/3"]
    skipped = [one for one in found if isinstance(one, Skipped)]
    assert skipped[0].where == f"{tmp_path / 'articles.jsonl'}:2"
    assert words in skipped[0].reason


def test_a_line_too_long_at_the_very_end_is_named_as_well(tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, "x" * (2 * LINE_LIMIT + 5))
    assert isinstance(skipped, Skipped)


def test_html_in_place_of_text_gives_its_words(tmp_path: Path, worker: Worker) -> None:
    html = "<head><title>عنوان الصفحة</title></head><body><p>أعلن الجيش انسحابه.</p><script>x()</script></body>"
    (article,) = read(tmp_path, line(text=None, title="", html=html), worker)
    assert isinstance(article, Article)
    assert (article.title, article.text) == ("عنوان الصفحة", "أعلن الجيش انسحابه.")


def test_characters_that_hide_or_reorder_words_are_removed(tmp_path: Path) -> None:
    (article,) = read(
        tmp_path, '{"outlet":"س","title":"أ\\u202eب\\u0000","text":"ج\\u2066د\\ud800\\nه","published":"2017-11-13"}'
    )
    assert isinstance(article, Article)
    assert (article.title, article.text) == ("أب", "جد\ufffd\nه")


def test_a_missing_file_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.jsonl: no such file"):
        read_articles(tmp_path / "nowhere.jsonl", NOW)


def test_a_folder_is_no_file_of_articles(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="a folder"):
        read_articles(tmp_path, NOW)


def test_an_empty_file_holds_no_articles(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []
