"""Pairs: what two claims have to do with one another, before any rule weighs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from pipeline.core.cast import same_party, shared_words
from pipeline.core.claims import Claim, Party
from pipeline.core.events import EventKind, EventKinds
from pipeline.core.wording import Wording

# How many words of the matter two sentences must share, by how much happens in a place of this level: for kinds that
# happen once (a town's fall) and for kinds that recur (a strike, a meeting).
_ONCE = {"country": 2, "region": 2, "division": 1, "district": 0, "town": 0, "part": 0, "site": 0}
_RECURRING = {"country": 3, "region": 3, "division": 2, "district": 2, "town": 1, "part": 1, "site": 1}
# In a city of this size as much happens as in a province.
_METROPOLIS = 1_000_000
_AT_ONCE = timedelta(days=2)
# One actor on both sides weighs as much as so many words.
_ACTOR_WORDS = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging needs to know: the event kinds, the words to explain in, how far apart claims of one event lie."""

    kinds: EventKinds
    wording: Wording
    window: timedelta = timedelta(days=14)

    def reach(self, kind: EventKind) -> timedelta:
        """The longest time between two claims of this kind that may concern one happening."""
        return timedelta(days=kind.days) if kind.days is not None else self.window


@dataclass(frozen=True)
class Pair:
    """Two claims in the order of time, each with its event kind."""

    earlier: Claim
    later: Claim
    first: EventKind
    second: EventKind

    @cached_property
    def aligned(self) -> bool:
        """Both speak of the same turn of things: two withdrawals, a loss and a withdrawal."""
        if self.first.topic == self.second.topic and self.first.sign == self.second.sign:
            return True
        # The town's fall for one is its capture by another.
        converse = self.second.id in self.first.converse or self.first.id in self.second.converse
        return converse and not self._one_actor

    @cached_property
    def opposed(self) -> bool:
        """Their kinds cannot hold at once: a withdrawal and control; one place held by two camps."""
        if self.second.id in self.first.opposes or self.first.id in self.second.opposes:
            return True
        return self.first.exclusive and self.second.exclusive and self._two_camps_act

    @cached_property
    def one_camp(self) -> bool:
        """Whether one camp, or one speaker, is behind both."""
        one, two = self.earlier.speaker, self.later.speaker
        if one is None or two is None:
            return False
        return one.camp == two.camp if one.camp or two.camp else same_party(one, two)

    @cached_property
    def one_report(self) -> bool:
        """Whether both stand in one text."""
        return (
            self.earlier.evidence.article_id == self.later.evidence.article_id
            and self.earlier.revision == self.later.revision
        )

    @cached_property
    def takes_back(self) -> bool:
        """Whether an outlet changes its own report: by a later revision, or by a retraction in its own voice."""
        if self.earlier.speaker is not None and self.later.speaker is not None:
            return False
        if self.earlier.evidence.article_id == self.later.evidence.article_id:
            return self.earlier.revision < self.later.revision
        own = self.earlier.evidence.outlet == self.later.evidence.outlet
        return own and self.later.speaker is None and self.later.retraction

    @cached_property
    def may_meet(self) -> bool:
        """Whether both can be about one happening: place, parties and matter agree, as far as they are known."""
        return self._places_meet() and self._parties_meet() and self._matters_meet()

    @cached_property
    def pinned(self) -> bool:
        """Whether it is known of both sides who acts, or the place is one spot: "the airport", "the crossing"."""
        known = self.earlier.actor is not None and self.later.actor is not None
        return known or self.later.place.level == "site"

    @cached_property
    def vouched(self) -> bool:
        """Whether somebody stands for the later side, of something that happens but once at a place so small."""
        small = self.later.place.level in ("town", "part", "site", "district")
        speaker = self.later.speaker
        return speaker is not None and speaker.recognised and small and not self.second.recurs

    @cached_property
    def holder_says(self) -> bool:
        """Of who holds a place: whether the later side's speaker belongs to those who he says hold it."""
        speaker, holder = self.later.speaker, self.later.actor
        if not self.second.exclusive:
            return True
        return speaker is not None and holder is not None and bool(holder.camp) and speaker.camp == holder.camp

    def _places_meet(self) -> bool:
        """The same place, or a denial for a whole district or town against a claim for a part of it."""
        if self.earlier.place.id == self.later.place.id:
            return True
        denial_last = self.later.polarity == "denied"
        affirmed, denied = (self.earlier, self.later) if denial_last else (self.later, self.earlier)
        return denied.place.id in affirmed.place.within and denied.place.level in ("district", "town")

    def _parties_meet(self) -> bool:
        if self.first.person or self.second.person:
            one, two = theme_of(self.earlier, self.first), theme_of(self.later, self.second)
            return one is not None and two is not None and (one.id == two.id or bool(shared_words(one, two)))
        if self.first.exclusive or self.second.exclusive or self.first.converse or self.second.converse:
            # What one camp takes another loses: two actors are what such a pair is about.
            return self._one_actor or self.first.sign != self.second.sign or not self._two_camps_act or self.opposed
        return not self._two_camps_act

    def _matters_meet(self) -> bool:
        """The wider the place and the commoner the happening, the more words of the matter must be shared."""
        if self.first.person or self.second.person or self.one_report:
            return True
        level = "division" if self.later.place.population > _METROPOLIS else self.later.place.level
        wanted = (_RECURRING if self.second.recurs else _ONCE)[level]
        if (
            level != "division"
            and self.later.explicit
            and self.later.evidence.published - self.earlier.evidence.published <= _AT_ONCE
        ):
            wanted -= 1  # what is openly denied within a day or two is what was just reported
        shared = len(set(self.earlier.about) & set(self.later.about))
        return shared + (_ACTOR_WORDS if self._one_actor else 0) >= wanted

    @cached_property
    def _one_actor(self) -> bool:
        one, two = self.earlier.actor, self.later.actor
        return one is not None and two is not None and (one.id == two.id or bool(one.camp and one.camp == two.camp))

    @cached_property
    def _two_camps_act(self) -> bool:
        one, two = self.earlier.actor, self.later.actor
        return one is not None and two is not None and bool(one.camp and two.camp) and one.camp != two.camp


def theme_of(claim: Claim, kind: EventKind) -> Party | None:
    """The party whom the happening concerns."""
    return claim.object if kind.theme == "object" else claim.actor
