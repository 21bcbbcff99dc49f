"""The gazetteer: every place that is known, by its id and its names, and where a text names one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pipeline.core.arabic import fold
from pipeline.core.mentions import Counts, Entry, Mention, Names, Search, prior
from pipeline.core.placenames import Phrases, PlaceWords, folded_words
from pipeline.core.places import Place
from pipeline.core.senses import one_sense

__all__ = ["Counts", "Entry", "Gazetteer", "Mention"]


class Gazetteer:
    """Known places. `demonyms` maps folded forms of adjectives of nationality to ids of countries."""

    def __init__(self, entries: Iterable[Entry], words: PlaceWords, demonyms: Mapping[str, str]) -> None:
        self._places: dict[str, Place] = {}
        self._spellings: dict[str, None] = {}
        by_phrase: dict[tuple[str, ...], tuple[Entry, ...]] = {}
        for entry in entries:
            self._places.setdefault(entry.place.id, entry.place)
            for spelling in entry.spellings:
                phrase = folded_words(spelling)
                by_phrase[phrase] = (*by_phrase.get(phrase, ()), entry)
                if not entry.needs_cue:
                    self._spellings[spelling] = None
        self._by_name: dict[str, dict[str, Place]] = defaultdict(dict)
        for phrase, found in by_phrase.items():
            self._by_name[" ".join(phrase)].update({entry.place.id: entry.place for entry in found})
        for place in self._places.values():
            for name in (place.name, place.name_en):
                self._by_name[" ".join(folded_words(name))][place.id] = place
        # A name of something else shields the places that it holds.
        by_phrase |= dict.fromkeys(words.not_places, ())
        self._names = Names(Phrases(by_phrase), words, demonyms)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def __len__(self) -> int:
        return len(self._places)

    def mentions(self, text: str, country_hint: str | None = None) -> list[Mention]:
        """The places that the text names, in its order. `country_hint` ("country:SY") is where it is likely to play."""
        return one_sense(Search(self._names, text, country_hint).mentions())

    def by_id(self, id: str) -> Place | None:
        """The place of this id; None for one that is not known, and for a provisional one."""
        return self._places.get(id)

    def find(self, name: str) -> list[Place]:
        """The places of this name, in any spelling or in English, the likeliest first."""
        found = self._by_name.get(" ".join(folded_words(name)), {})
        return sorted(found.values(), key=lambda place: (-prior(place), place.id))

    def demonym(self, form: str) -> Place | None:
        """The country of an adjective of nationality (الروسية، السوريين), a proclitic before it allowed."""
        country = self._names.demonym(fold(form))
        return self._places.get(country) if country else None

    def contains(self, outer: Place, inner: Place) -> bool:
        """Whether `outer` is `inner` or lies around it."""
        return outer.id == inner.id or outer.id in inner.within

    def names(self) -> Iterable[str]:
        """The spellings that stand for places without a cue: an index does well not to stem them."""
        return self._spellings.keys()

    spellings = names
