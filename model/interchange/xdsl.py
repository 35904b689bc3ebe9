"""XDSL, the file of GeNIe and SMILE: chance nodes with full tables; other kinds of node are refused, not dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from model.interchange.unchecked import (
    Declared,
    DiagramNode,
    Draft,
    Filled,
    complaint,
    declared,
    filled,
    numbers,
    shape_of,
    unfit_state,
)
from model.interchange.xml_reader import Element
from model.interchange.xml_reader import parse as parse_xml
from model.network import Network

_FITS = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BOX = (120, 60)
_GAP = (160, 120)


def parse(data: bytes, file: str) -> Draft:
    """An XDSL file's bytes as a draft."""
    root = parse_xml(data, file)
    if root.tag != "smile":
        raise complaint(file, root.line, f"expected <smile>, found <{root.tag}>")
    for element in root.named("dynamic"):
        raise complaint(file, element.line, "a network over time steps (<dynamic>) is not read: unroll it in GeNIe")
    nodes = root.one("nodes", file)
    for node in nodes.children:
        _check_kind(node, file)
    variables = tuple(_variable(node, file) for node in nodes.named("cpt", "decision"))
    known = declared(variables, file)
    tables = tuple(_table(node, known, file) for node in nodes.named("cpt"))
    return Draft(
        root.attributes.get("id", "unknown"),
        variables,
        tables,
        _notes(root, nodes),
        decisions=tuple(_diagram(node, file) for node in nodes.named("decision")),
        utilities=tuple(_diagram(node, file) for node in nodes.named("utility", "mau")),
    )


def render(network: Network, name: str, labels: Mapping[str, str]) -> str:
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
        lines.append(f"\t\t\t\t<name>{escape(labels.get(variable, variable))}</name>")
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
    if node.tag not in ("cpt", "decision", "utility", "mau"):
        name = node.attributes.get("id", "without a name")
        detail = f"node {name!r} is of the kind <{node.tag}>; only <cpt> nodes hold a full table"
        raise complaint(file, node.line, f"{detail}: change its type to a chance node with a CPT in GeNIe")
    if "dynamic" in node.attributes:
        raise complaint(file, node.line, "a node of a network over time steps is not read: unroll it in GeNIe")


def _variable(node: Element, file: str) -> Declared:
    states = tuple(state.attribute("id", file) for state in node.named("state"))
    return Declared(node.attribute("id", file), states, node.line)


def _table(node: Element, variables: Mapping[str, Declared], file: str) -> Filled:
    name = node.attribute("id", file)
    parents = _parents(node)
    shape = shape_of(name, parents, variables, file=file, line=node.line)
    written = node.one("probabilities", file)
    values = numbers("".join(written.pieces), file=file, line=written.line)
    return filled(name, parents, values, shape=shape, file=file, line=written.line)


def _parents(node: Element) -> tuple[str, ...]:
    return tuple(word for element in node.named("parents") for word in element.text.split())


def _diagram(node: Element, file: str) -> DiagramNode:
    return DiagramNode(node.attribute("id", file), _parents(node), node.line)


def _notes(root: Element, nodes: Element) -> tuple[str, ...]:
    known = {"state", "parents", "probabilities", "utilities", "weights"}
    odd = Counter(child.tag for node in nodes.children for child in node.children if child.tag not in known)
    odd.update(child.tag for child in root.children if child.tag != "nodes")
    if not odd:
        return ()
    return (f"left out: {', '.join(f'{count} <{tag}>' for tag, count in sorted(odd.items()))} (layout and notes)",)
