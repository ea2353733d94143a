"""The ranges of a sweep, spread over isolated processes: on this machine, or on the workers of a cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import msgspec

from ..adapters import TargetUnavailableError, resolve
from ..conformance.plan import Wanted
from ..releases.environment import InstallError
from ..releases.pin import Pin
from ..sweeping import (
    BadQuestion,
    Question,
    RangeLine,
    Span,
    SweptTarget,
    UnanswerableError,
    keep_memory,
    sweep,
    swept_target,
)
from .channel import say
from .child import Order
from .following import Followed
from .guard import BrokenJobError
from .job import Job, Limits
from .pool import leased

Told = SweptTarget | RangeLine

#: Seconds for one range, and for loading the target.
RANGE_S = 3600.0
#: A cluster gets so many jobs at least, where there are ranges enough; a job gives its answers when its ranges have all ended.
JOBS = 16

_LINES: msgspec.json.Decoder[list[Told]] = msgspec.json.Decoder(list[Told])


@dataclass(frozen=True)
class Ranges:
    """What a child does: some ranges of a sweep through the target of its job. It can be pickled."""

    asked: Question
    spans: tuple[Span, ...]

    def __call__(self, order: Order, channel: int) -> int:
        """Says the target, then each range as it ends."""
        keep_memory()
        try:
            adapter = resolve(order.job.spelled)
            say(channel, swept_target(self.asked, adapter))
            for line in sweep(self.asked, adapter, self.spans):
                say(channel, line)
        except (TargetUnavailableError, BadQuestion, UnanswerableError) as error:
            say(channel, SweptTarget(name=self.asked.target, loaded=False, reason=" ".join(str(error).split())))
        return 0


@dataclass(frozen=True)
class Spread:
    """How ranges are tried apart. `pin`: the release that is loaded in the target's place, installed by `allow_build`."""

    asked: Question
    pin: Pin | None = None
    allow_build: bool = False
    limits: Limits = Limits(RANGE_S, None)  # noqa: RUF009  (frozen)

    def job(self) -> Job:
        """The job that its processes belong to."""
        asked = self.asked
        wanted = Wanted((asked.target,), rules=(asked.rule,), levels=(asked.levels,), dtypes=(asked.dtype,))
        return Job(wanted, self.limits, self.pin, self.allow_build)


def here(how: Spread, spans: Sequence[Span], pool: Executor, processes: int) -> Iterator[Told]:
    """Tries ranges in so many processes of this machine, and gives each line as it comes.

    `BrokenJobError` where a process ended before its ranges had; `KeeperDiedError` where none can be had.
    """
    lines: SimpleQueue[Told | Future[None]] = SimpleQueue()
    shares = [share for share in (tuple(spans[part::processes]) for part in range(processes)) if share]
    for share in shares:
        pool.submit(_tried, how, share, lines.put).add_done_callback(lines.put)
    left = len(shares)
    while left:
        said = lines.get()
        if isinstance(said, Future):
            said.result()
            left -= 1
        else:
            yield said


def there(how: Spread, spans: Sequence[Span], pool: Executor) -> Iterator[Told]:
    """Tries ranges on a cluster, some at a time, and gives their lines when these have ended. Raises as `here`."""
    size = max(1, len(spans) // JOBS)
    groups = [tuple(spans[first : first + size]) for first in range(0, len(spans), size)]
    running = [pool.submit(lines_of, how, group) for group in groups]
    for future in as_completed(running):
        yield from _LINES.decode(future.result())


def lines_of(how: Spread, spans: tuple[Span, ...]) -> bytes:
    """The lines of some ranges as JSON: a function of a module and of what can be pickled alone, for any pool."""
    found: list[Told] = []
    _tried(how, spans, found.append)
    return msgspec.json.encode(found)


def _tried(how: Spread, spans: tuple[Span, ...], tell: Callable[[Told], None]) -> None:
    """Some ranges in one isolated process."""
    job = how.job()
    try:
        with leased(job) as (site, lease):
            order = Order(job, tuple(sys.path), str(Path.cwd()), site, work=Ranges(how.asked, spans))
            child = Followed(lease.keeper(), order, time.monotonic() + job.limits.case_s)
            left, loaded = list(spans), True
            for said in child.said():
                match said:
                    case SweptTarget():
                        loaded = said.loaded
                        tell(said)
                    case RangeLine():
                        left.pop(0)
                        child.deadline = time.monotonic() + job.limits.case_s
                        tell(said)
                    case _:
                        raise BrokenJobError("the target wrote into the suite's own pipe")
            if left and loaded:
                raise BrokenJobError(_ended(how.asked, left[0], child, job.limits))
    except InstallError as error:
        tell(SweptTarget(name=how.asked.target, loaded=False, reason=str(error)))


def _ended(asked: Question, span: Span, child: Followed, limits: Limits) -> str:
    how = f"gave no answer within {limits.case_s:g} s and was ended" if child.expired else child.how()
    where = f"while it tried the bit patterns {span.first:#x} to {span.end:#x}"
    return f"the process of {asked.target} {how} {where}{child.last_words()}"
