"""Netica's ``.dne`` (the DNET-1 file format of Norsys, 1992-1998).

    bnet commute {
      node late { kind = NATURE; discrete = TRUE; chance = CHANCE; states = (yes, no); parents = (rain, road);
                  probs = (((0.2, 0.8), (0.4, 0.6)), ((0.9, 0.1), (0.1, 0.9))); title = "Late for work"; };
    };

In ``probs`` the first parent changes slowest, then the others, the variable's own states fastest; new files
put brackets around each, old ones write one flat list. ``functable`` has one state for each combination.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from model.errors import listed
from model.interchange.block_text import Block, Text, left_out
from model.interchange.block_text import parse as parse_blocks
from model.interchange.unchecked import Declared, DiagramNode, Draft, Filled, declared, shape_of

UNNAMED_LIMIT = 1000
"""States that a node may have without naming them: their number is one word of the file, whatever its size."""

_KINDS = ("NATURE", "DECISION", "UTILITY", "CONSTANT")
_UNDERSTOOD = frozenset(
    {"kind", "discrete", "chance", "numstates", "states", "statetitles", "levels", "parents", "probs", "functable"}
) | {"title", "comment"}
_WITHOUT_TABLE = "in Netica, Table > Equation To Table, then save"


def parse(data: bytes, file: str) -> Draft:
    """A .dne file's text as a draft.

    >>> parse(b"bnet x { node a { states = (u, v); probs = (.2, .8); }; };", "x.dne").tables[0].table
    array([0.2, 0.8])
    """
    source = Text(data, file, comment="//")
    net = _net(parse_blocks(source), source)
    nodes = [block for block in net.blocks if block.head[0] == "node"]
    for block in nodes:
        _check(block)
    fixed = [block for block in nodes if _kind(block) == "CONSTANT"]
    utilities = [block for block in nodes if _kind(block) == "UTILITY"]
    chance = [block for block in nodes if _kind(block) in ("NATURE", "DECISION")]
    variables = tuple(Declared(block.name, _states(block), block.line) for block in chance)
    known = declared(variables, file)
    decisions = tuple(_diagram(block) for block in chance if _kind(block) == "DECISION")
    _check_constants(nodes, fixed)
    tables = tuple(_table(block, known) for block in chance if _kind(block) == "NATURE")
    return Draft(
        net.name,
        variables,
        tables,
        _notes(net, chance, fixed),
        labels={block.name: title for block in chance if (title := _text(block, "title"))},
        definitions={block.name: comment for block in chance if (comment := _text(block, "comment"))},
        state_labels={block.name: titles for block in chance if (titles := _state_titles(block))},
        decisions=decisions,
        utilities=tuple(map(_diagram, utilities)),
    )


def _net(blocks: Sequence[Block], source: Text) -> Block:
    if len(blocks) != 1 or blocks[0].kind != "bnet":
        raise source.complain(blocks[0].at if blocks else 0, "expected one block 'bnet name { … };' and nothing else")
    return blocks[0]


def _check(block: Block) -> None:
    """Refuse what gives a node another meaning than its own fields say."""
    if ":" in block.head:
        raise block.complain(f"node {block.head[1]!r} inherits from another: save it from Netica in full")
    if len(block.head) != 2:
        raise block.complain(f"expected 'node name {{', found {' '.join(block.head)[:60]!r}")
    delays = block.get("delays")
    if delays is not None:
        raise delays.complain(f"node {block.name!r} has links over time (delays): in Netica, expand the net over time")
    kind = _kind(block)
    if kind not in _KINDS:
        raise block.complain(f"node {block.name!r} is of the kind {kind!r}; the kinds are {listed(_KINDS)}")


def _kind(block: Block) -> str:
    return _one(block, "kind", "NATURE")


def _one(block: Block, name: str, default: str) -> str:
    found = block.get(name)
    return found.word("one word") if found else default


def _states(block: Block) -> tuple[str, ...]:
    """The states' names: those written, else the levels between which a number lies, else a number each."""
    written, levels, count = block.get("states"), block.get("levels"), block.get("numstates")
    discrete = _one(block, "discrete", "TRUE") == "TRUE"
    if not discrete and levels is None:
        detail = f"node {block.name!r} is continuous: only discrete ones are read"
        raise block.complain(f"{detail}; discretise it in Netica (its levels) and save")
    found = written.names("states", commas=True) if written else ()
    if not found and levels is not None:
        numbers = [f"{number:g}" for number in levels.numbers()]
        found = tuple(numbers) if discrete else tuple(f"{low}_to_{high}" for low, high in pairwise(numbers))
    if not found and count is not None:
        word = count.word("a number")
        if not (word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= UNNAMED_LIMIT):
            raise count.complain(
                f"numstates: expected 1 to {UNNAMED_LIMIT:,} where no states are named, found {word!r}"
            )
        found = _numbered(int(word))
    elif found and count is not None and count.word("a number") != str(len(found)):
        raise count.complain(f"numstates: says {count.word('a number')}, and {len(found)} are named: {listed(found)}")
    if not found:
        raise block.complain(f"node {block.name!r}: no 'states', no 'levels' and no 'numstates' say what it can be")
    return found


@lru_cache(maxsize=64)
def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"s{k}" for k in range(count))


def _parents(block: Block) -> tuple[str, ...]:
    written = block.get("parents")
    return written.names("parents (a link without a node is not read)", commas=True) if written else ()


def _table(block: Block, variables: Mapping[str, Declared]) -> Filled:
    name, parents = block.name, _parents(block)
    probs, function = block.get("probs"), block.get("functable")
    if probs is None and function is None:
        if block.get("equation"):
            raise block.complain(f"node {name!r} is an equation without a table: {_WITHOUT_TABLE}")
        raise block.complain(f"node {name!r} has no 'probs'")
    shape = shape_of(name, parents, variables, file=block.source.file, line=block.line)
    if probs is not None:
        if "@" in probs.value:
            marked = probs.at + probs.value.index("@")
            rule = "give such a row any numbers that sum to 1 in Netica: it is never reached"
            raise probs.complain(f"table of {name!r}: a row is marked impossible or undefined; {rule}", at=marked)
        return probs.table(name, parents, shape)
    assert function is not None
    return function.outcomes(name, parents, variables[name].states, shape)


def _diagram(block: Block) -> DiagramNode:
    return DiagramNode(block.name, _parents(block), block.line)


def _check_constants(nodes: Iterable[Block], fixed: Iterable[Block]) -> None:
    names = {block.name for block in fixed}
    for block in nodes:
        used = [parent for parent in _parents(block) if parent in names]
        if used:
            detail = f"node {block.name!r} depends on {used[0]!r}, a CONSTANT, which has no probabilities"
            raise block.complain(f"{detail}: absorb it in Netica and save")


def _text(block: Block, name: str) -> str:
    written = block.get(name)
    return written.text() if written else ""


def _state_titles(block: Block) -> dict[str, str]:
    written = block.get("statetitles")
    if written is None:
        return {}
    titles, states = written.entries("titles in quotes", commas=True), _states(block)
    if len(titles) != len(states):
        raise written.complain(f"statetitles: {len(titles)} titles for {len(states)} states")
    found = zip(states, titles, strict=True)
    return {state: " ".join(title.word.split()) for state, title in found if title is not None and title.word.strip()}


def _notes(net: Block, chance: Sequence[Block], fixed: Sequence[Block]) -> tuple[str, ...]:
    entered = [block.name for block in chance if block.get("evidence")]
    notes = [f"left out: the findings entered on {listed(entered, most=6)}"] if entered else []
    if fixed:
        notes.append(f"left out: the constants and texts {listed([block.name for block in fixed], most=6)}")
    return (*notes, *left_out(chance, _UNDERSTOOD | {"evidence"}))
