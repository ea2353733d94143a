"""Latents for interop: drawn, or streamed from a file; what cannot be read is one clear line."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fsqcheck.interop import CannotCompareError, inputs, measure

LATENTS = np.random.default_rng(1).normal(size=(40, 50, 3)).astype(np.float32)


def saved(folder: Path, array: NDArray[Any], name: str = "latents.npy") -> str:
    file = folder / name
    np.save(file, array, allow_pickle=True)
    return str(file)


def read(source: str, channels: int, count: int | None = None) -> NDArray[np.float32]:
    return np.concatenate(list(inputs(source, channels, count).chunks()))


@pytest.mark.parametrize("source", ["normal", "uniform"])
def test_drawn_vectors_are_the_same_each_time(source: str) -> None:
    first, second = read(source, 4, 300_000), read(source, 4, 300_000)
    assert first.shape == (300_000, 4)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)


def test_what_is_drawn_is_what_is_said() -> None:
    normal, uniform = read("normal", 2, 200_000), read("uniform", 2, 200_000)
    assert abs(normal.mean()) < 0.01
    assert abs(normal.std() - 1) < 0.01
    assert -3 <= uniform.min() < -2.99
    assert 2.99 < uniform.max() < 3
    assert inputs("normal", 2).count == 1_000_000


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_gives_its_vectors_in_order(tmp_path: Path, order: Any) -> None:
    source = saved(tmp_path, np.asarray(LATENTS, order=order))
    np.testing.assert_array_equal(read(source, 3), LATENTS.reshape(-1, 3))
    np.testing.assert_array_equal(read(source, 3, 70), LATENTS.reshape(-1, 3)[:70])
    assert inputs(source, 3, 70).words.endswith("(float32, the first of 2,000)")


def test_one_vector_is_a_file_of_vectors(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(saved(tmp_path, LATENTS[0, 0]), 3), LATENTS[0, :1])


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4"])
def test_other_floats_are_rounded_to_float32(tmp_path: Path, dtype: str) -> None:
    source = saved(tmp_path, LATENTS.astype(dtype))
    np.testing.assert_array_equal(read(source, 3), LATENTS.astype(dtype).astype(np.float32).reshape(-1, 3))


def test_a_float64_beyond_float32_is_an_infinity(tmp_path: Path) -> None:
    assert np.isposinf(read(saved(tmp_path, np.array([[1e300]])), 1)).all()


def test_a_file_is_streamed(tmp_path: Path) -> None:
    file = tmp_path / "large.npy"
    np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(2**23, 8)).flush()
    tracemalloc.start()
    try:
        count = sum(len(chunk) for chunk in inputs(str(file), 8).chunks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 2**23
    assert peak < file.stat().st_size / 16


def test_a_file_larger_than_memory_is_compared_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "larger.npy"
    np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(2**33, 4)).flush()  # 128 GiB of holes
    assert file.stat().st_blocks * 512 < 2**20
    found = measure(["reference@paper", "reference@paper"], (8, 5, 5, 5), inputs(str(file), 4, 1_000))
    assert found.inputs.compared == 1_000
    assert found.status == 0


def test_vectors_that_hold_nan_are_counted_and_left_out(tmp_path: Path) -> None:
    latents = LATENTS.reshape(-1, 3).copy()
    latents[5, 1] = latents[9] = np.nan
    found = measure(["reference@paper", "reference@widened"], (5, 5, 5), inputs(saved(tmp_path, latents), 3))
    assert (found.inputs.compared, found.inputs.left_out) == (1_998, 2)


def test_nothing_but_nan_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, np.full((4, 3), np.nan))
    with pytest.raises(CannotCompareError, match=r"^all 4 vectors .* hold NaN$"):
        measure(["reference@paper", "reference@widened"], (5, 5, 5), inputs(source, 3))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((7, 4), np.float32), r"shape \(7, 4\); its last axis must hold the 3 channels of --levels"),
        (np.float32(1.0), r"shape \(\); its last axis"),
        (np.zeros((0, 3), np.float32), r"shape \(0, 3\) holds no vectors"),
        (np.zeros((7, 3), np.int64), "an array of int64; expected floats"),
        (np.zeros((7, 3), np.complex64), "an array of complex64; expected floats"),
        (np.full((7, 3), None), "an array of Python objects; expected floats"),
    ],
)
def test_an_array_of_something_else_is_refused(tmp_path: Path, array: NDArray[Any], words: str) -> None:
    with pytest.raises(CannotCompareError, match=words) as refused:
        inputs(saved(tmp_path, array), 3)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"not an array\n", b"PK\x03\x04 an archive", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_npy_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.npy"
    file.write_bytes(content)
    with pytest.raises(CannotCompareError, match=r"it cannot be read as a \.npy file: ") as refused:
        inputs(str(file), 3)
    assert "\n" not in str(refused.value)


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, LATENTS)
    whole = Path(source).read_bytes()
    Path(source).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CannotCompareError, match=r"it cannot be read as a \.npy file: "):
        inputs(source, 3)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for source in (str(tmp_path), "gaussian"):
        with pytest.raises(CannotCompareError, match=r"no such file; expected normal, uniform or a \.npy file"):
            inputs(source, 3)
