"""Spelling, tokens and proclitics, by tables of words as newspapers print them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.arabic import fold, plain, proclitic_splits, tokens

RIGHT_TO_LEFT_MARK, ZERO_WIDTH_NON_JOINER, ISOLATE, POP = "\u200f", "\u200c", "\u2068", "\u2069"
ARABIC = st.text(
    st.sampled_from(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويءأإآؤئىةـًٌٍَُِّْٰ٠١٢۳٫٬،؛؟.!«»“”\"'()-_ \n\u200f\u200c\u2068\ufeffﻻﷲﷺﻋﹶکیگپABz19é"
    )
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("أكّد إبراهيم آل ٱلسعود", "اكد ابراهيم ال السعود"),
        ("مسؤول هيئة سوء", "مسوول هييه سوء"),
        ("نفى مستشفى المدينة", "نفي مستشفي المدينه"),
        ("مـــديـنة", "مدينه"),
        ("مُدَرِّسَةٌ هٰذا", "مدرسه هذا"),
        ("٢٠١٧ و۱۵", "2017 و15"),
        ("ﻻ ﷲ ﺍﻟﺴﻼﻡ", "لا الله السلام"),
        ("گرگوک ڤيينا پوتين", "كركوك فيينا بوتين"),
        (f"سو{RIGHT_TO_LEFT_MARK}ر{ZERO_WIDTH_NON_JOINER}يا", "سوريا"),
        (f"{ISOLATE}BBC{POP} عربي", "bbc عربي"),
        ("ا\u0654كد", "اكد"),
        ("T2", "t2"),
    ],
)
def test_one_spelling_stands_for_all(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_plain_letters_keep_their_spelling() -> None:
    assert plain("هيـئة أنبــاءٌ لا إلٰه ﻹدلب کابل ٣") == "هيئة أنباء لا إله لإدلب كابل 3"


@given(st.one_of(ARABIC, st.text(max_size=60)))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("نفى «الجيش»، انسحابه.", "نفي « الجيش » ، انسحابه ."),
        ("قُتِلَ 1,500 شخص", "قتل 1500 شخص"),
        ("قُتِلَ ١٬٥٠٠ شخص", "قتل 1500 شخص"),
        ("نحو 1،500 نازح و2,300,000 لاجئ", "نحو 1500 نازح و 2300000 لاجي"),
        ("3.5 مليون و٣٫٥٪", "3.5 مليون و 3.5 ٪"),
        ("الأعوام 2011،2012", "الاعوام 2011 ، 2012"),
        ("في 12.11.2017 عند 10:30", "في 12.11.2017 عند 10 : 30"),
        ("بـ30 قذيفة وبعمق 140كم", "ب 30 قذيفه وبعمق 140 كم"),
        ('بقاعدة "T2" ومقاتلات F16', 'بقاعده " t2 " ومقاتلات f16'),
        ("#دير_الزور", "# دير الزور"),
        ("الآن…وأكد", "الان … واكد"),
        ("ـ وقال", "ـ وقال"),
        ("(أ.ف.ب)؟", "( ا . ف . ب ) ؟"),
        (f"في سو{RIGHT_TO_LEFT_MARK}ريا{RIGHT_TO_LEFT_MARK} .", "في سوريا ."),
        ("\u064b \u200f", ""),
    ],
)
def test_a_text_is_words_numbers_and_marks(text: str, forms: str) -> None:
    assert " ".join(token.form for token in tokens(text)) == forms


def test_a_token_stands_where_it_was_written() -> None:
    text = f"مدينة الـبـوكمــالِ{RIGHT_TO_LEFT_MARK}، ٣٠ كم"
    found = [(text[token.start : token.end], token.form, token.kind) for token in tokens(text)]
    assert found == [
        ("مدينة", "مدينه", "word"),
        ("الـبـوكمــالِ", "البوكمال", "word"),
        ("،", "،", "mark"),
        ("٣٠", "30", "number"),
        ("كم", "كم", "word"),
    ]


@given(st.one_of(ARABIC, st.text(max_size=60)))
def test_tokens_are_in_order_and_no_letter_or_digit_is_lost(text: str) -> None:
    found = tokens(text)
    assert all(token.start < token.end and token.form for token in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    covered = {place for token in found for place in range(token.start, token.end)}
    lost = [sign for place, sign in enumerate(text) if place not in covered and fold(sign).strip("_ ").isalnum()]
    assert lost == []
    assert all(
        fold(text[token.start : token.end]).replace(" ", "") == token.form for token in found if token.kind == "word"
    )


@pytest.mark.parametrize(
    ("form", "readings"),
    [
        ("والبوكمال", [("", "والبوكمال"), ("و", "البوكمال"), ("وال", "بوكمال")]),
        ("بالبوكمال", [("", "بالبوكمال"), ("ب", "البوكمال"), ("بال", "بوكمال")]),
        ("للبوكمال", [("", "للبوكمال"), ("لل", "بوكمال"), ("ل", "البوكمال")]),
        ("وبالبوكمال", [("وب", "البوكمال"), ("وبال", "بوكمال"), ("و", "بالبوكمال")]),
        ("فللبوكمال", [("فل", "البوكمال"), ("فلل", "بوكمال")]),
        ("وكالبوكمال", [("وك", "البوكمال"), ("وكال", "بوكمال")]),
        ("للاذقيه", [("ل", "اللاذقيه"), ("لل", "لاذقيه")]),
        ("وسينسحب", [("وس", "ينسحب"), ("و", "سينسحب")]),
        ("فحلب", [("", "فحلب"), ("ف", "حلب")]),
        ("ولحلب", [("ول", "حلب"), ("و", "لحلب")]),
    ],
)
def test_a_word_is_read_with_each_of_its_proclitics(form: str, readings: list[tuple[str, str]]) -> None:
    assert proclitic_splits(form)[0] == ("", form)
    assert set(readings) <= set(proclitic_splits(form))


@pytest.mark.parametrize(
    ("form", "reading"), [("وب", ("و", "ب")), ("الا", ("ال", "ا")), ("سوريا", ("س", "وريا")), ("باب", ("با", "ب"))]
)
def test_what_no_grammar_allows_is_not_read(form: str, reading: tuple[str, str]) -> None:
    assert reading not in proclitic_splits(form)


@given(st.text(st.sampled_from("ابفكلسويمدر"), max_size=9))
def test_every_rest_has_two_letters_and_no_reading_comes_twice(form: str) -> None:
    readings = proclitic_splits(form)
    assert len(set(readings)) == len(readings)
    assert all(len(rest) >= 2 for _, rest in readings[1:])
