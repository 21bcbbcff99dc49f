"""What the Elasticsearch index decides before a server is asked: rows, verdicts, queries, templates."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.elasticsearch_bulk import verdict
from connectors.elasticsearch_calls import Patience, reason_of, shown
from connectors.elasticsearch_documents import body_of, microseconds, row
from connectors.elasticsearch_query import MOST_TERMS, request
from connectors.elasticsearch_templates import load_templates
from connectors.query_words import asked
from pipeline.core.analysis import Analyzer, override_table
from pipeline.ports import Document, Query, Unreachable

TEMPLATES = Path(__file__).parents[1] / "config" / "index"
ANALYZER = Analyzer(frozenset({"من"}), override_table(["البوكمال"]))


def article(**fields: Any) -> Document:
    body = {"id": "a", "outlet": "سانا", "title": "عنوان", "text": "نص", "published": "2017-11-13T09:00:00Z"}
    return Document("articles", fields.pop("id", "a"), 0, body | fields)


@pytest.mark.parametrize(
    ("status", "error", "fate"),
    [
        (200, None, "done"),
        (201, None, "done"),
        (404, None, "done"),  # the document to delete is gone already
        (409, {"type": "version_conflict_engine_exception"}, "done"),
        (400, {"type": "strict_dynamic_mapping_exception"}, "refused"),
        (413, {"type": "illegal_argument_exception"}, "refused"),
        (429, {"type": "es_rejected_execution_exception"}, "again"),
        (429, {"type": "cluster_block_exception"}, "again"),
        (403, {"type": "cluster_block_exception"}, "again"),
        (403, {"type": "security_exception"}, "again"),
        (404, {"type": "index_not_found_exception"}, "again"),
        (500, {"type": "exception"}, "again"),
        (502, {"type": "exception"}, "again"),
        (503, {"type": "unavailable_shards_exception"}, "again"),
        (504, {"type": "exception"}, "again"),
    ],
)
def test_only_what_a_document_is_guilty_of_refuses_it(status: int, error: dict[str, str] | None, fate: str) -> None:
    item = {"index": {"_id": "a", "status": status} | ({"error": error} if error else {})}
    assert verdict(item).fate == fate


def test_a_reason_names_the_deepest_cause() -> None:
    error = {
        "type": "document_parsing_exception",
        "reason": "failed to parse field [published]",
        "caused_by": {"type": "x", "reason": "y", "caused_by": {"type": "date_time_exception", "reason": "bad month"}},
    }
    assert reason_of(error) == (
        "document_parsing_exception: failed to parse field [published] (date_time_exception: bad month)"
    )


def test_patience_waits_longer_each_time_and_ends() -> None:
    patience = Patience(4.0)
    assert [patience.wait("busy").seconds for _ in range(4)] == [0.25, 0.5, 1.0, 2.0]
    with pytest.raises(Unreachable, match="the node is busy"):
        patience.wait("the node is busy")
    patience.went_well()
    assert patience.wait("busy").seconds == 0.25


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("https://naqid:secret@search.example:9200/x") == "https://search.example:9200/x"


@pytest.mark.parametrize(
    ("published", "month"),
    [
        ("2017-11-13T09:00:00Z", "2017.11"),
        ("2017-12-01T01:00:00+03:00", "2017.11"),
        ("1970-01-01T00:00:00Z", "earlier"),
        ("0800-01-01T00:00:00Z", "earlier"),
    ],
)
def test_an_article_belongs_to_the_month_of_its_publication(published: str, month: str) -> None:
    assert row(article(published=published)).month == month


def test_a_row_holds_the_body_as_it_was_and_what_it_is_found_by() -> None:
    place = {"id": "gn:174448", "name": "البوكمال", "name_en": "Abu Kamal", "lat": 34.45, "lon": 40.92}
    nowhere = {"id": "naqid:x", "name": "مكان", "name_en": None, "lat": None, "lon": None}
    document = article(text="نص \ud800", places=[place, nowhere], kinds=["withdraw"])
    source = json.loads(row(document).source)
    assert body_of(source) == document.body
    assert source["found_by"] == {
        "id": "a",
        "first": 1_510_563_600_000_000,
        "last": 1_510_563_600_000_000,
        "places": ["gn:174448", "البوكمال", "abu kamal", "naqid:x", "مكان"],
        "kinds": ["withdraw"],
        "outlets": ["سانا"],
        "names": ["البوكمال", "Abu Kamal", "مكان"],
        "words": "",
        "location": [{"lat": 34.45, "lon": 40.92}],
    }


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (article(id="x" * 513), "512"),
        (article(found_by={}), "found_by"),
        (article(published="yesterday"), "published"),
    ],
)
def test_a_document_that_cannot_be_a_row_is_named_with_its_fault(document: Document, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        row(document)


def test_a_time_is_kept_to_the_microsecond() -> None:
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


def test_a_query_of_too_many_words_is_an_error() -> None:
    words = " ".join(f"كلمه{number}" for number in range(MOST_TERMS + 1))
    with pytest.raises(ValueError, match=str(MOST_TERMS)):
        request(Query("articles", words), asked(words, ANALYZER, lambda text: []), lambda text: [])


def test_every_placeholder_of_the_templates_is_filled() -> None:
    templates = load_templates(TEMPLATES, ["من"], override_table(["البوكمال"]))
    for component in templates.components.values():
        assert '"$' not in json.dumps(component)
        analysis = component["template"]["settings"]["analysis"]
        assert analysis["filter"]["stop_words"]["stopwords"] == ["من"]
        assert "ببوكمال" in analysis["filter"]["place_names"]["rules"][0]


def test_another_analysis_or_mapping_gives_indices_of_another_name() -> None:
    def name(stop: list[str], names: list[str]) -> str:
        return load_templates(TEMPLATES, stop, override_table(names)).index("articles", "2017.11")

    assert name(["من"], ["حلب"]) == name(["من"], ["حلب"])
    assert len({name(["من"], ["حلب"]), name(["في"], ["حلب"]), name(["من"], ["حمص"])}) == 3
    assert name(["من"], ["حلب"]).startswith("naqid-articles-2017.11-")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"dynamic": "strict"}', '{"properties": {"found_by": {}}}'])
def test_a_damaged_template_is_named(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "index"
    shutil.copytree(TEMPLATES, folder)
    (folder / "claims.json").unlink()
    if content is not None:
        (folder / "claims.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"claims\.json"):
        load_templates(folder, [], {})
