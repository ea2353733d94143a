"""A target that lives in a process of its own, asked through the protocol of every adapter."""

from __future__ import annotations

import builtins
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..adapters import Adapter, Answer, Capability, Identity, Probe, Setup, TargetUnavailableError, resolve
from ..conformance.plan import Wanted
from ..releases.environment import InstallError
from ..releases.pin import Pin, PinError, parse_pin
from . import wire
from .child import Order
from .conversing import Conversation, TargetDiedError
from .front import Apart, unlimited
from .handle import KeeperDiedError
from .job import Job
from .pool import leased

#: What a question is answered by.
Message = TypeVar("Message")


@contextmanager
def resolver(apart: Apart | None = None) -> Iterator[Callable[[str], Adapter]]:
    """Loads targets: a pinned release in a process of its own, any other in this one, or, given `apart`, apart too.

    The processes end with the context. What it gives raises `TargetUnavailableError`.
    """
    with ExitStack() as stack:

        def load(target: str) -> Adapter:
            try:
                pin = parse_pin(target)
            except PinError as error:
                raise TargetUnavailableError(str(error)) from None
            if pin is None and apart is None:
                return resolve(target)
            return stack.enter_context(_served(target, pin, apart or Apart()))

        yield load


@contextmanager
def _served(target: str, pin: Pin | None, apart: Apart) -> Iterator[Adapter]:
    if reason := unlimited():
        raise TargetUnavailableError(reason)
    job = Job(Wanted((pin.label if pin else target,)), apart.limits, pin, apart.allow_build)
    try:
        with leased(job) as (site, lease):
            order = Order(job, tuple(sys.path), str(Path.cwd()), site, serves=True)
            line = Conversation(lease.keeper(), order, job.limits.case_s, job.limits.memory)
            try:
                yield _introduced(job.target, line)
            finally:
                line.close()
    except (InstallError, KeeperDiedError) as error:
        raise TargetUnavailableError(str(error)) from error


def _introduced(target: str, line: Conversation) -> ServedAdapter:
    try:
        found = line.ask(None)
    except TargetDiedError as error:
        raise TargetUnavailableError(f"{target} cannot be loaded: {error}") from None
    match found:
        case wire.Present():
            return _adapter(line, found)
        case wire.Absent():
            raise TargetUnavailableError(found.reason)
        case _:
            raise TargetUnavailableError(f"{target} cannot be loaded: its process answered what it was not asked")


def _adapter(line: Conversation, said: wire.Present) -> ServedAdapter:
    known = frozenset(Capability(name) for name in said.capabilities if name in set(Capability))
    residual = None if said.residual is None else _adapter(line, said.residual)
    return ServedAdapter(line, said.identity, said.rules, said.layouts, said.dtypes, known, said.devices, residual)


@dataclass(frozen=True)
class ServedAdapter:
    """The adapter of a target in another process; what it raises there is raised here, under its own name.

    It prints no reproduction scripts.
    """

    _line: Conversation
    identity: Identity
    rules: tuple[str, ...]
    layouts: tuple[str, ...]
    dtypes: tuple[str, ...]
    capabilities: frozenset[Capability]
    _devices: tuple[str, ...]
    residual: ServedAdapter | None = None
    _forgotten: list[int] = field(default_factory=list)

    def devices(self) -> tuple[str, ...]:
        """The devices of its process."""
        return self._devices

    def refusal(self, setup: Setup) -> str | None:
        """Why it declares that it cannot build this."""
        return self._asked(wire.Refusal(setup), wire.Said).text

    def build(self, setup: Setup) -> ServedQuantizer:
        """A quantizer over there."""
        return self._held(setup, self._asked(wire.Build(setup), wire.Number).number)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        self._asked(wire.Guard(True), wire.Said)
        try:
            yield
        finally:
            self._asked(wire.Guard(False), wire.Said)

    def guard(self) -> AbstractContextManager[None]:
        """The guard of its adapter, in its process."""
        return self._guarded()

    def surroundings(self, stir: bool) -> dict[str, str] | None:
        """What its process has set."""
        return self._asked(wire.Surroundings(stir), wire.Settings).found

    def script(self, setup: Setup, probe: Probe) -> str | None:  # noqa: ARG002
        """None."""
        return None

    def _held(self, setup: Setup, number: int) -> ServedQuantizer:
        held = ServedQuantizer(self, setup, number)
        weakref.finalize(held, self._forgotten.append, number)
        return held

    def _asked(self, question: wire.Asked, expected: type[Message]) -> Message:
        found = self._line.ask(question)
        if isinstance(found, wire.Raised):
            raise _error(found)
        if not isinstance(found, expected):
            raise TargetDiedError(f"its process answered with {type(found).__name__}, not {expected.__name__}")
        return found


class ServedQuantizer:
    """A quantizer in another process."""

    def __init__(self, adapter: ServedAdapter, setup: Setup, number: int) -> None:
        self.setup = setup
        self._adapter = adapter
        self._number = number

    def quantize(
        self, z: wire.Array, *, tracked: bool = False, autocast: str | None = None, inference: bool = False
    ) -> Answer:
        """The forward call."""
        options = {"tracked": tracked, "autocast": autocast, "inference": inference}
        return _answer(self._call("quantize", wire.Answered, z, **options))

    def vjp(self, z: wire.Array, upstream: wire.Array, *, way: str | None = None) -> tuple[Answer, wire.Array]:
        """The forward call and its gradient."""
        found = self._call("vjp", wire.Answered, z, upstream, way=way)
        if found.gradient is None:
            raise TargetDiedError("its process answered without the gradient")
        return _answer(found), wire.unpacked(found.gradient)

    def codes_to_indices(self, codes: wire.Array, **how: Any) -> wire.Array:
        """The indices of codes."""
        return wire.unpacked(self._call("codes_to_indices", wire.Values, codes, **how).values)

    def indices_to_codes(self, indices: wire.Array, **how: Any) -> wire.Array:
        """The codes of indices."""
        return wire.unpacked(self._call("indices_to_codes", wire.Values, indices, **how).values)

    def stage_codes(self, indices: wire.Array) -> wire.Array:
        """The codes of each stage of a residual quantizer."""
        return wire.unpacked(self._call("stage_codes", wire.Values, indices).values)

    def train(self, mode: bool) -> None:
        """Training on or off."""
        self._call("train", wire.Said, mode=mode)

    def copied(self, how: str) -> ServedQuantizer:
        """A copy over there."""
        return self._adapter._held(self.setup, self._call("copied", wire.Number, how=how).number)

    def cast(self, dtype: str) -> ServedQuantizer:
        """It, moved to another dtype."""
        return self._adapter._held(self.setup, self._call("cast", wire.Number, dtype=dtype).number)

    def held_bytes(self) -> int:
        """The memory that it holds over there."""
        return self._call("held_bytes", wire.Number).number

    def weights(self, z: wire.Array, upstream: wire.Array) -> dict[str, str]:
        """Weights over there, and what is wrong with what they get."""
        return self._call("weights", wire.Settings, z, upstream).found or {}

    def weights_behind(self, z: wire.Array) -> dict[str, str]:
        """Weights over there that lie behind it, and what is wrong with what they get."""
        return self._call("weights_behind", wire.Settings, z).found or {}

    def _call(self, method: str, expected: type[Message], *arrays: wire.Array, **options: str | bool | None) -> Message:
        forgotten = tuple(self._adapter._forgotten)
        del self._adapter._forgotten[: len(forgotten)]
        blocks = tuple(wire.packed(array) for array in arrays)
        return self._adapter._asked(wire.Call(self._number, method, blocks, options, forgotten), expected)


def _answer(found: wire.Answered) -> Answer:
    indices = None if found.indices is None else wire.unpacked(found.indices)
    return Answer(wire.unpacked(found.codes), indices, found.device, found.index_device, wire.unpacked(found.received))


def _error(raised: wire.Raised) -> Exception:
    """The error by its own name: one of Python's where it is, else one that is called the same."""
    known: Any = getattr(builtins, raised.kind, None)
    if isinstance(known, type) and issubclass(known, Exception):
        try:
            error: Exception = known(raised.words)
        except TypeError:  # one that takes more than words, such as UnicodeDecodeError
            pass
        else:
            return error
    alike: type[Exception] = type(raised.kind if raised.kind.isidentifier() else "Exception", (Exception,), {})
    return alike(raised.words)
