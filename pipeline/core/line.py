"""One sentence, taken apart once: its tokens, quotations, parties and triggers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.core.arabic import Token
from pipeline.core.events import Trigger
from pipeline.core.grammar import QUOTES, Grammar, Saying
from pipeline.core.speakers import PartyMention

_CLOSING_MARKS = frozenset("،.؛!؟:,;?")


@dataclass
class Line:
    """A sentence of `text` (spans of the tokens count within it). `headline` is True for titles and first lines."""

    text: str
    tokens: Sequence[Token]
    parties: Sequence[PartyMention]
    triggers: Sequence[Trigger]
    headline: bool
    grammar: Grammar

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def depth(self) -> list[int]:
        """How many quotations are open at each token. A mark opens one when a space stands before, none behind."""
        depths: list[int] = []
        depth = 0
        for token in self.tokens:
            if token.form in QUOTES:
                before = self.text[token.start - 1 : token.start]
                behind = self.text[token.end : token.end + 1]
                opens = (not before or before.isspace() or before in "([") and bool(behind) and not behind.isspace()
                depth = depth + 1 if opens or depth == 0 else depth - 1
            depths.append(depth)
        return depths

    @cached_property
    def _party_starts(self) -> dict[int, PartyMention]:
        return {mention.first: mention for mention in self.parties}

    def party_at(self, index: int) -> PartyMention | None:
        """The known party whose name begins at the token."""
        return self._party_starts.get(index)

    @cached_property
    def _inside_party(self) -> frozenset[int]:
        return frozenset(i for mention in self.parties for i in range(mention.first, mention.last + 1))

    def in_party(self, index: int) -> bool:
        """Whether the token belongs to a known party's name."""
        return index in self._inside_party

    @cached_property
    def _trigger_heads(self) -> frozenset[int]:
        return frozenset(trigger.first for trigger in self.triggers)

    def triggers_at(self, index: int) -> bool:
        """Whether a trigger begins at the token."""
        return index in self._trigger_heads

    def is_opener(self, index: int) -> bool:
        """Whether the token opens content (أن، إن، بأنه …)."""
        return self.tokens[index].form in self.grammar.openers

    def closes(self, index: int) -> bool:
        """Whether the token is a mark that ends a phrase."""
        return self.tokens[index].form in _CLOSING_MARKS

    @cached_property
    def _break_points(self) -> dict[int, int]:
        """The tokens at which another clause begins, in order, each with the length of the words that open it."""
        lengths = ((i, self.grammar.breaks.at(self.tokens, i)) for i in range(len(self.tokens)))
        return {i: length for i, length in lengths if length}

    def breaks_at(self, index: int) -> bool:
        """Whether a word that opens another clause begins at the token."""
        return index in self._break_points

    def breaks(self, start: int) -> Iterator[int]:
        """Tokens after `start` at which another clause begins, outside quotations that `start` is not in."""
        depth = self.depth[start] if start >= 0 else 0
        return (i for i in self._break_points if i > start and self.depth[i] <= depth)

    @cached_property
    def _sayings(self) -> list[Saying | None]:
        return [self.grammar.saying(self.tokens, i) for i in range(len(self.tokens))]

    def saying(self, index: int) -> Saying | None:
        """The saying that the token opens, if any."""
        return self._sayings[index]

    def text_of(self, first: int, last: int) -> str:
        """The words from token `first` to token `last`, inclusive."""
        return self.text[self.tokens[first].start : self.tokens[last].end]
