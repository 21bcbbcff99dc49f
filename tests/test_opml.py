"""Lists of feeds from other readers: taken into the user's outlets, given out again, refused with a reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import ROOT, Naqid

from connectors.opml import read_opml, write_opml
from connectors.worker_process import Worker
from pipeline.core.outlets import Outlet, outlets_from_toml
from pipeline.outlet_list import with_outlets
from pipeline.ports import Rejected

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>أخبار</title></head><body>
  <outline text="سوريا">
    <outline text="شمال">
      <outline type="rss" text="نورث برس" xmlUrl="https://npasyria.com/feed/" htmlUrl="https://npasyria.com/"/>
    </outline>
    <outline type="rss" title="عنب  بلدي" xmlUrl="https://www.enabbaladi.net/feed"/>
  </outline>
  <outline text="بلا مجلد" xmlUrl="https://outlet.example/rss?a=1&amp;b=2"/>
  <outline text="ملاحظة"/>
</body></opml>"""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(time_limit=3.0) as one:
        yield one


def test_feeds_are_found_in_nested_folders_and_in_their_order(worker: Worker) -> None:
    listed, skipped = read_opml(LIST.encode(), worker)
    assert [(one.fields["name"], one.folder) for one in listed] == [
        ("نورث برس", "سوريا / شمال"),
        ("عنب بلدي", "سوريا"),
        ("بلا مجلد", ""),
    ]
    assert listed[2].fields["feed"] == "https://outlet.example/rss?a=1&b=2"
    assert [(one.where, "no xmlUrl" in one.reason) for one in skipped] == [("ملاحظة", True)]


SAMPLE = '<opml version="2.0"><body>{}</body></opml>'
DEEP = "<outline text='x'>" * 100_000


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "no XML"),
        ("<opml", "no XML"),
        ("not a list", "no XML"),
        ("<rss/>", "no OPML: its root is <rss>"),
        ('<!DOCTYPE opml [<!ENTITY a "ha">]>' + SAMPLE.format("<outline text='&a;'/>"), "document type"),
        ('<!DOCTYPE opml SYSTEM "http://127.0.0.1:1/x">' + SAMPLE.format(""), "document type"),
        ('<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SAMPLE.format("&a;"), "document type"),
        (SAMPLE.format(DEEP), "no XML|more than"),
        ("<opml>" + " " * (5 << 20), "more than 5,242,880"),
    ],
    ids=["empty", "cut", "text", "rss", "laughs", "other host", "file", "deep", "large"],
)
def test_a_hostile_list_is_refused_with_the_reason(worker: Worker, document: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        read_opml(document.encode(), worker)


def test_what_is_written_reads_back_the_same(worker: Worker) -> None:
    shipped = outlets_from_toml(tomllib.loads((ROOT / "config" / "outlets.toml").read_text(encoding="utf-8")))
    listed, skipped = read_opml(write_opml(shipped), worker)
    addition = with_outlets("", [(one.fields, one.folder) for one in listed])
    assert (skipped, addition.left_out) == ([], ())
    assert sorted(addition.added, key=lambda outlet: outlet.id) == sorted(shipped, key=lambda outlet: outlet.id)


OWN = """# mine, with a remark
[[outlet]]
id = "enab"   # the first
name = "عنب بلدي"
feed = "http://enabbaladi.net/feed/"
"""


def test_nothing_of_the_users_list_is_touched_and_no_feed_comes_twice() -> None:
    found = [
        ({"name": "عنب بلدي", "feed": "https://www.enabbaladi.net/feed"}, ""),
        ({"name": "عنب بلدي", "feed": "https://english.enabbaladi.net/feed"}, "مجلد\n[[outlet]]"),
        ({"id": "enab", "name": 'اسم "مقتبس"\\', "feed": "https://a.example/1"}, ""),
        ({"name": "نفسه", "feed": "https://a.example/1/"}, ""),
        ({"feed": "https://a.example/2"}, ""),
    ]
    addition = with_outlets(OWN, found)
    assert addition.text.startswith(OWN)
    assert (len(addition.added), addition.known, addition.left_out) == (3, 2, ())
    outlets = outlets_from_toml(tomllib.loads(addition.text))
    assert [outlet.id for outlet in outlets] == ["enab", "english-enabbaladi-net", "enab-2", "a-example"]
    assert [outlet.name for outlet in outlets[1:]] == ["عنب بلدي (2)", 'اسم "مقتبس"\\', "a.example"]
    again = with_outlets(addition.text, found)
    assert (again.text, again.added) == (addition.text, ())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"feed": "file:///etc/passwd"}, "address of the web"),
        ({"feed": "/etc/passwd"}, "address of the web"),
        ({"feed": "javascript:alert(1)"}, "begin with one of"),
        ({"feed": "https://user:secret@a.example/"}, "user or a password"),
        ({"feed": "https://a.example/1", "country": "Syria"}, "two capital letters"),
        ({"feed": "https://a.example/1", "interval_minutes": "often"}, "often"),
        ({"feed": "https://a.example/1", "interval_minutes": "nan"}, "interval_minutes"),
    ],
)
def test_an_outlet_that_cannot_be_one_is_left_out_with_the_reason(fields: dict[str, str], reason: str) -> None:
    addition = with_outlets(OWN, [(fields, "")])
    assert addition.text == OWN
    assert reason in addition.left_out[0][1] and "secret" not in addition.left_out[0][1]


def test_the_first_import_keeps_what_is_watched_and_the_next_adds_nothing(naqid: Naqid, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text(LIST, encoding="utf-8")
    mine = tmp_path / "mine"
    ran = naqid("opml", "import", tmp_path / "list.opml", XDG_CONFIG_HOME=str(mine))
    assert ran.returncode == 1, "one outline names no feed"
    assert "1 outlet added" in ran.stdout and "2 were there already" in ran.stdout and "ملاحظة" in ran.stderr
    shipped = (ROOT / "config" / "outlets.toml").read_text(encoding="utf-8")
    written = (mine / "naqid" / "outlets.toml").read_text(encoding="utf-8")
    assert written.startswith(shipped) and "outlet-example" in written
    ran = naqid("opml", "import", tmp_path / "list.opml", XDG_CONFIG_HOME=str(mine))
    assert "0 outlets added" in ran.stdout and (mine / "naqid" / "outlets.toml").read_text(encoding="utf-8") == written
    exported = naqid("opml", "export", XDG_CONFIG_HOME=str(mine)).stdout
    assert "https://outlet.example/rss?a=1&amp;b=2" in exported
    naqid("opml", "export", tmp_path / "out.opml", XDG_CONFIG_HOME=str(mine))
    assert (tmp_path / "out.opml").read_text(encoding="utf-8") == exported


def test_a_list_that_is_none_is_told_in_one_line(naqid: Naqid, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text("<rss/>", encoding="utf-8")
    ran = naqid("opml", "import", tmp_path / "list.opml", XDG_CONFIG_HOME=str(tmp_path))
    assert ran.returncode == 2
    assert "list.opml: it is no OPML" in ran.stderr and ran.stderr.count("\n") == 1
    assert not (tmp_path / "naqid").exists()


def test_every_outlet_of_one_country_lies_in_its_folder() -> None:
    countries = enumerate(["SY", "IQ", "SY"])
    outlets = [Outlet(f"o{n}", f"اسم {n}", f"https://o{n}.example/", country=country) for n, country in countries]
    text = write_opml([*outlets, Outlet("f", "ملف", "/var/feed.xml")]).decode()
    assert text.count('<outline text="SY">') == 1 and "ملف" not in text
