"""The array frameworks that there is a bridge to, and which of them an object computes in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from .bridge import Bridge, Call
from .layouts import LAYOUTS


def _numpy() -> Bridge:
    from .bridge_numpy import NumpyBridge

    return NumpyBridge()


def _jax() -> Bridge:
    from .bridge_jax import JaxBridge

    return JaxBridge()


def _torch() -> Bridge:
    from .bridge_torch import TorchBridge

    return TorchBridge()


#: By the name of the package, which is imported when the bridge is asked for; in the order in which they are tried.
FRAMEWORKS: dict[str, Callable[[], Bridge]] = {"numpy": _numpy, "jax": _jax, "torch": _torch}


def frameworks_here() -> tuple[str, ...]:
    """Those that have been imported: an object that computes in a framework has imported it."""
    return tuple(name for name in FRAMEWORKS if name in sys.modules)


@contextmanager
def guarded() -> Iterator[None]:
    """The guards of all frameworks that have been imported: what a trial sets is put back."""
    with ExitStack() as stack:
        for name in frameworks_here():
            stack.enter_context(FRAMEWORKS[name]().guard())
        yield


def is_torch_module(value: object) -> bool:
    """Whether it is a `torch.nn.Module`; imports nothing."""
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].nn.Module)


def bridge_of(quantizer: Any, channels: int) -> Bridge:
    """The bridge of the framework whose arrays a quantizer of so many channels takes.

    Torch for its modules, else the first whose arrays come back when they are put in, else the first that is answered at
    all; where no call works, the last.
    """
    if is_torch_module(quantizer):
        return _torch()
    bridges = [FRAMEWORKS[name]() for name in frameworks_here()]
    returned = [(one, _returns_its_own(quantizer, one, channels)) for one in bridges]
    ranked = (one for wanted in (True, False) for one, own in returned if own is wanted)
    return next(ranked, bridges[-1])


def _returns_its_own(quantizer: Any, bridge: Bridge, channels: int) -> bool | None:
    """Whether arrays of a framework come back as arrays of it, in the first layout that is taken; None where none is."""
    for layout in LAYOUTS.values():
        zeros = np.zeros(layout.shape(channels), dtype=np.float32)
        try:
            with bridge.guard():
                result = bridge.called(quantizer, bridge.native(zeros, "cpu"), Call("cpu"))
        except Exception:
            continue
        return bridge.is_array(result[0] if isinstance(result, (tuple, list)) and result else result)
    return None
