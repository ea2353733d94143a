"""`fsqcheck identify` as a user runs it: its lines, its JSON, its exit status."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from fsqcheck.identifying import Identification, identification_schema
from fsqcheck.tests.commands import RIGHT, fsqcheck, written
from fsqcheck.tests.stand_ins import STAND_INS, stand_in

PAGE = Path(__file__).parent.parent / "docs" / "identify.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path, "mine.py", RIGHT)
    return tmp_path


def test_it_says_the_rule_and_exits_0_without_a_claim(folder: Path) -> None:
    said = fsqcheck("identify", "mine.py:FSQ", cwd=folder)
    assert said.status == 0
    assert said.out.startswith("mine.py:FSQ behaves as `widened`\n  claim     none\n")


def test_it_exits_1_where_the_claim_is_another_rule(folder: Path) -> None:
    said = fsqcheck("identify", "mine.py:FSQ", "--rule", "paper", cwd=folder)
    assert said.status == 1
    assert "claim     `paper`, which it is not: 1.02 %" in said.out


def test_every_claim_is_asked() -> None:
    said = fsqcheck("identify", "reference", "--json")
    found = [msgspec.json.decode(line, type=Identification) for line in said.out.splitlines()]
    for line in said.out.splitlines():
        Draft202012Validator(identification_schema()).validate(json.loads(line))
    assert said.status == 0
    assert [one.claim for one in found] == [
        "paper",
        "paper-atanh",
        "widened",
        "symmetric",
        "symmetric-even",
        "s3",
        "ifsq",
        "widened-clamp",
        "symmetric-clamp",
    ]
    assert all(one.agrees for one in found)


def test_the_levels_that_are_named_are_asked_too(folder: Path) -> None:
    said = fsqcheck("identify", "mine.py:FSQ", "--rule", "widened", "--levels", "16,9", "--json", cwd=folder)
    found = json.loads(said.out)
    assert found["asked"] == [3, 4, 5, 6, 7, 8, 9, 16]
    assert found["changed_levels"] == [16, 9]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-like-it"], "unknown target"),
        (["mine.py:Missing"], "has no Missing"),
        (["mine.py:FSQ", "--rule", "papr"], "unknown rule 'papr'"),
        (["mine.py:FSQ", "--levels", "8,x"], "expected whole numbers"),
    ],
)
def test_what_cannot_be_asked_exits_2_with_one_line(folder: Path, arguments: list[str], words: str) -> None:
    said = fsqcheck("identify", *arguments, cwd=folder)
    assert said.status == 2
    assert words in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("name", STAND_INS)
def test_other_libraries_compute_what_their_adapters_claim(tmp_path: Path, name: str) -> None:
    packages = stand_in(tmp_path, STAND_INS[name])
    said = fsqcheck(
        "identify", name, "--json", cwd=tmp_path, PYTHONPATH=f"{packages}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    )
    found = [msgspec.json.decode(line, type=Identification) for line in said.out.splitlines()]
    assert found, said.err
    # Of indices alone the digits of s3 cannot be told from the paper's codes.
    together = {"s3": {"s3", "paper", "paper-atanh"}}
    assert all(set(one.rules) == together.get(str(one.claim), {one.claim}) for one in found)
    assert said.status == 0


def test_the_page_shows_what_the_command_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    said = fsqcheck("identify", "fsqcheck.adapters.torch_fsq:TorchFSQ", "--rule", "paper")
    shown = [f"    {line}" for line in said.out.splitlines()[1:]]  # the first has our own version in it
    assert len(shown) > 4
    assert "\n".join(shown) in page, said.out
