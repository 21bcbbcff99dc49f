"""What a person's query asks for, in terms of the Arabic analysis, before any index's own language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from connectors import snippets
from connectors.sqlite_documents import Entry
from pipeline.core.analysis import Analyzer, Term

PlacesOf = Callable[[str], Iterable[tuple[int, int, str]]]
"""The places that a text names: (start, end, place id), in characters of the text; one name may mean several."""

_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»')


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a document must have: `terms`, next to each other if `in_order`, or one of the `places`."""

    terms: tuple[str, ...]
    places: tuple[str, ...] = ()
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a query asks for; without `wishes` nothing can match."""

    wishes: tuple[Wish, ...] = ()

    def snippet(self, found: Entry, analyzer: Analyzer, marks: tuple[str, str], width: int) -> str:
        """The piece of the document that shows why it was found, else its beginning."""
        if not self.wishes:
            return snippets.snippet(found.text or found.title, (), marks, width)
        meant = {place for wish in self.wishes for place in wish.places}
        runs = {wish.terms for wish in self.wishes}
        runs |= {tuple(analyzer.terms(name)) for place in found.places if place.id in meant for name in place.names}
        for text in (found.text, found.title):
            if spans := snippets.matches(analyzer.analyze(text), frozenset(runs)):
                return snippets.snippet(text, spans, marks, width)
        return snippets.snippet(found.text or found.title, (), marks, width)


def asked(words: str, analyzer: Analyzer, places_of: PlacesOf) -> Asked:
    """Every word is a wish, and so is every phrase in quotation marks; stop words and marks are none.

    The words of a place's name are one wish together, which the place itself fulfils under any other name.
    """
    wishes: dict[Wish, None] = {}
    for text, quoted in _pieces(words):
        terms, places = analyzer.analyze(text), sorted(places_of(text))
        if quoted:
            whole = dict.fromkeys(id for start, end, id in places if text[start:end].strip() == text.strip())
            if terms:
                wishes[Wish(tuple(term.term for term in terms), tuple(whole), in_order=True)] = None
        else:
            wishes.update(dict.fromkeys(_wishes(terms, places)))
    return Asked(tuple(wishes))


def _pieces(words: str) -> Iterator[tuple[str, bool]]:
    """The parts of the query, and whether each stood in quotation marks."""
    reached = 0
    for match in _QUOTED.finditer(words):
        yield words[reached : match.start()], False
        yield next(group for group in match.groups() if group is not None), True
        reached = match.end()
    yield words[reached:], False


def _wishes(terms: Sequence[Term], places: Sequence[tuple[int, int, str]]) -> Iterator[Wish]:
    for start, end, ids in _names(places):
        inside = tuple(term.term for term in terms if term.start < end and start < term.end)
        yield Wish(inside, ids)
    names = [(start, end) for start, end, _ in _names(places)]
    for term in terms:
        if not any(term.start < end and start < term.end for start, end in names):
            yield Wish((term.term,))


def _names(places: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, tuple[str, ...]]]:
    """Stretches of the text that name a place, with all that each may mean; overlapping ones are one."""
    names: list[tuple[int, int, tuple[str, ...]]] = []
    for start, end, id in places:
        if names and start < names[-1][1]:
            first, last, ids = names.pop()
            names.append((first, max(last, end), tuple(dict.fromkeys((*ids, id)))))
        else:
            names.append((start, end, (id,)))
    return names
