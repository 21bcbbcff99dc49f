"""The case that must always be right: two reports of 13 November 2017 on al-Bukamal, through the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Naqid

FIRST, SECOND = "https://example.org/alkhabar/1", "https://example.org/alaraby/2"
EARLY, LATE = "2017-11-13T10:00:00Z", "2017-11-13T13:00:00Z"


class Seeds:
    """The two seed articles as JSON Lines, with changes."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]
        self._home = home

    def write(
        self,
        which: tuple[int, ...] = (0, 1),
        times: tuple[str, str] = (EARLY, LATE),
        places: tuple[str, str] = ("البوكمال", "البوكمال"),
    ) -> Path:
        outlets, urls = ("تلفزيون الخبر", "العربي الجديد"), (FIRST, SECOND)
        lines = [
            {
                "outlet": outlets[number],
                "url": urls[number],
                "title": "",
                "text": self._texts[number].replace("البوكمال", places[number]),
                "published": times[number],
            }
            for number in which
        ]
        file = self._home / f"seeds-{abs(hash((which, times, places)))}.jsonl"
        file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        return file


@pytest.fixture
def seeds(shared: Path, tmp_path: Path) -> Seeds:
    return Seeds(shared / "data" / "seeds", tmp_path)


def _replay(naqid: Naqid, file: Path, *options: object) -> list[dict[str, Any]]:
    done = naqid("replay", file, "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_two_articles_raise_one_alert_the_admission_against_the_denial(naqid: Naqid, seeds: Seeds) -> None:
    (alert,) = _replay(naqid, seeds.write())
    assert (alert["kind"], alert["place"]["id"]) == ("admission", "gn:174448")
    earlier, later = alert["earlier"], alert["later"]
    assert (earlier["url"], later["url"]) == (FIRST, SECOND)
    assert earlier["sentence"].startswith("نفى قائد المجموعة العسكرية الروسية في سوريا")
    assert 'اعترفت "القناة المركزية لقاعدة حميميم العسكرية"' in later["sentence"]
    assert (earlier["polarity"], later["polarity"]) == ("denied", "affirmed")
    assert (earlier["camp"], later["camp"]) == ("russia", "russia")
    assert (earlier["relayed_through"], later["relayed_through"]) == ("نوفوستي", "فيسبوك")


def test_the_two_share_one_event_at_the_town_and_the_clash_in_the_badia_is_another(
    naqid: Naqid, seeds: Seeds, tmp_path: Path
) -> None:
    (alert,) = _replay(naqid, seeds.write(), "--events", tmp_path / "events.jsonl")
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    (town,) = [event for event in events if event["place"]["id"] == "gn:174448"]
    assert (town["articles"], town["id"]) == ([FIRST, SECOND], alert["event"])
    clashes = [event for event in events if event["kind"] == "clash"]
    assert [event["articles"] for event in clashes] == [[SECOND]]
    assert clashes[0]["id"] != town["id"]


def test_the_second_alone_holds_both_sides_and_says_so(naqid: Naqid, seeds: Seeds) -> None:
    (alert,) = _replay(naqid, seeds.write((1,)))
    assert (alert["kind"], alert["same_report"]) == ("camp", True)


def test_the_first_alone_is_ordinary_reporting(naqid: Naqid, seeds: Seeds) -> None:
    assert _replay(naqid, seeds.write((0,))) == []


@pytest.mark.parametrize("times", [(LATE, EARLY), (EARLY, EARLY)], ids=["swapped", "at one time"])
def test_other_times_leave_one_alert(naqid: Naqid, seeds: Seeds, times: tuple[str, str]) -> None:
    (alert,) = _replay(naqid, seeds.write(times=times))
    assert alert["earlier"]["polarity"] == "denied"


@pytest.mark.parametrize("town", ["تدمر", "منبج", "الموصل", "تعز", "سلوق", "جسر الشغور"])
def test_another_town_in_both_is_one_alert_there(naqid: Naqid, seeds: Seeds, town: str) -> None:
    (alert,) = _replay(naqid, seeds.write(places=(town, town)))
    assert alert["place"]["name"] == town


@pytest.mark.parametrize("places", [("تدمر", "البوكمال"), ("البوكمال", "تدمر"), ("الميادين", "البوكمال")])
def test_different_towns_are_not_joined(naqid: Naqid, seeds: Seeds, places: tuple[str, str]) -> None:
    alerts = _replay(naqid, seeds.write(places=places))
    assert [alert["earlier"]["url"] for alert in alerts if not alert["same_report"]] == []


def test_a_second_replay_and_a_late_first_report_change_nothing(naqid: Naqid, seeds: Seeds, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = _replay(naqid, seeds.write(), "--data", data)
    assert _replay(naqid, seeds.write(), "--data", data) == first
    listed = naqid("alerts", "--json", "--data", data)
    assert [json.loads(line)["id"] for line in listed.stdout.splitlines()] == [first[0]["id"]]
    late = tmp_path / "late"
    _replay(naqid, seeds.write((1,)), "--data", late)
    _replay(naqid, seeds.write((0,)), "--data", late)
    assert _replay(naqid, seeds.write(), "--data", late) == first


@pytest.mark.parametrize("words", ["البوكمال", "بالبوكمال", "ابو كمال", "انسحاب"])
def test_both_articles_are_found(naqid: Naqid, seeds: Seeds, tmp_path: Path, words: str) -> None:
    data = tmp_path / "data"
    _replay(naqid, seeds.write(), "--data", data)
    found = naqid("search", words, "--json", "--data", data)
    assert {json.loads(line)["url"] for line in found.stdout.splitlines()} == {FIRST, SECOND}
