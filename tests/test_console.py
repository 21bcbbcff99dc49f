"""The card on a terminal: its lines, its glosses, its colours and the terminals that cannot show Arabic."""

from __future__ import annotations

import io
import unicodedata

import pytest

from connectors.console import Console
from pipeline.ports import Notice, Unreachable
from tests.sample_alerts import denial, notice, wording

GLOSSES = {
    "https://example.org/enab/1": "Russian commander denies that the army withdrew from al-Bukamal \x1b[31m",
    "https://example.org/araby/2": "Hmeimim's channel admits the withdrawal",
}


def card(given: Notice, language: str = "en", color: bool = False, width: int = 72) -> str:
    stream = io.StringIO()
    Console(stream, wording(), "ar" if language == "ar" else "en", color, GLOSSES, width).post(given)
    return stream.getvalue()


def test_a_reader_without_arabic_finds_kind_place_and_the_meaning_of_both_sentences() -> None:
    shown = card(notice(repeat=True))
    assert shown.splitlines()[1] == "Admission after a denial: Abu Kamal (\u2068البوكمال\u2069)"
    assert "Possible repeat" in shown
    flat = " ".join(shown.split())
    assert "In English: \u2068Russian commander denies" in flat
    assert "In English: \u2068Hmeimim's channel admits the withdrawal\u2069" in flat


def test_english_lines_keep_the_width_and_arabic_sentences_stay_whole() -> None:
    long = denial(sentence="نفى القائد " + "أن الجيش انسحب " * 40, cues=("نفى",))
    for line in card(notice(earlier=long), width=60).splitlines():
        visible = [c for c in line if unicodedata.category(c) not in ("Mn", "Cf")]
        assert len(visible) <= 60 or "“" in line
    assert ("أن الجيش انسحب " * 40).strip() in card(notice(earlier=long), width=60)


def test_isolates_are_closed_on_every_line() -> None:
    for width in range(40, 100, 3):
        for line in card(notice(), width=width).splitlines():
            assert line.count("\u2068") == line.count("\u2069"), (width, line)


def test_cues_are_starred_without_colour_and_painted_with_it() -> None:
    assert "*نفى* قائد" in card(notice())
    painted = card(notice(), color=True)
    assert "\x1b[1;33mنفى\x1b[0m قائد" in painted
    assert "*نفى*" not in painted


def test_no_escape_is_written_where_no_colour_is_asked_for() -> None:
    assert "\x1b" not in card(notice(repeat=True))
    assert "\x1b" not in card(notice(), "ar")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_terminal_that_cannot_show_arabic_gets_it_in_escapes(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    Console(stream, wording(), width=80).post(notice())
    shown = raw.getvalue().decode(encoding)
    assert "Admission after a denial: Abu Kamal" in shown
    assert ("نفى" in shown) is (encoding == "utf-8")
    assert (r"\u0646\u0641\u0649" in shown) is (encoding != "utf-8")


class BrokenPipe(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_stream_that_takes_nothing_is_unreachable() -> None:
    for stream in (BrokenPipe(), closed := io.StringIO()):
        closed.close()
        with pytest.raises(Unreachable, match="cannot be written to"):
            Console(stream, wording()).post(notice())
