"""The ways in which a case can end otherwise than well, as exceptions that carry their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ..adapters import Probe, Setup

Array = NDArray[Any]


@dataclass(frozen=True)
class Finding:
    """What a failure shows.

    message: one sentence that needs no knowledge of the test. observed, expected: in words and numbers. input: the
    numbers that show it, in the case's dtype. units: distance in tolerance units; ulps: in floats of the dtype. wrong,
    tried: how many answers of how many were wrong. probe and setup: what a reproduction script asks of what.
    """

    message: str
    observed: str
    expected: str
    input: Array | None = None
    input_note: str | None = None
    units: float | None = None
    ulps: float | None = None
    wrong: int | None = None
    tried: int | None = None
    probe: Probe | None = None
    setup: Setup | None = None
    details: Mapping[str, str] = field(default_factory=dict)


class NonConformanceError(AssertionError):
    """The target answered, and the answer breaks the clause."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(f"{finding.message}\n  observed: {finding.observed}\n  expected: {finding.expected}")


class TargetRaisedError(Exception):
    """The target raised where the clause needs an answer."""

    def __init__(self, asked: str, error: BaseException, setup: Setup, probe: Probe | None = None) -> None:
        self.asked, self.error, self.setup, self.probe = asked, error, setup, probe
        super().__init__(f"{asked} raised {self.what()}")

    def what(self) -> str:
        """The error in one line."""
        said = " ".join(str(self.error).split())[:400]
        return f"{type(self.error).__name__}: {said}" if said else type(self.error).__name__


class WrongAnswerError(Exception):
    """The target answered with something that this clause cannot read, such as codes of another shape."""


class UnsupportedError(Exception):
    """The target declares that it cannot do what the clause asks."""


class RefusedError(UnsupportedError):
    """The target's constructor refuses, in so many words, what it was asked to build."""


class NotJudgedError(Exception):
    """The case could not be judged here: a device that is missing, a band that covers everything."""
