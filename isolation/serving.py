"""The other side of a served target: a loop in its process that puts each question to its adapter."""

from __future__ import annotations

import contextlib
import socket
import warnings
from collections.abc import Callable
from typing import Any

from ..adapters import Adapter, Answer, Quantizer, Setup, TargetUnavailableError, residual_of, resolve, surroundings_of
from . import wire
from .keeper import LENGTH, exactly


def serve(spelled: str, channel: int) -> None:
    """Loads a target, says what it is, and answers until the other end closes the socket `channel`."""
    warnings.simplefilter("ignore")
    with socket.socket(fileno=channel) as line:
        try:
            adapter = resolve(spelled)
            first: wire.Reply = _present(adapter)
        except TargetUnavailableError as error:
            _send(line, wire.Absent(str(error)))
            return
        _send(line, first)
        served = _Served(adapter)
        with contextlib.suppress(EOFError):
            while True:
                (length,) = LENGTH.unpack(exactly(line, LENGTH.size))
                _send(line, served.reply(wire.asked(exactly(line, length))))


def _present(adapter: Adapter) -> wire.Present:
    residual = residual_of(adapter)
    return wire.Present(
        adapter.identity,
        adapter.rules,
        adapter.layouts,
        adapter.dtypes,
        tuple(sorted(adapter.capabilities)),
        adapter.devices(),
        None if residual is None else _present(residual),
    )


class _Served:
    """An adapter, and the quantizers that were built, by their numbers."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._guards: list[contextlib.AbstractContextManager[None]] = []
        self._built: dict[int, Quantizer] = {}
        self._next = 0

    def reply(self, asked: wire.Asked) -> wire.Reply:
        """The answer to one question."""
        try:
            match asked:
                case wire.Guard():
                    return self._guarded(asked.enter)
                case wire.Surroundings():
                    return wire.Settings(surroundings_of(self._adapter, asked.stir))
                case wire.Refusal():
                    return wire.Said(self._of(asked.setup).refusal(asked.setup))
                case wire.Build():
                    return self._kept(self._of(asked.setup).build(asked.setup))
                case wire.Call():
                    for number in asked.forgotten:
                        self._built.pop(number, None)
                    return self._called(asked)
        except BaseException as error:  # somebody else's code may raise anything, SystemExit included
            return wire.Raised(type(error).__name__, str(error))

    def _of(self, setup: Setup) -> Adapter:
        """The adapter that a setup is for: a residual quantizer's has stages."""
        return self._adapter if setup.stages is None else residual_of(self._adapter) or self._adapter

    def _guarded(self, enter: bool) -> wire.Said:
        if enter:
            self._guards.append(self._adapter.guard())
            self._guards[-1].__enter__()
        else:
            self._guards.pop().__exit__(None, None, None)
        return wire.Said()

    def _kept(self, quantizer: Quantizer) -> wire.Number:
        self._next += 1
        self._built[self._next] = quantizer
        return wire.Number(self._next)

    def _called(self, call: wire.Call) -> wire.Reply:
        say = REPLIES[call.method]
        arrays = [wire.unpacked(block) for block in call.arrays]
        return say(self, getattr(self._built[call.number], call.method)(*arrays, **call.options))


#: How what each method of a quantizer gives goes on the wire; no other method is called.
REPLIES: dict[str, Callable[[_Served, Any], wire.Reply]] = {
    "quantize": lambda _, answer: _answered(answer),
    "vjp": lambda _, pair: _answered(*pair),
    "codes_to_indices": lambda _, indices: wire.Values(wire.packed(indices)),
    "indices_to_codes": lambda _, codes: wire.Values(wire.packed(codes)),
    "stage_codes": lambda _, codes: wire.Values(wire.packed(codes)),
    "train": lambda *_: wire.Said(),
    "copied": lambda served, quantizer: served._kept(quantizer),
    "cast": lambda served, quantizer: served._kept(quantizer),
    "held_bytes": lambda _, count: wire.Number(count),
    "weights": lambda _, found: wire.Settings(found),
    "weights_behind": lambda _, found: wire.Settings(found),
}


def _answered(answer: Answer, gradient: Any = None) -> wire.Answered:
    return wire.Answered(
        wire.packed(answer.codes),
        None if answer.indices is None else wire.packed(answer.indices),
        answer.device,
        answer.index_device,
        wire.packed(answer.received),
        None if gradient is None else wire.packed(gradient),
    )


def _send(line: socket.socket, reply: wire.Reply) -> None:
    data = wire.encoded(reply)
    line.sendall(LENGTH.pack(len(data)))
    line.sendall(data)
