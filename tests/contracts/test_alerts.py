"""What every channel promises (`pipeline.ports.Alerts`), over Slack and the console."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from connectors.console import Console
from connectors.slack import Slack
from pipeline.core.phrases import LANGUAGES, Language
from pipeline.ports import Alerts, Notice, Unreachable
from tests.sample_alerts import ADMITTED, DENIED, NASTY, admission, denial, nasty_notice, notice, wording
from tests.slack_server import PATH, SlackServer, strings

_ACTIVE_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067")


class Channel(Protocol):
    """An adapter with the far end of it: what was shown there, and a way to break it."""

    def open(self, language: Language) -> Alerts: ...

    def shown(self) -> list[str]:
        """The text of each message accepted, as a reader has it before him."""
        ...

    def fail(self) -> None:
        """Make posting impossible for now."""
        ...


class SlackChannel:
    def __init__(self, server: SlackServer) -> None:
        self.server = server

    def open(self, language: Language) -> Alerts:
        return Slack(self.server.url, wording(), language, timeout=5)

    def shown(self) -> list[str]:
        return ["\n".join(_words(post["blocks"])) for post in self.server.posts]

    def fail(self) -> None:
        self.server.script(["close"])


class ConsoleChannel:
    def __init__(self, color: bool) -> None:
        self.color = color
        self.stream = io.StringIO()
        self.posted = 0

    def open(self, language: Language) -> Alerts:
        return Console(self.stream, wording(), language, self.color, width=100)

    def shown(self) -> list[str]:
        return re.split(r"\n\n(?:\x1b\[2m)?(?=─)", self.stream.getvalue().rstrip("\n"))

    def fail(self) -> None:
        self.stream.close()


def _words(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """The words of each block; of one sentence's pieces, the sentence."""
    for block in blocks:
        for element in block.get("elements", [block]):
            inside = element.get("elements", [element])
            yield "".join("".join(strings({**item, "url": ""})) for item in inside)


@pytest.fixture(params=["slack", "console", "colored console"])
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    if request.param == "slack":
        with SlackServer() as server:
            yield SlackChannel(server)
    else:
        yield ConsoleChannel(color=request.param == "colored console")


def plain(text: str) -> str:
    """The text without isolates and without our own colours and stars around cues."""
    for sign in ("\u2068", "\u2069", "\x1b[0m", "\x1b[1m", "\x1b[1;33m", "\x1b[2m", "\x1b[1;31m", "*"):
        text = text.replace(sign, "")
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_post_that_returns_was_accepted_with_both_sentences_whole(channel: Channel, language: Language) -> None:
    channel.open(language).post(notice())
    (card,) = channel.shown()
    assert DENIED in plain(card)
    assert ADMITTED in plain(card)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Admission after a denial: Abu Kamal",
                "Monday 13 November 2017, 09:00 UTC",
                "Monday 13 November 2017, 11:30 UTC",
                "Russian commander",
                "القناة المركزية لقاعدة حميميم",
                "Side: Russia",
                "Through: Novosti",
                "Through: فيسبوك",
                "Outlet: عنب بلدي",
                "Outlet: العربي الجديد",
                "Claim: denied",
                "Claim: affirmed",
                "Confidence: 93%",
                "State: open",
                "2 outlets, 2 independent origins",
                "The two cannot both stand",
                "0123456789abcdef01234567",
            ],
        ),
        (
            "ar",
            [
                "إقرار بعد نفي: البوكمال",
                "الاثنين ١٣ نوفمبر/تشرين الثاني ٢٠١٧ الساعة ٠٩:٠٠ بتوقيت غرينتش",
                "القائل: قائد المجموعة العسكرية الروسية",
                "الطرف: روسيا",
                "نقلاً عن: نوفوستي",
                "الوسيلة الإعلامية: العربي الجديد",
                "درجة الثقة: ٩٣٪",
                "وسيلتان إعلاميتان، مصدران مستقلان",
                "لا يصح القولان معاً",
                "0123456789abcdef01234567",
            ],
        ),
    ],
)
def test_a_message_names_who_through_whom_where_when_and_why(
    channel: Channel, language: Language, words: list[str]
) -> None:
    channel.open(language).post(notice())
    card = " ".join(plain(channel.shown()[0]).split())
    assert [wanted for wanted in words if wanted not in card] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("repeat", [True, False])
def test_a_possible_repeat_is_said_to_be_one_and_nothing_else_is(
    channel: Channel, language: Language, repeat: bool
) -> None:
    channel.open(language).post(notice(repeat=repeat))
    words = {"en": "Possible repeat", "ar": "تكرار محتمل"}[language]
    assert (words in channel.shown()[0]) is repeat


@pytest.mark.parametrize("same_report", [True, False])
def test_both_sides_in_one_report_are_said_to_be(channel: Channel, same_report: bool) -> None:
    channel.open("en").post(notice(same_report=same_report))
    assert ("Both sides stand in one report" in " ".join(channel.shown()[0].split())) is same_report


def test_an_outlet_in_its_own_voice_and_an_allegation_are_told(channel: Channel) -> None:
    channel.open("en").post(
        notice(earlier=denial(speaker=None, relayed_through=()), later=admission(modality="alleged"))
    )
    card = plain(channel.shown()[0])
    assert "Who: the outlet itself" in card
    assert "Claim: affirmed (alleged)" in card


def test_each_post_is_a_message_of_its_own(channel: Channel) -> None:
    alerts = channel.open("en")
    alerts.post(notice(id="first"))
    alerts.post(notice(id="second"))
    assert [("first" in card, "second" in card) for card in channel.shown()] == [(True, False), (False, True)]


def test_a_channel_that_fails_is_unreachable_and_keeps_its_secret(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alerts = channel.open("en")
    channel.fail()
    with pytest.raises(Unreachable) as caught:
        alerts.post(notice())
    assert str(caught.value)
    told = f"{caught.value!r} {caught.value} {caught.value.__context__!r} {alerts!r} {caplog.text}"
    assert PATH not in told
    assert "kept-secret" not in told


def test_a_channel_has_a_name_that_holds_no_address(channel: Channel) -> None:
    name = channel.open("en").name
    assert name
    assert "//" not in name


@pytest.mark.parametrize("words", NASTY)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_from_outside_act_or_keep_a_message_from_being_accepted(
    everywhere: list[Channel], language: Language, words: str
) -> None:
    for channel in everywhere:
        before = len(channel.shown())
        channel.open(language).post(nasty_notice(words))
        cards = channel.shown()
        assert len(cards) == before + 1
        seen = cards[-1].replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[1;33m", "").replace("\x1b[2m", "")
        assert not [c for c in seen if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
        assert not set(seen) & _ACTIVE_BIDI
        assert seen.count("\u2068") == seen.count("\u2069")


@pytest.fixture(scope="module")
def everywhere() -> Iterator[list[Channel]]:
    with SlackServer() as server:
        yield [SlackChannel(server), FreshConsole(color=False), FreshConsole(color=True)]


class FreshConsole(ConsoleChannel):
    """A console whose cards are kept one by one: a nasty card may hold what would part two."""

    def __init__(self, color: bool) -> None:
        super().__init__(color)
        self.streams: list[io.StringIO] = []

    def open(self, language: Language) -> Alerts:
        self.streams.append(io.StringIO())
        return Console(self.streams[-1], wording(), language, self.color, width=100)

    def shown(self) -> list[str]:
        return [stream.getvalue() for stream in self.streams]


def test_the_table_of_nasty_words_is_long_enough() -> None:
    assert len(set(NASTY)) >= 60


def test_a_notice_is_left_as_it_was(channel: Channel) -> None:
    given: Notice = notice()
    channel.open("ar").post(given)
    assert given == notice()
