"""What the gazetteer finds in newspaper sentences, and what it leaves alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.geonames import load_gazetteer
from pipeline.core.arabic import fold
from pipeline.core.atlas import City, gazetteer_from
from pipeline.core.gazetteer import Gazetteer, Mention
from pipeline.core.places import Place

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def gazetteer(warm_cache: Path) -> Gazetteer:
    table = tomllib.loads((ROOT / "config" / "places.toml").read_text(encoding="utf-8"))
    return load_gazetteer(table, warm_cache / "naqid")


# A sentence, and the places that it names: the words in the text, "=", the place's id.
NAMED = [
    ("سيطر الجيش على مدينة البوكمال الحدودية مع العراق", ["البوكمال=gn:174448", "العراق=country:IQ"]),
    ("انسحبت القوات من البوكمال فجراً", ["البوكمال=gn:174448"]),
    ("وصلت تعزيزات إلى ابو كمال بعد ظهر أمس", ["ابو كمال=gn:174448"]),
    ("تقدمت القوات نحو البو كمال من جهة الغرب", ["البو كمال=gn:174448"]),
    ("دارت اشتباكات بالبوكمال والميادين", ["البوكمال=gn:174448", "الميادين=gn:173480"]),
    ("عادت عائلات نازحة للبوكمال ولدير الزور", ["لبوكمال=gn:174448", "دير الزور=gn:170794"]),
    ("وفي البُوكَمَال قُتل ثلاثة عناصر", ["البُوكَمَال=gn:174448"]),
    ("قصف الطيران محافظة دير الزور ومدينة دير الزور معاً", ["دير الزور=div:SY.07", "دير الزور=gn:170794"]),
    ("قتل ثلاثة مدنيين في ريف حلب الشمالي", ["حلب=div:SY.09"]),
    ("انفجرت سيارة في حلب", ["حلب=gn:170063"]),
    ("أعلن مجلس محافظة حلب الحداد", ["حلب=div:SY.09"]),
    ("استعاد التنظيم قرى في ريف البوكمال", ["البوكمال=dist:SY.07.abu-kamal"]),
    ("استهدف القصف ريف دمشق ومحيط دمشق", ["ريف دمشق=div:SY.08", "دمشق=gn:170654"]),
    ("شهد ريفا حماة وإدلب هدوءاً نسبياً", ["حماة=div:SY.10", "إدلب=div:SY.12"]),
    ("دخلت قافلة إلى مدينتي الفوعة وكفريا", ["الفوعة=naqid:fua", "كفريا=naqid:kafriya"]),
    ("توجهت الحافلات إلى بلدتي مضايا والزبداني", ["مضايا=gn:167558", "الزبداني=gn:172059"]),
    ("هاجم التنظيم حقل العمر النفطي وقاعدة التنف", ["حقل العمر النفطي=naqid:omar-field", "قاعدة التنف=naqid:tanf"]),
    ("أقلعت الطائرات من قاعدة حميميم الجوية", ["قاعدة حميميم الجوية=naqid:hmeimim"]),
    ("قصف مسلحون حميميم بالصواريخ", ["حميميم=naqid:hmeimim"]),
    ("وصل الوفد إلى مطار دمشق الدولي", ["مطار دمشق الدولي=naqid:damascus-airport"]),
    ("أعيد فتح معبر نصيب الحدودي مع الأردن", ["معبر نصيب الحدودي=naqid:nasib-crossing", "الأردن=country:JO"]),
    ("أغلقت السلطات معبر رفح حتى إشعار آخر", ["معبر رفح=naqid:rafah-crossing"]),
    ("نزح آلاف المدنيين من رفح في جنوب قطاع غزة", ["رفح=gn:281102", "قطاع غزة=div:PS.GZ"]),
    ("انتشر الجيش المصري في رفح المصرية بسيناء", ["رفح المصرية=gn:350350", "سيناء=naqid:sinai"]),
    ("نفى الجيش انسحابه من مدينة القائم", ["القائم=gn:92138"]),
    ("سيطرت الفصائل على مدينة الباب في ريف حلب", ["الباب=gn:174018", "حلب=div:SY.09"]),
    ("عقدت المحادثات في عين العرب (كوباني)", ["عين العرب=gn:172256", "كوباني=gn:172256"]),
    ("تقدمت القوات العراقية في تلعفر والموصل", ["تلعفر=gn:90393", "الموصل=gn:99072"]),
    ("فر الإيزيديون من سنجار إلى أربيل", ["سنجار=gn:448149", "أربيل=gn:95446"]),
    ("وصلت القوات إلى عانة وراوة في الأنبار", ["عانة=gn:6765385", "راوة=gn:92004", "الأنبار=div:IQ.01"]),
    ("أعلن المتحدث تحرير قضاء الحويجة غرب كركوك", ["الحويجة=dist:IQ.13.hawija", "كركوك=gn:94787"]),
    ("اجتمع الطرفان في إقليم كردستان العراق", ["إقليم كردستان العراق=naqid:iraqi-kurdistan"]),
    ("استهدفت غارة صعدة والحديدة ومأرب", ["صعدة=gn:71334", "الحديدة=gn:79415", "مأرب=gn:72968"]),
    ("سقطت قذائف على مدينة تعز اليمنية", ["تعز=gn:70225"]),
    ("وصل المبعوث إلى عدن قادماً من الرياض", ["عدن=gn:415189", "الرياض=gn:108410"]),
    ("سيطرت قوات حكومة الوفاق على ترهونة وغريان", ["ترهونة=gn:2210221", "غريان=gn:2217362"]),
    ("اندلعت اشتباكات جنوب طرابلس بين قوات ليبية متناحرة", ["طرابلس=gn:2210247"]),
    ("أوقف الجيش اللبناني مطلوبين في طرابلس وصيدا", ["طرابلس=gn:266826", "صيدا=gn:268064"]),
    ("تحاصر قوات الدعم السريع الفاشر في شمال دارفور", ["الفاشر=gn:379555", "شمال دارفور=div:SD.55"]),
    ("قصف الجيش السوداني أم درمان والخرطوم بحري", ["أم درمان=gn:365137", "الخرطوم بحري=gn:379251"]),
    ("انسحب الجيش من ود مدني عاصمة ولاية الجزيرة", ["ود مدني=gn:364103", "الجزيرة=div:SD.38"]),
    ("اقتحم الاحتلال مخيم جنين ومدينة نابلس", ["مخيم جنين=naqid:jenin-camp", "نابلس=gn:282615"]),
    ("استشهد شاب في الخليل بالضفة الغربية", ["الخليل=gn:285066", "الضفة الغربية=div:PS.WE"]),
    ('عبرت القوات من جهة "باغوز فوقاني"', ["باغوز فوقاني=naqid:baghuz"]),
    ('بلغت القوات قاعدة "T2" في البادية السورية', ["T2=naqid:t2", "البادية السورية=naqid:syrian-badia"]),
    ("دارت معارك في بادية دير الزور", ["بادية دير الزور=naqid:badia-deir-ez-zor"]),
    ("وصلت القوات إلى المحطة الثانية جنوب الميادين", ["المحطة الثانية=naqid:t2", "الميادين=gn:173480"]),
    ("عاد الوزير إلى سورية عبر لبنان", ["سورية=country:SY", "لبنان=country:LB"]),
    ("أكدت السعودية دعمها للحل السياسي", ["السعودية=country:SA"]),
    ("وصل الملك إلى عمان عاصمة الأردن", ["عمان=gn:250441", "الأردن=country:JO"]),
    ("تحدث الوزير العماني في مسقط عن وساطة عمان", ["مسقط=gn:287286", "عمان=country:OM"]),
    ("دعا المغرب والجزائر إلى ضبط النفس", ["المغرب=country:MA", "الجزائر=country:DZ"]),
    ("انفجرت عبوة في العريش والشيخ زويد", ["العريش=gn:361546", "الشيخ زويد=gn:353471"]),
    ("غادر الوفد مطار صنعاء متوجهاً إلى مسقط", ["مطار صنعاء=naqid:sanaa-airport", "مسقط=gn:287286"]),
    ("أعلنت إسرائيل قصف القنيطرة", ["إسرائيل=country:IL", "القنيطرة=gn:173334"]),
    ("قتل جندي تركي في عفرين وآخر في إدلب", ["عفرين=gn:174186", "إدلب=gn:169389"]),
    ("انتشرت الشرطة الروسية في دوما بالغوطة الشرقية", ["دوما=gn:170592", "الغوطة الشرقية=naqid:east-ghouta"]),
    ("هاجم التنظيم سد تشرين وسد الموصل", ["سد تشرين=naqid:tishrin-dam", "سد الموصل=naqid:mosul-dam"]),
    ("دوت الصافرات قرب حيفا وتل أبيب", ["حيفا=gn:294801", "تل أبيب=gn:293397"]),
    ("استهدف الحوثيون سفينة في البحر الأحمر قبالة الحديدة", ["البحر الأحمر=naqid:red-sea", "الحديدة=gn:79415"]),
    ("سيطر الجيش الليبي على سرت وقاعدة الوطية", ["سرت=gn:2210554", "قاعدة الوطية=naqid:watiya"]),
    ("رحبت واشنطن وموسكو بالاتفاق", ["واشنطن=gn:4140963", "موسكو=gn:524901"]),
    ("وصلت الدفعة الأولى من حي الوعر في حمص", ["حي الوعر=naqid:waer", "حمص=gn:169577"]),
    (
        "تتمركز قوات في خان شيخون ومعرة النعمان وسراقب",
        ["خان شيخون=gn:168325", "معرة النعمان=gn:167611", "سراقب=gn:164816"],
    ),
    ("أفادت صحيفة واشنطن بوست بأن موسكو تدرس العرض", ["موسكو=gn:524901"]),
    ("زار قائد فيلق القدس دمشق", ["دمشق=gn:170654"]),
    ("قالت قوات سوريا الديمقراطية إنها تقدمت في الرقة", ["الرقة=gn:172955"]),
    ("نقلت القدس العربي عن مصدر في القاهرة", ["القاهرة=gn:360630"]),
    ("لم يكن الاتفاق دوماً محترماً في سوريا", ["سوريا=country:SY"]),
    ("أعربت السفيرة الأميركية عن قلقها على سوريا", ["سوريا=country:SY"]),
    ("خرجت المظاهرات السورية السلمية في حمص", ["حمص=gn:169577"]),
]


@pytest.mark.parametrize(("sentence", "places"), NAMED, ids=[sentence for sentence, _ in NAMED])
def test_a_sentence_names_exactly_these_places(gazetteer: Gazetteer, sentence: str, places: list[str]) -> None:
    assert shown(sentence, gazetteer.mentions(sentence)) == places


SILENT = [
    "يبحث الطرفان الخلاف القائم منذ عام",
    "حصل اللاعب على نصيب من الجائزة",
    "بقي الباب مفتوحاً أمام المفاوضات",
    "تبنت سرايا القدس إطلاق الصواريخ",
    "نفت هيئة تحرير الشام وجودها في المنطقة",
    "أعلن تنظيم الدولة الإسلامية في العراق والشام مسؤوليته",
    "ذكرت روسيا اليوم أن الطائرات أقلعت",
    "أفادت الجزيرة نت بأن الاجتماع تأجل",
    "قال علي الرقة إنه لن يستقيل",
    "التقى محمد حلب أقاربه",
    "فاز نادي الاتحاد على فريق الجزيرة",
    "ظهر أبو بكر البغدادي في تسجيل مصور",
    "قالت مصادر إعلامية سورية إن الوضع هادئ",
    "التقى الوزير أعضاء الحكومة السعودية",
    "أقيمت صلاة المغرب في المسجد",
    "كان بين الحاضرين إلى جانبه سنة كاملة",
    "قدمت الشركة تقريراً عن وضع مالي صعب",
    "دعا عبد الحليم قنديل إلى الحوار",
    "أقامت القوات قاعدة عسكرية ومخيماً للنازحين في قرية صغيرة",
    "استمرت المظاهرات السلمية أسبوعاً",
    "عاد اللاعب إلى بلده معافى بعد رحلة العلاج",
    "وصلت تعزيزات إلى قاعدة مهمة للقوات",
    "",
]


@pytest.mark.parametrize("sentence", SILENT)
def test_a_sentence_without_a_place_names_none(gazetteer: Gazetteer, sentence: str) -> None:
    assert gazetteer.mentions(sentence) == []


UNLISTED = [
    ("دخل الجيش قرية الشنداخية في ريف حمص الشرقي", "الشنداخية", "prov:div:SY.11:الشنداخيه", "town"),
    ('استهدفت الغارة بلدة "أم الرمان" في ريف السويداء', "أم الرمان", "prov:div:SY.05:ام الرمان", "town"),
    ("اندلعت اشتباكات في حي الزنجيلي غربي مدينة الموصل", "الزنجيلي", "prov:div:IQ.15:الزنجيلي", "part"),
    ("نزح المئات إلى مخيم الحدلات قرب تدمر", "الحدلات", "prov:div:SY.11:الحدلات", "site"),
    ("فتحت السلطات معبر الشيب الحدودي في ميسان", "الشيب", "prov:div:IQ.14:الشيب", "site"),
    ("وصل الرئيسان إلى مدينة دانانغ الفيتنامية", "دانانغ", "prov:country:VN:دانانغ", "town"),
]


@pytest.mark.parametrize(("sentence", "words", "id", "level"), UNLISTED, ids=[row[0] for row in UNLISTED])
def test_an_unlisted_place_behind_a_cue_is_provisional(
    gazetteer: Gazetteer, sentence: str, words: str, id: str, level: str
) -> None:
    [mention] = [mention for mention in gazetteer.mentions(sentence) if mention.place.provisional]
    assert sentence[mention.start : mention.end] == words
    assert (mention.place.id, mention.place.level, mention.place.lat) == (id, level, None)
    assert mention.doubt >= 0.5


def test_a_country_decides_between_places_of_one_name(gazetteer: Gazetteer) -> None:
    libyan = gazetteer.mentions("تجددت المعارك بين القوات الليبية في طرابلس ومصراتة")[0]
    lebanese = gazetteer.mentions("انتشر الجيش اللبناني في طرابلس قادماً من بيروت")[0]
    assert (libyan.place.country, lebanese.place.country) == ("country:LY", "country:LB")
    assert set(libyan.candidates) >= {"gn:2210247", "gn:266826"}


def test_a_name_without_context_is_doubted(gazetteer: Gazetteer) -> None:
    [alone] = gazetteer.mentions("اندلع حريق في طرابلس")
    [told] = gazetteer.mentions("اندلع حريق في طرابلس", country_hint="country:LB")
    assert alone.doubt > 0.15
    assert told.place.id == "gn:266826"
    assert told.doubt < alone.doubt


def test_a_word_that_is_also_a_name_counts_again_after_its_cue(gazetteer: Gazetteer) -> None:
    text = "سيطر الجيش العراقي على مدينة القائم. وانسحب التنظيم من القائم بعد الخلاف القائم بين قادته."
    assert shown(text, gazetteer.mentions(text)) == ["القائم=gn:92138", "القائم=gn:92138"]


def test_a_town_lies_in_its_district_division_and_country(gazetteer: Gazetteer) -> None:
    hajin = known(gazetteer, "gn:174506")
    assert hajin.within == ("dist:SY.07.abu-kamal", "div:SY.07", "country:SY")
    for outer in hajin.within:
        assert gazetteer.contains(known(gazetteer, outer), hajin)
    assert not gazetteer.contains(hajin, known(gazetteer, "div:SY.07"))
    assert gazetteer.contains(hajin, hajin)


def test_a_region_may_hold_divisions(gazetteer: Gazetteer) -> None:
    assert gazetteer.contains(known(gazetteer, "naqid:darfur"), known(gazetteer, "gn:379555"))
    assert known(gazetteer, "naqid:darfur").division == ""
    assert known(gazetteer, "naqid:syrian-badia").division == ""


def test_every_container_of_the_conflict_countries_is_known(gazetteer: Gazetteer) -> None:
    core = {f"country:{code}" for code in ("SY", "IQ", "LB", "PS", "YE", "LY", "SD")}
    places = [place for name in gazetteer.names() for place in gazetteer.find(name) if place.country in core]
    assert len({place.id for place in places}) > 900
    assert {outer for place in places for outer in place.within if gazetteer.by_id(outer) is None} == set()


def test_well_known_places_carry_the_names_of_the_press(gazetteer: Gazetteer) -> None:
    bukamal = known(gazetteer, "gn:174448")
    assert (bukamal.name, bukamal.name_en, bukamal.level) == ("البوكمال", "Al-Bukamal", "town")
    assert (bukamal.division, bukamal.country) == ("div:SY.07", "country:SY")
    assert bukamal.lat == pytest.approx(34.45, abs=0.01)
    assert known(gazetteer, "div:SY.07").name == "محافظة دير الزور"
    assert known(gazetteer, "div:PS.GZ").name == "قطاع غزة"


@pytest.mark.parametrize(
    "name", ["البوكمال", "أبو كمال", "ابو كمال", "البو كمال", "البُوكمال", "Al-Bukamal", "al-bukamal"]
)
def test_a_place_is_found_by_any_of_its_names(gazetteer: Gazetteer, name: str) -> None:
    assert gazetteer.find(name)[0].id == "gn:174448"


def test_an_unknown_name_or_id_finds_nothing(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("لا مكان كهذا") == []
    assert gazetteer.by_id("gn:0") is None


@pytest.mark.parametrize(
    ("form", "country"),
    [
        ("الروسية", "country:RU"),
        ("روسي", "country:RU"),
        ("والروسي", "country:RU"),
        ("الروس", "country:RU"),
        ("السوري", "country:SY"),
        ("السوريين", "country:SY"),
        ("للسوريين", "country:SY"),
        ("الأمريكية", "country:US"),
        ("أميركي", "country:US"),
        ("الأتراك", "country:TR"),
        ("القطرية", "country:QA"),
    ],
)
def test_an_adjective_of_nationality_tells_its_country(gazetteer: Gazetteer, form: str, country: str) -> None:
    for written in (form, fold(form)):
        found = gazetteer.demonym(written)
        assert found is not None
        assert found.id == country


@pytest.mark.parametrize("form", ["العسكري", "المدينة", "روسيا", "مالي", "البغدادي", ""])
def test_other_words_are_no_nationality(gazetteer: Gazetteer, form: str) -> None:
    assert gazetteer.demonym(form) is None


def test_names_that_need_a_cue_are_not_offered_to_the_index(gazetteer: Gazetteer) -> None:
    offered = {fold(name) for name in gazetteer.names()}
    assert {fold("البوكمال"), fold("حميميم"), fold("دير الزور")} <= offered
    assert {fold("القائم"), fold("نصيب"), fold("سنة"), fold("كان")}.isdisjoint(offered)


SENTENCES = st.lists(st.sampled_from([*(sentence for sentence, _ in NAMED), *SILENT]), max_size=4)


@given(SENTENCES, st.text(max_size=40))
def test_mentions_lie_in_the_text_in_order_and_apart(
    gazetteer: Gazetteer, sentences: Iterable[str], noise: str
) -> None:
    text = f"{noise} " + ". ".join(sentences)
    end = 0
    for mention in gazetteer.mentions(text):
        assert end <= mention.start < mention.end <= len(text)
        assert 0 <= mention.doubt <= 1
        assert mention.candidates[0] == mention.place.id
        assert not text[mention.start].isspace()
        end = mention.end


@pytest.mark.parametrize(
    ("start", "ids"),
    [
        ("000_", {"gn:174448", "gn:92138", "gn:172955", "gn:170794", "div:SY.07", "naqid:baghuz"}),
        ("004_", {"gn:174448", "gn:173480", "div:SY.11", "naqid:hmeimim", "naqid:t2", "naqid:badia-deir-ez-zor"}),
    ],
)
def test_the_seed_articles_name_their_places_and_nothing_else(
    gazetteer: Gazetteer, shared: Path, start: str, ids: set[str]
) -> None:
    [file] = (shared / "data" / "seeds").glob(f"{start}*.txt")
    found = {mention.place.id for mention in gazetteer.mentions(file.read_text(encoding="utf-8"))}
    wide = {"country:SY", "country:IQ", "country:RU", "naqid:syrian-badia"}
    assert ids <= found
    assert found - ids <= wide


MINIMAL: dict[str, Any] = {
    "scope": {"core": ["SY"], "near": [], "trusted": 100_000, "world": 300_000, "famous": 2_000_000},
    "division_words": {"default": "محافظة"},
    "district_words": {"default": "منطقة"},
    "countries": {"SY": {"name": "سوريا", "en": "Syria", "people": ["سوري"], "at": [35.0, 38.0]}},
    "divisions": {"SY.07": {"name": "دير الزور", "en": "Deir ez-Zor", "at": [35.3, 40.1]}},
    "districts": {},
    "places": {},
    "towns": {},
    "cues": {"مدينة": ["town"]},
    "words": {
        "introduces": {},
        "introduces_quoted": {},
        **dict.fromkeys(
            [
                *("lists", "name_heads", "name_tails", "not_names", "organisations", "kin", "given_names"),
                *("before_places", "place_proclitics", "not_places", "ordinary", "never"),
            ],
            (),
        ),
    },
}
MAYADIN = City(173480, "Al Mayādīn", 35.02, 40.45, "SY", "07", 54534, False, ("الميادين", "ميادين"))


def test_a_table_and_a_city_make_a_gazetteer() -> None:
    gazetteer = gazetteer_from(MINIMAL, [MAYADIN])
    [place] = gazetteer.find("الميادين")
    assert (place.id, place.name, place.name_en) == ("gn:173480", "الميادين", "Al Mayadin")
    assert (place.division, place.within, len(gazetteer)) == ("div:SY.07", ("div:SY.07", "country:SY"), 3)


@pytest.mark.parametrize(
    ("kind", "key", "row", "told"),
    [
        ("towns", "1", {"name": "لا مكان", "en": "Nowhere"}, "geonames has no place '1'"),
        ("places", "lost", {"name": "ضائع", "en": "Lost", "level": "site", "in": "div:SY.99"}, "'div:SY.99'"),
        ("divisions", "SY.04", {"name": "الرقة", "en": "Raqqa", "seat": 1}, "الرقة: geonames has no place 1"),
        ("districts", "x", {"name": "س", "en": "X", "in": "div:SY.07", "holds": ["naqid:none"]}, "'naqid:none'"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_by_name(
    kind: str, key: str, row: dict[str, Any], told: str
) -> None:
    table = MINIMAL | {kind: MINIMAL[kind] | {key: row}}
    with pytest.raises(ValueError, match=told):
        gazetteer_from(table, [MAYADIN])


def known(gazetteer: Gazetteer, id: str) -> Place:
    place = gazetteer.by_id(id)
    assert place is not None, id
    return place


def shown(text: str, mentions: Iterable[Mention]) -> list[str]:
    return [f"{text[mention.start : mention.end]}={mention.place.id}" for mention in mentions]


def test_every_place_has_a_name_of_letters(gazetteer: Gazetteer) -> None:
    strange = [
        place for place in gazetteer if not place.name_en or re.search(r"[{}\[\]:=]", place.name + place.name_en)
    ]
    assert strange == []
