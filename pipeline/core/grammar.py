"""The function words of news sentences: who says, how strongly, what is negated, what is only recalled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.core.arabic import Token, fold, proclitic_splits, tokens
from pipeline.core.verbs import conjugate

Force = Literal["say", "deny", "admit", "allege", "retract"]
SayingForm = Literal["past", "present", "masdar", "participle"]

FORCES: tuple[Force, ...] = ("say", "deny", "admit", "allege", "retract")
QUOTES = frozenset("\"“”«»„‟'’‘")
_CONJUNCTIONS = ("", "و", "ف")


@dataclass(frozen=True, slots=True)
class Saying:
    """A word that opens what someone says: its force, its form, and the proclitics written before it."""

    force: Force
    form: SayingForm
    prefix: str
    only_before: frozenset[str]
    pronoun: bool


class Phrases:
    """A set of short fixed phrases, looked up at a token of a line."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for phrase in phrases:
            forms = tuple(token.form for token in tokens(phrase))
            self._by_first.setdefault(forms[0], []).append(forms)

    def at(self, line: Sequence[Token], index: int) -> int:
        """How many tokens from `index` are a phrase, 0 for none. A single last letter asks for that proclitic."""
        if line[index].kind != "word":
            return 0
        longest = 0
        for prefix, rest in proclitic_splits(line[index].form):
            if prefix not in _CONJUNCTIONS:
                continue
            for forms in self._by_first.get(rest, ()):
                longest = max(longest, _length(line, index, forms))
        return longest

    def find(self, line: Sequence[Token], start: int, end: int) -> int | None:
        """The first token in [start, end) at which a phrase stands."""
        return next((index for index in range(start, min(end, len(line))) if self.at(line, index)), None)


def _length(line: Sequence[Token], index: int, forms: tuple[str, ...]) -> int:
    for offset in range(1, len(forms)):
        position, wanted = index + offset, forms[offset]
        if position >= len(line):
            return 0
        form = line[position].form
        if len(wanted) == 1 and offset == len(forms) - 1:
            return offset if form.startswith(wanted) else 0
        if form != wanted:
            return 0
    return len(forms)


class Grammar:
    """`config/grammar.toml`, ready for looking words up."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._sayings: dict[str, list[Saying]] = {}
        for force in FORCES:
            self._learn(force, data["sayings"][force])
        # "denied flatly": the verbal noun in the accusative only strengthens its verb.
        nouns = (noun for force in FORCES for noun in data["sayings"][force].get("masdars", ()))
        self._emphatic = frozenset(fold(noun) + "ا" for noun in nouns)
        self.according = Phrases(data["according"]["phrases"])
        self.refuting_before = Phrases(data["refutations"]["before"])
        self.refuting_after = Phrases(data["refutations"]["after"])
        self.breaks = Phrases(data["clauses"]["breaks"])
        self.recalling = Phrases(data["background"]["openers"])
        self.recalled = Phrases(data["background"]["phrases"])
        self.expecting_phrases = Phrases(data["modality"]["expected_phrases"])
        self.phrase_stops = Phrases(data["speaking"]["stops"])
        self.pending = Phrases(data["negation"]["pending"])
        self.pending_after = Phrases(data["negation"]["pending_after"])
        self.correcting = Phrases(data["corrections"]["openers"])
        self.rumours = _set(data["rumours"]["nouns"])
        self.verbal_negators = _set(data["negation"]["verbal"])
        self.nominal_negators = _set(data["negation"]["nominal"])
        self.future_negators = _set(data["negation"]["future"])
        self.exceptions = _set(data["negation"]["exception"])
        self.failing = _verbs(data["negation"]["failure"]) | _set(data["negation"]["failure_nouns"])
        self.expecting_particles = _set(data["modality"]["expected_particles"])
        self.expecting = _verbs(data["modality"]["expected_verbs"]) | _set(data["modality"]["expected_nouns"])
        self.threatening = _verbs(data["modality"]["threatened_verbs"]) | _set(data["modality"]["threatened_nouns"])
        self.openers = _set(data["clauses"]["openers"])
        self.presupposing = Phrases(data["clauses"]["presupposing"])
        self.granting = Phrases(data["clauses"]["granting"])
        self.topical = _set(data["clauses"]["topical"])
        self.happening = _verbs(data["clauses"]["happening"]) | _set(data["clauses"]["existential"])
        self.linking = _nouns(data["clauses"]["linking"])
        self.being = _set(data["clauses"]["being"])
        self.asserting_nouns = _set(data["clauses"]["asserting_nouns"])
        self.roles = _set(data["speaking"]["roles"])
        self.persons = _set(data["speaking"]["persons"])
        self.official = _set(data["speaking"]["official"])
        self.pointing = _set(data["speaking"]["pointing"])
        self.relay_heads = _set(data["relays"]["heads"])
        self.passing = _verbs(data["relays"]["passing"])
        self.needing_opener = _verbs(data["sayings"]["needing_opener"])
        self.quoted_from = fold(data["relays"]["quoted_from"])
        self.through = _set(data["relays"]["through"])
        self.relatives = _set(data["phrases"]["relatives"])
        self.restricting = _set(data["phrases"]["restricting"])
        self.article = str(data["phrases"]["article"])
        self.prepositions = _set(data["phrases"]["prepositions"])
        self.of_them = _set(data["phrases"]["of_them"])
        self.perfect = _set(data["phrases"]["perfect"])
        self.continuing = _set(data["phrases"]["continuing"])
        self.inside = _set(data["phrases"]["inside"])
        self.no = _set(data["phrases"]["no"])
        self.befalling = _set(data["phrases"]["befalling"])
        self.there = _set(data["phrases"]["there"])
        self.platforms = {fold(form): name for form, name in data["relays"]["platforms"].items()}
        self.place_words = _set(data["anaphora"]["places"])

    def saying(self, line: Sequence[Token], index: int) -> Saying | None:
        """The saying that the token opens, if any; words that need a certain follower are checked for it."""
        token = line[index]
        if token.kind != "word" or token.form in self._emphatic:
            return None
        for prefix, rest in proclitic_splits(token.form):
            for saying in self._sayings.get(rest, ()):
                if saying.form in ("past", "present") and prefix not in _CONJUNCTIONS:
                    continue
                if saying.only_before and not _followed(line, index, saying.only_before):
                    continue
                return Saying(saying.force, saying.form, prefix, saying.only_before, saying.pronoun)
        return None

    def _learn(self, force: Force, words: Mapping[str, Any]) -> None:
        for past, present, *rest in words["verbs"]:
            only_before = frozenset(fold(word) for word in rest[0].split("|")) if rest else frozenset()
            plain = {fold(past), fold(past) + "ت", fold(present)}
            for form, tense in conjugate(past, present).items():
                pronoun = form not in plain and form.endswith(("ه", "ها", "هم"))
                self._sayings.setdefault(form, []).append(Saying(force, tense, "", only_before, pronoun))
        for noun in words.get("masdars", ()):
            base = fold(noun)
            stem = base[:-1] + "ت" if base.endswith("ه") else base
            for form in (base, stem + "ه", stem + "ها", stem + "هم"):
                self._sayings.setdefault(form, []).append(Saying(force, "masdar", "", frozenset(), form != base))
        for participle in words.get("participles", ()):
            entry = Saying(force, "participle", "", frozenset(), False)
            self._sayings.setdefault(fold(participle), []).append(entry)


def rests(token: Token) -> Iterable[str]:
    """The folded word without each proclitic that it may carry, itself first."""
    return (rest for _, rest in proclitic_splits(token.form))


def among(token: Token, words: frozenset[str]) -> bool:
    """Whether the word, with or without proclitics, is one of `words`."""
    return token.kind == "word" and any(rest in words for rest in rests(token))


def _followed(line: Sequence[Token], index: int, wanted: frozenset[str]) -> bool:
    for token in line[index + 1 : index + 9]:
        if token.kind == "mark":
            continue
        if token.form in wanted or ("ب" in wanted and token.form[0] == "ب" and len(token.form) > 3):
            return True
    return False


def _set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word) for word in words)


def _nouns(words: Iterable[str]) -> frozenset[str]:
    """Nouns with the pronouns that they take: صلة، صلته، صلتها."""
    forms: set[str] = set()
    for word in _set(words):
        stem = word[:-1] + "ت" if word.endswith("ه") else word
        forms |= {word, word + "ا", *(stem + pronoun for pronoun in ("ه", "ها", "هم", "نا"))}
    return frozenset(forms)


def _verbs(pairs: Iterable[Sequence[str]]) -> frozenset[str]:
    return frozenset(form for past, present in pairs for form in conjugate(past, present))
