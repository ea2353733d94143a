"""The target `s3tokenizer`: the FSQCodebook of its second version, from its one file; it encodes, and that is all.

It has eight channels of three levels behind a linear map. In the place of that map stands a padding, which leaves the
channels as they are and appends, where fewer are wanted, channels whose digit is 0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .bridge import Bridge, Pair
from .construction import Construction
from .dialect import Dialect
from .loading import installed, load_alone
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup

PACKAGE = "s3tokenizer"
MODULE, FILE = "s3tokenizer.model_v2", "s3tokenizer/model_v2.py"
CHANNELS = 8

DIALECT = Dialect(forward="q.encode({z})")


@lru_cache(maxsize=1)
def adapter() -> NativeAdapter:
    """The adapter of the installed release; `TargetUnavailableError` when there is none."""
    version = installed(PACKAGE, f"--no-deps {PACKAGE} einops")
    from .bridge_torch import TorchBridge

    module = load_alone(PACKAGE, FILE, absent=(PACKAGE,))

    def construct(setup: Setup) -> Construction:
        padding = {"padding": (0, CHANNELS - len(setup.levels)), "value": -20.0}
        attributes = {"project_down": Construction("torch.nn", "ConstantPad1d", padding)}
        return Construction(MODULE, "FSQCodebook", {"dim": CHANNELS}, loaded=module, attributes=attributes)

    origin = f"{module.__file__} (this file alone, with stand-ins for what it imports of the package)"
    return NativeAdapter(
        identity=Identity(PACKAGE, version, origin, TorchBridge.framework),
        bridge=TorchBridge(),
        construct=construct,
        rules=("s3",),
        offers=frozenset({Capability.INDICES}),
        lacks=frozenset({Capability.CODES, Capability.GRADIENT, Capability.TAPE, Capability.COMPILE}),
        refuses=_refusal,
        speaks=lambda _: DIALECT,
        take=_taken,
    )


def _refusal(setup: Setup) -> str | None:
    if setup.levels != (3,) * len(setup.levels) or len(setup.levels) > CHANNELS:
        return f"it has up to {CHANNELS} channels of 3 levels"
    if setup.noise is not None or setup.num_codebooks > 1 or setup.width is not None:
        return "it has no such option"
    return None


def _taken(bridge: Bridge, result: Any, setup: Setup) -> Pair:
    """Digits in the place of codes, float32: those of the index, and NaN where it is none of the codebook."""
    import torch

    if not bridge.is_array(result):
        raise TypeError(f"encode returned {type(result).__name__}; expected indices")
    channels = len(setup.levels)
    digits = torch.stack([result // 3**i % 3 for i in range(channels)], dim=-1).float()
    known = (result >= 0) & (result < 3**channels)
    return digits.where(known.unsqueeze(-1), torch.nan), result
