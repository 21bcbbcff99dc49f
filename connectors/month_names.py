"""The names of months that Arabic outlets print, Gregorian and Hijri. Part of their format, as RFC 822's own names are.

Spelled as `connectors.feed_dates` folds them: no hamzas, final ta marbuta as ha, final alif maqsura as ya.
"""

from __future__ import annotations

from collections.abc import Mapping

# English, Levant and Iraq (with and without the article), Egypt and the Gulf, Tunisia and Algeria, Morocco.
_GREGORIAN = (
    ("jan", "january", "كانون الثاني", "كانون ثاني", "كانون ثان", "يناير", "جانفي"),
    ("feb", "february", "شباط", "فبراير", "فيفري"),
    ("mar", "march", "اذار", "مارس"),
    ("apr", "april", "نيسان", "ابريل", "افريل"),
    ("may", "ايار", "مايو", "ماي"),
    ("jun", "june", "حزيران", "يونيو", "يونيه", "جوان"),
    ("jul", "july", "تموز", "يوليو", "يوليه", "يوليوز", "جويليه"),
    ("aug", "august", "اب", "اغسطس", "اوت", "غشت"),
    ("sep", "sept", "september", "ايلول", "سبتمبر", "شتنبر"),
    ("oct", "october", "تشرين الاول", "تشرين اول", "اكتوبر"),
    ("nov", "november", "تشرين الثاني", "تشرين ثاني", "تشرين ثان", "نوفمبر", "نونبر"),
    ("dec", "december", "كانون الاول", "كانون اول", "ديسمبر", "دجنبر"),
)
_HIJRI = (
    ("محرم", "المحرم", "محرم الحرام"),
    ("صفر",),
    ("ربيع الاول", "ربيع اول"),
    ("ربيع الاخر", "ربيع الثاني", "ربيع ثاني"),
    ("جمادي الاولي", "جمادي الاول", "جمادي اول"),
    ("جمادي الاخره", "جمادي الاخر", "جمادي الثانيه", "جمادي الثاني"),
    ("رجب",),
    ("شعبان",),
    ("رمضان",),
    ("شوال",),
    ("ذو القعده", "ذي القعده", "ذوالقعده"),
    ("ذو الحجه", "ذي الحجه", "ذوالحجه"),
)

GREGORIAN: Mapping[str, int] = {name: number for number, names in enumerate(_GREGORIAN, 1) for name in names}
HIJRI: Mapping[str, int] = {name: number for number, names in enumerate(_HIJRI, 1) for name in names}
