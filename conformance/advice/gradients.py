"""Advice on GRD: the straight-through gradient."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "GRD-1": Advice(
        why="The paper rounds the bounded value and passes the gradient through the rounding alone; the activation keeps its "
        "own, h·a'(z+s) divided by half on the scale of the codes. A straight-through term around z would make the gradient 1 "
        "everywhere, in saturation too.",
        fix="Compute the bounded value on the scale of the codes, in the graph, and let the detached difference make it hard. "
        "A gradient that is off by a constant factor has lost the division by half.",
        code="smooth = (u - centre) / half     # u in the graph\nreturn smooth + (code - smooth).detach()",
    ),
    "GRD-2": Advice(
        why="Each code depends on one number of the input, so all cross terms are exactly 0, and the diagonal is the slope of "
        "GRD-1.",
        fix="Remove sums, means, norms and rolls over channels or positions from the forward graph and from a backward pass of "
        "your own. Dividing by the batch size belongs in the loss.",
    ),
    "GRD-3": Advice(
        why="A backward pass is a product with the upstream. Loss scaling depends on that: torch's GradScaler multiplies the "
        "loss by 2^16 at first and divides the gradients by the same factor later.",
        fix="Take clamps, signs and normalizations out of backward functions and hooks, and clip in the training loop, after "
        "unscaling.",
        code="torch.nn.utils.clip_grad_norm_(parameters, 1.0)",
    ),
    "GRD-4": Advice(
        why="tanh' is exactly 0 from |z| ≥ 9.011 on in float32. Written with exponentials it is inf/inf or 0·inf there, and one "
        "NaN reaches every weight before the quantizer.",
        fix="Let autograd differentiate the library's tanh, or use 1 - t² in a backward pass of your own. Add no floor and no "
        "leak to it.",
        code="t = torch.tanh(z + shift)\ngrad = upstream * (1 - t * t) * h / half",
    ),
    "GRD-5": Advice(
        why="`round` has the gradient 0, so without a straight-through term the encoder gets none. diffusers' ACE-Step FSQ has "
        "an input gradient of exactly 0.",
        fix="Add the straight-through term, and look for `detach()` and `no_grad()` around anything else than the difference: "
        "the bounded value, the result, the input projection.",
        code="return smooth + (code - smooth).detach()",
    ),
    "GRD-6": Advice(
        why="z + (code - z).detach() equals the code only up to the rounding of z. In bfloat16 numbers near 100 are 0.5 apart: "
        "there such a code is off by up to 0.25, about a step of L = 8.",
        fix="Centre the term on the bounded value, or give the code itself in an `autograd.Function` that passes the upstream "
        "on. Let nothing in the forward arithmetic ask `requires_grad` or `is_grad_enabled()`.",
        code="return smooth + (code - smooth).detach()    # not z + ...",
    ),
    "GRD-7": Advice(
        why="FSQ learns nothing and updates nothing: without noise, training is the same function as evaluation.",
        fix="Let `self.training` decide about noise alone, and only where its probability is above 0. Dropout, running "
        "statistics and temperatures belong outside, and training takes no approximation of its own.",
        code="if self.training and self.p > 0:\n    codes = with_noise(codes)",
    ),
    "GRD-8": Advice(
        why="The gradient is added to others of the same input and goes on into the encoder; another shape or dtype stops "
        "there.",
        fix="Widen, move axes and cast back inside the graph, and autograd undoes all of it. A backward pass of your own has "
        "to do the same in reverse, as its last step. No gradient at all is the affair of GRD-5.",
        code="return grad.to(z.dtype)",
    ),
    "GRD-9": Advice(
        why="A shift or an amplitude that was rounded to float32 moves a float64 gradient by some 1e-7, where float64 itself "
        "rounds at 1e-16.",
        fix="Keep the constants in float64, from Python's `math`, cast them to the dtype that you compute in, and compute "
        "float64 inputs in float64.",
        code="work = torch.promote_types(z.dtype, torch.float32)\nt = torch.tanh(z.to(work) + shift.to(work))",
    ),
    "GRD-10": Advice(
        why="Behind an encoder the input is no leaf, a step with two batches calls forward twice before it goes back, and mixed "
        "precision wraps the forward call alone.",
        fix="Keep what the backward pass needs in the graph (`ctx.save_for_backward`), not in the module, where the next call "
        "overwrites it. Neither detach nor copy the input, nor ask whether it is a leaf. Under autocast, widen and cast "
        "back in the graph.",
        code="return smooth + (code - smooth).detach()",
    ),
    "GRD-11": Advice(
        why="`retain_graph=True` promises that what a backward pass needs is still there after it.",
        fix="Save tensors with `ctx.save_for_backward`, which frees them with the graph, and let the backward pass drop or "
        "overwrite nothing.",
    ),
    "GRD-12": Advice(
        why="The straight-through estimate makes the quantizer a smooth function of its input; whatever lies before it learns by "
        "that, and what lies behind it learns as always. The quantizer itself is fixed by its levels: a gain or a temperature "
        "that learns makes its codes and indices depend on the checkpoint. Codes that were made in `torch.inference_mode()` stop "
        "the training of whatever takes them: they cannot be saved for a backward pass.",
        fix="Look for `detach()`, `no_grad` or `requires_grad_(False)` on the projections, in `eval()` too, and for weights that "
        "are read by `.data` or copied into a buffer. Decode under `torch.no_grad()`, if anything must not be recorded, and not "
        "in inference mode. Constants are buffers, or parameters with `requires_grad=False`; weights that no code depends on are "
        "not asked about.",
    ),
}
