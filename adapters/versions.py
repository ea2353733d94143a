"""Which release a module belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version


def version_of(module: str) -> str | None:
    """The version of the distribution that holds a module; None for a module of no distribution."""
    for distribution in _distributions().get(module.partition(".")[0], ()):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


@cache
def _distributions() -> Mapping[str, list[str]]:
    """The installed distributions by their packages: reading all their metadata takes a quarter of a second."""
    return packages_distributions()
