"""The mutants as rows: which clause must catch each, in which words, and what its fault spoils."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from fsqcheck.conformance.clause import FAMILIES, catalogue

from .business import concerned
from .residual_rows import RESIDUAL_ROWS

MUTANTS = "fsqcheck.tests.mutants"


#: The files of mutants.
HOMES = ("making", *(family for family, *_ in FAMILIES.values()), "residual_use")


def home_of(name: str) -> ModuleType:
    """The file of mutants that holds a class."""
    modules = (importlib.import_module(f"{MUTANTS}.{home}") for home in HOMES)
    return next(module for module in modules if hasattr(module, name))


@dataclass(frozen=True)
class Offender:
    """A mutant, the clause that must catch it, words of its message, and the parts of business.PARTS that it spoils.

    Clauses that look at none of these parts must stay silent. rule: by which it is judged. door: `class` as a class of
    the convention, `adapter` with codebooks, projections and noise, or the name of a bridge of making.py that such an
    adapter is built over. tier: the tier in which its clause is tried at all.
    """

    name: str
    clause: str
    says: str
    spoils: str
    rule: str = "widened"
    door: str = "class"
    tier: str = "quick"

    @property
    def target(self) -> str:
        """How a user would name it on the command line."""
        home = home_of(self.name)
        arguments = f"rule={self.rule!r}, module={home.__name__.rpartition('.')[2]!r}, name={self.name!r}"
        if self.door == "class":
            return f"{MUTANTS}.making:claiming({arguments})"
        bridge = "" if self.door == "adapter" else f", bridge={self.door!r}"
        return f"{MUTANTS}.making:adapted({arguments}{bridge})"

    @property
    def silent(self) -> frozenset[str]:
        """The clauses on whose business its fault is not."""
        return frozenset(catalogue()) - concerned(self.spoils)


OFFENDERS = (
    # boundaries
    Offender("TanhIsZero", "BND-2", "levels reached", "level gradient"),
    Offender("TanhIsHalved", "BND-2", "levels reached", "level gradient"),
    Offender("TanhIsNegated", "BND-4", "the code falls from", "level gradient"),
    Offender("TanhIsSign", "BND-2", "levels reached", "level gradient nan"),
    Offender("OverflowsInTheExponential", "BND-5", "gives the code nan", "level code gradient nan"),
    Offender("ShiftsByTan", "BND-3", "takes level", "level gradient"),
    Offender("NarrowsTheAmplitude", "BND-3", "takes level", "level gradient"),
    Offender("ForgetsEpsilon", "BND-3", "takes level", "level gradient"),
    Offender("TakesATenTimesLargerEpsilon", "BND-3", "takes level", "level gradient"),
    Offender("ForgetsToShift", "BND-3", "takes level", "level gradient"),
    Offender("ShiftsTheWrongWay", "BND-3", "takes level", "level gradient"),
    Offender("ShiftsThresholds", "BND-3", "takes level", "level gradient"),
    Offender("OffsetsOddInsteadOfEven", "BND-3", "takes level", "level gradient"),
    Offender("MovesOneThresholdBy3Units", "BND-3", "takes level", "level"),
    Offender("MovesOneThresholdBy30Units", "BND-3", "takes level", "level"),
    Offender("MovesOneThresholdBy300Units", "BND-3", "takes level", "level"),
    Offender("LosesItsTopLevel", "BND-2", "levels reached", "level"),
    Offender("LosesItsBottomLevel", "BND-2", "levels reached", "level"),
    Offender("LosesAMiddleLevel", "BND-2", "levels reached", "level"),
    Offender("NeverReachesTheEnds", "BND-2", "levels reached", "level gradient"),
    Offender("TurnsBackBeyondThree", "BND-4", "the code falls from", "level gradient"),
    Offender("DipsInANarrowWindow", "BND-4", "the code falls from", "level gradient"),
    Offender("ForgetsInfinity", "BND-5", "takes level", "level"),
    Offender("IsWrongAtSixLevelsOnly", "BND-3", "takes level", "level"),
    Offender("IsWrongFromFiftyLevelsOn", "BND-3", "takes level", "level gradient"),
    Offender("ErrsAtFiveEighths", "BND-3", "takes level", "level"),
    Offender("FloorsInsteadOfRounding", "BND-3", "takes level", "level"),
    Offender("CeilsInsteadOfRounding", "BND-3", "takes level", "level"),
    Offender("TruncatesTheCentredCoordinate", "BND-3", "takes level", "level"),
    Offender("RoundsHalfAwayFromZero", "SYM-3", "gives the code", "level", "symmetric-even"),
    Offender("RoundsHalfToEven", "SYM-3", "gives the code", "level", "symmetric"),
    Offender("RoundsAfterUnscaling", "BND-6", "were not quantized in units of levels", "code"),
    Offender("CollapsesToThreeCodes", "BND-6", "were not quantized in units of levels", "code gradient"),
    Offender("DecodesWithoutUnscaling", "BND-6", "were not decoded in units of levels", "decode"),
    Offender("LeaksTheInputIntoTheCodes", "BND-1", "which is none of the", "code gradient"),
    Offender("StretchesCodesByFourUlps", "BND-1", "which is none of the", "code"),
    Offender("GivesLevelsForCodes", "BND-1", "which is none of the", "code"),
    Offender("TreatsAllChannelsAsTheFirst", "BND-3", "takes level", "level gradient"),
    Offender("QuantizesOnlyTheFirstChannel", "BND-1", "which is none of the", "code gradient"),
    Offender("SwapsTwoChannels", "BND-3", "takes level", "level gradient context nan"),
    Offender("CountsFromZeroAtTwoLevels", "BND-1", "which is none of the", "code index gradient", "symmetric"),
    Offender("ComputesTheErratum", "NUM-1", "takes level", "level gradient", "paper"),
    Offender("CallsItselfPaperAtanh", "BND-3", "takes level", "level gradient", "paper-atanh"),
    Offender("ForgetsTheFactorOfS3", "BND-3", "takes level", "level gradient", "s3"),
    Offender("SquashesIfsqBy1702", "BND-3", "takes level", "level gradient", "ifsq"),
    Offender("ClampsWithoutItsShift", "BND-3", "takes level", "level gradient", "widened-clamp"),
    Offender("ClampsAndSquashes", "BND-3", "takes level", "level gradient", "symmetric-clamp"),
    # symmetry
    Offender("DropsTheLowestLevel", "SYM-1", "has no mirrored code", "level gradient", "symmetric"),
    Offender("ShiftsTheNegativeSide", "SYM-2", "and -z takes", "level gradient", "symmetric"),
    Offender("BreaksTiesDownwards", "SYM-3", "z = 0.0 gives the code", "level gradient", "symmetric"),
    Offender("TakesNegativeZeroForNegative", "SYM-3", "z = -0.0 gives the code", "level gradient", "symmetric"),
    Offender("OffsetsOddLevels", "SYM-4", "z = 0.0 gives the code", "level gradient", "symmetric"),
    Offender("TakesZeroVectorsForPadding", "SYM-4", "z = 0.0 gives the code", "level gradient"),
    Offender("NumbersZerosAsPadding", "SYM-4", "the indices of zeros are wrong", "index"),
    Offender("NumbersCentredLevelsByCutting", "SYM-2", "are not", "index", "symmetric"),
    Offender("DecodesHalfALevelTooHigh", "SYM-1", "has no mirrored code", "decode", "symmetric"),
    Offender("DecodesEvenLevelsSymmetrically", "SYM-5", "are decoded to the codes", "decode"),
    Offender("MirrorsItsCodes", "BND-3", "takes level", "code gradient", "symmetric"),
    Offender("NumbersFromTheTop", "IDX-5", "gets the index", "index", "symmetric"),
    Offender("IsSymmetricWhereTheRuleIsLopsided", "SYM-5", "gives the code", "level code index encode decode gradient"),
    Offender(
        "IsLopsidedWhereTheRuleIsSymmetric",
        "SYM-5",
        "gives the code",
        "level code index encode decode gradient",
        "symmetric",
    ),
    # shapes
    Offender("TrainsOnlyWhereBatchEqualsChannels", "SHP-1", "raises", "shape context copy"),
    Offender("GuessesTheLayout", "SHP-1", "an input of shape (3, 3, 3)", "shape context"),
    Offender("DealsOutNumbersAsVectors", "SHP-9", "passes through a quantizer of 3", "shape"),
    Offender("UnfoldsTwiceTheChannels", "SHP-9", "an input with 6 channels passes", "shape"),
    Offender("StepsElsewhereInPlainBatches", "SHP-1", "takes level", "shape"),
    Offender("CutsExtraChannels", "SHP-9", "passes through a quantizer of 3", "shape"),
    Offender("PassesManyForOne", "SHP-9", "an input with 5 channels passes through a quantizer of 1", "shape"),
    Offender("TransposesImages", "SHP-1", "in the layout BHWd", "shape context gradient"),
    Offender("FailsOnFourAxesWithCodebooks", "SHP-8", "raises", "shape", "widened", "adapter"),
    Offender("FailsInsideOnPlainVectors", "SHP-10", "is refused with KeyError", "shape"),
    Offender("SqueezesAxesOfLengthOne", "SHP-2", "have the wrong shape", "shape index"),
    Offender("UnwrapsSingleVectors", "SHP-2", "have the wrong shape", "shape index"),
    Offender("FlattensItsIndices", "SHP-1", "have the wrong shape", "shape index"),
    Offender("KeepsAnAxisForItsIndices", "SHP-1", "have the wrong shape", "shape index"),
    Offender("NeedsALargestElement", "SHP-3", "raises", "shape"),
    Offender("NeedsALargestIndex", "SHP-3", "indices_to_codes of an array of shape", "shape"),
    Offender("DecodesNothingToAVector", "SHP-3", "the codes of no indices have the wrong shape", "decode shape"),
    Offender("NeedsALargestCode", "SHP-3", "codes_to_indices of an array of shape", "shape"),
    Offender("NormalizesTheBatch", "SHP-4", "those of the whole batch", "level gradient context shape"),
    Offender("SubtractsTheMean", "SHP-4", "those of the whole batch", "level gradient context nan"),
    Offender("LeaksOneSampleIntoTheNext", "SHP-4", "those of the whole batch", "context gradient"),
    Offender("DriftsAlongTheSequence", "SHP-5", "further up", "level gradient context"),
    Offender("ForgetsPositionsBeyond2To16", "SHP-5", "further up", "context index"),
    Offender("ErrsInLargeBatches", "SHP-5", "in a sequence", "context"),
    Offender("ErrsInLongBatches", "SHP-5", "in a single sequence", "context shape"),
    Offender("ForgetsSamplesFrom65535On", "SHP-5", "in a sequence", "context index"),
    Offender("ForgetsWhatIsLeftOfAThousand", "SHP-5", "the indices of a sequence of 1001", "context"),
    Offender("ForgetsPositionsBeyond2To16ChannelFirst", "SHP-5", "in the layout BdT", "context", "widened", "adapter"),
    Offender("ForgetsLongFloat64", "SHP-5", "further up in float64", "context"),
    Offender("LeavesTheEdgesOfImages", "SHP-5", "in the layout BdHW", "context", "widened", "adapter"),
    Offender("TakesASingleVectorRoughly", "SHP-4", "the codes of a vector alone", "context gradient"),
    Offender("ErrsBeyond2To18Vectors", "SHP-5", "in a sequence", "context", tier="standard"),
    Offender("EncodesLongListsWrongly", "SHP-5", "the indices of a long list of codes differ", "context encode"),
    Offender("DecodesLongListsWrongly", "SHP-5", "the codes of a long list of indices differ", "context decode"),
    Offender("ErrsUnlessBatchIsOne", "SHP-1", "an input of shape", "shape context level gradient"),
    Offender("ErrsOnStridedInputs", "SHP-6", "those of its contiguous copy", "shape"),
    Offender("EncodesStridedCodesWrongly", "SHP-6", "those of their contiguous copy", "shape encode"),
    Offender("IgnoresStrides", "SHP-6", "those of its contiguous copy", "shape"),
    Offender("IgnoresGapsBetweenRows", "SHP-6", "the codes of the columns input", "shape"),
    Offender("ErrsOnExpandedChannels", "SHP-6", "the codes of the expanded input", "shape"),
    Offender("ErrsOnChannelsLast", "SHP-6", "the codes of the moved input", "shape", "widened", "adapter"),
    Offender("DecodesStridedIndicesWrongly", "SHP-6", "the codes of transposed indices", "shape decode"),
    Offender("WritesToReadOnlyInputs", "SHP-6", "raises for the read-only input", "shape"),
    Offender("ClipsInPlace", "SHP-7", "the input's values after the call", "written shape"),
    Offender("ScalesCodesInPlace", "SHP-7", "the codes after encoding", "written encode"),
    Offender("ScalesTheUpstreamInPlace", "SHP-7", "the upstream after the backward pass", "written gradient"),
    Offender("AnswersFromOneBuffer", "SHP-13", "after a second one", "written context"),
    Offender("EncodesIntoOneBuffer", "SHP-13", "the encoded indices after a second one", "written encode"),
    Offender("DecodesIntoOneBuffer", "SHP-13", "the decoded codes after a second one", "written decode"),
    Offender("GivesGradientsFromOneBuffer", "SHP-13", "the gradient after a second one", "written gradient"),
    Offender("RemembersWhatItDecoded", "SHP-13", "what is written into the decoded codes", "written decode"),
    Offender("DecodesCodebooksInReverse", "SHP-8", "the decoded codes are wrong", "decode", "widened", "adapter"),
    Offender("TrainsItsFirstCodebookOnly", "SHP-8", "gradients of several codebooks", "shape", door="adapter"),
    Offender("TakesCodebooksRoughlyInHalf", "SHP-8", "the levels with several codebooks", "shape", door="adapter"),
    Offender("NumbersFourthCodebooksAsFirst", "SHP-8", "the indices, as (position, group", "shape", door="adapter"),
    Offender("SpreadsNanOverItsCodebooks", "SHP-8", "the codes of groups without NaN", "shape", door="adapter"),
    Offender("ReshapesBeforeItsProjection", "SHP-11", "gets another index than among", "shape", door="adapter"),
    Offender("CentresItsBatchBeforeItsProjection", "SHP-11", "gets another index than among", "shape", door="adapter"),
    Offender(
        "DecodesWithoutProjection",
        "SHP-11",
        "the codes decoded from the indices are wrong",
        "decode",
        "widened",
        "adapter",
    ),
    Offender(
        "DecodesNarrowWidthsWithoutProjection",
        "SHP-11",
        "the codes decoded from the indices are wrong",
        "decode",
        "widened",
        "adapter",
    ),
    Offender("AnswersInFloat32", "SHP-12", "the codes have the wrong dtype", "dtype code"),
    Offender("AnswersBfloat16InFloat16", "SHP-12", "the codes have the wrong dtype", "dtype"),
    Offender("WidensWhenGradientsAreRecorded", "SHP-12", "the codes have the wrong dtype", "dtype"),
    # indices
    Offender("PacksTheLastChannelFirst", "IDX-4", "encoding the codes of the index", "index encode"),
    Offender("SkipsTheFirstRadix", "IDX-4", "encoding the codes of the index", "index encode"),
    Offender("OverflowsInt32", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("SumsIndicesInFloat32", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("KeepsItsBasisInFloat32", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("CountsFromOne", "IDX-5", "outside the codebook", "index encode nan"),
    Offender("WrapsAt16Bits", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("SumsIndicesInFloat64", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender(
        "SortsItsChannelsByName", "IDX-6", "encoding the codes of the index", "level code index encode decode gradient"
    ),
    Offender("ReversesItsBasisFromFourChannels", "IDX-4", "encoding the codes of the index", "index encode decode"),
    Offender("NumbersFiveChannelsOnwardsByFour", "IDX-5", "vectors share", "index nan"),
    Offender("GivesIndicesAsFloats", "IDX-5", "the indices are not integers", "index"),
    Offender("ForwardsIndicesInFloat32", "IDX-6", "quantizing the vector of the index", "index"),
    Offender("NumbersTheNextCodeInTraining", "IDX-3", "the indices of the forward call are wrong", "index context nan"),
    Offender("ForgetsItsIndices", "IDX-3", "no indices, although it declares", "index", door="adapter"),
    Offender("ComputesIndicesOnAnotherPath", "IDX-3", "the indices of the forward call are wrong", "index"),
    Offender("PacksHalfInputsInHalf", "IDX-12", "the indices are wrong", "index"),
    Offender("SumsLargeIndicesOfHalfInputsInFloat32", "IDX-6", "quantizing the vector of the index", "index"),
    Offender("WrapsIndicesOfFloat64AtInt32", "IDX-6", "quantizing the vector of the index", "index"),
    Offender("ReadsSixteenChannelsOnly", "IDX-6", "quantizing the vector of the index", "level gradient nan"),
    Offender("LosesTheLastIndex", "IDX-1", "decoded and encoded again, the index", "encode"),
    Offender("FlattensWhatItEncodes", "IDX-3", "the indices of the forward call have the wrong shape", "encode"),
    Offender("CutsInsteadOfRounding", "IDX-7", "encoding the codes of the index", "encode"),
    Offender("CutsFloat64InsteadOfRounding", "IDX-7", "encoding the codes of the index", "encode"),
    Offender("SumsHalfCodesInHalf", "IDX-8", "encoding the codes of the index", "encode nan"),
    Offender("SumsLargeHalfCodesInFloat32", "IDX-8", "encoding the codes of the index", "encode"),
    Offender("SqueezesWhatItEncodes", "IDX-1", "the indices have the wrong shape", "encode"),
    Offender("DecodesFineChannelsInFloat16", "IDX-2", "after encoding and decoding are wrong", "decode"),
    Offender("DecodesInFloat16", "IDX-2", "after encoding and decoding are wrong", "decode"),
    Offender("DecodesTheNextIndex", "IDX-1", "decoded and encoded again, the index", "decode nan"),
    Offender("DecodesOneChannelWithoutItsAxis", "IDX-1", "the decoded codes have the wrong shape", "decode"),
    Offender("WrapsBadIndices", "IDX-9", "decodes to", "refusal nan"),
    Offender("ChecksTheFirstIndexOnly", "IDX-9", "decodes behind 4 valid ones to", "refusal"),
    Offender("DecodesChannelFirst", "IDX-10", "the decoded codes have the wrong shape", "decode"),
    Offender(
        "DecodesPlainIndicesChannelsLast",
        "IDX-10",
        "the decoded codes have the wrong shape",
        "decode",
        "widened",
        "adapter",
    ),
    Offender("DecodesInTheIndicesDtype", "IDX-13", "the codes of", "decode"),
    Offender("DecodesLargeCodebooksInTheIndicesDtype", "IDX-13", "the codes of int32 indices", "decode"),
    Offender("BuildsItsCodebookAtTheFirstDecode", "IDX-11", "bytes for each of its codes", "memory"),
    Offender("HoldsItsCodebook", "IDX-11", "bytes for each of its codes", "memory"),
    # gradients
    Offender("PassesTheUpstreamThrough", "GRD-1", "the smooth part's is", "gradient"),
    Offender("DoublesGradients", "GRD-1", "the smooth part's is", "gradient"),
    Offender("NegatesGradients", "GRD-1", "the smooth part's is", "gradient"),
    Offender("MissesTheLastChannel", "GRD-1", "the smooth part's is", "gradient"),
    Offender("PassesGradientsOfLevels", "GRD-1", "the smooth part's is", "gradient"),
    Offender("StopsGradientsBeyondOne", "GRD-1", "the smooth part's is", "gradient"),
    Offender("SharesGradientsBetweenChannels", "GRD-2", "the gradient at (position, channel)", "gradient"),
    Offender("AveragesGradientsOverTheBatch", "GRD-2", "the gradient at (position, channel)", "gradient"),
    Offender("SendsGradientsToTheNextSample", "GRD-2", "the gradient at (position, channel)", "gradient"),
    Offender("DoublesGradientsInPlainBatches", "GRD-8", "the gradients of an input of shape", "gradient"),
    Offender("ClampsGradientsBeyondTenMillion", "GRD-3", "times the upstream are wrong", "gradient"),
    Offender("FlushesTinyGradients", "GRD-3", "times the upstream are wrong", "gradient"),
    Offender("HidesNanUpstreams", "GRD-3", "an upstream of nan", "gradient"),
    Offender("HalvesGradientsFrom512Levels", "GRD-1", "the smooth part's is", "gradient"),
    Offender("FlattensItsUpstream", "GRD-8", "for the transposed upstream", "gradient"),
    Offender("StopsGradientsBeyond2To16", "GRD-8", "vectors, as (position, channel), are wrong", "gradient"),
    Offender(
        "StopsGradientsBeyond1024ChannelFirst",
        "GRD-8",
        "vectors, as (position, channel), are wrong",
        "gradient",
        "widened",
        "adapter",
    ),
    Offender("TakesTheUpstreamAsTheInputLies", "GRD-8", "at the transposed input", "gradient"),
    Offender("TrainsLeavesOnly", "GRD-10", "(way derived) raises", "gradient"),
    Offender("DifferentiatesItsLastCall", "GRD-10", "after another forward call", "gradient"),
    Offender("DetachesUnderAutocast", "GRD-10", "(way autocast) raises", "gradient"),
    Offender("FreesItsGraph", "GRD-11", "(way twice) raises", "gradient"),
    Offender("EncodesThroughNumpy", "GRD-6", "(tracked) raises", "context"),
    Offender("ClipsGradients", "GRD-3", "times the upstream are wrong", "gradient"),
    Offender("NormalizesGradients", "GRD-3", "times the upstream are wrong", "gradient"),
    Offender("GivesTheSignOfGradients", "GRD-3", "times the upstream are wrong", "gradient"),
    Offender("KeepsALittleGradientAtSaturation", "GRD-4", "the gradients at saturation are wrong", "gradient"),
    Offender("OverflowsAtSaturation", "GRD-4", "the gradients at saturation are wrong", "gradient"),
    Offender("GivesNoGradient", "GRD-5", "gets the gradient 0.0", "gradient"),
    Offender("DetachesItsCodes", "GRD-5", "no gradient reaches the input", "gradient dtype shape context"),
    Offender(
        "DetachesBehindItsProjection",
        "GRD-5",
        "behind a projection no gradient reaches the input",
        "gradient",
        "widened",
        "adapter",
    ),
    Offender("CentresTheStraightThroughOnTheInput", "GRD-6", "with gradients recorded", "gradient context"),
    Offender("ShiftsItsCodesWhereGradientsAreRecorded", "GRD-6", "with gradients recorded", "context"),
    Offender("ErrsWhereGradientsAreRecorded", "GRD-6", "with gradients recorded", "context gradient"),
    Offender("ErrsUnderNoGrad", "GRD-6", "with gradients recorded", "level context"),
    Offender("DropsOutInTraining", "GRD-7", "in training mode", "level gradient context"),
    Offender("StepsHalfABandLaterInTraining", "GRD-7", "in training mode", "context"),
    Offender("GivesGradientsInFloat64", "GRD-8", "the gradient have the wrong dtype", "dtype"),
    Offender("DoublesGradientsInNumpy", "GRD-1", "the smooth part's is", "gradient"),
    Offender("ComputesFloat64InFloat32", "GRD-9", "the smooth part's is", "level gradient"),
    # numerics
    Offender("DecidesInFloat32", "NUM-1", "takes level", "level"),
    Offender("KeepsSixBitsOfFloat16", "NUM-2", "takes level", "level gradient"),
    Offender("ErrsAtOneFloat16", "NUM-2", "takes level", "level gradient"),
    Offender("ErrsAtOneBfloat16", "NUM-2", "takes level", "level gradient"),
    Offender("RoundsHalfPrecisionOnTheWay", "NUM-3", "takes level", "level"),
    Offender("BlowsUpTinyInputs", "NUM-4", "takes level", "level gradient"),
    Offender("LosesTheGradientOfTinyInputs", "NUM-4", "the gradients at tiny inputs are wrong", "gradient"),
    Offender("HidesNan", "NUM-5", "a NaN input gets the code", "nan"),
    Offender("CastsNanToAnInteger", "NUM-5", "a NaN input gets the valid index", "nan"),
    Offender("NumbersNanInLargeCodebooks", "NUM-5", "gets the valid index", "nan"),
    Offender("EncodesNanAsZero", "NUM-5", "are encoded to the valid index", "nan"),
    Offender("NumbersNanAsZero", "NUM-5", "gets the valid index", "nan"),
    Offender("NumbersNanAndDecodesIt", "NUM-5", "which decodes to the valid code", "nan refusal"),
    Offender("SpreadsNan", "NUM-6", "the codes next to a NaN differ", "nan"),
    Offender("SpreadsNanToLaterChannels", "NUM-6", "the codes next to a NaN differ", "nan"),
    Offender("SpreadsNanOverTheBatch", "NUM-6", "the codes next to a NaN differ", "nan"),
    Offender("OvershootsItsEnds", "NUM-7", "takes level -1", "code"),
    Offender("DoesNotClampItsLevels", "NUM-7", "takes level", "code index"),
    Offender("ConfusesIndicesFrom1000Levels", "NUM-7", "the indices are wrong", "index encode"),
    Offender("RoundsToFloat16InNumpy", "BND-3", "takes level", "level code"),
    Offender("MisnumbersOneFloat16", "NUM-8", "gets index", "index", tier="standard"),
    Offender("ErrsAtOneFloat16OfManyLevels", "NUM-8", "gets level", "level", tier="standard"),
    # training
    Offender("DithersInEvaluation", "TRN-1", "differ from those of the first", "level gradient context copy"),
    Offender("ErrsOnceInAThousand", "TRN-1", "differ from those of the first", "level gradient context copy"),
    Offender("JittersLargeBfloat16Inputs", "TRN-1", "differ from those of the first", "context"),
    Offender(
        "AnswersOtherwiseFromTheSecondCallOn", "TRN-1", "differ from those of the first", "level gradient context copy"
    ),
    Offender("SeedsItself", "TRN-9", "building a quantizer seeds the generator of torch", "process"),
    Offender("SetsTheDefaultDtype", "TRN-9", "building a quantizer changes the default dtype", "process dtype"),
    Offender("LeavesGradientsOffWhenItRefuses", "TRN-9", "changes the gradient mode", "process"),
    Offender("SharesConstantsByTheSizeOfItsCodebook", "TRN-8", "built later", "level code gradient context"),
    Offender("ErrsAfterAHundredTrainingCalls", "TRN-8", "after 128 calls in training", "context"),
    Offender("KeepsItsTablesInTheClass", "TRN-8", "after another quantizer was built and asked", "context"),
    Offender(
        "RemembersByAddress", "TRN-8", "after another input in the same memory", "context level code index nan written"
    ),
    Offender("LaysItsConstantsInTheFirstDtype", "TRN-8", "after calls in other dtypes", "context level"),
    Offender("LaysItsConstantsUnderAutocast", "TRN-8", "after a call under autocast", "context"),
    Offender("LaysItsConstantsInInferenceMode", "TRN-8", "raises after a call in inference mode", "context"),
    Offender("AdaptsItsScaleInTraining", "TRN-1", "differ from those of the first", "context"),
    Offender(
        "KeepsItsNoiseInEvaluation", "TRN-2", "in evaluation with noise 0.5 differ", "noise", "symmetric", "adapter"
    ),
    Offender("IgnoresTheNoiseProbability", "TRN-3", "of the elements are noisy", "noise", "symmetric", "adapter"),
    Offender("DithersAtProbabilityZero", "TRN-3", "of the elements are noisy", "noise", "symmetric", "adapter"),
    Offender("AddsHalfAUnitOfNoise", "TRN-4", "half a step is", "noise", "symmetric", "adapter"),
    Offender("AddsTwiceTheNoise", "TRN-4", "half a step is", "noise", "symmetric", "adapter"),
    Offender("AddsPositiveNoiseOnly", "TRN-4", "the noise is not uniform", "noise", "symmetric", "adapter"),
    Offender("AddsNormalNoise", "TRN-4", "the noise is not uniform", "noise", "symmetric", "adapter"),
    Offender(
        "SharesItsNoiseBetweenChannels", "TRN-4", "the noise of channel 1 follows", "noise", "symmetric", "adapter"
    ),
    Offender(
        "SharesItsNoiseBetweenPositions", "TRN-4", "the noise of position 1 follows", "noise", "symmetric", "adapter"
    ),
    Offender("KeepsGradientsFromItsNoise", "TRN-3", "get no gradient", "noise gradient", "symmetric", "adapter"),
    Offender("AddsNoNoiseInHalf", "TRN-3", "of the elements are noisy", "noise", "symmetric", "adapter"),
    Offender("IndexesWhatItsNoiseMade", "TRN-5", "outside the codebook", "noise", "widened", "adapter"),
    Offender(
        "DrawsTheSameNoiseAlways", "TRN-7", "two draws of noise are the same", "noise process", "symmetric", "adapter"
    ),
    Offender("DrawsItsNoiseElsewhere", "TRN-7", "with the same seed differ", "noise", "symmetric", "adapter"),
    Offender("ForgetsItsGain", "TRN-6", "of the copy differ", "copy level gradient context"),
    Offender("RemembersItsLastCodes", "TRN-6", "copy.deepcopy raises", "copy"),
    Offender("SharesItsWeightsWithItsCopies", "TRN-6", "once the copy was moved", "copy", "widened", "adapter"),
    Offender("CannotBePickled", "TRN-6", "pickling raises", "copy"),
    # devices
    Offender("Right", "DEV-1", "gets codes on cuda", "device", "widened", "SeenElsewhere"),
    Offender("Right", "DEV-1", "gets indices on cuda", "device", "widened", "IndicesSeenElsewhere"),
    Offender("DriftsOnItsAccelerator", "DEV-2", "the levels on cuda", "context", "widened", "AsIfOnCuda"),
    Offender("HalvesItsWeights", "DEV-3", "the indices that it encodes its codes to are wrong", "encode"),
    Offender("HalvesTheWeightsItDecodesBy", "DEV-3", "the levels that it decodes are wrong", "decode"),
    Offender("KeepsItsProjectionsWhenMoved", "DEV-3", "raises", "dtype", "widened", "adapter"),
    Offender("LeavesItsConstantsRounded", "DEV-6", "after a move to bfloat16 and back", "dtype"),
    Offender("SavesItsWeights", "DEV-6", "after loading a checkpoint in bfloat16", "dtype"),
    Offender("SavesTheWeightsItEncodesBy", "DEV-6", "that it encodes codes to after loading", "dtype"),
    Offender("BuildsItsConstantsInTheDefaultDtype", "DEV-6", "built under the default dtype bfloat16", "dtype"),
    Offender("PacksByMatrixProduct", "DEV-4", "the indices under autocast are wrong", "index"),
    Offender("PacksBfloat16ByMatrixProduct", "DEV-4", "the indices under autocast are wrong", "index"),
    Offender("EncodesByMatrixProduct", "DEV-4", "the indices that it encodes its codes to under autocast", "encode"),
    Offender("DecodesByMatrixProduct", "DEV-4", "the levels that it decodes under autocast", "decode"),
    Offender("ShiftsWhenCompiled", "DEV-5", "takes level", "level", tier="standard"),
    # residual
    *(Offender(*row) for row in RESIDUAL_ROWS),
)
