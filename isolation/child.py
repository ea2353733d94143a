"""The child: a fork of the keeper in which one target is loaded, and a suite runs over it, a sweep through it, or it is asked."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import resource
import signal
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..adapters import Adapter, resolve
from ..conformance.losses import REPLACED
from ..conformance.run import Unwatched, run_suite
from ..conformance.session import Session
from .channel import Planned, Started, say
from .job import Job
from .serving import serve

#: From Linux' prctl.h: which signal a process gets when its parent dies.
_PR_SET_PDEATHSIG = 1


def run_cases(order: Order, channel: int) -> int:
    """The suite over the job's target: its record's lines go to `channel`. The exit status."""

    def load(_: str) -> Adapter:
        return resolve(order.job.spelled)

    session = Session(order.job.wanted, load, quiet=False)
    steps = _Steps(channel, order)
    ending = run_suite(session, Path(f"/dev/fd/{channel}"), 1, Unwatched(), (steps,), captured=False, within=True)
    return 70 if ending.broke else 0


@dataclass(frozen=True)
class Order:
    """What the keeper is told to fork a child for.

    `path` and `folder`: the `sys.path` and the directory of the one who asks; `site`: the folder of packages that goes
    before all others; `finished`: the names of tests that have run already; `rules`: those that the target will most
    likely be judged by; `work`: what the child does with this order and the channel into which it speaks, and what it gives
    is the child's exit status; `serves`: instead of any work it answers what it is asked, on a socket.
    """

    job: Job
    path: tuple[str, ...]
    folder: str
    site: str | None = None
    finished: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()
    serves: bool = False
    work: Callable[[Order, int], int] = run_cases


class _Steps:
    """Says what will run and what starts, and leaves out what has run or is none of this share's."""

    def __init__(self, channel: int, order: Order) -> None:
        self._channel = channel
        self._order = order

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """The guard starts another child when this one ends."""
        config.stash[REPLACED] = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """After all other plugins: the plan of this child."""
        yield
        part, parts = self._order.job.share
        items[:] = [one for one in items[part::parts] if one.nodeid not in self._order.finished]
        say(self._channel, Planned(names=tuple(one.nodeid for one in items)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test starts."""
        say(self._channel, Started(name=nodeid))


def live(order: Order, channel: int, output: int) -> None:
    """Becomes the child of an order, and does not return: it speaks on `channel`, and all that it prints goes to `output`."""
    status = 70
    try:
        _settle(order, output)
        if order.serves:
            serve(order.job.spelled, channel)
            status = 0
        else:
            status = order.work(order, channel)
    except BaseException:
        faulthandler.disable()
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)  # what the target registered to happen at the end of the process is not waited for


def _settle(order: Order, output: int) -> None:
    """A process group, limits, streams and a path of its own."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((null, output, output)):
        os.dup2(source, number)
    faulthandler.enable(2)
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (order.job.limits.memory,) * 2)
    os.chdir(order.folder)
    # No site.addsitedir: a .pth file in a wheel is code.
    sys.path[:] = [*([order.site] if order.site is not None else []), *order.path]
