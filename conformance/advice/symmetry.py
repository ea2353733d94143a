"""Advice on SYM: what a rule mirrors."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "SYM-1": Advice(
        why="Where the grid's centre is (L-1)/2, the codes of the levels k and L-1-k are mirrored about the middle. That is "
        "so under the symmetric rules for every L, and under every rule for odd L, where ⌊L/2⌋ = (L-1)/2.",
        fix="Under a symmetric rule take half and centre as (L-1)/2, a float, in quantizing and in decoding; L // 2 is half a "
        "level off for even L. A level that is missing at one end is the affair of BND-2.",
        code="half = centre = (L - 1) / 2      # not L // 2\ncode = (level - centre) / half",
    ),
    "SYM-2": Advice(
        why="The activation is odd, and these rules have neither shift nor offset: u(-z) = L-1 - u(z). As "
        "Σ (L_i - 1)·Π_{j<i} L_j = ΠL-1, the two indices add up to ΠL-1.",
        fix="Remove shift and offset where the rule has none, and round to the nearest level: `floor` and a cast to an integer "
        "move both sides the same way. If the levels are mirrored and the indices are not, pack level indices 0 … L-1, "
        "rounded before the cast, and not levels counted from the centre.",
    ),
    "SYM-3": Advice(
        why="With even L a symmetric rule has a step at exactly 0, where u = (L-1)/2 lies halfway between two levels. "
        "arXiv 2411.19842 takes ⌊u+½⌋, stable-audio-tools rounds half to even; they differ at L = 2, 6, 10 ….",
        fix="Apply the rule's rounding to u itself, which counts levels from 0: rounding a coordinate that is counted from "
        "the centre breaks the tie elsewhere. -0.0 must go where 0.0 goes, so do not ask for the sign of z.",
        code="level = torch.floor(u + 0.5)     # symmetric\nlevel = torch.round(u)           # symmetric-even",
    ),
    "SYM-4": Advice(
        why="With odd L no rule has an offset or a shift, so u(0) is the whole number (L-1)/2, as far from a step as can be.",
        fix="Apply offset and shift to even L only, channel by channel. Do not treat zeros or all-zero vectors as padding: a "
        "quantizer cannot know; mask outside of it.",
        code="offset = torch.where(sizes % 2 == 0, 0.5, 0.0)",
    ),
    "SYM-5": Advice(
        why="An even number of equidistant codes cannot both hold 0 and be symmetric about it. The paper keeps 0 and gives up "
        "the code 1; arXiv 2411.19842 keeps ±1 and gives up 0.",
        fix="Take centre and half from one row of docs/rules.md: ⌊L/2⌋ for both under the paper's rules, (L-1)/2 for both "
        "under the symmetric ones, in quantizing and in decoding. If the codes are those that you want, you were judged by "
        "the other rule: run with `--rule`.",
    ),
}
