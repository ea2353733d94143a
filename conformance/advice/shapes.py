"""Advice on SHP: layouts, shapes, strides."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "SHP-1": Advice(
        why="Which axis holds the channels is part of the layout and cannot be read off the sizes: any axis may be d long. "
        "In vector-quantize-pytorch 1.22.0 and 1.22.1 every training forward on (B, T, d) with B ≠ d raised (issue 200).",
        fix="Decide the channel axis by an option or by the number of axes, move it to the end once, work on the last axis, "
        "and move it back. Masks need the shape of z, or an axis of length 1 for the channels. A layout that you do not want "
        "to support is left out of the adapter's `layouts`.",
        code="x = z.movedim(1, -1) if channel_first else z\n"
        "codes, indices = quantize(x)\n"
        "codes = codes.movedim(-1, 1) if channel_first else codes",
    ),
    "SHP-2": Advice(
        why="A batch of one and a sequence of one frame are ordinary inputs of inference. `squeeze()` without an axis removes "
        "every axis of length 1, the user's too.",
        fix="Remove only the axis that you added, by its number, and use `unflatten` and `flatten` rather than `unsqueeze` and "
        "`squeeze`.",
        code="indices = indices.squeeze(-1)    # never squeeze()",
    ),
    "SHP-3": Advice(
        why="The answer to an empty input is known: it has the shapes of any other and no elements. `max()` and `min()` have "
        "no value on nothing and raise.",
        fix="Ask `numel()` before such a reduction, or use `all()` and `any()`, which have a value on nothing. Most of them "
        "are checks of a range.",
        code="if indices.numel() and int(indices.max()) >= size:\n    raise ValueError(...)",
    ),
    "SHP-4": Advice(
        why="No term of an FSQ couples two positions, and its arithmetic is elementwise. So a slice alone gives the bits that "
        "it has within the whole.",
        fix="Remove whatever is computed over the batch or the sequence: means, maxima, norms, running statistics. If only "
        "indices differ, sum integers instead of multiplying matrices: the result of a matrix product may depend on how many "
        "rows it has.",
    ),
    "SHP-5": Advice(
        why="No term of an FSQ depends on where a vector stands. Long inputs take other paths through an implementation: "
        "chunks, vector tails, 16-bit and 32-bit offsets.",
        fix="Look at the first position that differs. A power of two speaks of a chunk or of an offset that overflows; errors "
        "that grow along the sequence speak of a positional term; errors in large batches alone, of a branch on the size. "
        "Count positions in int64, and give every chunk the same arithmetic.",
    ),
    "SHP-6": Advice(
        why="A transpose, a slice and an expand are views: the same numbers, seen through other strides. Code that reads "
        "memory instead of elements sees other numbers.",
        fix="Use operations on tensors, `reshape` rather than `view`, and call `contiguous()` before anything that takes a "
        "pointer, strides or `as_strided`; in encoding and decoding as well.",
        code="z = z.contiguous()    # before a kernel of your own",
    ),
    "SHP-7": Advice(
        why="What is passed in belongs to the caller, who reads it again in a loss, a residual connection or the next "
        "quantizer. Torch notices a write only where autograd still needs the old values.",
        fix="Replace methods that end in an underscore, `out=`, `+=` and assignments to slices by their copying forms, for z, "
        "codes, indices and, in a backward pass of your own, the upstream.",
        code="z = z.clamp(-10, 10)    # not z.clamp_(-10, 10)",
    ),
    "SHP-8": Advice(
        why="Each group of d channels is a quantizer of its own with the same levels, and decoding has to undo the grouping. "
        "diffusers' FSQRegularizer fails on 4-D inputs with more than one codebook.",
        fix="Split the channel axis into (num_codebooks, d), codebook first, and join it again at the end. Indices keep the "
        "axis of the codebooks, as their last; decoding takes them so.",
        code="x = z.unflatten(-1, (num_codebooks, d))\n"
        "codes, indices = quantize(x)    # (…, num_codebooks)\n"
        "return codes.flatten(-2), indices",
    ),
    "SHP-9": Advice(
        why="A quantizer knows its number of channels from the start, so another one is always a mistake. Left alone, "
        "broadcasting takes a single channel for d, and `reshape(-1, d)` deals out the numbers of any input as vectors.",
        fix="Compare the channel axis with d before anything else touches the input. Any exception will do.",
        code="if z.shape[-1] != d:\n"
        '    raise ValueError(f"expected {d} channels, "\n'
        '                     f"got the shape {tuple(z.shape)}")',
    ),
    "SHP-10": Advice(
        why="vector-quantize-pytorch 1.32.0 answers (d,) and (B, d) with an error about its own rearrange pattern, which does "
        "not say what it wants.",
        fix="Work on the last axis, and every (…, d) is quantized without more ado. Or refuse with a ValueError, TypeError, "
        "AssertionError or NotImplementedError in words of your own, before the first rearrange.",
        code='if z.ndim < 3:\n    raise ValueError("expected (B, T, d), "\n'
        '                     f"got the shape {tuple(z.shape)}")',
    ),
    "SHP-11": Advice(
        why="The output of a forward call is what the decoder is trained on. Who stores tokens has only the indices and must "
        "come to the same output.",
        fix="End forward and decoding in the same line: the exact codes through the same output projection, in the dtype of "
        "its weights, in the same layout.",
        code="codes = (level - centre) / half\nreturn project_out(codes.to(project_out.weight.dtype))",
    ),
    "SHP-12": Advice(
        why="Constants in float32 promote a bfloat16 input to float32 without a word, and the next linear layer refuses the "
        "mix or runs at twice the cost.",
        fix="Compute in the dtype that you need, and cast once at the very end, whether gradients are recorded or not.",
        code="return codes.to(z.dtype), indices",
    ),
    "SHP-13": Advice(
        why="A caller keeps the codes of one batch while the next is computed, for a loss over both or for a file, and "
        "may write into them: adds a position, masks a frame.",
        fix="Give every call tensors of its own. Where a buffer is kept for speed, or a CUDA graph writes into one, clone what "
        "leaves the function, and what a cache gives again; indices, gradients and decoded codes too.",
        code="return buffer.clone(), indices",
    ),
}
