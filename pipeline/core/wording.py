"""The words in which reversals are told, in Arabic and English: kinds, stances, dates, counted nouns, explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pipeline.core.alerts import UNANNOUNCED, Alert, ReversalKind, State
from pipeline.core.claims import Claim, Modality, Party, Polarity
from pipeline.core.phrases import LANGUAGES, Language, Phrases
from pipeline.core.places import Place
from pipeline.core.quoting import ELLIPSIS, clean, has_direction, isolate

Counted = Literal["outlets", "origins", "hours", "days"]

_LONGEST_NAME = 100
_LONGEST_PLACE = 80
_MOST_RELAYS = 4
_ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of `config/wording.toml` with the names of event kinds, parties and outlets put beside them.

    `event_labels` gives each event kind its nouns by language ("ar", "en", or "label_ar", "label_en").
    `names_en` gives English names by the id of a party or camp, and by the Arabic name of an outlet or relay.
    Every method returns one line in which outside words are cleaned and, where they run the other way, isolated.
    """

    phrases: Phrases
    event_labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    names_en: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_toml(
        cls,
        data: Mapping[str, Any],
        event_labels: Mapping[str, Mapping[str, Any]] | None = None,
        names_en: Mapping[str, str] | None = None,
    ) -> Wording:
        """The wording of a parsed `wording.toml`. Raises `ValueError` naming the entry that is missing or wrong."""
        phrases = Phrases.from_toml(data)
        return cls(phrases, event_labels or {}, names_en or {})

    def explain(
        self,
        *,
        kind: ReversalKind,
        rule: str,
        place: Place,
        earlier: Claim,
        later: Claim,
        same_report: bool,
        outlets: Sequence[str],
        origins: int,
    ) -> dict[str, str]:
        """What reversed what, by language ("ar", "en"): who said which, through whom, when, and why not both."""
        told: dict[str, str] = {}
        for language in LANGUAGES:
            verdict = self.phrases.fill(
                f"verdicts.{kind if kind in UNANNOUNCED else 'contrary'}",
                language,
                why=self.rule(rule, kind, language),
            )
            told[language] = self.phrases.fill(
                "sides.join",
                language,
                kind=self.kind(kind, language),
                place=self.place(place, language),
                first=self._side("first", earlier, None, place, language),
                then=self._side("then", later, earlier, place, language),
                verdict=verdict + (self.phrases.fill("verdicts.same_report", language) if same_report else ""),
                counts=self.phrases.fill(
                    "verdicts.counts",
                    language,
                    outlets=self.count("outlets", len(outlets), language),
                    origins=self.count("origins", origins, language),
                ),
            )
        return told

    def explanation(self, alert: Alert, language: Language) -> str:
        """The alert's own explanation, or a new one where it brings none in this language."""
        return (
            alert.explanation.get(language)
            or self.explain(
                kind=alert.kind,
                rule=alert.rule,
                place=alert.place,
                earlier=alert.earlier,
                later=alert.later,
                same_report=alert.same_report,
                outlets=alert.outlets,
                origins=alert.origins,
            )[language]
        )

    def title(self, kind: ReversalKind, place: Place, language: Language) -> str:
        """One line for a heading: the kind of reversal in words, and where."""
        return self.label("title", language, kind=self.kind(kind, language), place=self.place(place, language))

    def label(self, key: str, language: Language, **values: str) -> str:
        """An entry of `[labels]`. Raises `KeyError` for one that is not there."""
        return self.phrases.fill(f"labels.{key}", language, **values)

    def kind(self, kind: ReversalKind, language: Language) -> str:
        return self.phrases.fill(f"kinds.{kind}", language)

    def state(self, state: State, language: Language) -> str:
        return self.phrases.fill(f"states.{state}", language)

    def polarity(self, polarity: Polarity, language: Language) -> str:
        return self.phrases.fill(f"polarities.{polarity}", language)

    def modality(self, modality: Modality, language: Language) -> str:
        return self.phrases.fill(f"modalities.{modality}", language)

    def rule(self, rule: str, kind: ReversalKind, language: Language) -> str:
        """Why two claims cannot both stand; a rule without words of its own is told by its kind."""
        key = f"rules.{rule}" if f"rules.{rule}" in self.phrases.entries else f"rules.default-{kind}"
        return self.phrases.fill(key, language)

    def event(self, kind: str, language: Language) -> str:
        """The noun of an event kind; an unlisted kind reads as its own id in English, as "an event" in Arabic."""
        labels = self.event_labels.get(kind, {})
        label = labels.get(language) or labels.get(f"label_{language}")
        if not label:
            label = kind.replace("_", " ") if language == "en" else self.label("unknown_event", language)
        return _shown(str(label), language)

    def place(self, place: Place, language: Language) -> str:
        name = place.name_en if language == "en" and place.name_en else place.name
        return _shown(name, language, _LONGEST_PLACE)

    def name(self, name: str, language: Language) -> str:
        """An outlet or relay; in English its English name if one is given, else the name as it is."""
        return _shown((self.names_en.get(name) if language == "en" else None) or name, language)

    def party(self, party: Party, language: Language) -> str:
        """A party as he was written; in English by his English name where he has one."""
        english = (self.names_en.get(party.id) or self.names_en.get(party.name)) if language == "en" else None
        return _shown(english or party.name, language)

    def camp(self, camp: str, language: Language) -> str:
        """A side by its id, which stands for it where no name is known."""
        known = self.phrases.camps_ar.get(camp) if language == "ar" else None
        return _shown(known or self.names_en.get(camp) or camp, language)

    def relays(self, claim: Claim, language: Language) -> str:
        """Through whom a claim came, as a list in words; "" where nobody passed it on."""
        names = [self.name(relay, language) for relay in claim.relayed_through[:_MOST_RELAYS]]
        if len(claim.relayed_through) > _MOST_RELAYS:
            names.append(ELLIPSIS)
        if len(names) < 2:
            return "".join(names)
        return self.label("and", language, first=self.label("between", language).join(names[:-1]), last=names[-1])

    def stance(self, claim: Claim, language: Language, what: str = "") -> str:
        """What the voice did with the happening: denied, admitted, alleged … it."""
        key = f"{claim.polarity}-{claim.modality}"
        if claim.polarity == "denied" and claim.pending:
            key = "pending"
        elif key == "affirmed-stated" and claim.explicit:
            key = "admitted"
        elif key == "affirmed-stated" and claim.speaker is None:
            key = "reported"
        return self.phrases.fill(f"stances.{key}", language, what=what).strip()

    def count(self, noun: Counted, number: int, language: Language) -> str:
        """A counted noun in its form for that number: nominative, spans of time genitive."""
        form = _plural_form(number, language)
        return self.phrases.fill(f"counts.{noun}.{form}", language, n=_digits(str(number), language))

    def percent(self, share: float, language: Language) -> str:
        return self.label("percent", language, n=_digits(str(round(share * 100)), language))

    def moment(self, moment: datetime, language: Language, dated: bool = True) -> str:
        """Weekday, day, month, year and time in UTC; said to be the time of fetching where nothing dated the report.

        Raises `ValueError` for a time without a zone.
        """
        if moment.tzinfo is None:
            raise ValueError("a time to be told needs a time zone")
        there = moment.astimezone(UTC)
        told = self.label(
            "moment",
            language,
            weekday=self.phrases.weekdays[language][there.weekday()],
            day=_digits(str(there.day), language),
            month=self.phrases.months[language][there.month - 1],
            year=_digits(str(there.year), language),
            time=_digits(f"{there:%H:%M}", language),
        )
        return told if dated else self.phrases.fill("sides.undated", language, moment=told)

    def matter(self, claim: Claim, place: Place, language: Language) -> str:
        """The happening with its parties, and its place where that is not the given one."""
        actor = self.party(claim.actor, language) if claim.actor else ""
        object_ = self.party(claim.object, language) if claim.object else ""
        key = {(True, True): "parties_both", (True, False): "parties_one", (False, True): "parties_of"}.get(
            (bool(actor), bool(object_))
        )
        parties = self.phrases.fill(f"sides.{key}", language, actor=actor, object=object_) if key else ""
        there = "what" if claim.place.id == place.id else "what_at"
        return self.phrases.fill(
            f"sides.{there}",
            language,
            event=self.event(claim.kind, language),
            parties=parties,
            place=self.place(claim.place, language),
        )

    def facts(self, claim: Claim, language: Language) -> list[tuple[str, str]]:
        """A claim in headings and values: who, for which side, what he did with it, through whom, printed where."""
        said = self.polarity(claim.polarity, language)
        if claim.modality != "stated":
            said = f"{said} ({self.modality(claim.modality, language)})"
        speaker = self.party(claim.speaker, language) if claim.speaker else self.label("own_voice", language)
        camp = self.camp(claim.speaker.camp, language) if claim.speaker else ""
        told = {
            "speaker": speaker,
            "camp": camp,
            "claim": said,
            "through": self.relays(claim, language),
            "outlet": self.name(claim.evidence.outlet, language),
        }
        return [(self.label(key, language), value) for key, value in told.items() if value]

    def reach(self, alert: Alert, language: Language) -> str:
        """How many outlets carried either side, and from how many independent origins."""
        outlets = self.count("outlets", len(alert.outlets), language)
        return self.label(
            "outlets_origins", language, outlets=outlets, origins=self.count("origins", alert.origins, language)
        )

    def gap(self, outlet: str, since: datetime, until: datetime, language: Language) -> str:
        """That an outlet could not be read for so long: in hours, from two days on in days."""
        hours = max(round((until - since).total_seconds() / 3600), 1)
        span = self.count("hours", hours, language) if hours < 48 else self.count("days", round(hours / 24), language)
        return self.label(
            "gap",
            language,
            outlet=self.name(outlet, language),
            span=span,
            since=self.moment(since, language),
            until=self.moment(until, language),
        )

    def _side(self, order: str, claim: Claim, other: Claim | None, place: Place, language: Language) -> str:
        same = other is not None and (other.kind, other.place.id) == (claim.kind, claim.place.id)
        what = self.phrases.fill("sides.same_matter", language) if same else self.matter(claim, place, language)
        outlet = self.name(claim.evidence.outlet, language)
        relays = self.relays(claim, language)
        if claim.speaker is None:
            speaker = self.phrases.fill("sides.nobody", language, outlet=outlet)
        else:
            name = self.party(claim.speaker, language)
            if claim.speaker.camp and claim.speaker.camp != claim.speaker.id:
                camp = self.camp(claim.speaker.camp, language)
                name = self.phrases.fill("sides.of_side", language, speaker=name, camp=camp)
            speaker = self.phrases.fill("sides.by", language, speaker=name)
        return self.phrases.fill(
            f"sides.{order}",
            language,
            stance=self.stance(claim, language, what),
            speaker=speaker,
            what=what,
            carried=self.phrases.fill(
                "sides.relayed" if relays else "sides.carried", language, outlet=outlet, relays=relays
            ),
            when=self.moment(claim.evidence.published, language, claim.evidence.dated),
        )


def _shown(text: str, language: Language, limit: int = _LONGEST_NAME) -> str:
    cleaned = clean(text, limit)
    return isolate(cleaned) if has_direction(cleaned, right_to_left=language == "en") else cleaned


def _digits(text: str, language: Language) -> str:
    return text.translate(_ARABIC_DIGITS) if language == "ar" else text


def _plural_form(number: int, language: Language) -> str:
    """The plural category: Arabic counts by the last two digits, English by one or not."""
    if language == "en":
        return "one" if number == 1 else "other"
    if number in (1, 2):
        return "one" if number == 1 else "two"
    rest = number % 100
    if 3 <= rest <= 10:
        return "few"
    return "many" if rest >= 11 else "other"
