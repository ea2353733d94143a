"""How a command speaks to its user beside its output, and how it gives up."""

from __future__ import annotations

import sys
from typing import NoReturn


def say(text: str) -> None:
    """One line on stderr."""
    print(f"fsqcheck: {text}", file=sys.stderr)


def stop(text: str, status: int = 2) -> NoReturn:
    """One line on stderr, and the exit status: that of wrong usage unless another one is given."""
    say(text)
    sys.exit(status)
