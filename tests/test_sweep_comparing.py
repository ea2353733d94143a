"""Two sweeps beside each other: the number of inputs on which levels differ is exactly that of looking at each."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fsqcheck.reference import RULES, staircase
from fsqcheck.sweeping import MovedStep, NotComparable, compare_sweeps

from .commands import fsqcheck, written
from .sweep_miniatures import NUMPY, spoilt

#: A quantizer of L = 8 that computes z moved by so much, and counts as its own the levels that it finds.
MOVED = "codes, indices = super().__call__(z + z.dtype.type({by}))"


def swept(folder: Path, name: str, spoil: str = "pass", *, status: int = 0, levels: str = "8", more: str = "") -> Path:
    """The record of a sweep over all of float16 through a small target."""
    written(folder, f"{name}.py", spoilt(spoil, base=NUMPY))
    options = ("--rule", "widened", "--levels", levels, "--dtype", "float16", "-q", *more.split())
    said = fsqcheck("sweep", f"{name}.py:FSQ", *options, "--report", f"{name}.jsonl", cwd=folder)
    assert said.status == status, said
    return folder / f"{name}.jsonl"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps")
    swept(folder, "right")
    swept(folder, "moved", MOVED.format(by=0.01), status=1)
    swept(folder, "near", MOVED.format(by=0.0005))
    swept(folder, "low", "codes = np.minimum(codes, codes.dtype.type(0.5))", status=1)
    swept(folder, "high", "codes = np.maximum(codes, codes.dtype.type(-0.5))", status=1)
    return folder


def expected(by: float) -> int:
    """The inputs that take another level when z is moved, by looking at each."""
    z = np.arange(2**16, dtype=np.uint16).view(np.float16)
    z = z[~np.isnan(z)]
    rule = RULES["widened"]
    with np.errstate(over="ignore"):
        return int((rule.level(z, 8) != rule.level(z + np.float16(by), 8)).sum())


@pytest.mark.parametrize(("name", "by"), [("moved", 0.01), ("near", 0.0005)])
def test_the_inputs_whose_levels_differ_are_counted_exactly(name: str, by: float, home: Path) -> None:
    found = compare_sweeps(home / "right.jsonl", home / f"{name}.jsonl")
    assert found.differ == expected(by) > 0
    back = compare_sweeps(home / f"{name}.jsonl", home / "right.jsonl")
    assert (back.differ, back.outside) == (found.differ, found.outside)
    assert [one.new - one.old for one in back.moved] == [one.old - one.new for one in found.moved]


def test_the_inputs_outside_the_bands_are_those_that_the_staircase_forbids(home: Path) -> None:
    found = compare_sweeps(home / "right.jsonl", home / "moved.jsonl")
    assert found.new.result is not None
    assert found.outside == found.new.result.misclassified > 0
    inside = compare_sweeps(home / "right.jsonl", home / "near.jsonl")
    assert (inside.outside, inside.differ > 0) == (0, True)


def test_a_level_that_is_never_taken_moves_its_step_beyond_every_input(home: Path) -> None:
    (step,) = compare_sweeps(home / "right.jsonl", home / "low.jsonl").moved
    assert isinstance(step, MovedStep)
    assert (step.step.step, step.end) == (7, 0x7C01)  # the first NaN of float16
    hi = staircase(RULES["widened"], 8, "float16").hi[6]
    (outside,) = step.outside
    assert outside == (int(hi.view(np.uint16)), 0x7C01)


def test_levels_that_are_never_taken_at_the_bottom_move_their_steps_below_every_input(home: Path) -> None:
    found = compare_sweeps(home / "right.jsonl", home / "high.jsonl")
    z = np.arange(2**16, dtype=np.uint16).view(np.float16)
    levels = RULES["widened"].level(z[~np.isnan(z)], 8)
    assert [(one.step.step, one.new) for one in found.moved] == [(1, -0x7C01), (2, -0x7C01)]
    assert found.differ == int((levels < 2).sum())


def test_the_command_says_it_in_80_columns(home: Path) -> None:
    said = fsqcheck("compare", "right.jsonl", "moved.jsonl", cwd=home, columns=80)
    assert said.status == 1, said
    assert max(map(len, said.out.splitlines())) <= 80
    assert said.out.count(" → ") == 7
    assert f"levels differ on {expected(0.01):,} of 65,536 inputs" in " ".join(said.out.split())
    same = fsqcheck("compare", "right.jsonl", "right.jsonl", "-q", cwd=home)
    assert (same.status, same.out.strip()) == (
        0,
        "the same level for each of 65,536 inputs (widened, levels 8, float16)",
    )


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("five", {"levels": "5"}, "levels (5,), the other's (8,); sweep both alike"),
        ("part", {"more": "--to 0x3c00"}, "not every input was tried"),
        (
            "dips",
            {"spoil": "codes = np.where(at(z, 0x3A00), codes - codes.dtype.type(0.25), codes)", "status": 1},
            "a larger input takes a lower level",
        ),
        ("many", {"levels": "8,600"}, "levels of some channels cannot be told apart"),
        ("off", {"spoil": "codes = codes * codes.dtype.type(1.1)", "status": 1}, "some codes are none of the grid's"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(name: str, make: dict[str, str], words: str, home: Path) -> None:
    other = swept(home, name, **make)  # type: ignore[arg-type]  # the options of each row
    with pytest.raises(NotComparable, match=re.escape(words)):
        compare_sweeps(home / "right.jsonl", other)
    said = fsqcheck("compare", "right.jsonl", f"{name}.jsonl", cwd=home)
    assert said.status == 2
    assert words in said.complaint
    assert said.complaint.count("\n") == 0


def test_a_sweep_that_has_not_ended_and_pages_are_refused(home: Path) -> None:
    lines = (home / "right.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    written(home, "half.jsonl", "".join(lines[:-1]))
    said = fsqcheck("compare", "half.jsonl", "right.jsonl", cwd=home)
    assert (said.status, "the sweep has not ended" in said.complaint) == (2, True)
    page = fsqcheck("compare", "right.jsonl", "right.jsonl", "--html", "p.html", cwd=home)
    assert (page.status, (home / "p.html").exists()) == (2, False)
    mixed = fsqcheck("compare", "right.jsonl", "right.py", cwd=home)
    assert mixed.status == 2
