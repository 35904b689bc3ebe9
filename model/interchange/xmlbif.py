"""XMLBIF 0.3: the same content as BIF in XML, which can hold any printable name of a state."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from xml.sax.saxutils import escape

from model.interchange.unchecked import Declared, Draft, Filled, complaint, declared, filled, numbers, shape_of
from model.interchange.xml_reader import Element
from model.interchange.xml_reader import parse as parse_xml
from model.network import Network

_LEFT_OUT = ("PROPERTY",)


def parse(data: bytes, file: str) -> Draft:
    """An XMLBIF file's bytes as a draft."""
    root = parse_xml(data, file)
    if root.tag != "BIF":
        raise complaint(file, root.line, f"expected <BIF>, found <{root.tag}>")
    network = root.one("NETWORK", file)
    _only(root, ("NETWORK",), file)
    _only(network, ("NAME", "VARIABLE", "DEFINITION", "PROBABILITY"), file)
    variables = tuple(_variable(element, file) for element in network.named("VARIABLE"))
    known = declared(variables, file)
    tables = tuple(_table(element, known, file) for element in network.named("DEFINITION", "PROBABILITY"))
    name = next((element.text for element in network.named("NAME")), "") or "unknown"
    return Draft(name, variables, tables, _notes(network))


def render(network: Network, name: str, labels: Mapping[str, str]) -> str:
    """A network as XMLBIF text; in a table the variable's own state changes fastest, then the last parent's."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<BIF VERSION="0.3">', "<NETWORK>"]
    lines.append(_tag("NAME", name))
    for variable in network.variables:
        lines += ['<VARIABLE TYPE="nature">', _tag("NAME", variable.name)]
        lines += [_tag("OUTCOME", state) for state in variable.states]
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
        detail = f"a variable of type {kind!r}: only chance variables ('nature') are read"
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


def _notes(network: Element) -> tuple[str, ...]:
    inside = chain.from_iterable(child.children for child in network.children)
    count = sum(element.tag in _LEFT_OUT for element in chain(network.children, inside))
    return (f"{count} propert{'y' if count == 1 else 'ies'} left out (positions and the like)",) if count else ()
