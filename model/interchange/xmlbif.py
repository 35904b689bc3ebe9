"""XMLBIF 0.3: the same content as BIF in XML, which can hold any printable name of a state."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from model.interchange.unchecked import (
    Beside,
    Declared,
    Draft,
    Filled,
    complaint,
    declared,
    filled,
    left_out,
    numbers,
    properties,
    shape_of,
    tidy,
    told,
)
from model.interchange.xml_reader import Element
from model.interchange.xml_reader import parse as parse_xml
from model.network import Network

ROOTS = ("BIF", "NETWORK")
"""What the root element of such a file may be."""

_LEFT_OUT = ("PROPERTY",)


def parse(data: bytes, file: str) -> Draft:
    """An XMLBIF file's bytes as a draft."""
    return draft(parse_xml(data, file), file)


def draft(root: Element, file: str) -> Draft:
    """The draft of a root element, which is <BIF> or the <NETWORK> itself."""
    if root.tag not in ROOTS:
        raise complaint(file, root.line, f"expected <BIF>, found <{root.tag}>")
    network = root
    if root.tag == "BIF":
        network = root.one("NETWORK", file)
        _only(root, ("NETWORK",), file)
    _only(network, ("NAME", "VARIABLE", "DEFINITION", "PROBABILITY"), file)
    variables = tuple(_variable(element, file) for element in network.named("VARIABLE"))
    known = declared(variables, file)
    tables = tuple(_table(element, known, file) for element in network.named("DEFINITION", "PROBABILITY"))
    name = next((element.text for element in network.named("NAME")), "") or "unknown"
    labels, definitions, notes = _properties(network, file)
    return Draft(name, variables, tables, notes, labels=labels, definitions=definitions)


def render(network: Network, name: str, beside: Beside) -> str:
    """A network as XMLBIF text; in a table the variable's own state changes fastest, then the last parent's."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<BIF VERSION="0.3">', "<NETWORK>"]
    lines.append(_tag("NAME", name))
    for variable in network.variables:
        lines += ['<VARIABLE TYPE="nature">', _tag("NAME", variable.name)]
        lines += [_tag("OUTCOME", state) for state in variable.states]
        lines += [_tag("PROPERTY", text) for text in properties(variable.name, beside)]
        lines.append("</VARIABLE>")
    for variable in network.variables:
        lines += ["<DEFINITION>", _tag("FOR", variable.name)]
        lines += [_tag("GIVEN", parent) for parent in variable.parents]
        flat = network.tables[variable.name].ravel().tolist()
        lines += [_tag("TABLE", " ".join(map(repr, flat))), "</DEFINITION>"]
    lines += ["</NETWORK>", "</BIF>"]
    return "\n".join(lines) + "\n"


def unfit(network: Network) -> str | None:
    """Why this network cannot be XMLBIF: never, since XML holds every printable name."""
    return None


def _tag(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>"


def _only(element: Element, tags: tuple[str, ...], file: str) -> None:
    """Refuse what would otherwise be dropped without a word."""
    for child in element.children:
        if child.tag not in (*tags, *_LEFT_OUT):
            raise complaint(file, child.line, f"<{child.tag}> in <{element.tag}> is not understood")


def _variable(element: Element, file: str) -> Declared:
    kind = element.attributes.get("TYPE", "nature")
    if kind != "nature":
        detail = f"a variable of type {kind!r}: only chance variables ('nature') are read; GeNIe can change its type"
        raise complaint(file, element.line, detail)
    _only(element, ("NAME", "OUTCOME"), file)
    states = tuple(outcome.text for outcome in element.named("OUTCOME", "VALUE"))
    return Declared(element.one("NAME", file).text, states, element.line)


def _table(element: Element, variables: Mapping[str, Declared], file: str) -> Filled:
    _only(element, ("FOR", "GIVEN", "TABLE"), file)
    name = element.one("FOR", file).text
    parents = tuple(given.text for given in element.named("GIVEN"))
    shape = shape_of(name, parents, variables, file=file, line=element.line)
    written = element.one("TABLE", file)
    values = numbers("".join(written.pieces), file=file, line=written.line)
    return filled(name, parents, values, shape=shape, file=file, line=written.line)


def _properties(network: Element, file: str) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    """Labels and definitions by variable, and a note on what else the properties say."""
    labels, definitions = {}, {}
    count = sum(element.tag in _LEFT_OUT for element in network.children)
    for element in network.children:
        texts = [tidy(child.text) for child in element.named(*_LEFT_OUT)]
        if element.tag != "VARIABLE":
            count += len(texts)
            continue
        name = element.one("NAME", file).text
        labels[name], definitions[name], others = told(texts)
        count += others
    return labels, definitions, left_out(count)
