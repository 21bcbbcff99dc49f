"""The piece of a text that shows why it was found, in its own words, with the matching ones marked."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.analysis import Term

Span = tuple[int, int]

_BOUNDARY_REACH = 24


def matches(terms: Sequence[Term], sequences: frozenset[tuple[str, ...]]) -> list[Span]:
    """Where the runs of terms stand in the text: spans in its order, none overlapping; of two, the longer."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for sequence in sorted(sequences, key=len, reverse=True):
        if sequence:
            by_first.setdefault(sequence[0], []).append(sequence)
    spans: list[Span] = []
    index = 0
    while index < len(terms):
        for sequence in by_first.get(terms[index].term, ()):
            run = terms[index : index + len(sequence)]
            if tuple(term.term for term in run) == sequence:
                spans.append((run[0].start, run[-1].end))
                index += len(sequence)
                break
        else:
            index += 1
    return spans


def snippet(text: str, spans: Sequence[Span], marks: tuple[str, str], width: int) -> str:
    """About `width` characters of the text around as many of `spans` as fit, each span between `marks`.

    Whole words, on one line, "…" where the text goes on. Without spans, the text's beginning. Marks that the text
    itself holds are not escaped: choose such as it cannot hold where that matters.
    """
    start, end = _window(text, spans, width)
    pieces: list[str] = []
    reached = start
    for span_start, span_end in spans:
        if start <= span_start and span_end <= end:
            pieces += [text[reached:span_start], marks[0], text[span_start:span_end], marks[1]]
            reached = span_end
    pieces.append(text[reached:end])
    shown = " ".join("".join(pieces).split())
    return ("… " if text[:start].strip() else "") + shown + (" …" if text[end:].strip() else "")


def _window(text: str, spans: Sequence[Span], width: int) -> Span:
    """The stretch with most spans in it, the earliest of equals, with some words before them."""
    if len(text) <= width:
        return 0, len(text)
    best, most = (0, 0), 0
    for index, (first, first_end) in enumerate(spans):
        reach = max(first + width * 3 // 4, first_end)
        held = [span for span in spans[index:] if span[1] <= reach]
        if len(held) > most:
            best, most = (first, max(span[1] for span in held)), len(held)
    start = max(0, min(best[0] - width // 4, len(text) - width))
    end = max(min(len(text), start + width), best[1])
    return _next_word(text, start, best[0]), _last_word(text, end, best[1])


def _next_word(text: str, start: int, limit: int) -> int:
    """Where the next word begins, if that is near and not behind `limit`."""
    if start == 0 or text[start - 1].isspace():
        return start
    near = min(start + _BOUNDARY_REACH, limit)
    return next((place + 1 for place in range(start, near) if text[place].isspace()), start)


def _last_word(text: str, end: int, limit: int) -> int:
    """Where the last whole word ends, if that is near and not before `limit`."""
    if end == len(text) or text[end].isspace():
        return end
    near = max(end - _BOUNDARY_REACH, limit)
    return next((place for place in range(end, near, -1) if text[place - 1].isspace()), end)
