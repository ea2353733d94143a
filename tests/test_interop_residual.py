"""`interop` on residual quantizers: the token of a vector is the indices of all its stages."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.interop import CannotCompareError, Interop, inputs, measure

from .commands import fsqcheck
from .installed import installed

LEVELS = (8, 5, 5, 5)


def compared(*targets: str, count: int = 20_000, stages: int = 4) -> Interop:
    return measure(targets, LEVELS, inputs("normal", len(LEVELS), count), stages=stages)


def test_two_right_ones_differ_where_rounding_may_decide_only() -> None:
    (pair,) = compared("reference@residual", "torch-fsq@residual").pairs
    assert pair.tokens <= 20  # of 20,000 vectors with 16 levels each, in float64 and in float32
    assert pair.renumbered == 0
    assert pair.alike
    assert all(one.scope == "samples" and one.compared == 20_000 for one in pair.decodings)
    assert pair.gradient_mean is not None
    assert pair.gradient_mean < 1e-4


@pytest.mark.parametrize("stages", [1, 3])
def test_one_is_the_same_as_itself(stages: int) -> None:
    (pair,) = compared("torch-fsq@residual", "torch-fsq@residual", count=2_000, stages=stages).pairs
    assert pair.exchangeable
    assert (pair.tokens, pair.gradient_largest) == (0, 0.0)


def test_stages_of_another_scale_give_other_tokens_and_codes() -> None:
    once, twice = (
        f"fsqcheck.adapters.torch_residual:TorchResidualFSQ(rule='{rule}')@{rule}"
        for rule in ("residual-widened", "residual-widened-twice")
    )
    (pair,) = compared(once, twice).pairs
    assert pair.tokens > 1_000
    assert sum(channel.changed for channel in pair.channels) > 1_000
    assert all(channel.regions == () for channel in pair.channels)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (("reference@residual", "reference@widened"), "compare them among themselves"),
        (("reference@residual", "s3tokenizer@residual"), "s3tokenizer"),
        (("reference@residual", "fsqcheck.adapters.torch_fsq:TorchFSQ@residual"), "it has no residual quantizer"),
        (("reference@residual", "reference@residul"), "unknown rule 'residul'"),
    ],
)
def test_what_cannot_be_compared_says_why(targets: tuple[str, ...], words: str) -> None:
    with pytest.raises(CannotCompareError, match=words):
        compared(*targets, count=100)


@pytest.mark.parametrize(
    ("copy", "copied", "rule", "stages"),
    [
        ("diffusers==0.42.1", "vector-quantize-pytorch==1.32.0", "residual", "4"),
        ("transformers==5.23.0", "vector-quantize-pytorch==1.17.8", "residual-widened-twice", "1"),
    ],
)
def test_copies_give_the_tokens_of_the_release_that_they_copy(
    copy: str, copied: str, rule: str, stages: str, packages: Path
) -> None:
    for target in (copy, copied):
        installed(target, packages)
    names = [f"{target}@{rule}" for target in (copy, copied)]
    said = fsqcheck(
        "interop", *names, "--stages", stages, "-N", "20000", "-q", FSQCHECK_CACHE=str(packages), columns=300
    )
    assert said.out.strip() == f"{names[0]} and {names[1]}: the same tokens", said
    assert said.status == 0
