"""pip, run by a Python of one's choice, and what it complains of on one line."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from pathlib import Path

from ..reports import plain

#: Settings of the user's that would send a release elsewhere than into its environment.
_ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON", "PIP_NO_DEPS")
_UNREACHABLE = re.compile(
    r"Retrying \(|NewConnectionError|Max retries exceeded|Name or service not known|Could not fetch URL"
)
_CONFLICT = re.compile(r"The conflict is caused by:\n(?P<parties>(?:[ \t]+\S.*\n?)+)")
_ERROR = re.compile(r"^\s*error:\s*(?P<said>.+)$", re.MULTILINE | re.IGNORECASE)
_VERSIONS = re.compile(r"\s*\(from versions: [^)]*\)")


class PipError(Exception):
    """pip could not do it: one line that says why."""

    def __init__(self, why: str, output: str = "") -> None:
        super().__init__(why)
        self.output = output
        """All that it printed."""


class PipMissing(PipError):  # noqa: N818
    """The Python has no pip."""

    def __init__(self, python: Path) -> None:
        super().__init__(f"{python} has no pip; `{python} -m ensurepip` adds it")


def pip(python: Path, *arguments: str) -> str:
    """What `pip` prints on stdout, run by this Python; asks nothing. `PipError`, `OSError` for a full disk."""
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environment |= {
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_PROGRESS_BAR": "off",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        # -P: a pip.py in the user's folder is not pip.
        [python, "-P", "-m", "pip", *arguments, "--retries", "2"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    output = f"{done.stdout}\n{done.stderr}"
    if "No space left on device" in output:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "No module named pip" in output:
        raise PipMissing(python)
    raise PipError(why(output), output)


def unreachable(output: str) -> bool:
    """Whether pip could not talk to an index."""
    return _UNREACHABLE.search(output) is not None


def why(output: str) -> str:
    """pip's reason, out of all that it printed, on one line."""
    if match := _CONFLICT.search(output):
        return plain.line("; ".join(part.strip() for part in match["parties"].strip().splitlines()))
    said = [_VERSIONS.sub("", match["said"].strip()) for match in _ERROR.finditer(output)]
    if said:
        return plain.line("; ".join(dict.fromkeys(said)))
    lines = output.strip().splitlines()
    return plain.line(lines[-1].strip() if lines else "pip failed and said nothing")
