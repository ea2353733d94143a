"""The bridge to PyTorch: modules and plain callables over tensors, on any device."""

from __future__ import annotations

import copy
import io
import pickle
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch.nn.utils import parametrize

from ..reference import Precision
from .arrays_torch import TorchArrays
from .bridge import (
    SEED,
    Array,
    Call,
    Module,
    Pair,
    UnpicklableError,
    numbers_of,
    process_state,
    process_surroundings,
    switched,
)
from .holdings import held_by
from .protocol import Capability, Probe, Setup
from .weights_torch import weight_behind, weights

_DTYPES: dict[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}

#: To so many bytes NumPy and torch align what they allocate; a tensor that begins elsewhere is a part of another.
_ALIGNED = 16


def _product_precision() -> str | None:
    """`torch.get_float32_matmul_precision`; None where the old and the new way to set it were mixed, and torch refuses."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def carried(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """A copy on a device, with the strides, the gaps and the alignment of the tensor: `to` lays most views out anew."""
    offset = tensor.data_ptr() % _ALIGNED // tensor.element_size()
    if not offset and tensor.is_contiguous():
        return tensor.to(device, copy=True)
    reach = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    memory = torch.empty(offset + reach, dtype=tensor.dtype, device=device)
    memory[offset:].copy_(tensor.as_strided((reach,), (1,)))
    return memory.as_strided(tensor.shape, tensor.stride(), offset)


def _flushes() -> bool:
    """Whether subnormal numbers are flushed to 0 in this thread."""
    return not bool(torch.tensor([1e-310], dtype=torch.float64) * 1.0 > 0)


#: Versions of one function that the compiler keeps; torch's own limit of 8 is reached by a handful of rules and dtypes.
_VERSIONS = 256


def _compiled(module: Module) -> Module:
    """By `torch.compile`, whatever was compiled before: beyond its limit it would run the module as it is without a word."""
    import torch._dynamo  # takes two seconds

    torch._dynamo.config.cache_size_limit = _VERSIONS
    torch._dynamo.config.accumulated_cache_size_limit = 8 * _VERSIONS
    return torch.compile(module)


class TorchBridge:
    """Tensors that share the memory of the arrays on the CPU, and are copies elsewhere."""

    framework = f"torch {torch.__version__}"
    capabilities = frozenset({Capability.CODES, Capability.GRADIENT, Capability.TRAIN, Capability.STATE}) | {
        Capability.CAST,
        Capability.AUTOCAST,
        Capability.INFERENCE,
        Capability.TAPE,
        Capability.DEFAULT_DTYPE,
        Capability.COMPILE,
        Capability.WEIGHTS,
        Capability.FOOTPRINT,
    }

    def devices(self) -> tuple[str, ...]:
        """The CPU, and CUDA where a device answers."""
        return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)

    def lost(self, device: str) -> str | None:
        """What CUDA says when all work on the device is waited for: after a device-side assertion nothing works any more."""
        if device != "cuda" or not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch gives it no type
            return None
        try:
            torch.cuda.synchronize()
        except RuntimeError as error:
            return str(error).partition("\n")[0]
        return None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Puts default dtype and device, seeds, threads, gradient mode, determinism and the like back."""
        dtype, threads, recording = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
        device, generator = torch.get_default_device(), torch.get_rng_state()
        deterministic, products = torch.are_deterministic_algorithms_enabled(), _product_precision()
        flushing = _flushes()
        anomalies, nan_checked = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
        # Not torch.manual_seed: without CUDA it keeps a formatted stack for each call, milliseconds and memory each time.
        torch.default_generator.manual_seed(SEED)
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch gives it no type
            with suppress(RuntimeError):  # of a device that was lost; cases on the CPU go on
                torch.cuda.manual_seed_all(SEED)
        try:
            with process_state():
                yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_default_device(device if device.type != "cpu" else None)
            torch.set_rng_state(generator)
            torch.set_flush_denormal(flushing)
            torch.set_grad_enabled(recording)
            torch.autograd.set_detect_anomaly(anomalies, nan_checked)
            if products is not None and _product_precision() != products:
                torch.set_float32_matmul_precision(products)
            if torch.are_deterministic_algorithms_enabled() != deterministic:
                torch.use_deterministic_algorithms(deterministic)  # its first call imports the compiler: two seconds
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)

    def running(self, setup: Setup) -> AbstractContextManager[None]:  # noqa: ARG002
        """Torch needs nothing to be switched on."""
        return nullcontext()

    def native(self, array: Array, device: str) -> torch.Tensor:
        """A tensor over the array's own memory, with its strides."""
        source = array if array.flags.writeable else array.copy()
        if source.dtype == ml_dtypes.bfloat16:
            tensor = torch.from_numpy(source.view(np.int16)).view(torch.bfloat16)
        else:
            tensor = torch.from_numpy(source)
        return tensor if device == "cpu" else carried(tensor, device)

    def array(self, native: Any) -> Array:
        """The tensor's values on the host, as a NumPy array of the same dtype."""
        tensor = torch.as_tensor(native).detach().resolve_conj().cpu()
        if tensor.dtype == torch.bfloat16:
            return tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return tensor.numpy()

    def is_array(self, value: object) -> bool:
        """Whether a value is a tensor."""
        return isinstance(value, torch.Tensor)

    def device_of(self, native: Any) -> str:
        """`cpu`, `cuda`, `meta` …"""
        return str(native.device.type)

    @contextmanager
    def defaulting(self, dtype: str | None) -> Iterator[None]:
        """`torch.set_default_dtype`, put back on the way out."""
        before = torch.get_default_dtype()
        if dtype is not None:
            torch.set_default_dtype(_DTYPES[dtype])
        try:
            yield
        finally:
            if dtype is not None:  # what the target has set itself is seen: TRN-9
                torch.set_default_dtype(before)

    def prepared(self, module: Module, device: str, training: bool, compiled: bool) -> Module:
        """The module on its device, in its mode, compiled if asked."""
        if isinstance(module, torch.nn.Module):
            module = module.to(device)
            if (given := switched(module, training)) is not module:
                switch = "train" if training else "eval"
                raise TypeError(f"its {switch}() gives {type(given).__name__}; nn.Module's gives the module itself")
        return _compiled(module) if compiled else module

    def switch(self, module: Module, training: bool) -> None:
        """As a part of a larger module, whose switch calls `train(mode)` of its parts and never their `eval()`."""
        if isinstance(module, torch.nn.Module):
            torch.nn.ModuleList([module]).train(training)
        else:
            switched(module, training)

    def region(self, device: str, autocast: str | None) -> AbstractContextManager[None]:
        """`torch.autocast`."""
        return torch.autocast(device, dtype=_DTYPES[autocast]) if autocast else nullcontext()

    def called(self, module: Module, native: Any, call: Call) -> Any:
        """The module's forward call: recorded, under `no_grad` or in inference mode; in an autocast region if asked."""
        unrecorded = torch.inference_mode() if call.inference else torch.no_grad()
        recorded = torch.enable_grad() if call.tracked else unrecorded
        # Recording is on unless somebody has switched it off: TRN-9 would not see it within `enable_grad`.
        with (
            nullcontext() if call.tracked and torch.is_grad_enabled() else recorded,
            self.region(call.device, call.autocast),
        ):
            return module(native.requires_grad_(call.tracked))

    def derived(self, native: Any) -> Any:
        """A tensor that is no leaf."""
        with torch.enable_grad():
            return native.requires_grad_() * 1

    def differentiated(
        self, forward: Callable[[Any, Call], Pair], native: Any, upstream: Any, call: Call, way: str | None
    ) -> tuple[Pair, Any]:
        """By autograd; no gradient when the codes do not depend on the input as far as autograd knows."""
        native = torch.nn.Parameter(native) if way == "parameter" else native
        given = self.derived(native) if way == "derived" else native
        result = forward(given, replace(call, autocast="bfloat16" if way == "autocast" else None))
        if way == "interleaved":
            forward(-native.detach(), call)
        codes = result[0]
        if not codes.requires_grad:
            return result, None
        for again in (True, False) if way == "twice" else (False,):
            gradient = torch.autograd.grad(codes, native, upstream, retain_graph=again, allow_unused=True)[0]
        return result, gradient

    def copied(self, module: Module, how: str, fresh: Module) -> Module:
        """By `copy.deepcopy`, by `pickle` (`torch.jit.save` for TorchScript), or by `state_dict`, saved and loaded, into
        `fresh`."""
        if how == "deepcopy":
            return copy.deepcopy(module)
        file = io.BytesIO()
        if how == "pickle" and isinstance(module, torch.jit.ScriptModule):
            torch.jit.save(module, file)
            file.seek(0)
            return torch.jit.load(file)  # type: ignore[no-untyped-call]  # torch gives it no type
        if how == "pickle" and any(map(parametrize.is_parametrized, module.modules())):
            raise UnpicklableError(
                "torch does not pickle modules with parametrizations, which are saved by their state"
            )
        if how == "pickle":
            return pickle.loads(pickle.dumps(module))
        torch.save(module.state_dict(), file)
        file.seek(0)
        fresh.load_state_dict(torch.load(file, weights_only=True))
        return fresh

    def cast(self, module: Module, dtype: str) -> Module:
        """By its own `to`; to float32 and float16 as a part of a larger module that is moved, which never calls that."""
        if dtype in ("float32", "float16") and isinstance(module, torch.nn.Module):
            torch.nn.ModuleList([module]).to(_DTYPES[dtype])
            return module
        return module.to(_DTYPES[dtype])

    def held_bytes(self, module: Module) -> int:
        """The bytes of parameters, buffers (persistent or not) and other tensors that it holds, and of its lists and dicts."""
        found, entries = held_by(module, self.is_array)
        held: dict[int, torch.Tensor] = {id(tensor): tensor for tensor in found}
        if isinstance(module, torch.nn.Module):
            held |= {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
        return entries + sum(tensor.numel() * tensor.element_size() for tensor in held.values())

    def weights(self, module: Module, forward: Callable[[], Any], upstream: Any) -> dict[str, str]:
        """Parameters, frozen ones too."""
        return weights(module, forward, upstream)

    def weight_behind(self, codes: Any) -> str:
        """An error, of codes that were made in inference mode."""
        return weight_behind(codes)

    def arrays(self, precision: Precision, device: str, channels: int) -> TorchArrays:
        """Torch's on a device, for bit patterns."""
        return TorchArrays(precision, device, channels)

    @contextmanager
    def relaxed(self) -> Iterator[None]:
        """`torch.set_float32_matmul_precision("high")`, put back on the way out."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def surroundings(self, stir: bool) -> dict[str, str]:
        """Those of the process, and torch's own; stirred, with another number of threads: one may set what is set anyway."""
        if stir:
            torch.rand(())
            torch.set_num_threads(torch.get_num_threads() % 2 + 1)
        return process_surroundings(stir) | {
            "gradient mode": "on" if torch.is_grad_enabled() else "off",
            "default dtype": str(torch.get_default_dtype()),
            "default device": str(torch.get_default_device()),
            "number of threads": str(torch.get_num_threads()),
            "demand for deterministic algorithms": str(torch.are_deterministic_algorithms_enabled()),
            "detection of anomalies": "on" if torch.is_anomaly_enabled() else "off",
            "precision of products of matrices": str(_product_precision()),
            "treatment of subnormal numbers": "flushed to 0" if _flushes() else "kept",
            "autocast": "on" if torch.is_autocast_enabled("cpu") else "off",
            "generator of torch": f"{zlib.crc32(torch.get_rng_state().numpy().tobytes()):08x}",
        }

    def imports(self, setup: Setup) -> tuple[str, ...]:  # noqa: ARG002
        """Torch."""
        return ("import torch",)

    def placed(self, setup: Setup) -> str:
        """`.to(…)`, for the device and for each dtype that it was moved to, and the mode."""
        moved = f".to({setup.device!r})" if setup.device != "cpu" else ""
        moved += "".join(f".to(torch.{dtype})" for dtype in setup.moved)
        return f"{moved}.train()" if setup.training else f"{moved}.eval()"

    def literal(self, array: Array, ramp: bool, tracked: bool) -> str:
        """A `torch.tensor` expression whose decimals give back exactly these bits."""
        dtype = f"torch.{array.dtype.name}"
        suffix = ".requires_grad_()" if tracked else ""
        if ramp:
            start = f"torch.linspace(-2.5, 2.5, {array.size}, dtype=torch.float64)"
            return f"{start}.reshape({list(array.shape)}).to({dtype}){suffix}"
        if not array.size:
            return f"torch.empty({list(array.shape)}, dtype={dtype}){suffix}"
        return f"torch.tensor({numbers_of(array, 'torch')}, dtype={dtype}){suffix}"

    def gradient(self, forward: str, probe: Probe) -> list[str]:
        """By autograd, of the first thing that the call gives."""
        assert probe.array is not None
        assert probe.upstream is not None
        return [
            f"z = {self.literal(probe.array, probe.ramp, True)}",
            f"({forward.format(z='z')}[0] * {self.literal(probe.upstream, False, False)}).sum().backward()",
            "print(z.grad)",
        ]
