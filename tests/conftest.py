"""What is under tests/ and is no test of fsqcheck, and what tests share: the browser, and the releases that are installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

collect_ignore = ["example_project"]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where releases are installed, for all processes of a run: empty at first, or the cache that the environment names."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    return Path(os.environ.get("FSQCHECK_CACHE") or shared / "packages")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; imported where it is asked for."""
    from .browsing import launched

    with launched() as browser:
        yield browser
