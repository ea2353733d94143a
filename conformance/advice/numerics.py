"""Advice on NUM: accuracy, tiny and huge numbers, NaN."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "NUM-1": Advice(
        why="Who quantizes in float64 wants to compare with an exact answer. vector-quantize-pytorch 1.32.0 keeps its constants "
        "in float32: its float64 thresholds are 1e-7 off.",
        fix="Compute float64 inputs in float64 from end to end: constants, activation, rounding, codes. Keep the constants in "
        "float64, and do not call `float()` on a float64 input.",
        code="work = torch.promote_types(z.dtype, torch.float32)\nt = torch.tanh(z.to(work) + shift.to(work))",
    ),
    "NUM-2": Advice(
        why="A 16-bit dtype has 65,536 values, so all of them are tried. The band is the dtype's own: arithmetic in half "
        "precision is allowed, and a worse one is not.",
        fix="Widen z to float32 before the first operation; then NUM-3 holds as well. A single wrong value speaks of a table, a "
        "special case or an overflow at that value; wrong values at every step, of an input that was coarsened on the way.",
        code="x = z.float()",
    ),
    "NUM-3": Advice(
        why="Every 16-bit number is a float32, so computing in float32 costs a cast and gives the exact level: "
        "vector-quantize-pytorch has no wrong one among 65,536 under `widened` from L = 3 to 64. It learned to widen in "
        "1.14.4 (issue 114).",
        fix="Widen before the shift is added, inside a region without autocast, and cast the codes back at the end.",
        code="with torch.autocast(z.device.type, enabled=False):\n"
        "    codes, indices = quantize(z.float())\n"
        "return codes.to(z.dtype), indices",
    ),
    "NUM-4": Advice(
        why="u moves by its slope times z, which for a subnormal number is nothing beside any band. So tiny inputs have the "
        "level, the code and the gradient of zero; flushing them to zero is allowed.",
        fix="Do not divide by |z|, do not take its logarithm, and do not compare z with thresholds of your own near 0. In a "
        "backward pass use 1 - t², which has no quotient.",
    ),
    "NUM-5": Advice(
        why="NaN passes through tanh and `round` by itself, but casting it to an integer has no defined result. "
        "vector-quantize-pytorch 1.32.0 gives the index -2147483648 and decodes that to a valid code.",
        fix="Let the code be NaN: no `nan_to_num` on the way. Give the vector an index that decoding refuses (IDX-9), such as "
        "-1. Raising conforms too.",
        code="known = level.isfinite().all(-1)\n"
        "level = level.nan_to_num(0).long()\n"
        "index = torch.where(known, (level * basis).sum(-1), -1)",
    ),
    "NUM-6": Advice(
        why="No term of an FSQ couples channels or positions. NaN times 0 is NaN, so any sum over an axis carries it to "
        "everything that the sum reaches, whatever the weight.",
        fix="Remove sums, norms and matrix products over channels or positions from what makes codes, and select by "
        "`torch.where` instead of multiplying by a mask.",
        code="x = torch.where(mask, z, other)    # not z * mask",
    ),
    "NUM-7": Advice(
        why="From L = 1002 on ε(L-1)/2 exceeds half a level, and the rules with 1+ε step past their ends. In "
        "vector-quantize-pytorch 1.32.0 the levels -1 and L appear from L = 1001 on.",
        fix="Clamp the level after rounding, before codes and indices are made of it, and compute in float32 at least.",
        code="level = u.round().clamp(0, L - 1)",
    ),
    "NUM-8": Advice(
        why="A sample of inputs proves nothing about the others, and a dtype has few enough of them: 65,536 in 16 bits, 2^32 "
        "in float32. Between two bands the staircase is constant, so that all of them can be tried in seconds "
        "(`fsqcheck sweep`).",
        fix="Look at what is special about the input that is shown: an entry of a table, a comparison with `==`, a shortcut for "
        "small or large numbers, an index that is computed on another path than the code. The command below shows it alone.",
    ),
}
