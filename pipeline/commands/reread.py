"""`naqid replay --topic articles --since TIME`: the log's articles once more, which fills the gaps of all behind it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from pipeline import codec
from pipeline.assembly import Assembly
from pipeline.commands.printing import counted
from pipeline.ports import Log, Record, Rejected

_AT_ONCE = 500

_log = logging.getLogger(__name__)


def reread(assembly: Assembly, since: datetime) -> int:
    """Articles published or fetched since then. What is there already stays as it is, under the same ids."""
    if assembly.settings.on_servers:
        with assembly.open_server_log() as log:
            log.check()
            count = _append_again(log, since)
        print(f"{counted(count, 'article')} of {assembly.settings.log} once more: the workers read them now")
    else:
        with assembly.open_stores() as stores:
            count = assembly.driver(stores).reread(since)
        print(f"{counted(count, 'article')} of {assembly.settings.log} read once more")
    return 0


def _append_again(log: Log, since: datetime) -> int:
    """The end of the topic moves on meanwhile, with what is appended here: each record is taken once."""
    taken: set[str] = set()
    for page in _pages(log):
        fresh = [record for record in page if record.id not in taken and _is_of(record, since)]
        taken.update(record.id for record in fresh)
        log.append("articles", fresh)
    return len(taken)


def _pages(log: Log) -> Iterator[list[Record]]:
    position = ""
    while True:
        try:
            stored = log.read("articles", position, _AT_ONCE)
        except Rejected as damage:
            behind = str(getattr(damage, "position", ""))
            if not behind:
                raise
            _log.error("%s", damage)
            position = behind
            continue
        if not stored:
            return
        yield [one.record for one in stored]
        position = stored[-1].position


def _is_of(record: Record, since: datetime) -> bool:
    try:
        article = codec.article_from_bytes(record.value)
    except ValueError:
        # It was rejected when it first came; again, it would be rejected again.
        return False
    return max(article.published, article.fetched) >= since
