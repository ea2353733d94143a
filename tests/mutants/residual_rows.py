"""The rows of the residual mutants: name, clause, words of its message, parts that it spoils, rule."""

from __future__ import annotations

_NEWEST = "residual"
#: What a wrong scale spoils: what the stages are given, and what their codes are worth wherever they are.
_SCALES = "staging sum decode apart coarse gradient"
_SUMMED = "as the sum of what the indices stand for"
_FIRST = "stage 1 of 4 gives level"
_SECOND = "stage 2 of 4 gives level"
_COARSE = "the codes of the first 1 of 4 stages"
_GRADIENTS = "the gradients through 4 stages"

RESIDUAL_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
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
    ("DecodesWithoutScales", "RES-5", "decoded from the indices of all stages", "decode coarse", _NEWEST),
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
)
