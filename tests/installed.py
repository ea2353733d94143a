"""Releases from the index, for tests of the real ones: installed once for all processes of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.releases.environment import Environments, InstallError
from fsqcheck.releases.pin import parse_pin


def installed(target: str, packages: Path) -> Path:
    """The folder of packages with a release in it; skips where it can be had from nowhere."""
    pin = parse_pin(target)
    assert pin is not None
    try:
        return Environments(packages).layer(pin).site
    except InstallError as error:
        if "the index cannot be reached" not in str(error):
            raise
        pytest.skip(str(error))
