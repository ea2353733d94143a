"""A constructor that says no is told apart from one that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
import torch

from fsqcheck.conformance.refusing import refuses


class LevelsError(Exception):
    """What a library may call its own."""


def _throws(error: Exception) -> Callable[[], NoReturn]:
    def throw() -> NoReturn:
        raise error

    return throw


def _throws_again() -> None:
    try:
        torch.zeros(2) + torch.zeros(3)
    except RuntimeError as error:
        raise LevelsError("all levels must be alike") from error


SAID_NO: dict[str, Callable[[], object]] = {
    "a value": _throws(ValueError("levels must be odd")),
    "a value that int() refuses": lambda: int("eight"),
    "an error of the runtime": _throws(RuntimeError("all levels must be alike")),
    "a type": _throws(TypeError("levels must be one number")),
    "an error of its own": _throws(LevelsError("all levels must be alike")),
    "an error that is told in its own words": _throws_again,
}
FAILED: dict[str, Callable[[], object]] = {
    "no words": _throws(RuntimeError()),
    "shapes that do not fit": lambda: torch.zeros(2) + torch.zeros(3),
    "a missing attribute": lambda: torch.zeros(2).basis,  # type: ignore[attr-defined]
    "a missing key": lambda: dict[str, int]()["levels"],
    "torch's own raise": lambda: torch.nn.Module().get_submodule("book"),
    "the end of the process": _throws(SystemExit("levels must be odd")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", SAID_NO)
def test_a_constructor_says_no_in_words(name: str) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011  (which one it is does not matter)
        SAID_NO[name]()
    assert refuses(raised.value)


@pytest.mark.parametrize("name", FAILED)
def test_a_constructor_fails(name: str) -> None:
    with pytest.raises(BaseException) as raised:  # noqa: PT011
        FAILED[name]()
    assert not refuses(raised.value)


def test_what_was_never_raised_is_judged_by_its_kind() -> None:
    assert refuses(ValueError("levels must be odd"))
    assert not refuses(RuntimeError("levels must be odd"))
