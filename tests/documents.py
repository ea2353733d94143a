"""Parts of documents that a command writes, between two comments that name them."""

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
