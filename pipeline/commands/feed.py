"""`naqid feed`: what each feed document gives, without any memory of others, or why it is not read."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.assembly import assemble
from pipeline.commands.printing import counted, json_line, moment


def feed(options: argparse.Namespace) -> int:
    """Exit code 1 when a document is not read."""
    code = 0
    for shape in assemble(options.config, options.data).documents(options.sources, datetime.now(UTC)):
        print(json_line(shape) if options.json else _told(shape), flush=True)
        code = 1 if shape["error"] else code
    return code


def _told(shape: Mapping[str, Any]) -> str:
    if shape["error"]:
        return f"{shape['source']}: not read: {shape['error']}\n"
    named = f" «{shape['title']}»" if shape["title"] else ""
    lines = [f"{shape['source']}: {shape['format']}{named}, {counted(len(shape['entries']), 'entry', 'entries')}"]
    for entry in shape["entries"]:
        when = moment(entry["published"]) if entry["published"] else "undated"
        lines.append(f"  {when} · {entry['title'] or ' '.join(entry['summary'][:100].split()) or '(no words)'}")
        if where := entry["link"] or entry["id"]:
            lines.append(f"    {where}")
    lines += [f"  left out: {one['where']}: {one['reason']}" for one in shape["skipped"]]
    return "\n".join(lines) + "\n"
