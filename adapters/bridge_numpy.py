"""The bridge to NumPy: quantizers that are plain classes over arrays, such as the reference itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from ..reference import Precision
from .arrays_numpy import NumpyArrays
from .bridge import (
    Array,
    Call,
    Module,
    Pair,
    numbers_of,
    object_copied,
    process_state,
    process_surroundings,
    switched,
)
from .holdings import held_by
from .protocol import Capability, Probe, Setup


class NumpyBridge:
    """Arrays pass through as they are; gradients come from the quantizer's own `vjp(z, upstream)`."""

    framework = f"numpy {np.__version__}"
    capabilities = frozenset({Capability.CODES, Capability.STATE, Capability.FOOTPRINT})

    def devices(self) -> tuple[str, ...]:
        """NumPy runs on the CPU."""
        return ("cpu",)

    def lost(self, device: str) -> str | None:  # noqa: ARG002
        """Only a CPU; no device is lost."""
        return None

    def guard(self) -> AbstractContextManager[None]:
        """Puts error state, seeds, folder and environment back."""
        return process_state()

    def running(self, setup: Setup) -> AbstractContextManager[None]:  # noqa: ARG002
        """NumPy has nothing to switch on."""
        return nullcontext()

    def native(self, array: Array, device: str) -> Array:  # noqa: ARG002
        """The array itself."""
        return array

    def array(self, native: Any) -> Array:
        """The array itself."""
        return np.asarray(native)

    def is_array(self, value: object) -> bool:
        """Whether a value is a NumPy array or scalar."""
        return isinstance(value, (np.ndarray, np.generic))

    def device_of(self, native: Any) -> str:  # noqa: ARG002
        """Always the CPU."""
        return "cpu"

    def defaulting(self, dtype: str | None) -> AbstractContextManager[None]:  # noqa: ARG002
        """NumPy has no default dtype."""
        return nullcontext()

    def prepared(self, module: Module, device: str, training: bool, compiled: bool) -> Module:  # noqa: ARG002
        """The module in its mode, where it has modes."""
        if hasattr(module, "train"):
            switched(module, training)
        return module

    def switch(self, module: Module, training: bool) -> None:
        """By its own switch."""
        switched(module, training)

    def region(self, device: str, autocast: str | None) -> AbstractContextManager[None]:  # noqa: ARG002
        """There is no mixed precision: `Capability.AUTOCAST` is not among its capabilities."""
        return nullcontext()

    def called(self, module: Module, native: Any, call: Call) -> Any:  # noqa: ARG002
        """The module's call."""
        return module(native)

    def derived(self, native: Array) -> Array:
        """The array itself: NumPy records nothing."""
        return native

    def differentiated(
        self, forward: Callable[[Any, Call], Pair], native: Any, upstream: Any, call: Call, way: str | None
    ) -> tuple[Pair, Any]:
        """NumPy records nothing; a quantizer brings its own `vjp`."""
        raise NotImplementedError("a NumPy quantizer needs a method vjp(z, upstream)")

    def copied(self, module: Module, how: str, fresh: Module) -> Module:
        """A deep copy, a pickled copy, or a new one with the same attributes."""
        return object_copied(module, how, fresh)

    def cast(self, module: Module, dtype: str) -> Module:  # noqa: ARG002
        """A NumPy quantizer has no dtype of its own."""
        return module

    def held_bytes(self, module: Module) -> int:
        """The bytes of the arrays in its attributes, and of its lists and dicts."""
        found, entries = held_by(module, self.is_array)
        return sum(int(value.nbytes) for value in found) + entries

    def arrays(self, precision: Precision, device: str, channels: int) -> NumpyArrays:  # noqa: ARG002
        """NumPy's, for bit patterns."""
        return NumpyArrays(precision, channels)

    def relaxed(self) -> AbstractContextManager[None]:
        """NumPy knows no TF32."""
        return nullcontext()

    def surroundings(self, stir: bool) -> dict[str, str]:
        """Those of the process."""
        return process_surroundings(stir)

    def imports(self, setup: Setup) -> tuple[str, ...]:  # noqa: ARG002
        """NumPy, and ml_dtypes for bfloat16."""
        return ("import ml_dtypes, numpy as np",)

    def placed(self, setup: Setup) -> str:  # noqa: ARG002
        """Nothing: a plain object has neither device nor mode."""
        return ""

    def literal(self, array: Array, ramp: bool, tracked: bool) -> str:  # noqa: ARG002
        """A `np.array` expression."""
        dtype = "ml_dtypes.bfloat16" if array.dtype.name == "bfloat16" else f"np.{array.dtype.name}"
        if ramp:
            return f"np.linspace(-2.5, 2.5, {array.size}).reshape({array.shape}).astype({dtype})"
        return f"np.array({numbers_of(array, 'np')}, dtype={dtype})"

    def gradient(self, forward: str, probe: Probe) -> list[str]:  # noqa: ARG002
        """By the quantizer's own `vjp`."""
        assert probe.array is not None
        assert probe.upstream is not None
        given = (self.literal(one, False, False) for one in (probe.array, probe.upstream))
        return [f"print(q.vjp({', '.join(given)}))"]

    def weight_behind(self, codes: Any) -> str:  # noqa: ARG002
        """Nothing: it has no weights that learn."""
        return ""

    def weights(self, module: Module, forward: Callable[[], Any], upstream: Any) -> dict[str, str]:  # noqa: ARG002
        """None: it has no weights that learn."""
        return {}
