"""What a comparison of two records says, as typed values: the JSON that `fsqcheck compare --json` writes is these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from .record import Outcome, Severity
from .writing import encode_value

SCHEMA_VERSION = 1
ID = f"urn:fsqcheck:comparison:{SCHEMA_VERSION}"

Kind = Literal[
    "regressed",
    "clause-changed",
    "environment-changed",
    "removed",
    "fails-differently",
    "values-changed",
    "new",
    "withdrawn",
    "fixed",
    "unchanged",
]

#: What each kind of change is, in words; the one that matters most first.
KINDS: dict[Kind, str] = {
    "regressed": "passed, and now fails, raises or is unsupported",
    "clause-changed": "the clause demands something else now, so the two cannot be compared",
    "environment-changed": "could be judged in one of the two places only",
    "removed": "is not in the new run",
    "fails-differently": "fails as before, but in another way",
    "values-changed": "passes as before, but the values changed",
    "new": "is not in the old run",
    "withdrawn": "failed, and is now unsupported",
    "fixed": "failed, and now passes",
    "unchanged": "is as it was",
}


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs: the target, its release, and the verdict on it."""

    target: str
    version: str | None
    started: str
    fsqcheck: str
    tier: str
    seed: int
    verdict: str
    judged: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A case that is not as it was. `message` and `rerun` are those of the new run, if it has the case."""

    kind: Kind
    id: str
    clause: str
    severity: Severity
    old: Outcome | None
    new: Outcome | None
    message: str | None
    rerun: str | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """All cases of one clause that changed in one way, and the first of them.

    `remedy` is the command that says how to mend a failure, there if the first of them fails now.
    """

    kind: Kind
    clause: str
    severity: Severity
    title: str
    cases: int
    example: Change
    remedy: str | None = None


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that the cases took which passed both times."""

    old: float
    new: float


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One target in both records.

    `counts` has every kind that occurs. `changes` lists what is not unchanged, the worst first; `left_out` are more of
    them. `timing` is there if both runs were made on one machine, and only to be told.
    """

    old: Side
    new: Side
    status: Literal[0, 1, 2, 3]
    words: str
    counts: Mapping[Kind, int]
    groups: tuple[Group, ...]
    changes: tuple[Change, ...]
    left_out: int
    timing: Timing | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every case from an old run to a new one.

    `status`: 0 the same or better, 1 a regression, 2 not comparable, 3 incomplete or less was run than before.
    `environment` says what differs between the two runs beside the target.
    """

    schema: int = SCHEMA_VERSION
    status: Literal[0, 1, 2, 3]
    words: str
    pairs: tuple[Pair, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    environment: tuple[str, ...]


def comparison_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a comparison."""
    (made,), definitions = msgspec.json.schema_components([Comparison], ref_template="#/$defs/{name}")
    definitions["Comparison"]["properties"]["schema"] = {"const": SCHEMA_VERSION}
    definitions["Comparison"]["required"].insert(0, "schema")
    for definition in definitions.values():
        definition["description"] = " ".join(definition["description"].split())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A comparison of two fsqcheck records",
        **made,
        "$defs": definitions,
    }


def render_json(comparison: Comparison) -> str:
    """The comparison as indented JSON."""
    return msgspec.json.format(encode_value(comparison), indent=2).decode() + "\n"
