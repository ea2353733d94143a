"""A residual quantizer under one residual rule: its token is the indices of all stages together."""

from __future__ import annotations

import numpy as np

from ..adapters import Adapter, Capability
from ..conformance.findings import WrongAnswerError
from ..conformance.staged import Staged
from ..conformance.witness import WitnessedQuantizer
from ..reference import PRECISIONS
from .party import DTYPE, Array, Party, Tokens


class StagedParty(Party):
    """A residual quantizer that takes part in a comparison, with so many stages. Its levels are those of all stages."""

    def __init__(self, name: str, adapter: Adapter, rule: str, levels: tuple[int, ...], stages: int) -> None:
        self._stages = stages
        super().__init__(name, adapter, rule, levels)
        self._staged = Staged(self.subject)

    def _built(self) -> WitnessedQuantizer:
        return self.subject.quantizer(stages=self._stages)

    @property
    def has_thresholds(self) -> bool:
        """No: what the further stages are given depends on the first."""
        return False

    @property
    def rounding(self) -> float:
        """How far its codes may be off, in eps."""
        return float(self._staged.tolerance().max()) / PRECISIONS[DTYPE].eps

    def tokens(self, vectors: Array) -> Tokens:
        """Its tokens: indices (N, stages), and for each channel one number for the levels of all stages."""
        with self._named():
            reply = self._staged.ask(vectors, self._quantizer)
        by_stage = self._staged.levels(reply.indices)
        weights = np.array(self.subject.levels) ** np.arange(self._stages)[:, np.newaxis]
        level = np.where((by_stage < 0).any(axis=1), -1, (by_stage * weights).sum(axis=1))
        return Tokens(level, reply.indices, reply.codes)

    def _slopes(self, vectors: Array) -> Array:
        z = np.ascontiguousarray(self.subject.layout.arrange(vectors)).copy()
        gradient = self._quantizer.vjp(z, np.ones_like(z))[1]
        if gradient.shape != z.shape:
            raise WrongAnswerError(f"a gradient of shape {gradient.shape} for an input of shape {z.shape}")
        return self.subject.layout.flatten(gradient)

    @property
    def decodes(self) -> bool:
        """Whether it turns indices into codes."""
        return self.subject.has(Capability.DECODE)

    @property
    def decodes_any(self) -> bool:
        """No: its codebook is that of all stages together, which is never tried whole."""
        return False

    def decoded(self, indices: Array) -> Array:
        """The codes (N, d) of (N, stages) indices."""
        layout, d = self.subject.layout, len(self.subject.levels)
        shape = layout.arrange(np.zeros((len(indices), d))).shape
        given = self._quantizer.quantize(np.zeros(shape, dtype=np.float32)).indices
        if given is None:
            raise WrongAnswerError("no indices")
        last = given.shape == (*layout.positions(shape), self._stages)
        arranged = indices.reshape(given.shape) if last else layout.arrange(indices)
        return self._staged.decoded(self._quantizer, np.ascontiguousarray(arranged), shape)
