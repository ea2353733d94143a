"""Third-party text is shown, never obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies

from fsqcheck.reports import plain


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb", r"a\nb"),
        ("a\rb", r"a\rb"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("\x9b31m", r"\x9b31m"),
    ],
)
def test_a_character_that_is_not_printable_is_shown_as_its_escape(hostile: str, shown: str) -> None:
    assert plain.line(hostile) == shown


def test_printable_text_of_any_script_is_left_alone() -> None:
    assert plain.line("½ × Größe 日本 🙂") == "½ × Größe 日本 🙂"


def test_a_long_line_is_cut_and_says_how_much_is_missing() -> None:
    assert plain.line("x" * 1_000_000, limit=5) == "xxxxx… (999,995 more characters)"


def test_a_long_hostile_line_is_cut_by_what_it_would_take_to_show() -> None:
    assert plain.line("\x00" * 1_000_000, limit=8) == r"\x00\x00… (999,998 more characters)"


def test_a_block_keeps_its_line_breaks_and_escapes_the_rest() -> None:
    assert plain.block("one\r\ntwo\x1b\n\tthree") == "one\ntwo\\x1b\n    three"


def test_a_block_of_many_lines_is_cut_and_says_how_many_are_missing() -> None:
    assert plain.block("a\nb\nc\nd", lines=2) == "a\nb\n… (2 more lines)"


def test_a_script_is_never_cut() -> None:
    script = "print(1)\n" * 10_000
    assert plain.source(script) == script.rstrip("\n")


@settings(derandomize=True, database=None)
@given(strategies.text(strategies.characters(), max_size=40))
def test_every_text_becomes_one_printable_line(text: str) -> None:
    assert plain.line(text).isprintable()


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert plain.encodable("a\udcffb") == "a\ufffdb"
