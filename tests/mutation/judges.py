"""The judges of a mutant, cheap ones first, each in a fork of a process that has loaded everything but fsqcheck."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
#: Plugins of pytest's own that a judge has no use for.
_UNUSED = ("cacheprovider", "faulthandler", "logging", "doctest", "unittest", "stepwise", "junitxml")
LIMIT_S, LIMIT_BYTES = 120, 16 << 30

_HEAVY = ("torch", "mpmath", "ml_dtypes", "hypothesis", "msgspec", "rich.console", "packaging", "tomllib")
for _name in _HEAVY:
    importlib.import_module(_name)


@dataclass(frozen=True)
class Judge:
    """A run of pytest that stops at its first failure."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """How a run ended: `passed`, `failed`, `timeout` or `died`; how many cases passed, how many SHOULDs failed."""

    ended: str
    passes: int
    shoulds: int
    said: str
    seconds: float


def _suite(name: str, targets: tuple[str, ...], rules: tuple[str, ...], *more: str) -> Judge:
    flags = [f"--fsq={target}" for target in targets] + [f"--fsq-rule={rule}" for rule in rules]
    return Judge(name, ("-p", "fsqcheck", "-c", os.devnull, *flags, *more, str(TESTS.parent / "conformance")))


def _tests(name: str, pattern: str) -> Judge:
    files = sorted(str(file) for file in TESTS.glob(pattern))
    return Judge(name, ("-c", str(TESTS.parent / "pyproject.toml"), *files))


_RULES = ("widened", "symmetric", "paper", "ifsq", "symmetric-clamp")
_RIGHT = tuple(
    f"fsqcheck.tests.right_quantizers:{name}"
    for name in ("InFloat32", "InNumpyInNativeArithmetic", "LooksUpItsThresholds")
)

#: By the folder of the mutant's file.
JUDGES = {
    "adapters": (
        _suite("suite, widened", ("torch-fsq",), _RULES[:1], "--fsq-strict"),
        _suite("suite, four other rules", ("torch-fsq",), _RULES[1:], "--fsq-strict"),
        _tests("its own tests", "test_adapters_torch_fsq.py"),
    ),
    "reference": (
        _suite("suite on right quantizers", _RIGHT, _RULES[:1]),
        _suite("suite on torch-fsq", ("torch-fsq",), _RULES[:2], "--fsq-strict"),
        _tests("its own tests", "test_reference_*.py"),
    ),
}


class _Counts:
    """Counts what passes and keeps the name of the first failure; tests that killed before go first."""

    def __init__(self) -> None:
        self.passes, self.shoulds, self.failed = 0, 0, ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: -_KILLS[_named(item.nodeid)])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passes += report.when == "call" and report.passed
        self.shoulds += hasattr(report, "wasxfail")
        if report.failed and not self.failed:
            self.failed = _named(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"collecting {report.nodeid}"


def _named(nodeid: str) -> str:
    return nodeid.partition("[")[0].rpartition("/")[2]


#: How many mutants each test has killed in this run.
_KILLS = Counter[str]()


def verdict(judge: Judge, file: Path, text: str) -> Verdict:
    """What a judge says of a file with this text in the place of its own."""
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _in_the_child(judge, file, text, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ended = {-signal.SIGALRM: "timeout", 0: "passed"}.get(status, "failed" if said else "died")
    passes, shoulds, first = said.split(" ", 2) if said else ("0", "0", ended)
    _KILLS[first] += 1
    return Verdict(ended, int(passes), int(shoulds), first, time.monotonic() - started)


def _in_the_child(judge: Judge, file: Path, text: str, writing: int) -> None:
    signal.alarm(LIMIT_S)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    its_own = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> Any:
        return compile(text, loader.path, "exec") if Path(loader.path).resolve() == file else its_own(loader, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    sys.dont_write_bytecode = True
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    counts = _Counts()
    status = 3
    try:
        common = ["-x", "-q", "--assert=plain", "--import-mode=importlib", *(f"-pno:{name}" for name in _UNUSED)]
        status = int(pytest.main([*common, *judge.arguments], plugins=[counts]))
    finally:
        os.write(writing, f"{counts.passes} {counts.shoulds} {counts.failed or f'pytest ended with {status}'}".encode())
        os._exit(status)
