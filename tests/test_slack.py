"""Slack's side of the channel: each answer of an incoming webhook, the deadline, and the secret address."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator

import pytest

from connectors.slack import Slack
from pipeline.ports import Rejected, Unreachable
from tests.sample_alerts import notice, wording
from tests.slack_server import PATH, Reply, SlackServer, Step, rate_limited, redirect

SECRET = PATH.rsplit("/", 1)[1]


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


def slack(server: SlackServer, timeout: float = 5.0) -> Slack:
    return Slack(server.url, wording(), "en", timeout)


@pytest.mark.parametrize(
    ("reply", "retry_after"),
    [
        (rate_limited(30), 30.0),
        (rate_limited(0), 0.0),
        (rate_limited("soon"), None),
        (rate_limited("-5"), None),
        (rate_limited("999999999"), 86400.0),
        (rate_limited("9" * 5000), None),
        (Reply(429, "", {}), None),
        (Reply(429, "", {"Retry-After": "Mon, 13 Nov 2100 12:00:30 GMT"}), 86400.0),
        (Reply(429, "", {"Retry-After": "Mon, 13 Nov 2017 12:00:30 GMT"}), 0.0),
        (Reply(503, "", {"Retry-After": "7"}), 7.0),
        (Reply(500, "rollup_error"), None),
        (Reply(502, "<html>Bad gateway</html>"), None),
        (Reply(408, ""), None),
        (Reply(200, "<html>Sign in to the network</html>"), None),
        (Reply(200, ""), None),
        (Reply(204, ""), None),
    ],
)
def test_what_may_pass_is_unreachable_with_the_time_that_slack_names(
    server: SlackServer, reply: Reply, retry_after: float | None
) -> None:
    server.script([reply])
    with pytest.raises(Unreachable) as caught:
        slack(server).post(notice())
    assert caught.value.retry_after == retry_after
    assert str(reply.status) in str(caught.value)


@pytest.mark.parametrize(
    ("status", "word", "advice"),
    [
        (400, "invalid_payload", "report it"),
        (400, "invalid_blocks", "report it"),
        (400, "no_text", "report it"),
        (400, "user_not_found", "make a new incoming webhook"),
        (403, "action_prohibited", "administrator"),
        (403, "posting_to_general_channel_denied", "administrators"),
        (403, "invalid_token", "make a new incoming webhook"),
        (404, "no_service", "make a new incoming webhook"),
        (404, "channel_not_found", "make a new incoming webhook"),
        (404, "no_team", "make a new incoming webhook"),
        (410, "channel_is_archived", "unarchive the channel"),
        (404, "a_word_of_tomorrow", "make a new incoming webhook"),
    ],
)
def test_what_slack_refuses_is_rejected_with_its_word_and_what_to_do(
    server: SlackServer, status: int, word: str, advice: str
) -> None:
    server.script([Reply(status, word)])
    with pytest.raises(Rejected, match=f"Slack answered {status} {word}: .*{advice}"):
        slack(server).post(notice())


def test_a_refusal_without_slacks_word_repeats_nothing_of_the_answer(server: SlackServer) -> None:
    server.script([Reply(403, f"<html>blocked: {server.url} \x1b[31m")])
    with pytest.raises(Rejected, match=r"^Slack answered 403: make a new incoming webhook") as caught:
        slack(server).post(notice())
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(server: SlackServer, status: int) -> None:
    with SlackServer() as elsewhere:
        server.script([Reply(status, "", redirect(elsewhere.url).headers)])
        with pytest.raises(Unreachable, match="redirect, which is not followed"):
            slack(server).post(notice())
        assert (elsewhere.seen, elsewhere.posts) == (0, [])


@pytest.mark.parametrize("step", ["hang", "trickle"])
def test_an_answer_that_never_ends_is_given_up_and_its_connection_closed(server: SlackServer, step: Step) -> None:
    server.script([step])
    with pytest.raises(Unreachable, match=r"did not answer within|cannot be reached") as caught:
        slack(server, timeout=0.3).post(notice())
    assert caught.value.uncertain
    for thread in [thread for thread in threading.enumerate() if thread.name == "slack"]:
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("step", ["close", "cut"])
def test_a_connection_that_breaks_is_unreachable(server: SlackServer, step: Step) -> None:
    server.script([step])
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        slack(server).post(notice())
    assert caught.value.uncertain


def test_an_answer_without_end_is_not_read_to_its_end(server: SlackServer) -> None:
    server.script(["flood"])
    with pytest.raises(Unreachable, match="without its ok"):
        slack(server).post(notice())


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with SlackServer() as gone:
        url = gone.url
    with pytest.raises(Unreachable) as caught:
        Slack(url, wording()).post(notice())
    assert not caught.value.uncertain


def test_a_post_after_a_failure_is_taken(server: SlackServer) -> None:
    channel = slack(server)
    server.script([rate_limited(1), "close", Reply(500, "rollup_error")])
    for _ in range(3):
        with pytest.raises(Unreachable):
            channel.post(notice())
    channel.post(notice())
    assert len(server.wait_for(1)) == 1
    assert server.seen == 4


@pytest.mark.parametrize(
    "step",
    [
        "ok",
        "hang",
        "close",
        "cut",
        rate_limited(1),
        redirect("http://127.0.0.1:1/"),
        Reply(404, "no_service"),
        Reply(500, ""),
    ],
)
def test_the_address_appears_in_no_repr_log_error_or_traceback(
    server: SlackServer, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script([step])
    channel = slack(server, timeout=0.5)
    told = f"{channel!r} {channel} {channel.name}"
    try:
        channel.post(notice())
    except (Unreachable, Rejected) as error:
        told += f"{error!r} {error} {''.join(traceback.format_exception(error))}"
        assert error.__context__ is None
        assert error.__cause__ is None
    assert "Slack" in told
    assert SECRET not in told + caplog.text
    assert "/services/" not in told + caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        f"http://hooks.slack.com{PATH}",
        f"http://127.0.0.1.evil.example{PATH}",
        f"http://localhost.evil.example{PATH}",
        f"http://127.0.0.1@evil.example{PATH}",
        f"http://10.0.0.1{PATH}",
        f"http://0.0.0.0{PATH}",
        f"ftp://hooks.slack.com{PATH}",
        f"hooks.slack.com{PATH}",
        f"https://{PATH}",
        f"https://hooks.slack.com{PATH} {PATH}",
        f"https://hooks.slack.com{PATH}\n{PATH}",
        f"https://user:password@hooks.slack.com{PATH}",
        f"https://[::1{PATH}",
        f"https://hooks.slack.com\x00{PATH}",
        f"file://{PATH}",
    ],
)
def test_an_address_that_could_leak_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(ValueError, match="https address") as caught:
        Slack(address, wording())
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in str(caught.value)
    assert SECRET not in "\n".join(line for line in told.splitlines() if "Error" in line)


@pytest.mark.parametrize(
    "address",
    [
        f"https://hooks.slack.com{PATH}",
        f"  https://hooks.slack.com{PATH}\n",
        f"https://hooks.slack-gov.com{PATH}",
        f"http://127.0.0.1:8080{PATH}",
        f"http://[::1]:8080{PATH}",
        f"http://localhost{PATH}",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_taken(address: str) -> None:
    assert SECRET not in repr(Slack(address, wording()))
