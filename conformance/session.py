"""A run: the targets that were asked for, loaded once, and the cases that are planned for each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..adapters import Adapter, Setup, TargetUnavailableError, main_layout, only_levels_of, residual_of, resolve
from ..reference import RESIDUAL_RULES
from ..reports.baseline import BadBaseline, Baseline, read_baseline
from .case import DRAWN_VARIANT, Case
from .clause import FAMILIES, RESIDUAL_FAMILY, Clause, Span, catalogue, clause_of
from .habits import Habits
from .levels import first_lists
from .plainest import habits_of
from .plan import UsageError, Wanted, judged_part, judging_rules, plain_rule, planned_cases
from .quiet import output_kept_away

#: The module of the cases that Hypothesis draws; it carries no clauses of its own.
DRAWN = "test_drawn"


def checks() -> Iterator[tuple[Clause, Span]]:
    """Every test of the suite as its clause and span, in the order in which they run."""
    for name in (*(module for _, *modules in FAMILIES.values() for module in modules), DRAWN):
        module = importlib.import_module(f"fsqcheck.conformance.{name}")
        for test in vars(module).values():
            if found := clause_of(test):
                yield found


@dataclass(frozen=True)
class Claim:
    """The release that a target says it is, and the rules by which it is judged."""

    version: str | None
    rules: tuple[str, ...]


class Session:
    """What was asked for, and what came of loading it. A target that cannot be loaded has a reason in `unavailable`."""

    def __init__(self, wanted: Wanted, load: Callable[[str], Adapter] = resolve, quiet: bool = True) -> None:
        """`load`: gives the adapter of a target, `TargetUnavailableError` when there is none. `quiet`: what a target
        prints while it loads goes nowhere."""
        self.wanted = sensible(wanted)
        self._load = load
        self._quiet = quiet
        self.unavailable: dict[str, str] = {}
        self._first: dict[str, tuple[tuple[int, ...], ...]] = {}
        self._habits: dict[tuple[str, str, str], Habits] = {}

    @cached_property
    def baseline(self) -> Baseline | None:
        """The known failures of the run, or None; `UsageError` for a file that is no baseline."""
        return known_failures(self.wanted.baseline)

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """What each target that was loaded says of itself."""
        return {
            name: Claim(one.identity.version, judging_rules(self.wanted, one)) for name, one in self.adapters.items()
        }

    @cached_property
    def adapters(self) -> dict[str, Adapter]:
        """The targets that could be loaded and built at least once, by the names under which they were asked for."""
        found: dict[str, Adapter] = {}
        for target in dict.fromkeys(self.wanted.targets):
            try:
                with output_kept_away() if self._quiet else nullcontext():
                    adapter = self._load(target)
                    self._first[target] = self._smoke(target, adapter)
                found[target] = adapter
            except TargetUnavailableError as error:
                self.unavailable[target] = " ".join(str(error).split())
        return found

    def asked(self, target: str) -> Wanted:
        """What is asked of a target that was loaded: levels that its name fixes are as good as chosen."""
        return _asked(self.wanted, self.adapters[target])

    def measured(self, target: str) -> Wanted:
        """What a target is measured with: levels that it takes."""
        asked = self.asked(target)
        return replace(asked, levels=asked.levels or self._first[target])

    def habits(self, case: Case) -> Habits:
        """Those of a case's target; asked once for each rule."""
        key = (case.target, case.rule, case.device)
        if key not in self._habits:
            part = judged_part(self.adapters[case.target], case.rule)
            self._habits[key] = habits_of(part, case.rule, self.measured(case.target).levels, case.device)
        return self._habits[key]

    def _smoke(self, target: str, adapter: Adapter) -> tuple[tuple[int, ...], ...]:
        """Whether it can work at all: a rule to judge it by, and one quantizer that can be built.

        The list that could be built where the suite's own could not: it comes first in the plan.
        """
        rules = judging_rules(self.wanted, adapter)
        if _about_stages(self.wanted.clauses) == {True} and residual_of(adapter) is None:
            raise TargetUnavailableError(
                f"{target} has no residual quantizer, which {', '.join(self.wanted.clauses)} are about; name the class of one, "
                "such as module:ResidualFSQ, or leave --clause out"
            )
        if not rules and self.wanted.rules:
            raise TargetUnavailableError(
                f"{target} has no residual quantizer, and the rule {', '.join(self.wanted.rules)} is for residual ones"
            )
        if not rules:
            if residual_of(adapter) is not None:
                likely, known = f"{next(iter(RESIDUAL_RULES))}, for residual quantizers", ""
            else:
                likely = "widened (most FSQ classes) or --rule symmetric"
                known = f"; `fsqcheck identify {target}` finds it out"
            raise TargetUnavailableError(
                f"{target} does not say which rule it computes; add --rule, e.g. --rule {likely}; "
                f"`fsqcheck list rules` shows all{known}"
            )
        failures: list[str] = []
        chosen = _asked(self.wanted, adapter).levels
        try:
            replace(self.wanted, rules=rules, levels=chosen).checked()
        except UsageError as error:
            raise TargetUnavailableError(f"{target}: {error}") from None
        for name in rules:
            part = judged_part(adapter, name)
            stages = 1 if name in RESIDUAL_RULES else None
            for levels in first_lists(plain_rule(name), chosen):
                setup = Setup(levels, name, layout=main_layout(part.layouts), stages=stages)
                if part.refusal(setup):
                    return ()
                try:
                    with part.guard():
                        part.build(setup)
                except Exception as error:
                    said = " ".join(str(error).split())[:300]
                    failures.append(f"levels {list(levels)}, rule {name}: {type(error).__name__}: {said}")
                else:
                    return (levels,) if failures and not chosen else ()
        if failures:
            raise TargetUnavailableError(
                f"{target} cannot be constructed ({failures[0]}); name levels that it takes, e.g. --levels 8,5,5,5"
            )
        return ()

    def cases(self, target: str, *only: tuple[Clause, Span]) -> tuple[Case, ...]:
        """The planned cases of a target: of all tests, or of those named."""
        adapter = self.adapters.get(target)
        if adapter is None:
            return ()
        if self.wanted.case is not None:
            return tuple(self._one(target, self.wanted.case, only or tuple(checks())))
        clauses = only or tuple(checks())
        return tuple(planned_cases(self.asked(target), target, adapter, clauses, self._first[target]))

    def _one(self, target: str, id: str, among: tuple[tuple[Clause, Span], ...]) -> Iterator[Case]:
        case = parsed_case(target, id)
        for clause, span in among:
            drawn = span.variants == (DRAWN_VARIANT,)
            if clause.id == case.clause and drawn == (case.variant == DRAWN_VARIANT):
                yield case


def sensible(wanted: Wanted) -> Wanted:
    """What was asked for, as a run takes it; `UsageError` without a target, for an unknown clause, for a wrong case id."""
    if not wanted.targets:
        raise UsageError(
            "no target given; name one (reference, torch-fsq, vector-quantize-pytorch, module:Class, "
            "path/to/file.py:Class) or set targets in [tool.fsqcheck] of pyproject.toml"
        )
    for name in wanted.clauses:
        if name not in FAMILIES and name not in catalogue():
            raise UsageError(f"there is no clause or family {name!r}; `fsqcheck list clauses` shows all")
    of_stages, by_stages = _about_stages(wanted.clauses), {name in RESIDUAL_RULES for name in wanted.rules}
    if wanted.case is None and of_stages and by_stages and not of_stages & by_stages:
        raise UsageError(
            f"the clauses {', '.join(wanted.clauses)} are not judged by the rules {', '.join(wanted.rules)}: those of "
            f"{RESIDUAL_FAMILY} go by residual rules ({', '.join(RESIDUAL_RULES)}), all others by plain ones"
        )
    if wanted.case is not None:  # a single case says by which rule
        return replace(wanted, rules=(parsed_case("", wanted.case).rule,))
    return wanted


def _asked(wanted: Wanted, adapter: Adapter) -> Wanted:
    only = only_levels_of(adapter)
    return wanted if wanted.levels or only is None else replace(wanted, levels=(only,))


def _about_stages(clauses: tuple[str, ...]) -> set[bool]:
    """Whether clauses or families are about residual quantizers: what holds for any of them."""
    return {name.partition("-")[0] == RESIDUAL_FAMILY for name in clauses}


def known_failures(file: Path | None) -> Baseline | None:
    """A baseline from its file, or None without one; `UsageError` for a file that is no baseline."""
    if file is None:
        return None
    try:
        return read_baseline(file)
    except BadBaseline as error:
        raise UsageError(str(error)) from None


def parsed_case(target: str, id: str) -> Case:
    """The case with an id as a report prints it; `UsageError` when it is none."""
    parts = id.split("/")
    example = "BND-3/widened/8x5x5x5/float32/cpu/eval"
    if len(parts) not in (6, 7):
        raise UsageError(f"--case {id!r} is not a case id; expected one such as {example}")
    clause, rule, levels, dtype, device, mode = parts[:6]
    try:
        counts = () if levels == "drawn" else tuple(int(part) for part in levels.split("x"))
    except ValueError:
        raise UsageError(f"--case {id!r}: levels {levels!r}; expected e.g. 8x5x5x5") from None
    if clause not in catalogue():
        raise UsageError(f"--case {id!r}: there is no clause {clause}; `fsqcheck list clauses` shows all")
    levels_given = (counts,) if counts else ()
    replace(Wanted((target,)), rules=(rule,), dtypes=(dtype,), devices=(device,), levels=levels_given).checked()
    return Case(target, clause, rule, counts, dtype, device, mode, parts[6] if len(parts) == 7 else None)
