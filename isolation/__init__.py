"""A target in a process of its own: what it does to its process costs one case, and everything else is still run.

`run_isolated` is the suite over targets that are kept apart; `run_job` is one of them, for a pool of any kind.
"""

from __future__ import annotations

from .job import Job, Limits
from .pool import run_job
from .run import run_isolated

__all__ = ["Job", "Limits", "run_isolated", "run_job"]
