"""What the server must have before the first document: templates, the lifecycle policy, indices of today's analysis."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from elasticsearch import ApiError

from connectors.elasticsearch_bulk import perform, storing
from connectors.elasticsearch_calls import Call, Patience, Work, patiently, told
from connectors.elasticsearch_documents import Row, body_of, row
from connectors.elasticsearch_templates import COLLECTIONS, FOUND_BY, MARK, Templates
from pipeline.ports import Collection, Document

_PAGE = 500
_NOT_FOUND = 404
# What a server without lifecycle management says of its address.
_UNKNOWN_ADDRESS = frozenset({400, 405})

_log = logging.getLogger(__name__)


def prepare(templates: Templates, where: str, patience: Patience) -> Work[set[str]]:
    """Install the templates and bring older indices up to date; returns the names of the indices there are."""
    yield from _install_lifecycle(templates, where, patience)
    installed = yield from _installed(templates, where, patience)
    for collection in COLLECTIONS:
        name = templates.alias(collection)
        if installed.get(name) == templates.marks[collection]:
            continue
        component = Call("cluster.put_component_template", {"name": name, **templates.component_template(collection)})
        yield from patiently(component, where, patience)
        template = Call("indices.put_index_template", {"name": name, **templates.index_template(collection)})
        yield from patiently(template, where, patience)
    known: set[str] = set()
    for collection in COLLECTIONS:
        names = yield from indices_of(collection, templates, where, patience)
        for index in names:
            if index.endswith(f"-{templates.marks[collection]}"):
                known.add(index)
            else:
                yield from _renew(collection, index, templates, known, where, patience)
    return known


def indices_of(collection: Collection, templates: Templates, where: str, patience: Patience) -> Work[list[str]]:
    """The names of the collection's indices, of every analysis."""
    try:
        call = Call("indices.get_alias", {"name": templates.alias(collection)})
        answer: Mapping[str, Any] = yield from patiently(call, where, patience)
    except ApiError as error:
        if error.status_code != _NOT_FOUND:
            raise
        return []
    return sorted(answer)


def _installed(templates: Templates, where: str, patience: Patience) -> Work[dict[str, str]]:
    """The marks of the index templates that the server has, which are put after their components."""
    try:
        call = Call("indices.get_index_template", {"name": f"{templates.prefix}-*"})
        answer: Mapping[str, Any] = yield from patiently(call, where, patience)
    except ApiError as error:
        if error.status_code != _NOT_FOUND:
            raise
        return {}
    return {
        found["name"]: found["index_template"].get("_meta", {}).get(MARK, "") for found in answer["index_templates"]
    }


def _install_lifecycle(templates: Templates, where: str, patience: Patience) -> Work[None]:
    """The policy is put once and is a person's to change from then on."""
    name = templates.lifecycle_name
    try:
        yield from patiently(Call("ilm.get_lifecycle", {"name": name}), where, patience)
    except ApiError as error:
        if error.status_code in _UNKNOWN_ADDRESS:
            _log.warning("%s manages no index lifecycle: months of articles stay until someone deletes them", where)
            return
        if error.status_code != _NOT_FOUND:
            raise
        policy = Call("ilm.put_lifecycle", {"name": name, "policy": templates.lifecycle})
        yield from patiently(policy, where, patience)
    component = Call("cluster.put_component_template", {"name": name, **templates.lifecycle_component()})
    yield from patiently(component, where, patience)


def _renew(
    collection: Collection, old: str, templates: Templates, known: set[str], where: str, patience: Patience
) -> Work[None]:
    """Copy an index that was made with another analysis or mapping into a new one, which then takes its place."""
    month = old.removeprefix(templates.alias(collection)).strip("-").rpartition("-")[0]
    new = templates.index(collection, month)
    _log.warning("%s: %s was made with other settings; its documents are written anew into %s", where, old, new)
    after: list[Any] | None = None
    while True:
        arguments = {"index": old, "size": _PAGE, "version": True, "sort": [{f"{FOUND_BY}.id": "asc"}]}
        if after is not None:
            arguments["search_after"] = after
        else:
            yield from patiently(Call("indices.refresh", {"index": old}), where, patience)
        answer = yield from patiently(Call("search", arguments), where, patience)
        found = answer["hits"]["hits"]
        if not found:
            break
        rows: list[Row] = []
        for hit in found:
            try:
                rows.append(row(Document(collection, hit["_id"], hit["_version"], body_of(hit["_source"]))))
            except ValueError as error:
                _log.error("%s: %s %s was left out: %s", where, collection, hit["_id"], error)
        skipped = yield from perform((storing(made, new) for made in rows), known, where, patience)
        for left_out in skipped:
            _log.error("%s: %s was left out: %s", where, left_out.where, left_out.reason)
        after = found[-1]["sort"]
    try:
        swap = Call("indices.update_aliases", {"actions": [{"remove_index": {"index": old}}]})
        yield from patiently(swap, where, patience)
    except ApiError as error:
        if error.status_code != _NOT_FOUND:
            raise
        _log.info("%s: another process has removed %s: %s", where, old, told(error))
