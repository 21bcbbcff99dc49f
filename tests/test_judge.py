"""The judge: its weights are the sealed ones, its opinions depend on a pair alone, and it is as good as it was."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from command import ROOT, Naqid
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.judged import measured_ans, measured_own
from pipeline.core.opinions import Opinion
from pipeline.judge.alignment import NAMES
from pipeline.judge.features import Features
from pipeline.judge.models import Models
from pipeline.judge.pieces import UNKNOWN, Pieces
from pipeline.judge.sealed import FOLDER, MANIFEST, BadWeights, Weights

MODELS = Models(Weights())
FLOORS = tomllib.loads((ROOT / "lab" / "floors.toml").read_text(encoding="utf-8"))

WITHDRAWAL = "انسحاب الجيش السوري من مدينة البوكمال"
DENIED = "قائد القوات الروسية في سوريا ينفي انسحاب الجيش السوري من البوكمال"
WORDY = "أكد متحدث باسم وزارة الدفاع في مؤتمر صحفي أن القوات استعادت السيطرة على المدينة بعد معارك استمرت أياما"
PAIRS = [
    (WITHDRAWAL, DENIED),
    (WITHDRAWAL, "القوات السورية تنسحب من البوكمال"),
    (WITHDRAWAL, "ليفربول يفوز على أرسنال بثلاثة أهداف"),
    ("مقتل 12 شخصا في انفجار بغداد", "ارتفاع حصيلة قتلى انفجار بغداد إلى 20"),
    (DENIED, WORDY * 20),
    ("…", "12"),
]


# --- the files


def test_every_file_of_weights_is_sealed_and_all_together_stay_under_65_megabytes() -> None:
    weights = Weights()
    files = {path.name for path in FOLDER.iterdir()} - {MANIFEST}
    assert files == set(weights.manifest["files"])
    assert sum(len(weights.content(name)) for name in files) < 65e6
    assert all(file["from"] and file["sha256"] for file in weights.manifest["files"].values())


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: (folder / "blend.json").write_text("{}"), "blend.json: not the file that manifest.json names"),
        (lambda folder: (folder / "blend.json").unlink(), "blend.json: No such file or directory"),
        (lambda folder: (folder / MANIFEST).write_text("{}"), "manifest.json: not to be read"),
        (lambda folder: (folder / MANIFEST).unlink(), "manifest.json: not to be read"),
    ],
)
def test_a_damaged_or_missing_file_of_weights_is_one_clear_error(tmp_path: Path, harm, told: str) -> None:  # type: ignore[no-untyped-def]
    for name in ("blend.json", MANIFEST):
        shutil.copy(FOLDER / name, tmp_path)
    harm(tmp_path)
    with pytest.raises(BadWeights, match=told.replace(".", r"\.")) as raised:
        Weights(tmp_path).content("blend.json")
    assert "install naqid again" in str(raised.value)


def test_nothing_of_the_models_is_imported_where_no_model_is_asked() -> None:
    asked = (
        "import sys, pipeline.assembly, pipeline.cli; print([n for n in ('onnxruntime', 'torch') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert ran.stdout.strip() == "[]"


# --- the parts


def test_text_is_cut_into_the_likeliest_pieces() -> None:
    spellings = ["<s>", "<pad>", "</s>", "<unk>", "▁انسحب", "▁ان", "سحب", "▁", "ا", "ن"]
    pieces = Pieces(spellings, [0.0, 0.0, 0.0, 0.0, -3.0, -2.0, -2.0, -1.0, -5.0, -5.0], {ord("\n"): " "})
    assert pieces.numbers("انسحب") == [4]
    assert pieces.numbers("ان\nسحب") == [5, 7, 6]
    assert pieces.numbers("انسَحب") == [4]
    assert pieces.numbers("ق") == [7, UNKNOWN]
    assert pieces.numbers("  ") == []


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_cut(text: str) -> None:
    pieces = MODELS.vocabulary.pieces
    assert all(0 <= number < len(MODELS.vocabulary.scores) for number in pieces.numbers(text))


def test_sentences_that_tell_the_same_are_near_each_other() -> None:
    vectors = MODELS.encoder.vectors([first for first, _ in PAIRS[:1]] + [second for _, second in PAIRS])
    assert vectors.shape == (7, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    likeness = vectors[1:] @ vectors[0]
    assert likeness[1] > 0.9 > likeness[2]
    assert MODELS.encoder.vectors([]).shape == (0, 384)


def test_a_sentences_vector_does_not_depend_on_its_company() -> None:
    alone = MODELS.encoder.vectors([DENIED])
    assert np.array_equal(MODELS.encoder.vectors([WORDY, DENIED, WITHDRAWAL])[1:2], alone)


def test_other_numbers_of_the_same_thing_are_seen() -> None:
    features = MODELS.lexical.features
    of_one_thing = features.dense("مقتل 12 شخصا في بغداد", "مقتل 20 شخصا في بغداد")
    of_two_things = features.dense("مقتل 12 شخصا في بغداد", "وصول 20 حافلة إلى بغداد")
    at = len(of_one_thing) - len(NAMES) - 2
    assert of_one_thing[at] == 1 and of_one_thing[at + 1] > 0
    assert of_two_things[at : at + 2] == [0, 0]


@given(pair=st.tuples(st.text(max_size=40), st.text(max_size=40)))
@settings(max_examples=100, deadline=None)
def test_every_pair_has_as_many_features(pair: tuple[str, str]) -> None:
    features: Features = MODELS.lexical.features
    dense = features.dense(*pair)
    assert len(dense) == len(features.dense(*PAIRS[0]))
    assert np.isfinite(dense).all()


# --- the judge


def test_opinions_are_probabilities_and_depend_on_the_pair_alone() -> None:
    together = MODELS.judge.opinions(PAIRS * 2)
    for pair, opinion in zip(PAIRS * 2, together, strict=True):
        assert opinion.agree + opinion.disagree + opinion.other == pytest.approx(1)
        assert MODELS.judge.opinions([pair]) == [opinion]
    assert MODELS.judge.opinions([]) == []


def test_a_denial_a_paraphrase_and_another_story_are_told_apart() -> None:
    assert [label(opinion) for opinion in MODELS.judge.opinions(PAIRS[:3])] == ["disagree", "agree", "other"]


def test_the_judge_is_as_good_on_ans_as_it_was(shared: Path) -> None:
    figures = measured_ans(MODELS.judge)
    assert figures["macro_f1"] >= FLOORS["ans"]["macro_f1"]
    assert figures["calibration_error"] <= FLOORS["ans"]["calibration_error"]


def test_the_judge_is_as_good_on_pairs_it_never_saw_as_it_was() -> None:
    figures = measured_own(MODELS.judge, held_out=True)
    assert figures["right"] >= FLOORS["own-pairs"]["right"]
    assert figures["calibration_error"] <= FLOORS["own-pairs"]["calibration_error"]


def label(opinion: Opinion) -> str:
    return max(("agree", "disagree", "other"), key=lambda name: getattr(opinion, name))


# --- the command


def rows(*cells: list[str], lines: str = "\r\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=lines).writerows(cells)
    return text.getvalue().encode()


def test_naqid_judge_prints_a_line_a_row_in_order(naqid: Naqid, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(
        b"\xef\xbb\xbf"
        + rows(
            ["id", " s2 ", "note", "s1"],
            ["1", DENIED, "سطر\nآخر", WITHDRAWAL],
            ["2", "ليفربول يفوز\nعلى أرسنال بثلاثة أهداف", 'قال "نعم"', WITHDRAWAL],
            ["3", " ", "", WITHDRAWAL],
            ["4", DENIED],
            [],
            ["5", "القوات السورية تنسحب من البوكمال", "", WITHDRAWAL, "too", "many"],
        )
    )
    ran = naqid("judge", file, "--json")
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line.get("label") for line in found] == ["disagree", "other", None, None, "agree"]
    assert [line.get("error") for line in found] == [None, None, "row 3: s2 is empty", "row 4: s1 is empty", None]
    for line in found:
        if "p" in line:
            assert list(line["p"]) == ["agree", "disagree", "other"]
            assert sum(line["p"].values()) == pytest.approx(1, abs=2e-4)
            assert line["p"][line["label"]] == max(line["p"].values())
    assert (ran.returncode, ran.stderr) == (1, "")
    told = naqid("judge", file).stdout.splitlines()
    assert told[0].startswith("disagree 0.") and WITHDRAWAL in told[0]
    assert told[2:4] == ["row 3: s2 is empty", "row 4: s1 is empty"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (rows(["s1", "text"], ["a", "b"]), "no column s2; the first line has to name s1 and s2"),
        (b"", "no column s1"),
        ("s1,s2\nأ,ب\n".encode("windows-1256"), "not UTF-8"),
        (None, "no such file"),
    ],
)
def test_a_file_that_cannot_be_judged_is_one_clear_error(
    naqid: Naqid, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "pairs.csv"
    if content is not None:
        file.write_bytes(content)
    ran = naqid("judge", file, "--json")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith("naqid: ") and str(file) in ran.stderr and told in ran.stderr


def test_a_file_without_rows_is_no_error(naqid: Naqid, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes(rows(["s1", "s2"], lines="\n"))
    ran = naqid("judge", tmp_path / "pairs.csv", "--json")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
