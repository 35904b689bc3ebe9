"""Hugin's ``.net``, the net language (HUGIN API Reference Manual, chapter "The NET Language").

    node late { states = ("yes" "no"); label = "Late for work"; }
    potential (late | rain road) { data = (((0.2 0.8)(0.4 0.6))((0.9 0.1)(0.1 0.9))); }

In ``data`` the first parent changes slowest, then the others, the variable's own states fastest.
Comments run from ``%`` to the end of the line. Only text that is UTF-8 is read: the format says no encoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from model.interchange.block_text import Block, Text, left_out
from model.interchange.block_text import parse as parse_blocks
from model.interchange.unchecked import Declared, DiagramNode, Draft, Filled, declared, shape_of

_CONVERT = "convert it in Hugin to a discrete node with a table, or export the network from there"
_CHANCE = ("node", "discrete node")
_NODES = (*_CHANCE, "decision", "utility")
_REFUSED = {
    "continuous node": "a continuous node: only discrete ones are read; discretise it in Hugin",
    "function": f"a function node, which is computed from others: {_CONVERT}",
    "continuous function": f"a function node, which is computed from others: {_CONVERT}",
    "discrete function": f"a function node, which is computed from others: {_CONVERT}",
    "instance": "an instance of another network: unfold it in Hugin and save the whole as .net",
    "class": "a class with inputs, or one of several: unfold the network in Hugin and save the whole as .net",
    "temporal": "a node of a network over time steps: unroll it in Hugin and save the whole as .net",
}
_UNDERSTOOD = frozenset({"states", "label", "subtype", "state_values", "data", "HR_Desc"})


def parse(data: bytes, file: str) -> Draft:
    """A .net file's text as a draft.

    >>> parse(b'net { } node x { states = ("a" "b"); } potential (x) { data = (.2 .8); }', "x.net").tables[0].table
    array([0.2, 0.8])
    """
    blocks = _opened(parse_blocks(Text(data, file, comment="%|//")))
    nodes = [block for block in blocks if block.kind in _NODES]
    potentials = [block for block in blocks if block.head == ("potential",)]
    for block in blocks:
        _check_kind(block)
    chance = [block for block in nodes if block.kind != "utility"]
    variables = tuple(Declared(block.name, _states(block), block.line) for block in chance)
    known = declared(variables, file)
    kinds = {block.name: block.kind for block in nodes}
    scopes = [(block, *_scope(block, kinds)) for block in potentials]
    parents = {name: given for _, name, given in scopes}
    tables = tuple(_table(block, name, given, known) for block, name, given in scopes if kinds[name] in _CHANCE)
    return Draft(
        _name(blocks),
        variables,
        tables,
        left_out((block for block in blocks if block.head != ("net",)), _UNDERSTOOD),
        labels=_texts(chance, "label"),
        definitions=_texts(chance, "HR_Desc"),
        decisions=_diagram(nodes, "decision", parents),
        utilities=_diagram(nodes, "utility", parents),
    )


def _opened(blocks: list[Block]) -> list[Block]:
    """What is in the class, where the whole file is one that takes nothing from outside: a plain network."""
    if len(blocks) != 1 or blocks[0].kind != "class":
        return blocks
    inputs = blocks[0].get("inputs")
    return blocks if inputs and inputs.names("inputs", commas=False) else blocks[0].blocks


def _check_kind(block: Block) -> None:
    kind = block.kind
    if kind in _NODES or block.head in (("net",), ("potential",)):
        for inner in block.blocks:
            raise inner.complain(f"a block {' '.join(inner.head)!r} within {' '.join(block.head)!r} is not understood")
        if (block.scope is None) == (block.head == ("potential",)):
            rule = "'potential (variable | parents) { … }'" if block.scope is None else "no brackets"
            raise block.complain(f"{' '.join(block.head)}: expected {rule}")
        return
    for refused in (kind, block.head[0]):
        if refused in _REFUSED:
            raise block.complain(f"{' '.join(block.head[:2])!r} is {_REFUSED[refused]}")
    expected = "'net', 'node', 'decision', 'utility' or 'potential'"
    raise block.complain(f"expected {expected}, found {' '.join(block.head)[:60]!r}")


def _states(block: Block) -> tuple[str, ...]:
    """The states' names: those written, else what the values say that the states stand for."""
    written, subtype = block.get("states"), block.get("subtype")
    states = written.names("states in quotes", commas=False) if written else ()
    if any(states):
        return states
    kind = subtype.word("label, boolean, number or interval") if subtype else "label"
    if kind == "boolean" and not states:
        return ("false", "true")
    values = block.get("state_values")
    if values is None or kind not in ("number", "interval"):
        raise block.complain(f"{' '.join(block.head)}: no 'states' with names, and no 'state_values' to name them by")
    found = [f"{number:g}" for number in values.numbers()]
    named = tuple(found) if kind == "number" else tuple(f"{low}_to_{high}" for low, high in pairwise(found))
    if states and len(states) != len(named):
        raise values.complain(f"state_values: they make {len(named)} states, and 'states' has {len(states)}")
    return named


def _scope(block: Block, kinds: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The variable that a potential is about and its parents, as listed."""
    assert block.scope is not None
    name, bar, given = block.scope.value.partition("|")
    names = name.split()
    if len(names) != 1:
        detail = f"potential of {len(names)} variables at once: only one may stand before '|'"
        raise block.complain(detail)
    parents = tuple(given.split())
    if bar and "|" in given:
        raise block.complain(f"potential of {names[0]!r}: a second '|'")
    if names[0] not in kinds:
        raise block.complain(f"potential of {names[0]!r}: no node of this name is declared")
    return names[0], parents


def _table(block: Block, name: str, parents: Sequence[str], variables: Mapping[str, Declared]) -> Filled:
    data = block.get("data")
    if data is None:
        if block.get("model_data"):
            raise block.complain(
                f"potential of {name!r} is an expression without a table: compile it in Hugin and save"
            )
        raise block.complain(f"potential of {name!r} has no 'data'")
    shape = shape_of(name, parents, variables, file=block.source.file, line=block.line)
    return data.table(name, parents, shape)


def _diagram(nodes: Iterable[Block], kind: str, parents: Mapping[str, tuple[str, ...]]) -> tuple[DiagramNode, ...]:
    return tuple(
        DiagramNode(block.name, parents.get(block.name, ()), block.line) for block in nodes if block.kind == kind
    )


def _texts(nodes: Iterable[Block], name: str) -> dict[str, str]:
    """What a field of each node says, where it says anything."""
    return {block.name: text for block in nodes if (text := _text(block, name))}


def _text(block: Block, name: str) -> str:
    written = block.get(name)
    return written.text() if written else ""


def _name(blocks: Iterable[Block]) -> str:
    return next((_text(block, "name") for block in blocks if block.head == ("net",)), "") or "unknown"
