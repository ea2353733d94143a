"""fsqcheck: does this Finite Scalar Quantization compute what its papers say?

From a program: `check(…)` runs the suite and gives the record, `fsqcheck.reports` reads, judges and renders records,
`fsqcheck.reference` holds the rules and the NumPy FSQ, `fsqcheck.adapters` what an adapter is made of. From pytest:
`--fsq TARGET`, or `from fsqcheck.conformance.suite import *`. Nothing heavy is imported until it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .reports import Record

try:
    __version__ = version("fsqcheck")
except PackageNotFoundError:  # a plain checkout that nobody installed
    __version__ = "0+unknown"

__all__ = ["__version__", "check"]


def check(
    *targets: str,
    rules: Sequence[str] = (),
    levels: Sequence[Sequence[int]] = (),
    dtypes: Sequence[str] = (),
    devices: Sequence[str] = (),
    clauses: Sequence[str] = (),
    tier: str = "quick",
    seed: int = 0,
    processes: int = 1,
    report: str | Path | None = None,
    baseline: str | Path | None = None,
    allow_stale: bool = False,
    isolate: bool = False,
) -> Record:
    """Runs the suite on targets, as `fsqcheck run` does, and gives the record; `fsqcheck.reports.verdicts` judges it.

    The arguments are those of the command line: names of rules, dtypes, devices, clauses or families, and lists of
    numbers of levels; empty means all that a target claims. `seed`: of the drawn cases. `report`: where to keep the
    record. `baseline`: a file of known failures. `isolate`: each target in a process of its own, as a pinned release
    (`name==version`) always is. Raises `ValueError` for what makes no sense, `fsqcheck.reports.UnwritableReport`, and
    `RuntimeError` when the run itself broke; a target that cannot be loaded is in the record.
    """
    import tempfile

    from .conformance.plan import UsageError, Wanted
    from .conformance.run import Unwatched
    from .isolation.front import Apart, run_wanted
    from .reference import Codebook
    from .reports import read

    lists = tuple(Codebook(tuple(one)).levels for one in levels)
    wanted = Wanted(
        targets,
        tier,
        tuple(rules),
        lists,
        tuple(dtypes),
        tuple(devices),
        tuple(clauses),
        seed=seed,
        baseline=Path(baseline) if baseline is not None else None,
        allow_stale=allow_stale,
    )
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        record = Path(report) if report is not None else Path(folder) / "record.jsonl"
        try:
            ending = run_wanted(wanted.checked(), record, processes, Unwatched(), Apart() if isolate else None)
        except UsageError as error:
            raise ValueError(str(error)) from None
        if ending.broke:
            raise RuntimeError(f"the run broke: {ending.broke}")
        return read(record)
