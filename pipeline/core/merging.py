"""Merging: what one voice says several times in an article becomes one claim, told in its fullest words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.core.cast import shared_words
from pipeline.core.claims import Claim
from pipeline.core.places import NOWHERE


def merge(drafts: Sequence[tuple[Claim, bool]]) -> list[Claim]:
    """One claim for what one voice says several times in an article: the fullest words, all relays.

    `drafts` are claims with whether they stand in a headline: a headline gives way to the text that spells it out,
    also where it names only the speaker's camp.
    """
    merged: list[tuple[Claim, bool]] = []
    for draft in drafts:
        same = next((number for number, other in enumerate(merged) if _same_word(other[0], draft[0])), None)
        if same is None:
            merged.append(draft)
        else:
            merged[same] = _fuller(merged[same], draft)
    return [claim for claim, _ in merged]


def with_relays(claims: Sequence[Claim], relays: Mapping[str, Sequence[str]]) -> list[Claim]:
    """The claims with their speakers' relays, often named only in the next sentence ("he told the agency …")."""
    return [
        replace(claim, relayed_through=tuple(dict.fromkeys(relays.get(claim.speaker.id, ()))))
        if claim.speaker is not None and not claim.relayed_through
        else claim
        for claim in claims
    ]


def beside(claims: Sequence[Claim], asides: Sequence[Claim]) -> list[Claim]:
    """The asides that tell something that no claim of the article tells."""
    told = {(claim.kind, claim.polarity, claim.modality, claim.place.id) for claim in claims}
    told |= {(kind, polarity, modality, NOWHERE.id) for kind, polarity, modality, _ in told}
    return [aside for aside in asides if (aside.kind, aside.polarity, aside.modality, aside.place.id) not in told]


def _same_word(first: Claim, second: Claim) -> bool:
    one, two = first.object, second.object
    return (first.kind, first.place.id, first.polarity, first.modality, first.voice) == (
        second.kind,
        second.place.id,
        second.polarity,
        second.modality,
        second.voice,
    ) and (one is None or two is None or one.id == two.id or bool(shared_words(one, two)))


def _fuller(first: tuple[Claim, bool], second: tuple[Claim, bool]) -> tuple[Claim, bool]:
    relays = tuple(dict.fromkeys((*first[0].relayed_through, *second[0].relayed_through)))
    best, headline = max((first, second), key=_fullness)
    lead, background = first[0].lead or second[0].lead, first[0].background and second[0].background
    return replace(best, relayed_through=relays, lead=lead, background=background), headline


def _fullness(draft: tuple[Claim, bool]) -> tuple[bool, ...]:
    """Which of two sentences for one claim an analyst would rather be shown; the first wins a tie."""
    claim, headline = draft
    return (not claim.background, claim.explicit, not headline, claim.actor is not None)
