"""Reproduction scripts: a probe as a few lines that need nothing but the target's own library."""

from __future__ import annotations

from .bridge import Bridge
from .construction import Construction
from .dialect import Dialect
from .protocol import Probe, Setup


def script_for(bridge: Bridge, made: Construction, dialect: Dialect, setup: Setup, probe: Probe) -> str | None:
    """The script that asks `probe` and prints what the target answers; None where none can be written."""
    if probe.kind == "noise" and not bridge.framework.startswith("torch"):
        return None
    lines = [*bridge.imports(setup), *made.imports()]
    lines.extend(_built([f"q = {made.expression()}{bridge.placed(setup)}", *made.assignments("q")], setup))
    lines.extend(_ASK[probe.kind](bridge, dialect, probe))
    return "\n".join(lines)


def _built(lines: list[str], setup: Setup) -> list[str]:
    """The lines that build it, between two that change the default dtype where the setup says so."""
    if setup.default_dtype is None:
        return lines
    return [f"torch.set_default_dtype(torch.{setup.default_dtype})", *lines, "torch.set_default_dtype(torch.float32)"]


def _literal(bridge: Bridge, probe: Probe) -> str:
    assert probe.array is not None
    return bridge.literal(probe.array, probe.ramp, False)


def _printed(expression: str, name: str, literal: str) -> list[str]:
    """The line that prints an expression of one array; before it the array, where it is named more than once."""
    if expression.count(f"{{{name}}}") == 1:
        return [f"print({expression.format(**{name: literal})})"]
    return [f"{name} = {literal}", f"print({expression.format(**{name: name})})"]


def _forward(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:
    return [f"z = {_literal(bridge, probe)}", f"print(*{dialect.forward.format(z='z')}[:2], sep='\\n')"]


def _encode(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:
    return _printed(dialect.encode, "codes", _literal(bridge, probe))


def _decode(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:
    return _printed(dialect.decode, "indices", _literal(bridge, probe))


def _stages(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:
    return _printed(dialect.stages, "indices", _literal(bridge, probe))


def _round_trip(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:
    decoded = dialect.decode.format(indices="index")
    first = f"index = {_literal(bridge, probe)}"
    if dialect.encode.count("{codes}") == 1:
        return [first, f"print(index, '->', {dialect.encode.format(codes=decoded)})"]
    return [first, f"codes = {decoded}", f"print(index, '->', {dialect.encode.format(codes='codes')})"]


def _vjp(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:
    return bridge.gradient(dialect.forward, probe)


def _construct(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:  # noqa: ARG001
    return ["print(q)"]


def _noise(bridge: Bridge, dialect: Dialect, probe: Probe) -> list[str]:  # noqa: ARG001
    """Only torch draws noise in the libraries that are known; `array` holds the one number that is quantized often."""
    assert probe.array is not None
    size, value = probe.array.size, float(probe.array.ravel()[0])
    noisy = dialect.forward.format(z="z")
    return [
        "torch.manual_seed(0)",
        f"z = torch.full((4096, 1, {size}), {value!r})",
        f"noisy, clean = {noisy}[0], {noisy.replace('q', 'q.eval()', 1)}[0]",
        "print((noisy != clean).float().mean(), (noisy - z.tanh())[noisy != clean].abs().max())",
    ]


_ASK = {
    "noise": _noise,
    "forward": _forward,
    "codes_to_indices": _encode,
    "indices_to_codes": _decode,
    "stage codes": _stages,
    "round trip": _round_trip,
    "vjp": _vjp,
    "construct": _construct,
}
