"""`fsqcheck list`, `explain` and `schema`: what fsqcheck knows."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from .saying import stop


class Topic(StrEnum):
    """What can be listed."""

    targets = "targets"
    rules = "rules"
    clauses = "clauses"


class Kind(StrEnum):
    """What has a published schema."""

    record = "record"
    comparison = "comparison"
    history = "history"
    sweep = "sweep"
    vectors = "vectors"
    answers = "answers"
    identification = "identification"
    interop = "interop"


def list_(
    topic: Annotated[Topic | None, typer.Argument(help="What to list; default: all.", show_default=False)] = None,
) -> None:
    """List the targets, rules and clauses that fsqcheck knows."""
    from rich.console import Console

    from .. import catalogue

    console = Console(highlight=False, emoji=False)
    for one in [topic] if topic else list(Topic):
        console.print(catalogue.TABLES[one.value]())


def explain(clause: Annotated[str, typer.Argument(help="The clause's id, e.g. BND-3.", show_default=False)]) -> None:
    """Say what a clause demands, why, what a failure means, and how to mend it."""
    from rich.console import Console

    from .. import catalogue
    from ..conformance.plan import UsageError

    try:
        Console(highlight=False, emoji=False).print(catalogue.explained(clause.upper()))
    except UsageError as error:
        stop(str(error))


def schema(
    kind: Annotated[
        Kind,
        typer.Option(
            help="Of a line of a record, of what `compare --json` writes, of a line of a history, of a line of a sweep, "
            "of test vectors for ports, of their answers, of a line of `identify --json`, or of what `interop --json` writes."
        ),
    ] = Kind.record,
) -> None:
    """Print the JSON Schema of what fsqcheck writes."""
    from .. import history, identifying, interop, reports, sweeping, vectors

    made = {
        Kind.record: reports.json_schema,
        Kind.comparison: reports.comparison_schema,
        Kind.history: history.history_schema,
        Kind.sweep: sweeping.sweep_schema,
        Kind.vectors: vectors.vectors_schema,
        Kind.answers: vectors.answers_schema,
        Kind.identification: identifying.identification_schema,
        Kind.interop: interop.interop_schema,
    }
    print(json.dumps(made[kind](), indent=2, ensure_ascii=False))
