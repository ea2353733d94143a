"""How to talk to one implementation: one file a library. Torch is imported only by what needs it."""

from .construction import Construction
from .described import adapter_of
from .dialect import Dialect
from .layouts import LAYOUTS, Layout, OneVectorError
from .native import NativeAdapter, main_layout
from .protocol import (
    WAYS_BACK,
    Adapter,
    Answer,
    Capability,
    Identity,
    Probe,
    Quantizer,
    ResidualQuantizer,
    Setup,
    TargetUnavailableError,
    loss_of,
    only_levels_of,
    residual_of,
    surroundings_of,
)
from .resolve import BUILT_IN, construction_of, known_targets, resolve
from .trials import TRIALS

__all__ = [
    "BUILT_IN",
    "LAYOUTS",
    "TRIALS",
    "WAYS_BACK",
    "Adapter",
    "Answer",
    "Capability",
    "Construction",
    "Dialect",
    "Identity",
    "Layout",
    "NativeAdapter",
    "OneVectorError",
    "Probe",
    "Quantizer",
    "ResidualQuantizer",
    "Setup",
    "TargetUnavailableError",
    "adapter_of",
    "construction_of",
    "known_targets",
    "loss_of",
    "main_layout",
    "only_levels_of",
    "residual_of",
    "resolve",
    "surroundings_of",
]
