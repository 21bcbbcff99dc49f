"""Voices: who affirms and who denies a happening, through all the mouths that a sentence puts it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.core.attribution import Frame
from pipeline.core.claims import Modality, Party, Polarity
from pipeline.core.events import Trigger
from pipeline.core.line import Line
from pipeline.core.polarity import Stance, stance

# Measured on newspaper sentences: what a denial denies begins within 14 tokens of its content's opening.
DENIAL_REACH = 14
_LIMITED = frozenset({"deny", "admit", "retract"})


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice's word on a happening. `speaker` None is the outlet; `cues` are token indices of the deciding words.

    `passing` is True where it only grants what has happened, on the way to something else.
    """

    speaker: Party | None
    polarity: Polarity
    modality: Modality
    explicit: bool
    pending: bool
    relays: tuple[str, ...]
    cues: tuple[int, ...]
    retraction: bool = False
    passing: bool = False


def voices(line: Line, trigger: Trigger, frames: Sequence[Frame], agencies: Mapping[str, str]) -> list[Voice]:
    """Every voice on the trigger, the innermost first; none where the happening is only mentioned.

    The rule of nesting: a denial turns round what its content says; whoever merely reports another's word gives no
    word of his own. `agencies` gives the names of parties that pass words on, by id.
    """
    at = trigger.first
    covering = [frame for frame in frames if frame.start <= at < frame.end]
    chain = [frame for frame in covering if not frame.backwards and not frame.source]
    source = next((frame for frame in covering if frame.source), None)
    inner = chain[-1] if chain else None
    if any(frame.force in _LIMITED and not _reaches(line, frame, at) for frame in chain):
        return []
    own = stance(line, trigger, inner)
    behind = [frame for frame in covering if frame.backwards]
    # A predicate refutes what was talked of, or the noun that is its subject ("the closure is a mere rumour").
    talked_of = any(frame.force != "deny" for frame in chain) or _rumour_before(line, trigger) or trigger.form == "noun"
    refuters = [frame for frame in behind if talked_of or line.saying(frame.verb) is not None]
    if not own.asserted and not refuters:
        return _granted(chain, source, trigger, agencies) if own.granted else []
    spoken = _spoken(chain, source, own, trigger, agencies)
    content = spoken[0].polarity if spoken else _polarity(own.negated)
    if refuters:
        spoken = [voice for voice in spoken if voice.speaker is not None and not _same(voice, refuters)]
        spoken += [
            Voice(frame.speaker, _opposite(content), own.modality, True, False, frame.relays, (frame.verb, at))
            for frame in refuters[-1:]
        ]
    return spoken


def _granted(
    chain: Sequence[Frame], source: Frame | None, trigger: Trigger, agencies: Mapping[str, str]
) -> list[Voice]:
    """What is taken for granted is granted by whoever speaks; not by one who denies or alleges something about it."""
    if any(frame.force in ("deny", "allege", "retract") for frame in chain):
        return []
    spoken = _spoken(chain, source, Stance(False, False, "stated", True), trigger, agencies)
    return [replace(voice, explicit=False, passing=True) for voice in spoken]


def _spoken(
    chain: Sequence[Frame], source: Frame | None, own: Stance, trigger: Trigger, agencies: Mapping[str, str]
) -> list[Voice]:
    at = trigger.first
    if not chain:
        speaker, relays = (source.speaker, source.relays) if source is not None else (None, ())
        return [Voice(speaker, _polarity(own.negated), own.modality, False, own.pending, relays, (at,))]
    found: list[Voice] = []
    denied = own.negated
    passed_on = tuple(
        agencies[frame.speaker.id] for frame in chain[:-1] if frame.speaker is not None and frame.speaker.id in agencies
    )
    for depth, frame in enumerate(reversed(chain)):
        flips = frame.force in ("deny", "retract")
        if depth and not flips:
            continue
        denied = denied != flips
        modality: Modality = "alleged" if frame.force == "allege" and own.modality == "stated" else own.modality
        explicit = frame.force in ("deny", "admit", "retract")
        voice = Voice(
            frame.speaker,
            _polarity(denied),
            modality,
            explicit,
            own.pending,
            (*passed_on, *frame.relays),
            (frame.verb, at),
            frame.force == "retract",
        )
        if frame.speaker is None and len(chain) > 1 and depth == 0:
            # "the reports that claimed …": nobody's word that could later be held against him.
            continue
        found.append(voice)
    return found


def _reaches(line: Line, frame: Frame, at: int) -> bool:
    """Whether a denial, admission or retraction reaches the trigger: near, and before its clause's comma."""
    first = next((t.first for t in line.triggers if frame.start <= t.first < frame.end), at)
    opener = next((i for i in range(frame.start, first) if line.is_opener(i)), first)
    if at - opener > DENIAL_REACH:
        return False
    depth = min(line.depth[frame.verb], line.depth[at])
    return not any(line.tokens[i].form in "،؛" and line.depth[i] <= depth for i in range(first, at))


def _rumour_before(line: Line, trigger: Trigger) -> bool:
    start = max(0, trigger.first - 8)
    return any(line.tokens[i].form in line.grammar.rumours for i in range(start, trigger.first))


def _same(voice: Voice, refuters: Sequence[Frame]) -> bool:
    return any(frame.speaker == voice.speaker for frame in refuters)


def _polarity(denied: bool) -> Polarity:
    return "denied" if denied else "affirmed"


def _opposite(polarity: Polarity) -> Polarity:
    return "affirmed" if polarity == "denied" else "denied"
