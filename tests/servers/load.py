"""A made-up stream of news of any length: mostly weather, now and then a denial, or an admission that reverses it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

_TOWNS = """
البوكمال تدمر ديرالزور منبج جرابلس الرقة درعا إدلب عدن الموصل سرت بنغازي حلب حمص حماة اللاذقية طرطوس
السويداء القنيطرة الحسكة القامشلي الميادين طرابلس مصراتة سبها درنة طبرق الزاوية غريان زوارة بغداد
البصرة كركوك تكريت الفلوجة الرمادي سامراء بعقوبة النجف كربلاء الحلة الناصرية العمارة السماوة أربيل
دهوك السليمانية صنعاء تعز الحديدة ذمار مأرب المكلا سيئون عتق صعدة حجة زنجبار البيضاء الخرطوم الفاشر
نيالا كسلا بورتسودان الأبيض الجنينة
"""
TOWNS = _TOWNS.split()
DENIAL = "نفى قائد المجموعة العسكرية الروسية في سوريا انسحاب الجيش السوري من مدينة {town}. رقم الخبر {number}."
ADMISSION = "اعترفت القناة المركزية لقاعدة حميميم العسكرية بانسحاب الجيش السوري من مدينة {town}. رقم الخبر {number}."
WEATHER = "طقس مشمس في مدينة {town} ودرجات الحرارة معتدلة. رقم الخبر {number}."

_START = datetime(2017, 11, 1, tzinfo=UTC)
# 20,000 of them lie within less time than a dossier remembers.
_STEP = timedelta(minutes=6)


def articles(count: int, *, claiming: float = 0.3) -> list[dict[str, Any]]:
    """Articles in the order of their times, as `naqid ingest` takes them; of a share of them a claim can be read."""
    made: list[dict[str, Any]] = []
    claims = 0
    for number in range(count):
        tells = int(number * claiming) != int((number + 1) * claiming)
        town = TOWNS[(claims if tells else number) % len(TOWNS)]
        text = (DENIAL, ADMISSION)[claims // len(TOWNS) % 2] if tells else WEATHER
        claims += tells
        made.append(
            {
                "outlet": f"المنفذ {number % 17}",
                "url": f"https://example.org/{'claim' if tells else 'weather'}/{number}",
                "title": "",
                "text": text.format(town=town, number=number),
                "published": _START + number * _STEP,
            }
        )
    return made


def with_claims(made: list[dict[str, Any]]) -> set[str]:
    """The addresses of those that a claim is read from."""
    return {article["url"] for article in made if "/claim/" in article["url"]}
