"""Every published library side by side: `make field` writes docs/field.md, and the page reports/out/field.html.

Each is a pinned release in an environment and a process of its own. A finding counts only if the script of its own library
alone ran there; where it is about a level, the slow oracle of the tests must agree that the answer is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fsqcheck.identifying import Identification, identify
from fsqcheck.interop import CannotCompareError, inputs, measure
from fsqcheck.interop.markdown import matrix
from fsqcheck.isolation.served import resolver
from fsqcheck.reference.holding import MUST_HOLD, SHOULD_HOLD
from fsqcheck.releases.environment import Environments
from fsqcheck.releases.pin import parse_pin
from fsqcheck.reports import BAD, Record, ResultLine, read, verdicts
from fsqcheck.reports.finding import Finding, findings
from fsqcheck.reports.gfm import fence, in_html, prose, span
from fsqcheck.reports.words import counted

from . import oracle

ROOT = Path(__file__).parent.parent
OUT = ROOT / "reports" / "out"
PAGE = ROOT / "docs" / "field.md"
#: The libraries, each at the release that its extra in pyproject.toml names.
TARGETS = (
    "vector-quantize-pytorch==1.32.0",
    "diffusers==0.42.1",
    "transformers==5.23.0",
    "stable-audio-tools==0.0.19",
    "nemo-toolkit==3.0.0",
    "s3tokenizer==0.3.0",
)
OURS = ("torch-fsq", "reference")


@dataclass(frozen=True)
class Swap:
    """Levels, and who is compared on them; `stages`: of residual quantizers."""

    levels: tuple[int, ...]
    members: tuple[str, ...]
    stages: int = 4


SWAPS = (
    Swap(
        (8, 5, 5, 5),
        (
            "vector-quantize-pytorch==1.32.0@widened",
            "vector-quantize-pytorch==1.17.8@widened",
            "diffusers==0.42.1@widened",
            "transformers==5.23.0@widened",
            "nemo-toolkit==3.0.0@paper",
            "vector-quantize-pytorch==1.32.0@symmetric",
            "stable-audio-tools==0.0.19@symmetric-even",
        ),
    ),
    Swap((3,) * 8, ("s3tokenizer==0.3.0@s3", "nemo-toolkit==3.0.0@paper", "vector-quantize-pytorch==1.32.0@widened")),
    Swap((8, 5, 5, 5), ("diffusers==0.42.1@residual", "vector-quantize-pytorch==1.32.0@residual")),
    Swap(
        (8, 5, 5, 5),
        (
            "transformers==5.23.0@residual-widened-twice",
            "vector-quantize-pytorch==1.17.8@residual-widened-twice",
            "vector-quantize-pytorch==1.32.0@residual",
        ),
        stages=1,
    ),
)
_BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
#: The clauses that hold a target to a narrower band than a MUST does.
_HELD = {"NUM-1": SHOULD_HOLD, "NUM-3": SHOULD_HOLD}
_LEVEL = re.compile(r"(?:L = (?P<L>\d+): )?z = (?P<z>\S+) takes level (?P<seen>-?\d+), not level (?P<right>\d+)")
#: What the scripts of libraries of which one file is loaded say: the rest of the package would be needed.
_WHOLE = "# with all that it requires installed"

HEAD = """\
# The field: what published libraries compute

`make field` repeats this page. Each release is installed into an environment of its own, is loaded and asked in a process of
its own, and goes through the standard tier on the CPU. A deliberate difference, another rule, is no fault: every target is
judged by the rules that it claims, and the third section says whether it computes them. What each clause says, why it
matters and how to mend it: [the clauses](clauses/README.md).
"""


@dataclass(frozen=True)
class Found:
    """A finding, and what its script prints; None where there is none, or it cannot be run."""

    finding: Finding
    printed: str | None

    @property
    def result(self) -> ResultLine:
        """The simplest of its failing cases."""
        return self.finding.best


def ran() -> Record:
    """All of them in one run."""
    OUT.mkdir(parents=True, exist_ok=True)
    record = OUT / "field.jsonl"
    command = [sys.executable, "-m", "fsqcheck", "run", *TARGETS, *OURS, "--tier", "standard"]
    command += ["-n", str(len(os.sched_getaffinity(0))), "--report", str(record), "--html", str(OUT / "field.html")]
    status = subprocess.run(command, check=False).returncode
    if status not in (0, 1):
        raise SystemExit(f"the run ended with status {status}")
    return read(record)


def found_in(record: Record, target: str) -> Iterator[Found]:
    """The findings of a target, the worst first, each with its script's own words."""
    for finding in findings(record, target):
        for result in finding.failing:
            doubted(result)
        yield Found(finding, printed(target, finding.best))


def doubted(result: ResultLine) -> None:
    """Stops where the slow oracle allows the level that a finding calls wrong, or not the one that it calls right."""
    said = _LEVEL.search(result.message or "")
    if said is None:
        return
    L = int(said["L"] or result.levels[0])
    held = _HELD.get(result.clause, MUST_HOLD)[result.dtype]
    allowed = oracle.allowed(result.rule, float(said["z"]), L, _BITS[held])
    if int(said["seen"]) in allowed or int(said["right"]) not in allowed:
        raise SystemExit(f"{result.target} {result.id}: {result.message}; the slow oracle allows {allowed}")


def printed(target: str, result: ResultLine) -> str | None:
    """What a finding's script prints in the release's environment, without fsqcheck."""
    script = result.evidence.script if result.evidence else None
    pin = parse_pin(target)
    if script is None or _WHOLE in script or pin is None:
        return None
    environment = {**os.environ, "PYTHONPATH": str(Environments().layer(pin).site), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment,
        cwd=OUT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return (done.stdout if done.returncode == 0 else done.stderr.strip().splitlines()[-1]).rstrip()


def verdict_table(record: Record) -> str:
    """A row a target."""
    rows = ["| target | rules that it claims | verdict |", "|---|---|---|"]
    for line, verdict in zip(record.targets, verdicts(record), strict=True):
        rows.append(f"| {span(line.name)} | {span(', '.join(line.rules))} | {prose(verdict.words)} |")
    return "\n".join(rows)


def clause_table(record: Record, found: dict[str, list[Found]]) -> str:
    """Clause × target: what fails where. A clause that all pass, or that none can be asked, has no row."""
    titles = {one.id: one for one in record.clauses}
    failing = {one.result.clause for faults in found.values() for one in faults}
    rows = [
        "| clause | " + " | ".join(name.partition("==")[0] for name in TARGETS) + " |",
        "|---|" + "---|" * len(TARGETS),
    ]
    for id in sorted(failing, key=lambda id: (id.partition("-")[0], int(id.partition("-")[2]))):
        cells = []
        for target in TARGETS:
            outcomes = {one.outcome for one in record.of(target) if one.clause == id}
            cells.append("**fails**" if outcomes & BAD else "passes" if "pass" in outcomes else "not judged")
        severity = titles[id].severity.upper()
        rows.append(f"| [{id}](clauses/{id}.md) {severity} {prose(titles[id].title)} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def identity_table(asked: dict[str, list[Identification]]) -> str:
    """What each computes."""
    rows = ["| target | claims | behaves as | agrees |", "|---|---|---|---|"]
    for target, answers in asked.items():
        for one in answers:
            named = " or ".join(span(rule) for rule in one.rules) or "none of the known rules"
            rows.append(f"| {span(target)} | {span(str(one.claim))} | {named} | {'yes' if one.agrees else '**no**'} |")
    return "\n".join(rows)


def findings_of(target: str, faults: list[Found]) -> str:
    """The findings of one target, folded."""
    parts = [f"### {target}"]
    for one in faults:
        result = one.result
        parts.append(
            f"<details><summary><b>{result.clause}</b> {result.severity.upper()}, {in_html(one.finding.count)}: "
            f"{in_html(result.message or '')}</summary>"
        )
        parts.append(f"{span(result.id)}")
        if result.evidence is not None and result.evidence.script is not None:
            parts.append(fence(result.evidence.script, "python"))
            parts.append(
                "The script needs the whole package; it was not run."
                if one.printed is None
                else "prints\n\n" + fence(one.printed[:1500], "text")
            )
        parts.append("</details>")
    return "\n\n".join(parts)


def swaps() -> Iterator[str]:
    """Which tokens stay the same."""
    for swap in SWAPS:
        with resolver() as load:
            found = measure(swap.members, swap.levels, inputs("normal", len(swap.levels)), load, swap.stages)
        stages = f", {counted(swap.stages, 'stage')}" if "@residual" in swap.members[0] else ""
        yield f"Levels {','.join(map(str, swap.levels))}{stages}:\n\n" + "\n".join(
            f"{position + 1}. {span(one.name)}" for position, one in enumerate(found.members)
        )
        yield "\n".join(matrix(found))


def identities() -> dict[str, list[Identification]]:
    """Each target under each rule that it claims."""
    answers = {}
    for target in TARGETS:
        with resolver() as load:
            adapter = load(target)
            answers[target] = [identify(target, adapter, rule) for rule in adapter.rules]
    return answers


def machine(record: Record) -> str:
    """Where it was measured."""
    here = record.header.environment
    versions = ", ".join(f"{name} {version}" for name, version in here.packages.items())
    return f"{here.processor}, {here.cores} cores, {here.platform}, Python {here.python}, {versions}"


def main() -> None:
    """Runs everything and writes the page."""
    record = ran()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = dict(zip(TARGETS, pool.map(lambda target: list(found_in(record, target)), TARGETS), strict=True))
    try:
        same = list(swaps())
    except CannotCompareError as error:
        raise SystemExit(str(error)) from None
    sections = [
        HEAD.rstrip(),
        f"Measured on {prose(machine(record))}.",
        "## Who conforms",
        verdict_table(record),
        "## What fails where",
        clause_table(record, found),
        "## Which rule each computes (`fsqcheck identify`)",
        identity_table(identities()),
        "## Which tokens stay the same (`fsqcheck interop`)",
        "Tokens that change for 1,000,000 vectors from N(0, 1); \\*: indices decode to other codes.",
        *same,
        "## Every finding, with what the library alone says",
        *(findings_of(target, faults) for target, faults in found.items()),
    ]
    PAGE.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print(f"field: {PAGE.relative_to(ROOT)}, {(OUT / 'field.html').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
