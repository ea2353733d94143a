"""What an object holds in memory: the arrays in its attributes, and how many things its containers hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

#: What an entry of a list, tuple, set or dict takes at the least: a pointer, in bytes.
ENTRY_BYTES = 8

#: What is no part of an object, although its attributes may name it.
_FOREIGN = (type, FunctionType, MethodType, BuiltinFunctionType, ModuleType)


def held_by(holder: object, is_array: Callable[[object], bool]) -> tuple[list[Any], int]:
    """The arrays in the attributes of an object, of the objects there, and in their containers, each once; and the bytes
    of the entries of all these containers.

    A deque with a limit is a window of what was last, and counts for nothing.
    """
    found, entries = dict[int, Any](), 0
    pending: list[object] = list(vars(holder).values()) if hasattr(holder, "__dict__") else []
    seen = {id(holder)}
    while pending:
        value = pending.pop()
        if id(value) in seen or isinstance(value, _FOREIGN):
            continue
        seen.add(id(value))
        if is_array(value):
            found[id(value)] = value
            continue
        inside = _inside(value)
        pending += inside
        if not (isinstance(value, deque) and value.maxlen is not None):
            entries += len(inside) if isinstance(value, (dict, list, tuple, set, frozenset, deque)) else 0
    return list(found.values()), ENTRY_BYTES * entries


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return list(value)
    return list(vars(value).values()) if hasattr(value, "__dict__") else []
