"""A witness between the suite and a target: keeps a digest of its answers, and names what it raises."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from ..adapters import Adapter, Answer, Probe, Quantizer, ResidualQuantizer, Setup
from ..adapters.bridge import UnpicklableError
from .findings import Array, RefusedError, TargetRaisedError, UnsupportedError
from .refusing import refuses

Result = TypeVar("Result")


class Witness:
    """What one case heard from its target."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.errors_left: str | None = None
        """What a call has left NumPy's error state at; None as long as each has left it alone"""
        self._digest = hashlib.sha256()
        self._answers = 0

    @property
    def digest(self) -> str | None:
        """SHA-256 of the dtypes, shapes and bytes of all answers so far, 16 hex digits; None when there were none."""
        return self._digest.hexdigest()[:16] if self._answers else None

    def build(self, setup: Setup) -> WitnessedQuantizer:
        """A quantizer; `UnsupportedError` when the target declares that it cannot, `RefusedError` when its constructor
        says no in words, and `TargetRaisedError` for anything else that it raises."""
        if reason := self.adapter.refusal(setup):
            raise UnsupportedError(reason)
        try:
            built = self.listen("building it", setup, Probe("construct"), lambda: self.adapter.build(setup))
        except TargetRaisedError as raised:
            if refuses(raised.error):
                raise RefusedError(f"its constructor refuses levels {list(setup.levels)}: {raised.what()}") from raised
            raise
        return WitnessedQuantizer(self, built)

    def heard(self, *arrays: Array | None) -> None:
        """Adds answers to the digest."""
        for array in arrays:
            if array is not None:
                self._answers += 1
                self._digest.update(f"{array.dtype}{array.shape}".encode())
                self._digest.update(array.tobytes())

    def listen(self, asked: str, setup: Setup, probe: Probe | None, ask: Callable[[], Result]) -> Result:
        """What `ask` gives; whatever it raises becomes `TargetRaisedError`.

        The target's warnings are its own affair, and what it does to NumPy's error state ends with the call.
        """
        with np.errstate(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before = np.geterr()
            try:
                return ask()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # third-party code may raise anything, SystemExit included
                raise TargetRaisedError(asked, error, setup, probe) from error
            finally:
                if np.geterr() != before:
                    self.errors_left = ", ".join(f"{kind}={what}" for kind, what in np.geterr().items())


class WitnessedQuantizer:
    """A quantizer whose every answer goes through the witness."""

    def __init__(self, witness: Witness, quantizer: Quantizer) -> None:
        self.setup = quantizer.setup
        self._witness = witness
        self._quantizer = quantizer

    def quantize(self, z: Array, *, copied: bool = True, **how: Any) -> Answer:
        """The forward call, made as `how` says; not `copied`, the answer may be memory that the target still holds (SHP-13)."""
        answer = self._listen(
            f"quantizing an array of shape {z.shape} and dtype {z.dtype} in {self._mode()} mode{_in_words(how)}",
            Probe("forward", z, ramp=z.size > 64),
            lambda: self._quantizer.quantize(z, **how),
        )
        self._witness.heard(answer.codes, answer.indices)
        return _copied(answer) if copied else answer

    def vjp(self, z: Array, upstream: Array, *, copied: bool = True, **how: Any) -> tuple[Answer, Array]:
        """The forward call and its gradient, got as `how` says; `copied` as of `quantize`."""
        answer, gradient = self._listen(
            f"the gradient for an input of shape {z.shape} and dtype {z.dtype} in {self._mode()} mode{_in_words(how)}",
            Probe("vjp", z, upstream) if z.size <= 64 and not how else None,
            lambda: self._quantizer.vjp(z, upstream, **how),
        )
        self._witness.heard(answer.codes, answer.indices, gradient)
        return (_copied(answer), gradient.copy()) if copied else (answer, gradient)

    def codes_to_indices(self, codes: Array, **how: Any) -> Array:
        """Codes to indices."""
        indices = self._listen(
            f"codes_to_indices of an array of shape {codes.shape} and dtype {codes.dtype}{_in_words(how)}",
            None if how else Probe("codes_to_indices", codes, ramp=codes.size > 64),
            lambda: self._quantizer.codes_to_indices(codes, **how),
        )
        self._witness.heard(indices)
        return indices

    def indices_to_codes(self, indices: Array, **how: Any) -> Array:
        """Indices to codes."""
        codes = self._listen(
            f"indices_to_codes of an array of shape {indices.shape} and dtype {indices.dtype}{_in_words(how)}",
            Probe("indices_to_codes", indices) if indices.size <= 64 and not how else None,
            lambda: self._quantizer.indices_to_codes(indices, **how),
        )
        self._witness.heard(codes)
        return codes

    def stage_codes(self, indices: Array) -> Array:
        """The codes of each stage."""
        codes = self._listen(
            f"the codes of each stage of indices of shape {indices.shape} and dtype {indices.dtype}",
            Probe("stage codes", indices) if indices.size <= 64 else None,
            lambda: cast(ResidualQuantizer, self._quantizer).stage_codes(indices),
        )
        self._witness.heard(codes)
        return codes

    def train(self, mode: bool) -> None:
        """Switches training."""
        self._listen(f"train({mode})", None, lambda: self._quantizer.train(mode))
        self.setup = replace(self.setup, training=mode)

    def copied(self, how: str) -> WitnessedQuantizer:
        """A copy; `UnsupportedError` for a pickled one of a plain object that cannot be pickled."""
        words = _COPYING[how]
        try:
            return WitnessedQuantizer(self._witness, self._listen(words, None, lambda: self._quantizer.copied(how)))
        except TargetRaisedError as raised:
            if isinstance(raised.error, UnpicklableError):
                raise UnsupportedError(str(raised.error)) from raised
            raise

    def cast(self, dtype: str) -> WitnessedQuantizer:
        """Moved to another dtype."""
        moved = self._listen(f"moving it to {dtype}", None, lambda: self._quantizer.cast(dtype))
        return WitnessedQuantizer(self._witness, moved)

    def held_bytes(self) -> int:
        """The memory that it holds, in bytes."""
        return self._quantizer.held_bytes()

    def weights(self, z: Array, upstream: Array) -> dict[str, str]:
        """Its weights that move the codes: name → what is wrong with what they get."""
        asked = (
            f"the gradient of its weights for an input of shape {z.shape} and dtype {z.dtype} in {self._mode()} mode"
        )
        return self._listen(asked, None, lambda: self._quantizer.weights(z, upstream))

    def weights_behind(self, z: Array) -> dict[str, str]:
        """Weights behind it: name → what is wrong with what they get."""
        asked = f"what is behind it to learn of an input of shape {z.shape} and dtype {z.dtype} in {self._mode()} mode"
        return self._listen(asked, None, lambda: self._quantizer.weights_behind(z))

    def _mode(self) -> str:
        return "train" if self.setup.training else "eval"

    def _listen(self, asked: str, probe: Probe | None, ask: Callable[[], Result]) -> Result:
        return self._witness.listen(asked, self.setup, probe, ask)


_COPYING = {
    "deepcopy": "copy.deepcopy",
    "pickle": "pickling",
    "state": "saving and loading its state",
    "reloaded": "loading its state into one that was asked before",
}


def _in_words(how: dict[str, Any]) -> str:
    """` (tracked)`, ` (way derived)` …: how something was asked, where it was asked in a way of its own."""
    told = [f"{name} {value}" if isinstance(value, str) else name for name, value in how.items() if value]
    return f" ({', '.join(told)})" if told else ""


def _copied(answer: Answer) -> Answer:
    return replace(answer, codes=answer.codes.copy(), indices=None if answer.indices is None else answer.indices.copy())
