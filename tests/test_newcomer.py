"""docs/adapters.md, read as a newcomer reads it: the files are written, and every command of the page is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .commands import Said, fsqcheck, written
from .test_docs import ADAPTERS, indented
from .test_init import pytest_in
from .test_jax import beside_jax, site  # noqa: F401  # the fixtures

PAGE = ADAPTERS[ADAPTERS.index("## Five minutes") : ADAPTERS.index("## The convention")]
FILES = {text.split("\n")[0].removeprefix("# "): text for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)}
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
#: What each command ends with: its exit status, and words that it prints.
EXPECTED = {
    "fsqcheck identify my_torch.py:FSQ": (0, "my_torch.py:FSQ behaves as `widened`"),
    "fsqcheck run my_torch.py:FSQ --rule widened --markdown my_torch.md": (1, "my_torch.py:FSQ: does not conform"),
    "fsqcheck run my_numpy.py:FSQ --rule widened --markdown my_numpy.md": (1, "my_numpy.py:FSQ: does not conform"),
    "fsqcheck run my_jax.py:FSQ --rule widened --clause BND --clause IDX --markdown my_jax.md": (1, "MUST  IDX-6"),
    "fsqcheck explain IDX-6": (0, "large codebooks"),
    "fsqcheck run my_torch.py:FSQ --case IDX-4/widened/8x5x5x5/float32/cpu/eval": (0, "conforms: 1 clause"),
    "fsqcheck init my_torch.py:FSQ --into checks": (0, "next: fsqcheck run checks/fsqcheck_adapter.py:adapter"),
    "fsqcheck run checks/fsqcheck_adapter.py:adapter": (1, "checks/fsqcheck_adapter.py:adapter: does not conform"),
    'cd checks && pytest test_fsqcheck.py -k "IDX-4 or BND-3"': (0, " passed"),
}

#: The faults that the page tells of.
SAID = {
    "my_torch.py:FSQ": ["SHP-9", "NUM-5", "NUM-7", "SHP-12"],
    "my_numpy.py:FSQ": ["SHP-9", "NUM-5", "NUM-7"],
    "my_jax.py:FSQ": ["IDX-6"],
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the newcomer stands, with the files of the page."""
    folder = tmp_path_factory.mktemp("newcomer")
    for name, text in FILES.items():
        written(folder, name, text)
    return folder


def run(command: str, here: Path, request: pytest.FixtureRequest) -> Said:
    """The command as it stands on the page."""
    folder, _, rest = command.rpartition(" && ")
    program, *arguments = shlex.split(rest)
    if program == "pytest":
        return pytest_in(here / folder.removeprefix("cd "), *arguments)
    assert program == "fsqcheck"
    if not any("jax" in one for one in arguments):
        return fsqcheck(*arguments, cwd=here)
    return fsqcheck(*arguments, cwd=here, **request.getfixturevalue("beside_jax"))


def test_the_page_has_a_file_for_each_framework_and_every_command_is_known() -> None:
    assert set(FILES) == {"my_torch.py", "my_numpy.py", "my_jax.py"}
    assert set(COMMANDS) == set(EXPECTED)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_does_what_the_page_says(
    command: str, here: Path, request: pytest.FixtureRequest
) -> None:
    if "checks" in command and "init" not in command and not (here / "checks").exists():
        run(next(one for one in COMMANDS if " init " in one), here, request)  # a process of its own runs this one alone
    status, words = EXPECTED[command]
    said = run(command, here, request)
    assert said.status == status, said
    assert words in said.out, said
    if "--markdown" in command:
        assert (here / command.split()[-1]).read_text(encoding="utf-8").startswith("#")
        told = re.findall(r"^(?:MUST|SHOULD)  (\S+)", said.out, re.MULTILINE)
        assert set(SAID[command.split()[2]]) <= set(told)


def test_the_rows_of_the_page_are_an_adapter(tmp_path: Path) -> None:
    package = """
    from fsqcheck.adapters.torch_fsq import TorchFSQ

    class Quantizer(TorchFSQ):
        def __init__(self, sizes, dropout, groups=1):
            super().__init__(sizes, num_codebooks=groups)
        def quantize(self, z):
            last = z.movedim(1, -1) if z.ndim == 4 else z
            codes, indices = self(last)
            return {"codes": codes.movedim(-1, 1) if z.ndim == 4 else codes, "tokens": indices}
        tokens_of = TorchFSQ.codes_to_indices
        def embed(self, tokens):
            codes = self.indices_to_codes(tokens)
            return codes.movedim(-1, 1) if tokens.ndim == 3 and self.num_codebooks == 1 else codes
    """
    written(tmp_path, "my_package.py", "\n".join(line.removeprefix("    ") for line in package.splitlines()))
    rows = re.search(r"```python\n(# my_adapter\.py.*?)```", ADAPTERS, re.DOTALL)
    assert rows is not None
    written(tmp_path, "my_adapter.py", rows[1])
    said = fsqcheck("run", "my_adapter.py:adapter", "-q", "--clause", "BND", "--clause", "IDX", cwd=tmp_path)
    assert said.out.startswith("my_adapter.py:adapter: conforms"), said


# The entry-point group: a distribution of somebody else's, built, installed, and found by its name

PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "my-package"
version = "0.4.2"

[tool.setuptools]
packages = ["my_package"]

"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment over this one, with the wheel of a small distribution in it."""
    folder = tmp_path_factory.mktemp("distribution")
    points = indented(ADAPTERS, '    [project.entry-points."fsqcheck.adapters"]')
    written(folder, "source/pyproject.toml", PROJECT + points)
    written(folder, "source/my_package/__init__.py", FILES["my_numpy.py"])
    said = fsqcheck("init", "my_package:FSQ", "--into", "my_package", cwd=folder / "source")
    assert said.status == 0, said
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."]
    subprocess.run(build, cwd=folder / "source", check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    found = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    base = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (Path(found) / "base.pth").write_text(base, encoding="utf-8")
    (wheel,) = folder.glob("*.whl")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return python


def there(python: Path, folder: Path, *arguments: str) -> Said:
    done = subprocess.run(
        [str(python), "-m", "fsqcheck", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_registered_adapter_is_run_by_its_name(elsewhere: Path, tmp_path: Path) -> None:
    said = there(elsewhere, tmp_path, "run", "my-package", "--clause", "BND", "--clause", "IDX-4")
    assert "my-package: conforms" in said.out, said
    assert "my_package:FSQ" in said.out or "my-package 0.4.2" in said.out, said


def test_a_registered_adapter_is_listed_with_who_registers_it(elsewhere: Path, tmp_path: Path) -> None:
    said = there(elsewhere, tmp_path, "list", "targets")
    (row,) = [line for line in said.out.splitlines() if "my-package" in line]
    assert "registered by my-package" in row


@pytest.mark.parametrize("command", ["run", "identify"])
def test_a_release_that_no_index_has_cannot_be_had(command: str, elsewhere: Path, tmp_path: Path) -> None:
    said = there(elsewhere, tmp_path, command, "my-package==0.4.3")
    assert said.status == 2
    assert said.err.startswith("fsqcheck: my-package==0.4.3 cannot be installed: ")


def test_without_the_distribution_the_name_is_unknown(tmp_path: Path) -> None:
    said = fsqcheck("run", "my-package", cwd=tmp_path)
    assert said.status == 2
    assert "unknown target 'my-package'" in said.err
