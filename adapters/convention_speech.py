"""How a class of the convention is called: where its indices stand, and in which layouts it takes codes and gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bridge import Bridge
from .convention_answers import codes_of, place_of_indices
from .dialect import AXES, CONVENTION, LAID_OUT, Dialect, channels_second
from .layouts import LAYOUTS

Array = NDArray[Any]

#: More vectors than any quantizer has channels, so that one axis is not taken for the other.
_ROWS = 97


@dataclass(frozen=True)
class Speech:
    """What is found out of a class by asking it.

    layouts: those that it takes. answer: what a call in the first of them gave, or None. encodes, decodes: whether it has the
    methods. ask: what one of them gives of an array; None where it raises.
    """

    bridge: Bridge
    layouts: tuple[str, ...]
    answer: Any | None
    encodes: bool
    decodes: bool
    ask: Callable[[Callable[[Any, Any], Any], Array], Array | None]

    def dialect(self, layout: str) -> Dialect:
        """How it is called in a layout."""
        speech = replace(CONVENTION, forward=self._forward, encode=self._encode)
        if self._codes is None or not self.decodes:
            return speech
        decode = self._decoding(self._axis)
        return replace(
            speech,
            decode=decode + channels_second(self.bridge.framework, layout) if self._decodes_channels_last else decode,
        )

    @cached_property
    def place(self) -> int | None:
        """Where in its answer the indices stand; None where nowhere."""
        return None if self.answer is None else place_of_indices(self.bridge, self.answer, self._positions)

    @property
    def _positions(self) -> tuple[int, ...]:
        """The shape that the indices of the answer should have."""
        layout = LAYOUTS[self.layouts[0]]
        return () if self._codes is None else layout.positions(self._codes.shape)

    @cached_property
    def _codes(self) -> Array | None:
        codes = codes_of(self.bridge, self.answer)
        return None if codes is None else self.bridge.array(codes)

    @cached_property
    def _axis(self) -> tuple[str, str]:
        """What leaves out the axis that its indices keep for their codebook, and what puts it back; nothing where none is.

        Indices with an axis that its own methods do not know are wrong, and are left as they are.
        """
        if self.place is None or self._codes is None or not self._positions:
            return "", ""
        shape = self.bridge.array(self.answer[self.place]).shape  # type: ignore[index]  # it has places
        shapes = ((*self._positions, 1), (self._positions[0], 1, *self._positions[1:]))
        return next(
            (axis for axis, kept in zip(AXES.items(), shapes, strict=True) if shape == kept and self._knows(axis)),
            ("", ""),
        )

    def _knows(self, axis: tuple[str, str]) -> bool:
        """Whether its own methods know such an axis: it decodes indices that have it, or encodes to such."""
        assert self._codes is not None
        if self.decodes:
            found = self._decoded(self._decoding(axis), np.zeros(self._positions, dtype=np.int64))
            return found is not None and found.shape in (self._codes.shape, (*self._positions, self._channels))
        return not self.encodes or not self._numbers(self._encoding(""))

    @property
    def _forward(self) -> str:
        leaves_out, _ = self._axis
        if not isinstance(self.answer, (tuple, list)) or (self.place == 1 and not leaves_out):
            return CONVENTION.forward
        indices = "None" if self.place is None else f"r[{self.place}]{leaves_out}"
        return f"((r := q({{z}}))[0], {indices})"

    # Encoding

    @cached_property
    def _encode(self) -> str:
        """The expression that gives the indices of `{codes}`, (…, d)."""
        plain, (leaves_out, _) = self._encoding(""), self._axis
        if leaves_out and not self._numbers(plain):
            plain = self._encoding(leaves_out)
        return plain or CONVENTION.encode

    def _encoding(self, leaves_out: str) -> str | None:
        """The same, by a class whose indices keep this axis; None where it gives no integers, one for each vector.

        One that takes codes of two axes and of three is asked as it is, whatever it gives.
        """
        if not self.encodes or self._codes is None:
            return None
        plain = f"{CONVENTION.encode}{leaves_out}"
        if all(self._encoded(plain, some) is not None for some in (self._rows, np.stack([self._rows, self._rows]))):
            return plain
        for layout, laid in LAID_OUT.items():
            call = plain.replace("{codes}", f"{{codes}}{laid}")
            found = self._encoded(call, self._rows)
            if found is not None and found.dtype.kind in "iu" and found.shape == (*[1] * (len(layout) - 2), _ROWS):
                return f"{call}.reshape({{codes}}.shape[:-1])"
        return None

    def _numbers(self, encode: str | None) -> bool:
        """Whether an expression gives one number for each vector."""
        found = None if encode is None else self._encoded(encode, self._rows)
        return found is not None and found.shape == (_ROWS,)

    @cached_property
    def _rows(self) -> Array:
        """(N, d) codes of its own."""
        assert self._codes is not None
        vectors = LAYOUTS[self.layouts[0]].flatten(self._codes)
        return np.resize(vectors, (_ROWS, self._channels))

    @property
    def _channels(self) -> int:
        assert self._codes is not None
        return int(self._codes.shape[LAYOUTS[self.layouts[0]].channel_axis])

    # Decoding

    def _decoding(self, axis: tuple[str, str]) -> str:
        """The expression that decodes `{indices}`, which have the positions' axes, by a class whose indices keep this axis."""
        return CONVENTION.decode.replace("{indices}", f"{{indices}}{axis[1]}")

    @cached_property
    def _decodes_channels_last(self) -> bool:
        """Whether it decodes to codes with the channels last, as it encodes them, although it quantizes none of these."""
        if ".swapaxes" in self._encode:
            return False
        spread = [LAYOUTS[name] for name in self.layouts if len(name) > 2]
        if not spread or any(layout.channel_axis == len(layout.name) - 1 for layout in spread):
            return False
        indices = self._encoded(self._encode, self._rows)
        if indices is None or indices.shape != (_ROWS,):
            return False
        laid = indices.reshape(*[1] * (len(spread[0].name) - 2), _ROWS)
        codes = self._decoded(self._decoding(self._axis), laid)
        if codes is None or codes.shape != (*laid.shape, self._channels):
            return False
        again = self._encoded(self._encode, codes.reshape(_ROWS, -1))
        return again is not None and np.array_equal(again, indices)

    def _encoded(self, expression: str, codes: Array) -> Array | None:
        """What an expression of codes gives; None where it raises."""
        return self.ask(Dialect(encode=expression).codes_to_indices, codes)

    def _decoded(self, expression: str, indices: Array) -> Array | None:
        """What an expression of indices gives; None where it raises."""
        return self.ask(Dialect(decode=expression).indices_to_codes, indices)
