"""The Block Kit message: what is bold, what is a link, what fits, and what cannot act."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.slack_message import message
from pipeline.core.phrases import LANGUAGES, Language
from pipeline.core.quoting import units
from pipeline.ports import Notice
from tests.sample_alerts import ADDRESSES, NASTY, denial, nasty_notice, notice, wording
from tests.slack_server import read_payload, strings


def made(given: Notice, language: Language = "en") -> dict[str, Any]:
    return message(given, wording(), language)


def as_slack_reads(payload: dict[str, Any]) -> dict[str, Any]:
    return read_payload("application/json", json.dumps(payload, ensure_ascii=False).encode("utf-8"))


def inline(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for block in payload["blocks"]:
        if block["type"] == "rich_text":
            for element in block["elements"]:
                yield from element["elements"]


def quotes(payload: dict[str, Any]) -> list[list[dict[str, Any]]]:
    blocks = [block for block in payload["blocks"] if block["type"] == "rich_text"]
    found = [element for block in blocks for element in block["elements"]]
    return [element["elements"] for element in found if element["type"] == "rich_text_quote"]


def links(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in inline(payload) if item["type"] == "link"]


def test_the_words_that_reverse_are_bold_in_both_quotes() -> None:
    bold = [[item["text"] for item in quote if "style" in item] for quote in quotes(made(notice()))]
    assert bold == [["نفى", "انسحب"], ["اعترفت", "بانسحاب"]]


def test_each_quote_is_one_isolate() -> None:
    for quote in quotes(made(notice())):
        assert (quote[0]["text"], quote[-1]["text"]) == ("\u2068", "\u2069")


def test_both_reports_are_linked_under_the_name_of_their_host() -> None:
    found = links(made(notice()))
    assert [link["url"] for link in found] == ["https://example.org/enab/1", "https://example.org/araby/2"]
    assert {link["text"] for link in found} == {"Open the report (\u2068example.org\u2069)"}


def test_an_arabic_address_is_linked_in_its_encoded_form() -> None:
    (link, _) = links(made(notice(earlier=denial(url="https://مثال.إختبار/خبر?س=ص"))))
    assert link["url"].startswith("https://xn--mgbh0fb.xn--kgbechtv/%D8%AE%D8%A8%D8%B1?")
    assert "xn--mgbh0fb.xn--kgbechtv" in link["text"]


@pytest.mark.parametrize("url", [url for url in ADDRESSES if "إختبار" not in url])
def test_an_address_that_could_deceive_or_do_something_is_shown_as_text(url: str) -> None:
    found = links(made(notice(earlier=denial(url=url))))
    if url == "https://example.org/a|b>c<d":  # harmless once encoded
        assert found[0]["url"] == "https://example.org/a|b%3Ec%3Cd"
    else:
        assert [link["url"] for link in found] == ["https://example.org/araby/2"]


def test_a_report_without_an_address_has_no_link_and_no_empty_text() -> None:
    payload = as_slack_reads(made(notice(earlier=denial(url=""))))
    assert len(links(payload)) == 1


def test_the_heading_and_the_notification_name_kind_and_place() -> None:
    english, arabic = made(notice()), made(notice(), "ar")
    assert english["blocks"][0]["text"] == {
        "type": "plain_text",
        "text": "Admission after a denial: Abu Kamal",
        "emoji": False,
    }
    assert english["text"].startswith("Admission after a denial, Abu Kamal: on Monday")
    assert arabic["blocks"][0]["text"]["text"] == "إقرار بعد نفي: البوكمال"
    assert arabic["text"].startswith("إقرار بعد نفي، البوكمال: نفي من قائد")


def test_a_long_sentence_is_cut_with_its_cue_in_view() -> None:
    sentence = "وقال المصدر إن " * 300 + "القائد نفى الخبر" + " بحسب البيان" * 300
    payload = as_slack_reads(made(notice(earlier=denial(sentence=sentence, cues=("نفى",)))))
    first = quotes(payload)[0]
    assert [item["text"] for item in first if "style" in item] == ["نفى"]
    assert first[1]["text"].startswith("…") and first[-2]["text"].endswith("…")


@pytest.mark.parametrize("words", NASTY)
@pytest.mark.parametrize("language", LANGUAGES)
def test_slack_takes_the_message_and_finds_nothing_in_it_to_act_on(language: Language, words: str) -> None:
    payload = as_slack_reads(made(nasty_notice(words), language))
    for block in payload["blocks"]:
        assert block["type"] in ("header", "rich_text", "context")
        for element in block["elements"] if block["type"] == "context" else []:
            assert (element["type"], element["emoji"]) == ("plain_text", False)
    for item in inline(payload):
        assert item["type"] in ("text", "link")
        if item["type"] == "link":
            assert item["url"].startswith(("http://", "https://"))
    assert not set(payload["text"]) & set("<>*_~`@#")
    assert not set(payload["blocks"][0]["text"]["text"]) & set("<>")
    assert "&" not in payload["text"].replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert payload["mrkdwn"] is False
    # Slack refuses blocks from about 13,000 characters on; half of that fits even if it counts Arabic in bytes.
    assert sum(map(units, strings(payload["blocks"]))) < 6_500


@given(st.text(st.characters(), max_size=400))
def test_any_words_at_all_make_a_message_that_slack_takes(words: str) -> None:
    payload = as_slack_reads(made(nasty_notice(words)))
    assert {item["type"] for item in inline(payload)} <= {"text", "link"}
