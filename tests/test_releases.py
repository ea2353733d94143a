"""Releases of vector-quantize-pytorch whose faults are known, each as a pinned target."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.reports import Record, compare, judge, read

from .commands import fsqcheck

PACKAGE = "vector-quantize-pytorch"


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of environments that is empty at first."""
    return tmp_path_factory.mktemp("releases")


def checked(releases: Path, release: str, folder: Path, *arguments: str) -> Record:
    """The record of a run on a release."""
    target, cache = f"{PACKAGE}=={release}", str(releases)
    said = fsqcheck("run", target, *arguments, "--report", "r.jsonl", "-q", cwd=folder, FSQCHECK_CACHE=cache)
    assert said.status in (0, 1), said
    return read(folder / "r.jsonl")


def failing(record: Record) -> dict[str, str]:
    """The message of every case that fails, by its id."""
    return {one.id: one.message or "" for one in record.results if one.outcome == "fail"}


def test_what_1_22_16_mends_and_breaks_is_seen_by_comparing_it(releases: Path, tmp_path: Path) -> None:
    options = ("--rule", "symmetric", "--clause", "BND-2", "--clause", "TRN-5")
    old, new = (checked(releases, release, tmp_path, *options) for release in ("1.22.15", "1.22.16"))
    found = compare(old, new)
    assert found.status == 1
    became = {(group.kind, group.clause) for group in found.pairs[0].groups}
    assert {("fixed", "BND-2"), ("regressed", "TRN-5")} <= became


def test_1_22_2_is_better_than_1_22_1_and_no_better_about_its_codes(releases: Path, tmp_path: Path) -> None:
    old, new = (checked(releases, release, tmp_path, *SYMMETRIC) for release in ("1.22.1", "1.22.2"))
    found = compare(old, new)
    assert found.status == 0
    assert not any(group.clause == "BND-2" for group in found.pairs[0].groups)
    assert judge(new, new.targets[0].name).failing["must"] > 0


SYMMETRIC = ("--rule", "symmetric", "--levels", "8", "--clause", "BND-2", "--clause", "SHP-1")


def test_in_1_22_2_the_symmetric_rule_collapses_to_3_codes(releases: Path, tmp_path: Path) -> None:
    record = checked(releases, "1.22.2", tmp_path, *SYMMETRIC)
    assert record.targets[0].version == "1.22.2"
    assert "3 of 8 levels reached" in failing(record)["BND-2/symmetric/8/float32/cpu/eval"]


def test_in_1_22_1_training_on_a_batch_of_sequences_raises(releases: Path, tmp_path: Path) -> None:
    record = checked(releases, "1.22.1", tmp_path, "--rule", "symmetric", "--levels", "8,5,5", "--clause", "SHP-1")
    assert "in train mode raises" in failing(record)["SHP-1/symmetric/8x5x5/float32/cpu/train/BTd"]


def test_in_1_22_16_both_are_right(releases: Path, tmp_path: Path) -> None:
    record = checked(releases, "1.22.16", tmp_path, *SYMMETRIC)
    assert not failing(record)
    assert {one.clause for one in record.results if one.outcome == "pass"} == {"BND-2", "SHP-1"}


def test_1_12_1_claims_the_papers_rule_and_is_seen_to_use_tan(releases: Path, tmp_path: Path) -> None:
    options = ("--dtype", "float64", "--levels", "8,5,4", "--clause", "BND-3")
    assert checked(releases, "1.12.1", tmp_path, *options).targets[0].rules == ("paper", "residual-paper")
    assert not failing(checked(releases, "1.12.1", tmp_path, *options))
    atanh = failing(checked(releases, "1.12.1", tmp_path, *options, "--rule", "paper-atanh"))
    assert "BND-3/paper-atanh/8x5x4/float64/cpu/eval" in atanh


@pytest.mark.parametrize(
    ("release", "rules"),
    [("1.12.4", ("paper-atanh", "residual-atanh")), ("1.12.12", ("widened", "residual-widened-twice"))],
)
def test_later_releases_claim_and_compute_the_next_rules(
    releases: Path, tmp_path: Path, release: str, rules: tuple[str, ...]
) -> None:
    record = checked(releases, release, tmp_path, "--dtype", "float64", "--levels", "8,5,4", "--clause", "BND-3")
    assert record.targets[0].rules == rules
    assert not failing(record)
