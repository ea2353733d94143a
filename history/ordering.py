"""Releases in their order: by version as packaging reads it; what is no version comes last, as it is."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

Key = tuple[bool, Version, str]

_LEAST = Version("0.dev0")


def key(version: str) -> Key:
    """What releases are sorted by; two spellings of one version (`1.2`, `v1.2.0`) have the same key."""
    try:
        return False, Version(version), ""
    except InvalidVersion:
        return True, _LEAST, version


def series(version: str) -> str:
    """The first two numbers of a version, `1.22` of `1.22.2`; what is no version is its own series."""
    wrong, parsed, text = key(version)
    return text if wrong else f"{parsed.major}.{parsed.minor}"
