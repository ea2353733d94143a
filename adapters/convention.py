"""Targets that need no adapter: `module:Class` and `file.py:Class` with the convention that FSQ libraries share.

`Class(levels=[…], **arguments)` makes the quantizer; calling it gives `(codes, indices)`; `codes_to_indices` and
`indices_to_codes` go between them. Torch, JAX and NumPy classes are told apart by trying. What the class does not
have is unsupported; the layouts that it takes are found by trying. Residual quantizers: convention_residual.py.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ..reference import PRECISIONS
from .affording import codebook_held
from .bridge import Array, Bridge, Call
from .construction import Construction
from .convention_answers import codes_of, kind_of
from .convention_residual import is_residual, residual_convention
from .convention_speech import Speech
from .frameworks import FRAMEWORKS, bridge_of, guarded
from .layouts import LAYOUTS
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup, TargetUnavailableError
from .trials import TRIALS, fixed_levels
from .versions import version_of

_METHODS = {
    Capability.ENCODE: "codes_to_indices",
    Capability.DECODE: "indices_to_codes",
    Capability.TRAIN: "train",
}
#: What the convention calls the number of codebooks, and the width of inputs that are projected.
_OPTIONS = {Capability.CODEBOOKS: "num_codebooks", Capability.PROJECTION: "dim"}


def convention(name: str, call: Construction) -> NativeAdapter:
    """The adapter of a class that follows the convention; `TargetUnavailableError` in one line when it does not."""
    trial = _Trial(name, call)
    if is_residual(trial.target):
        return residual_convention(name, call)
    trial.must_be_understood()
    return NativeAdapter(
        identity=Identity(name, version_of(call.module), trial.origin, trial.bridge.framework),
        bridge=trial.bridge,
        construct=trial.construction,
        layouts=trial.layouts,
        dtypes=trial.dtypes,
        offers=trial.offers,
        lacks=trial.lacks,
        refuses=trial.refusal,
        speaks=lambda setup: trial.speech.dialect(setup.layout),
        only_levels=trial.only_levels,
    )


@dataclass(frozen=True)
class _Trial:
    """What trying a class with harmless inputs shows."""

    name: str
    call: Construction

    @cached_property
    def target(self) -> Any:
        found = self.call.target()
        if not callable(found):
            raise TargetUnavailableError(f"{self.name} is {type(found).__name__}, not a class or a function")
        return found

    @property
    def origin(self) -> str | None:
        try:
            return inspect.getsourcefile(self.target)
        except TypeError:
            return None

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        try:
            return inspect.signature(self.target).parameters
        except ValueError:
            return {}

    @property
    def only_levels(self) -> tuple[int, ...] | None:
        return fixed_levels(self.name, self.call)

    @property
    def _built(self) -> Any:
        return self._trial[1]

    @cached_property
    def _trial(self) -> tuple[tuple[int, ...], Any]:
        """Levels and a quantizer of them; a class that takes none of these is none of the convention."""
        failures = []
        for levels in TRIALS if self.only_levels is None else (self.only_levels,):
            call = replace(self.call, arguments={**self.call.arguments, "levels": list(levels)})
            try:
                with guarded():
                    return levels, call.build()
            except Exception as error:
                failures.append(f"{call.expression()} raised {type(error).__name__}: {_line(error)}")
        raise TargetUnavailableError(
            f"{self.name}: {failures[0]}; expected a class with the convention FSQ(levels=[…]); levels and other "
            f"arguments can be given as '{self.name.partition('(')[0]}(levels=[6, 6])'; `fsqcheck init {self.name}` "
            "drafts an adapter for any other class"
        )

    @cached_property
    def bridge(self) -> Bridge:
        levels, built = self._trial
        return bridge_of(built, len(levels))

    def must_be_understood(self) -> None:
        """`TargetUnavailableError` where every call raises a TypeError, as of arrays that it does not know, or where calls give
        answers, and all of them of a kind that the convention does not know."""
        given = [answer for name in LAYOUTS for answer in self._given(name)]
        answers = [answer for answer in given if not isinstance(answer, Exception)]
        if all(isinstance(answer, TypeError) for answer in given):
            raise TargetUnavailableError(
                f"no call of {self.name} gives an answer, whatever the layout: the first, with arrays of "
                f"{self.bridge.framework}, raised {type(given[0]).__name__}: {_line(given[0])}; expected a callable over arrays "
                f"of one of {', '.join(FRAMEWORKS)}"
            )
        if answers and all(codes_of(self.bridge, answer) is None for answer in answers):
            raise TargetUnavailableError(
                f"a call of {self.name} returned {kind_of(answers[0])}; expected (codes, indices), or codes alone; "
                f"`fsqcheck init {self.name}` writes an adapter that finds them in it"
            )

    @cached_property
    def layouts(self) -> tuple[str, ...]:
        taken = tuple(name for name in LAYOUTS if self._answer(name) is not None)
        return tuple(name for name in LAYOUTS if name in taken or self._turned(name)) if taken else ("BTd",)

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes that it takes; float32 always, so that what fails there is told by the clauses."""
        return tuple(
            name for name in PRECISIONS if name == "float32" or self._answer(self.layouts[0], name) is not None
        )

    @cached_property
    def speech(self) -> Speech:
        """How it is called, as far as asking shows it."""
        encodes, decodes = (hasattr(self._built, _METHODS[one]) for one in (Capability.ENCODE, Capability.DECODE))
        return Speech(self.bridge, self.layouts, self._answer(self.layouts[0]), encodes, decodes, self._asked)

    @property
    def offers(self) -> frozenset[Capability]:
        methods = {capability for capability, name in _METHODS.items() if hasattr(self._built, name)}
        if self.speech.place is not None:
            methods.add(Capability.INDICES)
        if hasattr(self._built, "vjp"):
            methods.add(Capability.GRADIENT)
        return frozenset(methods) | self.options

    @cached_property
    def options(self) -> frozenset[Capability]:
        """Those that its signature has, switched off unless the caller sets them, and with which it works or should."""
        free = {name for name, one in self.parameters.items() if one.default in (None, 1)} - set(self.call.arguments)
        plain = Setup(self._trial[0], "", layout=self.layouts[0])
        tried = {
            Capability.CODEBOOKS: replace(plain, num_codebooks=2),
            Capability.PROJECTION: replace(plain, width=len(plain.levels) + 4),
        }
        return frozenset(one for one, name in _OPTIONS.items() if name in free and self._offered(tried[one]))

    @property
    def lacks(self) -> frozenset[Capability]:
        own = frozenset({Capability.TAPE}) if hasattr(self._built, "vjp") else frozenset()
        if hasattr(self._built, "state_dict") or not self.bridge.framework.startswith("torch"):
            return own
        return own | {Capability.STATE, Capability.CAST, Capability.COMPILE, Capability.TRAIN}

    def _answer(self, layout: str, dtype: str = "float32") -> Any | None:
        """What a call in this layout gives in evaluation, else in training; None when neither gives codes like it.

        What fails in one of the modes only is a fault, and not a layout that it does not take.
        """
        shape = LAYOUTS[layout].shape(len(self._trial[0]))
        alike = (
            answer
            for answer in self._answers(layout, dtype)
            if (codes := codes_of(self.bridge, answer)) is not None and tuple(codes.shape) == shape
        )
        return next(alike, None)

    def _turned(self, layout: str) -> bool:
        """Whether a call in this layout gives codes with the axes in another order: it takes it, and SHP-1 says how."""
        shape = LAYOUTS[layout].shape(len(self._trial[0]))
        given = [
            tuple(codes.shape) for one in self._answers(layout) if (codes := codes_of(self.bridge, one)) is not None
        ]
        return any(one != shape and sorted(one) == sorted(shape) for one in given)

    def _answers(self, layout: str, dtype: str = "float32") -> Iterator[Any]:
        """What calls in this layout give, in evaluation and in training; nothing for a call that raises."""
        return (answer for answer in self._given(layout, dtype) if not isinstance(answer, Exception))

    def _given(self, layout: str, dtype: str = "float32") -> Iterator[Any]:
        """The same, with what a call raises."""
        shape = LAYOUTS[layout].shape(len(self._trial[0]))
        zeros = np.zeros(shape, dtype=PRECISIONS[dtype].dtype)
        for training in (False, True):
            setup = Setup(self._trial[0], "", dtype=dtype, layout=layout, training=training)
            try:
                with self.bridge.guard(), self.bridge.running(setup):
                    module = self.bridge.prepared(self._built, "cpu", training, False)
                    answer = self.bridge.called(module, self.bridge.native(zeros, "cpu"), Call("cpu"))
            except Exception as error:
                answer = error
            yield answer

    def _offered(self, setup: Setup) -> bool:
        """Whether a quantizer with these options works, or shows that it means them, and then fails; then the clauses tell.

        Indices in another layout are one that it may have.
        """
        layout, channels = LAYOUTS[setup.layout], setup.width or len(setup.levels) * setup.num_codebooks
        z = np.zeros(layout.shape(channels), dtype=np.float32)
        books = (setup.num_codebooks,) if setup.num_codebooks > 1 else ()
        meant = False
        try:
            with guarded(), self.bridge.guard(), self.bridge.running(setup):
                module = self.bridge.prepared(self.construction(setup).build(), "cpu", False, False)
                meant = self._keeps(module, setup)
                answer = self.speech.dialect(setup.layout).quantize(module, self.bridge.native(z, "cpu"))
                shapes = [self.bridge.array(part).shape for part in answer[:2]]
        except Exception:
            return meant
        if shapes[0] != z.shape:
            return meant
        return shapes[1] == (*layout.positions(z.shape), *books)

    def _keeps(self, module: Any, setup: Setup) -> bool:
        """Whether it keeps the number of its codebooks under that name, or holds more with projections than without."""
        if setup.width is not None:
            return self.bridge.held_bytes(module) > self.bridge.held_bytes(self._built)
        return getattr(module, _OPTIONS[Capability.CODEBOOKS], None) == setup.num_codebooks

    def _asked(self, question: Callable[[Any, Any], Any], array: Array) -> Array | None:
        setup = Setup(self._trial[0], "", layout=self.layouts[0])
        try:
            with self.bridge.guard(), self.bridge.running(setup):
                module = self.bridge.prepared(self._built, "cpu", False, False)
                return self.bridge.array(question(module, self.bridge.native(array, "cpu")))
        except Exception:
            return None

    def construction(self, setup: Setup) -> Construction:
        """The constructor call of a setup."""
        given: dict[str, Any] = {"levels": list(setup.levels)}
        if setup.num_codebooks > 1:
            given[_OPTIONS[Capability.CODEBOOKS]] = setup.num_codebooks
        if setup.width is not None:
            given[_OPTIONS[Capability.PROJECTION]] = setup.width
        if prod(setup.levels) > 2**20 and "return_indices" in self.parameters:
            given["return_indices"] = False
        return replace(self.call, arguments={**given, **self.call.arguments})

    def refusal(self, setup: Setup) -> str | None:
        """Options that the convention has no word for, and codebooks that would not fit into memory."""
        wanted = {Capability.CODEBOOKS: setup.num_codebooks > 1, Capability.PROJECTION: setup.width is not None}
        if setup.noise is not None or {one for one, asked in wanted.items() if asked} - self.options:
            return "the convention FSQ(levels=…) has no such option; write an adapter"
        if self.only_levels is not None and self.only_levels != setup.levels:
            return f"its levels are fixed to {list(self.only_levels)}"
        if "return_indices" in self.parameters:
            return None
        return codebook_held(setup, self._held_bytes)

    def _held_bytes(self, levels: tuple[int, ...]) -> int:
        call = replace(self.call, arguments={**self.call.arguments, "levels": list(levels)})
        return self.bridge.held_bytes(call.build())


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def literal_arguments(source: str) -> Mapping[str, Any]:
    """The keyword arguments of `Class(name=literal, …)`; `ValueError` for anything but literals."""
    tree = ast.parse(f"f({source})", mode="eval").body
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise ValueError("one pair of parentheses is too many")
    if tree.args or any(keyword.arg is None for keyword in tree.keywords):
        raise ValueError("give keyword arguments only")
    return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in tree.keywords}
