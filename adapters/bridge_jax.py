"""The bridge to JAX: quantizers that are plain callables over its arrays, on any device that it has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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

#: A check needs megabytes; left to itself JAX takes three quarters of a GPU when it is first used.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


class JaxBridge:
    """Arrays are copied in and read where they are; gradients by `jax.vjp`, compiled by `jax.jit`.

    JAX has 64-bit types only where they are switched on. So is it here: a quantizer for float64 is built and called with
    `jax_enable_x64`, as its user would, and any other without, unless it is on already (`JAX_ENABLE_X64=1`).
    """

    framework = f"jax {jax.__version__}"
    capabilities = frozenset({Capability.CODES, Capability.GRADIENT, Capability.TAPE, Capability.STATE}) | {
        Capability.COMPILE,
        Capability.FOOTPRINT,
    }

    def devices(self) -> tuple[str, ...]:
        """The CPU, and CUDA where JAX has a device of it."""
        return ("cpu", "cuda") if _has("cuda") else ("cpu",)

    def lost(self, device: str) -> str | None:  # noqa: ARG002
        """JAX clips indices where torch asserts; no device is lost."""
        return None

    def guard(self) -> AbstractContextManager[None]:
        """Puts seeds, folder and environment back; JAX has no random state, and `running` leaves its settings alone."""
        return process_state()

    @contextmanager
    def running(self, setup: Setup) -> Iterator[None]:
        """The device of the setup, and 64-bit types for float64."""
        with ExitStack() as stack:
            if setup.dtype == "float64":
                stack.enter_context(jax.enable_x64(True))
            stack.enter_context(jax.default_device(jax.devices(setup.device)[0]))
            yield

    def native(self, array: Array, device: str) -> Any:
        """A copy: JAX takes it that nobody writes into its arrays.

        `OverflowError` for integers that 32 bits do not hold, where there are no others: JAX would wrap them around.
        """
        if array.dtype.name in ("int64", "uint64") and array.size and not jax.config.jax_enable_x64:
            lowest, highest = int(array.min()), int(array.max())
            if lowest < -(2**31) or highest >= 2**31:
                worst = lowest if lowest < -(2**31) else highest
                raise OverflowError(f"{worst} does not fit into int32, and jax_enable_x64, which gives int64, is off")
        return jax.device_put(jnp.array(array, copy=True), jax.devices(device)[0])

    def array(self, native: Any) -> Array:
        """The values on the host, of the same dtype."""
        return np.asarray(native)

    def is_array(self, value: object) -> bool:
        """Whether a value is an array of JAX's, traced ones included."""
        return isinstance(value, jax.Array)

    def device_of(self, native: Any) -> str:
        """`cpu`, `cuda`, `tpu` …"""
        platform = str(next(iter(native.devices())).platform)
        return "cuda" if platform == "gpu" and _has("cuda") else platform

    def defaulting(self, dtype: str | None) -> AbstractContextManager[None]:  # noqa: ARG002
        """JAX has no default dtype but for 64-bit types."""
        return nullcontext()

    def prepared(self, module: Module, device: str, training: bool, compiled: bool) -> Module:  # noqa: ARG002
        """The module in its mode, where it has modes; its call compiled by `jax.jit` if asked."""
        if hasattr(module, "train"):
            switched(module, training)
        return _Jitted(module) if compiled else module

    def switch(self, module: Module, training: bool) -> None:
        """By its own switch."""
        switched(module, training)

    def region(self, device: str, autocast: str | None) -> AbstractContextManager[None]:  # noqa: ARG002
        """There is no mixed precision: `Capability.AUTOCAST` is not among its capabilities."""
        return nullcontext()

    def called(self, module: Module, native: Any, call: Call) -> Any:  # noqa: ARG002
        """The module's call."""
        return module(native)

    def derived(self, native: Any) -> Any:
        """The same values, computed anew."""
        return native * 1

    def differentiated(
        self, forward: Callable[[Any, Call], Pair], native: Any, upstream: Any, call: Call, way: str | None
    ) -> tuple[Pair, Any]:
        """By `jax.vjp`; codes that are detached have the gradient 0."""

        def both(z: Any) -> Pair:
            return forward(self.derived(z) if way == "derived" else z, call)

        codes, back, indices = jax.vjp(both, native, has_aux=True)
        if way == "interleaved":
            jax.vjp(both, -native, has_aux=True)
        for _ in range(2 if way == "twice" else 1):
            (gradient,) = back(upstream.astype(codes.dtype))
        return (codes, indices), gradient

    def copied(self, module: Module, how: str, fresh: Module) -> Module:
        """A deep copy, a pickled copy, or a new one with the same attributes."""
        return object_copied(module, how, fresh)

    def cast(self, module: Module, dtype: str) -> Module:  # noqa: ARG002
        """A callable over JAX arrays has no dtype of its own."""
        return module

    def weights(self, module: Module, forward: Callable[[], Any], upstream: Any) -> dict[str, str]:  # noqa: ARG002
        """None: it has no weights that learn."""
        return {}

    def weight_behind(self, codes: Any) -> str:  # noqa: ARG002
        """Nothing: whatever is behind it is differentiated by JAX."""
        return ""

    def held_bytes(self, module: Module) -> int:
        """The bytes of JAX's and NumPy's arrays in its attributes, and of its lists and dicts."""
        found, entries = held_by(module, lambda value: isinstance(value, (jax.Array, np.ndarray)))
        return sum(int(value.nbytes) for value in found) + entries

    def surroundings(self, stir: bool) -> dict[str, str]:
        """Those of the process."""
        return process_surroundings(stir)

    def imports(self, setup: Setup) -> tuple[str, ...]:
        """JAX, with 64-bit types for float64, and its device where there are several."""
        platform = f'jax.config.update("jax_platforms", "{setup.device}")'
        wide = 'jax.config.update("jax_enable_x64", True)'
        chosen = [wide] if setup.dtype == "float64" else []
        chosen += [platform] if len(self.devices()) > 1 else []
        return ("import jax, jax.numpy as jnp", *chosen)

    def placed(self, setup: Setup) -> str:  # noqa: ARG002
        """Nothing: a callable has neither device nor mode."""
        return ""

    def literal(self, array: Array, ramp: bool, tracked: bool) -> str:  # noqa: ARG002
        """A `jnp.array` expression whose decimals give back exactly these bits."""
        if ramp:
            return f"jnp.linspace(-2.5, 2.5, {array.size}).reshape({array.shape}).astype(jnp.{array.dtype.name})"
        if not array.size:
            return f"jnp.zeros({array.shape}, dtype=jnp.{array.dtype.name})"
        dtype = "" if array.dtype == np.int64 else f", dtype=jnp.{array.dtype.name}"  # left out: 32 or 64 bits
        return f"jnp.array({numbers_of(array, 'jnp')}{dtype})"

    def gradient(self, forward: str, probe: Probe) -> list[str]:
        """By `jax.vjp`, of the first thing that the call gives."""
        assert probe.array is not None
        assert probe.upstream is not None
        return [
            f"z, upstream = {self.literal(probe.array, False, False)}, {self.literal(probe.upstream, False, False)}",
            f"codes, back = jax.vjp(lambda z: {forward.format(z='z')}[0], z)",
            "print(*back(upstream))",
        ]


class _Jitted:
    """A quantizer whose call is compiled; all else is the quantizer's own."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._call = jax.jit(lambda z: module(z))

    def __call__(self, z: Any) -> Any:
        return self._call(z)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _has(platform: str) -> bool:
    try:
        return bool(jax.devices(platform))
    except RuntimeError:  # no such backend
        return False
