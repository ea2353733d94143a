"""Cases that Hypothesis draws for clauses of the other files: level lists, shapes, splits and permutations.

The draws are the same in every run unless `--fsq-seed` says otherwise. A counterexample becomes a fixed case.
"""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis.errors import FlakyFailure, Unsatisfiable

from fsqcheck.adapters import Capability
from fsqcheck.conformance import comparators, probes
from fsqcheck.conformance.case import DRAWN_VARIANT
from fsqcheck.conformance.clause import Span, explores
from fsqcheck.conformance.drawing import by_seed_alone
from fsqcheck.conformance.findings import Array, NotJudgedError, RefusedError, UnsupportedError
from fsqcheck.conformance.judging import judge_grid, judge_levels, same_codes
from fsqcheck.conformance.subject import Subject, indices_given
from fsqcheck.conformance.witness import WitnessedQuantizer

#: Products of drawn levels stay small: some libraries build the whole codebook.
_LARGEST = 2**14
#: How many examples each drawn case tries, by tier.
EXAMPLES = {"quick": 6, "standard": 60, "exhaustive": 60}

DRAWN = Span(levels="drawn", variants=(DRAWN_VARIANT,))
DRAWN_16 = Span(levels="drawn", variants=(DRAWN_VARIANT,), dtypes=("float32", "float64", "bfloat16"))


def _explored(subject: Subject, check: Callable[[Subject, st.DataObject], None], tier: str, number: int) -> None:
    """Runs a check on drawn data; a failure is shrunk and shown as the smallest one found."""

    @settings(
        max_examples=EXAMPLES[tier],
        derandomize=number == 0,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def explore(data: st.DataObject) -> None:
        try:
            check(subject, data)
        except RefusedError:
            reject()  # other levels are drawn in their place

    try:
        with by_seed_alone():
            (seed(number)(explore) if number else explore)()
    except Unsatisfiable:
        raise NotJudgedError("the target refuses every level list that is drawn") from None
    except FlakyFailure as answers:  # wrong, and another time not
        raise answers.exceptions[0] from None


def _levels(subject: Subject, data: st.DataObject, largest: int = _LARGEST) -> tuple[int, ...]:
    """A level list that the rule and the target allow."""
    known = [L for L in range(2, 41) if subject.rule.levels_allowed(L)]
    refusals = {L: subject.adapter.refusal(subject.with_levels((L,)).setup) for L in known}
    allowed = [L for L in known if not refusals[L]]
    if not allowed:
        reasons = set(refusals.values())
        if len(reasons) == 1 and (reason := reasons.pop()):
            raise UnsupportedError(reason)  # it is not about these levels
        raise NotJudgedError("the target allows no level list of the kind that is drawn")
    levels = data.draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=6), label="levels")
    while len(levels) > 1 and int(np.prod(levels)) > largest:
        levels.pop()
    return tuple(levels)


def _setup(subject: Subject, data: st.DataObject) -> Subject:
    return subject.with_levels(_levels(subject, data))


def _shape(subject: Subject, data: st.DataObject) -> tuple[int, ...]:
    sizes = {letter: data.draw(st.integers(1, 6), label=letter) for letter in subject.layout.name if letter != "d"}
    return subject.layout.shape(len(subject.levels), **sizes)


def _floats(subject: Subject, data: st.DataObject, shape: tuple[int, ...]) -> np.ndarray:
    """An array of ordinary, huge and tiny numbers."""
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1), label="numbers"))
    scale = data.draw(st.sampled_from([0.01, 0.5, 1.0, 3.0, 50.0]), label="scale")
    return (scale * random.normal(size=shape)).astype(subject.precision.dtype)


@explores("BND-3", DRAWN_16)
def test_drawn_level_lists_have_exact_thresholds(subject: Subject, fsq_tier: str, fsq_seed: int) -> None:
    def check(subject: Subject, data: st.DataObject) -> None:
        held = _setup(subject, data)
        if not all(held.stair(i).judges for i in range(len(held.levels))):
            return
        vectors = held.probes()[:400]
        reply = held.ask(vectors)
        judge_grid(held, vectors, reply, held.held)
        judge_levels(held, vectors, reply, held.held)

    _explored(subject, check, fsq_tier, fsq_seed)


@explores("IDX-4", DRAWN)
def test_drawn_level_lists_have_mixed_radix_indices(subject: Subject, fsq_tier: str, fsq_seed: int) -> None:
    subject.needs(Capability.INDICES, Capability.ENCODE)  # of those that a forward call alone gives, IDX-5 tells

    def check(subject: Subject, data: st.DataObject) -> None:
        held = _setup(subject, data)
        z = probes.settled(held.rule, held.levels, held.case.dtype, 200, data.draw(st.integers(0, 99)))
        reply = held.ask(z)
        comparators.same_integers(
            indices_given(reply.indices),
            held.codebook.pack(held.exact_levels(z)),
            f"the indices for levels {held.levels}",
        )

    _explored(subject, check, fsq_tier, fsq_seed)


def _in_shape(subject: Subject, quantizer: WitnessedQuantizer, z: Array) -> Array:
    """The codes of an input, in its shape; `WrongAnswerError` for codes of another."""
    codes: Array = subject.reply(quantizer.quantize(z), z.shape).answer.codes
    return codes


@explores("SHP-4", DRAWN_16)
def test_drawn_splits_and_permutations(subject: Subject, fsq_tier: str, fsq_seed: int) -> None:
    def check(subject: Subject, data: st.DataObject) -> None:
        held = _setup(subject, data)
        shape = _shape(held, data)
        z = _floats(held, data, shape)
        quantizer = held.quantizer()
        whole = _in_shape(held, quantizer, z)
        axis = data.draw(st.sampled_from([i for i, letter in enumerate(held.layout.name) if letter != "d"]))
        order = np.array(data.draw(st.permutations(range(shape[axis])), label="permutation"))
        part = order[: data.draw(st.integers(1, shape[axis]), label="how many")]
        at = (slice(None),) * axis + (part,)
        part_of_it = _in_shape(held, quantizer, np.ascontiguousarray(z[at]))
        where = f"positions {part.tolist()} of axis {axis}, levels {held.levels}, input {shape}"
        comparators.same_bits(part_of_it, whole[at], f"the codes of {where}", "those of the whole")

    if subject.layout.name == "d":
        raise NotJudgedError("a single vector has no positions to split")
    _explored(subject, check, fsq_tier, fsq_seed)


@explores("GRD-7", DRAWN)
def test_drawn_inputs_in_training_and_evaluation(subject: Subject, fsq_tier: str, fsq_seed: int) -> None:
    def check(subject: Subject, data: st.DataObject) -> None:
        held = _setup(subject, data)
        z = _floats(held, data, _shape(held, data))
        quantizer = held.quantizer()
        evaluated = held.layout.flatten(_in_shape(held, quantizer, z))
        quantizer.train(True)
        trained = held.layout.flatten(_in_shape(held, quantizer, z))
        same_codes(held, trained, evaluated, f"in training mode (levels {held.levels}, input {z.shape})")

    subject.must_train_quietly()
    _explored(subject, check, fsq_tier, fsq_seed)
