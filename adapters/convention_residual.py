"""Residual quantizers that need no adapter: classes with the convention that vector-quantize-pytorch set.

`Class(levels=[…], num_quantizers=n, dim=d, **arguments)` makes the quantizer; calling it gives codes, and indices with an axis of
the stages; `get_output_from_indices`, or else `indices_to_codes`, decodes them, `get_codes_from_indices` gives the codes of each
stage. `groups`,
`is_channel_first` and `quantize_dropout` are used where its signature has them, and so `dim`. What the class does not have is
unsupported; the layouts that it takes are found by trying, and so is its rule.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..reference import PRECISIONS, RESIDUAL_RULES, ResidualFSQ
from .affording import codebook_held
from .bridge import Array, Bridge, Call, Pair
from .construction import Construction, idle_projections
from .dialect import RESIDUAL, Dialect
from .frameworks import bridge_of, guarded
from .layouts import LAYOUTS, Layout
from .native import NativeAdapter, codes_and_indices
from .protocol import Capability, Identity, Setup, TargetUnavailableError
from .trials import TRIALS, fixed_levels
from .versions import version_of

#: Levels that tell one rule from another, which are tried before all others.
_TRIALS = ((4, 6, 5),)
_STAGES = 3
#: So many vectors tell `residual-paper` from `residual-atanh`, which differ for three numbers in ten thousand at L = 4.
_NUMBERS = 2**14
_DECODERS = ("get_output_from_indices", "indices_to_codes")
_METHODS = {
    Capability.STAGE_CODES: "get_codes_from_indices",
    Capability.TRAIN: "train",
    Capability.GRADIENT: "vjp",
}
_OPTIONS = {Capability.STAGE_DROPOUT: "quantize_dropout", Capability.GROUPS: "groups"}
#: Why such a class is not asked as a plain quantizer.
IS_RESIDUAL = "it is a residual quantizer: the clauses of RES are about it, by a residual rule"


def is_residual(target: Any) -> bool:
    """Whether a class or function makes residual quantizers: by its signature, or by how it decodes."""
    return hasattr(target, "get_output_from_indices") or "num_quantizers" in _parameters(target)


def residual_convention(name: str, call: Construction) -> NativeAdapter:
    """The adapter of such a class; `TargetUnavailableError` in one line when it does not follow the convention."""
    trial = _Trial(name, call)
    identity = Identity(name, version_of(call.module), trial.origin, trial.bridge.framework)
    residual = NativeAdapter(
        identity=identity,
        bridge=trial.bridge,
        construct=trial.construction,
        rules=trial.rules,
        layouts=trial.layouts,
        offers=trial.offers,
        lacks=trial.lacks,
        refuses=trial.refusal,
        speaks=trial.dialect,
        take=trial.taken,
        dtypes=trial.dtypes,
        only_levels=trial.only_levels,
    )
    return NativeAdapter(
        identity=identity,
        bridge=trial.bridge,
        construct=lambda setup: trial.construction(replace(setup, stages=1)),
        rules=tuple(RESIDUAL_RULES[rule].stage.name for rule in trial.rules),
        layouts=trial.layouts,
        offers=frozenset(Capability),  # so that every question gets the one answer that says most
        refuses=lambda _: IS_RESIDUAL,
        residual=residual,
        only_levels=trial.only_levels,
    )


@dataclass(frozen=True)
class _Trial:
    """What trying a class with harmless inputs shows."""

    name: str
    call: Construction

    @property
    def origin(self) -> str | None:
        try:
            return inspect.getsourcefile(self.call.target())
        except TypeError:
            return None

    @property
    def only_levels(self) -> tuple[int, ...] | None:
        return fixed_levels(self.name, self.call)

    @cached_property
    def parameters(self) -> frozenset[str]:
        return _parameters(self.call.target())

    @cached_property
    def _trial(self) -> tuple[tuple[int, ...], Any]:
        """Levels and a quantizer of them."""
        failures = []
        for levels in (*_TRIALS, *TRIALS) if self.only_levels is None else (self.only_levels,):
            try:
                with guarded():
                    return levels, self._call(Setup(levels, "", stages=_STAGES)).build()
            except Exception as error:
                said = (str(error).strip().splitlines() or [""])[0][:300]
                failures.append(
                    f"levels={list(levels)}, num_quantizers={_STAGES} raised {type(error).__name__}: {said}"
                )
        raise TargetUnavailableError(
            f"{self.name} with {failures[0]}; expected a class with the convention "
            "ResidualFSQ(levels=[…], num_quantizers=n, dim=d); for any other class write an adapter"
        )

    @cached_property
    def bridge(self) -> Bridge:
        levels, built = self._trial
        return bridge_of(built, len(levels))

    @cached_property
    def _projects(self) -> bool:
        """Whether linear maps lie before and after although none are needed."""
        return hasattr(getattr(self._trial[1], "project_in", None), "weight")

    @cached_property
    def layouts(self) -> tuple[str, ...]:
        taken = tuple(name for name in LAYOUTS if self._answer(LAYOUTS[name]) is not None)
        last = tuple(name for name in taken if name.endswith("d"))
        # One that is not told where the channels are takes them in one place only.
        return (taken if "is_channel_first" in self.parameters else last or taken) or ("BTd",)

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes that it takes; float32 always, so that what fails there is told by the clauses."""
        first = LAYOUTS[self.layouts[0]]
        return tuple(name for name in PRECISIONS if name == "float32" or self._answer(first, name) is not None)

    @property
    def offers(self) -> frozenset[Capability]:
        methods = {capability for capability, name in _METHODS.items() if hasattr(self._trial[1], name)}
        methods |= {Capability.DECODE} if self._decoder is not None else set()
        options = {capability for capability, name in _OPTIONS.items() if name in self.parameters}
        answer = self._answer(LAYOUTS[self.layouts[0]])
        given = {Capability.INDICES} if answer is not None and answer[1] is not None else set()
        return frozenset(methods | options | given)

    @property
    def lacks(self) -> frozenset[Capability]:
        own = frozenset({Capability.TAPE}) if hasattr(self._trial[1], "vjp") else frozenset()
        if hasattr(self._trial[1], "state_dict") or self.bridge.framework.startswith("numpy"):
            return own
        return own | frozenset({Capability.STATE, Capability.CAST, Capability.COMPILE, Capability.TRAIN})

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """The residual rule whose indices are nearest to its own; none where it gives no indices that can be read."""
        levels = self._trial[0]
        layout = LAYOUTS[self.layouts[0]]
        vectors = np.random.default_rng(0).normal(size=(1 if layout.long_axis is None else _NUMBERS, len(levels)))
        answer = self._answer(layout, z=layout.arrange(vectors.astype(np.float32)))
        if answer is None or answer[1] is None:
            return ()
        found = self.bridge.array(answer[1])
        if found.size != len(vectors) * _STAGES:
            return ()
        in_place = found.ndim == len(layout.name) and found.shape[-1] != _STAGES
        indices = (layout.flatten(found) if in_place else found).reshape(len(vectors), _STAGES)
        alike = {
            rule.name: float((ResidualFSQ(levels, _STAGES, rule)(vectors)[1] == indices).mean())
            for rule in RESIDUAL_RULES.values()
            if all(map(rule.levels_allowed, levels))
        }
        return (max(alike, key=alike.__getitem__),) if alike else ()

    def _answer(self, layout: Layout, dtype: str = "float32", z: Array | None = None) -> Pair | None:
        """What a call gives; None when it fails, or gives no codes like the input."""
        setup = Setup(self._trial[0], "", layout=layout.name, stages=_STAGES)
        given = np.zeros(layout.shape(len(setup.levels))) if z is None else z
        try:
            with self.bridge.guard():
                result = self._called(setup, given.astype(PRECISIONS[dtype].dtype))
                if (place := _place(self.bridge, result)) > 1:
                    result = (result[0], result[place])
                codes, indices = self.taken(self.bridge, result, setup)
                return (codes, indices) if tuple(codes.shape) == given.shape else None
        except Exception:
            return None

    def _called(self, setup: Setup, z: Array) -> Any:
        module = self.bridge.prepared(self._module(setup), "cpu", False, False)
        return self.bridge.called(module, self.bridge.native(z, "cpu"), Call("cpu"))

    @cached_property
    def _forward(self) -> str:
        """How it quantizes: to codes and indices, behind a loss or not."""
        setup = Setup(self._trial[0], "", layout=self.layouts[0], stages=_STAGES)
        try:
            with self.bridge.guard():
                zeros = np.zeros(LAYOUTS[setup.layout].shape(len(setup.levels)), dtype=np.float32)
                place = _place(self.bridge, self._called(setup, zeros))
        except Exception:
            place = 1
        return RESIDUAL.forward if place == 1 else f"((r := q({{z}}))[0], r[{place}])"

    @property
    def _decoder(self) -> str | None:
        return next((name for name in _DECODERS if hasattr(self._trial[1], name)), None)

    def _module(self, setup: Setup) -> Any:
        return self.construction(setup).build()

    def _call(self, setup: Setup) -> Construction:
        wanted: dict[str, object] = {"levels": list(setup.levels), "num_quantizers": setup.stages}
        if "dim" in self.parameters:
            wanted["dim"] = setup.groups * len(setup.levels)
        if "groups" in self.parameters:
            wanted["groups"] = setup.groups
        if self._channel_first(setup) and "is_channel_first" in self.parameters:
            wanted["is_channel_first"] = True
        if setup.stage_dropout or self._drops_stages:
            wanted["quantize_dropout"] = setup.stage_dropout
        return replace(self.call, arguments={**self.call.arguments, **wanted})

    @property
    def _drops_stages(self) -> bool:
        """Whether it drops stages in training unless it is told not to: RES-9 alone is about that."""
        if "quantize_dropout" not in self.parameters:
            return False
        unless_told = inspect.signature(self.call.target()).parameters["quantize_dropout"].default
        return bool(self.call.arguments.get("quantize_dropout", unless_told))

    def construction(self, setup: Setup) -> Construction:
        """The constructor call of a setup; projections that are not needed do nothing."""
        call = self._call(setup)
        if not self._projects:
            return call
        return replace(call, attributes=idle_projections(setup.groups * len(setup.levels)))

    def dialect(self, setup: Setup) -> Dialect:
        """How the quantizer of a setup is called. Groups have an axis of their own in the indices, and one group has it too."""
        axis, first = ("[None]", "[0]") if "groups" in self.parameters and setup.groups == 1 else ("", "")
        return Dialect(
            forward=self._forward,
            decode=f"q.{self._decoder or _DECODERS[0]}({{indices}}{axis})",
            stages=f"{RESIDUAL.stages.replace('{indices}', f'{{indices}}{axis}')}{first}",
        )

    def taken(self, bridge: Bridge, result: Any, setup: Setup) -> Pair:
        """Codes and indices; without the axis of the groups where there is one."""
        codes, indices = codes_and_indices(bridge, result, setup)
        if indices is not None and "groups" in self.parameters and setup.groups == 1:
            return codes, indices[0]
        return codes, indices

    def refusal(self, setup: Setup) -> str | None:
        """Options that its signature does not have, and codebooks that may not fit into memory."""
        if self.only_levels is not None and self.only_levels != setup.levels:
            return f"its levels are fixed to {list(self.only_levels)}"
        if setup.groups > 1 and "groups" not in self.parameters:
            return "its constructor has no argument groups"
        if setup.stage_dropout and "quantize_dropout" not in self.parameters:
            return "its constructor has no argument quantize_dropout"
        return codebook_held(
            setup, lambda levels: self.bridge.held_bytes(self.construction(replace(setup, levels=levels)).build())
        )

    def _channel_first(self, setup: Setup) -> bool:
        return setup.layout.index("d") != len(setup.layout) - 1


def _place(bridge: Bridge, result: Any) -> int:
    """Where in an answer the indices stand: the first integers, which may be behind a loss; else behind the codes."""
    items = result if isinstance(result, (tuple, list)) else ()
    whole = (
        at for at, item in enumerate(items) if at and bridge.is_array(item) and bridge.array(item).dtype.kind in "iu"
    )
    return next(whole, 1)


def _parameters(target: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(target).parameters)
    except (TypeError, ValueError):
        return frozenset()
