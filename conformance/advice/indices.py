"""Advice on IDX: tokens, from codes and back."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "IDX-1": Advice(
        why="Decoding and encoding are inverse to each other on 0 … ΠL-1. In vector-quantize-pytorch up to 1.22.15, 94 of the "
        "17,576 indices of the levels [26, 26, 26] came back as another one.",
        fix="Use one grid and one int64 basis for both directions: divide and take remainders to decode; to encode, round to "
        "the nearest level and sum integers.",
        code="codes = (indices[..., None] // basis % sizes - centre) / half\n"
        "level = (codes * half + centre).round().long()\n"
        "indices = (level * basis).sum(-1)",
    ),
    "IDX-2": Advice(
        why="IDX-1 does not see codes that are decoded inexactly, in float16 for instance: encoding rounds them back to the "
        "right index. The decoder sees them as they are.",
        fix="Decode in float32 or wider: the level minus the centre, divided by half. Keep no table of codes in half "
        "precision; cast where the codes are used.",
    ),
    "IDX-3": Advice(
        why="Codes and indices are two ways to write one level. If each is computed on a path of its own, the paths differ "
        "beside the thresholds, at ±inf, or in training mode.",
        fix="Take the level once in the forward call, and make both from it. Let `codes_to_indices` take the nearest level of "
        "codes of any shape (…, d) and keep the other axes.",
        code="level = u.round().clamp(0, L - 1)\n"
        "codes = (level - centre) / half\n"
        "indices = (level.long() * basis).sum(-1)",
    ),
    "IDX-4": Advice(
        why="The number of a token is an interface: whoever trained on stored tokens has learned the numbering. The paper's "
        "notebook counts the first channel fastest, and so do the libraries that follow it.",
        fix="Take the products of the levels before each channel as the basis, first channel 1. As a new numbering changes "
        "every stored token, make it a release of its own and give users a conversion: decode by the old basis, encode by "
        "the new one.",
        code="basis = torch.tensor([1, *levels[:-1]]).cumprod(0)\nindex = (level.long() * basis).sum(-1)",
    ),
    "IDX-5": Advice(
        why="Indices go into embeddings and cross entropies, which need integers from 0 to ΠL-1. vector-quantize-pytorch 1.21.0 "
        "to 1.21.9 gave indices up to 21 for a symmetric codebook of 8.",
        fix="Clamp the level to 0 … L-1, cast it to int64, and only then multiply and sum. Count levels from 0, not from 1 and "
        "not from the centre, and leave no channel out of the sum.",
        code="level = u.round().clamp(0, L - 1)\nindex = (level.long() * basis).sum(-1)",
    ),
    "IDX-6": Advice(
        why="float32 has 24 bits: a sum of floats loses indices from 2^22 codes on, and an int32 basis wraps at 2^31. "
        "vector-quantize-pytorch 1.32.0 gets 13.2 % of the codes of [8]*8 wrong under `symmetric` and wraps at [16]*9.",
        fix="Keep the basis in int64, cast each level to int64 before it is multiplied, and sum integers. If you cannot, "
        "refuse: a constructor that raises ValueError for too many codes conforms.",
        code="if math.prod(levels) > 2**63:\n"
        '    raise ValueError("indices do not fit into int64")\n'
        "index = (level.round().long() * basis).sum(-1)",
    ),
    "IDX-7": Advice(
        why="code·half + centre is a whole number up to rounding, and from L = 26 on some results fall just below it; a cast "
        "cuts these to the level below. diffusers 0.42.1 still cuts: 639 of 20,001 indices are wrong at [26, 27, 39].",
        fix="Round before you cast, in every place where a code becomes a level, in float64 too.",
        code="level = (codes * half + centre).round().long()",
    ),
    "IDX-8": Advice(
        why="bfloat16 holds whole numbers exactly up to 256, float16 up to 2048. vector-quantize-pytorch 1.32.0 sums bfloat16 "
        "codes in bfloat16: at the levels [8, 8, 8, 6, 5] it gives the index 15360, one beyond the last.",
        fix="Widen the codes first, round them to levels, and sum in int64.",
        code="level = (codes.float() * half + centre).round()\nindex = (level.long() * basis).sum(-1)",
    ),
    "IDX-9": Advice(
        why="Remainders decode any integer to some code. vector-quantize-pytorch 1.32.0 decodes -1 and ΠL, and so padding and "
        "end-of-sequence tokens, to valid ones.",
        fix="Compare with 0 and ΠL and raise ValueError; or, where waiting for the device is too dear, give NaN, which the "
        "clause takes too.",
        code="bad = (indices < 0) | (indices >= size)\ncodes = torch.where(bad[..., None], torch.nan, codes)",
    ),
    "IDX-10": Advice(
        why="Indices of a channel-first input have no channel axis, so decoding has to put the channels back where they were.",
        fix="Move the last axis of the decoded codes to the place that the layout gives it, at the end of decoding, with and "
        "without projections, for one codebook and for several.",
        code="return codes.movedim(-1, 1) if channel_first else codes",
    ),
    "IDX-11": Advice(
        why="The codebook of an FSQ is implicit: d integers decode any index. vector-quantize-pytorch 1.32.0 writes it out, so "
        "that `FSQ([8]*8)` takes about 10 s and 3.6 GB to construct.",
        fix="Drop the table and decode by division and remainder (IDX-1). For users who want to look at the whole codebook, "
        "compute it in a method or property when it is asked for, and register no buffer. What grows with every call is mostly "
        "a list of statistics, or a cache by something that no call has in common with the next.",
    ),
    "IDX-12": Advice(
        why="A bfloat16 number is the same number in float32, and far from a threshold it has the same level in every dtype; "
        "so it has the same index. Sums in the input's dtype are exact only up to 256 in bfloat16 and 2048 in float16.",
        fix="Pack in int64, whatever the dtype of z.",
        code="index = (level.long() * basis).sum(-1)",
    ),
    "IDX-13": Advice(
        why="Tokens are stored as narrowly as they fit. In so narrow a dtype the basis of the codebook may not fit, and "
        "it wraps around without a word: 8·8·8 = 512 is 0 in uint8.",
        fix="Widen the indices in the first line of decoding, and leave the basis in int64. Refusing narrow dtypes conforms too.",
        code="level = (indices.long()[..., None] // basis) % sizes",
    ),
}
