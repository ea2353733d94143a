"""The record of a sweep, as typed values.

It is a JSON Lines file: a `SweepHeader`, a `SweptTarget`, one `RangeLine` a range of bit patterns as it ends, and, when all
have, a `SweepResult`. A range line holds all that is kept of its inputs, so that a result is a pure function of them, and it
does not matter who tried which range, or when. Bit patterns are hex digits, as JSON's readers lose the last bits of large
numbers.
"""

from __future__ import annotations

import msgspec

from ..reports import Environment

SCHEMA_VERSION = 1


class SweepHeader(msgspec.Struct, frozen=True, tag_field="type", tag="sweep", kw_only=True):
    """The first line: what was asked.

    `judged`: of which channels something can be judged. From the bit pattern `first` to below `end`; `every` is false where
    only windows of them are tried; `inputs`: how many; `ranges`: in how many ranges.
    """

    schema: int = SCHEMA_VERSION
    fsqcheck: str
    started: str
    command: tuple[str, ...]
    environment: Environment
    target: str
    rule: str
    levels: tuple[int, ...]
    judged: tuple[bool, ...]
    dtype: str
    held: str
    device: str
    mode: str
    first: str
    end: str
    every: bool
    inputs: int
    ranges: int


class SweptTarget(msgspec.Struct, frozen=True, tag_field="type", tag="sweep-target", kw_only=True):
    """The target, and what it says of itself; not `loaded`, the `reason` on one line."""

    name: str
    version: str | None = None
    origin: str | None = None
    framework: str | None = None
    loaded: bool = True
    reason: str | None = None


class SeenLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One level of one channel: how many inputs took it, the lowest and the highest of them, and the smallest and the
    largest code that they got, in the codes' own bits."""

    level: int
    count: int
    lowest: str
    highest: str
    codes: tuple[str, str]


class SweptChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of a range. `codes`: the dtype of its codes; null where none came."""

    levels: int
    codes: str | None
    seen: tuple[SeenLevel, ...] = ()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One input, and what it got. `units`: the distance from what is right in tolerance units; `ulps`: in floats."""

    bits: str
    decimal: str
    observed: str
    expected: str
    units: float | None = None
    ulps: int | None = None


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in one way: how many inputs of which channel, the worst and the simplest of them."""

    kind: str
    channel: int | None
    count: int
    worst: Sample
    simplest: Sample


class RangeLine(msgspec.Struct, frozen=True, tag_field="type", tag="range", kw_only=True):
    """The bit patterns from `first` to below `end`.

    `tried`: how many were; fewer than there are only where the target raised. `nans`: how many of them were NaN;
    `refused`: for how many of those the target raised. `indices`: whether indices came and were compared. `seconds`: how long
    it took; `peak_mib`: the most memory that the process has held so far, in MiB, and `device_mib` the most of the device's
    own.
    """

    first: str
    end: str
    tried: int
    nans: int
    refused: int
    indices: bool
    channels: tuple[SweptChannel, ...]
    faults: tuple[Fault, ...] = ()
    seconds: float = 0.0
    peak_mib: int = 0
    device_mib: int = 0


class SeenStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a channel: the smallest float on or above it, the borders of its band, and where it was seen.

    `observed`: the smallest input that took level `step` or a higher one; null where there is none, or none that took a lower
    one. `units`, `ulps`: how far that is from the exact step, positive for too high. `overlap`: how many inputs from there
    on took a lower level still; above 0 the target is not monotone there.
    """

    channel: int
    step: int
    exact: str | None
    lo: str | None
    hi: str | None
    observed: str | None = None
    units: float | None = None
    ulps: int | None = None
    overlap: int | None = None


class SweepResult(msgspec.Struct, frozen=True, tag_field="type", tag="sweep-result", kw_only=True):
    """The last line: what the ranges say together.

    `misclassified`: how many (input, channel) took a level that the staircase does not allow. `monotone`: whether no input
    took a lower level than a smaller one; null where not every input was tried. `unmirrored`: how many inputs break the
    rule's mirror symmetry, all inside the bands unless levels are wrong; null where the rule has none or not every input was
    tried. `indices`: whether indices came and were compared. `uneven`: how many levels have more than one code, within
    rounding. `verdict`: `conforms` or `does not conform`.
    """

    finished: str
    verdict: str
    tried: int
    nans: int
    refused: int
    misclassified: int
    monotone: bool | None
    unmirrored: int | None
    indices: bool
    uneven: int
    steps: tuple[SeenStep, ...]
    faults: tuple[Fault, ...]
    seconds: float
    peak_mib: int
    device_mib: int = 0


SweepLine = SweepHeader | SweptTarget | RangeLine | SweepResult
