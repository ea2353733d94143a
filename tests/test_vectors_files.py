"""The files of vectors: deterministic, small, valid, and the same in both forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError

from fsqcheck.conformance.plan import UsageError
from fsqcheck.identifying import identification_schema
from fsqcheck.interop import interop_schema
from fsqcheck.reference import PRECISIONS, RECOMMENDED, Codebook, rule_named, staircase
from fsqcheck.vectors import answers_schema, make, vectors_schema
from fsqcheck.vectors.form import FLAGS, Answers, Vectors
from fsqcheck.vectors.looking import adapter_of
from fsqcheck.vectors.table import parsed
from fsqcheck.vectors.writing import as_json, as_table

from .commands import fsqcheck
from .ports_miniatures import answers, as_text, right

USUAL = ("widened", (8, 5, 5, 5), "float32")


def test_the_command_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        said = fsqcheck("vectors", "--rule", "widened", "--levels", "8,5,5,5", "-o", folder, cwd=tmp_path)
        assert said.status == 0, said
        assert make(*USUAL).document.digest in said.err
    for name in ("vectors.json", "vectors.txt"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sorted(file.name for file in (tmp_path / "one").iterdir()) == ["vectors.json", "vectors.txt"]


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("levels", RECOMMENDED.values())
def test_each_file_of_recommended_levels_is_below_300_kb(levels: tuple[int, ...], dtype: str) -> None:
    for rule in ("widened", "symmetric"):
        document = make(rule, levels, dtype).document
        assert len(as_json(document).encode()) < 300_000
        assert len(as_table(document).encode()) < 300_000


@pytest.mark.parametrize("levels", [(2501,), (1000,) * 3, (3,) * 24])
def test_what_would_be_large_is_refused(levels: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="more than 5000 numbers; give fewer channels, or fewer levels"):
        make("widened", levels, "float32")


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("rule", ["widened", "symmetric"])
def test_the_json_is_valid_by_the_published_schema(rule: str, dtype: str) -> None:
    document = json.loads(as_json(make(rule, (8, 5), dtype).document))
    Draft202012Validator(vectors_schema()).validate(document)


@pytest.mark.parametrize(
    ("field", "value"), [("version", 2), ("format", "other"), ("levels", "8,5"), ("vectors", [{"id": 0}]), ("more", 1)]
)
def test_the_schema_refuses_what_is_something_else(field: str, value: Any) -> None:
    document = json.loads(as_json(make(*USUAL).document))
    with pytest.raises(ValidationError):
        Draft202012Validator(vectors_schema()).validate({**document, field: value})


def test_the_answers_of_a_port_are_valid_by_their_schema() -> None:
    made = make(*USUAL)
    given = msgspec.json.encode(answers(right(made), made))
    Draft202012Validator(answers_schema()).validate(json.loads(given))


SCHEMAS = {
    "vectors": vectors_schema,
    "answers": answers_schema,
    "identification": identification_schema,
    "interop": interop_schema,
}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_command_prints_the_schemas(kind: str) -> None:
    said = fsqcheck("schema", "--kind", kind)
    assert json.loads(said.out) == SCHEMAS[kind]()
    Draft202012Validator.check_schema(json.loads(said.out))


def test_the_table_says_what_the_json_says() -> None:
    document = msgspec.json.decode(as_json(make("symmetric", (8, 5), "float64").document), type=Vectors)
    lines = [line.split(" ") for line in as_table(document).splitlines() if not line.startswith("#")]
    head = {words[0]: words[1:] for words in lines[:6]}
    assert head["digest"] == [document.digest]
    assert head["levels"] == ["2", "8", "5"]
    assert [words[4:] for words in lines[6:8]] == [list(channel.codes) for channel in document.channels]
    assert lines[8] == ["vectors", str(len(document.vectors))]
    for words, vector in zip(lines[9:], document.vectors, strict=True):
        count = int(words[2])
        assert (int(words[0]), words[1]) == (vector.id, ",".join(vector.flags) or "-")
        assert tuple(map(int, words[3 : 3 + count])) == vector.indices
        rest = words[3 + count :]
        for channel in range(2):
            z, lowest, highest, gradient = rest[4 * channel : 4 * channel + 4]
            assert z == vector.z[channel]
            assert tuple(range(int(lowest), int(highest) + 1)) == vector.levels[channel]
            slope = vector.gradient[channel]
            assert float(gradient) == slope or (slope is None and gradient == "nan")


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("rule", ["paper", "widened", "symmetric", "symmetric-even", "widened-clamp"])
def test_what_is_allowed_is_what_the_staircase_allows(rule: str, dtype: str) -> None:
    levels = (8, 5, 6)
    made = make(rule, levels, dtype)
    held = {"float64": "float32"}.get(dtype, dtype)
    book = Codebook(levels)
    for vector, z in zip(made.document.vectors, made.z, strict=True):
        assert [np.float64(float.fromhex(text)) for text in vector.z] == pytest.approx(
            z.astype(float), nan_ok=True, abs=0
        )
        exact = [int(rule_named(rule).level(z[i : i + 1], L)[0]) for i, L in enumerate(levels)]
        for channel, L in enumerate(levels):
            allowed = vector.levels[channel]
            if np.isnan(float(z[channel])):
                assert (allowed, vector.indices) == ((), ())
                continue
            assert exact[channel] in allowed
            lowest, highest = staircase(rule_named(rule), L, dtype, held).allowed(z[channel : channel + 1])
            assert set(allowed) <= set(range(int(lowest[0]), int(highest[0]) + 1))
            assert len(allowed) == 1 or "band" in vector.flags
        if "nan" not in vector.flags:
            assert int(book.pack(np.array(exact))) in vector.indices


def test_every_flag_is_seen_and_explained() -> None:
    seen = {
        flag
        for rule in ("widened", "symmetric")
        for vector in make(rule, (8, 4), "float32").document.vectors
        for flag in vector.flags
    }
    many = {flag for vector in make("symmetric", (4,) * 6, "bfloat16").document.vectors for flag in vector.flags}
    assert seen | many == set(FLAGS)
    page = (Path(__file__).parent.parent / "docs" / "ports.md").read_text(encoding="utf-8")
    for flag in FLAGS:
        assert f"`{flag}`" in page


def test_bands_are_entered_one_channel_at_a_time() -> None:
    for vector in make(*USUAL).document.vectors:
        assert len(vector.indices) <= 2


def test_text_answers_and_json_answers_are_the_same() -> None:
    made = make("widened", (8, 5), "float32")
    port = right(made)
    given = answers(port, made)
    text = parsed("# by hand\n\n" + as_text(given), 2)
    first, second = (adapter_of(one, made, "", "codes").ask(made.z) for one in (given, text))
    np.testing.assert_array_equal(first.codes, second.codes)
    np.testing.assert_array_equal(first.codes, port.codes)
    assert first.indices is not None
    assert second.indices is not None
    np.testing.assert_array_equal(first.indices, second.indices)
    assert isinstance(text, Answers)
