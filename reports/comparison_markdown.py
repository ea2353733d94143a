"""A comparison as Markdown for a pull request: the verdict, the counts, then the changes, the worst first."""

from __future__ import annotations

from collections.abc import Iterable

from . import plain
from .comparison import Comparison, Group, Pair
from .comparison_words import TITLES, caution, counts, heading, reach, timing
from .gfm import in_html, prose, span
from .markdown import LIMIT
from .words import counted

#: What the sentence about what was left out may take, in bytes.
_RESERVE = 120


def render(comparison: Comparison, limit: int = LIMIT) -> str:
    """GitHub Markdown of at most `limit` bytes; what did not fit is counted in its last sentence."""
    head = [f"## fsqcheck compare: {prose(comparison.words, 2_000)}", *_around(comparison)]
    # The counts of all targets come before the changes of any: they say whether there is more to read.
    blocks = [*head, *map(_summary, comparison.pairs)]
    for pair in comparison.pairs:
        title = f"### {prose(heading(pair), 300)}" if len(comparison.pairs) > 1 else ""
        for group in pair.groups:
            blocks.append("\n\n".join(part for part in (title, _group(group)) if part))
            title = ""
    kept: list[str] = []
    room = limit - _RESERVE
    for block in blocks:
        room -= len(block.encode()) + 2
        if room < 0:
            break
        kept.append(block)
    if len(kept) < len(blocks):
        kept.append(
            f"**Left out to keep this short:** {counted(len(blocks) - len(kept), 'part')}. The records have everything."
        )
    return "\n\n".join(kept) + "\n"


def _around(comparison: Comparison) -> Iterable[str]:
    for title, names in (("Only in the old run", comparison.only_old), ("Only in the new run", comparison.only_new)):
        if names:
            more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
            yield f"{title}: {', '.join(span(name, 100) for name in names[:20])}{more}."
    if comparison.environment:
        lines = [f"- {span(difference, 300)}" for difference in comparison.environment[:30]]
        words = caution(comparison)
        yield "\n\n".join(
            [
                "<details><summary>Environment: not made alike</summary>",
                *([words] if words else []),
                "\n".join(lines),
                "</details>",
            ]
        )


def _summary(pair: Pair) -> str:
    lines = [
        f"{prose(heading(pair), 300)}: {prose(pair.words, 1_000)}",
        f"- old: {prose(pair.old.verdict)}\n- new: {prose(pair.new.verdict)}",
        "| cases | | |\n|--:|---|---|\n"
        + "\n".join(f"| {number:,} | {title.lower()} | {words} |" for title, number, words in counts(pair)),
    ]
    if (words := timing(pair)) is not None:
        lines.append(f"Time: {words}.")
    return "\n\n".join(lines)


def _group(group: Group) -> str:
    label = f"{TITLES[group.kind]}: <b>{group.severity.upper()} {in_html(plain.line(group.clause, 40))}</b>"
    lines = [
        f"<details><summary>{label} {in_html(plain.line(group.title, 200))}: {reach(group)}</summary>",
        f"- case: {span(group.example.id)}",
    ]
    if group.example.message:
        lines[-1] += f"\n- found: {span(group.example.message)}"
    if group.remedy:
        lines[-1] += f"\n- remedy: {span(group.remedy)}"
    if group.example.rerun:
        lines[-1] += f"\n- rerun: {span(group.example.rerun, 1_000)}"
    return "\n\n".join([*lines, "</details>"])
