"""Charsets: however a document is labelled and however often it was misread, its Arabic comes out."""

from __future__ import annotations

import pytest
from feed_server import item, rss
from hypothesis import given
from hypothesis import strategies as st

from connectors.charsets import decode

SENTENCE = "أعلن الجيش السوري السيطرة على مدينة البوكمال في ريف دير الزور الشرقي"


@pytest.mark.parametrize(
    "declared", ["utf-8", "windows-1256", "iso-8859-6", "undefined", "idna", "rot13", "utf-7", "", "x" * 50]
)
@pytest.mark.parametrize("actual", ["utf-8", "cp1256", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_a_charset_is_recovered_however_it_is_labelled(declared: str, actual: str) -> None:
    document = f'<?xml version="1.0" encoding="{declared}"?><rss><title>{SENTENCE}</title></rss>'
    assert SENTENCE in decode(document.encode(actual), f"text/xml; charset={declared}")


def test_iso_8859_6_is_told_from_windows_1256() -> None:
    document = f'<?xml version="1.0" encoding="iso-8859-6"?><rss>{SENTENCE}</rss>'
    assert SENTENCE in decode(document.encode("iso-8859-6"))


MISREAD = {
    "UTF-8 as windows-1256": SENTENCE.encode().decode("cp1256"),
    "UTF-8 as Latin 1": SENTENCE.encode().decode("latin-1"),
    "UTF-8 as windows-1256, twice": SENTENCE.encode().decode("cp1256").encode().decode("cp1256"),
    "windows-1256 as Latin 1": SENTENCE.encode("cp1256").decode("latin-1"),
    "windows-1256 as windows-1252": SENTENCE.encode("cp1256").decode("cp1252"),
}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("how", MISREAD)
def test_text_that_was_misread_and_encoded_again_is_recovered(how: str, mark: str) -> None:
    assert decode((mark + MISREAD[how]).encode()) == SENTENCE


@pytest.mark.parametrize("how", MISREAD)
def test_one_misread_entry_among_right_ones_is_recovered(how: str) -> None:
    document = rss(item(SENTENCE), item(MISREAD[how]), item("été à Bagdad: Ø, Ù, «ظ، ط»"))
    assert decode(document.encode()) == rss(item(SENTENCE), item(SENTENCE), item("été à Bagdad: Ø, Ù, «ظ، ط»"))


def test_one_entry_in_windows_1256_among_others_in_utf_8_is_recovered() -> None:
    document = rss(*[item(SENTENCE)] * 9, item("XX")).encode().replace(b"XX", SENTENCE.encode("cp1256"))
    assert decode(document).count(SENTENCE) == 10


@pytest.mark.parametrize("text", ["naïve café résumé: “quotes” €", "Übergrößenträger", "Çá va ? Ça va.", "İstanbul’da"])
def test_text_in_western_languages_stays_as_it_is(text: str) -> None:
    assert decode(text.encode()) == text


@pytest.mark.parametrize("bad", [b"\xff", b"\xd8", b"\x80\x81", b"\xed\xa0\x80"])
def test_one_bad_byte_spoils_one_character_not_the_feed(bad: bytes) -> None:
    document = rss(item(SENTENCE), item("هنا XX بايت")).encode().replace(b"XX", bad)
    assert decode(document).replace("\ufffd", "").replace("  ", " ") == rss(item(SENTENCE), item("هنا بايت"))


def test_latin_and_russian_feeds_are_left_as_their_labels_say() -> None:
    assert "été à Bagdad" in decode('<?xml encoding="iso-8859-1"?>été à Bagdad'.encode("latin-1"))
    assert "Сирия" in decode('<?xml encoding="windows-1251"?>Сирия'.encode("cp1251"))


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_with_any_label_give_some_text(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)
