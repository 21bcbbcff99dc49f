"""Short reports to send through the pipeline, and a reader that knows the two sentences they are made of."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.core.article import Article, digest, make_article
from pipeline.core.claims import Claim, Evidence, Party, Reading
from pipeline.core.events import EventKinds
from pipeline.core.pairs import Rules
from pipeline.core.places import Place
from pipeline.core.reading import Reader
from pipeline.core.wording import Wording

NOON = datetime(2017, 11, 13, 12, 0, tzinfo=UTC)
DENIAL = "نفى قائد القوات الروسية انسحاب الجيش من {place}."
ADMISSION = "اعترفت قاعدة حميميم بانسحاب الجيش من {place}."

CONFIG = Path(__file__).parent.parent / "config"


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))


RULES = Rules(
    kinds=EventKinds.from_toml(table("events.toml")),
    wording=Wording.from_toml(table("wording.toml"), table("events.toml")),
)
PLACES = {
    "البوكمال": Place("gn:174448", "البوكمال", "Al-Bukamal", 34.45, 40.92, "town", "country:SY", "gn:170792"),
    "تدمر": Place("gn:163808", "تدمر", "Palmyra", 34.55, 38.27, "town", "country:SY", "gn:169575"),
}


def report(
    number: int,
    sentence: str,
    place: str = "البوكمال",
    *,
    outlet: str = "تلفزيون الخبر",
    at: datetime | None = None,
    title: str = "",
) -> Article:
    """Report `number`, by default published so many minutes after noon."""
    published = at or NOON + timedelta(minutes=number)
    return make_article(
        outlet=outlet,
        url=f"https://outlet{number}.example/news/{number}",
        title=title or f"تقرير {number}",
        text=sentence.format(place=place),
        published=published,
        fetched=published,
    )


class PlainReader(Reader):
    """Reads the two sentences above, and fails on a text that holds "تعثر". It needs no gazetteer."""

    def __init__(self) -> None:
        pass

    def read(self, article: Article) -> Reading:
        if "تعثر" in article.text:
            raise RuntimeError("tripped")
        places = [place for name, place in PLACES.items() if name in article.text]
        claims = [claim for place in places for claim in (plain_claim(article, place),) if claim is not None]
        return Reading(article.id, claims, places)


def plain_claim(article: Article, place: Place) -> Claim | None:
    verb = next((verb for verb in ("نفى", "اعترفت") if article.text.startswith(verb)), None)
    if verb is None:
        return None
    denied = verb == "نفى"
    return Claim(
        id=digest(article.id, article.content_hash, place.id),
        kind="withdraw",
        plover="RETREAT",
        polarity="denied" if denied else "affirmed",
        modality="stated",
        place=place,
        actor=Party("syrian-army", "الجيش", "syria"),
        object=None,
        speaker=Party("commander", "قائد القوات الروسية", "russia") if denied else Party("h", "حميميم", "russia"),
        relayed_through=(),
        evidence=Evidence(
            article_id=article.id,
            url=article.url,
            outlet=article.outlet,
            published=article.published,
            dated=True,
            sentence=article.text,
            part="text",
            span=(0, len(article.text)),
            cues=((0, len(verb)),),
        ),
        explicit=True,
        revision=article.revision,
    )
