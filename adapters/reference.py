"""The target `reference`: the NumPy FSQ of fsqcheck.reference itself."""

from __future__ import annotations

from .. import __version__
from ..reference import RULES
from .bridge_numpy import NumpyBridge
from .construction import Construction
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup


def adapter() -> NativeAdapter:
    """The adapter of the reference."""
    bridge = NumpyBridge()
    return NativeAdapter(
        identity=Identity("reference", __version__, "fsqcheck.reference", bridge.framework),
        bridge=bridge,
        construct=_construct,
        rules=tuple(RULES),
        layouts=("BTd", "Bd", "d"),
        offers=frozenset({Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.GRADIENT})
        | {Capability.TRAIN, Capability.NOISE},
    )


def _construct(setup: Setup) -> Construction:
    noise = {} if setup.noise is None else {"noise": setup.noise}
    return Construction("fsqcheck.reference", "FSQ", {"levels": list(setup.levels), "rule": setup.rule, **noise})
