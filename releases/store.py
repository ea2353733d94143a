"""The folder that keeps environments: an entry is whole or it is not there, and two processes make it once."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import platformdirs
from filelock import FileLock, Timeout

#: The file that stands in an entry that is whole; written last.
MARKER = "fsqcheck.json"
#: The folder of the files by which processes wait for each other; it outlives what they guard.
_LOCKS = "locks"


class Kept(msgspec.Struct, frozen=True):
    """What an entry says of itself: its marker."""

    package: str
    version: str
    site: str
    """The folder of its packages, from the entry's."""
    provides: list[str]
    date: str | None
    made: datetime
    source: str | None = None
    """The wheel or the checkout that it was made from; None for a release of an index."""


@dataclass(frozen=True)
class Entry:
    """An environment that is whole."""

    folder: Path
    kept: Kept

    def size(self) -> int:
        """Its files together, in bytes."""
        return _size(self.folder)


def cache_folder() -> Path:
    """Where fsqcheck keeps what it can make again: `FSQCHECK_CACHE`, or the user's cache folder."""
    return Path(os.environ.get("FSQCHECK_CACHE") or platformdirs.user_cache_dir("fsqcheck", appauthor=False)).absolute()


class Store:
    """The environments in a cache folder. Every method may raise `OSError`."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "environments"

    def find(self, package: str, name: str) -> Entry | None:
        """The entry, if it is whole."""
        return _entry(self.folder / package / name)

    def entries(self, package: str | None = None) -> list[Entry]:
        """Those that are whole, by package and age."""
        found = (_entry(folder) for folder in self._folders(package))
        return sorted((one for one in found if one), key=lambda one: (one.kept.package, one.kept.made))

    @contextlib.contextmanager
    def alone(self, package: str, name: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Nobody else makes or removes this entry meanwhile; calls `waiting` if somebody is at it just now."""
        locks = self.folder / _LOCKS
        locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(locks / f"{package}-{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def making(self, package: str, name: str) -> Iterator[Path]:
        """A folder to make the entry in; `finish` puts it in its place. What is not finished is removed.

        What a killed process left of the same entry is removed first. Only for who is `alone`.
        """
        parent = self.folder / package
        parent.mkdir(parents=True, exist_ok=True)
        for rubble in parent.glob(f".{name}.*"):
            shutil.rmtree(rubble, ignore_errors=True)  # its pip may outlive a killed process for a moment
        folder = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def finish(self, made: Path, name: str, kept: Kept) -> Entry:
        """Marks what was made as whole, and puts it where it is found."""
        place = made.parent / name
        if place.exists():
            _remove(place)
        with (made / MARKER).open("wb") as opened:
            opened.write(msgspec.json.encode(kept))
            opened.flush()
            os.fsync(opened.fileno())
        made.rename(place)
        return Entry(place, kept)

    def clear(self, package: str | None, waiting: Callable[[str], None]) -> tuple[int, int]:
        """Removes the entries, and what killed processes left: how many were whole, and the bytes that all had."""
        count = freed = 0
        for folder in list(self._folders(package)):
            held, name = folder.parent.name, _plain_name(folder)
            with self.alone(held, name, functools.partial(waiting, f"{held}/{name}")):
                if not folder.exists():  # it was rubble, and who was at it has replaced it
                    continue
                count += _entry(folder) is not None
                freed += _size(folder)
                _remove(folder)
        return count, freed

    def _folders(self, package: str | None) -> Iterator[Path]:
        if not self.folder.exists():
            return
        for held in sorted(self.folder.iterdir()):
            if held.is_dir() and held.name != _LOCKS and package in (None, held.name):
                yield from (one for one in sorted(held.iterdir()) if one.is_dir())


def _entry(folder: Path) -> Entry | None:
    try:
        return Entry(folder, msgspec.json.decode((folder / MARKER).read_bytes(), type=Kept))
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
        return None


def _plain_name(folder: Path) -> str:
    """The name of the entry that a folder is, or that was to be made in it."""
    return folder.name[1:].rpartition(".")[0] if folder.name.startswith(".") else folder.name


def _remove(folder: Path) -> None:
    (folder / MARKER).unlink(missing_ok=True)  # first: half an entry is none
    shutil.rmtree(folder)


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir() or file.is_symlink())


def now() -> datetime:
    """The time that is written into a marker."""
    return datetime.now(UTC)
