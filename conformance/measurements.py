"""The measurements of a run, one pytest item a target and rule: there when a record is written, and never failing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ..reports.record import Measurement
from .measuring import measure, unmeasured
from .names import MEASURE, measured_in
from .plan import plain_rules
from .session import Session

#: Under which name a test report carries the lines.
PROPERTY = "fsqcheck-measured"


class MeasurementItem(pytest.Item):
    """Measures one target under one rule; whatever goes wrong becomes the reason of its lines."""

    def __init__(self, *, run: Session, target: str, rule: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._run = run
        self._target = target
        self._rule = rule
        self.lines: tuple[Measurement, ...] = ()

    def runtest(self) -> None:
        """Measures, and keeps the lines."""
        adapter = self._run.adapters[self._target]
        try:
            with adapter.guard():
                self.lines = tuple(measure(self._target, adapter, self._run.measured(self._target), self._rule))
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:
            reason = f"could not be measured: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            self.lines = tuple(unmeasured(self._target, self._run.measured(self._target), self._rule, reason))

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Where it stands, and its name."""
        return __file__, None, self.name


def measurement_items(run: Session, parent: pytest.Session) -> list[pytest.Item]:
    """The items of a run: none when a single case is run again."""
    if run.wanted.case is not None:
        return []
    items: list[pytest.Item] = []
    for target, adapter in run.adapters.items():
        for rule in plain_rules(run.wanted, adapter):
            name = f"{MEASURE}[{target} {rule}]"
            items.append(MeasurementItem.from_parent(parent, name=name, run=run, target=target, rule=rule))
    return items


def sent(item: pytest.Item) -> tuple[str, object] | None:
    """The property of a test report that carries what an item measured; None for any other item."""
    if not isinstance(item, MeasurementItem) or not item.lines:
        return None
    return PROPERTY, [msgspec.to_builtins(line) for line in item.lines]


def received(report: pytest.TestReport, run: Session) -> list[Measurement]:
    """The lines that a report carries, or, where a worker died measuring, those that say so."""
    found = dict(report.user_properties).get(PROPERTY)
    if found is not None:
        return msgspec.convert(found, list[Measurement])
    named = measured_in(report.nodeid)
    if report.when in ("setup", "call", "teardown") or named is None:
        return []
    return list(unmeasured(named[0], run.measured(named[0]), named[1], "the process that measured this died"))
