"""Advice on RES: residual quantizers."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "RES-1": Advice(
        why="Each stage quantizes the whole vector with the same codebook, so a position has as many indices as there are "
        "stages, each of them a number of that codebook. A model of tokens reads them off one axis.",
        fix="Stack the indices of the stages on an axis of their own, the last one, or where a channel-first input has its "
        "channels. Add no offsets: a vocabulary that all stages share is made by the model that needs one.",
        code="indices = torch.stack([indices, indices], dim=-1)",
    ),
    "RES-2": Advice(
        why="Releases differ in what the first stage is given: vector-quantize-pytorch takes the input as it is up to 1.12.4 "
        "and from 1.18.5 to 1.25.2, bounds it (and the first stage does so once more) from 1.12.5 to 1.18.3, and from "
        "1.26.0 on clamps it softly to the reach of the outermost cells, 1 + 1/(L-1). A checkpoint works with its own era "
        "only.",
        fix="Apply the rule's first residual once, before the first stage, with the L of each channel. If the target keeps an "
        "older era on purpose, judge it by that: `--rule residual-widened`, or what `fsqcheck list rules` names.",
        code="reach = sizes / (sizes - 1)\nz = torch.tanh(z / reach) * reach",
    ),
    "RES-3": Advice(
        why="After a stage the rest lies within half a step of its codes. The next stage has to see that rest as large as the "
        "first one saw its input, which is L times as large: s_i = L^-i, channel by channel (issue 96 of vector-quantize-"
        "pytorch; (L-1)^-i in 1.12.5 to 1.25.2).",
        fix="Divide what is left by the scale before the stage, and multiply its codes by the same scale before they are "
        "taken off. Take off this stage's codes, not those of all, and let no stage see the input again. The first "
        "stage's scale is 1.",
        code="for i in range(4):\n    scale = sizes.to(z.dtype) ** -i\n"
        "    part = quantize(z / scale)[0] * scale\n    z = z - part.detach()",
    ),
    "RES-4": Advice(
        why="Algorithm 1 of arXiv 2107.03312: the quantized vector is the sum of what the stages take away. The suite sums "
        "what the indices of the same call stand for, so no band is needed.",
        fix="Add each stage's codes times its scale, the last stage too; do not make the sum from what is left, x - r, in low "
        "precision. Give the codes in the dtype of the input.",
        code="total = torch.zeros_like(z)\ntotal = total + codes",
    ),
    "RES-5": Advice(
        why="A stored stream is decoded from its indices. The scales belong to the codes, so decoding must apply them as the "
        "forward call does.",
        fix="Decode each stage's indices with the stages' own codebook, multiply by the scale of the stage, and sum over the "
        "stages that are there.",
    ),
    "RES-6": Advice(
        why="What goes in channel-first comes out so, and has to be decodable from the indices as they came. vector-quantize-"
        "pytorch 1.32.0 with `is_channel_first=True` puts the stages where the channels were and reads them from the last "
        "axis when it decodes: it raises, or takes time for stages where both are equally long.",
        fix="Undo in decoding what the forward call did with the axes: move the stages' axis to the end, decode, and move the "
        "channels to where they were.",
        code="if channel_first:\n    codes = codes.movedim(-1, 1)",
    ),
    "RES-7": Advice(
        why="Who looks at single stages, or has a loss on each, wants what each adds to the sum: its codes times its scale, "
        "coarsest first.",
        fix="Stack the codes of the stages on a new first axis, in the order of the indices, each multiplied by its scale. "
        "The sum over that axis is the output.",
    ),
    "RES-8": Advice(
        why="A residual stream can be cut: fewer stages are a coarser signal. The stages that are missing are marked -1, "
        "which in Python is also the last element of an array, and modulo the size of the codebook a valid index.",
        fix="Look the codes up with the marks replaced by 0, and put zeros where the marks were. Pad indices of fewer stages "
        "with -1.",
        code="dropped = indices == -1\ncodes = codes.masked_fill(dropped[..., None], 0.0)",
    ),
    "RES-9": Advice(
        why="Training with fewer stages at random makes one model for all bit rates (arXiv 2107.03312 §3.3). Only last stages "
        "can be left out: each stage needs those before it.",
        fix="Draw once for each call how many stages are kept; give -1 for the others at every position, and stop the sum "
        "there. Ask `self.training` in each call.",
        code="if self.training:\n    kept = 1 + int(torch.randint(4, ()))",
    ),
    "RES-10": Advice(
        why="The number of stages is drawn from 1 to all; a bound that is off by one leaves out the coarsest or the finest "
        "stream, and nobody notices before that is used.",
        fix="`randrange(n)` and `randint(n, ())` give 0 … n-1: one more than that is the number of stages kept.",
        code="kept = 1 + int(torch.randint(4, ()))",
    ),
    "RES-11": Advice(
        why="Rounding has no slope of its own; the straight-through form gives the smooth part's. diffusers' ACE-Step "
        "quantizer rounds with `floor` alone: its input gets a gradient of exactly 0.",
        fix="In each stage add what rounding changes as a constant. Detach what is taken off for the next stage, and never "
        "what is summed.",
        code="codes = smooth + (codes - smooth).detach()",
    ),
    "RES-12": Advice(
        why="Every stage's codes follow the input, and what is taken off before counts as a constant, so the slopes of all "
        "stages add up: with n stages the gradient is up to n times that of one. No paper demands it, and every release "
        "of vector-quantize-pytorch does it. Another convention is a trap only where training recipes are carried over.",
        fix="Detach the codes where they are subtracted, not where they are summed; or, if another gradient is wanted, say so "
        "in the documentation.",
        code="left = z - codes.detach()",
    ),
    "RES-13": Advice(
        why="A residual quantizer is worth its tokens if each stage makes the error smaller (arXiv 2107.03312). Stages that "
        "squash what they are given with tanh do not take the code nearest to it, and their rests lie beyond the reach of "
        "the next stage: in vector-quantize-pytorch up to 1.25.2 the error hardly shrinks after the second one. By their "
        "own rule they may be right; the rule is at fault.",
        fix="Bound the input once, to 1 + 1/(L-1), and clamp in the stages: then each leaves at most half a step, which is "
        "what the next one covers after it is divided by L^-i. For a model that was trained with an old rule keep it, and "
        "use one stage or two.",
    ),
    "RES-14": Advice(
        why="Groups divide the channels among several residual quantizers. Their order is the only thing that says which "
        "tokens belong to which channels.",
        fix="Cut the channels into blocks that lie side by side, the first group first; stack the indices on a first axis in "
        "the same order, and decode and join them in it.",
        code="first, second = torch.cat([z, z], dim=-1).chunk(2, dim=-1)",
    ),
    "RES-15": Advice(
        why="The latent that a quantizer is given is often used once more: for a loss, a skip connection, a second branch. And "
        "answers are collected over many calls before they are stored.",
        fix="Work on new tensors: no `sub_`, `clamp_` or `mul_` on the input or a view of it (take `left = left - part`, not "
        "`left -= part`), and no buffer that every call fills again.",
        code="part = z.clamp(-1, 1)\nleft = z - part",
    ),
    "RES-16": Advice(
        why="Each vector is quantized by itself. What depends on where it stands – a statistic of the batch, a kernel that ends "
        "early, a view that takes strides for granted – gives a stream other tokens when it is cut in pieces.",
        fix="Use `reshape`, not `view`, and `movedim`/`permute`, not `reshape`, to move axes; take no mean, norm or mask over "
        "positions; look at the last, partial block of a kernel.",
        code="z = z.movedim(1, -1) if channel_first else z",
    ),
    "RES-17": Advice(
        why="Stages have no state but their levels: nothing is learned, counted or cached that may change an answer. A copy that "
        "shares its stages with the original moves when that one is moved.",
        fix="Keep no running statistics. Make scales from the levels at each call, or as a buffer that is not rounded by calls "
        "in other dtypes. Define no `__deepcopy__` that shares modules.",
    ),
    "RES-18": Advice(
        why="Autocast computes matrix products in half precision. Of an index that is packed by such a product 8 bits are left; "
        "of what a stage leaves to the next, less than a level.",
        fix="Switch it off around the stages: `with torch.autocast(z.device.type, enabled=False)`, and compute them in float32.",
        code="with torch.autocast(z.device.type, enabled=False):\n    codes, indices = quantize(z.float())",
    ),
    "RES-19": Advice(
        why="A stage divides what the stages before it left by L^-i. In bfloat16 a difference of numbers of size 1 is known to "
        "2^-8: with L = 8 the third stage quantizes nothing but rounding.",
        fix="Compute all stages in float32 and give the codes back in the input's dtype. Keep scales and levels in a form that a "
        "move to half precision does not round: Python numbers, or integers.",
        code="codes, indices = quantize(z.float())\ncodes = codes.to(z.dtype)",
    ),
    "RES-20": Advice(
        why="No term of a residual quantizer reaches from one vector to another, so a NaN in one frame concerns that frame only.",
        fix="Look for a maximum, a mean or a norm over the batch, and for `torch.where` conditions reduced with `any()`.",
    ),
    "RES-21": Advice(
        why="One channel too many is a wrong axis or a wrong config. PyTorch broadcasts an axis of length 1 silently.",
        fix="Compare the length of the channels' axis with the number of levels (times groups) and raise a ValueError that names "
        "both.",
        code="if z.shape[-1] != len(sizes):\n    raise ValueError(f'{len(sizes)} channels, not {z.shape}')",
    ),
    "RES-22": Advice(
        why="NaN compares false with everything, and a cast of NaN to an integer is any number: often a valid token. Indices "
        "outside the codebook come from padding, another vocabulary, or an offset for each stage.",
        fix="Mark a vector with a NaN by an index outside the codebook (-1), or raise. Check the range before decoding; -1 alone "
        "may stand for a stage that was left out. Do not reduce over an empty axis.",
    ),
}
