"""The example project of docs/ci.md: its CI script passes, fails with the right message when it is broken, and passes again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fsqcheck.reports import read

from .commands import Said, fsqcheck
from .test_docs import ROOT, indented

EXAMPLE = Path(__file__).parent / "example_project"
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
CODE = (EXAMPLE / "tinyfsq" / "__init__.py").read_text(encoding="utf-8")


def ci(project: Path) -> Said:
    done = subprocess.run(
        ["sh", "ci.sh"],
        cwd=project,
        env={**os.environ, "PYTHON": sys.executable, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def broken(project: Path, right: str, wrong: str) -> None:
    assert right in CODE
    (project / "tinyfsq" / "__init__.py").write_text(CODE.replace(right, wrong, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with the record of its release."""
    folder = tmp_path_factory.mktemp("example") / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    said = ci(folder)
    assert said.status == 0, said
    assert "tinyfsq:FSQ: conforms, known failures apart" in said.out
    assert " xfailed" in said.out
    shutil.copy(folder / "fsqcheck.jsonl", folder / "released.jsonl")
    return folder


FAULTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a scale that was changed": (
        "* (1 + eps) / 2",
        "* (1 - eps) / 2",
        ("MUST  BND-3", "tinyfsq:FSQ: does not conform", "Regressed", "worse: ", " failed"),
    ),
    "another failure of the known case": (
        "        digits = np.round(codes",
        "        if self.levels.prod() > 2**24:\n            raise OverflowError('too many')\n        digits = np.round(codes",
        ("MUST  IDX-6", "another failure than", "fsqcheck-baseline.toml, line 7 knows", "Fails differently", " failed"),
    ),
    "the known failure mended": (
        "(digits * self.basis).astype(np.float32).sum(-1, dtype=np.float32).astype(np.int64)",
        "np.where(np.isnan(digits).any(-1), -1, (np.nan_to_num(digits).astype(np.int64) * self.basis).sum(-1))",
        (
            "fsqcheck-baseline.toml, line 7: 10 cases that it knows to fail pass",
            "1 problem with the baseline",
            "the same or better: no regression; 10 fixed",
            "passes unexpectedly",
        ),
    ),
    "bad indices decoded": (
        "np.any((indices < 0) | (indices >= self.levels.prod()))",
        "False",
        ("SHOULD  IDX-9", "worse: 12 cases regressed (12 SHOULD)"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_script_fails_with_the_right_message(project: Path, fault: str) -> None:
    right, wrong, words = FAULTS[fault]
    broken(project, right, wrong)
    said = ci(project)
    assert said.status == 1, said
    told = " ".join((said.out + said.err).split())
    for word in words:
        assert " ".join(word.split()) in told, word


def test_a_mended_failure_passes_when_the_baseline_is_made_again(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    right, wrong, _ = FAULTS["the known failure mended"]
    broken(copy, right, wrong)
    assert fsqcheck("run", "--report", "fsqcheck.jsonl", cwd=copy).status == 1
    assert fsqcheck("baseline", "fsqcheck.jsonl", cwd=copy).status == 0
    assert ci(copy).status == 0


def test_the_script_passes_when_it_is_mended_and_its_pages_say_so(project: Path) -> None:
    broken(project, "", "")
    assert ci(project).status == 0
    assert read(project / "fsqcheck.jsonl").baseline is not None
    assert "known failures apart" in (project / "fsqcheck.md").read_text(encoding="utf-8")
    assert "fails as the baseline says" in (project / "fsqcheck.xml").read_text(encoding="utf-8")
    assert "10 known failures" in (project / "fsqcheck.svg").read_text(encoding="utf-8")


def test_the_page_shows_the_files_of_the_project() -> None:
    for start, file in (("    [tool.fsqcheck]", "pyproject.toml"), ("    [[known]]", "fsqcheck-baseline.toml")):
        assert indented(PAGE, start).strip() in (EXAMPLE / file).read_text(encoding="utf-8")
    script = (EXAMPLE / "ci.sh").read_text(encoding="utf-8")
    for command in indented(PAGE, "    fsqcheck run --report fsqcheck.jsonl\n    fsqcheck render").strip().splitlines():
        assert command.removeprefix("fsqcheck") in script


def test_every_command_of_the_page_has_the_options_that_it_uses() -> None:
    said = {name: fsqcheck(name, "--help").out for name in ("run", "render", "compare", "baseline")}
    used = re.findall(r"^\s*fsqcheck (\w+) (.*)$", PAGE, re.MULTILINE)
    assert {name for name, _ in used} == set(said)
    for name, rest in used:
        for option in re.findall(r"(?<!\S)(--?[a-z][\w-]*)", rest):
            assert option in said[name], (name, option)


def test_every_key_of_a_baseline_is_explained() -> None:
    from fsqcheck.reports.baseline import KEYS

    table = PAGE[PAGE.index("| key |") : PAGE.index("An entry that is no longer true")]
    assert set(re.findall(r"`([a-z]+)`", table)) == set(KEYS)
