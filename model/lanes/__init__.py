"""The lane executor: batches of scenarios, parameter draws, and single targets on hard networks.

A question about one target is answered by a program of its own (``elimination``): only the tables it needs,
sliced by what is known. Cases that speak of the same variables share a program and run side by side; a batch in
which each case speaks of other variables shares one program in which every finding is a likelihood, and
whatever a block of cases leaves alone is read from the answer without evidence. Identical cases are
computed once.
"""

from model.lanes.asking import (
    cells,
    draws,
    draws_with_evidence,
    marginals,
    needed,
    pays,
    posterior,
    warm,
)
from model.lanes.kept import Recent
from model.lanes.running import ENOUGH, Lanes, prepare

__all__ = [
    "ENOUGH",
    "Lanes",
    "Recent",
    "cells",
    "draws",
    "draws_with_evidence",
    "marginals",
    "needed",
    "pays",
    "posterior",
    "prepare",
    "warm",
]
