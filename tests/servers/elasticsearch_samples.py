"""What the tests of Elasticsearch share: the shipped templates and data, documents, and a way to leave no trace."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from pipeline.ports import Document

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "config" / "index"
STOP_WORDS = frozenset(tomllib.loads((ROOT / "config" / "stopwords.toml").read_text(encoding="utf-8"))["words"])


def article(id: str, version: int = 0, **fields: Any) -> Document:
    body = {
        "id": id,
        "url": f"https://example.org/{id}",
        "outlet": "العربي الجديد",
        "title": "",
        "text": "انسحب الجيش",
        "published": "2017-11-13T09:00:00Z",
        "revision": version,
        "places": [],
        "kinds": [],
    } | fields
    return Document("articles", id, version, body)


def delete_indices(url: str, prefix: str) -> None:
    with Elasticsearch(url) as client:
        for index in list(client.indices.get_settings(index=f"{prefix}-*", filter_path="*.settings.index.uuid")):
            client.indices.delete(index=index)
