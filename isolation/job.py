"""A job: one target, or a share of its cases, with the limits that it runs under. It can be pickled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..conformance.plan import Wanted
from ..releases.pin import Pin

GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """What a target may use.

    `case_s`: seconds for one case, and for loading it; `run_s`: seconds for the whole job, None for no limit; `memory`:
    bytes of data that its process may hold, what the suite itself holds (about half a GiB) included.
    """

    case_s: float = 120.0
    run_s: float | None = 3600.0
    memory: int = 8 * GIB

    def __post_init__(self) -> None:
        for seconds in (self.case_s, self.run_s):
            if seconds is not None and not seconds > 0:
                raise ValueError(f"a time limit must be above 0 seconds, got {seconds:g}")
        if self.memory < GIB:
            raise ValueError(
                f"a memory limit below 1 GiB leaves no room for the suite itself, got {self.memory / GIB:g} GiB"
            )


@dataclass(frozen=True)
class Job:
    """`wanted` names one target, as the record calls it.

    `pin`: the release to install and to load in its place; `allow_build`: whether its setup code may run for that;
    `cache`: the folder of environments, None for the user's own. `share`: which of how many equal parts of the cases.
    """

    wanted: Wanted
    limits: Limits = Limits()
    pin: Pin | None = None
    allow_build: bool = False
    cache: Path | None = None
    share: tuple[int, int] = (0, 1)

    @property
    def target(self) -> str:
        """The target's name in the record."""
        return self.wanted.targets[0]

    @property
    def spelled(self) -> str:
        """What is loaded."""
        return self.pin.target if self.pin else self.target
