"""How words stand in an FTS5 table, and which expression finds what a person asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.query_words import Asked, Wish

_ASCII_MARK = re.compile(r"[^0-9a-z\x80-\U0010ffff]")
_PRIVATE = 0xE000


def expression(wished: Asked) -> str:
    """What FTS5 is asked: all wishes together; "" for what nothing can match."""
    return " AND ".join(_either(wish) for wish in wished.wishes)


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


def _either(wish: Wish) -> str:
    every = _phrase(wish.terms) if wish.in_order else " AND ".join(_phrase([term]) for term in wish.terms)
    choices = [f"({every})"] if every else []
    choices += [_phrase([place_term(id)]) for id in wish.places]
    return f"({' OR '.join(choices)})"


def _phrase(terms: Iterable[str]) -> str:
    return f'"{stored(terms)}"'
