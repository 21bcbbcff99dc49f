"""The page's handlers: from a request to a template, over the index, the desk and what the service tells of itself."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipeline.core.alerts import UNANNOUNCED, ReversalKind
from pipeline.core.events import EventKinds
from pipeline.core.gazetteer import Gazetteer
from pipeline.core.phrases import Language
from pipeline.core.wording import Wording
from pipeline.gaps import GapsBetween, within
from pipeline.ports import Desk, Hit, Index, Mark, Query, mute_subject
from pipeline.web.cards import Card, Side, card, place_name, side, web_address
from pipeline.web.map import HEIGHT, WIDTH, around
from pipeline.web.territory import Span, spans
from pipeline.web.words import PageWords, briefly, language_asked

ALERTS = 50
FOUND = 30
# Facets are counted over so many of what was found.
_COUNTED = 200
_CLAIMS = 1_000
_MARKS: dict[str, Mark] = {"acknowledge": "acknowledged", "label": "label", "mute": "muted"}


@dataclass(frozen=True, slots=True)
class House:
    """What the page shows. `health` gives what `naqid status --json` prints; `gaps` as the announcer is given it."""

    index: Index
    desk: Desk
    wording: Wording
    words: PageWords
    kinds: EventKinds
    gazetteer: Gazetteer
    gaps: GapsBetween
    health: Callable[[], Mapping[str, Any]]
    clock: Callable[[], datetime]


class Pages:
    """The handlers of `app`, each an `async` function of a request."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._templates = Environment(
            loader=PackageLoader("pipeline.web"),
            autoescape=select_autoescape(default=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def alerts(self, request: Request) -> Response:
        """The newest alerts, fifty at a time."""
        asked = _filters(request)
        query = Query("alerts", without=tuple(sorted(UNANNOUNCED)), limit=ALERTS + 1, **asked)
        hits = await self._search(query)
        muted = {decision.subject for decision in self._house.desk.decisions("muted")}
        show = request.query_params.get("muted") == "shown"
        shown = [hit for hit in hits[:ALERTS] if show or _subject(hit) not in muted]
        language = _language(request)
        # Those of the very moment at which the page ends come again: none of them is left out.
        older = _just_after(hits[ALERTS].body["later"]["published"]) if len(hits) > ALERTS else ""
        return self._page(
            request,
            "alerts.html",
            cards=self._cards([hit.body for hit in shown], language),
            hidden=len(hits[:ALERTS]) - len(shown),
            muted=muted,
            marks=self._marks(),
            kinds=[(kind, self._house.wording.kind(kind, language)) for kind in _KINDS],
            older=_link(request, until=older) if older else "",
            shown=_link(request, muted="shown"),
        )

    async def alert(self, request: Request) -> Response:
        """One alert by its id."""
        hit = await self._one("alerts", request.path_params["id"])
        muted = {decision.subject for decision in self._house.desk.decisions("muted")}
        (card,) = self._cards([hit.body], _language(request))
        return self._page(request, "alert.html", card=card, muted=muted, marks=self._marks())

    async def event(self, request: Request) -> Response:
        """All that was said of one event, in the order of time."""
        event = (await self._one("events", request.path_params["id"])).body
        claims = await self._search(Query("claims", ids=tuple(event["claims"][:_CLAIMS]), limit=_CLAIMS))
        near = await self._search(
            Query("alerts", place=event["place"]["id"], without=tuple(sorted(UNANNOUNCED)), limit=200)
        )
        alerts = [hit.body for hit in near if hit.body["event"] == event["id"]]
        language = _language(request)
        rows = [self._row(hit, alerts, language) for hit in sorted(claims, key=_published)]
        return self._page(
            request,
            "event.html",
            event=event,
            title=self._house.wording.event(event["kind"], language),
            place_name=place_name(event["place"], language),
            rows=rows,
            **self._map(event["place"]["id"], language),
        )

    async def place(self, request: Request) -> Response:
        """Who is said to hold a place, and its alerts."""
        name, held = await self._held(request)
        language = _language(request)
        hits = await self._search(
            Query("alerts", place=request.path_params["id"], without=tuple(sorted(UNANNOUNCED)), limit=ALERTS)
        )
        return self._page(
            request,
            "place.html",
            place=request.path_params["id"],
            place_name=place_name(name, language),
            spans=held,
            cards=self._cards([hit.body for hit in hits], language),
            **self._map(request.path_params["id"], language),
        )

    async def geojson(self, request: Request) -> Response:
        """The place as a GeoJSON Feature (RFC 7946), with who is said to hold it as properties."""
        name, held = await self._held(request)
        position = None
        if name["lat"] is not None and name["lon"] is not None:
            position = {"type": "Point", "coordinates": [name["lon"], name["lat"]]}
        told = [
            {
                "start": span.start.isoformat(),
                "end": span.end and span.end.isoformat(),
                "holders": list(span.holders),
                "contested": span.contested,
            }
            for span in held
        ]
        properties = {"id": name["id"], "name": name["name"], "name_en": name["name_en"], "control": told}
        feature = {"type": "Feature", "geometry": position, "properties": properties}
        return JSONResponse(feature, media_type="application/geo+json")

    async def search(self, request: Request) -> Response:
        """Articles by words; without words the newest."""
        asked = _filters(request)
        words = request.query_params.get("q", "").strip()[:500]
        hits = await self._search(Query("articles", words, limit=_COUNTED, **asked))
        language = _language(request)
        return self._page(
            request,
            "search.html",
            words=words,
            found=[self._found(hit) for hit in hits[:FOUND]],
            count=f"{len(hits)}+" if len(hits) == _COUNTED else str(len(hits)),
            outlets=_facet(request, "outlet", (hit.body["outlet"] for hit in hits), str),
            kinds=_facet(
                request,
                "kind",
                (kind for hit in hits for kind in hit.body["kinds"]),
                lambda kind: self._house.wording.event(kind, language),
            ),
        )

    async def health(self, request: Request) -> Response:
        """How outlets, backlog and posting stand."""
        standing = await run_in_threadpool(self._house.health)
        return self._page(request, "health.html", standing=standing, briefly=briefly)

    async def decide(self, request: Request) -> Response:
        """A person's decision, from a form: acknowledge, label, mute or take one of them back."""
        form = await request.form(max_files=0, max_fields=10)
        mark = _MARKS.get(str(form.get("decision", "")))
        subject, value = str(form.get("subject", "")), str(form.get("value", ""))
        if mark is None or not 0 < len(subject) <= 500 or value not in ("", "yes", "true", "false"):
            raise HTTPException(400)
        work = (
            partial(self._house.desk.put, mark, subject, value, self._house.clock())
            if value
            else partial(self._house.desk.remove, mark, subject)
        )
        await run_in_threadpool(work)
        back = str(form.get("back", "/"))
        # A path of ours: "//host" and "/\host" would lead elsewhere.
        safe = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
        return RedirectResponse(back if safe else "/", 303)

    async def refused(self, request: Request, error: Exception) -> Response:
        """An error as a page."""
        status = error.status_code if isinstance(error, HTTPException) else 503
        key = "gone" if status == 404 else "unreachable" if status == 503 else "refused"
        return self._page(request, "message.html", message=key, status=status)

    async def _search(self, query: Query) -> list[Hit]:
        return await run_in_threadpool(self._house.index.search, query)

    async def _one(self, collection: Any, id: str) -> Hit:
        hits = await self._search(Query(collection, ids=(id,), limit=1))
        if not hits:
            raise HTTPException(404)
        return hits[0]

    async def _held(self, request: Request) -> tuple[Mapping[str, Any], list[Span]]:
        id = request.path_params["id"]
        claims = await self._search(Query("claims", place=id, limit=_CLAIMS))
        own = [hit.body for hit in claims if hit.body["place"]["id"] == id]
        known = self._house.gazetteer.by_id(id)
        if known is not None:
            shape = {"id": id, "name": known.name, "name_en": known.name_en, "lat": known.lat, "lon": known.lon}
        elif own:
            shape = dict(own[0]["place"])
        else:
            raise HTTPException(404)
        signs = {kind.id: kind.sign for kind in self._house.kinds if kind.topic == "control"}
        return shape, spans(own, signs)

    def _map(self, place: str, language: Language) -> dict[str, Any]:
        known = self._house.gazetteer.by_id(place)
        dots = around(known, self._house.gazetteer) if known is not None else []
        names = [(dot, place_name({"name": dot.place.name, "name_en": dot.place.name_en}, language)) for dot in dots]
        return {"dots": names, "map_width": WIDTH, "map_height": HEIGHT}

    def _cards(self, bodies: Sequence[Mapping[str, Any]], language: Language) -> list[Card]:
        """The cards of alerts; when their outlets could not be read is looked up once for all of them."""
        if not bodies:
            return []
        told = self._house.wording
        times = [_times(body) for body in bodies]
        outlets = tuple(dict.fromkeys(outlet for body in bodies for outlet in body["outlets"]))
        unread = self._house.gaps(outlets, min(since for since, _ in times), max(until for _, until in times))
        return [
            card(
                body,
                told,
                language,
                [
                    told.gap(gap.outlet, gap.since, gap.until, language)
                    for gap in within(unread, body["outlets"], since, until)
                ],
            )
            for body, (since, until) in zip(bodies, times, strict=True)
        ]

    def _row(self, hit: Hit, alerts: Sequence[Mapping[str, Any]], language: Language) -> dict[str, Any]:
        """A claim of an event, with the alerts whose earlier or later side it is."""
        body = hit.body
        own = (body["article_id"], body["span"], body["part"], body["polarity"])
        sides = {
            order: [alert["id"] for alert in alerts if _identity(alert[order]) == own] for order in ("earlier", "later")
        }
        said: Side = side(body, self._house.wording, language)
        return {"id": hit.id, "side": said, "reversed_by": sides["earlier"], "reverses": sides["later"]}

    def _found(self, hit: Hit) -> dict[str, Any]:
        body = hit.body
        return {
            "title": body["title"] or body["text"][:120],
            "outlet": body["outlet"],
            "when": briefly(body["published"]),
            "link": web_address(body["url"]),
            "snippet": _highlighted(hit.snippet) if hit.snippet else [(body["text"][:240], False)],
            "places": [(place["id"], place["name"]) for place in body["places"][:6]],
        }

    def _marks(self) -> dict[str, dict[str, str]]:
        decided = self._house.desk.decisions
        return {mark: {one.subject: one.value for one in decided(mark)} for mark in ("acknowledged", "label")}

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        language = _language(request)
        other = "en" if language == "ar" else "ar"
        html = self._templates.get_template(template).render(
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            t=partial(self._house.words.told, language=language),
            label=partial(self._house.wording.label, language=language),
            here=_link(request),
            other=_link(request, lang=other),
            path=request.url.path,
            asked=request.query_params,
            **values,
        )
        status = values.get("status", 200)
        response = HTMLResponse(html, status)
        if request.query_params.get("lang") == language:
            response.set_cookie("lang", language, max_age=365 * 86_400, httponly=True, samesite="lax")
        return response


_KINDS: tuple[ReversalKind, ...] = ("admission", "denial", "self", "camp", "rival", "correction")


def _language(request: Request) -> Language:
    remembered = request.cookies.get("lang", "")
    return language_asked(request.query_params.get("lang", ""), remembered, request.headers.get("accept-language", ""))


def _filters(request: Request) -> dict[str, Any]:
    """Place, kind, outlet and times, as far as they are asked for; a time that is none is left out."""
    asked = request.query_params
    found: dict[str, Any] = {name: asked.get(name, "").strip()[:200] for name in ("place", "kind", "outlet")}
    for name in ("since", "until"):
        with contextlib.suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(asked.get(name, ""))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            found[name] = moment + timedelta(days=name == "until" and len(asked[name]) == len("2017-11-13"))
    return found


def _link(request: Request, **changes: str) -> str:
    """This page's own address with some of its query changed."""
    query = {**request.query_params, **changes}
    return f"{request.url.path}?{urlencode(query)}" if query else request.url.path


def _facet(
    request: Request, name: str, values: Iterable[str], told: Callable[[str], str]
) -> list[tuple[str, int, str, bool]]:
    """The commonest values with their counts, and where each leads: to itself alone, or away from it again."""
    chosen = request.query_params.get(name, "")
    return [
        (told(value), count, _link(request, **{name: "" if value == chosen else value}), value == chosen)
        for value, count in Counter(values).most_common(10)
    ]


def _highlighted(snippet: str) -> list[tuple[str, bool]]:
    """A snippet in pieces, with whether each is what was found: the index sets ** around those."""
    return [(piece, number % 2 == 1) for number, piece in enumerate(snippet.split("**")) if piece]


def _just_after(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(microseconds=1)).isoformat()


def _times(alert: Mapping[str, Any]) -> tuple[datetime, datetime]:
    earlier, later = (datetime.fromisoformat(alert[order]["published"]) for order in ("earlier", "later"))
    return earlier, later


def _published(hit: Hit) -> tuple[str, str]:
    return hit.body["published"], hit.id


def _identity(side: Mapping[str, Any]) -> tuple[Any, ...]:
    return side["article_id"], side["span"], side["part"], side["polarity"]


def _subject(hit: Hit) -> str:
    return mute_subject(hit.body["place"]["id"], hit.body["kind"])
