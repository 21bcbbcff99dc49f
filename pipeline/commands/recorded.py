"""Recorded articles given on the command line: read whole, told of line by line where they cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipeline.assembly import recorded_feed
from pipeline.core.article import Article
from pipeline.ports import Rejected


def articles_of(files: Sequence[Path]) -> tuple[list[Article], bool]:
    """The articles of the files as they stand there, and whether every line could be used.

    A bad line is told of in one line on standard error. Raises `Rejected` for a file that is not there, before
    anything is read.
    """
    for file in files:
        if not file.is_file():
            raise Rejected(f"{file}: {'a folder' if file.is_dir() else 'no such file'}; give a file of JSON Lines")
    now = datetime.now(UTC)
    articles: list[Article] = []
    whole = True
    for file in files:
        poll = recorded_feed(file).poll("", now)
        articles += poll.articles
        for skipped in poll.skipped:
            print(f"naqid: {skipped.where}: {' '.join(skipped.reason.split())}", file=sys.stderr)
            whole = False
    return articles, whole


def in_event_time(articles: Sequence[Article]) -> list[Article]:
    """In the order of publication; what was published at one moment in the order of ids."""
    return sorted(articles, key=lambda article: (article.published, article.id))
