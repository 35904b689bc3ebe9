"""XML as a tree with line numbers, from sources that nobody vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from model.errors import BadExchangeFile
from model.interchange.unchecked import complaint

DEPTH_LIMIT = 64
ELEMENT_LIMIT = 2_000_000


@dataclass(slots=True)
class Element:
    """An element, the text directly in it, and the line it begins on."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The element's own text without the spaces around it."""
        return "".join(self.pieces).strip()

    def named(self, *tags: str) -> Iterator[Element]:
        """Children with one of these tags, in order."""
        return (child for child in self.children if child.tag in tags)

    def one(self, tag: str, file: str) -> Element:
        """The only child with this tag. Raises BadExchangeFile when there is none, or several."""
        found = list(self.named(tag))
        if len(found) != 1:
            raise complaint(file, self.line, f"<{self.tag}> has {len(found)} <{tag}> elements, expected one")
        return found[0]

    def attribute(self, name: str, file: str) -> str:
        """An attribute that must be there."""
        if name not in self.attributes:
            raise complaint(file, self.line, f"<{self.tag}> has no {name!r} attribute")
        return self.attributes[name]


def parse(data: bytes, file: str) -> Element:
    """The root element of an XML text.

    >>> parse(b"<BIF><NETWORK/></BIF>", "asia.xmlbif").children[0].tag
    'NETWORK'

    Prefixes of namespaces are left out of the tags. A document type that only declares elements and attributes is
    passed over.

    Raises BadExchangeFile for a document type with entities (which can make a small file huge) or the names of other
    files, for nesting beyond DEPTH_LIMIT, and for anything that is not well-formed.
    """
    builder = _Builder(file)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise complaint(file, error.lineno, f"not well-formed XML: {expat.ErrorString(error.code)}") from None
    except (LookupError, ValueError) as error:
        raise BadExchangeFile(f"the declared encoding cannot be read: {error}", where=(file,)) from None
    return builder.top.children[0]


class _Builder:
    """The tree as the parser reports it, the guards on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.top = Element("", {}, 0)
        self.open = [self.top]
        self.elements = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._refuse
        self.parser.NotationDeclHandler = self._refuse
        self.parser.SkippedEntityHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, _name: str, system: str | None, public: str | None, _internal: bool) -> None:
        if system is not None or public is not None:
            self._refuse()

    def _refuse(self, *_: object) -> None:
        raise complaint(
            self.file,
            self.parser.CurrentLineNumber,
            "a document type declaration with entities or the name of another file is refused: remove the whole "
            "<!DOCTYPE …> block, nothing in it is needed",
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self.elements += 1
        if len(self.open) > DEPTH_LIMIT or self.elements > ELEMENT_LIMIT:
            raise complaint(self.file, line, "nested too deep, or too many elements, to be a network")
        element = Element(tag.rpartition(":")[2], attributes, line)
        self.open[-1].children.append(element)
        self.open.append(element)

    def _end(self, tag: str) -> None:
        self.open.pop()

    def _characters(self, text: str) -> None:
        self.open[-1].pieces.append(text)
