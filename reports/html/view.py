"""What the page shows, as values: the template only lays them out, and all text in them is safe to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import plain
from ..facts import Fact
from ..finding import findings
from ..reason import reasons
from ..record import JUDGED, ClauseLine, Record, ResultLine, TargetLine
from ..uses import fitness
from ..verdict import Verdict, judge
from ..words import IDLE, capital, counted, listed
from .anchors import Part, linked, slug
from .finding import FindingView, finding_view
from .matrix import Cases, Column, Matrix, matrix
from .pictures import Galleries, Gallery
from .words import STATUS, Purposes, purposes, shortened, summary

#: With more targets than this only the pictures that matter are drawn.
FEW = 4


@dataclass(frozen=True)
class TargetView:
    """The section of one target."""

    id: str
    name: str
    search: str
    version: str
    symbol: str
    tone: str
    verdict: str
    complete: bool
    purposes: Purposes
    about: tuple[Fact, ...]
    machine: str
    environment: tuple[Fact, ...]
    findings: tuple[FindingView, ...]
    matrix: Matrix | None
    idle: tuple[str, ...]
    galleries: tuple[Gallery, ...]
    note: str


@dataclass(frozen=True)
class ClauseView:
    """One clause among all: what it says."""

    anchor: str
    id: str
    severity: str
    title: str
    sentence: str
    meaning: str
    source: tuple[Part, ...]


@dataclass(frozen=True)
class PageView:
    """The page. `gaps` is what is missing from it, said before everything else."""

    title: str
    heading: str
    facts: tuple[str, ...]
    gaps: tuple[str, ...]
    targets: tuple[TargetView, ...]
    matrix: Matrix | None
    clauses: tuple[ClauseView, ...]


@dataclass(frozen=True)
class _Subject:
    """A target in its record, with what the record says of it."""

    id: str
    record: Record
    line: TargetLine
    verdict: Verdict
    results: tuple[ResultLine, ...]
    cases: dict[str, list[ResultLine]]
    label: str

    @property
    def search(self) -> str:
        """What the page's search finds the target by."""
        return f"{self.label} {plain.line(self.line.version or '', 60)}".strip().lower()


def page_view(records: Sequence[Record], galleries: Galleries) -> PageView:
    """Everything that the page on these records shows; the pictures are drawn by `galleries`."""
    subjects = _subjects(records)
    clauses = _clauses(records, subjects)
    targets = tuple(_target(one, clauses, galleries, len(subjects)) for one in subjects)
    one = targets[0] if len(targets) == 1 else None
    headers = [record.header for record in records]
    made = [
        listed(sorted({f"tier {plain.line(header.tier, 40)}" for header in headers})),
        listed(sorted({f"fsqcheck {plain.line(header.fsqcheck, 40)}" for header in headers})),
        listed(sorted({plain.line(header.started, 40)[:10] for header in headers})),
    ]
    heading = f"{one.name} {one.version}".strip() if one else summary([subject.verdict for subject in subjects])
    return PageView(
        title=f"{heading}{': ' + one.verdict if one else ''} · fsqcheck",
        heading=heading if subjects else "No target was tried",
        facts=tuple(part for part in made if part),
        gaps=_gaps(records, targets),
        targets=targets,
        matrix=None if len(targets) < 2 else _overview(subjects, clauses),
        clauses=tuple(
            ClauseView(
                anchor=f"clause-{slug(clause.id, number)}",
                id=plain.line(clause.id, 40),
                severity=clause.severity,
                title=plain.line(clause.title, 200),
                sentence=plain.line(clause.sentence),
                meaning=plain.line(clause.meaning),
                source=linked(clause.source),
            )
            for number, clause in enumerate(clauses)
        ),
    )


def _subjects(records: Sequence[Record]) -> tuple[_Subject, ...]:
    every = [line for record in records for line in record.targets]
    names, releases = Counter(line.name for line in every), Counter((line.name, line.version) for line in every)
    found: list[_Subject] = []
    for number, record in enumerate(records, start=1):
        cases: dict[str, dict[str, list[ResultLine]]] = {line.name: {} for line in record.targets}
        for result in record.results:
            cases[result.target].setdefault(result.clause, []).append(result)
        for line in record.targets:
            own = cases[line.name]
            label = plain.line(line.name, 100)
            if names[line.name] > 1:
                label += f" {plain.line(line.version, 40)}" if line.version else ""
                label += f" (record {number})" if releases[line.name, line.version] > 1 else ""
            results = tuple(result for some in own.values() for result in some)
            found.append(_Subject(f"t{len(found) + 1}", record, line, judge(record, line.name), results, own, label))
    return tuple(found)


def _clauses(records: Sequence[Record], subjects: Sequence[_Subject]) -> tuple[ClauseLine, ...]:
    """Every clause of the records, and those that only results name."""
    found: dict[str, ClauseLine] = {}
    for record in records:
        for clause in record.clauses:
            found.setdefault(clause.id, clause)
    for subject in subjects:
        for id, results in subject.cases.items():
            bare = ClauseLine(id=id, severity=results[0].severity, title="", sentence="", meaning="", source="")
            found.setdefault(id, bare)
    return tuple(found.values())


def _gaps(records: Sequence[Record], targets: Sequence[TargetView]) -> tuple[str, ...]:
    gaps = [f"{target.name}: {target.verdict}" for target in targets if not target.complete]
    if not any(record.targets for record in records):
        gaps.append("no target was tried")
    return tuple(gaps)


def _target(subject: _Subject, clauses: Sequence[ClauseLine], galleries: Galleries, among: int) -> TargetView:
    line, record, verdict = subject.line, subject.record, subject.verdict
    numbers = {clause.id: number for number, clause in enumerate(clauses)}
    symbol, tone = STATUS[verdict.status]
    found = tuple(
        finding_view(finding, subject.results, subject.id, subject.search, numbers[finding.clause.id])
        for finding in findings(record, line.name)
    )
    drawn = galleries.of(record, line.name, every=among <= FEW)
    version = plain.line(line.version or "", 60)
    return TargetView(
        id=subject.id,
        name=subject.label,
        search=subject.search,
        version="" if not version or subject.label.endswith((version, ")")) else version,
        symbol=symbol,
        tone=tone,
        verdict=verdict.words,
        complete=verdict.complete,
        purposes=purposes(fitness(record, line.name)),
        about=_about(line),
        machine=_machine(record),
        environment=_environment(record),
        findings=found,
        matrix=_configurations(subject, clauses) if subject.results else None,
        idle=_idle(subject.results),
        galleries=drawn,
        note="" if drawn or not line.loaded else _NO_PICTURES,
    )


_NO_PICTURES = (
    "This record holds no measured staircases and gradients, so there are no pictures: it was made by an older fsqcheck, "
    "for a single case, or was cut before they were measured."
)


def _overview(subjects: Sequence[_Subject], clauses: Sequence[ClauseLine]) -> Matrix:
    """Clauses against targets."""
    numbers = {clause.id: number for number, clause in enumerate(clauses)}

    def cases(clause: str, column: int) -> Cases:
        subject = subjects[column]
        return subject.cases.get(clause, []), subject.line.planned.get(clause)

    def href(clause: str, column: int) -> str | None:
        return f"#{subjects[column].id}-{slug(clause, numbers[clause])}"

    columns = [Column(shortened(subject.label), title=subject.label, search=subject.search) for subject in subjects]
    return matrix("clause", columns, clauses, cases, href)


def _configurations(subject: _Subject, clauses: Sequence[ClauseLine]) -> Matrix:
    """Clauses against the rules, dtypes and devices of one target."""
    numbers = {clause.id: number for number, clause in enumerate(clauses)}
    found: dict[Key, dict[str, list[ResultLine]]] = {}
    judged = {result.device for result in subject.results if result.outcome in JUDGED} or {"cpu"}
    main = "cpu" if "cpu" in judged else min(judged)
    for result in subject.results:
        # A device on which nothing was judged has no columns of its own: "not run" stands in the others.
        key = (result.rule, result.device if result.device in judged else main, result.dtype)
        found.setdefault(key, {}).setdefault(result.clause, []).append(result)
    order = _order(subject.results)
    keys = sorted(found, key=lambda key: order(key))
    devices = len({device for _, device, _ in keys}) > 1

    def cases(clause: str, column: int) -> Cases:
        return found[keys[column]].get(clause, []), None

    def href(clause: str, _: int) -> str | None:
        return f"#{subject.id}-{slug(clause, numbers[clause])}"

    columns = [
        Column(
            label=plain.line(dtype, 20),
            group=plain.line(f"{rule} · {device}" if devices else rule, 40),
            title=plain.line(f"{rule}, {dtype}, {device}", 80),
        )
        for rule, device, dtype in keys
    ]
    return matrix("clause", columns, clauses, cases, href, subject.search)


Key = tuple[str, str, str]


def _order(results: Sequence[ResultLine]) -> Callable[[Key], tuple[object, ...]]:
    """Rules as the target claims them, the CPU before other devices, the usual dtypes first."""
    rules = {rule: number for number, rule in enumerate(dict.fromkeys(result.rule for result in results))}
    dtypes = {dtype: number for number, dtype in enumerate(("float32", "float64", "float16", "bfloat16"))}
    return lambda key: (rules[key[0]], key[1] != "cpu", key[1], dtypes.get(key[2], len(dtypes)), key[2])


def _about(line: TargetLine) -> tuple[Fact, ...]:
    rows = (
        ("version", line.version),
        ("framework", line.framework),
        ("rules", ", ".join(line.rules)),
        ("from", line.origin),
    )
    return tuple(Fact(label, plain.line(text, 300)) for label, text in rows if text)


def _machine(record: Record) -> str:
    """The environment in a few words."""
    machine = record.header.environment
    packages = [f"{name} {machine.packages[name]}" for name in ("torch", "jax", "numpy") if name in machine.packages]
    parts = [f"Python {machine.python}", *packages, machine.processor]
    return plain.line(" · ".join(part for part in parts if part), 160)


def _environment(record: Record) -> tuple[Fact, ...]:
    header, machine = record.header, record.header.environment
    packages = [f"{name} {version}" for name, version in machine.packages.items()]
    more = [f"{len(packages) - 40:,} more"] if len(packages) > 40 else []
    rows = (
        ("fsqcheck", f"{header.fsqcheck}, tier {header.tier}, seed {header.seed}"),
        ("command", " ".join(header.command)),
        ("started", header.started),
        ("took", f"{record.footer.seconds:,.0f} s" if record.footer else ""),
        ("python", machine.python),
        ("platform", machine.platform),
        ("processor", f"{machine.processor}, {counted(machine.cores, 'core')}"),
        ("packages", ", ".join([*packages[:40], *more])),
    )
    return tuple(Fact(label, plain.line(text, 1_000)) for label, text in rows if text)


def _idle(results: Sequence[ResultLine]) -> tuple[str, ...]:
    said = []
    for outcome, words in IDLE.items():
        groups = reasons(results, outcome)
        for group in groups[:10]:
            ids = [plain.line(id, 40) for id in group.clauses]
            named = listed(ids if len(ids) <= 5 else [*ids[:4], f"{len(ids) - 4:,} more"])
            said.append(capital(f"{counted(group.cases, 'case')} {words}: {plain.line(group.words, 200)} ({named})"))
        if len(groups) > 10:
            said.append(f"{counted(len(groups) - 10, 'other reason')}: {words}")
    return tuple(said)
