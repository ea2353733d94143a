"""The environment that every release is layered over: the one that fsqcheck runs in."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from ..reports import plain
from .pin import SHARED

#: What does not matter to a release that is installed over it.
_IRRELEVANT = frozenset({"fsqcheck", "pip"})

_ASK = """
import importlib.metadata as metadata, json, os, re, site, sys, sysconfig
sites = site.getsitepackages() + ([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])
packages, needs = {}, []
for found in metadata.distributions():
    if found.name and found.version:
        packages.setdefault(re.sub(r"[-_.]+", "-", found.name).lower(), found.version)
try:
    needs = metadata.requires("fsqcheck") or []
except metadata.PackageNotFoundError:
    pass
root = os.path.abspath(os.sep + "root")
paths = sysconfig.get_paths("venv", vars={"base": root, "platbase": root})
tag = [sys.implementation.cache_tag, sysconfig.get_platform(), sysconfig.get_config_var("EXT_SUFFIX")]
print()
print(json.dumps({
    "tag": " ".join(map(str, tag)),
    "sites": [one for one in dict.fromkeys(sites) if os.path.isdir(one)],
    "packages": packages,
    "needs": needs,
    "site": os.path.relpath(paths["purelib"], root),
    "scripts": os.path.relpath(paths["scripts"], root),
}))
"""


class BaseUnusable(Exception):  # noqa: N818
    """A Python that says nothing of itself: one line."""


class Base(msgspec.Struct, frozen=True):
    """A Python environment, as it describes itself."""

    tag: str
    """The Python and the platform."""
    sites: list[str]
    """The folders that hold its packages."""
    packages: dict[str, str]
    """Its distributions: canonical name and version."""
    needs: list[str]
    """What fsqcheck requires, as its metadata say it."""
    site: str
    """Where an environment made by it keeps its packages, from the environment's folder."""
    scripts: str
    """Where such an environment keeps its Python, from the environment's folder."""

    @property
    def key(self) -> str:
        """A hash of the Python and of every distribution: what was installed over another base is not the same."""
        packages = sorted(f"{name}=={version}" for name, version in self.packages.items() if name not in _IRRELEVANT)
        return hashlib.sha256("\n".join([self.tag, *packages]).encode()).hexdigest()

    @property
    def constraints(self) -> list[str]:
        """What may not change in a layer: torch stays the base's, and what fsqcheck requires stays fulfilled."""
        held = [
            f"{name}=={self.packages[name]}" if name in self.packages else f"{name}<0"
            for name in sorted(SHARED - {"fsqcheck"})
        ]
        return held + [found for text in self.needs if (found := _constraint(text))]


def describe(python: Path) -> Base:
    """What the environment of this Python is; `BaseUnusable`."""
    try:
        done = subprocess.run(
            # Not isolated (-I): packages may come by PYTHONPATH or from the user's own site. -P: not from where he stands.
            [python, "-P", "-c", _ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=True,
        )
        return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Base)
    except OSError as error:
        raise BaseUnusable(f"{python} cannot be run: {(error.strerror or str(error)).lower()}") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BaseUnusable(f"{python} cannot describe its environment: {plain.line(said)}") from error


def _constraint(text: str) -> str | None:
    try:
        need = Requirement(text)
    except InvalidRequirement:
        return None
    if not need.specifier or (need.marker and not need.marker.evaluate({"extra": ""})):
        return None
    return f"{need.name}{need.specifier}"
