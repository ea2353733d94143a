"""What a release's quantizer is written in, so that one that another release has byte for byte need not be run twice.

The release is loaded in a process of its own, and its quantizer is used once in each of its ways. The hash is of the files
whose code ran, of all that these import from the release's folder of packages, and of how the suite would judge it: its
rules, its cases, and the calls by which its quantizers are made.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..adapters import LAYOUTS, Adapter, Capability, Probe, Quantizer, Setup, main_layout, resolve
from ..conformance.levels import level_lists
from ..conformance.plan import Wanted, judged_part, judging_rules, plain_rule
from ..conformance.session import Session
from ..reference import RESIDUAL_RULES
from ..releases.environment import InstallError
from .channel import Source, say
from .child import Order
from .following import Followed
from .handle import KeeperDiedError
from .job import Job
from .pool import leased
from .sources import digest, files_run, with_imports

#: Ways to build a quantizer, each with the capability that it takes, where it takes any.
_WAYS: tuple[tuple[Capability | None, dict[str, object]], ...] = (
    (None, {}),
    (Capability.TRAIN, {"training": True}),
    (Capability.NOISE, {"training": True, "noise": 0.5}),
    (Capability.CODEBOOKS, {"num_codebooks": 2}),
    (Capability.GROUPS, {"groups": 2}),
)


def source_of(job: Job) -> str | None:
    """The hash of what a pinned job's quantizer is written in; None where it cannot be had, for whatever reason.

    A function of a module and of what can be pickled alone, so that any pool can call it anywhere.
    """
    try:
        with leased(job) as (site, lease):
            if site is None:
                return None
            order = Order(job, tuple(sys.path), str(Path.cwd()), site, work=tell_source)
            said = list(Followed(lease.keeper(), order, time.monotonic() + job.limits.case_s).said())
    except (InstallError, KeeperDiedError):  # the run on it says so
        return None
    return said[0].digest if len(said) == 1 and isinstance(said[0], Source) else None


def tell_source(order: Order, channel: int) -> int:
    """What a child does to tell what its target is written in. The exit status."""
    session = Session(order.job.wanted, lambda _: resolve(order.job.spelled), quiet=False)
    adapter = session.adapters.get(order.job.target)
    found = None
    if adapter is not None and order.site is not None:
        folder = Path(order.site)
        with files_run(folder) as files:
            calls = tuple(_used(session.measured(order.job.target), adapter))
        with contextlib.suppress(OSError, SyntaxError):
            cases = (case.id for case in session.cases(order.job.target))
            besides = (adapter.identity.framework, *calls, *cases)
            found = digest(with_imports(files, folder), folder, besides) if files else None
    say(channel, Source(digest=found))
    return 0


def _used(wanted: Wanted, adapter: Adapter) -> Iterator[str]:
    """Uses each kind of quantizer once; gives the calls that made them."""
    for rule in judging_rules(wanted, adapter):
        part = judged_part(adapter, rule)
        levels = next(iter(level_lists("mixed", plain_rule(rule), "quick", wanted.levels)), (8, 5, 5, 5))
        plain = Setup(levels, rule, layout=main_layout(part.layouts), stages=2 if rule in RESIDUAL_RULES else None)
        for needs, changes in _WAYS:
            setup = replace(plain, **changes)  # type: ignore[arg-type]
            if (needs is not None and needs not in part.capabilities) or part.refusal(setup):
                continue
            yield f"{rule} {part.script(setup, Probe('construct'))}"
            with contextlib.suppress(Exception), part.guard():
                _asked(part, part.build(setup))


def _asked(part: Adapter, quantizer: Quantizer) -> None:
    setup = quantizer.setup
    width = len(setup.levels) * setup.num_codebooks * setup.groups
    z = LAYOUTS[setup.layout].arrange(np.linspace(-2, 2, width, dtype=setup.dtype).reshape(1, width))
    answer = quantizer.quantize(z)
    with contextlib.suppress(Exception):
        quantizer.vjp(z, np.ones_like(answer.codes))
    with contextlib.suppress(Exception):
        quantizer.codes_to_indices(LAYOUTS[setup.layout].flatten(answer.codes))
    if Capability.DECODE in part.capabilities and answer.indices is not None:
        quantizer.indices_to_codes(answer.indices)
