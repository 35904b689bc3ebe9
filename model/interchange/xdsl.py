"""XDSL, the file of GeNIe and SMILE: chance nodes with full tables, noisy-MAX and deterministic nodes.

Other kinds of node are refused, not dropped. In a table the variable's own state changes fastest, then the last
parent's; aGrUM and pyAgrum write the same element with the first parent's before the others', and name themselves in
the file's extension, by which such a file is known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from model.errors import BadExchangeFile, listed, nearest
from model.gates import AllNeeded, Gate, Rule
from model.interchange.unchecked import (
    Beside,
    Declared,
    DiagramNode,
    Draft,
    Filled,
    Numbers,
    complaint,
    declared,
    filled,
    numbers,
    place,
    shape_of,
    tidy,
    unfit_state,
    words,
)
from model.interchange.xml_reader import Element
from model.interchange.xml_reader import parse as parse_xml
from model.network import Network, Table

ROOTS = ("smile",)
"""What the root element of such a file may be."""

_FITS = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NAMES = _FITS
"""Names that a file can hold."""

_CONVERT = "change its type to a chance node with a CPT in GeNIe"
_PREFIXED = re.compile(r"[0-9_][A-Za-z0-9_]*")
_FIRST_PARENT_FASTEST = re.compile(r"(py)?agrum\b", re.IGNORECASE)
"""How the writer whose order of the parents is its own names itself."""
_BOX = (120, 60)
_GAP = (160, 120)


def parse(data: bytes, file: str) -> Draft:
    """An XDSL file's bytes as a draft."""
    return draft(parse_xml(data, file), file)


def draft(root: Element, file: str) -> Draft:
    """The draft of a root element."""
    if root.tag not in ROOTS:
        raise complaint(file, root.line, f"expected <smile>, found <{root.tag}>")
    for element in root.named("dynamic"):
        raise complaint(file, element.line, "a network over time steps (<dynamic>) is not read: unroll it in GeNIe")
    nodes = root.one("nodes", file)
    for node in nodes.children:
        _check_kind(node, file)
    variables = tuple(_variable(node, file) for node in nodes.named("decision", *_READERS))
    known = declared(variables, file)
    turned = _writer(root) is not None
    tables = tuple(_READERS[node.tag](node, known, file, turned) for node in nodes.named(*_READERS))
    shown = {node.attributes.get("id", ""): node for node in _shown(root)}
    return Draft(
        root.attributes.get("id", "unknown"),
        variables,
        tables,
        _notes(root, nodes, tuple(shown.values())),
        labels={name: _text_of(shown[name], "name") for name in known if name in shown},
        definitions={name: _text_of(shown[name], "comment") for name in known if name in shown},
        decisions=tuple(_diagram(node, file) for node in nodes.named("decision")),
        utilities=tuple(_diagram(node, file) for node in nodes.named(*_UTILITIES)),
    )


def render(network: Network, name: str, beside: Beside) -> str:
    """A network as XDSL text: parents before children, the variable's own state fastest, then the last parent's."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    ident = re.sub(r"\W", "_", name, flags=re.ASCII)
    ident = ident if _FITS.fullmatch(ident) else f"m_{ident}"
    lines += [f'<smile version="1.0" id="{ident}" numsamples="1000" discsamples="10000">', "\t<nodes>"]
    for variable in network.topological:
        lines += _node(network, variable)
    lines += ["\t</nodes>", "\t<extensions>", f'\t\t<genie version="1.0" app="Aftermath" name={quoteattr(name)}>']
    for variable, (x, y) in _places(network).items():
        lines.append(f'\t\t\t<node id="{variable}">')
        lines.append(f"\t\t\t\t<name>{escape(tidy(beside.labels.get(variable, variable)))}</name>")
        if beside.definitions.get(variable):
            lines.append(f"\t\t\t\t<comment>{escape(tidy(beside.definitions[variable]))}</comment>")
        lines.append('\t\t\t\t<interior color="e5f6f7" />')
        lines.append('\t\t\t\t<outline color="000080" />')
        lines.append('\t\t\t\t<font color="000000" name="Arial" size="8" />')
        lines.append(f"\t\t\t\t<position>{x} {y} {x + _BOX[0]} {y + _BOX[1]}</position>")
        lines.append("\t\t\t</node>")
    lines += ["\t\t</genie>", "\t</extensions>", "</smile>"]
    return "\n".join(lines) + "\n"


def unfit(network: Network) -> str | None:
    """Why this network cannot be XDSL, or None."""
    rule = "in XDSL a state is a letter and then letters, digits or underscores; XMLBIF can hold it"
    return unfit_state(network, _FITS, rule)


def state_names(states: Sequence[str]) -> tuple[str, ...]:
    """States as a file can hold them: those that begin with a digit or an underscore have a prefix.

    >>> state_names(("0", "1", "s_0", "a b"))
    ('s_0_2', 's_1', 's_0', 'a b')
    """
    taken = {state for state in states if not _PREFIXED.fullmatch(state)}
    found = []
    for state in states:
        name, count = state, 1
        if _PREFIXED.fullmatch(state):
            name = f"s_{state}"
            while name in taken:
                count += 1
                name = f"s_{state}_{count}"
            taken.add(name)
        found.append(name)
    return tuple(found)


def _node(network: Network, name: str) -> list[str]:
    variable = network[name]
    lines = [f'\t\t<cpt id="{name}">']
    lines += [f'\t\t\t<state id="{state}" />' for state in variable.states]
    if variable.parents:
        lines.append(f"\t\t\t<parents>{' '.join(variable.parents)}</parents>")
    flat = network.tables[name].ravel().tolist()
    lines.append(f"\t\t\t<probabilities>{' '.join(map(repr, flat))}</probabilities>")
    lines.append("\t\t</cpt>")
    return lines


def _places(network: Network) -> dict[str, tuple[int, int]]:
    """Top left corner of each node: one row a generation, parents above children."""
    depth: dict[str, int] = {}
    for name in network.topological:
        depth[name] = 1 + max((depth[parent] for parent in network[name].parents), default=-1)
    filled_so_far: Counter[int] = Counter()
    places = {}
    for name in network.topological:
        row = depth[name]
        places[name] = (40 + _GAP[0] * filled_so_far[row], 40 + _GAP[1] * row)
        filled_so_far[row] += 1
    return places


def _check_kind(node: Element, file: str) -> None:
    if node.tag not in (*_READERS, *_UTILITIES, "decision"):
        name = node.attributes.get("id", "without a name")
        detail = f"node {name!r} is of the kind <{node.tag}>; only {', '.join(f'<{tag}>' for tag in _READERS)} are read"
        raise complaint(file, node.line, f"{detail}: {_CONVERT}")
    if "dynamic" in node.attributes:
        raise complaint(file, node.line, "a node of a network over time steps is not read: unroll it in GeNIe")


def _writer(root: Element) -> str | None:
    """The program that wrote the file, where it lets the first parent change faster than the others."""
    names = [genie.attributes.get("app", "") for part in root.named("extensions") for genie in part.named("genie")]
    return next((name for name in names if _FIRST_PARENT_FASTEST.match(name)), None)


def _shown(element: Element) -> Iterator[Element]:
    """The nodes of the extension, those in submodels too."""
    for child in element.children:
        if child.tag == "node":
            yield child
        elif child.tag in ("extensions", "genie", "submodel"):
            yield from _shown(child)


def _text_of(node: Element, tag: str) -> str:
    return next((tidy(child.text) for child in node.named(tag)), "")


def _variable(node: Element, file: str) -> Declared:
    states = tuple(state.attribute("id", file) for state in node.named("state"))
    return Declared(node.attribute("id", file), states, node.line)


def _family(
    node: Element, variables: Mapping[str, Declared], file: str
) -> tuple[str, tuple[str, ...], tuple[int, ...]]:
    """The node's name, its parents, and the shape of its table."""
    name = node.attribute("id", file)
    parents = _parents(node)
    return name, parents, shape_of(name, parents, variables, file=file, line=node.line)


def _table(node: Element, variables: Mapping[str, Declared], file: str, turned: bool) -> Filled:
    name, parents, shape = _family(node, variables, file)
    written = node.one("probabilities", file)
    values = numbers("".join(written.pieces), file=file, line=written.line)
    read = filled(name, parents, values, shape=shape, file=file, line=written.line)
    if not turned or len(parents) < 2:
        return read
    table = _first_parent_fastest(np.array(values, dtype=np.float64), shape)
    return Filled(name, parents, table, written.line, partial(_words_turned, values, shape))


def _parents(node: Element) -> tuple[str, ...]:
    return tuple(word for element in node.named("parents") for word in element.text.split())


def _diagram(node: Element, file: str) -> DiagramNode:
    return DiagramNode(node.attribute("id", file), _parents(node), node.line)


def _first_parent_fastest(flat: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """Numbers in which the first parent changes before the others, in the shape of their table."""
    backwards = flat.reshape(*shape[-2::-1], shape[-1])
    return np.moveaxis(backwards.transpose(), 0, -1)


def _words_turned(values: Numbers, shape: Sequence[int]) -> NDArray[np.object_]:
    return _first_parent_fastest(np.array(words(values.text), dtype=np.object_), shape)


def _noisy_max(node: Element, variables: Mapping[str, Declared], file: str, _: bool) -> Filled:
    """A noisy-MAX node (Díez 1993, net form), whose states stand from the strongest to the absent one.

    Its strongest state comes first and the last is the one that no cause brings about, so that the first of what
    the causes bring happens: the gate whose lowest state decides, ``AllNeeded``, with the leak as its ceiling.
    """
    name, parents, shape = _family(node, variables, file)
    cards, states = shape[:-1], shape[-1]
    written = node.one("parameters", file)
    values = numbers("".join(written.pieces), file=file, line=written.line)
    rows = sum(cards) + 1
    read = filled(name, parents, values, shape=(rows, states), file=file, line=written.line)
    at = 0
    owners: list[int] = []
    for parent, order in zip(parents, _strengths(node, cards, file), strict=True):
        own = _column_owners(read.table[at : at + len(order)], order)
        if own is None:
            detail = f"node {name!r}: the weakest state of {parent!r} by its strengths, and no other, must leave"
            raise complaint(file, written.line, f"{detail} {variables[name].states[-1]!r} certain: {_CONVERT}")
        owners += [at + place for place in own]
        at += len(order)
    arranged = np.argsort([*owners, at])
    return Filled(
        name,
        parents,
        read.table[arranged],
        written.line,
        printed=lambda: np.array(words(values.text), dtype=np.object_).reshape(rows, states)[arranged],
        build=partial(_all_needed, cards),
    )


def _column_owners(rows: Table, order: Sequence[int]) -> list[int] | None:
    """Which state of a parent each row of its parameters is about: in their own order, or in that of their strengths.

    The weakest state has no effect, by which the two are told apart; None where neither or both could be meant.
    """
    idle = [row[-1] == 1 and not row[:-1].any() for row in rows]
    plain, sorted_ = list(range(len(order))), list(order)
    if plain == sorted_:
        return plain if idle[-1] else None
    if idle[order[-1]] == idle[-1]:
        return None
    return plain if idle[order[-1]] else sorted_


def _all_needed(cards: Sequence[int], rows: Table) -> Gate:
    """The gate of a noisy-MAX's parameters: a row for each state of each parent, and the leak."""
    limits = tuple(np.split(rows[:-1], np.cumsum(cards)[:-1])) if cards else ()
    sizes = tuple(np.full(card, np.inf) for card in cards)
    return AllNeeded(rows[-1], np.inf, limits, sizes)


def _strengths(node: Element, cards: Sequence[int], file: str) -> list[list[int]]:
    """The states of each parent from the strongest to the one without effect; in their own order where not said."""
    named = [word for element in node.named("strengths") for word in element.text.split()]
    if not named:
        return [list(range(card)) for card in cards]
    ends = np.cumsum([0, *cards]).tolist()
    found = [named[start:end] for start, end in pairwise(ends)]
    if len(named) != ends[-1] or any(sorted(part) != sorted(map(str, range(len(part)))) for part in found):
        detail = f"the strengths of node {node.attributes.get('id')!r} are not each parent's states in some order"
        raise complaint(file, node.line, detail)
    return [[int(word) for word in part] for part in found]


def _deterministic(node: Element, variables: Mapping[str, Declared], file: str, turned: bool) -> Filled:
    """A node that its parents decide for certain, its states listed as a table's rows are."""
    name, parents, shape = _family(node, variables, file)
    written = node.one("resultingstates", file)
    named, known = written.text.split(), variables[name].states
    combinations = int(np.prod(shape[:-1], dtype=np.int64))
    if len(named) != combinations:
        detail = f"node {name!r} names {len(named):,} states for {combinations:,} combinations of its parents"
        raise complaint(file, written.line, detail)
    for word in named:
        if word not in known:
            raise BadExchangeFile(
                f"node {name!r} has no state {word!r}; the states are {listed(known)}",
                where=(place(file, written.line),),
                allowed=known,
                did_you_mean=nearest(word, known),
            )
    position = {state: k for k, state in enumerate(known)}
    outcome = np.array([position[word] for word in named], dtype=np.int64)
    rule = outcome.reshape(shape[:-1])
    if turned and len(parents) > 1:
        rule = outcome.reshape(shape[-2::-1]).transpose()
    return Filled(name, parents, np.eye(len(known))[rule], written.line, build=lambda _: Rule(rule, len(known)))


_READERS = {"cpt": _table, "noisymax": _noisy_max, "deterministic": _deterministic}
"""By the kind of a node."""

_UTILITIES = ("utility", "mau")


def _notes(root: Element, nodes: Element, shown: Sequence[Element]) -> tuple[str, ...]:
    known = {"state", "parents", "probabilities", "strengths", "parameters", "resultingstates"}
    known |= {"utilities", "weights"}
    odd = Counter(child.tag for node in nodes.children for child in node.children if child.tag not in known)
    odd.update(child.tag for child in root.children if child.tag not in ("nodes", "extensions"))
    odd.update(child.tag for node in shown for child in node.children if child.tag not in ("name", "comment"))
    left = f"left out: {', '.join(f'{count} <{tag}>' for tag, count in sorted(odd.items()))} (layout and notes)"
    writer = _writer(root)
    order = f"written by {writer}, which lets the first parent change fastest: read in that order"
    return (*((left,) if odd else ()), *((order,) if writer else ()))
