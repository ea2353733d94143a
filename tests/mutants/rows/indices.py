"""The rows of the mutants that the clauses of indices must catch."""

from __future__ import annotations

from ..offender import Offender

ROWS = (
    Offender("PacksTheLastChannelFirst", "IDX-4", "encoding the codes of the index", "index encode"),
    Offender("SkipsTheFirstRadix", "IDX-4", "encoding the codes of the index", "index encode"),
    Offender("OverflowsInt32", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("SumsIndicesInFloat32", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("KeepsItsBasisInFloat32", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("CountsFromOne", "IDX-5", "outside the codebook", "index encode nan"),
    Offender("WrapsAt16Bits", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender("TakesSixteenBitsForSigned", "IDX-5", "outside the codebook of 64000", "index encode"),
    Offender("SumsIndicesInFloat64", "IDX-6", "encoding the codes of the index", "index encode"),
    Offender(
        "SortsItsChannelsByName", "IDX-6", "encoding the codes of the index", "level code index encode decode gradient"
    ),
    Offender("ReversesItsBasisFromFourChannels", "IDX-4", "encoding the codes of the index", "index encode decode"),
    Offender("ReversesItsBasisWhereAllLevelsAreTwo", "IDX-4", "encoding the codes of the index", "index encode decode"),
    Offender(
        "ReusesItsConstantsFromSixteenChannelsOn",
        "IDX-6",
        "encoding the codes of the index",
        "level code index encode decode gradient",
    ),
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
    Offender("FlattensWhatItEncodes", "IDX-3", "the indices of the forward call have the wrong shape", "encode shape"),
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
)
