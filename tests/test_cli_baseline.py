"""The regression gate: known failures pass it, and nothing else does."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import fsqcheck as fsqcheck_module
from fsqcheck.reports import exit_status, read

from .commands import RIGHT, Said, fsqcheck, written
from .reports_miniatures import record, result
from .reports_miniatures import written as record_written
from .test_cli_bad_input import one_clear_line
from .test_plugin import pytest_in, suite

OFF_BY_ONE = RIGHT + "\n    def codes_to_indices(self, codes):\n        return super().codes_to_indices(codes) + 1\n"
RAISING = RIGHT + "\n    def codes_to_indices(self, codes):\n        raise OverflowError('too large')\n"
TABLE = """\
[tool.fsqcheck]
targets = ["mine.py:FSQ"]
rules = ["widened"]
clauses = ["IDX-1", "IDX-3"]
baseline = "known.toml"
"""


def ran(folder: Path, *arguments: str) -> Said:
    return fsqcheck("run", "--report", "r.jsonl", "-q", *arguments, cwd=folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose class is off by one, which its baseline knows."""
    written(tmp_path, "mine.py", OFF_BY_ONE)
    written(tmp_path, "pyproject.toml", TABLE.replace('baseline = "known.toml"\n', ""))
    assert ran(tmp_path).status == 1
    made = fsqcheck("baseline", "r.jsonl", "-o", "known.toml", "--reason", "counts from one", cwd=tmp_path)
    assert (made.status, made.err.startswith("fsqcheck: known.toml: ")) == (0, True)
    written(tmp_path, "pyproject.toml", TABLE)
    return tmp_path


def test_known_failures_pass_the_gate_and_are_not_hidden(project: Path) -> None:
    said = ran(project)
    assert said.status == 0, said
    assert "conforms, known failures apart" in said.out
    found = read(project / "r.jsonl")
    assert {one.outcome for one in found.results} >= {"xfail"}
    assert {one.known for one in found.results if one.outcome == "xfail"} == {"counts from one"}
    assert found.baseline is not None
    assert found.baseline.problems == ()


def test_several_processes_know_the_same_failures(project: Path) -> None:
    assert ran(project, "-n", "2").status == 0


def test_another_failure_of_the_same_cases_fails(project: Path) -> None:
    written(project, "mine.py", RAISING)
    assert ran(project).status == 1
    assert any("another failure than" in (one.known or "") for one in read(project / "r.jsonl").results)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mine.py": RIGHT}, "that it knows to fail pass"),
        ({"known.toml": ("reason =", "expires = 2020-01-01\nreason =")}, "expired on 2020-01-01 (counts from one)"),
        ({"known.toml": ('"IDX-1/', '"IDX-99/')}, "matches no case (IDX-99/"),
    ],
    ids=["unexpected pass", "expired", "matches nothing"],
)
def test_a_stale_baseline_is_an_error_and_with_allow_stale_a_warning(
    project: Path, change: dict[str, str | tuple[str, str]], words: str
) -> None:
    for name, how in change.items():
        text = how if isinstance(how, str) else (project / name).read_text(encoding="utf-8").replace(*how)
        written(project, name, text)
    strict, allowed = ran(project), ran(project, "--allow-stale")
    assert strict.status == 1
    assert words in strict.err
    assert "known.toml, line " in strict.err
    assert "with the baseline" in strict.out
    assert "warning: " in allowed.err
    assert words in allowed.err
    assert allowed.status == (
        1 if "expired" in words or "IDX-99" in words else 0
    )  # the failures themselves are not known


def test_a_narrower_run_says_nothing_of_what_it_left_out(project: Path) -> None:
    text = (project / "known.toml").read_text(encoding="utf-8")
    written(project, "known.toml", text.replace('"IDX-1/', '"SYM-1/'))
    assert ran(project, "--clause", "IDX-3").status == 0
    found = read(project / "r.jsonl").baseline
    assert found is not None
    assert (found.problems, found.idle > 0) == ((), True)


def test_a_single_case_runs_with_its_baseline(project: Path) -> None:
    id = next(one.id for one in read(project / "r.jsonl").results if one.outcome == "fail")
    assert ran(project, "--case", id).status == 0


def test_the_baseline_made_again_keeps_what_was_written_in_it(project: Path) -> None:
    assert ran(project).status == 0
    before = (project / "known.toml").read_text(encoding="utf-8")
    fsqcheck("baseline", "r.jsonl", "-o", "known.toml", "--reason", "another", cwd=project)
    after = (project / "known.toml").read_text(encoding="utf-8")
    assert after.split("schema")[1] == before.split("schema")[1]


def test_under_plain_pytest_a_known_failure_is_xfailed(project: Path) -> None:
    said = suite(project, "--fsq", "mine.py:FSQ", "-q", "-rx")
    assert said.status == 0, said.out
    assert "known: counts from one" in said.out


def test_under_plain_pytest_an_unexpected_pass_fails_and_an_allowed_one_is_xpassed(project: Path) -> None:
    written(project, "mine.py", RIGHT)
    strict = suite(project, "--fsq", "mine.py:FSQ", "-q")
    allowed = suite(project, "--fsq", "mine.py:FSQ", "-q", "--fsq-allow-stale")
    assert strict.status == 1
    assert "passes unexpectedly: " in strict.out
    assert "fsqcheck baseline" in strict.out
    assert allowed.status == 0
    assert " xpassed" in allowed.out


def test_an_embedded_suite_fails_when_an_entry_matches_nothing(project: Path) -> None:
    text = (project / "known.toml").read_text(encoding="utf-8")
    entry = '\n[[known]]\ncases = "IDX-99/**"\nfingerprint = "fail: x"\nreason = "r"\n'
    written(project, "known.toml", text + entry)
    written(project, "tests/test_fsq.py", "from fsqcheck.conformance.suite import *\n")
    for processes in ((), ("-n", "2")):
        said = pytest_in(project, "-q", *processes)
        assert said.status == 1, said.out
        assert "matches no case (IDX-99/**)" in said.out


def test_without_a_baseline_the_suite_runs_as_ever(project: Path) -> None:
    assert suite(project, "--fsq", "mine.py:FSQ", "--fsq-baseline=", "-q").status == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["b.toml", "there is no such baseline", "fsqcheck baseline REPORT.jsonl -o FILE"]),
        ("[[known]]\ncases = 3\n", ["b.toml, line 1", "the entry has no fingerprint"]),
        ("known = [", ["b.toml", "not valid TOML"]),
    ],
)
def test_a_wrong_baseline_gets_one_line(tmp_path: Path, text: str | None, words: list[str]) -> None:
    if text is not None:
        written(tmp_path, "b.toml", text)
    one_clear_line(fsqcheck("run", "reference", "--baseline", "b.toml", cwd=tmp_path), *words)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("baseline = 3", ["baseline must be a string", "3"]),
        ("baseline = ''", ["baseline must be a string"]),
        ("allow-stale = 'yes'", ["allow-stale must be true or false", "'yes'"]),
        ("allow_stale = true", ["no key 'allow_stale'", "allow-stale"]),
        ("baseline = 'none.toml'", ["none.toml", "there is no such baseline"]),
    ],
)
def test_a_wrong_setting_of_the_baseline_gets_one_line(table: str, words: list[str], tmp_path: Path) -> None:
    written(tmp_path, "pyproject.toml", f"[tool.fsqcheck]\n{table}\n")
    one_clear_line(fsqcheck("run", "reference", cwd=tmp_path), *words)


def test_the_baseline_of_a_project_is_found_from_a_folder_below(project: Path) -> None:
    (project / "sub").mkdir()
    written(project, "sub/mine.py", OFF_BY_ONE)
    assert ran(project / "sub").status == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no.jsonl"], "cannot read the report"),
        (["good.jsonl", "--issue", "#7"], "expected a link"),
        (["good.jsonl", "--reason", " "], "--reason is empty"),
        (["good.jsonl", "-o", "bad.toml"], "bad.toml, line 1: there is no key 'x'"),
    ],
)
def test_a_baseline_that_cannot_be_made_gets_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    record_written(record(result("fail")), tmp_path / "good.jsonl")
    written(tmp_path, "bad.toml", "x = 1\n")
    one_clear_line(fsqcheck("baseline", *arguments, cwd=tmp_path), words)


def test_an_incomplete_record_makes_no_baseline_and_gives_status_3(tmp_path: Path) -> None:
    record_written(record(result("fail"), footer=None), tmp_path / "r.jsonl")
    said = fsqcheck("baseline", "r.jsonl", cwd=tmp_path)
    assert said.status == 3
    assert said.err == "fsqcheck: r.jsonl: the record is incomplete (the run did not come to its end); run again\n"
    assert not (tmp_path / "fsqcheck-baseline.toml").exists()


def known(*patterns: str, **head: str) -> str:
    """A baseline of entries that match nothing, each with its own pattern."""
    lines = [f'{key} = "{value}"' for key, value in head.items()]
    return "\n".join(
        [*lines, *(f'[[known]]\ncases = "{one}"\nfingerprint = "fail: no"\nreason = "r"' for one in patterns)]
    )


@pytest.mark.parametrize(
    ("pattern", "tier", "problems"),
    [
        ("IDX-1/widened/27x29x31/float32/cpu/eval", "standard", 0),  # a list that the quick tier need not try
        ("IDX-1/widened/27x29x31/float32/cpu/eval", "quick", 1),
        ("IDX-1/widened/*/float32/mps/eval", "quick", 0),  # another device
        ("IDX-1/symmetric/*/float32/cpu/eval", "quick", 0),  # another rule than the one that was asked for
        ("IDX-1/widned/*/float32/cpu/eval", "quick", 1),  # no rule at all
        ("IDX-1/widened/*/float31/cpu/eval", "quick", 1),  # no dtype at all
        ("SYM-1/**", "quick", 0),  # another clause than those that were asked for
        ("SYM-99/**", "quick", 1),  # no clause at all
    ],
)
def test_what_a_run_leaves_out_on_purpose_is_told_from_a_typing_error(
    tmp_path: Path, pattern: str, tier: str, problems: int
) -> None:
    written(tmp_path, "known.toml", known(pattern, tier=tier))
    options = ("reference", "--rule", "widened", "--clause", "IDX-1", "--baseline", "known.toml")
    said = ran(tmp_path, *options)
    found = read(tmp_path / "r.jsonl").baseline
    assert found is not None
    assert (len(found.problems), found.idle) == (problems, 1 - problems), found
    assert said.status == problems


def test_check_takes_a_baseline(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    checked = partial(fsqcheck_module.check, "mine.py:FSQ", rules=["widened"], clauses=["IDX-1", "IDX-3"])
    with_it = checked(baseline="known.toml")
    without = checked()
    assert (exit_status(with_it), exit_status(without)) == (0, 1)
    assert without.baseline is None
    with pytest.raises(ValueError, match="there is no such baseline"):
        checked(baseline="none.toml")
