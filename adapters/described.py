"""An adapter as a description: what a class is called with, as rows of data. `fsqcheck init` writes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..reference import Codebook, rule_named
from .affording import codebook_held
from .bridge import Bridge, Pair
from .construction import Construction
from .dialect import CONVENTION, Dialect
from .frameworks import FRAMEWORKS
from .layouts import LAYOUTS
from .native import NativeAdapter, codes_and_indices
from .protocol import Capability, Identity, Setup, TargetUnavailableError
from .versions import version_of

#: The arguments of a constructor but for its levels: the same for all, or made of the levels.
Arguments = Mapping[str, Any] | Callable[[list[int]], Mapping[str, Any]]


def adapter_of(
    target: str,
    *,
    framework: str,
    beside: str | None = None,
    levels: str | None = "levels",
    arguments: Arguments | None = None,
    channels: str | None = None,
    width: str | None = None,
    num_codebooks: str | None = None,
    rules: Iterable[str] = (),
    layouts: Iterable[str] = ("BTd",),
    forward: str = CONVENTION.forward,
    encode: str | None = None,
    decode: str | None = None,
    digits: bool = False,
    offers: Iterable[str] = (),
    lacks: Iterable[str] = (),
) -> NativeAdapter:
    """The adapter of a class that is called by names of its own.

    target: `module:Class`, or `path/to/file.py:Class` with the path from the folder of the file `beside`. framework: `torch`,
    `jax` or `numpy`. levels, channels, width, num_codebooks: the constructor's names for the list of levels, the size of
    the input's channel axis where it must be told, the same where it may differ and linear maps lie between, and the number
    of codebooks; None: it has none.
    arguments: what else it is called with; a function is asked with the levels.
    forward, encode, decode: Python expressions over the quantizer `q` and `{z}`, `{codes}`, `{indices}` (`Dialect`); `forward`
    gives `(codes, indices)`, either of which may be None. digits: it gives indices only, off which codes are read.
    offers, lacks: names of `Capability`, beside what the other rows and the framework say.

    Raises `TargetUnavailableError` for a framework that there is no bridge to, for a file that is not there, and for noise,
    which no row is about. A class that is seen to hold its whole codebook is not asked for one of more than a gigabyte.
    """
    if framework not in FRAMEWORKS:
        raise TargetUnavailableError(f"framework={framework!r}: expected one of {', '.join(FRAMEWORKS)}")
    bridge = FRAMEWORKS[framework]()
    where, _, name = target.rpartition(":")
    file = (Path(beside or "").parent / where).resolve() if where.endswith(".py") else None
    if file is not None and not file.is_file():
        raise TargetUnavailableError(f"{target}: there is no file {file}")
    found = {Capability(one) for one in offers}
    if Capability.NOISE in found:
        raise TargetUnavailableError(
            'offers=["noise"]: no row says which argument is its probability; write a NativeAdapter, whose construct passes on '
            "setup.noise"
        )
    rows = {Capability.ENCODE: encode, Capability.DECODE: decode, Capability.CODEBOOKS: num_codebooks}
    rows |= {Capability.PROJECTION: width, Capability.INDICES: forward}
    found |= {capability for capability, row in rows.items() if row is not None}
    missing = {Capability(one) for one in lacks}
    if digits:
        missing |= {Capability.CODES, Capability.GRADIENT, Capability.TAPE}
    speech = Dialect(forward, encode or CONVENTION.encode, decode or CONVENTION.decode)

    def construct(setup: Setup) -> Construction:
        given: dict[str, Any] = {levels: list(setup.levels)} if levels is not None else {}
        if num_codebooks is not None:
            given[num_codebooks] = setup.num_codebooks
        if channels is not None:
            given[channels] = len(setup.levels) * setup.num_codebooks
        if width is not None and setup.width is not None:
            given[width] = setup.width
        more = arguments(list(setup.levels)) if callable(arguments) else arguments or {}
        return Construction(file.stem if file else where, name, {**given, **more}, file)

    def refusal(setup: Setup) -> str | None:
        asked = {
            Capability.NOISE: setup.noise is not None,
            Capability.CODEBOOKS: setup.num_codebooks > 1,
            Capability.PROJECTION: setup.width is not None,
        }
        wanted = [str(one) for one, is_asked in asked.items() if is_asked and one not in found - missing]
        return f"its adapter has no {', '.join(wanted)}" if wanted else codebook_held(setup, held_bytes)

    def held_bytes(levels: tuple[int, ...]) -> int:
        return bridge.held_bytes(construct(Setup(levels, "")).build())

    return NativeAdapter(
        identity=Identity(target, version_of(where), str(file or where), bridge.framework),
        bridge=bridge,
        construct=construct,
        rules=tuple(rules),
        layouts=tuple(layouts),
        offers=frozenset(found),
        lacks=frozenset(missing),
        refuses=refusal,
        speaks=lambda _: speech,
        take=digits_of_indices if digits else codes_and_indices,
    )


def digits_of_indices(bridge: Bridge, result: Any, setup: Setup) -> Pair:
    """Indices, and the codes that their digits have under the rule, the first channel least significant.

    The codes are float64 for such inputs, else float32, and NaN for what is no index of the codebook.
    """
    indices = result[1] if isinstance(result, tuple) else result
    if not bridge.is_array(indices):
        raise TypeError(f"the forward call returned {type(indices).__name__}; expected indices")
    whole = bridge.array(indices).astype(np.int64)
    digits = Codebook(setup.levels).unpack(np.where(known := (whole >= 0) & (whole < prod(setup.levels)), whole, 0))
    grid = rule_named(setup.rule).grid
    codes = [grid.code(digits[..., i], levels) for i, levels in enumerate(setup.levels)]
    values = np.where(known[..., None], np.stack(codes, axis=-1), np.nan).astype(
        np.float64 if setup.dtype == "float64" else np.float32
    )
    placed = np.ascontiguousarray(np.moveaxis(values, -1, LAYOUTS[setup.layout].channel_axis))
    return bridge.native(placed, bridge.device_of(indices)), indices
