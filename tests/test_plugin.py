"""The suite inside somebody else's pytest: options, outcomes, and a project that embeds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fsqcheck.reports import read

from .commands import RIGHT, Said, written

LENIENT = RIGHT + (
    "\n    def indices_to_codes(self, indices):\n        return super().indices_to_codes(indices % self.codebook.size)\n"
)


def pytest_in(folder: Path, *arguments: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def suite(folder: Path, *arguments: str) -> Said:
    return pytest_in(folder, "--pyargs", "fsqcheck.conformance", *arguments)


def test_the_suite_runs_under_plain_pytest(tmp_path: Path) -> None:
    said = suite(tmp_path, "--fsq", "reference", "--fsq-rule", "symmetric", "--fsq-clause", "SYM", "-q")
    assert said.status == 0, said.out
    assert " passed" in said.out


def test_keyword_and_exit_first_work_as_always(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT + "\n    def codes_to_indices(self, codes):\n        return codes[..., 0] * 0\n")
    said = suite(tmp_path, "--fsq", "mine.py:FSQ", "--fsq-rule", "widened", "-k", "IDX", "-x", "-q")
    assert said.status == 1
    assert "1 failed" in said.out


def test_xdist_spreads_the_suite(tmp_path: Path) -> None:
    options = ("--fsq", "reference", "--fsq-rule", "paper", "--fsq-clause", "BND", "--fsq-report", "r.jsonl")
    assert suite(tmp_path, *options, "-n", "2", "-q").status == 0
    assert read(tmp_path / "r.jsonl").footer is not None


def test_a_failure_says_all_without_a_traceback(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT + "\n    def __call__(self, z):\n        return super().__call__(z + 0.25)\n")
    said = suite(tmp_path, "--fsq", "mine.py:FSQ", "--fsq-rule", "widened", "--fsq-clause", "BND-3", "-q", "-x")
    for word in (
        "MUST BND-3",
        "observed",
        "expected",
        "(0x",
        "tolerance units",
        "ulps",
        "rerun",
        "fsqcheck run mine.py:FSQ",
    ):
        assert word in said.out, word
    assert "Traceback" not in said.out
    assert "test_boundaries.py:1" not in said.out


def test_a_should_that_fails_is_xfailed_and_with_strict_it_fails(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", LENIENT)
    options = ("--fsq", "mine.py:FSQ", "--fsq-rule", "widened", "--fsq-clause", "IDX-9", "-q", "-rx")
    lenient, strict = suite(tmp_path, *options), suite(tmp_path, *options, "--fsq-strict")
    assert lenient.status == 0
    assert "SHOULD IDX-9" in lenient.out
    assert strict.status == 1


def test_what_a_target_does_not_claim_is_skipped_with_its_reason(tmp_path: Path) -> None:
    said = suite(tmp_path, "--fsq", "reference", "--fsq-rule", "widened", "--fsq-clause", "SHP-8", "-q", "-rs")
    assert "unsupported" in said.out or "declares no num_codebooks" in said.out
    assert " passed" not in said.out


def test_without_a_target_pytest_says_how_to_name_one(tmp_path: Path) -> None:
    said = suite(tmp_path, "-q")
    assert said.status != 0
    assert "no target given" in said.out + said.err


def test_a_project_embeds_the_suite_with_one_file(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT)
    written(
        tmp_path, "pyproject.toml", "[tool.fsqcheck]\ntargets = ['mine:FSQ']\nrules = ['widened']\nclauses = ['IDX']\n"
    )
    written(
        tmp_path,
        "tests/test_fsq.py",
        "from fsqcheck.conformance.suite import *\n\n\ndef test_own():\n    assert True\n",
    )
    said = pytest_in(tmp_path, "-q")
    assert said.status == 0, said.out
    assert int(said.out.split(" passed")[0].split()[-1]) > 10


def test_other_projects_are_left_alone(tmp_path: Path) -> None:
    source = "import sys\n\n\ndef test_own():\n    assert not {'numpy', 'torch', 'hypothesis'} & set(sys.modules)\n"
    written(tmp_path, "test_own.py", source)
    said = pytest_in(tmp_path, "-q", "-p", "no:hypothesispytest", "-p", "no:typeguard")
    assert said.status == 0, said.out
