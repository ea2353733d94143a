"""What is under tests/ and is no test of fsqcheck, and the browser that tests of pages share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

collect_ignore = ["example_project"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; imported where it is asked for."""
    from .browsing import launched

    with launched() as browser:
        yield browser
