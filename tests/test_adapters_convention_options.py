"""Several codebooks and projections of a class without an adapter: asked for where its signature has them and they work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsqcheck.adapters import Capability, Setup, resolve

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
    ],
)
def test_options_of_the_signature_are_used_where_they_work(call: str, offered: set[Capability], tmp_path: Path) -> None:
    adapter = resolve(f"{written(tmp_path, 'options.py', OPTIONS)}:{call}")
    both = {Capability.CODEBOOKS, Capability.PROJECTION}
    assert adapter.capabilities & both == offered
    asked = {
        Capability.CODEBOOKS: Setup((5, 3), "widened", num_codebooks=2),
        Capability.PROJECTION: Setup((5, 3), "widened", width=7),
    }
    for option in both:
        assert (adapter.refusal(asked[option]) is None) is (option in offered)
    if offered == both:
        answer = adapter.build(Setup((5, 3), "widened", width=7, num_codebooks=2)).quantize(
            np.zeros((2, 4, 7), np.float32)
        )
        assert answer.indices is not None
        assert (answer.codes.shape, answer.indices.shape) == ((2, 4, 7), (2, 4, 2))
