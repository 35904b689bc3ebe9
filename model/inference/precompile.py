"""Every compiled kernel, loaded from its cache or compiled into it, ahead of the first question.

python -m model.inference.precompile
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from model import inference
from model.inference import Evidence, variable_elimination
from model.inference.derivatives import derivatives
from model.inference.numba_door import COMPILED
from model.network import Network, Variable


def warm() -> None:
    """Ask one question of every kind of a small network, so that no later one waits for a compiler.

    >>> warm()
    """
    if COMPILED:
        variable_elimination.warm()
        warm_tree()


def warm_tree() -> None:
    """The kernels of the tree executor."""
    plan = inference.compile(_small())
    seen = Evidence(1, {"d": np.array([[0.0, 1.0]])})
    done = Evidence(1, seen.likelihood, {"b": np.array([[[1.0, 0.0], [1.0, 0.0]]])})
    for evidence in (inference.NOTHING, seen, done):
        inference.posterior(plan, evidence)
        inference.posterior(plan, evidence, ("a", "c"))
        inference.log_evidence(plan, evidence)
        inference.most_probable(plan, evidence)
        inference.joint(plan, ("a", "b"), evidence)
        inference.joint(plan, ("a", "d"), evidence)
    derivatives(plan, "a", 0, seen)


def _small() -> Network:
    """A network with a table that is mostly zero, since such tables are stored and walked differently."""
    two, eight = ("no", "yes"), tuple("abcdefgh")
    flip = np.array([[0.9, 0.1], [0.2, 0.8]])
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
        "b": flip,
        "c": np.full(8, 0.125),
        "d": flip,
        "e": sure,
        "f": np.broadcast_to(sure[:, None], (8, 8, 8)),
    }
    return Network(variables, tables)


def compile_all() -> None:
    """Fill the cache, each executor's part in a process of its own."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(part) for part in (variable_elimination.warm, warm_tree)]:
            done.result()


if __name__ == "__main__" and COMPILED:
    compile_all()
