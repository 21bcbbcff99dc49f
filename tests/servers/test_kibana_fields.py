"""Every field that Kibana's saved objects name is one of the indices', as a real Elasticsearch reports them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch as Client
from elasticsearch_samples import TEMPLATES
from kibana_objects import named_fields, saved_objects
from server_processes import Elasticsearch

from connectors.elasticsearch_templates import COLLECTIONS, load_templates

Mapped = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def mapped(elasticsearch: Elasticsearch) -> Iterator[Mapped]:
    """The type of each field of each collection, from the server."""
    templates = load_templates(TEMPLATES, ["من"], {}, prefix="kibana")
    found: Mapped = {}
    with Client(elasticsearch.url) as client:
        for collection in COLLECTIONS:
            index = templates.index(collection)
            client.indices.create(index=index, **templates.components[collection]["template"])
            mapping = client.indices.get_mapping(index=index)[index]["mappings"]
            found[f"naqid-{collection}"] = dict(flat(mapping["properties"]))
            assert mapping["dynamic"] == "strict"
        yield found
        client.indices.delete(index=[templates.index(collection) for collection in COLLECTIONS])


@pytest.mark.parametrize("saved", saved_objects(), ids=lambda saved: str(saved["id"]))
def test_an_object_names_fields_of_the_mapping_alone(saved: dict[str, Any], mapped: Mapped) -> None:
    fields = named_fields(saved)
    assert fields
    assert {(view, field) for view, field in fields if field not in mapped[view]} == set()


def test_fields_have_the_types_that_their_use_needs(mapped: Mapped) -> None:
    for saved in saved_objects():
        if saved["type"] == "index-pattern":
            assert mapped[saved["id"]][saved["attributes"]["timeFieldName"]] == "date"
        if saved["type"] == "search":
            views = {reference["name"]: reference["id"] for reference in saved["references"]}
            source = saved["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]
            for field, _ in saved["attributes"]["sort"]:
                assert mapped[views[source["indexRefName"]]][field] == "date"
    for view in ("naqid-events", "naqid-alerts"):
        assert mapped[view]["found_by.location"] == "geo_point"


def flat(properties: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, field in properties.items():
        if "properties" in field:
            yield from flat(field["properties"], f"{before}{name}.")
        else:
            yield f"{before}{name}", field["type"]
