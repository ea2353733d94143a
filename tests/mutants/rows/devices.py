"""The rows of the mutants that the clauses of devices must catch."""

from __future__ import annotations

from ..offender import Offender

ROWS = (
    Offender("Right", "DEV-1", "gets codes on cuda", "device", "widened", "SeenElsewhere"),
    Offender("Right", "DEV-1", "gets indices on cuda", "device", "widened", "IndicesSeenElsewhere"),
    Offender("DriftsOnItsAccelerator", "DEV-2", "the levels on cuda", "context", "widened", "AsIfOnCuda"),
    Offender("HalvesItsWeights", "DEV-3", "the indices that it encodes its codes to are wrong", "encode dtype"),
    Offender("HalvesTheWeightsItDecodesBy", "DEV-3", "the levels that it decodes are wrong", "decode dtype"),
    Offender("KeepsItsProjectionsWhenMoved", "DEV-3", "raises", "dtype", "widened", "adapter"),
    Offender("AnswersInFloat32OnceMoved", "DEV-3", "of a moved quantizer have the wrong dtype", "dtype"),
    Offender("DetachesOnceMoved", "DEV-3", "once it was moved,", "gradient dtype"),
    Offender("ErrsInTrainingOnceMoved", "DEV-3", "takes level", "dtype"),
    Offender("DetachesOnceItIsBack", "DEV-6", "the gradients after a move to bfloat16 and back", "gradient dtype"),
    Offender("LeavesItsConstantsRounded", "DEV-6", "after a move to bfloat16 and back", "dtype"),
    Offender("LaysItsConstantsInToAlone", "DEV-6", "after a move to float16 and back", "dtype"),
    Offender("SavesItsWeights", "DEV-6", "after loading a checkpoint in bfloat16", "dtype"),
    Offender("SavesTheWeightsItEncodesBy", "DEV-6", "that it encodes codes to after loading", "dtype"),
    Offender("BuildsItsConstantsInTheDefaultDtype", "DEV-6", "built under the default dtype bfloat16", "dtype"),
    Offender("PacksByMatrixProduct", "DEV-4", "the indices under autocast are wrong", "index"),
    Offender("PacksBfloat16ByMatrixProduct", "DEV-4", "the indices under autocast are wrong", "index"),
    Offender("EncodesByMatrixProduct", "DEV-4", "the indices that it encodes its codes to under autocast", "encode"),
    Offender("DecodesByMatrixProduct", "DEV-4", "the levels that it decodes under autocast", "decode"),
    Offender("ErrsUnderFloat16Autocast", "DEV-4", "the levels under autocast to float16", "level"),
    Offender("FailsToProjectUnderAutocast", "DEV-4", "(autocast bfloat16) raises", "dtype", "widened", "adapter"),
    Offender("ShiftsWhenCompiled", "DEV-5", "takes level", "level", tier="standard"),
    Offender("PacksInInt32WhenCompiled", "DEV-5", "with 3,486,784,401 codes", "index", tier="standard"),
    Offender("DetachesWhenCompiled", "DEV-5", "compiled, in training", "gradient", tier="standard"),
    Offender("ErrsInCompiledTraining", "DEV-5", "takes level", "level", tier="standard"),
)
