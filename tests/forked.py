"""Commands in forks of a process that has loaded the libraries: a new process each, without seconds of imports each.

It reads one order a line, forks, and answers with the exit status. It loads nothing of what is tested and nothing that a target
is: those are loaded by each command, as its user would have it.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import runpy
import select
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

#: What is loaded once.
LOADED = (
    *("torch", "torch._dynamo", "sympy", "numpy", "mpmath", "ml_dtypes"),
    *("pytest", "xdist.plugin", "hypothesis.stateful", "_hypothesis_pytestplugin"),
    *("typer", "rich.table", "rich.progress", "msgspec", "packaging.version", "filelock", "platformdirs"),
)


class Forks:
    """The client: one server a process, started when it is first needed."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.path.pop(0); from fsqcheck.tests.forked import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        atexit.register(self.close)

    def close(self) -> None:
        """Ends the server and whatever runs in it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.pid, 9)
        self._server.communicate()  # closes both ends, and waits

    def run(
        self,
        code: str | None,
        arguments: Sequence[str],
        folder: Path | None,
        environment: Mapping[str, str],
        out: Path,
        err: Path,
        limit: float,
    ) -> int:
        """`python -c CODE …`, or `python -m fsqcheck …`, its output in two files; its exit status.

        `TimeoutExpired` after `limit` seconds.
        """
        order = {
            "code": code,
            "arguments": list(arguments),
            "folder": str(folder or Path.cwd()),
            "environment": dict(environment),
            "files": [os.devnull, str(out), str(err)],
        }
        server = self._server
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order).encode() + b"\n")
        server.stdin.flush()
        ready, _, _ = select.select([server.stdout], [], [], limit)
        if not ready:
            forks.cache_clear()
            self.close()
            raise subprocess.TimeoutExpired(["python", *arguments], limit)
        return int(server.stdout.readline())


@cache
def forks() -> Forks:
    """This process's own."""
    return Forks()


def serve() -> None:
    """Forks for each order on stdin, and answers on stdout, both out of the reach of the commands."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for stream in (0, 1):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in orders:
        child = os.fork()
        if child == 0:
            become(json.loads(line))
        _, status = os.waitpid(child, 0)
        answers.write(b"%d\n" % os.waitstatus_to_exitcode(status))
        answers.flush()


def become(order: Mapping[str, object]) -> NoReturn:
    """The command, in this process."""
    status: object = 70
    try:
        files, environment, folder = order["files"], order["environment"], str(order["folder"])
        arguments = order["arguments"]
        assert isinstance(files, list)
        assert isinstance(arguments, list)
        assert isinstance(environment, dict)
        for number, file in enumerate(files):
            opened = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.path[:0] = [folder, *(part for part in str(environment.get("PYTHONPATH", "")).split(os.pathsep) if part)]
        sys.argv = ["-c", *arguments]
        try:
            if order["code"] is None:
                runpy.run_module("fsqcheck", run_name="__main__", alter_sys=True)
            else:
                exec(compile(str(order["code"]), "<string>", "exec"), {"__name__": "__main__"})
            status = 0
        except SystemExit as error:
            status = error.code
            if isinstance(status, str):
                print(status, file=sys.stderr)
                status = 1
        threading._shutdown()  # type: ignore[attr-defined]  # as an interpreter does that ends
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    finally:
        os._exit(status if isinstance(status, int) else 0 if status is None else 1)
