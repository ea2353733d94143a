"""What a target does in any call: asked once, so that the clause that is about it tells of it, and no other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from ..reference import Order


@dataclass(frozen=True)
class Stages:
    """right: how many first stages have the levels of the rule; None for all. summed: whether the codes are their sum."""

    right: int | None = None
    summed: bool = True


class Habits:
    """The habits of a target under one rule, each found out when it is needed; as published where nobody can ask."""

    def __init__(
        self,
        ask_order: Callable[[], Order] = lambda: "F",
        ask_stages: Callable[[], Stages] = Stages,
        ask_reach: Callable[[str], float] = lambda _: math.inf,
        ask_slopes: Callable[[], bool] = lambda: True,
        ask_levels: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ask_order, self._ask_stages, self._ask_slopes = ask_order, ask_stages, ask_slopes
        self._ask_levels = ask_levels
        self.reach = cache(ask_reach)
        """By dtype, up to which size of inputs times the number of levels it takes the outermost ones; BND-5's affair"""

    def find_out(self, staged: bool) -> None:
        """Now, and not when it is needed: what is done to quantizers in between could change it.

        By forward calls alone: a backward pass that takes the process with it is to cost the cases that ask for one.
        """
        _ = self.stages if staged else (self.order, self.levels)

    def in_order(self, order: Order) -> Habits:
        """The same with another order."""
        return Habits(lambda: order, lambda: self.stages, self.reach, lambda: self.slopes, lambda: self.levels)

    @cached_property
    def order(self) -> Order:
        """In which it packs its channels; what IDX-4 is about, and for stages RES-1."""
        return self._ask_order()

    @cached_property
    def levels(self) -> bool:
        """Whether it takes the levels of the rule; what BND-3 is about."""
        return self._ask_levels()

    @cached_property
    def slopes(self) -> bool:
        """Whether its gradient is that of the smooth part; what GRD-1 is about."""
        return self._ask_slopes()

    @cached_property
    def stages(self) -> Stages:
        """What its stages do; what RES-2 to RES-4 are about."""
        return self._ask_stages()


PUBLISHED = Habits()
