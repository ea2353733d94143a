"""A failure is the same on another machine and for another draw; another failure is another."""

from __future__ import annotations

import pytest

from fsqcheck.reports import fingerprint

from .reports_miniatures import result


def of(message: str, outcome: str = "fail") -> str:
    return fingerprint(result(outcome, message=message))  # type: ignore[arg-type]  # the tests name outcomes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("L = 8: z = 0.29 takes level 3, not level 4", "L = 5: z = -1e-07 takes level 0, not level 1 or 2"),
        ("z = inf gives the code 0.5", "z = -3.0 gives the code -inf"),
        (
            "encoding the index 3932209 becomes 3932208; 21.2% are wrong",
            "encoding the index 11 becomes 9; 0.6% are wrong",
        ),
        ("the index -1 of 60 decodes to [0.5, 1.0, 1.0]", "the index 60 of 60 decodes to [-1.0]"),
        ("the codes are {-1, -0.5, …, 0.5, 1}", "the codes are {0}"),
        ("an array of shape (0, 3, 7) raises", "an array of shape (1,) raises"),
        (
            "raised AttributeError: <Foo object at 0x7f3a12345678>",
            "raised AttributeError: <Foo object at 0x55d0aabbccdd>",
        ),
        ("File '/usr/lib/python3.11/foo/bar.py', line 33", "File '/home/me/.venv/foo/bar.py', line 35"),
        ("wrong\n  here", "wrong here"),
    ],
)
def test_two_messages_of_one_failure_have_one_fingerprint(one: str, other: str) -> None:
    assert of(one) == of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("z = 0.29 takes level 3, not level 4", "z = 0.29 gives the code 0.5, which is none of the 8 grid values"),
        ("z = 0.29 takes level 3, not level 4", "z = 0.29 takes no level (NaN), not level 4"),
        ("raised ValueError: no", "raised TypeError: no"),
        ("indices are int32", "indices are int64"),
        ("File '/a/bar.py'", "File '/a/foo.py'"),
    ],
)
def test_messages_of_two_failures_have_two_fingerprints(one: str, other: str) -> None:
    assert of(one) != of(other)


def test_an_error_is_no_failure_of_the_same_words() -> None:
    assert of("no", "fail") != of("no", "error")


def test_a_known_failure_has_the_fingerprint_of_the_failure() -> None:
    assert fingerprint(result("xfail", message="no", ended="error")) == of("no", "error")


def test_a_fingerprint_can_be_read_by_a_person() -> None:
    assert of("L = 8: z = 0.29 takes level 3, not level 4") == "fail: L = #: z = # takes level #, not level #"


def test_long_messages_that_differ_late_differ() -> None:
    assert of("a" * 500 + "b") != of("a" * 500 + "c")
    assert len(of("x" * 1_000_000)) < 300


@pytest.mark.parametrize(
    "hostile", ["[" * 10**6, "#," * 10**6, "/a" * 10**6, "-1" * 10**6, "(" * 500 + "1" + ")" * 500]
)
def test_a_hostile_message_has_a_fingerprint(hostile: str) -> None:
    assert of(hostile).isprintable()
