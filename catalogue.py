"""What fsqcheck knows, as tables and texts for a terminal."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .adapters import known_targets
from .conformance.advice import advice
from .conformance.clause import FAMILIES, catalogue
from .conformance.plan import UsageError
from .reference import RESIDUAL_RULES, RULES


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold", header_style="dim")
    return table


def targets() -> RenderableType:
    """The targets that have a name of their own."""
    table = _table("Targets", "name", "what it is")
    for known in known_targets():
        table.add_row(known.name, known.summary)
    table.add_row("module:Class", "any class with the convention FSQ(levels=[…]); add --rule")
    table.add_row("file.py:Name", "a class or an adapter in a file of yours")
    return Group(table, Text())


def rules() -> RenderableType:
    """The rules."""
    table = _table("Rules", "name", "what it computes", "who")
    for rule in RULES.values():
        table.add_row(rule.name, rule.title, rule.source)
    staged = _table("Rules of residual quantizers", "name", "what it computes", "who")
    for one in RESIDUAL_RULES.values():
        staged.add_row(one.name, one.title, one.source)
    return Group(table, Text(), staged, Text())


def clauses() -> RenderableType:
    """The clauses, by family."""
    parts: list[RenderableType] = []
    for family, (words, *_) in FAMILIES.items():
        table = _table(f"{family} {words}", "id", "severity", "sentence")
        for clause in catalogue().values():
            if clause.family == family:
                table.add_row(clause.id, clause.severity.upper(), clause.sentence)
        parts += [table, Text()]
    return Group(*parts)


TABLES: dict[str, Callable[[], RenderableType]] = {"targets": targets, "rules": rules, "clauses": clauses}


def explained(id: str) -> RenderableType:
    """A clause in full; `UsageError` for one that is not there."""
    clause = catalogue().get(id)
    if clause is None:
        raise UsageError(f"there is no clause {id!r}; `fsqcheck list clauses` shows all")
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    over, more = clause.over, advice()[clause.id]
    tried = f"{', '.join(over.dtypes)}; {', '.join(over.modes)} mode"
    facts.add_row("demands", clause.sentence)
    facts.add_row("a failure means", clause.meaning)
    facts.add_row("why", _plain(more.why))
    facts.add_row("how to mend it", _plain(more.fix))
    if more.code:
        facts.add_row("", Text(more.code, no_wrap=True))
    facts.add_row("source", clause.source)
    facts.add_row("needs", ", ".join(sorted(clause.needs)) or "nothing but codes")
    facts.add_row("tried with", tried)
    facts.add_row("run it alone", f"fsqcheck run TARGET --clause {clause.id}")
    facts.add_row("its page", clause.page)
    return Group(Text(f"{clause.id}  {clause.title}  ({clause.severity.upper()})", style="bold"), Text(), facts)


def _plain(text: str) -> Text:
    """Words of advice without the marks of code."""
    return Text(text.replace("`", ""))
