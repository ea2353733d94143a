"""What a child says to its guard: the lines of its record, and what it is doing.

A child is a process in which somebody else's code runs, so nothing that it says is more than JSON.
"""

from __future__ import annotations

import os

import msgspec

from ..reports.record import (
    BaselineLine,
    ClauseLine,
    Footer,
    GradientLine,
    Header,
    ResultLine,
    StaircaseLine,
    TargetLine,
)
from ..sweeping import RangeLine, SweptTarget


class Planned(msgspec.Struct, frozen=True, tag_field="type", tag="planned", kw_only=True):
    """The names of all tests that the child will run, in order."""

    names: tuple[str, ...]


class Started(msgspec.Struct, frozen=True, tag_field="type", tag="started", kw_only=True):
    """The name of the test that starts."""

    name: str


class Source(msgspec.Struct, frozen=True, tag_field="type", tag="source", kw_only=True):
    """A hash of what the child's target is written in, as `recognizing` makes it; null where there is none."""

    digest: str | None


Said = (
    SweptTarget
    | RangeLine
    | Header
    | TargetLine
    | ClauseLine
    | ResultLine
    | StaircaseLine
    | GradientLine
    | BaselineLine
    | Footer
    | Planned
    | Started
    | Source
)
_DECODER: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def say(channel: int, what: Planned | Started | Source | SweptTarget | RangeLine) -> None:
    """Writes a line into the file descriptor `channel`."""
    rest = memoryview(msgspec.json.encode(what) + b"\n")
    while rest:
        rest = rest[os.write(channel, rest) :]


def heard(line: bytes) -> Said | None:
    """A line that a child wrote; None for one that is none of the suite's."""
    try:
        found: Said = _DECODER.decode(line)
    except (msgspec.DecodeError, ValueError):
        return None
    return found
