"""How words stand in an FTS5 table, and which expression finds what a person asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.core.analysis import Analyzer, Term

PlacesOf = Callable[[str], Iterable[tuple[int, int, str]]]
"""The places that a text names: (start, end, place id), in characters of the text; one name may mean several."""

Sequences = frozenset[tuple[str, ...]]
"""Runs of terms that follow each other."""

_PHRASE = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»')
_ASCII_MARK = re.compile(r"[^0-9a-z\x80-\U0010ffff]")
_PRIVATE = 0xE000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asks for: `expression` for FTS5 ("" for what nothing can match), the runs of terms to mark in
    a snippet, and the ids of the places that it names, whose own names are marked too."""

    expression: str
    sequences: Sequences
    places: frozenset[str]


@dataclass(slots=True)
class _Name:
    """A place's name in a query: where it stands, what it may mean, its terms."""

    start: int
    end: int
    ids: list[str]
    terms: list[str] = field(default_factory=list)


def wanted(words: str, analyzer: Analyzer, places_of: PlacesOf) -> Wanted:
    """Read a query: every word must be there, in any order; what stands in quotation marks, in that order.

    A name of a place, of however many words, is found by its words or by the place itself: a document that names
    the place in another spelling carries its id. Stop words and marks ask for nothing.
    """
    conditions: dict[str, None] = {}
    sequences: set[tuple[str, ...]] = set()
    places: set[str] = set()
    for text, is_phrase in _parts(words):
        terms = analyzer.analyze(text)
        mentions = sorted(places_of(text))
        if not is_phrase:
            groups = _by_place(terms, mentions)
        elif terms:
            whole = [id for start, end, id in mentions if text[start:end].strip() == text.strip()]
            groups = [([term.term for term in terms], whole)]
        else:
            groups = []
        for run, ids in groups:
            conditions[_either(run, ids, in_order=is_phrase)] = None
            sequences.add(tuple(run))
            places.update(ids)
    return Wanted(" AND ".join(conditions), frozenset(sequences), frozenset(places))


def stored(terms: Iterable[str]) -> str:
    """Terms as the column of an FTS5 table with the tokenizer "ascii" keeps them apart and whole.

    That tokenizer splits at ASCII marks and nowhere else, so they are moved to the private use area.
    """
    return " ".join(
        _ASCII_MARK.sub(lambda mark: chr(_PRIVATE + ord(mark.group())), storable(term)) for term in terms if term
    )


def place_term(id: str) -> str:
    """The term under which a document is found by a place that it names; no word of a text is written so."""
    return f"place:{id}"


def storable(text: str) -> str:
    """The text with what UTF-8 cannot hold (half a surrogate pair) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _parts(words: str) -> Iterable[tuple[str, bool]]:
    """The query's pieces, and whether each stood in quotation marks."""
    end = 0
    for match in _PHRASE.finditer(words):
        yield words[end : match.start()], False
        yield match.group(match.lastindex or 0), True
        end = match.end()
    yield words[end:], False


def _by_place(terms: Sequence[Term], mentions: Sequence[tuple[int, int, str]]) -> list[tuple[list[str], list[str]]]:
    """The terms one by one, those of one place's name together with the ids that the name may mean."""
    names: list[_Name] = []
    for start, end, id in mentions:
        if names and start < names[-1].end:
            names[-1].end = max(names[-1].end, end)
            names[-1].ids.append(id)
        else:
            names.append(_Name(start, end, [id]))
    single: list[tuple[list[str], list[str]]] = []
    for term in terms:
        name = next((name for name in names if term.start < name.end and name.start < term.end), None)
        if name is None:
            single.append(([term.term], []))
        else:
            name.terms.append(term.term)
    return single + [(name.terms, name.ids) for name in names]


def _either(run: Sequence[str], ids: Sequence[str], in_order: bool) -> str:
    every = _phrase(run) if in_order else " AND ".join(_phrase([term]) for term in run)
    choices = [f"({every})"] if every else []
    choices += [_phrase([place_term(id)]) for id in dict.fromkeys(ids)]
    return f"({' OR '.join(choices)})"


def _phrase(terms: Iterable[str]) -> str:
    return f'"{stored(terms)}"'
