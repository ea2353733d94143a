"""The published JSON Schema of a history: made from the types, so that it cannot say anything else than they do."""

from __future__ import annotations

from typing import Any

from ..reports.schema import FIELDS as OF_RECORDS
from ..reports.schema import schema_of_lines
from .lines import SCHEMA_VERSION, HistoryLine

ID = f"urn:fsqcheck:history:{SCHEMA_VERSION}"

#: What each field means. Types and names come from lines.py; a test holds the two together.
FIELDS: dict[str, dict[str, str]] = {
    "HistoryHeader": {
        "type": "Which kind of line this is.",
        "schema": "The version of this schema; a reader refuses a greater one than it knows.",
        "package": "The package whose releases were run.",
        "fsqcheck": "The version of fsqcheck that made the runs.",
        "started": "When the history was started, as an ISO 8601 time.",
        "command": "The command line, one word an item.",
        "tier": "How thorough each run was asked to be.",
        "seed": "The seed of everything drawn at random.",
        "rules": "The rules that the runs were restricted to; empty is all that a release claims.",
        "clauses": "The clauses or families that the runs were restricted to; empty is all.",
        "releases": "The releases that were to be run, in ascending order.",
    },
    "ReleaseLine": {
        "type": "Which kind of line this is.",
        "version": "The release.",
        "date": "When it was published, as an ISO 8601 date, where that is known.",
        "yanked": "Whether it was withdrawn.",
        "reason": "Why nothing is known of it, on one line; null if it was run to the end.",
        "verdict": "The verdict of its run in words.",
        "seconds": "How long its run took.",
        "environment": "Where it was run.",
        "clauses": "What came of each clause: by rule, then by clause id.",
        "uses": "What it is safe for: by rule, then by the words of the use.",
        "source": "A hash of the files that its quantizer is written in, and of how it is judged; null if it is not known.",
        "as_in": "The release whose quantizer is written in the same bytes and whose run this is; null if it was run itself.",
    },
    "Held": {
        "outcomes": "How many cases ended how.",
        "plan": "A hash of the ids of the cases.",
        "answers": "A hash of ids and answers of the cases that passed; null if no answer could be hashed.",
        "example": "The simplest case that does not conform.",
        "reason": "The most frequent reason where nothing was judged.",
    },
    "Example": {
        "id": "The case.",
        "outcome": "How it ended.",
        "message": "What there is to say of it.",
        "observed": "What the release answered.",
        "expected": "What the clause asks for.",
        "rerun": "The command that runs this case again.",
        "script": "A script that shows the failure without fsqcheck.",
        "fingerprint": "The kind of the failure: outcome and message without what differs from case to case.",
    },
    "Fit": {
        "state": "safe, unsafe, or unknown where something was not judged.",
        "against": "The clauses that speak against it, or of which nothing was judged.",
    },
    "ClauseLine": OF_RECORDS["ClauseLine"],
    "Environment": OF_RECORDS["Environment"],
}


def history_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one line of a history."""
    return schema_of_lines(
        HistoryLine,
        FIELDS,
        header="HistoryHeader",
        version=SCHEMA_VERSION,
        id=ID,
        title="A line of an fsqcheck history",
        description=(
            "A history is a JSON Lines file: a header, the clauses that the runs were made with, and one line a release as "
            "its run ends. Releases that the header names and no line tells of were not reached. Readers ignore fields "
            "that they do not know."
        ),
    )
