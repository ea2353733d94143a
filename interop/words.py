"""The sentences of a comparison: the terminal and Markdown say the same."""

from __future__ import annotations

from ..reports.words import counted, listed
from .results import Channel, Decoding, Interop, Pair, Region


def percent(part: int, whole: int) -> str:
    """A share in percent, never rounded to 0 or 100 unless it is: `0.63 %`, `0.0003 %`."""
    if part in (0, whole):
        return f"{100 * part // whole} %"
    share = 100 * part / whole
    if share < 0.1:
        return f"{share:.5f}".rstrip("0") + " %" if share >= 0.00001 else "< 0.00001 %"
    if share < 10:
        return f"{share:.2f} %"
    return f"{min(share, 99.9):.1f} %"


def title(found: Interop, pair: Pair) -> str:
    """Which two are compared."""
    return f"{found.members[pair.first].name} and {found.members[pair.second].name}"


def setting(found: Interop) -> str:
    """Levels and vectors."""
    levels = ",".join(map(str, found.levels))
    left = f"; {counted(found.inputs.left_out, 'vector')} left out that hold NaN" if found.inputs.left_out else ""
    return f"levels {levels}, float32, {counted(found.inputs.compared, 'vector')} {found.inputs.words}{left}"


def member(found: Interop, position: int) -> str:
    """A target with its version and framework: `reference@paper 0.1.0 (numpy)`."""
    one = found.members[position]
    return f"{one.name} {one.version} ({one.framework})" if one.version else f"{one.name} ({one.framework})"


def verdict(found: Interop, pair: Pair) -> str:
    """The answer for one pair, in words."""
    unknown = [one.reason for one in pair.decodings if one.scope == "none" and one.reason]
    unsure = f"; not all codes are compared: {listed(list(dict.fromkeys(unknown)))}" if unknown else ""
    if pair.tokens == 0:
        return ("the same tokens" if pair.alike else "other codes for the same tokens") + unsure
    if pair.tokens == pair.renumbered:
        return "the same levels under other indices" + unsure
    changed = f"{percent(pair.tokens, found.inputs.compared)} of tokens change"
    if pair.borderline == pair.tokens:
        changed += ", all within rounding error of a threshold"
    return changed + ("" if pair.alike else ", and indices decode to other codes") + unsure


def cell(found: Interop, row: int, column: int) -> str:
    """A cell of the matrix: the share of tokens that change, with a star where indices decode to other codes."""
    if row == column:
        return "-"
    pair = found.between(row, column)
    return percent(pair.tokens, found.inputs.compared) + ("" if pair.alike else " *")


def conclusion(found: Interop) -> str:
    """The answer for all pairs, in words."""
    if len(found.pairs) == 1:
        return f"{title(found, found.pairs[0])}: {verdict(found, found.pairs[0])}"
    same = sum(pair.exchangeable for pair in found.pairs)
    if same == len(found.pairs):
        return f"all {same} pairs give the same tokens, and no index decodes to other codes"
    return f"{len(found.pairs) - same} of {len(found.pairs)} pairs differ in tokens or codes"


def tokens(found: Interop, pair: Pair) -> str:
    """How many tokens change, and how many of them only nearly."""
    if pair.tokens == 0:
        return f"none of {found.inputs.compared:,} changes"
    said = f"{pair.tokens:,} of {found.inputs.compared:,} change"
    if pair.renumbered:
        said += f"; {pair.renumbered:,} have the same levels under another index"
    return said + (f"; {pair.borderline:,} within rounding error of a threshold" if pair.borderline else "")


def decodings(found: Interop, pair: Pair) -> tuple[str, ...]:
    """What becomes of each one's indices in the other; once, where the whole codebook says the same both ways."""
    if all(one.scope == "codebook" for one in pair.decodings):
        return (_decoding(pair.decodings[0], "both ways"),)
    names = [member.name for member in found.members]
    return tuple(_decoding(one, f"{names[one.sender]} to {names[one.receiver]}") for one in pair.decodings)


def _decoding(one: Decoding, way: str) -> str:
    if one.scope == "none":
        return f"{way}: not compared, {one.reason}"
    which = "indices" if one.scope == "codebook" else "indices of sampled vectors"
    if one.reason is not None:
        return f"{way}: {one.reason}"
    if one.differ == 0:
        return f"{way}: all {one.compared:,} {which} decode to the same codes"
    far = "" if one.largest is None else f", at most {one.largest:.3g} apart"
    return f"{way}: {one.differ:,} of {one.compared:,} {which} decode to other codes{far}"


def channel(found: Interop, one: Channel) -> str:
    """How often the level of a channel changes, and where most."""
    if one.changed == 0:
        return "no level changes"
    said = f"{percent(one.changed, found.inputs.compared)} of levels change"
    if not one.regions:
        return said
    top = one.regions[0]
    more = f" and {counted(len(one.regions) - 1, 'other threshold')}" if len(one.regions) > 1 else ""
    return f"{said}, around {region(top)}{more}"


def region(one: Region) -> str:
    """Where levels change: the threshold, and how far from it."""
    return f"z = {one.threshold:.4f} (level {one.step - 1} to {one.step}; up to {one.farthest:.2g} away)"


def counted_region(one: Region) -> str:
    """Where levels change, and how many."""
    return f"{region(one)}: {one.changed:,}"


def gradient(found: Interop, pair: Pair) -> str:
    """How far the gradients differ."""
    reasons = [found.members[position].no_gradient for position in (pair.first, pair.second)]
    if without := [reason for reason in reasons if reason is not None]:
        return f"not compared: {listed(list(dict.fromkeys(without)))}"
    if pair.gradient_largest is None or pair.gradient_mean is None:
        return "not compared: a gradient is not a finite number"
    return f"differ by at most {pair.gradient_largest:.2g}, by {pair.gradient_mean:.2g} on average"
