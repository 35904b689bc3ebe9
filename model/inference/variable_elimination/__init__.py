"""Exact inference by variable elimination: batches of cases, parameter draws, and single targets on hard networks.

A question about one target is answered by a *program* of its own: barren variables and what d-separation makes
irrelevant are dropped (``relevance``), known states slice their axes away, and the rest is summed out variable by
variable in a greedy order (``model/inference/greedy_order.py``; Zhang & Poole 1994; Dechter 1996). ``compiler`` writes
that as a flat list of steps, each of which multiplies a few small tables and sums one variable::

    tables 3 of 441     P(b|a)   P(a)   likelihood of b
    slice, transpose    [b a]    [a]    [b]
    step 0: sum b       [b a] x [b]        -> [a]      rows x run entries, each a sum of ``card`` products
    step 1: sum a …

A program depends on which variables are known, not on their states, so that cases with the same evidence pattern
share one and run side by side (``scheduler``, ``simd_kernels``). A batch in which each case has a pattern of its own
shares one program in which every finding is a likelihood; what a block of cases leaves alone is read from the answer
without evidence. Identical cases are computed once.
"""

from model.inference.variable_elimination.queries import (
    cells,
    cells_of_few,
    cells_of_pattern,
    draws,
    draws_fit,
    draws_with_evidence,
    marginals,
    needed,
    posterior,
)
from model.inference.variable_elimination.scheduler import ENOUGH, Prepared, prepare

__all__ = [
    "ENOUGH",
    "Prepared",
    "cells",
    "cells_of_few",
    "cells_of_pattern",
    "draws",
    "draws_fit",
    "draws_with_evidence",
    "marginals",
    "needed",
    "posterior",
    "prepare",
]
