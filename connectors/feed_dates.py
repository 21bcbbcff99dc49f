"""The moment that a feed's date means: RFC 822, ISO 8601 and what Arabic outlets write instead, or nothing at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone

import hijridate

from connectors.month_names import GREGORIAN, HIJRI
from pipeline.core.article import DateSource

EARLIEST_YEAR = 1981
"""Clocks that nobody set say 1970 or 1980; an earlier year is a mistake or another calendar (1445 is Hijri)."""
FUTURE = timedelta(days=1)
"""How far ahead of the clock a date may lie: time zones get mixed up by hours, not by days."""

# Hours east of Greenwich. AST is Arabia Standard Time here, since these are Arabic outlets, not Atlantic Time.
# RFC 2822, 4.3: the single letters of RFC 822 were used wrongly so often that they mean nothing.
_ZONES: Mapping[str, float] = (
    dict.fromkeys("abcdefghiklmnopqrsuvwxy", 0)
    | {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3}
    | {"sast": 2, "cat": 2, "trt": 3, "msk": 3, "ast": 3, "eat": 3, "irst": 3.5, "irdt": 4.5, "gst": 4, "pkt": 5}
    | {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
)

# "بتوقيت ...": places that keep one time all the year, and Greenwich.
_LOCAL_TIME = re.compile(r"توقيت (.*)")
_LOCAL_ZONES: Mapping[str, float] = {
    "رينتش": 0,
    "مكه": 3,
    "الرياض": 3,
    "بغداد": 3,
    "الدوحه": 3,
    "موسكو": 3,
    "ابوظبي": 4,
}

_FOLDED = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ـ": None, "،": " ", ",": " "})


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted((re.escape(name) for name in names), key=len, reverse=True))


_MONTH = _any_of(GREGORIAN)
_TIME = re.compile(r"(?<![\d:.+])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:]\d{1,9})?)?(?![\d:])")
# The hour's part of the day: before noon, after it, "at noon" (11 to 3) and "at night" (6 to 5).
_PART_OF_DAY = re.compile(
    r"(?<![^\W\d])(?:(?P<morning>am|a\.m\.|ص|صباحا|فجرا)|(?P<afternoon>pm|p\.m\.|م|مساء|مساءا|عصرا|بعد الظهر)"
    r"|(?P<noon>ظهرا)|(?P<night>ليلا))(?!\w)"
)
_OFFSET = re.compile(r"(?:(?<![a-z])(?:utc|gmt))?\s*([+\-−])(\d{1,2}):?(\d{2})?(?!\d)")
_ZONE_NAME = re.compile(r"(?<![a-z])([a-z]{1,5})(?![a-z])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(?:t(\d{2})(\d{2})(\d{2})?(?![\d:]))?")
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?:t(\d{2})(\d{2})(\d{2})?)?(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")
_NAMED_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})[\s\-/.]*({_MONTH})\b(?:\s*/\s*(?:{_MONTH})\b)?[\s\-/.]*(\d{{4}}|\d{{2}})(?![\d:])"
)
_NAMED_MONTH_FIRST = re.compile(rf"(?<!\w)({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:.*?(?<!\d)(\d{{4}})(?!\d))")
_HIJRI_NAMED = re.compile(
    rf"(?<!\d)(\d{{1,2}})[\s\-/.]*(?:من )?(?:شهر )?({_any_of(HIJRI)})\b[^\d]{{0,10}}(1[34]\d\d)(?!\d)"
)
_HIJRI_YEARS = range(1300, 1500)
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?(?:\.\d+)?")
_WEEKDAY = re.compile(r"(?<![a-z])(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?(?![a-z])")


def read_date(words: str, now: datetime) -> tuple[datetime, DateSource] | None:
    """The moment in UTC and "feed" or "hijri", or None where the words name no moment that could be a publication's.

    A moment without a zone is taken as UTC. A zone that is not known, a day that the calendar lacks, a year before
    1981 and a moment more than a day after `now` give None: no date is better than a wrong one. A Hijri date is
    taken by the calendar of Umm al-Qura, unless a Gregorian one stands beside it.
    """
    text = _plain(words[:200])
    source: DateSource = "feed"
    if _EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(text[:10]), UTC)
    else:
        found = _day(text)
        if found is None:
            return None
        day, rest, clock, source = found
        if clock is None:
            clock, rest = _clock(rest)
        zone = _zone(rest, clock[3]) if clock else None
        if clock is None or zone is None:
            return None
        try:
            moment = datetime(day.year, day.month, day.day, *clock[:3], tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return (moment, source) if moment.year >= EARLIEST_YEAR and moment <= now + FUTURE else None


def _plain(words: str) -> str:
    """Lower case, ASCII digits, Arabic letters folded, one space between words."""
    kept = (
        str(digit) if (digit := unicodedata.decimal(character, None)) is not None else character
        for character in unicodedata.normalize("NFKC", words).casefold().translate(_FOLDED)
        if character.isspace() or unicodedata.category(character) not in ("Mn", "Cf", "Cc")
    )
    return " ".join("".join(kept).split())


_Clock = tuple[int, int, int, bool]


def _day(text: str) -> tuple[date, str, _Clock | None, DateSource] | None:
    """The day, the words around it, the time where it is written into the same number, and the calendar."""
    clock = None
    if match := _YEAR_FIRST.search(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        clock = _joined_clock(match)
    elif match := _NAMED_DAY_FIRST.search(text):
        day, month, year = int(match[1]), GREGORIAN[match[2]], int(match[3])
        # Two digits were RFC 822's year until 1989 and are still sent; RFC 2822, 4.3, says which century is meant.
        if len(match[3]) == 2:
            year += 1900 if year >= 50 else 2000
    elif match := _YEAR_LAST.search(text):
        day, month, year = (int(part) for part in match.groups())
        if month > 12:
            day, month = month, day
    elif match := _NAMED_MONTH_FIRST.search(text):
        month, day, year = GREGORIAN[match[1]], int(match[2]), int(match[3])
        # The time may stand between the day and the year (asctime), so only these two go.
        text = text[: match.start(3)] + " " + text[match.end(3) :]
        text = text[: match.start(1)] + " " + text[match.end(2) :]
        return (found, text, None, "feed") if (found := _date(year, month, day)) else None
    elif match := _HIJRI_NAMED.search(text):
        day, month, year = int(match[1]), HIJRI[match[2]], int(match[3])
    elif match := _COMPACT.search(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        clock = _joined_clock(match)
    else:
        return None
    found = _date(year, month, day)
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    return (found, rest, clock, "hijri" if year in _HIJRI_YEARS else "feed") if found else None


def _joined_clock(match: re.Match[str]) -> _Clock | None:
    return (int(match[4]), int(match[5]), int(match[6] or 0), True) if match[4] else None


def _date(year: int, month: int, day: int) -> date | None:
    """The Gregorian day; a year of our time in the Hijri calendar is one of that."""
    try:
        if year in _HIJRI_YEARS:
            return date(*hijridate.Hijri(year, month, day).to_gregorian().datetuple())
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _clock(text: str) -> tuple[_Clock | None, str]:
    """Hours, minutes, seconds and whether a time was written at all; and the words left."""
    match = _TIME.search(text)
    if not match:
        return (0, 0, 0, False), text
    hour, minute, second = int(match[1]), int(match[2]), min(int(match[3] or 0), 59)
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    if part := _PART_OF_DAY.search(rest):
        hour = _hour_of_day(hour, str(part.lastgroup))
        rest = f"{rest[: part.start()]} {rest[part.end() :]}"
    return ((hour, minute, second, True) if hour < 24 and minute < 60 else None), rest


def _hour_of_day(hour: int, part: str) -> int:
    """The hour of 24 for an hour of 12; one that is of 24 already stays."""
    if hour > 12:
        return hour
    late = {"morning": False, "afternoon": True, "noon": hour != 11 and hour != 10, "night": 6 <= hour < 12}[part]
    return hour % 12 + 12 * late


def _zone(text: str, timed: bool) -> timezone | None:
    """The zone that the words left name, UTC where they name none, None where it is not known."""
    if match := _OFFSET.search(text) if timed else None:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if len(match[2]) == 1 and match[3]:
            return None
        if minutes > 14 * 60 or int(match[3] or 0) > 59:
            return None
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    if place := _LOCAL_TIME.search(text):
        named = (hours for name, hours in _LOCAL_ZONES.items() if name in place[1])
        hours = next(named, None)
        return timezone(timedelta(hours=hours)) if hours is not None else None
    names = [name for name in _ZONE_NAME.findall(_WEEKDAY.sub(" ", text)) if name not in ("t", "at", "on", "of", "the")]
    if not names:
        return UTC
    hours = _ZONES.get(names[-1])
    return timezone(timedelta(hours=hours)) if hours is not None else None
