"""Polarity and modality: whether the words around a trigger affirm it, deny it, expect it, or only mention it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.attribution import Frame
from pipeline.core.claims import Modality
from pipeline.core.events import Trigger
from pipeline.core.grammar import QUOTES, among
from pipeline.core.line import Line

_NEAR = 4
_FAILURE_REACH = 8
_EXCEPTION_REACH = 10
_PREDICATE_REACH = 10


@dataclass(frozen=True, slots=True)
class Stance:
    """What the words next to a trigger make of it, before anyone's word about it is weighed.

    `asserted` is False where the happening is only mentioned: its time is told by it, or it is the topic of talk.
    `granted` is True for a mention that takes for granted that it happened.
    """

    negated: bool
    pending: bool
    modality: Modality
    asserted: bool
    granted: bool = False


def stance(line: Line, trigger: Trigger, frame: Frame | None) -> Stance:
    """The stance of the sentence itself towards a trigger; `frame` is the innermost frame around it."""
    negated, future = _negated(line, trigger)
    modality = _modality(line, trigger, frame, future)
    # "threatens to withdraw", "failed to storm": the verb of threat or failure brings the noun to speech.
    brought = modality != "stated" or _failed(line, trigger)
    asserted = _is_verbal(trigger) or (not _linked(line, trigger) and (brought or _noun_asserted(line, trigger, frame)))
    if negated and _excepts(line, trigger):
        # "holds nothing but the south": neither the denial of the whole nor its assertion.
        asserted = False
    if asserted and modality == "stated" and frame is None and _rumoured(line, trigger):
        modality = "alleged"
    granted = not asserted and not negated and modality == "stated" and _granted(line, trigger)
    return Stance(negated, negated and _pending(line, trigger), modality, asserted, granted)


def _is_verbal(trigger: Trigger) -> bool:
    return trigger.form in ("past", "present") or (trigger.form == "phrase" and trigger.kind.aspect == "state")


def _negated(line: Line, trigger: Trigger) -> tuple[bool, bool]:
    """Whether the trigger is negated, and whether that is said of the future."""
    tokens, grammar, at = line.tokens, line.grammar, trigger.first
    before = _words_before(line, at, _NEAR)
    if not before:
        return False, False
    if _is_verbal(trigger):
        negator = next((tokens[i] for i in before[:2] if among(tokens[i], grammar.verbal_negators)), None)
        if negator is not None and tokens[before[0]].form not in grammar.continuing:
            return True, any(among(negator, frozenset({word})) for word in grammar.future_negators)
        return False, False
    if among(tokens[before[0]], grammar.nominal_negators) or tokens[before[0]].form in grammar.no:
        return True, False
    for position in before:
        # "no attack took place", "his not being able to flee"
        negated = position > 0 and among(tokens[position - 1], grammar.verbal_negators | grammar.nominal_negators)
        if negated and among(tokens[position], grammar.happening):
            return True, tokens[position - 1].form in grammar.future_negators
    return _failed(line, trigger), False


def _failed(line: Line, trigger: Trigger) -> bool:
    """Whether the noun stands as what was failed at ("failed in storming")."""
    reach = _words_before(line, trigger.first, _FAILURE_REACH)
    if _is_verbal(trigger) or not reach:
        return False
    inside = "ب" in trigger.prefix or line.tokens[reach[0]].form in line.grammar.inside
    return inside and any(among(line.tokens[position], line.grammar.failing) for position in reach)


def _linked(line: Line, trigger: Trigger) -> bool:
    """Whether the noun hangs on "link with", "question of": then it is granted or only spoken of."""
    return any(among(line.tokens[i], line.grammar.linking) for i in _words_before(line, trigger.first, _NEAR))


def _granted(line: Line, trigger: Trigger) -> bool:
    """Whether a noun that is only mentioned names what has happened ("after the raid", "killed in the raid")."""
    before = _words_before(line, trigger.first, _NEAR)
    if trigger.form != "noun" or _linked(line, trigger) or _rumoured(line, trigger):
        return False
    if any(line.grammar.granting.at(line.tokens, position) for position in before[:2]):
        return True
    behind = trigger.last + 1
    if behind + 1 < len(line) and line.tokens[behind].form in line.grammar.relatives:
        return line.triggers_at(behind + 1) or among(line.tokens[behind + 1], line.grammar.happening)
    inside = trigger.prefix.endswith("ب") or (bool(before) and line.tokens[before[0]].form in line.grammar.inside)
    return inside and any(_is_verbal(other) and other.first < trigger.first for other in line.triggers)


def _excepts(line: Line, trigger: Trigger) -> bool:
    behind = line.tokens[trigger.first : trigger.first + _EXCEPTION_REACH]
    return any(token.form in line.grammar.exceptions for token in behind)


def _pending(line: Line, trigger: Trigger) -> bool:
    for position in range(trigger.last + 1, min(trigger.last + 14, len(line))):
        if line.grammar.pending_after.at(line.tokens, position):
            if position + 1 == len(line) or line.tokens[position + 1].kind == "mark":
                return True
        elif line.grammar.pending.at(line.tokens, position):
            return True
    return False


def _modality(line: Line, trigger: Trigger, frame: Frame | None, future: bool) -> Modality:
    tokens, grammar = line.tokens, line.grammar
    if future or trigger.prefix.endswith("س"):
        return "expected"
    before = _words_before(line, trigger.first, 6)
    if any(among(tokens[position], grammar.threatening) for position in before):
        return "threatened"
    if trigger.form == "present" and before and tokens[before[0]].form in grammar.perfect:
        return "expected"
    if any(tokens[p].form in grammar.expecting_particles for p in before[:3] if not line.is_opener(p)):
        return "expected"
    for position in before:
        inside = frame is None or position > frame.verb
        if inside and among(tokens[position], grammar.expecting) and not line.in_party(position):
            return "expected"
    if line.grammar.expecting_phrases.find(tokens, max(0, trigger.first - 8), trigger.first) is not None:
        return "expected"
    return "stated"


def _noun_asserted(line: Line, trigger: Trigger, frame: Frame | None) -> bool:
    """Whether a noun such as "withdrawal" reports the happening rather than mentioning it."""
    tokens, grammar, at = line.tokens, line.grammar, trigger.first
    before = _words_before(line, at, _NEAR)
    if any(grammar.presupposing.at(tokens, position) for position in before[:3]):
        return False
    if before and tokens[before[0]].form in grammar.being:
        return False
    if any(among(tokens[position], grammar.happening) for position in before):
        return True
    if before and line.is_opener(before[0]):
        # "said that the arrest took place at …", but not "that the arrest has nothing to do with …".
        behind = range(trigger.last + 1, min(trigger.last + _PREDICATE_REACH, len(line)))
        return any(among(tokens[position], grammar.happening) for position in behind)
    if frame is not None and frame.force != "say":
        return True
    rumour = any(tokens[position].form in grammar.rumours for position in before[:3])
    topical = bool(before) and tokens[before[0]].form in grammar.topical
    if frame is not None and not frame.participle:
        if any(position < frame.start for position in before[:1]) or not before or before[0] <= frame.verb:
            return True
        return (
            (not topical and among(tokens[before[0]], grammar.asserting_nouns))
            or (topical and before[0] == frame.verb + 1)
            or (topical and before[0] < frame.start)
        )
    if frame is not None:
        return not before
    if not line.headline:
        return rumour and topical
    opens = all(
        tokens[position].form in grammar.rumours
        or tokens[position].form in grammar.topical
        or among(tokens[position], grammar.asserting_nouns)
        or tokens[position].kind == "number"
        for position in range(at)
        if tokens[position].kind != "mark"
    )
    return opens or tokens[at - 1].form in (":", ".", "…") or at <= 1


def _rumoured(line: Line, trigger: Trigger) -> bool:
    return any(line.tokens[i].form in line.grammar.rumours for i in _words_before(line, trigger.first, _NEAR))


def _words_before(line: Line, at: int, reach: int) -> Sequence[int]:
    """The words before a token, nearest first, not across marks that end a clause or words that open another."""
    found: list[int] = []
    position = at - 1
    while position >= 0 and len(found) < reach:
        token = line.tokens[position]
        if token.kind == "mark":
            if token.form not in QUOTES:
                break
        else:
            found.append(position)
            if line.breaks_at(position):
                break
        position -= 1
    return found
