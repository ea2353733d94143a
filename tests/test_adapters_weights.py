"""Weights on which the codes depend, and what they get."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fsqcheck.adapters import Setup, resolve
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.adapters.weights_torch import weight_behind, weights


class Scales(nn.Module):
    """Its input times one weight, of which a test says what it gets; a second weight moves nothing."""

    def __init__(self, seen: Any) -> None:
        super().__init__()
        self.weight, self.unused, self.seen = nn.Parameter(torch.full((3,), 2.0)), nn.Parameter(torch.ones(3)), seen

    def forward(self, z: Tensor) -> Tensor:
        codes: Tensor = z * self.seen(self.weight)
        return codes


@pytest.mark.parametrize(
    ("seen", "gets"),
    [
        (lambda weight: weight, {"weight": ""}),
        (lambda weight: weight.detach(), {"weight": "no gradient"}),
        (lambda weight: weight.detach() + 0 * weight, {"weight": "the gradient 0"}),
        (lambda weight: weight + (0 * weight).sqrt(), {"weight": "a gradient that is not finite"}),
    ],
)
def test_what_a_weight_gets_is_said(seen: Any, gets: dict[str, str]) -> None:
    module, z = Scales(seen), torch.ones(4, 3, requires_grad=True)
    assert weights(module, lambda: module(z), torch.ones(4, 3)) == gets
    assert module.weight.tolist() == [2.0, 2.0, 2.0]


def test_a_frozen_weight_gets_no_gradient() -> None:
    module, z = Scales(lambda weight: weight), torch.ones(4, 3)
    module.requires_grad_(False)
    assert weights(module, lambda: module(z), torch.ones(4, 3)) == {"weight": "no gradient"}


def test_where_the_codes_move_by_themselves_no_weight_is_blamed() -> None:
    module, z = Scales(lambda weight: weight.detach() * torch.rand(3)), torch.ones(4, 3)
    assert weights(module, lambda: module(z), torch.ones(4, 3)) == {}


def test_a_weight_is_put_back_and_not_blamed_where_the_forward_call_raises() -> None:
    def raises_when_moved() -> Tensor:
        if module.weight[0] != 2.0:
            raise ValueError("moved")
        found: Tensor = module(z)
        return found

    module, z = Scales(lambda weight: weight.detach()), torch.ones(4, 3)
    assert weights(module, raises_when_moved, torch.ones(4, 3)) == {}
    assert module.weight.tolist() == [2.0, 2.0, 2.0]


def test_of_frozen_integers_nobody_asks_what_they_learn() -> None:
    module, z = Scales(lambda weight: weight), torch.ones(4, 3)
    module.weight = nn.Parameter(torch.full((3,), 2), requires_grad=False)
    assert weights(module, lambda: module(z), torch.ones(4, 3)) == {}


def test_what_is_no_module_has_no_weights() -> None:
    assert weights(torch.tanh, lambda: torch.ones(3), torch.ones(3)) == {}


def test_our_own_projections_learn_and_are_put_back() -> None:
    quantizer: Any = resolve("torch-fsq").build(Setup((5, 4), "symmetric", width=7, training=True))
    module: TorchFSQ = quantizer._module
    before = [weight.detach().clone() for weight in module.parameters()]
    z = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(1)).numpy()
    names = [f"project_{way}.{name}" for way in ("in", "out") for name in ("weight", "bias")]
    assert quantizer.weights(z, z) == dict.fromkeys(names, "")
    module.project_out.requires_grad_(False)
    assert {name for name, wrong in quantizer.weights(z, z).items() if wrong} == {
        "project_out.weight",
        "project_out.bias",
    }
    assert all(torch.equal(one, other) for one, other in zip(module.parameters(), before, strict=True))


def test_a_weight_behind_what_was_made_in_inference_mode_gets_an_error() -> None:
    with torch.inference_mode():
        codes, indices = torch.ones(3), torch.ones(3, dtype=torch.int64)
    assert weight_behind(torch.ones(3)) == weight_behind(torch.ones(3, dtype=torch.int64)) == ""
    assert "an error: Inference tensors" in weight_behind(codes)
    assert "an error: Inference tensors" in weight_behind(indices)
