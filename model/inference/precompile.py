"""Every compiled kernel, loaded from its cache or compiled into it, ahead of the first question.

python -m model.inference.precompile
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import numpy as np

from model import inference
from model.inference import Evidence, numba_door, variable_elimination
from model.inference.derivatives import derivatives
from model.inference.numba_door import COMPILED
from model.inference.plan import Plan
from model.inference.simd import LANES
from model.inference.variable_elimination import ENOUGH, Prepared
from model.network import Network, Variable

EVERY = 1.0
"""Seconds between lines of progress."""

FLIP = np.array([[0.9, 0.1], [0.2, 0.8]])

Part = Callable[[], object]


def warm() -> None:
    """Ask one question of every kind of a small network, so that no later one waits for a compiler.

    >>> warm()
    """
    if COMPILED:
        for part in parts():
            part()


def parts() -> list[Part]:
    """Questions that need every kernel between them; neighbours need much the same ones."""
    return [*_of_variable_elimination(), *_of_the_tree()]


def _of_variable_elimination() -> list[Part]:
    which = np.arange(2 * LANES)
    known = np.eye(2)[which % 2]
    report = np.stack([1.0 + which, np.full(len(which), 0.5)], axis=1)
    scattered = {"a": np.where(which[:, None] % 2 == 1, known, 1.0), "c": report}
    set_to = {"b": np.broadcast_to(known[:, None], (len(which), 2, 2))}
    asked = [
        (Evidence(1, {"b": known[:1]}), "a"),
        (Evidence(len(which), {"b": known, "c": known + 0.5}), "a"),
        (Evidence(ENOUGH, {name: rows[:ENOUGH] for name, rows in scattered.items()}), "b"),
        (Evidence(3, {"a": known[:3], "c": report[:3]}), "b"),
        (Evidence(len(which), {"a": known}, set_to), "c"),
    ]
    one, drawn = Evidence(1, {"c": known[:1]}), {"b": np.repeat(FLIP[None], len(which), axis=0)}
    return [
        *(partial(_of, _chain, variable_elimination.posterior, seen, [name]) for seen, name in asked),
        partial(_of, _chain, variable_elimination.draws, ["a"], one, drawn),
    ]


def _of_the_tree() -> list[Part]:
    seen = Evidence(1, {"d": np.array([[0.0, 1.0]])})
    done = Evidence(1, seen.likelihood, {"b": np.array([[[1.0, 0.0], [1.0, 0.0]]])})
    every: list[Part] = []
    for evidence in (inference.NOTHING, seen, done):
        every += [
            partial(_of, _tree, inference.joint, ("a", "b"), evidence),
            partial(_of, _tree, inference.joint, ("a", "d"), evidence),
            partial(_of, _tree, inference.log_evidence, evidence),
            partial(_of, _tree, inference.posterior, evidence, ("a", "c")),
            partial(_of, _tree, inference.most_probable, evidence),
            partial(_of, _tree, inference.posterior, evidence),
        ]
    return [*every, partial(_of, _tree, derivatives, "a", 0, seen)]


def _of(network: Callable[[], Any], function: Callable[..., object], *arguments: Any) -> object:
    """Ask a question of a network that is made ready when it is first needed, since that takes kernels too."""
    return function(network(), *arguments)


@cache
def _chain() -> Prepared:
    two = ("no", "yes")
    variables = [Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))]
    return variable_elimination.prepare(Network(variables, {"a": np.array([0.5, 0.5]), "b": FLIP, "c": FLIP}))


@cache
def _tree() -> Plan:
    return inference.compile(_small())


def _small() -> Network:
    """A network with a table that is mostly zero, since such tables are stored and walked differently."""
    two, eight = ("no", "yes"), tuple("abcdefgh")
    sure = np.zeros((8, 8))
    sure[np.arange(8), np.arange(8)[::-1]] = 1.0
    variables = [
        Variable("a", two),
        Variable("b", two, ("a",)),
        Variable("c", eight),
        Variable("d", two, ("b",)),
        Variable("e", eight, ("c",)),
        Variable("f", eight, ("e", "c")),
    ]
    tables = {
        "a": np.array([0.5, 0.5]),
        "b": FLIP,
        "c": np.full(8, 0.125),
        "d": FLIP,
        "e": sure,
        "f": np.broadcast_to(sure[:, None], (8, 8, 8)),
    }
    return Network(variables, tables)


# All of them, on all cores


def compile_all() -> None:
    """Fill the cache, in a process for each core; lines on standard output say how far it is.

    Half of the processes take parts from the front and half from the back, so that two of them seldom need the same
    kernel at the same time. What one compiled the others load.
    """
    waiting = deque(range(len(parts())))
    total, done, due = len(waiting), 0, time.monotonic()
    workers = [_Worker(from_front=number % 2 == 0) for number in range(min(_cores(), total))]
    at_work = {worker.pipe: worker for worker in workers if worker.next_of(waiting)}
    while at_work:
        for pipe in wait(list(at_work)):
            worker = at_work[cast(Connection, pipe)]
            if not worker.heard():
                done += 1
                if not worker.next_of(waiting):
                    del at_work[worker.pipe]
        if time.monotonic() >= due:
            print(f"{sum(worker.functions for worker in workers)} functions, {done} of {total} parts", flush=True)
            due = time.monotonic() + EVERY
    for worker in workers:
        worker.process.join()
    place = numba_door.folder()
    if place is not None:
        (place / numba_door.WHOLE).touch()


class _Worker:
    """A process that asks the parts it is told to."""

    def __init__(self, *, from_front: bool) -> None:
        self.from_front = from_front
        context = get_context("spawn")
        self.functions = 0
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def next_of(self, waiting: deque[int]) -> bool:
        """Take a part, if any is left; else no more are to come."""
        if waiting:
            self.pipe.send(waiting.popleft() if self.from_front else waiting.pop())
            return True
        self.pipe.close()
        return False

    def heard(self) -> bool:
        """Whether it is still at its part: it sent how many functions it has compiled so far, or None."""
        functions = self.pipe.recv()
        self.functions = self.functions if functions is None else functions
        return functions is not None


def _work(pipe: Connection) -> None:
    """Ask parts until none is sent; send the number of functions compiled now and then, and None after a part."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    every = parts()
    numba_door.PROGRESS.tell, numba_door.PROGRESS.every = pipe.send, EVERY
    try:
        while True:
            every[pipe.recv()]()
            pipe.send(None)
    except (EOFError, BrokenPipeError):
        return  # there are no more, or whoever wanted them is gone


def _cores() -> int:
    """The cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


if __name__ == "__main__" and COMPILED:
    try:
        compile_all()
    except KeyboardInterrupt:
        sys.exit(130)
