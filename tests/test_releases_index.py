"""Which releases an index has, and what is said when it has none or cannot be asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fsqcheck.releases.index import IndexUnavailable, Release, releases
from fsqcheck.releases.uploads import uploads

from .wheels import index, only_from, sdist, wheel


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    uploads.cache_clear()


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wheels of 1.9, 1.10 and 2.0rc1, and the source of 0.1."""
    for version in ("1.10", "1.9", "2.0rc1"):
        wheel(tmp_path, "demo-fsq", version)
    sdist(tmp_path, "demo-fsq", "0.1", tmp_path / "told")
    only_from(monkeypatch, tmp_path)
    return tmp_path


def versions(found: list[Release]) -> list[str]:
    return [one.version for one in found]


@pytest.mark.usefixtures("links")
def test_the_releases_with_a_wheel_come_oldest_first() -> None:
    assert versions(releases("Demo_FSQ")) == ["1.9", "1.10"]


@pytest.mark.usefixtures("links")
def test_a_range_chooses() -> None:
    assert versions(releases("demo-fsq", ">=1.10")) == ["1.10"]


def test_releases_to_build_are_listed_where_building_is_allowed(links: Path) -> None:
    assert versions(releases("demo-fsq", allow_build=True)) == ["0.1", "1.9", "1.10"]
    assert not (links / "told").exists()


@pytest.mark.usefixtures("links")
def test_pre_releases_are_listed_where_they_are_wanted() -> None:
    assert versions(releases("demo-fsq", pre=True)) == ["1.9", "1.10", "2.0rc1"]


def test_an_index_tells_dates_and_what_was_withdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [wheel(tmp_path, "demo-fsq", version).name for version in ("1.0", "1.1", "1.2")]
    uploaded = {files[0]: "2023-09-29T01:02:03.4Z", files[1]: "2024-01-02T03:04:05Z"}
    with index(tmp_path, uploaded, yanked=[files[1]]) as address:
        only_from(monkeypatch, index=address)
        assert releases("demo-fsq") == [
            Release("1.0", "2023-09-29"),
            Release("1.1", "2024-01-02", True),
            Release("1.2"),
        ]


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize(
    ("package", "spec", "said"),
    [
        ("demo-fsq", ">=3", "no release of demo-fsq satisfies >=3; the index has 2 (1.9 … 1.10)"),
        ("demo-fsq", "newest", "'newest' is not a range of versions; expected as in >=1.8,<2"),
        ("other-fsq", "", "the index has no release with a wheel for this Python of other-fsq"),
    ],
)
def test_no_release_is_one_clear_line(package: str, spec: str, said: str) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        releases(package, spec)
    assert str(caught.value) == said


def test_an_index_that_cannot_be_reached_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    only_from(monkeypatch, index="http://127.0.0.1:9/simple")
    with pytest.raises(IndexUnavailable) as caught:
        releases("demo-fsq")
    assert str(caught.value) == "the releases of demo-fsq are not known: the index cannot be reached (offline?)"


_OLD_PIP = """
import sys
if "--json" in sys.argv:
    print("Usage: ...\\n\\nno such option: --json", file=sys.stderr)
    sys.exit(2)
print("demo-fsq (1.10)\\nAvailable versions: 1.10, 1.9\\n  INSTALLED: 1.9" if "index" in sys.argv else "global.no-index='1'")
"""


@pytest.mark.parametrize(
    ("pip", "said"),
    [
        ("raise SystemExit('no index here')", "are not known: no index here"),
        ("print('{}')", "are not known: pip listed none"),
    ],
)
def test_a_pip_that_says_nothing_of_use_is_one_clear_line(
    pip: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_fake(tmp_path, pip)))
    with pytest.raises(IndexUnavailable, match=said):
        releases("demo-fsq")


def test_a_pip_without_json_is_read_by_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_fake(tmp_path, _OLD_PIP)))
    assert releases("demo-fsq", python=Path(sys.executable)) == [Release("1.9"), Release("1.10")]


def _fake(folder: Path, source: str) -> Path:
    """A folder whose pip is this."""
    (folder / "pip").mkdir()
    (folder / "pip" / "__main__.py").write_text(source, encoding="utf-8")
    (folder / "pip" / "__init__.py").touch()
    return folder
