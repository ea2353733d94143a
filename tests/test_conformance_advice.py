"""The advice on clauses: a row for each, sentences, and fragments of code that run and compute what they should."""

from __future__ import annotations

import ast
import math
import textwrap
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from fsqcheck.conformance.advice import Advice, advice
from fsqcheck.conformance.clause import catalogue
from fsqcheck.reference import RULES

LEVELS = [8, 8, 8]
Z = torch.linspace(-2, 2, 12).reshape(2, 2, 3)
LEVEL = (Z.tanh() * 3.5 + 3.5).round()
CODES = (LEVEL - 3.5) / 3.5
BASIS = torch.tensor([1, 8, 64])

#: What the names stand for that advice speaks of: `symmetric` with three channels of eight levels.
NAMES: dict[str, Any] = {
    "torch": torch,
    "math": math,
    "L": 8,
    "d": 3,
    "levels": LEVELS,
    "sizes": torch.tensor(LEVELS),
    "basis": BASIS,
    "size": 512,
    "half": 3.5,
    "centre": 3.5,
    "h": 3.5,
    "shift": torch.zeros(3),
    "z": Z,
    "u": Z.tanh() * 3.5 + 3.5,
    "smooth": Z.tanh(),
    "level": LEVEL,
    "code": CODES,
    "codes": CODES,
    "indices": (LEVEL.long() * BASIS).sum(-1),
    "num_codebooks": 1,
    "channel_first": True,
    "upstream": Z,
    "grad": Z,
    "p": 0.5,
    "noisy": Z > 0,
    "noise": Z,
    "with_noise": torch.sin,
    "mask": Z > 0,
    "other": Z,
    "buffer": Z,
    "q": torch.sin,
    "quantize": lambda x: (x, x[..., 0].long()),
    "project_out": torch.nn.Linear(3, 5),
    "parameters": [torch.nn.Parameter(Z)],
    "self": SimpleNamespace(register_buffer=lambda *_, **__: None, training=True, p=0.5, shifts=[0.0] * 3),
}


def test_every_clause_has_advice_and_nothing_else_has() -> None:
    assert set(advice()) == set(catalogue())


@pytest.mark.parametrize("known", advice().values(), ids=list(advice()))
def test_advice_is_sentences_and_code_that_parses(known: Advice) -> None:
    for text in (known.why, known.fix):
        assert text.endswith(".")
        assert text.count("`") % 2 == 0
        assert "  " not in text
    ast.parse(known.code)
    assert all(len(line) <= 62 for line in known.code.splitlines())


def run(code: str, **other: Any) -> dict[str, Any]:
    """Runs a fragment of advice as the body of a function, among the names that advice speaks of."""
    names = dict(NAMES) | other
    body = code if "return" in code else f"{code}\nreturn locals()"
    # Assigned names are local to a function: they come in as parameters, as the fragments may read them first.
    space: dict[str, Any] = {}
    exec(f"def fragment({', '.join(names)}):\n{textwrap.indent(body, '    ')}", space)
    found = space["fragment"](**names)
    return found if isinstance(found, dict) else {"answer": found}


@pytest.mark.parametrize("id", [id for id, known in advice().items() if known.code])
def test_a_fragment_of_advice_runs(id: str) -> None:
    run(advice()[id].code)


def test_the_fragments_about_thresholds_and_ties_compute_the_rules() -> None:
    z = torch.linspace(-3, 3, 101, dtype=torch.float64)
    for L in (2, 3, 4, 5, 8, 16):
        exact = RULES["widened"].level_coordinate(z.numpy(), L)
        assert np.allclose(run(advice()["BND-3"].code, L=L, z=z)["u"], exact, rtol=0, atol=1e-12)
    tie = torch.tensor([0.5])  # of two levels
    first, second = advice()["SYM-3"].code.splitlines()
    assert [float(run(line, u=tie)["level"]) for line in (first, second)] == [
        float(RULES[name].level(np.zeros(1), 2)[0]) for name in ("symmetric", "symmetric-even")
    ]


def test_the_fragments_about_indices_are_inverse_and_keep_bad_ones_visible() -> None:
    every = torch.arange(512)
    assert torch.equal(run(advice()["IDX-1"].code, indices=every)["indices"], every)
    assert run(advice()["IDX-4"].code)["basis"].tolist() == [1, 8, 64]
    bad = run(advice()["IDX-9"].code, indices=torch.tensor([0, -1, 512]), codes=torch.zeros(3, 3))["codes"]
    assert bad.isnan().all(-1).tolist() == [False, True, True]
    lost = run(advice()["NUM-5"].code, level=torch.tensor([[1.0, 0.0, 0.0], [torch.nan, 0.0, 0.0]]))["index"]
    assert lost.tolist() == [1, -1]
