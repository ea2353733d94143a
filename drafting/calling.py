"""How a quantizer is called: by which expressions it quantizes, encodes and decodes, found by trying them."""

from __future__ import annotations

import contextlib
import inspect
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..adapters import LAYOUTS, Dialect, Layout, Setup
from ..adapters.bridge import Array, Bridge, Call
from ..adapters.dialect import AXES
from ..adapters.frameworks import FRAMEWORKS, frameworks_here, is_torch_module
from .answers import Places, places

#: Methods that may quantize, the likeliest first, and words of those that may encode or decode. No other one is called.
_FORWARD = ("quantize", "quantise", "encode", "forward", "apply", "tokenize", "discretize")
_WORDS = ("ind", "code", "token", "pack", "quanti", "embed", "lookup", "level", "digit")


#: So many vectors as are needed to tell codes from other numbers.
_ROWS = {"B": 64}


@dataclass(frozen=True)
class Way:
    """A way to quantize.

    forward: an expression that gives `(codes, indices)`, or indices alone with `digits`. axis: what leaves out the axis that its
    indices keep for their codebook, if they do.
    """

    framework: str
    forward: str
    layouts: tuple[str, ...]
    indices: bool
    digits: bool
    axis: str = ""


class Trying:
    """A quantizer in a framework, asked with harmless numbers; whatever it raises is no answer."""

    def __init__(self, module: Any, framework: str, levels: tuple[int, ...]) -> None:
        self.bridge: Bridge = FRAMEWORKS[framework]()
        self.framework = framework
        self.levels = levels
        self._built = module

    def inputs(self, layout: Layout, channels: int | None = None) -> Array:
        """Numbers that take many levels of every channel."""
        shape = layout.shape(channels or len(self.levels), **(_ROWS if layout.name == "Bd" else {}))
        return np.random.default_rng(1).normal(scale=1.5, size=shape).astype(np.float32)

    def result(self, expression: str, name: str, values: Array) -> Any:
        """What an expression over one array gives; None where it raises."""
        with contextlib.suppress(Exception), self._prepared() as module, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = Dialect(forward=expression.replace(f"{{{name}}}", "{z}"))
            given = self.bridge.native(values, "cpu")
            # Integers cannot be tracked, nor need they be.
            return (
                self.bridge.called(partial(asked.quantize, module), given, Call("cpu"))
                if name == "z"
                else (asked.quantize(module, given))
            )
        return None

    def plain(self, expression: str, name: str, values: Array) -> Array | None:
        """What an expression gives, as a NumPy array of numbers; None for anything but one."""
        found = self.result(expression, name, values)
        return self.bridge.array(found) if self.bridge.is_array(found) else None

    @contextlib.contextmanager
    def _prepared(self) -> Iterator[Any]:
        with self.bridge.guard(), self.bridge.running(Setup(self.levels, "")), np.errstate(all="ignore"):
            yield self.bridge.prepared(self._built, "cpu", False, False)

    # What it can do

    def way(self, call: str) -> Way | None:
        """How this call quantizes, in every layout in which it does; None where it does not."""
        # Not one vector, which cannot tell codes from other numbers.
        for name in (name for name in LAYOUTS if name != "d"):
            if (form := self._form(call, LAYOUTS[name])) is not None:
                forward, found = form
                layouts = tuple(other for other in LAYOUTS if self._takes(forward, found, LAYOUTS[other]))
                axis = next((axis for axis in AXES if (found.indices or "").endswith(axis)), "")
                return Way(self.framework, forward, layouts, found.indices is not None, found.codes is None, axis)
        return None

    def _form(self, call: str, layout: Layout) -> tuple[str, Places] | None:
        z = self.inputs(layout)
        found = places(self.bridge, self.result(call, "z", z), z, layout, self.levels)
        return None if found == Places(None, None) else (_gathered(call, found), found)

    def _takes(self, forward: str, found: Places, layout: Layout) -> bool:
        """Whether what is found in one layout is there in another."""
        z = self.inputs(layout)
        result = self.result(forward, "z", z)
        if not isinstance(result, (tuple, list)) or len(result) < 2:
            return False
        shapes = (
            z.shape if found.codes is not None else None,
            layout.positions(z.shape) if found.indices is not None else None,
        )
        return shapes == tuple(tuple(one.shape) if self.bridge.is_array(one) else None for one in result[:2])

    def pair(self, way: Way, z: Array) -> tuple[Array, Array | None]:
        """Codes, or the input in their place, and indices, or None."""
        codes, indices = self.result(way.forward, "z", z)[:2]
        given = self.bridge.is_array(codes), self.bridge.is_array(indices)
        return self.bridge.array(codes) if given[0] else z, self.bridge.array(indices) if given[1] else None

    def methods(self, argument: str) -> Iterator[str]:
        """Calls of methods that take one thing and whose name speaks of codes or indices."""
        for name in _own_methods(self._built):
            if any(word in name.lower() for word in _WORDS) and len(_required(getattr(self._built, name))) == 1:
                yield f"q.{name}({{{argument}}})"


def ways(module: Any, levels: tuple[int, ...]) -> Iterator[tuple[Trying, Way]]:
    """The ways in which a quantizer quantizes: those that give codes first, and of these the ones that give indices too."""
    names = ("torch",) if is_torch_module(module) else frameworks_here()
    found = [
        (trying, way)
        for trying in (Trying(module, name, levels) for name in names)
        for call in calls(module)
        if (way := trying.way(call)) is not None
    ]
    found += [
        (trying, both)
        for trying, codes in found
        for _, indices in found
        if (both := _beside(trying, codes, indices)) is not None
    ]
    yield from sorted(found, key=lambda one: (one[1].digits, not one[1].indices))


def _beside(trying: Trying, codes: Way, indices: Way) -> Way | None:
    """A way that gives the codes of one call and the indices of another; None where those are not the indices of these."""
    if codes.framework != indices.framework or codes.indices or codes.digits or not indices.digits:
        return None
    layouts = tuple(name for name in codes.layouts if name in indices.layouts)
    if not layouts or layouts[0] != codes.layouts[0]:
        return None
    forward = f"({codes.forward[1 : -len(', None)')]}, {indices.forward[len('(None, ') : -1]})"
    way = Way(codes.framework, forward, layouts, indices=True, digits=False, axis=indices.axis)
    layout = LAYOUTS[layouts[0]]
    found, numbers = trying.pair(way, trying.inputs(layout))
    rows = np.column_stack([layout.flatten(found).round(4), np.ravel(numbers)])  # type: ignore[arg-type]  # it gives some
    distinct = {len(np.unique(part, axis=0)) for part in (rows, rows[:, :-1], rows[:, -1:])}
    return way if len(distinct) == 1 else None


def calls(module: Any) -> Iterator[str]:
    """Calls that may quantize: of the object itself, and of its methods with such a name; other required things are None."""
    spelled = ["q"] if callable(module) else []
    own = _own_methods(module)
    spelled += [f"q.{name}" for name in _FORWARD if name in own]
    for one in spelled:
        function = module if one == "q" else getattr(module, one[2:])
        if is_torch_module(module) and one == "q":
            function = module.forward
        required = _required(function)
        rest = "".join(f", {name}=None" for name in required[1:])
        yield f"{one}({{z}}{rest})"


def _gathered(call: str, found: Places) -> str:
    """The expression that gives `(codes, indices)` of what a call returns."""
    if (found.codes, found.indices) == ("[0]", "[1]"):
        return call
    if found.indices is None:
        return f"({call}{found.codes}, None)"
    if found.codes is None:
        return f"(None, {call}{found.indices})"
    return f"((r := {call}){found.codes}, r{found.indices})"


def _own_methods(module: Any) -> list[str]:
    """The public methods of an object that are not those of every torch module."""
    common = set(dir(sys.modules["torch"].nn.Module)) - {"forward"} if is_torch_module(module) else set()
    names = (name for name in dir(type(module)) if not name.startswith("_") and name not in common)
    return [name for name in names if callable(getattr(module, name, None))]


def _required(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in parameters if one.default is one.empty and one.kind not in kinds]
