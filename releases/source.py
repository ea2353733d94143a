"""Wheels and checkouts on disk: what is in them, as a hash, and a copy to build from."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

#: Folders of a checkout that say nothing of what it installs: caches, and what building left.
_LEFTOVERS = frozenset({".git", ".hg", "__pycache__", "build", "dist", "node_modules", ".tox", ".nox", ".eggs"})
_LEFTOVER_ENDINGS = (".egg-info", ".pyc", "_cache")


def digest(path: Path) -> str:
    """SHA-256 of a wheel's bytes, or of the names and the bytes of a checkout's files; `OSError`."""
    if path.is_file():
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    whole = hashlib.sha256()
    for file in sorted(_files(path)):
        whole.update(os.fsencode(file.relative_to(path)) + b"\0")
        whole.update(bytes.fromhex(digest(file)))
    return whole.hexdigest()


def copy(checkout: Path, folder: Path) -> None:
    """The checkout without leftovers, elsewhere: building in it would leave some, and take up old ones.

    `.git` goes along: a version may be made of it. `OSError`.
    """

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name != ".git" and _is_leftover(Path(folder, name))}

    shutil.copytree(checkout, folder, symlinks=True, ignore=left_out, ignore_dangling_symlinks=True)


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if _is_leftover(entry):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        elif entry.is_file():
            yield entry


def _is_leftover(entry: Path) -> bool:
    name = entry.name
    return name in _LEFTOVERS or name.endswith(_LEFTOVER_ENDINGS) or (entry / "pyvenv.cfg").is_file()
