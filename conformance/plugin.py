"""The pytest plugin: turns targets into parameters and outcomes into a record, and adds nothing else to pytest's ways.

Loaded in every pytest run of every project that has fsqcheck installed, so it imports nothing heavy by itself.

A clause that fails is a failed test when it is a MUST; a SHOULD or MAY that fails is shown as xfailed (`-rx`), as it does
not fail a release; with `--fsq-strict` it fails too. What a target does not claim, and what cannot be judged here, is
skipped with its reason (`-rs`).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .losses import Losses

if TYPE_CHECKING:
    from ..reports.record import BaselineLine, ResultLine
    from .case import Case
    from .known import KnownFailures
    from .session import Session
    from .subject import Subject

_OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("--fsq", "targets", "a target: reference, torch-fsq, vector-quantize-pytorch, module:Class, file.py:Class"),
    ("--fsq-rule", "rules", "judge by this rule (default: those that the target claims)"),
    ("--fsq-levels", "levels", "numbers of levels, e.g. 8,5,5,5"),
    ("--fsq-dtype", "dtypes", "only inputs of this dtype"),
    ("--fsq-device", "devices", "run on this device (default: cpu)"),
    ("--fsq-clause", "clauses", "only this clause or family, e.g. BND-3 or BND"),
)
_PROPERTY = "fsqcheck"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all named --fsq…"""
    group = parser.getgroup("fsqcheck", "conformance of Finite Scalar Quantization")
    for flag, name, words in _OPTIONS:
        group.addoption(flag, action="append", dest=f"fsq_{name}", default=[], metavar=name[:-1].upper(), help=words)
    group.addoption("--fsq-tier", dest="fsq_tier", default=None, help="quick (default), standard or exhaustive")
    group.addoption("--fsq-case", dest="fsq_case", default=None, metavar="ID", help="only the case with this id")
    group.addoption(
        "--fsq-seed",
        dest="fsq_seed",
        type=int,
        default=0,
        help="seed of Hypothesis; 0 (default): the same draws always",
    )
    group.addoption("--fsq-report", dest="fsq_report", default=None, metavar="FILE", help="write the record here")
    group.addoption(
        "--fsq-baseline",
        dest="fsq_baseline",
        default=None,
        metavar="FILE",
        help="known failures, which are xfailed (default: that of [tool.fsqcheck])",
    )
    group.addoption(
        "--fsq-allow-stale",
        dest="fsq_allow_stale",
        action="store_true",
        default=None,
        help="a baseline that is no longer true is told and fails nothing",
    )
    group.addoption("--fsq-strict", dest="fsq_strict", action="store_true", help="a SHOULD that fails is a failed test")


SESSION = pytest.StashKey["Session"]()
WRITER = pytest.StashKey["Scribe"]()


def session_of(config: pytest.Config) -> Session:
    """The run's session, made at the first question; `pytest.UsageError` for what makes no sense."""
    if SESSION in config.stash:
        return config.stash[SESSION]
    from .plan import UsageError, parse_levels
    from .session import Session
    from .settings import with_defaults

    given: dict[str, Any] = {name: tuple(config.getoption(f"fsq_{name}")) for _, name, _ in _OPTIONS}
    given |= {name: config.getoption(f"fsq_{name}") for name in ("tier", "case", "seed", "allow_stale")}
    baseline: str | None = config.getoption("fsq_baseline")
    given["baseline"] = Path(baseline) if baseline else baseline
    try:
        given["levels"] = tuple(parse_levels(text) for text in given["levels"])
        session = Session(with_defaults(given, Path.cwd()))
        session.baseline  # noqa: B018  (read here, so that a wrong one is told before anything runs)
    except UsageError as error:
        raise pytest.UsageError(f"fsqcheck: {error}") from None
    if not session.adapters:
        raise pytest.UsageError("fsqcheck: " + "; ".join(session.unavailable.values()))
    config.stash[SESSION] = session
    return session


def pytest_configure(config: pytest.Config) -> None:
    """Loads the targets that were named, and opens the record in the process that pytest was started in."""
    if config.getoption("fsq_targets"):
        session_of(config)
    config.stash[_LOSSES] = Losses(config)
    config.pluginmanager.register(config.stash[_LOSSES], "fsqcheck-losses")
    if hasattr(config, "workerinput"):
        return
    gate = Gate(config)
    config.pluginmanager.register(gate, "fsqcheck-gate")
    if config.getoption("fsq_report"):
        scribe = Scribe(config, gate)
        config.stash[WRITER] = scribe
        config.pluginmanager.register(scribe, "fsqcheck-scribe")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each planned case of the clause that a function carries."""
    from_suite = "subject" in metafunc.fixturenames and hasattr(metafunc.function, "__fsqcheck_clause__")
    if not from_suite:
        return
    from .clause import clause_of
    from .names import SEPARATOR

    session = session_of(metafunc.config)
    check = clause_of(metafunc.function)
    assert check is not None
    cases = [case for target in session.adapters for case in session.cases(target, check)]
    metafunc.parametrize("subject", cases, ids=[f"{case.target}{SEPARATOR}{case.id}" for case in cases], indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where a record is written, what its pictures need is measured after the cases."""
    from .names import SEPARATOR

    if config.getoption("fsq_report") and any(SEPARATOR in item.name for item in items):
        from .measurements import measurement_items

        items += measurement_items(session_of(config), session)


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """One case in the hands of its test; the target's global state is put back afterwards."""
    from ..reference import RESIDUAL_RULES
    from .clause import catalogue
    from .findings import NotJudgedError, UnsupportedError
    from .plan import judged_part
    from .subject import Subject

    case: Case = request.param
    session = session_of(request.config)
    adapter = judged_part(session.adapters[case.target], case.rule)
    habits = session.habits(case)
    held = Subject(case, adapter, session.wanted.seed, habits=habits)
    request.node.stash[_SUBJECT] = held
    try:
        if lost := request.config.stash[_LOSSES].before(case.device):
            raise NotJudgedError(lost)
        if case.device not in adapter.devices():
            raise NotJudgedError(f"no {case.device.upper()} device")
        if case.dtype not in adapter.dtypes:
            raise UnsupportedError(f"it takes no {case.dtype} input, only {', '.join(adapter.dtypes)}")
        held.needs(*catalogue()[case.clause].needs)
    except (NotJudgedError, UnsupportedError) as error:
        _ended(request.node, error, 0.0)
        pytest.skip(f"{error}")
    habits.find_out(case.rule in RESIDUAL_RULES)  # before anything was done to a quantizer
    with adapter.guard():
        yield held


@pytest.fixture
def fsq_tier(request: pytest.FixtureRequest) -> str:
    """The tier of the run."""
    return session_of(request.config).wanted.tier


@pytest.fixture
def fsq_seed(request: pytest.FixtureRequest) -> int:
    """The seed of what is drawn; 0: the same draws always."""
    return session_of(request.config).wanted.seed


_SUBJECT = pytest.StashKey["Subject"]()
_LOSSES = pytest.StashKey[Losses]()
_RESULT = pytest.StashKey["ResultLine"]()


def _ended(item: pytest.Item, error: BaseException | None, seconds: float) -> ResultLine:
    """Keeps the result of a case with its test."""
    from .known import as_known
    from .results import result_of

    subject = item.stash[_SUBJECT]
    result = result_of(subject, error, seconds, item.config.stash[_LOSSES].after(subject))
    result = as_known(session_of(item.config), result)
    item.stash[_RESULT] = result
    return result


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Calls a test of the suite, and says in pytest's words how its case ended: failed, xfailed or skipped.

    The exceptions of the suite end here: pytest would draw a traceback of the suite's insides for each.
    """
    if _SUBJECT not in pyfuncitem.stash:
        return (yield)
    from ..reports.record import is_own_fault
    from .results import in_plain_words

    started = time.perf_counter()
    try:
        value = yield
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:
        result = _ended(pyfuncitem, error, time.perf_counter() - started)
        if is_own_fault(result):
            raise
    else:
        result = _ended(pyfuncitem, None, time.perf_counter() - started)
        if result.outcome == "xpass" and not session_of(pyfuncitem.config).wanted.allow_stale:
            pytest.fail(f"passes unexpectedly: {result.known}", pytrace=False)
        return value
    if result.outcome in ("unsupported", "not-run"):
        pytest.skip(f"{result.outcome}: {result.message}")
    if result.outcome == "xfail":
        pytest.xfail(f"known: {result.known}")
    if result.severity != "must" and not pyfuncitem.config.getoption("fsq_strict"):
        pytest.xfail(f"{result.severity.upper()} {result.clause}: {result.message}")
    return pytest.fail(in_plain_words(result), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the result of a case to the report of the phase that it ended in."""
    report = yield
    if call.when == "call" and item.config.getoption("fsq_report"):
        from .measurements import sent

        report.user_properties += [measured] if (measured := sent(item)) else []
    if _SUBJECT not in item.stash or _SENT in item.stash:
        return report
    if _RESULT not in item.stash and call.excinfo is not None:
        _ended(item, call.excinfo.value, call.duration)
    if result := item.stash.get(_RESULT, None):
        import msgspec

        item.stash[_SENT] = True
        report.user_properties.append((_PROPERTY, msgspec.to_builtins(result)))
        if result.outcome == "xpass" and report.passed:
            report.wasxfail = result.known or ""
    return report


_SENT = pytest.StashKey[bool]()


class Gate:
    """Follows the results of a run that has a baseline, and fails the run when the baseline is no longer true."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._known: KnownFailures | None = None
        self._line: BaselineLine | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Follows a result, from this process or from a worker."""
        if (found := result_in(report)) is not None and (known := self._following()) is not None:
            known.add(found)

    def line(self) -> BaselineLine | None:
        """What there is to say of the baseline, made once; None for a run without one."""
        if self._line is None and (known := self._following()) is not None:
            session = session_of(self._config)
            self._line = known.line([case for target in session.adapters for case in session.cases(target)])
        return self._line

    def _following(self) -> KnownFailures | None:
        from .known import KnownFailures

        session = session_of(self._config)
        if self._known is None and session.baseline is not None:
            self._known = KnownFailures(session.wanted, session.baseline, session.claims)
        return self._known

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A stale baseline fails a run that has not failed already."""
        if self._known is None or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return
        line = self.line()
        if line is not None and line.problems and not line.allow_stale:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Says what is wrong with the baseline, one line each."""
        if self._line is None or not self._line.problems:
            return
        terminalreporter.section("fsqcheck baseline", red=not self._line.allow_stale)
        for problem in self._line.problems:
            terminalreporter.write_line(problem)


class Scribe:
    """Writes the record while the run goes on."""

    def __init__(self, config: pytest.Config, gate: Gate) -> None:
        from ..reports import RecordWriter, UnwritableReport
        from .recording import clause_lines, header, target_lines

        self._config = config
        self._started = time.monotonic()
        self._outcomes: dict[str, int] = {}
        self._gate = gate
        self._broke: str | None = None
        self._answered = set[str]()
        session = session_of(config)
        try:
            self._writer = RecordWriter(Path(config.getoption("fsq_report")), header(session.wanted))
        except UnwritableReport as error:
            raise pytest.UsageError(f"fsqcheck: {error}") from None
        for target in target_lines(session):
            self._writer.write(target)
        for clause in clause_lines(session):
            self._writer.write(clause)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Writes a result as soon as its report arrives, from this process or from a worker."""
        from .measurements import received

        for line in received(report, session_of(self._config)):
            self._writer.write(line)
        found = result_in(report) or self._crashed(report)
        if found is not None:
            self._answered.add(report.nodeid)
            self._outcomes[found.outcome] = self._outcomes.get(found.outcome, 0) + 1
            self._writer.write(found)

    def _crashed(self, report: pytest.TestReport) -> ResultLine | None:
        """The result of a case whose worker died under it."""
        from .known import as_known
        from .names import case_in
        from .recording import bare_result

        if report.when in ("setup", "call", "teardown") or (case := case_in(report.nodeid)) is None:
            return None
        if report.nodeid in self._answered:  # its worker ended after it had said how the case ended: see `losses`
            return None
        died = bare_result(case, "crash", 0.0, "the process that ran this case died")
        return as_known(session_of(self._config), died)

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keeps what broke pytest itself."""
        self._broke = str(excrepr).strip().splitlines()[-1]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keeps what broke the collection."""
        if report.failed:
            self._broke = f"collecting {report.nodeid} failed"

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Ends the record; an interrupted run gets no footer."""
        from ..reports.record import Footer
        from .recording import now

        if exitstatus == pytest.ExitCode.INTERRUPTED and self._broke is None:
            self._writer.close(None)
            return
        if (line := self._gate.line()) is not None:
            self._writer.write(line)
        self._writer.close(
            Footer(
                finished=now(),
                seconds=round(time.monotonic() - self._started, 3),
                results=sum(self._outcomes.values()),
                outcomes=self._outcomes,
                broke=self._broke,
            )
        )


def result_in(report: pytest.TestReport) -> ResultLine | None:
    """The result that a report carries, or None."""
    found = dict(report.user_properties).get(_PROPERTY)
    if found is None:
        return None
    import msgspec

    from ..reports.record import ResultLine

    return msgspec.convert(found, ResultLine)
