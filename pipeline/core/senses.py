"""One sense a text: a town's name means one town throughout a report (Gale, Church and Yarowsky 1992)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.arabic import fold
from pipeline.core.mentions import Mention

_SETTLEMENTS = frozenset({"town", "part"})


def one_sense(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions with one place for each name of a settlement: the one that the text makes surest, all told.

    Districts and provinces of the same name keep their own sense, since a cue word told them apart.
    """
    sure: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    by_id: dict[str, Mention] = {}
    for mention in mentions:
        if mention.place.level in _SETTLEMENTS:
            sure[fold(mention.place.name)][mention.place.id] += 1 - mention.doubt
            by_id.setdefault(mention.place.id, mention)
    settled: list[Mention] = []
    for mention in mentions:
        # A region of the same name gives way too: المرج is a town of Libya and a stretch of Syria.
        named = mention.place.level in _SETTLEMENTS or mention.place.level == "region"
        senses = sure.get(fold(mention.place.name), {}) if named else {}
        if senses and (len(senses) > 1 or mention.place.id not in senses):
            best = min(senses, key=lambda id: (by_id[id].place.provisional, -senses[id], id))
            candidates = tuple(dict.fromkeys((best, *mention.candidates)))
            mention = replace(mention, place=by_id[best].place, candidates=candidates)
        settled.append(mention)
    return settled
