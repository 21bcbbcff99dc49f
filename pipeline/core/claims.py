"""A claim: what is said to have happened, where, by whom it is said, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.core.places import Place

Polarity = Literal["affirmed", "denied"]
Modality = Literal["stated", "alleged", "threatened", "expected"]
Part = Literal["title", "text"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Party:
    """Someone who speaks or acts, as far as the sentence names him.

    `id` is the same wherever the same party is meant: an entry of `config/speakers.toml`, else the folded words.
    `camp` is the id of the side that he speaks for, "" where it is not known. `name` is how he was written.
    `recognised` is True for a known party or an office ("a military source"), False for other words in its place.
    `words` are the stems of his name that tell him from others, `titles` those that many bear.
    """

    id: str
    name: str
    camp: str = ""
    recognised: bool = False
    words: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words of a claim: a sentence and where it stands.

    `span` counts characters of the article's `part` (its title or its text), end exclusive.
    `cues` are spans inside `sentence`: the words that deny, admit, allege, and name the happening.
    """

    article_id: str
    url: str
    outlet: str
    published: datetime
    dated: bool
    sentence: str
    part: Part
    span: Span
    cues: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of one voice about one happening at one place.

    `speaker` is None when the outlet says it in its own voice. `explicit` is True when a verb of denying or
    admitting carries the claim. `lead` is True when it stands among the article's first segments, `background` when
    the article only recalls it (وكان، سبق، يذكر) or tells it to say which ("the town that X holds"). `pending` is
    True for a denial that says "not yet", `retraction` where the voice takes its own word back. `number` is a count
    that belongs to it (dead, injured), None where there is none. `about` holds the words around the happening,
    folded, without the place's own; `sketch` the article's MinHash (`core/sketch.py`), by which copies are known.
    """

    id: str
    kind: str
    plover: str
    polarity: Polarity
    modality: Modality
    place: Place
    actor: Party | None
    object: Party | None
    speaker: Party | None
    relayed_through: tuple[str, ...]
    evidence: Evidence
    explicit: bool = False
    lead: bool = True
    background: bool = False
    pending: bool = False
    retraction: bool = False
    number: int | None = None
    revision: int = 0
    about: tuple[str, ...] = ()
    sketch: tuple[int, ...] = ()

    @property
    def division(self) -> str:
        """The key of the claim's dossier: the first-level division of its place, or the country itself."""
        return self.place.division or self.place.country or self.place.id

    @property
    def voice(self) -> str:
        """Whose word this is: the speaker's camp, else the speaker, else the outlet."""
        if self.speaker is None:
            return f"outlet:{self.evidence.outlet}"
        return f"camp:{self.speaker.camp}" if self.speaker.camp else f"speaker:{self.speaker.id}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one article: its claims in the order of the text, and the places that it names.

    `asides` are claims that are told to a reader and kept by no dossier: of a place that the text does not name
    (`NOWHERE`), or of what is granted in passing ("after the withdrawal", "killed in the attack").
    """

    article_id: str
    claims: Sequence[Claim]
    places: Sequence[Place]
    asides: Sequence[Claim] = ()
