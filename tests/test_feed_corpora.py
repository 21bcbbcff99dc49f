"""The test feeds of feedparser and of the W3C's validator: what each says of its entries is what we read.

feedparser's come with its source distribution, which pip fetches; the W3C's are among the shared data.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from connectors.clean_text import one_line, text_of_markup
from connectors.feed_entries import FeedDocument, FeedEntry, read_feed
from connectors.worker_process import Worker
from pipeline.ports import Rejected

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOME = "http://127.0.0.1:8097/"
"""Where feedparser's own tests serve their documents."""

_CODECS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037")
_EXPECTED = re.compile(r"Expect:\s*(.*?)\s*$", re.MULTILINE)
_HEADER = re.compile(r"^\s*Header:\s*Content-Location:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_FIELD = re.compile(
    r"entries\[(\d+)\](?:\.|\[')(title|summary|description|link|id|guid|published_parsed|updated_parsed|created_parsed)"
    r"(?:_detail)?(?:'\])?(?:\['value'\]|\.value)?"
)

# What we read otherwise, and why.
EXCEPTIONS = {
    # An id is a name, not an address: Atom (RFC 4287, 4.2.6) has it compared as it is written.
    "wellformed/base/http_entry_id_base_content_location.xml",
    "wellformed/base/http_entry_id_base_docuri.xml",
    # A whole page of HTML in a field: we leave out the page's own title and its script, feedparser their tags alone.
    "wellformed/sanitize/entry_title_crazy.xml",
    "wellformed/sanitize/entry_summary_crazy.xml",
    "wellformed/sanitize/item_content_encoded_crazy.xml",
    "wellformed/sanitize/item_description_crazy.xml",
    "wellformed/sanitize/item_fullitem_crazy.xml",
    # What stands inside an iframe is for browsers that know none; we leave it out.
    "wellformed/sanitize/entry_summary_iframe.xml",
    # Markup that begins and never ends, and noise: neither has a text.
    "wellformed/rss/item_description_not_a_doctype.xml",
    "encoding/bozo_linenoise.xml",
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as one:
        yield one


@pytest.fixture(scope="module")
def feedparsers(request: pytest.FixtureRequest) -> Path:
    """The folder of feedparser's test feeds; fetched once and kept in pytest's cache."""
    name = f"feedparser-{version('feedparser')}"
    folder = request.config.cache.mkdir("feedparser") if request.config.cache else Path()
    archive = folder / f"{name}.tar.gz"
    if not archive.exists():
        command = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), "feedparser"]
        command[-1] += f"=={version('feedparser')}"
        fetched = subprocess.run([sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False)
        if not archive.exists():
            unavailable = f"feedparser's source distribution cannot be had: {fetched.stderr.strip()[-300:]}"
            if os.environ.get("NAQID_REQUIRE_SERVERS") == "1":
                pytest.fail(unavailable)
            pytest.skip(unavailable)
    if not (folder / name).is_dir():
        with tarfile.open(archive) as contents:
            contents.extractall(folder, filter="data")
    return folder / name / "tests"


def test_every_feed_of_feedparsers_tests_is_read_or_refused_within_the_limit(feedparsers: Path, worker: Worker) -> None:
    documents = sorted(feedparsers.rglob("*.xml"))
    slowest = 0.0
    refused: dict[str, str] = {}
    for path in documents:
        begun = time.monotonic()
        try:
            read_feed(path.read_bytes(), url=HOME, now=NOW, worker=worker)
        except Rejected as reason:
            refused[path.name] = str(reason)
        slowest = max(slowest, time.monotonic() - begun)
    assert len(documents) > 2_000
    assert slowest < 10
    assert all(reason and "parser failed" not in reason for reason in refused.values()), refused
    # Most of these are no feeds, or in an encoding that their label alone, in a header of HTTP, tells.
    assert len(refused) < len(documents) / 50


def test_entries_agree_with_what_feedparsers_tests_say_of_them(feedparsers: Path, worker: Worker) -> None:
    checked = 0
    wrong = []
    for path in sorted(feedparsers.rglob("*.xml")):
        name, expected, url = path.relative_to(feedparsers).as_posix(), *_claims(path.read_bytes())
        if "entries" not in expected or name in EXCEPTIONS:
            continue
        document = read_feed(path.read_bytes(), url=url, now=NOW, worker=worker)
        for what, wanted, found in _differences(expected, document):
            checked += 1
            if wanted != found:
                wrong.append(f"{name}: {what} is {found!r}, not {wanted!r}")
    assert wrong == []
    assert checked > 1_800


def _claims(body: bytes) -> tuple[str, str]:
    """What the comment at the head of a test feed says: its assertion, and the address it is served under."""
    for codec in _CODECS:
        text = body.decode(codec, "replace")
        if match := _EXPECTED.search(text):
            location = _HEADER.search(text)
            return match[1], location[1] if location else HOME
    return "", HOME


def _differences(expected: str, document: FeedDocument) -> Iterator[tuple[str, Any, Any]]:
    """What an assertion says of entries, as it says it and as we read it."""
    entries = document.entries
    if "len(entries)" not in expected:
        yield "any entry", True, bool(entries)
    for node in ast.walk(ast.parse(expected, mode="eval")):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
            continue
        left = ast.unparse(node.left)
        if any(isinstance(part, ast.Name) for part in ast.walk(node.comparators[0])):
            continue
        wanted = eval(ast.unparse(node.comparators[0]), {"__builtins__": {}})
        if left == "len(entries)":
            yield "number of entries", wanted, len(entries)
        elif match := _FIELD.fullmatch(left):
            number, name = int(match[1]), match[2]
            if number < len(entries):
                yield (name, *_both(name, wanted, entries[number]))
            else:
                yield f"entry {number}", "there", "missing"


def _both(name: str, wanted: Any, entry: FeedEntry) -> tuple[Any, Any]:
    if name == "title":
        return one_line(text_of_markup(wanted)), entry.title
    if name in ("summary", "description"):
        return text_of_markup(wanted), entry.summary
    if name == "link":
        return wanted, entry.link
    if name in ("id", "guid"):
        return wanted, entry.guid
    return tuple(wanted)[:6], entry.published and tuple(entry.published.utctimetuple())[:6]


# What the W3C's files say is in prose; what can be checked is that each ends well and keeps our promises.


def test_every_testcase_of_the_w3c_is_read_or_refused_in_words(shared: Path, worker: Worker) -> None:
    read = refused = 0
    with tarfile.open(shared / "data" / "feeds" / "w3c_feedvalidator_testcases.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            try:
                document = read_feed(file.read(), url="http://www.feedvalidator.org/", now=NOW, worker=worker)
            except Rejected as reason:
                refused += 1
                assert str(reason) and "parser failed" not in str(reason), (member.name, str(reason))
                continue
            read += 1
            for entry in document.entries:
                assert entry.link == "" or entry.link.startswith(("http://", "https://")), member.name
                assert entry.published is None or datetime(1981, 1, 1, tzinfo=UTC) < entry.published <= NOW, member.name
    assert read + refused == 2_156
    assert read > 1_800
