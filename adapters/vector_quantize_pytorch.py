"""The target `vector-quantize-pytorch`: whichever release is installed, with what its constructor accepts.

As read in the source of each release: 1.8 – 1.12.1 compute `paper`, 1.12.4 – 1.12.11
`paper-atanh`, from 1.12.12 on `widened`; `preserve_symmetry` came with 1.21.0, `bound_hard_clamp` with 1.26.0. Its residual
quantizers computed six rules in turn; `is_channel_first` came with 1.18.5.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from math import prod

from packaging.version import Version

from .affording import whole_codebook
from .construction import Construction
from .dialect import RESIDUAL
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup, TargetUnavailableError

PACKAGE = "vector-quantize-pytorch"
MODULE = "vector_quantize_pytorch.finite_scalar_quantization"

#: The rule of the default mode, by the first release that has it.
_DEFAULT_RULE = ((Version("1.12.12"), "widened"), (Version("1.12.2"), "paper-atanh"), (Version("0"), "paper"))

#: The rule of its residual quantizers, by the first release that has it.
_RESIDUAL_RULE = (
    (Version("1.26.0"), "residual"),
    (Version("1.18.5"), "residual-widened"),
    (Version("1.12.12"), "residual-widened-twice"),
    (Version("1.12.5"), "residual-atanh-twice"),
    (Version("1.12.2"), "residual-atanh"),
    (Version("0"), "residual-paper"),
)

#: Up to here the whole codebook, which the constructor builds, is cheap; above, it is built without one.
LARGEST_CODEBOOK_BUILT = 2**20


@lru_cache(maxsize=1)
def adapter() -> NativeAdapter:
    """The adapter of the installed release; `TargetUnavailableError` when there is none or it does not import."""
    try:
        installed = version(PACKAGE)
    except PackageNotFoundError:
        raise TargetUnavailableError(f"{PACKAGE} is not installed; pip install {PACKAGE}") from None
    from .bridge_torch import TorchBridge

    fsq = Construction("vector_quantize_pytorch", "FSQ").target()
    accepts = frozenset(inspect.signature(fsq).parameters)
    return NativeAdapter(
        identity=Identity(PACKAGE, installed, inspect.getsourcefile(fsq), TorchBridge.framework),
        bridge=TorchBridge(),
        construct=lambda setup: construction(setup, accepts),
        rules=_rules(Version(installed), accepts),
        layouts=_layouts(accepts),
        offers=frozenset({Capability.INDICES, Capability.ENCODE, Capability.DECODE}) | _offers(accepts),
        refuses=lambda setup: _refusal(setup, accepts),
        residual=_residual(installed),
    )


def _residual(installed: str) -> NativeAdapter | None:
    """The adapter of its residual quantizers; None for a release from before they were there."""
    from .bridge_torch import TorchBridge

    try:
        residual = Construction("vector_quantize_pytorch", "ResidualFSQ").target()
    except AttributeError:
        return None
    channel_first = "is_channel_first" in inspect.signature(residual).parameters
    rule = next(rule for first, rule in _RESIDUAL_RULE if Version(installed) >= first)
    return NativeAdapter(
        identity=Identity(PACKAGE, installed, inspect.getsourcefile(residual), TorchBridge.framework),
        bridge=TorchBridge(),
        construct=residual_construction,
        rules=(rule,),
        layouts=("BTd", *(("BdT", "BdHW", "BdTHW") if channel_first else ())),
        offers=frozenset({Capability.INDICES, Capability.DECODE, Capability.STAGE_CODES})
        | {Capability.STAGE_DROPOUT, Capability.GROUPS},
        refuses=whole_codebook,
        speaks=lambda _: RESIDUAL,
    )


def residual_construction(setup: Setup) -> Construction:
    """The constructor call of a residual setup; `GroupedResidualFSQ` for several groups."""
    arguments: dict[str, object] = {"dim": setup.groups * len(setup.levels), "levels": list(setup.levels)}
    arguments["num_quantizers"] = setup.stages
    if setup.layout != "BTd":
        arguments["is_channel_first"] = True
    if setup.stage_dropout:
        arguments["quantize_dropout"] = True
    if setup.groups == 1:
        return Construction("vector_quantize_pytorch", "ResidualFSQ", arguments)
    return Construction("vector_quantize_pytorch", "GroupedResidualFSQ", {"groups": setup.groups, **arguments})


def construction(setup: Setup, accepts: frozenset[str]) -> Construction:
    """The constructor call of a setup: only what differs from the release's defaults is said."""
    symmetric, clamped = setup.rule.startswith("symmetric"), setup.rule.endswith("-clamp")
    noise_name = "noise_dropout" if "noise_dropout" in accepts else "noise_approx_prob"
    wanted = {
        "dim": setup.width,
        "num_codebooks": setup.num_codebooks if setup.num_codebooks > 1 else None,
        "channel_first": True if setup.layout == "BdT" else None,
        "return_indices": False if prod(setup.levels) > LARGEST_CODEBOOK_BUILT else None,
        "preserve_symmetry": True if symmetric else None,
        "bound_hard_clamp": True if clamped else None,
        noise_name: setup.noise,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return Construction("vector_quantize_pytorch", "FSQ", {"levels": list(setup.levels), **given})


def _rules(release: Version, accepts: frozenset[str]) -> tuple[str, ...]:
    default = next(rule for first, rule in _DEFAULT_RULE if release >= first)
    symmetric = ("symmetric",) if "preserve_symmetry" in accepts else ()
    bases = (default, *symmetric)
    return bases + (tuple(f"{base}-clamp" for base in bases) if "bound_hard_clamp" in accepts else ())


def _layouts(accepts: frozenset[str]) -> tuple[str, ...]:
    if "num_codebooks" not in accepts:
        return ("BTd", "Bd", "d")  # 1.8: no einops, any shape with the channels last
    return ("BTd", "BdHW", "BdTHW", *(("BdT",) if "channel_first" in accepts else ()))


def _offers(accepts: frozenset[str]) -> frozenset[Capability]:
    options = {
        Capability.CODEBOOKS: {"num_codebooks"},
        Capability.PROJECTION: {"dim"},
        Capability.NOISE: {"noise_dropout", "noise_approx_prob"},
    }
    return frozenset(capability for capability, names in options.items() if names & accepts)


def _refusal(setup: Setup, accepts: frozenset[str]) -> str | None:
    if 2 in setup.levels and setup.rule.startswith("widened") and _refuses_two_levels():
        return "this release refuses L = 2 unless preserve_symmetry=True"
    if setup.noise and not setup.rule.startswith("symmetric"):
        return "noise_dropout belongs to preserve_symmetry=True"
    if prod(setup.levels) > LARGEST_CODEBOOK_BUILT and "return_indices" not in accepts:
        gigabytes = prod(setup.levels) * len(setup.levels) * 28 / 2**30
        return f"this release builds its whole codebook: about {gigabytes:.0f} GiB for these levels"
    return None


@lru_cache(maxsize=1)
def _refuses_two_levels() -> bool:
    try:
        Construction("vector_quantize_pytorch", "FSQ", {"levels": [2, 3]}).build()
    except AssertionError:
        return True
    return False
