"""Words from outside: what is shown of them, and what no longer acts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.quoting import Quote, clean, has_direction, isolate, own_words, quote, units
from tests.sample_alerts import NASTY

ANYTHING = st.text(st.characters(), max_size=300)
LIMIT = st.integers(8, 120)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("نفى\u202e القائد\u202c", "نفى القائد"),
        ("قبل\x00بعد", "قبلبعد"),
        ("\x1b[31mأحمر", "[31mأحمر"),
        ("سطر\r\n آخر\u2028ثالث", "سطر آخر ثالث"),
        ("  نفى   القائد\t", "نفى القائد"),
        ("نصف \ud83d زوج", "نصف \ufffd زوج"),
        ("وسوم\U000e0041", "وسوم"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("مُحَمَّدٌ", "مُحَمَّدٌ"),
        ("م" + "\u0301" * 50, "م" + "\u0301" * 5),
    ],
)
def test_only_what_a_reader_should_see_is_left(written: str, shown: str) -> None:
    assert clean(written) == shown


@given(ANYTHING)
def test_cleaning_twice_is_cleaning_once_and_leaves_no_control(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in once)
    assert not any(
        unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI") for c in once
    )


def test_the_cues_move_with_the_words_that_were_cleaned_before_them() -> None:
    sentence = "\u202eقال\x00:  نفى القائد"
    start = sentence.index("نفى")
    shown = quote(sentence, [(start, start + 3)])
    assert shown.pieces() == [("قال: ", False), ("نفى", True), (" القائد", False)]


def test_cues_that_overlap_are_one_and_cues_outside_the_sentence_are_none() -> None:
    assert quote("نفى القائد الخبر", [(0, 3), (2, 10), (14, 900), (700, 800), (5, 5), (9, 4)]).cues == (
        (0, 10),
        (14, 16),
    )


def test_a_long_sentence_is_cut_around_its_cue() -> None:
    sentence = "كلمة " * 400 + "نفى القائد" + " كلمة" * 400
    start = sentence.index("نفى")
    shown = quote(sentence, [(start, start + 3)], 100)
    assert [words for words, is_cue in shown.pieces() if is_cue] == ["نفى"]
    assert shown.text.startswith("…كلمة ") and shown.text.endswith(" كلمة…")
    assert units(shown.text) <= 100


def test_cues_far_apart_keep_the_first_in_view() -> None:
    sentence = "نفى " + "كلمة " * 400 + "انسحب"
    shown = quote(sentence, [(0, 3), (len(sentence) - 5, len(sentence))], 80)
    assert shown.pieces()[0] == ("نفى", True)
    assert shown.text.endswith("…")


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧‍👦", "🇸🇾", "👩🏽", "نَّ", "é"])
def test_a_cut_never_parts_what_a_reader_sees_as_one_character(cluster: str) -> None:
    for limit in range(20, 60):
        text = clean(cluster * 50, limit).strip("…")
        assert text == cluster * (len(text) // len(cluster)), limit


@given(ANYTHING, LIMIT, st.lists(st.tuples(st.integers(-5, 320), st.integers(-5, 320)), max_size=4))
def test_a_quote_keeps_its_limit_and_its_cues_are_spans_of_it(
    text: str, limit: int, cues: list[tuple[int, int]]
) -> None:
    shown = quote(text, cues, limit)
    assert units(shown.text) <= limit
    assert "".join(words for words, _ in shown.pieces()) == shown.text
    assert all(0 <= start < end <= len(shown.text) for start, end in shown.cues)
    if units(clean(text)) <= limit:
        assert shown.text == clean(text)


@given(st.text("نفى القائد", min_size=1, max_size=60), st.integers(0, 300), st.integers(0, 300), st.integers(70, 120))
def test_a_cue_that_fits_is_whole_in_the_excerpt(cue: str, before: int, after: int, limit: int) -> None:
    word = clean(cue) or "نفى"
    sentence = "س" * before + word + "س" * after
    shown = quote(sentence, [(before, before + len(word))], limit)
    assert [words for words, is_cue in shown.pieces() if is_cue] == [word]


def test_a_sentence_without_cues_is_shown_from_its_beginning() -> None:
    assert quote("كلمة " * 50, (), 20).text == "كلمة كلمة كلمة…"
    assert quote("", ()) == Quote("")
    assert Quote("").pieces() == []


def test_an_isolate_is_closed_and_nothing_is_not_isolated() -> None:
    assert isolate("نفى") == "\u2068نفى\u2069"
    assert isolate("") == ""
    assert has_direction("abc ن", right_to_left=True)
    assert not has_direction("2017: (!)", right_to_left=True)
    assert has_direction("نفى SDF", right_to_left=False)


@pytest.mark.parametrize("words", NASTY)
@pytest.mark.parametrize("limit", [40, None])
def test_own_words_keep_their_isolates_in_pairs(words: str, limit: int | None) -> None:
    text = own_words(f"on Monday {isolate(clean(words))} denied {words} it \u2069\u2068", limit)
    depth = 0
    for character in text:
        depth += (character == "\u2068") - (character == "\u2069")
        assert depth >= 0
    assert depth == 0
    assert limit is None or units(text) <= limit
    assert clean(text) == clean(text.replace("\u2068", "").replace("\u2069", ""))
