"""Where parts are answered: in a pool of processes on this machine, or on a Dask cluster. The same function in both.

An engine takes a function and parts, and gives back what the function makes of each, in the order in which they are
done. A process that dies loses nothing but the part that it was at, which is done again by another.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from typing import Any, TypeVar

from model.errors import AftermathError

P = TypeVar("P")
R = TypeVar("R")
Do = Callable[[P], R]

DEATHS = 3
"""Times in a row that processes may die before a part is done: then it is for want of memory, or as lasting a fault."""
RETRIES = 2
"""Times that a Dask cluster tries a part again that ended in an error, such as a disk that could not be reached."""


class WorkersDied(AftermathError):
    """Processes ended over and over before they had done anything."""

    code = "workers_died"


def in_processes(do: Do[P, R], parts: Sequence[P], *, workers: int) -> Generator[R, None, None]:
    """Do parts in processes of this machine, which end when this one does; one part alone in this one.

    Raises WorkersDied.
    """
    if len(parts) == 1:
        yield do(parts[0])
        return
    left, deaths, others = dict.fromkeys(range(len(parts))), 0, set(active_children())
    while left:
        pool = ProcessPoolExecutor(
            min(workers, len(left)), mp_context=get_context("spawn"), initializer=_end_with_parent
        )
        try:
            futures = {pool.submit(do, parts[i]): i for i in left}
            for future in as_completed(futures):
                result = future.result()
                del left[futures[future]]
                deaths = 0
                yield result
        except BrokenProcessPool:
            deaths += 1
            if deaths == DEATHS:
                raise WorkersDied(
                    f"processes died {DEATHS} times before a part was done, as where memory runs out: "
                    "try fewer --workers; what is done stays"
                ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for each in set(active_children()) - others if left else ():
                each.terminate()  # whoever asked wants no more of it: nobody waits for the parts that they are at


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended; Ctrl-C is for that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def on_cluster(do: Do[P, R], parts: Sequence[P], *, address: str | None, workers: int) -> Generator[R, None, None]:
    """Do parts on the Dask cluster whose scheduler is at an address, or on one started here for the time."""
    try:
        from distributed import Client
        from distributed import as_completed as completed
    except ImportError:
        raise AftermathError("--engine dask needs the package distributed: pip install 'aftermath[dask]'") from None
    logging.getLogger("distributed").setLevel(logging.ERROR)
    here = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    client: Any = Client
    with client(address) if address else client(**here) as cluster:
        futures = cluster.map(do, parts, retries=RETRIES, pure=False)
        ended: Any = completed(futures)  # type: ignore[no-untyped-call]
        for future in ended:
            yield future.result()
