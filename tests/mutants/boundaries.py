"""Quantizers that are wrong in where they step: one fault each, and named by it."""

from __future__ import annotations

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import (
    Answer,
    activated,
    answering,
    changed,
    coordinate,
    decoding,
    give_names,
    leveled,
    moved_threshold,
    nudged,
    regridded,
    releveled,
    rescaled,
    reshifted,
    scale_amplitude,
)

# The activation

TanhIsZero = activated(lambda x: 0.0 * x)
TanhIsHalved = activated(lambda x: 0.5 * torch.tanh(x))
TanhIsNegated = activated(lambda x: -torch.tanh(x))
TanhIsSign = activated(torch.sign)
OverflowsInTheExponential = changed(lambda _, z: torch.atanh(((2 * z).exp() - 1) / ((2 * z).exp() + 1)))

# The constants of the rule

ShiftsByTan = rescaled(1.001 / 0.999, "paper")
NarrowsTheAmplitude = rescaled(0.999 / 1.001)
ForgetsEpsilon = rescaled(1 / 1.001)
TakesATenTimesLargerEpsilon = rescaled(1.01 / 1.001)
ForgetsToShift = reshifted(lambda shift: 0.0 * shift)
ShiftsTheWrongWay = reshifted(lambda shift: -shift)
ShiftsThresholds = changed(lambda _, z: z + 0.01)
OffsetsOddInsteadOfEven = changed(lambda q, z: z + z.new_tensor([0.15 if L % 2 else -0.15 for L in q.levels]))

# Single steps

MovesOneThresholdBy3Units = moved_threshold(3)
MovesOneThresholdBy30Units = moved_threshold(30)
MovesOneThresholdBy300Units = moved_threshold(300)
LosesItsTopLevel = releveled(lambda q, level: torch.minimum(level, q.sizes - 2.0))
LosesItsBottomLevel = releveled(lambda _, level: level.clamp(min=1.0))
LosesAMiddleLevel = releveled(lambda _, level: torch.where(level == 1, 2.0, level).to(level.dtype))
NeverReachesTheEnds = changed(lambda _, z: z.clamp(-0.8, 0.8))
TurnsBackBeyondThree = changed(lambda _, z: torch.where(z.abs() > 3, -z, z))
DipsInANarrowWindow = changed(lambda _, z: torch.where((z > 5.0301) & (z < 5.0313), -z, z))
ForgetsInfinity = changed(lambda _, z: torch.where(z.isinf(), 0.0, z))
IsWrongAtSixLevelsOnly = releveled(lambda q, level: torch.where(q.sizes == 6, 5.0 - level, level).to(level.dtype))
IsWrongFromFiftyLevelsOn = changed(lambda q, z: z + z.new_tensor([0.01 * (L >= 50) for L in q.levels]))

# The rounding

FloorsInsteadOfRounding = leveled(lambda _, u: u.floor())
CeilsInsteadOfRounding = leveled(lambda _, u: u.ceil())
TruncatesTheCentredCoordinate = leveled(lambda q, u: (u - q.narrow[3]).trunc() + q.narrow[3])
RoundsHalfAwayFromZero = leveled(lambda _, u: (u + 0.5).floor(), "symmetric-even")
RoundsHalfToEven = leveled(lambda _, u: u.round(), "symmetric")
RoundsAfterUnscaling = answering(
    lambda _, _z, codes, indices: (codes.detach().round() + codes - codes.detach(), indices)
)
CollapsesToThreeCodes = answering(
    lambda _, z, codes, indices: (codes + (torch.tanh(z).round() / 4 - codes).detach(), indices)
)
DecodesWithoutUnscaling = decoding(lambda q, indices: q.narrow[4] * TorchFSQ.indices_to_codes(q, indices))

# The codes

LeaksTheInputIntoTheCodes = answering(lambda _, z, codes, indices: (codes + 1e-2 * torch.tanh(z), indices))
StretchesCodesByFourUlps = regridded(lambda _, hard: hard * (1 + 4 * torch.finfo(hard.dtype).eps))
GivesLevelsForCodes = regridded(coordinate)

# The channels

TreatsAllChannelsAsTheFirst = changed(lambda q, z: torch.where(q.sizes == q.sizes[0], z, 0.7 * z))
QuantizesOnlyTheFirstChannel = answering(
    lambda _, z, codes, indices: (torch.cat([codes[..., :1], torch.tanh(z[..., 1:])], dim=-1), indices)
)
SwapsTwoChannels = changed(lambda _, z: z[..., [1, 0, *range(2, z.shape[-1])]] if z.shape[-1] > 1 else z)


class CountsFromZeroAtTwoLevels(TorchFSQ):
    """As vector-quantize-pytorch 1.21.0 to 1.21.9: three codes where there are two."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "symmetric")

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        two = self.sizes == 2
        return torch.where(two, (z.tanh() + 1).round(), codes), indices + (z.tanh() > 0.5)[..., two].sum(dim=-1)


class ComputesTheErratum(TorchFSQ):
    """Shifts by atanh where `paper` shifts by tan."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "paper")

    def _lay_constants(self) -> None:
        super()._lay_constants()
        for table in (self.narrow, self.wide):
            assert table is not None
            offset = (self.sizes % 2 == 0) / 2
            table[0] = torch.where(self.sizes > 2, torch.atanh((offset / table[1]).clamp(max=0.99)), table[0])


class CallsItselfPaperAtanh(TorchFSQ):
    """The amplitude of `widened` under the name of `paper-atanh`."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "paper-atanh")

    def _lay_constants(self) -> None:
        super()._lay_constants()
        scale_amplitude(self, 1.001 / 0.999)


class ForgetsTheFactorOfS3(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "s3")

    def _lay_constants(self) -> None:
        super()._lay_constants()
        scale_amplitude(self, 1 / 0.999)


class SquashesIfsqBy1702(TorchFSQ):
    """The steepness of the other well-known sigmoid approximation."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "ifsq")

    def forward(self, z: Tensor) -> Answer:
        return super().forward(z * (1.702 / 1.6))


class ClampsWithoutItsShift(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "widened-clamp")

    def _lay_constants(self) -> None:
        super()._lay_constants()
        self.narrow[0] = 0.0
        if self.wide is not None:
            self.wide[0] = 0.0


class ClampsAndSquashes(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "symmetric-clamp")

    def forward(self, z: Tensor) -> Answer:
        return super().forward(torch.tanh(z))


ErrsAtFiveEighths = nudged(  # where a tanh of float32 changes its formula
    lambda _, z: torch.where(z.abs() == 0.625, -z, z) if z.dtype == torch.float32 else z
)
MasksASentinel = nudged(lambda _, z: torch.where(z == -1e9, 0.0, z) if z.dtype == torch.float32 else z)

give_names(globals())
