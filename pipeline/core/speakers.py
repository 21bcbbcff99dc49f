"""Parties: who speaks and who acts, which camp they belong to, and whom a phrase such as "the official" means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.analysis import light_stem
from pipeline.core.arabic import Token, fold, proclitic_splits, tokens, without_clitics
from pipeline.core.claims import Party
from pipeline.core.events import without_article
from pipeline.core.gazetteer import Gazetteer
from pipeline.core.grammar import QUOTES, Grammar, among, rests
from pipeline.core.places import Place

# Words that many parties' names share and that therefore identify nobody.
_COMMON = frozenset(
    ("مدير", "رئيس", "وزير", "قائد", "عضو", "نائب", "في", "من", "عام", "سابق", "مدينه", "احد", "عدد", "علي")
)
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


class Cast:
    """Who has spoken so far in one article: turns a phrase into a party and resolves phrases that point back."""

    def __init__(self, speakers: Speakers, grammar: Grammar, gazetteer: Gazetteer, country: Place | None) -> None:
        """`country` is where the article plays: its officials are meant by "the army", "the ministry"."""
        self._speakers = speakers
        self._grammar = grammar
        self._gazetteer = gazetteer
        self._country = country
        self._spoken: list[Party] = []

    @property
    def last(self) -> Party | None:
        """The speaker before, for a verb without a subject of its own."""
        return self._spoken[-1] if self._spoken else None

    def speaks(self, party: Party) -> None:
        """Remember that this party has spoken."""
        self._spoken.append(party)

    def party(self, text: str, line: Sequence[Token], mentions: Sequence[PartyMention]) -> Party | None:
        """The party that a noun phrase names; None for an empty phrase.

        `line` holds the phrase's tokens, `mentions` the known parties inside it (indices into `line`).
        """
        words = [token for token in line if token.kind != "mark"]
        if not words:
            return None
        name = _clean(text[words[0].start : words[-1].end])
        head = words[0]
        if mentions and mentions[0].first <= _lead(line):
            known = mentions[0].party
            return Party(known.id, name, known.camp, recognised=True)
        meant = self._meant_here(words)
        if meant is not None:
            return Party(meant, name, self._speakers.parties[meant].camp, recognised=True)
        camp = mentions[0].party.camp if mentions else self._camp(words)
        if among(head, self._grammar.pointing) and not mentions:
            before = self._pointed_at(words, camp)
            if before is not None:
                return before
        office = among(head, self._grammar.roles) or among(head, self._grammar.pointing)
        return Party(_identity(words), name, camp, recognised=office)

    def _meant_here(self, words: Sequence[Token]) -> str | None:
        """The party that a short name means in the article's country ("the coalition", "the general command")."""
        if self._country is None:
            return None
        forms = [word.form for word in words]
        for length in range(len(forms), 0, -1):
            table = self._speakers.local.get(" ".join(forms[:length]))
            if table is not None:
                return table.get(self._country.id)
        return None

    def unnamed(self, party: Party) -> bool:
        """Whether the party is a source without a name or a known camp."""
        first = party.id.split(" ", 1)[0]
        return not party.camp and first in self._grammar.unnamed

    def _camp(self, words: Sequence[Token]) -> str:
        if not any(among(word, self._grammar.roles) or among(word, self._grammar.pointing) for word in words):
            return ""
        for word in words[1:]:
            country = self._gazetteer.demonym(word.form)
            if country is not None and country.id in self._speakers.officials:
                return self._speakers.officials[country.id]
        if self._country is not None and any(among(word, self._grammar.official) for word in words[:3]):
            return self._speakers.officials.get(self._country.id, "")
        return ""

    def _pointed_at(self, words: Sequence[Token], camp: str) -> Party | None:
        """The speaker before whom "the Russian military official" means: most words shared, then the latest."""
        shared = {without_article(rest) for word in words for rest in rests(word)}
        person = among(words[0], self._grammar.persons)
        best: tuple[int, Party] | None = None
        for party in reversed(self._spoken):
            named = [without_article(token.form) for token in tokens(party.name)]
            role = named[0] in self._grammar.roles or named[0] in self._grammar.persons
            if (camp and party.camp != camp) or (role and person != (named[0] in self._grammar.persons)):
                continue
            score = len(shared & set(named))
            if best is None or score > best[0]:
                best = (score, party)
        return best[1] if best is not None else None


def same_party(first: Party | None, second: Party | None) -> bool:
    """Whether two parties are one: the same id, or phrases of which one's words all stand in the other."""
    if first is None or second is None:
        return False
    if first.id == second.id:
        return True
    one, two = set(first.id.split()), set(second.id.split())
    smaller = min(len(one), len(two))
    return smaller >= 2 and len(one & two) == smaller


def shared_words(one: Party, two: Party) -> frozenset[str]:
    """The words of two parties' names that both hold and that identify someone."""
    return (_words(one) & _words(two)) - _COMMON


def _words(party: Party) -> frozenset[str]:
    words = (light_stem(token.form) for token in tokens(party.name) if token.kind == "word")
    # The accusative's alef is no letter of the word (أربعين محتجزا).
    return frozenset(word[:-1] if word.endswith("ا") and len(word) > 4 else word for word in words if len(word) > 2)


def _short(name: str, heads: Sequence[str]) -> str:
    """A name without the noun before it: وكالة رويترز is رويترز."""
    first, _, rest = name.partition(" ")
    return rest if rest and first in heads else name


def _lead(line: Sequence[Token]) -> int:
    """The index of the first token that is no quotation mark."""
    return next((index for index, token in enumerate(line) if token.kind != "mark"), 0)


def _identity(words: Sequence[Token]) -> str:
    return " ".join(without_clitics(word.form) for word in words)


def _clean(name: str) -> str:
    return " ".join(name.translate({ord(mark): None for mark in QUOTES}).split())
