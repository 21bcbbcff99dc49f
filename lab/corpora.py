"""The data that is measured on: read from the shared folder, never kept here."""

from __future__ import annotations

import json
import lzma
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from pipeline.core.article import Article, make_article

ROOT = Path(__file__).parent.parent
Stance = Literal["agree", "disagree", "discuss"]


@dataclass(frozen=True, slots=True)
class JudgedArticle:
    """An article of Baly et al. (2018) and how it stands to the claim that it was found for.

    `sentences` are the text's lines; `rationale` are those that an annotator named as telling the stance.
    """

    url: str
    stance: Stance
    sentences: tuple[str, ...]
    rationale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim on the Syrian war with the articles that agree, disagree or discuss it."""

    id: str
    fold: int
    text: str
    articles: tuple[JudgedArticle, ...]


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


def baly_claims() -> list[JudgedClaim]:
    """The claims of Baly et al. 2018, folds 1 to 3, those without articles too. They bear no dates."""
    path = shared() / "baly2018" / "folds1-3.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        JudgedClaim(row["claim_id"], row["fold"], row["claim"], tuple(_judged(article) for article in row["articles"]))
        for row in rows
    ]


def _judged(article: dict[str, str]) -> JudgedArticle:
    lines = article["text"].split("\n")
    numbers = [int(number) for number in re.findall(r"\d+", article["rationale"])]
    named = tuple(lines[number] for number in numbers if number < len(lines))
    return JudgedArticle(article["url"], _STANCES[article["stance"]], tuple(lines), named)


_STANCES: dict[str, Stance] = {"agree": "agree", "disagree": "disagree", "discuss": "discuss"}
