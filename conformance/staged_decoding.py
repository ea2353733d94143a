"""What a residual quantizer decodes in certain calls and states; that it decodes at all is the affair of RES-5."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..adapters import Capability
from . import comparators
from .findings import Array, TargetRaisedError, WrongAnswerError
from .staged import Staged, StagedReply
from .views import VIEWS
from .witness import WitnessedQuantizer


def judge_decoded(staged: Staged, quantizer: WitnessedQuantizer, where: str, **how: Any) -> None:
    """It decodes the indices of a small array as a new quantizer does, to within the rounding of the precision that is held."""
    given = _decodable(staged)
    if given is None:
        return
    shape = staged.few().shape
    right = staged.decoded(staged.quantizer(), given, shape)
    with staged.subject.must_answer("the codes of indices", where):
        codes = quantizer.indices_to_codes(given, **how)
    comparators.same_shape(codes, shape, f"the decoded codes {where}")
    found = staged.subject.layout.flatten(codes)
    comparators.within(found, right, 2 * staged.tolerance(), f"the decoded codes {where}")


def judge_decoded_views(staged: Staged, quantizer: WitnessedQuantizer) -> None:
    """Indices in views are decoded as their contiguous copies."""
    given = _decodable(staged)
    if given is None:
        return
    for name, see in VIEWS.items():
        seen = see(given)
        plain = quantizer.indices_to_codes(np.ascontiguousarray(seen).copy())
        with staged.subject.must_answer("the codes of their contiguous copy", f"where indices are {name}"):
            codes = quantizer.indices_to_codes(seen)
        comparators.within(codes, plain, float(staged.tolerance().min()), f"the codes of {name} indices")


def judge_decoded_back(
    staged: Staged, quantizer: WitnessedQuantizer, reply: StagedReply, shape: tuple[int, ...], where: str
) -> None:
    """The indices of an answer are decoded to its codes."""
    if _decodable(staged) is None:
        return
    with staged.subject.must_answer("the codes of the indices", where.strip()):
        decoded = staged.decoded(quantizer, reply.given, shape)
    comparators.within(decoded, reply.codes, 2 * staged.tolerance(), f"the codes decoded{where}")


def _decodable(staged: Staged) -> Array | None:
    """Indices of a small array, where a new quantizer decodes them."""
    if not staged.subject.has(Capability.DECODE):
        return None
    z = staged.few()
    try:
        quantizer = staged.quantizer()
        given = staged.reply(quantizer, z.copy()).given
        staged.decoded(quantizer, given, z.shape)
    except (TargetRaisedError, WrongAnswerError):
        return None
    return given
