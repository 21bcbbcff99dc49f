"""Where the sentences of a newspaper text begin and end, by its lines, full stops and quotation marks."""

from __future__ import annotations

import re

Span = tuple[int, int]


def sentences(text: str) -> list[Span]:
    """The spans of the sentences, in order, trimmed, each with at least one letter or digit, end exclusive.

    A line break ends a sentence, and so does . ؟ or ! unless it belongs to an abbreviation, a number or an
    address, or stands inside a quotation or brackets. A line without any of them is one sentence.
    """
    found: list[Span] = []
    for line in _LINE.finditer(text):
        start, end = line.span()
        enclosures = _enclosures(text, start, end)
        for stop in _STOPS.finditer(text, start, end):
            if stop.start() >= start and _ends(text, start, end, stop, enclosures):
                found.extend(_trimmed(text, start, stop.end()))
                start = stop.end()
        found.extend(_trimmed(text, start, end))
    return found


_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# Stops with the quotation marks and brackets that close right after them, or a bullet inside a line.
_STOPS = re.compile(r"(?P<stops>[.؟?!…۔]+)(?P<closers>[\"”“»«'’)\]]*)[.؟?!…۔]*|(?=[•●▪])")
_EDGES = " \t\xa0\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_LEADING = re.compile(rf"(?:[\s{_EDGES}•●▪◆■*·–—ـ-])*")
_TRAILING = re.compile(rf"[\s{_EDGES}]")

_QUOTES = re.compile("[\"“”„«»]|(?<!\\w)['‘’](?=\\w)|(?<=\\w)['‘’](?!\\w)")
_OPENING = "“„«‘"
_CLOSING = "”»’"
_BRACKETS = re.compile(r"\([^()]{1,200}\)|\[[^\[\]]{1,200}\]")
# A longer quotation is a speech: its own full stops count. This also bounds what one stray mark can do.
_LONGEST_QUOTATION = 500
# In a headline dots in a row stand for a dash; after this many characters they stand for a full stop.
_LONG_CLAUSE = 150

_DOTTED_LETTERS = re.compile(r"(?:(?<!\w)[^\W\d_]ـ?\. ?){2,}$")
_LATIN_ABBREVIATIONS = {"mr", "mrs", "ms", "dr", "st", "no", "vs", "prof", "gen", "col", "lt", "sgt", "jr", "sr", "inc"}
# Latin initials as Arabic spells them: جورج دبليو. بوش، إن. بي. سي.
_SPELLED_LETTERS = frozenset(
    [
        "إيه",
        "ايه",
        "بي",
        "سي",
        "دي",
        "إف",
        "اف",
        "جي",
        "إتش",
        "اتش",
        "آي",
        "جيه",
        "كيه",
        "إل",
        "ال",
        "إم",
        "ام",
        "إن",
        "ان",
        "أو",
        "آر",
        "إس",
        "اس",
        "تي",
        "يو",
        "في",
        "دبليو",
        "إكس",
        "واي",
    ]
)
# Parts of web addresses as Arabic prints them: العربية.نت
_DOMAINS = re.compile(r"(?:نت|كوم|أورغ|اورغ|أورج|تي في)(?!\w)")
_TITLES = ("د", "م", "أ")


def _ends(text: str, start: int, end: int, stop: re.Match[str], enclosures: list[Span]) -> bool:
    """Whether these stops end the sentence that began at `start`, in a line that ends at `end`."""
    at, after = stop.start(), stop.end()
    stops = stop["stops"]
    if stops is None:
        return True
    closed = stop.end("closers")
    around = [span for span in enclosures if span[0] < at < span[1]]
    if any(span[1] >= closed for span in around):
        return False
    if around and "." not in stops:
        # A question that somebody quotes is part of the sentence around it: «من يحكم المدينة؟» سؤال ...
        return False
    if stops in ("..", "…") or len(stops) > 2:
        return set(stops) - set(".…") != set() or at - start > _LONG_CLAUSE
    if stops != "." or stop["closers"]:
        return True
    return not _inside_a_word(text, at) and not _abbreviates(text, start, at, after)


def _inside_a_word(text: str, at: int) -> bool:
    """Whether the dot at `at` joins what stands around it: 3.5, bbc.com, العربية.نت, .net"""
    before, following = text[at - 1 : at], text[at + 1 : at + 2]
    if following.isdecimal() and (before.isdecimal() or not before.strip()):
        return True
    if following.isascii() and following.isalnum():
        return not before.strip() or (before.isascii() and before.isalnum())
    return bool(before.isalpha() and _DOMAINS.match(text, at + 1))


def _abbreviates(text: str, start: int, at: int, after: int) -> bool:
    """Whether the dot at `at` shortens the word or the list number before it: أ.ف.ب، د. محمد، U.S., 1."""
    head = text[max(start, at - 24) : at].rstrip("ـ")
    word = re.search(r"\w+$", head)
    if word is None:
        return False
    letters = word.group()
    if letters.isdecimal():
        return not text[start : at - len(letters)].strip(" \t•-*")
    if letters.lower() in _LATIN_ABBREVIATIONS or letters == "ود":
        return True
    # A dot that shortens also ends the sentence where the next word begins one: "نقلت أ.ف.ب. وأضافت ..."
    begins = re.match(r"\s+و\w{3}", text[after : after + 12]) is not None
    if letters in _SPELLED_LETTERS:
        return not begins
    if len(letters) > 1:
        return False
    if re.search(r"\d\s*$", head[: word.start()]):
        # The era or the unit after a number is a word of its own: عام 2017 م. وأكد
        return False
    dotted = _DOTTED_LETTERS.search(text[max(start, at - 24) : at + 1])
    return not (begins and dotted and letters not in _TITLES)


def _enclosures(text: str, start: int, end: int) -> list[Span]:
    """What quotation marks and brackets enclose, as (position of the opening mark, of the closing mark).

    Outlets mix the marks and reverse them (”داعش“), so a mark's neighbours decide before its shape does; a mark
    that closes nothing opens something ("إن” كل ما ..."). A mark left without its partner encloses nothing.
    """
    spans = [(match.start(), match.end() - 1) for match in _BRACKETS.finditer(text, start, end)]
    opened: list[int] = []
    for match in _QUOTES.finditer(text, start, end):
        at = match.start()
        if opened and not _opens(text, start, end, at, inside=True):
            first = opened.pop()
            if at - first <= _LONGEST_QUOTATION:
                spans.append((first, at))
        else:
            opened.append(at)
    return spans


def _opens(text: str, start: int, end: int, at: int, *, inside: bool) -> bool:
    before = text[at - 1] if at > start else " "
    following = text[at + 1] if at + 1 < end else " "
    leans_left = before.isalnum() or before in ".؟!?…)ـ" or "\u064b" <= before <= "\u0652"
    leans_right = following.isalnum() or following == "("
    if leans_left != leans_right:
        return leans_right
    if re.search(r"(?<!\w)[وفبلك]ـ?$", text[max(start, at - 3) : at]) and leans_right:
        return True
    if text[at] in _OPENING:
        return True
    return text[at] not in _CLOSING and not inside


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    match = _LEADING.match(text, start, end)
    start = match.end() if match else start
    while end > start and _TRAILING.match(text[end - 1]):
        end -= 1
    return [(start, end)] if re.search(r"[^\W_]", text[start:end]) else []
