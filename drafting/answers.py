"""What a call gave back, taken apart: where in it the codes are, and where the indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from ..adapters import Layout
from ..adapters.bridge import Array, Bridge

#: Codes are told from other numbers by how few there are: so many digits of them count.
_DIGITS = 5


@dataclass(frozen=True)
class Places:
    """Expressions behind the result, such as `['codes']` or `[1]`, of codes and of indices; None: not there."""

    codes: str | None
    indices: str | None


def places(bridge: Bridge, result: Any, z: Array, layout: Layout, levels: tuple[int, ...]) -> Places:
    """Where in the result for `z` the codes and the indices are."""
    leaves = [(path, bridge.array(leaf)) for path, leaf in _leaves(bridge, result)]
    shaped = [(path, leaf) for path, leaf in leaves if leaf.shape == z.shape and leaf.dtype.kind not in "iub"]
    codes = [path for path, leaf in shaped if _are_few(leaf, layout, levels)]
    # A wrong quantizer has too many codes, and is to be checked all the same.
    codes += [path for path, leaf in shaped if not np.array_equal(leaf, z)]
    indices = (path + index for path, leaf in leaves if (index := _index_axes(leaf, z, layout)) is not None)
    return Places(next(iter(codes), None), next(indices, None))


def _leaves(bridge: Bridge, result: Any, path: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    """Every array in a result, with the expression that leads to it: by name where it has one."""
    if bridge.is_array(result):
        yield path, result
    elif depth and isinstance(result, Mapping):
        for key, value in result.items():
            yield from _leaves(bridge, value, f"{path}[{key!r}]", depth - 1)
    elif depth and isinstance(result, (tuple, list)):
        for number, value in enumerate(result):
            yield from _leaves(bridge, value, f"{path}[{number}]", depth - 1)
    elif depth and (is_dataclass(result) or hasattr(result, "__dict__")):
        names = [one.name for one in fields(result)] if is_dataclass(result) else [*vars(result)]
        for name in names:
            yield from _leaves(bridge, getattr(result, name), f"{path}.{name}", depth - 1)


def _are_few(leaf: Array, layout: Layout, levels: tuple[int, ...]) -> bool:
    """Whether each channel has more than one number, but no more than levels."""
    columns = layout.flatten(leaf.astype(np.float64)).T
    counts = [len(np.unique(np.round(column, _DIGITS))) for column in columns]
    few = all(count <= level for count, level in zip(counts, levels, strict=True))
    return few and (len(columns[0]) == 1 or max(counts) > 1)


def _index_axes(leaf: Array, z: Array, layout: Layout) -> str | None:
    """What takes an array of integers to one for each position; None for any other array."""
    if leaf.dtype.kind not in "iu":
        return None
    wanted = layout.positions(z.shape)
    ways = {wanted: "", (*wanted, 1): "[..., 0]", (1, *wanted): "[0]", (*wanted[:1], 1, *wanted[1:]): "[:, 0]"}
    return ways.get(leaf.shape)
