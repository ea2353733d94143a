"""What is drawn depends on the seed alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NoReturn

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.internal.conjecture import providers

import fsqcheck
from fsqcheck.conformance import drawing


def drawn() -> list[int]:
    """Integers of which Hypothesis would take one in twenty from the modules that are loaded."""
    found: list[int] = []

    @settings(max_examples=60, derandomize=True, database=None)
    @given(st.lists(st.integers(), min_size=20, max_size=20))
    def draw(numbers: list[int]) -> None:
        found.extend(numbers)

    draw()
    return found


def test_numbers_in_the_modules_around_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    with drawing.by_seed_alone():
        before = drawn()
    around = type(providers.GLOBAL_CONSTANTS)(integers={271_828_182_845})
    monkeypatch.setattr(providers, "_get_local_constants", lambda: around)
    assert 271_828_182_845 in drawn()
    with drawing.by_seed_alone():
        assert drawn() == before
    assert 271_828_182_845 in drawn()  # the user's own tests go on as ever


def test_the_suite_does_not_look_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> NoReturn:
        raise AssertionError("the modules were searched")

    monkeypatch.setattr(providers, "_get_local_constants", refused)
    providers.CONSTANTS_CACHE.cache.clear()
    record = fsqcheck.check("reference", rules=("widened",), clauses=("SHP-4", "BND-3"))
    cases = [result for result in record.results if "drawn" in result.id]
    assert cases
    assert {result.outcome for result in cases} == {"pass"}


@pytest.mark.parametrize("old", [None, SimpleNamespace(HypothesisProvider=object)], ids=["6.100", "6.131"])
def test_an_old_hypothesis_is_left_as_it_is(old: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "providers", old)
    around = type(providers.GLOBAL_CONSTANTS)(integers={271_828_182_845})
    monkeypatch.setattr(providers, "_get_local_constants", lambda: around)
    with drawing.by_seed_alone():
        assert 271_828_182_845 in drawn()
