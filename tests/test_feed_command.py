"""`naqid feed`: what it prints of files and addresses, good, bad and hostile, and how it ends."""

from __future__ import annotations

import json
from typing import Any

from command import Naqid
from feed_server import Document, FeedServer, item, rss

FEED = rss(
    item("انسحاب من البوكمال", "https://outlet.example/1", "ملخص", guid="tag:1"),
    item("خبر بلا تاريخ", "https://outlet.example/2", published=""),
)
LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))


def shapes(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_document_is_told_as_json_on_one_line(naqid: Naqid) -> None:
    (naqid.home / "feed.xml").write_text(FEED, encoding="utf-8")
    ran = naqid("feed", "feed.xml", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert shapes(ran.stdout) == [
        {
            "source": "feed.xml",
            "format": "RSS 2.0",
            "title": "وكالة الاختبار",
            "entries": [
                {
                    "id": "tag:1",
                    "link": "https://outlet.example/1",
                    "title": "انسحاب من البوكمال",
                    "published": "2017-11-13T10:00:00Z",
                    "date_source": "feed",
                    "summary": "ملخص",
                },
                {
                    "id": "https://outlet.example/2",
                    "link": "https://outlet.example/2",
                    "title": "خبر بلا تاريخ",
                    "published": None,
                    "date_source": "assumed",
                    "summary": "",
                },
            ],
            "skipped": [],
            "error": None,
        }
    ]


def test_a_person_reads_the_entries_and_what_was_left_out(naqid: Naqid) -> None:
    (naqid.home / "feed.xml").write_text(rss(item("خبر", "javascript:alert(1)")), encoding="utf-8")
    ran = naqid("feed", "feed.xml")
    assert ran.returncode == 0
    assert ran.stdout.startswith(
        "feed.xml: RSS 2.0 «وكالة الاختبار», 1 entry\n  2017-11-13 10:00 · خبر\n  left out: entry 1"
    )


def test_bad_and_hostile_documents_cost_a_reason_each_and_the_order_is_kept(naqid: Naqid) -> None:
    documents = {
        "1.xml": FEED,
        "2.xml": f'<!DOCTYPE r [<!ENTITY a "ha">{LAUGHS}]>' + rss(item("&j;")),
        "3.xml": "<html></html>",
        "4.xml": "",
        "5.xml": FEED,
    }
    for name, document in documents.items():
        (naqid.home / name).write_text(document, encoding="utf-8")
    sources = [*documents, "absent.xml", ".", "ftp://outlet.example/feed.xml", "http://127.0.0.1:1/feed.xml"]
    ran = naqid("feed", "--json", *sources)
    told = shapes(ran.stdout)
    assert ran.returncode == 1
    assert [one["source"] for one in told] == sources
    assert [len(one["entries"]) for one in told[::4][:2]] == [2, 2]
    errors = [one["error"] or "" for one in told]
    words = ["", "", "an HTML page", "empty", "", "No such file", "a folder", "not a file", "no public address"]
    assert all(wanted in error for wanted, error in zip(words, errors, strict=True)), errors


def test_many_documents_of_one_call_are_read_quickly(naqid: Naqid) -> None:
    (naqid.home / "feed.xml").write_text(FEED, encoding="utf-8")
    ran = naqid("feed", "--json", *["feed.xml"] * 2_000, timeout=60)
    assert (ran.returncode, len(ran.stdout.splitlines())) == (0, 2_000)


def test_an_address_is_asked_through_the_guarded_network(naqid: Naqid) -> None:
    settings = naqid.home / "settings"
    settings.mkdir()
    with FeedServer() as server:
        server.documents["/feed.xml"] = Document(FEED.replace("https://outlet.example/1", "/1"))
        refused = naqid("feed", "--json", f"{server.url}/feed.xml")
        assert (refused.returncode, server.requests) == (1, [])
        (settings / "pipeline.toml").write_text('[collect]\nallow_networks = ["127.0.0.0/8"]\n')
        allowed = naqid("--config", settings, "feed", "--json", f"{server.url}/feed.xml", f"{server.url}/none")
    found, none = shapes(allowed.stdout)
    assert found["entries"][0]["link"] == f"{server.url}/1"
    assert none["error"] == "the server answered 404"
