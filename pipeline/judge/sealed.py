"""The files of the models' weights, each checked against the manifest that was sealed with them before it is used."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "weights"
MANIFEST = "manifest.json"


class BadWeights(ValueError):
    """A file of weights is missing or not the one that was sealed."""


class Weights:
    """The sealed files of one folder; its manifest says what they were trained on and how well they do."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises `BadWeights` where there is no manifest to check by."""
        self.folder = folder
        path = folder / MANIFEST
        try:
            self.manifest: Mapping[str, Any] = json.loads(path.read_bytes())
            self._sums = {name: file["sha256"] for name, file in self.manifest["files"].items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadWeights(f"{path}: not to be read ({error}); {_CURE}") from error

    def content(self, name: str) -> bytes:
        """The bytes of a file. Raises `BadWeights` where it is missing or altered."""
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BadWeights(f"{path}: {error.strerror}; {_CURE}") from error
        if hashlib.sha256(content).hexdigest() != self._sums.get(name):
            raise BadWeights(f"{path}: not the file that {MANIFEST} names (its SHA-256 differs); {_CURE}")
        return content

    def arrays(self, name: str) -> Mapping[str, np.ndarray[Any, Any]]:
        """The arrays of an .npz file. Raises as `content`."""
        with np.load(io.BytesIO(self.content(name)), allow_pickle=False) as file:
            return dict(file)


_CURE = "install naqid again, or check the folder out again"
