"""The options of commands that ask targets in processes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..isolation.front import Apart

Isolated = Annotated[
    bool, typer.Option("--isolate", help="Each target in a process of its own, under limits; a release always is.")
]
BuildAllowed = Annotated[
    bool, typer.Option("--allow-build", help="Let pip run the setup code of a release that has no wheel.")
]


def apart(
    isolate: bool,
    allow_build: bool,
    case_s: float | None = None,
    run_s: float | None = None,
    memory_gib: float | None = None,
) -> Apart | None:
    """How targets are kept apart; None when nothing was said of it. `UsageError` for a limit that makes no sense."""
    from ..conformance.plan import UsageError
    from ..isolation.front import Apart
    from ..isolation.job import GIB, Limits

    if not isolate and not allow_build and case_s is run_s is memory_gib is None:
        return None
    usual = Limits()
    try:
        limits = Limits(
            usual.case_s if case_s is None else case_s,
            usual.run_s if run_s is None else run_s,
            usual.memory if memory_gib is None else int(memory_gib * GIB),
        )
    except (ValueError, OverflowError) as error:  # int() of infinity or NaN
        raise UsageError(str(error)) from None
    return Apart(limits, allow_build)
