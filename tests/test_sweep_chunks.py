"""The same is found however inputs are laid in chunks: as on an accelerator, in other layouts, through other arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fsqcheck.adapters import Adapter, NativeAdapter, resolve
from fsqcheck.adapters import arrays_torch as torch_arrays
from fsqcheck.sweeping import Question, RangeLine, sweep

from .sweep_miniatures import spoilt

SPOIL = """codes = torch.where(at(z, 0x3A00), codes - 0.25, codes)
        codes = torch.where(at(z, 0x7E01), 0.5, codes)
        indices = torch.where(at(z, 0xC001)[..., 0], 1, indices)"""


@pytest.fixture
def asked(tmp_path: Path) -> Question:
    (tmp_path / "spoilt.py").write_text(spoilt(SPOIL, "symmetric"), encoding="utf-8")
    return Question(f"{tmp_path / 'spoilt.py'}:FSQ", "symmetric", (8, 5), "float16").checked()


def told(asked: Question, adapter: Adapter) -> list[object]:
    return [
        (line.first, line.tried, line.nans, line.channels, line.faults) for line in sweep(asked, adapter, asked.ranges)
    ]


@pytest.fixture
def usual(asked: Question) -> list[object]:
    found = told(asked, resolve(asked.target))
    kinds = {fault.kind for line in found for fault in line[4]}  # type: ignore[index]  # a tuple
    assert kinds == {"level", "grid", "index", "nan code"}
    return found


@pytest.mark.parametrize("chunk", [(2**26, 1), (2**12, 3), (64, 0), (2**13, 0)])
def test_other_chunks_and_answers_that_wait_say_the_same(
    chunk: tuple[int, int], asked: Question, usual: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(torch_arrays.CHUNKS, "cpu", chunk)
    assert told(asked, resolve(asked.target)) == usual


@pytest.mark.parametrize("layout", ["BdT", "Bd", "BdHW", "BdTHW"])
def test_every_layout_says_the_same(layout: str, asked: Question, usual: list[object]) -> None:
    adapter = resolve(asked.target)
    assert isinstance(adapter, NativeAdapter)
    if layout != "Bd":
        right = resolve("torch-fsq")
        assert isinstance(right, NativeAdapter)
        narrow = replace(right, layouts=(layout,))
        assert told(asked, narrow) == told(asked, right)
        return
    assert told(asked, replace(adapter, layouts=(layout,))) == usual


def test_an_adapter_of_another_kind_is_asked_in_numpy(asked: Question, usual: list[object]) -> None:
    adapter = resolve(asked.target)
    assert isinstance(adapter, NativeAdapter)

    class Other:
        """The adapter behind a door that is none of a framework's."""

        def __init__(self, inner: NativeAdapter) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

        def build(self, setup: object) -> object:
            inner = self._inner.build(setup)  # type: ignore[arg-type]

            class Quantizer:
                def __getattr__(self, name: str) -> object:
                    return getattr(inner, name)

            return Quantizer()

    assert told(asked, Other(adapter)) == usual  # type: ignore[arg-type]


def test_a_layout_of_one_vector_is_swept_one_by_one() -> None:
    reference = resolve("reference")
    assert isinstance(reference, NativeAdapter)
    asked = Question("reference", "widened", (8, 5), "float16", first=0x3A00, end=0x3A40).checked()
    lines: list[RangeLine] = list(sweep(asked, replace(reference, layouts=("d",)), asked.ranges))
    assert [(line.tried, line.faults) for line in lines] == [(64, ())]
    assert lines[0].channels == next(sweep(asked, reference, asked.ranges)).channels
