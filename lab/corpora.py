"""The data that is measured on: read from the shared folder, never kept here."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from pipeline.core.article import Article, make_article

ROOT = Path(__file__).parent.parent


def shared() -> Path:
    """The folder of `NAQID_SHARED`, by default `../shared`. Raises `FileNotFoundError` that says so."""
    folder = Path(os.environ.get("NAQID_SHARED") or ROOT.parent / "shared") / "data"
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: the data is not here; NAQID_SHARED names the folder that holds data/")
    return folder


def saudi_news(count: int, start: int = 0) -> list[Article]:
    """`count` articles of SaudiNewsNet from the `start`-th on, in the order of their times (those of extraction)."""
    rows = islice(_rows(shared() / "news" / "saudinewsnet.jsonl.xz"), start, start + count)
    articles = (
        make_article(
            outlet=str(row["source"]),
            url=str(row["url"]),
            title=str(row["title"] or ""),
            text=str(row["content"]),
            published=datetime.fromisoformat(str(row["date_extracted"])).replace(tzinfo=UTC),
            fetched=datetime(2015, 9, 1, tzinfo=UTC),
        )
        for row in rows
        if str(row["content"]).strip()
    )
    by_id = {article.id: article for article in articles}
    return sorted(by_id.values(), key=lambda article: (article.published, article.id))


def _rows(path: Path) -> Iterator[dict[str, object]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
