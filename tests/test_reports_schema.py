"""The published schema and the record say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fsqcheck.reports import Distance, Line, json_schema
from fsqcheck.reports import record as record_module
from fsqcheck.reports.schema import FIELDS
from fsqcheck.reports.writing import encode

from .reports_miniatures import (
    clause,
    evidence,
    footer,
    gradient,
    header,
    result,
    staircase,
    target,
    typical,
    unloadable,
    written,
)

VALIDATOR = Draft202012Validator(json_schema())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "line",
    [
        header(),
        target((result(),)),
        unloadable(),
        clause(),
        result(),
        result("fail", evidence=evidence()),
        result("fail", evidence=evidence(distance=Distance(tolerance_units=float("inf")))),
        result("error", message="\ud800"),
        staircase(),
        staircase(observed=(None, float("nan"))),
        gradient(),
        gradient(z=(), observed=(), expected=(), reason="no gradient"),
        footer((result(),)),
        footer(broke="MemoryError"),
    ],
)
def test_a_written_line_is_valid(line: Line) -> None:
    VALIDATOR.validate(json.loads(encode(line)))


def test_every_line_of_a_written_record_is_valid(tmp_path: Path) -> None:
    path = written(typical(), tmp_path / "r.jsonl")
    for line in path.read_text(encoding="utf-8").splitlines():
        VALIDATOR.validate(json.loads(line))


WHOLE: dict[str, Any] = json.loads(encode(result("fail", evidence=evidence())))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({}, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"type": "planet"}, id="another type"),
        pytest.param(WHOLE | {"type": "footer"}, id="one type with the fields of another"),
        pytest.param(WHOLE | {"outcome": "maybe"}, id="another outcome"),
        pytest.param(WHOLE | {"severity": "MUST"}, id="another severity"),
        pytest.param(WHOLE | {"levels": ["8"]}, id="a level that is text"),
        pytest.param(WHOLE | {"seconds": None}, id="no time"),
        pytest.param({key: value for key, value in WHOLE.items() if key != "id"}, id="no id"),
        pytest.param(WHOLE | {"evidence": {"observed": "x"}}, id="evidence without what was expected"),
        pytest.param(json.loads(encode(header(schema=2))), id="another schema version"),
    ],
)
def test_a_line_that_is_wrong_is_rejected(wrong: object) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_every_field_is_described_and_nothing_else() -> None:
    definitions = json_schema()["$defs"]
    assert {name: set(one["properties"]) for name, one in definitions.items()} == {
        name: set(fields) for name, fields in FIELDS.items()
    }


def test_no_description_is_indented_like_source() -> None:
    assert [one["title"] for one in json_schema()["$defs"].values() if "\n " in one["description"]] == []


def test_the_schema_names_its_version() -> None:
    assert json_schema()["$id"] == f"urn:fsqcheck:record:{record_module.SCHEMA_VERSION}"


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_asking_twice_gives_the_same_schema() -> None:
    assert json_schema() == json_schema()
