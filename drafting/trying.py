"""What is found of a class by trying it: how it is built and called, what it can do, and which rule it computes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..adapters import LAYOUTS, Construction, NativeAdapter, TargetUnavailableError, adapter_of, construction_of
from ..adapters.convention_residual import is_residual
from ..adapters.frameworks import frameworks_here, is_torch_module
from ..identifying import NothingAskedError, identify
from .calling import Trying, Way, ways
from .coding import decoding, encoding
from .constructing import Built, Names, Unbuilt, built, construction

#: What a torch callable lacks that is no module.
_NO_MODULE = ("train", "state", "cast", "compile")
#: How much wider than its channels the input of a quantizer with projections is, in the trial.
_WIDER = 4


class CannotTryError(Exception):
    """A class that cannot be imported; the message is one line."""


@dataclass(frozen=True)
class Found:
    """What `adapter_of` is to be called with, and what is left to fill in.

    rows: its arguments but for the target, in its order; what is the usual is left out. unbuilt: why it could not be
    built. uncalled: no call of it gave codes or indices. rule: what was found of its rule, in a few words.
    """

    call: Construction
    rows: dict[str, Any] = field(default_factory=dict)
    unbuilt: Unbuilt | None = None
    uncalled: bool = False
    rule: str = ""

    def target(self, folder: Path) -> str:
        """The class as an adapter in a folder names it."""
        where = os.path.relpath(self.call.file, folder.resolve()) if self.call.file else self.call.module
        return f"{Path(where).as_posix() if self.call.file else where}:{self.call.name}"

    def adapter(self) -> NativeAdapter:
        """The adapter that the rows describe."""
        return adapter_of(self.target(Path.cwd()), beside=str(Path.cwd() / "here"), **self.rows)


def tried(target: str) -> Found:
    """What trying a class shows; `CannotTryError` for one that is not there or cannot be imported."""
    try:
        call = construction_of(target)
    except TargetUnavailableError as error:
        raise CannotTryError(str(error)) from None
    if not callable(call.target()):
        raise CannotTryError(f"{target} is {type(call.target()).__name__}, not a class or a function")
    if is_residual(call.target()):
        raise CannotTryError(
            f"{target} is a residual quantizer, of which no adapter is written; `fsqcheck run {target}` judges it as it is, if "
            "it has the convention of residual quantizers (docs/adapters.md)"
        )
    made = built(call)
    arguments = {"arguments": dict(call.arguments)} if call.arguments else {}
    if isinstance(made, Unbuilt):
        return Found(call, {"framework": frameworks_here()[-1], **arguments}, unbuilt=made)
    found = next(ways(made.module, made.levels), None)
    named = {} if made.names.levels == "levels" else {"levels": made.names.levels}
    if made.names.channels:
        named["channels"] = made.names.channels
    if found is None:
        return Found(call, {"framework": frameworks_here()[-1], **named, **arguments}, uncalled=True)
    return _described(call, made, *found, named, arguments)


def _described(
    call: Construction, made: Built, trying: Trying, way: Way, named: dict[str, str], arguments: dict[str, Any]
) -> Found:
    encode = encoding(trying, way)
    decode = decoding(trying, way, encode)
    plain_object = way.framework == "torch" and not is_torch_module(made.module)
    offers = [name for name, method in (("gradient", "vjp"), ("train", "train")) if _offered(way, made.module, method)]
    lacks = [*([] if way.indices else ["indices"]), *(_NO_MODULE if plain_object else ())]
    options = {
        name: getattr(made.names, name)
        for name, works in (("width", _widens), ("num_codebooks", _groups))
        if getattr(made.names, name) is not None and works(call, made.names, trying, way)
    }
    rows: dict[str, Any] = {"framework": way.framework, **named, **arguments, **options}
    rows["layouts"] = list(way.layouts)
    usual: dict[str, Any] = {
        "forward": "q({z})",
        "encode": None,
        "decode": None,
        "digits": False,
        "offers": [],
        "lacks": [],
    }
    given: dict[str, Any] = {"forward": way.forward, "encode": encode, "decode": decode, "digits": way.digits}
    given |= {"offers": offers, "lacks": lacks}
    rows |= {name: value for name, value in given.items() if value != usual[name]}
    return _ruled(Found(call, rows))


def _offered(way: Way, module: Any, method: str) -> bool:
    """Whether a method is what offers a capability: torch's own are known, and JAX brings gradients itself."""
    return hasattr(module, method) and (way.framework == "numpy" or (way.framework == "jax" and method == "train"))


def _widens(call: Construction, names: Names, trying: Trying, way: Way) -> bool:
    """Whether it takes inputs of another width than its channels."""
    return _takes(call, names, trying, way, len(trying.levels) + _WIDER, width=len(trying.levels) + _WIDER)


def _groups(call: Construction, names: Names, trying: Trying, way: Way) -> bool:
    """Whether it quantizes with two codebooks, and gives an index of each."""
    return _takes(call, names, trying, way, 2 * len(trying.levels), num_codebooks=2)


def _takes(call: Construction, names: Names, trying: Trying, way: Way, channels: int, **options: int) -> bool:
    layout = LAYOUTS[way.layouts[0]]
    try:
        module = construction(call, names, trying.levels, **options).build()
    except Exception:
        return False
    other = Trying(module, way.framework, trying.levels)
    z = other.inputs(layout, channels)
    result = other.result(way.forward, "z", z)
    if not isinstance(result, (tuple, list)) or not way.indices or way.digits:
        return False
    shapes = [tuple(one.shape) if other.bridge.is_array(one) else None for one in result[:2]]
    books = options.get("num_codebooks")
    return shapes == [z.shape, (*layout.positions(z.shape), *((books,) if books else ()))]


def _ruled(found: Found) -> Found:
    """With the rule that it computes, where it is one of the known ones."""
    try:
        identified = identify("it", found.adapter())
    except NothingAskedError as error:
        return replace(found, rule=f"its rule could not be found: {error}")
    if not identified.rules:
        nearest = identified.nearest[0].rule
        return replace(found, rule=f"it computes none of the known rules; the nearest is {nearest}")
    words = "found by `fsqcheck identify`"
    if len(identified.rules) > 1:
        words += f"; it may be {' or '.join(identified.rules[1:])} too"
    rows = dict(found.rows)
    at = list(rows).index("layouts")
    items = list(rows.items())
    items.insert(at, ("rules", [identified.rules[0]]))
    return replace(found, rows=dict(items), rule=words)
