"""`fsqcheck sweep`: every float of a dtype through a target, and the proof that each takes a level that it may take."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .files import ready
from .run import threads_bounded
from .saying import say, stop

if TYPE_CHECKING:
    from ..isolation.spreading import Told
    from ..releases.pin import Pin
    from ..sweeping import Question, Span, SweepRecord


def sweep(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="What to check, as for `run`.", show_default=False)],
    rule: Annotated[str, typer.Option(metavar="NAME", help="Judge by this rule.", show_default=False)],
    levels: Annotated[
        str,
        typer.Option(
            metavar="L[,L…]", help="Numbers of levels; every input goes into all channels.", show_default=False
        ),
    ],
    dtype: Annotated[
        str, typer.Option(metavar="NAME", help="float32, float16, bfloat16; float64 by windows around every threshold.")
    ] = "float32",
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda …")] = "cpu",
    mode: Annotated[str, typer.Option(metavar="NAME", help="eval, train, compiled, autocast, tf32.")] = "eval",
    first: Annotated[
        str | None, typer.Option("--from", metavar="BITS", help="Only bit patterns from here on, e.g. 0x3f000000.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="BITS", help="Only bit patterns below this one.")] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            "-n",
            metavar="N",
            help="Processes side by side; default: one a core for many inputs on a CPU, else 1.",
            min=1,
        ),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="tcp://…", help="Give the ranges to this Dask cluster instead.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the record here; the same command goes on where it stopped."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Try every range again.")] = False,
    allow_build: Annotated[
        bool, typer.Option("--allow-build", help="Let pip run the setup code of a release that has no wheel.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Try every float of a dtype, and prove that each takes a level that the rule's exact staircase allows.

    Exit status: 0 conforms, 1 a MUST fails, 2 wrong usage or a target that cannot be loaded, 3 the sweep broke or was
    interrupted.
    """
    threads_bounded()
    from ..conformance.plan import UsageError, parse_levels
    from ..releases.pin import PinError, parse_pin
    from ..sweeping import BadQuestion, Question

    try:
        pin = parse_pin(target)
        name = pin.label if pin else target
        bits = (_bits("--from", first), _bits("--to", end))
        asked = Question(name, rule, parse_levels(levels), dtype, device, mode, *bits).checked()
    except (UsageError, PinError, BadQuestion) as error:
        stop(str(error))
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        record = _made(asked, pin, report, Path(folder), processes, cluster, again, allow_build)
    sys.exit(_shown(record, asked, quiet))


def _bits(option: str, text: str | None) -> int | None:
    from ..sweeping import BadQuestion

    if text is None:
        return None
    try:
        return int(text, 0)
    except ValueError:
        raise BadQuestion(f"{option} {text!r}: expected a bit pattern such as 0x3f000000") from None


def _made(
    asked: Question,
    pin: Pin | None,
    report: Path | None,
    folder: Path,
    processes: int | None,
    cluster: str | None,
    again: bool,
    allow_build: bool,
) -> SweepRecord:
    """The sweep, made in this process, in isolated ones, or on a cluster."""
    from ..adapters import TargetUnavailableError
    from ..conformance.recording import environment, now
    from ..isolation.executor import ClusterUnreachableError, executor
    from ..isolation.guard import BrokenJobError
    from ..isolation.handle import KeeperDiedError
    from ..isolation.spreading import Spread, here, there
    from ..progress import Passing
    from ..reports import BadReport, UnwritableReport
    from ..sweeping import BadQuestion, TargetNotLoadedError, UnanswerableError, header_of, make

    alone = asked.inputs <= _ALONE or asked.device != "cpu"  # an accelerator is not shared
    many = processes or (1 if alone else len(os.sched_getaffinity(0)))
    how = Spread(asked, pin, allow_build)

    def attempt(spans: Sequence[Span]) -> Iterator[Told]:
        if cluster is None and many == 1 and pin is None:
            yield from _in_this_process(asked, spans)
            return
        with executor(many, cluster) as pool:
            yield from here(how, spans, pool, many) if cluster is None else there(how, spans, pool)

    words = (Path(sys.argv[0]).name, *sys.argv[1:])
    try:
        with Passing() as passing:
            ready(report)
            header = header_of(asked, environment(), now(), words)
            return make(asked, header, report or folder / "sweep.jsonl", attempt, passing, now, again=again)
    except (
        *(TargetUnavailableError, TargetNotLoadedError, BadQuestion, UnanswerableError, ClusterUnreachableError),
        *(UnwritableReport, BadReport),
    ) as error:
        stop(str(error))
    except (BrokenJobError, KeeperDiedError) as error:
        stop(f"the sweep broke: {error}{_kept(report)}", 3)
    except KeyboardInterrupt:
        stop(f"interrupted{_kept(report)}", 3)


#: Up to so many inputs one process is done before others would have started.
_ALONE = 2**22


def _in_this_process(asked: Question, spans: Sequence[Span]) -> Iterator[Told]:
    from ..adapters import resolve
    from ..sweeping import keep_memory, swept_target
    from ..sweeping import sweep as through

    keep_memory()
    adapter = resolve(asked.target)
    yield swept_target(asked, adapter)
    yield from through(asked, adapter, spans)


def _kept(report: Path | None) -> str:
    if report is None:
        return "; nothing was kept: with --report FILE the same command goes on where it stopped"
    return f"; the ranges that had ended are kept in {report}, and the same command goes on with the others"


def _shown(record: SweepRecord, asked: Question, quiet: bool) -> int:
    """Prints what came of it, and gives the exit status."""
    from rich.console import Console

    from ..sweeping import headline, render, status_of

    assert record.result is not None  # it has ended
    console = Console(highlight=False, emoji=False)
    if quiet:
        console.print(headline(record, asked), markup=False, soft_wrap=True)
    else:
        render(record, asked, console)
    if not asked.every:
        say("float64 has too many values: windows around every threshold and at the ends were tried")
    return status_of(record.result)
