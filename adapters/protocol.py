"""What an adapter is asked, and in which words it answers: everything in NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

Array = NDArray[Any]


class Capability(StrEnum):
    """A question that not every target can answer; what a target lacks is reported as unsupported."""

    CODES = "codes"
    """the forward call gives codes; those of a target that gives indices only are its digits, read off them"""
    INDICES = "indices"
    """the forward call gives indices"""
    ENCODE = "codes_to_indices"
    """codes can be turned into indices"""
    DECODE = "indices_to_codes"
    """indices can be turned into codes"""
    GRADIENT = "gradient"
    """gradients flow to the input"""
    TRAIN = "train"
    """there is a training mode"""
    NOISE = "noise"
    """training can replace quantization by noise, with a probability (arXiv 2411.19842 §3.2)"""
    STAGE_CODES = "stage codes"
    """a residual quantizer gives the codes of each stage by themselves"""
    STAGE_DROPOUT = "stage dropout"
    """a residual quantizer can leave out last stages in training, marks them by -1, and decodes what is marked so"""
    GROUPS = "groups"
    """a residual quantizer can hold several groups of channels"""
    CODEBOOKS = "num_codebooks"
    """one quantizer can hold several codebooks"""
    PROJECTION = "projection"
    """the input can have another width than the codebook; linear maps lie before and after"""
    STATE = "state"
    """it can be copied, pickled, or rebuilt from its state"""
    CAST = "cast"
    """it can be moved to another dtype"""
    AUTOCAST = "autocast"
    """it can run in a mixed-precision region"""
    INFERENCE = "inference mode"
    """it can run where nothing will ever be differentiated"""
    TAPE = "tape"
    """forward and backward pass are two calls, which can be run in each of `WAYS_BACK`"""
    DEFAULT_DTYPE = "default dtype"
    """its framework has a dtype for numbers that come without one"""
    COMPILE = "compile"
    """it can be compiled"""
    WEIGHTS = "weights"
    """its framework has weights that learn"""
    FOOTPRINT = "footprint"
    """the memory that it holds can be measured"""


#: Ways to run a backward pass: of an input that was itself computed, of one that is a parameter, after another forward call,
#: after a switch of the mode, twice over one graph, after a forward call in a mixed-precision region of bfloat16.
WAYS_BACK = ("derived", "parameter", "interleaved", "switched", "twice", "autocast")


@dataclass(frozen=True)
class Setup:
    """What to build: one quantizer.

    width: the size of the input's channel axis where projections are wanted; None: one channel for each of `levels`
    (times `num_codebooks`).
    noise: the probability of noise in training; None: built without saying anything of noise.
    default_dtype: what the framework's default dtype is while it is built, and then no more; None: as ever.
    stages: of a residual quantizer, whose `rule` is a residual one; None: no residual quantizer. groups: how many groups
    of `levels` it quantizes side by side. stage_dropout: in training each call leaves out some of the last stages.
    moved: the dtypes that it was moved to since it was built, in their order, for scripts.
    """

    levels: tuple[int, ...]
    rule: str
    dtype: str = "float32"
    device: str = "cpu"
    layout: str = "BTd"
    training: bool = False
    compiled: bool = False
    noise: float | None = None
    num_codebooks: int = 1
    width: int | None = None
    default_dtype: str | None = None
    stages: int | None = None
    groups: int = 1
    stage_dropout: bool = False
    moved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a forward call gave: codes as the target laid them out, indices or None.

    device, index_device: where codes and indices were, in the words of `Setup.device`. received: the input as it was
    after the call, on the host; a target that writes into its input is seen here.
    """

    codes: Array
    indices: Array | None
    device: str
    index_device: str | None
    received: Array


@dataclass(frozen=True)
class Identity:
    """What a target is: where its code came from and which framework it runs on."""

    name: str
    version: str | None
    origin: str | None
    framework: str


@dataclass(frozen=True)
class Probe:
    """One question to a target, small enough to print: what a reproduction script asks.

    kind: `forward`, `codes_to_indices`, `indices_to_codes`, `stage codes`, `round trip` (index → code → index), `vjp`,
    `noise` (share and amplitude over many draws) or `construct`.
    array: the input as the target gets it; with `ramp` only its shape counts and the values run from -2.5 to 2.5.
    """

    kind: str
    array: Array | None = None
    upstream: Array | None = None
    ramp: bool = False


class Quantizer(Protocol):
    """One quantizer that was built. Codes and indices have the shapes of its `Setup.layout`.

    The indices of a residual one have one axis more, of the stages, behind the positions or in the channels' place; those
    of several groups begin with the groups' axis.
    """

    setup: Setup

    def quantize(
        self, z: Array, *, tracked: bool = False, autocast: str | None = None, inference: bool = False
    ) -> Answer:
        """Quantize an array; with `tracked`, as in training, with gradients recorded; with `inference`, in its mode."""
        ...

    def vjp(self, z: Array, upstream: Array, *, way: str | None = None) -> tuple[Answer, Array]:
        """The answer with gradients recorded, and the gradient of Σ codes·upstream at `z`; `way`: one of `WAYS_BACK`."""
        ...

    def codes_to_indices(self, codes: Array, *, tracked: bool = False, autocast: str | None = None) -> Array:
        """The indices of codes (…, d), channels last; with `tracked`, of codes whose gradient is recorded."""
        ...

    def indices_to_codes(self, indices: Array, *, autocast: str | None = None) -> Array:
        """The codes of indices of the layout's positions, in the layout."""
        ...

    def train(self, mode: bool) -> None:
        """Switch training on or off."""
        ...

    def copied(self, how: str) -> Quantizer:
        """A copy of it: `how` is `deepcopy`, `pickle`, `state` (a new one that loads this one's state) or `reloaded` (one
        that has given an answer before it loads it)."""
        ...

    def cast(self, dtype: str) -> Quantizer:
        """It, moved to another dtype."""
        ...

    def held_bytes(self) -> int:
        """The memory that it holds, in bytes."""
        ...

    def weights(self, z: Array, upstream: Array) -> dict[str, str]:
        """Its weights that move the codes of `z`: name → what is wrong with what they get for Σ codes·upstream, in words;
        empty for a gradient that is finite and not 0 everywhere."""
        ...

    def weights_behind(self, z: Array) -> dict[str, str]:
        """Weights of a layer behind its codes of `z`, behind its indices, or behind what it decodes: name → what is wrong with
        what they get, as `weights` says it."""
        ...


class ResidualQuantizer(Quantizer, Protocol):
    """A residual quantizer that was built."""

    def stage_codes(self, indices: Array) -> Array:
        """The codes of each stage for indices as it gave them, (stages, positions…, d)."""
        ...


@runtime_checkable
class Adapter(Protocol):
    """How to talk to one implementation. `rules`, `layouts` and `dtypes` are what it claims, the default first."""

    @property
    def identity(self) -> Identity:
        """What the target is."""
        ...

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it claims; empty when it does not say."""
        ...

    @property
    def layouts(self) -> tuple[str, ...]:
        """The layouts that it accepts."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes of input that it accepts."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The questions that it can answer."""
        ...

    def devices(self) -> tuple[str, ...]:
        """The devices on which it can run here and now."""
        ...

    def refusal(self, setup: Setup) -> str | None:
        """Why it declares that it cannot build this, in one line; None when it can."""
        ...

    def build(self, setup: Setup) -> Quantizer:
        """Build a quantizer; whatever the target's constructor raises comes through."""
        ...

    def guard(self) -> AbstractContextManager[None]:
        """Seeds every generator on the way in; puts seeds, threads, default dtype and the like back on the way out."""
        ...

    def script(self, setup: Setup, probe: Probe) -> str | None:
        """A few lines that put the probe to the target with nothing but the target's own library; None if none can."""
        ...


def residual_of(adapter: Adapter) -> Adapter | None:
    """How to talk to a target's residual quantizer, where it has one: an adapter whose rules are residual ones.

    It is the attribute `residual` of an adapter, which may be missing.
    """
    found: Adapter | None = getattr(adapter, "residual", None)
    return found


def surroundings_of(adapter: Adapter, stir: bool) -> dict[str, str] | None:
    """What the target's process has set, by name, in words; with `stir`, after each generator has drawn a number and the
    number of threads was changed.

    It is the method `surroundings` of an adapter, which may be missing: None.
    """
    found: Callable[[bool], dict[str, str]] | None = getattr(adapter, "surroundings", None)
    return None if found is None else found(stir)


def loss_of(adapter: Adapter, device: str) -> str | None:
    """What a device says that can no longer be used in this process, in one line; None where it can.

    It is the method `lost` of an adapter, which may be missing: then no device is ever lost.
    """
    found: Callable[[str], str | None] | None = getattr(adapter, "lost", None)
    return None if found is None else found(device)


def only_levels_of(adapter: Adapter) -> tuple[int, ...] | None:
    """The one list of levels that a target can be built with; None where it takes more.

    It is the attribute `only_levels` of an adapter, which may be missing.
    """
    found: tuple[int, ...] | None = getattr(adapter, "only_levels", None)
    return found


class TargetUnavailableError(Exception):
    """A target could not be found, imported or built; the message is one line and says what to do."""
