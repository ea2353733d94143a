"""The rows of the residual mutants: name, clause, words of its message, parts that it spoils, rule."""

from __future__ import annotations

from ..offender import Offender

_NEWEST = "residual"
#: What a wrong scale spoils: what the stages are given, and what their codes are worth wherever they are.
_SCALES = "staging sum decode apart coarse gradient"
_SUMMED = "as the sum of what the indices stand for"
_FIRST = "stage 1 of 4 gives level"
_SECOND = "stage 2 of 4 gives level"
_COARSE = "the codes of the first 1 of 4 stages"
_GRADIENTS = "the gradients through 4 stages"

_ROWS = (
    ("GivesStageIndicesAsFloats", "RES-1", "are not integers", "index", _NEWEST),
    ("FoldsItsStagesIntoTime", "RES-1", "wrong shape", "index", _NEWEST),
    ("NumbersTheStagesOneAfterAnother", "RES-1", "outside the codebook of", "index", _NEWEST),
    ("ReversesItsStages", "RES-2", _FIRST, "index coarse decode dropout apart", _NEWEST),
    ("BoundsTheFirstResidualTwice", "RES-2", _FIRST, "staging gradient", _NEWEST),
    ("TakesTheInputAsItIs", "RES-2", _FIRST, "staging gradient", _NEWEST),
    ("ClampsHardAtTheReach", "RES-2", _FIRST, "staging gradient", _NEWEST),
    ("ClampsSoftlyAtOne", "RES-2", _FIRST, "staging gradient", _NEWEST),
    ("ForgetsThatChannelsDiffer", "RES-2", _FIRST, "staging gradient", _NEWEST),
    ("GivesAllIndicesOfTheFirstStage", "RES-3", _SECOND, "index dropout", _NEWEST),
    ("ScalesByOnePowerMore", "RES-3", _SECOND, _SCALES, _NEWEST),
    ("ScalesByOnePowerLess", "RES-3", _SECOND, _SCALES, _NEWEST),
    ("ScalesByLevelsLessOne", "RES-3", _SECOND, _SCALES, _NEWEST),
    ("ScalesOfOddLevelsByLessOne", "RES-3", _SECOND, _SCALES, _NEWEST),
    ("ScalesTheLastStageAsTheOneBefore", "RES-3", "stage 4 of 4 gives level", _SCALES, _NEWEST),
    ("ScalesAllChannelsAsTheFirst", "RES-3", _SECOND, _SCALES, _NEWEST),
    ("GivesTheInputToEveryStage", "RES-3", _SECOND, "staging gradient", _NEWEST),
    ("TakesOffUnscaledCodes", "RES-3", "gives level", "staging gradient", _NEWEST),
    ("MissesTheLastStage", "RES-4", _SUMMED, "sum gradient", _NEWEST),
    ("MissesTheFirstStage", "RES-4", _SUMMED, "sum gradient", _NEWEST),
    ("SumsWithoutScales", "RES-4", _SUMMED, "sum gradient", _NEWEST),
    ("AddsAThousandth", "RES-4", _SUMMED, "sum", _NEWEST),
    ("AnswersInFloat32WhateverItGets", "RES-4", "wrong dtype", "dtype", _NEWEST),
    ("DecodesWithoutScales", "RES-5", "decoded from the indices of all stages", "decode coarse refusal", _NEWEST),
    ("DecodesTheFirstStageOnly", "RES-5", "decoded from the indices of all stages", "decode coarse", _NEWEST),
    ("DecodesTheMeanOfItsStages", "RES-5", "decoded from the indices of all stages", "decode coarse", _NEWEST),
    ("DecodesChannelLast", "RES-6", "wrong shape", "decode", _NEWEST),
    ("ShowsItsStagesInReverse", "RES-7", "the codes of single stages are wrong", "apart", _NEWEST),
    ("ShowsPartialSums", "RES-7", "the codes of single stages are wrong", "apart", _NEWEST),
    ("ShowsItsStagesLast", "RES-7", "wrong shape", "apart", _NEWEST),
    ("TakesMinusOneForTheLastCode", "RES-8", _COARSE, "coarse", _NEWEST),
    ("TakesMinusOneForTheFirstCode", "RES-8", _COARSE, "coarse", _NEWEST),
    ("NeedsEveryStage", "RES-8", "raises", "coarse", _NEWEST),
    ("DecodesTheRestOfACutStream", "RES-8", _COARSE, "coarse", _NEWEST),
    ("MarksLeftOutStagesByZero", "RES-9", "are wrong", "dropout", _NEWEST),
    ("AddsOneStageThatItMarks", "RES-9", "are wrong", "dropout", _NEWEST),
    ("LeavesOutTheFirstStages", "RES-9", "the stages left out of 4", "dropout", _NEWEST),
    ("LeavesOutStagesInEvaluation", "RES-9", "left out in evaluation", "dropout", _NEWEST),
    ("NeverLeavesOutAStage", "RES-10", "none keeps 1 or 2 or 3 of 4 stages", "dropout", _NEWEST),
    ("NeverKeepsAllStages", "RES-10", "none keeps 4 of 4 stages", "dropout", _NEWEST),
    ("NeverKeepsOneStageAlone", "RES-10", "none keeps 1 of 4 stages", "dropout", _NEWEST),
    ("KeepsEvenNumbersOfStages", "RES-10", "none keeps 1 or 3 of 4 stages", "dropout", _NEWEST),
    ("NegatesItsGradient", "RES-11", "where the", "gradient", _NEWEST),
    ("RoundsWithoutStraightThrough", "RES-11", "where the", "gradient", _NEWEST),
    ("DetachesItsStages", "RES-11", "raises", "gradient", _NEWEST),
    ("DoublesItsGradient", "RES-12", _GRADIENTS, "gradient", _NEWEST),
    ("AveragesTheGradientsOfItsStages", "RES-12", _GRADIENTS, "gradient", _NEWEST),
    ("PassesTheGradientOfTheFirstStageOnly", "RES-12", _GRADIENTS, "gradient", _NEWEST),
    ("ForgetsToDetachWhatItTakesOff", "RES-12", _GRADIENTS, "gradient", _NEWEST),
    ("KeepsTheStagesOf1252", "RES-13", "the largest error is", "staging", "residual-widened"),
    ("SwapsItsGroups", "RES-14", "in group 1 of 3", "index", _NEWEST),
    ("DecodesItsGroupsInReverse", "RES-14", "decoded from the indices of 3 groups", "decode", _NEWEST),
    ("InterleavesItsGroups", "RES-14", "in group 1 of 3", "staging sum", _NEWEST),
    ("PutsTheGroupsLast", "RES-14", "wrong shape", "index", _NEWEST),
    ("TrainsItsFirstGroupOnly", "RES-14", "whether a gradient reaches", "gradient", _NEWEST),
    ("LosesTheStagesAfterTheFourth", "RES-5", "decoded from the indices of all stages", "index sum decode", _NEWEST),
    ("CorruptsLargeLatentsWhenRecorded", "RES-4", _SUMMED, "sum", _NEWEST),
    ("AnswersHalfPrecisionInFloat32", "RES-4", "wrong dtype", "dtype", _NEWEST),
    ("CountsTheStagesOfTheFirstVector", "RES-8", "another number of stages for each vector", "coarse", _NEWEST),
    ("ClampsItsInputInPlace", "RES-15", "the input's values after the call", "written", _NEWEST),
    ("FillsOneBuffer", "RES-15", "after a second one", "written", _NEWEST),
    ("ZeroesLongSequences", "RES-16", "among 2^17", "context", _NEWEST),
    ("NormalizesTheLatents", "RES-16", "gives level", "context staging nan gradient", _NEWEST),
    ("IgnoresItsStrides", "RES-16", "memory", "shape context", _NEWEST),
    ("LearnsAMeanInTraining", "RES-17", "after 128 calls in training", "context gradient nan", _NEWEST),
    ("KeepsTheScalesOfItsFirstDtype", "RES-17", "after calls in other dtypes", "context staging dtype", _NEWEST),
    ("ForgetsItsRuleInCopies", "RES-17", "in a deep copy", "copy", _NEWEST),
    ("SharesItsLevels", "RES-17", "after another quantizer was built", "context", _NEWEST),
    ("PacksItsStagesByMatrixProduct", "RES-18", "under autocast", "index", _NEWEST),
    ("CutsItsGradientUnderAutocast", "RES-18", "gradient", "gradient", _NEWEST),
    ("ComputesItsStagesInTheInputsDtype", "RES-19", "16 input", "staging dtype", _NEWEST),
    ("RoundsItsBasesWithItself", "RES-19", "once it was moved to", "staging dtype", _NEWEST),
    ("AddsNothingTimesTheLargest", "RES-20", "beside a NaN", "nan", _NEWEST),
    ("BroadcastsOneChannel", "RES-21", "with 1 channels passes through", "shape", _NEWEST),
    ("CutsSurplusChannels", "RES-21", "channels passes through", "shape", _NEWEST),
    ("GivesNaNTheMiddleTokens", "RES-22", "a NaN input gets the valid indices", "nan", _NEWEST),
    ("WrapsBadStageIndices", "RES-22", "decodes to a code", "refusal", _NEWEST),
    ("NeedsAVector", "RES-22", "empty", "shape", _NEWEST),
)

ROWS = tuple(Offender(*row) for row in _ROWS)
