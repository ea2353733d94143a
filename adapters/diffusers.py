"""The target `diffusers`: the FSQRegularizer of its VidTok autoencoder."""

from __future__ import annotations

import inspect
from functools import lru_cache

from .affording import whole_codebook
from .construction import Construction
from .loading import installed
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup

PACKAGE = "diffusers"
MODULE = "diffusers.models.autoencoders.autoencoder_vidtok"


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
    )


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
