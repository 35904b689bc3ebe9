"""Prior files made from a network that came from elsewhere, for modellers to take over."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from model.errors import BadExchangeFile, Problem
from model.gates import AllNeeded, Rule
from model.interchange.unchecked import Beside, Mask, difference, tidy
from model.network import Network, Table, Variable
from model.specification import Source

FILE_CHARACTERS = 1_000_000
"""A file of variables is closed once it is this long, and the next one begun."""

HEADLINES = 8
UNSTATED = ("unstated", 10.0)
"""The confidence word, and its equivalent sample size, of numbers whose file does not say how sure they are."""

_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NOT_WORDS = {"null", "true", "false"}

WORDS = {
    "strength": {"slight": 1.5, "weak": 3, "moderate": 6, "strong": 10, "very_strong": 15, "decisive": 20},
    "confidence": {UNSTATED[0]: UNSTATED[1], "guess": 4, "low": 10, "medium": 30, "high": 100},
    "spread": {"tight": 0.005, "medium": 0.02, "wide": 0.08},
}
"""What the words of the files mean: as in the models that come with the program."""

_ON_NOISY_MAX = "A noisy-MAX whose strongest state is the first, so that the first of what its parents bring decides."

Data = dict[str, Any]


def to_priors(
    network: Network,
    folder: Path,
    *,
    title: str,
    source: Source,
    as_of: str,
    ess: float | None = None,
    beside: Beside | None = None,
) -> None:
    """Make a folder of prior files that loads as exactly this network, each table bit for bit.

    Every number cites ``source``; ``ess`` is its equivalent sample size, else the confidence word 'unstated' stands
    for it. Labels, definitions, gates, levers and lines that speak for many combinations (``beside``) are kept.
    What the files say is built into a model and compared with the network before anything is written; the folder
    appears at once and whole.

    Raises BadExchangeFile when the folder exists, its name cannot be a model's, or the files would not load as the
    same network.
    """
    if not _FOLDER.fullmatch(folder.name):
        rule = "a lower-case letter or digit and then at most 63 lower-case letters, digits, '-' or '_'"
        raise BadExchangeFile(f"{folder.name!r} cannot be a model's name: {rule}", where=(str(folder),))
    if folder.exists():
        raise BadExchangeFile("exists already; an import never writes over a model", where=(str(folder),))
    said = beside or Beside()
    cited: Data = {"sources": [source.name]} | ({"ess": ess} if ess else {"confidence": UNSTATED[0]})
    if source.status == "unverified":
        cited["published"] = "nothing"
    variables = {v.name: _variable(network, v, cited, said) for v in network.variables}
    settings = _model(network, title, source, as_of) | ({"left_out": dict(said.left_out)} if said.left_out else {})
    sources = {source.name: _source(source)}
    _compare(network, folder.name, settings, sources, variables)
    files = _files(settings, sources, variables)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(dir=folder.parent, prefix=".import-"))
        try:
            _write(aside / folder.name, files, schemas=folder.parent / "schema")
            os.rename(aside / folder.name, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise BadExchangeFile(f"cannot be written: {error.strerror}", where=(str(folder),)) from None


def _files(settings: Data, sources: Data, variables: Data) -> dict[str, tuple[str, str]]:
    """Kind and text of each file, by its name."""
    from model.priors.yaml.reader import SIZE_LIMIT
    from model.priors.yaml.scalars import odd_character

    parts = _parts([_entry(name, said) for name, said in variables.items()])
    names = ["variables.yaml"] if len(parts) == 1 else [f"variables-{i:02}.yaml" for i in range(1, len(parts) + 1)]
    model = {**settings, "files": ["sources.yaml", *names]}
    files = {
        "model.yaml": ("model", "".join(f"{key}: {_flow(value)}\n" for key, value in model.items())),
        "sources.yaml": ("sources", "sources:\n" + "".join(_entry(name, said) for name, said in sources.items())),
    }
    for name, part in zip(names, parts, strict=True):
        text = "variables:\n" + "".join(part)
        odd = None if text.isascii() else odd_character(text.replace("\n", " "))
        if odd is not None:
            detail = f"the prior files would not load: {odd[1]}, expected {odd[2]}"
            raise BadExchangeFile(detail, where=(name,))
        if len(text.encode()) > SIZE_LIMIT:
            rule = f"a prior file has at most {SIZE_LIMIT:,} bytes: a variable between can sum up some of its parents"
            raise BadExchangeFile(f"the rows of one variable take {len(text.encode()):,} bytes; {rule}", where=(name,))
        files[name] = ("variables", text)
    return files


def _model(network: Network, title: str, source: Source, as_of: str) -> Data:
    return {
        "title": tidy(title),
        "description": tidy(f"Imported from {source.publication}."),
        "as_of": as_of,
        "horizon": "not stated by the imported file",
        "words": WORDS,
        "headline": [name for name in network.names if not network.children(name)][:HEADLINES],
    }


def _source(source: Source) -> Data:
    said = {key: getattr(source, key) for key in ("title", "publication", "date", "url", "status", "read", "note")}
    if source.kind != "publication":
        said["kind"] = source.kind
    return {key: tidy(value) for key, value in said.items() if value is not None}


def _entry(name: str, said: Data) -> str:
    """What is said under a name, a line a key; rows and rules a line each."""
    lines = [f"  {_word(name)}:"]
    for key, value in said.items():
        if key in _BY_LINE:
            lines.append(f"    {key}:")
            lines += (f"      - {_flow(row)}" for row in value)
        else:
            lines.append(f"    {key}: {_flow(value)}")
    return "\n".join(lines) + "\n"


_BY_LINE = ("rows", "rules")
"""Keys whose items have a line each."""


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


def _variable(network: Network, variable: Variable, cited: Data, said: Beside) -> Data:
    name = variable.name
    labelled = said.state_labels.get(name)
    entry: Data = {"label": said.labels.get(name, name)}
    if name in said.definitions:
        entry["definition"] = said.definitions[name]
    states = variable.states
    entry["states"] = {s: labelled.get(s, s) for s in states} if labelled else list(states)
    entry["role"] = "lever" if name in said.levers else _role(network, variable)
    if variable.parents:
        entry["parents"] = list(variable.parents)
    if name in said.called:
        entry["called"] = said.called[name]
    if name in said.levers:
        entry["note"] = said.levers[name]
    return {**entry, **cited, **_numbers_of(network, variable, said)}


def _numbers_of(network: Network, variable: Variable, said: Beside) -> Data:
    """What gives the variable its table: the gate that the file states, else its rows."""
    gate = said.gates.get(variable.name)
    if isinstance(gate, AllNeeded) and _has_needs(gate):
        return _needs(network, variable, gate)
    if isinstance(gate, Rule) and variable.parents:
        return _rules(network, variable, gate)
    return {"rows": list(_rows(network, variable, said.defaults.get(variable.name)))}


def _has_needs(gate: AllNeeded) -> bool:
    """Whether each parent limits something, without which it would have no place among the needs."""
    return bool(gate.limits) and all((limit[:, -1] < 1).any() for limit in gate.limits)


def _needs(network: Network, variable: Variable, gate: AllNeeded) -> Data:
    """A gate whose lowest state decides; a state that allows everything is left out."""
    needs = {
        parent: [
            {"if": state, "p": _cells(variable.states, row)}
            for state, row in zip(network[parent].states, limit, strict=True)
            if row[-1] != 1
        ]
        for parent, limit in zip(variable.parents, gate.limits, strict=True)
    }
    ceiling = {"p": _cells(variable.states, gate.ceiling)}
    return {"note": _ON_NOISY_MAX, "kind": "all_needed", "needs": needs, "ceiling": ceiling}


def _rules(network: Network, variable: Variable, gate: Rule) -> Data:
    """A rule for each block of combinations with one outcome; the outcome of most is what holds otherwise."""
    counts = np.bincount(gate.outcome.ravel(), minlength=gate.states)
    otherwise = int(counts.argmax())
    rules = [
        {"when": when, "is": state}
        for k, state in enumerate(variable.states)
        if k != otherwise
        for when in _blocks(network, variable, gate.outcome == k)
    ]
    if not rules:
        first = network[variable.parents[0]]
        rules = [{"when": {first.name: list(first.states)}, "is": variable.states[otherwise]}]
        return {"kind": "rule", "rules": rules}
    return {"kind": "rule", "rules": rules, "otherwise": variable.states[otherwise]}


def _blocks(network: Network, variable: Variable, mask: Mask) -> Iterator[Data]:
    """Conditions that cover what a mask (*parents' states) marks, each combination once.

    States of the first parent that leave the same are taken together, and so on with the next: a parent whose every
    state does is not named.
    """
    if not mask.any():
        return
    if mask.ndim == 0:
        yield {}
        return
    name = variable.parents[len(variable.parents) - mask.ndim]
    alike: dict[bytes, list[int]] = {}
    for k, part in enumerate(mask):
        alike.setdefault(part.tobytes(), []).append(k)
    states = network[name].states
    for chosen in alike.values():
        named = [states[k] for k in chosen]
        when = {} if len(named) == len(states) else {name: named[0] if len(named) == 1 else named}
        for rest in _blocks(network, variable, mask[chosen[0]]):
            yield {**when, **rest}


def _role(network: Network, variable: Variable) -> str:
    if not variable.parents:
        return "condition"
    return "state" if network.children(variable.name) else "outcome"


def _rows(network: Network, variable: Variable, default: Mask | None) -> Iterator[Data]:
    """A row for each combination of the parents, but few for all of those that one line of the file speaks for."""
    table = network.tables[variable.name].reshape(-1, len(variable.states))
    spoken_for = np.zeros(len(table), dtype=np.bool_) if default is None else default.ravel()
    if default is not None and spoken_for.any():
        cells = _cells(variable.states, table[spoken_for.argmax()])
        for when in _blocks(network, variable, default):
            yield {"when": when, "p": cells} if when else {"p": cells}
    parents = [[(parent, s) for s in network[parent].states] for parent in variable.parents]
    for pairs, row, done in zip(product(*parents), table, spoken_for.tolist(), strict=True):
        if not done:
            cells = _cells(variable.states, row)
            yield {"when": dict(pairs), "p": cells} if pairs else {"p": cells}


def _cells(states: Sequence[str], row: Table) -> Data:
    return {state: p or "never" for state, p in zip(states, row.tolist(), strict=True)}


def _flow(value: Any) -> str:
    """A value as YAML on one line: reading it gives the same.

    >>> _flow({"if": ["low", "<5"], "p": {"yes": 0.1 + 0.2, "no": "never"}})
    '{if: [low, "<5"], p: {yes: 0.30000000000000004, no: never}}'
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_word(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _word(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    """A number in full: reading it gives the same bits.

    >>> _number(0.1 + 0.2), _number(1.0)
    ('0.30000000000000004', '1')
    """
    return str(int(value)) if value == int(value) else repr(value)


def _word(name: str) -> str:
    """A name as YAML: plain where every reader takes it for a word, else in quotes.

    >>> _word("low"), _word("<5"), _word("true")
    ('low', '"<5"', '"true"')
    """
    return name if _PLAIN.fullmatch(name) and name.lower() not in _NOT_WORDS else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(folder: Path, files: Mapping[str, tuple[str, str]], *, schemas: Path) -> None:
    """The files, each with the line that tells editors its schema where the schema is there."""
    folder.mkdir()
    for name, (kind, text) in files.items():
        schema = f"{kind}.schema.json"
        first = f"# yaml-language-server: $schema=../schema/{schema}\n" if (schemas / schema).is_file() else ""
        with (folder / name).open("wb") as file:
            file.write(f"{first}{text}...\n".encode())
            file.flush()
            os.fsync(file.fileno())


def _compare(network: Network, name: str, settings: Data, sources: Data, variables: Data) -> None:
    """Refuse what would not load as this network: what the files will say is built as the loader builds it."""
    from model.priors.build.model import understood
    from model.priors.yaml.source_map import Sheet

    found: list[Problem] = []
    files = ["sources.yaml", "variables.yaml"]
    sheets = [Sheet("sources.yaml", {"sources": sources}), Sheet("variables.yaml", {"variables": variables})]
    model = understood(name, Sheet("model.yaml", {**settings, "files": files}), sheets, found)
    if model is None:
        first = found[0]
        more = f" ({len(found)} such problems)" if len(found) > 1 else ""
        subject = f"{first.where}: " if first.where else ""
        detail = f"the prior files would not load: {subject}{first.found}, expected {first.expected}{more}"
        raise BadExchangeFile(detail, where=(name,))
    changed = difference(network, model.network)
    if changed:
        raise BadExchangeFile(f"the prior files would not give the network back: {changed}", where=(name,))
