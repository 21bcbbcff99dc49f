"""`naqid read`: what is read from each article, without any memory of others."""

from __future__ import annotations

import argparse
from typing import Any

from pipeline.assembly import assemble
from pipeline.commands.printing import json_line, moment, place_name
from pipeline.commands.recorded import articles_of
from pipeline.core.article import Article
from pipeline.shapes import reading_json


def read(options: argparse.Namespace) -> int:
    articles, whole = articles_of(options.files)
    reader = assemble(options.config, options.data).reader
    for article in articles:
        shape = reading_json(article, reader.read(article))
        print(json_line(shape) if options.json else _told(article, shape))
    return 0 if whole else 2


def _told(article: Article, shape: dict[str, Any]) -> str:
    lines = [f"{article.outlet} · {moment(article.published)} · {article.title}"]
    if article.url:
        lines.append(f"  {article.url}")
    lines.append(f"  places: {', '.join(place_name(place) for place in shape['places']) or 'none'}")
    if not shape["claims"]:
        lines.append("  claims: none")
    for claim in shape["claims"]:
        parties = " → ".join(name for name in (claim["actor"], claim["object"]) if name)
        said_by = claim["speaker"] or "the outlet itself"
        camp = f" [{claim['camp']}]" if claim["camp"] else ""
        through = f", through {claim['relayed_through']}" if claim["relayed_through"] else ""
        lines += [
            f"  - {claim['kind']} ({claim['plover']}), {claim['polarity']}, {claim['modality']}:"
            f" {parties or '?'} at {claim['place']['name'] if claim['place'] else '?'};"
            f" said by {said_by}{camp}{through}{', in passing' if claim['aside'] and claim['place'] else ''}",
            f"    «{' '.join(claim['sentence'].split())}»",
        ]
    return "\n".join(lines) + "\n"
