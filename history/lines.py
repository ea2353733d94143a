"""The history record: what many runs, one a release of a package, leave behind, as typed values.

A history is a JSON Lines file: a `HistoryHeader`, then the `ClauseLine`s that the runs were made with, and one
`ReleaseLine` a release as its run ends, in any order. A release line is the digest of a whole record: some kilobytes, so
that hundreds of them fit in memory. Releases that the header names and no line tells of were not reached yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import msgspec

from ..reports import ClauseLine, Environment, Outcome
from ..reports.uses import State

SCHEMA_VERSION = 1


class HistoryHeader(msgspec.Struct, frozen=True, tag_field="type", tag="history", kw_only=True):
    """The first line: of which package, how the runs were made, and which releases were to be run, in ascending order.

    `rules` and `clauses` are those that the runs were restricted to; empty means all.
    """

    schema: int = SCHEMA_VERSION
    package: str
    fsqcheck: str
    started: str
    command: tuple[str, ...]
    tier: str
    seed: int
    rules: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """The simplest failing case of a clause, cut to what a page shows of it."""

    id: str
    outcome: Outcome
    message: str | None = None
    observed: str | None = None
    expected: str | None = None
    rerun: str | None = None
    script: str | None = None
    fingerprint: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one clause under one rule in one release.

    `plan` is a hash of the ids of its cases, `answers` one of the ids and answers of those that passed; null where none
    has an answer that could be hashed. `reason` is the most frequent reason where nothing was judged.
    """

    outcomes: Mapping[Outcome, int]
    plan: str
    answers: str | None = None
    example: Example | None = None
    reason: str | None = None


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """What the run says of one use under one rule, and the clauses that speak against it."""

    state: State
    against: tuple[str, ...] = ()


class ReleaseLine(msgspec.Struct, frozen=True, tag_field="type", tag="release", kw_only=True):
    """One release: the digest of its run, or, with a `reason`, why nothing is known of it.

    `clauses` and `uses` are by rule, then by clause id and by the words of the use. `source` is a hash of what its quantizer
    is written in; one that has the same as another was not run itself, and `as_in` says whose run it was.
    """

    version: str
    date: str | None = None
    yanked: bool = False
    reason: str | None = None
    verdict: str | None = None
    seconds: float | None = None
    environment: Environment | None = None
    clauses: Mapping[str, Mapping[str, Held]] = {}
    uses: Mapping[str, Mapping[str, Fit]] = {}
    source: str | None = None
    as_in: str | None = None


HistoryLine = HistoryHeader | ClauseLine | ReleaseLine


class History(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A whole history. `releases` are in ascending order and include those not reached, which have a `reason`."""

    header: HistoryHeader
    clauses: tuple[ClauseLine, ...] = ()
    releases: tuple[ReleaseLine, ...] = ()
    missing: tuple[str, ...] = ()

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """All rules that any release was tried under, those of the newest release first."""
        return tuple(dict.fromkeys(rule for release in reversed(self.known) for rule in release.clauses))

    @cached_property
    def known(self) -> tuple[ReleaseLine, ...]:
        """The releases of which something is known."""
        return tuple(release for release in self.releases if release.reason is None)

    @property
    def newest(self) -> ReleaseLine | None:
        """The newest release of which something is known."""
        return self.known[-1] if self.known else None
