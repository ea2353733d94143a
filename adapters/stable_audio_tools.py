"""The target `stable-audio-tools`: its DitheredFSQ, from its one file: the package needs gigabytes to be imported."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from .bridge import Bridge, Pair
from .construction import Construction
from .dialect import Dialect
from .loading import installed, load_alone
from .native import NativeAdapter, codes_and_indices
from .protocol import Capability, Identity, Setup

PACKAGE = "stable-audio-tools"
MODULE, FILE = "stable_audio_tools.models.fsq", "stable_audio_tools/models/fsq.py"

#: Indices have an axis for the codebooks behind those of the positions, even where there is one. The function that encodes
#: codes is private, and the one by which a forward call gets its indices.
SEVERAL = Dialect(encode="q._codes_to_indices({codes})")
ONE = replace(SEVERAL, decode="q.indices_to_codes({indices}.unsqueeze(-1))")


@lru_cache(maxsize=1)
def adapter() -> NativeAdapter:
    """The adapter of the installed release; `TargetUnavailableError` when there is none."""
    version = installed(PACKAGE, f"--no-deps {PACKAGE} einops")
    from .bridge_torch import TorchBridge

    module = load_alone(PACKAGE, FILE)
    return NativeAdapter(
        identity=Identity(PACKAGE, version, f"{module.__file__} (this file alone)", TorchBridge.framework),
        bridge=TorchBridge(),
        construct=lambda setup: Construction(MODULE, "DitheredFSQ", arguments(setup), loaded=module),
        rules=("symmetric-even",),
        offers=frozenset(
            {Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.CODEBOOKS, Capability.NOISE}
        ),
        refuses=_refusal,
        speaks=lambda setup: ONE if setup.num_codebooks == 1 else SEVERAL,
        take=_taken,
    )


def arguments(setup: Setup) -> dict[str, object]:
    """The constructor's arguments for a setup: only what differs from its defaults."""
    given: dict[str, object] = {"levels": list(setup.levels)}
    if setup.num_codebooks > 1:
        given["num_codebooks"] = setup.num_codebooks
    if setup.noise is not None:
        given["noise_dropout"] = setup.noise
    return given


def _refusal(setup: Setup) -> str | None:
    if setup.width is not None:
        return "it has no projections"
    if setup.training and setup.noise is None:
        return "it dithers in training, whatever noise_dropout is: there is no training without noise"
    return None


def _taken(bridge: Bridge, result: Any, setup: Setup) -> Pair:
    codes, indices = codes_and_indices(bridge, result, setup)
    assert indices is not None
    return codes, indices.squeeze(-1) if setup.num_codebooks == 1 else indices
