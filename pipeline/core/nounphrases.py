"""Noun phrases around a verb of saying: where the words that name its subject begin and end."""

from __future__ import annotations

from dataclasses import replace

from pipeline.core.arabic import proclitic_splits
from pipeline.core.cast import Cast
from pipeline.core.claims import Party
from pipeline.core.events import without_article
from pipeline.core.grammar import QUOTES, among
from pipeline.core.line import Line
from pipeline.core.speakers import PartyMention

_LONGEST = 14
_COMMAS = frozenset("،-)")

Phrase = tuple[int, int]
"""First and last token of a phrase, inclusive; last < first where there is none."""


def phrase_after(line: Line, start: int) -> Phrase:
    """The noun phrase that begins at `start`."""
    position, last = start, start - 1
    while position < min(start + _LONGEST, len(line)):
        mention = line.party_at(position)
        begun = last >= start
        if mention is not None and not (begun and mention.prefix.endswith(("ل", "ب"))):
            last, position = mention.last, mention.last + 1
        elif line.tokens[position].form in QUOTES:
            position += 1
        elif _ends(line, position, begun):
            break
        else:
            last, position = position, position + 1
    return start, last


def subject_before(line: Line, verb: int) -> Phrase | None:
    """The phrase directly before the verb, with no mark between, when it begins with someone who can speak."""
    last = _back_over(line, verb - 1, QUOTES)
    if last < 0 or line.tokens[last].form in line.grammar.relatives:
        return None
    first = _start_of(line, last)
    if first > last or (line.tokens[first].form in line.grammar.prepositions and not line.in_party(first)):
        return None
    return (first, last) if names_speaker(line, first) else None


def phrase_before(line: Line, verb: int) -> Phrase:
    """The noun phrase that the verb follows (SVO); appositions between commas are skipped."""
    last, fallback = verb - 1, (verb, verb - 1)
    for _ in range(3):
        last = _back_over(line, last, QUOTES | _COMMAS)
        first = _start_of(line, last)
        if first > last or names_speaker(line, first):
            return (first, last) if first <= last else fallback
        if line.headline and first == 0:
            fallback = (first, last)
        if first == 0 or line.tokens[first - 1].form not in _COMMAS:
            return fallback
        last = first - 2
    return fallback


def names_speaker(line: Line, first: int) -> bool:
    """Whether a phrase that begins here names someone who can speak: a known party, an office, "the source"."""
    while first < len(line) - 1 and line.tokens[first].form in QUOTES:
        first += 1
    token = line.tokens[first]
    return line.party_at(first) is not None or among(token, line.grammar.roles) or among(token, line.grammar.pointing)


def party_of(line: Line, phrase: Phrase, cast: Cast) -> Party | None:
    """The party that a phrase names; "its spokesman" belongs to the camp of the party named before."""
    first, last = phrase
    if last < first or first >= len(line):
        return None
    inside = [
        PartyMention(mention.first - first, mention.last - first, mention.party, mention.prefix)
        for mention in line.parties
        if first <= mention.first and mention.last <= last
    ]
    words = line.tokens[first : last + 1]
    party = cast.party(line.text, words, inside)
    if party is not None and not party.camp and any(word.form in line.grammar.of_them for word in words):
        of = next((mention.party for mention in reversed(line.parties) if mention.last < first), None)
        return replace(party, camp=of.camp) if of is not None else party
    return party


def _ends(line: Line, position: int, begun: bool) -> bool:
    token, grammar = line.tokens[position], line.grammar
    if token.kind == "mark" or line.is_opener(position) or line.triggers_at(position):
        return True
    if token.form in grammar.rumours or grammar.phrase_stops.at(line.tokens, position):
        return True
    if grammar.refuting_after.at(line.tokens, position):
        return True
    if grammar.refuting_before.at(line.tokens, position) or token.form in grammar.verbal_negators:
        return True
    if line.saying(position) is not None and token.form not in grammar.roles:
        return True
    if not begun:
        return token.form in grammar.prepositions or token.form in grammar.of_them
    heads = (without_article(rest) for prefix, rest in proclitic_splits(token.form) if prefix in ("ل", "لل"))
    return any(head in grammar.relay_heads for head in heads) or token.form in grammar.platforms


def _start_of(line: Line, last: int) -> int:
    """Where the phrase that ends at `last` begins."""
    first = last
    while first >= 0 and last - first < _LONGEST and not _bounds(line, first):
        first -= 1
    return first + 1


def _bounds(line: Line, position: int) -> bool:
    token, grammar = line.tokens[position], line.grammar
    if line.in_party(position):
        return False
    if token.kind == "mark":
        return token.form not in QUOTES
    return (
        line.is_opener(position)
        or token.form in grammar.relatives
        or token.form in grammar.rumours
        or line.breaks_at(position)
        or line.triggers_at(position)
        or (line.saying(position) is not None and token.form not in grammar.roles)
    )


def _back_over(line: Line, position: int, marks: frozenset[str]) -> int:
    """The last token at or before `position` that is none of the marks and no particle before a verb (قد، لم)."""
    passed = marks | line.grammar.perfect | line.grammar.verbal_negators
    while position >= 0 and line.tokens[position].form in passed:
        position -= 1
    return position
