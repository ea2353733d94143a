"""What a command writes into a document: a part between two comments that name it, or a row of a table."""

from __future__ import annotations

import re
from pathlib import Path


def replace_part(page: Path, name: str, text: str) -> None:
    """Replaces what stands between `<!-- name -->` and `<!-- /name -->`; `ValueError` where the page has no such part."""
    marks = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    whole = page.read_text(encoding="utf-8")
    if not marks.search(whole):
        raise ValueError(f"{page.name} has no part {name!r}; mark it with <!-- {name} --> and <!-- /{name} -->")
    page.write_text(marks.sub(lambda found: found[1] + text + "\n" + found[2], whole), encoding="utf-8")


def replace_row(page: Path, first: str, *cells: object) -> None:
    """Replaces the row of a table that begins with a cell; `ValueError` where the page has no such row, or several."""
    row = re.compile(rf"^\| {re.escape(first)} \|.*$", re.MULTILINE)
    whole, found = row.subn(" | ".join(["| " + first, *map(str, cells)]) + " |", page.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{page.name} has {found} rows that begin with {first!r}; give it one")
    page.write_text(whole, encoding="utf-8")
