"""The target `nemo-toolkit`: FiniteScalarQuantizer, and GroupFiniteScalarQuantizer for several codebooks.

From their one file: the package needs gigabytes to be imported. What that file takes from elsewhere is stood in for; of it
the quantizers use `NeuralModule`, which is a torch module, and `typecheck`, which checks and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .bridge import Bridge, Pair
from .construction import Construction
from .dialect import Dialect
from .loading import installed, load_alone
from .native import NativeAdapter, codes_and_indices
from .protocol import Capability, Identity, Setup

PACKAGE = "nemo-toolkit"
MODULE, FILE = "nemo.collections.tts.modules.audio_codec_modules", "nemo/collections/tts/modules/audio_codec_modules.py"

_FORWARD = "q(inputs={z}, input_len=None)"
#: Codes are (B, d, T); indices are (1, B, T), or (codebooks, B, T).
ONE = Dialect(
    forward=_FORWARD,
    encode="q.codes_to_indices({codes}.flatten(0, -2).T[None]).reshape({codes}.shape[:-1])",
    decode="q.decode(indices={indices}[None], input_len=None)",
)
SEVERAL = Dialect(forward=_FORWARD, decode="q.decode(indices={indices}.movedim(-1, 0), input_len=None)")


@lru_cache(maxsize=1)
def adapter() -> NativeAdapter:
    """The adapter of the installed release; `TargetUnavailableError` when there is none."""
    version = installed(PACKAGE, f"--no-deps {PACKAGE} einops")
    import torch

    from .bridge_torch import TorchBridge

    given = {"NeuralModule": torch.nn.Module, "typecheck": _unchecked, "logging": logging}
    module = load_alone(PACKAGE, FILE, absent=("nemo", "transformers"), given=given)

    def construct(setup: Setup) -> Construction:
        levels = list(setup.levels)
        if setup.num_codebooks == 1:
            return Construction(MODULE, "FiniteScalarQuantizer", {"num_levels": levels}, loaded=module)
        arguments = {"num_groups": setup.num_codebooks, "num_levels_per_group": levels}
        return Construction(MODULE, "GroupFiniteScalarQuantizer", arguments, loaded=module)

    origin = f"{module.__file__} (this file alone, with stand-ins for what it imports of nemo)"
    return NativeAdapter(
        identity=Identity(PACKAGE, version, origin, TorchBridge.framework),
        bridge=TorchBridge(),
        construct=construct,
        rules=("paper",),
        layouts=("BdT",),
        offers=frozenset({Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.CODEBOOKS}),
        refuses=lambda setup: (
            "it has neither noise nor projections" if setup.noise is not None or setup.width else None
        ),
        speaks=lambda setup: ONE if setup.num_codebooks == 1 else SEVERAL,
        take=_taken,
    )


def _unchecked(*_: object, **__: object) -> Callable[[Any], Any]:
    return lambda function: function


def _taken(bridge: Bridge, result: Any, setup: Setup) -> Pair:
    codes, indices = codes_and_indices(bridge, result, setup)
    assert indices is not None
    return codes, indices.squeeze(0) if setup.num_codebooks == 1 else indices.movedim(0, -1)
