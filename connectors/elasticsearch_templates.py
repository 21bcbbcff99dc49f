"""The index templates that a server needs: mappings and analysis from `config/index`, one set a collection.

A component template may name only its own analyzers, so each collection's holds the analysis too. The name of an
index ends in a mark of its template: with another analysis or mapping, documents go to indices made anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

from connectors.elasticsearch_analysis import analysis_lists
from pipeline.ports import Collection

COLLECTIONS: tuple[Collection, ...] = get_args(Collection)
FOUND_BY = "found_by"
"""The field of every document that holds what it is searched and filtered by, beside its body."""
MARK = "naqid_mark"
"""Where a template says which state of the configuration it was made of."""
_PRIORITY = 200
# Raise this with any change of the templates that their components do not show.
_EDITION = 1


@dataclass(frozen=True, slots=True)
class Templates:
    """All templates under one prefix, ready to be sent."""

    prefix: str
    components: Mapping[Collection, Mapping[str, Any]]
    marks: Mapping[Collection, str]
    """A name for the state of each collection's component."""
    lifecycle: Mapping[str, Any]

    def alias(self, collection: Collection) -> str:
        """The name under which all indices of the collection are searched."""
        return f"{self.prefix}-{collection}"

    def index(self, collection: Collection, month: str = "") -> str:
        """The index to write to; only articles have a `month` ("2017.11")."""
        return "-".join(part for part in (self.alias(collection), month, self.marks[collection]) if part)

    @property
    def lifecycle_name(self) -> str:
        return f"{self.prefix}-lifecycle"

    def lifecycle_component(self) -> dict[str, Any]:
        """A component of its own: a server without lifecycle management refuses its setting."""
        return {"template": {"settings": {"index.lifecycle.name": self.lifecycle_name}}}

    def component_template(self, collection: Collection) -> dict[str, Any]:
        return {**self.components[collection], "meta": {MARK: self.marks[collection]}}

    def index_template(self, collection: Collection) -> dict[str, Any]:
        composed_of = [self.alias(collection)]
        if collection == "articles":
            composed_of.append(self.lifecycle_name)
        return {
            "index_patterns": [f"{self.alias(collection)}-*"],
            "composed_of": composed_of,
            "ignore_missing_component_templates": [self.lifecycle_name],
            "template": {"aliases": {self.alias(collection): {}}},
            "priority": _PRIORITY,
            "meta": {MARK: self.marks[collection]},
        }


def load_templates(
    folder: Path, stop_words: Iterable[str], overrides: Mapping[str, str], prefix: str = "naqid"
) -> Templates:
    """The templates of `config/index`, for these stop words and place names.

    Raises `ValueError` naming the file that is missing or not what it should be.
    """
    lists = analysis_lists(stop_words, overrides)
    analysis = _filled(_read(folder / "analysis.json"), lists)
    settings, found_by = _read(folder / "settings.json"), _read(folder / "found_by.json")
    components: dict[Collection, Mapping[str, Any]] = {}
    for collection in COLLECTIONS:
        mapping = _read(folder / f"{collection}.json")
        properties = mapping.get("properties")
        if not isinstance(properties, dict) or FOUND_BY in properties:
            raise ValueError(f"{folder / f'{collection}.json'}: needs properties, and none of the name {FOUND_BY!r}")
        mappings = {**mapping, "properties": {**properties, FOUND_BY: found_by}}
        components[collection] = {"template": {"settings": {**settings, "analysis": analysis}, "mappings": mappings}}
    marks = {collection: _mark(component) for collection, component in components.items()}
    return Templates(prefix, components, marks, _read(folder / "lifecycle.json"))


def _mark(component: Mapping[str, Any]) -> str:
    text = json.dumps([_EDITION, component], sort_keys=True)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path}: not an object")
    return value


def _filled(value: Any, lists: Mapping[str, object]) -> Any:
    """The value with every placeholder ("$name") replaced."""
    if isinstance(value, dict):
        return {key: _filled(part, lists) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, lists) for part in value]
    if isinstance(value, str) and value.startswith("$"):
        if value not in lists:
            raise ValueError(f"analysis.json: nothing is called {value}; known are {', '.join(sorted(lists))}")
        return lists[value]
    return value
