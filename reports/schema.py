"""The published JSON Schema of a record: made from the types, so that it cannot say anything else than they do."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from .record import SCHEMA_VERSION, Line

ID = f"urn:fsqcheck:record:{SCHEMA_VERSION}"

#: What each field means. Types and names come from record.py; a test holds the two together.
FIELDS: dict[str, dict[str, str]] = {
    "Header": {
        "type": "Which kind of line this is.",
        "schema": "The version of this schema; a reader refuses a greater one than it knows.",
        "fsqcheck": "The version of fsqcheck that made the run.",
        "started": "When the run started, as an ISO 8601 time.",
        "command": "The command line, one word an item.",
        "environment": "Where the run happened.",
        "tier": "How thorough the run was asked to be: quick, standard or exhaustive.",
        "seed": "The seed of everything drawn at random.",
    },
    "Environment": {
        "python": "The version of Python.",
        "platform": "The operating system.",
        "processor": "The processor, in words.",
        "cores": "How many cores the run could use.",
        "packages": "The version of every package that matters to the answers, by name.",
    },
    "TargetLine": {
        "type": "Which kind of line this is.",
        "name": "The target as the user named it; results refer to it.",
        "version": "The target's version, if it has one.",
        "origin": "Where its code was found.",
        "framework": "The array library that it works in.",
        "rules": "The rules that it claims to follow.",
        "loaded": "Whether it could be loaded; if not, nothing is planned for it.",
        "reason": "Why it could not be loaded, on one line.",
        "planned": "How many cases were planned, by clause id.",
        "plan_digest": "The SHA-256, in hex, of the planned case ids: sorted, one a line.",
    },
    "ClauseLine": {
        "type": "Which kind of line this is.",
        "id": "The clause's id, whose meaning never changes.",
        "severity": "must: a wrong result; should: a trap for users; may: information.",
        "title": "The clause in a few words.",
        "sentence": "The clause, in one sentence.",
        "meaning": "What a failure means to you.",
        "source": "Where the clause comes from: a paper's section, an issue.",
        "page": "Its page in fsqcheck's repository, as a path; null in records that were made before there were pages.",
    },
    "Number": {
        "decimal": "The shortest decimal that reads back as this number.",
        "bits": "Its bits in hex, with the width of its dtype.",
    },
    "Distance": {
        "tolerance_units": "The error divided by the tolerance of the clause; above 1 is wrong, null is not finite.",
        "ulps": "How many floats of the dtype lie between; null where no float was compared.",
    },
    "Evidence": {
        "observed": "What the target answered.",
        "expected": "What the clause asks for.",
        "input": "The smallest input that shows it, in order.",
        "input_note": "What to know about the input: its shape, which channel.",
        "distance": "How far the answer is from the nearest right one.",
        "wrong": "How many answers of this case are wrong.",
        "tried": "How many answers this case asked for.",
        "rerun": "One command that runs just this case again.",
        "script": "A short Python script that shows the failure with the target's own library alone.",
        "details": "Anything else, by name.",
    },
    "ResultLine": {
        "type": "Which kind of line this is.",
        "id": "The case, the same in every run and for every release of the target.",
        "clause": "The id of the clause that the case checks.",
        "severity": "The severity of that clause.",
        "target": "The name of the target.",
        "rule": "The rule that the target was asked to follow.",
        "levels": "The number of levels of each channel.",
        "dtype": "The dtype of the input.",
        "device": "The device that the target ran on.",
        "mode": "The mode that the target was in: eval, train.",
        "variant": "Which of several cases that are otherwise alike.",
        "outcome": "How the case ended; only `pass` is a pass.",
        "seconds": "How long the case took.",
        "message": "What there is to say on one line: what failed, what was raised, why it was not run.",
        "evidence": "What a failure shows.",
        "digest": "A hash of the target's answers, so that changed values are seen though they still pass.",
        "ended": "How a case ended that the baseline knows to fail: its outcome is then xfail.",
        "known": "What the baseline says of the case, if it says anything.",
    },
    "BaselineLine": {
        "type": "Which kind of line this is.",
        "file": "The file of known failures.",
        "entries": "How many entries it has.",
        "problems": "What the run shows to be wrong with it, one line each; an error, unless it is allowed.",
        "allow_stale": "Whether the run was told that such problems are no errors.",
        "idle": "How many entries are about cases that this run did not try.",
    },
    "StaircaseLine": {
        "type": "Which kind of line this is.",
        "target": "The name of the target.",
        "rule": "The rule that the target was asked to follow.",
        "levels": "The number of levels of the channel.",
        "dtype": "The dtype of the input.",
        "reason": "Why nothing was measured, on one line.",
        "exact": "The smallest float of the dtype on or above each threshold of the rule, ascending.",
        "lo": "The lowest float at which a right target may step, for each threshold; null is minus infinity.",
        "hi": "The float below which a right target must have stepped, for each threshold.",
        "observed": "The smallest float at which the target was seen on or above each step; null was not seen.",
        "units": "How far each step is from a right place, in tolerance units; above 0 is too high, beyond 1 is wrong.",
        "ulps": "How many floats of the dtype lie between the observed and the exact step; above 0 is too high.",
        "codes": "The code that the target gave in the middle of each level.",
        "expected_codes": "The code of the rule's grid for each level.",
    },
    "GradientLine": {
        "type": "Which kind of line this is.",
        "target": "The name of the target.",
        "rule": "The rule that the target was asked to follow.",
        "levels": "The number of levels of the channel.",
        "dtype": "The dtype of the input.",
        "reason": "Why nothing was measured, on one line.",
        "z": "The inputs, ascending.",
        "observed": "The gradient that the target gave at each input for an upstream of 1.",
        "expected": "The analytic slope of the rule's smooth part at each input.",
    },
    "Footer": {
        "type": "Which kind of line this is.",
        "finished": "When the run ended, as an ISO 8601 time.",
        "seconds": "How long the run took.",
        "results": "How many result lines the record has.",
        "outcomes": "How many results have each outcome.",
        "broke": "Why the run itself broke, if it did.",
    },
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one line of a record."""
    return schema_of_lines(
        Line,
        FIELDS,
        header="Header",
        version=SCHEMA_VERSION,
        id=ID,
        title="A line of an fsqcheck record",
        description=(
            "A record is a JSON Lines file: a header, one target line a target, one clause line a clause, one result "
            "line a case as it ends, a baseline line if there were known failures, and a footer; staircase and gradient "
            "lines, measured for pictures, may stand among the results. A record without a footer was cut short. Readers "
            "ignore fields that they do not know."
        ),
    )


def schema_of_lines(
    lines: Any,
    fields: Mapping[str, Mapping[str, str]],
    *,
    header: str,
    version: int,
    id: str,
    title: str,
    description: str,
) -> dict[str, Any]:
    """The JSON Schema of one line of a JSON Lines file: `lines` is the union of its types, `fields` says what each means."""
    made = msgspec.json.schema(lines)
    definitions: dict[str, dict[str, Any]] = made["$defs"]
    for name, definition in definitions.items():
        definition["description"] = inspect.cleandoc(definition["description"])
        for field, text in fields[name].items():
            definition["properties"][field]["description"] = text
    # A header of another version is another schema's, and one that does not say is refused.
    first = definitions[header]
    first["properties"]["schema"] = {"const": version, "description": fields[header]["schema"]}
    first["required"].insert(1, "schema")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "title": title,
        "description": description,
        # Each kind of line has its own `type`, so exactly one can match.
        "oneOf": made["anyOf"],
        "$defs": definitions,
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))  # the defaults hold tuples
    return plain


def schema_of_object(
    kind: type[msgspec.Struct], *, id: str, title: str, constants: Mapping[str, object]
) -> dict[str, Any]:
    """The JSON Schema of one object; its types' own docstrings say what it holds. `constants`: fields of one value, which
    must be there."""
    (made,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    whole = definitions[kind.__name__]
    for field, value in constants.items():
        whole["properties"][field] = {"const": value}
        whole["required"] = list(dict.fromkeys([*whole["required"], field]))
    for definition in definitions.values():
        definition["description"] = " ".join(inspect.cleandoc(definition["description"]).split())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "title": title,
        **made,
        "$defs": definitions,
    }
