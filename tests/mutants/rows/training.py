"""The rows of the mutants that the clauses of training must catch."""

from __future__ import annotations

from ..offender import Offender

ROWS = (
    Offender("DithersInEvaluation", "TRN-1", "differ from those of the first", "level gradient context copy process"),
    Offender("ErrsOnceInAThousand", "TRN-1", "differ from those of the first", "level gradient context copy process"),
    Offender("JittersLargeBfloat16Inputs", "TRN-1", "differ from those of the first", "code context"),
    Offender(
        "AnswersOtherwiseFromTheSecondCallOn", "TRN-1", "differ from those of the first", "level gradient context copy"
    ),
    Offender("AdaptsItsScaleToAFewVectors", "TRN-1", "of the fourth call differ", "context"),
    Offender("UsesOneThread", "TRN-9", "a call changes the number of threads", "process"),
    Offender("SeedsItself", "TRN-9", "building a quantizer seeds the generator of torch", "process"),
    Offender("SetsTheDefaultDtype", "TRN-9", "building a quantizer changes the default dtype", "process dtype"),
    Offender("LooksForAnomalies", "TRN-9", "a call changes the detection of anomalies", "process gradient"),
    Offender("AllowsCoarseProducts", "TRN-9", "changes the precision of products of matrices", "process"),
    Offender("SilencesNumpy", "TRN-9", "changes NumPy's treatment of floating-point errors", "process"),
    Offender("LeavesGradientsOffWhenItRefuses", "TRN-9", "changes the gradient mode", "process"),
    Offender("LeavesGradientsOffWhenItDecodes", "TRN-9", "a call changes the gradient mode", "process"),
    Offender("SeedsTorchWhenItEncodes", "TRN-9", "a call seeds the generator of torch", "process"),
    Offender("SeedsItsNoise", "TRN-9", "a call seeds the generator of torch", "process noise", "symmetric", "adapter"),
    Offender("SeedsNumpyWhenItDecodes", "TRN-9", "a call seeds the generator of NumPy", "process"),
    Offender("SharesConstantsByTheSizeOfItsCodebook", "TRN-8", "built later", "level code gradient context"),
    Offender("SharesItsDigitsByTheSizeOfItsCodebook", "TRN-8", "built later decodes", "decode context"),
    Offender(
        "SharesConstantsBetweenRules",
        "TRN-8",
        "of the rule paper that was built later",
        "level code index decode encode gradient context",
        "symmetric",
        "rules",
    ),
    Offender("ErrsAfterAHundredTrainingCalls", "TRN-8", "after 420 calls in training", "context"),
    Offender("ErrsAfterFourHundredCalls", "TRN-8", "after 420 calls in training", "context"),
    Offender("ErrsOnceItHasDecoded", "TRN-8", "after codes were encoded and indices decoded", "context copy decode"),
    Offender("StaysTurnedOnceItHasRefused", "TRN-8", "raises after an input that was refused", "context shape"),
    Offender("NumbersZeroInInferenceMode", "TRN-8", "the indices in inference mode differ", "context"),
    Offender("KeepsItsTablesInTheClass", "TRN-8", "after another quantizer was built and asked", "level context"),
    Offender(
        "RemembersByAddress", "TRN-8", "after another input in the same memory", "context level code index nan written"
    ),
    Offender("RemembersByItsFirstHundredNumbers", "TRN-8", "after another input in the same memory", "context written"),
    Offender("RoundsInInferenceMode", "TRN-8", "in inference mode", "context"),
    Offender("LaysItsConstantsInTheFirstDtype", "TRN-8", "after calls in other dtypes", "context level"),
    Offender("LaysItsConstantsUnderAutocast", "TRN-8", "after a call under autocast", "context"),
    Offender("LaysItsConstantsInInferenceMode", "TRN-8", "raises after a call in inference mode", "context"),
    Offender("AdaptsItsScaleInTraining", "TRN-1", "differ from those of the first", "context"),
    Offender(
        "KeepsItsNoiseInEvaluation", "TRN-2", "in evaluation with noise 0.5 differ", "noise", "symmetric", "adapter"
    ),
    Offender("IgnoresTheNoiseProbability", "TRN-3", "of the elements are noisy", "noise", "symmetric", "adapter"),
    Offender("DithersAtProbabilityZero", "TRN-3", "of the elements are noisy", "noise process", "symmetric", "adapter"),
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
    Offender(
        "SharesItsNoiseBetweenCodebooks", "TRN-4", "the noise of codebook 1 follows", "noise", "symmetric", "adapter"
    ),
    Offender("KeepsGradientsFromItsNoise", "TRN-3", "get no gradient", "noise gradient", "symmetric", "adapter"),
    Offender("AddsNoNoiseInHalf", "TRN-3", "of the elements are noisy", "noise", "symmetric", "adapter"),
    Offender(
        "NoisesTheFirstSamples", "TRN-3", "the same elements are noisy in two calls", "noise", "symmetric", "adapter"
    ),
    Offender("NoisesFirstChannelsMore", "TRN-3", "of the elements of channel 0 are", "noise", "symmetric", "adapter"),
    Offender("NoisesSmallInputs", "TRN-3", "of the elements are noisy", "noise", "symmetric", "adapter"),
    Offender("AddsNoNoiseWhereRecorded", "TRN-3", "with gradients recorded", "noise", "symmetric", "adapter"),
    Offender("LosesItsNoiseInEvaluation", "TRN-3", "noisy after evaluation", "noise", "symmetric", "adapter"),
    Offender("AddsNoNoiseBetweenProjections", "TRN-3", "behind a projection", "noise", "symmetric", "adapter"),
    Offender(
        "ChangesItsSlopeByItsNoise", "TRN-3", "get too large a gradient", "noise gradient", "symmetric", "adapter"
    ),
    Offender("NoisesInFloat32", "TRN-3", "the noisy codes have the wrong dtype", "noise", "symmetric", "adapter"),
    Offender(
        "AddsNoNoiseChannelFirst", "TRN-4", "only 0 elements are noisy in the layout", "noise", "symmetric", "adapter"
    ),
    Offender("ScalesItsNoiseAsTheFirstChannelFirst", "TRN-4", "in the layout", "noise", "symmetric", "adapter"),
    Offender("CapsItsNoiseAtFiveLevels", "TRN-4", "L = 16: noise of up to", "noise", "symmetric", "adapter"),
    Offender("PushesAwayFromZero", "TRN-4", "the noise follows the input", "noise", "symmetric", "adapter"),
    Offender("RepeatsItsNoiseAlongPositions", "TRN-4", "noisy elements share", "noise", "symmetric", "adapter"),
    Offender("RepeatsItsNoiseAlongSamples", "TRN-4", "noisy elements share", "noise", "symmetric", "adapter"),
    Offender("IndexesWhatItsNoiseMade", "TRN-5", "outside the codebook", "noise process", "widened", "adapter"),
    Offender(
        "DrawsTheSameNoiseAlways", "TRN-7", "two draws of noise are the same", "noise process", "symmetric", "adapter"
    ),
    Offender("DrawsItsNoiseElsewhere", "TRN-7", "with the same seed differ", "noise", "symmetric", "adapter"),
    Offender("ForgetsItsGain", "TRN-6", "of the copy differ", "copy level gradient context"),
    Offender("DetachesItsCopies", "TRN-6", "the gradients once it was copied are wrong", "copy gradient"),
    Offender("DecodesOneFurtherOnceCopied", "TRN-6", "the codes that the copy decodes differ", "copy"),
    Offender("CopiesItselfWithoutNoise", "TRN-6", "a copy has no noise", "copy noise", "symmetric", "adapter"),
    Offender("RemembersItsLastCodes", "TRN-6", "copy.deepcopy raises", "copy"),
    Offender("SharesItsWeightsWithItsCopies", "TRN-6", "once the copy was moved", "copy", "widened", "adapter"),
    Offender(
        "DecodesByTheWeightsOfItsFirstDecode",
        "TRN-6",
        "the codes that the copy with projections that had others before decodes",
        "copy",
        "widened",
        "adapter",
    ),
    Offender(
        "KeepsTheWeightsOfItsFirstCall",
        "TRN-6",
        "of the copy with projections that had others before differ",
        "copy dtype",
        "widened",
        "adapter",
    ),
    Offender("CannotBePickled", "TRN-6", "pickling raises", "copy"),
    Offender("NoisesItsFirstCodebookOnly", "TRN-4", "of codebook 1 are noisy", "noise", "symmetric", "adapter"),
    Offender(
        "EvaluatesOnceItDecoded",
        "TRN-3",
        "after evaluation, and encoding and decoding",
        "noise context",
        "symmetric",
        "adapter",
    ),
    Offender("IgnoresEval", "TRN-2", "in evaluation with noise 0.5 differ", "noise", "symmetric", "adapter"),
    Offender("AddsNoNoiseAtSaturation", "TRN-4", "where inputs saturate", "noise", "symmetric", "adapter"),
    Offender("DrawsItsNoiseFromNumpy", "TRN-7", "with the same seed differ", "noise process", "symmetric", "adapter"),
    Offender(
        "SeedsAGeneratorOfItsOwn", "TRN-7", "draws of noise with two seeds are", "noise process", "symmetric", "adapter"
    ),
    Offender("NumbersEvery256thCallZero", "TRN-8", "of the call number 256", "context"),
    Offender("WorksInItsOwnThreadOnly", "TRN-8", "in another thread", "context"),
    Offender("KnowsAnInputByItsSum", "TRN-8", "where two vectors have changed places", "context"),
    Offender("DoesNotEndItsTrainingAsAPart", "TRN-8", "train(False) raised", "context gradient"),
    Offender("DrawsInEvaluation", "TRN-9", "a call in evaluation draws from the generator of torch", "process noise"),
    Offender("LeavesGradientsOffBehindABadIndex", "TRN-9", "changes the gradient mode", "process"),
    Offender("SwitchesOffTheCollector", "TRN-9", "changes the garbage collector", "process"),
    Offender("SwitchesOffLogging", "TRN-9", "changes the level below which nothing is logged", "process"),
    Offender("PrintsFewDigits", "TRN-9", "changes the way in which NumPy prints numbers", "process"),
    Offender("IgnoresCtrlC", "TRN-9", "changes the handler of Ctrl-C", "process context"),
    Offender(
        "FlushesSubnormals", "TRN-9", "changes the treatment of subnormal numbers", "process level code nan gradient"
    ),
    Offender(
        "LeavesGradientsOffBehindBadCodes", "TRN-9", "an input that is refused changes the gradient mode", "process"
    ),
)
