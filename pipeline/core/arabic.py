"""Arabic spelling: what counts as one letter, where words stand in a text, and what is written in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from unicodedata import is_normalized, normalize

Kind = Literal["word", "number", "mark"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or one mark. `start` and `end` count characters of the original text, end exclusive.

    `form` is folded. Of a number it has ASCII digits, "." before decimals and no thousands separators.
    Of a mark it is the character itself.
    """

    start: int
    end: int
    form: str
    kind: Kind


def fold(text: str) -> str:
    """The text with one spelling for what newspapers spell in several ways.

    أ إ آ ٱ become ا, ؤ becomes و, ئ and ى become ي, ة becomes ه; a hamza on its own line stays. Diacritics,
    tatweel, zero-width and bidirectional controls go. Presentation forms and ligatures become plain letters (NFKC),
    Arabic-Indic and Persian digits ASCII, Latin letters lower case. Persian and Kurdish letters become those that
    the Arabic press prints for them (ک and گ ك, ی ي, پ ب, ڤ ف, چ ج).
    """
    if text.isascii():
        return text.lower()
    text = text.translate(_FOLDED)
    if not is_normalized("NFKC", text):
        text = normalize("NFKC", text).translate(_FOLDED)
    return text.lower()


def plain(text: str) -> str:
    """The text in bare standard letters, its spelling untouched: what `fold` does without its first line and case."""
    if text.isascii():
        return text
    if not is_normalized("NFKC", text):
        text = normalize("NFKC", text)
    return text.translate(_PLAIN)


def tokens(text: str) -> list[Token]:
    """The words, numbers and marks of a text, in order; white space and underscores (#دير_الزور) only separate.

    A word may contain diacritics, tatweel and invisible controls. Digits glued to Arabic letters are a number of
    their own ("و30" is two tokens), glued to Latin letters they belong to the word ("T2").
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        group = match.lastgroup
        if group == "word":
            found.append(Token(start, end, _word_form(match.group()), "word"))
        elif group == "mark":
            found.append(Token(start, end, match.group(), "mark"))
        else:
            found.append(Token(start, end, _number_form(match.group()), "number"))
    return found


@lru_cache(maxsize=1 << 16)
def proclitic_splits(form: str) -> tuple[tuple[str, str], ...]:
    """Every way to read a folded word as (proclitics, rest), the whole word first; a rest has two letters or more.

    After "لل" the article is partly unwritten, so its readings restore it: للبوكمال gives ("لل", "بوكمال") and
    ("ل", "البوكمال"), and, because a third ل is never written, للاذقيه also gives ("لل", "لاذقيه") and
    ("ل", "اللاذقيه"). The future س is read only before a verb of the present tense.
    """
    readings: dict[tuple[str, str], None] = {("", form): None}
    for conjunction in ("", "و", "ف"):
        if not form.startswith(conjunction):
            continue
        stem = form[len(conjunction) :]
        if conjunction and len(stem) >= _SHORTEST_REST:
            readings[conjunction, stem] = None
        for prefix in ("ب", "ك", "ل", "ال", "بال", "كال"):
            if stem.startswith(prefix) and len(stem) - len(prefix) >= _SHORTEST_REST:
                readings[conjunction + prefix, stem[len(prefix) :]] = None
        if stem.startswith("لل") and len(stem) - 2 >= _SHORTEST_REST:
            rest = stem[2:]
            readings[conjunction + "لل", rest] = None
            readings[conjunction + "ل", "ال" + rest] = None
            readings[conjunction + "لل", "ل" + rest] = None
            readings[conjunction + "ل", "الل" + rest] = None
        if stem.startswith("س") and stem[1:2] in _PRESENT_TENSE and len(stem) - 1 >= _SHORTEST_REST:
            readings[conjunction + "س", stem[1:]] = None
    return tuple(readings)


def without_clitics(form: str) -> str:
    """The folded word without what may be a proclitic, where four letters remain; for comparing words, not reading."""
    return _CLITICS.sub("", form)


_CLITICS = re.compile(r"^[وف]?(?:بال|كال|لل|ال|[بلك])(?=.{4})|^[وف](?=.{4})")
_SHORTEST_REST = 2
_PRESENT_TENSE = ("ي", "ت", "ن", "ا")

# Combining signs of Arabic script, and the presentation forms that are signs without a letter.
_DIACRITICS = (
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08ca-\u08e1\u08e3-\u08ff"
    "\ufc5e-\ufc63\ufcf2-\ufcf4\ufe70-\ufe7f"
)
_TATWEEL = "\u0640"
_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
# Latin accents written as separate characters: part of the word, composed by NFKC.
_ACCENTS = "\u0300-\u036f"


def _characters(ranges: str) -> list[str]:
    members: list[str] = []
    for first, last in re.findall(r"(.)(?:-(.))?", ranges):
        members.extend(chr(code) for code in range(ord(first), ord(last or first) + 1))
    return members


_PLAIN: dict[int, str | None] = {ord(character): None for character in _characters(_DIACRITICS + _TATWEEL + _INVISIBLE)}
_PLAIN |= {
    ord(written): printed
    for printed, variants in {
        "ا": "ٲٳ",
        "و": "ۆۇۈۋ",
        "ي": "یېێۍ",
        "ه": "ەہھۀۂۿ",
        "ة": "ۃ",
        "ك": "کگڪڭ",
        "ب": "پ",
        "ج": "چ",
        "ف": "ڤ",
        "ر": "ڕ",
        "ل": "ڵ",
    }.items()
    for written in variants
}
_PLAIN |= {ord(digits[value]): str(value) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for value in range(10)}
_FOLDED = _PLAIN | str.maketrans("أإآٱؤئىةۃ", "ااااوييهه")

_LETTER = rf"[^\W\d_{_TATWEEL}{_DIACRITICS}]"
_JOINED = rf"[{_DIACRITICS}{_TATWEEL}{_INVISIBLE}{_ACCENTS}]"
_TOKEN = re.compile(
    rf"(?P<word>(?:[A-Za-z][A-Za-z0-9]*|{_LETTER})(?:{_LETTER}|{_JOINED}+{_LETTER})*[{_DIACRITICS}{_TATWEEL}{_ACCENTS}]*)"
    r"|(?P<number>\d+(?:[.,٫٬]\d+|،\d{3}(?!\d))*)"
    rf"|(?P<mark>[^\w\s{_DIACRITICS}{_INVISIBLE}{_ACCENTS}]|{_TATWEEL})"
)
_GROUPED = re.compile(r"\d{1,3}(?:[,٬،]\d{3})+(?:[.٫]\d+)?")
_SEPARATORS = str.maketrans({",": "", "٬": "", "،": "", "٫": "."})


@lru_cache(maxsize=1 << 16)
def _word_form(written: str) -> str:
    # A few ligatures (ﷺ) stand for a phrase; a token stays one word.
    return fold(written).replace(" ", "")


def _number_form(written: str) -> str:
    if _GROUPED.fullmatch(written):
        written = written.translate(_SEPARATORS)
    return fold(written).replace("٫", ".")
