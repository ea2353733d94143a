"""The mutants as rows: which clause must catch each, and in which words."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from fsqcheck.conformance.clause import FAMILIES

MUTANTS = "fsqcheck.tests.mutants"

#: What needs minutes of compilation.
NOT_HERE = {"DEV-5"}


def _home(name: str) -> str:
    """The file of mutants that holds a class."""
    homes = ("making", *(family for family, _ in FAMILIES.values()))
    return next(home for home in homes if hasattr(importlib.import_module(f"{MUTANTS}.{home}"), name))


@dataclass(frozen=True)
class Offender:
    """A mutant, the clause that must catch it, and words of its message.

    door: `class` as a class of the convention, `adapter` with codebooks, projections and noise, or the name of a bridge
    of making.py that such an adapter is built over.
    """

    name: str
    clause: str
    says: str
    rule: str = "widened"
    door: str = "class"

    @property
    def target(self) -> str:
        """How a user would name it on the command line."""
        module = _home(self.name)
        if self.door == "class":
            return f"{MUTANTS}.{module}:{self.name}" + ("(rule='symmetric')" if self.rule == "symmetric" else "")
        bridge = "" if self.door == "adapter" else f", bridge={self.door!r}"
        return f"{MUTANTS}.making:adapted(module={module!r}, name={self.name!r}{bridge})"


OFFENDERS = (
    Offender("LeaksTheInputIntoTheCodes", "BND-1", "which is none of the"),
    Offender("NeverReachesTheEnds", "BND-2", "levels reached"),
    Offender("ShiftsThresholds", "BND-3", "takes level"),
    Offender("ShiftsByTan", "BND-3", "takes level"),
    Offender("NarrowsTheAmplitude", "BND-3", "takes level"),
    Offender("TurnsBackBeyondThree", "BND-4", "the code falls from"),
    Offender("OverflowsInTheExponential", "BND-5", "gives the code nan"),
    Offender("RoundsAfterUnscaling", "BND-6", "were not rounded in units of levels"),
    Offender("DropsTheLowestLevel", "SYM-1", "has no mirrored code", "symmetric"),
    Offender("ShiftsTheNegativeSide", "SYM-2", "and -z takes", "symmetric"),
    Offender("BreaksTiesDownwards", "SYM-3", "z = 0.0 gives the code", "symmetric"),
    Offender("OffsetsOddLevels", "SYM-4", "z = 0.0 gives the code", "symmetric"),
    Offender("IsSymmetricWhereTheRuleIsLopsided", "SYM-5", "gives the code"),
    Offender("TrainsOnlyWhereBatchEqualsChannels", "SHP-1", "raises"),
    Offender("GuessesTheLayout", "SHP-1", "an input of shape (3, 3, 3)"),
    Offender("SqueezesAxesOfLengthOne", "SHP-2", "have the wrong shape"),
    Offender("NeedsALargestElement", "SHP-3", "raises"),
    Offender("NormalizesTheBatch", "SHP-4", "those of the whole batch"),
    Offender("ForgetsPositionsBeyond2To16", "SHP-5", "further up"),
    Offender("IgnoresStrides", "SHP-6", "those of its contiguous copy"),
    Offender("ClipsInPlace", "SHP-7", "the input's values after the call"),
    Offender("DecodesCodebooksInReverse", "SHP-8", "the decoded codes are wrong", door="adapter"),
    Offender("DealsOutNumbersAsVectors", "SHP-9", "passes through a quantizer of 3"),
    Offender("FailsInsideOnPlainVectors", "SHP-10", "is refused with KeyError"),
    Offender("DecodesWithoutProjection", "SHP-11", "the codes decoded from the indices are wrong", door="adapter"),
    Offender("AnswersInFloat32", "SHP-12", "the codes have the wrong dtype"),
    Offender("LosesTheLastIndex", "IDX-1", "decoded and encoded again, the index"),
    Offender("DecodesInFloat16", "IDX-2", "after encoding and decoding are wrong"),
    Offender("FlattensWhatItEncodes", "IDX-3", "the indices of the forward call have the wrong shape"),
    Offender("ComputesIndicesOnAnotherPath", "IDX-3", "the indices of the forward call are wrong"),
    Offender("PacksTheLastChannelFirst", "IDX-4", "encoding the codes of the index"),
    Offender("GivesIndicesAsFloats", "IDX-5", "the indices are not integers"),
    Offender("SumsIndicesInFloat32", "IDX-6", "encoding the codes of the index"),
    Offender("ForwardsIndicesInFloat32", "IDX-6", "quantizing the vector of the index"),
    Offender("CutsInsteadOfRounding", "IDX-7", "encoding the codes of the index"),
    Offender("CutsFloat64InsteadOfRounding", "IDX-7", "encoding the codes of the index"),
    Offender("SumsIndicesInTheCodesDtype", "IDX-8", "encoding the codes of the index"),
    Offender("WrapsBadIndices", "IDX-9", "decodes to"),
    Offender("DecodesChannelFirst", "IDX-10", "the decoded codes have the wrong shape"),
    Offender("HoldsItsCodebook", "IDX-11", "bytes for each of its codes"),
    Offender("PacksInTheInputsDtype", "IDX-12", "the indices are wrong"),
    Offender("PassesTheUpstreamThrough", "GRD-1", "the smooth part's is"),
    Offender("AveragesGradientsOverTheBatch", "GRD-2", "the gradient at (position, channel)"),
    Offender("SendsGradientsToTheNextSample", "GRD-2", "the gradient at (position, channel)"),
    Offender("ClipsGradients", "GRD-3", "times the upstream are wrong"),
    Offender("PassesTheUpstreamThrough", "GRD-4", "the gradients at saturation are wrong"),
    Offender("GivesNoGradient", "GRD-5", "gets the gradient 0.0"),
    Offender("CentresTheStraightThroughOnTheInput", "GRD-6", "the codes with gradients recorded differ"),
    Offender("DropsOutInTraining", "GRD-7", "in training mode differ"),
    Offender("GivesGradientsInFloat64", "GRD-8", "the gradient have the wrong dtype"),
    Offender("ComputesFloat64InFloat32", "GRD-9", "the smooth part's is"),
    Offender("ComputesFloat64InFloat32", "NUM-1", "takes level"),
    Offender("KeepsSixBitsOfFloat16", "NUM-2", "takes level"),
    Offender("RoundsHalfPrecisionOnTheWay", "NUM-3", "takes level"),
    Offender("BlowsUpTinyInputs", "NUM-4", "takes level"),
    Offender("HidesNan", "NUM-5", "a NaN input gets the code"),
    Offender("SpreadsNan", "NUM-6", "the codes next to a NaN differ"),
    Offender("OvershootsItsEnds", "NUM-7", "takes level -1"),
    Offender("ConfusesIndicesFrom1000Levels", "NUM-7", "the indices are wrong"),
    Offender("DithersInEvaluation", "TRN-1", "differ from those of the first"),
    Offender("KeepsItsNoiseInEvaluation", "TRN-2", "in evaluation with noise 0.5 differ", "symmetric", "adapter"),
    Offender("IgnoresTheNoiseProbability", "TRN-3", "of the elements are noisy", "symmetric", "adapter"),
    Offender("AddsHalfAUnitOfNoise", "TRN-4", "half a step is", "symmetric", "adapter"),
    Offender("SharesItsNoiseBetweenChannels", "TRN-4", "the noise of channel 1 follows", "symmetric", "adapter"),
    Offender("IndexesWhatItsNoiseMade", "TRN-5", "outside the codebook", door="adapter"),
    Offender("ForgetsItsGain", "TRN-6", "the codes of the copy differ"),
    Offender("DrawsTheSameNoiseAlways", "TRN-7", "two draws of noise are the same", "symmetric", "adapter"),
    Offender("Right", "DEV-1", "an input on cpu gets codes on cuda", door="SeenElsewhere"),
    Offender("DriftsOnItsAccelerator", "DEV-2", "the levels on cuda", door="AsIfOnCuda"),
    Offender("HalvesItsWeights", "DEV-3", "the indices that it encodes its codes to are wrong"),
    Offender("PacksByMatrixProduct", "DEV-4", "the indices under autocast are wrong"),
)
