"""Which levels to take for a codebook of a wanted size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

from .codebook import RECOMMENDED

#: The numbers of levels that the table is made of: the paper advises five or more (§3.3).
COUNTS = (8, 7, 6, 5)
#: A list of the table is named first where it lies within this share of the wanted size; no two of them do.
_NEAR = 0.25
_LARGEST = 2**62
_MOST_CHANNELS = 26  # 5^26 is less than 2^62, 5^27 more


@dataclass(frozen=True)
class Choice:
    """Levels, the size of their codebook, and the size in the paper's table that they stand for, if they are from it."""

    levels: tuple[int, ...]
    size: int
    table: int | None = None

    def off(self, wanted: int) -> float:
        """How much larger the codebook is than the wanted one, as a share: -0.02 is 2 % smaller."""
        return self.size / wanted - 1.0


def nearest_levels(size: int, count: int = 5) -> tuple[Choice, ...]:
    """The lists of 5 to 8 levels a channel whose codebooks are nearest to `size`, in ratio; a list of the paper's table first.

    At most `count`; of equally near ones the one with fewer channels goes first. `ValueError` for a size that is not from
    5 to 2^62.
    """
    if not COUNTS[-1] <= size <= _LARGEST:
        raise ValueError(f"a codebook of {size} codes; expected a size from {COUNTS[-1]} to 2^62")
    table = {levels: wanted for wanted, levels in RECOMMENDED.items()}
    found = sorted(_lists(), key=lambda levels: (abs(math.log(math.prod(levels) / size)), len(levels)))
    choices = [Choice(levels, math.prod(levels), table.get(levels)) for levels in found]
    first = [one for one in choices if one.table is not None and abs(one.off(size)) <= _NEAR]
    return tuple(dict.fromkeys([*first, *choices]))[:count]


def _lists() -> Iterator[tuple[int, ...]]:
    """Every list whose codebook has at most 2^62 codes, the number of channels growing."""
    for channels in range(1, _MOST_CHANNELS + 1):
        for levels in combinations_with_replacement(COUNTS, channels):
            if math.prod(levels) <= _LARGEST:
                yield levels
