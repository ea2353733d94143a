"""An environment for each release, layered over the one that fsqcheck runs in, made once and kept."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import importlib.metadata
import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_version, parse_wheel_filename
from packaging.version import Version

from ..reports import plain
from . import source
from .alone import alone
from .base import Base, BaseUnusable, describe
from .index import IndexUnavailable, releases
from .installer import PipError, PipMissing, pip, unreachable
from .pin import Pin
from .store import Entry, Kept, Store, cache_folder, now
from .uploads import day, uploads

#: The file that makes the base's packages visible in an environment.
_LINK = "fsqcheck-base.pth"


class InstallError(Exception):
    """A release that cannot be installed: what was asked for, why not, what to do, on one line."""


@dataclass(frozen=True)
class Layer:
    """An installed release, and those of its dependencies that the base lacks or has otherwise."""

    site: Path
    """The folder to put first on `sys.path` of a process of the base's Python."""
    version: str
    """The version that the release says it has."""
    provides: frozenset[str]
    """The top-level modules in the folder."""
    date: str | None
    """The day of the release, as in 2024-05-31; None where it is not known."""


class Environments:
    """The environments of releases, in a cache folder, over a base environment."""

    def __init__(
        self, cache: Path | None = None, base: Path | None = None, *, waiting: Callable[[str], None] | None = None
    ) -> None:
        """The cache folder (the user's unless given), the base's Python (this one), and who is told of waiting."""
        self._store = Store(cache or cache_folder())
        self._python = base or Path(sys.executable)
        self._waiting = waiting

    @functools.cached_property
    def _base(self) -> Base:
        return describe(self._python)

    def layer(self, pin: Pin, *, allow_build: bool = False) -> Layer:
        """The release's environment, from the cache or made now; `InstallError`.

        Wheels only, so that no code of the release runs; `allow_build` lets its setup code and that of its dependencies run.
        """
        try:
            name = self._name(pin)
            entry = self._store.find(pin.package, name) or self._made(pin, name, allow_build)
        except BaseUnusable as error:
            raise InstallError(f"{_shown(pin)} cannot be installed: {error}") from error
        except PipError as error:
            raise InstallError(f"{_shown(pin)} cannot be installed: {self._reason(pin, error, allow_build)}") from error
        except (OSError, NotImplementedError) as error:  # NotImplementedError: a file system without locks
            raise InstallError(f"{_shown(pin)} cannot be installed: {self._trouble(error)}") from error
        kept = entry.kept
        return Layer(entry.folder / kept.site, kept.version, frozenset(kept.provides), kept.date)

    def _name(self, pin: Pin) -> str:
        """The entry's name: the same for the same release over the same base."""
        if pin.path is None:
            what = canonicalize_version(str(pin.version))  # 1.8 is 1.8.0
        elif not pin.path.exists():
            raise InstallError(f"{_shown(pin)} cannot be installed: there is no {plain.line(str(pin.path))}")
        else:
            what = source.digest(pin.path)
        beside = "" if (found := alone(pin)) is None else f"\nalone with {' '.join(found)}"
        key = hashlib.sha256(f"{pin.package}\n{what}\n{self._base.key}{beside}".encode()).hexdigest()[:16]
        return f"{what if pin.path is None else 'path'}-{key}"

    def _made(self, pin: Pin, name: str, allow_build: bool) -> Entry:
        def waiting() -> None:
            if self._waiting:
                self._waiting(f"waiting for another fsqcheck that installs {_shown(pin)}")

        with self._store.alone(pin.package, name, waiting):
            if entry := self._store.find(pin.package, name):
                return entry
            if pin.path is not None and pin.path.suffix != ".whl" and not allow_build:
                raise InstallError(
                    f"{_shown(pin)} is no wheel: installing it runs its setup code; "
                    "permit that with --allow-build, or build a wheel of it and name that"
                )
            with self._store.making(pin.package, name) as folder:
                self._install(pin, folder, allow_build)
                return self._store.finish(folder, name, self._kept(pin, folder))

    def _install(self, pin: Pin, folder: Path, allow_build: bool) -> None:
        base = self._base
        if "pip" not in base.packages:
            raise PipMissing(self._python)
        python = (
            folder / base.scripts / Path("python").with_suffix(self._python.suffix if sys.platform == "win32" else "")
        )
        _venv(self._python, folder)
        # Each folder by addsitedir: it obeys the .pth files in it, by which the base may itself be layered over another.
        links = (f"import site; site.addsitedir({one!a})\n" for one in base.sites)
        (folder / base.site / _LINK).write_text("".join(links), encoding="ascii")
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(base.constraints) + "\n", encoding="utf-8")
        options = [
            *("install", "--no-compile", "--no-user", "--constraint", str(constraints)),
            *([] if allow_build else ["--only-binary", ":all:"]),
        ]
        beside = alone(pin)
        if _same(pin, base):  # pip would be content with the base's; a layer holds its release itself
            options += ["--no-deps", "--force-reinstall"]
        elif beside is not None:
            options += ["--no-deps"]
        # Once only: the environment's Python would obey a .pth file or a sitecustomize that a wheel brings.
        with _wanted(pin, folder) as wanted:
            pip(python, *options, wanted, *(beside or ()))

    def _kept(self, pin: Pin, folder: Path) -> Kept:
        site = folder / self._base.site
        found = _distribution(pin, site)
        if found is None:
            raise InstallError(f"{_shown(pin)} cannot be installed: pip reported success, and put nothing into {site}")
        date = None if pin.path else day(uploads(pin.package, self._python).get(Version(found.version), ()))
        names = (inspect.getmodulename(one.name) if one.is_file() else one.name for one in site.iterdir())
        provides = sorted({name for name in names if name and name.isidentifier() and name != "__pycache__"})
        path = str(pin.path) if pin.path else None
        return Kept(pin.package, found.version, self._base.site, provides, date, now(), path)

    def _reason(self, pin: Pin, error: PipError, allow_build: bool) -> str:
        if unreachable(error.output):
            return "it is not in the cache and the index cannot be reached (offline?)"
        if f"No matching distribution found for {pin.package}==" not in error.output:
            return str(error)
        try:
            there = [
                Version(one.version) for one in releases(pin.package, allow_build=True, pre=True, python=self._python)
            ]
        except IndexUnavailable as unavailable:
            return str(unavailable)
        if Version(str(pin.version)) not in there:
            return f"there is no such release for this Python; the index has {len(there):,}, the newest is {there[-1]}"
        if allow_build:
            return str(error)
        return "it has no wheel for this Python; --allow-build would run its setup code"

    def _trouble(self, error: Exception) -> str:
        """What the file system says, and what to do."""
        code = error.errno if isinstance(error, OSError) else None
        said = ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()
        if code in (errno.ENOSPC, errno.EDQUOT):
            return (
                "the disk is full, of the cache or of temporary files; "
                "`fsqcheck cache clear` frees some, FSQCHECK_CACHE=folder moves the cache"
            )
        where = getattr(error, "filename", None) or self._store.folder
        return f"{plain.line(str(where))}: {plain.line(said)}; set FSQCHECK_CACHE to a folder that can be written"


@contextlib.contextmanager
def _wanted(pin: Pin, folder: Path) -> Iterator[str]:
    """What pip is asked for. Of a checkout it is a copy, which is gone afterwards."""
    if pin.path is None:
        yield f"{pin.package}=={pin.version}"
    elif pin.path.is_file():
        yield f"{pin.package} @ {pin.path.resolve().as_uri()}"
    else:
        checkout = folder / "checkout"
        source.copy(pin.path, checkout)
        yield f"{pin.package} @ {checkout.resolve().as_uri()}"
        shutil.rmtree(checkout)


def _same(pin: Pin, base: Base) -> bool:
    """Whether the base holds the same version; of a checkout, which pip installs in any case, nothing is known before."""
    wanted = pin.version
    if pin.path is not None:
        try:
            wanted = str(parse_wheel_filename(pin.path.name)[1])
        except InvalidWheelFilename:
            return False
    there = base.packages.get(pin.package)
    return there is not None and wanted is not None and canonicalize_version(there) == canonicalize_version(wanted)


def _venv(python: Path, folder: Path) -> None:
    done = subprocess.run(
        [python, "-I", "-m", "venv", "--without-pip", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        if "No space left on device" in done.stdout:
            raise OSError(errno.ENOSPC, "no space left on device")
        said = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise PipError(f"{python} -m venv: {plain.line(said)}")


def _distribution(pin: Pin, site: Path) -> importlib.metadata.Distribution | None:
    return next(iter(importlib.metadata.distributions(name=pin.package, path=[str(site)])), None)


def _shown(pin: Pin) -> str:
    return plain.line(pin.label, 120)
