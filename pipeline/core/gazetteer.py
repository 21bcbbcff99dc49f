"""The gazetteer: every place that is known, which of them a text names, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log10
from typing import Literal

from pipeline.core.arabic import Token, fold, proclitic_splits, tokens
from pipeline.core.placenames import QUOTES, Cue, Found, Phrases, PlaceWords, folded_words, start_after
from pipeline.core.places import Place

Counts = Literal["always", "home", "locative", "cue"]
"""When a name counts without a fitting cue: always; where the text speaks of its country; where it stands as a place
and not as an adjective; never."""

# How likely a bare name means a place of this level, on the scale of the logarithm of inhabitants.
_WEIGHT = {"country": 7.0, "region": 4.0, "site": 4.0, "division": 1.5, "district": 1.0, "part": 1.5, "town": 1.0}
_KNOWN_BONUS = 1.5
_CONTEXT = 4.0
_HINT = 1.5
_FIT = 5.0
_DOUBT_LIMIT = 0.5


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


class Gazetteer:
    """Known places. `demonyms` maps folded forms of adjectives of nationality to ids of countries."""

    def __init__(self, entries: Iterable[Entry], words: PlaceWords, demonyms: Mapping[str, str]) -> None:
        self._words = words
        self._demonyms = demonyms
        self._places: dict[str, Place] = {}
        self._spellings: dict[str, None] = {}
        by_phrase: dict[tuple[str, ...], tuple[Entry, ...]] = {phrase: () for phrase in words.not_places}
        for entry in entries:
            self._places.setdefault(entry.place.id, entry.place)
            for spelling in entry.spellings:
                phrase = folded_words(spelling)
                by_phrase[phrase] = (*by_phrase.get(phrase, ()), entry)
                if not entry.needs_cue:
                    self._spellings[spelling] = None
        for phrase in words.not_places:
            by_phrase[phrase] = ()
        self._phrases = Phrases(by_phrase)
        self._by_name = {" ".join(phrase): found for phrase, found in by_phrase.items()}
        self._by_full_name: dict[str, list[Place]] = defaultdict(list)
        for place in self._places.values():
            for name in {" ".join(folded_words(place.name)), " ".join(folded_words(place.name_en))}:
                self._by_full_name[name].append(place)

    def __len__(self) -> int:
        return len(self._places)

    def mentions(self, text: str, country_hint: str | None = None) -> list[Mention]:
        """The places that the text names, in its order. `country_hint` ("country:SY") is where it is likely to play."""
        return _Search(self, text, country_hint).mentions()

    def by_id(self, id: str) -> Place | None:
        return self._places.get(id)

    def find(self, name: str) -> list[Place]:
        """The places of this name in any spelling, the largest first."""
        key = " ".join(folded_words(name))
        places = {entry.place.id: entry.place for entry in self._by_name.get(key, ())}
        places |= {place.id: place for place in self._by_full_name.get(key, ())}
        return sorted(places.values(), key=lambda place: (-_prior(place), place.id))

    def demonym(self, form: str) -> Place | None:
        """The country of an adjective of nationality (الروسية، السوريين), proclitics before it allowed."""
        folded = fold(form)
        for proclitic, rest in proclitic_splits(folded):
            country = self._demonyms.get(rest)
            if country is not None and not proclitic.endswith(("ال", "لل")):
                return self._places.get(country)
        return None

    def contains(self, outer: Place, inner: Place) -> bool:
        """Whether `outer` is `inner` or lies around it."""
        return outer.id == inner.id or outer.id in inner.within

    def names(self) -> Iterable[str]:
        """The spellings that stand for places without a cue, for indexes that leave names unstemmed."""
        return self._spellings.keys()

    spellings = names


@dataclass(slots=True)
class _Candidate:
    """A name found in the text, before it is decided whether and which place it means."""

    found: Found[tuple[Entry, ...]]
    form: str
    cue: Cue | None
    usable: list[Entry]

    def fits(self, entry: Entry) -> bool:
        return self.cue is not None and entry.place.level in self.cue.levels


class _Search:
    """One text's search for places."""

    def __init__(self, gazetteer: Gazetteer, text: str, country_hint: str | None) -> None:
        self._gazetteer = gazetteer
        self._words = gazetteer._words
        self._text = text
        self._hint = country_hint
        self._tokens = tokens(text)
        self._covered: set[int] = set()

    def mentions(self) -> list[Mention]:
        candidates = self._candidates()
        cued = {candidate.form for candidate in candidates if any(map(candidate.fits, candidate.found.payload))}
        votes = self._votes(candidates)
        decided: list[Mention] = []
        for candidate in candidates:
            candidate.usable = [
                entry for entry in candidate.found.payload if self._stands(entry, candidate, votes, cued)
            ]
            if candidate.usable:
                decided.append(self._decide(candidate, votes))
        decided += self._introduced(decided)
        return sorted(decided, key=lambda mention: mention.start)

    def _candidates(self) -> list[_Candidate]:
        found: list[_Candidate] = []
        index = 0
        while index < len(self._tokens):
            match = None if self._tokens[index].kind == "mark" else self._gazetteer._phrases.at(self._tokens, index)
            if match is None:
                index += 1
                continue
            if match.payload and not self._names_something_else(match):
                found.append(self._candidate(match, found))
            if match.payload == () or found and found[-1].found is match:
                self._covered.update(range(match.first, match.last + 1))
            index = match.last + 1
        return found

    def _names_something_else(self, match: Found[tuple[Entry, ...]]) -> bool:
        if match.proclitic or any(entry.place.level == "country" for entry in match.payload):
            return False
        return self._words.names_something_else(self._text, self._tokens, match.first)

    def _candidate(self, match: Found[tuple[Entry, ...]], before: Sequence[_Candidate]) -> _Candidate:
        cue = None if match.proclitic else self._words.cue_before(self._tokens, match.first)
        if cue is None and match.last > match.first:
            cue = self._words.cues.get(self._tokens[match.first].form)
            cue = Cue(cue.word, cue.levels, cue.goes_on) if cue else None
        if cue is None and before and before[-1].cue and before[-1].cue.goes_on and self._joined(before[-1], match):
            cue = before[-1].cue
        form = " ".join(token.form for token in self._tokens[match.first : match.last + 1])[len(match.proclitic) :]
        return _Candidate(match, form, cue, [])

    def _joined(self, earlier: _Candidate, match: Found[tuple[Entry, ...]]) -> bool:
        """Whether "and" or a comma joins the name to the one before it."""
        between = self._tokens[earlier.found.last + 1 : match.first]
        if not between:
            return match.proclitic == "و"
        return len(between) == 1 and between[0].form in ("و", "،", ",")

    def _votes(self, candidates: Sequence[_Candidate]) -> dict[str, float]:
        """How strongly the text speaks of each country: by names that can mean only one, and by nationalities."""
        votes: dict[str, float] = defaultdict(float)
        for candidate in candidates:
            payload = candidate.found.payload
            counted = [entry for entry in payload if entry.counts == "always" or candidate.fits(entry)]
            countries = {entry.place.country for entry in payload}
            if counted and len(countries) == 1:
                votes[countries.pop()] += 1.0
        for token in self._tokens:
            country = self._gazetteer._demonyms.get(token.form)
            if country is not None:
                votes[country] += 0.5
        votes.pop("", None)
        if self._hint:
            votes[self._hint] += 0.5
        return votes

    def _stands(self, entry: Entry, candidate: _Candidate, votes: Mapping[str, float], cued: set[str]) -> bool:
        """Whether the name may mean this place here."""
        if entry.counts == "always" or candidate.fits(entry):
            return True
        first, proclitic = candidate.found.first, candidate.found.proclitic
        at_home = votes.get(entry.place.country, 0.0) > 0
        if entry.counts == "home":
            return at_home
        as_place = self._words.stands_as_place(self._tokens, first, proclitic)
        if entry.counts == "locative":
            if candidate.form.startswith("ال"):
                return bool(proclitic) or not self._words.follows_definite(self._tokens, first)
            return as_place
        return at_home and (candidate.cue is not None or (candidate.form in cued and as_place))

    def _decide(self, candidate: _Candidate, votes: Mapping[str, float]) -> Mention:
        total = sum(votes.values()) or 1.0
        scored = sorted(
            ((self._score(entry, candidate, votes, total), entry) for entry in candidate.usable),
            key=lambda pair: (-pair[0], pair[1].place.id),
        )
        best, chosen = scored[0]
        rivals = [score for score, entry in scored if not _same_spot(entry.place, chosen.place)]
        rivalry = 1 / (1 + exp(1.2 * (best - max(rivals)))) if rivals else 0.0
        doubt = 1 - (1 - rivalry) * (1 - self._own_doubt(chosen, candidate))
        first, last = self._tokens[candidate.found.first], self._tokens[candidate.found.last]
        return Mention(
            start=start_after(self._text, first, candidate.found.proclitic),
            end=last.end,
            place=chosen.place,
            doubt=round(doubt, 3),
            cue=candidate.cue.word if candidate.cue else "",
            candidates=tuple(dict.fromkeys(entry.place.id for _, entry in scored)),
        )

    def _score(self, entry: Entry, candidate: _Candidate, votes: Mapping[str, float], total: float) -> float:
        score = _prior(entry.place) + (_KNOWN_BONUS if entry.known else 0.0)
        score += _CONTEXT * votes.get(entry.place.country, 0.0) / total
        if self._hint and entry.place.country == self._hint:
            score += _HINT
        if candidate.cue is not None and candidate.fits(entry):
            score += _FIT - candidate.cue.levels.index(entry.place.level)
        return score

    def _own_doubt(self, entry: Entry, candidate: _Candidate) -> float:
        """How doubtful it is that the name is a place at all."""
        if candidate.fits(entry):
            return 0.0
        if entry.counts == "cue":
            return 0.3
        unfit = 0.1 if candidate.cue and candidate.cue.levels else 0.0
        if entry.counts == "home":
            return 0.15 + unfit
        return (0.02 if entry.known else 0.05) + unfit

    def _introduced(self, decided: Sequence[Mention]) -> list[Mention]:
        """Places that no list has and a cue introduces ("بلدة كذا")."""
        found: list[Mention] = []
        for index in range(len(self._tokens) - 1):
            cue = self._words.cues.get(self._tokens[index].form)
            if cue is None or cue.introduces is None or index in self._covered:
                continue
            span = self._name_behind(index + 1, cue)
            if span is None or any(i in self._covered for i in range(span[0], span[1] + 1)):
                continue
            found.append(self._provisional(span, cue, decided))
            self._covered.update(range(span[0], span[1] + 1))
        return found

    def _name_behind(self, index: int, cue: Cue) -> tuple[int, int] | None:
        """The tokens of a name that begins at the index, first and last, None where no name stands."""
        words = self._tokens
        if words[index].form in QUOTES:
            closing = next((i for i in range(index + 1, min(index + 6, len(words))) if words[i].form in QUOTES), None)
            if closing is None or closing == index + 1 or not self._may_name(words[index + 1], quoted=True):
                return None
            return (index + 1, closing - 1)
        if cue.quoted_only or not self._may_name(words[index], quoted=False):
            return None
        last = index
        if words[index].form in self._words.name_heads:
            if index + 1 >= len(words) or not self._may_name(words[index + 1], quoted=True):
                return None
            last += 1
        if last + 1 < len(words) and words[last + 1].form in self._words.name_tails:
            last += 1
        return (index, last)

    def _may_name(self, token: Token, *, quoted: bool) -> bool:
        form = token.form
        if token.kind != "word" or form in self._words.not_names or self._gazetteer.demonym(form) is not None:
            return False
        if quoted:
            return True
        if form in self._words.before_places or form in self._words.cues or len(form) < 3:
            return False
        if any(rest in self._words.not_names for proclitic, rest in proclitic_splits(form) if proclitic != "ال"):
            return False
        # An indefinite adjective agrees with the cue (قرية زراعية، أحياء سكنية), a plural counts persons.
        return form.startswith("ال") or not form.endswith(("يه", "ات", "ين", "ون"))

    def _provisional(self, span: tuple[int, int], cue: Cue, decided: Sequence[Mention]) -> Mention:
        start, end = self._tokens[span[0]].start, self._tokens[span[1]].end
        sure = sorted((m for m in decided if m.doubt < _DOUBT_LIMIT), key=lambda m: abs(m.start - start))
        near = next((m.place for m in sure if m.place.division), None) or next((m.place for m in sure), None)
        country = near.country if near else self._hint or ""
        division = near.division if near else ""
        form = " ".join(token.form for token in self._tokens[span[0] : span[1] + 1])
        place = Place(
            id=f"prov:{division or country or 'unknown'}:{form}",
            name=" ".join(self._text[token.start : token.end] for token in self._tokens[span[0] : span[1] + 1]),
            name_en="",
            lat=None,
            lon=None,
            level=cue.introduces or "town",
            country=country,
            division=division,
            within=tuple(id for id in (division, country) if id),
            provisional=True,
        )
        return Mention(start, end, place, _DOUBT_LIMIT, cue.word, (place.id,))


def _prior(place: Place) -> float:
    inhabited = log10(place.population + 10) if place.level in ("town", "part") else 0.0
    return max(_WEIGHT[place.level], inhabited)


def _same_spot(one: Place, other: Place) -> bool:
    """Whether it matters little which of the two is meant: one lies in the other, or both in one division."""
    if one.id == other.id or one.id in other.within or other.id in one.within:
        return True
    return bool(one.division) and one.division == other.division
