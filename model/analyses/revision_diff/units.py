"""Units of edits: what is applied or left out together, the smallest that make a model whichever others are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from model.analyses.revision_diff.edits import Edit, Edits
from model.analyses.revision_diff.items import EditClass
from model.resources.deadline import checkpoint

MOST_TRIED = 8
"""Blocks of edits of which every set is tried; of more each alone, and all but each."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Edits that are applied together, by their numbers; ``merged`` where one of them alone made no model."""

    edits: tuple[int, ...]
    what: str
    edit_class: EditClass
    merged: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A condition on some units: ``holds`` says whether it is met when a set of them, as bits, is applied."""

    units: int
    holds: Callable[[int], bool]


def units(found: Edits) -> tuple[Unit, ...]:
    """Moving edits, each a unit; those of a scenario, of a cohort, of a variable whose structure moves, together."""
    groups: dict[tuple[object, ...], list[int]] = {}
    whole = {edit.name for edit in found.edits if edit.kind == "variables" and edit.edit_class == "structural"}
    for number, edit in enumerate(found.edits):
        if edit.moves:
            together = edit.kind in ("scenarios", "cohorts") or (edit.kind == "variables" and edit.name in whole)
            key = (edit.kind, edit.name) if together else (number,)
            groups.setdefault(key, []).append(number)
    return tuple(_unit(found.edits, numbers, merged=False) for numbers in groups.values())


def _unit(edits: Sequence[Edit], numbers: Sequence[int], *, merged: bool) -> Unit:
    chosen = [edits[number] for number in numbers]
    structural = any(edit.edit_class == "structural" for edit in chosen)
    names = list(dict.fromkeys(edit.what if len(chosen) == 1 or merged else edit.name for edit in chosen))
    what = " + ".join(names[:3]) + (f" + {len(names) - 3} more" if len(names) > 3 else "")
    return Unit(tuple(numbers), what, "structural" if structural else "numeric", merged)


def merged(edits: Sequence[Edit], units: Sequence[Unit], blocks: Iterable[Sequence[int]]) -> tuple[Unit, ...]:
    """Units of blocks of others; a block of several says that it was merged."""
    made = []
    for block in blocks:
        numbers = sorted(number for each in block for number in units[each].edits)
        joined = len(block) > 1 or units[block[0]].merged
        made.append(_unit(edits, numbers, merged=True) if joined else units[block[0]])
    return tuple(made)


def blocks(count: int, tests: Sequence[Condition]) -> list[list[int]]:
    """So many units put together into the smallest blocks any union of which meets all tests.

    Smallest as far as merging two at a time, always the two that leave fewest sets that fail, finds them.

    >>> together = Condition(0b011, lambda applied: applied in (0b000, 0b011))
    >>> blocks(3, [together])
    [[0, 1], [2]]
    """
    found = [[unit] for unit in range(count)]
    changed = True
    while changed:
        changed = False
        for test in tests:
            while (pair := _to_merge(found, test)) is not None:
                first, second = pair
                found = [*(each for each in found if each not in (first, second)), sorted(first + second)]
                changed = True
    return sorted(found)


def _to_merge(found: Sequence[list[int]], test: Condition) -> tuple[list[int], list[int]] | None:
    """The two blocks to merge for a test; None where it is met."""
    concerned = [block for block in found if _bits(block) & test.units]
    if len(concerned) < 2 or not _failing(concerned, test):
        return None
    return min(combinations(concerned, 2), key=lambda pair: _failing(_joined(concerned, *pair), test))


def _joined(found: Sequence[list[int]], first: list[int], second: list[int]) -> list[list[int]]:
    return [*(each for each in found if each not in (first, second)), first + second]


def _failing(concerned: Sequence[list[int]], test: Condition) -> int:
    """How many of the sets that are tried fail."""
    checkpoint()
    bits = [_bits(block) & test.units for block in concerned]
    if len(bits) <= MOST_TRIED:
        sets = [sum(chosen) for size in range(len(bits) + 1) for chosen in combinations(bits, size)]
    else:
        sets = [*bits, *(sum(bits) - each for each in bits)]
    return sum(not test.holds(each) for each in sets)


def _bits(block: Sequence[int]) -> int:
    return sum(1 << unit for unit in block)
