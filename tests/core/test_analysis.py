"""The terms of the index: against Lucene's own output, and where the chain goes beyond it."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.analysis import (
    Analyzer,
    light_stem,
    lowered,
    normalized,
    override_table,
    without_conjunction,
    word_spans,
)

ROOT = Path(__file__).parents[2]
STOP = frozenset(tomllib.loads((ROOT / "config/stopwords.toml").read_text(encoding="utf-8"))["words"])
PLACES = [
    "اللد",
    "البوكمال",
    "أبو كمال",
    "البو كمال",
    "الرقة",
    "حلب",
    "عفرين",
    "حماة",
    "اللاذقية",
    "ألمانيا",
    "لبنان",
    "بنان",
]

# Of the stop words of Lucene's ArabicAnalyzer, those that occur in the golden file.
LUCENE_STOP = set(
    """
    أن أنه أي إلى إن التي الذي الى بأن بعد بين بينما حتى حيث خلال ذلك على عليها عن في قبل كانت كل لا لم له لها ما مع
    من منذ منه منها هذا هناك و وأن وفي وكان ولا
    """.split()  # noqa: SIM905
)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(STOP, override_table(PLACES))


def lucene(text: str) -> list[str]:
    """The stock chain, from the parts of ours: no splitting at dots, no conjunctions, no places."""
    words = [lowered(text[start:end]) for start, end in word_spans(text, split=False)]
    return [light_stem(normalized(word)) for word in words if word not in LUCENE_STOP]


def test_the_parts_give_what_lucene_gives(shared: Path) -> None:
    lines = (shared / "data" / "lucene_arabic_golden.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines]
    assert len(pairs) == 70
    assert [(text, " ".join(lucene(text))) for text, _ in pairs] == [(text, terms) for text, terms in pairs]


@pytest.mark.parametrize(
    ("forms", "term"),
    [
        (
            "البوكمال بالبوكمال والبوكمال للبوكمال وبالبوكمال فالبوكمال كالبوكمال وللبوكمال بوكمال لبوكمال وبوكمال "
            "ببوكمال أبوكمال ابوكمال وبأبوكمال فبالبوكمال وكالبوكمال",
            "بوكمال",
        ),
        ("انسحاب انسحابات الانسحاب بالانسحاب والانسحاب وبالانسحاب وللانسحاب انسحابه", "انسحاب"),
        ("الرقة بالرقة والرقة وللرقة الرقه رقة", "رقه"),
        ("حلب بحلب وحلب لحلب فحلب وبحلب", "حلب"),
        ("حماة حماه بحماة ولحماة", "حماه"),
        ("عفرين وعفرين بعفرين لعفرين", "عفرين"),
        ("اللاذقية باللاذقية للاذقية واللاذقية وللاذقية", "لاذقيه"),
        ("اللد باللد للد وللد", "لد"),
        ("ألمانيا المانيا بألمانيا وألمانيا لألمانيا", "المانيا"),
        ("لبنان بلبنان ولبنان للبنان", "لبنان"),
        ("مُدَرِّسة مـــدرسة والمدرسة المدرسون", "مدرس"),
        ("سوريا سو\u200fريا وسوريا \u2068سوريا\u2069", "سوريا"),
        ("٢٠١٧ 2017 ۲۰۱۷", "2017"),
        ("داعش \ufeffداعش ﺩﺍﻋﺶ", "داعش"),
        ("حميميم وحميميم", "حميميم"),
    ],
)
def test_the_forms_of_a_word_meet_in_one_term(analyzer: Analyzer, forms: str, term: str) -> None:
    assert {form: analyzer.terms(form) for form in forms.split()} == {form: [term] for form in forms.split()}


def test_a_town_does_not_meet_an_ordinary_word(analyzer: Analyzer) -> None:
    assert analyzer.terms("حماة") != analyzer.terms("حماية")
    assert analyzer.terms("الرقة") != analyzer.terms("رقي")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("لا لم لن ما ليس غير عدم دون بلا", "لا لم لن ما ليس غير عدم دون بلا"),
        ("لم ينسحب الجيش من المدينة", "لم ينسحب جيش مدين"),
        ("حتى الآن.البوكمال", "بوكمال"),
        ("وقال:إن الجيش باق", "قال جيش باق"),
        ("#دير_الزور", "دير زور"),
        ("نقلت أ.ف.ب عن علي", "نقلت ا ف ب عل"),
        ("قاعدة T2 على بعد 1,500 متر", "قاعد t2 1,500 متر"),
        ("كتبت bbc.com", "كتبت bbc.com"),
        ("والد والدة", "الد ده"),
        ("«» ... ـ ،", ""),
    ],
)
def test_a_text_has_these_terms(analyzer: Analyzer, text: str, terms: str) -> None:
    assert " ".join(analyzer.terms(text)) == terms


def test_a_term_knows_where_its_word_stands(analyzer: Analyzer) -> None:
    text = "انسحب الجيش من «الـبوكمـالِ».وأكد"
    assert [(text[term.start : term.end], term.term) for term in analyzer.analyze(text)] == [
        ("انسحب", "انسحب"),
        ("الجيش", "جيش"),
        ("الـبوكمـالِ", "بوكمال"),
        ("وأكد", "اكد"),
    ]


def test_no_negator_is_a_stop_word() -> None:
    negators = {"لا", "لم", "لن", "ما", "ليس", "ليست", "غير", "عدم", "دون", "بلا", "ولا", "ولم", "ولن", "وما", "كلا"}
    assert negators & STOP == set()


@pytest.mark.parametrize(
    ("word", "without"),
    [("والبوكمال", "البوكمال"), ("وبالانسحاب", "بالانسحاب"), ("فللجيش", "للجيش"), ("والد", "والد"), ("وزاره", "وزاره")],
)
def test_a_conjunction_goes_only_before_an_article(word: str, without: str) -> None:
    assert without_conjunction(word) == without


def test_a_name_goes_before_a_proclitic_and_another_name() -> None:
    table = override_table(["لبنان", "بنان", "بنان"])
    assert (table["لبنان"], table["بنان"], table["وبنان"]) == ("لبنان", "بنان", "بنان")


def test_the_table_holds_no_names_of_several_words_and_none_too_short() -> None:
    assert override_table(["دير الزور", "رأس العين", "قم", "", " "]) == {}


def test_a_short_name_leaves_ordinary_words_alone() -> None:
    table = override_table(["الرس"])
    assert table["بالرس"] == "رس"
    assert "برس" not in table


def test_the_order_of_the_names_does_not_matter() -> None:
    assert override_table(PLACES) == override_table(reversed(PLACES))


def test_the_fingerprint_tells_analyses_apart() -> None:
    table = override_table(PLACES)
    assert Analyzer(STOP, table).fingerprint == Analyzer(frozenset(STOP), dict(table)).fingerprint
    others = [Analyzer(STOP - {"من"}, table), Analyzer(STOP, {}), Analyzer(STOP, table | {"حلب": "حمص"})]
    assert len({other.fingerprint for other in others} | {Analyzer(STOP, table).fingerprint}) == 4


@given(st.one_of(st.text(st.sampled_from("ابوفكلمندةىأـًّ٣1.:'_ \n\u200fTz«"), max_size=60), st.text(max_size=60)))
def test_terms_are_in_order_and_the_same_alone_as_in_their_text(text: str) -> None:
    analyzer = Analyzer(STOP, override_table(PLACES))
    found = analyzer.analyze(text)
    assert all(left.end <= right.start for left, right in pairwise(found))
    for term in found:
        assert term.term
        assert not term.term.isspace()
        assert analyzer.terms(text[term.start : term.end]) == [term.term]
