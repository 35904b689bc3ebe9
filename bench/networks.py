"""The networks measured: those of the literature, the flagship, and two kinds made from a seed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from model import interchange, priors
from model.network import Network, Variable

FLAGSHIP = "mosul-2017"
UNROLLED = "dbn8x12"
LITERATURE = (
    "asia",
    "child",
    "alarm",
    "insurance",
    "hailfinder",
    "win95pts",
    "hepar2",
    "pathfinder",
    "andes",
    "pigs",
    "water",
    "mildew",
    "diabetes",
    "barley",
    "munin",
    "link",
    "munin1",
)
NAMES = (FLAGSHIP, UNROLLED, *LITERATURE)
QUICK = ("alarm", "insurance", FLAGSHIP, UNROLLED)
PRIORS = Path(priors.__file__).resolve().parents[2] / "priors"
SEED = 2017


class Absent(Exception):
    """A network that cannot be had here, and why."""


def load(name: str) -> Network:
    """A network by its name, every row scaled to sum to 1 as nearly as floats can. Raises Absent.

    A published row may miss 1 by 1e-9. Engines that leave barren variables out take it for 1 and others do
    not, so that on the file's own numbers two right engines differ by more than the agreement asked for.
    """
    found = _load(name)
    return Network(found.variables, {n: rows / rows.sum(axis=-1, keepdims=True) for n, rows in found.tables.items()})


def _load(name: str) -> Network:
    if name == UNROLLED:
        return unrolled(8)
    if name in LITERATURE:
        return interchange.read(_collection() / f"{name}.bif.gz").network
    if name not in priors.models(PRIORS):
        raise Absent(f"there is no model {name} in priors/")
    try:
        return priors.load(PRIORS / name).network
    except Exception as error:  # whatever is wrong with one model, the others are measured
        raise Absent(f"the model {name} does not load: {type(error).__name__}: {str(error)[:120]}") from error


def _collection() -> Path:
    """The folder of public .bif.gz files that the pgmpy wheel brings."""
    spec = find_spec("pgmpy")
    if spec is None or spec.submodule_search_locations is None:
        raise Absent("pgmpy, whose wheel brings the file, is not installed")
    return Path(spec.submodule_search_locations[0]) / "utils" / "example_models"


def unrolled(slices: int, *, variables: int = 12, seed: int = SEED) -> Network:
    """A template of two slices, repeated: each variable has up to two parents in its slice and itself before.

    Every third variable remembers itself; all tables are drawn once and shared by all later slices.

    >>> len(unrolled(3).names)
    36
    """
    rng = np.random.default_rng(seed)
    cards = [int(card) for card in rng.integers(2, 4, variables)]
    within = [sorted(rng.choice(range(max(0, i - 3), i), min(i, 2), replace=False).tolist()) for i in range(variables)]
    first = {i: _rows(rng, [*(cards[p] for p in within[i]), cards[i]]) for i in range(variables)}
    later = {i: _rows(rng, [cards[i], *(cards[p] for p in within[i]), cards[i]]) for i in range(0, variables, 3)}
    built, tables = [], {}
    for t in range(slices):
        for i in range(variables):
            before = (f"x{i}_{t - 1}",) if t and i in later else ()
            name = f"x{i}_{t}"
            built.append(Variable(name, _states(cards[i]), (*before, *(f"x{p}_{t}" for p in within[i]))))
            tables[name] = later[i] if before else first[i]
    return Network(built, tables)


def banded(variables: int, *, width: int, card: int = 2, seed: int = SEED) -> Network:
    """A network of a chosen width: each variable depends on the one before it and on the one ``width`` before it.

    >>> banded(20, width=4).names[:2]
    ('v0', 'v1')
    """
    rng = np.random.default_rng(seed)
    built, tables = [], {}
    for i in range(variables):
        above = sorted({p for p in (i - width, i - 1) if p >= 0})
        built.append(Variable(f"v{i}", _states(card), tuple(f"v{p}" for p in above)))
        tables[f"v{i}"] = _rows(rng, [*(card for _ in above), card])
    return Network(built, tables)


def _states(card: int) -> tuple[str, ...]:
    return tuple(f"s{k}" for k in range(card))


def _rows(rng: np.random.Generator, shape: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A table whose rows are uniform on the simplex."""
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])
