"""How a library's calls are spelled: one text for each, which is evaluated, and printed in scripts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class Dialect:
    """Python expressions over the quantizer `q` and the array that it is asked about, which stands in braces.

    forward: quantizes `{z}`. encode: the indices of `{codes}`, channels last. decode: the codes of `{indices}`, which have
    the positions' axes, and the codebooks' behind them where there are several. stages: the codes of each stage of
    `{indices}`, the stages' axis first.
    """

    forward: str = "q({z})"
    encode: str = "q.codes_to_indices({codes})"
    decode: str = "q.indices_to_codes({indices})"
    stages: str = "q.get_codes_from_indices({indices})"

    def quantize(self, q: Any, z: Any) -> Any:
        """What the forward call returns."""
        return eval(_compiled(self.forward, "z"), {"q": q, "z": z})

    def codes_to_indices(self, q: Any, codes: Any) -> Any:
        """The indices of codes."""
        return eval(_compiled(self.encode, "codes"), {"q": q, "codes": codes})

    def indices_to_codes(self, q: Any, indices: Any) -> Any:
        """The codes of indices."""
        return eval(_compiled(self.decode, "indices"), {"q": q, "indices": indices})

    def stage_codes(self, q: Any, indices: Any) -> Any:
        """The codes of each stage."""
        return eval(_compiled(self.stages, "indices"), {"q": q, "indices": indices})


@lru_cache(maxsize=64)
def _compiled(expression: str, name: str) -> CodeType:
    return compile(expression.format(**{name: name}), expression, "eval")


#: The convention that FSQ libraries share (docs/adapters.md).
CONVENTION = Dialect()
#: That of residual quantizers, which vector-quantize-pytorch set.
RESIDUAL = Dialect(decode="q.get_output_from_indices({indices})")

#: What lays (…, d) codes out, by the layout; all positions lie along its last axis but the channels.
LAID_OUT = {
    "Bd": ".reshape(-1, {codes}.shape[-1])",
    "BTd": ".reshape(1, -1, {codes}.shape[-1])",
    "BdT": ".reshape(1, -1, {codes}.shape[-1]).swapaxes(-1, 1)",
    "BdHW": ".reshape(1, -1, 1, {codes}.shape[-1]).swapaxes(-1, 1)",
    "BdTHW": ".reshape(1, -1, 1, 1, {codes}.shape[-1]).swapaxes(-1, 1)",
}
#: Where indices may keep an axis of length 1 for their one codebook, behind all others or behind the batch: what leaves it out,
#: and what puts it back.
AXES = {"[..., 0]": "[..., None]", "[:, 0]": "[:, None]"}


def channels_second(framework: str, layout: str) -> str:
    """What moves channels that are last to where a layout has them; nothing for a layout that has them there."""
    moved = len(layout) - 1 - layout.index("d")
    if framework.startswith("torch") and moved:
        return ".movedim(-1, 1)"
    return "".join(f".swapaxes({-1 - one}, {-2 - one})" for one in range(moved))
