"""The rows of the mutants that the clauses of symmetry must catch."""

from __future__ import annotations

from ..offender import Offender

ROWS = (
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
)
