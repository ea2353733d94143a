"""A case: one clause, tried in one configuration of one target."""

from __future__ import annotations

from dataclasses import dataclass

#: The variant of a case that Hypothesis draws.
DRAWN_VARIANT = "hypothesis"


@dataclass(frozen=True)
class Case:
    """The configuration. `levels` is empty where the case draws its own; `mode` is eval, train or compiled."""

    target: str
    clause: str
    rule: str
    levels: tuple[int, ...]
    dtype: str
    device: str
    mode: str
    variant: str | None = None

    @property
    def id(self) -> str:
        """The id that stays the same across releases of the target; the target is not in it."""
        levels = "x".join(str(level) for level in self.levels) or "drawn"
        parts = (self.clause, self.rule, levels, self.dtype, self.device, self.mode)
        return "/".join(parts + ((self.variant,) if self.variant else ()))
