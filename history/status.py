"""The exit status that a release stands for."""

from __future__ import annotations

from .lines import ReleaseLine
from .needs import CONFORMS


def status_of(release: ReleaseLine | None) -> int:
    """0 where no MUST fails, 1 where one does, 3 where nothing is known."""
    if release is None or release.reason is not None:
        return 3
    return 1 if any(needs[CONFORMS].state == "unsafe" for needs in release.uses.values()) else 0
