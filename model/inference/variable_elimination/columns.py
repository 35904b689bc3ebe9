"""What a question says of each variable, and the columns of a program's arrays."""

from __future__ import annotations

HARD = 1
"""The state is known: axes of this variable are sliced away."""
SOFT = 2
"""A likelihood vector comes with each case."""
CUT = 4
"""An intervention: no parents count, the table is one distribution (none at all if HARD as well)."""
LANED = 8
"""The table, or the known state, differs between cases."""
CARD, ROWS, RUN, FIRST, COUNT, OUT, VARYING = range(7)
"""Columns of a step: states summed over, rows of its result, entries a row, where its inputs begin,
how many, the factor it makes, whether that differs between cases."""
FACTOR, STRIDE, MAP, INC = range(4)
"""Columns of a step's input: the factor, how far apart the summed states are, where the row map begins,
1 if the entries of a row are consecutive in it (0: the same for the whole row)."""
SOURCE, SIZE, FLAT, LANE = range(4)
"""Columns of a factor: its variable's table (v), its likelihood (n + v) or a step (-1); entries;
where its load map begins (-1 if none); whether it differs between cases."""
