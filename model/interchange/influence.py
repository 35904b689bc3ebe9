"""Influence diagrams: what of them a network of chances can hold, and what it leaves out.

A decision that nobody has taken has no probability, and a utility is no variable. With ``chance_only``
a decision becomes a root whose prior is uniform by convention (Cooper 1988 turns decisions into chance
nodes the same way) and a lever that questions set; the arcs that say what the decider knew go, since a
network has no place for them. Utilities are left out and listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model.errors import BadExchangeFile, listed
from model.interchange.unchecked import DiagramNode, Draft, Filled, place, renamings


def settle_decisions(draft: Draft, file: str, *, chance_only: bool) -> Draft:
    """A draft without decisions and utilities: ``levers`` and ``left_out`` say what became of them.

    Raises BadExchangeFile where the file is an influence diagram and ``chance_only`` was not asked for,
    and where a chance variable depends on a utility.
    """
    if not draft.decisions and not draft.utilities:
        return draft
    if not chance_only:
        raise _refusal(draft, file)
    _check_utilities(draft, file)
    states = {variable.name: len(variable.states) for variable in draft.variables}
    uniform = tuple(
        Filled(node.name, (), np.full(states[node.name], 1 / max(states[node.name], 1)), node.line)
        for node in draft.decisions
    )
    named = renamings(node.name for node in draft.utilities)
    left_out = {named.get(node.name, node.name): _on_utility(node) for node in draft.utilities}
    levers = {node.name: _on_decision(node) for node in draft.decisions}
    notes = (
        *(f"decision {name}: {what}" for name, what in levers.items()),
        *(f"left out: {name}, {why}" for name, why in left_out.items()),
    )
    return replace(
        draft,
        tables=(*draft.tables, *uniform),
        notes=(*draft.notes, *notes),
        decisions=(),
        utilities=(),
        levers=levers,
        left_out=left_out,
    )


def _refusal(draft: Draft, file: str) -> BadExchangeFile:
    found = [_counted(draft.decisions, "decision", "decisions"), _counted(draft.utilities, "utility", "utilities")]
    detail = f"an influence diagram, with {' and '.join(filter(None, found))}"
    line = min(node.line for node in (*draft.decisions, *draft.utilities))
    rule = "decisions become levers with a uniform prior, utilities are left out and listed"
    return BadExchangeFile(f"{detail}; only with --chance-only is it read: {rule}", where=(place(file, line),))


def _counted(nodes: Sequence[DiagramNode], one: str, many: str) -> str:
    return f"the {one if len(nodes) == 1 else many} {listed([node.name for node in nodes], most=6)}" if nodes else ""


def _check_utilities(draft: Draft, file: str) -> None:
    utilities = {node.name for node in draft.utilities}
    known = {variable.name: variable.line for variable in draft.variables}
    for node in draft.utilities:
        if node.name in known:
            detail = f"utility {node.name!r} has the name of a variable, on line {known[node.name]}"
            raise BadExchangeFile(detail, where=(place(file, node.line),))
    for table in draft.tables:
        for parent in table.parents:
            if parent in utilities:
                detail = f"table of {table.name!r}: its parent {parent!r} is a utility, which cannot be left out"
                raise BadExchangeFile(detail, where=(place(file, table.line),))


def _on_decision(node: DiagramNode) -> str:
    known = f"; that it was informed by {listed(node.parents, most=6)} is left out" if node.parents else ""
    return f"a lever with a uniform prior, which is a convention and not the file's{known}"


def _on_utility(node: DiagramNode) -> str:
    given = f" that depends on {listed(node.parents, most=6)}" if node.parents else ""
    return f"a utility{given}: utilities are not imported"
