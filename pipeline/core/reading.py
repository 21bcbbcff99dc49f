"""Reading: from one article to its claims, each with its voice, its place and its words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.core.arabic import Token, tokens, without_clitics
from pipeline.core.article import Article, digest
from pipeline.core.attribution import Frame, frames
from pipeline.core.cast import Cast
from pipeline.core.claims import Claim, Evidence, Part, Party, Reading, Span
from pipeline.core.events import EventKind, EventKinds, Trigger
from pipeline.core.gazetteer import Gazetteer, Mention
from pipeline.core.grammar import Grammar
from pipeline.core.line import Line
from pipeline.core.merging import beside, merge, with_relays
from pipeline.core.places import NOWHERE, Place
from pipeline.core.roles import LocatedMention, actor, locate, names_person, place, theme
from pipeline.core.sentences import sentences
from pipeline.core.sketch import sketch
from pipeline.core.speakers import Speakers
from pipeline.core.voices import Voice, voices

# A claim stands in the lead when it is among the first segments of its article, the title counted.
LEAD_SEGMENTS = 8
_ABOUT = 12
# So many characters are looked at to tell where an article plays.
_OPENING = 800
# Reading a sentence takes time with the square of its length: what is longer is no sentence of a newspaper.
_LONGEST_SENTENCE = 1200


@dataclass(frozen=True, slots=True)
class _Segment:
    part: Part
    span: Span
    headline: bool


@dataclass(slots=True)
class _Progress:
    """What is known so far while an article is read from top to bottom."""

    cast: Cast
    focus: Place | None
    country: Place | None
    relays: dict[str, list[str]]


class Reader:
    """Reads articles with the gazetteer, the event kinds, the parties and the function words that it is given."""

    def __init__(self, gazetteer: Gazetteer, kinds: EventKinds, speakers: Speakers, grammar: Grammar) -> None:
        self._gazetteer = gazetteer
        self._kinds = kinds
        self._speakers = speakers
        self._grammar = grammar
        self._agencies = {party.id: party.name for party in speakers.parties.values() if party.agency}

    def read(self, article: Article) -> Reading:
        """The claims of an article in the order of its text, one a (voice, kind, place, polarity), and its places."""
        segments = _segments(article)
        whole = f"{article.title}\n{article.text}"
        mentions = self._gazetteer.mentions(whole)
        shift = len(article.title) + 1
        by_part: dict[Part, list[Mention]] = {
            "title": [m for m in mentions if m.end <= len(article.title)],
            "text": [replace(m, start=m.start - shift, end=m.end - shift) for m in mentions if m.start >= shift],
        }
        progress = self._progress(mentions, whole)
        drafts: list[tuple[Claim, bool]] = []
        passing: list[tuple[Claim, bool]] = []
        marks = sketch(whole)
        for number, segment in enumerate(segments):
            within = _within(by_part[segment.part], segment.span)
            for claim, aside in self._claims(article, segment, number, within, progress, marks):
                (passing if aside else drafts).append((claim, segment.headline))
        claims = with_relays(merge(drafts), progress.relays)
        asides = with_relays(beside(claims, merge(passing)), progress.relays)
        return Reading(article.id, claims, _unique([mention.place for mention in mentions]), asides)

    def _progress(self, mentions: Sequence[Mention], text: str) -> _Progress:
        opening = tokens(text[:_OPENING])
        named = [(opening[m.first].start, opening[m.last].end) for m in self._speakers.mentions(opening)]
        # The Hmeimim base in the name of its channel is not where the article plays.
        own = [m for m in mentions if not any(start <= m.start and m.end <= end for start, end in named)]
        near = (m.place for m in own if m.start < _OPENING)
        focus = next((place for place in near if place.level not in ("country", "region")), None)
        country = next((self._gazetteer.by_id(m.place.country or m.place.id) for m in own), None)
        if country is None:
            country = next((c for token in opening[:80] if (c := self._gazetteer.demonym(token.form))), None)
        return _Progress(Cast(self._speakers, self._grammar, self._gazetteer, country), focus, country, {})

    def _claims(
        self,
        article: Article,
        segment: _Segment,
        number: int,
        mentions: Sequence[Mention],
        progress: _Progress,
        marks: tuple[int, ...],
    ) -> list[tuple[Claim, bool]]:
        """The claims of a sentence, each with whether it is an aside."""
        whole = article.title if segment.part == "title" else article.text
        text = whole[segment.span[0] : segment.span[1]]
        line = self._line(text, segment, mentions)
        said = frames(line, progress.cast)
        for frame in said:
            if frame.speaker is not None:
                progress.relays.setdefault(frame.speaker.id, []).extend(frame.relays)
        if not line.triggers:
            self._shift_focus(locate(line, segment.span[0], mentions), progress)
            return []
        located = locate(line, segment.span[0], mentions)
        background = self._background(line)
        correcting = self._grammar.correcting.find(line.tokens, 0, 3) is not None
        found: list[tuple[Claim, bool]] = []
        for trigger in line.triggers:
            spoken = voices(line, trigger, said, self._agencies)
            if not spoken:
                continue
            where = place(line, trigger, said, located, progress.focus) or progress.country
            if where is not None and trigger.kind.national:
                where = self._gazetteer.by_id(where.country or where.id) or where
            where = where or NOWHERE
            for voice in spoken:
                claim = self._claim(article, segment, line, trigger, voice, said, where, progress.cast)
                claim = replace(claim, retraction=voice.retraction or (correcting and voice.speaker is None))
                claim = replace(
                    claim,
                    lead=number < LEAD_SEGMENTS,
                    background=background or voice.passing or self._aside(line, trigger),
                    sketch=marks,
                    revision=article.revision,
                )
                found.append((claim, voice.passing or where is NOWHERE))
        self._shift_focus(located, progress)
        return found

    def _line(self, text: str, segment: _Segment, mentions: Sequence[Mention]) -> Line:
        found = tokens(text)
        parties = self._speakers.mentions(found)
        named = {i for mention in parties for i in range(mention.first, mention.last + 1)}
        start = segment.span[0]
        for mention in mentions:
            inside = (
                i for i, t in enumerate(found) if mention.start - start <= t.start and t.end <= mention.end - start
            )
            named.update(inside)
        return Line(text, found, parties, self._kinds.triggers(found, named), segment.headline, self._grammar)

    def _shift_focus(self, located: Sequence[LocatedMention], progress: _Progress) -> None:
        fine = [item.mention.place for item in located if item.mention.place.level not in ("country", "region")]
        if fine:
            progress.focus = fine[0]

    def _background(self, line: Line) -> bool:
        """Whether the sentence recalls something past."""
        start = next((i for i, token in enumerate(line.tokens) if token.kind != "mark"), 0)
        opening = bool(line.tokens) and bool(self._grammar.recalling.at(line.tokens, start))
        return opening or self._grammar.recalled.find(line.tokens, 0, len(line.tokens)) is not None

    def _kind_meant(self, line: Line, trigger: Trigger) -> EventKind:
        """The kind that the words mean here: headlines tell in the present, a named man's killing is a death."""
        kind = trigger.kind
        if line.headline and kind.headline_as:
            return self._kinds[kind.headline_as]
        if kind.person_as and (kind.person or names_person(line, trigger)):
            return self._kinds[kind.person_as]
        return kind

    def _aside(self, line: Line, trigger: Trigger) -> bool:
        """Whether it stands in a relative clause ("the town that X holds"): told to say which, not as news."""
        if trigger.form == "phrase" and line.tokens[trigger.first].form.startswith(self._grammar.article):
            return True  # "the district subject to the control of"
        if trigger.first and self._grammar.recalling.at(line.tokens, trigger.first - 1):
            return True  # "was holding"
        before = range(max(0, trigger.first - 2), trigger.first)
        return any(
            line.tokens[position].form in self._grammar.relatives | self._grammar.restricting for position in before
        )

    def _claim(
        self,
        article: Article,
        segment: _Segment,
        line: Line,
        trigger: Trigger,
        voice: Voice,
        said: Sequence[Frame],
        where: Place,
        cast: Cast,
    ) -> Claim:
        kind = self._kind_meant(line, trigger)
        who = actor(line, replace(trigger, kind=kind), said, voice.speaker, cast)
        whom = theme(line, trigger, voice.speaker, cast) if kind.theme == "object" else None
        cues = tuple(sorted({(line.tokens[cue].start, line.tokens[cue].end) for cue in voice.cues}))
        evidence = Evidence(
            article_id=article.id,
            url=article.url,
            outlet=article.outlet,
            published=article.published,
            dated=article.date_source != "assumed",
            sentence=line.text,
            part=segment.part,
            span=segment.span,
            cues=cues,
        )
        speaker = voice.speaker
        name = digest(
            article.id,
            article.content_hash,
            kind.id,
            where.id,
            voice.polarity,
            speaker.id if speaker else "",
            _id(who),
            _id(whom),
        )
        return Claim(
            id=name,
            kind=kind.id,
            plover=trigger.kind.plover,
            polarity=voice.polarity,
            modality=voice.modality,
            place=where,
            actor=who,
            object=whom,
            speaker=speaker,
            relayed_through=voice.relays,
            evidence=evidence,
            explicit=voice.explicit,
            pending=voice.pending,
            number=_number(line.tokens, trigger),
            about=_about(line.tokens, trigger, where),
        )


def _id(party: Party | None) -> str:
    return party.id if party is not None else ""


def _segments(article: Article) -> list[_Segment]:
    found: list[_Segment] = []
    if article.title:
        found += [_Segment("title", span, True) for span in _pieces(article.title, (0, len(article.title)))]
    for number, span in enumerate(sentences(article.text)):
        headline = number == 0 and not article.title and article.text[span[1] : span[1] + 1] == "\n"
        found += [_Segment("text", piece, headline) for piece in _pieces(article.text, span)]
    return found


def _pieces(text: str, span: Span) -> Iterator[Span]:
    """The span itself; one that no sentence of a newspaper could have, in pieces cut at white space."""
    start, end = span
    while end - start > _LONGEST_SENTENCE:
        cut = max(text.rfind(mark, start + 1, start + _LONGEST_SENTENCE) for mark in "\n ")
        cut = cut if cut > start else start + _LONGEST_SENTENCE
        yield start, cut
        start = cut + (text[cut : cut + 1].isspace())
    if end > start:
        yield start, end


def _within(mentions: Sequence[Mention], span: Span) -> Sequence[Mention]:
    """The mentions that begin in the span; they stand in the order of the text."""
    first = bisect_left(mentions, span[0], key=lambda mention: mention.start)
    return mentions[first : bisect_left(mentions, span[1], key=lambda mention: mention.start)]


def _about(line: Sequence[Token], trigger: Trigger, where: Place) -> tuple[str, ...]:
    """The longer words around the trigger without its own: what the happening is about, roughly."""
    own = {without_clitics(token.form) for token in (*tokens(where.name), line[trigger.first], line[trigger.last])}
    near = line[max(0, trigger.first - _ABOUT) : trigger.last + _ABOUT + 1]
    words = (without_clitics(token.form) for token in near if token.kind == "word")
    return tuple(dict.fromkeys(word for word in words if len(word) > 3 and word not in own))


def _number(line: Sequence[Token], trigger: Trigger) -> int | None:
    for token in line[trigger.first : trigger.first + 6]:
        if token.kind == "number" and token.form.isdigit():
            return int(token.form)
    return None


def _unique(places: Sequence[Place]) -> list[Place]:
    return list({place.id: place for place in places}.values())
