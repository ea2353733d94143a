"""A target that can do a part of what a clause is about is judged by that part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fsqcheck.adapters import Capability, NativeAdapter, torch_fsq
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.conformance.plan import Wanted
from fsqcheck.conformance.run import Unwatched, run_suite
from fsqcheck.conformance.session import Session
from fsqcheck.reports import ResultLine, read


class Right(TorchFSQ):
    pass


class ForwardsIndicesInFloat32(TorchFSQ):
    def forward(self, z: torch.Tensor) -> Any:
        codes, indices = super().forward(z)
        return codes, indices.float().long()


class CutsItsIndices(TorchFSQ):
    def forward(self, z: torch.Tensor) -> Any:
        codes, _ = super().forward(z)
        half = self.sizes // 2
        return codes, (((codes * half + half) * (1 - 1e-7)).long() * self.basis).sum(-1)


class DecodesInFloat32(TorchFSQ):
    def indices_to_codes(self, indices: torch.Tensor) -> torch.Tensor:
        return super().indices_to_codes(indices.float().long().clamp(max=self.codebook.size - 1))


def of(module: type[TorchFSQ], lacks: set[Capability]) -> NativeAdapter:
    """An adapter of a module that cannot encode, nor do what else it lacks."""
    adapter = torch_fsq.adapter()
    return replace(
        adapter,
        construct=lambda setup: module(setup.levels, setup.rule),
        layouts=("BTd",),
        rules=("widened",),
        lacks=frozenset({Capability.ENCODE, *lacks}),
    )


def results(adapter: NativeAdapter, clause: str, folder: Path) -> tuple[ResultLine, ...]:
    session = Session(Wanted(("it",), rules=("widened",), clauses=(clause,)), load=lambda _: adapter)
    run_suite(session, folder / "r.jsonl", 1, Unwatched())
    return tuple(read(folder / "r.jsonl").results)


_INDICES, _DECODE = {Capability.INDICES}, {Capability.DECODE}


@pytest.mark.parametrize(
    ("module", "lacks", "clause", "says"),
    [
        (ForwardsIndicesInFloat32, _DECODE, "IDX-6", "quantizing the vector of the index"),
        (DecodesInFloat32, _INDICES, "IDX-6", "the levels of decoded indices"),
        (CutsItsIndices, _DECODE, "IDX-7", "quantizing the vector of the index"),
    ],
)
def test_what_it_can_do_is_judged_and_found_wrong(
    module: type[TorchFSQ], lacks: set[Capability], clause: str, says: str, tmp_path: Path
) -> None:
    failed = [one for one in results(of(module, lacks), clause, tmp_path) if one.outcome == "fail"]
    assert failed
    assert all(says in (one.message or "") for one in failed)


@pytest.mark.parametrize(
    ("lacks", "clause", "outcome"),
    [
        (_DECODE, "IDX-6", "pass"),
        (_INDICES, "IDX-6", "pass"),
        (_INDICES | _DECODE, "IDX-6", "unsupported"),
        (_DECODE, "IDX-7", "pass"),
        (_INDICES, "IDX-7", "unsupported"),
    ],
)
def test_a_right_one_passes_as_far_as_it_can_be_judged(
    lacks: set[Capability], clause: str, outcome: str, tmp_path: Path
) -> None:
    assert {one.outcome for one in results(of(Right, lacks), clause, tmp_path)} == {outcome}


def test_the_evidence_of_a_forward_call_is_the_vector_that_was_quantized(tmp_path: Path) -> None:
    (failed, *_) = (
        one for one in results(of(ForwardsIndicesInFloat32, _DECODE), "IDX-6", tmp_path) if one.outcome == "fail"
    )
    assert failed.evidence is not None
    assert failed.evidence.input_note == "the vector"
