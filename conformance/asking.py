"""How a case chooses the inputs of its bulk questions: everything that helps, or few where each costs somebody space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..reference import Rule
from . import probes
from .findings import Array

#: Rule, levels, dtype, and the dtype whose band is held → (N, d) finite inputs.
Choose = Callable[[Rule, tuple[int, ...], str, str], Array]


@dataclass(frozen=True)
class Asking:
    """probes: inputs around every threshold and everywhere else. ramps: inputs that rise, whatever the thresholds.

    alone: whether a failing number may be asked again with all other channels 0; not where all answers are given before.
    """

    probes: Choose
    ramps: Choose
    alone: bool


#: What a target is asked that answers at once.
AT_LENGTH = Asking(
    probes=probes.vectors, ramps=lambda _rule, levels, dtype, _held: probes.ramps(levels, dtype), alone=True
)
