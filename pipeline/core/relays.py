"""Relays: through whom a word came: the agency that was told it, the channel that carried it, the platform."""

from __future__ import annotations

from pipeline.core.arabic import proclitic_splits
from pipeline.core.cast import Cast
from pipeline.core.events import without_article
from pipeline.core.grammar import QUOTES, among
from pipeline.core.line import Line
from pipeline.core.nounphrases import Phrase, party_of, phrase_after

_SOURCE_REACH = 8


def relays(line: Line, start: int, end: int, carried: bool = False) -> list[str]:
    """The relays named in tokens `start` to `end` (exclusive): "to the agency X", "in a post on Facebook".

    With `carried` any agency counts, not only one that is addressed: "which the agency X carried".
    """
    found: list[str] = []
    for position in range(start, min(end, len(line))):
        rests = (rest for _, rest in proclitic_splits(line.tokens[position].form))
        platform = next((line.grammar.platforms[rest] for rest in rests if rest in line.grammar.platforms), None)
        mention = line.party_at(position)
        if platform is not None:
            found.append(platform)
        elif mention is not None and mention.party.agency and (carried or _addressed(line, position)):
            found.append(mention.party.name)
    return found


def passer_on(line: Line, phrase: Phrase, cast: Cast) -> str | None:
    """The relay that a phrase names: an agency, a channel, a newspaper, not a correspondent of the outlet itself."""
    first, last = phrase
    if last < first:
        return None
    mention = line.party_at(first)
    if mention is not None and mention.party.agency:
        return mention.party.name
    party = party_of(line, phrase, cast)
    return party.name if party is not None and among(line.tokens[first], line.grammar.relay_heads) else None


def source_after(line: Line, start: int) -> Phrase | None:
    """The phrase behind "from" (عن) that names who is quoted."""
    for position in range(start, min(start + _SOURCE_REACH, len(line))):
        if line.tokens[position].form == line.grammar.quoted_from:
            phrase = phrase_after(line, position + 1)
            return phrase if phrase[1] >= phrase[0] else None
        if line.is_opener(position):
            return None
    return None


def agency_of(line: Line, phrase: Phrase) -> str | None:
    """The agency whose name a phrase begins with."""
    mention = line.party_at(phrase[0]) if phrase[0] < len(line) else None
    return mention.party.name if mention is not None and mention.party.agency else None


def _addressed(line: Line, position: int) -> bool:
    """Whether the words before an agency's name hand something to it or pass through it."""
    mention = line.party_at(position)
    if mention is not None and mention.prefix.endswith(("ل", "لل")):
        return True
    before = position - 1
    while before > 0 and line.tokens[before].form in QUOTES:
        before -= 1
    if before < 0:
        return False
    form = line.tokens[before].form
    heads = (without_article(rest) for prefix, rest in proclitic_splits(form) if prefix in ("ل", "لل"))
    return form in line.grammar.through or any(head in line.grammar.relay_heads for head in heads)
