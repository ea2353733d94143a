"""The one pool through which all jobs go: threads that each guard an isolated process, or a Dask cluster that does the same."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from ..conformance.recording import header, now
from ..reports.record import Footer, Line, ResultLine, tally
from ..reports.writing import encode
from .job import Job
from .keepers import KEEPERS
from .pool import run_job

#: Seconds to wait for a scheduler to answer.
_PATIENCE = "10s"


class ClusterUnreachableError(Exception):
    """The cluster cannot be used; the message is one line that says why and what to do."""


@contextmanager
def executor(processes: int, cluster: str | None = None) -> Iterator[Executor]:
    """A pool of so many isolated processes on this machine, or the workers of the Dask cluster at `tcp://host:port`.

    On a cluster a job whose worker dies is given to another one, and each worker makes its environments in its own cache.
    Left by an exception, the pool drops what has not started and ends what has. `ClusterUnreachableError`.
    """
    if cluster is not None:
        with _on_cluster(cluster) as pool:
            yield pool
        return
    with ThreadPoolExecutor(processes, thread_name_prefix="job") as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            KEEPERS.close()
            raise


@contextmanager
def _on_cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterUnreachableError(
            "--cluster needs the extra `cluster`, which is not installed; run: pip install 'fsqcheck[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise ClusterUnreachableError(
            f"no Dask scheduler answers at {address} ({said}); expected tcp://HOST:PORT, as `dask scheduler` prints it"
        ) from None
    with client:
        pool = client.get_executor(pure=False, retries=2)  # type: ignore[no-untyped-call]
        try:
            yield pool
        finally:
            pool.shutdown(wait=False)  # what has not ended is not wanted any more


def recorded(job: Job) -> bytes:
    """The whole record of a job, compressed; `BrokenJobError` and `KeeperDiedError` as `run_job`.

    A function of a module and of what can be pickled alone, so that any pool can call it anywhere.
    """
    lines: list[Line] = [header(job.wanted), *run_job(job)]
    results = [line for line in lines if isinstance(line, ResultLine)]
    outcomes = {str(outcome): count for outcome, count in tally(results).items()}
    lines.append(
        Footer(finished=now(), seconds=sum(one.seconds for one in results), results=len(results), outcomes=outcomes)
    )
    return zlib.compress(b"".join(encode(line) + b"\n" for line in lines), 1)
