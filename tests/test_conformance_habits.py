"""What a target does in any call breaks the clause that is about it, and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import fsqcheck
from fsqcheck.adapters import Capability, torch_fsq
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.conformance.plan import Wanted
from fsqcheck.conformance.run import Unwatched, run_suite
from fsqcheck.conformance.session import Session
from fsqcheck.reference import Codebook
from fsqcheck.reports import BAD, Record, read

from .right_residual_quantizers import StageByStage


class Turned(TorchFSQ):
    """Its last channel is the least significant, in every call."""

    def __init__(self, levels: tuple[int, ...], rule: str) -> None:
        super().__init__(levels, rule)
        self.basis = torch.tensor(Codebook(levels, "C").basis.copy())


class TurnedStages(StageByStage):
    def __init__(self, levels: list[int], num_quantizers: int, is_channel_first: bool = False) -> None:
        super().__init__(levels, num_quantizers, is_channel_first)
        self.basis = torch.tensor(Codebook(levels, "C").basis.copy())


class ScalesItsGradient(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        codes, indices = super().forward(z)
        return codes + 0.1 * (codes - codes.detach()), indices


class ShiftsItsThresholds(ScalesItsGradient):
    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return TorchFSQ.forward(self, z + 0.05)


class StraysAMillionAway(ScalesItsGradient):
    """As a straight-through gradient of the input itself does, where the input is far larger than its codes."""

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        codes, indices = TorchFSQ.forward(self, z)
        return torch.where(z.abs() > 1e6, codes * 3, codes), indices


class StraysBeyondNine(ScalesItsGradient):
    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        codes, indices = TorchFSQ.forward(self, z)
        return torch.where(z > 9, codes * 3, codes), indices


class HalvesItsScales(StageByStage):
    def scale(self, stage: int) -> torch.Tensor:
        return torch.full(self.sizes.shape, 0.5**stage)


def bad(record: Record) -> dict[str, set[str | None]]:
    """The clauses that fail, with what each says."""
    assert record.footer is not None
    assert record.footer.broke is None
    failed = [one for one in record.results if one.outcome in BAD]
    return {id: {one.message for one in failed if one.clause == id} for id in {one.clause for one in failed}}


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        (set(), "encoding the codes of the index"),
        ({Capability.DECODE}, "encoding the codes of the index"),
        ({Capability.ENCODE}, "quantizing the vector of the index"),
        ({Capability.INDICES}, "encoding the codes of the index"),
    ],
)
def test_one_clause_says_it(lacks: set[Capability], says: str, tmp_path: Path) -> None:
    adapter = replace(
        torch_fsq.adapter(),
        construct=lambda setup: Turned(setup.levels, setup.rule),
        layouts=("BTd",),
        rules=("widened",),
        lacks=frozenset({Capability.CODEBOOKS, Capability.PROJECTION, Capability.NOISE, *lacks}),
        residual=None,
    )
    run_suite(Session(Wanted(("it",)), load=lambda _: adapter), tmp_path / "r.jsonl", 1, Unwatched())
    failed = bad(read(tmp_path / "r.jsonl"))
    assert set(failed) == {"IDX-4"}
    assert all(f"the last channel is the least significant: {says}" in str(one) for one in failed["IDX-4"])


def test_of_stages_too() -> None:
    failed = bad(
        fsqcheck.check("fsqcheck.tests.test_conformance_habits:TurnedStages", rules=["residual"], clauses=["RES"])
    )
    assert set(failed) == {"RES-1", "RES-22"}  # it decodes what is outside the codebook, as ever
    assert all("the last channel being the least significant" in str(one) for one in failed["RES-1"])


def test_scales_of_stages_are_told_where_they_matter_alone() -> None:
    failed = bad(fsqcheck.check("fsqcheck.tests.test_conformance_habits:HalvesItsScales", rules=["residual"]))
    assert set(failed) == {"RES-3", "RES-4", "RES-12", "RES-22"}


@pytest.mark.parametrize(
    ("name", "clauses"),
    [
        ("ShiftsItsThresholds", {"BND-3", "SYM-2", "GRD-1", "GRD-9", "NUM-1", "NUM-2", "NUM-3", "NUM-7", "DEV-3"}),
        ("ScalesItsGradient", {"GRD-1", "GRD-9"}),
        ("StraysAMillionAway", {"BND-5", "SYM-5", "IDX-3", "NUM-2", "NUM-3"}),
    ],
)
def test_what_is_wrong_in_any_call_is_told_once(name: str, clauses: set[str]) -> None:
    failed = bad(fsqcheck.check(f"fsqcheck.tests.test_conformance_habits:{name}", rules=["widened"]))
    assert set(failed) == clauses


@pytest.mark.parametrize(
    ("clause", "says"), [("BND-2", "which the rule does not reach"), ("SYM-1", "has no mirrored code")]
)
def test_a_stray_code_is_shown_with_an_input_that_gives_it(clause: str, says: str) -> None:
    record = fsqcheck.check(
        "fsqcheck.tests.test_conformance_habits:StraysBeyondNine", rules=["widened"], clauses=[clause], levels=[(5, 3)]
    )
    (failed, *_) = (one for one in record.results if one.outcome == "fail")
    assert says in (failed.message or "")
    assert failed.evidence is not None
    (asked,) = (line for line in (failed.evidence.script or "").splitlines() if "z = torch.tensor" in line)
    assert max(float(number) for number in re.findall(r"-?[0-9]+[.][0-9e+-]+", asked)) > 9
