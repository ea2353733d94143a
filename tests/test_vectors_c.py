"""The C port of tests/ports answers its vectors: the right one conforms, and each fault is caught by its clause."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fsqcheck.reports import gap, read

from .commands import Said, fsqcheck
from .ports_miniatures import of_outcome

SOURCE = Path(__file__).parent / "ports" / "fsq.c"
COMPILER = shutil.which(os.environ.get("CC", "cc"))

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler: cc, or the one that CC names")


def answered(folder: Path, rule: str, levels: str, dtype: str, options: Sequence[str]) -> Said:
    """The whole way of a port's author: vectors, the port's answers, and what the check says of them."""
    made = fsqcheck("vectors", "--rule", rule, "--levels", levels, "--dtype", dtype, "-o", "v", cwd=folder)
    assert made.status == 0, made
    number = {"float32": "float", "float64": "double"}[dtype]
    build = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-ffp-contract=off", f"-DREAL={number}", *options]
    subprocess.run([str(COMPILER), *build, str(SOURCE), "-o", "port", "-lm"], cwd=folder, check=True, timeout=120)
    with (folder / "v" / "vectors.txt").open() as asked, (folder / "answers.txt").open("w") as given:
        subprocess.run([str(folder / "port")], stdin=asked, stdout=given, check=True, timeout=60)
    return fsqcheck("vectors", "check", "v", "answers.txt", "--report", "r.jsonl", "-q", cwd=folder)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rule", "levels"), [("paper", "8,5,5,5"), ("widened", "8,5,5,5"), ("widened", "26,26,26")])
def test_the_right_port_conforms(rule: str, levels: str, dtype: str, tmp_path: Path) -> None:
    said = answered(tmp_path, rule, levels, dtype, [])
    assert said.out.startswith("fsq.c: conforms: "), said
    assert said.status == 0
    record = read(tmp_path / "r.jsonl")
    assert gap(record) is None
    assert not of_outcome(record, "fail", "error", "unsupported", "not-run")
    target = record.targets[0]
    assert (target.name, target.version, target.origin) == ("fsq.c", "1.0", "answers.txt")
    assert (target.framework or "").startswith("C, ")


@pytest.mark.parametrize(
    ("option", "levels", "dtype", "clause", "words"),
    [
        ("-DSHIFT=tan", "8,5,5,5", "float32", "BND-3", "takes level 3, not level 4"),
        ("-DSHIFT=tan", "8,5,5,5", "float64", "BND-3", "takes level 3, not level 4"),
        ("-DROUND=(int)", "8,5,5,5", "float32", "BND-3", "takes level"),
        ("-DINTEGER=(long long)", "26,26,26", "float32", "IDX-7", "gets the index"),
        ("-DINTEGER=(long long)", "26,26,26", "float32", "IDX-4", "gets the index"),
        ("-DWEIGHT=float", "16,16,16,16,16,16,16", "float32", "IDX-6", "gets the index"),
    ],
)
def test_a_port_with_a_fault_is_caught(
    option: str, levels: str, dtype: str, clause: str, words: str, tmp_path: Path
) -> None:
    said = answered(tmp_path, "widened", levels, dtype, [option])
    assert said.status == 1, said
    failing = of_outcome(read(tmp_path / "r.jsonl"), "fail")
    assert words in (failing[clause].message or ""), {name: one.message for name, one in failing.items()}
    found = failing[clause].evidence
    assert found is not None
    assert found.details["vector"].endswith("in vectors.txt")
    assert found.rerun == "fsqcheck vectors check v answers.txt"
