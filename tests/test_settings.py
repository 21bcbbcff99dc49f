"""Settings: what is in force, and that nothing unknown or wrong is passed over."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

import pytest

from pipeline.overlay import IN_CHECKOUT, BadSettings, Overlay, find_overlay
from pipeline.settings import PipelineFile, Secret, Settings, load_settings

WEBHOOK = "https://hooks.example.org/services/T0/B0/verysecret"


def settings_from(folder: Path, text: str = "", **environment: str) -> Settings:
    """The settings of a user whose `pipeline.toml` is `text`."""
    user = folder / "config"
    user.mkdir(exist_ok=True)
    (user / "pipeline.toml").write_text(text, encoding="utf-8")
    return load_settings(Overlay(IN_CHECKOUT, user), {"HOME": str(folder)} | environment)


def test_the_shipped_file_states_the_defaults_of_the_code(tmp_path: Path) -> None:
    shipped = load_settings(Overlay(IN_CHECKOUT), {"HOME": str(tmp_path)})
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "pipeline.toml").write_text("", encoding="utf-8")
    assert shipped == load_settings(Overlay(tmp_path / "bare"), {"HOME": str(tmp_path)})


def test_the_log_and_the_index_lie_in_the_data_folder(tmp_path: Path) -> None:
    settings = settings_from(tmp_path)
    assert settings.data == tmp_path / ".local/share/naqid"
    assert settings.log.path == settings.data / "naqid.db"
    assert settings.index.path == settings.data / "index.db"


def test_the_data_home_of_the_desktop_is_honoured_when_it_is_absolute(tmp_path: Path) -> None:
    assert settings_from(tmp_path, XDG_DATA_HOME="/srv/data").data == Path("/srv/data/naqid")
    assert settings_from(tmp_path, XDG_DATA_HOME="data").data == tmp_path / ".local/share/naqid"


def test_the_command_line_wins_over_the_data_folder_of_the_file(tmp_path: Path) -> None:
    overlay = Overlay(IN_CHECKOUT)
    assert load_settings(overlay, {"HOME": "/home/a"}, data=tmp_path).data == tmp_path


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("NAQID_LOG", "sqlite:/srv/log.db", "/srv/log.db"),
        ("NAQID_INDEX", "sqlite:/srv/index.db", "/srv/index.db"),
    ],
)
def test_the_environment_wins_over_the_file(tmp_path: Path, variable: str, value: str, expected: str) -> None:
    settings = settings_from(tmp_path, 'log = "sqlite:a.db"\nindex = "sqlite:b.db"', **{variable: value})
    address = settings.log if variable == "NAQID_LOG" else settings.index
    assert address.path == Path(expected)


def test_an_unknown_scheme_is_named_with_the_known_ones_and_no_password(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"NAQID_LOG starts with 'redis'.*'sqlite', 'kafka'") as caught:
        settings_from(tmp_path, NAQID_LOG="redis://user:verysecret@host:9092")
    assert "verysecret" not in str(caught.value)


def test_servers_are_named_by_their_addresses(tmp_path: Path) -> None:
    settings = settings_from(tmp_path, NAQID_LOG="kafka://a:9092,b:9093", NAQID_INDEX="https://es.example:9200/")
    assert (settings.log.scheme, settings.log.server, settings.on_servers) == ("kafka", "a:9092,b:9093", True)
    assert (settings.index.scheme, settings.index.url) == ("https", "https://es.example:9200")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NAQID_LOG", "kafka://host"),
        ("NAQID_LOG", "kafka:host:9092"),
        ("NAQID_LOG", "kafka://user:verysecret@host:9092/path"),
        ("NAQID_LOG", "http://user:verysecret@host:9200"),
        ("NAQID_INDEX", "kafka://user:verysecret@host:9092"),
        ("NAQID_INDEX", "http://user:verysecret@"),
        ("NAQID_INDEX", "https://user:verysecret@host:9200?pretty"),
    ],
)
def test_an_address_that_cannot_be_one_is_told_without_its_password(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(BadSettings, match=variable) as caught:
        settings_from(tmp_path, **{variable: value})
    assert "verysecret" not in str(caught.value)


def test_who_logs_in_stands_in_the_environments_address_or_in_a_file_of_its_own(tmp_path: Path) -> None:
    in_address = settings_from(tmp_path, NAQID_INDEX="http://naqid:p%40ss@host:9200").index
    assert (in_address.user, in_address.password, in_address.url) == ("naqid", Secret("p@ss"), "http://host:9200")
    file = tmp_path / "password"
    file.write_text("verysecret\n", encoding="utf-8")
    file.chmod(0o600)
    text = f"log = 'kafka://host:9092'\n[kafka]\nuser = 'naqid'\npassword_file = '{file}'"
    in_file = settings_from(tmp_path, text)
    assert (in_file.log.user, in_file.log.password) == ("naqid", Secret("verysecret"))
    assert "verysecret" not in repr(in_file)
    other = settings_from(tmp_path, text, NAQID_KAFKA_PASSWORD="other").log
    assert other.password == Secret("other")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log = 'kafka://naqid:verysecret@host:9092'", ["log", "password", "password_file"]),
        ("log = 'kafka://host:9092'\n[kafka]\nuser = 'naqid'", ["'naqid' needs a password", "NAQID_KAFKA_PASSWORD"]),
        ("[kafka]\npartitions = 0", ["kafka.partitions", "1 or more"]),
        ("[kafka]\nprefix = 'a b'", ["kafka.prefix", "letters"]),
        ("[kafka]\ngroup = ''", ["kafka.group"]),
        ("[kafka]\nmechanism = 'GUESS'", ["kafka.mechanism", "'PLAIN'"]),
    ],
)
def test_a_wrong_setting_of_servers_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(BadSettings) as caught:
        settings_from(tmp_path, text)
    assert [word for word in words if word not in str(caught.value)] == []
    assert "verysecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('lgo = "sqlite:a.db"', ["'lgo'", "did you mean 'log'"]),
        ('[alerts]\nlangauge = "ar"', ["'alerts.langauge'", "did you mean 'language'"]),
        ("zzz = 1", ["'zzz'", "known are", "'collect'"]),
        ("[collect]\ninterval = '5 minutes'", ["collect.interval", "a whole number", "'5 minutes'"]),
        ("[collect]\ninterval = true", ["collect.interval", "a whole number"]),
        ("[collect]\ninterval = 0", ["collect.interval", "1 second"]),
        ("[collect]\nallow_networks = '127.0.0.0/8'", ["collect.allow_networks", "a list"]),
        ("[collect]\nallow_networks = [1]", ["collect.allow_networks[0]", "a text"]),
        ("[collect]\nallow_networks = ['127.0.0.300/8']", ["collect.allow_networks", "127.0.0.300"]),
        ("[alerts]\nlanguage = 'fr'", ["alerts.language", "'en' or 'ar'"]),
        ("[alerts]\nwindow_days = 0", ["alerts.window_days", "1 day"]),
        ("collect = 5", ["collect", "a table"]),
        ("log = 'naqid.db'", ["log is no address", "sqlite:PATH"]),
        ("log = 'sqlite:'", ["log needs a file"]),
        ("log = 'sqlite://host/a'", ["log needs a file"]),
        ("log = ", ["not valid TOML"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_do(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(BadSettings) as caught:
        settings_from(tmp_path, text)
    message = str(caught.value)
    assert str(tmp_path / "config" / "pipeline.toml") in message
    assert [word for word in words if word not in message] == []


def test_the_users_keys_stand_over_the_shipped_ones(tmp_path: Path) -> None:
    settings = settings_from(tmp_path, "[alerts]\nlanguage = 'ar'")
    assert settings.alerts.language == "ar"
    assert settings.alerts.window_days == PipelineFile().alerts.window_days


def test_lists_of_named_tables_are_merged_and_the_users_outlets_stand_alone(tmp_path: Path) -> None:
    shipped, user = tmp_path / "shipped", tmp_path / "user"
    for folder, name in ((shipped, "shipped"), (user, "user")):
        folder.mkdir()
        (folder / "places.toml").write_text(f"[[place]]\nid = 'both'\nfrom = '{name}'\n[[place]]\nid = '{name}'\n")
        (folder / "outlets.toml").write_text(f"interval = 1\n[[outlet]]\nname = '{name}'\n")
    overlay = Overlay(shipped, user)
    assert overlay.table("places.toml") == {
        "place": [{"id": "both", "from": "user"}, {"id": "shipped"}, {"id": "user"}],
    }
    assert overlay.table("outlets.toml")["outlet"] == [{"name": "user"}]


def test_a_file_that_nothing_reads_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "pipline.toml").touch()
    with pytest.raises(BadSettings, match=r"pipline\.toml.*did you mean 'pipeline\.toml'"):
        find_overlay({}, tmp_path)


def test_a_configuration_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="nowhere: no such folder"):
        find_overlay({}, tmp_path / "nowhere")


def test_the_chosen_folder_stands_in_place_of_the_users(tmp_path: Path) -> None:
    usual = tmp_path / "naqid"
    usual.mkdir()
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert find_overlay(environment).user == usual
    other = tmp_path / "other"
    other.mkdir()
    assert find_overlay(environment, other).user == other
    assert find_overlay({"XDG_CONFIG_HOME": str(tmp_path / "empty")}).user is None


def test_the_slack_address_comes_from_the_environment_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "slack"
    file.write_text(WEBHOOK + "\n", encoding="utf-8")
    file.chmod(0o600)
    text = f"[alerts]\nslack_webhook_file = '{file}'"
    assert settings_from(tmp_path, text).slack_webhook == Secret(WEBHOOK)
    other = WEBHOOK + "2"
    assert settings_from(tmp_path, text, NAQID_SLACK_WEBHOOK=other).slack_webhook == Secret(other)
    assert settings_from(tmp_path).slack_webhook is None


def test_a_slack_file_that_others_may_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    file = tmp_path / "slack"
    file.write_text(WEBHOOK, encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(BadSettings, match=r"mode 0640.*chmod 600") as caught:
        settings_from(tmp_path, f"[alerts]\nslack_webhook_file = '{file}'")
    assert "verysecret" not in str(caught.value)


def test_a_missing_slack_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"slack_webhook_file .*No such file"):
        settings_from(tmp_path, "[alerts]\nslack_webhook_file = '/nowhere/slack'")


@pytest.mark.parametrize("text", ["verysecret", "ftp://verysecret", "https://a b/verysecret", "https://[verysecret"])
def test_a_slack_address_that_is_none_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSettings, match="incoming webhook") as caught:
        settings_from(tmp_path, NAQID_SLACK_WEBHOOK=text)
    assert "verysecret" not in str(caught.value)


def test_a_secret_shows_in_no_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_from(tmp_path, NAQID_SLACK_WEBHOOK=WEBHOOK)
    logging.getLogger("test").warning("%s %r", settings.slack_webhook, settings)
    shown = f"{settings!r} {settings.slack_webhook} {settings.slack_webhook!s} {caplog.text}"
    assert "verysecret" not in shown
    assert settings.slack_webhook is not None
    assert settings.slack_webhook.reveal() == WEBHOOK


def test_every_shipped_file_is_toml() -> None:
    for path in IN_CHECKOUT.glob("*.toml"):
        tomllib.loads(path.read_text(encoding="utf-8"))
