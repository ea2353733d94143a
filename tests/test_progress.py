"""How far a run is, where there is no terminal that could show a bar."""

from __future__ import annotations

import pytest

from fsqcheck import progress


def test_without_a_terminal_a_line_says_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with progress.Progress() as watcher:
        watcher.planned(3)
        watcher.ended("pass", "BND-1/widened/8x5")  # a minute has not passed
        monkeypatch.setattr(progress, "EVERY_S", 0.0)
        watcher.ended("fail", "BND-2/widened/8x5")
    said = capfd.readouterr().err.splitlines()
    assert said == ["fsqcheck: checking 3 cases", "fsqcheck: 2 of 3 after 0 s; the last is BND-2/widened/8x5"]
