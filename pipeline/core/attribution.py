"""Attribution: in whose mouth the words of a sentence are put, with what force, and how far each mouth reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.core.arabic import proclitic_splits
from pipeline.core.claims import Party
from pipeline.core.events import without_article
from pipeline.core.grammar import QUOTES, Force, Saying, among
from pipeline.core.line import Line
from pipeline.core.speakers import Cast, PartyMention

# Measured on newspaper sentences: a denial reaches 14 tokens behind its verb's phrase.
DENIAL_REACH = 14
_PHRASE_LENGTH = 14
_OF_THEM = frozenset({"باسمه", "باسمها", "باسمهم", "فيه", "فيها", "لديه", "لديها"})
_RELATIVES = frozenset({"التي", "الذي", "الذين", "ما", "مما", "كما", "حيث"})
_PREPOSITIONS = frozenset({"في", "من", "الي", "علي", "عن", "مع", "ب", "ل", "خلال", "عبر", "ان"})
_HEAD_LENGTH = 30


@dataclass(frozen=True, slots=True)
class Frame:
    """A stretch of a sentence that is someone's word.

    Tokens `start` to `end` (exclusive) are what is said; `verb` is the token that says it. `outer` is the index of
    the frame that this one stands in, None at the top. `backwards` is True for "which X denied": what is said
    stands before the verb. `source` is True for "according to X", which counts where nobody else speaks.
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


def frames(line: Line, cast: Cast) -> list[Frame]:
    """The frames of a sentence from left to right; speakers are remembered in `cast`."""
    found: list[Frame] = []
    skip = -1
    for index in range(len(line)):
        if index <= skip or line.in_party(index):
            continue
        according = _according(line, index, cast)
        if according is not None:
            found.append(according)
            continue
        saying = line.grammar.saying(line.tokens, index)
        if saying is None:
            frame = _headline_colon(line, index, cast) or _refutation(line, index, found)
            if frame is not None:
                found = _close(found, frame.verb) if frame.force == "say" else found
                found.append(frame)
            continue
        if _is_no_saying(line, index, saying):
            continue
        frame, skip = _frame(line, index, saying, found, cast)
        if frame is None:
            continue
        if frame.outer is None and not frame.backwards:
            found = _close(found, index)
        found.append(frame)
        if frame.speaker is not None:
            cast.speaks(frame.speaker)
    return found


def _close(found: list[Frame], at: int) -> list[Frame]:
    return [
        replace(frame, end=min(frame.end, at)) if frame.verb < at and not frame.source else frame for frame in found
    ]


def _is_no_saying(line: Line, index: int, saying: Saying) -> bool:
    tokens, grammar = line.tokens, line.grammar
    if grammar.according.at(tokens, index) or grammar.recalling.at(tokens, index):
        return True
    if index and tokens[index - 1].form in grammar.verbal_negators and saying.force != "deny":
        # "لم تؤكد": nothing is said; "لم ينف" is likewise no denial, handled by its caller's negation.
        return True
    if saying.form == "masdar":
        if index and grammar.presupposing.at(tokens, index - 1):
            return True
        return not saying.pronoun and not (saying.force in ("deny", "admit") and line.headline and index < 4)
    if index and saying.force == "deny" and tokens[index - 1].form in grammar.verbal_negators:
        return True
    needs = any(rest in grammar.needing_opener for _, rest in proclitic_splits(tokens[index].form))
    return needs and _opener_after(line, index) is None


def _opener_after(line: Line, index: int) -> int | None:
    for position in range(index + 1, min(index + _HEAD_LENGTH, len(line))):
        if line.grammar.breaks.at(line.tokens, position):
            return None
        if line.is_opener(position) or line.tokens[position].form == ":":
            return position
    return None


def _frame(line: Line, index: int, saying: Saying, found: Sequence[Frame], cast: Cast) -> tuple[Frame | None, int]:
    """The frame of one saying, and the last token that it used up."""
    force, skip = saying.force, index
    outer = _enclosing(line, index, saying, found)
    speaker: Party | None
    relays: list[str] = []
    start = index + 1
    if saying.form == "participle" or (saying.form == "masdar" and saying.pronoun):
        speaker = found[-1].speaker if found else cast.last
        relays.extend(found[-1].relays if found else ())
        outer = found[-1].outer if found else None
    else:
        first, last = phrase_after(line, index + 1)
        subject = _subject_before(line, index) if not saying.prefix else None
        if subject is not None:
            first, last = subject[0], index
        speaker = _party(line, *(subject or (first, last)), cast)
        if speaker is not None:
            start = last + 1
        elif outer is None and not (index and line.tokens[index - 1].form in _RELATIVES):
            speaker = _party(line, *_phrase_before(line, index), cast) or (cast.last if index < 3 else None)
        if among(line.tokens[index], line.grammar.passing):
            source = _source_after(line, start)
            if source is not None:
                if speaker is not None:
                    relays.append(short_name(speaker.name))
                speaker, start, masdar = _party(line, *source, cast), source[1] + 1, source[1] + 1
                passed = line.grammar.saying(line.tokens, masdar) if masdar < len(line) else None
                if passed is not None and passed.form == "masdar":
                    force, skip, start = passed.force, masdar, masdar + 1
    if saying.pronoun and force == "deny" and saying.form in ("past", "present"):
        return Frame(force, index, 0, index, speaker, tuple(relays), None, backwards=True), index
    if saying.pronoun and saying.form in ("past", "present"):
        # "what X announced and its media passed around": the first of the two is whose word it is.
        passed = any(rest in line.grammar.passing for _, rest in proclitic_splits(line.tokens[index].form))
        if saying.prefix or passed or _opener_after(line, index) is None:
            return None, index
    end = found[outer].end if outer is not None else len(line)
    end = min([end, *line.breaks(index)])
    relays.extend(_relays(line, index, _content(line, start, end)))
    participle = saying.form == "participle"
    return Frame(force, index, start, end, speaker, tuple(dict.fromkeys(relays)), outer, participle=participle), skip


def _enclosing(line: Line, index: int, saying: Saying, found: Sequence[Frame]) -> int | None:
    """The frame that the saying stands in: one that is open here and that no coordination has closed."""
    coordinated = saying.prefix in ("و", "ف") and not saying.pronoun
    for number in range(len(found) - 1, -1, -1):
        frame = found[number]
        if not _open(frame, index):
            continue
        quoted = line.depth[index] > line.depth[frame.verb]
        if coordinated and not quoted:
            continue
        return number
    return None


def phrase_after(line: Line, start: int) -> tuple[int, int]:
    """The noun phrase that begins at `start`: (first, last) tokens, last < first when there is none."""
    position, first, last = start, start, start - 1
    while position < min(start + _PHRASE_LENGTH, len(line)):
        mention = line.party_at(position)
        if mention is not None and not (mention.prefix.endswith(("ل", "ب")) and last >= first):
            last, position = mention.last, mention.last + 1
            continue
        token = line.tokens[position]
        if token.form in QUOTES:
            position += 1
            continue
        if _ends_phrase(line, position, last >= first):
            break
        last, position = position, position + 1
    return first, last


def _ends_phrase(line: Line, position: int, begun: bool) -> bool:
    token, grammar = line.tokens[position], line.grammar
    if token.kind == "mark" or line.is_opener(position) or line.triggers_at(position):
        return True
    if token.form in grammar.rumours or grammar.phrase_stops.at(line.tokens, position):
        return True
    if grammar.refuting_before.at(line.tokens, position) or token.form in grammar.verbal_negators:
        return True
    if grammar.saying(line.tokens, position) is not None and token.form not in grammar.roles:
        return True
    if not begun:
        return token.form in _PREPOSITIONS
    heads = {rest for prefix, rest in proclitic_splits(token.form) if prefix in ("ل", "لل")}
    return any(without_article(rest) in grammar.relay_heads for rest in heads) or token.form in grammar.platforms


def _subject_before(line: Line, verb: int) -> tuple[int, int] | None:
    """The phrase directly before the verb, with no mark between, when it begins with someone who can speak."""
    last = verb - 1
    while last >= 0 and (line.tokens[last].form in QUOTES or line.tokens[last].form in ("قد", "فقد")):
        last -= 1
    if last >= 0 and line.tokens[last].form in _RELATIVES:
        return None
    first = last
    while first >= 0 and last - first < _PHRASE_LENGTH and not _bounds(line, first):
        first -= 1
    first += 1
    while first <= last and not line.in_party(first) and line.tokens[first].form in _PREPOSITIONS:
        return None
    return (first, last) if first <= last and _names_speaker(line, first) else None


def _phrase_before(line: Line, verb: int) -> tuple[int, int]:
    """The noun phrase that the verb follows (SVO); appositions between commas are skipped."""
    last, fallback = verb - 1, (verb, verb - 1)
    for _ in range(3):
        while last >= 0 and (
            line.tokens[last].form in QUOTES or line.tokens[last].form in ("،", "قد", "فقد", ")", "-")
        ):
            last -= 1
        first = last
        while first >= 0 and last - first < _PHRASE_LENGTH and not _bounds(line, first):
            first -= 1
        bounded_by_comma = first >= 0 and line.tokens[first].form in ("،", "-")
        first += 1
        if first > last:
            return fallback
        if _names_speaker(line, first):
            return first, last
        if line.headline and fallback[0] == verb and first == 0:
            fallback = (first, last)
        if not bounded_by_comma:
            return fallback
        last = first - 2
    return fallback


def _bounds(line: Line, position: int) -> bool:
    token = line.tokens[position]
    if line.in_party(position):
        return False
    if token.kind == "mark" and token.form not in QUOTES:
        return True
    return (
        line.is_opener(position)
        or token.form in _RELATIVES
        or token.form in line.grammar.rumours
        or bool(line.grammar.breaks.at(line.tokens, position))
        or line.triggers_at(position)
        or (line.grammar.saying(line.tokens, position) is not None and token.form not in line.grammar.roles)
    )


def _names_speaker(line: Line, first: int) -> bool:
    while first < len(line) - 1 and line.tokens[first].form in QUOTES:
        first += 1
    token = line.tokens[first]
    return line.party_at(first) is not None or among(token, line.grammar.roles) or among(token, line.grammar.pointing)


def _party(line: Line, first: int, last: int, cast: Cast) -> Party | None:
    if last < first:
        return None
    inside = [
        PartyMention(mention.first - first, mention.last - first, mention.party, mention.prefix)
        for mention in line.parties
        if first <= mention.first and mention.last <= last
    ]
    party = cast.party(line.text, line.tokens[first : last + 1], inside)
    if party is not None and not party.camp and any(token.form in _OF_THEM for token in line.tokens[first : last + 1]):
        # "its spokesman", "a leader in it": of the party named last.
        of = next((m.party for m in reversed(line.parties) if m.last < first), None)
        party = replace(party, camp=of.camp) if of is not None else party
    return party


def _source_after(line: Line, start: int) -> tuple[int, int] | None:
    """The phrase after عن that names who is quoted."""
    for position in range(start, min(start + 8, len(line))):
        if line.tokens[position].form == "عن":
            first, last = phrase_after(line, position + 1)
            return (first, last) if last >= first else None
        if line.is_opener(position):
            return None
    return None


def _content(line: Line, start: int, end: int) -> int:
    """Where the head of a frame ends: at its opener, its colon or its first happening."""
    for position in range(start, end):
        if line.is_opener(position) or line.tokens[position].form == ":" or line.triggers_at(position):
            return position
    return end


def _relays(line: Line, verb: int, end: int) -> list[str]:
    """Through whom the word came: "to the agency X", "in a post on Facebook"."""
    found: list[str] = []
    for position in range(verb + 1, end):
        platform = next(
            (
                line.grammar.platforms[r]
                for _, r in proclitic_splits(line.tokens[position].form)
                if r in line.grammar.platforms
            ),
            None,
        )
        if platform is not None:
            found.append(platform)
            continue
        mention = line.party_at(position)
        if mention is None or not mention.party.agency:
            continue
        before = line.tokens[position - 1]
        to_it = mention.prefix.endswith(("ل", "لل")) or before.form in ("مع", "الي", "عبر", "علي")
        head = any(
            prefix in ("ل", "لل") and without_article(rest) in line.grammar.relay_heads
            for prefix, rest in proclitic_splits(
                before.form if before.form not in QUOTES else line.tokens[position - 2].form
            )
        )
        if to_it or head:
            found.append(short_name(line.text_of(mention.first, mention.last)))
    return found


def short_name(name: str) -> str:
    """A relay's own name: without the proclitic, the quotation marks and a leading "agency" or "channel"."""
    words = [word.strip("".join(QUOTES)) for word in name.split()]
    words = [word for word in words if word]
    if len(words) > 1 and words[0].lstrip("ول") in ("وكالة", "كالة", "قناة", "شبكة", "موقع"):
        words = words[1:]
    return " ".join(words).removeprefix("لـ")


def _according(line: Line, index: int, cast: Cast) -> Frame | None:
    """ "According to X": an agency only relays, anyone else is the speaker."""
    length = line.grammar.according.at(line.tokens, index)
    if not length:
        return None
    first, last = phrase_after(line, index + length)
    party = _party(line, first, last, cast)
    if party is None:
        return None
    mention = line.party_at(first)
    start = max((position for position in line.breaks(-1) if position < index), default=0) if len(line) else 0
    if mention is not None and mention.party.agency:
        return Frame("say", index, start, len(line), None, (short_name(party.name),), source=True)
    cast.speaks(party)
    return Frame("say", index, start, len(line), party, source=True)


def _headline_colon(line: Line, index: int, cast: Cast) -> Frame | None:
    """ "Moscow: …" in a headline."""
    if not (line.headline and line.tokens[index].form == ":" and 0 < index <= 8):
        return None
    if not _names_speaker(line, 0):
        return None
    speaker = _party(line, 0, index - 1, cast)
    if speaker is not None:
        cast.speaks(speaker)
    return Frame("say", index, index + 1, len(line), speaker)


def _open(frame: Frame, index: int) -> bool:
    return frame.start <= index < frame.end and not frame.backwards and not frame.source


def _refutation(line: Line, index: int, found: Sequence[Frame]) -> Frame | None:
    """ "There is no truth in …": a denial by whoever speaks here; a predicate behind the content looks backwards."""
    speaking = next((n for n in range(len(found) - 1, -1, -1) if _open(found[n], index)), None)
    # The refutation is the word of the outermost speaker: what stands inside is what he refutes.
    while speaking is not None and found[speaking].outer is not None:
        speaking = found[speaking].outer
    frame = found[speaking] if speaking is not None else None
    speaker, relays = (frame.speaker, frame.relays) if frame else (None, ())
    before = line.grammar.refuting_before.at(line.tokens, index)
    after = line.grammar.refuting_after.at(line.tokens, index) if any(t.first < index for t in line.triggers) else 0
    if before > after:
        end = min([frame.end if frame else len(line), *line.breaks(index)])
        return Frame("deny", index, index + before, end, speaker, relays, speaking)
    if after:
        start = frame.start if frame else 0
        return Frame("deny", index, start, index, speaker, relays, speaking, backwards=True)
    return None
