"""The rows of the mutants that the clauses of numerics must catch."""

from __future__ import annotations

from ..offender import Offender

ROWS = (
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
    Offender("CountsUpTo256LevelsInAByte", "NUM-7", "L = 256: z", "level"),
    Offender("ConfusesIndicesFrom1000Levels", "NUM-7", "the indices are wrong", "index encode"),
    Offender("StepsEarlyFrom65To99Levels", "NUM-7", "takes level", "level gradient"),
    Offender("StepsEarlyAtLargePowersOfTwo", "NUM-7", "takes level", "level gradient"),
    Offender("CountsItsLevelsInFloat16", "NUM-7", "L = 4096: z", "level"),
    Offender("SpreadsNanInItsGradient", "NUM-6", "the gradients next to a NaN", "nan"),
    Offender("RoundsToFloat16InNumpy", "BND-3", "takes level", "level code"),
    Offender("MisnumbersOneFloat16", "NUM-8", "gets index", "index", tier="standard"),
    Offender("ErrsAtOneFloat16OfManyLevels", "NUM-8", "gets level", "level", tier="standard"),
    Offender("HidesANanThatIsAlone", "NUM-5", "a NaN input gets the code 0.0", "nan"),
    Offender("NumbersNanAsOneInHugeCodebooks", "NUM-5", "the valid index 1", "nan"),
    Offender("SpreadsNanInHugeCodebooks", "NUM-6", "the indices next to a NaN", "nan"),
    Offender("NumbersNanBesideInfinitiesAsZero", "NUM-5", "the valid index 0", "nan"),
)
