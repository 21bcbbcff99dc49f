"""Mentions: which of the names in a text mean places, which places, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log10
from typing import Literal

from pipeline.core.arabic import proclitic_splits, tokens
from pipeline.core.placenames import QUOTES, Cue, Found, Phrases, PlaceWords, start_after
from pipeline.core.places import Level, Place
from pipeline.core.unlisted import Unlisted

Counts = Literal["always", "home", "locative", "cue"]
"""When a name counts without a fitting cue: always; where the text speaks of its country; where it stands as a place
and not as an adjective; never."""

# How likely a bare name means a place of this level, on the scale of the logarithm of its inhabitants.
_WEIGHT: Mapping[Level, float] = {
    "country": 7.0,
    "region": 4.0,
    "site": 4.0,
    "division": 1.5,
    "district": 1.0,
    "part": 1.5,
    "town": 1.0,
}
_KNOWN = 1.5
# What a town that the configuration lists has at least: geonames gives many no inhabitants.
_KNOWN_TOWN = 4.3
_COUNTRY_SPOKEN_OF = 4.0
_DIVISION_SPOKEN_OF = 2.0
_HINTED = 1.5
# A cue outweighs any number of inhabitants, and so does each step in the order of what it asks for.
_FITTING = 14.0
_NEXT_BEST = 6.0
_SHORTEST_AFTER_PROCLITIC = 4
# Written on an adverb (دوماً), never on the name of a place (دوما).
_TANWIN = "\u064b"


@dataclass(frozen=True, slots=True)
class Entry:
    """A place with spellings of one trust. `known` is True for what the configuration vouches for."""

    place: Place
    spellings: tuple[str, ...]
    counts: Counts = "always"
    known: bool = False

    @property
    def needs_cue(self) -> bool:
        return self.counts == "cue"


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named in a text, on its characters `start` to `end` (exclusive), proclitics left out.

    `doubt` is from 0 (sure) to 1. `cue` is the word of place before it, "" without one. `candidates` are the ids of
    all places that the name may mean here, the chosen one first.
    """

    start: int
    end: int
    place: Place
    doubt: float
    cue: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What a search looks up: phrases with the places that they name (none for what only looks like a place)."""

    phrases: Phrases[tuple[Entry, ...]]
    words: PlaceWords
    demonyms: Mapping[str, str]

    def demonym(self, form: str) -> str | None:
        """The id of the country of an adjective of nationality, None for other words."""
        for proclitic, rest in proclitic_splits(form):
            if rest in self.demonyms and not proclitic.endswith(("ال", "لل")):
                return self.demonyms[rest]
        return None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A name found in the text, before it is decided whether and which place it means."""

    found: Found[tuple[Entry, ...]]
    form: str
    cue: Cue | None

    def fits(self, entry: Entry) -> bool:
        return self.cue is not None and entry.place.level in self.cue.levels


@dataclass(frozen=True, slots=True)
class _Votes:
    """How strongly a text speaks of each country and each division, as shares."""

    countries: Mapping[str, float]
    divisions: Mapping[str, float]

    def top_country(self) -> str:
        """The country that most of the text speaks of, "" where none has the larger half."""
        return next((country for country, share in self.countries.items() if share > 0.5), "")


class Search:
    """One text's search for places."""

    def __init__(self, names: Names, text: str, country_hint: str | None) -> None:
        self._names = names
        self._words = names.words
        self._text = text
        self._hint = country_hint
        self._tokens = tokens(text)
        self._covered: set[int] = set()

    def mentions(self) -> list[Mention]:
        """The text's places, those that no list has among them, in the order of the text."""
        candidates = self._candidates()
        cued = {candidate.form for candidate in candidates if any(map(candidate.fits, candidate.found.payload))}
        votes = self._votes(candidates)
        decided: list[Mention] = []
        for candidate in candidates:
            usable = [entry for entry in candidate.found.payload if self._stands(entry, candidate, votes, cued)]
            if usable:
                decided.append(self._decide(candidate, usable, votes))
                self._covered.update(range(candidate.found.first, candidate.found.last + 1))
        sure = [(mention.start, mention.place) for mention in decided if mention.doubt < 0.5]
        unlisted = Unlisted(self._text, self._tokens, self._words, self._names.demonym)
        for introduced in unlisted.places(self._covered, sure, self._hint or votes.top_country()):
            start, end, place, cue = introduced
            decided.append(Mention(start, end, place, 0.5, cue.word, (place.id,)))
        return sorted(decided, key=lambda mention: mention.start)

    def _candidates(self) -> list[_Candidate]:
        found: list[_Candidate] = []
        index = 0
        while index < len(self._tokens):
            match = None if self._tokens[index].kind == "mark" else self._names.phrases.at(self._tokens, index)
            if match is None:
                index += 1
                continue
            if not match.payload:
                self._covered.update(range(match.first, match.last + 1))
            elif not self._names_something_else(match):
                found.append(self._candidate(match, found))
            index = match.last + 1
        return found

    def _names_something_else(self, match: Found[tuple[Entry, ...]]) -> bool:
        if _TANWIN in self._text[self._tokens[match.first].start : self._tokens[match.last].end]:
            return True
        if match.proclitic or any(entry.place.level == "country" for entry in match.payload):
            return False
        return self._words.names_something_else(self._text, self._tokens, match.first)

    def _candidate(self, match: Found[tuple[Entry, ...]], before: Sequence[_Candidate]) -> _Candidate:
        cue = None if match.proclitic else self._words.cue_before(self._tokens, match.first)
        if cue is None and match.last > match.first:
            cue = self._words.cues.get(self._tokens[match.first].form)
        if cue is None and before and before[-1].cue and before[-1].cue.goes_on and self._joined(before[-1], match):
            cue = before[-1].cue
        form = " ".join(token.form for token in self._tokens[match.first : match.last + 1])[len(match.proclitic) :]
        return _Candidate(match, form, cue)

    def _joined(self, earlier: _Candidate, match: Found[tuple[Entry, ...]]) -> bool:
        """Whether "and" or a comma joins the name to the one before it, quotation marks aside."""
        between = [token for token in self._tokens[earlier.found.last + 1 : match.first] if token.form not in QUOTES]
        if not between:
            return match.proclitic == "و"
        return len(between) == 1 and between[0].form in ("و", "،", ",")

    def _votes(self, candidates: Sequence[_Candidate]) -> _Votes:
        """Counted are names that can mean places of one country only, nationalities and the hint."""
        countries: dict[str, float] = defaultdict(float)
        divisions: dict[str, float] = defaultdict(float)
        for candidate in candidates:
            payload = candidate.found.payload
            if not any(entry.counts == "always" or candidate.fits(entry) for entry in payload):
                continue
            if len({entry.place.country for entry in payload}) == 1:
                countries[payload[0].place.country] += 1.0
                if len({entry.place.division for entry in payload}) == 1:
                    divisions[payload[0].place.division] += 1.0
        for token in self._tokens:
            if (country := self._names.demonyms.get(token.form)) is not None:
                countries[country] += 0.5
        if self._hint:
            countries[self._hint] += 0.5
        return _Votes(_shares(countries), _shares(divisions))

    def _stands(self, entry: Entry, candidate: _Candidate, votes: _Votes, cued: set[str]) -> bool:
        """Whether the name may mean this place here."""
        at_home = entry.place.country in votes.countries
        if candidate.fits(entry):
            # A small foreign place of this name is less likely than one that no list has.
            return at_home or entry.known or entry.counts != "cue" or not votes.countries
        if entry.counts == "always":
            return True
        first, proclitic = candidate.found.first, candidate.found.proclitic
        if entry.counts == "home":
            return at_home and not self._only_looks_alike(candidate)
        as_place = self._words.stands_as_place(self._tokens, first, proclitic)
        if entry.counts == "locative":
            if candidate.form.startswith("ال"):
                return bool(proclitic) or not self._words.follows_definite(self._tokens, first)
            return as_place
        if not at_home or entry.place.level == "division":
            return False
        beside_place = candidate.cue is not None and not candidate.cue.levels
        return beside_place or (candidate.form in cued and as_place)

    def _only_looks_alike(self, candidate: _Candidate) -> bool:
        """Whether the name is likelier an adjective (المظاهرات السلمية) or a short word after a letter (لغات)."""
        first, proclitic = candidate.found.first, candidate.found.proclitic
        if proclitic:
            return len(candidate.form) < _SHORTEST_AFTER_PROCLITIC
        return candidate.form.startswith("ال") and self._words.follows_definite(self._tokens, first)

    def _decide(self, candidate: _Candidate, usable: Sequence[Entry], votes: _Votes) -> Mention:
        scored = sorted(
            ((self._score(entry, candidate, votes), entry) for entry in usable),
            key=lambda pair: (-pair[0], pair[1].place.id),
        )
        best, chosen = scored[0]
        rivals = [score for score, entry in scored if not _same_spot(entry.place, chosen.place)]
        rivalry = 1 / (1 + exp(1.2 * (best - max(rivals)))) if rivals else 0.0
        doubt = 1 - (1 - rivalry) * (1 - _own_doubt(chosen, candidate))
        first, last = self._tokens[candidate.found.first], self._tokens[candidate.found.last]
        return Mention(
            start=start_after(self._text, first, candidate.found.proclitic),
            end=last.end,
            place=chosen.place,
            doubt=round(doubt, 3),
            cue=candidate.cue.word if candidate.cue else "",
            candidates=tuple(dict.fromkeys(entry.place.id for _, entry in scored)),
        )

    def _score(self, entry: Entry, candidate: _Candidate, votes: _Votes) -> float:
        place = entry.place
        score = prior(place)
        if entry.known:
            score = _KNOWN + (max(score, _KNOWN_TOWN) if place.level == "town" else score)
        score += _COUNTRY_SPOKEN_OF * votes.countries.get(place.country, 0.0)
        score += _DIVISION_SPOKEN_OF * votes.divisions.get(place.division, 0.0)
        if self._hint and place.country == self._hint:
            score += _HINTED
        if candidate.cue is not None and candidate.fits(entry):
            score += _FITTING - _NEXT_BEST * candidate.cue.levels.index(place.level)
        return score


def prior(place: Place) -> float:
    """How likely a bare name means this place, before anything is known of the text."""
    inhabited = log10(place.population + 10) if place.level in ("town", "part") else 0.0
    return max(_WEIGHT[place.level], inhabited)


def _own_doubt(entry: Entry, candidate: _Candidate) -> float:
    """How doubtful it is that the name is a place at all."""
    if candidate.fits(entry):
        return 0.0
    if entry.counts == "cue":
        return 0.3
    unfit = 0.1 if candidate.cue and candidate.cue.levels else 0.0
    if entry.counts == "home":
        return 0.15 + unfit
    return (0.02 if entry.known else 0.05) + unfit


def _same_spot(one: Place, other: Place) -> bool:
    """Whether it matters little which of the two is meant: one lies in the other, or both in one division."""
    if one.id == other.id or one.id in other.within or other.id in one.within:
        return True
    return bool(one.division) and one.division == other.division


def _shares(votes: dict[str, float]) -> dict[str, float]:
    votes.pop("", None)
    total = sum(votes.values())
    return {id: count / total for id, count in votes.items()}
