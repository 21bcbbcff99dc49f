"""Which characters a document's bytes mean: UTF-8 first, then what its labels say, then what reads as Arabic."""

from __future__ import annotations

import codecs
import re
from functools import partial

# A label may name any codec of Python otherwise, and some of them are not even encodings of text.
_ALLOWED = frozenset(
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso8859-6", "mac-arabic", "mac-roman", "koi8-r", "cp720"}
    | {"ascii", "gb18030", "gbk", "gb2312", "big5", "shift_jis", "euc_jp", "euc_kr", "cp864", "cp437", "cp850", "cp866"}
    | {f"cp{number}" for number in range(1250, 1259)}
    | {f"iso8859-{number}" for number in range(1, 17)}
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LABEL_IN_DOCUMENT = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""")
_LABEL_IN_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""", re.IGNORECASE)
_ARTICLE = "ال"
# Text that was decoded as what it is not and encoded once more: by which codec it was misread, which it is in, and how
# that looks. UTF-8 of an Arabic letter starts with D8 or D9, which windows-1256 shows as ط and ظ, windows-1252 as Ø and
# Ù; the Arabic article in windows-1256 looks like Çá in windows-1252.
_MISREAD = (
    ("cp1256", "utf-8", re.compile("[طظ][^\\sء-ي]")),
    ("cp1252", "utf-8", re.compile("[ØÙ][\u0080-ÿ€-™ƒŒœŠšŽžŸˆ˜–-„†-•…‰‹›]")),
    ("cp1252", "cp1256", re.compile("Çá")),
)
_TIMES = 3
_TAG_ENDS = re.compile(rb"([<>])")
_PIECE = re.compile("[^<>]+")
_ARABIC_LETTER = re.compile("[ء-يپچڤگ]")


def decode(body: bytes, content_type: str = "") -> str:
    """The document's text. Every byte string gives some text; bytes that mean nothing become U+FFFD."""
    for mark, codec in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _undo_second_encoding(body.decode(codec, "replace"))
    if body[:1] == b"<" and body[1:2] == b"\0":
        return body.decode("utf-16-le", "replace")
    if body[:2] == b"\0<":
        return body.decode("utf-16-be", "replace")
    try:
        return _undo_second_encoding(body.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    # One bad byte does not change what the rest is, nor does an entry that was copied in another encoding.
    if _right(body.decode("utf-8", "replace"), 4):
        return _undo_second_encoding("".join(_piece(piece) for piece in _TAG_ENDS.split(body)))
    readings = [
        (_arabic_reading(read), read)
        for codec in (*_labels(body, content_type), "cp1256", "iso8859-6", "cp1252")
        if (read := _read(body, codec)) is not None
    ]
    # The first of equals wins, so a label holds unless another reading is more Arabic.
    return max(readings, key=lambda reading: reading[0])[1]


def _right(text: str, times: int) -> bool:
    """Whether UTF-8 was the right reading: text in another encoding has next to no valid sequences."""
    return sum(1 for character in text if "\x7f" < character != "\ufffd") > times * text.count("\ufffd")


def _piece(piece: bytes) -> str:
    text = piece.decode("utf-8", "replace")
    if "\ufffd" not in text or _right(text, 1):
        return text
    other = piece.decode("cp1256", "replace")
    return other if len(_ARABIC_LETTER.findall(other)) > 3 else text


def _labels(body: bytes, content_type: str) -> list[str]:
    """The codecs that the document and then its header name, in the order in which outlets get them right."""
    found = [match.group(1).decode("ascii") for match in _LABEL_IN_DOCUMENT.finditer(body[:2048])]
    found += _LABEL_IN_HEADER.findall(content_type)
    names = []
    for label in found:
        try:
            name = codecs.lookup(label).name
        except (LookupError, ValueError):
            continue
        # Browsers read Latin 1 as its superset, and so do those who write it.
        name = {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(name, name)
        if name in _ALLOWED and not name.startswith("utf"):
            names.append(name)
    return names


def _read(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec, "replace")
    except (LookupError, ValueError):
        return None


def _arabic_reading(text: str) -> int:
    """How much the text looks like Arabic: its articles, less what a right reading would not hold."""
    return text.count(_ARTICLE) - text.count("\ufffd")


def _undo_second_encoding(text: str) -> str:
    """Each piece of the text between two tags as it was before it was misread and encoded once more."""
    for _ in range(_TIMES):
        misread = [(wrong, right) for wrong, right, sign in _MISREAD if sign.search(text)]
        undone = _PIECE.sub(partial(_undone, misread), text) if misread else text
        if undone == text:
            break
        text = undone
    return text


def _undone(misread: list[tuple[str, str]], found: re.Match[str]) -> str:
    piece = found[0]
    if piece.isascii():
        return piece
    for wrong, right in misread:
        if right == "cp1256" and not _mostly_accented(piece):
            continue
        try:
            once = b"".join(_byte(character, wrong) for character in piece).decode(right, "replace")
        except UnicodeError:
            continue
        # Arabic that is right is next to never valid UTF-8 when read so.
        if len(_ARABIC_LETTER.findall(once)) > 4 * once.count("\ufffd"):
            return once
    return piece


def _mostly_accented(piece: str) -> bool:
    """Whether most letters have accents, as they never have in any Western language."""
    letters = [character for character in piece if character.isalpha()]
    return 3 * sum(character > "\x7f" for character in letters) > 2 * len(letters) and len(letters) > 3


def _byte(character: str, codec: str) -> bytes:
    if character == "\ufffd":
        return b"\xff"
    try:
        return character.encode(codec)
    except UnicodeEncodeError:
        # The bytes that windows-1252 leaves undefined come through as C1 controls.
        return character.encode("latin-1")
