"""Codes are encoded in the layout that a class takes them in, and asked for in any shape; what it decodes is put in place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fsqcheck
from fsqcheck.adapters import LAYOUTS, NativeAdapter, Probe, Setup, resolve
from fsqcheck.reference import FSQ
from fsqcheck.reports import BAD, Record

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

class ChannelFirst(FSQ):
    # Inputs and what they become have the channels second; codes that are encoded and decoded have them last.
    def __call__(self, z):
        assert z.ndim in (3, 4) and z.shape[1] == len(self.levels)
        codes, indices = super().__call__(np.moveaxis(z, 1, -1))
        return np.moveaxis(codes, -1, 1), indices

    def vjp(self, z, upstream):
        return np.moveaxis(super().vjp(np.moveaxis(z, 1, -1), np.moveaxis(upstream, 1, -1)), -1, 1)

class MovesWhatItDecodes(ChannelFirst):
    def indices_to_codes(self, indices):
        return np.moveaxis(super().indices_to_codes(indices), -1, 1)

class ForgetsToMove(ChannelFirst):
    def codes_to_indices(self, codes):
        assert codes.ndim == 3 and codes.shape[1] == len(self.levels)
        return super().codes_to_indices(np.moveaxis(codes, 1, -1))

class OfCodecs(ChannelFirst):
    def __call__(self, z):
        codes, indices = super().__call__(z)
        return codes, indices[:, None]

    def codes_to_indices(self, codes):
        assert codes.ndim == 3 and codes.shape[1] == len(self.levels)
        return super().codes_to_indices(np.moveaxis(codes, 1, -1))[:, None]

    def indices_to_codes(self, indices):
        assert indices.shape[1] == 1
        return np.moveaxis(super().indices_to_codes(indices[:, 0]), -1, 1)

class GivesTheAxisOnly(OfCodecs):
    def codes_to_indices(self, codes):
        return FSQ.codes_to_indices(self, codes)

    def indices_to_codes(self, indices):
        return FSQ.indices_to_codes(self, indices)

class HasNothingElse:
    def __init__(self, levels):
        self.inner = OfCodecs(levels)

    def __call__(self, z):
        return self.inner(z)
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


@pytest.mark.parametrize("name", ["ChannelFirst", "MovesWhatItDecodes", "OfCodecs"])
@pytest.mark.parametrize("layout", ["BdT", "BdHW"])
def test_codes_are_decoded_to_the_layout_wherever_the_class_has_their_channels(
    name: str, layout: str, file: Path
) -> None:
    adapter, levels = adapter_of(file, name), (5, 7, 3)
    assert adapter.layouts == ("BdT", "BdHW")
    quantizer = adapter.build(Setup(levels, "widened", layout=layout))
    z = np.random.default_rng(0).normal(size=LAYOUTS[layout].shape(3)).astype(np.float32)
    answer = quantizer.quantize(z)
    assert answer.indices is not None
    assert answer.indices.shape == LAYOUTS[layout].positions(z.shape)
    np.testing.assert_allclose(quantizer.indices_to_codes(answer.indices), answer.codes, atol=1e-6)
    vectors = LAYOUTS[layout].flatten(answer.codes)
    assert np.array_equal(quantizer.codes_to_indices(vectors), answer.indices.reshape(-1))


def test_a_decoder_that_forgets_to_move_the_channels_is_left_as_it_is(file: Path) -> None:
    quantizer = adapter_of(file, "ForgetsToMove").build(Setup((5, 7, 3), "widened", layout="BdT"))
    assert quantizer.indices_to_codes(np.zeros((2, 4), dtype=np.int64)).shape == (2, 4, 3)


@pytest.mark.parametrize(("name", "shape"), [("HasNothingElse", (2, 4)), ("GivesTheAxisOnly", (2, 1, 4))])
def test_an_axis_behind_the_batch_is_left_out_unless_its_own_methods_do_not_know_it(
    name: str, shape: tuple[int, ...], file: Path
) -> None:
    quantizer = adapter_of(file, name).build(Setup((5, 7, 3), "widened", layout="BdT"))
    found = quantizer.quantize(np.zeros((2, 3, 4), dtype=np.float32)).indices
    assert found is not None
    assert found.shape == shape


def test_where_only_the_axes_are_wrong_the_clauses_on_shapes_say_so_alone(file: Path) -> None:
    levels = [(4, 3, 5)]
    record = fsqcheck.check(f"{file}:GivesTheAxisOnly", rules=["widened"], levels=levels, clauses=["SHP", "IDX"])
    assert failing(record) == {"SHP-1", "SHP-2", "SHP-3", "SHP-10", "IDX-10"}
    record = fsqcheck.check(f"{file}:ForgetsToMove", rules=["widened"], levels=levels, clauses=["SHP", "IDX"])
    assert failing(record) == {"SHP-3", "SHP-10", "IDX-10"}


def failing(record: Record) -> set[str]:
    return {one.clause for one in record.results if one.outcome in BAD}
