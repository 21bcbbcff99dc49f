"""Articles recorded in a file of JSON Lines: one object a line with `outlet, url, title, text (or html), published`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from connectors.clean_text import clean, one_line
from connectors.page_text import text_of
from connectors.worker_process import Worker
from pipeline.core.article import Article, make_article
from pipeline.ports import Poll, Rejected, Skipped, Unreachable

LINE_LIMIT = 10_000_000
"""Bytes of one line."""

# A link is shown to people; none of these leads to a page of the web.
_REFUSED_SCHEMES = ("javascript:", "vbscript:", "data:", "file:", "blob:")


def read_articles(path: Path, now: datetime, worker: Worker | None = None) -> Iterator[Article | Skipped]:
    """The articles in the order of the lines; a line that gives none is a `Skipped` at "FILE:LINE".

    `published` is ISO 8601; a date alone or a time without zone is in UTC. `now` becomes `fetched`. Empty lines are
    passed over, and so are keys that are not known. Raises `FileNotFoundError` at once where there is no file.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; give a file of JSON Lines, one article a line")
    if path.is_dir():
        raise IsADirectoryError(f"{path}: a folder; give a file of JSON Lines, one article a line")
    return _read(path, now, worker)


def _read(path: Path, now: datetime, worker: Worker | None) -> Iterator[Article | Skipped]:
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), 1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                yield _article(line, now, worker)
            except _BadLine as problem:
                yield Skipped(f"{path}:{number}", str(problem))


class RecordedFeed:
    """Such a file as a feed: all of its articles, whenever its bytes have changed."""

    def __init__(self, path: Path, worker: Worker | None = None) -> None:
        self._path = path
        self._worker = worker

    @property
    def name(self) -> str:
        return str(self._path)

    def poll(self, memory: str, now: datetime) -> Poll:
        """The articles and bad lines of the file, or none where its bytes are those that `memory` names."""
        try:
            with self._path.open("rb") as file:
                fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
            if fingerprint == memory:
                return Poll([], memory)
            found = list(read_articles(self._path, now, self._worker))
        except OSError as problem:
            raise Unreachable(f"{self._path}: {problem.strerror or problem}") from problem
        return Poll(
            [one for one in found if isinstance(one, Article)],
            fingerprint,
            [one for one in found if isinstance(one, Skipped)],
        )


class _BadLine(Exception):
    """Why a line gives no article, in words that say what to do."""


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines; of one that is too long only as much as shows that it is."""
    while line := file.readline(LINE_LIMIT + 1):
        yield line
        while len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            line = file.readline(LINE_LIMIT + 1)
            if not line:
                return


def _article(line: bytes, now: datetime, worker: Worker | None) -> Article:
    entry = _object(line)
    outlet = _string(entry, "outlet")
    if not outlet.strip():
        raise _BadLine('"outlet" is missing or empty; name the outlet that published the article')
    url = clean(_string(entry, "url")).strip()
    if url.lower().startswith(_REFUSED_SCHEMES):
        raise _BadLine(f'"url" is {url[:60]!r}; give an http or https address, or leave it empty')
    title, text = one_line(_string(entry, "title")), clean(_string(entry, "text"))
    html = _string(entry, "html")
    if html.strip() and not text.strip():
        try:
            page_title, text = text_of(html, url, worker)
        except Rejected as refusal:
            raise _BadLine(f'"html" gives no text: {refusal}') from None
        title = title or page_title
    if not (title or text.strip()):
        raise _BadLine('it has neither "title" nor "text"; give at least one of them')
    return make_article(
        outlet=one_line(outlet), url=url, title=title, text=text, published=_published(entry), fetched=now
    )


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LINE_LIMIT:
        raise _BadLine(f"the line is longer than {LINE_LIMIT:,} bytes; put one article on a line")
    try:
        entry = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as problem:
        raise _BadLine(f"the line is not UTF-8 (byte {problem.start + 1}); save the file as UTF-8") from None
    except json.JSONDecodeError as problem:
        raise _BadLine(f"the line is not JSON: {problem.msg} at character {problem.colno}") from None
    except RecursionError:
        raise _BadLine("the line is nested too deeply for JSON of an article") from None
    except ValueError as problem:
        raise _BadLine(f"the line is not JSON: {problem}") from None
    if not isinstance(entry, dict):
        raise _BadLine(f"the line holds {_kind(entry)}; give one JSON object a line")
    return entry


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _string(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _BadLine(f'"{name}" is {_kind(value)}; give a string')
    return value


def _published(entry: dict[str, Any]) -> datetime:
    words = _string(entry, "published").strip()
    if not words:
        raise _BadLine('"published" is missing; give the time of publication, as in "2017-11-13T10:00:00+02:00"')
    try:
        moment = datetime.fromisoformat(words)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _BadLine(
            f'"published" is {words[:60]!r}, no time of ISO 8601; write it as in "2017-11-13T10:00:00+02:00"'
        ) from None


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return {int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}.get(
        type(value), "null"
    )
