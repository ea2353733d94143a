"""`fsqcheck cache`: what is kept, and its removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.releases.environment import Environments
from fsqcheck.releases.pin import parse_pin

from .commands import fsqcheck
from .wheels import only_from, wheel


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two releases of one package and one of another, and what a killed process left."""
    only_from(monkeypatch, tmp_path / "links")
    folder = tmp_path / "cache"
    monkeypatch.setenv("FSQCHECK_CACHE", str(folder))
    for name, version in (("demo-fsq", "1.0"), ("demo-fsq", "1.1"), ("other-fsq", "2.0")):
        wheel(tmp_path / "links", name, version)
        pin = parse_pin(f"{name}=={version}")
        assert pin is not None
        Environments().layer(pin)
    rubble = folder / "environments" / "demo-fsq" / ".1.2-abc.xyz"
    rubble.mkdir()
    (rubble / "file").write_bytes(bytes(5_000_000))
    return folder


def test_show_lists_what_is_kept(cache: Path) -> None:
    said = fsqcheck("cache", "show")
    assert said.status == 0
    rows = [line.split()[:2] for line in said.out.splitlines()[1:-1]]
    assert rows == [["demo-fsq", "1.0"], ["demo-fsq", "1.1"], ["other-fsq", "2.0"]]
    assert said.out.splitlines()[-1].startswith("3 environments, ")
    assert said.out.splitlines()[-1].endswith(f"in {cache / 'environments'}")
    assert [line.split()[:2] for line in fsqcheck("cache", "show", "Other_FSQ").out.splitlines()[1:-1]] == [rows[2]]


def test_clear_removes_a_package_or_all(cache: Path) -> None:
    said = fsqcheck("cache", "clear", "demo-fsq")
    assert said.status == 0
    assert said.out.startswith("removed 2 environments, 5.")
    assert "MB freed" in said.out
    assert fsqcheck("cache", "clear").out.startswith("removed 1 environment, ")
    assert fsqcheck("cache", "clear").out.startswith("removed 0 environments, 0 bytes freed")
    assert fsqcheck("cache", "show").out.startswith("0 environments, 0 bytes")
    assert not [file for file in (cache / "environments").rglob("*") if file.is_file() and file.suffix != ".lock"]


def test_a_cache_that_is_not_there_is_empty(tmp_path: Path) -> None:
    for command in ("show", "clear"):
        said = fsqcheck("cache", command, FSQCHECK_CACHE=str(tmp_path / "nowhere"))
        assert (said.status, said.err) == (0, "")
        assert "0 environments" in said.out
    assert not (tmp_path / "nowhere").exists()
