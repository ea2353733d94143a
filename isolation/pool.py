"""A job from its release to its lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ..releases.environment import Environments, InstallError, Layer
from ..reports.record import TargetLine
from .guard import Found, Guard
from .handle import SHARED
from .job import Job
from .keepers import KEEPERS, Lease


@cache
def _environments(folder: Path | None) -> Environments:
    return Environments(folder)  # kept, as it asks once what the base holds


def run_job(job: Job) -> Iterator[Found]:
    """The lines of a job's record, without header, baseline and footer, as they come.

    A release that cannot be installed is a target that cannot be loaded. `BrokenJobError` when the suite broke,
    `KeeperDiedError` when no process can be had to run it in.
    """
    try:
        with leased(job) as (site, lease):
            yield from Guard(job, site, lease).lines()
    except InstallError as error:
        yield TargetLine(name=job.target, loaded=False, reason=str(error))


@contextmanager
def leased(job: Job) -> Iterator[tuple[str | None, Lease]]:
    """The folder of the packages of a job's release, and a lease of the keeper that can see them; `InstallError`."""
    layer: Layer | None = None
    if job.pin is not None:
        layer = _environments(job.cache).layer(job.pin, allow_build=job.allow_build)
    first = layer.site if layer is not None and layer.provides & SHARED else None
    with Lease(KEEPERS, first) as lease:
        yield str(layer.site) if layer else None, lease
