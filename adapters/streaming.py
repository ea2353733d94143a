"""Bit patterns through a quantizer, chunk after chunk, in the arrays of its own framework: for those who try every float.

A framework brings `Arrays`: it makes the inputs where the target computes, and answers with reductions, so that nothing is
copied but a few numbers a chunk. A target of any other kind is asked in NumPy arrays, and looks the same from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..reference import PRECISIONS, Precision
from .arrays_numpy import NumpyArrays
from .bridge import Call, Native, Pair
from .layouts import LAYOUTS, Layout
from .native import NativeQuantizer
from .protocol import Adapter, Capability, Quantizer, Setup

Array = NDArray[Any]


class Arrays(Protocol):
    """What is done with a framework's arrays on one device, for inputs of one precision.

    chunk: how many numbers go through a quantizer at once. ahead: how many chunks are asked before the first is looked at.
    """

    chunk: int
    ahead: int

    def patterns(self, first: int, count: int) -> Native:
        """The floats with the bit patterns `first` … `first + count - 1`, read as unsigned, none of which changes its sign.

        They may lie in memory that the next call writes into.
        """
        ...

    def arranged(self, values: Native, layout: Layout, channels: int) -> Native:
        """Each value in all channels of one vector: contiguous, in the layout, along its long axis."""
        ...

    def rows(self, codes: Native, layout: Layout) -> Native:
        """Codes of the layout as (N, d)."""
        ...

    def flat(self, indices: Native) -> Native:
        """Indices as (N,)."""
        ...

    def dtype(self, native: Native) -> str:
        """The name of an array's dtype."""
        ...

    def whole(self, native: Native) -> bool:
        """Whether an array's numbers are integers."""
        ...

    def extents(self, codes: Native, indices: Native | None) -> Native:
        """The smallest bit pattern of each channel of (N, d) codes, then the largest, read as signed integers; then the
        smallest and the largest index."""
        ...

    def read(self, extents: Native) -> list[int]:
        """Extents as numbers, once they are there."""
        ...

    def spans(self, codes: Native) -> list[tuple[float, float]]:
        """The smallest and the largest code of each channel; NaN where one is NaN."""
        ...

    def all_nan(self, codes: Native) -> bool:
        """Whether every code is NaN."""
        ...

    def host(self, native: Native) -> Array:
        """An array as NumPy's."""
        ...

    def held(self) -> int:
        """The most memory of the device's own that was held so far, in bytes."""
        ...


@runtime_checkable
class Streams(Protocol):
    """What a bridge can do besides, so that bit patterns flow through its framework's own arrays."""

    def arrays(self, precision: Precision, device: str, channels: int) -> Arrays:
        """The arrays of a device."""
        ...

    def relaxed(self) -> AbstractContextManager[None]:
        """Within it products of matrices may be rounded as TF32 rounds them."""
        ...


@dataclass(frozen=True)
class Mode:
    """A way to run a target; `needs`: what it must be able to do for that."""

    words: str
    training: bool = False
    compiled: bool = False
    autocast: str | None = None
    relaxed: bool = False
    needs: Capability | None = None


MODES: dict[str, Mode] = {
    "eval": Mode("in evaluation"),
    "train": Mode("in training", training=True, needs=Capability.TRAIN),
    "compiled": Mode("compiled", compiled=True, needs=Capability.COMPILE),
    "autocast": Mode("in a mixed-precision region of bfloat16", autocast="bfloat16", needs=Capability.AUTOCAST),
    "tf32": Mode("with TF32 allowed in products of matrices", relaxed=True, needs=Capability.AUTOCAST),
}


class WrongShapeError(Exception):
    """Codes or indices do not have the shape that belongs to the input, or a dtype of no numbers; the message says it."""


@dataclass(frozen=True)
class Flow:
    """The answer to one chunk: codes (N, d), indices (N,) or None, in the framework's arrays.

    `first` is the bit pattern of its first input; `dtype` that of the codes; `early` the extents of the whole chunk.
    """

    first: int
    codes: Native
    indices: Native | None
    dtype: str
    early: Native
    arrays: Arrays

    def extents(self, start: int, end: int, whole: bool) -> list[int]:
        """As `Arrays.extents`, of the rows `start` … `end - 1`; `whole`: these are all."""
        if whole:
            return self.arrays.read(self.early)
        indices = None if self.indices is None else self.indices[start:end]
        return self.arrays.read(self.arrays.extents(self.codes[start:end], indices))

    def spans(self, start: int, end: int) -> list[tuple[float, float]]:
        """The smallest and the largest code of each channel in these rows."""
        return self.arrays.spans(self.codes[start:end])

    def all_nan(self, start: int, end: int) -> bool:
        """Whether every code of these rows is NaN."""
        return self.arrays.all_nan(self.codes[start:end])

    def host(self, start: int, end: int) -> tuple[Array, Array | None]:
        """Codes and indices of these rows in NumPy arrays."""
        indices = None if self.indices is None else self.arrays.host(self.indices[start:end])
        return self.arrays.host(self.codes[start:end]), indices


class Stream:
    """A quantizer that takes bit patterns. `ask` is its forward call: the framework's array in, codes and indices out."""

    def __init__(self, quantizer: Quantizer, arrays: Arrays, ask: Callable[[Native], Pair]) -> None:
        self.setup = quantizer.setup
        self.arrays = arrays
        self.ask = ask
        self._quantizer = quantizer
        self._layout = LAYOUTS[self.setup.layout]
        self.chunk = 1 if self._layout.long_axis is None else arrays.chunk

    def inputs(self, first: int, count: int) -> Native:
        """These bit patterns, each in all channels, in the layout."""
        return self.arrays.arranged(self.arrays.patterns(first, count), self._layout, len(self.setup.levels))

    def forward(self, first: int, count: int) -> Flow:
        """The answer to the inputs with the bit patterns `first` … `first + count - 1`, each in all channels.

        `WrongShapeError`, and whatever the target raises.
        """
        arrays, layout = self.arrays, self._layout
        z = self.inputs(first, count)
        shape = tuple(z.shape)
        codes, indices = self.ask(z)
        if tuple(codes.shape) != shape:
            raise WrongShapeError(f"codes of shape {tuple(codes.shape)} for an input of shape {shape}")
        if indices is not None:
            if tuple(indices.shape) != layout.positions(shape):
                raise WrongShapeError(f"indices of shape {tuple(indices.shape)} for an input of shape {shape}")
            if not arrays.whole(indices):
                raise WrongShapeError(f"indices of dtype {arrays.dtype(indices)}, which is none of integers")
            indices = arrays.flat(indices)
        dtype = arrays.dtype(codes)
        if dtype not in PRECISIONS:
            raise WrongShapeError(f"codes of dtype {dtype}, which is none that can be read")
        codes = arrays.rows(codes, layout)
        return Flow(first, codes, indices, dtype, arrays.extents(codes, indices), arrays)

    def decodes(self, index: int) -> bool:
        """Whether an index is decoded to a code that is a number; what raises refuses it."""
        shape = self._layout.positions(self._layout.arrange(np.zeros((1, len(self.setup.levels)))).shape)
        try:
            codes = self._quantizer.indices_to_codes(np.full(shape, index, dtype=np.int64))
        except Exception:
            return False
        return not bool(np.isnan(codes.astype(np.float64)).any())


def refusal(adapter: Adapter, setup: Setup, mode: str) -> str | None:
    """Why a target cannot be asked so, in one line, or None."""
    need = MODES[mode].needs
    if setup.device not in adapter.devices():
        return f"no {setup.device.upper()} device answers here"
    if setup.dtype not in adapter.dtypes:
        return f"it takes no {setup.dtype} input, only {', '.join(adapter.dtypes)}"
    if need is not None and need not in adapter.capabilities:
        return f"it declares no {need}"
    return adapter.refusal(_in_mode(setup, mode))


def stream(adapter: Adapter, setup: Setup, mode: str = "eval") -> Stream:
    """A new quantizer of `setup` to which bit patterns are given; whatever its constructor raises comes through."""
    how = MODES[mode]
    quantizer = adapter.build(_in_mode(setup, mode))
    precision, channels = PRECISIONS[setup.dtype], len(setup.levels)
    if isinstance(quantizer, NativeQuantizer) and isinstance(quantizer.bridge, Streams):
        arrays = quantizer.bridge.arrays(precision, setup.device, channels)
        call = Call(setup.device, autocast=how.autocast)
        return Stream(quantizer, arrays, partial(quantizer.forward, call=call))

    def asked(z: Array) -> Pair:
        answer = quantizer.quantize(z, autocast=how.autocast) if how.autocast else quantizer.quantize(z)
        return answer.codes, answer.indices

    return Stream(quantizer, NumpyArrays(precision, channels), asked)


def region(adapter: Adapter, mode: str) -> AbstractContextManager[None]:
    """What must be entered around all calls in a mode."""
    bridge = getattr(adapter, "bridge", None)
    return bridge.relaxed() if MODES[mode].relaxed and isinstance(bridge, Streams) else nullcontext()


def _in_mode(setup: Setup, mode: str) -> Setup:
    return replace(setup, training=MODES[mode].training, compiled=MODES[mode].compiled)
