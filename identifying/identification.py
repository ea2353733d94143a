"""What is found of one target under one claim."""

from __future__ import annotations

from typing import Any

import msgspec

from ..reports import schema_of_object

#: The version of the JSON that is written; a reader refuses a greater one than it knows.
SCHEMA_VERSION = 1


class Refused(msgspec.Struct, frozen=True):
    """A list of levels that could not be asked, and why."""

    levels: tuple[int, ...]
    reason: str


class Nearness(msgspec.Struct, frozen=True):
    """How near a rule is to what was seen.

    units: the largest distance of a level from an allowed one, in half-widths of the tolerance band; at most 1 fits.
    share: of N(0,1) inputs that take another level, in the channel where that is most. fits: the L at which the rule
    fits, ties included. undefined: the L for which there is no such rule; the distance is that of the others.
    """

    rule: str
    units: float
    share: float
    fits: tuple[int, ...]
    undefined: tuple[int, ...]


class Evidence(msgspec.Struct, frozen=True):
    """Where the named rule and the runner-up differ most: `what` is a threshold, a tie (a level index) or a code.

    place: in words, e.g. `step 3 of L = 8`. named, other: what the two rules say; None: a threshold that no number reaches.
    """

    what: str
    place: str
    observed: float | None
    named: float | None
    other: float | None
    other_rule: str


class Identification(msgspec.Struct, frozen=True, kw_only=True):
    """Which rules a target computes, and what that is known from.

    rules: those that fit at every L, `()` for none of the known ones; more than one where they cannot be told apart, which
    `why_together` explains. nearest: the known rules, the nearest first. accuracy: the dtype whose tolerance band it is
    held to. seen: `codes` or `indices`. differs: what is not as the named rule has it, in words. changed: the share of
    tokens of `changed_levels` that change for N(0,1) inputs against the claimed rule; None without a claim.
    """

    schema: int = SCHEMA_VERSION
    target: str
    version: str | None
    claim: str | None
    rules: tuple[str, ...]
    agrees: bool
    dtype: str
    accuracy: str
    seen: str
    asked: tuple[int, ...]
    refused: tuple[Refused, ...]
    nearest: tuple[Nearness, ...]
    evidence: Evidence | None
    why_together: str | None
    packing: str
    gradient: str
    differs: tuple[str, ...]
    changed: float | None
    changed_levels: tuple[int, ...]


def identification_schema() -> dict[str, Any]:
    """The JSON Schema of one line that `identify --json` prints."""
    id, title = f"urn:fsqcheck:identification:{SCHEMA_VERSION}", "Which rule an FSQ target computes"
    return schema_of_object(Identification, id=id, title=title, constants={"schema": SCHEMA_VERSION})
