"""The chain of `config/index/analysis.json` in a real server gives the terms of our own analysis."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from contracts.conftest import places_of
from contracts.test_index import BUKAMAL, JOINED, RAQQA, SPLIT
from elasticsearch import Elasticsearch as Client
from elasticsearch_samples import ROOT, STOP_WORDS, TEMPLATES, article, delete_indices
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_processes import Elasticsearch

from connectors.elasticsearch_index import ElasticsearchIndex
from connectors.elasticsearch_templates import load_templates
from connectors.geonames import load_gazetteer
from connectors.sqlite_index import SqliteIndex
from pipeline.core.analysis import Analyzer, override_table
from pipeline.ports import Query

PREFIX = "analysis"

# What newspapers and their feeds hold beside plain sentences.
LINES = (
    "والبوكمال وبالبوكمال للبوكمال أبوكمال ابو كمال الْبُوكَمَال البـــوكمال ﺍﻟﺒﻮﻛﻤﺎﻝ",
    "لم ينسحب الجيش ولن ينسحب، ولا صحة لما قيل عن انسحابه من المدينة",
    "حتى الآن.البوكمال وقال:إن الجيش باق #دير_الزور نقلت أ.ف.ب عن علي",
    "سو\u200fريا \u2068سوريا\u2069 کوبانی ﷺ مؤتمر مو\u0654تمر \ufeffداعش\u200bالرقة",
    "٢٠١٧ 2017 ۲۰۱۷ 1,500 ١٫٥ T2 بنسبة 3.5% bbc.com Café cafe\u0301 😀🎉 ☎️ ①",
    "ببرلين ولبرلين بحلب فحلب للاذقية حماة حماية ألمانيا بألمانيا لبنان للبنان",
    "«من» (في) على–إلى من.com w.من",
)


@pytest.fixture(scope="module")
def overrides(warm_cache: Path) -> dict[str, str]:
    """Of the whole gazetteer."""
    table = tomllib.loads((ROOT / "config" / "places.toml").read_text(encoding="utf-8"))
    return override_table(load_gazetteer(table, warm_cache).names())


@pytest.fixture(scope="module")
def terms_of(elasticsearch: Elasticsearch, overrides: dict[str, str]) -> Iterator[Callable[[str], list[str]]]:
    """The terms that the server makes of a text; they follow each other without a gap."""
    template = load_templates(TEMPLATES, STOP_WORDS, overrides).components["articles"]["template"]
    with Client(elasticsearch.url) as client:
        client.indices.create(index=f"{PREFIX}-terms", **template)

        def terms(text: str) -> list[str]:
            tokens = client.indices.analyze(index=f"{PREFIX}-terms", analyzer="arabic_news", text=text)["tokens"]
            assert [token["position"] for token in tokens] == list(range(len(tokens))), text
            return [token["token"] for token in tokens]

        yield terms
    delete_indices(elasticsearch.url, PREFIX)


@pytest.mark.parametrize("line", LINES)
def test_a_hard_line_has_the_same_terms(
    line: str, terms_of: Callable[[str], list[str]], overrides: dict[str, str]
) -> None:
    assert terms_of(line) == Analyzer(STOP_WORDS, overrides).terms(line)


def test_the_golden_lines_have_the_same_terms(
    shared: Path, terms_of: Callable[[str], list[str]], overrides: dict[str, str]
) -> None:
    lines = (shared / "data" / "lucene_arabic_golden.tsv").read_text(encoding="utf-8").splitlines()
    texts = [line.split("\t")[0] for line in lines]
    assert len(texts) == 70
    analyzer = Analyzer(STOP_WORDS, overrides)
    assert [terms_of(text) for text in texts] == [analyzer.terms(text) for text in texts]


@given(st.text(st.sampled_from("ابوفكلمندةىأًّ٣1.:' \n\u200f\u200bTz«ﻻکی،,🎉"), max_size=40))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_of_newspaper_letters_has_the_same_terms(
    terms_of: Callable[[str], list[str]], overrides: dict[str, str], text: str
) -> None:
    assert terms_of(text) == Analyzer(STOP_WORDS, overrides).terms(text)


def test_every_form_of_a_town_finds_the_same_articles_in_both_indexes(
    elasticsearch: Elasticsearch, overrides: dict[str, str], tmp_path: Path
) -> None:
    forms = (*JOINED, *SPLIT, "أبوكمال", "وبأبوكمال")
    documents = [
        *(article(f"town-{n}", text=f"انسحب الجيش نحو {form} أمس", places=[BUKAMAL]) for n, form in enumerate(forms)),
        *(article(f"unread-{n}", text=f"ضابط ذكر {form} مرة") for n, form in enumerate(forms)),
        article("other-town", text="انسحب الجيش نحو الرقة أمس", places=[RAQQA]),
        article("other-man", text="قال أبو سعيد إن كمال غادر"),
    ]
    server = ElasticsearchIndex(
        elasticsearch.url,
        templates=TEMPLATES,
        stop_words=STOP_WORDS,
        overrides=overrides,
        places_of=places_of,
        prefix=PREFIX,
    )
    file = SqliteIndex(tmp_path / "index.sqlite", Analyzer(STOP_WORDS, overrides), places_of=places_of)
    with closing(server), closing(file):
        assert server.put(documents) == file.put(documents) == []
        for form in forms:
            for words in (form, f'"{form}"', f"انسحب {form}", f'"الجيش نحو {form}"', f'"ذكر {form}"'):
                query = Query("articles", words, limit=100)
                found = [sorted((hit.id, hit.snippet) for hit in index.search(query)) for index in (server, file)]
                assert found[0] == found[1], words
                if words == form:
                    assert {f"town-{n}" for n in range(len(forms))} <= {id for id, _ in found[0]}, words
    delete_indices(elasticsearch.url, PREFIX)


def test_stop_words_leave_no_gap_in_a_phrase(elasticsearch: Elasticsearch) -> None:
    index = ElasticsearchIndex(
        elasticsearch.url, templates=TEMPLATES, stop_words=STOP_WORDS, overrides={}, prefix=PREFIX
    )
    with closing(index):
        index.put([article("a", text="انسحب الجيش من كل المدينة")])
        for phrase in ('"الجيش المدينة"', '"الجيش من المدينة"', '"الجيش من كل المدينة"'):
            assert [hit.id for hit in index.search(Query("articles", phrase))] == ["a"], phrase
    delete_indices(elasticsearch.url, PREFIX)
