"""A bridge: what an adapter needs to know of one array framework, and of no library on top of it."""

from __future__ import annotations

import copy
import gc
import logging
import os
import pickle
import random
import signal
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .protocol import Capability, Probe, Setup

Array = NDArray[Any]
Module = Any
Native = Any

#: Codes and indices, or None for the latter.
Pair = tuple[Native, Native | None]

#: The seed of every case, so that a run gives the same answers each time.
SEED = 20230927


@dataclass(frozen=True)
class Call:
    """How a forward call is made: on which device, recorded or not, in which region."""

    device: str
    tracked: bool = False
    autocast: str | None = None
    inference: bool = False


class Bridge(Protocol):
    """Arrays in and out of a framework, gradients, modes and state."""

    framework: str
    capabilities: frozenset[Capability]

    def devices(self) -> tuple[str, ...]:
        """The devices that can be used here and now."""
        ...

    def lost(self, device: str) -> str | None:
        """What a device says that can no longer be used in this process, in one line; None where it can."""
        ...

    def guard(self) -> AbstractContextManager[None]:
        """Puts the framework's global state back on the way out; seeds it on the way in."""
        ...

    def running(self, setup: Setup) -> AbstractContextManager[None]:
        """Within it a quantizer of this setup is built and called: what its user would have switched on is on."""
        ...

    def native(self, array: Array, device: str) -> Native:
        """An array as the framework's; shares memory and keeps strides where it can."""
        ...

    def array(self, native: Native) -> Array:
        """The framework's array as NumPy's, with the same dtype (bfloat16 by ml_dtypes)."""
        ...

    def is_array(self, value: object) -> bool:
        """Whether a value is one of the framework's arrays."""
        ...

    def device_of(self, native: Native) -> str:
        """Where an array is, without a device number."""
        ...

    def defaulting(self, dtype: str | None) -> AbstractContextManager[None]:
        """Within it the framework's default dtype is this one; None changes nothing."""
        ...

    def prepared(self, module: Module, device: str, training: bool, compiled: bool) -> Module:
        """The module on its device and in its mode."""
        ...

    def switch(self, module: Module, training: bool) -> None:
        """Puts the module into a mode, as a part of a larger one where the framework has such."""
        ...

    def region(self, device: str, autocast: str | None) -> AbstractContextManager[None]:
        """Within it the framework computes in mixed precision with this dtype; as ever where it is None."""
        ...

    def called(self, module: Module, native: Native, call: Call) -> Any:
        """The module's forward call."""
        ...

    def derived(self, native: Native) -> Native:
        """The same values, computed from `native` with gradients recorded."""
        ...

    def differentiated(
        self, forward: Callable[[Native, Call], Pair], native: Native, upstream: Native, call: Call, way: str | None
    ) -> tuple[Pair, Native | None]:
        """What `forward` gives, and the gradient of Σ codes·upstream at `native`, got in a way; None when none arrives."""
        ...

    def copied(self, module: Module, how: str, fresh: Module) -> Module:
        """A copy of the module; `fresh` is a newly built one that `how="state"` loads into."""
        ...

    def cast(self, module: Module, dtype: str) -> Module:
        """The module, moved to a dtype."""
        ...

    def held_bytes(self, module: Module) -> int:
        """The memory of all arrays that the module holds, and of the entries of its containers."""
        ...

    def weights(self, module: Module, forward: Callable[[], Native], upstream: Native) -> dict[str, str]:
        """Weights that move the codes of `forward`: name → what is wrong with what they get for Σ codes·upstream, in words;
        empty for a gradient that is finite and not 0 everywhere."""
        ...

    def weight_behind(self, codes: Native) -> str:
        """What is wrong with what a weight gets that multiplies these codes or indices, as `weights` says it."""
        ...

    def surroundings(self, stir: bool) -> dict[str, str]:
        """What the framework and the process have set, by name; with `stir`, once generators and threads are set otherwise."""
        ...

    def imports(self, setup: Setup) -> tuple[str, ...]:
        """The lines of a reproduction script that import the framework and switch on what `running` does."""
        ...

    def placed(self, setup: Setup) -> str:
        """What is written behind a constructor call: device and mode."""
        ...

    def literal(self, array: Array, ramp: bool, tracked: bool) -> str:
        """An expression that makes this array."""
        ...

    def gradient(self, forward: str, probe: Probe) -> list[str]:
        """The lines that print the gradient of the probe; `forward` is the call, with `{z}` for its input."""
        ...


@contextmanager
def process_state() -> Iterator[None]:
    """Seeds Python's and NumPy's generators and puts back what a target may have changed in the process."""
    errors, numpy_state, python_state = np.geterr(), np.random.get_state(), random.getstate()
    folder, environment = Path.cwd(), dict(os.environ)
    collecting, silenced, printing = gc.isenabled(), logging.root.manager.disable, np.get_printoptions()
    interrupted = signal.getsignal(signal.SIGINT)
    random.seed(SEED)
    np.random.seed(SEED % 2**32)
    try:
        yield
    finally:
        np.seterr(**errors)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        os.chdir(folder)
        if gc.isenabled() != collecting:
            (gc.enable if collecting else gc.disable)()
        logging.disable(silenced)
        np.set_printoptions(**printing)
        if signal.getsignal(signal.SIGINT) is not interrupted:
            signal.signal(signal.SIGINT, interrupted)
        for name in {name for name, _ in dict(os.environ).items() ^ environment.items()}:  # all of them would be slow
            if name in environment:
                os.environ[name] = environment[name]
            else:
                del os.environ[name]


class UnpicklableError(Exception):
    """What never said that it could be pickled: a plain object with a closure or a compiled function, parametrized modules."""


#: Variables in which compilers tell their workers where they keep what they have compiled; `torch.compile` sets its own.
_SET_BY_COMPILERS = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")


def process_surroundings(stir: bool) -> dict[str, str]:
    """What the process has set, whatever the framework."""
    if stir:
        random.random()
        np.random.random()
    key: tuple[Any, ...] = np.random.get_state(legacy=True)  # type: ignore[assignment]  # a dict only where it is not legacy
    environment = sorted((name, value) for name, value in os.environ.items() if name not in _SET_BY_COMPILERS)
    return {
        "folder": str(Path.cwd()),
        "environment": f"{len(environment)} variables with the hash {zlib.crc32(repr(environment).encode()):08x}",
        "handler of Ctrl-C": str(signal.getsignal(signal.SIGINT)),
        "garbage collector": "on" if gc.isenabled() else "off",
        "level below which nothing is logged": str(logging.root.manager.disable),
        "way in which NumPy prints numbers": str(np.get_printoptions()),
        "generator of Python": f"{zlib.crc32(repr(random.getstate()).encode()):08x}",
        "generator of NumPy": f"{zlib.crc32(repr((key[1].tobytes(), *key[2:])).encode()):08x}",
    }


def switched(module: Any, training: bool) -> Any:
    """Puts a module into a mode by its own switch, as a user does, and gives what that returns: `train()`, or `eval()`.

    What has no `eval` is told by `train(False)`.
    """
    if training:
        return module.train()
    return module.eval() if hasattr(module, "eval") else module.train(False)


def object_copied(module: object, how: str, fresh: Any) -> Any:
    """A copy of a plain object: deep, pickled, or, for `state`, `fresh` with the same state; `UnpicklableError`."""
    if how == "deepcopy":
        return copy.deepcopy(module)
    if how == "pickle":
        try:
            data = pickle.dumps(module)
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            raise UnpicklableError(
                f"it is a plain object that cannot be pickled: {type(error).__name__}: {said}"
            ) from error
        return pickle.loads(data)
    if hasattr(module, "__dict__"):
        fresh.__dict__.update(copy.deepcopy(module.__dict__))
    else:
        _take_slots(fresh, copy.deepcopy(module.__getstate__()))
    return fresh


def _take_slots(fresh: Any, state: Any) -> None:
    """As `pickle` does it: by the object's own method, else slot by slot, those of frozen objects too."""
    if hasattr(fresh, "__setstate__"):
        fresh.__setstate__(state)
        return
    _, slots = state or (None, {})
    for name, value in slots.items():
        object.__setattr__(fresh, name, value)


def numbers_of(array: Array, module: str) -> str:
    """An array as nested lists of numbers; `inf` and `nan` as a module spells them."""
    values = array.tolist() if array.dtype.kind in "iub" else array.astype(np.float64).tolist()
    return repr(values).replace("nan", f"{module}.nan").replace("inf", f"{module}.inf")
