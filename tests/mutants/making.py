"""What the mutants are made with: a right quantizer, and ways to spoil its input, its answer or its gradient."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from fsqcheck.adapters import Capability, Construction, NativeAdapter, Setup, torch_fsq
from fsqcheck.adapters.bridge import Call
from fsqcheck.adapters.bridge_torch import TorchBridge, carried
from fsqcheck.adapters.convention import convention
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import staircase

Answer = tuple[Tensor, Tensor]


def adapted(
    rule: str = "widened", module: str = "making", name: str = "Right", bridge: str = "TorchBridge", also: str = ""
) -> NativeAdapter:
    """A class of one of these files with all that the adapter of the right one offers, over a bridge of this file.

    also: a second rule that it claims.
    """
    rules = (rule, also) if also else (rule,)
    return replace(in_the_place_of_ours(f"{__package__}.{module}", name), bridge=_BRIDGES[bridge](), rules=rules)


def in_the_place_of_ours(module: str, name: str) -> NativeAdapter:
    """The adapter of the right one, that builds another class with the same arguments."""
    right = torch_fsq.adapter()

    def construct(setup: Setup) -> Construction:
        made = right.construct(setup)
        assert isinstance(made, Construction)
        return replace(made, module=module, name=name)

    return replace(right, construct=construct)


def claiming(rule: str, module: str, name: str) -> NativeAdapter:
    """A class of one of these files as a class of the convention that says by which rule it wants to be judged.

    Its faults are those of one codebook without projections; those of other quantizers go by `adapted`.
    """
    home = f"{__package__}.{module}"
    told = "rule" in inspect.signature(Construction(home, name).target()).parameters
    call = Construction(home, name, {"rule": rule} if told else {})
    found = convention(name, call)
    if found.residual is not None:
        return replace(found, rules=(), residual=replace(found.residual, rules=(rule,)))
    return replace(found, rules=(rule,), offers=found.offers - {Capability.CODEBOOKS, Capability.PROJECTION})


class SeenElsewhere(TorchBridge):
    """Stands for a target that leaves its codes on another device, as there is only one here."""

    def device_of(self, native: Any) -> str:  # noqa: ARG002
        return "cuda"


class IndicesSeenElsewhere(TorchBridge):
    """Stands for a target that leaves its indices on another device."""

    def device_of(self, native: Any) -> str:
        return super().device_of(native) if native.is_floating_point() else "cuda"


class AsIfOnCuda(TorchBridge):
    """Stands for a machine with a CUDA device: everything runs on the CPU, and each module knows where it seems to be."""

    place = "cpu"

    def devices(self) -> tuple[str, ...]:
        return ("cpu", "cuda")

    def native(self, array: Any, device: str) -> Tensor:
        self.place = device
        tensor = super().native(array, "cpu")
        return tensor if device == "cpu" else carried(tensor, "cpu")

    def prepared(self, module: Any, device: str, training: bool, compiled: bool) -> Any:
        module.place = device
        return super().prepared(module, "cpu", training, compiled)

    def called(self, module: Any, native: Any, call: Call) -> Any:
        return super().called(module, native, replace(call, device="cpu"))

    def device_of(self, native: Any) -> str:  # noqa: ARG002
        return self.place


_BRIDGES: dict[str, type[TorchBridge]] = {
    one.__name__: one for one in (TorchBridge, SeenElsewhere, IndicesSeenElsewhere, AsIfOnCuda)
}


class Right(TorchFSQ):
    """No fault."""


class Changed(TorchFSQ):
    """A right quantizer of inputs that `changed` has spoiled; one with a wrong number of channels is refused as ever."""

    def changed(self, z: Tensor) -> Tensor:
        return z

    def forward(self, z: Tensor) -> Answer:
        fits = z.ndim > 0 and (self.channel_first or z.shape[-1] == self.width)
        return super().forward(self.changed(z) if fits else z)


def changed(spoil: Callable[[Any, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that quantizes `spoil(itself, z)`."""
    return type("Changed", (Changed,), {"changed": spoil})


def nudged(spoil: Callable[[Any, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that quantizes `spoil(itself, z)` and passes the gradient on as if it had not."""

    def moved(q: TorchFSQ, z: Tensor) -> Tensor:
        spoilt = spoil(q, z).detach()
        return torch.where(z.isfinite(), z + (spoilt - z.detach()).nan_to_num(), spoilt).to(z.dtype)

    return changed(moved)


def answering(spoil: Callable[[Any, Tensor, Tensor, Tensor], Answer]) -> type[TorchFSQ]:
    """A class that answers `spoil(itself, z, codes, indices)`."""

    def forward(self: TorchFSQ, z: Tensor) -> Answer:
        return spoil(self, z, *TorchFSQ.forward(self, z))

    return type("Answering", (TorchFSQ,), {"forward": forward})


def meddling(meddle: Callable[[], object]) -> type[TorchFSQ]:
    """A class that does something to the process in each call."""

    def forward(self: TorchFSQ, z: Tensor) -> Answer:
        meddle()
        return TorchFSQ.forward(self, z)

    return type("Meddling", (TorchFSQ,), {"forward": forward})


def decoding(decode: Callable[[TorchFSQ, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that decodes indices by `decode(itself, indices)`."""
    return type("Decoding", (TorchFSQ,), {"indices_to_codes": decode})


def encoding(encode: Callable[[TorchFSQ, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that encodes codes by `encode(itself, codes)`."""
    return type("Encoding", (TorchFSQ,), {"codes_to_indices": encode})


def packing(pack: Callable[[TorchFSQ, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that packs level indices, whole numbers in floats, by `pack(itself, level)`, in every call."""

    def _packed(self: TorchFSQ, level: Tensor) -> Tensor:
        return pack(self, level.nan_to_num()).masked_fill(level.isnan().any(dim=-1), -1)

    return type("Packing", (TorchFSQ,), {"_packed": _packed})


def activated(function: Callable[[Tensor], Tensor]) -> type[TorchFSQ]:
    """A class with another activation."""
    squashes = type("Squashes", (nn.Module,), {"forward": lambda _, x: function(x)})

    def construct(self: TorchFSQ, levels: list[int]) -> None:
        TorchFSQ.__init__(self, levels)
        self.activation = squashes()

    return type("Activated", (TorchFSQ,), {"__init__": construct, "squashes": squashes})


def _with_constants(rule: str, change: Callable[[Tensor], object]) -> type[TorchFSQ]:
    """A class of a rule whose table of constants (shift, amplitude, bias, centre, half) was changed in place."""

    def construct(self: TorchFSQ, levels: list[int]) -> None:
        TorchFSQ.__init__(self, levels, rule)

    def _lay_constants(self: TorchFSQ) -> None:
        TorchFSQ._lay_constants(self)
        for table in (self.narrow, self.wide):
            if table is not None:
                change(table)

    return type("WithConstants", (TorchFSQ,), {"__init__": construct, "_lay_constants": _lay_constants})


def rescaled(factor: float, rule: str = "widened") -> type[TorchFSQ]:
    """A class of a rule with its amplitudes times `factor`."""
    return _with_constants(rule, lambda table: table[1].mul_(factor))


def reshifted(shift: Callable[[Tensor], Tensor], rule: str = "widened") -> type[TorchFSQ]:
    """A class of a rule with its shifts changed."""
    return _with_constants(rule, lambda table: table[0].copy_(shift(table[0])))


def leveled(level_of: Callable[[Any, Tensor], Tensor], rule: str = "widened", clamped: bool = True) -> type[TorchFSQ]:
    """A class that takes its level indices from the level coordinate by `level_of(itself, u)`."""

    def construct(self: TorchFSQ, levels: list[int]) -> None:
        TorchFSQ.__init__(self, levels, rule)

    def _quantize(self: TorchFSQ, z: Tensor) -> Answer:
        smooth = TorchFSQ._quantize(self, z)[0]  # for its gradient alone
        table = self.narrow if z.dtype == torch.float32 or self.wide is None else self.wide
        shift, amplitude, bias, centre, half = table
        with torch.no_grad():
            level = level_of(self, self.activation(z + shift) * amplitude + bias)
            level = torch.minimum(level.clamp(min=0.0), (self.sizes - 1).to(z.dtype)) if clamped else level
            hard = (level - centre) / half
        return smooth + (hard - smooth).detach(), self._packed(level)

    return type("Leveled", (TorchFSQ,), {"__init__": construct, "_quantize": _quantize})


def releveled(change: Callable[[Any, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that turns its level indices into others before it makes codes and indices of them."""
    return leveled(lambda q, u: change(q, torch.minimum(u.round().clamp(min=0.0), (q.sizes - 1).to(u.dtype))))


def regridded(change: Callable[[Any, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that gives other codes for its levels, in the forward call alone; its gradient is right."""
    return answering(lambda q, _z, codes, indices: (codes + (change(q, codes) - codes).detach(), indices))


def moved_threshold(units: float, levels: int = 8, step: int = 3) -> type[TorchFSQ]:
    """A class that steps later, by so many half-widths of the float32 band, at one threshold of channels with L levels."""

    def late(q: TorchFSQ, z: Tensor) -> Tensor:
        stair = staircase(q.rule, levels, "float32")
        place = float(stair.steps[step - 1])
        slope = float(q.rule.slope(stair.steps[step - 1 : step], levels)[0]) * q.rule.grid.half(levels)
        reach = units * stair.half_width / slope
        within = (z >= place) & (z < place + reach) & (q.sizes == levels)
        return torch.where(within, place - 0.01, z)

    return nudged(late)


class Backward(torch.autograd.Function):
    """The identity forward, and `spoil` of the gradient backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, spoil: Any) -> Tensor:
        ctx.spoil = spoil
        return z.clone()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        return ctx.spoil(upstream), None


def spoiled(z: Tensor, spoil: Any) -> Tensor:
    found: Tensor = Backward.apply(z, spoil)  # type: ignore[no-untyped-call]  # torch has no type for it
    return found


def backwards(spoil: Callable[[Any, Tensor, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class whose gradient is `spoil(itself, z, gradient)`."""
    return changed(lambda q, z: spoiled(z, lambda gradient: spoil(q, z.detach(), gradient)))


def coordinate(q: TorchFSQ, codes: Tensor) -> Tensor:
    """Where codes lie on the grid, in levels, computed in their own dtype."""
    grids = [(q.rule.grid.half(level), q.rule.grid.centre(level)) for level in q.levels]
    half, centre = codes.new_tensor(grids).T
    found: Tensor = codes * half + centre
    return found


def scale_amplitude(q: TorchFSQ, factor: float) -> None:
    """Changes the amplitude of every channel."""
    for table in (q.narrow, q.wide):
        if table is not None:
            table[1] *= factor


def give_names(module: dict[str, Any]) -> None:
    """Names the classes that the functions of this file made after the variables that hold them, so that they pickle."""
    for name, value in list(module.items()):
        here = isinstance(value, type) and value.__module__ in (__name__, module["__name__"])
        if here and value.__name__ != name:
            value.__module__, value.__name__, value.__qualname__ = module["__name__"], name, name
            if inner := vars(value).get("squashes"):
                inner.__module__, inner.__qualname__ = module["__name__"], f"{name}.squashes"
                inner.__name__ = "squashes"
