"""Where sentences end, by a table of newspaper lines and by properties that hold for any text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.arabic import tokens
from pipeline.core.sentences import sentences


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "written",
    [
        # "|" is where a sentence ends and another begins.
        "انسحب الجيش من المدينة. |وأكد متحدث باسمه ذلك.",
        "انسحب الجيش الأسبوع الماضي.|وأكد متحدث باسمه ذلك",
        "انسحب الجيش .|وأكد متحدث باسمه ذلك",
        "من يسيطر على المدينة؟ |لا أحد يعرف! |المعارك مستمرة",
        "هل انسحب الجيش؟! |نفى المتحدث ذلك.",
        # numbers, dates and addresses
        "ارتفعت النسبة إلى 3.5 في المئة. |وكانت ٢.١ العام الماضي.",
        "جرى ذلك في 12.11.2017 قرب المدينة.",
        "سقطت المدينة عام 2014. |وعاد إليها الجيش عام 2017.",
        "سقطت المدينة عام 2014.|وعاد إليها الجيش",
        "وُقع الاتفاق عام 1995 م. |وانهار بعد عامين.",
        "ذكر موقع العربية.نت أن الجيش انسحب. |ونفى الناطق ذلك.",
        "للمزيد www.example.com أو راسلونا. |شكرا لكم.",
        "انتشر الجيش قرب قاعدة T2.|وأضاف المصدر أن الهدوء عاد.",
        # abbreviations
        "نقلت وكالة أ.ف.ب عن د. محمد الأحمد أن أ. د. سمير اعتقل. |وأفرج عنه لاحقا.",
        "نقلت الوكالة (أ.ف.ب) عن مصدر أمني قوله.",
        "أفادت ا.ف.ب. |وأضافت أن الحصيلة مرشحة للارتفاع.",
        "قال مسؤول في U.S. Army إن القوات باقية. |ولم يوضح.",
        "قال الرئيس جورج دبليو. بوش لشبكة إن. بي. سي إن الحرب انتهت. |ورحب الحلفاء.",
        "ذكرت شبكة سي إن إن. |وأضافت أن القوات انسحبت.",
        "التقى الوزير س.ن في مكتبه. |ولم يصدر بيان.",
        # quotations
        "قال المتحدث: «لم ننسحب. ما زلنا في المدينة». |وأضاف أن القصف مستمر.",
        "قال المتحدث: «لم ننسحب.» |وأضاف أن القصف مستمر.",
        'قال "إن تنظيم "داعش" انسحب. لا عودة له". |وتابع قائلا.',
        "قال الجيش إن ”داعش“ انسحب. |وأكد السكان ذلك.",
        "قال القائد ”لم ننسحب. ما زلنا هنا“ وتابع.",
        "قال القائد »لم ننسحب. ما زلنا هنا« وتابع.",
        "قال إن” كل ما أعلنه تنظيم “داعش” كذب. لا أساس له”. |وأكد ذلك.",
        "أعلن أن “القوات تمكنت من طرد تنظيم “داعش”. |وفي الجانب العراقي، تقدم “التحالف”.",
        "قُتل قائد «النصرة. |ونفى التنظيم ذلك.",
        "قال '’لم ننسحب. ما زلنا هنا’' للصحافيين.",
        "سأل الصحافي «من يحكم المدينة؟» فلم يجبه أحد.",
        "أعلن الجيش (وهو ما نفته المعارضة. راجع ص 5) أنه باق. |وأضاف.",
        # headlines and dots in a row
        "مجلس الأمن يصادق على «الاتفاق النووي».. وإيران تقول إنه «غير مقبول»",
        "ليبيا... اشتباكات في طرابلس",
        "قال القائد إن القوات التي دخلت المدينة الحدودية فجر الأحد ثبتت مواقعها على الطريق الدولي وأقامت حواجز "
        "في الأحياء الشمالية والغربية منها بعد معارك دامت أياما... |ونفى سكان ذلك",
        # lines and lists
        "الجيش ينفي انسحابه\n|نفى الجيش أنه انسحب.\r\n\n|وأكد متحدث ذلك",
        "• انسحاب الجيش |• عودة النازحين",
        "1. انسحاب الجيش\n|2. عودة النازحين",
        "",
        " \n...\n* * *\n",
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(written: str) -> None:
    expected = [piece.strip(" \r\n•") for piece in written.split("|") if any(sign.isalnum() for sign in piece)]
    assert pieces(written.replace("|", "")) == expected


def test_a_bullet_is_not_part_of_the_sentence() -> None:
    assert pieces("- انسحاب الجيش\n– عودة النازحين\n ▪ فتح المعبر") == ["انسحاب الجيش", "عودة النازحين", "فتح المعبر"]


def test_full_stops_of_a_long_speech_count_although_it_is_quoted() -> None:
    speech = "إن قواتنا باقية في المدينة وعلى الحدود. " * 20
    assert len(pieces(f"وقال القائد: «{speech}».")) > 10


def test_a_stray_quotation_mark_does_not_join_the_paragraphs_after_it() -> None:
    assert pieces('وقال "إن الجيش باق.\nوأضاف أنه لم ينسحب. ونفى الأنباء".') == [
        'وقال "إن الجيش باق.',
        "وأضاف أنه لم ينسحب.",
        'ونفى الأنباء".',
    ]


@pytest.mark.parametrize(
    ("file", "count", "beginning"),
    [
        ("000_fa521fd32ada657a.txt", 14, "نفى قائد المجموعة العسكرية الروسية"),
        ("004_38c391450c5e96e0.txt", 12, "ونقلت وكالة"),
    ],
)
def test_the_seed_articles_fall_into_their_sentences(shared: Path, file: str, count: int, beginning: str) -> None:
    text = next((shared / "data" / "seeds").glob(file[:3] + "_*.txt")).read_text(encoding="utf-8")
    found = pieces(text)
    assert len(found) == count
    assert any(piece.startswith(beginning) and piece.endswith(".") for piece in found)


@given(
    st.one_of(
        st.text(st.sampled_from("ابدفم وـًأT1٣.،؟!…«»“”\"'()•-_:\n\r\u200f\u2028ﷲ "), max_size=80), st.text(max_size=60)
    )
)
def test_spans_are_in_order_trimmed_and_hold_every_word(text: str) -> None:
    spans = sentences(text)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    for start, end in spans:
        assert text[start:end] == text[start:end].strip()
        assert any(sign.isalnum() for sign in text[start:end])
    for token in tokens(text):
        if token.kind != "mark":
            assert any(start <= token.start and token.end <= end for start, end in spans), token
