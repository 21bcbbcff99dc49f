"""What the page shows of a story, and what a person can decide there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html
from starlette.testclient import TestClient

from pipeline.ports import Document
from pipeline.web.pages import House
from pipeline.web.territory import spans

Open = Callable[..., TestClient]
OWN = {"origin": "http://localhost"}


def test_the_alerts_stand_with_both_sentences_and_their_deciding_words(open_page: Open) -> None:
    page = html.fromstring(open_page().get("/?lang=en").text)
    cards = page.cssselect("article.card")
    assert [card.cssselect("h2")[0].text_content().strip() for card in cards] == [
        "Admission after a denial",
        "Denial of what was affirmed",
    ]
    earlier, later = cards[0].cssselect("section.side")
    assert [mark.text for mark in earlier.cssselect("mark")] == ["نفى", "انسحاب"]
    assert [mark.text for mark in later.cssselect("mark")] == ["اعترفت", "بانسحاب"]
    assert "RIA Novosti" in earlier.text_content() or "نوفوستي" in earlier.text_content()
    assert later.cssselect("a.source")[0].get("href") == "https://example.org/albukamal/enab-2"


@pytest.mark.parametrize(("language", "direction", "heading"), [("ar", "rtl", "التنبيهات"), ("en", "ltr", "Alerts")])
def test_both_languages_have_their_direction_and_are_remembered(
    open_page: Open, language: str, direction: str, heading: str
) -> None:
    browser = open_page()
    page = html.fromstring(browser.get(f"/?lang={language}").text)
    assert (page.get("lang"), page.get("dir")) == (language, direction)
    assert page.cssselect("h1")[0].text == heading
    assert html.fromstring(browser.get("/search").text).get("lang") == language


def test_filters_narrow_and_keep_what_was_asked(open_page: Open) -> None:
    page = html.fromstring(open_page().get("/?lang=en&kind=denial&place=البوكمال").text)
    assert len(page.cssselect("article.card")) == 1
    assert page.cssselect("select option[selected]")[0].get("value") == "denial"
    assert page.cssselect("input[name=place]")[0].get("value") == "البوكمال"
    assert "Nothing found" in open_page().get("/?lang=en&outlet=nobody").text


def test_an_event_is_a_ledger_in_the_order_of_time_with_its_reversals_linked(open_page: Open) -> None:
    browser = open_page()
    card = html.fromstring(browser.get("/").text).cssselect("article.card")[0]
    (address,) = [link.get("href") for link in card.cssselect("footer a")]
    rows = html.fromstring(browser.get(f"{address}?lang=en").text).cssselect("ol.ledger > li")
    assert len(rows) > 4
    denied = [row for row in rows if row.get("class") == "denied"]
    assert [len(row.cssselect("p.turn a")) for row in denied] == [2]
    target = denied[0].cssselect("p.turn a")[0].get("href")
    assert browser.get(target).status_code == 200
    assert "<svg" in browser.get(address).text


def test_a_place_tells_who_holds_it_and_gives_geojson(open_page: Open) -> None:
    browser = open_page()
    page = browser.get("/place/gn:174448?lang=en")
    assert "القيادة العامة للجيش" in page.text
    feature = browser.get("/place/gn:174448/geojson").json()
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["name"] == "البوكمال"
    assert feature["properties"]["control"][0]["holders"]
    assert browser.get("/place/gn:0").status_code == 404


def test_search_finds_other_spellings_and_marks_them(open_page: Open) -> None:
    browser = open_page()
    found = html.fromstring(browser.get("/search?q=بالبوكمال").text)
    assert len(found.cssselect("ol.found > li")) >= 6
    assert any("البوكمال" in mark.text for mark in found.cssselect("ol.found mark"))
    facet = found.cssselect("ul.facet a")[0].get("href")
    narrowed = html.fromstring(browser.get(facet).text).cssselect("ol.found > li")
    assert 0 < len(narrowed) < len(found.cssselect("ol.found > li"))
    newest = html.fromstring(browser.get("/search").text).cssselect("ol.found > li")
    assert len(newest) == 8


def test_a_verdict_an_acknowledgement_and_a_mute_are_kept_and_taken_back(open_page: Open, house: House) -> None:
    browser = open_page()
    card = html.fromstring(browser.get("/?lang=en").text).cssselect("article.card")[0]
    for form in card.cssselect("footer form"):
        fields = dict(form.form_values())
        if fields["value"] == "false":
            continue
        answer = browser.post("/decide", data=fields, headers=OWN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=en")
    assert [one.value for one in house.desk.decisions("label")] == ["true"]
    assert len(house.desk.decisions("acknowledged")) == 1
    (muted,) = house.desk.decisions("muted")
    assert muted.subject == "admission gn:174448"
    page = html.fromstring(browser.get("/?lang=en").text)
    assert len(page.cssselect("article.card")) == 1
    assert "muted alerts are not shown" in page.text_content()
    shown = html.fromstring(browser.get("/?muted=shown&lang=en").text).cssselect("article.card")
    assert [badge.text for badge in shown[0].cssselect(".badge")] == ["acknowledged", "labelled: True", "muted"]
    browser.post("/decide", data={"decision": "mute", "subject": muted.subject, "value": ""}, headers=OWN)
    assert house.desk.decisions("muted") == []


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "burn", "subject": "x", "value": "yes"},
        {"decision": "label", "subject": "", "value": "true"},
        {"decision": "label", "subject": "x" * 501, "value": "true"},
        {"decision": "label", "subject": "x", "value": "perhaps"},
        {},
    ],
)
def test_a_decision_that_is_none_is_refused(open_page: Open, form: dict[str, str]) -> None:
    assert open_page().post("/decide", data=form, headers=OWN).status_code == 400


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "\n/"]
)
def test_a_decision_leads_back_to_the_page_and_nowhere_else(open_page: Open, back: str) -> None:
    form = {"decision": "mute", "subject": "x", "value": "yes", "back": back}
    assert open_page().post("/decide", data=form, headers=OWN).headers["location"] == "/"


def test_health_and_metrics_and_the_json(open_page: Open) -> None:
    browser = open_page()
    assert browser.get("/healthz").text == "well\n"
    assert re.search(r'naqid_documents\{collection="alerts"\} 2\.0', browser.get("/metrics").text)
    assert "Health" in browser.get("/health?lang=en").text
    alerts = browser.get("/api/alerts").json()
    assert [alert["kind"] for alert in alerts] == ["admission", "denial"]
    one = browser.get(f"/api/alerts/{alerts[0]['id']}").json()
    assert one == {name: value for name, value in alerts[0].items() if name != "snippet"}
    assert browser.get("/api/alerts/nothing").status_code == 404
    assert browser.get("/api/alerts?limit=0").json() == {"error": "limit: a number from 1 to 200"}
    assert "no such filter" in browser.get("/api/alerts?colour=red").json()["error"]
    assert "/api/{collection}" in browser.get("/api/openapi.json").json()["paths"]


def test_fifty_alerts_a_page_and_the_older_ones_behind_a_link(open_page: Open, house: House) -> None:
    (first, *_) = open_page().get("/api/alerts").json()
    many = []
    for number in range(60):
        when = (datetime(2018, 1, 1, tzinfo=UTC) + timedelta(hours=number)).isoformat()
        later = {**first["later"], "published": when}
        many.append(Document("alerts", f"many{number}", 1, {**first, "id": f"many{number}", "later": later}))
    assert house.index.put(many) == []
    page = html.fromstring(open_page().get("/").text)
    assert len(page.cssselect("article.card")) == 50
    older = page.cssselect("p.older a")[0].get("href")
    assert len(html.fromstring(open_page().get(older).text).cssselect("article.card")) == 12


def test_a_place_is_contested_where_two_sides_claim_it_within_days() -> None:
    def claim(day: int, kind: str, actor: str, polarity: str = "affirmed") -> dict[str, str]:
        when = datetime(2017, 11, day, tzinfo=UTC).isoformat()
        return {"published": when, "kind": kind, "actor": actor, "polarity": polarity, "modality": "stated"}

    said = [
        claim(1, "capture", "الجيش"),
        claim(2, "capture", "داعش"),
        claim(3, "withdraw", "الجيش"),
        claim(4, "withdraw", "داعش", "denied"),
        claim(20, "capture", "الجيش"),
    ]
    found = spans(said, {"capture": 1, "withdraw": -1})
    assert [(span.start.day, span.end and span.end.day, span.holders) for span in found] == [
        (1, 2, ("الجيش",)),
        (2, 3, ("الجيش", "داعش")),
        (3, 20, ("داعش",)),
        (20, None, ("الجيش",)),
    ]
    assert [span.contested for span in found] == [False, True, False, False]
