"""The record: what one run leaves behind, as typed values.

A record is a JSON Lines file. Its first line is a `Header`; then come one `TargetLine` a target, one `ClauseLine` a
clause that was planned, one `ResultLine` a case as it ends, a `BaselineLine` if the run knew of failures, and a `Footer`.
A record without a footer was cut short;
everything that was written still reads. Every report is a pure function of these lines and needs nothing else.

`StaircaseLine` and `GradientLine` stand among the results: what was measured for the pictures. They are no cases and
judge nothing, and a record without them is as complete as one with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Literal, overload

import msgspec

SCHEMA_VERSION = 1

Outcome = Literal["pass", "fail", "error", "crash", "timeout", "unsupported", "xfail", "xpass", "not-run"]
Severity = Literal["must", "should", "may"]

OUTCOMES: tuple[Outcome, ...] = (
    "pass",
    "fail",
    "error",
    "crash",
    "timeout",
    "unsupported",
    "xfail",
    "xpass",
    "not-run",
)
SEVERITIES: tuple[Severity, ...] = ("must", "should", "may")

#: Outcomes of a case to which the target gave no answer.
MUTE: frozenset[Outcome] = frozenset({"error", "crash", "timeout"})
#: Outcomes of a case that ran and did not conform.
BAD: frozenset[Outcome] = MUTE | {"fail"}
#: Outcomes of a case in which the target answered and was judged.
JUDGED: frozenset[Outcome] = BAD | {"pass", "xfail", "xpass"}


class _Line(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What all lines share: an object with a `type`."""


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run happened."""

    python: str
    platform: str
    processor: str
    cores: int
    packages: Mapping[str, str]


class Header(_Line, frozen=True, tag="header", kw_only=True):
    """The first line: how and where the run was started."""

    schema: int = SCHEMA_VERSION
    fsqcheck: str
    started: str
    command: tuple[str, ...]
    environment: Environment
    tier: str
    seed: int


class TargetLine(_Line, frozen=True, tag="target", kw_only=True):
    """One target, what it says of itself, and what was planned for it.

    `planned` counts the planned cases of every clause. `plan_digest` is the SHA-256 of the sorted case ids, one a line,
    so that a run that silently tried other cases is seen. A target that could not be loaded has `loaded` false, the
    one-line `reason`, and no plan.
    """

    name: str
    version: str | None = None
    origin: str | None = None
    framework: str | None = None
    rules: tuple[str, ...] = ()
    loaded: bool = True
    reason: str | None = None
    planned: Mapping[str, int] = {}
    plan_digest: str | None = None


class ClauseLine(_Line, frozen=True, tag="clause", kw_only=True):
    """One clause of the contract, as it read when the run was made.

    `page`: where the repository of fsqcheck says more of it, as a path relative to its root.
    """

    id: str
    severity: Severity
    title: str
    sentence: str
    meaning: str
    source: str
    page: str | None = None


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the input: its shortest decimal, and its bits in hex (`0x3e13…`) with the dtype's width."""

    decimal: str
    bits: str


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """How far an answer is from the nearest correct one.

    `tolerance_units`: the error in the level coordinate (or, for codes and gradients, in the value) over the tolerance
    of the clause; above 1 is wrong. `ulps`: the floats of the dtype that lie between; null where a float is not what
    was compared (an index, a shape) or the count is not finite.
    """

    tolerance_units: float | None = None
    ulps: float | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a failure shows: enough to believe it and to reproduce it without this suite."""

    observed: str
    expected: str
    input: tuple[Number, ...] = ()
    input_note: str | None = None
    distance: Distance | None = None
    wrong: int | None = None
    tried: int | None = None
    rerun: str | None = None
    script: str | None = None
    details: Mapping[str, str] = {}


class ResultLine(_Line, frozen=True, tag="result", kw_only=True):
    """The outcome of one case. `id` is stable across releases of the target, so two records align on it."""

    id: str
    clause: str
    severity: Severity
    target: str
    rule: str
    levels: tuple[int, ...]
    dtype: str
    device: str
    mode: str
    variant: str | None = None
    outcome: Outcome
    seconds: float
    message: str | None = None
    evidence: Evidence | None = None
    digest: str | None = None
    ended: Outcome | None = None
    known: str | None = None


#: How the message of a case starts in which the suite failed, and not its target.
OWN_FAULT = "fsqcheck itself failed"


def is_own_fault(result: ResultLine) -> bool:
    """Whether the suite failed, and not the target."""
    return result.outcome == "error" and (result.message or "").startswith(OWN_FAULT)


class BaselineLine(_Line, frozen=True, tag="baseline", kw_only=True):
    """What came of the known failures that the run was told of; a run without a baseline has no such line.

    `problems` are one line each: an unexpected pass, an expired entry, an entry that matches nothing. They are errors,
    unless `allow_stale` says that they are only to be told. `idle` counts entries about cases that this run did not try.
    """

    file: str
    entries: int
    problems: tuple[str, ...] = ()
    allow_stale: bool = False
    idle: int = 0


class StaircaseLine(_Line, frozen=True, tag="staircase", kw_only=True):
    """Where one channel of a target steps, beside where the rule says that it should; for pictures, not judged.

    All tuples over thresholds are `levels` - 1 long, ascending: `exact` is the smallest float of the dtype on or above
    each threshold, [`lo`, `hi`) the floats between which a right target may step, `observed` the smallest float at
    which the target was seen on or above the step, `units` and `ulps` how far that is from a right place (above 0: too
    high; |units| > 1 is wrong). `codes` are those seen in the middle of each level, `expected_codes` those of the grid;
    both `levels` long. null is a number that is not finite or was not seen. With a `reason` nothing was measured.
    """

    target: str
    rule: str
    levels: int
    dtype: str
    reason: str | None = None
    exact: tuple[float | None, ...] = ()
    lo: tuple[float | None, ...] = ()
    hi: tuple[float | None, ...] = ()
    observed: tuple[float | None, ...] = ()
    units: tuple[float | None, ...] = ()
    ulps: tuple[int | None, ...] = ()
    codes: tuple[float | None, ...] = ()
    expected_codes: tuple[float | None, ...] = ()


class GradientLine(_Line, frozen=True, tag="gradient", kw_only=True):
    """The slope that one channel of a target passes on, d code / d z, at `z`, beside the analytic one; not judged.

    The three tuples are equally long. null is a number that is not finite. With a `reason` nothing was measured.
    """

    target: str
    rule: str
    levels: int
    dtype: str
    reason: str | None = None
    z: tuple[float | None, ...] = ()
    observed: tuple[float | None, ...] = ()
    expected: tuple[float | None, ...] = ()


class Footer(_Line, frozen=True, tag="footer", kw_only=True):
    """The last line: the run came to its end."""

    finished: str
    seconds: float
    results: int
    outcomes: Mapping[str, int]
    broke: str | None = None


#: What was measured for the pictures: neither a case nor part of the plan.
Measurement = StaircaseLine | GradientLine

Line = Header | TargetLine | ClauseLine | ResultLine | StaircaseLine | GradientLine | BaselineLine | Footer


class Chosen(Sequence[ResultLine]):
    """Those of many results that meet a condition. None is held: they are gone through again each time."""

    def __init__(self, among: Sequence[ResultLine], condition: Callable[[ResultLine], bool]) -> None:
        self._among = among
        self._condition = condition

    def __iter__(self) -> Iterator[ResultLine]:
        return filter(self._condition, self._among)

    @cached_property
    def _count(self) -> int:
        return sum(1 for _ in self)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> ResultLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ResultLine]: ...
    def __getitem__(self, index: int | slice) -> ResultLine | Sequence[ResultLine]:
        if isinstance(index, slice):
            return tuple(islice(self, *index.indices(len(self))))
        for result in islice(self, range(len(self))[index], None):
            return result
        raise IndexError(index)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A whole record. The results are a tuple, or, in a record that was streamed, a sequence that is read again."""

    header: Header
    targets: tuple[TargetLine, ...] = ()
    clauses: tuple[ClauseLine, ...] = ()
    results: Sequence[ResultLine] = ()
    staircases: tuple[StaircaseLine, ...] = ()
    gradients: tuple[GradientLine, ...] = ()
    baseline: BaselineLine | None = None
    footer: Footer | None = None

    def of(self, target: str) -> Sequence[ResultLine]:
        """The results of one target, in the order in which they ended."""
        return self.those(lambda result: result.target == target)

    def those(self, condition: Callable[[ResultLine], bool]) -> Sequence[ResultLine]:
        """The results that meet a condition, in the order in which they ended."""
        if isinstance(self.results, tuple):
            return tuple(filter(condition, self.results))
        return Chosen(self.results, condition)

    def clause(self, id: str) -> ClauseLine:
        """The clause with this id; `KeyError` if the record names none."""
        for clause in self.clauses:
            if clause.id == id:
                return clause
        raise KeyError(id)


def tally(results: Iterable[ResultLine]) -> Counter[Outcome]:
    """How many results have each outcome."""
    return Counter(result.outcome for result in results)
