"""When a constructor says no, and when it fails."""

from __future__ import annotations

import opcode

#: What says no wherever it is raised.
_REFUSALS = (ValueError, AssertionError, NotImplementedError, OverflowError)

#: A framework's own `raise` may be a failure of what the constructor does with it.
_FRAMEWORKS = ("torch", "numpy", "jax", "jaxlib", "flax")

_RAISE = opcode.opmap["RAISE_VARARGS"]


def refuses(error: BaseException) -> bool:
    """Whether a constructor that raised this refuses in words.

    It does by an exception of value, assertion, or of what is not implemented; and by any other that a `raise` of its own
    throws, and not an operation that fails.
    """
    return bool(str(error).strip()) and (isinstance(error, _REFUSALS) or _raised_on_purpose(error))


def _raised_on_purpose(error: BaseException) -> bool:
    step = error.__traceback__
    if step is None or not isinstance(error, Exception):
        return False
    while step.tb_next is not None:
        step = step.tb_next
    home = str(step.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
    return step.tb_frame.f_code.co_code[step.tb_lasti] == _RAISE and home not in _FRAMEWORKS
