"""The target `transformers`: the quantizer of its Xcodec2 model, and its one-stage residual quantizer around that."""

from __future__ import annotations

import inspect
from functools import lru_cache

from .affording import whole_codebook
from .construction import Construction, idle_projections
from .dialect import Dialect
from .loading import installed
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup

PACKAGE = "transformers"
MODULE = "transformers.models.xcodec2.modeling_xcodec2"

#: Indices are decoded as the model does it; codes are encoded by the forward call only.
DIALECT = Dialect(decode="q.codebook[{indices}]")


@lru_cache(maxsize=1)
def adapter() -> NativeAdapter:
    """The adapter of the installed release; `TargetUnavailableError` when there is none."""
    version = installed(PACKAGE, "'fsqcheck[transformers]'")
    from .bridge_torch import TorchBridge

    origin = inspect.getsourcefile(Construction(MODULE, "Xcodec2FiniteScalarQuantization").target())
    return NativeAdapter(
        identity=Identity(PACKAGE, version, origin, TorchBridge.framework),
        bridge=TorchBridge(),
        construct=construction,
        rules=("widened",),
        layouts=("BTd", "Bd", "d"),
        offers=frozenset({Capability.INDICES, Capability.DECODE}),
        refuses=_refusal,
        speaks=lambda _: DIALECT,
        residual=_residual(version),
    )


def _residual(version: str) -> NativeAdapter | None:
    """The adapter of the model's residual quantizer; None for a release without one."""
    from .bridge_torch import TorchBridge

    try:
        origin = inspect.getsourcefile(Construction(MODULE, "Xcodec2Quantizer").target())
    except AttributeError:
        return None
    return NativeAdapter(
        identity=Identity(PACKAGE, version, origin, TorchBridge.framework),
        bridge=TorchBridge(),
        construct=residual_construction,
        rules=("residual-widened-twice",),
        layouts=("BTd", "Bd"),
        offers=frozenset({Capability.INDICES, Capability.DECODE}),
        refuses=_residual_refusal,
        speaks=lambda _: Dialect(decode="q.from_codes({indices})"),
        dtypes=("float32",),  # that of its linear maps, which take no other
    )


def residual_construction(setup: Setup) -> Construction:
    """The constructor call of a residual setup; its projections, which it always has, do nothing."""
    channels = len(setup.levels)
    given = {"quantization_levels": list(setup.levels), "quantization_dim": channels}
    config = Construction("transformers", "Xcodec2Config", given)
    return Construction(MODULE, "Xcodec2Quantizer", {"config": config}, attributes=idle_projections(channels))


def _residual_refusal(setup: Setup) -> str | None:
    if setup.stages != 1 or setup.groups > 1 or setup.stage_dropout:
        return "it has one stage and one group"
    return whole_codebook(setup)


def construction(setup: Setup) -> Construction:
    """The constructor call of a setup: its levels come in the model's configuration."""
    config = Construction("transformers", "Xcodec2Config", {"quantization_levels": list(setup.levels)})
    return Construction(MODULE, "Xcodec2FiniteScalarQuantization", {"config": config})


def _refusal(setup: Setup) -> str | None:
    if setup.noise is not None or setup.num_codebooks > 1 or setup.width is not None:
        return "it has no noise, one codebook and no projections"
    return whole_codebook(setup)
