"""Pages taken apart, and records to make them of: for the tests of the HTML report."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import msgspec

from fsqcheck.reports import Comparison, Record, ResultLine, compare, render_html

from .reports_miniatures import clause, gradient, record, staircase
from .test_reports_terminal import HOSTILE, hostile

#: What has no end tag.
VOID = {"meta", "input", "path", "col"}


@dataclass
class Page(HTMLParser):
    """A page taken apart: its elements, and its text as a reader has it."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert not self.open or self.open[-1] == tag or tag in VOID, (self.open[-3:], tag)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def page(*records: Record) -> Page:
    return parsed(render_html(records))


def parsed(text: str) -> Page:
    made = Page()
    made.feed(text)
    made.close()
    assert made.open == []
    return made


def measured(*results: ResultLine, **changes: object) -> Record:
    """A record with measurements: L = 3 has a wrong step, L = 8 none."""
    right = staircase(8, observed=staircase(8).exact, units=(0.0,) * 7, ulps=(0,) * 7)
    fields = {"staircases": (staircase(3), right), "gradients": (gradient(3), gradient(8))} | changes
    return record(*results, **fields)


#: Markup, quotes, a template and characters that must not reach a reader.
ATTACK = (
    "<script>alert(1)</script>\"><img src=x onerror=alert(2)>'</style></details>{{ 7*7 }}&amp;\u202e\ud800\x00\x1b[2J"
)


def attacked() -> Record:
    """`hostile`, with markup in every place, and in what was measured."""
    text = ATTACK + HOSTILE

    def spoilt(value: object) -> object:
        if isinstance(value, str) and value == HOSTILE:
            return text
        if isinstance(value, dict):
            return {spoilt(key): spoilt(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [spoilt(item) for item in value]
        return value

    made = msgspec.convert(spoilt(msgspec.to_builtins(hostile())), Record)
    name = made.targets[0].name
    lines = (staircase(target=name, rule=text), staircase(4, target=name, rule=text, reason=text))
    header = msgspec.structs.replace(made.header, command=(text,), started=text, tier=text, fsqcheck=text)
    clauses = (*made.clauses, clause(text, title=text, meaning=text, sentence=text, source=text))
    gradients = (gradient(target=name, rule=text),)
    return msgspec.structs.replace(made, header=header, clauses=clauses, staircases=lines, gradients=gradients)


def assailed() -> Comparison:
    """Third-party text, with markup in every place, on both sides of a comparison."""
    made = attacked()
    passing = tuple(msgspec.structs.replace(one, outcome="pass") for one in made.results)
    return compare(msgspec.structs.replace(made, results=passing), made)
