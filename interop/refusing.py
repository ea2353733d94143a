"""Why nothing can be compared."""

from __future__ import annotations


class CannotCompareError(Exception):
    """Targets or latents that cannot be compared; the message is one line and says what to do."""
