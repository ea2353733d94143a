"""Which releases of a package there are, by pip's index, and when they were made."""

from __future__ import annotations

import ast
import functools
import json
import re
import ssl
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from ..reports import plain
from .installer import PipError, pip, unreachable

#: How long an index may take to say when its files were uploaded, in seconds.
_PATIENCE = 5.0
_DEFAULT_INDEX = "https://pypi.org/simple"


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


class _File(msgspec.Struct, frozen=True, rename={"uploaded": "upload-time"}):
    """A file of a project in an index's JSON (PEP 691, PEP 700)."""

    filename: str
    yanked: bool | str = False
    uploaded: str | None = None


class _Project(msgspec.Struct, frozen=True):
    files: list[_File]


def releases(
    package: str, spec: str = "", *, allow_build: bool = False, pre: bool = False, python: Path | None = None
) -> list[Release]:
    """The releases that satisfy `spec` (`>=1.8,<2`), oldest first: those with a wheel for this Python.

    `allow_build` adds those that would have to be built, `pre` pre-releases. `IndexUnavailable`.
    """
    package = str(canonicalize_name(package))
    try:
        wanted = SpecifierSet(spec, prereleases=True)  # pip has left out the pre-releases that nobody wants
    except InvalidSpecifier:
        raise IndexUnavailable(
            f"{plain.line(spec, 120)!r} is not a range of versions; expected as in >=1.8,<2"
        ) from None
    python = python or Path(sys.executable)
    there = sorted(_listed(package, python, allow_build=allow_build, pre=pre))
    chosen = [version for version in there if version in wanted]
    if not chosen:
        span = f"{there[0]} … {there[-1]}" if len(there) > 1 else f"{there[0]}"
        raise IndexUnavailable(
            f"no release of {package} satisfies {plain.line(spec, 120)}; the index has {len(there):,} ({span})"
        )
    known = published(package, python)
    return [known.get(version, Release(str(version))) for version in chosen]


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
        listed = json.loads(pip(python, "index", "versions", package, "--json", *options))["versions"]
        return [str(version) for version in listed]
    except PipError as error:
        if "no such option: --json" not in error.output:
            raise
    shown = re.search(r"^Available versions: (.*)$", pip(python, "index", "versions", package, *options), re.MULTILINE)
    return shown[1].split(", ") if shown else []


def published(package: str, python: Path) -> dict[Version, Release]:
    """What the index says beside the versions, asked once a process; empty where it says nothing or cannot be asked."""
    return _published(str(canonicalize_name(package)), python)


@functools.cache
def _published(package: str, python: Path) -> dict[Version, Release]:
    address, certificates = _index(python)
    if address is None:
        return {}
    request = urllib.request.Request(
        f"{address.rstrip('/')}/{package}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    try:
        trust = ssl.create_default_context(cafile=certificates)
        with urllib.request.urlopen(request, timeout=_PATIENCE, context=trust) as answer:
            files = msgspec.json.decode(answer.read(), type=_Project).files
    except (OSError, ValueError, msgspec.MsgspecError):  # a date is not worth a failure
        return {}
    by_version: dict[Version, list[_File]] = {}
    for file in files:
        if version := _version_of(file.filename):
            by_version.setdefault(version, []).append(file)
    return {version: _release(version, held) for version, held in by_version.items()}


def _release(version: Version, files: list[_File]) -> Release:
    days = [file.uploaded[:10] for file in files if file.uploaded]
    return Release(str(version), min(days, default=None), all(file.yanked is not False for file in files))


def _index(python: Path) -> tuple[str | None, str | None]:
    """The index that pip is set to, if it speaks HTTP, and the certificates that pip trusts beside the usual ones."""
    try:
        listed = pip(python, "config", "list")
    except PipError:
        return None, None
    settings: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        try:
            settings[name] = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            continue

    def setting(name: str) -> str | None:
        places = (":env:", "install", "global")  # the first wins, as in pip
        return next((settings[key] for place in places if (key := f"{place}.{name}") in settings), None)

    address = setting("index-url") or _DEFAULT_INDEX
    if setting("no-index") or not address.startswith(("https://", "http://")):
        return None, None
    return address, setting("cert")


def _version_of(filename: str) -> Version | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
