"""The command line as people and programs use it: each test runs the command in a process of its own."""

from __future__ import annotations

import fcntl
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, Naqid, bare_environment
from slack_server import SlackServer, rate_limited

STORY = ROOT / "config" / "demo" / "albukamal.jsonl"


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """The demo's articles without the keys that are not of the format."""
    lines = [json.loads(line) for line in STORY.read_text(encoding="utf-8").splitlines()]
    return written(tmp_path / "story.jsonl", [{key: line[key] for key in line if key != "gloss"} for line in lines])


def written(path: Path, articles: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in articles), encoding="utf-8")
    return path


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def told(ran: subprocess.CompletedProcess[str]) -> str:
    """The one line of an expected failure."""
    assert ran.returncode == 2, (ran.stdout, ran.stderr)
    assert ran.stderr.startswith("naqid: ")
    assert ran.stderr.count("\n") == 1, ran.stderr
    return ran.stderr


def test_the_version_is_told(naqid: Naqid) -> None:
    ran = naqid("--version")
    assert (ran.returncode, ran.stdout) == (0, "naqid 0.1.0\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["COMMAND"]),
        (["replya"], ["replya", "replay"]),
        (["replay"], ["FILE"]),
        (["replay", "--topic", "articles"], ["--since"]),
        (["replay", "x.jsonl", "--since", "2017-11-13"], ["--topic articles"]),
        (["ingest"], ["FILE"]),
        (["worker"], ["sqlite", "NAQID_LOG=kafka://"]),
        (["worker", "--name", "a b"], ["'a b'", "no name"]),
        (["worker", "--metrics", "6066"], ["HOST:PORT"]),
        (["kibana", "install"], ["--url", "NAQID_KIBANA"]),
        (["kibana", "install", "--url", "http://u:p@127.0.0.1:9"], ["--url", "password"]),
        (["replay", "nowhere.jsonl"], ["nowhere.jsonl", "no such file"]),
        (["replay", "."], ["folder"]),
        (["replay", "x", "--jsno"], ["--jsno"]),
        (["--jsno", "status"], ["--jsno"]),
        (["search", "البوكمال", "--since", "soon"], ["--since", "'soon'", "2017-11-13"]),
        (["search", "البوكمال", "--limit", "0"], ["--limit", "1 to 10000"]),
        (["search"], ["QUERY"]),
        (["status", "--config", "nowhere"], ["nowhere", "no such folder"]),
        (["--log-level", "loud", "status"], ["--log-level", "loud"]),
        (["status"], ["not there yet"]),
    ],
)
def test_a_mistake_is_told_in_one_line(naqid: Naqid, arguments: list[str], words: list[str]) -> None:
    line = told(naqid(*arguments))
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(
    ("arguments", "variables", "package"),
    [
        (["worker"], {"NAQID_LOG": "kafka://127.0.0.1:9"}, "kafka"),
        (["announcer"], {"NAQID_LOG": "kafka://127.0.0.1:9"}, "kafka"),
        (["search", "البوكمال"], {"NAQID_INDEX": "http://127.0.0.1:9"}, "elasticsearch"),
    ],
)
def test_without_the_servers_packages_their_extra_is_named_and_all_else_works(
    naqid: Naqid, tmp_path: Path, arguments: list[str], variables: dict[str, str], package: str
) -> None:
    for name in ("kafka", "faust", "aiokafka", "elasticsearch", "elastic_transport", "prometheus_client"):
        (tmp_path / "without" / name).mkdir(parents=True)
        missing = f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')"
        (tmp_path / "without" / name / "__init__.py").write_text(missing)
    without = {"PYTHONPATH": f"{tmp_path / 'without'}:{ROOT}"}
    line = told(naqid(*arguments, **without, **variables))
    assert "naqid[servers]" in line
    assert package in line
    assert naqid("check", **without).returncode == 0


def test_kafka_that_is_away_is_told_in_one_line(naqid: Naqid) -> None:
    assert "Kafka at 127.0.0.1:9" in told(naqid("worker", NAQID_LOG="kafka://127.0.0.1:9"))


def test_a_command_of_one_process_names_what_to_use_on_servers(naqid: Naqid) -> None:
    line = told(naqid("demo", NAQID_LOG="kafka://127.0.0.1:9"))
    assert "naqid worker" in line


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("pipeline.toml", "lgo = 'sqlite:a'", ["pipeline.toml", "'lgo'", "did you mean 'log'"]),
        ("pipline.toml", "", ["pipline.toml", "did you mean 'pipeline.toml'"]),
        ("events.toml", "[withdraw]\nplvoer = 'RETREAT'", ["events.toml", "'withdraw.plvoer'", "'plover'"]),
        ("events.toml", "[withdraw]\nplover = 'RETREAT'\nsign = '1'", ["events.toml", "withdraw.sign", "whole number"]),
        ("speakers.toml", "[party.x]\nnmae_en = 'X'", ["speakers.toml", "'party.x.nmae_en'", "'name_en'"]),
        ("grammar.toml", "[clauses]\nbraeks = []", ["grammar.toml", "'clauses.braeks'", "'breaks'"]),
        ("outlets.toml", "[[outlet]]\nid = 'a'\nname = 'ا'\nfed = 'https://x'", ["outlets.toml", "'fed'", "'feed'"]),
        (
            "outlets.toml",
            "[[outlet]]\nid = 'a'\nname = 'ا'\nfeed = 'https://example.org/x'\nallegiance = 'rusia'",
            ["outlets.toml", "'rusia'", "did you mean 'russia'"],
        ),
        ("wording.toml", "[kinds]\nadmision = 'x'", ["wording.toml", "admision", "admission"]),
    ],
)
def test_a_mistake_in_a_configuration_file_names_the_file_and_the_nearest_key(
    naqid: Naqid, tmp_path: Path, file: str, text: str, words: list[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / file).write_text(text, encoding="utf-8")
    line = told(naqid("check", "--config", "mine"))
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize("early", [True, False])
def test_options_for_all_commands_stand_before_or_after_the_command(naqid: Naqid, early: bool, tmp_path: Path) -> None:
    option = ["--config", tmp_path / "nowhere"]
    line = told(naqid(*option, "check") if early else naqid("check", *option))
    assert "nowhere" in line


def test_a_replay_prints_the_alert_and_nothing_else(naqid: Naqid, story: Path) -> None:
    ran = naqid("replay", story, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    alerts = objects(ran.stdout)
    (alert,) = (one for one in alerts if one["kind"] in ("admission", "camp"))
    assert alert.keys() >= {
        *("id", "kind", "confidence", "place", "event", "explanation", "outlets", "origins", "earlier", "later"),
    }
    assert alert["place"].keys() >= {"id", "name", "lat", "lon"}
    assert alert["explanation"].keys() == {"ar", "en"}
    assert alert["earlier"].keys() >= {
        *("article_id", "url", "outlet", "published", "sentence", "span", "polarity", "modality", "speaker", "camp"),
        "relayed_through",
    }
    assert alert["place"]["name"] == "البوكمال"
    assert [alert[side]["url"].rpartition("/")[2] for side in ("earlier", "later")] == ["rt-1", "enab-2"]
    assert ran.stdout == "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in alerts)
    moments = [one["later"]["published"] for one in alerts]
    assert moments == sorted(moments)


def test_a_second_replay_into_one_folder_prints_the_same(naqid: Naqid, story: Path) -> None:
    first, second = (naqid("replay", story, "--json", "--data", "kept").stdout for _ in range(2))
    assert first
    assert second == first
    assert naqid("--data", "kept", "alerts", "--json").stdout.count("\n") == first.count("\n")


def test_a_replay_without_a_data_folder_keeps_nothing(naqid: Naqid, story: Path, tmp_path: Path) -> None:
    (tmp_path / "naqid").mkdir()
    (tmp_path / "naqid" / "pipeline.toml").write_text(f"log = 'sqlite:{tmp_path}/mine.db'", encoding="utf-8")
    ran = naqid("replay", story, XDG_CONFIG_HOME=str(tmp_path), TMPDIR=str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["naqid", "story.jsonl"]


def test_the_order_of_files_and_lines_changes_nothing(naqid: Naqid, story: Path, tmp_path: Path) -> None:
    articles = objects(story.read_text(encoding="utf-8"))
    halves = [written(tmp_path / "b", articles[::-2]), written(tmp_path / "a", articles[-2::-2])]
    assert naqid("replay", *halves, "--json").stdout == naqid("replay", story, "--json").stdout


def test_good_lines_count_although_others_are_bad(naqid: Naqid, story: Path) -> None:
    good = naqid("replay", story, "--json").stdout
    with story.open("a", encoding="utf-8") as file:
        file.write('{"outlet": "x"\n\n[]\n')
    number = story.read_text(encoding="utf-8").count("\n")
    ran = naqid("replay", story, "--json")
    assert (ran.returncode, ran.stdout) == (2, good)
    lines = ran.stderr.splitlines()
    assert [f"{story}:{number - 2}:" in lines[0], f"{story}:{number}:" in lines[1], len(lines)] == [True, True, 2]


def test_events_are_written_a_line_each(naqid: Naqid, story: Path, tmp_path: Path) -> None:
    ran = naqid("replay", story, "--json", "--events", "events.jsonl")
    events = objects((tmp_path / "events.jsonl").read_text(encoding="utf-8"))
    assert {"id", "kind", "place", "first", "last", "articles", "claims"} <= events[0].keys()
    for alert in objects(ran.stdout):
        (event,) = (event for event in events if event["id"] == alert["event"])
        assert {alert["earlier"]["url"], alert["later"]["url"]} <= set(event["articles"])


def test_a_card_is_printed_for_people(naqid: Naqid, story: Path) -> None:
    ran = naqid("replay", story, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="")
    assert ran.returncode == 0, ran.stderr
    assert "البوكمال" in ran.stdout
    assert "8 articles" in ran.stdout


def test_announcing_without_an_address_says_how_to_give_one(naqid: Naqid, story: Path) -> None:
    assert "NAQID_SLACK_WEBHOOK" in told(naqid("replay", story, "--announce"))


def test_a_replay_posts_each_alert_once_where_it_is_asked_to(naqid: Naqid, story: Path) -> None:
    with SlackServer() as slack:
        quiet = naqid("replay", story, "--json", NAQID_SLACK_WEBHOOK=slack.url)
        alerts = quiet.stdout.count("\n")
        assert (alerts > 0, slack.posts) == (True, [])
        for _ in range(2):
            ran = naqid("replay", story, "--json", "--announce", "--data", "kept", NAQID_SLACK_WEBHOOK=slack.url)
            assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", quiet.stdout)
            assert len(slack.posts) == alerts


def test_what_slack_does_not_take_now_is_told_of_and_kept(naqid: Naqid, story: Path) -> None:
    with SlackServer() as slack:
        slack.script([rate_limited(30)])
        ran = naqid("replay", story, "--announce", "--data", "kept", NAQID_SLACK_WEBHOOK=slack.url)
    assert ran.returncode == 0
    assert "could not be posted yet" in ran.stderr
    assert slack.url not in ran.stderr
    assert json.loads(naqid("status", "--json", "--data", "kept").stdout)["outbox"]["waiting"] > 0


def test_reading_needs_no_memory_and_prints_a_line_an_article(naqid: Naqid, story: Path) -> None:
    articles = objects(story.read_text(encoding="utf-8"))
    ran = naqid("read", story, "--json")
    readings = objects(ran.stdout)
    assert [reading["url"] for reading in readings] == [article["url"] for article in articles]
    claim = readings[-2]["claims"][0]
    assert claim.keys() >= {
        *("kind", "plover", "polarity", "modality", "place", "actor", "object", "speaker", "camp", "relayed_through"),
        *("sentence", "span"),
    }
    whole = articles[-2][claim["part"]]
    assert whole[slice(*claim["span"])] == claim["sentence"]
    assert "RETREAT" in naqid("read", story).stdout


def test_what_was_replayed_is_found(naqid: Naqid, story: Path) -> None:
    assert naqid("replay", story, "--data", "kept").returncode == 0
    for query in ("البوكمال", "بالبوكمال", "ابو كمال"):
        found = objects(naqid("search", query, "--data", "kept", "--json").stdout)
        assert {"https://example.org/albukamal/rt-1", "https://example.org/albukamal/enab-2"} <= {
            one["url"] for one in found
        }, query
        assert "https://example.org/albukamal/sumaria-1" not in {one["url"] for one in found}
    one_day = objects(
        naqid("search", "البوكمال", "--data", "kept", "--json", "--until", "2017-11-09", "--since", "2017-11-09").stdout
    )
    assert [one["outlet"] for one in one_day] == ["سانا"]
    assert "nothing found" in naqid("search", "القاهرة", "--data", "kept").stdout
    assert "admission" in naqid("alerts", "--data", "kept", "--place", "البوكمال").stdout
    assert naqid("events", "--data", "kept", "--json", "--limit", "2").stdout.count("\n") == 2
    standing = json.loads(naqid("status", "--data", "kept", "--json").stdout)
    assert standing["backlog"] == {"read": 0, "follow": 0}
    assert standing["index"]["articles"] == 8
    assert "8 articles in the index" in naqid("status", "--data", "kept").stdout


def test_the_demo_tells_its_story_in_english(naqid: Naqid) -> None:
    ran = naqid("demo")
    assert (ran.returncode, ran.stderr) == (0, "")
    reports = ran.stdout.split("\n\n")[1:9]
    verdicts = [report.rpartition("→ ")[2] for report in reports]
    assert verdicts[6].startswith("ALERT: Admission")
    assert [number for number in (0, 1, 3, 4, 7) if verdicts[number] != "silent"] == []


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path, story: Path, warm_cache: Path) -> None:
    command = f"{sys.executable} -m pipeline.cli read {story} | head -n 1"
    ran = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        env=bare_environment(tmp_path, warm_cache) | {"PYTHONUNBUFFERED": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.stderr == ""
    assert ran.returncode in (0, 141)


def test_the_configuration_is_checked_and_counted(naqid: Naqid) -> None:
    ran = naqid("check")
    assert ran.returncode == 0, ran.stderr
    counts = dict(line.split(": ", 1) for line in ran.stdout.splitlines())
    assert int(counts["outlets"]) > 10
    assert int(counts["places"]) > 1000
    assert "verysecret" not in naqid("check", NAQID_SLACK_WEBHOOK="https://hooks.example.org/verysecret").stdout


RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>x</title><link>https://example.org/</link>
{}</channel></rss>"""


@pytest.fixture
def watching(tmp_path: Path, story: Path) -> Path:
    """A configuration that watches the story's outlets in files of RSS."""
    folder = tmp_path / "watching"
    folder.mkdir()
    items: dict[str, str] = {}
    for one in objects(story.read_text(encoding="utf-8")):
        item = "".join(
            f"<{name}>{one[key]}</{name}>"
            for name, key in (("title", "title"), ("link", "url"), ("description", "text"), ("pubDate", "published"))
        )
        items[one["outlet"]] = items.get(one["outlet"], "") + f"<item>{item}</item>"
    outlets = ""
    for number, (outlet, entries) in enumerate(items.items()):
        (folder / f"{number}.xml").write_text(RSS.format(entries), encoding="utf-8")
        outlets += f"[[outlet]]\nid = 'o{number}'\nname = '{outlet}'\nfeed = '{folder}/{number}.xml'\n"
    (folder / "outlets.toml").write_text(outlets, encoding="utf-8")
    return folder


def test_each_outlet_is_asked_once(naqid: Naqid, watching: Path) -> None:
    ran = naqid("check", "--fetch", "--config", watching)
    assert ran.returncode == 0, ran.stdout
    assert "7 of 7 outlets answered" in ran.stdout
    (watching / "3.xml").unlink()
    ran = naqid("check", "--fetch", "--config", watching)
    assert ran.returncode == 1
    assert "6 of 7 outlets answered" in ran.stdout
    assert "failed  " in ran.stdout
    health = objects(naqid("check", "--fetch", "--json", "--config", watching).stdout)
    assert [one["ok"] for one in health] == [True] * 6 + [False]
    assert health[0].keys() >= {"outlet", "feed", "articles", "undated", "newest", "seconds", "skipped", "moved"}
    assert health[-1]["reason"] and not health[0]["reason"]


@contextmanager
def manager(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(60)
        yield listening


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_tells_its_manager_how_it_is_and_ends_cleanly(
    tmp_path: Path, watching: Path, warm_cache: Path, naqid: Naqid, number: signal.Signals
) -> None:
    with manager(tmp_path / "notify") as listening:
        variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        service = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "run", "--config", watching, "--data", tmp_path / "kept"],
            env=bare_environment(tmp_path, warm_cache) | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            messages = [listening.recv(4096).decode()]
            shown = ""
            assert service.stdout is not None
            while "Admission" not in shown:
                shown += service.stdout.readline()
            while "WATCHDOG=1" not in messages:
                messages.append(listening.recv(4096).decode())
            service.send_signal(number)
            _, errors = service.communicate(timeout=30)
            while messages[-1] != "STOPPING=1":
                messages.append(listening.recv(4096).decode())
        finally:
            service.kill()
    assert messages[0] == "READY=1"
    assert any(message.startswith("STATUS=7 feeds") for message in messages)
    assert service.returncode == 0, errors
    # Where the page is, and what is watched.
    assert errors.count("\n") == 2, errors
    looked = naqid("status", "--json", "--config", watching, "--data", tmp_path / "kept")
    assert looked.returncode == 0, looked.stderr
    standing = json.loads(looked.stdout)
    articles = {outlet["name"].partition(" (")[0]: outlet["articles"] for outlet in standing["outlets"]}
    assert (articles["روسيا اليوم"], articles["عنب بلدي"]) == (1, 2)
    assert standing["outbox"]["posted"] >= 1
    assert standing["outbox"]["waiting"] == 0


def test_two_services_do_not_write_into_one_folder(tmp_path: Path, story: Path, naqid: Naqid) -> None:
    assert naqid("replay", story, "--data", "kept").returncode == 0
    (lock,) = (tmp_path / "kept").glob("naqid.db.lock")
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another naqid" in told(naqid("replay", story, "--data", "kept"))
