"""What every run under a rule computes anew, computed before: for processes that fork one run after another."""

from __future__ import annotations

from collections.abc import Iterable

from ..reference import PRECISIONS
from .levels import LEVEL_SETS, level_lists
from .plan import plain_rule
from .probes import channel_probes

#: Inputs of 16 bits are judged by the band of these too, where a target computes in float32.
_WIDE = "float32"


def warm(rules: Iterable[str], tier: str) -> None:
    """Fills the caches of staircases and probes with what the level lists of a tier need under these rules."""
    for rule in dict.fromkeys(map(plain_rule, rules)):
        counts = {level for kind in LEVEL_SETS for levels in level_lists(kind, rule, tier, ()) for level in levels}
        for level in sorted(counts):
            for dtype, precision in PRECISIONS.items():
                for held in {dtype, _WIDE if precision.bits < PRECISIONS[_WIDE].bits else dtype}:
                    channel_probes(rule, level, dtype, held)
