"""The process that a quantizer runs in: what is set in it before and after something is done."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from ..adapters import surroundings_of
from .findings import Finding, NonConformanceError, NotJudgedError
from .subject import Subject

#: Those of the surroundings that draw random numbers.
_GENERATORS = ("generator of torch", "generator of NumPy", "generator of Python")


def judge_left_alone(subject: Subject, do: Callable[[], None], said: str) -> None:
    """What is done twice changes nothing that the process has set, and seeds no generator. said: what that is, in words."""
    seen = []
    for _ in range(2):
        before = _surroundings(subject)
        do()
        after = _surroundings(subject)
        for name, value in before.items():
            if name not in _GENERATORS and after[name] != value:
                raise NonConformanceError(
                    Finding(f"{said} changes the {name} of the process", after[name], value, setup=subject.setup)
                )
        if (errors := subject.witness.errors_left) is not None:
            words = f"{said} changes NumPy's treatment of floating-point errors"
            raise NonConformanceError(Finding(words, errors, "that of before", setup=subject.setup))
        seen.append({name: after[name] for name in _GENERATORS if name in after})
        # From here on every generator goes another way, unless it is seeded, and there is another number of threads.
        _surroundings(subject, stir=True)
    for name in seen[0]:
        if seen[0][name] == seen[1][name]:
            raise NonConformanceError(
                Finding(
                    f"{said} seeds the {name}",
                    "the same state after it, although numbers were drawn in between",
                    "a generator that goes on",
                    setup=subject.setup,
                )
            )


def judge_nothing_drawn(subject: Subject, do: Callable[[], None], said: str) -> None:
    """What is done draws no random number from any generator of the process. said: what that is, in words."""
    before = _surroundings(subject)
    do()
    after = _surroundings(subject)
    for name in _GENERATORS:
        if name in before and before[name] != after[name]:
            raise NonConformanceError(
                Finding(
                    f"{said} draws from the {name}",
                    "another state after it",
                    "the state of before: whatever else draws from it goes another way",
                    setup=subject.setup,
                )
            )


def stirred(subject: Subject) -> None:
    """Every generator goes on by a draw, with another number of threads."""
    _surroundings(subject, stir=True)


def others_drawn(subject: Subject) -> None:
    """The generators of Python and NumPy go on, but for NumPy's where it is the framework."""
    random.random()
    if not on_numpy(subject):
        np.random.random()


def on_numpy(subject: Subject) -> bool:
    """Whether NumPy is the framework of the target."""
    return subject.adapter.identity.framework.startswith("numpy")


def _surroundings(subject: Subject, stir: bool = False) -> dict[str, str]:
    found = surroundings_of(subject.adapter, stir)
    if found is None:
        raise NotJudgedError("its adapter does not tell what its process has set")
    return found
