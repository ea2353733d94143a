"""The level lists of each tier: which lists a clause is tried with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

from ..adapters import TRIALS
from ..reference import RECOMMENDED, Rule

#: Lists are made so that a library that builds its whole codebook stays below this many codes.
LARGEST_PRODUCT = 2**17

# L = 2 comes last: the first list of a clause is the one that is tried in every way.
_QUICK_CHANNELS = (3, 4, 5, 7, 8, 16, 2)
_STANDARD_CHANNELS = (*range(3, 65), 2)


def _grouped(wanted: Iterable[int], rule: Rule) -> tuple[tuple[int, ...], ...]:
    """The allowed numbers of levels, put together into lists of channels: many L in one case.

    L = 2 stands alone: some libraries refuse it, and must not get away with all other L of its list.
    """
    lists: list[list[int]] = [[]]
    for level in wanted:
        if not rule.levels_allowed(level):
            continue
        if prod(lists[-1]) * level > LARGEST_PRODUCT or len(lists[-1]) == 8 or level == 2:
            lists.append([])
        lists[-1].append(level)
    return tuple(tuple(group) for group in lists if group)


def _channels(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    return _grouped(_QUICK_CHANNELS if tier == "quick" else _STANDARD_CHANNELS, rule)


def _every(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Every number of levels from 2 to 64; those of `channels` first, which alone are tried in every way."""
    common = _channels(rule, tier)
    known = {level for levels in common for level in levels}
    return common + _grouped((level for level in _STANDARD_CHANNELS if level not in known), rule)


def _few(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:  # noqa: ARG001
    return _grouped((3, 4, 5, 7, 8), rule)[:1]


def _halves(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    # Every 16-bit value goes through each list: fewer lists, still every parity and size.
    return _grouped((3, 4, 5, 8, 16) if tier == "quick" else (3, 4, 5, 7, 8, 13, 16, 31, 32, 64, 100, 2), rule)


def _mirrored(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    wanted = _QUICK_CHANNELS if tier == "quick" else _STANDARD_CHANNELS
    return _grouped((level for level in wanted if rule.is_mirrored(level)), rule)


def _parity(remainder: int) -> Callable[[Rule, str], tuple[tuple[int, ...], ...]]:
    def lists(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
        wanted = (*_QUICK_CHANNELS[:-1], 6, 9, 10, 14, 2) if tier == "quick" else _STANDARD_CHANNELS
        return _grouped((level for level in wanted if level % 2 == remainder), rule)

    return lists


def _mixed(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:  # noqa: ARG001
    """One list whose channels all differ, for tests of layouts: a swapped channel is seen."""
    return _allowed(((4, 3, 5), (7, 3, 5), (3, 3, 3)), rule)[:1]


def _uneven(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:  # noqa: ARG001
    """One list whose weights of the channels need more than the eight bits of bfloat16."""
    return _allowed(((7, 5, 9, 8), (7, 5, 9, 5), (3,) * 8), rule)[:1]


def _codebooks(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Codebooks of some hundred to some ten thousand codes, one channel, and one number of levels for all channels.

    Two sizes need the last bit of an unsigned byte, or of two: 2^7 to 2^8 codes, and 2^15 to 2^16.
    """
    sixteen_bits = _allowed(((8, 8, 8, 5, 5, 5), (9, 7, 7, 5, 5, 5), (3,) * 10), rule)[:1]
    quick = ((8, 5, 5, 5), (26, 26, 26), (7, 5, 9, 5), (3,) * 8, (7,), *sixteen_bits, (3,) * 5, (2,) * 8)
    more = (*RECOMMENDED.values(), (26, 27, 39), (2, 3, 2, 4), (16,) * 5, (27, 29, 31))
    return _allowed(quick if tier == "quick" else quick + more, rule)


def _fine(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:  # noqa: ARG001
    # 51 and 59 are those where cutting is wrong in float64 too, under every grid.
    return _allowed(((26, 51, 59), (26, 26, 26), (26, 27, 39), (27, 51, 59)), rule)


def _large(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Just above 2^22, 2^23.4, at 2^24, 2^28, 2^32, 2^36 and above 2^53; for odd L and L = 3 their neighbours.

    The first two are tried in every dtype: half precision tells their levels apart, and the weights of their channels are
    no powers of two, so that a float32 does not hold them as it does those of 16^9. Of more than 2^53 codes are twelve
    channels that cannot be put in another order unseen, by their names or by their L. 17 and 33 channels are one more than
    a block of 16 or 32 holds: the last one has another L than the first. 33 bits are one more than an int32 and its sign hold.
    29^5 lies between 2^24 and 2^25, where a float32 holds every other integer.
    """
    all_different = (19, 26, 17, 28, 23, 20, 25, 18, 27, 22, 21, 24)
    all_odd = (19, 33, 15, 29, 23, 13, 35, 17, 31, 25, 21, 27)
    first = (3,) * 20, (7,) * 13, (265, 511, 31)
    even = (*first, (186, 221, 276), (8,) * 8, (16,) * 7, (16,) * 8, (16,) * 9, all_different, (15, 16) * 7)
    odd = (*first, (187, 221, 277), (9,) * 8, (17,) * 7, (17,) * 8, (17,) * 9, all_odd, (15, 17) * 7)
    three = ((3,) * 20, (3,) * 24, (3,) * 21, (3,) * 15, (3,) * 36, (3,) * 16)
    known = (even, odd, three)
    lists = next(found for found in known if len(_allowed(found, rule)) == len(found))
    blocks = _allowed(((3,) * 16 + (5,), (3, 5, 3, 3) * 8 + (5,), (2,) * 33, (29,) * 5), rule)
    return (lists[::2] if tier == "quick" else lists) + blocks


def _stored(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Codebooks of every usual size, and one whose weights overflow narrow integers."""
    return (*_recommended(rule, tier), _large(rule, "standard")[1])


def _mixed_and_large(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Beside few codes more than an int32 numbers, and more than a float64 tells apart."""
    return (*_mixed(rule, tier), _large(rule, tier)[0], (3,) * 36)


def _wide(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Channels with dozens to thousands of levels: as many as a byte counts and one more, beyond 1002, where ε outgrows half a
    level, powers of two, and more than the 2^11 integers that a float16 holds."""
    quick = ((1001,), (1002,), (128, 256), (129, 257), (77, 512), (91, 1024), (4096,))
    more = ((100, 255), (256, 257), (1000,), (1003,), (127, 255), (65, 99), (67, 333), (83, 641), (2048,), (2049,))
    return _allowed(quick if tier == "quick" else quick + more, rule)


def _together(rule: Rule) -> tuple[tuple[int, ...], ...]:
    """Lists as users have them: channels all alike, those that are recommended, and more channels than 8.

    A channel takes its levels whatever other channels there are.
    """
    alike = ((8, 8, 8), (5, 5, 5), (4, 4), (7, 7))
    mixed = ((8, 5, 5, 5), (7, 5, 5, 5, 5), (3,) * 8 + (4,), (3,) * 8 + (5,))
    return _allowed((*alike, *mixed), rule)


def _every_and_together(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    return _every(rule, tier) + _together(rule)


def _channels_wide_and_together(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    return _channels(rule, tier) + _wide(rule, tier) + _together(rule)


def _staged(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """Lists for residual quantizers: channels whose scales all differ, and few codes, for libraries that hold them all."""
    quick, more = ((8, 5, 3), (4, 7)), ((8, 5, 5, 5), (16, 6), (3, 9, 4), (2, 5))
    return _allowed(quick if tier == "quick" else quick + more, rule)


def _staged_and_two(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    """The same, with two levels in every tier, where the first stage is a sign, and only the next show what it was given; and
    with many."""
    return _allowed((*_staged(rule, tier), (2, 5), (64, 5)), rule)


def _staged_large(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:  # noqa: ARG001
    """More codes a stage than the 2^8 that a bfloat16 tells apart."""
    return _allowed(((16, 9, 5),), rule)


def _growth(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:  # noqa: ARG001
    """A codebook of some ten thousand codes; IDX-11 compares its cost with that of its first channels alone."""
    return _allowed(((8,) * 5, (7,) * 5, (3,) * 9), rule)[:1]


def _recommended(rule: Rule, tier: str) -> tuple[tuple[int, ...], ...]:
    lists = _allowed((*RECOMMENDED.values(), (7, 5, 5, 5), (3,) * 8), rule)
    return lists[3:4] or lists[:1] if tier == "quick" else lists


LEVEL_SETS: dict[str, Callable[[Rule, str], tuple[tuple[int, ...], ...]]] = {
    "channels": _channels,
    "every": _every,
    "few": _few,
    "halves": _halves,
    "mirrored": _mirrored,
    "even": _parity(0),
    "odd": _parity(1),
    "mixed": _mixed,
    "mixed and large": _mixed_and_large,
    "uneven": _uneven,
    "codebooks": _codebooks,
    "fine": _fine,
    "large": _large,
    "wide": _wide,
    "every and together": _every_and_together,
    "channels, wide and together": _channels_wide_and_together,
    "recommended": _recommended,
    "stored": _stored,
    "growth": _growth,
    "staged": _staged,
    "staged and two": _staged_and_two,
    "staged large": _staged_large,
    "drawn": lambda rule, tier: ((),),  # noqa: ARG005
}


def _allowed(lists: Iterable[tuple[int, ...]], rule: Rule) -> tuple[tuple[int, ...], ...]:
    found = (levels for levels in lists if all(rule.levels_allowed(level) for level in levels))
    return tuple(dict.fromkeys(found))


def level_lists(name: str, rule: Rule, tier: str, chosen: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """The lists of a level set under a rule; with `chosen`, those of them that the user asked for.

    What the user chose takes the place of every set but `drawn`, `large`, `wide`, `fine` and `growth`, which are about
    certain numbers: these are kept only if the user named them. A list that has no channel for the set is left out.
    """
    wanted = LEVEL_SETS[name](rule, tier)
    if not chosen or name == "drawn":
        return wanted
    if name in ("large", "wide", "fine", "growth"):
        return tuple(levels for levels in chosen if levels in wanted)
    return tuple(levels for levels in _allowed(chosen, rule) if any(_concerns(name, rule, level) for level in levels))


def first_lists(rule: Rule, chosen: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """Lists with which a target is built for the first time: the user's; else the suite's, and many for classes that
    take certain levels only."""
    if chosen:
        return level_lists("mixed", rule, "quick", chosen) or chosen
    known = _allowed((*_mixed(rule, "quick"), *_codebooks(rule, "quick"), *TRIALS), rule)
    return tuple(sorted(known, key=lambda levels: 2 in levels))


def _concerns(name: str, rule: Rule, level: int) -> bool:
    """Whether a channel with so many levels has anything to do with a level set."""
    if name == "mirrored":
        return rule.is_mirrored(level)
    return name not in ("even", "odd") or level % 2 == (name == "odd")
