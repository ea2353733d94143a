"""Whether the gradient is that of the rule's smooth part, at a few numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..adapters import Adapter, Capability
from ..reference import PRECISIONS, Rule
from .blackbox import TROUBLE, BlackBox

#: Where it is asked: at no kink of a clamp, and nowhere saturated.
_INPUTS = np.array([-1.7, -0.91, -0.35, 0.15, 0.52, 1.31, 2.23])
#: How far a right gradient may be off, in eps; a shift that is rounded adds its own slope.
_EPS = 4.0
NOT_OFFERED = "not asked: it declares none"


def gradient(adapter: Adapter, rule: Rule, boxes: Iterable[tuple[BlackBox, int]], held: str) -> str:
    """In words: `that of RULE`, or where it is another."""
    if Capability.GRADIENT not in adapter.capabilities:
        return NOT_OFFERED
    for box, channel in boxes:
        L = box.levels[channel]
        if box.seen != "codes" or not rule.levels_allowed(L):
            continue
        z = _INPUTS.astype(box.precision.dtype)
        try:
            slopes = box.slopes(channel, z)
        except TROUBLE as error:
            return f"none: {' '.join(str(error).split())[:200]}"
        exact = rule.slope(z.astype(np.float64), L)
        tolerance = PRECISIONS[held].eps * (_EPS + float(rule.constants(L).shift_slope))
        far = ~(np.abs(slopes - exact) <= tolerance)
        if far.any():
            at = int(np.argmax(np.where(far, np.nan_to_num(np.abs(slopes - exact), nan=np.inf), -1.0)))
            return f"another: {slopes[at]:.6g} at z = {z[at]:.4g} of L = {L}, where `{rule.name}` has {exact[at]:.6g}"
    return f"that of `{rule.name}`"
