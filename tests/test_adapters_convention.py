"""A class that follows the shared convention: what trying it shows, and what it is not asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsqcheck.adapters import Adapter, Capability, Probe, Setup, TargetUnavailableError, resolve
from fsqcheck.adapters.affording import AFFORDABLE
from fsqcheck.adapters.convention import literal_arguments

from .commands import RIGHT, written

TORCH = """
import torch
from fsqcheck.adapters.torch_fsq import TorchFSQ

class FSQ(TorchFSQ):
    pass

class Plain:
    def __init__(self, levels):
        self.inner = TorchFSQ(levels)
    def __call__(self, z):
        return self.inner(z)

class Batches(FSQ):
    def forward(self, z):
        batch, time, channels = z.shape
        return super().forward(z)

class ChannelFirst(TorchFSQ):
    def __init__(self, levels):
        super().__init__(levels, channel_first=True)

class TrainsInSquares(FSQ):
    def forward(self, z):
        return super().forward(z if not self.training else z * torch.ones(z.shape[0], 1, z.shape[0]))

class InFloat32Only(FSQ):
    def forward(self, z):
        if z.dtype != torch.float32:
            raise TypeError("float32, please")
        return super().forward(z)

class Book(FSQ):
    def __init__(self, levels):
        super().__init__(levels)
        self.register_buffer("book", torch.zeros(self.codebook.size, len(levels)))

class Lazy(Book):
    def __init__(self, levels, return_indices=True):
        FSQ.__init__(self, levels)
        self.asked = return_indices

class Eights(FSQ):
    def __init__(self, levels):
        assert list(levels) == [8, 5, 5, 5]
        super().__init__(levels)

class Threes(FSQ):
    def __init__(self, levels):
        assert set(levels) == {3}
        super().__init__(levels)

class Six(FSQ):
    def __init__(self, levels):
        assert len(levels) == 6 and min(levels) > 4
        super().__init__(levels)

class PowersOfTwo(FSQ):
    def __init__(self, levels):
        assert all(level & (level - 1) == 0 for level in levels)
        super().__init__(levels)

def codes_only(levels):
    inner = TorchFSQ(levels)
    return lambda z: inner(z)[0]

def three_things(levels):
    inner = TorchFSQ(levels)
    return lambda z: (*inner(z), 0.0)

def no_indices(levels):
    inner = TorchFSQ(levels)
    return lambda z: (inner(z)[0], None)

class WithItsLoss(FSQ):
    def forward(self, z):
        codes, indices = super().forward(z)
        return codes, torch.zeros(()), indices

class WithItsLossAndCounts(WithItsLoss):
    def forward(self, z):
        return *super().forward(z), torch.zeros(9, dtype=torch.int64)

class WithItsLossAlone(WithItsLoss):
    def forward(self, z):
        return super().forward(z)[:2]

class AsFloats(FSQ):
    def forward(self, z):
        codes, indices = super().forward(z)
        return codes, indices.float()

class KeepsItsCodebook(FSQ):
    def forward(self, z):
        codes, indices = super().forward(z)
        return codes, indices[..., None]
    def indices_to_codes(self, indices):
        return super().indices_to_codes(indices.squeeze(-1))

class KeepsItsCodebookEverywhere(KeepsItsCodebook):
    def codes_to_indices(self, codes):
        return super().codes_to_indices(codes)[..., None]

class KeepsAnAxisOnce(FSQ):
    def forward(self, z):
        codes, indices = super().forward(z)
        return codes, indices[..., None]

class InADictionary(FSQ):
    def forward(self, z):
        codes, indices = super().forward(z)
        return {"codes": codes, "indices": indices}

class InATupleInATuple(FSQ):
    def forward(self, z):
        return super().forward(z), torch.zeros(())

class Forgets(FSQ):
    def forward(self, z):
        return super().forward(z) if not z.any() else None
"""

Named = Callable[[str], Adapter]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Named:
    """The adapter of a class above."""
    file = written(tmp_path_factory.mktemp("convention"), "torch_ones.py", TORCH)
    return lambda name: resolve(f"{file}:{name}")


def answer(adapter: Adapter, levels: tuple[int, ...] = (5, 7, 3)) -> Any:
    quantizer = adapter.build(Setup(levels, "widened", layout=adapter.layouts[0]))
    return quantizer.quantize(np.zeros((2, 4, len(levels)), dtype=np.float32))


def test_it_claims_no_rule(named: Named) -> None:
    assert named("FSQ").rules == ()


@pytest.mark.parametrize(
    ("name", "layouts"),
    [
        ("FSQ", ("BTd", "Bd", "BHWd", "d")),
        ("Batches", ("BTd",)),
        ("ChannelFirst", ("BdT", "Bd", "BdHW", "BdTHW", "d")),
        ("TrainsInSquares", ("BTd", "Bd", "BHWd", "d")),
    ],
)
def test_the_layouts_that_it_takes_are_found_by_trying(name: str, layouts: tuple[str, ...], named: Named) -> None:
    assert named(name).layouts == layouts


def test_a_dtype_that_it_refuses_is_not_claimed(named: Named) -> None:
    assert named("InFloat32Only").dtypes == ("float32",)
    assert set(named("FSQ").dtypes) == {"float32", "float64", "float16", "bfloat16"}


def test_a_torch_module_can_do_all_that_torch_can(named: Named) -> None:
    wanted = {Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.TRAIN, Capability.GRADIENT}
    assert wanted | {Capability.STATE, Capability.CAST, Capability.AUTOCAST} <= named("FSQ").capabilities


def test_what_the_convention_has_no_word_for_is_not_claimed(named: Named) -> None:
    assert {Capability.NOISE, Capability.PROJECTION}.isdisjoint(named("FSQ").capabilities)


def test_missing_methods_are_missing_capabilities(named: Named) -> None:
    assert {Capability.ENCODE, Capability.DECODE}.isdisjoint(named("Plain").capabilities)


def test_a_class_that_is_no_module_has_no_modes_and_no_state(named: Named) -> None:
    lacking = {Capability.TRAIN, Capability.STATE, Capability.CAST, Capability.COMPILE}
    assert lacking.isdisjoint(named("Plain").capabilities)
    assert Capability.GRADIENT in named("Plain").capabilities


@pytest.mark.parametrize("name", ["codes_only", "no_indices"])
def test_a_call_without_indices_is_understood(name: str, named: Named) -> None:
    adapter = named(name)
    assert Capability.INDICES not in adapter.capabilities
    assert answer(adapter).indices is None


def test_a_call_that_returns_more_than_two_things_is_understood(named: Named) -> None:
    found = answer(named("three_things"))
    assert (found.codes.shape, found.indices.shape) == ((2, 4, 3), (2, 4))


@pytest.mark.parametrize("name", ["WithItsLoss", "WithItsLossAndCounts"])
def test_indices_that_stand_behind_a_loss_are_found_and_printed(name: str, named: Named) -> None:
    adapter = named(name)
    found = answer(adapter)
    assert Capability.INDICES in adapter.capabilities
    assert (found.indices.shape, found.indices.dtype) == ((2, 4), np.int64)
    script = adapter.script(Setup((5, 7, 3), "widened"), Probe("forward", np.zeros((1, 1, 3), dtype=np.float32)))
    assert "((r := q(z))[0], r[2])" in str(script)


@pytest.mark.parametrize("name", ["KeepsItsCodebook", "KeepsItsCodebookEverywhere"])
def test_an_axis_of_one_codebook_behind_its_indices_is_left_out_and_put_back(name: str, named: Named) -> None:
    adapter = named(name)
    found = answer(adapter)
    assert found.indices.shape == (2, 4)
    quantizer = adapter.build(Setup((5, 7, 3), "widened", layout=adapter.layouts[0]))
    assert (quantizer.indices_to_codes(found.indices) == found.codes).all()
    assert (quantizer.codes_to_indices(found.codes) == found.indices).all()
    script = adapter.script(Setup((5, 7, 3), "widened"), Probe("forward", np.zeros((1, 1, 3), dtype=np.float32)))
    assert "((r := q(z))[0], r[1][..., 0])" in str(script)


def test_an_axis_that_its_decoder_does_not_know_is_a_fault(named: Named) -> None:
    assert answer(named("KeepsAnAxisOnce")).indices.shape == (2, 4, 1)


def test_a_loss_is_no_index(named: Named) -> None:
    adapter = named("WithItsLossAlone")
    assert Capability.INDICES not in adapter.capabilities
    assert answer(adapter).indices is None


def test_indices_that_are_floats_are_indices(named: Named) -> None:
    adapter = named("AsFloats")
    assert Capability.INDICES in adapter.capabilities
    assert answer(adapter).indices.dtype == np.float32


def test_a_numpy_class_is_told_from_a_torch_one(tmp_path: Path) -> None:
    adapter = resolve(f"{written(tmp_path, 'numpy_one.py', RIGHT)}:FSQ")
    assert adapter.identity.framework.startswith("numpy")
    assert Capability.AUTOCAST not in adapter.capabilities


@pytest.mark.parametrize("levels", [[8, 5, 5, 5], [5]])
def test_a_numpy_class_that_takes_its_own_width_only_is_told_from_a_torch_one(
    tmp_path: Path, levels: list[int]
) -> None:
    source = f"{RIGHT}\nclass Strict(FSQ):\n    def __call__(self, z):\n"
    source += "        assert z.shape[-1] == len(self.levels)\n        return super().__call__(z)\n"
    adapter = resolve(f"{written(tmp_path, 'strict_one.py', source)}:Strict(levels={levels})")
    assert adapter.identity.framework.startswith("numpy")


def test_a_numpy_class_without_vjp_has_no_gradient(tmp_path: Path) -> None:
    source = f"{RIGHT}\nclass Bare:\n    def __init__(self, levels):\n        self.call = FSQ(levels)\n"
    source += "    def __call__(self, z):\n        return self.call(z)\n"
    file = written(tmp_path, "bare_one.py", source)
    assert Capability.GRADIENT not in resolve(f"{file}:Bare").capabilities
    assert Capability.GRADIENT in resolve(f"{file}:FSQ").capabilities


def test_the_version_is_that_of_the_distribution(named: Named) -> None:
    from fsqcheck import __version__

    assert resolve("fsqcheck.reference:FSQ").identity.version == __version__
    assert named("FSQ").identity.version is None


# What is refused


@pytest.mark.parametrize("changes", [{"noise": 0.5}, {"width": 9}])
def test_options_outside_the_convention_are_refused(changes: dict[str, Any], named: Named) -> None:
    assert "has no such option; write an adapter" in str(named("FSQ").refusal(Setup((5, 7, 3), "widened", **changes)))


def test_a_layout_that_it_does_not_take_is_refused(named: Named) -> None:
    refusal = named("Batches").refusal(Setup((5, 7, 3), "widened", layout="d"))
    assert refusal == "the layout d is not among those it takes: BTd"


def test_levels_that_were_given_as_an_argument_are_the_only_ones(named: Named) -> None:
    adapter = named("FSQ(levels=[8, 5])")
    assert adapter.refusal(Setup((8, 5), "widened")) is None
    assert adapter.refusal(Setup((8, 6), "widened")) == "its levels are fixed to [8, 5]"


@pytest.mark.parametrize("source", ["8", "[]", "[8.0]", "'8,5'"])
def test_levels_that_are_no_list_of_whole_numbers_are_refused(source: str, named: Named) -> None:
    with pytest.raises(
        TargetUnavailableError, match=r"is no list of whole numbers; expected e\.g\. levels=\[8, 5, 5, 5\]"
    ):
        named(f"FSQ(levels={source})")


@pytest.mark.parametrize("name", ["Eights", "Six", "PowersOfTwo", "PowersOfTwo(levels=[8, 8, 4])"])
def test_a_class_that_takes_certain_levels_only_is_tried_with_them(name: str, named: Named) -> None:
    assert named(name).layouts == ("BTd", "Bd", "BHWd", "d")


def test_given_levels_that_it_does_not_take_are_not_replaced_by_others(named: Named) -> None:
    with pytest.raises(TargetUnavailableError, match=r"PowersOfTwo\(levels=\[6, 5\]\) raised AssertionError"):
        named("PowersOfTwo(levels=[6, 5])")


def test_a_class_that_takes_one_number_of_levels_only_is_asked_for_a_large_codebook(named: Named) -> None:
    assert named("Threes").refusal(Setup((3,) * 21, "widened")) is None


def test_a_class_that_takes_no_levels_at_all_is_unavailable(tmp_path: Path) -> None:
    file = written(tmp_path, "none_one.py", "class FSQ:\n    def __init__(self, size): pass\n")
    with pytest.raises(TargetUnavailableError, match="expected a class with the convention"):
        resolve(f"{file}:FSQ")


@pytest.mark.parametrize(
    ("name", "kind"), [("InADictionary", "returned dict"), ("InATupleInATuple", r"returned tuple \(tuple, Tensor\)")]
)
def test_an_answer_of_another_kind_is_for_an_adapter(name: str, kind: str, named: Named) -> None:
    wanted = rf"{kind}; expected \(codes, indices\), or codes alone; `fsqcheck init .*:{name}` writes an adapter"
    with pytest.raises(TargetUnavailableError, match=wanted):
        named(name)


def test_a_numpy_class_whose_answer_is_of_another_kind_is_for_an_adapter_though_torch_is_here(tmp_path: Path) -> None:
    source = f"import torch\n{RIGHT}\nclass Keyed(FSQ):\n    def __call__(self, z):\n"
    source += "        return dict(zip(('codes', 'indices'), super().__call__(z.astype('f8'))))\n"
    with pytest.raises(TargetUnavailableError, match="returned dict"):
        resolve(f"{written(tmp_path, 'keyed_one.py', source)}:Keyed")


def test_an_answer_that_is_missing_for_some_inputs_is_no_reason_to_refuse_it(named: Named) -> None:
    with pytest.raises(TypeError, match="returned NoneType"):
        named("Forgets").build(Setup((5, 7, 3), "widened")).quantize(np.ones((2, 4, 3), dtype=np.float32))


def test_a_codebook_that_does_not_fit_into_memory_is_refused_before_it_is_built(named: Named) -> None:
    refusal = named("Book").refusal(Setup((8,) * 8, "widened"))
    assert refusal is not None
    assert refusal.startswith("it builds its whole codebook, about ")
    assert refusal.endswith("GiB for these levels; not tried")


def test_a_codebook_that_fits_is_not_refused(named: Named) -> None:
    # 2^20 and some codes of four float32 channels: seven times 16 MB.
    assert AFFORDABLE > 7 * 16 * 2**20 * 1.1
    assert named("Book").refusal(Setup((32, 32, 32, 33), "widened")) is None


def test_a_class_without_a_codebook_is_not_refused_a_large_one(named: Named) -> None:
    assert named("FSQ").refusal(Setup((16,) * 9, "widened")) is None


def test_a_class_with_return_indices_is_built_without_its_large_codebook(named: Named) -> None:
    adapter = named("Lazy")
    script = adapter.script(Setup((16,) * 9, "widened"), Probe("construct"))
    assert adapter.refusal(Setup((16,) * 9, "widened")) is None
    assert "return_indices=False" in str(script)


# Arguments


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        ("", {}),
        ("levels=[8, 5], eps=1e-3", {"levels": [8, 5], "eps": 1e-3}),
        ("a=None, b='x', c=-1, d=(1, 2)", {"a": None, "b": "x", "c": -1, "d": (1, 2)}),
    ],
)
def test_literal_arguments_are_read(source: str, arguments: dict[str, Any]) -> None:
    assert literal_arguments(source) == arguments


@pytest.mark.parametrize("source", ["8", "x=y", "x=f()", "**{'x': 1}", "*[1]", "x=1)(", "x=1)+f(y=2"])
def test_what_is_no_literal_is_not_run(source: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # ast says it in words of its own
        literal_arguments(source)
