"""The files that a command writes: opened before minutes are spent on them, and `-` for stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

#: The name that stands for stdout.
STDOUT = Path("-")


def ready(file: Path | None) -> None:
    """Makes the folder of a file and opens it, so that what cannot be kept is known early; `UnwritableReport`."""
    from ..reports import UnwritableReport

    if file is None or file == STDOUT:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8"):
            pass
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UnwritableReport(file, _why(error)) from error


def write(file: Path, pieces: Iterable[str]) -> None:
    """Writes a text, piece by piece, in the place of what the file held; `UnwritableReport`."""
    from ..reports import UnwritableReport

    ready(file)
    if file == STDOUT:
        sys.stdout.writelines(pieces)
        return
    try:
        with file.open("w", encoding="utf-8") as opened:
            opened.writelines(pieces)
    except OSError as error:
        raise UnwritableReport(file, _why(error)) from error


def _why(error: Exception) -> str:
    return ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()
