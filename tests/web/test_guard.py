"""Who may ask the page, from where, and that no word from outside becomes more than a word there."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html
from starlette.testclient import TestClient

from pipeline.ports import Document
from pipeline.web.cards import web_address
from pipeline.web.guard import is_loopback
from pipeline.web.pages import House

Open = Callable[..., TestClient]
# Ways out of an attribute, a title, an element or a template.
WAYS_OUT = (("", ""), ('">', ""), ("'>", ""), ("</title>", ""), ("</mark></blockquote>", "<!--"), ("{{", "}}"))
PAYLOADS = [
    f"{opening}{body}{closing}"
    for opening, closing in WAYS_OUT
    for body in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<iframe src=javascript:alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<body onload=alert(1)>",
        "<math><mtext><script>alert(1)</script>",
        "<details open ontoggle=alert(1)>",
        "<input autofocus onfocus=alert(1)>",
        "<style>@import 'http://evil.example'</style>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<form action=//evil.example><button>x</button></form>",
        "<object data=//evil.example>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "\u202e<script>alert(1)</script>\u2066",
        "<scr\x00ipt>alert(1)</scr\x00ipt>",
    )
]
ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example",
    "https://user:secret@evil.example/",
    'https://example.org/"onmouseover="alert(1)',
]
OUTSIDE = {"sentence", "speaker", "relayed_through", "outlet", "title", "text", "name", "name_en", "actor", "object"}
OWN = ("/", "https://example.org/", "#")
ACTIVE = "script, iframe, object, embed, base, meta[http-equiv], style, math, img, input[autofocus], body[onload]"


def poisoned(body: Any, payload: str) -> Any:
    """The document with the payload in every text that came from outside."""
    if isinstance(body, dict):
        return {
            key: payload if key in OUTSIDE and isinstance(value, str) else poisoned(value, payload)
            for key, value in body.items()
        }
    return [poisoned(item, payload) for item in body] if isinstance(body, list) else body


def test_at_least_a_hundred_payloads_are_tried() -> None:
    assert len(PAYLOADS) >= 100


def test_no_payload_in_any_field_becomes_an_active_node(open_page: Open, house: House) -> None:
    browser = open_page()
    samples = {name: browser.get(f"/api/{name}").json() for name in ("alerts", "articles", "events", "claims")}
    clean = {path: _nodes(browser.get(path).text) for path in _paths(samples)}
    for number, payload in enumerate(PAYLOADS):
        documents = [
            Document(name, body["id"], 1_000_000 + number, poisoned(body, payload))  # type: ignore[arg-type]
            for name, bodies in samples.items()
            for body in bodies
        ]
        assert house.index.put(documents) == []
        for path, before in clean.items():
            answer = browser.get(path)
            assert answer.status_code == 200, (path, payload)
            assert _nodes(answer.text) <= before, (path, payload)


@pytest.mark.parametrize("payload", PAYLOADS[:17])
def test_no_payload_in_the_address_becomes_an_active_node(open_page: Open, payload: str) -> None:
    browser = open_page()
    for path in ("/", "/search"):
        before = _nodes(browser.get(path).text)
        for name in ("q", "place", "kind", "outlet", "since", "until", "lang", "muted", "back"):
            answer = browser.get(path, params={name: payload})
            assert answer.status_code == 200
            assert _nodes(answer.text) <= before, (path, name)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_none_of_the_web_is_no_link(address: str) -> None:
    assert web_address(address) in ("", 'https://example.org/"onmouseover="alert(1)')


def _paths(samples: dict[str, Any]) -> list[str]:
    return [
        "/?muted=shown",
        f"/alert/{samples['alerts'][0]['id']}",
        f"/event/{samples['events'][0]['id']}",
        "/place/gn:174448",
        "/search",
    ]


def _nodes(text: str) -> set[str]:
    """Everything in a page that could act: active elements, handlers, links that are none of the web or of ours."""
    page = html.fromstring(text)
    found = {f"element {node.tag}" for node in page.cssselect(ACTIVE)}
    for node in page.iter():
        for name, value in node.attrib.items():
            if name.startswith("on"):
                found.add(f"handler {name}")
            if name in ("href", "src", "action", "formaction") and not value.startswith(OWN):
                found.add(f"{name} {value}")
            if name in ("href", "action") and value.startswith("//"):
                found.add(f"{name} {value}")
    return found


def test_no_page_runs_or_loads_anything_from_elsewhere(open_page: Open) -> None:
    for path in ("/", "/search", "/health", "/static/style.css", "/nothing", "/api/alerts"):
        headers = open_page().get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_another_name_is_not_answered(open_page: Open) -> None:
    for host in ("evil.example", "localhost.evil.example", "", "[::"):
        assert open_page().get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://localhost:1"},
    ],
)
def test_a_decision_from_another_page_is_refused(open_page: Open, house: House, headers: dict[str, str]) -> None:
    form = {"decision": "mute", "subject": "x", "value": "yes"}
    assert open_page().post("/decide", data=form, headers=headers).status_code == 403
    assert house.desk.decisions("muted") == []


def test_nothing_is_changed_by_looking(open_page: Open) -> None:
    assert open_page().get("/decide?decision=mute&subject=x&value=yes").status_code == 405


def test_a_token_is_asked_for_where_there_is_one(open_page: Open) -> None:
    browser = open_page(token="long and random")
    basic = base64.b64encode(b"anyone:long and random").decode()
    assert browser.get("/").status_code == 401
    assert browser.get("/healthz", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert browser.get("/", headers={"authorization": "Basic !!!"}).status_code == 401
    assert browser.get("/", headers={"authorization": "Bearer long and random"}).status_code == 200
    assert browser.get("/", headers={"authorization": f"Basic {basic}"}).status_code == 200


@pytest.mark.parametrize(("host", "own"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)])
def test_which_hosts_are_this_machine(host: str, own: bool) -> None:
    assert is_loopback(host) is own
