"""A target in a process of its own, asked through the protocol: the same answers, and an end in words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from fsqcheck.adapters import Adapter, Setup, TargetUnavailableError, resolve
from fsqcheck.identifying import identify
from fsqcheck.interop import inputs, measure
from fsqcheck.isolation import wire
from fsqcheck.isolation.conversing import TargetDiedError
from fsqcheck.isolation.front import Apart
from fsqcheck.isolation.job import GIB, Limits
from fsqcheck.isolation.keepers import KEEPERS
from fsqcheck.isolation.served import resolver
from fsqcheck.reference import PRECISIONS

from .commands import fsqcheck
from .processes import children_of, wait_until_gone

HOSTILE = "fsqcheck.tests.hostile_targets"
SETUP = Setup((8, 5), "widened")


@pytest.fixture(autouse=True, scope="module")
def _no_keeper_stays() -> Iterator[None]:
    yield
    KEEPERS.close()


@pytest.fixture(scope="module")
def ours() -> Iterator[Adapter]:
    with resolver(Apart()) as load:
        yield load("torch-fsq")


def vectors(dtype: str, seed: int = 0, channels: int = 2) -> wire.Array:
    return np.random.default_rng(seed).normal(size=(3, 7, channels)).astype(PRECISIONS[dtype].dtype)


def test_it_says_of_itself_what_it_says_here(ours: Adapter) -> None:
    here = resolve("torch-fsq")
    assert isinstance(ours, Adapter)
    for name in ("identity", "rules", "layouts", "dtypes", "capabilities"):
        assert getattr(ours, name) == getattr(here, name)
    assert ours.devices() == here.devices()
    wrong = Setup((8, 5), "widened", layout="no such")
    assert ours.refusal(wrong)
    assert ours.refusal(wrong) == here.refusal(wrong)
    assert ours.refusal(SETUP) is None


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_every_question_gets_the_answer_that_it_gets_here(ours: Adapter, dtype: str) -> None:
    z = vectors(dtype)
    with ours.guard():
        there, here = (adapter.build(Setup((8, 5), "widened", dtype=dtype)) for adapter in (ours, resolve("torch-fsq")))
        for quantizers in ((there, here), tuple(one.copied("deepcopy") for one in (there, here))):
            (answer, gradient), (mine, slope) = (one.vjp(z, np.ones_like(z)) for one in quantizers)
            again = quantizers[0].quantize(z)
            assert answer.indices is not None
            assert mine.indices is not None
            for found, expected in (
                (answer.codes, mine.codes),
                (again.codes, mine.codes),
                (answer.indices, mine.indices),
                (gradient, slope),
                (answer.received, z),
                *((one.codes_to_indices(mine.codes), mine.indices) for one in quantizers),
            ):
                assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
                assert found.tobytes() == expected.tobytes()
            decoded = [one.indices_to_codes(mine.indices) for one in quantizers]
            assert decoded[0].tobytes() == decoded[1].tobytes()
            assert (answer.device, answer.index_device) == ("cpu", "cpu")
        assert there.held_bytes() == here.held_bytes() > 0
        assert there.weights(z, z) == here.weights(z, z) == {}
        assert there.weights_behind(z) == here.weights_behind(z)
        assert set(there.weights_behind(z).values()) == {""}
        there.train(True)
        assert there.cast("float64").quantize(vectors("float64")).codes.dtype == np.float64


def test_what_it_raises_is_raised_here_by_its_name(ours: Adapter) -> None:
    quantizer = ours.build(SETUP)
    with pytest.raises(ValueError, match=r"expected 2 channels on the last axis, got the shape \(3, 7, 5\)"):
        quantizer.quantize(vectors("float32", channels=5))
    assert quantizer.quantize(vectors("float32")).codes.shape == (3, 7, 2)  # and it goes on


def test_a_quantizer_that_nobody_needs_is_forgotten_there(ours: Adapter) -> None:
    kept = ours.build(SETUP)
    gone = ours.build(SETUP)
    number = gone._number  # type: ignore[attr-defined]
    del gone
    kept.held_bytes()
    with pytest.raises(KeyError, match=str(number)):
        ours._held(SETUP, number).held_bytes()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Segfaults", "the process was ended by SIGSEGV"),
        ("Exits", "the process ended itself with exit status 3; it last printed 'I am leaving'"),
        ("Hangs", "the process gave no answer within 3 s and was ended"),
        ("Floods", "ended itself with exit status 4; it last printed 'the last line'"),
        ("KillsTheProcessAbove", "was killed together with the one that started it"),
    ],
)
def test_its_end_is_told_in_words_and_told_again(name: str, words: str) -> None:
    with resolver(Apart(Limits(case_s=3.0))) as load:
        adapter = load(f"{HOSTILE}:{name}")
        quantizer = adapter.build(Setup((2,), "widened"))
        for _ in range(2):
            with pytest.raises(TargetDiedError, match=words):
                quantizer.quantize(vectors("float32", channels=1))


def test_memory_is_limited() -> None:
    with resolver(Apart(Limits(memory=GIB * 2))) as load:
        quantizer = load(f"{HOSTILE}:WantsTooMuchMemory").build(Setup((2,), "widened"))
        with pytest.raises(RuntimeError, match="memory"):
            quantizer.quantize(vectors("float32", channels=1))


def test_its_process_ends_with_the_context_and_the_keeper_takes_the_next() -> None:
    def served() -> dict[int, int]:
        return {child: keeper for keeper in children_of(os.getpid()) for child in children_of(keeper)}

    before = served()
    with resolver(Apart()) as load:
        load("reference")
        ((child, keeper),) = served().items() - before.items()
        assert keeper in children_of(os.getpid())
    wait_until_gone(child)
    with resolver(Apart()) as load:
        load("reference")
        ((_, again),) = served().items() - before.items()
    assert again == keeper


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no_such_module:FSQ", "no_such_module"),
        ("vector-quantize-pytorch~=1.32", "1.32"),
        ("vector-quantize-pytorch @ /no/such/folder", "there is no"),
    ],
)
def test_what_cannot_be_loaded_says_why(target: str, words: str) -> None:
    with resolver(Apart()) as load, pytest.raises(TargetUnavailableError, match=words):
        load(target)


def test_one_that_does_not_survive_its_loading_says_how(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text("import os\nprint('so long', flush=True)\nos._exit(9)\n")
    with (
        resolver(Apart()) as load,
        pytest.raises(
            TargetUnavailableError, match=r"cannot be loaded: the process ended itself with exit status 9; .*so long"
        ),
    ):
        load(f"{tmp_path}/dies.py:FSQ")


def test_interop_and_identify_say_of_it_what_they_say_here() -> None:
    targets, lists = ("torch-fsq@widened", "reference@paper"), (8, 5)
    with resolver(Apart()) as load:
        assert measure(targets, lists, inputs("normal", 2, 5_000), load) == measure(
            targets, lists, inputs("normal", 2, 5_000)
        )
        assert identify("torch-fsq", load("torch-fsq"), "paper") == identify("torch-fsq", resolve("torch-fsq"), "paper")


@pytest.mark.parametrize(
    "command",
    [("interop", "torch-fsq", "reference", "-N", "1000", "-q"), ("identify", "torch-fsq", "--rule", "paper")],
)
def test_the_commands_say_the_same_apart(command: tuple[str, ...]) -> None:
    here, there = (fsqcheck(*command, *more) for more in ((), ("--isolate",)))
    assert (there.status, there.out) == (here.status, here.out)
    assert here.status == 0


# The wire


def test_arrays_that_do_not_fit_their_bytes_are_none() -> None:
    good = wire.packed(np.arange(6, dtype=np.int32).reshape(2, 3))
    np.testing.assert_array_equal(wire.unpacked(good), [[0, 1, 2], [3, 4, 5]])
    for change in ({"dtype": "object"}, {"dtype": "int64"}, {"shape": (7,)}, {"shape": (-2, -3)}, {"data": b""}):
        with pytest.raises(wire.StrayMessageError, match="bytes are no"):
            wire.unpacked(msgspec.structs.replace(good, **change))
    with pytest.raises(TypeError, match="cannot be handed on"):
        wire.packed(np.array([None]))


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 9, wire.encoded(wire.Guard(True))])
def test_bytes_that_are_no_answer_are_told_from_one(data: bytes) -> None:
    with pytest.raises(wire.StrayMessageError):
        wire.replied(data)
