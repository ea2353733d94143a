"""Adapters over a framework's own objects: a row of data for each library, one quantizer for all of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..reference import PRECISIONS
from .bridge import Array, Bridge, Call, Module, Native, Pair
from .construction import Construction
from .dialect import CONVENTION, Dialect
from .layouts import LAYOUTS
from .protocol import Answer, Capability, Identity, Probe, Quantizer, Setup
from .scripts import script_for


class NoGradientError(Exception):
    """The codes do not depend on the input as far as the framework's differentiation knows."""


def codes_and_indices(bridge: Bridge, result: Any, setup: Setup) -> Pair:  # noqa: ARG001
    """What a forward call returned, taken apart: `(codes, indices, …)`, `(codes, None)`, or codes alone."""
    if bridge.is_array(result):
        return result, None
    if isinstance(result, (tuple, list)) and result and bridge.is_array(result[0]):
        second = result[1] if len(result) > 1 and bridge.is_array(result[1]) else None
        return result[0], second
    raise TypeError(f"the forward call returned {type(result).__name__}; expected (codes, indices)")


@dataclass(frozen=True)
class NativeAdapter:
    """An adapter of one library.

    construct: what builds the quantizer of a `Setup`: a `Construction`, or the object itself (then no reproduction
    script can be printed). speaks: how the quantizer of a `Setup` is called. take: takes the result of a forward call
    apart. refuses: why a setup cannot be built. lacks: what the framework could do and this library cannot. residual: the
    adapter of its residual quantizer, whose rules are residual ones; None where it has none. only_levels: the one list of
    levels that it can be built with; None where it takes more.
    """

    identity: Identity
    bridge: Bridge
    construct: Callable[[Setup], Construction | Module]
    rules: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ("BTd",)
    offers: frozenset[Capability] = frozenset()
    lacks: frozenset[Capability] = frozenset()
    refuses: Callable[[Setup], str | None] = lambda _: None
    speaks: Callable[[Setup], Dialect] = lambda _: CONVENTION
    take: Callable[[Bridge, Any, Setup], Pair] = codes_and_indices
    dtypes: tuple[str, ...] = ("float32", "float64", "float16", "bfloat16")
    residual: NativeAdapter | None = None
    only_levels: tuple[int, ...] | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the framework and the library can do together."""
        return (self.bridge.capabilities | self.offers) - self.lacks

    def devices(self) -> tuple[str, ...]:
        """The framework's devices."""
        return self.bridge.devices()

    def guard(self) -> AbstractContextManager[None]:
        """The framework's guard."""
        return self.bridge.guard()

    def lost(self, device: str) -> str | None:
        """What a device says that can no longer be used."""
        return self.bridge.lost(device)

    def surroundings(self, stir: bool) -> dict[str, str]:
        """What the process and the framework have set."""
        return self.bridge.surroundings(stir)

    def refusal(self, setup: Setup) -> str | None:
        """The reason why a setup cannot be built, or None."""
        if setup.layout not in self.layouts:
            return f"the layout {setup.layout} is not among those it takes: {', '.join(self.layouts)}"
        return self.refuses(setup)

    def build(self, setup: Setup) -> Quantizer:
        """A new quantizer."""
        return NativeQuantizer(self, setup, self._module(setup))

    def _module(self, setup: Setup) -> Module:
        with self.bridge.running(setup), self.bridge.defaulting(setup.default_dtype):
            made = self.construct(setup)
            module = made.build() if isinstance(made, Construction) else made
        with self.bridge.running(setup):
            return self.bridge.prepared(module, setup.device, setup.training, setup.compiled)

    def script(self, setup: Setup, probe: Probe) -> str | None:
        """The probe as a script over the library alone; None where it was built by code that cannot be printed."""
        made = self.construct(setup)
        return (
            script_for(self.bridge, made, self.speaks(setup), setup, probe) if isinstance(made, Construction) else None
        )


class NativeQuantizer:
    """A framework's object, asked in NumPy arrays."""

    def __init__(self, adapter: NativeAdapter, setup: Setup, module: Module) -> None:
        self.setup = setup
        self._adapter = adapter
        self._bridge = adapter.bridge
        self._dialect = adapter.speaks(setup)
        self._module = module

    @property
    def bridge(self) -> Bridge:
        """The bridge to its framework."""
        return self._bridge

    def forward(self, native: Native, call: Call) -> Pair:
        """The forward call in the framework's own arrays: codes, and indices or None."""
        return self._called(native, call)

    def quantize(
        self, z: Array, *, tracked: bool = False, autocast: str | None = None, inference: bool = False
    ) -> Answer:
        """The forward call."""
        with self._bridge.running(self.setup):
            native = self._bridge.native(z, self.setup.device)
            return self._answer(self._called(native, Call(self.setup.device, tracked, autocast, inference)), native)

    def vjp(self, z: Array, upstream: Array, *, way: str | None = None) -> tuple[Answer, Array]:
        """The forward call and its gradient; `NoGradientError` when none reaches the input."""
        with self._bridge.running(self.setup):
            native, weights = (self._bridge.native(given, self.setup.device) for given in (z, upstream))
            if hasattr(self._module, "vjp"):
                result, gradient = self._called(native, Call(self.setup.device)), self._module.vjp(native, weights)
            else:
                call = Call(self.setup.device, tracked=True)
                result, gradient = self._differentiated(native, weights, call, way)
            self._written_back(weights, upstream)
            if gradient is None:
                raise NoGradientError("no gradient reaches the input: the codes are detached from it")
            return self._answer(result, native), self._bridge.array(gradient)

    def codes_to_indices(self, codes: Array, *, tracked: bool = False, autocast: str | None = None) -> Array:
        """The library's own function."""
        with self._bridge.running(self.setup), self._bridge.region(self.setup.device, autocast):
            native = self._bridge.native(codes, self.setup.device)
            given = self._bridge.derived(native) if tracked else native
            found = self._dialect.codes_to_indices(self._module, given)
            self._written_back(native, codes)
            return self._bridge.array(found)

    def indices_to_codes(self, indices: Array, *, autocast: str | None = None) -> Array:
        """The library's own function."""
        with self._bridge.running(self.setup), self._bridge.region(self.setup.device, autocast):
            native = self._bridge.native(indices, self.setup.device)
            found = self._dialect.indices_to_codes(self._module, native)
            self._written_back(native, indices)
            return self._bridge.array(found)

    def stage_codes(self, indices: Array) -> Array:
        """The library's own function."""
        native = self._bridge.native(indices, self.setup.device)
        found = self._dialect.stage_codes(self._module, native)
        self._written_back(native, indices)
        return self._bridge.array(found)

    def train(self, mode: bool) -> None:
        """As a part of a larger model is switched, or by its own switch."""
        self._bridge.switch(self._module, mode)

    def copied(self, how: str) -> NativeQuantizer:
        """A copy of the module, in the same mode."""
        setup = replace(self.setup, compiled=False, moved=self.setup.moved if how in ("deepcopy", "pickle") else ())
        fresh = NativeQuantizer(self._adapter, setup, self._adapter._module(setup))
        if how == "reloaded":
            fresh._use()
            how = "state"
        return NativeQuantizer(self._adapter, setup, self._bridge.copied(self._module, how, fresh._module))

    def _use(self) -> None:
        """A call, and, where it can be, decoding what came of it: whatever it keeps of its weights it has now."""
        channels = self.setup.width or len(self.setup.levels) * self.setup.num_codebooks
        shape, dtype = LAYOUTS[self.setup.layout].shape(channels), PRECISIONS[self.setup.dtype].dtype
        answer = self.quantize(np.zeros(shape, dtype=dtype))
        if answer.indices is not None and Capability.DECODE in self._adapter.capabilities:
            with suppress(Exception):  # whether it decodes at all is the affair of the clauses on indices
                self.indices_to_codes(answer.indices)

    def cast(self, dtype: str) -> NativeQuantizer:
        """The module itself, moved to a dtype."""
        setup = replace(self.setup, dtype=dtype, moved=(*self.setup.moved, dtype))
        return NativeQuantizer(self._adapter, setup, self._bridge.cast(self._module, dtype))

    def held_bytes(self) -> int:
        """The bytes of the arrays that it holds."""
        return self._bridge.held_bytes(self._module)

    def weights(self, z: Array, upstream: Array) -> dict[str, str]:
        """By the framework's differentiation."""
        with self._bridge.running(self.setup):
            native, given = (self._bridge.native(values, self.setup.device) for values in (z, upstream))
            call = Call(self.setup.device, tracked=True)
            return self._bridge.weights(self._module, lambda: self._called(native, call)[0], given)

    def weights_behind(self, z: Array) -> dict[str, str]:
        """By the framework's differentiation."""
        with self._bridge.running(self.setup):
            native, call = self._bridge.native(z, self.setup.device), Call(self.setup.device, tracked=True)
            codes, indices = self._called(native, call)
            unrecorded, _ = self._called(native, replace(call, tracked=False))
            behind = {
                "a weight behind its codes": self._bridge.weight_behind(codes),
                "a weight behind its codes, made without a gradient,": self._bridge.weight_behind(unrecorded),
            }
            if indices is not None:
                behind["an embedding of its indices"] = self._bridge.weight_behind(indices)
            if indices is not None and Capability.DECODE in self._adapter.capabilities:
                with suppress(Exception):  # whether it decodes at all is the affair of the clauses on indices
                    found = self._dialect.indices_to_codes(self._module, indices)
                    behind["a weight behind the codes that it decodes"] = self._bridge.weight_behind(found)
            return behind

    def _written_back(self, native: Native, array: Array) -> None:
        """Of an array on a device, which is a copy: what a call has written into it, where one looks for it."""
        if self.setup.device != "cpu" and array.flags.writeable:
            array[...] = self._bridge.array(native)

    def _called(self, native: Native, call: Call) -> Pair:
        forward = partial(self._dialect.quantize, self._module)
        return self._adapter.take(self._bridge, self._bridge.called(forward, native, call), self.setup)

    def _differentiated(
        self, native: Native, weights: Native, call: Call, way: str | None
    ) -> tuple[Pair, Native | None]:
        if way != "switched":
            return self._bridge.differentiated(self._called, native, weights, call, way)
        mode = bool(getattr(self._module, "training", self.setup.training))

        def forward(z: Native, how: Call) -> Pair:
            result = self._called(z, how)
            self.train(not mode)
            return result

        try:
            return self._bridge.differentiated(forward, native, weights, call, way)
        finally:
            self.train(mode)

    def _answer(self, result: Pair, native: Native) -> Answer:
        codes, indices = result
        return Answer(
            codes=self._bridge.array(codes),
            indices=None if indices is None else self._bridge.array(indices),
            device=self._bridge.device_of(codes),
            index_device=None if indices is None else self._bridge.device_of(indices),
            received=self._bridge.array(native),
        )


def main_layout(layouts: tuple[str, ...]) -> str:
    """The layout in which values are tested: the first of the suite's order that the target takes."""
    return next(name for name in LAYOUTS if name in layouts)
