"""Reports as a whole: an article's headline and opening sentence as claims of no kind of their own.

Rules read claims; what they have no words for, a model can still compare: headline with headline, opening with opening.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.core.analysis import light_stem
from pipeline.core.arabic import Token, tokens
from pipeline.core.article import Article, digest
from pipeline.core.claims import Claim, Evidence, Part, Span
from pipeline.core.places import Place

REPORT = "report"
"""The kind of these claims, in `config/events.toml`."""

# A word of fewer letters is seldom what a report is about.
_SHORTEST = 3


def reported(article: Article, part: Part, span: Span, where: Place, marks: tuple[int, ...], plover: str) -> Claim:
    """The claim that a headline or an opening sentence makes as a whole, in the outlet's own voice.

    `about` holds the light stems of its words without the place's own, in alphabetical order.
    """
    whole = article.title if part == "title" else article.text
    sentence = whole[span[0] : span[1]]
    return Claim(
        id=digest(article.id, article.content_hash, REPORT, where.id, part),
        kind=REPORT,
        plover=plover,
        polarity="affirmed",
        modality="stated",
        place=where,
        actor=None,
        object=None,
        speaker=None,
        relayed_through=(),
        evidence=Evidence(
            article_id=article.id,
            url=article.url,
            outlet=article.outlet,
            published=article.published,
            dated=article.date_source != "assumed",
            sentence=sentence,
            part=part,
            span=span,
        ),
        revision=article.revision,
        about=_stems(tokens(sentence), tokens(where.name)),
        sketch=marks,
    )


def _stems(line: Iterable[Token], place: Iterable[Token]) -> tuple[str, ...]:
    own = {light_stem(token.form) for token in place}
    stems = {light_stem(token.form) for token in line if token.kind != "mark"}
    return tuple(sorted(stem for stem in stems - own if len(stem) >= _SHORTEST))
