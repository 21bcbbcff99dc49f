"""Dates as outlets write them: in two calendars, several sets of month names, right, wrong and impossible."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.feed_dates import read_date

NOW = datetime(2017, 11, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("Mon, 13 Nov 2017 10:22:05 GMT", "13T10:22"),
        ("Mon, 13 Nov 2017 10:22:05 +0300", "13T07:22"),
        ("13 Nov 17 10:22 EST", "13T15:22"),
        ("Mon ,\t13  Nov\t2017\n10:22:05\t +0000", "13T10:22"),
        ("Mon, 13 Nov 2017 10:22:05 AST", "13T07:22"),
        ("Mon, 13 Nov 2017 10:22:05 EEST", "13T07:22"),
        ("Mon, 13 Nov 2017 00:22:05 EET", "12T22:22"),
        ("2017-11-13T10:22:05Z", "13T10:22"),
        ("2017-11-13T10:22:05.123456+03:00", "13T07:22"),
        ("2017-11-13 10:22:05", "13T10:22"),
        ("2017-11-13", "13T00:00"),
        ("20171113T102205Z", "13T10:22"),
        ("2017-11-13T102205+0300", "13T07:22"),
        ("Mon, 13 Nov 2017 10:22:05 Q", "13T10:22"),
        ("13/11/2017 - 10:22", "13T10:22"),
        ("Monday, November 13, 2017 - 10:22 PM", "13T22:22"),
        ("Mon Nov 13 10:22:05 2017", "13T10:22"),
        ("1510568525", "13T10:22"),
        ("1510568525000", "13T10:22"),
        ("الاثنين، 13 تشرين الثاني 2017 10:22 GMT", "13T10:22"),
        ("الإثنين 13 نوفمبر 2017 - 10:22", "13T10:22"),
        ("13 نوفمبر/تشرين الثاني 2017", "13T00:00"),
        ("١٣ تشرين الثاني ٢٠١٧، ١٠:٢٢ مساءً", "13T22:22"),
        ("13 نوفمبر 2017 12:05 ص", "13T00:05"),
        ("13 نوفمبر 2017 10:22 بتوقيت غرينتش", "13T10:22"),
        ("13 نوفمبر 2017 10:22 بتوقيت مكة المكرمة", "13T07:22"),
    ],
)
def test_a_date_is_read_as_outlets_write_it(written: str, hour: str) -> None:
    found = read_date(written, NOW)
    assert found is not None
    assert (found[0].strftime("%Y-%m-%dT%H:%M"), found[1]) == (f"2017-11-{hour}", "feed")


MONTHS = [
    ("كانون الثاني", "كانون ثاني", "يناير", "جانفي"),
    ("شباط", "فبراير", "فيفري"),
    ("آذار", "مارس", "مارس"),
    ("نيسان", "أبريل", "إبريل", "أفريل"),
    ("أيار", "مايو", "ماي"),
    ("حزيران", "يونيو", "جوان"),
    ("تموز", "يوليو", "يوليه", "جويلية", "يوليوز"),
    ("آب", "أغسطس", "أوت", "غشت"),
    ("أيلول", "سبتمبر", "شتنبر"),
    ("تشرين الأول", "تشرين أول", "أكتوبر"),
]


@pytest.mark.parametrize(("month", "names"), list(enumerate(MONTHS, 1)))
def test_a_month_is_known_by_its_names_in_the_levant_in_egypt_and_in_the_maghreb(
    month: int, names: tuple[str, ...]
) -> None:
    for name in names:
        assert read_date(f"5 {name} 2017", NOW) == (datetime(2017, month, 5, tzinfo=UTC), "feed"), name


@pytest.mark.parametrize(
    "written",
    [
        "",
        "أمس",
        "yesterday",
        "13 نوفمبر 10:22",
        "13 Nov 10:22:05",
        "30 February 2017 10:00 GMT",
        "2017-02-30T10:00:00Z",
        "Mon, 13 Nov 2017 25:22:05 GMT",
        "Mon, 13 Nov 2017 10:22:05 +9999",
        "Mon, 13 Nov 2017 10:22:05 QQT",
        "13 نوفمبر 2017 10:22 بتوقيت دمشق",
        "Mon, 13 Nov 2203 10:22:05 GMT",
        "Wed, 15 Nov 2017 10:22:05 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "25 صفر 1445",
        "30 صفر 1438",
        "1445-02-25",
        "0145-02-25",
        "9999999999",
        "9" * 5_000,
    ],
)
def test_a_date_that_cannot_be_read_or_cannot_be_true_is_none(written: str) -> None:
    assert read_date(written, NOW) is None


@given(st.text(alphabet="0123456789:-+/., TZGMTNovص م نوفمبر١٢", max_size=60) | st.text(max_size=60))
def test_any_words_give_a_moment_within_bounds_or_none(words: str) -> None:
    found = read_date(words, NOW)
    assert found is None or (found[0].tzinfo is UTC and found[0].year >= 1981 and (found[0] - NOW).days <= 1)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("24 صفر 1439", "2017-11-13T00:00"),
        ("24 صفر 1439 هـ - 10:22 م", "2017-11-13T22:22"),
        ("الاثنين ٢٤ صفر ١٤٣٩هـ ١٠:٢٢ صباحاً", "2017-11-13T10:22"),
        ("24 من شهر صفر لعام 1439", "2017-11-13T00:00"),
        ("1439-02-24T10:22:05+03:00", "2017-11-13T07:22"),
        ("24/02/1439", "2017-11-13T00:00"),
        ("1 محرم 1439", "2017-09-21T00:00"),
        ("1 جمادى الأولى 1438", "2017-01-29T00:00"),
        ("1 جمادى الآخرة 1438", "2017-02-28T00:00"),
        ("1 ربيع الآخر 1438", "2016-12-30T00:00"),
        ("10 ذي الحجة 1438", "2017-09-01T00:00"),
        ("1 ذو القعدة 1438", "2017-07-24T00:00"),
    ],
)
def test_a_hijri_date_is_converted_and_marked(written: str, moment: str) -> None:
    found = read_date(written, NOW)
    assert found is not None
    assert (found[0].strftime("%Y-%m-%dT%H:%M"), found[1]) == (moment, "hijri")


def test_a_gregorian_date_beside_a_hijri_one_is_taken() -> None:
    written = "الاثنين 24 صفر 1439 هـ الموافق 13 تشرين الثاني 2017 م"
    assert read_date(written, NOW) == (datetime(2017, 11, 13, tzinfo=UTC), "feed")


@pytest.mark.parametrize(
    ("part", "hour"),
    [
        ("10:22 ص", 10),
        ("10:22 م", 22),
        ("12:22 ص", 0),
        ("12:22 م", 12),
        ("12:22 ظهراً", 12),
        ("01:22 ظهرا", 13),
        ("11:22 ظهرا", 11),
        ("03:22 عصراً", 15),
        ("03:22 بعد الظهر", 15),
        ("04:22 فجراً", 4),
        ("10:22 ليلاً", 22),
        ("02:22 ليلاً", 2),
        ("12:22 ليلاً", 0),
        ("22:22 م", 22),
        ("10:22 PM", 22),
    ],
)
def test_the_part_of_the_day_says_which_hour_is_meant(part: str, hour: int) -> None:
    assert read_date(f"12 نوفمبر 2017 {part}", NOW) == (datetime(2017, 11, 12, hour, 22, tzinfo=UTC), "feed")
