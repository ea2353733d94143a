"""The bridges carry arrays unchanged, and the guard puts back whatever a target did to the process."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from fsqcheck.adapters import NativeAdapter, Setup, resolve, torch_fsq
from fsqcheck.adapters.bridge import Bridge
from fsqcheck.adapters.bridge_numpy import NumpyBridge
from fsqcheck.adapters.bridge_torch import TorchBridge, carried
from fsqcheck.adapters.holdings import held_by
from fsqcheck.adapters.native import NoGradientError, codes_and_indices
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ, PRECISIONS, every_value

from .mutants.making import AsIfOnCuda
from .right_quantizers import vandalized
from .test_conformance_catches import ran

BRIDGES: tuple[Bridge, ...] = (NumpyBridge(), TorchBridge())
TORCH = TorchBridge()


def over(module: Any, bridge: Bridge = TORCH) -> NativeAdapter:
    """An adapter of an object that is there already."""
    return replace(torch_fsq.adapter(), bridge=bridge, construct=lambda _: module)


# Arrays


@pytest.mark.parametrize("bridge", BRIDGES, ids=lambda bridge: type(bridge).__name__)
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_an_array_comes_back_with_its_dtype_and_bits(bridge: Bridge, dtype: str) -> None:
    values = np.array([1.5, -0.0, np.inf, np.nan, 1e-7]).astype(PRECISIONS[dtype].dtype)
    back = bridge.array(bridge.native(values, "cpu"))
    assert back.dtype == values.dtype
    assert back.tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_16_bit_value_goes_there_and_back(dtype: str) -> None:
    values = every_value(PRECISIONS[dtype])
    tensor = TORCH.native(values, "cpu")
    assert str(tensor.dtype) == f"torch.{dtype}"
    assert TORCH.array(tensor).tobytes() == values.tobytes()


def test_bfloat16_means_the_same_number_in_torch() -> None:
    values = np.array([1.0, 3.140625, -2.5e38, 1e-40], dtype=ml_dtypes.bfloat16)
    assert TORCH.native(values, "cpu").double().tolist() == values.astype(np.float64).tolist()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_strides_are_kept(dtype: str) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(PRECISIONS[dtype].dtype).transpose(2, 0, 1)
    tensor = TORCH.native(values, "cpu")
    assert tensor.stride() == tuple(step // values.itemsize for step in values.strides)
    assert not tensor.is_contiguous()


WHOLE = np.arange(120, dtype=np.float32).reshape(4, 6, 5)
VIEWS = {
    "transposed": WHOLE.transpose(2, 0, 1),
    "with gaps": WHOLE[:, ::2, 1:4],
    "expanded": np.broadcast_to(WHOLE[:, :1], (4, 6, 5)),
    "a part": WHOLE[1:],
    "as it is": WHOLE,
    "of length 0": WHOLE[:, :0],
}


@pytest.mark.parametrize("name", VIEWS)
def test_on_a_device_a_view_is_the_view_that_it_was(name: str) -> None:
    here = TORCH.native(VIEWS[name], "cpu")
    there = carried(here, "cpu")
    assert torch.equal(there, here)
    assert there.stride() == here.stride()
    assert there.data_ptr() % 16 == here.data_ptr() % 16
    assert not here.numel() or there.data_ptr() != here.data_ptr()
    assert TORCH.native(VIEWS[name], "meta").stride() == here.stride()


def test_on_a_device_what_a_target_writes_into_codes_or_indices_is_seen() -> None:
    class Writes(TorchFSQ):
        place = "cuda"

        def codes_to_indices(self, codes: torch.Tensor) -> torch.Tensor:
            return super().codes_to_indices(codes.mul_(0))

        def indices_to_codes(self, indices: torch.Tensor) -> torch.Tensor:
            return super().indices_to_codes(indices.mul_(0))

    quantizer = over(Writes([3]), AsIfOnCuda()).build(Setup((3,), "widened", device="cuda"))
    codes, indices = np.ones((1, 2, 1), dtype=np.float32), np.ones((1, 2), dtype=np.int64)
    assert quantizer.codes_to_indices(codes).tolist() == [[1, 1]]
    assert quantizer.indices_to_codes(indices).ravel().tolist() == [-1.0, -1.0]
    assert not codes.any()
    assert not indices.any()


def test_a_device_is_lost_when_it_answers_with_an_error_and_the_guard_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be reported later")

    assert TORCH.lost("cuda") is None
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    for name in ("synchronize", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: None)
    assert TORCH.lost("cuda") is None
    for name in ("synchronize", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, fails)
    assert TORCH.lost("cuda") == "CUDA error: device-side assert triggered"
    assert TORCH.lost("cpu") is None
    with TORCH.guard():
        assert torch.ones(1).item() == 1.0


def test_memory_is_shared() -> None:
    values = np.zeros(3, dtype=ml_dtypes.bfloat16)
    TORCH.native(values, "cpu")[1] = 2.0
    assert values.tolist() == [0.0, 2.0, 0.0]


def test_a_read_only_array_is_copied_and_not_written_to() -> None:
    values = np.zeros(3, dtype=np.float32)
    values.flags.writeable = False
    TORCH.native(values, "cpu")[1] = 2.0
    assert values.tolist() == [0.0, 0.0, 0.0]


def test_a_transposed_bfloat16_tensor_comes_back_as_it_reads() -> None:
    tensor = torch.arange(6).reshape(2, 3).bfloat16().T
    assert TORCH.array(tensor).astype(np.float64).tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_tensor_with_a_gradient_comes_back_without_it() -> None:
    assert TORCH.array(torch.ones(2, requires_grad=True) * 2).tolist() == [2.0, 2.0]


def test_an_empty_array_keeps_its_shape() -> None:
    assert TORCH.array(TORCH.native(np.zeros((2, 0, 3), dtype=np.float32), "cpu")).shape == (2, 0, 3)


# Calls


def test_what_a_target_writes_into_its_input_is_seen() -> None:
    quantizer = over(lambda z: (z.mul_(2), None)).build(Setup((3,), "widened"))
    assert quantizer.quantize(np.ones((1, 1, 1), dtype=np.float32)).received.tolist() == [[[2.0]]]


@pytest.mark.parametrize("tracked", [False, True])
def test_gradients_are_recorded_only_when_asked_for(tracked: bool) -> None:
    seen: list[tuple[bool, bool]] = []

    def module(z: torch.Tensor) -> torch.Tensor:
        seen.append((z.requires_grad, torch.is_grad_enabled()))
        return z

    over(module).build(Setup((3,), "widened")).quantize(np.ones((1, 1, 1), dtype=np.float32), tracked=tracked)
    assert seen == [(tracked, tracked)]


def test_an_autocast_region_is_entered_when_asked_for() -> None:
    seen: list[bool] = []

    def module(z: torch.Tensor) -> torch.Tensor:
        seen.append(torch.is_autocast_enabled("cpu"))
        return z

    quantizer = over(module).build(Setup((3,), "widened"))
    quantizer.quantize(np.ones((1, 1, 1), dtype=np.float32))
    quantizer.quantize(np.ones((1, 1, 1), dtype=np.float32), autocast="bfloat16")
    assert seen == [False, True]


def test_the_gradient_is_that_of_the_codes_times_the_upstream() -> None:
    quantizer = over(lambda z: (z * 3, None)).build(Setup((3,), "widened"))
    z = np.ones((1, 2, 1), dtype=np.float32)
    _, gradient = quantizer.vjp(z, z * np.array([[[1], [2]]], dtype=np.float32))
    assert gradient.ravel().tolist() == [3.0, 6.0]


def told(**how: Any) -> list[tuple[bool, bool, bool, float]]:
    """What a module sees of its input in each forward call of a vjp: leaf, in inference, under autocast, its value."""
    seen: list[tuple[bool, bool, bool, float]] = []

    def module(z: torch.Tensor) -> torch.Tensor:
        seen.append((z.is_leaf, torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"), float(z.detach())))
        return z * 3

    z = np.ones((1, 1, 1), dtype=np.float32)
    _, gradient = over(module).build(Setup((3,), "widened")).vjp(z, 2 * z, **how)
    assert gradient.tolist() == [[[6.0]]]
    return seen


@pytest.mark.parametrize(
    ("way", "calls"),
    [
        (None, [(True, False, False, 1.0)]),
        ("derived", [(False, False, False, 1.0)]),
        ("interleaved", [(True, False, False, 1.0), (True, False, False, -1.0)]),
        ("twice", [(True, False, False, 1.0)]),
        ("autocast", [(True, False, True, 1.0)]),
    ],
)
def test_a_backward_pass_is_run_in_the_way_that_was_asked_for(
    way: str | None, calls: list[tuple[bool, bool, bool, float]]
) -> None:
    assert told(way=way) == calls


def test_a_graph_that_can_be_walked_once_is_walked_twice_when_asked_for() -> None:
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, z: torch.Tensor) -> torch.Tensor:
            ctx.left = [z]
            return z.clone()

        @staticmethod
        def backward(ctx: Any, upstream: torch.Tensor) -> torch.Tensor:
            ctx.left.pop()
            return upstream

    quantizer = over(Once.apply).build(Setup((3,), "widened"))
    z = np.ones((1, 1, 1), dtype=np.float32)
    quantizer.vjp(z, z)
    with pytest.raises(IndexError):
        quantizer.vjp(z, z, way="twice")


def test_inference_mode_is_entered_when_asked_for() -> None:
    seen: list[bool] = []

    def module(z: torch.Tensor) -> torch.Tensor:
        seen.append(torch.is_inference_mode_enabled())
        return z

    quantizer = over(module).build(Setup((3,), "widened"))
    quantizer.quantize(np.ones((1, 1, 1), dtype=np.float32))
    quantizer.quantize(np.ones((1, 1, 1), dtype=np.float32), inference=True)
    assert seen == [False, True]


@pytest.mark.parametrize("tracked", [False, True])
def test_the_gradient_of_codes_to_encode_is_recorded_only_when_asked_for(tracked: bool) -> None:
    class Encoder:
        def codes_to_indices(self, codes: torch.Tensor) -> torch.Tensor:
            return torch.tensor([int(codes.requires_grad)])

    adapter = replace(over(lambda z: z), construct=lambda _: Encoder())
    seen = adapter.build(Setup((3,), "widened")).codes_to_indices(np.ones((1, 1), dtype=np.float32), tracked=tracked)
    assert seen.tolist() == [int(tracked)]


def test_a_default_dtype_holds_while_the_quantizer_is_built_and_no_longer() -> None:
    seen: list[torch.dtype] = []

    def construct(_: Setup) -> Callable[[Any], Any]:
        seen.append(torch.get_default_dtype())
        return lambda z: z

    adapter = replace(over(lambda z: z), construct=construct)
    for dtype in ("bfloat16", None):
        adapter.build(Setup((3,), "widened", default_dtype=dtype))
    assert [*seen, torch.get_default_dtype()] == [torch.bfloat16, torch.float32, torch.float32]


@pytest.mark.parametrize("module", [lambda z: (z.detach(), None), lambda z: (torch.zeros_like(z), None)])
def test_codes_that_are_detached_have_no_gradient(module: Callable[[Any], Any]) -> None:
    z = np.ones((1, 1, 1), dtype=np.float32)
    with pytest.raises(NoGradientError, match="no gradient reaches the input"):
        over(module).build(Setup((3,), "widened")).vjp(z, z)


@pytest.mark.parametrize("result", [None, 3, "codes", (), (3, 4), {"codes": 1}])
def test_an_answer_that_is_none_is_refused(result: object) -> None:
    with pytest.raises(TypeError, match=r"expected \(codes, indices\)"):
        codes_and_indices(TORCH, result, Setup((5,), "widened"))


@pytest.mark.parametrize("how", ["deepcopy", "pickle", "state"])
@pytest.mark.parametrize("target", ["reference", "torch-fsq"])
def test_a_copy_is_another_object_in_the_same_mode(target: str, how: str) -> None:
    quantizer = resolve(target).build(Setup((5, 4), "symmetric", training=True))
    copied = quantizer.copied(how)
    z = np.linspace(-2, 2, 8, dtype=np.float32).reshape(1, 4, 2)
    assert copied.setup.training
    assert copied.quantize(z).codes.tobytes() == quantizer.quantize(z).codes.tobytes()


def test_the_memory_of_parameters_buffers_and_attributes_is_counted_once() -> None:
    module = TorchFSQ([5, 4])
    before = TORCH.held_bytes(module)
    module.book = torch.zeros(100)  # a plain attribute
    module.again = [module.book]  # type: ignore[assignment]  # the same one, in a list
    module.register_buffer("more", torch.zeros(10, dtype=torch.float64))
    assert TORCH.held_bytes(module) - before == 400 + 80 + 8 * 2  # a list of one, a buffer's name


def test_the_arrays_of_an_object_that_holds_itself_are_found() -> None:
    quantizer = FSQ([5, 4])
    quantizer.me = [{"again": quantizer}, np.zeros(3)]  # type: ignore[attr-defined]  # as some objects do
    assert any(value.shape == (3,) for value in held_by(quantizer, NumpyBridge().is_array)[0])


def test_the_entries_of_containers_are_counted_but_for_windows_and_for_what_is_no_part() -> None:
    quantizer: Any = FSQ([5, 4])
    _, before = held_by(quantizer, NumpyBridge().is_array)
    quantizer.kept = {"of": [1, 2, 3], "all": {4, 5}}
    quantizer.window = deque(range(100), maxlen=100)
    quantizer.module, quantizer.call, quantizer.kind = np, np.tanh, dict
    assert held_by(quantizer, NumpyBridge().is_array)[1] - before == 8 * (2 + 3 + 2)


# The guard


def _raising_vandal() -> None:
    vandalized()
    raise RuntimeError


def state() -> dict[str, object]:
    """What it may have changed."""
    return {
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "gradient mode": torch.is_grad_enabled(),
        "determinism": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "anomaly detection": torch.is_anomaly_enabled(),
        "products of matrices": torch.get_float32_matmul_precision(),
        "torch's generator": torch.get_rng_state().tolist(),
        "NumPy's generator": str(np.random.get_state()),
        "Python's generator": random.getstate(),
        "NumPy's errors": np.geterr(),
        "folder": Path.cwd(),
        "environment": dict(os.environ),
    }


@pytest.mark.parametrize("name", state())
def test_the_guard_puts_back(name: str) -> None:
    before = state()
    with TORCH.guard():
        vandalized()
        changed = state()[name]
    assert state()[name] == before[name]
    assert changed != before[name]


def test_the_guard_puts_everything_back_when_the_target_raises() -> None:
    before = state()
    with pytest.raises(RuntimeError), TORCH.guard():
        _raising_vandal()
    assert state() == before


@pytest.mark.parametrize("bridge", BRIDGES, ids=lambda bridge: type(bridge).__name__)
def test_the_guard_seeds_every_generator(bridge: Bridge) -> None:
    draws = []
    for _ in range(2):
        with bridge.guard():
            draws.append((random.random(), np.random.random(), float(torch.rand(())) if bridge is TORCH else 0.0))
        random.random()
        np.random.random()
        torch.rand(())
    assert draws[0] == draws[1]


def test_a_case_after_a_vandal_is_judged_as_if_it_were_not_there(tmp_path: Path) -> None:
    clauses, vandal = (
        ("BND-3", "IDX-5", "GRD-1"),
        f"{Path(__file__).parent / 'right_quantizers.py'}:LeavesTheProcessInRuins",
    )
    alone, after = (ran(tmp_path, targets, "widened", *clauses) for targets in (("torch-fsq",), (vandal, "torch-fsq")))
    before, behind = ([(r.id, r.outcome, r.digest) for r in one.of("torch-fsq")] for one in (alone, after))
    assert behind == before
    assert len(after.of(vandal)) == len(before)
