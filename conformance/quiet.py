"""Keeps what a target prints away from the reader, where pytest does not capture it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def output_kept_away() -> Iterator[None]:
    """Whatever is written to stdout and stderr inside, by Python or by C, goes nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        kept = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(nowhere.fileno(), number)
            yield
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)
