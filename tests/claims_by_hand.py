"""Claims made by hand, to show what the judging does with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.core.claims import Claim, Evidence, Party
from pipeline.core.places import Place

NOON = datetime(2017, 11, 13, 12, tzinfo=UTC)
TOWN = Place(
    "gn:1", "البوكمال", "Al-Bukamal", 34.4, 40.9, "town", "country:SY", "div:SY.07", ("div:SY.07", "country:SY")
)
QUARTER = replace(TOWN, id="gn:2", name="حي الجمعيات", level="part", within=("gn:1", "div:SY.07", "country:SY"))
OTHER_TOWN = replace(TOWN, id="gn:3", name="الميادين")
ARMY = Party("sy-army", "الجيش السوري", "sy-gov", recognised=True)
RIVALS = Party("is", "تنظيم داعش", "is", recognised=True)
COMMANDER = Party("ru-commander-syria", "قائد القوات الروسية", "russia", recognised=True)
CHANNEL = Party("ru-hmeimim-channel", "قناة حميميم", "russia", recognised=True)
MINISTER = Party("وزير صحه", "وزير الصحة", "iq-gov", recognised=True, words=("صح",))


def said(
    kind: str, polarity: str, *, hours: float = 0, report: str = "", outlet: str = "عنب بلدي", **more: Any
) -> Claim:
    """A claim made `hours` after noon; every report is an article of its own unless `report` names one."""
    published = NOON + timedelta(hours=hours)
    article = report or f"{outlet}-{hours}"
    evidence = Evidence(article, f"https://example.org/{article}", outlet, published, True, "", "text", (0, 0))
    claim = Claim(
        id=f"{article}/{kind}/{polarity}/{more.get('speaker')}",
        kind=kind,
        plover="RETREAT",
        polarity=polarity,  # type: ignore[arg-type]
        modality="stated",
        place=TOWN,
        actor=ARMY,
        object=None,
        speaker=None,
        relayed_through=(),
        evidence=evidence,
        explicit=polarity == "denied",
    )
    return replace(claim, **more)
