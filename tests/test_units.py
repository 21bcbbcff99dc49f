"""The units for systemd: as systemd itself reads them, and what each of them says that the command line takes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from command import ROOT

from pipeline.cli import make_parser

UNITS = sorted((ROOT / "config" / "systemd").glob("*.service"))

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


@each_unit
def test_systemd_reads_it_without_a_word(unit: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("systemd-analyze is not here, which reads units as systemd does")
    # The programs lie elsewhere on this machine, or nowhere; those that it waits for are none of its own.
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
    copy = tmp_path / unit.name.replace("@.", "@1.")
    copy.write_text(text, encoding="utf-8")
    read = subprocess.run([program, "verify", str(copy)], capture_output=True, encoding="utf-8", check=False)
    ours = [line for line in read.stderr.splitlines() if copy.name in line or str(copy) in line]
    assert ours == []


@each_unit
def test_it_may_do_little(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    for line in (
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "UMask=0077",
    ):
        assert f"\n{line}\n" in text
    assert re.search(r"^MemoryMax=", text, re.MULTILINE)
    assert re.search(r"^Restart=(always|on-failure)$", text, re.MULTILINE)


@pytest.mark.parametrize("unit", [unit for unit in UNITS if "tunnel" not in unit.name], ids=lambda unit: unit.name)
def test_the_command_line_takes_what_it_starts(unit: Path) -> None:
    (line,) = re.findall(
        r"^ExecStart=/opt/naqid/\.venv/bin/naqid (.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE
    )
    asked = make_parser().parse_args(shlex.split(line.replace("%i", "1").replace("%l", "here")))
    assert str(asked.config) == "/etc/naqid"
    assert str(asked.data).startswith("/var/lib/naqid")


@pytest.mark.parametrize("name", ["naqid-worker@.service", "naqid-announcer.service", "naqid-tunnel.service"])
def test_what_needs_servers_is_never_given_up(name: str) -> None:
    text = (ROOT / "config" / "systemd" / name).read_text(encoding="utf-8")
    assert "\nRestart=always\n" in text
    assert "\nStartLimitIntervalSec=0\n" in text


def test_workers_of_one_machine_share_neither_name_nor_folder() -> None:
    text = (ROOT / "config" / "systemd" / "naqid-worker@.service").read_text(encoding="utf-8")
    assert "--name %l-%i" in text
    assert "--data /var/lib/naqid-worker-%i " in text
    assert "\nStateDirectory=naqid-worker-%i\n" in text
    assert "\nCacheDirectory=naqid-worker-%i\n" in text
