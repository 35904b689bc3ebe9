"""The door to other tools: BIF, XMLBIF and XDSL files, pgmpy models, and prior files made from a network.

Files of Hugin (.net), Netica (.dne), the inference competitions (.uai) and old GeNIe (.dsl) are read, not written.
The file formats are read and written here, by strict code of our own, and not by pgmpy: its
readers and writers lose things without saying so (states renamed, deterministic nodes dropped, the
last table lost with the last newline, numbers under 1e-16 turned to zero, variables sorted by name).
pgmpy stays the referee: the tests hold what is written here against what pgmpy reads from it.

Nothing is imported that a question needs, and the serving path does not import this package.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType

from model.errors import BadExchangeFile, listed
from model.interchange import bif, dsl, hugin_net, netica, uai, xdsl, xmlbif
from model.interchange.influence import settle_decisions
from model.interchange.prior_files import Particulars, to_priors
from model.interchange.unchecked import Declared, Draft, declared, difference, settle
from model.interchange.with_pgmpy import from_pgmpy, to_pgmpy
from model.network import Network
from model.specification import Model

__all__ = ["FORMATS", "Exchange", "from_pgmpy", "losses", "read", "to_pgmpy", "to_priors", "write"]

SIZE_LIMIT = 64_000_000
"""Bytes that an exchange file may have once unpacked."""

Parse = Callable[[bytes, str], Draft]
Render = Callable[[Network, str, Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One exchange format: how it is read, written, and which networks it cannot hold."""

    name: str
    parse: Parse
    render: Render
    unfit: Callable[[Network], str | None]
    keeps_order: bool


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".bif": Format("BIF", bif.parse, bif.render, bif.unfit, True),
        ".xmlbif": Format("XMLBIF", xmlbif.parse, xmlbif.render, xmlbif.unfit, True),
        ".xdsl": Format("XDSL", xdsl.parse, xdsl.render, xdsl.unfit, False),
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


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """What a file of another tool says: the network, its name there, and what was changed or left out in reading."""

    network: Network
    name: str
    notes: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    particulars: Particulars = field(default_factory=Particulars)


def read(path: Path, *, chance_only: bool = False) -> Exchange:
    """Read a file of another tool; the ending of its name says which format it is of, ``.gz`` is unpacked.

    ``chance_only`` reads influence diagrams too: decisions become levers with a uniform prior, utilities are left out.
    Rows that miss 1 by more than 1e-9 are scaled and reported, by more than 1e-6 refused.

    Raises BadExchangeFile with the file and line: for damage, for a document type declaration, for
    names that we cannot keep, and for node kinds that other readers silently drop.
    """
    packed = path.suffix.lower() == ".gz"
    bare = path.with_suffix("") if packed else path
    parse = READ_ONLY.get(bare.suffix.lower()) or _format(bare, (*FORMATS, *READ_ONLY)).parse
    draft = settle_decisions(parse(_bytes(path, packed=packed), path.name), path.name, chance_only=chance_only)
    network, scaled = settle(draft, path.name)
    particulars = Particulars(draft.state_labels, draft.definitions, draft.levers, draft.left_out)
    return Exchange(network, draft.name, (*draft.notes, *scaled), draft.labels, particulars)


def write(
    network: Network, path: Path, *, name: str = "unknown", labels: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """Write a network as BIF, XMLBIF or XDSL and return what the reader of the file should know.

    The text is read back and compared, number by number, before the file appears under its name:
    a file that does not say exactly the same is never released.

    Raises BadExchangeFile where the format cannot hold a state's name, with the reason.
    """
    form = _format(path)
    declared((Declared(v.name, v.states, 0) for v in network.variables), path.name)
    reason = form.unfit(network)
    if reason:
        raise BadExchangeFile(f"{form.name} cannot hold this network: {reason}", where=(path.name,))
    data = form.render(network, name, labels).encode()
    again, _ = settle(form.parse(data, path.name), path.name)
    changed = difference(network, again, ordered=form.keeps_order)
    if changed:
        raise BadExchangeFile(f"{form.name} does not give the network back: {changed}", where=(path.name,))
    _release(data, path)
    if form.keeps_order or network.topological == network.names:
        return ()
    return (f"{form.name} lists parents before children, so the order of the variables is not the file's",)


def losses(model: Model, path: Path) -> tuple[str, ...]:
    """What the files of a model say that this format has no place for, in words."""
    form = _format(path)
    statements = [s for description in model.described.values() for s in description.statements]
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
    )
    found = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
    if gates:
        found.append(f"the gates of {listed(gates, most=6)}: their full tables are written instead")
    if form.name != "XDSL":
        found.append("labels of the variables")
    return (*found, "definitions, notes, roles and the revision")


def _format(path: Path, endings: tuple[str, ...] = tuple(FORMATS)) -> Format:
    ending = path.suffix.lower()
    if ending not in FORMATS:
        why = "of a format that is read and not written" if ending in READ_ONLY else "of no known format"
        raise BadExchangeFile(
            f"the ending {path.suffix!r} is {why}; the endings are {listed(endings)}",
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
