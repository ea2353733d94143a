"""Residual quantizers of real releases: what each era's stages are worth, and who computes the same as whom."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fsqcheck.reports import BAD

from .installed import installed
from .test_field import checked

#: All give codes of half precision in float32, compute the stages of other dtypes in their own or in float32, and broadcast
#: an input of one channel.
ALL = {"RES-4", "RES-19", "RES-21"}
#: The release, the rule of its era, and the clauses of RES that it fails: indices below -1 are decoded from 1.17.8 at the
#: latest; channel-first came with 1.18.5 and cannot be decoded since; stages refine from 1.26.0 on.
ERAS = {
    "1.12.1": ("residual-paper", ALL | {"RES-13"}),
    "1.12.4": ("residual-atanh", ALL | {"RES-13"}),
    "1.12.5": ("residual-atanh-twice", ALL | {"RES-13"}),
    "1.17.8": ("residual-widened-twice", ALL | {"RES-22", "RES-13"}),
    "1.18.5": ("residual-widened", ALL | {"RES-22", "RES-6", "RES-13"}),
    "1.25.2": ("residual-widened", ALL | {"RES-22", "RES-6", "RES-13"}),
    "1.26.0": ("residual", ALL | {"RES-22", "RES-6"}),
    "1.32.0": ("residual", ALL | {"RES-22", "RES-6"}),
}


@pytest.mark.parametrize("release", ERAS)
def test_each_era_is_judged_by_its_rule_and_refines_from_1_26_on(release: str, packages: Path, tmp_path: Path) -> None:
    rule, broken = ERAS[release]
    record = checked(f"vector-quantize-pytorch=={release}", packages, tmp_path, "--clause", "RES")
    assert {one.rule for one in record.results} == {rule}
    assert {one.clause for one in record.results if one.outcome in BAD} == broken
    assert {f"RES-{number}" for number in (1, 2, 3, 5, 15, 16, 17, 18, 20)} <= {
        one.clause for one in record.results if one.outcome == "pass"
    }


#: Saves codes, indices and gradients of a fixed batch; `make` gives the quantizer of levels and a number of stages.
SCRIPT = """
import sys
import numpy as np, torch
{make}
found, random = {{}}, np.random.default_rng(7)
for levels in ([8, 5, 3], [8, 8, 8, 5, 5, 5], [4] * 8):
    for stages in {stages}:
        q, d = make(levels, stages), len(levels)
        for name in ("project_in", "project_out"):
            if isinstance(layer := getattr(q, name), torch.nn.Linear):
                layer.weight.data, layer.bias.data = torch.eye(d), torch.zeros(d)
        z = torch.tensor(random.normal(size=(2, 10000, d)).astype(np.float32), requires_grad=True)
        codes, indices = q.eval()(z)
        gradient, = torch.autograd.grad(codes.sum(), z)
        for name, values in (("codes", codes), ("indices", indices.long()), ("gradient", gradient)):
            found[f"{{levels}} {{stages}} {{name}}"] = values.detach().numpy()
np.savez(sys.argv[1], **found)
"""
VQP = "from vector_quantize_pytorch import ResidualFSQ\nmake = lambda L, n: ResidualFSQ(dim=len(L), levels=L, num_quantizers=n)"
ACE_STEP = (
    "from diffusers.pipelines.ace_step.modeling_ace_step import _AceStepResidualFSQ\n"
    "make = lambda L, n: _AceStepResidualFSQ(dim=len(L), levels=L, num_quantizers=n)"
)
XCODEC2 = (
    "from transformers import Xcodec2Config\nfrom transformers.models.xcodec2.modeling_xcodec2 import Xcodec2Quantizer\n"
    "make = lambda L, n: Xcodec2Quantizer(Xcodec2Config(quantization_levels=L, quantization_dim=len(L)))"
)


def answers(target: str, make: str, stages: str, packages: Path, file: Path) -> dict[str, np.ndarray]:
    """What a release answers, without any adapter; skips where it can be had from nowhere."""
    paths = os.pathsep.join([str(installed(target, packages)), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT.format(make=make, stages=stages), str(file)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return dict(np.load(file))


@pytest.mark.parametrize(
    ("one", "make", "other", "stages", "same_gradient"),
    [
        ("diffusers==0.42.1", ACE_STEP, "vector-quantize-pytorch==1.32.0", "(1, 4)", False),
        ("transformers==5.23.0", XCODEC2, "vector-quantize-pytorch==1.17.8", "(1,)", True),
    ],
)
def test_copies_compute_what_the_release_did_that_they_copy(
    one: str, make: str, other: str, stages: str, same_gradient: bool, packages: Path, tmp_path: Path
) -> None:
    found = answers(one, make, stages, packages, tmp_path / "one.npz")
    expected = answers(other, VQP, stages, packages, tmp_path / "other.npz")
    assert found.keys() == expected.keys()
    for name, values in found.items():
        if name.endswith("gradient") and not same_gradient:
            assert not values.any()  # ACE-Step's: nothing at all
            assert np.abs(expected[name]).max() >= 1.0
        else:
            assert np.array_equal(values, expected[name]), name
