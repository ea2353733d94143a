"""The target `reference`: the NumPy FSQ of fsqcheck.reference itself."""

from __future__ import annotations

from .. import __version__
from ..reference import RESIDUAL_RULES, RULES
from .bridge_numpy import NumpyBridge
from .construction import Construction
from .dialect import RESIDUAL
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
        residual=residual(bridge),
    )


def residual(bridge: NumpyBridge) -> NativeAdapter:
    """The adapter of the reference's residual quantizer. It claims the newest rule; the others can be asked for."""
    return NativeAdapter(
        identity=Identity("reference", __version__, "fsqcheck.reference", bridge.framework),
        bridge=bridge,
        construct=_residual,
        rules=tuple(RESIDUAL_RULES)[:1],
        layouts=("BTd", "Bd", "d"),
        offers=frozenset({Capability.INDICES, Capability.DECODE, Capability.GRADIENT, Capability.TRAIN})
        | {Capability.STAGE_CODES, Capability.STAGE_DROPOUT, Capability.GROUPS},
        speaks=lambda _: RESIDUAL,
    )


def _residual(setup: Setup) -> Construction:
    arguments: dict[str, object] = {"levels": list(setup.levels), "num_quantizers": setup.stages, "rule": setup.rule}
    if setup.groups > 1:
        arguments["groups"] = setup.groups
    if setup.stage_dropout:
        arguments["quantize_dropout"] = True
    return Construction("fsqcheck.reference", "ResidualFSQ", arguments)


def _construct(setup: Setup) -> Construction:
    noise = {} if setup.noise is None else {"noise": setup.noise}
    return Construction("fsqcheck.reference", "FSQ", {"levels": list(setup.levels), "rule": setup.rule, **noise})
