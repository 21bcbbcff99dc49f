"""Words from outside made safe to show: nothing invisible acts, each direction stays to itself, cuts keep the cues."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from pipeline.core.claims import Span

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
ELLIPSIS = "…"
_ISOLATES = (FIRST_STRONG_ISOLATE, POP_ISOLATE)

# Joiners shape Arabic, Persian and emoji; the others are signs that Arabic script writes around numbers.
_KEPT_FORMATS = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u08e2")
_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
_REPLACEMENT = "\ufffd"
# Arabic needs two or three marks on a letter; long piles of marks run over the neighbouring lines.
_MARKS_ON_ONE_LETTER = 5
_SNAP = 24


@dataclass(frozen=True, slots=True)
class Quote:
    """A cleaned and possibly shortened sentence, and where the words that matter stand in it."""

    text: str
    cues: tuple[Span, ...] = ()

    def pieces(self) -> list[tuple[str, bool]]:
        """The text in order, cut at the cues: (words, whether they are a cue). No piece is empty."""
        found, position = [], 0
        for start, end in self.cues:
            found += [(self.text[position:start], False), (self.text[start:end], True)]
            position = end
        found.append((self.text[position:], False))
        return [(words, is_cue) for words, is_cue in found if words]


def quote(sentence: str, cues: Sequence[Span] = (), limit: int | None = None) -> Quote:
    """The sentence ready to be shown in at most `limit` UTF-16 units, the cues in view and spans moved along.

    Spans that overlap or touch are joined; what lies outside the sentence is dropped.
    """
    inside = [(max(0, start), min(len(sentence), end)) for start, end in cues]
    text, moved = _clean(sentence, [span for span in inside if span[0] < span[1]])
    whole = Quote(text, _joined(moved))
    return whole if limit is None or units(text) <= limit else _excerpt(whole, limit)


@lru_cache(maxsize=2048)
def clean(text: str, limit: int | None = None) -> str:
    """One line of text without control characters, bidi controls or hidden letters; cut to `limit` UTF-16 units."""
    text, _ = _clean(text, (), enough=None if limit is None else limit + _SNAP)
    return text if limit is None or units(text) <= limit else _excerpt(Quote(text), limit).text


def own_words(text: str, limit: int | None = None) -> str:
    """As `clean`, for text that this project made: its isolates stay, every one of them opened and closed."""
    depth, kept = 0, []
    for piece in re.split(f"([{FIRST_STRONG_ISOLATE}{POP_ISOLATE}])", text):
        if piece == FIRST_STRONG_ISOLATE:
            depth += 1
        elif piece == POP_ISOLATE:
            if not depth:
                continue
            depth -= 1
        kept.append(piece if piece in _ISOLATES else _clean(piece, (), trim=False)[0])
    whole = "".join(kept).strip(" ") + POP_ISOLATE * depth
    if limit is None or units(whole) <= limit:
        return whole
    # The isolates that the cut leaves open are closed again; room for them is kept beside the limit's end.
    shorter = _excerpt(Quote(whole), max(0, limit - whole.count(FIRST_STRONG_ISOLATE))).text
    return shorter + POP_ISOLATE * (shorter.count(FIRST_STRONG_ISOLATE) - shorter.count(POP_ISOLATE))


def isolate(text: str) -> str:
    """The text between FSI and PDI, so that its direction and its neighbours' do not touch each other."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}" if text else ""


def has_direction(text: str, right_to_left: bool) -> bool:
    """Whether a letter of that direction stands in the text."""
    wanted = ("R", "AL") if right_to_left else ("L",)
    return any(unicodedata.bidirectional(character) in wanted for character in text)


def units(text: str) -> int:
    """The length as UTF-16 counts it, the strictest way in which a channel may count characters."""
    return len(text) + sum(character > "\uffff" for character in text)


def _clean(text: str, spans: Sequence[Span], trim: bool = True, enough: int | None = None) -> tuple[str, list[Span]]:
    """The characters to be shown, at most `enough` of them, and the spans moved along."""
    kept: list[str] = []
    places = [0] * (len(text) + 1)
    marks = 0
    for index, character in enumerate(text):
        places[index] = len(kept)
        shown, is_mark = _shown(character)
        marks = marks + 1 if is_mark else 0
        if not shown or marks > _MARKS_ON_ONE_LETTER or (shown == " " and (kept[-1] == " " if kept else trim)):
            continue
        kept.append(shown)
        if enough is not None and len(kept) >= enough:
            break
    places[len(text)] = len(kept)
    if trim and kept and kept[-1] == " ":
        kept.pop()
    end = len(kept)
    moved = [(min(places[start], end), min(places[stop], end)) for start, stop in spans]
    return "".join(kept), [span for span in moved if span[0] < span[1]]


@lru_cache(maxsize=4096)
def _shown(character: str) -> tuple[str, bool]:
    """What stands for a character, and whether it is a mark on the letter before.

    Itself, a space for a line break, a sign for half a pair, nothing for a control. A page of alerts asks some ten
    thousand times, of the same few letters.
    """
    if character in _BREAKS or character == " ":
        return " ", False
    category = unicodedata.category(character)
    if category == "Cs":
        return _REPLACEMENT, False
    if category == "Cc" or (category == "Cf" and character not in _KEPT_FORMATS):
        return "", False
    code = ord(character)
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return "" if noncharacter else character, category in ("Mn", "Me")


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _excerpt(whole: Quote, limit: int) -> Quote:
    """A window of the text around its cues: around all of them if they fit, else from the first one on."""
    text = whole.text
    offsets = [0, *accumulate(2 if character > "\uffff" else 1 for character in text)]
    room = max(0, limit - 2 * len(ELLIPSIS))
    first, last = whole.cues[0] if whole.cues else (0, 0)
    for _, end in whole.cues:
        if offsets[end] - offsets[first] <= room:
            last = max(last, end)
    spare = max(0, room - (offsets[last] - offsets[first]))
    from_unit = max(0, min(offsets[first] - spare // 2, offsets[-1] - room))
    start = _forward(text, bisect_left(offsets, from_unit), first)
    stop = _backward(text, bisect_right(offsets, offsets[start] + room) - 1, max(start, last))
    before, after = (ELLIPSIS if start else ""), (ELLIPSIS if stop < len(text) else "")
    shift = len(before) - start
    cues = [(max(a, start) + shift, min(b, stop) + shift) for a, b in whole.cues if a < stop and b > start]
    return Quote(before + text[start:stop] + after, tuple(cues))


def _forward(text: str, index: int, ceiling: int) -> int:
    """The next place to cut at or after `index`, a word's beginning if one is near, never past `ceiling`."""
    if index <= 0 or index >= ceiling:
        return min(index, ceiling)
    reach = range(index, min(index + _SNAP, ceiling) + 1)
    words = (place for place in reach if text[place - 1] == " ")
    return next(words, next((place for place in reach if not _inside_a_character(text, place)), index))


def _backward(text: str, index: int, floor: int) -> int:
    """The last place to cut at or before `index`, a word's end if one is near, never before `floor`."""
    if index >= len(text) or index <= floor:
        return min(max(index, 0), len(text)) if index < floor else min(index, len(text))
    reach = range(index, max(index - _SNAP, floor) - 1, -1)
    words = (place for place in reach if text[place] == " ")
    return next(words, next((place for place in reach if not _inside_a_character(text, place)), index))


def _inside_a_character(text: str, index: int) -> bool:
    """Whether a cut here would part what a reader sees as one character (marks, joined emoji, flags)."""
    before, after = text[index - 1], text[index]
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or "\u200d" in (before, after):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if not (_is_flag_letter(before) and _is_flag_letter(after)):
        return False
    run = index
    while run > 0 and _is_flag_letter(text[run - 1]):
        run -= 1
    return (index - run) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
