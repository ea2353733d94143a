"""Which releases of a package there are, by pip's index, and when they were made."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..reports import plain
from .installer import PipError, pip, unreachable
from .uploads import day, uploads, withdrawn


class IndexUnavailable(Exception):  # noqa: N818
    """No releases could be listed: one line that says why."""


@dataclass(frozen=True)
class Release:
    """One release, as the index has it."""

    version: str
    date: str | None = None
    """The day of its first upload, as in 2024-05-31; None where the index does not say."""
    yanked: bool = False
    """Withdrawn by its makers: still there for those who name it."""


class _Listed(msgspec.Struct, frozen=True):
    """What pip prints, of which we need this."""

    versions: list[str]


def releases(
    package: str, spec: str = "", *, allow_build: bool = False, pre: bool = False, python: Path | None = None
) -> list[Release]:
    """The releases that satisfy `spec` (`>=1.8,<2`), oldest first: those with a wheel for this Python.

    `allow_build` adds those that would have to be built, `pre` pre-releases. `IndexUnavailable`.
    """
    package = str(canonicalize_name(package))
    try:
        wanted = SpecifierSet(spec, prereleases=True)  # pre-releases are left out, or wanted, below
    except InvalidSpecifier:
        raise IndexUnavailable(
            f"{plain.line(spec, 120)!r} is not a range of versions; expected as in >=1.8,<2"
        ) from None
    python = python or Path(sys.executable)
    there = _listed(package, python, allow_build=allow_build, pre=pre)
    files = uploads(package, python)
    there |= {  # pip lists none that was withdrawn, and installs it all the same for those who name it
        version
        for version, held in files.items()
        if withdrawn(held)
        and (pre or not version.is_prerelease)
        and any(one.fits(allow_build=allow_build) for one in held)
    }
    chosen = sorted(version for version in there if version in wanted)
    if not chosen:
        span = f"{min(there)} … {max(there)}" if len(there) > 1 else f"{min(there)}"
        raise IndexUnavailable(
            f"no release of {package} satisfies {plain.line(spec, 120)}; the index has {len(there):,} ({span})"
        )
    return [Release(str(one), day(files.get(one, ())), withdrawn(files.get(one, ()))) for one in chosen]


def _listed(package: str, python: Path, *, allow_build: bool, pre: bool) -> set[Version]:
    options = [*([] if allow_build else ["--only-binary", ":all:"]), *(["--pre"] if pre else [])]
    try:
        output = _versions(package, python, options)
    except PipError as error:
        if unreachable(error.output):
            raise IndexUnavailable(
                f"the releases of {package} are not known: the index cannot be reached (offline?)"
            ) from None
        if "No matching distribution" not in error.output:
            raise IndexUnavailable(f"the releases of {package} are not known: {error}") from None
        kind = "release" if allow_build else "release with a wheel for this Python"
        raise IndexUnavailable(f"the index has no {kind} of {package}") from None
    found = {version for text in output if (version := _version(text))}
    if not found:
        raise IndexUnavailable(f"the releases of {package} are not known: pip listed none")
    return found


def _versions(package: str, python: Path, options: list[str]) -> list[str]:
    """What pip lists, as text."""
    try:
        return msgspec.json.decode(pip(python, "index", "versions", package, "--json", *options), type=_Listed).versions
    except msgspec.MsgspecError:
        return []
    except PipError as error:
        if "no such option: --json" not in error.output:
            raise
    shown = re.search(r"^Available versions: (.*)$", pip(python, "index", "versions", package, *options), re.MULTILINE)
    return shown[1].split(", ") if shown else []


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
