"""A target that names a release: `package==version`, or a wheel or a checkout by its path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..reports import plain

#: Targets that are part of fsqcheck itself: no index is asked for a package of that name.
OURS = frozenset({"reference", "torch-fsq", "jax-fsq"})
#: What every environment takes from the one that fsqcheck runs in.
SHARED = frozenset({"fsqcheck", "torch"})

_NAME = r"(?P<package>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
#: `module:Class`, `file.py:Class(arguments)`: a target as it always was.
_SPELLED = r"[^#]+?:[A-Za-z_][\w.]*(?:\(.*\))?"
_TARGET = rf"(?P<target>{_SPELLED}|[A-Za-z0-9_][\w.-]*)"
_ORDINARY = re.compile(_SPELLED, re.DOTALL)
_VERSION = re.compile(
    rf"{_NAME}\s*(?P<operator>===?|[<>~!]=|[<>])\s*(?P<version>[^#]*?)(?:#(?P<target>.*))?", re.DOTALL
)
_PATH = re.compile(rf"{_NAME}(?P<at>\s+@\s*|@)(?P<path>.*?)(?:#{_TARGET})?", re.DOTALL)
_EXTRAS = re.compile(r"[A-Za-z0-9._-]+\[[^\]]*\]\s*(?:@|[=<>~!]=)", re.DOTALL)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|git\+")


class PinError(ValueError):
    """A pin that is wrong: what was given, what was expected."""


@dataclass(frozen=True)
class Pin:
    """One release of a package, or a wheel or a checkout of it, and the target to find in its environment."""

    package: str
    """The package's canonical name (PEP 503)."""
    version: str | None
    """The release, normalized (PEP 440); None where `path` says what to install."""
    path: Path | None
    """A wheel or a checkout, absolute; None where `version` says what to install."""
    target: str
    """What the environment is asked for: a name that an adapter has, `module:Class` or `file.py:Name`."""
    label: str
    """What it is called in a record; parses to the same pin in the same folder."""


def parse_pin(text: str) -> Pin | None:
    """The pin that a target's text stands for; None for a target that is none.

    `package==version`, `package @ path` and `package@path` (with a separator of folders or `.whl` in the path); behind each,
    `#name` or `#module:Class(arguments)` says what to check, which is otherwise the package's name. `PinError` for a text
    that means a release and does not name one.
    """
    text = text.strip()
    if _ORDINARY.fullmatch(text):
        return None
    if _EXTRAS.match(text):
        raise PinError(f"{_shown(text)}: extras are not installed; name the package without [ ]")
    if match := _VERSION.fullmatch(text):
        return None if canonicalize_name(match["package"]) in OURS else _release(text, match)
    if (match := _PATH.fullmatch(text)) and (match["at"] != "@" or _is_path(match["path"])):
        return _file(text, match)
    return None


def _release(text: str, match: re.Match[str]) -> Pin:
    package, target = _package(text, match), match["target"]
    if match["operator"] != "==":
        raise PinError(f"{_shown(text)} names no single release; expected {package}==VERSION")
    try:
        version = str(Version(match["version"]))
    except InvalidVersion:
        raise PinError(
            f"{_shown(text)}: {_shown(match['version'].strip()) or 'nothing'} is not a version; expected {package}==VERSION"
        ) from None
    if target is not None and not re.fullmatch(_TARGET, target, re.DOTALL):
        raise PinError(f"{_shown(text)}: behind # expected module:Class or the name of an adapter")
    label = f"{package}=={version}" + (f"#{target}" if target else "")
    return Pin(package, version, None, target or package, label)


def _file(text: str, match: re.Match[str]) -> Pin:
    package, written, target = _package(text, match), match["path"].strip(), match["target"]
    if not written:
        raise PinError(f"{_shown(text)}: expected the path of a wheel or a checkout behind @")
    if _URL.match(written):
        raise PinError(f"{_shown(text)}: links are not fetched; download the wheel and give its path")
    label = f"{package} @ {written}" + (f"#{target}" if target else "")
    return Pin(package, None, Path(written).expanduser().absolute(), target or package, label)


def _package(text: str, match: re.Match[str]) -> str:
    package = str(canonicalize_name(match["package"]))
    if package in SHARED:
        raise PinError(
            f"{_shown(text)}: {package} is taken from the environment that fsqcheck runs in; install it there"
        )
    return package


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.partition("#")[0].endswith(".whl")


def _shown(text: str) -> str:
    return plain.line(text, 120)
