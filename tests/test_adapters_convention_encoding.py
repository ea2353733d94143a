"""Codes are encoded in the layout that a class takes them in, and asked for in any shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsqcheck.adapters import NativeAdapter, Probe, Setup, resolve
from fsqcheck.reference import FSQ

from .commands import RIGHT, written

SOURCE = f"""
import numpy as np
{RIGHT}

class AnyShape(FSQ):
    pass

class Lists(FSQ):
    def codes_to_indices(self, codes):
        assert codes.ndim == 2
        return super().codes_to_indices(codes)

class Batches(FSQ):
    def codes_to_indices(self, codes):
        batch, time, channels = codes.shape
        return super().codes_to_indices(codes)

class ChannelsSecond(FSQ):
    axes = 3
    def codes_to_indices(self, codes):
        assert (codes.ndim, codes.shape[1]) == (self.axes, len(self.levels))
        return super().codes_to_indices(np.moveaxis(codes, 1, -1))

class Images(ChannelsSecond):
    axes = 4

class Videos(ChannelsSecond):
    axes = 5

class KeepsAnAxis(Batches):
    def codes_to_indices(self, codes):
        return super().codes_to_indices(codes)[..., None]

class GivesFloats(Lists):
    def codes_to_indices(self, codes):
        return super().codes_to_indices(codes).astype(float)

class Flattens(FSQ):
    def codes_to_indices(self, codes):
        return super().codes_to_indices(codes).ravel()
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("encoding"), "encoders.py", SOURCE)


def adapter_of(file: Path, name: str) -> NativeAdapter:
    adapter = resolve(f"{file}:{name}")
    assert isinstance(adapter, NativeAdapter)
    return adapter


@pytest.mark.parametrize("name", ["AnyShape", "Lists", "Batches", "ChannelsSecond", "Images", "Videos"])
@pytest.mark.parametrize("levels", [(5, 7, 3), (8,)])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (0,), (2, 1, 5)])
def test_codes_of_any_shape_are_encoded(name: str, levels: tuple[int, ...], shape: tuple[int, ...], file: Path) -> None:
    z = np.random.default_rng(0).normal(size=(*shape, len(levels))).astype(np.float32)
    codes, indices = FSQ(levels, "widened")(z)
    quantizer = adapter_of(file, name).build(Setup(levels, "widened"))
    assert np.array_equal(quantizer.codes_to_indices(codes), indices)


def test_a_script_lays_codes_out_as_they_were_given(file: Path) -> None:
    probe = Probe("codes_to_indices", np.zeros((1, 3), dtype=np.float32))
    script = adapter_of(file, "ChannelsSecond").script(Setup((5, 7, 3), "widened"), probe)
    laid = "codes.reshape(1, -1, codes.shape[-1]).swapaxes(-1, 1)"
    assert str(script).endswith(f"print(q.codes_to_indices({laid}).reshape(codes.shape[:-1]))")
    plain = adapter_of(file, "AnyShape").script(Setup((5, 7, 3), "widened"), probe)
    assert "reshape" not in str(plain)


@pytest.mark.parametrize("name", ["KeepsAnAxis", "GivesFloats", "Flattens"])
def test_wrong_indices_are_not_put_right(name: str, file: Path) -> None:
    adapter = adapter_of(file, name)
    assert adapter.speaks(Setup((5, 7, 3), "widened")).encode == "q.codes_to_indices({codes})"
