"""``.dsl``, the text that GeNIe and SMILE wrote before XDSL (SMILE wiki, "DSL File Format").

    net commute {
      node late { TYPE = CPT; HEADER = { ID = late; NAME = "Late for work"; }; PARENTS = (rain, road);
                  DEFINITION = { NAMESTATES = (yes, no); PROBABILITIES = (0.2, 0.8, 0.4, 0.6, 0.9, 0.1, 0.1, 0.9); }; };
    };

A table is one flat list, as in XDSL: the first parent changes slowest, the variable's own states fastest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from model.interchange.block_text import Block, Text, left_out
from model.interchange.block_text import parse as parse_blocks
from model.interchange.unchecked import Declared, DiagramNode, Draft, Filled, declared, shape_of

_CHANCE, _CERTAIN, _DECISION = "CPT", "TRUTHTABLE", "LIST"
_UTILITIES = ("TABLE", "MAU")
_CONVERT = "change its type to a chance node with a CPT in GeNIe, or save the network from there as XDSL"
_UNDERSTOOD = frozenset({"TYPE", "PARENTS"})


def parse(data: bytes, file: str) -> Draft:
    """A .dsl file's text as a draft.

    >>> text = b"net x { node a { TYPE = CPT; DEFINITION = { NAMESTATES = (u, v); PROBABILITIES = (.2, .8); }; }; };"
    >>> parse(text, "x.dsl").tables[0].table
    array([0.2, 0.8])
    """
    source = Text(data, file, comment="//")
    blocks = parse_blocks(source)
    if len(blocks) != 1 or blocks[0].head[0] != "net":
        raise source.complain(blocks[0].at if blocks else 0, "expected one block 'net name { … };' and nothing else")
    nodes = [block for block in blocks[0].blocks if block.kind == "node"]
    for block in nodes:
        _check_type(block)
    chance = [block for block in nodes if _type(block) in (_CHANCE, _CERTAIN, _DECISION)]
    variables = tuple(Declared(block.name, _states(block), block.line) for block in chance)
    known = declared(variables, file)
    tables = tuple(_table(block, known) for block in chance if _type(block) != _DECISION)
    return Draft(
        blocks[0].name,
        variables,
        tables,
        left_out(nodes, _UNDERSTOOD),
        labels={block.name: label for block in chance if (label := _header(block, "NAME")) not in ("", block.name)},
        definitions={block.name: comment for block in chance if (comment := _header(block, "COMMENT"))},
        decisions=_diagram(block for block in chance if _type(block) == _DECISION),
        utilities=_diagram(block for block in nodes if _type(block) in _UTILITIES),
    )


def _type(block: Block) -> str:
    return block.need("TYPE", "which says what kind of node it is").word("a node's type")


def _check_type(block: Block) -> None:
    kind = _type(block)
    if kind not in (_CHANCE, _CERTAIN, _DECISION, *_UTILITIES):
        raise block.complain(
            f"node {block.name!r} is of the type {kind}; only CPT and TRUTHTABLE nodes are read: {_CONVERT}"
        )


def _definition(block: Block) -> Block:
    found = block.inner("DEFINITION")
    if found is None:
        raise block.complain(f"node {block.name!r} has no DEFINITION")
    return found


def _states(block: Block) -> tuple[str, ...]:
    choices = _type(block) == _DECISION and _definition(block).get("NAMECHOICES") is not None
    name = "NAMECHOICES" if choices else "NAMESTATES"
    return _definition(block).need(name, "which names its states").names("states", commas=True)


def _parents(block: Block) -> tuple[str, ...]:
    written = block.get("PARENTS")
    return written.names("parents", commas=True) if written else ()


def _table(block: Block, variables: Mapping[str, Declared]) -> Filled:
    parents = _parents(block)
    shape = shape_of(block.name, parents, variables, file=block.source.file, line=block.line)
    if _type(block) == _CERTAIN:
        written = _definition(block).need("RESULTINGSTATES", "a state for each combination of its parents")
        return written.outcomes(block.name, parents, variables[block.name].states, shape)
    return _definition(block).need("PROBABILITIES", "its table").table(block.name, parents, shape)


def _header(block: Block, name: str) -> str:
    header = block.inner("HEADER")
    written = header.get(name) if header else None
    return written.text() if written else ""


def _diagram(blocks: Iterable[Block]) -> tuple[DiagramNode, ...]:
    return tuple(DiagramNode(block.name, _parents(block), block.line) for block in blocks)
