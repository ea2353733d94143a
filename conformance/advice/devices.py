"""Advice on DEV: devices, dtypes of the module, mixed precision, compilation."""

from __future__ import annotations

from .advice import Advice

ADVICE = {
    "DEV-1": Advice(
        why="Codes go into the next layer and indices into an embedding, on the device where the input was.",
        fix="Register constants as buffers, so that they move with the module, or create them with `device=z.device`. No "
        "`cpu()`, `numpy()` or `item()` on the way from z to codes and indices.",
        code='self.register_buffer("basis", basis, persistent=False)',
    ),
    "DEV-2": Advice(
        why="Devices have their own tanh, which may differ in the last bits; the bands cover that and nothing more. Bits are not "
        "compared.",
        fix="Keep the arithmetic elementwise and in float32 or wider. Look for an approximate tanh in a kernel of your own "
        "(fast-math flags), for a matrix product in reduced precision (TF32) among the indices, and for constants that are "
        "laid out or rounded differently on that device.",
        code="index = (level.long() * basis).sum(-1)    # no matmul",
    ),
    "DEV-3": Advice(
        why="`module.half()` casts every floating-point buffer and parameter, the constants of the quantizer among them, and "
        "leaves integer ones alone. stable-audio-tools' DitheredFSQ gives wrong indices at L = 7 after `bfloat16()`.",
        fix="Keep basis and sizes in integer buffers. Keep the floating-point constants as Python numbers that become float32 "
        "(float64 for float64 inputs) where they are used, or lay them anew after each move by overriding `_apply`. "
        "Projections move with the module and take inputs of its dtype.",
        code="shift = torch.tensor(self.shifts, dtype=torch.float32,\n                     device=z.device)",
    ),
    "DEV-4": Advice(
        why="Autocast computes matrix products in bfloat16, also those of integers that were written as floats; beyond 256 "
        "these are not exact any more.",
        fix="Switch autocast off around the quantization, on every type of device, and sum the indices as integers.",
        code="with torch.autocast(z.device.type, enabled=False):\n    codes, indices = quantize(z.float())",
    ),
    "DEV-5": Advice(
        why="A compiler fuses operations and brings its own tanh, so last bits may change; levels outside the bands may not.",
        fix='Compare `torch.compile(q, backend="eager")` with `"aot_eager"` and `"inductor"` to see which stage changes the '
        "answer. Usual causes are branches on `is_compiling()` or on Python state, values that are frozen as constants while "
        "the graph is traced, and custom functions that keep state in their forward.",
        code='other = torch.compile(q, backend="aot_eager")',
    ),
    "DEV-6": Advice(
        why="All that an FSQ holds follows from its levels, which are small whole numbers. Half precision rounds constants "
        "that are kept as floats, the weights of the channels from 257 on in bfloat16, and no move brings the bits back. "
        "transformers builds a model while its dtype is the default.",
        fix="Keep basis and sizes in integer buffers that are not saved, and the floating-point constants as Python numbers, "
        "or lay them anew after each move by overriding `_apply`. Name the dtype of every tensor that the constructor makes.",
        code='self.register_buffer("basis", basis, persistent=False)',
    ),
}
