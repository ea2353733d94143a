"""`fsqcheck identify`: which rule does a target compute?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .apart import BuildAllowed, Isolated, apart
from .run import threads_bounded
from .saying import stop


def identify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="What to look at, named as for `run`.",
            show_default=False,
        ),
    ],
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="The rule that it is said to compute; default: all that it claims."),
    ] = None,
    levels: Annotated[
        list[str] | None,
        typer.Option(metavar="L,L,…", help="Ask these levels too; 3 … 8 are asked anyway."),
    ] = None,
    isolate: Isolated = False,
    allow_build: BuildAllowed = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line for each claim.")] = False,
) -> None:
    """Say which rule a target computes, whatever it claims, and what that is known from: docs/identify.md.

    Exit status: 0 it computes what it claims (or claims nothing), 1 another rule or none of the known ones, 2 it cannot
    be loaded or asked.
    """
    threads_bounded()
    import msgspec

    from ..adapters import TargetUnavailableError
    from ..conformance.plan import UsageError, Wanted, parse_levels
    from ..identifying import NothingAskedError, in_words
    from ..identifying import identify as identified
    from ..isolation.served import resolver

    try:
        lists = tuple(parse_levels(text) for text in levels or ())
        Wanted((target,), rules=tuple(rule or ()), levels=lists).checked(residual=False)
        with resolver(apart(isolate, allow_build)) as load:
            adapter = load(target)
            agrees = True
            for claim in tuple(rule or ()) or adapter.rules or (None,):
                found = identified(target, adapter, claim, lists)
                agrees &= found.agrees
                print(msgspec.json.encode(found).decode() if as_json else "\n".join(in_words(found)))
    except (UsageError, TargetUnavailableError, NothingAskedError) as error:
        stop(str(error))
    sys.exit(0 if agrees else 1)
