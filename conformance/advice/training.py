"""Advice on TRN: modes, noise, copies."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "TRN-1": Advice(
        why="In evaluation an FSQ is a fixed function without state, and one machine computes it the same way each time. Bits "
        "are compared between calls of one quantizer, never across devices or libraries.",
        fix="Draw random numbers only in training and only with p > 0. Keep no counter, cache or running statistic that a call "
        "changes and a later one reads; training mode must leave nothing behind either.",
        code="if self.training and self.p > 0:\n    codes = with_noise(codes)",
    ),
    "TRN-2": Advice(
        why="The noise stands in for rounding while the encoder learns (arXiv 2411.19842 §3.2). In evaluation there is rounding.",
        fix="Ask `self.training` in each call, not at construction, and do not override `train()` or `eval()` so that they "
        "miss it. A quantizer inside another has to be a registered submodule, or `eval()` does not reach it.",
        code="if self.training and self.p > 0:\n    codes = with_noise(codes)",
    ),
    "TRN-3": Advice(
        why="p is a hyperparameter that people tune. vector-quantize-pytorch 1.32.0 draws its mask at 0.5 whatever p is; "
        "stable-audio-tools' DitheredFSQ is noisy in training at p = 0.",
        fix="Compare a uniform draw from [0, 1) with p, strictly: p = 0 then takes none, p = 1 all. Take care that 0 is not read "
        "as «not set».",
        code="noisy = torch.rand_like(smooth) < p\ncodes = torch.where(noisy, smooth + noise, codes)",
    ),
    "TRN-4": Advice(
        why="Rounding moves a value by up to half a step, which is 1/(L-1) on the symmetric grid; the noise imitates that. "
        "vector-quantize-pytorch 1.32.0 adds ±0.5 for every L, 3.5 half steps at L = 8.",
        fix="Draw one number for each element, uniform over ±1/(L-1) of its own channel, and add it to the bounded "
        "value tanh(z), not to the rounded code.",
        code="noise = (2 * torch.rand_like(smooth) - 1) / (sizes - 1)\ncodes = torch.where(noisy, smooth + noise, codes)",
    ),
    "TRN-5": Advice(
        why="A noisy value may lie beyond the last code, and its nearest level outside 0 … L-1. vector-quantize-pytorch had "
        "that twice, mended in 1.22.9 and 1.27.16 (issues 207 and 240).",
        fix="Make the indices from the levels that the vector has without noise; or clamp the level of the noisy value to "
        "0 … L-1 before it is packed.",
        code="indices = (level.long() * basis).sum(-1)  # without noise",
    ),
    "TRN-6": Advice(
        why="An FSQ has no state but its levels and, if it projects, the weights of its projections. So every copy computes the "
        "same.",
        fix="Compute constants from the levels in the constructor and register them as buffers; let projections be modules. "
        "What is random or learned belongs in the state. Attributes that do not pickle (lambdas, hooks, open files) go, or "
        "are rebuilt in `__setstate__`; so do answers of the last call that were kept with their graph, which cannot be "
        "deep-copied. An object that is no module need not pickle, and a scripted one is saved by `torch.jit.save`.",
        code='self.register_buffer("basis", basis, persistent=False)',
    ),
    "TRN-7": Advice(
        why="Who sets the framework's seed expects the run to repeat, and who draws twice expects two draws.",
        fix="Draw by `torch.rand_like` from the global generator: not from NumPy, `random` or the system, which "
        "`torch.manual_seed` does not seed. Never seed inside a forward call.",
        code="noise = 2 * torch.rand_like(smooth) - 1",
    ),
    "TRN-8": Advice(
        why="An FSQ is a function of its input and nothing else (arXiv 2309.15505 §3.1). A used quantizer is compared with a new "
        "one of the same levels, in evaluation and in training: codes, indices and gradients.",
        fix="Compute the constants in the constructor, not in the first call, which may come in half precision, under autocast "
        "or in inference mode; and keep them in the instance, not in its class or module. A cache needs levels, dtype and "
        "device in its key, never the identity or the address of a tensor. Count no calls.",
        code="shift = torch.tensor(self.shifts, dtype=torch.float32,\n                     device=z.device)",
    ),
    "TRN-9": Advice(
        why="A quantizer is one of hundreds of modules. Settings of the framework are everybody's: a seed in a constructor makes "
        "every layer that is built afterwards start alike, a gradient mode that stays off ends training silently, and a default "
        "dtype changes other people's layers.",
        fix="Give dtype and device to each tensor instead of setting a default. Use `with torch.no_grad():`, not "
        "`torch.set_grad_enabled(False)`, so that an exception too puts it back. Draw from a `torch.Generator` of your own where "
        "numbers must repeat.",
        code="generator = torch.Generator().manual_seed(0)\nnoise = torch.rand(z.shape, generator=generator)",
    ),
}
