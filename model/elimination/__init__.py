"""Evidence-specific programs: only the tables a question needs, sliced by what is known, in a good order.

Barren variables and what d-separation makes irrelevant are dropped, known states slice their axes away, and
the rest is summed out variable by variable (Zhang & Poole 1994; Dechter 1996). A program says this as a flat
list of steps, each of which multiplies a few small tables and sums one variable::

    tables 3 of 441     P(b|a)   P(a)   likelihood of b
    slice, transpose    [b a]    [a]    [b]
    step 0: sum b       [b a] x [b]        -> [a]      rows x run entries, each a sum of ``card`` products
    step 1: sum a …

It depends on which variables are known, not on their states, so that one serves every case that speaks of
the same variables.
"""

from model.elimination.programs import Packed, Program, compiled, needed, pack, program
from model.elimination.roles import CUT, HARD, LANED, SIZE, SOFT, SOURCE

__all__ = [
    "CUT",
    "HARD",
    "LANED",
    "SIZE",
    "SOFT",
    "SOURCE",
    "Packed",
    "Program",
    "compiled",
    "needed",
    "pack",
    "program",
]
