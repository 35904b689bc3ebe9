"""Combinations of states told shortly: a set of them as a few boxes, each a set of states of every parent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[frozenset[int], ...]


def boxes(mask: NDArray[np.bool_]) -> tuple[Box, ...]:
    """Disjoint boxes that together hold exactly the combinations where ``mask`` (*parents' states) is true.

    Boxes alike on every axis but one are joined until none are.

    >>> [[sorted(side) for side in box] for box in boxes(np.array([[True, True], [False, True]]))]
    [[[0], [0, 1]], [[1], [1]]]
    """
    found = [tuple(frozenset([place]) for place in when) for when in np.argwhere(mask).tolist()]
    count = -1
    while count != len(found):
        count = len(found)
        for axis in reversed(range(mask.ndim)):
            found = _joined(found, axis)
    return tuple(found)


def _joined(found: Sequence[Box], axis: int) -> list[Box]:
    """Boxes that differ on this axis only, made one."""
    sides: dict[tuple[Box, Box], frozenset[int]] = {}
    for box in found:
        rest = (box[:axis], box[axis + 1 :])
        sides[rest] = sides.get(rest, frozenset()) | box[axis]
    return [(*before, side, *after) for (before, after), side in sides.items()]
