"""A comparison as GitHub Markdown: the verdict, the matrix of tokens that change, then each pair."""

from __future__ import annotations

from collections.abc import Iterator

from ..reports.gfm import prose, span
from . import words
from .results import Interop, Pair


def render(found: Interop) -> str:
    """The whole comparison; third-party text can neither format nor link."""
    blocks = [
        f"## fsqcheck interop: {prose(words.conclusion(found), 2_000)}",
        prose(words.setting(found), 1_000) + ".",
        "\n".join(
            f"{position + 1}. {span(words.member(found, position), 300)}" for position in range(len(found.members))
        ),
    ]
    if len(found.pairs) > 1:
        blocks += ["Tokens that change:", "\n".join(matrix(found))]
        if not all(pair.alike for pair in found.pairs):
            blocks.append("\\*: indices decode to other codes.")
    blocks += ["\n\n".join(_pair(found, pair)) for pair in found.pairs]
    return "\n\n".join(blocks) + "\n"


def matrix(found: Interop) -> Iterator[str]:
    """The rows of a table of tokens that change: target × target, by their numbers."""
    places = range(len(found.members))
    yield "| | " + " | ".join(str(one + 1) for one in places) + " |"
    yield "|---|" + "---:|" * len(places)
    for row in places:
        yield f"| {row + 1} | " + " | ".join(prose(words.cell(found, row, one)) for one in places) + " |"


def _pair(found: Interop, pair: Pair) -> Iterator[str]:
    yield f"### {prose(words.title(found, pair), 1_000)}"
    yield f"**{prose(words.verdict(found, pair), 1_000)}**"
    facts = [f"tokens: {words.tokens(found, pair)}"]
    facts += [f"codes: {said}" for said in words.decodings(found, pair)]
    facts.append(f"gradients: {words.gradient(found, pair)}")
    yield "\n".join(f"- {prose(one, 1_000)}" for one in facts)
    if any(channel.changed for channel in pair.channels):
        yield "\n".join(_channels(found, pair))


def _channels(found: Interop, pair: Pair) -> Iterator[str]:
    yield "| channel | levels | change | where |"
    yield "|---:|---:|---:|---|"
    for one in pair.channels:
        share = words.percent(one.changed, found.inputs.compared)
        where = "; ".join(words.counted_region(region) for region in one.regions)
        yield f"| {one.channel} | {one.levels} | {share} | {prose(where, 4_000)} |"
