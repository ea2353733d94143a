"""`fsqcheck history`: the suite over every release of a package, and what they say together."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .files import ready, write
from .run import Tier, threads_bounded
from .saying import stop

if TYPE_CHECKING:
    from ..history import Bisection, History
    from ..isolation.surveying import Survey

File = Path | None


def history(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="The package, as pip calls it.")],
    versions: Annotated[
        str, typer.Option(metavar="SPEC", help='Only these releases: ">=1.8", ">=1.21,<1.23".', show_default=False)
    ] = "",
    target: Annotated[
        str | None,
        typer.Option(metavar="MODULE:CLASS", help="What to check in each; default: the adapter of the package's name."),
    ] = None,
    rule: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Judge by this rule only.")] = None,
    clause: Annotated[
        list[str] | None, typer.Option("--clause", "--clauses", metavar="ID", help="Only this clause or family.")
    ] = None,
    tier: Annotated[Tier, typer.Option(help="How much is tried of each release.")] = Tier.quick,
    processes: Annotated[
        int | None, typer.Option("-n", metavar="N", help="Releases side by side; default: one a core.", min=1)
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="tcp://…", help="Give the releases to this Dask cluster instead.")
    ] = None,
    report: Annotated[
        File,
        typer.Option(
            metavar="FILE", help="The history record; goes on where it stopped. Default: PACKAGE.history.jsonl."
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Begin anew, whatever the record holds.")] = False,
    every: Annotated[
        bool, typer.Option("--every", help="Run also releases whose quantizer is, byte for byte, that of another.")
    ] = False,
    records: Annotated[
        File, typer.Option(metavar="DIR", help="Keep the record of each run here, for `render` and `compare`.")
    ] = None,
    html: Annotated[File, typer.Option(metavar="FILE", help="Write a one-file HTML page here.")] = None,
    markdown: Annotated[File, typer.Option(metavar="FILE", help="Write a Markdown page here.")] = None,
    ask: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Say what is wrong with exactly this release.")
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Name the releases that keep --clause and --use under --rule.")
    ] = False,
    use: Annotated[
        list[str] | None, typer.Option(metavar="WORDS", help="With --suggest: a use they must be safe for: training.")
    ] = None,
    bisect: Annotated[
        str | None, typer.Option(metavar="CLAUSE", help="Find the release that changed this clause, in few runs.")
    ] = None,
    allow_build: Annotated[
        bool, typer.Option("--allow-build", help="Let pip run the setup code of releases that have no wheel.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Run the suite on every release of a package, each installed apart, and show since when what is right.

    Interrupted, it goes on where it stopped. Of releases whose quantizer is, byte for byte, the same, one is run. Exit
    status: that of the newest release, or of the one asked for; with --suggest and --bisect 1 where nothing was found; 2
    wrong usage; 3 a run broke.
    """
    from ..conformance.plan import UsageError
    from ..history.making import bisected, make
    from ..isolation.executor import ClusterUnreachableError, executor
    from ..progress import Progress
    from ..releases.index import IndexUnavailable, releases
    from ..releases.pin import PinError
    from ..reports import BadReport, MissingExtra, UnwritableReport, require_html

    threads_bounded()
    file = report or Path(f"{package}.history.jsonl")
    with Progress() as progress:
        try:
            chosen = _Chosen(tuple(rule or ()), (bisect,) if bisect else tuple(clause or ()))
            chosen.checked()
            run = _of_file(file, chosen) if ask or suggest else chosen
            asked = _survey(package, target, run, tier, allow_build)
            if html is not None:
                require_html()
            for one in (html, markdown):
                ready(one)
            progress.say(f"asking for the releases of {package}")
            found = releases(package, versions, allow_build=allow_build)
            with executor(processes or len(os.sched_getaffinity(0)), cluster) as pool:
                if bisect:
                    answer = bisected(asked, found, bisect, file, pool, progress)
                else:
                    made = make(asked, found, file, pool, progress, again=again, every=every, records=records)
        except (
            *(UsageError, PinError, IndexUnavailable, ClusterUnreachableError),
            *(UnwritableReport, BadReport, MissingExtra),
        ) as error:
            progress.close()
            stop(str(error))
        except KeyboardInterrupt:
            progress.close()
            stop("interrupted; the same command goes on with the releases that are left", 3)
    if bisect:
        sys.exit(_bisection(bisect, answer))
    _pages(made.history, html, markdown)
    status = _said(made.history, ask, suggest, chosen, tuple(use or ()), quiet)
    sys.exit(3 if made.broken else status)


@dataclass(frozen=True)
class _Chosen:
    """Rules and clauses that the user named; empty means all."""

    rules: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()

    def checked(self) -> None:
        """`UsageError` for a name that is none."""
        from ..conformance.plan import Wanted
        from ..conformance.session import sensible

        sensible(Wanted(("",), rules=self.rules, clauses=self.clauses).checked())


def _of_file(file: Path, chosen: _Chosen) -> _Chosen:
    """What is run before a history is asked: what its file was made with, or else all clauses, for the next questions too."""
    from ..history import read_history

    if not file.exists() or not file.stat().st_size:
        return _Chosen(chosen.rules)
    header = read_history(file).header
    return _Chosen(header.rules, header.clauses)


def _survey(package: str, target: str | None, chosen: _Chosen, tier: Tier, allow_build: bool) -> Survey:
    """What to ask of every release; `UsageError` and `PinError` before anything is asked."""
    from ..adapters import known_targets
    from ..conformance.plan import UsageError, Wanted
    from ..conformance.session import sensible
    from ..isolation.surveying import Survey
    from ..reports import plain

    if target is None and package not in {known.name for known in known_targets()}:
        raise UsageError(
            f"no adapter is named {plain.line(package, 100)}; say what to check in its releases: --target module:Class"
        )
    wanted = Wanted((package,), tier.value, rules=chosen.rules, clauses=chosen.clauses)
    asked = Survey(package, sensible(wanted.checked()), target, allow_build=allow_build)
    asked.pin("1")
    return asked


def _pages(made: History, html: File, markdown: File) -> None:
    from ..history import render_html, render_markdown
    from ..reports import UnwritableReport

    try:
        for file, render in ((html, render_html), (markdown, render_markdown)):
            if file is not None:
                write(file, [render(made)])
    except UnwritableReport as error:
        stop(str(error))


def _said(
    made: History,
    version: str | None,
    suggest: bool,
    chosen: _Chosen,
    uses: tuple[str, ...],
    quiet: bool,
) -> int:
    """Prints what was asked for, and gives the exit status that belongs to it."""
    from rich.console import Console

    from .. import history

    console = Console(highlight=False, emoji=False)
    try:
        if version is not None:
            answer = history.ask(made, version)
            history.render_answer(answer, console)
            return history.status_of(answer.release)
        if suggest:
            suggestions = [
                one
                for rule in chosen.rules or (None,)
                for one in history.suggest(made, clauses=chosen.clauses, uses=uses, rule=rule)
            ]
            history.render_suggestions(suggestions, console)
            return 0 if suggestions and all(one.best for one in suggestions) else 1
    except (history.UnknownRelease, history.UnknownNeed) as error:
        stop(str(error))
    if quiet:
        console.print(history.headline(made), markup=False, soft_wrap=True)
    else:
        history.render_terminal(made, console)
    return history.status_of(made.newest) if made.newest is not None else 3


def _bisection(clause: str, found: Bisection) -> int:
    from rich.console import Console

    from ..history import render_bisection

    render_bisection(clause, found, Console(highlight=False, emoji=False))
    return 0 if found.monotone else 1
