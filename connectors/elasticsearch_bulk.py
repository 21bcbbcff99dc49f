"""Writing to Elasticsearch so that nothing is lost: everything unanswered is sent again until it has a final answer.

A resend is harmless, since ids are deterministic and a version never overwrites a higher one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from elastic_transport import TransportError
from elasticsearch import ApiError

from connectors.elasticsearch_calls import Call, Patience, Work, reason_of, told
from connectors.elasticsearch_documents import Row
from pipeline.ports import Skipped

BATCH = 200
_BATCH_BYTES = 8_000_000
# What a document can be guilty of. A missing right, a blocked or missing index is not the document's fault.
_REFUSALS = frozenset({400, 413})
_CONFLICT = 409
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Operation:
    """One action of a bulk request: on which document of which index, and its one or two lines."""

    where: str
    index: str
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one operation."""

    fate: Literal["done", "refused", "again"]
    reason: str = ""


def storing(row: Row, index: str) -> Operation:
    """Write the document unless the index holds a higher version."""
    return Operation(row.where, index, (_action("index", index, row.id, row.version), row.source))


def deleting(id: str, version: int, index: str) -> Operation:
    """Delete the document unless the index holds a higher version."""
    return Operation(id, index, (_action("delete", index, id, version),))


def perform(operations: Iterable[Operation], known: set[str], where: str, patience: Patience) -> Work[list[Skipped]]:
    """Do them all, in batches; returns what was refused for good. Indices outside `known` are made first.

    Raises `Unreachable` naming `where` and the last reason when patience ends; what was done by then stays done.
    """
    skipped: list[Skipped] = []
    for batch in _batches(operations):
        skipped += yield from _perform(batch, known, where, patience)
    return skipped


def verdict(item: Mapping[str, Any]) -> Answer:
    """What one item of a bulk answer means."""
    [(_, told_of)] = item.items()
    status, error = told_of["status"], told_of.get("error")
    if status < 300 or status == _CONFLICT or (status == _NOT_FOUND and not error):
        return Answer("done")
    return Answer("refused" if status in _REFUSALS else "again", reason_of(error))


def _perform(batch: list[Operation], known: set[str], where: str, patience: Patience) -> Work[list[Skipped]]:
    skipped: list[Skipped] = []
    while batch:
        yield from _make_indices(batch, known, where, patience)
        try:
            answer = yield Call("bulk", {"operations": [line for operation in batch for line in operation.lines]})
        except (TransportError, ApiError) as error:
            if not (isinstance(error, ApiError) and error.status_code in _REFUSALS):
                yield patience.wait(f"{where}: {told(error)}")
            elif len(batch) == 1:
                return [*skipped, Skipped(batch[0].where, told(error))]
            else:
                # One of them made the whole request unreadable or too large.
                for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                    skipped += yield from _perform(half, known, where, patience)
                return skipped
            continue
        again: list[Operation] = []
        reason = ""
        for operation, item in zip(batch, answer["items"], strict=True):
            answered = verdict(item)
            if answered.fate == "refused":
                skipped.append(Skipped(operation.where, answered.reason))
            elif answered.fate == "again":
                again.append(operation)
                reason = answered.reason
                # It may have been deleted behind our back.
                known.discard(operation.index)
        if len(again) < len(batch):
            patience.went_well()
        batch = again
        if batch:
            yield patience.wait(f"{where}: {reason}")
    return skipped


def _make_indices(batch: Sequence[Operation], known: set[str], where: str, patience: Patience) -> Work[None]:
    for index in dict.fromkeys(operation.index for operation in batch):
        while index not in known:
            try:
                yield Call("indices.create", {"index": index})
            except (TransportError, ApiError) as error:
                if not (isinstance(error, ApiError) and "resource_already_exists" in told(error)):
                    yield patience.wait(f"{where}: the index {index} cannot be made: {told(error)}")
                    continue
            known.add(index)


def _batches(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    batch: list[Operation] = []
    size = 0
    for operation in operations:
        length = sum(len(line) for line in operation.lines)
        if batch and (len(batch) == BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(operation)
        size += length
    if batch:
        yield batch


def _action(name: str, index: str, id: str, version: int) -> bytes:
    about = {"_index": index, "_id": id, "version": version, "version_type": "external_gte"}
    return json.dumps({name: about}, separators=(",", ":")).encode("ascii")
