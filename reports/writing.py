"""Writing a record, line by line, so that a killed run leaves everything that it had found."""

from __future__ import annotations

import contextlib
import errno
import io
import math
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from . import plain
from .record import BaselineLine, ClauseLine, Footer, Header, Line, Measurement, ResultLine, TargetLine


# Named like the ways in which a report can be bad, in reading.py.
class UnwritableReport(Exception):  # noqa: N818
    """The report cannot be written where it was asked for."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write the report {plain.line(str(path))}: {reason}")
        self.path = path


class LineFile:
    """A JSON Lines file that is being written: every line reaches the operating system before `append` returns.

    The folders above `path` are made; a file already there is replaced. Raises `UnwritableReport` when it opens, and when
    a line cannot be written (a full disk), which then leaves nothing of itself behind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _opened(path)
        self._whole = 0

    @classmethod
    def in_place_of(cls, path: Path, lines: Iterable[bytes]) -> LineFile:
        """A new file with these lines, which takes the place of `path` in one step when they are all on the disk.

        Until then a file already there stays as it is; a device or a folder is not replaced. `UnwritableReport`.
        """
        if path.exists() and not path.is_file():
            raise UnwritableReport(path, "it is there and is no file; name a file")
        part = path.with_name(f"{path.name}.part")
        made = cls(part)
        try:
            for line in lines:
                made.append(line)
            made.sync()
            try:
                part.replace(path)
            except OSError as error:
                raise UnwritableReport(path, why(error)) from error
        except BaseException:
            made.close()
            part.unlink(missing_ok=True)
            raise
        return made

    @property
    def closed(self) -> bool:
        """Whether nothing more can be written."""
        return self._file.closed

    def append(self, line: bytes) -> None:
        """Append one line, which has no newline yet; `UnwritableReport` if that fails, `ValueError` if it is closed."""
        if self._file.closed:
            raise ValueError(f"the record {self.path} is closed; open a new RecordWriter to write another")
        data = line + b"\n"
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            # Half a line in the middle would spoil the record for whoever goes on writing.
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)
                self._file.seek(self._whole)
            raise UnwritableReport(self.path, why(error)) from error
        self._whole += len(data)

    def sync(self) -> None:
        """Waits until all lines are on the disk, where there is one; `UnwritableReport`."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a pipe or a device has nothing to wait for
                raise UnwritableReport(self.path, why(error)) from error

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._file.close()


class RecordWriter:
    """A record that is being written: a header when it opens, then line after line, and a footer when it closes.

    Every line reaches the operating system before `write` returns, so a killed run loses at most the line it was
    writing. The folders above `path` are made; a file already there is replaced. Left as a context without `close`,
    the record has no footer and reads as incomplete.

    Raises `UnwritableReport` when it opens, and when a line cannot be written (a full disk).
    """

    def __init__(self, path: str | Path, header: Header) -> None:
        self.path = Path(path)
        self._lines = LineFile(self.path)
        try:
            self._lines.append(encode(header))
        except BaseException:
            self._lines.close()
            raise

    def write(self, line: TargetLine | ClauseLine | ResultLine | BaselineLine | Measurement) -> None:
        """Append one line; `UnwritableReport` if that fails, `ValueError` if the record is closed."""
        self._lines.append(encode(line))

    def close(self, footer: Footer | None = None) -> None:
        """End the record with its footer, or leave it incomplete without one; closing twice does nothing."""
        if self._lines.closed:
            return
        try:
            if footer is not None:
                self._lines.append(encode(footer))
        finally:
            self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def encode(line: Line) -> bytes:
    """One line as compact UTF-8 JSON without its newline, such that it always reads back.

    A lone surrogate becomes U+FFFD; a number that is not finite becomes null, or 0 seconds.
    """
    if isinstance(line, ResultLine | Footer) and not math.isfinite(line.seconds):
        line = msgspec.structs.replace(line, seconds=0.0)
    return encode_value(line)


def encode_value(value: object) -> bytes:
    """Any value as compact UTF-8 JSON; a lone surrogate becomes U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_encodable(msgspec.to_builtins(value)))


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return plain.encodable(value)
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value


def _opened(path: Path) -> io.FileIO:
    try:
        if path.is_dir():
            raise UnwritableReport(path, "it is a directory; name a file in it")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parent = plain.line(str(path.parent))
        raise UnwritableReport(path, f"its directory {parent} cannot be made ({why(error)})") from error
    try:
        return io.FileIO(path, "w")
    except OSError as error:
        raise UnwritableReport(path, why(error)) from error
    except ValueError as error:  # a NUL in the name
        raise UnwritableReport(path, f"that is not a file name ({error})") from error


def why(error: OSError) -> str:
    """An error of the operating system in words, as they stand inside a sentence."""
    return (error.strerror or str(error) or type(error).__name__).lower()
