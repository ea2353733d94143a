"""Bit patterns in torch tensors on the target's own device, and the reductions over what a quantizer makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..reference import Precision
from .layouts import Layout

#: Numbers that go through a quantizer at once, and how many chunks are asked before the first is looked at. On a CPU a chunk
#: stays in a core's own cache; an accelerator wants large ones, and the next begun before the last is waited for.
CHUNKS: dict[str, tuple[int, int]] = {"cpu": (2**17, 0)}
ACCELERATOR = (2**26, 1)

_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}

#: So many rows are laid side by side before columns are reduced: a row of a few numbers is too short for the processor.
_FOLDED = 64


class TorchArrays:
    """`Arrays` over torch."""

    def __init__(self, precision: Precision, device: str, channels: int) -> None:
        chunk, self.ahead = CHUNKS.get(device, ACCELERATOR)
        self.chunk = chunk >> (channels - 1).bit_length()
        self._dtype = getattr(torch, precision.name)
        integer = _INTEGERS[precision.integer.itemsize]
        self._turn = 1 << (8 * precision.integer.itemsize - 1)
        whole = min(self.chunk, self._turn)  # a chunk of 16-bit patterns is one sign at the most
        self._count = torch.arange(whole, dtype=torch.int64, device=device).to(integer)
        self._bits = None if self.ahead else torch.empty_like(self._count)

    def patterns(self, first: int, count: int) -> Tensor:
        """On a CPU always the same memory: making new would cost more than all reductions."""
        signed = first - 2 * self._turn if first >= self._turn else first
        if self._bits is None:
            return (self._count[:count] + signed).view(self._dtype)
        return torch.add(self._count[:count], signed, out=self._bits[:count]).view(self._dtype)

    def arranged(self, values: Tensor, layout: Layout, channels: int) -> Tensor:
        """A contiguous tensor; with one channel it is the values' own memory."""
        shape = [1] * len(layout.name)
        if layout.long_axis is not None:
            shape[layout.long_axis] = len(values)
        whole = list(shape)
        whole[layout.channel_axis] = channels
        return values.view(shape).expand(whole).contiguous()

    def rows(self, codes: Tensor, layout: Layout) -> Tensor:
        """A view where that can be had."""
        return codes.detach().movedim(layout.channel_axis, -1).reshape(-1, codes.shape[layout.channel_axis])

    def flat(self, indices: Tensor) -> Tensor:
        """A view where that can be had."""
        return indices.reshape(-1)

    def dtype(self, native: Tensor) -> str:
        """The name without `torch.`."""
        return str(native.dtype).rpartition(".")[2]

    def whole(self, native: Tensor) -> bool:
        """Whether its dtype is one of integers."""
        return not native.dtype.is_floating_point and not native.dtype.is_complex and native.dtype != torch.bool

    def extents(self, codes: Tensor, indices: Tensor | None) -> Sequence[Tensor]:
        """On a CPU as they come; on an accelerator one tensor, so that one copy fetches them."""
        bits = codes.view(_INTEGERS[codes.element_size()])
        found = [*(torch.aminmax(bits) if bits.shape[1] == 1 else _by_columns(bits))]
        if indices is not None:
            found += torch.aminmax(indices)
        return [torch.cat([end.view(-1).long() for end in found])] if self.ahead else found

    def read(self, extents: Sequence[Tensor]) -> list[int]:
        """The only copy from the device."""
        found: list[int] = []
        for end in extents:
            numbers = end.tolist()
            found += numbers if isinstance(numbers, list) else [numbers]
        return found

    def spans(self, codes: Tensor) -> list[tuple[float, float]]:
        """As floats; torch's own reductions give NaN where one is NaN."""
        low, high = torch.aminmax(codes, dim=0)
        return list(zip(low.tolist(), high.tolist(), strict=True))

    def all_nan(self, codes: Tensor) -> bool:
        """Whether every code is NaN."""
        return bool(codes.isnan().all())

    def host(self, native: Any) -> Any:
        """Through the bridge, which knows bfloat16."""
        from .bridge_torch import TorchBridge

        return TorchBridge().array(native)

    def held(self) -> int:
        """The most memory of a CUDA device that torch has held so far, in bytes."""
        return int(torch.cuda.max_memory_allocated()) if self._count.is_cuda else 0


def _by_columns(bits: Tensor) -> tuple[Tensor, Tensor]:
    """The smallest and the largest number of each column."""
    rows, columns = bits.shape
    if rows % _FOLDED or not bits.is_contiguous():
        low, high = torch.aminmax(bits, dim=0)
        return low, high
    wide = bits.view(-1, _FOLDED * columns)
    return wide.amin(0).view(_FOLDED, columns).amin(0), wide.amax(0).view(_FOLDED, columns).amax(0)
