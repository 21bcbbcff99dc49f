"""The dossiers of a worker: a RocksDB table with its changelog in Kafka, and the last of them ready to use.

Each value holds the offset of the last record that was applied to it, so that a record delivered again is known.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from typing import Any

import faust
from faust.types import EventT, FutureMessage

from pipeline import codec
from pipeline.core.dossier import Dossier
from pipeline.ports import Unreachable
from pipeline.stream_consumer import on_behalf_of

LARGEST = 16 * 1024 * 1024
"""The most bytes that a dossier may take in the changelog, compressed."""

_OFFSET_BYTES = 8
_READY = 256


@dataclass(frozen=True, slots=True)
class Kept:
    """A dossier, None before its first claim, and the offset of the last record applied to it (-1 for none)."""

    dossier: Dossier | None = None
    offset: int = -1


class ConfirmedTable(faust.Table[bytes, bytes]):
    """A table that remembers which of its changes the changelog has not confirmed: Faust itself forgets them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.unconfirmed: list[FutureMessage] = []

    def send_changelog(self, *arguments: Any, **options: Any) -> FutureMessage:
        sent: FutureMessage = super().send_changelog(*arguments, **options)
        self.unconfirmed.append(sent)
        return sent


class Dossiers:
    """The dossiers of the partitions that this worker has."""

    def __init__(self, app: faust.App, table: ConfirmedTable) -> None:
        self._app = app
        self._table = table
        self._ready: dict[str, Kept] = {}
        self._generation = -1

    def get(self, division: str, event: EventT[Any]) -> Kept:
        """The dossier as kept; the event names its partition. Raises `ValueError` for one that cannot be read."""
        if self._app.consumer_generation_id != self._generation:
            # Another worker may have had the partition since.
            self._ready.clear()
            self._generation = self._app.consumer_generation_id
        if division not in self._ready:
            with on_behalf_of(event):
                value = self._table.get(division.encode("utf-8"))
            return Kept() if value is None else unpacked(division, value)
        return self._ready[division]

    async def put(self, changed: dict[str, tuple[Kept, EventT[Any]]]) -> None:
        """Keep the dossiers, each in the partition of its event; on return they are in the changelog.

        Raises `Unreachable` when Kafka did not take one of them: put all of them again. The local table has them then,
        which is harmless, since what followed from them had gone out before. Raises `ValueError` for one too large.
        """
        values = {division: _packed(kept) for division, (kept, _) in changed.items()}
        for division, value in values.items():
            if len(value) > LARGEST:
                raise ValueError(f"the dossier of {division} takes {len(value)} bytes, over {LARGEST}")
        for division, (kept, event) in changed.items():
            with on_behalf_of(event):
                self._table[division.encode("utf-8")] = values[division]
            self._ready.pop(division, None)
            self._ready[division] = kept
        while len(self._ready) > _READY:
            del self._ready[next(iter(self._ready))]
        sent, self._table.unconfirmed = self._table.unconfirmed, []
        for outcome in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise Unreachable(f"a dossier did not reach its changelog: {outcome}")


def _packed(kept: Kept) -> bytes:
    assert kept.dossier is not None
    # Dossiers are JSON with much repetition: a tenth of the bytes, and the whole is written at each change.
    return kept.offset.to_bytes(_OFFSET_BYTES, "big") + zlib.compress(codec.dossier_to_bytes(kept.dossier), 1)


def unpacked(division: str, value: bytes) -> Kept:
    """A value of the table. Raises `ValueError` for one that cannot be read."""
    try:
        dossier = codec.dossier_from_bytes(zlib.decompress(value[_OFFSET_BYTES:]))
    except (zlib.error, ValueError) as error:
        cure = "set another kafka.group, start the workers and run `naqid replay --topic articles --since 1970-01-01`"
        raise ValueError(f"the dossier of {division} cannot be read ({error}); {cure}") from error
    return Kept(dossier, int.from_bytes(value[:_OFFSET_BYTES], "big"))
