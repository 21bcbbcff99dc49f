"""`naqid judge`: whether the two sentences of each row of a CSV file agree, disagree or tell of other things."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from pipeline.assembly import assemble
from pipeline.commands.printing import json_line
from pipeline.core.opinions import Judge, Opinion
from pipeline.ports import Rejected

_COLUMNS = ("s1", "s2")
_AT_ONCE = 256

Row = tuple[str, str] | str
"""Two sentences, or why the row cannot be judged."""


def judge(options: argparse.Namespace) -> int:
    rows = _rows(options.file)
    some = list(islice(rows, _AT_ONCE))
    model = assemble(options.config, options.data).judge
    whole = True
    while some:
        for row, opinion in zip(some, _opinions(model, some), strict=True):
            print(_json(row, opinion) if options.json else _told(row, opinion), flush=True)
            whole = whole and opinion is not None
        some = list(islice(rows, _AT_ONCE))
    return 0 if whole else 1


def _rows(file: Path) -> Iterator[Row]:
    """The file's rows in order; blank lines are none. Raises `Rejected` where it cannot be read or names no columns."""
    if not file.is_file():
        raise Rejected(
            f"{file}: {'a folder' if file.is_dir() else 'no such file'}; give a CSV file with columns s1 and s2"
        )
    csv.field_size_limit(1 << 30)
    with file.open(encoding="utf-8-sig", newline="") as text:
        try:
            lines = csv.reader(text)
            names = [name.strip() for name in next(lines, [])]
            missing = [name for name in _COLUMNS if name not in names]
            if missing:
                raise Rejected(
                    f"{file}: no column {missing[0]}; the first line has to name s1 and s2, with commas between"
                )
            places = [names.index(name) for name in _COLUMNS]
            for number, cells in enumerate((cells for cells in lines if cells), 1):
                yield _row(number, cells, places)
        except UnicodeDecodeError as error:
            raise Rejected(f"{file}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
        except csv.Error as error:
            raise Rejected(f"{file}: not CSV near line {lines.line_num} ({error})") from error


def _row(number: int, cells: Sequence[str], places: Sequence[int]) -> Row:
    first, second = (" ".join(cells[place].split()) if place < len(cells) else "" for place in places)
    if first and second:
        return first, second
    return f"row {number}: {_COLUMNS[0] if not first else _COLUMNS[1]} is empty"


def _opinions(model: Judge, rows: Sequence[Row]) -> Iterator[Opinion | None]:
    given = iter(model.opinions([row for row in rows if not isinstance(row, str)]))
    for row in rows:
        yield None if isinstance(row, str) else next(given)


def _json(row: Row, opinion: Opinion | None) -> str:
    if opinion is None:
        return json_line({"error": row})
    shares = {label: round(share, 4) for label, share in asdict(opinion).items()}
    return json_line({"label": _label(opinion), "p": shares})


def _told(row: Row, opinion: Opinion | None) -> str:
    if opinion is None:
        return str(row)
    label = _label(opinion)
    return f"{label:<8} {getattr(opinion, label):.2f}  «{row[0]}» «{row[1]}»"


def _label(opinion: Opinion) -> str:
    shares = asdict(opinion)
    return max(shares, key=lambda label: shares[label])
