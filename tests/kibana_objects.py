"""The saved objects of `config/kibana`, unfolded: the JSON inside them, and the fields that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parents[1] / "config" / "kibana" / "naqid.ndjson"
_QUERIED = re.compile(r"([\w.]+)\s*:")


def saved_objects() -> list[dict[str, Any]]:
    """Every line, with the JSON that stands in its texts (…JSON, …Map, …Attrs, fields, typeMeta) parsed."""
    return [_unfolded(json.loads(line)) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]


def named_fields(saved: dict[str, Any]) -> set[tuple[str, str]]:
    """(data view, field) for every field that the object names."""
    attributes, views = saved["attributes"], {ref["name"]: ref["id"] for ref in saved["references"]}
    if saved["type"] == "index-pattern":
        return {(saved["id"], attributes["timeFieldName"])} | {(saved["id"], n) for n in attributes["fieldFormatMap"]}
    if saved["type"] == "search":
        source = attributes["kibanaSavedObjectMeta"]["searchSourceJSON"]
        fields = {*attributes["columns"], *(field for field, _ in attributes["sort"])}
        return {(views[source["indexRefName"]], field) for field in fields | _queried(source["query"])}
    if saved["type"] == "map":
        sources = [layer["sourceDescriptor"] for layer in attributes["layerListJSON"]]
        return {
            (views[source["indexPatternRefName"]], field)
            for source in sources
            if "indexPatternRefName" in source
            for field in (source["geoField"], *source["tooltipProperties"])
        }
    if saved["type"] == "dashboard":
        panels = [panel for panel in attributes["panelsJSON"] if panel["type"] == "lens"]
        return {found for panel in panels for found in _of_lens(panel["embeddableConfig"]["attributes"])}
    raise ValueError(f"no field is looked for in a {saved['type']}")


def _of_lens(lens: dict[str, Any]) -> Iterator[tuple[str, str]]:
    views = {ref["name"]: ref["id"] for ref in lens["references"]}
    for layer, state in lens["state"]["datasourceStates"]["formBased"]["layers"].items():
        view = views[f"indexpattern-datasource-layer-{layer}"]
        for column in state["columns"].values():
            fields = {column["sourceField"], *_queried(column.get("filter", {}))}
            fields |= {column["params"]["sortField"]} if "sortField" in column.get("params", {}) else set()
            yield from ((view, field) for field in fields - {"___records___"})


def _queried(query: dict[str, Any]) -> set[str]:
    """The fields of a query in KQL."""
    return set(_QUERIED.findall(query.get("query", "")))


def _unfolded(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _unfolded(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_unfolded(part) for part in value]
    if isinstance(value, str) and (name.endswith(("JSON", "Map", "Attrs")) or name in ("fields", "typeMeta")):
        return json.loads(value)
    return value
