"""What differs between the places and the ways in which two runs were made."""

from __future__ import annotations

from collections.abc import Mapping

from . import plain
from .record import Header


def same_machine(old: Header, new: Header) -> bool:
    """Whether times of the two runs may be set side by side."""
    one, two = old.environment, new.environment
    return (one.platform, one.processor, one.cores) == (two.platform, two.processor, two.cores)


def differences(old: Header, new: Header) -> tuple[str, ...]:
    """Each difference on one line: `torch 2.12.0 → 2.13.0`."""
    before, after = _facts(old), _facts(new)
    return tuple(
        plain.line(f"{name} {before.get(name, 'absent')} → {after.get(name, 'absent')}", 300)
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    )


def _facts(header: Header) -> Mapping[str, str]:
    environment = header.environment
    return {
        "fsqcheck": header.fsqcheck,
        "tier": header.tier,
        "seed": str(header.seed),
        "python": environment.python,
        "platform": environment.platform,
        "processor": environment.processor,
        "cores": str(environment.cores),
        **environment.packages,
    }
