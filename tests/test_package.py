"""The wheel: built, installed into an environment of its own, and used from another folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from command import ROOT, bare_environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("naqid-*.whl")
    return built


def pip(*arguments: str, python: str = sys.executable) -> None:
    ran = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_wheel_holds_the_program_its_configuration_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"pipeline", "connectors", "naqid-0.1.0.dist-info"}
    shipped = {str(path.relative_to(ROOT / "config")) for path in (ROOT / "config").rglob("*") if path.is_file()}
    assert shipped == {name.removeprefix("pipeline/_config/") for name in names if name.startswith("pipeline/_config/")}
    weights = {f"pipeline/judge/weights/{path.name}" for path in (ROOT / "pipeline" / "judge" / "weights").iterdir()}
    assert weights == {name for name in names if name.startswith("pipeline/judge/weights/")}
    assert "naqid-0.1.0.dist-info/licenses/LICENSE" in names


def test_the_installed_command_runs_the_demo_from_another_folder(wheel: Path, tmp_path: Path, warm_cache: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    # The locked packages come from the registry's cache or the network, as they do for a person.
    pip("install", "--require-hashes", "-r", str(ROOT / "requirements.lock"), python=python)
    pip("install", "--no-deps", "--no-index", str(wheel), python=python)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    variables = bare_environment(tmp_path, warm_cache)
    del variables["PYTHONPATH"]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("s1,s2\nانسحاب الجيش من البوكمال,روسيا تنفي انسحاب الجيش من البوكمال\n", encoding="utf-8")
    for arguments, shown in (
        (["--version"], "naqid 0.1.0"),
        (["demo"], "→ ALERT"),
        (["check"], "outlets: "),
        (["judge", str(pairs)], "disagree"),
    ):
        ran = subprocess.run(
            [str(environment / "bin" / "naqid"), *arguments],
            cwd=elsewhere,
            env=variables | {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert shown in ran.stdout
    assert list(elsewhere.iterdir()) == []
