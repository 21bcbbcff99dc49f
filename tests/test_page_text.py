"""The words of pages: of ordinary ones, poor ones, and hostile ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.page_text import text_of
from connectors.worker_process import Worker
from pipeline.ports import Rejected

URL = "https://outlet.example/1"
FIRST = "أعلن الجيش السوري يوم الإثنين انسحاب وحداته من مدينة البوكمال في ريف دير الزور بعد هجوم مضاد شنه التنظيم ليلا."
SECOND = "ونفى قائد المجموعة الروسية في سوريا انسحاب الجيش من المدينة، مؤكدا أن القوات ما زالت في مواقعها هناك."
PAGE = f"""<!DOCTYPE html><html lang="ar" dir="rtl"><head><meta charset="CHARSET"><title>الجيش ينسحب | موقع</title>
<meta property="og:title" content="الجيش ينسحب من البوكمال"><script>var x = "لا تقرأ";</script></head><body>
<nav><a href="/">الرئيسية</a> <a href="/sport">رياضة</a></nav><article><h1>الجيش ينسحب من البوكمال</h1>
<p>{FIRST}</p><p>{SECOND}</p></article><footer>جميع الحقوق محفوظة</footer></body></html>"""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as one:
        yield one


@pytest.mark.parametrize("charset", ["utf-8", "cp1256", "utf-16"])
def test_a_page_gives_its_title_and_its_paragraphs_as_lines(worker: Worker, charset: str) -> None:
    title, text = text_of(PAGE.replace("CHARSET", charset).encode(charset), URL, worker)
    assert title == "الجيش ينسحب من البوكمال"
    assert text.split("\n") == [FIRST, SECOND]


def test_a_page_may_be_given_as_text(worker: Worker) -> None:
    assert text_of(PAGE, URL, worker) == text_of(PAGE.encode(), URL, worker)


@pytest.mark.parametrize(
    ("page", "title", "text"),
    [
        ("خبر قصير", "", "خبر قصير"),
        ("<p>خبر قصير<script>x()</script></p>", "", "خبر قصير"),
        ("<head><title> عنوان \n الصفحة </title></head><p>خبر</p>", "عنوان الصفحة", "خبر"),
        ("<h1>عنوان</h1><div>خبر</div>", "عنوان", "خبر"),
        ("<p>خبر\u202e مقلوب\x00</p>", "", "خبر مقلوب"),
        ("<div>" * 1_000 + "خبر عميق" + "</div>" * 1_000, "", "خبر عميق"),
    ],
)
def test_a_poor_page_gives_all_its_words(worker: Worker, page: str, title: str, text: str) -> None:
    assert text_of(page, URL, worker) == (title, text)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (b"", "the page is empty"),
        (b" \n ", "the page is empty"),
        ("<html><head><title>x</title></head><body></body></html>", "no text was found"),
        ("<script>alert(1)</script>", "no text was found"),
        (b"\x00" * 100, "no text was found"),
        (b"x" * (15 * 1024 * 1024 + 1), "more than the 15,728,640"),
    ],
)
def test_a_page_without_words_is_rejected_with_the_reason(worker: Worker, page: bytes | str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        text_of(page, URL, worker)


HOSTILE = {
    "paragraphs": "<p>" * 100_000,
    "line breaks": "<br>" * 200_000,
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">x",
    "dates": "<p>13 نوفمبر 2017</p>" * 50_000,
    "comments": "<!-- " * 200_000,
    "depth": "<b>" * 200_000 + "x",
}


@pytest.fixture(scope="module")
def impatient() -> Iterator[Worker]:
    with Worker(time_limit=0.4) as one:
        yield one


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_in_text_or_a_reason(impatient: Worker, name: str) -> None:
    try:
        _, text = text_of(HOSTILE[name], URL, impatient)
    except Rejected as refusal:
        assert str(refusal)
    else:
        assert 0 < len(text) <= 200_000
    assert text_of("خبر", URL, impatient) == ("", "خبر")
