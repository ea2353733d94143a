"""A target that harms its process costs the cases in which it did, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsqcheck import check, reports
from fsqcheck.conformance.plan import Wanted
from fsqcheck.conformance.run import Unwatched
from fsqcheck.isolation.front import Apart, run_wanted
from fsqcheck.isolation.handle import Keeper, KeeperDiedError
from fsqcheck.isolation.job import GIB, Job, Limits
from fsqcheck.isolation.keepers import KEEPERS
from fsqcheck.isolation.pool import run_job
from fsqcheck.reports import Record, ResultLine, TargetLine
from fsqcheck.reports.record import Header

from .commands import RIGHT, fsqcheck, written
from .processes import children_of, running, wait_until_gone

#: The two clauses of the harmful runs, and the cases in which there is one channel of two levels.
CLAUSES = ("BND-4", "GRD-7")
HARMED = {"BND-4/widened/2/float32/cpu/eval", "GRD-7/widened/drawn/float32/cpu/eval/hypothesis"}
QUICK = Limits(case_s=3.0)


@pytest.fixture(autouse=True, scope="module")
def _no_keeper_stays() -> Iterator[None]:
    yield
    KEEPERS.close()


def isolated(target: str, folder: Path, limits: Limits = QUICK, processes: int = 1) -> Record:
    """The record of an isolated run."""
    wanted = Wanted((target,), rules=("widened",), clauses=CLAUSES)
    ending = run_wanted(wanted, folder / "r.jsonl", processes, Unwatched(), Apart(limits))
    assert ending.broke is None
    return reports.read(folder / "r.jsonl")


def harmful(name: str, folder: Path, limits: Limits = QUICK) -> dict[str, ResultLine]:
    """What came of the cases in which harm was done; all others passed."""
    record = isolated(f"fsqcheck.tests.hostile_targets:{name}", folder, limits)
    assert record.footer is not None
    assert reports.gap(record) is None
    assert {result.id for result in record.results if result.outcome != "pass"} == HARMED
    assert len(record.results) == 11
    return {result.id: result for result in record.results if result.id in HARMED}


@pytest.mark.parametrize(
    ("name", "outcome", "words", "printed"),
    [
        ("Segfaults", "crash", "was ended by SIGSEGV", "Fatal Python error: Segmentation fault"),
        ("Exits", "crash", "ended itself with exit status 3", "I am leaving"),
        ("Hangs", "timeout", "gave no answer within 3 s", None),
        ("Spins", "timeout", "gave no answer within 3 s", None),
        ("WantsTooMuchMemory", "crash", "more than 8 GiB of memory were wanted", None),
        ("Floods", "crash", "ended itself with exit status 4", "the last line"),
        ("KillsTheProcessAbove", "crash", "was killed together with the one that started it", None),
        ("LeavesAProcessBehind", "crash", "ended itself with exit status 5", None),
        ("RaisesSystemExit", "error", "raised SystemExit: somebody called sys.exit", None),
        ("ClosesEveryFile", "crash", "ended itself with exit status", None),
    ],
)
def test_harm_costs_the_cases_in_which_it_was_done(
    name: str, outcome: str, words: str, printed: str | None, tmp_path: Path
) -> None:
    for result in harmful(name, tmp_path).values():
        assert result.outcome == outcome
        assert words in (result.message or "")
        assert result.evidence is not None
        assert result.evidence.rerun is not None
        if printed:
            assert printed in result.evidence.details["last output"]


def test_what_a_target_leaves_running_is_ended(tmp_path: Path) -> None:
    harmful("LeavesAProcessBehind", tmp_path)
    assert running(b"sleep 98765") == []


def test_memory_is_limited_to_what_was_said(tmp_path: Path) -> None:
    target = "fsqcheck.tests.hostile_targets:HoldsThreeGib"
    assert {one.outcome for one in isolated(target, tmp_path, Limits(memory=8 * GIB)).results} == {"pass"}
    bad = [one for one in isolated(target, tmp_path, Limits(memory=2 * GIB)).results if one.outcome != "pass"]
    assert {one.id for one in bad} == HARMED
    assert all("more than 2 GiB of memory were wanted" in (one.message or "") for one in bad)


def test_an_isolated_run_finds_what_any_run_finds(tmp_path: Path) -> None:
    target = "fsqcheck.tests.mutants.making:claiming(rule='widened', module='boundaries', name='ForgetsToShift')"
    apart = {one.id: one for one in isolated(target, tmp_path, Limits()).results}
    plain = {one.id: one for one in check(target, rules=["widened"], clauses=CLAUSES).results}
    assert apart.keys() == plain.keys()
    for id, one in plain.items():
        assert (apart[id].outcome, apart[id].message, apart[id].digest) == (one.outcome, one.message, one.digest)


def test_shares_of_the_cases_side_by_side_are_the_same_run(tmp_path: Path) -> None:
    record = isolated("torch-fsq", tmp_path, Limits(), processes=2)
    assert reports.gap(record) is None
    plain = check("torch-fsq", rules=["widened"], clauses=CLAUSES)
    assert {(one.id, one.digest) for one in record.results} == {(one.id, one.digest) for one in plain.results}
    assert record.targets == plain.targets
    assert record.clauses == plain.clauses


def test_the_limit_of_the_run_leaves_the_rest_undone(tmp_path: Path) -> None:
    record = isolated("fsqcheck.tests.hostile_targets:Hangs", tmp_path, Limits(case_s=60.0, run_s=4.0))
    left = [one for one in record.results if one.outcome == "not-run"]
    assert {one.message for one in left} == {"the run's limit of 4 s was reached before"}
    assert "BND-4/widened/2/float32/cpu/eval" in {one.id for one in left}
    assert reports.gap(record) is None
    assert len(record.results) == 11


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import os\nos._exit(7)\n", "ended itself with exit status 7"),
        ("import time\ntime.sleep(60)\n", "gave no answer within 3 s"),
        ("import os\nprint('so it goes', flush=True)\nos._exit(7)\n", "it last printed 'so it goes'"),
        ("import os\nprint('so it goes', flush=True)\nos.abort()\n", "it was in <module> at {file}:3"),
    ],
)
def test_a_target_that_does_not_survive_its_loading_is_not_loaded(body: str, words: str, tmp_path: Path) -> None:
    file = written(tmp_path, "mine.py", body)
    record = isolated(f"{file}:FSQ", tmp_path)
    (target,) = record.targets
    assert not target.loaded
    assert words.format(file=file) in (target.reason or "")
    assert reports.exit_status(record) == 2


def test_a_target_that_writes_into_the_suites_pipe_breaks_the_run(tmp_path: Path) -> None:
    wanted = Wanted(("fsqcheck.tests.hostile_targets:WritesIntoEveryPipe",), rules=("widened",), clauses=CLAUSES)
    ending = run_wanted(wanted, tmp_path / "r.jsonl", 1, Unwatched(), Apart(QUICK))
    assert ending.broke is not None
    assert "wrote into the suite's own pipe" in ending.broke
    assert reports.exit_status(reports.read(tmp_path / "r.jsonl")) == 3


def test_a_job_can_be_run_by_itself() -> None:
    lines = list(run_job(Job(Wanted(("torch-fsq",), rules=("paper",), clauses=("BND-2",)))))
    assert [line.name for line in lines if isinstance(line, TargetLine)] == ["torch-fsq"]
    assert {line.outcome for line in lines if isinstance(line, ResultLine)} == {"pass"}
    assert not any(isinstance(line, Header) for line in lines)


def test_a_keeper_that_cannot_start_says_why(tmp_path: Path) -> None:
    written(tmp_path, "torch.py", "raise RuntimeError('this torch is broken')\n")
    with pytest.raises(KeeperDiedError, match="this torch is broken"):
        Keeper(tmp_path)


def test_a_closed_keeper_ends_its_child() -> None:
    code = (
        "from fsqcheck.conformance.plan import Wanted\n"
        "from fsqcheck.isolation.job import Job\n"
        "from fsqcheck.isolation.pool import run_job\n"
        "for line in run_job(Job(Wanted(('fsqcheck.tests.hostile_targets:Hangs',), rules=('widened',), "
        "clauses=('BND-4',)))):\n"
        "    print('line', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as parent:
        assert parent.stdout is not None
        for _ in range(5):
            parent.stdout.readline()
        keepers = children_of(parent.pid)
        hanging = [child for keeper in keepers for child in children_of(keeper)]
        os.kill(parent.pid, signal.SIGKILL)
    assert len(keepers) == len(hanging) == 1
    wait_until_gone(*keepers, *hanging)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--case-limit", "0"), "a time limit must be above 0 seconds, got 0"),
        (("--run-limit", "-1"), "a time limit must be above 0 seconds, got -1"),
        (("--memory-limit", "0.5"), "a memory limit below 1 GiB leaves no room for the suite itself, got 0.5 GiB"),
        (("--memory-limit", "inf"), "cannot convert float infinity to integer"),
    ],
)
def test_a_limit_that_makes_no_sense_is_told(arguments: tuple[str, ...], words: str) -> None:
    said = fsqcheck("run", "reference", *arguments)
    assert said.status == 2
    assert words in said.err
    assert "Traceback" not in said.err


def test_the_command_runs_a_target_apart(tmp_path: Path) -> None:
    said = fsqcheck(
        *("run", "fsqcheck.tests.hostile_targets:Exits", "--isolate", "--rule", "widened", "--clause", "BND-4"),
        cwd=tmp_path,
    )
    assert said.status == 1
    assert "crash     the process ended itself with exit status 3" in said.out
    assert "I am leaving" in said.out
    assert "--isolate" in said.out


def test_where_processes_have_no_limits_a_run_needs_none(tmp_path: Path) -> None:
    written(tmp_path, "sitecustomize.py", "import sys\nsys.modules['resource'] = None\n")
    written(tmp_path, "mine.py", RIGHT)
    command = [sys.executable, "-m", "fsqcheck", "run", "mine.py:FSQ", "--rule", "widened", "--clause", "BND-4", "-q"]
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    plain, apart = (
        # A new interpreter: `sitecustomize` is for its start.
        subprocess.run([*command, *more], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        for more in ((), ("--isolate",))
    )
    assert plain.returncode == 0, plain.stderr
    assert apart.returncode == 2
    assert apart.stderr == (
        "fsqcheck: a target can be kept apart on Linux and macOS only; run it in this process, without --isolate\n"
    )


def test_an_interrupted_run_leaves_what_it_had_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fsqcheck", "run", "fsqcheck.tests.hostile_targets:Hangs", "--isolate"]
    command += ["--rule", "widened", "--clause", "BND-4", "--report", "r.jsonl"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        end = time.monotonic() + 60
        while not (tmp_path / "r.jsonl").exists() or b'"result"' not in (tmp_path / "r.jsonl").read_bytes():
            assert time.monotonic() < end
            time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "interrupted" in err
    assert "Traceback" not in err + out
    record = reports.read(tmp_path / "r.jsonl")
    assert record.footer is None
    assert record.results
