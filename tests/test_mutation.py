"""The list of equivalent mutants stays true: each stands for a line of code that is there, and is told of when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .documents import replace_row
from .mutation.equivalents import known, reasons, table, wrongly_listed
from .mutation.judges import JUDGES

ROOT = Path(__file__).parents[1]
FILE = "reference/codebook.py"


def file_of(mutant: str) -> str:
    return mutant.partition(": ")[0]


def test_each_listed_mutant_changes_a_place_that_is_there() -> None:
    files = {file: (ROOT / file).read_text(encoding="utf-8") for file in set(map(file_of, known()))}
    texts = {file: " ".join(map(str.strip, text.splitlines())) for file, text in files.items()}
    for mutant in known():
        before, _, after = mutant.removeprefix(f"{file_of(mutant)}: ").partition("  →  ")
        assert before.strip() in texts[file_of(mutant)], mutant
        assert before != after


def test_no_mutant_has_two_reasons() -> None:
    assert len(known()) == sum(map(len, reasons().values()))
    assert all(mutants for mutants in reasons().values())


def test_the_page_counts_what_the_list_holds() -> None:
    assert table() in (ROOT / "docs" / "detection.md").read_text(encoding="utf-8")


def test_each_file_that_is_judged_has_a_row_to_write_its_counts_into(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "detection.md").read_text(encoding="utf-8"), encoding="utf-8")
    for number, file in enumerate(JUDGES):
        replace_row(page, f"`{file}`", number, "here")
        assert f"| `{file}` | {number} | here |\n" in page.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md has 0 rows that begin with '`no\.py`'; give it one"):
        replace_row(page, "`no.py`", 1)


def test_what_is_killed_or_gone_may_not_stay_on_the_list() -> None:
    listed = [mutant for mutant in known() if mutant.startswith(f"{FILE}: ")]
    killed, gone, alike, *rest = listed
    there = {*listed, f"{FILE}: a  →  b"} - {gone}
    wrong = wrongly_listed(FILE, there, {killed, alike, f"{FILE}: a  →  b"}, {alike, *rest})
    assert list(wrong) == [f"not equivalent, as it was killed: {killed}", f"no mutant any more: {gone}"]
