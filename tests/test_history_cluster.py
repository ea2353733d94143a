"""A history on a Dask cluster: a scheduler and two workers, one of which is killed while it runs a release."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fsqcheck.history import read_history

from .processes import children_of, wait_until_gone
from .test_history_command import BODIES, QUESTION, SOURCE
from .wheels import only_from, wheel

VERSIONS = tuple(BODIES)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of tiny-fsq, and an empty cache."""
    for version, body in BODIES.items():
        wheel(tmp_path / "links", "tiny-fsq", version, source=SOURCE.format(body=body))
    only_from(monkeypatch, tmp_path / "links")
    monkeypatch.setenv("FSQCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def cluster(home: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and its two workers; none has a nanny that would replace it."""
    log = home / "scheduler.log"
    started: list[subprocess.Popen[bytes]] = []
    with log.open("wb") as opened:
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        started.append(subprocess.Popen([*command, "--no-dashboard"], stderr=opened, stdout=opened, cwd=home))
        address = address_in(log)
        for number in range(2):
            options = ["--no-nanny", "--nthreads", "1", "--name", f"worker-{number}", "--no-dashboard"]
            command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *options]
            started.append(subprocess.Popen(command, stderr=opened, stdout=opened, cwd=home))
        try:
            yield address, started[1:]
        finally:
            for process in started:
                process.kill()
                process.wait()


def address_in(log: Path) -> str:
    end = time.monotonic() + 60
    while not (found := re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))):
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    return found[0]


def test_a_worker_that_dies_loses_no_release_and_doubles_none(
    home: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    command = [sys.executable, "-m", "fsqcheck", "history", "tiny-fsq", *QUESTION, "--cluster", address]
    with subprocess.Popen(command, cwd=home, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        victim, keepers = at_work(workers)
        os.kill(victim.pid, signal.SIGKILL)
        out, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    assert "2.0, the newest release, conforms" in out
    wait_until_gone(*keepers)
    kinds = [msgspec.json.decode(line) for line in (home / "tiny-fsq.history.jsonl").read_bytes().splitlines()]
    told = Counter(line["version"] for line in kinds if line["type"] == "release")
    assert told == Counter(VERSIONS)
    found = read_history(home / "tiny-fsq.history.jsonl")
    assert {one.version for one in found.releases if one.reason is not None} == set()


def at_work(workers: list[subprocess.Popen[bytes]]) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A worker that runs a release at this moment, and the processes that it has started for that."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for worker in workers:
            keepers = children_of(worker.pid)
            if any(children_of(keeper) for keeper in keepers):
                return worker, keepers
        time.sleep(0.05)
    raise AssertionError("no worker began a release")
