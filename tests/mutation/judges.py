"""The judges of a mutant, one after another, each in a fork of a process that has loaded everything but fsqcheck."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
#: Plugins of pytest's own that a judge has no use for.
_UNUSED = ("cacheprovider", "faulthandler", "logging", "doctest", "unittest", "stepwise", "junitxml")
#: What a judge gets for a mutant: so many times the processor seconds that the sound file takes, and so many bytes.
LIMIT_TIMES, LIMIT_BYTES = 3, 16 << 30

_HEAVY = ("torch", "mpmath", "ml_dtypes", "hypothesis", "msgspec", "rich.console", "packaging", "tomllib")
for _name in _HEAVY:
    importlib.import_module(_name)


@dataclass(frozen=True)
class Judge:
    """A run of pytest that stops at its first failure. takes: how long each case takes with the sound file, in seconds."""

    name: str
    arguments: tuple[str, ...]
    takes: dict[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Verdict:
    """How a run ended: `passed`, `failed`, `timeout` or `died`; how many cases passed, how many SHOULDs failed."""

    ended: str
    passes: int
    shoulds: int
    said: str
    seconds: float  # of the processor


def _suite(name: str, targets: tuple[str, ...], rules: tuple[str, ...], *more: str) -> Judge:
    flags = [f"--fsq={target}" for target in targets] + [f"--fsq-rule={rule}" for rule in rules]
    return Judge(name, ("-p", "fsqcheck", "-c", os.devnull, *flags, *more, str(TESTS.parent / "conformance")))


def _tests(*patterns: str) -> Judge:
    files = sorted(str(file) for pattern in patterns for file in TESTS.glob(pattern))
    assert files, patterns
    return Judge("its own tests", ("-c", str(TESTS.parent / "pyproject.toml"), *files))


_RULES = ("widened", "symmetric", "paper", "ifsq", "symmetric-clamp")
_RESIDUAL_RULES = ("residual", "residual-widened", "residual-widened-twice", "residual-atanh-twice", "residual-paper")
_RIGHT = tuple(
    f"fsqcheck.tests.right_quantizers:{name}"
    for name in ("InFloat32", "InNumpyInNativeArithmetic", "LooksUpItsThresholds")
)
_RIGHT_RESIDUAL = tuple(
    f"fsqcheck.tests.right_residual_quantizers:{name}" for name in ("StageByStage", "InFloat64", "InNumpy")
)

_TORCH = (
    _suite("suite, widened", ("torch-fsq",), _RULES[:1], "--fsq-strict"),
    _suite("suite, four other rules", ("torch-fsq",), _RULES[1:], "--fsq-strict"),
    _tests("test_adapters_torch_fsq.py"),
)
_ON_RIGHT = _suite("suite on a right quantizer", _RIGHT[:1], _RULES[:1])
_ON_OTHERS = _suite("suite on right quantizers", _RIGHT[1:], _RULES[:1])
_ON_TORCH = _suite("suite on torch-fsq", ("torch-fsq",), _RULES[:2], "--fsq-strict")
# The stages of the older rules do not refine, as RES-13 rightly says.
_ON_RESIDUAL_TORCH = _suite(
    "suite on torch-fsq", ("torch-fsq",), _RESIDUAL_RULES, "-k", "not test_each_further_stage_refines"
)
_RESIDUAL = (
    _suite("suite on a right residual quantizer", _RIGHT_RESIDUAL[:1], _RESIDUAL_RULES[:1]),
    _tests("test_reference_residual.py"),
    _suite("suite on right residual quantizers", _RIGHT_RESIDUAL[1:], _RESIDUAL_RULES[:1]),
    _ON_RESIDUAL_TORCH,
)


def _own(*tests: str) -> Judge:
    return _tests(*(f"test_reference_{name}.py" for name in tests))


def _reference(*tests: str) -> tuple[Judge, ...]:
    # What the suite says of one right quantizer kills most; of four it takes long, so they come last.
    return _ON_RIGHT, _own(*tests), _ON_OTHERS, _ON_TORCH


#: By the mutant's file, in their order. Its own tests are those that are about it.
JUDGES = {
    "adapters/torch_fsq.py": _TORCH,
    "reference/rules.py": _reference("rules", "fsq", "gradient", "staircase"),
    "reference/staircase.py": _reference("staircase", "bands", "distance"),
    "reference/codebook.py": (_ON_RIGHT, _tests("test_reference_codebook.py", "test_levels.py"), _ON_OTHERS, _ON_TORCH),
    # Nothing is judged by the reference's own quantizer: it is a target as others are.
    "reference/fsq.py": (
        _suite("suite on the reference", ("reference",), _RULES[:2], "--fsq-strict"),
        _own("fsq", "gradient"),
    ),
    "reference/activations.py": _reference("activations", "fsq", "gradient", "rules", "bands"),
    "reference/precision.py": _reference("precision", "distance"),
    "reference/holding.py": _reference("holding"),
    "reference/residual.py": _RESIDUAL,
    "reference/residual_fsq.py": _RESIDUAL,
    "reference/choosing.py": (_tests("test_levels.py"),),
    "adapters/torch_residual.py": (_ON_RESIDUAL_TORCH, _tests("test_reference_residual.py", "test_residual.py")),
}


class _Counts:
    """Counts what passes and keeps the name of the first failure; what killed before goes first, then what is quick."""

    def __init__(self, takes: dict[str, float]) -> None:
        self.passes, self.shoulds, self.failed = 0, 0, ""
        self.before, self.takes = takes, dict[str, float]()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: (-_KILLS[_named(item.nodeid)], self.before.get(item.nodeid, 0.0)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passes += report.when == "call" and report.passed
        self.shoulds += hasattr(report, "wasxfail")
        if report.when == "call":
            self.takes[report.nodeid] = report.duration
        if report.failed and not self.failed:
            self.failed = _named(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"collecting {report.nodeid}"


def _named(nodeid: str) -> str:
    return nodeid.partition("[")[0].rpartition("/")[2]


#: How many mutants each test has killed in this run.
_KILLS = Counter[str]()


def sound(judge: Judge, file: Path) -> Verdict:
    """What a judge says of a file as it is; how long its cases take is kept. `AssertionError` where it does not pass."""
    found, takes = _judged(judge, file, file.read_text(encoding="utf-8"), 600.0)
    assert found.ended == "passed", (judge.name, found)
    judge.takes.update(takes)
    return found


def runs(judge: Judge, file: Path) -> bool:
    """Whether a judge runs a file at all: it does not pass without it."""
    return _judged(judge, file, "raise SystemExit\n", 600.0)[0].ended != "passed"


def verdict(judge: Judge, file: Path, text: str, sane: Verdict) -> Verdict:
    """What a judge says of a file with this text in the place of its own, where it said `sane` of the file as it is."""
    found, _ = _judged(judge, file, text, LIMIT_TIMES * sane.seconds)
    _KILLS[found.said] += 1
    return found


def _judged(judge: Judge, file: Path, text: str, limit_s: float) -> tuple[Verdict, dict[str, float]]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _in_the_child(judge, file, text, writing, limit_s)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    _, waited, used = os.wait4(child, 0)
    status = os.waitstatus_to_exitcode(waited)
    ended = {-signal.SIGPROF: "timeout", 0: "passed"}.get(status, "failed" if said else "died")
    passes, shoulds, first, takes = json.loads(said) if said else (0, 0, ended, {})
    return Verdict(ended, passes, shoulds, first, used.ru_utime + used.ru_stime), takes


def _in_the_child(judge: Judge, file: Path, text: str, writing: int, limit_s: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, limit_s)  # not by the clock: the machine has other work
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
    counts = _Counts(judge.takes)
    status = 3
    try:
        common = ["-x", "-q", "--assert=plain", "--import-mode=importlib", *(f"-pno:{name}" for name in _UNUSED)]
        status = int(pytest.main([*common, *judge.arguments], plugins=[counts]))
    finally:
        said = (counts.passes, counts.shoulds, counts.failed or f"pytest ended with {status}", counts.takes)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            json.dump(said, pipe)
        os._exit(status)
