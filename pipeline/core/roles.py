"""Who does it, to whom, and where: the arguments of a happening, as the words around its trigger give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.attribution import Frame
from pipeline.core.cast import Cast
from pipeline.core.claims import Party
from pipeline.core.events import Trigger
from pipeline.core.gazetteer import Mention
from pipeline.core.grammar import QUOTES, among
from pipeline.core.line import Line
from pipeline.core.nounphrases import Phrase, party_of, phrase_after, subject_before
from pipeline.core.places import Place
from pipeline.core.speakers import PartyMention

# A name in more doubt than this gives no claim its place.
DOUBTFUL = 0.6
_BEHIND = 6
_BEFORE = 9
_PLACE_REACH = 16
_NAME = 8
_STOPS = frozenset(".:؛")


@dataclass(frozen=True, slots=True)
class LocatedMention:
    """A place mention with the tokens that it covers."""

    first: int
    last: int
    mention: Mention


def locate(line: Line, offset: int, mentions: Sequence[Mention]) -> list[LocatedMention]:
    """The mentions in the line that are sure enough; `offset` is where it begins in the text that they count in."""
    found: list[LocatedMention] = []
    for mention in mentions:
        start, end = mention.start - offset, mention.end - offset
        if start < 0 or end > len(line.text) or mention.doubt > DOUBTFUL:
            continue
        covered = [i for i, token in enumerate(line.tokens) if token.end > start and token.start < end]
        if covered and not all(line.in_party(i) for i in covered):
            found.append(LocatedMention(covered[0], covered[-1], mention))
    return found


def actor(line: Line, trigger: Trigger, frames: Sequence[Frame], speaker: Party | None, cast: Cast) -> Party | None:
    """Who does it: the genitive behind a noun, the subject behind or before a verb, the speaker for "his"."""
    if trigger.pronoun:
        return _known_before(line, trigger, frames) or speaker
    if trigger.kind.person:
        return person(line, trigger, cast) or (None if trigger.form == "noun" else speaker)
    if trigger.form == "noun":
        return _known_behind(line, trigger, trigger.first + 3)
    known = _known_behind(line, trigger, trigger.first + _BEHIND) or _known_before(line, trigger, frames)
    if known is None and trigger.kind.exclusive and trigger.kind.aspect == "state":
        return speaker  # "the town is under control", said by those who hold it
    return known


def theme(line: Line, trigger: Trigger, speaker: Party | None, cast: Cast) -> Party | None:
    """Whom it befalls: the phrase behind the trigger (arrest, release, death of a person)."""
    if trigger.pronoun and speaker is not None:
        return speaker
    start = trigger.last + 1
    while start < len(line) and line.tokens[start].form in line.grammar.befalling:
        start += 1
    phrase = phrase_after(line, start)
    if trigger.form in ("past", "present"):
        phrase = _object_behind(line, phrase)
    return party_of(line, _without_place(line, phrase), cast)


def person(line: Line, trigger: Trigger, cast: Cast) -> Party | None:
    """The person concerned by a kind that concerns one: behind a noun, before or behind a verb, before a state."""
    if trigger.form == "noun":
        return party_of(line, _without_place(line, phrase_after(line, trigger.last + 1)), cast)
    before = subject_before(line, trigger.first)
    if before is not None:
        return party_of(line, before, cast)
    if trigger.form != "phrase":
        first, last = phrase_after(line, trigger.first + 1)
        if trigger.last > trigger.first:
            last = min(last, trigger.last - 1)  # the complement is no part of the name
        if last >= first:
            return party_of(line, _without_place(line, (first, last)), cast)
    return party_of(line, _words_before(line, trigger.first), cast)


def names_person(line: Line, trigger: Trigger) -> bool:
    """Whether a rank or an office stands where the victim does: "the killing of Colonel X", "the mayor was killed"."""
    starts = [trigger.last + 1]
    if trigger.form != "noun":
        starts.append((subject_before(line, trigger.first) or _words_before(line, trigger.first))[0])
    return any(start < len(line) and among(line.tokens[start], line.grammar.persons) for start in starts)


def _words_before(line: Line, at: int) -> Phrase:
    """The words of the clause before a token, particles left out."""
    skipped = QUOTES | line.grammar.perfect | line.grammar.verbal_negators
    last = at - 1
    while last >= 0 and line.tokens[last].form in skipped:
        last -= 1
    first = last + 1
    while first > 0 and last - first < _NAME - 1 and not line.closes(first - 1) and not line.is_opener(first - 1):
        first -= 1
    if first <= last and line.saying(first) is not None:
        return first, first - 1
    return first, last


def _without_place(line: Line, phrase: Phrase) -> Phrase:
    """The phrase up to "in …", which says where, and of no more words than a name has."""
    first, last = phrase
    last = min(last, first + _NAME - 1)
    inside = (i for i in range(first + 1, last + 1) if line.tokens[i].form in line.grammar.inside)
    return first, next(inside, last + 1) - 1


def _object_behind(line: Line, phrase: Phrase) -> Phrase:
    """Behind the verb's subject, after commas and times, the office of the one whom it befalls."""
    first, last = phrase
    for position in range(last + 1, min(first + _PLACE_REACH, len(line))):
        if among(line.tokens[position], line.grammar.persons):
            return phrase_after(line, position)
        if line.is_opener(position) or line.tokens[position].form in _STOPS:
            break
    return phrase


def place(
    line: Line, trigger: Trigger, frames: Sequence[Frame], located: Sequence[LocatedMention], focus: Place | None
) -> Place | None:
    """Where it happens: the nearest place behind the trigger, else before it; "the town" is the one in focus."""
    spoken_for = {i for frame in frames if not frame.source for i in _speaker_tokens(line, frame)}
    usable = [found for found in located if found.first not in spoken_for]
    fine = [found for found in usable if found.mention.place.level != "country"]
    behind = next((f for f in fine if trigger.first < f.first <= trigger.first + _PLACE_REACH), None)
    if focus is not None and _points_to(focus, line, trigger, located, behind):
        return focus
    if behind is not None:
        return behind.mention.place
    before = next((f for f in reversed(fine) if f.first < trigger.first), None)
    if before is not None:
        return before.mention.place
    if fine:
        return fine[0].mention.place
    if focus is not None:
        return focus
    return usable[0].mention.place if usable else None


def _points_to(
    focus: Place,
    line: Line,
    trigger: Trigger,
    located: Sequence[LocatedMention],
    behind: LocatedMention | None,
) -> bool:
    """Whether "the town", "in it" near the trigger, or "the crossing" before it, stands for the place in focus."""
    # Before the verb only a site is meant: "the crossing in Zakho was not closed".
    start = trigger.first if focus.level != "site" else max(0, trigger.first - _BEHIND)
    anaphors = (i for i in range(start, min(trigger.first + _BEHIND, len(line))) if _points_to_place(line, i, located))
    anaphor = next(anaphors, None)
    return anaphor is not None and (behind is None or anaphor < behind.first)


def _points_to_place(line: Line, index: int, located: Sequence[LocatedMention]) -> bool:
    token = line.tokens[index]
    if not among(token, line.grammar.place_words):
        return token.form in line.grammar.there and index > 0
    return not any(index + 1 >= found.first and index <= found.last for found in located)


def _speaker_tokens(line: Line, frame: Frame) -> range:
    """The tokens between a saying and its content, where the speaker stands."""
    if frame.backwards:
        return range(frame.verb, min(frame.verb + 8, len(line)))
    stop = next((i for i in range(frame.start, frame.end) if line.is_opener(i) or line.triggers_at(i)), frame.start)
    return range(frame.verb, stop if line.triggers_at(stop) is False else frame.start)


def _known_behind(line: Line, trigger: Trigger, limit: int) -> Party | None:
    for position in range(trigger.first + 1, min(limit + 1, len(line))):
        mention = line.party_at(position)
        if mention is not None:
            return None if mention.prefix.endswith(("ل", "ب")) and trigger.form != "noun" else _from(line, mention)
        token = line.tokens[position]
        if line.closes(position) or line.is_opener(position) or token.form in line.grammar.relatives:
            return None
    return None


def _known_before(line: Line, trigger: Trigger, frames: Sequence[Frame]) -> Party | None:
    """The nearest known party before the trigger that is not the speaker's own name."""
    speaking = {i for frame in frames for i in range(frame.verb, frame.start)}
    for position in range(trigger.first - 1, max(-1, trigger.first - 1 - _BEFORE), -1):
        if line.tokens[position].form in (".", "؛"):
            return None
        for mention in line.parties:
            if mention.last == position and mention.first not in speaking:
                return _from(line, mention)
    return None


def _from(line: Line, mention: PartyMention) -> Party:
    name = line.text_of(mention.first, mention.last)
    for quote in QUOTES:
        name = name.replace(quote, "")
    return Party(mention.party.id, name, mention.party.camp)
