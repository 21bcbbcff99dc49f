"""`naqid opml`: lists of feeds from other readers into the user's outlets, and the outlets as such a list."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pipeline.assembly import assemble
from pipeline.commands.printing import counted
from pipeline.overlay import BadSettings, home
from pipeline.ports import Rejected


def opml(options: argparse.Namespace) -> int:
    """Exit code 1 when a feed of the list had to be left out. Raises `BadSettings` and `Rejected`."""
    return _export(options) if options.action == "export" else _import(options)


def _export(options: argparse.Namespace) -> int:
    written = assemble(options.config, options.data).opml()
    if options.file is None:
        sys.stdout.write(written.decode("utf-8"))
    else:
        options.file.write_bytes(written)
    return 0


def _import(options: argparse.Namespace) -> int:
    if options.file is None:
        raise BadSettings("opml import needs a FILE")
    assembly = assemble(options.config, options.data)
    folder = assembly.overlay.user or home(os.environ, "XDG_CONFIG_HOME", ".config") / "naqid"
    own = folder / "outlets.toml"
    # The user's list stands in place of the shipped one: the first time it begins with what is watched already.
    current = Path(assembly.overlay.source("outlets.toml"))
    try:
        addition, skipped = assembly.with_opml(current.read_text(encoding="utf-8"), options.file.read_bytes())
    except Rejected as refusal:
        raise Rejected(f"{options.file}: {refusal}") from None
    if addition.added:
        folder.mkdir(parents=True, exist_ok=True)
        written = own.with_suffix(".toml.new")
        written.write_text(addition.text, encoding="utf-8")
        written.replace(own)
    for name, reason in (*addition.left_out, *((one.where, one.reason) for one in skipped)):
        print(f"left out: {name}: {reason}", file=sys.stderr)
    print(f"{counted(len(addition.added), 'outlet')} added to {own}, {addition.known} were there already")
    if addition.added:
        print("write into it whose side each is near (allegiance), then try: naqid check --fetch")
    return 1 if addition.left_out or skipped else 0
