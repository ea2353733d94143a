"""The list of equivalent mutants stays true: each stands for a line of code that is there, and is told of when it does not."""

from __future__ import annotations

from pathlib import Path

from .mutation.equivalents import known, reasons, table, wrongly_listed

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


def test_what_is_killed_or_gone_may_not_stay_on_the_list() -> None:
    listed = [mutant for mutant in known() if mutant.startswith(f"{FILE}: ")]
    killed, gone, alike, *rest = listed
    there = {*listed, f"{FILE}: a  →  b"} - {gone}
    wrong = wrongly_listed(FILE, there, {killed, alike, f"{FILE}: a  →  b"}, {alike, *rest})
    assert list(wrong) == [f"not equivalent, as it was killed: {killed}", f"no mutant any more: {gone}"]
