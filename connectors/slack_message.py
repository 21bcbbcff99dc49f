"""An alert as a Slack message: Block Kit in which no word from outside can act, within Slack's limits."""

from __future__ import annotations

from typing import Any

import httpx

from pipeline.core.claims import Claim
from pipeline.core.phrases import Language
from pipeline.core.quoting import FIRST_STRONG_ISOLATE, POP_ISOLATE, clean, isolate, own_words, quote
from pipeline.core.wording import Wording
from pipeline.ports import MOST_GAPS, Notice

# Slack refuses a header over 150 characters, and all blocks together from about 13,000 on (`msg_blocks_too_long`).
_LONGEST_HEADER = 150
_LONGEST_SENTENCE = 900
_LONGEST_EXPLANATION = 1500
_LONGEST_FALLBACK = 600
_LONGEST_LINK = 1500
_LONGEST_SHOWN_ADDRESS = 300

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# The notification text is read as mrkdwn: signs that format or mention become look-alikes that do neither.
_LOOK_ALIKES = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ", "@": "＠", "#": "＃"})
# A header is plain text, yet old clients decode entities in it.
_ANGLES = str.maketrans({"<": "‹", ">": "›"})


def message(notice: Notice, wording: Wording, language: Language) -> dict[str, Any]:
    """The payload for an incoming webhook: blocks, and `text` for notifications.

    Everything from outside stands in rich text or plain text, which Slack does not parse.
    """
    alert = notice.alert
    title = wording.title(alert.kind, alert.place, language)
    explanation = own_words(wording.explanation(alert, language), _LONGEST_EXPLANATION)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(own_words(title.translate(_ANGLES), _LONGEST_HEADER))}
    ]
    if notice.repeat:
        blocks.append(_rich(_section(_text(wording.label("repeat", language), bold=True))))
    blocks += [
        _rich(_section(*_standing(notice, wording, language))),
        _side("earlier", alert.earlier, wording, language),
        _side("later", alert.later, wording, language),
        *_gaps(notice, wording, language),
        _rich(_section(*_fact("why", explanation, wording, language))),
        {"type": "context", "elements": [_plain(f"{wording.label('alert', language)} {clean(alert.id, 100)}")]},
    ]
    fallback = own_words(explanation, _LONGEST_FALLBACK)
    return {"text": fallback.translate(_LOOK_ALIKES).translate(_ENTITIES), "mrkdwn": False, "blocks": blocks}


def _standing(notice: Notice, wording: Wording, language: Language) -> list[dict[str, Any]]:
    """What the alert is about and how far it carries."""
    alert = notice.alert
    facts = [
        _fact("event", wording.matter(alert.earlier, alert.place, language), wording, language),
        _fact("place", wording.place(alert.place, language), wording, language),
        _fact("confidence", wording.percent(alert.confidence, language), wording, language),
        _fact("state", wording.state(alert.state, language), wording, language),
        _fact("reach", wording.reach(alert, language), wording, language),
    ]
    if alert.same_report:
        facts.append([_text(wording.label("one_report", language), bold=True)])
    return _lines(facts)


def _gaps(notice: Notice, wording: Wording, language: Language) -> list[dict[str, Any]]:
    """Which outlets could not be read between the two sides."""
    told = [wording.gap(gap.outlet, gap.since, gap.until, language) for gap in notice.gaps[:MOST_GAPS]]
    return [_rich(_section(*_fact("unread", "; ".join(told), wording, language)))] if told else []


def _side(order: str, claim: Claim, wording: Wording, language: Language) -> dict[str, Any]:
    """One voice: when, who, for whom, through whom, where printed; the sentence with its cues in bold; the link."""
    evidence = claim.evidence
    facts = [_fact(order, wording.moment(evidence.published, language, evidence.dated), wording, language)]
    facts += [_named(label, value) for label, value in wording.facts(claim, language)]
    sentence = [
        _text(words, bold) for words, bold in quote(evidence.sentence, evidence.cues, _LONGEST_SENTENCE).pieces()
    ]
    elements: list[dict[str, Any]] = [_section(*_lines(facts))]
    if sentence:
        isolated = [_text(FIRST_STRONG_ISOLATE), *sentence, _text(POP_ISOLATE)]
        elements.append({"type": "rich_text_quote", "elements": isolated})
    if evidence.url:
        elements.append(_section(_address(evidence.url, wording, language)))
    return _rich(*elements)


def _address(url: str, wording: Wording, language: Language) -> dict[str, Any]:
    """A link that names the host it leads to; an address of any other kind stands there as text."""
    shown = _text(isolate(clean(url, _LONGEST_SHOWN_ADDRESS)) or "—")
    if clean(url) != url or " " in url:
        return shown
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        return shown
    safe = (
        address.scheme in ("http", "https") and address.host and not address.userinfo and (address.port or 443) < 65536
    )
    if not safe or len(str(address)) > _LONGEST_LINK:
        return shown
    host = address.raw_host.decode("ascii")
    return {"type": "link", "url": str(address), "text": f"{wording.label('open_report', language)} ({isolate(host)})"}


def _fact(label: str, value: str, wording: Wording, language: Language) -> list[dict[str, Any]]:
    return _named(wording.label(label, language), value)


def _named(label: str, value: str) -> list[dict[str, Any]]:
    return [_text(f"{label}: ", bold=True), _text(value or "—")]


def _lines(facts: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The facts one under another."""
    for fact in facts[:-1]:
        fact[-1]["text"] += "\n"
    return [element for fact in facts for element in fact]


def _rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(words: str, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": words, "style": {"bold": True}} if bold else {"type": "text", "text": words}


def _plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words, "emoji": False}
