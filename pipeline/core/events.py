"""Event kinds: which happenings naqid knows, in which words they are told, and which cannot hold together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.core.arabic import Token, fold, proclitic_splits, tokens
from pipeline.core.verbs import conjugate

Aspect = Literal["event", "state"]
Theme = Literal["actor", "object", "place"]
TriggerForm = Literal["past", "present", "noun", "phrase"]

# The table of `config/events.toml` that holds no kind.
LISTS = "lists"
# A verb's or noun's complement must follow within so many tokens.
_REACH = 7
_PRONOUNS = ("ه", "ها", "هم", "هما", "هن", "نا")
_PREFIXES = {
    "past": frozenset({"", "و", "ف"}),
    "present": frozenset({"", "و", "ف", "س", "وس", "فس", "ل", "ول", "فل"}),
}


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of happening; the fields are explained at the head of `config/events.toml`."""

    id: str
    plover: str
    topic: str
    sign: int
    aspect: Aspect
    theme: Theme
    person: bool
    opposes: frozenset[str]
    days: int | None
    label_ar: str
    label_en: str
    family: str
    national: bool
    exclusive: bool
    recurs: bool
    converse: frozenset[str]
    headline_as: str
    person_as: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """Words that tell of a happening: tokens `first` to `last` (inclusive); `head` carries the meaning.

    `prefix` holds the proclitics written before the head; `pronoun` is True for "his withdrawal".
    """

    kind: EventKind
    form: TriggerForm
    first: int
    last: int
    prefix: str
    pronoun: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: EventKind
    form: TriggerForm
    complements: frozenset[str]
    pronoun: bool
    around: bool = False


class EventKinds:
    """The table of kinds, and the words that tell of them."""

    def __init__(
        self,
        kinds: Mapping[str, EventKind],
        words: Mapping[str, Mapping[str, Any]],
        lists: Mapping[str, str],
    ) -> None:
        self._kinds = dict(kinds)
        self._lists = dict(lists)
        self._entries: dict[str, list[_Entry]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], EventKind]]] = {}
        self._not_before: dict[str, frozenset[str]] = {}
        self._not_after: dict[str, frozenset[str]] = {}
        self._never: dict[str, frozenset[str]] = {}
        for kind in self._kinds.values():
            self._learn(kind, words[kind.id])

    @classmethod
    def from_toml(cls, data: Mapping[str, Any]) -> EventKinds:
        """Build the table from `config/events.toml`. Raises `ValueError` naming the kind that is wrong."""
        kinds: dict[str, EventKind] = {}
        words = {name: entry for name, entry in data.items() if name != LISTS}
        for name, entry in words.items():
            try:
                kinds[name] = EventKind(
                    id=name,
                    plover=entry["plover"],
                    topic=entry["topic"],
                    sign=entry["sign"],
                    aspect=entry["aspect"],
                    theme=entry["theme"],
                    person=entry.get("person", False),
                    opposes=frozenset(entry["opposes"]),
                    days=entry.get("days"),
                    label_ar=entry["label_ar"],
                    label_en=entry["label_en"],
                    family=entry.get("family", entry["topic"]),
                    national=entry.get("national", False),
                    recurs=entry.get("recurs", False),
                    exclusive=entry.get("exclusive", False),
                    converse=frozenset(entry.get("converse", ())),
                    headline_as=entry.get("headline_as", ""),
                    person_as=entry.get("person_as", ""),
                )
            except (KeyError, TypeError) as error:
                raise ValueError(f"events.toml: kind {name!r}: {error} is missing or wrong") from error
        for kind in kinds.values():
            for other in (*kind.opposes, *kind.converse, *filter(None, [kind.headline_as, kind.person_as])):
                if other not in kinds:
                    raise ValueError(f"events.toml: kind {kind.id!r} names {other!r}, which is no kind")
        return cls(kinds, words, data.get(LISTS, {}))

    def __getitem__(self, kind: str) -> EventKind:
        return self._kinds[kind]

    def __iter__(self) -> Any:
        return iter(self._kinds.values())

    def __contains__(self, kind: object) -> bool:
        return kind in self._kinds

    def __len__(self) -> int:
        return len(self._kinds)

    def triggers(self, line: Sequence[Token], names: Container[int] = ()) -> list[Trigger]:
        """All triggers in a line of tokens, in order; the more specific reading of a word wins.

        `names` are indices of tokens that belong to names: عين العرب is a town and no appointment.
        """
        found: list[Trigger] = []
        taken: set[int] = set()
        for index, token in enumerate(line):
            if token.kind != "word" or index in taken or index in names:
                continue
            best = self._phrase_at(line, index) or self._word_at(line, index)
            if best is None:
                continue
            # A verb takes its complement with it, not what stands between.
            taken.update(range(index, best.last + 1) if best.form == "phrase" else (index, best.last))
            if not (found and _absorbed(line, found[-1], best)):
                found.append(best)
        return found

    def _learn(self, kind: EventKind, words: Mapping[str, Any]) -> None:
        for past, present, *rest in words.get("verbs", ()):
            complements = self._words(kind, rest[0]) if rest else frozenset()
            for form, tense in conjugate(past, present).items():
                self._entries.setdefault(form, []).append(_Entry(kind, tense, complements, False, len(rest) > 1))
        for noun in words.get("nouns", ()):
            base, complements = (noun, frozenset()) if isinstance(noun, str) else (noun[0], self._words(kind, noun[1]))
            for form, pronoun in _noun_forms(fold(base)).items():
                self._entries.setdefault(form, []).append(_Entry(kind, "noun", complements, pronoun))
        for phrase in words.get("phrases", ()):
            forms = tuple(without_article(token.form) for token in tokens(phrase))
            self._phrases.setdefault(forms[0], []).append((forms, kind))
        self._never[kind.id] = frozenset(fold(word) for word in words.get("never", ()))
        self._not_after[kind.id] = frozenset(fold(word) for word in words.get("not_after", ()))
        self._not_before[kind.id] = frozenset(fold(word) for word in words.get("not_before", ()))

    def _words(self, kind: EventKind, alternatives: str) -> frozenset[str]:
        """The words of "a|b|@list", folded."""
        found: set[str] = set()
        for word in filter(None, alternatives.split("|")):
            if not word.startswith("@"):
                found.add(fold(word))
            elif word[1:] in self._lists:
                found |= self._words(kind, self._lists[word[1:]])
            else:
                raise ValueError(f"events.toml: kind {kind.id!r}: {word[1:]!r} is not in [{LISTS}]")
        return frozenset(found)

    def _phrase_at(self, line: Sequence[Token], index: int) -> Trigger | None:
        best: Trigger | None = None
        for prefix, rest in proclitic_splits(line[index].form):
            for forms, kind in self._phrases.get(without_article(rest), ()):
                last = _sequence_end(line, index, forms)
                if last is not None and (best is None or last > best.last):
                    best = Trigger(kind, "phrase", index, last, prefix, False)
        return best

    def _word_at(self, line: Sequence[Token], index: int) -> Trigger | None:
        found: list[tuple[tuple[bool, bool, int], Trigger]] = []
        for prefix, rest in proclitic_splits(line[index].form):
            for entry in self._entries.get(rest, ()):
                if entry.form != "noun" and prefix not in _PREFIXES[entry.form]:
                    continue
                last = _complement(line, index, entry.complements) if entry.complements else index
                if last is None and entry.around and _complement_before(line, index, entry.complements):
                    last = index
                if last is None or self._shielded(line, index, entry.kind):
                    continue
                # سيطرته can be read "she controlled it" or "his control": the noun is what newspapers mean.
                meant_noun = entry.pronoun and rest.endswith(("ته", "تها", "تهم"))
                trigger = Trigger(entry.kind, entry.form, index, last, prefix, entry.pronoun)
                found.append(((bool(entry.complements), meant_noun, last), trigger))
        # The first of the most specific readings; kinds stand in the order of events.toml.
        return max(found, key=lambda item: item[0], default=(None, None))[1]

    def _shielded(self, line: Sequence[Token], index: int, kind: EventKind) -> bool:
        if line[index].form in self._never[kind.id]:
            return True
        if index and line[index - 1].form in self._not_after[kind.id]:
            return True
        words = self._not_before[kind.id]
        near = line[max(0, index - 2) : index + 5]
        return bool(words) and any(rest in words for token in near for _, rest in proclitic_splits(token.form))


def _absorbed(line: Sequence[Token], before: Trigger, noun: Trigger) -> bool:
    """ "Agreed to a ceasefire" is one happening: a noun of the topic belongs to the verb before it."""
    if noun.form in ("past", "present") or (before.kind.topic, before.kind.sign) != (noun.kind.topic, noun.kind.sign):
        return False
    between = line[before.last + 1 : noun.first]
    return len(between) <= _REACH - 2 and all(token.kind != "mark" for token in between)


def without_article(form: str) -> str:
    """The folded word without ال, where two letters remain."""
    return form[2:] if form.startswith("ال") and len(form) >= 4 else form


def _noun_forms(base: str) -> dict[str, bool]:
    """A folded verbal noun with the pronouns and the accusative ending that it takes → whether a pronoun is on."""
    stem = base[:-1] + "ت" if base.endswith("ه") else base
    forms = {stem + pronoun: True for pronoun in _PRONOUNS}
    forms |= {base: False, base + "ا": False}
    return forms


def _sequence_end(line: Sequence[Token], index: int, forms: tuple[str, ...]) -> int | None:
    position, matched = index + 1, 1
    while matched < len(forms) and position < len(line):
        token = line[position]
        if token.kind == "mark" and token.form in "\"“”«»'":
            position += 1
            continue
        if all(without_article(rest) != forms[matched] for _, rest in proclitic_splits(token.form)):
            return None
        matched += 1
        position += 1
    return position - 1 if matched == len(forms) else None


def _complement_before(line: Sequence[Token], index: int, complements: frozenset[str]) -> bool:
    near = line[max(0, index - _REACH) : index]
    return any(rest in complements for token in near for _, rest in proclitic_splits(token.form))


def _complement(line: Sequence[Token], index: int, complements: frozenset[str]) -> int | None:
    for position in range(index + 1, min(index + 1 + _REACH, len(line))):
        token = line[position]
        if token.kind == "mark" and token.form in "،.:؛!؟":
            return None
        for prefix, rest in proclitic_splits(token.form):
            if rest in complements or (prefix and prefix[-1] in complements) or prefix + rest in complements:
                # Prepositions only licence the verb; the word itself may carry a meaning of its own.
                return position if len(rest) > 3 and rest in complements else index
    return None
