"""Layouts that go there and back, and scripts that show what the suite saw with the target's own library alone."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fsqcheck.adapters import LAYOUTS, Construction, Layout, Probe, Setup, main_layout, resolve
from fsqcheck.reference import PRECISIONS

from .commands import RIGHT, python, written

VQP, TORCH, NUMPY = "vector-quantize-pytorch", "torch-fsq", "reference"


def layouts(one: Layout) -> str:
    return one.name


def numbered(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape)


# Layouts


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=layouts)
def test_flatten_and_unflatten_are_inverse(layout: Layout) -> None:
    values = numbered(layout.shape(3))
    vectors = layout.flatten(values)
    assert vectors.shape[1] == 3
    np.testing.assert_array_equal(layout.unflatten(vectors, values.shape), values)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=layouts)
def test_flatten_takes_back_what_arrange_laid_out(layout: Layout) -> None:
    vectors = numbered((1 if layout.long_axis is None else 5, 3))
    np.testing.assert_array_equal(layout.flatten(layout.arrange(vectors)), vectors)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=layouts)
def test_flatten_keeps_the_channels_of_a_position_together(layout: Layout) -> None:
    shape = layout.shape(3)
    channel = np.arange(3).reshape([3 if letter == "d" else 1 for letter in layout.name])
    assert (layout.flatten(np.broadcast_to(channel, shape)) == [0, 1, 2]).all()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=layouts)
def test_positions_count_the_vectors(layout: Layout) -> None:
    shape = layout.shape(3)
    assert np.prod(layout.positions(shape)) == len(layout.flatten(numbered(shape)))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=layouts)
@pytest.mark.parametrize("channels", range(1, 13))
def test_no_axis_is_as_long_as_the_channels(layout: Layout, channels: int) -> None:
    shape = layout.shape(channels)
    assert [axis for axis, size in enumerate(shape) if size == channels] == [layout.channel_axis]


@pytest.mark.parametrize(("name", "shape"), [("BTd", (1, 5, 3)), ("BdT", (1, 3, 5)), ("Bd", (5, 3))])
def test_many_vectors_lie_along_time_or_the_batch(name: str, shape: tuple[int, ...]) -> None:
    assert LAYOUTS[name].arrange(np.zeros((5, 3))).shape == shape


def test_sizes_that_are_named_are_used() -> None:
    assert LAYOUTS["BdHW"].shape(3, B=1, W=3) == (1, 3, 9, 3)


def test_a_single_vector_takes_no_batch() -> None:
    with pytest.raises(ValueError, match="one vector at a time"):
        LAYOUTS["d"].arrange(np.zeros((2, 3)))


def test_values_are_tested_in_the_first_layout_of_the_suites_order() -> None:
    assert main_layout(("d", "BdT", "BTd")) == "BTd"
    assert main_layout(("d", "Bd")) == "Bd"


# Scripts


def printed(script: str | None, cwd: Path) -> str:
    """What a script prints, in a process and a folder of its own."""
    assert script is not None
    said = python(script, cwd=cwd)
    assert said.status == 0, said.err
    return said.out


def numbers(text: str) -> list[float]:
    """The numbers in a text, without those of dtypes."""
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", re.sub(r"dtype=\S+", "", text))]


def script(target: str, setup: Setup, *probes: Probe) -> str:
    """The scripts of several probes as one: a process costs seconds."""
    return "\n".join(str(resolve(target).script(setup, probe)) for probe in probes)


Z = np.array([[[0.1, -1.2], [np.inf, 0.7]]], dtype=np.float32)


@pytest.mark.parametrize(
    ("target", "layout", "shown"), [(VQP, "BTd", Z), (TORCH, "BdT", Z), (NUMPY, "BTd", Z.astype("bfloat16"))]
)
def test_a_script_prints_what_was_observed(target: str, layout: str, shown: np.ndarray, tmp_path: Path) -> None:
    setup = Setup((8, 5), "widened", layout=layout)
    quantizer = resolve(target).build(setup)
    index, upstream = np.array([[7, 33]]), np.full((1, 2, 2), 2.0, dtype=np.float32)
    finite = np.nan_to_num(shown.astype(np.float32), posinf=2.0)
    codes = quantizer.indices_to_codes(index)
    channels_last = np.moveaxis(codes, 1, -1) if layout == "BdT" else codes
    answer, (_, gradient) = quantizer.quantize(shown.copy()), quantizer.vjp(finite.copy(), upstream)
    assert answer.indices is not None
    said = printed(
        script(
            target,
            setup,
            Probe("forward", shown),
            Probe("codes_to_indices", channels_last),
            Probe("indices_to_codes", index),
            Probe("vjp", finite, upstream),
        ),
        tmp_path,
    )
    observed = [answer.codes, answer.indices, quantizer.codes_to_indices(channels_last), codes, gradient]
    wanted = np.concatenate([np.ravel(values).astype(np.float64) for values in observed])
    np.testing.assert_allclose(numbers(said), wanted, atol=1e-4)


def test_a_script_of_noise_prints_the_share_and_the_amplitude(tmp_path: Path) -> None:
    setup = Setup((5, 3), "symmetric", noise=0.25, training=True)
    share, amplitude = numbers(printed(script(TORCH, setup, Probe("noise", np.full((1, 2), 0.1))), tmp_path))
    assert share == pytest.approx(0.25, abs=0.03)
    assert 0.4 < amplitude <= 0.5


def test_a_script_of_a_round_trip_prints_both_indices(tmp_path: Path) -> None:
    probes = (Probe("round trip", np.array([[33]])), Probe("construct"))
    said = printed(script(VQP, Setup((8, 5), "widened"), *probes), tmp_path)
    assert "tensor([[33]]) -> tensor([[33]], dtype=torch.int32)" in said
    assert "FSQ(" in said


def test_a_script_of_a_file_of_ones_own_runs_anywhere(tmp_path: Path) -> None:
    file = written(tmp_path / "deep", "mine.py", RIGHT)
    probe = Probe("forward", np.zeros((1, 1, 2), dtype=np.float32))
    said = printed(script(f"{file}:FSQ", Setup((5, 3), "widened"), probe), tmp_path)
    assert numbers(said) == [0.0, 0.0, 7.0]


def test_noise_of_a_numpy_quantizer_has_no_script() -> None:
    assert resolve(NUMPY).script(Setup((5,), "symmetric", noise=0.5), Probe("noise", np.zeros((1, 1)))) is None


@pytest.mark.parametrize("target", [TORCH, NUMPY])
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_a_printed_number_has_exactly_the_bits_of_the_input(target: str, dtype: str) -> None:
    import ml_dtypes
    import torch

    values = np.array([0.1, -0.0, 1 / 3, np.inf, -np.inf, 6e-8, 65504.0]).astype(PRECISIONS[dtype].dtype)
    bridge = resolve(target).bridge  # type: ignore[attr-defined]  # both are native adapters
    again = eval(bridge.literal(values, False, False), {"np": np, "torch": torch, "ml_dtypes": ml_dtypes})
    assert bridge.array(again).tobytes() == values.tobytes()


@pytest.mark.parametrize("target", [TORCH, NUMPY])
def test_a_ramp_prints_short_and_has_the_shape(target: str) -> None:
    import torch

    bridge = resolve(target).bridge  # type: ignore[attr-defined]  # both are native adapters
    source = bridge.literal(np.zeros((4, 100), dtype=np.float32), True, False)
    assert len(source) < 120
    assert eval(source, {"np": np, "torch": torch}).shape == (4, 100)


def test_training_and_device_are_in_the_script() -> None:
    source = str(resolve(TORCH).script(Setup((5,), "widened", device="cuda", training=True), Probe("construct")))
    assert "TorchFSQ(levels=[5], rule='widened').to('cuda').train()" in source


def test_a_construction_builds_what_it_prints() -> None:
    call = Construction("fsqcheck.reference", "FSQ", {"levels": [5, 3], "rule": "ifsq"})
    found: dict[str, object] = {}
    exec("\n".join([*call.imports(), f"q = {call.expression()}"]), found)
    assert vars(found["q"])["rule"] == call.build().rule


def test_a_quantizer_that_was_built_by_code_has_no_script() -> None:
    from dataclasses import replace

    from fsqcheck.adapters.torch_fsq import TorchFSQ, adapter

    assert (
        replace(adapter(), construct=lambda _: TorchFSQ([5])).script(Setup((5,), "widened"), Probe("construct")) is None
    )


def test_a_script_builds_under_the_default_dtype_of_the_setup() -> None:
    setup = Setup((3,), "widened", default_dtype="bfloat16")
    lines = str(resolve(TORCH).script(setup, Probe("construct"))).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("q = "))
    assert lines[at - 1 : at + 2 : 2] == [f"torch.set_default_dtype(torch.{name})" for name in ("bfloat16", "float32")]


def test_a_quantizer_that_was_moved_is_moved_in_its_script_too(tmp_path: Path) -> None:
    adapter = resolve(VQP)
    quantizer = adapter.build(Setup((4, 3, 5), "widened", width=8)).cast("bfloat16")
    assert quantizer.setup.moved == ("bfloat16",)
    assert quantizer.copied("state").setup.moved == ()
    probe = Probe("indices_to_codes", np.zeros((2, 7), dtype=np.int32))
    script = adapter.script(quantizer.setup, probe)
    assert "dim=8).to(torch.bfloat16).eval()" in str(script)
    said = python(str(script), cwd=tmp_path)
    assert "mat1 and mat2 must have the same dtype, but got Float and BFloat16" in said.err
