"""Advice on BND: where a channel steps."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "BND-1": Advice(
        why="A decoder and an index know a channel as one of L numbers; what lies between them has no token. "
        "vector-quantize-pytorch 1.21.0 to 1.21.9 gave symmetric channels of two levels the codes 0, 1 and 2.",
        fix="Make the code from the level index as the last step, in float32 or wider, and cast once at the end. Nothing is "
        "added to it afterwards, except a straight-through term that is centred on the bounded value.",
        code="level = u.round().clamp(0, L - 1)\n"
        "code = (level - centre) / half\n"
        "return smooth + (code - smooth).detach()",
    ),
    "BND-2": Advice(
        why="A codebook has ΠL codes only if every channel uses all L of them. With `preserve_symmetry`, "
        "vector-quantize-pytorch 1.21.0 to 1.22.15 reached three codes a channel at L = 4, 5 and 8 (issues 194 and 200).",
        fix="Print u for z = -inf and z = inf: it must round to 0 and to L-1. If it does not, the amplitude or the offset "
        "belongs to another L, or the bounded value is clamped before it is scaled. If it does, something rounds or "
        "divides the level once more (BND-6).",
    ),
    "BND-3": Advice(
        why="A channel is its L-1 thresholds: two implementations of a rule give the same tokens exactly when these are the "
        "same. A constant that is 0.2 % off is enough: `paper` and `widened`, whose amplitudes differ by that much, disagree "
        "on 0.14 to 0.40 % of normal latents at L = 4 to 8.",
        fix="Compare your constants with the rule's row in docs/rules.md, one by one: the amplitude (1-ε, 1+ε or neither), "
        "the offset (even L only), the shift (tan or atanh, and its sign), the rounding. Below: `widened`. If all are as you "
        "want them, you compute another rule: `fsqcheck list rules`, and run with that `--rule`.",
        code="h = (L - 1) * (1 + 1e-3) / 2\n"
        "o = 0.5 if L % 2 == 0 else 0.0\n"
        "u = torch.tanh(z + math.atanh(o / h)) * h - o + L // 2",
    ),
    "BND-4": Advice(
        why="The activation and the rounding are both non-decreasing, so the level is. Inside one band two inputs are left "
        "alone, because correct libraries are not perfect there: NumPy's float32 tanh falls once, between 1.49999988 and "
        "1.5.",
        fix="Look at what happens between the two inputs that the report names. Usual causes are an approximation of tanh "
        "whose pieces do not meet, a level that wraps around in a narrow integer type, and a special case for large |z|. "
        "Use the library's tanh, and clamp the level before you cast it.",
    ),
    "BND-5": Advice(
        why="tanh maps every float, ±inf included, into -1 … 1, so every input has a level. Written with exponentials it "
        "becomes inf/inf from |z| = 44.4 on in float32, and from 5.6 on in float16.",
        fix="Call the library's tanh. Centre the straight-through term on the bounded value: z + (code - z).detach() is NaN "
        "at ±inf.",
        code="smooth = (u - centre) / half    # bounded, always finite\nreturn smooth + (code - smooth).detach()",
    ),
    "BND-6": Advice(
        why="Rounding steps at half-integers, so only a number that counts levels can be rounded to a level. "
        "vector-quantize-pytorch rounded and divided a second time under `preserve_symmetry` (issues 194 and 200, mended in "
        "1.22.16): with L = 8 it gave -0.25, 0 and 0.25.",
        fix="Keep the order scale, round, unscale, each once, and decode indices by the same last line.",
        code="u = smooth * half + centre        # in levels\n"
        "level = u.round().clamp(0, L - 1)\n"
        "code = (level - centre) / half",
    ),
}
