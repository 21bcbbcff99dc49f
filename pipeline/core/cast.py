"""The cast of an article: who has spoken in it, and whom a phrase such as "the Russian official" means there."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.analysis import light_stem
from pipeline.core.arabic import Token, tokens, without_clitics
from pipeline.core.claims import Party
from pipeline.core.events import without_article
from pipeline.core.gazetteer import Gazetteer
from pipeline.core.grammar import QUOTES, Grammar, among, rests
from pipeline.core.places import Place
from pipeline.core.speakers import PartyMention, Speakers

# A phrase points back to one of so many speakers at most.
_REMEMBERED = 20


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
        """Remember that this party has spoken, as the latest of the last few."""
        if party in self._spoken:
            self._spoken.remove(party)
        self._spoken.append(party)
        del self._spoken[:-_REMEMBERED]

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
            return self._made(known.id, words, name, known.camp, recognised=True)
        meant = self._meant_here(words)
        if meant is not None:
            return self._made(meant, words, name, self._speakers.parties[meant].camp, recognised=True)
        camp = mentions[0].party.camp if mentions else self._camp(words)
        if among(head, self._grammar.pointing) and not mentions:
            before = self._pointed_at(words, camp)
            if before is not None:
                return before
        office = among(head, self._grammar.roles) or among(head, self._grammar.pointing)
        return self._made(_identity(words), words, name, camp, recognised=office)

    def _made(self, id: str, words: Sequence[Token], name: str, camp: str, *, recognised: bool) -> Party:
        stems = (light_stem(word.form) for word in words if word.kind == "word")
        # The accusative's alef is no letter of the word (أربعين محتجزا).
        bare = (stem[:-1] if stem.endswith("ا") and len(stem) > 4 else stem for stem in stems)
        told = dict.fromkeys(stem for stem in bare if len(stem) > 2)
        own = tuple(stem for stem in told if stem not in self._speakers.common)
        titles = tuple(stem for stem in told if stem in self._speakers.common)
        return Party(id, name, camp, recognised, own, titles)

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
    """The identifying words that two parties' names have in common.

    One named by titles alone ("the deputy governor") may be whoever bears them all ("the deputy governor of Sinai").
    """
    if one.words and two.words:
        return frozenset(one.words) & frozenset(two.words)
    bare, other = (one, two) if not one.words else (two, one)
    return frozenset(bare.titles) if bare.titles and set(bare.titles) <= set(other.titles) else frozenset()


def _lead(line: Sequence[Token]) -> int:
    """The index of the first token that is no quotation mark."""
    return next((index for index, token in enumerate(line) if token.kind != "mark"), 0)


def _identity(words: Sequence[Token]) -> str:
    return " ".join(without_clitics(word.form) for word in words)


def _clean(name: str) -> str:
    return " ".join(name.translate({ord(mark): None for mark in QUOTES}).split())
