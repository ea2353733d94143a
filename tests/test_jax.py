"""JAX: the bridge, our own FSQ, and classes without an adapter, in an environment that is made for it.

Skipped where no index answers: JAX is not among what a developer of fsqcheck installs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from fsqcheck.adapters import Capability, NativeAdapter, Probe, Setup, adapter_of, resolve
from fsqcheck.reference import FSQ, PRECISIONS, RULES, every_value, rule_named, staircase
from fsqcheck.reports import BAD, read

from .commands import Said, fsqcheck, written
from .installed import installed

#: The release that the bridge was written for.
PIN = "jax==0.10.2"

CLASSES = """
import jax, jax.numpy as jnp, numpy as np
from fsqcheck.adapters.jax_fsq import JaxFSQ

class Own:
    def __init__(self, levels):
        self.inner = JaxFSQ(levels, "widened")
    def __call__(self, z):
        return self.inner(z)
    def codes_to_indices(self, codes):
        return self.inner.codes_to_indices(codes)
    def indices_to_codes(self, indices):
        return self.inner.indices_to_codes(indices)

class CodesOnly(Own):
    def __call__(self, z):
        return self.inner(jax.lax.stop_gradient(z) if self.detached else z)[0]
    detached = False

class Detached(CodesOnly):
    detached = True

class Wraps:
    # Sums in 32 bits whatever the codebook's size.
    def __init__(self, levels):
        self.levels = np.array(levels)
    def __call__(self, z):
        half = (self.levels - 1) * 1.001 / 2
        offset = np.where(self.levels % 2 == 0, 0.5, 0.0)
        u = jnp.tanh(z + np.arctanh(offset / half)) * half - offset
        codes = (u + jax.lax.stop_gradient(jnp.round(u) - u)) / (self.levels // 2)
        return codes, self.codes_to_indices(codes)
    def codes_to_indices(self, codes):
        digits = jnp.round(codes * (self.levels // 2)).astype(jnp.int32) + self.levels // 2
        return (digits * np.cumprod([1, *self.levels[:-1]]).astype(np.int32)).sum(-1)
"""


@pytest.fixture(scope="module")
def site(packages: Path) -> Path:
    """A folder of packages with JAX in it."""
    return installed(PIN, packages)


@pytest.fixture(scope="module")
def beside_jax(site: Path) -> dict[str, str]:
    """The environment of a command that finds JAX.

    What one command compiles, the next need not compile again; and XLA takes less care, as most of the time is its own.
    """
    return {
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "JAX_COMPILATION_CACHE_DIR": str(site / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    }


@pytest.fixture(scope="module")
def jax(site: Path) -> Any:
    """JAX, in this process."""
    if str(site) not in sys.path:
        sys.path.insert(0, str(site))
    return pytest.importorskip("jax")


@pytest.fixture
def command(beside_jax: dict[str, Any], tmp_path: Path) -> Callable[..., Said]:
    """The command, where JAX is and the classes are."""
    written(tmp_path, "in_jax.py", CLASSES)
    return lambda *arguments, **more: fsqcheck(*arguments, cwd=tmp_path, **beside_jax, **more)


@pytest.fixture
def named(jax: Any, tmp_path: Path) -> Callable[[str], Any]:
    """The adapter of a class above."""
    assert jax is not None
    file = written(tmp_path, "in_jax.py", CLASSES)
    return lambda name: resolve(f"{file}:{name}")


def zeros(*shape: int) -> Any:
    return np.zeros(shape, dtype=np.float32)


# Our own


def test_our_own_conforms_and_no_clause_wants_torch_of_it(command: Callable[..., Said], tmp_path: Path) -> None:
    said = command("run", "jax-fsq", "--rule", "paper", "-q", "--report", "r.jsonl")
    assert said.out.startswith("jax-fsq: conforms: 5"), said
    record = read(tmp_path / "r.jsonl")
    assert {one.clause for one in record.results if one.outcome in BAD} == set()
    assert (record.targets[0].framework or "").startswith("jax 0.10.2")
    lacking = (
        "cast",
        "train",
        "autocast",
        "num_codebooks",
        "projection",
        "default dtype",
        "inference mode",
        "noise",
        "weights",
    )
    left = {one.message or "" for one in record.results if one.outcome in ("unsupported", "not-run")}
    for why in left:
        assert why == "no CUDA device" or "need indices of 64 bits" in why or any(word in why for word in lacking), why


def test_compiled_it_is_what_it_is_eager(command: Callable[..., Said]) -> None:
    said = command("run", "jax-fsq", "--rule", "paper", "--clause", "DEV-5", "--tier", "standard", "-q", PATH="")
    assert said.out.startswith("jax-fsq: conforms: 1 clause"), said  # without a C++ compiler, which is torch's


def test_with_64_bits_switched_on_large_codebooks_are_exact(command: Callable[..., Said], tmp_path: Path) -> None:
    said = command(
        *("run", "jax-fsq", "--rule", "paper", "--clause", "IDX-6", "-q", "--report", "r.jsonl"), JAX_ENABLE_X64="1"
    )
    assert said.status == 0, said
    assert {one.outcome for one in read(tmp_path / "r.jsonl").results} == {"pass"}


@pytest.mark.usefixtures("jax")
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_steps_where_the_reference_does(rule: str) -> None:
    levels = next(
        levels for levels in ((3, 4, 5, 8), (3, 5, 7, 9), (3, 3)) if all(map(rule_named(rule).levels_allowed, levels))
    )
    z = np.random.default_rng(0).normal(size=(1, 20_000, len(levels))).astype(np.float32)
    given = resolve("jax-fsq").build(Setup(levels, rule)).quantize(z)
    codes, indices = FSQ(levels, rule)(z)
    settled = np.ones(z.shape[:-1], dtype=bool)
    for channel, level in enumerate(levels):
        lowest, highest = staircase(rule_named(rule), level, "float32").allowed(z[..., channel])
        settled &= lowest == highest
    assert given.indices is not None
    assert (given.indices[settled] == indices[settled]).all()
    assert np.allclose(given.codes[settled], codes[settled], atol=1e-6)


@pytest.mark.usefixtures("jax")
def test_more_codes_than_int32_holds_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"4294967296 codes need indices of 64 bits; call jax\.config\.update"):
        resolve("jax-fsq").build(Setup((16,) * 8, "paper"))


def test_without_jax_one_line_says_how_it_is_installed() -> None:
    said = fsqcheck("run", "jax-fsq", "-q", PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    if "conforms" in said.out:
        pytest.skip("JAX is installed here")
    assert said.status == 2
    assert "No module named 'jax'; pip install 'fsqcheck[jax]'" in said.err


# The bridge


@pytest.mark.usefixtures("jax")
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_an_array_comes_back_with_its_dtype_and_bits(dtype: str) -> None:
    bridge = resolve("jax-fsq").bridge  # type: ignore[attr-defined]  # an adapter of ours has one
    values = np.array([1.5, -0.0, np.inf, np.nan, 1e-7]).astype(PRECISIONS[dtype].dtype)
    with bridge.running(Setup((3,), "paper", dtype=dtype)):
        back = bridge.array(bridge.native(values, "cpu"))
    assert back.dtype == values.dtype
    assert back.tobytes() == values.tobytes()


@pytest.mark.usefixtures("jax")
def test_every_16_bit_value_goes_there_and_back() -> None:
    bridge = resolve("jax-fsq").bridge  # type: ignore[attr-defined]
    for dtype in ("float16", "bfloat16"):
        values = every_value(PRECISIONS[dtype])
        assert bridge.array(bridge.native(values, "cpu")).tobytes() == values.tobytes()
    assert bridge.array(bridge.native(np.zeros(2, dtype=ml_dtypes.bfloat16), "cpu")).dtype == ml_dtypes.bfloat16


def test_64_bits_are_on_for_float64_alone_and_off_afterwards(jax: Any) -> None:
    adapter = resolve("jax-fsq")
    before = jax.config.jax_enable_x64
    for dtype in ("float64", "float32"):
        answer = adapter.build(Setup((8, 5), "paper", dtype=dtype)).quantize(zeros(1, 2, 2).astype(dtype))
        assert answer.codes.dtype == dtype
    assert jax.config.jax_enable_x64 == before == False  # noqa: E712


@pytest.mark.usefixtures("jax")
def test_an_input_is_copied_so_that_nobody_sees_it_change() -> None:
    bridge = resolve("jax-fsq").bridge  # type: ignore[attr-defined]
    values = zeros(4096)
    native = bridge.native(values, "cpu")
    values[:] = 1.0
    assert not bridge.array(native).any()


@pytest.mark.usefixtures("jax")
def test_an_index_that_int32_does_not_hold_is_refused_and_not_wrapped() -> None:
    quantizer = resolve("jax-fsq").build(Setup((8, 5), "paper"))
    with pytest.raises(
        OverflowError, match="4294967296 does not fit into int32, and jax_enable_x64, which gives int64, is off"
    ):
        quantizer.indices_to_codes(np.array([[2**32]]))


@pytest.mark.usefixtures("jax")
@pytest.mark.parametrize("way", [None, "derived", "interleaved", "twice"])
def test_the_gradient_is_that_of_the_codes_times_the_upstream(way: str | None) -> None:
    quantizer = resolve("jax-fsq").build(Setup((5,), "paper"))
    z = np.array([[[0.3], [9.5]]], dtype=np.float32)
    _, gradient = quantizer.vjp(z, np.array([[[2.0], [1.0]]], dtype=np.float32), way=way)
    slope = rule_named("paper").slope(z.astype(np.float64), 5)
    assert np.allclose(gradient, slope * [[[2.0], [1.0]]], atol=1e-6)
    assert gradient[0, 1, 0] == 0.0


@pytest.mark.usefixtures("jax")
@pytest.mark.parametrize("how", ["deepcopy", "pickle", "state"])
def test_a_copy_answers_alike(how: str) -> None:
    quantizer = resolve("jax-fsq").build(Setup((8, 5), "paper"))
    z = np.random.default_rng(2).normal(size=(1, 50, 2)).astype(np.float32)
    assert quantizer.copied(how).quantize(z).codes.tobytes() == quantizer.quantize(z).codes.tobytes()


@pytest.mark.parametrize("kind", ["forward", "codes_to_indices", "indices_to_codes", "vjp", "round trip"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_a_script_prints_what_the_target_answers(
    kind: str, dtype: str, jax: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.array([[[0.3, -1.2]]]).astype(PRECISIONS[dtype].dtype)
    array = np.array([[7]]) if kind in ("indices_to_codes", "round trip") else values
    script = resolve("jax-fsq").script(Setup((8, 5), "paper", dtype=dtype), Probe(kind, array, np.ones_like(values)))
    assert script is not None
    try:
        exec(script, {})
    finally:
        jax.config.update("jax_enable_x64", False)
    assert capsys.readouterr().out.strip()


# Classes without an adapter


def test_a_jax_class_needs_no_adapter(named: Callable[[str], Any]) -> None:
    adapter = named("Own")
    assert isinstance(adapter, NativeAdapter)
    assert adapter.identity.framework.startswith("jax")
    assert adapter.layouts == ("BTd", "Bd", "BHWd", "d")
    assert set(adapter.dtypes) == set(PRECISIONS)
    wanted = {Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.GRADIENT, Capability.COMPILE}
    assert wanted <= adapter.capabilities
    assert {Capability.TRAIN, Capability.CAST, Capability.AUTOCAST}.isdisjoint(adapter.capabilities)


@pytest.mark.usefixtures("jax")
def test_a_numpy_class_is_told_from_a_jax_one_where_jax_is_imported() -> None:
    assert resolve("fsqcheck.reference:FSQ").identity.framework.startswith("numpy")


@pytest.mark.usefixtures("jax")
def test_a_torch_callable_is_told_from_a_jax_one_where_jax_is_imported(tmp_path: Path) -> None:
    source = "from fsqcheck.adapters.torch_fsq import TorchFSQ\ndef fsq(levels):\n    inner = TorchFSQ(levels)\n"
    file = written(tmp_path, "a_torch_one.py", source + "    return lambda z: inner(z)\n")
    assert resolve(f"{file}:fsq").identity.framework.startswith("torch")


def test_codes_that_are_detached_are_caught(command: Callable[..., Said]) -> None:
    for name, status in (("CodesOnly", 0), ("Detached", 1)):
        said = command("run", f"in_jax.py:{name}", "--rule", "widened", "--clause", "GRD-1", "-q")
        assert said.status == status, said


def test_indices_of_32_bits_that_wrap_around_are_caught(command: Callable[..., Said]) -> None:
    said = command("run", "in_jax.py:Wraps", "--rule", "widened", "--clause", "IDX-6")
    assert said.status == 1
    assert "MUST  IDX-6" in said.out
    assert "import jax, jax.numpy as jnp" in said.out


def test_init_drafts_an_adapter_of_a_jax_class(command: Callable[..., Said], tmp_path: Path) -> None:
    said = command("init", "in_jax.py:Own")
    assert said.status == 0, said
    assert 'framework="jax"' in (tmp_path / "fsqcheck_adapter.py").read_text(encoding="utf-8")
    said = command("run", "fsqcheck_adapter.py:adapter", "--clause", "BND-3", "--clause", "IDX-4", "-q")
    assert said.out.startswith("fsqcheck_adapter.py:adapter: conforms"), said


@pytest.mark.usefixtures("jax")
def test_an_adapter_of_rows_takes_jax(tmp_path: Path) -> None:
    file = written(tmp_path, "in_jax.py", CLASSES)
    adapter = adapter_of("in_jax.py:Own", beside=str(file), framework="jax", rules=["widened"])
    assert adapter.build(Setup((8, 5), "widened")).quantize(zeros(1, 4, 2)).codes.shape == (1, 4, 2)


# The tanh of our own; what XLA offers is in benchmarks/xla_tanh.py, and differs from machine to machine


def test_the_tanh_is_monotone_and_within_three_quarters_of_an_eps(jax: Any) -> None:
    from fsqcheck.adapters.jax_fsq import tanh

    z = np.linspace(-9.5, 9.5, 400_001).astype(np.float32)
    found = np.asarray(tanh(jax.numpy.array(z))).astype(np.float64)
    assert np.abs(found - np.tanh(z.astype(np.float64))).max() <= 1.5 * 2.0**-24
    assert (np.diff(found) >= 0).all()
    ends = np.asarray(tanh(jax.numpy.array([np.inf, -np.inf, np.nan, -0.0, 0.0], dtype=np.float32)))
    assert str(ends.tolist()) == "[1.0, -1.0, nan, -0.0, 0.0]"
