"""Real releases of vector-quantize-pytorch set side by side: `make comparisons` writes docs/comparisons.md.

Each release is a pinned target: installed into an environment of its own, with the torch and einops of this one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fsqcheck.reports import Comparison, Pair, compare, read
from fsqcheck.reports.comparison_words import TITLES, became, counts
from fsqcheck.reports.gfm import prose, span

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "comparisons"
PAGE = ROOT / "docs" / "comparisons.md"
PACKAGE = "vector-quantize-pytorch"

#: Old release, new release, and what to look for.
PAIRS: tuple[tuple[str, str, str], ...] = (
    (
        "1.22.1",
        "1.22.2",
        "A published analysis says to use 1.22.2 or later for the symmetric rule. It is right about one thing: in 1.22.1 "
        "training on a batch of sequences raises, and here it no longer does. The collapse to three codes stays: exit status "
        "0 says that nothing got worse, and not that the release is right.",
    ),
    (
        "1.22.15",
        "1.22.16",
        "The release that mends the symmetric rule: only from here on does it reach all its levels. It is a regression all "
        "the same: indices leave the codebook under training noise (until 1.27.16), and a large codebook loses indices that "
        "it kept while its codes were wrong.",
    ),
    (
        "1.31.6",
        "1.32.0",
        "The last step to the newest release: every case ends as before, with the same values bit for bit.",
    ),
)

HEAD = """\
# What changed between real releases

`make comparisons` repeats this page: it runs the quick tier on each release and compares the two records. By hand, for the
first pair:

    fsqcheck run vector-quantize-pytorch==1.22.1 --report old.jsonl
    fsqcheck run vector-quantize-pytorch==1.22.2 --report new.jsonl
    fsqcheck compare old.jsonl new.jsonl

Cases are aligned by their ids. `values changed` passes both times: the answers lie inside of the bands, and are others.
"""


def ran(release: str) -> Path:
    """The record of a release, run now."""
    record = BUILD / f"{release}.jsonl"
    command = [sys.executable, "-m", "fsqcheck", "run", f"{PACKAGE}=={release}", "--report", str(record), "-q"]
    status = subprocess.run(command, check=False).returncode
    if status not in (0, 1):
        record.unlink(missing_ok=True)
        raise SystemExit(f"the run of {release} ended with status {status}")
    return record


def section(old: str, new: str, words: str, found: Comparison) -> str:
    """One comparison as Markdown."""
    (pair,) = found.pairs
    lines = [
        f"## {old} → {new}: {prose(found.words, 1_000)}",
        words,
        f"- {old}: {prose(pair.old.verdict)}\n- {new}: {prose(pair.new.verdict)}\n- exit status {found.status}",
        "| what | cases | meaning |\n|---|--:|---|\n"
        + "\n".join(f"| {title.lower()} | {number:,} | {meaning} |" for title, number, meaning in counts(pair)),
        *table(pair),
    ]
    return "\n\n".join(lines)


def table(pair: Pair) -> list[str]:
    """The clauses whose cases changed, but for those whose values alone did."""
    rows = [
        f"| {TITLES[group.kind].lower()} | {group.severity.upper()} {group.clause} {prose(group.title)} | {group.cases:,} "
        f"| {became(group.example)} | {span(group.example.id)}{': ' if group.example.message else ''}"
        f"{prose(group.example.message or '', 160)} |"
        for group in pair.groups
        if group.kind != "values-changed"
    ]
    if not rows:
        return []
    return ["| | clause | cases | | first case |\n|---|---|--:|---|---|\n" + "\n".join(rows)]


def main() -> None:
    """Runs each release anew, as the suite may be another by now, and writes the page."""
    BUILD.mkdir(parents=True, exist_ok=True)
    sections = [section(old, new, words, compare(read(ran(old)), read(ran(new)))) for old, new, words in PAIRS]
    PAGE.write_text("\n\n".join([HEAD.rstrip(), *sections]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
