"""What every index promises (`pipeline.ports.Index`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ports import Document, Query

Open = Callable[[], Any]

BUKAMAL = {"id": "gn:174448", "name": "البوكمال", "name_en": "Abu Kamal", "lat": 34.45, "lon": 40.92}
RAQQA = {"id": "gn:172955", "name": "الرقة", "name_en": "Ar Raqqah", "lat": 35.95, "lon": 39.01}

# The twelve ways in which newspapers write the town's joined name.
JOINED = (
    "البوكمال",
    "والبوكمال",
    "بالبوكمال",
    "وبالبوكمال",
    "للبوكمال",
    "وللبوكمال",
    "فالبوكمال",
    "كالبوكمال",
    "بوكمال",
    "لبوكمال",
    "ببوكمال",
    "الْبُوكَمَال",
)
SPLIT = ("ابو كمال", "أبو كمال")


@pytest.fixture
def shared_index(open_index: Open) -> Any:
    """One open index for all examples of a property."""
    index = open_index()
    index.put([article("a", title="ابو كمال", text="انسحب الجيش من البوكمال", places=[BUKAMAL])])
    return index


def article(id: str, version: int = 0, **fields: Any) -> Document:
    body = {
        "id": id,
        "url": f"https://example.org/{id}",
        "outlet": "العربي الجديد",
        "title": "",
        "text": "",
        "published": "2017-11-13T09:00:00Z",
        "revision": version,
        "places": [],
        "kinds": [],
    } | fields
    return Document("articles", id, version, body)


def ids(index: Any, words: str = "", **asked: Any) -> list[str]:
    return [hit.id for hit in index.search(Query(asked.pop("collection", "articles"), words, **asked))]


def test_a_document_comes_back_as_it_was_put(open_index: Open) -> None:
    index = open_index()
    document = article("a", title="القوات تنسحب", text="نص", places=[BUKAMAL])
    assert index.put([document]) == []
    [hit] = index.search(Query("articles", "القوات"))
    assert (hit.id, hit.body) == ("a", document.body)


def test_what_was_put_is_there_after_reopening(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", text="انسحب الجيش")])
    index.close()
    reopened = open_index()
    assert ids(reopened, "الجيش") == ["a"]
    assert reopened.count("articles") == 1


def test_putting_the_same_again_changes_nothing(open_index: Open) -> None:
    index = open_index()
    for _ in range(3):
        assert index.put([article("a", text="انسحب الجيش")]) == []
    assert index.count("articles") == 1
    assert ids(index, "الجيش") == ["a"]


def test_a_higher_version_replaces_a_lower_one(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", 0, text="انسحب الجيش", outlet="أ"), article("a", 1, text="بقي الجيش", outlet="ب")])
    assert index.count("articles") == 1
    assert ids(index, "انسحب") == []
    assert ids(index, "بقي") == ["a"]
    assert (ids(index, outlet="أ"), ids(index, outlet="ب")) == ([], ["a"])


def test_a_lower_version_never_overwrites_a_higher_one(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", 2, text="بقي الجيش")])
    assert index.put([article("a", 1, text="انسحب الجيش")]) == []
    assert ids(index, "انسحب") == []
    assert ids(index, "بقي") == ["a"]


def test_collections_do_not_mix(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", text="انسحب الجيش"), CLAIM])
    assert ids(index, "الجيش") == ["a"]
    assert ids(index, "الجيش", collection="claims") == ["claim"]
    assert [index.count(name) for name in ("articles", "claims", "events", "alerts")] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "flawed",
    [
        article("flawed", text=object()),
        article("flawed", extra={1, 2}),
        article("flawed", extra=float("nan")),
        article("flawed", published="yesterday"),
        article("flawed", published="2017-11-13T09:00:00"),
        article("flawed", published=None),
        article("flawed", title=7),
        article("flawed", places="gn:174448"),
        article("flawed", places=[{"name": "البوكمال"}]),
        article("flawed", kinds=7),
        article("flawed", version=2**70),
        Document("events", "flawed", 0, {"id": "flawed"}),
        Document("alerts", "flawed", 0, {"id": "flawed", "later": None}),
    ],
)
def test_a_document_that_cannot_be_stored_is_named_and_the_rest_is_in(open_index: Open, flawed: Document) -> None:
    index = open_index()
    [skipped] = index.put([article("a", text="الجيش"), flawed, article("b", text="الجيش")])
    assert "flawed" in skipped.where
    assert skipped.reason
    assert sorted(ids(index, "الجيش")) == ["a", "b"]
    assert sum(index.count(name) for name in ("articles", "events", "alerts")) == 2


def test_a_document_without_an_id_is_refused(open_index: Open) -> None:
    index = open_index()
    [skipped] = index.put([article("")])
    assert "id" in skipped.reason


def test_text_that_utf8_cannot_hold_is_stored_and_searched(open_index: Open) -> None:
    index = open_index()
    document = article("a", text="الجيش \ud800 انسحب", outlet="\udc00")
    assert index.put([document]) == []
    [hit] = index.search(Query("articles", "الجيش"))
    assert hit.body == document.body


def test_all_words_must_be_there_in_title_or_text(open_index: Open) -> None:
    index = open_index()
    index.put(
        [
            article("both", title="انسحاب", text="قال الجيش"),
            article("one", title="انسحاب", text="قال الناطق"),
            article("other", text="قال الجيش"),
        ]
    )
    assert ids(index, "الجيش انسحاب") == ["both"]


def test_folding_and_stemming_make_spellings_one(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", text="أعلنت القُوّات إستعادة المدينة")])
    for words in ("القوات", "والقوات", "استعادة", "المدينه", "بالمدينة"):
        assert ids(index, words) == ["a"], words


def test_a_phrase_in_quotation_marks_needs_its_order(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", text="انسحب الجيش سريعا"), article("b", text="الجيش الذي انسحب")])
    assert sorted(ids(index, "انسحب الجيش")) == ["a", "b"]
    for phrase in ('"انسحب الجيش"', "«انسحب الجيش»", "“انسحب الجيش”"):
        assert ids(index, phrase) == ["a"], phrase
    assert ids(index, '"انسحب الجيش" سريعا') == ["a"]
    assert ids(index, '"انسحب الجيش" الذي') == []


@pytest.mark.parametrize("words", ["من", "من في على", "؟!…", '""', "«»", '"من"', "* - ( ) : ^", "\0", "\ud800"])
def test_a_query_that_asks_for_no_word_finds_nothing(open_index: Open, words: str) -> None:
    index = open_index()
    index.put([article("a", text="انسحب الجيش من المدينة")])
    assert ids(index, words) == []


def test_marks_and_operators_in_a_query_are_no_syntax(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", title="Army AND council", text="الجيش (السوري) انسحب"), article("b", text="الجيش")])
    for words in ("الجيش (انسحب", "الجيش* انسحب", "title:army", "army AND council", '"الجيش السوري', "-army", "army'"):
        found = ids(index, words)
        assert found in ([], ["a"]), words
    assert ids(index, "army AND council") == ["a"]


@given(
    words=st.text(max_size=40) | st.text(alphabet='"«»“”()*:^-+{} \0\ud800ابوكمال ANDORT', max_size=40),
    place=st.text(max_size=8),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_string_gives_a_list(shared_index: Any, words: str, place: str) -> None:
    for asked in (
        Query("articles", words),
        Query("articles", "", place=place, kind=words, outlet=words),
        Query("articles", f'"{words}" {place}', place=place),
    ):
        assert isinstance(shared_index.search(asked), list)


@pytest.mark.parametrize("words", ["كلمة" * 100_000, "كلمة " * 20_000, '"' + "كلمة " * 20_000, "(" * 10_000])
def test_a_very_long_query_gives_a_list(open_index: Open, words: str) -> None:
    index = open_index()
    index.put([article("a", text="الجيش")])
    assert ids(index, words) == []


def test_a_title_counts_for_more_than_the_text(open_index: Open) -> None:
    index = open_index()
    index.put(
        [
            article("text", title="اجتماع في العاصمة", text="قرر الجيش الانسحاب من القرية"),
            article("title", title="الجيش في العاصمة", text="قرر المجلس الانسحاب من القرية"),
        ]
    )
    assert ids(index, "الجيش") == ["title", "text"]


def test_without_words_the_newest_come_first(open_index: Open) -> None:
    index = open_index()
    index.put(
        [
            article("second", published="2017-11-13T09:00:00Z"),
            article("third", published="2017-11-13T09:00:00.5+01:00"),
            article("first", published="2017-11-13T09:00:00.000001Z"),
        ]
    )
    assert ids(index) == ids(index, "  ") == ["first", "second", "third"]


def test_the_limit_holds_with_and_without_words(open_index: Open) -> None:
    index = open_index()
    index.put([article(str(number), text="الجيش") for number in range(5)])
    for limit in (0, 1, 3):
        assert len(ids(index, limit=limit)) == len(ids(index, "الجيش", limit=limit)) == limit
    assert len(ids(index, limit=50)) == 5


def test_since_is_inclusive_and_until_exclusive(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", text="الجيش", published="2017-11-13T09:00:00Z")])
    moment = datetime(2017, 11, 13, 9, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    for words in ("", "الجيش"):
        assert ids(index, words, since=moment) == ["a"]
        assert ids(index, words, since=moment + tick) == []
        assert ids(index, words, until=moment) == []
        assert ids(index, words, until=moment + tick) == ["a"]


@pytest.mark.parametrize("asked", [{"since": datetime(2017, 11, 13)}, {"until": datetime(2017, 11, 13)}])  # noqa: DTZ001
def test_a_time_without_a_zone_is_an_error(open_index: Open, asked: dict[str, datetime]) -> None:
    index = open_index()
    with pytest.raises(ValueError, match="zone"):
        ids(index, **asked)


@pytest.mark.parametrize("place", ["gn:174448", "البوكمال", "البُوكمال", " البوكمال ", "Abu Kamal", "abu kamal", *SPLIT])
def test_a_place_is_named_by_its_id_or_any_of_its_names(open_index: Open, place: str) -> None:
    index = open_index()
    index.put([article("a", text="الجيش", places=[RAQQA, BUKAMAL]), article("b", text="الجيش", places=[RAQQA])])
    assert ids(index, place=place) == ["a"]
    assert ids(index, "الجيش", place=place) == ["a"]


def test_an_unknown_place_kind_or_outlet_finds_nothing(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", places=[BUKAMAL], kinds=["withdraw"])])
    assert ids(index, place="كمال") == ids(index, kind="hold") == ids(index, outlet="الجزيرة") == []


def test_kind_and_outlet_filter(open_index: Open) -> None:
    index = open_index()
    index.put(
        [
            article("a", kinds=["withdraw", "hold"], outlet="تلفزيون الخبر"),
            article("b", kinds=["hold"], outlet="العربي الجديد"),
        ]
    )
    assert ids(index, kind="withdraw") == ["a"]
    assert sorted(ids(index, kind="hold")) == ["a", "b"]
    assert ids(index, kind="hold", outlet="العربي الجديد") == ["b"]


@pytest.mark.parametrize("written", [*JOINED, *SPLIT])
def test_every_spelling_of_a_town_finds_every_other(open_index: Open, written: str) -> None:
    index = open_index()
    index.put(
        [
            article("a", text=f"انسحب الجيش نحو {written} أمس", places=[BUKAMAL]),
            article("b", text="قال أبو سعيد إنه غادر", places=[RAQQA]),
        ]
    )
    for asked in (*JOINED, *SPLIT):
        assert ids(index, asked) == ["a"], asked
        assert ids(index, f'"{asked}"') == ["a"], asked
        assert ids(index, f"انسحب {asked}") == ["a"], asked
        assert ids(index, f"{asked} غادر") == [], asked


def test_the_words_of_a_place_name_find_a_document_that_does_not_know_the_place(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", text="ضابط من أبو كمال")])
    assert ids(index, "ابو كمال") == ["a"]


def test_the_snippet_is_the_original_text_with_the_matches_marked(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", title="عنوان", text="أعلنت القُوّات\nانسحابها من والبوكمال أمس.", places=[BUKAMAL])])
    [hit] = index.search(Query("articles", "قوات ابو كمال"))
    assert hit.snippet == "أعلنت **القُوّات** انسحابها من **والبوكمال** أمس."


def test_a_snippet_of_a_long_text_shows_the_match_between_whole_words(open_index: Open) -> None:
    index = open_index()
    text = "كلام كثير قبل " * 100 + "ثم انسحب الجيش " + "وكلام كثير بعد " * 100
    index.put([article("a", text=text)])
    [hit] = index.search(Query("articles", '"انسحب الجيش"'))
    assert "**انسحب الجيش**" in hit.snippet
    assert hit.snippet.startswith("… ") and hit.snippet.endswith(" …")
    assert len(hit.snippet) < 300
    assert set(hit.snippet.replace("**", "").strip("… ").split()) <= set(text.split())


def test_a_match_in_the_title_alone_shows_the_title(open_index: Open) -> None:
    index = open_index()
    index.put([article("a", title="انسحاب الجيش", text="تفاصيل أخرى")])
    [hit] = index.search(Query("articles", "الجيش"))
    assert hit.snippet == "انسحاب **الجيش**"


CLAIM = Document(
    "claims",
    "claim",
    0,
    {
        "id": "claim",
        "kind": "withdraw",
        "polarity": "denied",
        "place": BUKAMAL,
        "actor": "الجيش",
        "object": None,
        "speaker": "قائد المجموعة الروسية",
        "sentence": "نفى قائد المجموعة انسحاب القوات",
        "published": "2017-11-13T09:00:00Z",
        "outlet": "تلفزيون الخبر",
    },
)
EVENT = Document(
    "events",
    "event",
    3,
    {
        "id": "event",
        "kind": "withdraw",
        "place": BUKAMAL,
        "first": "2017-11-11T00:00:00Z",
        "last": "2017-11-13T00:00:00Z",
        "articles": ["https://example.org/a"],
        "claims": ["claim"],
    },
)
ALERT = Document(
    "alerts",
    "alert",
    1,
    {
        "id": "alert",
        "kind": "admission",
        "place": BUKAMAL,
        "event": "event",
        "explanation": {"ar": "اعتراف بعد نفي", "en": "admitted after a denial"},
        "outlets": ["تلفزيون الخبر", "العربي الجديد"],
        "earlier": {"sentence": "نفى القائد الانسحاب", "speaker": "القائد", "published": "2017-11-12T09:00:00Z"},
        "later": {"sentence": "اعترفت القاعدة بالانسحاب", "speaker": None, "published": "2017-11-13T09:00:00Z"},
    },
)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (CLAIM, "انسحاب القوات"),
        (CLAIM, "المجموعة الروسية"),
        (CLAIM, "ابو كمال"),
        (EVENT, "البوكمال"),
        (EVENT, "Abu Kamal"),
        (ALERT, "نفى القائد"),
        (ALERT, "اعترفت"),
        (ALERT, "denial"),
        (ALERT, ""),
    ],
)
def test_claims_events_and_alerts_are_found_by_what_they_say(open_index: Open, document: Document, words: str) -> None:
    index = open_index()
    assert index.put([CLAIM, EVENT, ALERT]) == []
    [hit] = index.search(Query(document.collection, words))
    assert (hit.id, hit.body) == (document.id, document.body)


@pytest.mark.parametrize(
    ("collection", "asked", "found"),
    [
        ("claims", {"kind": "withdraw", "outlet": "تلفزيون الخبر", "place": "البوكمال"}, True),
        ("claims", {"outlet": "العربي الجديد"}, False),
        ("events", {"kind": "withdraw", "place": "gn:174448"}, True),
        ("events", {"since": datetime(2017, 11, 13, tzinfo=UTC)}, True),
        ("events", {"since": datetime(2017, 11, 14, tzinfo=UTC)}, False),
        ("events", {"until": datetime(2017, 11, 12, tzinfo=UTC)}, True),
        ("events", {"until": datetime(2017, 11, 11, tzinfo=UTC)}, False),
        ("alerts", {"kind": "admission", "outlet": "العربي الجديد", "place": "Abu Kamal"}, True),
        ("alerts", {"since": datetime(2017, 11, 13, tzinfo=UTC)}, True),
        ("alerts", {"until": datetime(2017, 11, 13, tzinfo=UTC)}, False),
        ("alerts", {"kind": "self"}, False),
    ],
)
def test_claims_events_and_alerts_are_filtered(
    open_index: Open, collection: str, asked: dict[str, Any], found: bool
) -> None:
    index = open_index()
    index.put([CLAIM, EVENT, ALERT])
    assert bool(ids(index, collection=collection, **asked)) == found
