"""The layouts of input arrays: where the channels stand among batch, time and space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: The size of each axis in a test of layouts: all different from one another and from any usual number of channels.
SIZES = {"B": 2, "T": 7, "H": 9, "W": 11}


class OneVectorError(ValueError):
    """Many vectors were to be laid out where one is all that the layout holds."""


@dataclass(frozen=True)
class Layout:
    """An order of axes, one letter each: B batch, T time, H and W space, d channels."""

    name: str

    @property
    def channel_axis(self) -> int:
        """The place of the channels."""
        return self.name.index("d")

    @property
    def long_axis(self) -> int | None:
        """The axis along which many vectors are laid: time, else the last of space, else the batch; None for `d`."""
        for letter in "TWB":
            if letter in self.name:
                return self.name.index(letter)
        return None

    def arrange(self, vectors: Array) -> Array:
        """(N, d) vectors as one array of this layout, all other axes 1 long; `OneVectorError` for more than one in `d`."""
        if self.long_axis is None:
            if len(vectors) != 1:
                raise OneVectorError("it takes one vector at a time")
            single: Array = vectors[0]
            return single
        spread = vectors.reshape((1,) * (len(self.name) - 2) + vectors.shape)
        arranged: Array = np.moveaxis(spread, (-2, -1), (self.long_axis, self.channel_axis))
        return arranged

    def flatten(self, values: Array) -> Array:
        """An array of this layout as (N, d) vectors, in the order of its positions."""
        last = np.moveaxis(values, self.channel_axis, -1)
        return last.reshape(-1, last.shape[-1])

    def unflatten(self, vectors: Array, shape: tuple[int, ...]) -> Array:
        """(N, d) vectors as an array of this layout with this shape: the inverse of `flatten`."""
        without = self.positions(shape)
        return np.moveaxis(vectors.reshape((*without, vectors.shape[-1])), -1, self.channel_axis)

    def positions(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the indices that belong to an input of this shape: the channels are gone."""
        return tuple(size for axis, size in enumerate(shape) if axis != self.channel_axis)

    def shape(self, channels: int, **sizes: int) -> tuple[int, ...]:
        """A shape with this many channels; axes that are not named have the sizes of `SIZES`, or one more than `d`."""
        free = {letter: size + (size == channels) for letter, size in SIZES.items()}
        every = {**free, "d": channels, **sizes}
        return tuple(every[letter] for letter in self.name)


#: Every layout that the suite knows, the preferred one for tests of values first.
LAYOUTS: dict[str, Layout] = {name: Layout(name) for name in ("BTd", "BdT", "Bd", "BdHW", "BdTHW", "BHWd", "d")}
