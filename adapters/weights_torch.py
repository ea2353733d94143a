"""The weights of a module that move its codes, those that lie behind its codes, and what they get to learn from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def weights(module: Any, forward: Callable[[], Tensor], upstream: Tensor) -> dict[str, str]:
    """The parameters that move the codes of `forward`: name → what is wrong with what they get for Σ codes·upstream, in words;
    empty for a gradient that is finite and not 0 everywhere.

    Whether one that gets none moves the codes is seen by moving it, and putting it back; where the codes move by themselves,
    or no longer come, nobody can see it, nor of integers. A target that is no module has none.
    """
    if not isinstance(module, torch.nn.Module):
        return {}
    with torch.enable_grad():
        codes = forward()
        learning = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
        found: dict[str, Tensor | None] = {name: None for name, _ in module.named_parameters()}
        if codes.requires_grad and learning:
            gradients = torch.autograd.grad(codes, list(learning.values()), upstream, allow_unused=True)
            found |= dict(zip(learning, gradients, strict=True))
    said = {name: _said(gradient) for name, gradient in found.items()}
    own = dict(module.named_parameters())
    return {name: what for name, what in said.items() if not what or _moves(own[name], forward)}


def weight_behind(codes: Tensor) -> str:
    """What a weight that multiplies these codes or indices gets instead of a gradient: the error that stops it, or nothing."""
    with torch.enable_grad():
        dtype = codes.dtype if codes.is_floating_point() else torch.float32
        weight = torch.ones(codes.shape, dtype=dtype, device=codes.device, requires_grad=True)
        try:
            torch.autograd.grad((codes * weight).sum(), weight)
        except RuntimeError as error:
            return f"an error: {' '.join(str(error).split())[:120]}"
    return ""


def _said(gradient: Tensor | None) -> str:
    if gradient is None:
        return "no gradient"
    if not bool(torch.isfinite(gradient).all()):
        return "a gradient that is not finite"
    return "" if bool(gradient.any()) else "the gradient 0"


def _moves(weight: Tensor, forward: Callable[[], Tensor]) -> bool:
    with torch.no_grad():
        before, codes = weight.detach().clone(), forward().detach().clone()
        if not torch.equal(forward(), codes):
            return False
        try:
            weight += 0.5 * (1.0 + weight.abs())
            return not torch.equal(forward(), codes)
        except Exception:  # integers take no half, and some modules refuse what they do not expect
            return False
        finally:
            weight.copy_(before)
