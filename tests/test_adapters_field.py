"""How the adapters of other libraries talk to them, on stand-ins (tests/stand_ins.py): nothing is installed."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsqcheck.adapters import (
    BUILT_IN,
    LAYOUTS,
    Capability,
    NativeAdapter,
    Probe,
    Setup,
    TargetUnavailableError,
    resolve,
)
from fsqcheck.reference import FSQ, Codebook
from fsqcheck.releases.alone import alone
from fsqcheck.releases.pin import parse_pin

from .commands import python
from .stand_ins import STAND_INS, StandIn, stand_in
from .test_conformance_catches import ran

Of = Callable[..., NativeAdapter]
LEVELS = {name: (3, 3, 3) if name == "s3tokenizer" else (4, 3, 5) for name in STAND_INS}
ALONE = ("stable-audio-tools", "nemo-toolkit", "s3tokenizer")
SEVERAL = ("diffusers", "stable-audio-tools", "nemo-toolkit")


def _forgotten() -> None:
    """No adapter is kept, and no module of a stand-in, or of a library that it stands in for."""
    for known in BUILT_IN:
        if known.name in STAND_INS:
            module = importlib.import_module(known.where.partition(":")[0])
            module.adapter.cache_clear()
    for name in [one for one in sys.modules if one.partition(".")[0] in ("diffusers", "transformers", "nemo")]:
        del sys.modules[name]


@pytest.fixture
def of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Of]:
    """The adapter of a stand-in, which is installed for the test."""
    _forgotten()

    def adapter_of(name: str) -> NativeAdapter:
        monkeypatch.syspath_prepend(str(stand_in(tmp_path, STAND_INS[name])))
        adapter = resolve(name)
        assert isinstance(adapter, NativeAdapter)
        return adapter

    yield adapter_of
    _forgotten()


def setup_of(adapter: NativeAdapter, **changes: Any) -> Setup:
    return Setup(LEVELS[adapter.identity.name], adapter.rules[0], **{"layout": adapter.layouts[0], **changes})


def inputs(setup: Setup, channels: int | None = None) -> np.ndarray:
    shape = LAYOUTS[setup.layout].shape(channels or len(setup.levels))
    return np.random.default_rng(6).normal(size=shape).astype(np.float32)


def complaint(name: str) -> str:
    with pytest.raises(TargetUnavailableError) as caught:
        resolve(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What they are


@pytest.mark.parametrize("one", STAND_INS.values(), ids=STAND_INS)
def test_an_adapter_says_what_it_is_about(one: StandIn, of: Of, tmp_path: Path) -> None:
    identity = of(one.name).identity
    assert (identity.name, identity.version) == (one.name, one.version)
    assert str(identity.origin).startswith(str(tmp_path / one.path))
    assert ("this file alone" in str(identity.origin)) == (one.name in ALONE)


@pytest.mark.parametrize("name", STAND_INS)
def test_what_is_not_installed_is_said_with_the_way_to_install_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _forgotten()
    monkeypatch.setattr(sys, "path", [])
    way = f"--no-deps {name} einops" if name in ALONE else f"'fsqcheck[{name}]'"
    assert complaint(name) == f"{name} is not installed; pip install {way}"


@pytest.mark.parametrize("name", ALONE)
def test_a_file_that_moved_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _forgotten()
    one = STAND_INS[name]
    moved = StandIn(name, "99.0", one.path, {"elsewhere.py": ""})
    monkeypatch.syspath_prepend(str(stand_in(tmp_path, moved)))
    assert complaint(name) == f"{name} 99.0 has no file {one.path}: this release keeps its FSQ elsewhere"


@pytest.mark.parametrize("name", ALONE)
def test_a_file_that_was_deleted_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _forgotten()
    (stand_in(tmp_path, STAND_INS[name]) / STAND_INS[name].path).unlink()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "has no file" in complaint(name)


@pytest.mark.parametrize("name", ALONE)
def test_no_stand_in_of_a_module_stays(name: str, of: Of) -> None:
    before = {one for one in sys.modules if one.partition(".")[0] in ("nemo", "s3tokenizer", "stable_audio_tools")}
    finders = list(sys.meta_path)
    of(name)
    after = {one for one in sys.modules if one.partition(".")[0] in ("nemo", "s3tokenizer", "stable_audio_tools")}
    assert (after, sys.meta_path) == (before, finders)


def test_a_module_that_was_there_before_comes_back(of: Of, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = type(sys)("transformers")
    monkeypatch.setitem(sys.modules, "transformers", mine)
    of("nemo-toolkit")
    assert sys.modules["transformers"] is mine


@pytest.mark.parametrize("name", STAND_INS)
def test_what_is_loaded_alone_is_installed_alone(name: str) -> None:
    pin = parse_pin(f"{name}==1.0")
    assert pin is not None
    assert alone(pin) == (("einops",) if name in ALONE else None)


# What they ask


@pytest.mark.parametrize("name", STAND_INS)
def test_every_layout_is_quantized_as_the_reference_does(name: str, of: Of) -> None:
    adapter = of(name)
    for layout in adapter.layouts:
        setup = setup_of(adapter, layout=layout)
        z, place = inputs(setup), LAYOUTS[layout]
        quantizer = adapter.build(setup)
        answer = quantizer.quantize(z)
        codes, indices = FSQ(setup.levels, setup.rule)(place.flatten(z))
        np.testing.assert_allclose(place.flatten(answer.codes), codes, atol=1e-6)
        assert answer.indices is not None
        assert answer.indices.shape == place.positions(z.shape)
        np.testing.assert_array_equal(answer.indices.ravel(), indices)
        if Capability.DECODE in adapter.capabilities:
            np.testing.assert_allclose(quantizer.indices_to_codes(answer.indices), answer.codes, atol=1e-6)


@pytest.mark.parametrize("shape", [(60,), (5, 12)])
@pytest.mark.parametrize("name", ["diffusers", "stable-audio-tools", "nemo-toolkit"])
def test_codes_with_the_channels_last_are_encoded(name: str, shape: tuple[int, ...], of: Of) -> None:
    adapter = of(name)
    setup = setup_of(adapter)
    indices = np.arange(60).reshape(shape)
    digits = Codebook(setup.levels).unpack(indices.ravel())
    grid = FSQ(setup.levels, setup.rule).rule.grid
    codes = np.stack([grid.code(digits[:, i], L) for i, L in enumerate(setup.levels)], axis=-1).astype(np.float32)
    encoded = adapter.build(setup).codes_to_indices(codes.reshape(*shape, len(setup.levels)))
    np.testing.assert_array_equal(encoded, indices)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_codebooks_have_their_indices_behind_the_positions(name: str, of: Of) -> None:
    adapter = of(name)
    for layout in adapter.layouts:
        setup = setup_of(adapter, layout=layout, num_codebooks=2)
        z, place = inputs(setup, 6), LAYOUTS[layout]
        quantizer = adapter.build(setup)
        answer = quantizer.quantize(z)
        assert answer.indices is not None
        expected = FSQ(setup.levels, setup.rule)(place.flatten(z).reshape(-1, 3))[1]
        np.testing.assert_array_equal(answer.indices, np.reshape(expected, (*place.positions(z.shape), 2)))
        np.testing.assert_allclose(quantizer.indices_to_codes(answer.indices), answer.codes, atol=1e-6)


def test_projections_are_built_where_there_are_some(of: Of) -> None:
    adapter = of("diffusers")
    setup = setup_of(adapter, width=9)
    assert adapter.build(setup).quantize(inputs(setup, 9)).codes.shape[-1] == 9


def test_noise_is_passed_on(of: Of) -> None:
    adapter = of("stable-audio-tools")
    setup = setup_of(adapter, noise=1.0, training=True)
    z = inputs(setup)
    clean, noisy = (
        adapter.build(setup_of(adapter, noise=1.0, training=mode)).quantize(z).codes for mode in (False, True)
    )
    assert (clean != noisy).all()


@pytest.mark.parametrize("name", STAND_INS)
@pytest.mark.parametrize("how", ["deepcopy", "pickle", "state"])
def test_copies_answer_alike(name: str, how: str, of: Of) -> None:
    adapter = of(name)
    quantizer, z = adapter.build(setup_of(adapter)), inputs(setup_of(adapter))
    np.testing.assert_array_equal(quantizer.copied(how).quantize(z).codes, quantizer.quantize(z).codes)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("diffusers", {"noise": 0.5}, "it has no noise"),
        ("diffusers", {"levels": (16,) * 8}, "it builds its whole codebook, about 896 GiB"),
        ("diffusers", {"layout": "Bd"}, "the layout Bd is not among those it takes"),
        ("transformers", {"num_codebooks": 2}, "one codebook"),
        ("transformers", {"levels": (16,) * 8}, "it builds its whole codebook"),
        ("stable-audio-tools", {"training": True}, "there is no training without noise"),
        ("stable-audio-tools", {"width": 9}, "it has no projections"),
        ("nemo-toolkit", {"noise": 0.5}, "neither noise nor projections"),
        ("nemo-toolkit", {"width": 9}, "neither noise nor projections"),
        ("s3tokenizer", {"levels": (5, 3)}, "up to 8 channels of 3 levels"),
        ("s3tokenizer", {"levels": (3,) * 9}, "up to 8 channels of 3 levels"),
        ("s3tokenizer", {"num_codebooks": 2}, "it has no such option"),
    ],
)
def test_what_a_library_cannot_do_is_declared(name: str, changes: dict[str, Any], words: str, of: Of) -> None:
    adapter = of(name)
    said = {"levels": LEVELS[name], "rule": adapter.rules[0], "layout": adapter.layouts[0], **changes}
    assert words in str(adapter.refusal(Setup(**said)))
    assert adapter.refusal(setup_of(adapter)) is None


def test_an_index_outside_the_codebook_has_no_digits(of: Of) -> None:
    adapter = of("s3tokenizer")
    z = np.full((1, 2, 3), np.nan, dtype=np.float32)
    z[0, 1] = 0
    codes = adapter.build(setup_of(adapter)).quantize(z).codes
    assert np.isnan(codes[0, 0]).all()
    assert (codes[0, 1] == 1).all()


@pytest.mark.parametrize("channels", range(1, 9))
def test_fewer_channels_of_the_tokenizer_are_numbered_from_0(channels: int, of: Of) -> None:
    adapter = of("s3tokenizer")
    setup = Setup((3,) * channels, "s3")
    z = np.random.default_rng(8).normal(size=(2, 50, channels)).astype(np.float32)
    found = adapter.build(setup).quantize(z).indices
    np.testing.assert_array_equal(found, FSQ(setup.levels, "s3")(z)[1])


# Scripts


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("diffusers", kind) for kind in ("forward", "codes_to_indices", "indices_to_codes", "round trip", "vjp")),
        *(("transformers", kind) for kind in ("forward", "indices_to_codes", "vjp")),
    ],
)
def test_a_script_needs_the_library_alone(name: str, kind: str, of: Of, tmp_path: Path) -> None:
    adapter = of(name)
    ones = np.ones((1, 1, 3), dtype=np.float32)
    array = np.array([[7]]) if kind in ("indices_to_codes", "round trip") else ones
    script = adapter.script(setup_of(adapter), Probe(kind, array, ones if kind == "vjp" else None))
    assert script is not None
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    said = python(start + script)
    assert (said.status, said.err) == (0, "")
    assert said.out.strip()


SCRIPTS = {
    ("nemo-toolkit", "forward"): "print(*q(inputs=z, input_len=None)[:2], sep='\\n')",
    (
        "nemo-toolkit",
        "indices_to_codes",
    ): "print(q.decode(indices=torch.tensor([[7]], dtype=torch.int64)[None], input_len=None))",
    ("nemo-toolkit", "round trip"): "codes = q.decode(indices=index[None], input_len=None)",
    (
        "nemo-toolkit",
        "codes_to_indices",
    ): "print(q.codes_to_indices(codes.flatten(0, -2).T[None]).reshape(codes.shape[:-1]))",
    (
        "stable-audio-tools",
        "indices_to_codes",
    ): "q.indices_to_codes(torch.tensor([[7]], dtype=torch.int64).unsqueeze(-1))",
    ("s3tokenizer", "forward"): "q.project_down = ConstantPad1d(padding=(0, 5), value=-20.0)",
}


@pytest.mark.parametrize(("name", "kind"), SCRIPTS)
def test_a_script_spells_the_calls_as_the_library_does(name: str, kind: str, of: Of) -> None:
    adapter = of(name)
    array = np.array([[7]]) if kind in ("indices_to_codes", "round trip") else np.ones((1, 3, 1), dtype=np.float32)
    script = str(adapter.script(setup_of(adapter), Probe(kind, array)))
    assert SCRIPTS[name, kind] in script
    assert "# with all that it requires installed" in script


def test_classes_that_are_loaded_alone_can_be_pickled(of: Of) -> None:
    adapter = of("nemo-toolkit")
    made = adapter.construct(setup_of(adapter)).build()
    assert type(pickle.loads(pickle.dumps(made))) is type(made)


# What is judged


@pytest.mark.parametrize(
    ("name", "clause", "outcome"),
    [
        ("s3tokenizer", "BND-1", "unsupported"),
        ("s3tokenizer", "BND-6", "unsupported"),
        ("s3tokenizer", "SHP-12", "unsupported"),
        ("s3tokenizer", "GRD-1", "unsupported"),
        ("s3tokenizer", "BND-3", "pass"),
        ("s3tokenizer", "NUM-6", "pass, unsupported"),  # it refuses more than 8 channels
        ("stable-audio-tools", "GRD-7", "unsupported"),
        ("stable-audio-tools", "TRN-1", "pass"),
        ("stable-audio-tools", "TRN-8", "pass"),
        ("nemo-toolkit", "SHP-8", "pass"),
        ("nemo-toolkit", "IDX-1", "pass"),
        ("diffusers", "SHP-8", "pass"),
        ("diffusers", "SHP-11", "pass"),
        ("transformers", "IDX-5", "pass"),
    ],
)
def test_what_cannot_be_judged_is_unsupported_and_the_rest_is_judged(
    name: str, clause: str, outcome: str, of: Of, tmp_path: Path
) -> None:
    record = ran(tmp_path, name, of(name).rules[0], clause)
    assert ", ".join(sorted({one.outcome for one in record.results} - {"not-run"})) == outcome, record.results
