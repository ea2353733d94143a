"""fsqcheck from a program."""

from __future__ import annotations

from pathlib import Path

import pytest

import fsqcheck
from fsqcheck.reports import exit_status, read, verdicts

from .commands import python


def test_check_gives_the_record_of_a_run(tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    record = fsqcheck.check("reference", rules=["symmetric"], clauses=["SYM"], levels=[[8, 5]], report=kept)
    assert exit_status(record) == 0
    assert verdicts(record)[0].words.startswith("conforms")
    assert {result.levels for result in record.results} == {(8, 5)}
    assert read(kept) == record


def test_check_gives_the_record_of_a_target_that_cannot_be_loaded() -> None:
    record = fsqcheck.check("nowhere:FSQ", rules=["symmetric"])
    assert exit_status(record) == 2
    assert "nowhere" in (record.targets[0].reason or "")


def test_check_refuses_an_unknown_rule() -> None:
    with pytest.raises(ValueError, match="unknown rule 'round'"):
        fsqcheck.check("reference", rules=["round"])


def test_check_says_when_the_run_itself_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest, "main", lambda *_, **__: pytest.ExitCode.USAGE_ERROR)
    with pytest.raises(RuntimeError, match="the run broke: pytest ended with USAGE_ERROR"):
        fsqcheck.check("reference", clauses=["SYM-1"])


UNINSTALLED = """
import importlib.metadata as metadata
found = metadata.distributions
metadata.distributions = lambda **how: (one for one in found(**how) if one.name != "fsqcheck")

import fsqcheck
print({one.outcome for one in fsqcheck.check("reference", clauses=["SYM-1"]).results})
"""


def test_a_checkout_that_nobody_installed_runs() -> None:
    said = python(UNINSTALLED)
    assert said.out == "{'pass'}\n", said.err
