"""A Slack channel behind an incoming webhook, told of one alert a message."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Thread

import httpx

from connectors.slack_message import message
from pipeline.core.phrases import Language
from pipeline.core.wording import Wording
from pipeline.ports import Notice, Rejected, Unreachable

# Slack's answers are a word; more than this is not Slack's, and is not waited for.
_LONGEST_ANSWER = 4096
_LONGEST_WAIT = 86_400.0
_TRY_AGAIN = frozenset({407, 408, 425, 429})
_ERROR_WORD = re.compile(r"[a-z][a-z0-9_]{1,59}")

_NEW_WEBHOOK = "make a new incoming webhook in Slack and give naqid its address"
_MALFORMED = "the message itself is at fault: report it with the alert's id"
_ADVICE = {
    "no_service": f"the webhook was removed or switched off: {_NEW_WEBHOOK}",
    "no_active_hooks": f"the webhook was switched off: {_NEW_WEBHOOK}",
    "invalid_token": f"the address is wrong or was revoked: {_NEW_WEBHOOK}",
    "no_team": f"the workspace does not exist: {_NEW_WEBHOOK}",
    "team_disabled": f"the workspace was closed: {_NEW_WEBHOOK}",
    "user_not_found": f"the person it posts to does not exist: {_NEW_WEBHOOK}",
    "channel_not_found": f"the channel it posts to does not exist: {_NEW_WEBHOOK}",
    "channel_is_archived": f"unarchive the channel, or {_NEW_WEBHOOK}",
    "action_prohibited": "a rule of the workspace forbids the post: ask its administrator",
    "posting_to_general_channel_denied": "only administrators may post there: ask one, or choose another channel",
}


class Slack:
    """A channel of Slack. Its address is a secret: it appears in no message, log, error or repr."""

    __slots__ = ("_certificates", "_language", "_proxy", "_timeout", "_url", "_wording")

    def __init__(
        self, webhook: str, wording: Wording, language: Language = "en", timeout: float = 10.0, proxy: str = ""
    ) -> None:
        """`timeout` is in seconds, for the whole exchange. `proxy` is the address of an HTTP proxy, "" for none.

        Raises `ValueError` for an address that is neither https nor on this machine, without repeating it.
        """
        self._url = _checked(webhook)
        self._certificates = httpx.create_ssl_context() if self._url.startswith("https:") else False
        self._wording = wording
        self._language: Language = language
        self._timeout = timeout
        self._proxy = proxy

    def __repr__(self) -> str:
        return f"Slack({self._language!r})"

    @property
    def name(self) -> str:
        return "Slack"

    def post(self, notice: Notice) -> None:
        payload = message(notice, self._wording, self._language)
        answer = self._exchange(json.dumps(payload, ensure_ascii=False).encode("utf-8"))
        if answer.status == 200 and answer.body.strip() == "ok":
            return
        reason = f"Slack answered {answer.status}"
        word = answer.body.strip() if _ERROR_WORD.fullmatch(answer.body.strip()) else ""
        if word:
            reason += f" {word}"
        if answer.status in _TRY_AGAIN or answer.status >= 500:
            raise Unreachable(f"{reason}: later again", _retry_after(answer.headers))
        if answer.status < 400:
            # A portal or proxy on the way, or an address that is not the webhook's: the alert must not be lost to it.
            told = "a redirect, which is not followed" if answer.status >= 300 else "without its ok"
            raise Unreachable(f"{reason}, {told}: check that the address is the incoming webhook itself")
        advice = _ADVICE.get(word, _MALFORMED if answer.status in (400, 413) else _NEW_WEBHOOK)
        raise Rejected(f"{reason}: {advice}")

    def _exchange(self, body: bytes) -> _Answer:
        """Post and read the answer before the deadline, whatever the other side trickles.

        The exchange has a thread of its own, because no timeout of a socket bounds name resolution or a
        sequence of slow reads; past the deadline its connection is closed under it. Failures cross over as values:
        an exception raised anew carries none of the client's, which know the address.
        """
        # The client above the transport would log the address; the transport knows no redirects, cookies or log.
        transport = httpx.HTTPTransport(verify=self._certificates, proxy=self._proxy or None)
        outcome: list[_Answer | Exception] = []
        thread = Thread(target=self._ask, args=(transport, body, outcome), name="slack", daemon=True)
        thread.start()
        thread.join(self._timeout)
        answered = list(outcome)
        transport.close()
        if not answered:
            raise Unreachable(f"Slack did not answer within {self._timeout:g} s", uncertain=True)
        if isinstance(answered[0], Exception):
            # Only where no connection came about is it sure that nothing was posted.
            unposted = isinstance(answered[0], (httpx.ConnectError, httpx.ConnectTimeout))
            raise Unreachable(f"Slack cannot be reached ({type(answered[0]).__name__})", uncertain=not unposted)
        return answered[0]

    def _ask(self, transport: httpx.HTTPTransport, body: bytes, outcome: list[_Answer | Exception]) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "identity"}
        phases = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        request = httpx.Request("POST", self._url, headers=headers, content=body, extensions={"timeout": phases})
        try:
            response = transport.handle_request(request)
            received = b""
            for chunk in response.iter_raw():
                received += chunk
                if len(received) >= _LONGEST_ANSWER:
                    break
            response.close()
            outcome.append(_Answer(response.status_code, received[:_LONGEST_ANSWER], dict(response.headers)))
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError, RuntimeError) as error:
            outcome.append(error)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def body(self) -> str:
        return self.raw.decode("utf-8", "replace")


def _checked(webhook: str) -> str:
    advice = "the Slack webhook has to be an https address, such as Slack shows it on the app's page Incoming Webhooks"
    try:
        url = httpx.URL(webhook.strip())
    except httpx.InvalidURL:
        url = None
    if url is None or not url.host or url.userinfo or any(character.isspace() for character in webhook.strip()):
        raise ValueError(advice)
    if url.scheme != "https" and not (url.scheme == "http" and _on_this_machine(url.host)):
        raise ValueError(f"{advice}; http is taken for this machine alone (127.0.0.1, ::1, localhost)")
    return str(url)


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: a number, or a date measured against the answer's own clock; None where neither is told."""
    told = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", told):
        return min(float(told), _LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
