"""What an index says of the files of a package: when they were uploaded, which were withdrawn."""

from __future__ import annotations

import ast
import functools
import platform
import ssl
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, sys_tags
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from .installer import PipError, pip

#: How long an index may take to answer, in seconds.
_PATIENCE = 5.0
_DEFAULT_INDEX = "https://pypi.org/simple"


class Upload(msgspec.Struct, frozen=True, rename={"time": "upload-time", "requires_python": "requires-python"}):
    """A file of a package in an index's JSON (PEP 691, PEP 700)."""

    filename: str
    yanked: bool | str = False
    time: str | None = None
    requires_python: str | None = None

    def fits(self, *, allow_build: bool) -> bool:
        """Whether this Python can install it: a wheel for it, or a source distribution where building is allowed."""
        try:
            if self.requires_python and platform.python_version() not in SpecifierSet(self.requires_python):
                return False
        except InvalidSpecifier:
            return False
        if not self.filename.endswith(".whl"):
            return allow_build
        return not _tags().isdisjoint(parse_wheel_filename(self.filename)[3])


class _Project(msgspec.Struct, frozen=True):
    """A package in such a JSON."""

    files: list[Upload]


def day(uploads: Sequence[Upload]) -> str | None:
    """The day of the first upload, as in 2024-05-31."""
    return min((one.time[:10] for one in uploads if one.time), default=None)


def withdrawn(uploads: Sequence[Upload]) -> bool:
    """Whether the makers of a release withdrew all of it."""
    return bool(uploads) and all(one.yanked is not False for one in uploads)


@functools.cache
def uploads(package: str, python: Path) -> Mapping[Version, Sequence[Upload]]:
    """The files of each version, by the index that this Python's pip is set to; asked once a process.

    Empty where the index says nothing of the kind or cannot be asked: a date is not worth a failure.
    """
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
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}
    by_version: dict[Version, list[Upload]] = {}
    for file in files:
        if version := _version(file.filename):
            by_version.setdefault(version, []).append(file)
    return by_version


def _index(python: Path) -> tuple[str | None, str | None]:
    """The index that pip is set to, if it speaks HTTP, and the certificates that it trusts."""
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


def _version(filename: str) -> Version | None:
    try:
        return (parse_wheel_filename(filename) if filename.endswith(".whl") else parse_sdist_filename(filename))[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


@functools.cache
def _tags() -> frozenset[Tag]:
    return frozenset(sys_tags())
