"""Alerts to post and words to hurt with, for the tests of wording and of the channels."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.core.alerts import Alert
from pipeline.core.claims import Claim, Evidence, Party
from pipeline.core.places import Place
from pipeline.core.wording import Wording
from pipeline.ports import Notice

CONFIG = Path(__file__).parent.parent / "config"
BUKAMAL = Place("gn:174448", "البوكمال", "Abu Kamal", 34.45, 40.92, "town", "country:SY", "gn:170792")
DENIED = "نفى قائد المجموعة العسكرية الروسية في سوريا الأنباء التي زعمت أن الجيش انسحب من مدينة البوكمال"
ADMITTED = "اعترفت القناة المركزية لقاعدة حميميم بانسحاب الجيش من البوكمال"
ARMY = Party("syrian-army", "الجيش", "damascus")
COMMANDER = Party("russian-commander", "قائد المجموعة العسكرية الروسية", "russia")
CHANNEL = Party("hmeimim-channel", "القناة المركزية لقاعدة حميميم", "russia")
LABELS = {"withdraw": {"label_ar": "انسحاب", "label_en": "withdrawal"}, "hold": {"ar": "سيطرة", "en": "control"}}
NAMES_EN = {"russia": "Russia", "russian-commander": "Russian commander", "نوفوستي": "Novosti"}


@cache
def wording() -> Wording:
    return Wording.from_toml(tomllib.loads((CONFIG / "wording.toml").read_text("utf-8")), LABELS, names_en=NAMES_EN)


def claim(sentence: str = DENIED, cues: tuple[str, ...] = ("نفى", "انسحب"), **changes: Any) -> Claim:
    """A claim with its evidence; `changes` of either are told apart by name."""
    spans = tuple((sentence.index(cue), sentence.index(cue) + len(cue)) for cue in cues)
    evidence = Evidence(
        article_id="a1",
        url="https://example.org/enab/1",
        outlet="عنب بلدي",
        published=datetime(2017, 11, 13, 9, tzinfo=UTC),
        dated=True,
        sentence=sentence,
        part="text",
        span=(0, len(sentence)),
        cues=spans,
    )
    made = Claim(
        id="c1",
        kind="withdraw",
        plover="RETREAT",
        polarity="denied",
        modality="stated",
        place=BUKAMAL,
        actor=ARMY,
        object=None,
        speaker=COMMANDER,
        relayed_through=("نوفوستي",),
        evidence=replace(evidence, **{key: changes.pop(key) for key in set(changes) & set(Evidence.__slots__)}),
        explicit=True,
    )
    return replace(made, **changes)


def denial(**changes: Any) -> Claim:
    return claim(**changes)


def admission(**changes: Any) -> Claim:
    defaults: dict[str, Any] = {
        "sentence": ADMITTED,
        "cues": ("اعترفت", "بانسحاب"),
        "id": "c2",
        "article_id": "a2",
        "url": "https://example.org/araby/2",
        "outlet": "العربي الجديد",
        "published": datetime(2017, 11, 13, 11, 30, tzinfo=UTC),
        "polarity": "affirmed",
        "speaker": CHANNEL,
        "relayed_through": ("فيسبوك",),
    }
    return claim(**(defaults | changes))


def alert(**changes: Any) -> Alert:
    """The admission of al-Bukamal with its explanation, unless `changes` say otherwise."""
    made = Alert(
        id="0123456789abcdef01234567",
        kind="admission",
        rule="a rule without words of its own",
        confidence=0.93,
        place=BUKAMAL,
        event="e1",
        earlier=denial(),
        later=admission(),
        same_report=False,
        outlets=("عنب بلدي", "العربي الجديد"),
        origins=2,
        state="open",
        explanation={},
    )
    return replace(made, **changes)


def notice(repeat: bool = False, **changes: Any) -> Notice:
    made = alert(**changes)
    return Notice(made.id, made, repeat)


def nasty_notice(words: str) -> Notice:
    """A notice in which everything that comes from outside holds these words."""
    party = Party(words, words, words)
    place = replace(BUKAMAL, id=f"raw:{words}", name=words, name_en=words)
    outside: dict[str, Any] = {
        "place": place,
        "actor": party,
        "object": party,
        "speaker": party,
        "relayed_through": (words, words),
        "outlet": words,
        "url": words,
        "kind": words,
        "span": (0, len(words)),
    }
    cues = (words[len(words) // 3 : len(words) // 2 + 1],) if words else ()
    earlier, later = denial(sentence=words, cues=cues, **outside), admission(sentence=words, cues=cues, **outside)
    return notice(id=words, earlier=earlier, later=later, place=place, outlets=(words,), event=words)


SLACK_TRICKS = [
    "<!channel>",
    "<!here> عاجل",
    "<!everyone|هنا>",
    "<@U012ABCDEF>",
    "<#C012ABCDEF|general>",
    "<!subteam^S012ABC>",
    "<!date^1392734382^{date}|now>",
    "<https://evil.example|https://bank.example>",
    "<mailto:a@evil.example|اكتب لنا>",
    "@here @channel @everyone",
    "#general",
    "*عريض* _مائل_ ~مشطوب~ `رمز`",
    "```\ncode\n```",
    "> اقتباس\n>>> كله",
    "&lt;!channel&gt;",
    "&amp;lt;!here&amp;gt;",
    "* نقطة\n* نقطة",
    ":rotating_light: :skull:",
    "قال *\\*<!here>\\**",
    "[نص](https://evil.example)",
    "نفى <script>alert(1)</script> الخبر",
    '"}],"blocks":[{"type":"actions"}]',
    "{what} {0} {} %s ${HOME} {speaker.__class__}",
]
ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<b>x</b>",
    "file:///etc/passwd",
    "slack://channel?team=T0&id=C0",
    "https://user:password@evil.example/",
    "https://bank.example@evil.example/",
    "https://",
    "https://[::1",
    "https://exa mple.org/",
    "https://example.org/\u202egnp.exe",
    "https://example.org/a|b>c<d",
    "https://example.org/\x00",
    "//example.org/no-scheme",
    "https://example.org/" + "a" * 5000,
    "https://مثال.إختبار/خبر?س=ص",
    "http:example.org",
    "https://example.org:99999999/",
]
BIDI_TRICKS = [
    "\u202eنفى القائد\u202c",
    "\u202dLTR override\u202c",
    "\u2066\u2067\u2068 بلا إغلاق",
    "\u2069\u2069\u2069 إغلاق زائد",
    "\u200f\u200e\u061c علامات",
    "abc \u2067עברית\u2069 def",
    "الجيش SDF انسحب من Raqqa (2017)!",
    "\u202a\u202b\u202c",
]
CONTROLS = [
    "\x00",
    "قبل\x00بعد",
    "\x1b[31mأحمر\x1b[0m",
    "\x1b]0;عنوان\x07",
    "\x1b]8;;https://evil.example\x1b\\انقر\x1b]8;;\x1b\\",
    "\x9b2J\x9b1;1H",
    "\x08\x08\x08\x7f",
    "سطر\r\nآخر\rأول",
    "سطر\u2028آخر\u2029ثالث\x85رابع",
    "\ufeffبداية\ufeff",
    "خفي\u200b\u2060\u00ad\u180e",
    "\U000e0041\U000e0042\U000e007f وسوم",
    "نصف \ud83d زوج",
    "\udc00\ud800",
    "\ufffe\uffff\ufdd0",
    "\t\n\v\f ",
    "",
    " ",
]
LONG = [
    "ا" * 20_000,
    "كلمة " * 4_000,
    "😀" * 3_000,
    "👨‍👩‍👧‍👦" * 700,
    "🇸🇾" * 2_000,
    "\u200d" * 2_000,
    "م" + "\u0301" * 3_000,
    "ن\u064e\u0651" * 3_000,
    "<" * 3_000,
    "&" * 3_000,
    "\u2068" * 3_000,
    "漢字" * 3_000,
    "*" * 4_000 + "<!here>",
    "x" * 149 + "😀",
    "😀" * 74 + "👩🏽‍🚀",
]
NASTY = SLACK_TRICKS + ADDRESSES + BIDI_TRICKS + CONTROLS + LONG
