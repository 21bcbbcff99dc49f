"""The parties of `config/speakers.toml`: who they are, which camp they belong to, and where a text names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.analysis import light_stem
from pipeline.core.arabic import Token, fold, proclitic_splits, tokens
from pipeline.core.events import without_article
from pipeline.core.grammar import QUOTES

_PREFIXES = frozenset({"", "و", "ف", "ل", "ب", "ول", "فل", "وب", "ك"})
_ARTICLES = ("ال", "وال", "فال", "بال", "وبال", "لل", "ولل", "كال")


@dataclass(frozen=True, slots=True)
class KnownParty:
    """An entry of `config/speakers.toml`."""

    id: str
    camp: str
    name: str
    name_en: str
    agency: bool


@dataclass(frozen=True, slots=True)
class PartyMention:
    """Tokens `first` to `last` (inclusive) that name a known party, and the proclitic before them."""

    first: int
    last: int
    party: KnownParty
    prefix: str


class Speakers:
    """The table of parties, searched by the words that name them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Build from `config/speakers.toml`. Raises `ValueError` naming a party with an unknown camp."""
        self.camps: Mapping[str, str] = dict(data["camps"])
        self.officials: Mapping[str, str] = dict(data["officials"])
        self.parties: dict[str, KnownParty] = {}
        self.common = frozenset(light_stem(fold(word)) for word in data["heads"]["common"])
        self.local = {fold(name): dict(table) for name, table in data["local"].items()}
        self._trie: dict[str, Any] = {}
        for name, entry in data["party"].items():
            camp = entry.get("camp", "")
            if camp and camp not in self.camps:
                raise ValueError(f"speakers.toml: party {name!r} names the camp {camp!r}, which is not in [camps]")
            known = KnownParty(
                name,
                camp,
                _short(entry["names"][0], data["heads"]["agency"]),
                entry["name_en"],
                entry.get("agency", False),
            )
            self.parties[name] = known
            for spelling in entry["names"]:
                self._learn(spelling, known)

    def names_en(self) -> dict[str, str]:
        """English names by party id."""
        return {name: party.name_en for name, party in self.parties.items()}

    def _learn(self, spelling: str, party: KnownParty) -> None:
        node = self._trie
        for token in tokens(spelling):
            if token.kind != "mark":
                node = node.setdefault(without_article(token.form), {})
        node.setdefault("", party)

    def mentions(self, line: Sequence[Token]) -> list[PartyMention]:
        """The known parties named in a line of tokens, longest names first, none overlapping."""
        found: list[PartyMention] = []
        index = 0
        while index < len(line):
            mention = self._at(line, index) if line[index].kind == "word" else None
            if mention is not None:
                found.append(mention)
                index = mention.last + 1
            else:
                index += 1
        return found

    def _at(self, line: Sequence[Token], index: int) -> PartyMention | None:
        best: PartyMention | None = None
        for prefix, rest in proclitic_splits(line[index].form):
            article = prefix.endswith(_ARTICLES)
            if not (prefix in _PREFIXES or article) or (article and len(rest) < 3):
                continue
            node = self._trie.get(without_article(rest))
            position, last = index, index
            while node is not None:
                if "" in node and (best is None or last > best.last):
                    best = PartyMention(index, last, node[""], prefix)
                position += 1
                while position < len(line) and line[position].form in QUOTES:
                    position += 1
                if position >= len(line) or line[position].kind == "mark":
                    break
                node = node.get(without_article(line[position].form))
                last = position
        return best


def _short(name: str, heads: Sequence[str]) -> str:
    """A name without the noun before it: وكالة رويترز is رويترز."""
    first, _, rest = name.partition(" ")
    return rest if rest and first in heads else name
