"""`fsqcheck init`: a first adapter, a test and the settings for a class."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .run import threads_bounded
from .saying import stop


def init(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="The class: module:Class or path/to/file.py:Class, with arguments in parentheses: 'module:Class(eps=1e-3)'.",
            show_default=False,
        ),
    ],
    into: Annotated[
        Path, typer.Option(metavar="DIR", help="Write into this folder; default: this one.", show_default=False)
    ] = Path(),
) -> None:
    """Write a first adapter, a test and the lines of pyproject.toml for a class, from trying it.

    Nothing is asked, and no file is overwritten. What could not be found is marked FILL IN. Exit status: 0 written, 2 the
    class cannot be imported, or a file is there already.
    """
    threads_bounded()
    from ..conformance.quiet import output_kept_away
    from ..drafting import AlreadyThereError, CannotTryError, drafts, tried, write_all

    try:
        with output_kept_away():
            found = tried(target)
        made = drafts(found, into)
        write_all(made)
    except (CannotTryError, AlreadyThereError) as error:
        stop(str(error))
    except OSError as error:
        stop(f"{error.filename or into} cannot be written: {(error.strerror or str(error)).lower()}")
    for one in made:
        if one.beside:
            print(f"{one.file} is yours; add to it:\n\n    " + one.text.rstrip().replace("\n", "\n    ") + "\n")
        else:
            print(f"wrote {one.file}" + ("  # look for FILL IN" if "FILL IN" in one.text else ""))
    rule = "" if found.rows.get("rules") else " --rule NAME"
    print(f"next: fsqcheck run {shlex.quote(f'{made[0].file}:adapter')}{rule}")
