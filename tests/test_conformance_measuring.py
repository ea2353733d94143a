"""What is measured for the pictures: right numbers, never a case, never a failure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fsqcheck.adapters import resolve
from fsqcheck.conformance.measuring import MOST_LEVELS, measure, measured_lists
from fsqcheck.conformance.plan import Wanted
from fsqcheck.reference import rule_named, staircase
from fsqcheck.reports import GradientLine, Record, StaircaseLine, exit_status, read

from .commands import RIGHT, fsqcheck, written
from .test_plugin import pytest_in, suite


def lines(source: str, folder: Path, rule: str = "widened", **wanted: object) -> list[StaircaseLine | GradientLine]:
    """What is measured of a class in a file."""
    target = f"{written(folder, 'mine.py', source)}:FSQ"
    asked = Wanted((target,), **wanted)  # type: ignore[arg-type]  # the fields of Wanted, by name
    return list(measure(target, resolve(target), asked, rule))


def stairs(found: list[StaircaseLine | GradientLine]) -> dict[int, StaircaseLine]:
    return {line.levels: line for line in found if isinstance(line, StaircaseLine)}


def slopes(found: list[StaircaseLine | GradientLine]) -> dict[int, GradientLine]:
    return {line.levels: line for line in found if isinstance(line, GradientLine)}


def numbers(values: Sequence[float | None], dtype: str = "float64") -> NDArray[Any]:
    """Measured numbers as an array; NaN for what was not seen."""
    return np.array(values, dtype=dtype)


SHIFTED = RIGHT + "\n    def __call__(self, z):\n        return super().__call__(z + z.dtype.type(0.25))\n"
RAISING = RIGHT + "\n    def __call__(self, z):\n        raise RuntimeError('out of\\nluck')\n"
NARROW = RIGHT + "\n    def __call__(self, z):\n        return super().__call__(z.clip(-0.8, 0.8))\n"


def test_a_right_quantizer_steps_at_the_smallest_float_on_or_above_each_threshold(tmp_path: Path) -> None:
    found = stairs(lines(RIGHT, tmp_path))
    assert sorted(found) == [2, 3, 4, 5, 7, 8, 16]
    for L, line in found.items():
        exact = staircase(rule_named("widened"), L, "float32")
        assert np.array_equal(numbers(line.observed, "float32"), exact.steps)
        assert np.array_equal(numbers(line.lo, "float32"), exact.lo)
        assert np.array_equal(numbers(line.hi, "float32"), exact.hi)
        assert set(line.ulps) == {0}
        assert line.codes == line.expected_codes


def test_a_shifted_step_is_found_with_its_distance(tmp_path: Path) -> None:
    line = stairs(lines(SHIFTED, tmp_path))[8]
    assert np.allclose(numbers(line.observed), numbers(line.exact) - 0.25, atol=1e-6)
    assert max(float(units or 0.0) for units in line.units) < -1e4
    assert all((ulps or 0) < 0 for ulps in line.ulps)


def test_a_step_that_is_never_taken_was_not_seen(tmp_path: Path) -> None:
    line = stairs(lines(NARROW, tmp_path))[8]
    assert line.observed[0] is None
    assert line.units[0] is None
    assert line.ulps[-1] is None
    assert line.observed[3] is not None


def test_the_gradient_is_beside_the_analytic_slope(tmp_path: Path) -> None:
    line = slopes(lines(RIGHT, tmp_path))[8]
    assert len(line.z) == len(line.observed) == len(line.expected) == 82
    assert np.allclose(numbers(line.observed), numbers(line.expected), atol=2e-5)


def test_a_target_that_raises_gives_lines_with_its_reason(tmp_path: Path) -> None:
    found = lines(RAISING, tmp_path)
    assert len(found) == 14
    assert all(line.reason is not None and "RuntimeError: out of luck" in line.reason for line in found)


def test_a_missing_device_is_the_reason(tmp_path: Path) -> None:
    assert {line.reason for line in lines(RIGHT, tmp_path, devices=("cuda",))} == {"no CUDA device"}


def test_levels_that_a_user_names_take_the_place_of_the_tiers(tmp_path: Path) -> None:
    assert sorted(stairs(lines(RIGHT, tmp_path, levels=((8, 5, 5, 5), (5, 8))))) == [5, 8]


def test_more_levels_than_a_picture_shows_are_left_out(tmp_path: Path) -> None:
    assert sorted(stairs(lines(RIGHT, tmp_path, levels=((MOST_LEVELS + 1, 5),)))) == [5]


def test_the_standard_tier_measures_every_number_of_levels_up_to_64() -> None:
    lists = measured_lists(Wanted(("x",), "standard"), "symmetric")
    assert sorted({L for levels in lists for L in levels}) == list(range(2, 65))


# In a run


def record_of(folder: Path, source: str, *options: str) -> Record:
    target = f"{written(folder, 'mine.py', source)}:FSQ"
    fsqcheck("run", target, "--rule", "widened", "--clause", "BND-3", "--report", "r.jsonl", *options, cwd=folder)
    return read(folder / "r.jsonl")


def test_a_run_that_writes_a_record_measures(tmp_path: Path) -> None:
    made = record_of(tmp_path, RIGHT)
    assert len(made.staircases) == len(made.gradients) == 7
    assert exit_status(made) == 0


def test_measuring_is_no_case(tmp_path: Path) -> None:
    made = record_of(tmp_path, RIGHT)
    assert made.footer is not None
    assert made.footer.results == len(made.results) == sum(made.targets[0].planned.values())


def test_a_single_case_is_run_again_without_measuring(tmp_path: Path) -> None:
    made = record_of(tmp_path, RIGHT, "--case", "BND-3/widened/3x4/float32/cpu/eval")
    assert made.staircases == ()


def test_measuring_a_target_that_raises_does_not_change_the_verdict(tmp_path: Path) -> None:
    made = record_of(tmp_path, RAISING)
    assert exit_status(made) == 1
    assert len(made.staircases) == 7


def test_workers_measure_too(tmp_path: Path) -> None:
    assert record_of(tmp_path, RIGHT, "-n", "2").staircases == record_of(tmp_path, RIGHT).staircases


def test_a_worker_that_dies_measuring_leaves_the_run_whole(tmp_path: Path) -> None:
    dying = RIGHT + (
        "\n    def vjp(self, z, upstream):\n        import os\n        os._exit(1)\n"  # BND-3 asks for no gradient
    )
    made = record_of(tmp_path, dying, "-n", "2")
    assert exit_status(made) == 0
    assert [line.reason for line in made.staircases] == ["the process that measured this died"] * 7


def test_pytest_without_a_report_sees_no_measurement(tmp_path: Path) -> None:
    said = suite(tmp_path, "--fsq", "reference", "--fsq-rule", "widened", "--collect-only", "-q")
    assert "measure[" not in said.out


def test_pytest_with_a_report_measures_after_the_cases(tmp_path: Path) -> None:
    options = ("--fsq", "reference", "--fsq-rule", "widened", "--fsq-clause", "BND-3", "--fsq-report", "r.jsonl", "-q")
    assert suite(tmp_path, *options).status == 0
    kinds = [json.loads(line)["type"] for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert kinds.index("staircase") > max(at for at, kind in enumerate(kinds) if kind == "result")


@pytest.mark.parametrize("report", [False, True])
def test_a_project_that_embeds_the_suite_measures_for_a_report_only(tmp_path: Path, report: bool) -> None:
    written(tmp_path, "mine.py", RIGHT)
    settings = "[tool.fsqcheck]\ntargets = ['mine:FSQ']\nrules = ['widened']\nclauses = ['BND-3']\n"
    written(tmp_path, "pyproject.toml", settings)
    written(tmp_path, "tests/test_fsq.py", "from fsqcheck.conformance.suite import *\n")
    said = pytest_in(tmp_path, "-v", *(("--fsq-report", "r.jsonl") if report else ()))
    assert said.status == 0, said.out
    assert ("measure[mine:FSQ widened] PASSED" in said.out) == report
