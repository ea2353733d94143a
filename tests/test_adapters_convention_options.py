"""Several codebooks and projections of a class without an adapter: asked for where its signature has them and means them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fsqcheck
from fsqcheck.adapters import Capability, Setup, resolve
from fsqcheck.reports import BAD

from .commands import written

OPTIONS = """
import torch
from fsqcheck.adapters.torch_fsq import TorchFSQ

class Whole(TorchFSQ):
    def __init__(self, levels, dim=None, num_codebooks=1):
        super().__init__(levels, width=dim, num_codebooks=num_codebooks)

class IgnoresItsWidth(TorchFSQ):
    def __init__(self, levels, dim=None):
        super().__init__(levels)

class FailsWithCodebooks(Whole):
    def forward(self, z):
        return super().forward(z if self.num_codebooks == 1 else z.reshape(7, 7))

class ForgetsToProjectBack(Whole):
    def forward(self, z):
        self.project_out = torch.nn.Identity()
        return super().forward(z)

class HasAnAxisOfThatName(TorchFSQ):
    def __init__(self, levels, dim=-1):
        super().__init__(levels)

class AddsItsIndices(Whole):
    def forward(self, z):
        codes, indices = super().forward(z)
        return codes, indices.sum(dim=-1) if self.num_codebooks > 1 else indices
"""


@pytest.mark.parametrize(
    ("call", "offered"),
    [
        ("Whole", {Capability.CODEBOOKS, Capability.PROJECTION}),
        ("Whole(num_codebooks=1)", {Capability.PROJECTION}),
        ("IgnoresItsWidth", set()),
        ("AddsItsIndices", {Capability.PROJECTION}),
        ("FailsWithCodebooks", {Capability.CODEBOOKS, Capability.PROJECTION}),
        ("ForgetsToProjectBack", {Capability.CODEBOOKS, Capability.PROJECTION}),
        ("HasAnAxisOfThatName", set()),
    ],
)
def test_options_of_the_signature_are_used_where_they_work_or_should(
    call: str, offered: set[Capability], tmp_path: Path
) -> None:
    adapter = resolve(f"{written(tmp_path, 'options.py', OPTIONS)}:{call}")
    both = {Capability.CODEBOOKS, Capability.PROJECTION}
    assert adapter.capabilities & both == offered
    asked = {
        Capability.CODEBOOKS: Setup((5, 3), "widened", num_codebooks=2),
        Capability.PROJECTION: Setup((5, 3), "widened", width=7),
    }
    for option in both:
        assert (adapter.refusal(asked[option]) is None) is (option in offered)
    if call == "Whole":
        answer = adapter.build(Setup((5, 3), "widened", width=7, num_codebooks=2)).quantize(
            np.zeros((2, 4, 7), np.float32)
        )
        assert answer.indices is not None
        assert (answer.codes.shape, answer.indices.shape) == ((2, 4, 7), (2, 4, 2))


def test_what_fails_with_an_option_of_its_own_is_found_wrong(tmp_path: Path) -> None:
    file = written(tmp_path, "options.py", OPTIONS)
    targets = [f"{file}:FailsWithCodebooks", f"{file}:ForgetsToProjectBack"]
    record = fsqcheck.check(*targets, rules=["widened"], clauses=["SHP-8", "SHP-11"])
    failed = {(one.target, one.clause) for one in record.results if one.outcome in BAD}
    assert {(targets[0], "SHP-8"), (targets[1], "SHP-11")} <= failed


TURNED = """
from fsqcheck.adapters.torch_fsq import TorchFSQ

class TurnsImages(TorchFSQ):
    def __init__(self, levels):
        super().__init__(levels)

    def forward(self, z):
        return super().forward(z.movedim(1, -1) if z.ndim == 4 and z.shape[-1] != len(self.levels) else z)
"""


def test_a_layout_that_comes_back_turned_is_one_that_it_takes(tmp_path: Path) -> None:
    adapter = resolve(f"{written(tmp_path, 'turned.py', TURNED)}:TurnsImages")
    assert set(adapter.layouts) == {"BTd", "Bd", "BHWd", "BdHW", "d"}
