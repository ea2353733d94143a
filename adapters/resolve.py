"""From the words on a command line to an adapter."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar, cast

from .construction import Construction
from .loading import load_file
from .protocol import Adapter, TargetUnavailableError

Loaded = TypeVar("Loaded")

#: Packages that targets compute in and that an extra of the same name installs.
EXTRAS = ("torch", "jax")
#: The entry-point group by which other distributions register adapters.
GROUP = "fsqcheck.adapters"


@dataclass(frozen=True)
class Known:
    """A target that has a name of its own."""

    name: str
    where: str
    summary: str

    def load(self) -> Adapter:
        """The adapter, which is there or is made by a function; raises whatever its import raises."""
        module, _, attribute = self.where.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        made: Adapter = found if _is_adapter(found) else found()
        return made


BUILT_IN: tuple[Known, ...] = (
    Known("reference", "fsqcheck.adapters.reference:adapter", "the NumPy FSQ of fsqcheck.reference, all rules"),
    Known("torch-fsq", "fsqcheck.adapters.torch_fsq:adapter", "our own FSQ in torch, all rules, any device and dtype"),
    Known("jax-fsq", "fsqcheck.adapters.jax_fsq:adapter", "our own FSQ in JAX, all rules, any dtype; a pure function"),
    Known(
        "vector-quantize-pytorch",
        "fsqcheck.adapters.vector_quantize_pytorch:adapter",
        "the installed release of vector-quantize-pytorch",
    ),
    Known("diffusers", "fsqcheck.adapters.diffusers:adapter", "FSQRegularizer of its VidTok autoencoder"),
    Known("transformers", "fsqcheck.adapters.transformers:adapter", "the quantizer of its Xcodec2 model"),
    Known("stable-audio-tools", "fsqcheck.adapters.stable_audio_tools:adapter", "its DitheredFSQ"),
    Known(
        "nemo-toolkit",
        "fsqcheck.adapters.nemo_toolkit:adapter",
        "its FiniteScalarQuantizer; GroupFiniteScalarQuantizer for several codebooks",
    ),
    Known("s3tokenizer", "fsqcheck.adapters.s3tokenizer:adapter", "its FSQCodebook, which encodes only"),
)


def known_targets() -> tuple[Known, ...]:
    """The built-in targets, then those that other distributions register in the group `fsqcheck.adapters`."""
    taken = {known.name for known in BUILT_IN}
    others = (_registered(point) for point in entry_points(group=GROUP))
    return BUILT_IN + tuple(known for known in others if known.name not in taken)


def _registered(point: EntryPoint) -> Known:
    source = point.dist.name if point.dist else "another distribution"
    return Known(point.name, point.value, f"registered by {source}")


def resolve(target: str) -> Adapter:
    """The adapter of a target: a known name, `name==version`, `module:Class`, `file.py:Name`, with `(name=value)`.

    Raises `TargetUnavailableError`: one line that names what was given, what is wrong and what to do.
    """
    name, _, pinned = target.partition("==")
    if known := next((known for known in known_targets() if known.name == name), None):
        return _pinned(target, _loaded(target, known.load), pinned)
    if ":" in target:
        return _loaded(target, lambda: _spelled(target))
    raise TargetUnavailableError(_unknown(target))


def _loaded(target: str, load: Callable[[], Loaded]) -> Loaded:
    """What `load` gives; anything that it raises becomes one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library's import deprecates is none of a conformance run's affair
            return load()
    except TargetUnavailableError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a target's import may raise anything, SystemExit included
        said = (str(error).strip().splitlines() or ["no message"])[0][:300]
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        hint = f"; pip install 'fsqcheck[{missing}]'" if missing in EXTRAS else ""
        raise TargetUnavailableError(f"{target} cannot be loaded: {type(error).__name__}: {said}{hint}") from error


def _pinned(target: str, adapter: Adapter, wanted: str) -> Adapter:
    found = adapter.identity.version
    if wanted and wanted != found:
        raise TargetUnavailableError(
            f"{target} is not the installed release, which is {found}; "
            f"pip install '{target}' into an environment of its own and run fsqcheck there"
        )
    return adapter


def construction_of(target: str) -> Construction:
    """`module:Class(name=value)` or `path/to/file.py:Name` as the call that it stands for, whose class is there.

    Raises `TargetUnavailableError`, also for whatever an import raises.
    """
    call = _loaded(target, lambda: _called(target))
    _loaded(target, lambda: _found(target, call))
    return call


def _spelled(target: str) -> Adapter:
    """An adapter, or a class with the shared convention."""
    call = _called(target)
    found = _found(target, call)
    if adapter := _as_adapter(found, call):
        return adapter
    from .convention import convention

    return convention(target, call)


def _called(target: str) -> Construction:
    match = re.fullmatch(r"(?P<where>.+?):(?P<name>[A-Za-z_][\w.]*)(?:\((?P<arguments>.*)\))?", target, re.DOTALL)
    if match is None:
        raise TargetUnavailableError(f"{target} is not a target; expected module:Class or path/to/file.py:Name")
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: the user's own project is found where they stand
    call = Construction(match["where"], match["name"], _arguments(target, match["arguments"] or ""))
    if match["where"].endswith(".py"):
        file = Path(match["where"])
        if not file.is_file():
            raise TargetUnavailableError(f"{target}: there is no file {file} (looked in {Path.cwd()})")
        call = Construction(file.stem, call.name, call.arguments, file.resolve())
    return call


def _found(target: str, call: Construction) -> Any:
    try:
        return call.target()
    except AttributeError as error:
        module = load_file(call.file) if call.file else importlib.import_module(call.module)
        names = sorted(name for name, value in vars(module).items() if isinstance(value, type) and name[0] != "_")
        near = difflib.get_close_matches(call.name, names, n=3) or names[:8]
        hint = f"; it has {', '.join(near)}" if near else ""
        raise TargetUnavailableError(f"{target}: {call.module} has no {call.name}{hint}") from error


def _as_adapter(found: Any, call: Construction) -> Adapter | None:
    """An adapter, or a class or a function that gives one from the arguments that are there; None for anything else."""
    if _is_adapter(found):
        return cast(Adapter, found)
    if isinstance(found, type) and all(hasattr(found, name) for name in ("build", "refusal", "guard")):
        return cast(Adapter, found(**call.arguments))
    if inspect.isfunction(found) and set(_required(found)) <= set(call.arguments) - {"levels"}:
        made = found(**call.arguments)
        return made if isinstance(made, Adapter) else None
    return None


def _is_adapter(found: Any) -> bool:
    return isinstance(found, Adapter) and not isinstance(found, type)


def _required(function: Callable[..., Any]) -> list[str]:
    """The parameters of a function that have no default."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.default is one.empty and one.kind not in kinds]


def _arguments(target: str, source: str) -> Any:
    from .convention import literal_arguments

    try:
        return literal_arguments(source)
    except (ValueError, SyntaxError) as error:
        raise TargetUnavailableError(
            f"{target}: the arguments ({source}) are not keyword arguments with literal values: {error}"
        ) from None


def _unknown(target: str) -> str:
    names = [known.name for known in known_targets()]
    near = difflib.get_close_matches(target.replace("_", "-"), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    return (
        f"unknown target {target!r}; {hint}the known ones are {', '.join(names)}; "
        "a class of your own is module:Class or path/to/file.py:Class"
    )
