"""The house stands as CONTRIBUTING.md says: who may know whom, and how large a room may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: The rooms, and those that each may import.
KNOWS: dict[str, set[str]] = {
    "reference": set(),
    "adapters": {"reference"},
    "reports": set(),
    "sweeping": {"reference", "adapters", "reports"},
    "conformance": {"reference", "adapters", "reports", "sweeping"},
    "releases": {"reports"},
    "isolation": {"reference", "adapters", "reports", "sweeping", "conformance", "releases"},
    "vectors": {"reference", "adapters", "reports", "conformance"},
    "identifying": {"reference", "adapters", "reports", "conformance"},
    "interop": {"reference", "adapters", "reports", "conformance"},
    "drafting": {"adapters", "identifying", "reports"},
    "history": {"reports", "conformance", "releases", "isolation"},
}


def known(file: Path) -> Iterator[str]:
    """The rooms that a file imports from, but for its own."""
    depth = len(file.relative_to(ROOT).parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth and node.module:
            yield node.module.partition(".")[0]
        if isinstance(node, ast.ImportFrom) and node.level == depth and not node.module:
            yield from (alias.name for alias in node.names if alias.name in KNOWS)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fsqcheck."):
            yield (node.module or "").split(".")[1]


@pytest.mark.parametrize("room", KNOWS)
def test_arrows_point_one_way(room: str) -> None:
    for file in (ROOT / room).rglob("*.py"):
        assert set(known(file)) & KNOWS.keys() <= KNOWS[room] | {room}, file


def test_every_room_is_in_the_table_and_in_the_package() -> None:
    packaged = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    described = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    types = (ROOT / "Makefile").read_text(encoding="utf-8")
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks", "build", "commands"}
    assert rooms == KNOWS.keys()
    for room in rooms:
        assert f'"fsqcheck.{room}"' in packaged
        assert f"{room}/" in described
        assert f"-p fsqcheck.{room} " in types


def test_no_file_has_more_than_400_lines() -> None:
    for room in (*KNOWS, "commands", "tests", "benchmarks"):
        for file in (ROOT / room).rglob("*.py"):
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file
