"""Texts that no log, error or representation shows, and the files that they come from."""

from __future__ import annotations

import stat
from pathlib import Path

from pipeline.overlay import BadSettings


class Secret:
    """A text that no log, error or representation shows; `reveal` hands it over."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def read_secret(path: Path, named: str) -> Secret:
    """The one line of a file that only its owner may read; `named` says which setting names the file.

    Raises `BadSettings` with the cure.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise BadSettings(f"{path}: others may read it (mode {mode:04o}); run: chmod 600 {path}")
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSettings(f"{named} {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: has to hold one line of text and nothing else") from error
    if not text or not text.isprintable():
        raise BadSettings(f"{path}: has to hold one line of text and nothing else")
    return Secret(text)
