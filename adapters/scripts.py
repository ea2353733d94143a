"""Reproduction scripts: a probe as a few lines that need nothing but the target's own library."""

from __future__ import annotations

from .bridge import Bridge
from .construction import Construction
from .protocol import Probe, Setup


def script_for(bridge: Bridge, made: Construction, setup: Setup, probe: Probe) -> str | None:
    """The script that asks `probe` and prints what the target answers; None where none can be written."""
    lines = [*bridge.imports(), made.imports()]
    mode = _mode(bridge, setup)
    lines.extend(_built(f"q = {made.expression()}{mode}", setup))
    if probe.kind == "noise" and bridge.framework.startswith("numpy"):
        return None
    lines.extend(_ASK[probe.kind](bridge, probe))
    return "\n".join(lines)


def _built(line: str, setup: Setup) -> list[str]:
    """The line that builds it, between two that change the default dtype where the setup says so."""
    if setup.default_dtype is None:
        return [line]
    return [f"torch.set_default_dtype(torch.{setup.default_dtype})", line, "torch.set_default_dtype(torch.float32)"]


def _mode(bridge: Bridge, setup: Setup) -> str:
    moved = f".to({setup.device!r})" if setup.device != "cpu" else ""
    if bridge.framework.startswith("numpy"):
        return ""
    return f"{moved}.train()" if setup.training else f"{moved}.eval()"


def _literal(bridge: Bridge, probe: Probe, tracked: bool = False) -> str:
    assert probe.array is not None
    return bridge.literal(probe.array, probe.ramp, tracked)


def _forward(bridge: Bridge, probe: Probe) -> list[str]:
    return [f"z = {_literal(bridge, probe)}", "print(*q(z)[:2], sep='\\n')"]


def _encode(bridge: Bridge, probe: Probe) -> list[str]:
    return [f"print(q.codes_to_indices({_literal(bridge, probe)}))"]


def _decode(bridge: Bridge, probe: Probe) -> list[str]:
    return [f"print(q.indices_to_codes({_literal(bridge, probe)}))"]


def _round_trip(bridge: Bridge, probe: Probe) -> list[str]:
    return [f"index = {_literal(bridge, probe)}", "print(index, '->', q.codes_to_indices(q.indices_to_codes(index)))"]


def _vjp(bridge: Bridge, probe: Probe) -> list[str]:
    assert probe.upstream is not None
    upstream = bridge.literal(probe.upstream, False, False)
    if bridge.framework.startswith("numpy"):
        return [f"print(q.vjp({_literal(bridge, probe)}, {upstream}))"]
    return [
        f"z = {_literal(bridge, probe, tracked=True)}",
        f"(q(z)[0] * {upstream}).sum().backward()",
        "print(z.grad)",
    ]


def _construct(bridge: Bridge, probe: Probe) -> list[str]:  # noqa: ARG001
    return ["print(q)"]


def _noise(bridge: Bridge, probe: Probe) -> list[str]:  # noqa: ARG001
    """Only torch draws noise in the libraries that are known; `array` holds the one number that is quantized often."""
    assert probe.array is not None
    size, value = probe.array.size, float(probe.array.ravel()[0])
    return [
        "torch.manual_seed(0)",
        f"z = torch.full((4096, 1, {size}), {value!r})",
        "noisy, clean = q(z)[0], q.eval()(z)[0]",
        "print((noisy != clean).float().mean(), (noisy - z.tanh())[noisy != clean].abs().max())",
    ]


_ASK = {
    "noise": _noise,
    "forward": _forward,
    "codes_to_indices": _encode,
    "indices_to_codes": _decode,
    "round trip": _round_trip,
    "vjp": _vjp,
    "construct": _construct,
}
