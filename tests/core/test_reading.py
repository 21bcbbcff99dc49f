"""What is read from newspaper sentences: kind, polarity, modality, place, speaker, relay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.article import Article
from pipeline.core.claims import Claim
from pipeline.core.events import EventKinds
from pipeline.core.reading import Reader

Publish = Callable[..., Article]

# sentence, kind, polarity, modality, place, words of the speaker ("" = the outlet), relays
CLAIMS = [
    ("انسحبت قوات النظام من مدينة البوكمال.", "withdraw", "affirmed", "stated", "البوكمال", "", ()),
    ("لم تنسحب قوات النظام من مدينة البوكمال.", "withdraw", "denied", "stated", "البوكمال", "", ()),
    (
        "نفى قائد القوات الروسية انسحاب الجيش السوري من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "قائد القوات الروسية",
        (),
    ),
    (
        "الدفاع الروسية تنفي انسحاب الجيش السوري من البوكمال",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "الدفاع الروسية",
        (),
    ),
    (
        "نفت وزارة الدفاع الروسية أن يكون الجيش السوري قد انسحب من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "وزارة الدفاع الروسية",
        (),
    ),
    (
        "نفى المتحدث باسم الجيش السوري الأنباء التي تحدثت عن انسحاب قواته من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "المتحدث باسم الجيش السوري",
        (),
    ),
    (
        "كذّب مصدر عسكري سوري خبر انسحاب الجيش من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "مصدر عسكري سوري",
        (),
    ),
    (
        "أكد الجيش السوري أنه لا صحة لانسحاب قواته من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "الجيش السوري",
        (),
    ),
    (
        "قال الجيش السوري إن ما تردد عن انسحابه من البوكمال عار عن الصحة.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "الجيش السوري",
        (),
    ),
    (
        "قالت الدفاع الروسية إن أنباء انسحاب الجيش من البوكمال لا أساس لها من الصحة.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "الدفاع الروسية",
        (),
    ),
    (
        "اعترفت قناة حميميم بانسحاب قوات النظام من البوكمال.",
        "withdraw",
        "affirmed",
        "stated",
        "البوكمال",
        "قناة حميميم",
        (),
    ),
    ("أقر الجيش السوداني بانسحاب قواته من مدينة سنجة.", "withdraw", "affirmed", "stated", "سنجة", "الجيش السوداني", ()),
    (
        "زعم تنظيم داعش أن الجيش السوري انسحب من البوكمال.",
        "withdraw",
        "affirmed",
        "alleged",
        "البوكمال",
        "تنظيم داعش",
        (),
    ),
    ("هدد الجيش السوري بالانسحاب من البوكمال.", "withdraw", "affirmed", "threatened", "البوكمال", None, ()),
    ("يعتزم الجيش السوري الانسحاب من البوكمال.", "withdraw", "affirmed", "expected", "البوكمال", None, ()),
    ("قال المسؤول إن الجيش سينسحب من البوكمال.", "withdraw", "affirmed", "expected", "البوكمال", "المسؤول", ()),
    (
        "نقلت وكالة نوفوستي عن قائد القوات الروسية قوله إن الجيش السوري لم ينسحب من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "قائد القوات الروسية",
        ("نوفوستي",),
    ),
    (
        "نقلت رويترز عن مصدر عسكري نفيه انسحاب الجيش السوري من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "مصدر عسكري",
        ("رويترز",),
    ),
    (
        "قال قائد القوات الروسية لوكالة نوفوستي إن الجيش السوري لم ينسحب من البوكمال.",
        "withdraw",
        "denied",
        "stated",
        "البوكمال",
        "قائد القوات الروسية",
        ("نوفوستي",),
    ),
    (
        "انسحب الجيش السوري من البوكمال، بحسب المرصد السوري لحقوق الإنسان.",
        "withdraw",
        "affirmed",
        "stated",
        "البوكمال",
        "المرصد السوري لحقوق الإنسان",
        (),
    ),
    (
        "انسحب الجيش السوري من البوكمال، وفق وكالة رويترز.",
        "withdraw",
        "affirmed",
        "stated",
        "البوكمال",
        "",
        ("رويترز",),
    ),
    (
        "اعترفت قناة حميميم عبر صفحتها على فيسبوك بانسحاب قوات النظام من البوكمال.",
        "withdraw",
        "affirmed",
        "stated",
        "البوكمال",
        "قناة حميميم",
        ("فيسبوك",),
    ),
    (
        "تراجع المتحدث باسم الجيش اليمني عن إعلان السيطرة على مدينة حرض.",
        "capture",
        "denied",
        "stated",
        "حرض",
        "المتحدث باسم الجيش اليمني",
        (),
    ),
    ("فشلت قوات النظام في اقتحام مدينة البوكمال.", "capture", "denied", "stated", "البوكمال", "", ()),
    ("سيطرت قوات سوريا الديمقراطية على مدينة الرقة.", "capture", "affirmed", "stated", "الرقة", "", ()),
    ("قال الجيش السوري إنه لا يزال يسيطر على مدينة تدمر.", "hold", "affirmed", "stated", "تدمر", "الجيش السوري", ()),
    ("استقال وزير الصحة العراقي من منصبه.", "resign", "affirmed", "stated", "العراق", "", ()),
    (
        "نفى مكتب وزير الصحة العراقي استقالته من منصبه.",
        "resign",
        "denied",
        "stated",
        "العراق",
        "مكتب وزير الصحة العراقي",
        (),
    ),
    (
        "نفت وزارة الداخلية اللبنانية توقيف رئيس بلدية عرسال.",
        "arrest",
        "denied",
        "stated",
        "عرسال",
        "وزارة الداخلية اللبنانية",
        (),
    ),
    ("أغلقت السلطات مطار عدن الدولي أمام الرحلات.", "close", "affirmed", "stated", "مطار عدن الدولي", "", ()),
    ("نفى مدير مطار عدن إغلاق المطار.", "close", "denied", "stated", "مطار عدن الدولي", "مدير مطار عدن", ()),
    ("نفت حركة حماس التوصل إلى هدنة في مدينة غزة.", "agree", "denied", "stated", "غزة", "حركة حماس", ()),
    ("قصف طيران التحالف سوقاً في مديرية عبس.", "airstrike", "affirmed", "stated", "عبس", "", ()),
    ("فكّت القوات الحكومية اليمنية الحصار عن مدينة تعز.", "lift_siege", "affirmed", "stated", "تعز", "", ()),
    (
        "لم ينسحب الجيش من مدينة الفاشر، قال مسؤول عسكري لوكالة رويترز.",
        "withdraw",
        "denied",
        "stated",
        "الفاشر",
        "مسؤول عسكري",
        ("رويترز",),
    ),
    ("قطعت السلطات المياه عن مدينة الحسكة.", "cut_water", "affirmed", "stated", "الحسكة", "", ()),
    (
        "نفت الحكومة العراقية قطع الكهرباء عن مدينة البصرة.",
        "cut_power",
        "denied",
        "stated",
        "البصرة",
        "الحكومة العراقية",
        (),
    ),
    ("حوصرت القوات في مدينة الفاشر.", "besiege", "affirmed", "stated", "الفاشر", "", ()),
    ("أعلنت المفوضية تأجيل الانتخابات البرلمانية في ليبيا.", "postpone", "affirmed", "stated", "ليبيا", "المفوضية", ()),
]

# Sentences from which no claim of this kind may be read.
SILENCES = [
    ("لا شك أن معركة البوكمال صعبة بعد انسحاب التنظيم.", "withdraw"),
    ("بحث الجانبان مسألة الانسحاب من البوكمال.", "withdraw"),
    ("انسحب الفريق من مباراة الكأس في مدينة حلب.", "withdraw"),
    ("نفت الجامعة صلتها بوفاة الطالبة في مدينة حمص.", "die"),
    ("لم يسيطر الجيش إلا على الأحياء الجنوبية من مدينة حرض.", "capture"),
    ("سيطر رجال الإطفاء على الحريق في مدينة حلب.", "capture"),
    ("أعلنت وزارة الصحة في مدينة حلب عن خطة.", "visit"),
    ("دخل وقف إطلاق النار في غزة حيز التنفيذ.", "shoot"),
    ("يا أهل مدينة حلب اسمعوا.", "dismiss"),
    ("عاد الأهالي إلى البوكمال بعد انسحاب التنظيم منها.", "withdraw"),
]


def _claims(reader: Reader, publish: Publish, sentence: str) -> list[Claim]:
    headline = not sentence.endswith(".")
    return list(reader.read(publish("" if headline else sentence, title=sentence if headline else "")).claims)


@pytest.mark.parametrize(("sentence", "kind", "polarity", "modality", "place", "speaker", "relays"), CLAIMS)
def test_a_newspaper_sentence_is_read(
    reader: Reader,
    publish: Publish,
    sentence: str,
    kind: str,
    polarity: str,
    modality: str,
    place: str,
    speaker: str | None,
    relays: tuple[str, ...],
) -> None:
    of_kind = [claim for claim in _claims(reader, publish, sentence) if claim.kind == kind]
    assert [(claim.polarity, claim.modality, claim.place.name) for claim in of_kind] == [(polarity, modality, place)]
    claim = of_kind[0]
    if speaker is not None:
        assert (claim.speaker.name if claim.speaker else "") == speaker
    assert claim.relayed_through == relays


@pytest.mark.parametrize(("sentence", "kind"), SILENCES)
def test_what_is_only_mentioned_is_no_claim(reader: Reader, publish: Publish, sentence: str, kind: str) -> None:
    assert [claim for claim in _claims(reader, publish, sentence) if claim.kind == kind] == []


@pytest.mark.parametrize(
    ("sentence", "kind", "place"),
    [
        ("عاد الأهالي إلى البوكمال بعد انسحاب التنظيم منها.", "withdraw", "البوكمال"),
        ("قتل جنديان في هجوم على حاجز في مدينة الرطبة.", "attack", "الرطبة"),
        ("قدم الوزير استقالته.", "resign", ""),
    ],
)
def test_what_is_granted_in_passing_or_has_no_place_is_an_aside(
    reader: Reader, publish: Publish, sentence: str, kind: str, place: str
) -> None:
    reading = reader.read(publish(sentence))
    assert [(claim.polarity, claim.place.name) for claim in reading.asides if claim.kind == kind] == [
        ("affirmed", place)
    ]
    assert kind not in {claim.kind for claim in reading.claims}


def test_a_kind_that_wants_an_unknown_list_is_refused() -> None:
    table = {
        "flood": {
            "plover": "",
            "topic": "t",
            "sign": 1,
            "aspect": "event",
            "theme": "place",
            "opposes": [],
            "label_ar": "ف",
            "label_en": "f",
            "verbs": [["غمر", "يغمر", "@rivers"]],
        }
    }
    with pytest.raises(ValueError, match="rivers"):
        EventKinds.from_toml(table)


def test_a_nested_denial_gives_a_claim_to_each_mouth(reader: Reader, publish: Publish) -> None:
    claims = _claims(
        reader,
        publish,
        "قال المسؤول الروسي إن كل ما أعلنه تنظيم داعش عن أن الجيش السوري انسحب من البوكمال أقاويل لا أساس لها.",
    )
    said = {
        (claim.speaker.camp if claim.speaker else "", claim.polarity) for claim in claims if claim.kind == "withdraw"
    }
    assert said == {("russia", "denied"), ("is", "affirmed")}


def test_the_span_and_the_cues_of_a_claim_stand_on_its_words(reader: Reader, publish: Publish) -> None:
    text = "وصلت تعزيزات أمس.\nنفى قائد القوات الروسية انسحاب الجيش السوري من البوكمال. وساد الهدوء."
    article = publish(text)
    claim = next(claim for claim in reader.read(article).claims if claim.polarity == "denied")
    start, end = claim.evidence.span
    assert article.text[start:end] == claim.evidence.sentence
    assert {claim.evidence.sentence[a:b] for a, b in claim.evidence.cues} == {"نفى", "انسحاب"}


def test_what_is_recalled_is_background(reader: Reader, publish: Publish) -> None:
    claims = _claims(reader, publish, "وكانت وزارة الدفاع الروسية قد نفت انسحاب الجيش السوري من البوكمال.")
    assert [claim.background for claim in claims if claim.kind == "withdraw"] == [True]


def test_the_same_word_twice_in_an_article_is_one_claim_with_all_relays(reader: Reader, publish: Publish) -> None:
    article = publish(
        "نفى قائد القوات الروسية انسحاب الجيش السوري من البوكمال.\n"
        "وقال المسؤول الروسي لوكالة نوفوستي إن الجيش السوري لم ينسحب من المدينة.",
        title="الدفاع الروسية تنفي انسحاب الجيش السوري من البوكمال",
    )
    denials = [claim for claim in reader.read(article).claims if claim.polarity == "denied"]
    assert [(claim.evidence.part, claim.relayed_through) for claim in denials] == [("text", ("نوفوستي",))]


def test_the_seed_articles_are_read(reader: Reader, publish: Publish, shared: Path) -> None:
    first, second = (path.read_text(encoding="utf-8") for path in sorted((shared / "data" / "seeds").glob("*.txt")))
    denial = next(c for c in reader.read(publish(first)).claims if c.kind == "withdraw" and c.polarity == "denied")
    assert (denial.place.name, denial.relayed_through) == ("البوكمال", ("نوفوستي",))
    admission = next(
        c
        for c in reader.read(publish(second)).claims
        if c.kind == "withdraw" and c.polarity == "affirmed" and c.explicit
    )
    assert admission.speaker is not None
    assert (admission.speaker.id, admission.relayed_through) == ("ru-hmeimim-channel", ("فيسبوك",))


@pytest.mark.parametrize(
    "text",
    [
        "قال المسؤول إن " * 4000,
        "نفى القائد انسحاب الجيش من البوكمال " * 1500,
        "البوكمال " * 6000,
        '"' * 20000,
        "بحسب المصدر " * 4000,
    ],
    ids=["sayings", "denials", "places", "quotation marks", "sources"],
)
def test_a_text_without_stops_is_read_to_its_end(reader: Reader, publish: Publish, text: str) -> None:
    reading = reader.read(publish(text))
    assert len(reading.claims) <= 8
