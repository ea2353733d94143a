"""What the adapter of vector-quantize-pytorch claims of each release, and how it builds: nothing is installed for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest

from fsqcheck.adapters import Capability, Construction, NativeAdapter, Setup, TargetUnavailableError
from fsqcheck.adapters import vector_quantize_pytorch as package

#: The parameters of FSQ.__init__ in the source of the releases.
BARE = frozenset({"levels"})
GROUPS = BARE | {"dim", "num_codebooks", "keep_num_codebooks_dim", "scale"}
FORMATS = GROUPS | {
    "allowed_dtypes",
    "channel_first",
    "projection_has_bias",
    "return_indices",
    "force_quantization_f32",
}
SYMMETRY = FORMATS | {"preserve_symmetry", "noise_approx_prob"}
DROPOUT = FORMATS | {"preserve_symmetry", "noise_dropout"}
CLAMP = DROPOUT | {"bound_hard_clamp", "orthogonal_rotation"}


@dataclass(frozen=True)
class Release:
    """A release, what its constructor accepts, and what the adapter must say of it."""

    version: str
    accepts: frozenset[str]
    rules: tuple[str, ...]
    layouts: tuple[str, ...]
    offers: frozenset[Capability] = frozenset()


SEQUENCES, PLAIN = ("BTd", "BdHW", "BdTHW"), ("BTd", "Bd", "d")
GROUPED = frozenset({Capability.CODEBOOKS, Capability.PROJECTION})
NOISY = GROUPED | {Capability.NOISE}

RELEASES = (
    Release("1.8.0", BARE, ("paper",), PLAIN),
    Release("1.12.1", GROUPS, ("paper",), SEQUENCES, GROUPED),
    Release("1.12.4", GROUPS, ("paper-atanh",), SEQUENCES, GROUPED),
    Release("1.12.11", GROUPS, ("paper-atanh",), SEQUENCES, GROUPED),
    Release("1.12.12", GROUPS, ("widened",), SEQUENCES, GROUPED),
    Release("1.21.9", SYMMETRY, ("widened", "symmetric"), (*SEQUENCES, "BdT"), NOISY),
    Release("1.22.16", DROPOUT, ("widened", "symmetric"), (*SEQUENCES, "BdT"), NOISY),
    Release("1.32.0", CLAMP, ("widened", "symmetric", "widened-clamp", "symmetric-clamp"), (*SEQUENCES, "BdT"), NOISY),
)
OLD, SYMMETRIC, NEW = RELEASES[1], RELEASES[5], RELEASES[-1]


def fake(accepts: frozenset[str]) -> type[Any]:
    """A class with these parameters."""
    found: dict[str, Any] = {"__name__": __name__}
    exec(f"class FSQ:\n    def __init__(self, {', '.join(f'{name}=None' for name in sorted(accepts))}): ...", found)
    made: type[Any] = found["FSQ"]
    return made


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """The adapter of the installed release is made anew before and after a test."""
    package.adapter.cache_clear()
    yield
    package.adapter.cache_clear()


@pytest.fixture
def of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The adapter as it would be with a release installed."""

    def adapter_of(release: Release) -> NativeAdapter:
        made = fake(release.accepts)
        monkeypatch.setattr(package, "version", lambda _: release.version)
        monkeypatch.setattr(Construction, "target", lambda _: made)
        return package.adapter()

    return adapter_of


def releases(release: Release) -> str:
    return release.version


def said(setup: Setup, release: Release) -> dict[str, Any]:
    """The arguments of the constructor call."""
    call = package.construction(setup, release.accepts)
    assert (call.module, call.name) == ("vector_quantize_pytorch", "FSQ")
    return dict(call.arguments)


@pytest.mark.parametrize("release", RELEASES, ids=releases)
def test_a_release_claims_its_rules(release: Release, of: Any) -> None:
    assert of(release).rules == release.rules


@pytest.mark.parametrize("release", RELEASES, ids=releases)
def test_a_release_claims_its_layouts(release: Release, of: Any) -> None:
    assert of(release).layouts == release.layouts


@pytest.mark.parametrize("release", RELEASES, ids=releases)
def test_a_release_offers_what_its_constructor_accepts(release: Release, of: Any) -> None:
    choices = {Capability.CODEBOOKS, Capability.PROJECTION, Capability.NOISE}
    assert of(release).capabilities & choices == release.offers


@pytest.mark.parametrize("release", RELEASES, ids=releases)
def test_a_release_says_which_it_is(release: Release, of: Any) -> None:
    assert (of(release).identity.name, of(release).identity.version) == ("vector-quantize-pytorch", release.version)


@pytest.mark.parametrize("release", RELEASES, ids=releases)
def test_a_call_never_names_what_a_release_does_not_accept(release: Release, of: Any) -> None:
    adapter = of(release)
    for rule in release.rules:
        for layout in release.layouts:
            for changes in ({}, {"num_codebooks": 2}, {"width": 9}, {"noise": 0.5}, {"training": True}):
                needed = {
                    "num_codebooks": Capability.CODEBOOKS,
                    "width": Capability.PROJECTION,
                    "noise": Capability.NOISE,
                }
                if all(needed.get(name) in (None, *adapter.capabilities) for name in changes):
                    assert set(said(Setup((8, 5), rule, layout=layout, **changes), release)) <= release.accepts


# Construction


def test_only_what_differs_from_the_defaults_is_said() -> None:
    assert said(Setup((8, 5), "widened"), NEW) == {"levels": [8, 5]}


@pytest.mark.parametrize(
    ("setup", "arguments"),
    [
        (Setup((8,), "symmetric"), {"preserve_symmetry": True}),
        (Setup((8,), "widened-clamp"), {"bound_hard_clamp": True}),
        (Setup((8,), "symmetric-clamp"), {"preserve_symmetry": True, "bound_hard_clamp": True}),
        (Setup((8,), "widened", num_codebooks=3), {"num_codebooks": 3}),
        (Setup((8,), "widened", width=9), {"dim": 9}),
        (Setup((8,), "widened", layout="BdT"), {"channel_first": True}),
        (Setup((8,), "widened", layout="BdHW"), {}),
        (Setup((8,), "symmetric", noise=0.0), {"preserve_symmetry": True, "noise_dropout": 0.0}),
    ],
)
def test_each_wish_is_its_argument(setup: Setup, arguments: dict[str, Any]) -> None:
    assert said(setup, NEW) == {"levels": [8], **arguments}


def test_noise_had_another_name_before() -> None:
    assert said(Setup((8,), "symmetric", noise=0.5), SYMMETRIC)["noise_approx_prob"] == 0.5


@pytest.mark.parametrize(("levels", "without"), [((2**10, 2**10), False), ((2**10, 2**10 + 1), True)])
def test_a_codebook_above_2_to_20_codes_is_built_without_it(levels: tuple[int, ...], without: bool) -> None:
    assert ("return_indices" in said(Setup(levels, "widened"), NEW)) == without


# Refusals


def test_noise_without_symmetry_is_refused(of: Any) -> None:
    adapter = of(NEW)
    assert adapter.refusal(Setup((8,), "widened", noise=0.5)) == "noise_dropout belongs to preserve_symmetry=True"
    assert adapter.refusal(Setup((8,), "symmetric", noise=0.5)) is None


def test_a_large_codebook_is_refused_where_it_cannot_be_left_out(of: Any) -> None:
    assert "builds its whole codebook: about" in str(of(OLD).refusal(Setup((8,) * 8, "paper")))
    assert of(OLD).refusal(Setup((8,) * 6, "paper")) is None


def test_a_large_codebook_is_not_refused_where_it_can_be_left_out(of: Any) -> None:
    assert of(NEW).refusal(Setup((8,) * 8, "widened")) is None


def test_a_layout_that_it_does_not_take_is_refused(of: Any) -> None:
    assert "the layout d is not among those it takes" in str(of(NEW).refusal(Setup((8,), "widened", layout="d")))


@pytest.mark.parametrize("refuses", [True, False])
def test_two_levels_are_refused_by_the_releases_that_refuse_them(
    refuses: bool, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "_refuses_two_levels", lambda: refuses)
    adapter = of(NEW)
    assert (adapter.refusal(Setup((2, 3), "widened")) is not None) == refuses
    assert adapter.refusal(Setup((2, 3), "symmetric")) is None
    assert adapter.refusal(Setup((3, 4), "widened")) is None


def test_the_installed_release_refuses_two_levels() -> None:
    assert "L = 2" in str(package.adapter().refusal(Setup((2, 3), "widened")))


# The installed release


@pytest.mark.parametrize("rule", NEW.rules)
@pytest.mark.parametrize("layout", NEW.layouts)
def test_the_installed_release_is_built_in_every_rule_and_layout(rule: str, layout: str) -> None:
    package.adapter().build(Setup((8, 5), rule, layout=layout))


def test_without_the_package_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(package, "version", missing)
    with pytest.raises(TargetUnavailableError, match="is not installed; pip install vector-quantize-pytorch"):
        package.adapter()
