"""Prior files made from a network that came from elsewhere, for modellers to take over."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType

from model.errors import BadExchangeFile, BadPriors
from model.interchange.unchecked import difference
from model.network import Network, Table, Variable
from model.specification import Source

FILE_CHARACTERS = 1_000_000
"""A file of variables is closed once it is this long, and the next one begun."""

HEADLINES = 8
UNSTATED = ("unstated", 10.0)
"""The confidence word, and its equivalent sample size, of numbers whose file does not say how sure they are."""

DECISION_NOTE = "A decision of the imported diagram: its uniform prior is a convention and not the file's."


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an imported file says of variables besides numbers and titles.

    ``state_labels`` by variable and state, ``definitions`` by variable; ``levers`` were decisions, whose uniform
    prior is not the file's; ``left_out`` is what the network has no place for, by name, each with why.
    """

    state_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    levers: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NOT_WORDS = {"null", "true", "false"}

_WORDS = """\
words:
  strength: {weak: 3, moderate: 6, strong: 10, very_strong: 15}
  confidence: {unstated: 10, guess: 4, low: 10, medium: 30, high: 100}
  spread: {narrow: 0.005, medium: 0.02, wide: 0.05}
"""


def to_priors(
    network: Network,
    folder: Path,
    *,
    title: str,
    source: Source,
    as_of: str,
    ess: float | None = None,
    labels: Mapping[str, str] = MappingProxyType({}),
    particulars: Particulars | None = None,
) -> None:
    """Make a folder of prior files that loads as exactly this network, each table bit for bit.

    Every number cites ``source``; ``ess`` is its equivalent sample size, else the confidence word
    'unstated' stands for it. ``particulars`` adds what else the file says of variables.
    The folder appears at once and whole: it is written elsewhere, loaded, compared with the network and
    only then renamed.

    Raises BadExchangeFile when the folder exists, its name cannot be a model's, or the files do not
    load as the same network.
    """
    if not _FOLDER.fullmatch(folder.name):
        rule = "a lower-case letter or digit and then at most 63 lower-case letters, digits, '-' or '_'"
        raise BadExchangeFile(f"{folder.name!r} cannot be a model's name: {rule}", where=(str(folder),))
    if folder.exists():
        raise BadExchangeFile("exists already; an import never writes over a model", where=(str(folder),))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(dir=folder.parent, prefix=".import-"))
        try:
            known = particulars or Particulars()
            files = _files(network, title=title, source=source, as_of=as_of, ess=ess, labels=labels, particulars=known)
            _write(aside / folder.name, files)
            _compare(network, aside / folder.name)
            os.rename(aside / folder.name, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise BadExchangeFile(f"cannot be written: {error.strerror}", where=(str(folder),)) from None


def _files(
    network: Network,
    *,
    title: str,
    source: Source,
    as_of: str,
    ess: float | None,
    labels: Mapping[str, str],
    particulars: Particulars,
) -> dict[str, str]:
    """Name and text of each file."""
    cited = f"    sources: [{source.name}]\n    " + (f"ess: {_number(ess)}" if ess else f"confidence: {UNSTATED[0]}")
    parts = _parts([_variable(network, v, cited, labels, particulars) for v in network.variables])
    names = ["variables.yaml"] if len(parts) == 1 else [f"variables-{i:02}.yaml" for i in range(1, len(parts) + 1)]
    model = _model(network, title, source, as_of, ("sources.yaml", *names))
    files = {"model.yaml": _framed("model", model + _left_out(particulars))}
    files["sources.yaml"] = _framed("sources", _source(source))
    for name, part in zip(names, parts, strict=True):
        files[name] = _framed("variables", "variables:\n" + "".join(part))
    return files


def _framed(kind: str, text: str) -> str:
    return f"# yaml-language-server: $schema=../schema/{kind}.schema.json\n{text}...\n"


def _model(network: Network, title: str, source: Source, as_of: str, files: Sequence[str]) -> str:
    leaves = [name for name in network.names if not network.children(name)][:HEADLINES]
    return (
        f"title: {_text(title)}\n"
        f"description: {_text(f'Imported from {source.publication}.')}\n"
        f"as_of: {_text(as_of)}\n"
        f"horizon: {_text('not stated by the imported file')}\n"
        f"files: [{', '.join(files)}]\n"
        f"headline: [{', '.join(map(_word, leaves))}]\n" + _WORDS
    )


def _left_out(particulars: Particulars) -> str:
    lines = [f"  {_word(name)}: {_text(why)}\n" for name, why in particulars.left_out.items()]
    return "".join(("left_out:\n", *lines)) if lines else ""


def _source(source: Source) -> str:
    lines = [f"  {_word(source.name)}:", f"    title: {_text(source.title)}"]
    lines += [f"    publication: {_text(source.publication)}", f"    date: {_text(source.date)}"]
    if source.url:
        lines.append(f"    url: {_text(source.url)}")
    lines += [f"    kind: {source.kind}"] if source.kind != "publication" else []
    lines.append(f"    status: {source.status}")
    if source.read:
        lines.append(f"    read: {_text(source.read)}")
    if source.note:
        lines.append(f"    note: {_text(source.note)}")
    return "sources:\n" + "\n".join(lines) + "\n"


def _parts(variables: Sequence[str]) -> list[list[str]]:
    """Variables cut into files of about FILE_CHARACTERS each."""
    parts: list[list[str]] = [[]]
    length = 0
    for text in variables:
        if parts[-1] and length + len(text) > FILE_CHARACTERS:
            parts.append([])
            length = 0
        parts[-1].append(text)
        length += len(text)
    return parts


def _variable(
    network: Network, variable: Variable, cited: str, labels: Mapping[str, str], particulars: Particulars
) -> str:
    lever = variable.name in particulars.levers
    lines = [f"  {_word(variable.name)}:", f"    label: {_text(labels.get(variable.name, variable.name))}"]
    if variable.name in particulars.definitions:
        lines.append(f"    definition: {_text(particulars.definitions[variable.name])}")
    lines.append(f"    states: {_states(variable, particulars.state_labels.get(variable.name, {}))}")
    lines.append(f"    role: {'lever' if lever else _role(network, variable)}")
    if variable.parents:
        lines.append(f"    parents: [{', '.join(map(_word, variable.parents))}]")
    if lever:
        lines.append(f"    note: {_text(DECISION_NOTE)}")
    lines += [cited, "    rows:", *_rows(network, variable)]
    return "\n".join(lines) + "\n"


def _states(variable: Variable, labels: Mapping[str, str]) -> str:
    """The states' names, with labels where the file has any."""
    if not labels:
        return f"[{', '.join(map(_word, variable.states))}]"
    return f"{{{', '.join(f'{_word(state)}: {_text(labels.get(state, state))}' for state in variable.states)}}}"


def _role(network: Network, variable: Variable) -> str:
    if not variable.parents:
        return "condition"
    return "state" if network.children(variable.name) else "outcome"


def _rows(network: Network, variable: Variable) -> Iterator[str]:
    table = network.tables[variable.name]
    states = [_word(state) for state in variable.states]
    parents = [[f"{_word(parent)}: {_word(s)}" for s in network[parent].states] for parent in variable.parents]
    rows = table.reshape(-1, len(states))
    for when, row in zip(product(*parents), rows, strict=True):
        if when:
            yield f"      - when: {{{', '.join(when)}}}\n        p: {{{_cells(states, row)}}}"
        else:
            yield f"      - p: {{{_cells(states, row)}}}"


def _cells(states: Sequence[str], row: Table) -> str:
    return ", ".join(f"{state}: {_number(p)}" for state, p in zip(states, row.tolist(), strict=True))


def _number(value: float) -> str:
    """A number in full: reading it gives the same bits.

    >>> _number(0.1 + 0.2), _number(1.0), _number(0.0)
    ('0.30000000000000004', '1', 'never')
    """
    if value == 0:
        return "never"
    return str(int(value)) if value == int(value) else repr(value)


def _word(name: str) -> str:
    """A name as YAML: plain where every reader takes it for a word, else in quotes.

    >>> _word("low"), _word("<5"), _word("true")
    ('low', '"<5"', '"true"')
    """
    return name if _PLAIN.fullmatch(name) and name.lower() not in _NOT_WORDS else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir()
    for name, text in files.items():
        with (folder / name).open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def _compare(network: Network, folder: Path) -> None:
    from model.priors import load

    try:
        again = load(folder).network
    except BadPriors as error:
        first = error.problems[0]
        more = f" ({len(error.problems)} such problems)" if len(error.problems) > 1 else ""
        detail = f"the prior files would not load: {first.where}: {first.found}, expected {first.expected}{more}"
        raise BadExchangeFile(detail, where=(folder.name,)) from None
    changed = difference(network, again)
    if changed:
        raise BadExchangeFile(f"the prior files would not give the network back: {changed}", where=(folder.name,))
