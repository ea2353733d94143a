"""The memory of the process that sweeps: kept from one chunk to the next, and its peak."""

from __future__ import annotations

import contextlib
import ctypes
import sys

#: From glibc's malloc.h: what is given back at the top of the heap, by how much it grows, and from which size on a piece of
#: memory is a mapping of its own.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def keep_memory() -> None:
    """Freed memory stays with the process, where the C library is glibc.

    It would be given back after each chunk and fetched anew for the next, page by page: measured, twice the time of a sweep.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 25)
        mallopt(_M_TRIM_THRESHOLD, 1 << 30)
        mallopt(_M_TOP_PAD, 1 << 25)


def peak() -> int:
    """The most memory that this process has held so far, in bytes; 0 where the system does not tell."""
    with contextlib.suppress(ImportError):
        import resource

        # macOS counts in bytes, all others in kibibytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return 0
