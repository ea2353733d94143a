"""`fsqcheck levels`, and the lists that it names."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

import pytest

from fsqcheck.reference import RECOMMENDED
from fsqcheck.reference.choosing import COUNTS, Choice, nearest_levels

from .commands import fsqcheck
from .test_cli_bad_input import one_clear_line


def by_brute_force(size: int, most: int) -> float:
    """How far the nearest list of up to so many channels is from the size, as |log(codes / size)|."""
    lists = (levels for n in range(1, most + 1) for levels in combinations_with_replacement(COUNTS, n))
    return min(abs(math.log(math.prod(levels) / size)) for levels in lists)


def far(choice: Choice, size: int) -> float:
    return abs(math.log(choice.size / size))


@pytest.mark.parametrize("size", [5, 6, 9, 11, 100, 999, 5000, 16385, 65536, 123_456, 2**20, 3_000_000])
def test_the_nearest_of_all_lists_is_among_them(size: int) -> None:
    found = nearest_levels(size)
    assert min(far(one, size) for one in found) == pytest.approx(
        by_brute_force(size, math.ceil(math.log(size, 5)) + 1), abs=1e-12
    )


@pytest.mark.parametrize("size", [5, 48, 1000, 2**16, 10**9, 2**61 - 1, 2**62])
def test_choices_are_told_truly_and_in_order(size: int) -> None:
    found = nearest_levels(size, 12)
    assert len(found) == len(set(found)) == 12
    for one in found:
        assert one.size == math.prod(one.levels) <= 2**62
        assert set(one.levels) <= set(COUNTS)
        assert list(one.levels) == sorted(one.levels, reverse=True)
        assert one.off(size) == pytest.approx((one.size - size) / size)
        assert (one.table is None) == (one.levels not in RECOMMENDED.values())
    rest = found[1:] if found[0].table else found
    ways = [(far(one, size), len(one.levels)) for one in rest]
    assert ways == sorted(ways)


@pytest.mark.parametrize(("size", "levels"), sorted(RECOMMENDED.items()))
def test_a_size_of_the_papers_table_names_its_list_first(size: int, levels: tuple[int, ...]) -> None:
    first = nearest_levels(size)[0]
    assert (first.levels, first.table) == (levels, size)


def test_a_list_of_the_table_goes_first_only_where_it_is_near() -> None:
    assert nearest_levels(960)[0].table == 2**10  # 8,5,5,5 has 1000 codes
    assert nearest_levels(806)[0].table == 2**10  # 1000 are 24.07 % more
    assert nearest_levels(800)[0].table == 2**10  # 25 % more
    assert nearest_levels(799)[0].table is None  # 25.2 % more
    assert nearest_levels(1333)[0].table == 2**10  # 25.0 % fewer
    assert nearest_levels(1340)[0].table is None


def test_the_longest_list_and_the_shortest_are_among_them() -> None:
    assert nearest_levels(5**26, 1)[0].levels == (5,) * 26
    assert [one.levels for one in nearest_levels(5, 5)] == [(5,), (6,), (7,), (8,), (5, 5)]


def test_so_many_lists_as_are_asked_for() -> None:
    assert [len(nearest_levels(65536, n)) for n in (1, 2, 7)] == [1, 2, 7]
    assert nearest_levels(65536, 7)[:3] == nearest_levels(65536, 3)
    assert len(nearest_levels(65536)) == 5


@pytest.mark.parametrize("size", [4, 0, -3, 2**62 + 1])
def test_a_size_out_of_reach_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=rf"{size} codes; expected a size from 5 to 2\^62"):
        nearest_levels(size)


def test_the_command_prints_a_table_within_80_columns() -> None:
    said = fsqcheck("levels", "65536", columns=80)
    assert said.status == 0, said.err
    lines = [line.rstrip() for line in said.out.splitlines()]
    assert lines[0].split() == ["levels", "codes", "off", "bits", "source"]
    assert lines[1].split(maxsplit=4) == ["8,8,8,5,5,5", "64,000", "-2.3%", "15.97", "the paper's table, for 2^16"]
    assert lines[2].split(maxsplit=4) == ["8,8,7,6,5,5", "67,200", "+2.5%", "16.04", "nearest in size"]
    assert len(lines) == 6
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("size", ["65536", "65_536", "65,536", "2^16", "2**16", "256^2", " 65536 "])
def test_a_size_is_read_as_people_write_it(size: str) -> None:
    assert fsqcheck("levels", size).out == fsqcheck("levels", "65536").out


@pytest.mark.parametrize(
    ("size", "word"),
    [
        ("many", "'many'"),
        ("1.5", "'1.5'"),
        ("4", "4 codes"),
        ("2^63", "2^62"),
        ("9^99", "'9^99'"),
        ("1^999", "1 codes"),
    ],
)
def test_a_size_that_is_none_is_one_clear_line(size: str, word: str) -> None:
    one_clear_line(fsqcheck("levels", size), word, "expected")


def test_the_number_of_lists_is_bounded() -> None:
    assert len(fsqcheck("levels", "1000", "-n", "2").out.splitlines()) == 3
    for wrong, word in (("0", "1"), ("51", "50")):
        said = fsqcheck("levels", "1000", "-n", wrong)
        assert said.status == 2
        assert said.err.splitlines()[-1].endswith(f"equal to {word}")
