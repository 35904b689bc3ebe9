"""The door to other tools: BIF, XMLBIF and XDSL files, pgmpy models, and prior files made from a network.

Files of Hugin (.net), Netica (.dne), the inference competitions (.uai) and old GeNIe (.dsl) are read, not written.
The three file formats are read and written here, by strict code of our own, and not by pgmpy: its
readers and writers lose things without saying so (states renamed, deterministic nodes dropped, the
last table lost with the last newline, numbers under 1e-16 turned to zero, variables sorted by name).
pgmpy stays the referee: the tests hold what is written here against what pgmpy reads from it.

Nothing is imported that a question needs, and the serving path does not import this package.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType

from model.errors import BadExchangeFile, listed
from model.interchange import bif, dsl, hugin_net, netica, uai, xdsl, xml_reader, xmlbif
from model.interchange.influence import settle_decisions
from model.interchange.prior_files import to_priors
from model.interchange.unchecked import (
    Beside,
    Declared,
    Draft,
    check_names,
    complaint,
    declared,
    difference,
    settle,
)
from model.interchange.with_pgmpy import from_pgmpy, to_pgmpy
from model.network import Network, Variable
from model.specification import Description, Model

__all__ = ["FORMATS", "Beside", "Exchange", "beside", "from_pgmpy", "losses", "read", "to_pgmpy", "to_priors", "write"]

SIZE_LIMIT = 64_000_000
"""Bytes that an exchange file may have once unpacked."""

Parse = Callable[[bytes, str], Draft]
Render = Callable[[Network, str, Beside], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One exchange format: how it is read, written, and which networks it cannot hold.

    ``names`` fits the names of variables that it can hold; ``states`` gives those of states as it holds them.
    """

    name: str
    parse: Parse
    render: Render
    unfit: Callable[[Network], str | None]
    keeps_order: bool
    names: re.Pattern[str] = re.compile(".+")
    states: Callable[[Sequence[str]], tuple[str, ...]] = tuple


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".bif": Format("BIF", bif.parse, bif.render, bif.unfit, True, bif.NAMES),
        ".xmlbif": Format("XMLBIF", xmlbif.parse, xmlbif.render, xmlbif.unfit, True),
        ".xdsl": Format("XDSL", xdsl.parse, xdsl.render, xdsl.unfit, False, xdsl.NAMES, xdsl.state_names),
    }
)
"""By the ending of the file's name; a BIF may also be packed as .bif.gz, as the public collections are."""


READ_ONLY: Mapping[str, Parse] = MappingProxyType(
    {
        ".net": hugin_net.parse,
        ".dne": netica.parse,
        ".dnet": netica.parse,
        ".uai": uai.parse,
        ".dsl": dsl.parse,
    }
)
"""Formats that are read and not written, by the ending of the file's name."""


def _by_root(data: bytes, file: str) -> Draft:
    """An XML file read as what its root element says it is."""
    root = xml_reader.parse(data, file)
    readers = dict.fromkeys(xmlbif.ROOTS, xmlbif.draft) | dict.fromkeys(xdsl.ROOTS, xdsl.draft)
    if root.tag in readers:
        return readers[root.tag](root, file)
    known = ", ".join(f"<{tag}>" for tag in readers)
    raise complaint(file, root.line, f"expected one of {known}, found <{root.tag}>: not a network that is read here")


_ALSO: Mapping[str, Format] = MappingProxyType(
    {".bifxml": FORMATS[".xmlbif"], ".xml": replace(FORMATS[".xmlbif"], parse=_by_root)}
)
"""Other endings of the same formats."""


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """What a file of another tool says: the network, its name there, and what was changed or left out in reading."""

    network: Network
    name: str
    notes: tuple[str, ...]
    beside: Beside = field(default_factory=Beside)


def read(path: Path, *, rename: bool = False, scale: bool = False, chance_only: bool = False) -> Exchange:
    """Read a file of another tool; the ending of its name says which format it is of, ``.gz`` is unpacked, ``.xml``
    is told by its root element.

    Rows that miss 1 by no more than the digits that they are printed with allow are scaled and reported, others
    refused unless ``scale``. ``rename`` gives each variable whose name we cannot keep one that we can.
    ``chance_only`` reads influence diagrams too: decisions become levers with a uniform prior, utilities are left out.

    Raises BadExchangeFile with the file and line: for damage, for entities, for names that we cannot keep (all of
    them at once), and for node kinds that other readers silently drop.
    """
    packed = path.suffix.lower() == ".gz"
    bare = path.with_suffix("") if packed else path
    parse = READ_ONLY.get(bare.suffix.lower()) or _format(bare, (*FORMATS, *READ_ONLY)).parse
    draft = settle_decisions(parse(_bytes(path, packed=packed), path.name), path.name, chance_only=chance_only)
    network, changed, said = settle(draft, path.name, rename=rename, scale=scale)
    return Exchange(network, draft.name, (*draft.notes, *changed), said)


def write(network: Network, path: Path, *, name: str = "unknown", beside: Beside | None = None) -> tuple[str, ...]:
    """Write a network as BIF, XMLBIF or XDSL and return what the reader of the file should know.

    Labels, definitions and the names that variables are called by elsewhere (``beside``) are written where the format
    has a place for them. The text is read back and compared, number by number, before the file appears under its
    name: a file that does not say exactly the same is never released.

    Raises BadExchangeFile where the format cannot hold a state's name, with the reason.
    """
    form = _format(path)
    own = tuple(Declared(v.name, v.states, 0) for v in network.variables)
    declared(own, path.name)
    check_names(own, path.name)
    outward, said, notes = _outward(network, form, beside or Beside())
    reason = form.unfit(outward)
    if reason:
        raise BadExchangeFile(f"{form.name} cannot hold this network: {reason}", where=(path.name,))
    data = form.render(outward, name, said).encode()
    again = settle(form.parse(data, path.name), path.name, rename=True)
    back = _called(again.network, again.beside.called, form.states)
    changed = difference(outward, back, ordered=form.keeps_order)
    if changed:
        raise BadExchangeFile(f"{form.name} does not give the network back: {changed}", where=(path.name,))
    _release(data, path)
    if form.keeps_order or network.topological == network.names:
        return notes
    return (*notes, f"{form.name} lists parents before children, so the order of the variables is not the file's")


def _outward(network: Network, form: Format, said: Beside) -> tuple[Network, Beside, tuple[str, ...]]:
    """The network under the names that the file has for it, what is said beside it under them, and notes on both."""
    fitting = {ours: theirs for ours, theirs in said.called.items() if form.names.fullmatch(theirs)}
    fitting = {ours: theirs for ours, theirs in fitting.items() if theirs not in network}
    outward = _called(network, fitting, form.states)
    notes = []
    if len(fitting) < len(said.called):
        pairs = ", ".join(f"{theirs!r} as {ours!r}" for ours, theirs in said.called.items() if ours not in fitting)
        notes.append(f"{form.name} cannot hold every name, so these are written as ours: {pairs}")
    pairs = ", ".join(
        f"{state!r} of {one.name} as {written!r}"
        for one, other in zip(outward.variables, network.variables, strict=True)
        for written, state in zip(one.states, other.states, strict=True)
        if written != state
    )
    if pairs:
        notes.append(f"in {form.name} a state begins with a letter, so these are written with a prefix: {pairs}")
    return outward, said.renamed(fitting), tuple(notes)


def _called(network: Network, names: Mapping[str, str], states: Callable[[Sequence[str]], tuple[str, ...]]) -> Network:
    """The same network with other names of variables and states."""
    variables = (
        Variable(names.get(v.name, v.name), states(v.states), tuple(names.get(p, p) for p in v.parents))
        for v in network.variables
    )
    return Network(variables, {names.get(name, name): table for name, table in network.tables.items()})


def beside(model: Model) -> Beside:
    """What the files of a model say of its variables that an exchange file may have a place for."""
    return Beside(
        labels={name: said.label for name, said in model.described.items()},
        definitions={name: text for name, said in model.described.items() if (text := _meaning(said))},
        called={name: said.called for name, said in model.described.items() if said.called},
    )


def _meaning(said: Description) -> str:
    return said.definition or "; ".join(f"{state}: {text}" for state, text in said.definitions.items())


def losses(model: Model, path: Path) -> tuple[str, ...]:
    """What the files of a model say that this format has no place for, in words."""
    form = _format(path)
    described = model.described.values()
    statements = [s for description in described for s in description.statements]
    gates = [name for name, description in model.described.items() if description.kind != "table"]
    counted = (
        (len(model.sources), "source", "sources"),
        (sum(s.ess is not None for s in statements), "equivalent sample size", "equivalent sample sizes"),
        (len(model.scenarios), "scenario", "scenarios"),
        (len(model.cohorts), "cohort", "cohorts"),
        (len(model.checks), "check", "checks"),
        (len(model.counts), "set of counts, already in the tables", "sets of counts, already in the tables"),
        (len(model.collection), "cost of finding out", "costs of finding out"),
        (len(model.examples), "example question", "example questions"),
        (len(model.questions), "forecast question", "forecast questions"),
        (sum(said.scale is not None for said in described), "measured scale", "measured scales"),
        (sum(len(said.labels) for said in described), "label of a state", "labels of states"),
    )
    found = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
    if gates:
        found.append(f"the gates of {listed(gates, most=6)}: their full tables are written instead")
    by_state = [name for name, description in model.described.items() if description.definitions]
    if by_state:
        found.append(f"the definitions of single states of {listed(by_state, most=6)}: written as one of the variable")
    quoted = [name for name, said in model.described.items() if '"' in said.label + _meaning(said)]
    if form.name == "BIF" and quoted:
        found.append(f"the quotation marks in what is said of {listed(quoted, most=6)}: written as apostrophes")
    return (*found, "notes, roles and the revision")


def _format(path: Path, endings: tuple[str, ...] = tuple(FORMATS)) -> Format:
    ending = path.suffix.lower()
    if ending in _ALSO:
        return _ALSO[ending]
    if ending not in FORMATS:
        why = "of a format that is read and not written" if ending in READ_ONLY else "of no known format"
        raise BadExchangeFile(
            f"the ending {path.suffix!r} is {why}; the endings are {listed(endings)}; "
            "GeNIe, pyAgrum and pgmpy save other formats as one of these",
            where=(path.name,),
            allowed=endings,
        )
    return FORMATS[ending]


def _bytes(path: Path, *, packed: bool) -> bytes:
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            data: bytes = file.read(SIZE_LIMIT + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadExchangeFile(f"damaged gzip data: {error}", where=(path.name,)) from None
    except OSError as error:
        raise BadExchangeFile(f"cannot be read: {error.strerror}", where=(str(path),)) from None
    if len(data) > SIZE_LIMIT:
        raise BadExchangeFile(f"has over {SIZE_LIMIT:,} bytes, the most that is read", where=(path.name,))
    return data


def _release(data: bytes, path: Path) -> None:
    """Put a whole file under its name at once: written beside it, flushed to the disk, renamed."""
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as beside:
            try:
                beside.write(data)
                beside.flush()
                os.fsync(beside.fileno())
                os.chmod(beside.name, 0o644)
                os.replace(beside.name, path)
            except BaseException:
                os.unlink(beside.name)
                raise
    except OSError as error:
        raise BadExchangeFile(f"cannot be written: {error.strerror}", where=(str(path),)) from None
