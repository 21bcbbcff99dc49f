"""Attribution: in whose mouth the words of a sentence are put, with what force, and how far each mouth reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.core.cast import Cast
from pipeline.core.claims import Party
from pipeline.core.grammar import QUOTES, Force, Saying, among
from pipeline.core.line import Line
from pipeline.core.nounphrases import names_speaker, party_of, phrase_after, phrase_before, subject_before
from pipeline.core.relays import agency_of, passer_on, relays, source_after

_HEAD_LENGTH = 30
_HEADLINE_SPEAKER = 8
_CARRIER = 6
_SPEECH_MARKS = QUOTES | frozenset("،,")


@dataclass(frozen=True, slots=True)
class Frame:
    """A stretch of a sentence that is someone's word.

    Tokens `start` to `end` (exclusive) are what is said; `verb` is the token that says it. `outer` is the index of
    the frame that this one stands in, None at the top. `backwards` is True for "which X denied": what is said
    stands before the verb. `source` is True for "according to X", which counts where nobody else speaks.
    `participle` is True where the speaker of the frame before goes on ("adding that").
    """

    force: Force
    verb: int
    start: int
    end: int
    speaker: Party | None
    relays: tuple[str, ...] = ()
    outer: int | None = None
    backwards: bool = False
    participle: bool = False
    source: bool = False

    def covers(self, token: int) -> bool:
        """Whether the token is in what is said here by someone who is speaking."""
        return self.start <= token < self.end and not self.backwards and not self.source


def frames(line: Line, cast: Cast) -> list[Frame]:
    """The frames of a sentence from left to right; speakers are remembered in `cast`."""
    found: list[Frame] = []
    skip = -1
    for index in range(len(line)):
        if index <= skip or line.in_party(index):
            continue
        saying = line.saying(index)
        frame = _according(line, index, cast)
        if frame is None and saying is None:
            frame = _headline_colon(line, index, cast) or _refutation(line, index, found)
        elif frame is None and saying is not None and _ends_speech(line, index, saying):
            frame = _speech_before(line, index, cast)
        elif frame is None and saying is not None and _says(line, index, saying):
            frame, skip = _frame(line, index, saying, found, cast)
        if frame is None:
            continue
        if frame.outer is None and not frame.backwards and not frame.source:
            found = [_closed(before, index) for before in found]
        found.append(frame)
        if frame.speaker is not None and saying is not None:
            cast.speaks(frame.speaker)
    return found


def _closed(frame: Frame, at: int) -> Frame:
    return replace(frame, end=min(frame.end, at)) if not frame.source else frame


def _says(line: Line, index: int, saying: Saying) -> bool:
    """Whether the word puts something into somebody's mouth here."""
    tokens, grammar = line.tokens, line.grammar
    if grammar.according.at(tokens, index) or grammar.recalling.at(tokens, index):
        return False
    after_that = index > 1 and line.is_opener(index - 1) and grammar.presupposing.at(tokens, index - 2)
    if after_that or (index and grammar.presupposing.at(tokens, index - 1)):
        # "after it had denied": recalled, not said now.
        return False
    if saying.pronoun and index and grammar.recalling.at(tokens, index - 1):
        return False
    if saying.form == "masdar":
        return saying.pronoun or (saying.force in ("deny", "admit") and line.headline and index < 4)
    if index and among(tokens[index - 1], grammar.verbal_negators):
        # "did not confirm", "did not deny": nothing is said.
        return False
    return not among(tokens[index], grammar.needing_opener) or _opener_after(line, index) is not None


def _opener_after(line: Line, index: int) -> int | None:
    for position in range(index + 1, min(index + _HEAD_LENGTH, len(line))):
        if line.breaks_at(position):
            return None
        if line.is_opener(position) or line.tokens[position].form == ":":
            return position
    return None


def _ends_speech(line: Line, index: int, saying: Saying) -> bool:
    """Whether the verb names who said what stands before it: "…", said X to the agency Y."""
    if saying.force != "say" or saying.form not in ("past", "present") or saying.prefix or saying.pronoun or not index:
        return False
    if line.tokens[index - 1].form not in _SPEECH_MARKS or _opener_after(line, index) is not None:
        return False
    return any(t.first < index for t in line.triggers) and all(t.first < index for t in line.triggers)


def _speech_before(line: Line, index: int, cast: Cast) -> Frame | None:
    phrase = phrase_after(line, index + 1)
    party = party_of(line, phrase, cast)
    if party is None or not party.recognised:
        return None
    named = tuple(dict.fromkeys(relays(line, phrase[1] + 1, len(line))))
    return Frame("say", index, 0, index, party, named, source=True)


@dataclass(slots=True)
class _Head:
    """What is known of a saying before its content: who speaks, through whom, where the content may begin."""

    force: Force
    speaker: Party | None
    start: int
    relays: list[str]
    last: int


def _frame(line: Line, index: int, saying: Saying, found: list[Frame], cast: Cast) -> tuple[Frame | None, int]:
    """The frame of one saying, and the last token that it used up."""
    outer = _enclosing(line, index, saying, found)
    goes_on = saying.form == "participle" or (saying.form == "masdar" and saying.pronoun)
    if goes_on:
        before = found[-1] if found else None
        speaker = before.speaker if before is not None else cast.last
        head = _Head(saying.force, speaker, index + 1, list(before.relays) if before is not None else [], index)
        outer = before.outer if before is not None else None
    else:
        head = _head(line, index, saying, outer, cast)
    relative = saying.pronoun and saying.form in ("past", "present")
    if relative and head.force == "deny":
        if head.speaker is None or not head.speaker.recognised:
            return None, index  # كذبة is a lie, not "he denied it"
        return Frame("deny", index, 0, index, head.speaker, tuple(head.relays), backwards=True), index
    if relative and not _names_content(line, index, saying, outer, found):
        return None, index
    end = min([found[outer].end if outer is not None else len(line), *line.breaks(index)])
    head.relays.extend(relays(line, index + 1, _content(line, head.start, end)))
    named = tuple(dict.fromkeys(head.relays))
    participle = saying.form == "participle"
    return Frame(head.force, index, head.start, end, head.speaker, named, outer, participle=participle), head.last


def _head(line: Line, index: int, saying: Saying, outer: int | None, cast: Cast) -> _Head:
    subject = subject_before(line, index) if not saying.prefix else None
    phrase = subject or phrase_after(line, index + 1)
    speaker = party_of(line, phrase, cast)
    start = index + 1 if subject is not None or speaker is None else phrase[1] + 1
    relative = index > 0 and line.tokens[index - 1].form in line.grammar.relatives
    if speaker is None and outer is None and not relative:
        speaker = party_of(line, phrase_before(line, index), cast) or (cast.last if index < 3 else None)
    head = _Head(saying.force, speaker, start, [], index)
    source = source_after(line, start) if among(line.tokens[index], line.grammar.passing) else None
    if source is None:
        return head
    # "the agency quoted the official as denying …"
    relay = passer_on(line, phrase, cast)
    masdar = source[1] + 1
    head.relays.extend([relay] if relay else [])
    head.speaker, head.start = party_of(line, source, cast), masdar
    passed = line.saying(masdar) if masdar < len(line) else None
    if passed is not None and passed.form == "masdar":
        head.force, head.last, head.start = passed.force, masdar, masdar + 1
    return head


def _names_content(line: Line, index: int, saying: Saying, outer: int | None, found: list[Frame]) -> bool:
    """Whether a relative clause ("what X announced") has content of its own; a mere carrier becomes a relay."""
    carries = among(line.tokens[index], line.grammar.passing)
    if carries and found:
        number = outer if outer is not None else len(found) - 1
        carried = relays(line, index + 1, index + _CARRIER, carried=True)
        found[number] = replace(found[number], relays=(*found[number].relays, *carried))
    # "what X announced and its media passed around": the first of the two is whose word it is.
    return not (saying.prefix or carries) and _opener_after(line, index) is not None


def _enclosing(line: Line, index: int, saying: Saying, found: Sequence[Frame]) -> int | None:
    """The frame that the saying stands in: one that is open here and that no coordination has closed."""
    coordinated = saying.prefix in ("و", "ف") and not saying.pronoun
    for number in range(len(found) - 1, -1, -1):
        if found[number].covers(index) and (not coordinated or line.depth[index] > line.depth[found[number].verb]):
            return number
    return None


def _content(line: Line, start: int, end: int) -> int:
    """Where the head of a frame ends: at its opener, its colon or its first happening."""
    for position in range(start, end):
        if line.is_opener(position) or line.tokens[position].form == ":" or line.triggers_at(position):
            return position
    return end


def _according(line: Line, index: int, cast: Cast) -> Frame | None:
    """ "According to X": an agency only relays, anyone else is the speaker."""
    length = line.grammar.according.at(line.tokens, index)
    if not length:
        return None
    phrase = phrase_after(line, index + length)
    party = party_of(line, phrase, cast)
    if party is None:
        return None
    start = max((position for position in line.breaks(-1) if position < index), default=0)
    agency = agency_of(line, phrase)
    if agency is not None:
        return Frame("say", index, start, len(line), None, (agency,), source=True)
    cast.speaks(party)
    return Frame("say", index, start, len(line), party, source=True)


def _headline_colon(line: Line, index: int, cast: Cast) -> Frame | None:
    """ "Moscow: …" in a headline."""
    colon = line.headline and line.tokens[index].form == ":" and 0 < index <= _HEADLINE_SPEAKER
    if not colon or not names_speaker(line, 0):
        return None
    speaker = party_of(line, (0, index - 1), cast)
    if speaker is not None:
        cast.speaks(speaker)
    return Frame("say", index, index + 1, len(line), speaker)


def _refutation(line: Line, index: int, found: Sequence[Frame]) -> Frame | None:
    """ "There is no truth in …": a denial by whoever speaks here; a predicate behind the content looks backwards."""
    before = line.grammar.refuting_before.at(line.tokens, index)
    after = line.grammar.refuting_after.at(line.tokens, index) if any(t.first < index for t in line.triggers) else 0
    if not before and not after:
        return None
    speaking = next((number for number in range(len(found) - 1, -1, -1) if found[number].covers(index)), None)
    # The refutation is the word of the outermost speaker: what stands inside is what he refutes.
    while speaking is not None and found[speaking].outer is not None:
        speaking = found[speaking].outer
    frame = found[speaking] if speaking is not None else Frame("say", -1, 0, len(line), None)
    if before > after:
        end = min([frame.end, *line.breaks(index)])
        return Frame("deny", index, index + before, end, frame.speaker, frame.relays, speaking)
    return Frame("deny", index, frame.start, index, frame.speaker, frame.relays, speaking, backwards=True)
