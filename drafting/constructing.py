"""How a class is built: which of its parameters takes the levels, which the width, and what else it asks for."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..adapters import TRIALS, Construction

#: What the list of levels is called in the field.
_LEVELS: tuple[str, ...] = (
    "levels",
    "_levels",
    "level",
    "num_levels",
    "n_levels",
    "quantization_levels",
    "fsq_levels",
    "codebook_levels",
    "sizes",
    "codebook_sizes",
    "bins",
    "num_bins",
    "resolutions",
)

#: What the size of the input's channel axis is called.
_WIDTHS = (
    "dim",
    "input_dim",
    "in_dim",
    "width",
    "d_model",
    "embed_dim",
    "latent_dim",
    "hidden_size",
    "channels",
    "features",
)
_CODEBOOKS = ("num_codebooks", "n_codebooks", "num_groups", "groups")


@dataclass(frozen=True)
class Names:
    """A constructor's own words; None: it has none.

    channels, width: the size of the input's channel axis, for a class that must be told it and for one that may be.
    """

    levels: str
    channels: str | None = None
    width: str | None = None
    num_codebooks: str | None = None


@dataclass(frozen=True)
class Built:
    """A quantizer, the levels that it has, and how it was built."""

    names: Names
    levels: tuple[int, ...]
    module: Any


@dataclass(frozen=True)
class Unbuilt:
    """Why a class could not be built, and what its constructor asks for: the names without a default."""

    reason: str
    required: tuple[str, ...] = field(default=())


def parameters_of(target: Any) -> Mapping[str, inspect.Parameter]:
    """The named parameters of a class or function; none where Python cannot tell.

    Those of its `__init__` where a metaclass hides them behind `*args, **kwargs`.
    """
    named = _named(target)
    if named or not inspect.isclass(target):
        return named
    return dict(list(_named(target.__init__).items())[1:])


def _named(function: Any) -> dict[str, inspect.Parameter]:
    try:
        found = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return {}
    unnamed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    return {name: one for name, one in found.items() if one.kind not in unnamed}


def built(call: Construction) -> Built | Unbuilt:
    """The class, built by the first way that works; else why the likeliest one does not. Import errors come through."""
    parameters = parameters_of(call.target())
    required = tuple(
        name for name, one in parameters.items() if one.default is one.empty and name not in call.arguments
    )
    fixed = call.arguments.get("levels")
    trials = (tuple(fixed),) if isinstance(fixed, (list, tuple)) else TRIALS
    failures: list[str] = []
    for names in _ways(parameters, required):
        for levels in trials:
            given = construction(call, names, levels)
            try:
                return Built(names, levels, given.build())
            except Exception as error:
                said = " ".join(str(error).split())[:200]
                failures.append(f"{given.expression()} raises {type(error).__name__}: {said}")
    return Unbuilt(failures[0] if failures else f"{call.name}({', '.join(required)}) names no levels", required)


def construction(
    call: Construction, names: Names, levels: tuple[int, ...], width: int | None = None, num_codebooks: int = 1
) -> Construction:
    """The constructor call for levels, under the names that it has for things."""
    given: dict[str, Any] = {names.levels: list(levels)}
    if names.num_codebooks is not None and num_codebooks > 1:
        given[names.num_codebooks] = num_codebooks
    if names.channels is not None:
        given[names.channels] = len(levels) * num_codebooks
    if names.width is not None and width is not None:
        given[names.width] = width
    return replace(call, arguments={**given, **call.arguments})


def _ways(parameters: Mapping[str, inspect.Parameter], required: tuple[str, ...]) -> Iterator[Names]:
    """Names that could be those of the constructor, the likeliest first."""
    width = next((name for name in _WIDTHS if name in parameters), None)
    books = next((name for name in _CODEBOOKS if name in parameters), None)
    known = [name for name in _LEVELS if name in parameters]
    for levels in (*known, *(name for name in required if name not in (*known, width))):
        yield Names(levels, width if width in required else None, width, books)
