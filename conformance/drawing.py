"""Draws that depend on the seed alone, and not on what else is loaded.

Hypothesis now and then draws a number that it found written in the modules around it: the target's, the user's, our own. With
them a case that failed in one process would draw something else in the next; and to look for them takes longer than the
cases do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest.mock import patch

providers: ModuleType | None
try:
    from hypothesis.internal.conjecture import providers
except ImportError:  # an old Hypothesis, such as 6.100
    providers = None


@contextmanager
def by_seed_alone() -> Iterator[None]:
    """Within it, Hypothesis knows no numbers but its own. Nothing is changed in a Hypothesis that knows no others either."""
    if providers is None or not hasattr(providers.HypothesisProvider, "_local_constants"):  # before 6.132
        yield
        return
    none = type(providers.GLOBAL_CONSTANTS)()
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        with patch.object(providers.HypothesisProvider, "_local_constants", none):
            yield
    finally:
        providers.CONSTANTS_CACHE.cache.clear()
