"""What was measured: the values that the terminal, Markdown and JSON show."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..reports import schema_of_object

#: The version of the JSON that is written; a reader refuses a greater one than it knows.
SCHEMA_VERSION = 1


class Latents(msgspec.Struct, frozen=True):
    """The vectors: what they are in words, how many were compared, how many were left out because they hold NaN."""

    words: str
    compared: int
    left_out: int


class Member(msgspec.Struct, frozen=True):
    """One target: its name with the rule, version, framework, whether it decodes, and why it has no gradient, if so."""

    name: str
    rule: str
    version: str | None
    framework: str
    decodes: bool
    no_gradient: str | None


class Region(msgspec.Struct, frozen=True):
    """Where a channel's level changes: around step `step`, from level step-1 to level step, of the first target's rule.

    threshold: where that step lies. changed: how many inputs nearest to it change their level; borderline: how many of
    these lie within rounding error of a step of either rule. lowest, highest: the inputs that change, from … to.
    farthest: the largest distance of one of them from the threshold.
    """

    step: int
    threshold: float
    changed: int
    borderline: int
    lowest: float
    highest: float
    farthest: float


class Channel(msgspec.Struct, frozen=True):
    """One channel: how many levels it has, how many inputs change theirs, and where, the most frequent region first.

    gradient_largest, gradient_mean: of the absolute difference of the slopes; None where either has no gradient, and where
    one is not a number.
    """

    channel: int
    levels: int
    changed: int
    regions: tuple[Region, ...]
    gradient_largest: float | None
    gradient_mean: float | None


class Decoding(msgspec.Struct, frozen=True):
    """Indices of `sender`, decoded by `receiver`, beside the sender's own codes; both are positions in `members`.

    scope: every index of the codebook, those of sampled vectors, or none, and then `reason` says why. compared: how many
    indices. differ: how many decode to other codes; all of them where the receiver raises, and then `reason` says what.
    largest: the largest difference of two codes.
    """

    sender: int
    receiver: int
    scope: Literal["codebook", "samples", "none"]
    compared: int
    differ: int
    largest: float | None
    reason: str | None


class Pair(msgspec.Struct, frozen=True):
    """Two targets, as positions in `members`.

    tokens: how many vectors get another index. renumbered: how many of these have the same level indices all the same.
    borderline: how many change only in channels that lie within rounding error of a step. gradient_largest,
    gradient_mean: as in `Channel`, over all channels.
    """

    first: int
    second: int
    tokens: int
    renumbered: int
    borderline: int
    channels: tuple[Channel, ...]
    decodings: tuple[Decoding, ...]
    gradient_largest: float | None
    gradient_mean: float | None

    @property
    def alike(self) -> bool:
        """Whether no index was found that decodes to other codes."""
        return not any(one.differ for one in self.decodings)

    @property
    def exchangeable(self) -> bool:
        """Whether no token changes and no index decodes to other codes."""
        return self.tokens == 0 and self.alike


class Interop(msgspec.Struct, frozen=True):
    """A comparison of every two of the targets."""

    schema: int
    fsqcheck: str
    levels: tuple[int, ...]
    inputs: Latents
    members: tuple[Member, ...]
    pairs: tuple[Pair, ...]

    @property
    def status(self) -> int:
        """0 where every two give the same tokens and no index decodes to other codes, else 1."""
        return 0 if all(pair.exchangeable for pair in self.pairs) else 1

    def between(self, first: int, second: int) -> Pair:
        """The pair of two members, in whichever order."""
        wanted = (min(first, second), max(first, second))
        return next(pair for pair in self.pairs if (pair.first, pair.second) == wanted)


def render_json(found: Interop) -> str:
    """The comparison as one JSON object; infinities and NaN are null."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def interop_schema() -> dict[str, Any]:
    """The JSON Schema of what `render_json` writes."""
    id = f"urn:fsqcheck:interop:{SCHEMA_VERSION}"
    return schema_of_object(Interop, id=id, title="A comparison of FSQ targets", constants={"schema": SCHEMA_VERSION})
