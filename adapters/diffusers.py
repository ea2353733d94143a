"""The target `diffusers`: the FSQRegularizer of its VidTok autoencoder, and the residual FSQ of its ACE-Step model."""

from __future__ import annotations

import inspect
from functools import lru_cache

from .affording import whole_codebook
from .construction import Construction, idle_projections
from .dialect import RESIDUAL
from .loading import installed
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup

PACKAGE = "diffusers"
MODULE = "diffusers.models.autoencoders.autoencoder_vidtok"
ACE_STEP = "diffusers.pipelines.ace_step.modeling_ace_step"


@lru_cache(maxsize=1)
def adapter() -> NativeAdapter:
    """The adapter of the installed release; `TargetUnavailableError` when there is none."""
    version = installed(PACKAGE, "'fsqcheck[diffusers]'")
    from .bridge_torch import TorchBridge

    origin = inspect.getsourcefile(Construction(MODULE, "FSQRegularizer").target())
    return NativeAdapter(
        identity=Identity(PACKAGE, version, origin, TorchBridge.framework),
        bridge=TorchBridge(),
        construct=construction,
        rules=("widened",),
        layouts=("BTd", "BdHW", "BdTHW"),
        offers=frozenset(
            {Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.CODEBOOKS, Capability.PROJECTION}
        ),
        refuses=_refusal,
        residual=_residual(version),
    )


def _residual(version: str) -> NativeAdapter | None:
    """The adapter of ACE-Step's residual quantizer; None for a release without one."""
    from .bridge_torch import TorchBridge

    try:
        origin = inspect.getsourcefile(Construction(ACE_STEP, "_AceStepResidualFSQ").target())
    except Exception:  # the pipeline's import may want what is not there: the regularizer does not need it
        return None
    return NativeAdapter(
        identity=Identity(PACKAGE, version, origin, TorchBridge.framework),
        bridge=TorchBridge(),
        construct=residual_construction,
        rules=("residual",),
        layouts=("BTd",),
        offers=frozenset({Capability.INDICES, Capability.DECODE, Capability.STAGE_CODES}),
        refuses=lambda setup: "it has no groups, and leaves no stages out" if _more_than_stages(setup) else None,
        speaks=lambda _: RESIDUAL,
    )


def _more_than_stages(setup: Setup) -> bool:
    return setup.groups > 1 or setup.stage_dropout


def residual_construction(setup: Setup) -> Construction:
    """The constructor call of a residual setup; its projections, which it always has, do nothing."""
    arguments = {"dim": len(setup.levels), "levels": list(setup.levels), "num_quantizers": setup.stages}
    return Construction(ACE_STEP, "_AceStepResidualFSQ", arguments, attributes=idle_projections(len(setup.levels)))


def construction(setup: Setup) -> Construction:
    """The constructor call of a setup."""
    arguments: dict[str, object] = {"levels": list(setup.levels)}
    if setup.width is not None:
        arguments["dim"] = setup.width
    if setup.num_codebooks > 1:
        arguments["num_codebooks"] = setup.num_codebooks
    return Construction(MODULE, "FSQRegularizer", arguments)


def _refusal(setup: Setup) -> str | None:
    if setup.noise is not None:
        return "it has no noise"
    return whole_codebook(setup)
