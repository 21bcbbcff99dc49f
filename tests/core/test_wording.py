"""The words of alerts: both languages, counted nouns, dates, who said what, and what a broken table is told."""

from __future__ import annotations

import copy
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest

from pipeline.core.alerts import ReversalKind, State
from pipeline.core.claims import Claim, Modality, Party, Polarity
from pipeline.core.events import EventKinds
from pipeline.core.phrases import LANGUAGES, Language
from pipeline.core.reversals import RULES
from pipeline.core.wording import Wording
from tests.sample_alerts import BUKAMAL, CONFIG, NASTY, admission, alert, denial, nasty_notice, wording

DATA = tomllib.loads((CONFIG / "wording.toml").read_text("utf-8"))


def explain(earlier: Claim | None = None, later: Claim | None = None, **changes: Any) -> dict[str, str]:
    given: dict[str, Any] = {
        "kind": "admission",
        "rule": "a rule without words of its own",
        "place": BUKAMAL,
        "earlier": earlier or denial(),
        "later": later or admission(),
        "same_report": False,
        "outlets": ("عنب بلدي", "العربي الجديد"),
        "origins": 1,
    }
    return wording().explain(**(given | changes))


def bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_an_admission_after_a_denial_is_told_in_english() -> None:
    assert bare(explain()["en"]) == (
        "Admission after a denial, Abu Kamal: on Monday 13 November 2017, 09:00 UTC, Russian commander (side: Russia) "
        "denied “withdrawal” (الجيش) (in عنب بلدي, through Novosti); then, on Monday 13 November 2017, 11:30 UTC, "
        "القناة المركزية لقاعدة حميميم (side: Russia) admitted it (in العربي الجديد, through فيسبوك). "
        "The two cannot both stand: what was denied before is now affirmed. "
        "Carried by 2 outlets, from 1 independent origin."
    )


def test_an_admission_after_a_denial_is_told_in_arabic() -> None:
    assert explain()["ar"] == (
        "إقرار بعد نفي، البوكمال: نفي من قائد المجموعة العسكرية الروسية (الطرف: روسيا) بشأن «انسحاب» (الجيش)، "
        "نُشر في عنب بلدي نقلاً عن نوفوستي، الاثنين ١٣ نوفمبر/تشرين الثاني ٢٠١٧ الساعة ٠٩:٠٠ بتوقيت غرينتش؛ "
        "ثم إقرار من القناة المركزية لقاعدة حميميم (الطرف: روسيا) بشأن الأمر نفسه، "
        "نُشر في العربي الجديد نقلاً عن فيسبوك، الاثنين ١٣ نوفمبر/تشرين الثاني ٢٠١٧ الساعة ١١:٣٠ بتوقيت غرينتش. "
        "لا يصح القولان معاً: ما نُفي من قبل بات موضع إقرار. الناقل: وسيلتان إعلاميتان؛ والأصل: مصدر واحد مستقل."
    )


def test_foreign_names_are_isolated_in_english_and_arabic_ones_need_no_isolate_in_arabic() -> None:
    told = explain(denial(relayed_through=("Reuters",)))
    assert "\u2068القناة المركزية لقاعدة حميميم\u2069" in told["en"]
    assert "through Reuters" in told["en"]
    assert "نقلاً عن \u2068Reuters\u2069" in told["ar"]
    assert "\u2068الجيش" not in told["ar"]


def test_both_sides_in_one_report_are_said_to_be() -> None:
    told = explain(same_report=True)
    assert "is now affirmed, and both stand in one report." in told["en"]
    assert "، والقولان في تقرير واحد." in told["ar"]
    assert "one report" not in explain()["en"]


def test_a_development_is_not_called_a_contradiction() -> None:
    told = explain(kind="development")
    assert "cannot both stand" not in told["en"]
    assert "لا يصح القولان معاً" not in told["ar"]


def test_opposite_kinds_name_both_matters() -> None:
    told = explain(later=admission(kind="hold", explicit=False, speaker=None, relayed_through=()))
    assert "العربي الجديد\u2069, in its own voice, reported “control” (\u2068الجيش\u2069) (in" in told["en"]
    assert "ثم خبر غير منسوب إلى أحد بشأن «سيطرة» (الجيش)، نُشر في العربي الجديد، " in told["ar"]


def test_a_place_other_than_the_alerts_is_named() -> None:
    village = admission().place.__class__("gn:9", "السكرية", "As Sukkariyah", None, None, "town")
    told = explain(later=admission(place=village))
    assert "at As Sukkariyah" in told["en"]
    assert "في السكرية" in told["ar"]


def test_an_undated_report_is_said_to_be_undated() -> None:
    told = explain(denial(dated=False))
    assert "09:00 UTC (time of fetching; the report is undated)" in told["en"]
    assert "(وقت الجلب، فالتقرير غير مؤرخ)" in told["ar"]


@pytest.mark.parametrize(
    ("polarity", "modality", "explicit", "spoken", "english", "arabic"),
    [
        ("affirmed", "stated", True, True, "admitted it", "إقرار"),
        ("affirmed", "stated", False, True, "affirmed it", "تأكيد"),
        ("affirmed", "stated", False, False, "reported it", "خبر"),
        ("affirmed", "alleged", True, True, "alleged it", "زعم"),
        ("affirmed", "threatened", False, True, "threatened it", "تهديد"),
        ("affirmed", "expected", False, True, "expected it", "توقع"),
        ("denied", "stated", True, True, "denied it", "نفي"),
        ("denied", "stated", False, False, "denied it", "نفي"),
        ("denied", "alleged", True, True, "alleged that it did not happen", "زعم بعدم الحدوث"),
        ("denied", "threatened", True, True, "threatened that it would not happen", "تهديد بعدم الحدوث"),
        ("denied", "expected", False, True, "expected that it would not happen", "توقع بعدم الحدوث"),
    ],
)
def test_what_a_voice_did_has_its_word(
    polarity: Polarity, modality: Modality, explicit: bool, spoken: bool, english: str, arabic: str
) -> None:
    said = denial(polarity=polarity, modality=modality, explicit=explicit)
    if not spoken:
        said = denial(polarity=polarity, modality=modality, explicit=explicit, speaker=None)
    assert wording().stance(said, "en", "it") == english
    assert wording().stance(said, "ar") == arabic


def test_a_denial_that_says_not_yet_is_told_as_such() -> None:
    assert wording().stance(denial(pending=True), "en", "it") == "said that it had not happened yet"
    assert wording().stance(denial(pending=True), "ar") == "نفي للحدوث حتى حينه"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_of_judging_has_words(rule: Any) -> None:
    assert rule.name in DATA["rules"]


def test_every_camp_has_an_arabic_name_and_every_event_kind_both_labels() -> None:
    camps = tomllib.loads((CONFIG / "speakers.toml").read_text("utf-8"))["camps"]
    kinds = EventKinds.from_toml(tomllib.loads((CONFIG / "events.toml").read_text("utf-8")))
    assert sorted(camps) == sorted(DATA["camps_ar"])
    assert [kind.id for kind in kinds if not (kind.label_ar and kind.label_en)] == []


def test_a_camp_without_an_arabic_name_is_told_by_its_english_one() -> None:
    made = Wording.from_toml(DATA, names_en={"new": "The New Side"})
    assert made.camp("new", "ar") == "\u2068The New Side\u2069"
    assert made.camp("newer", "en") == "newer"


@pytest.mark.parametrize(
    ("number", "arabic", "english"),
    [
        (1, "مصدر واحد مستقل", "1 independent origin"),
        (2, "مصدران مستقلان", "2 independent origins"),
        (3, "٣ مصادر مستقلة", "3 independent origins"),
        (10, "١٠ مصادر مستقلة", "10 independent origins"),
        (11, "١١ مصدراً مستقلاً", "11 independent origins"),
        (99, "٩٩ مصدراً مستقلاً", "99 independent origins"),
        (100, "١٠٠ مصدر مستقل", "100 independent origins"),
        (102, "١٠٢ مصدر مستقل", "102 independent origins"),
        (103, "١٠٣ مصادر مستقلة", "103 independent origins"),
        (111, "١١١ مصدراً مستقلاً", "111 independent origins"),
    ],
)
def test_counted_nouns_take_the_form_of_their_number(number: int, arabic: str, english: str) -> None:
    assert wording().count("origins", number, "ar") == arabic
    assert wording().count("origins", number, "en") == english


def test_outlets_are_counted_as_feminine() -> None:
    counted = [wording().count("outlets", number, "ar") for number in (1, 2, 7, 12)]
    assert counted == ["وسيلة إعلامية واحدة", "وسيلتان إعلاميتان", "٧ وسائل إعلامية", "١٢ وسيلة إعلامية"]


def test_times_are_told_in_utc_whatever_their_zone() -> None:
    damascus = datetime(2017, 11, 14, 1, 5, tzinfo=timezone(timedelta(hours=2)))
    assert wording().moment(damascus, "en") == "Monday 13 November 2017, 23:05 UTC"
    assert wording().moment(damascus, "ar") == "الاثنين ١٣ نوفمبر/تشرين الثاني ٢٠١٧ الساعة ٢٣:٠٥ بتوقيت غرينتش"
    with pytest.raises(ValueError, match="time zone"):
        wording().moment(damascus.replace(tzinfo=None), "en")


def test_every_weekday_and_month_has_its_name() -> None:
    days = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 8)]
    assert [wording().moment(day, "en").split()[0] for day in days] == DATA["weekdays"]["en"]
    assert wording().moment(datetime(2023, 8, 24, tzinfo=UTC), "ar").startswith("الخميس ٢٤ أغسطس/آب ٢٠٢٣")


def test_relays_are_listed_with_an_and_and_a_long_list_is_shortened() -> None:
    three = denial(relayed_through=("نوفوستي", "فيسبوك", "تلغرام"))
    assert wording().relays(three, "ar") == "نوفوستي وفيسبوك وتلغرام"
    assert bare(wording().relays(three, "en")) == "Novosti, فيسبوك and تلغرام"
    assert wording().relays(denial(relayed_through=()), "en") == ""
    assert wording().relays(denial(relayed_through=("س",) * 40), "ar") == "س وس وس وس و…"


@pytest.mark.parametrize(
    ("kind", "english", "arabic"),
    [("withdraw", "withdrawal", "انسحاب"), ("hold", "control", "سيطرة"), ("deliver_arms", "deliver arms", "حدث")],
)
def test_an_event_kind_without_labels_still_reads(kind: str, english: str, arabic: str) -> None:
    assert wording().event(kind, "en") == english
    assert wording().event(kind, "ar") == arabic


def test_parties_of_a_happening_are_named() -> None:
    minister = Party("m", "الوزير")
    assert bare(wording().matter(denial(object=minister), BUKAMAL, "en")) == "“withdrawal” (الجيش, concerning الوزير)"
    assert wording().matter(denial(object=minister), BUKAMAL, "ar") == "«انسحاب» (الجيش، بشأن الوزير)"
    assert wording().matter(denial(actor=None, object=minister), BUKAMAL, "ar") == "«انسحاب» (بشأن الوزير)"
    assert wording().matter(denial(actor=None), BUKAMAL, "ar") == "«انسحاب»"


def test_a_rule_may_bring_words_of_its_own() -> None:
    data = copy.deepcopy(DATA)
    data["rules"]["alive-dead"] = {"ar": "لا يكون المرء حياً وميتاً معاً", "en": "nobody is alive and dead at once"}
    made = Wording.from_toml(data)
    assert made.rule("alive-dead", "rival", "en") == "nobody is alive and dead at once"
    assert made.rule("another", "rival", "en") == DATA["rules"]["default-rival"]["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_state_has_words(language: Language) -> None:
    kinds = {wording().kind(kind, language) for kind in get_args(ReversalKind)}
    states = {wording().state(state, language) for state in get_args(State)}
    assert (len(kinds), len(states)) == (len(get_args(ReversalKind)), len(get_args(State)))


@pytest.mark.parametrize("kind", get_args(ReversalKind))
def test_arabic_holds_no_latin_letter_and_english_no_arabic_one_of_our_own(kind: ReversalKind) -> None:
    silent = {"actor": None, "speaker": None, "relayed_through": ()}
    told = explain(denial(outlet="1", **silent), admission(outlet="2", **silent), kind=kind)
    assert not any("a" <= letter.lower() <= "z" for letter in told["ar"])
    assert not any("\u0600" <= letter <= "\u06ff" for letter in told["en"])


@pytest.mark.parametrize("words", NASTY)
def test_an_explanation_is_one_line_with_paired_isolates_whatever_the_names(words: str) -> None:
    nasty = nasty_notice(words).alert
    for language in LANGUAGES:
        told = wording().explanation(nasty, language)
        assert told.count("\u2068") == told.count("\u2069")
        assert not set(told) & set("\n\r\x00\x1b\x9b\u2028\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200e\u200f")
        assert len(told) < 4000


def test_an_alerts_own_explanation_is_preferred() -> None:
    assert wording().explanation(alert(explanation={"en": "told before"}), "en") == "told before"
    assert wording().explanation(alert(explanation={"en": "told before"}), "ar") == explain(origins=2)["ar"]


def broken(path: str, value: Any) -> dict[str, Any]:
    """The shipped table with one entry changed, or taken away where the value is None."""
    data = copy.deepcopy(DATA)
    *way, last = path.split("/")
    table = data
    for name in way:
        table = table.setdefault(name, {})
    if value is None:
        del table[last]
    else:
        table[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("kinds/admission", None, "kinds.admission is missing"),
        ("kinds/admission/en", None, "kinds.admission.en has to be a text"),
        ("kinds/admission/ar", "", "kinds.admission.ar has to be a text"),
        ("kinds/admission/fr", "aveu", "unknown entry kinds.admission.fr"),
        ("kinds/admision", {"ar": "أ", "en": "a"}, "unknown entry kinds.admision; did you mean 'admission'"),
        ("kind", {}, "unknown entry kind; did you mean 'kinds'"),
        ("states", None, r"section \[states\] is missing"),
        ("counts/origins", None, r"section \[counts.origins\] is missing"),
        ("sides/by/en", "{speeker}", r"sides.by.en uses \{speeker\}; it may use: speaker"),
        ("sides/by/en", "{speaker.name}", r"sides.by.en uses \{speaker.name\}"),
        ("sides/by/en", "{speaker", "sides.by.en: expected '}'"),
        ("rules/default-self/ar", "{why}", "it may use: none"),
        ("rules/own/ar", "{why}", "rules.own.ar uses"),
        ("months/ar", ["يناير"], "months.ar has to list 12 names"),
        ("weekdays/en", "Monday", "weekdays.en has to list 7 names"),
        ("camps_ar/russia", 1, "camps_ar.russia has to be a text"),
        ("labels/why", "Why", "labels.why is missing"),
    ],
)
def test_a_broken_table_is_refused_by_the_name_of_its_entry(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Wording.from_toml(broken(path, value))
