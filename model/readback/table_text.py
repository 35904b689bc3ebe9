"""The table of one variable as its words mean it, with ranges, sentences and sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from model.gates import named_stream
from model.network import Table
from model.readback.gate_sentences import as_sure, in_words, pool_in_words, reason_of, spread
from model.readback.table_ranges import ranges
from model.specification import JUDGEMENT, Description, Model, Moved, Source, Statement
from model.wording import cases_worth, figure, percent, wrapped

NARROWEST = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """The probability of one state in one combination, with its 90 % range."""

    state: str
    p: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            percent(self.p) if self.low == self.high else f"{percent(self.p)} ({figure(self.low)}–{figure(self.high)})"
        )


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One combination of the parents' states, in the variable's order of parents."""

    when: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the files say about one variable, as numbers and as sentences.

    ``draws`` is how many draws of the gate's parameters the ranges rest on; 0 means that they are exact.
    ``sources`` are those that the statements cite; a judgement stands on its reason, in its statement.
    ``moved`` are the statements that counts have moved: the numbers and sentences are those after it.
    ``meanings`` are what the files say that each state means, in words, and ``series`` what a measured variable counts.
    """

    variable: str
    label: str
    definition: str | None
    note: str | None
    kind: str
    revision: str
    parents: tuple[str, ...]
    states: tuple[str, ...]
    rows: tuple[ReadRow, ...]
    words: tuple[str, ...]
    statements: tuple[Statement, ...]
    sources: tuple[Source, ...]
    draws: int
    moved: tuple[Moved, ...] = ()
    meanings: tuple[str, ...] = ()
    series: str | None = None

    def text(self, width: int = 100) -> str:
        """A plain page for the terminal: sentences, the table in aligned columns, then what it rests on."""
        width = max(width, NARROWEST)
        lines = [*_head(self, width), *_states(self, width), "", *_paragraphs(self.words, width)]
        lines += ["", *_table(self, width), "", *_paragraphs([_about_ranges(self)], width), *_foundations(self, width)]
        return "\n".join(line.rstrip() for line in lines) + "\n"


def show(model: Model, variable: str) -> ReadBack:
    """The table that the words of a variable mean, every combination, with 90 % ranges and sources.

    Raises UnknownVariable, naming the nearest.
    """
    found = model.network.variable(variable)
    said = model.described[variable]
    (low, high), draws = ranges(said.gate, stream=named_stream(model.name, variable))
    return ReadBack(
        variable=variable,
        label=said.label,
        definition=said.definition,
        note=said.note,
        kind=said.kind,
        revision=model.revision,
        parents=found.parents,
        states=found.states,
        rows=_rows(
            [model.network[parent].states for parent in found.parents],
            found.states,
            np.stack([model.network.tables[variable], low, high], axis=-1),
        ),
        words=in_words(said, found, model.network),
        statements=said.statements,
        sources=tuple(model.source(name) for name in said.sources if name != JUDGEMENT),
        draws=draws,
        moved=model.learned[variable].rows if variable in model.learned else (),
        meanings=tuple(_meaning(said, found.states)),
        series=said.scale.series if said.scale else None,
    )


def _meaning(described: Description, states: Sequence[str]) -> Iterator[str]:
    """What each state means: its label, its interval and its definition, as far as there are any."""
    for i, state in enumerate(states):
        label = f" ({described.labels[state]})" if state in described.labels else ""
        interval = described.scale.in_words(i) if described.scale else None
        meant = "; ".join(part for part in (interval, described.definitions.get(state)) if part)
        if label or meant:
            yield f"{state}{label}{f': {meant}' if meant else ''}"


def _rows(parents: Sequence[tuple[str, ...]], states: tuple[str, ...], numbers: Table) -> tuple[ReadRow, ...]:
    """``numbers`` (*parents' states, states, 3) as rows; last parent fastest."""
    flat = numbers.reshape(-1, len(states), 3).tolist()
    return tuple(
        ReadRow(when, tuple(Cell(state, *values) for state, values in zip(states, row, strict=True)))
        for when, row in zip(product(*parents), flat, strict=True)
    )


def _head(shown: ReadBack, width: int) -> Iterator[str]:
    yield from wrapped(f"{shown.variable}: {shown.label} ({shown.kind})", width)
    for text in (shown.definition, shown.note):
        if text:
            yield from wrapped(text, width)


def _states(shown: ReadBack, width: int) -> Iterator[str]:
    if shown.meanings:
        yield ""
        yield "States"
        for meaning in shown.meanings:
            yield from wrapped(meaning, width, first="- ", then="  ")
    if shown.series:
        yield from wrapped(f"What is measured: {shown.series}", width)


def _paragraphs(sentences: Sequence[str], width: int) -> Iterator[str]:
    for sentence in sentences:
        yield from wrapped(sentence, width, then="  ")


def _table(shown: ReadBack, width: int) -> list[str]:
    """Combinations down and states across where that fits, else a line for each state."""
    head = [*shown.parents, *shown.states]
    across = _columns([head, *([*row.when, *map(str, row.cells)] for row in shown.rows)])
    return across if len(across[0]) <= width else _stacked(shown)


def _stacked(shown: ReadBack) -> list[str]:
    lines = []
    for row in shown.rows:
        if row.when:
            lines.append(", ".join(f"{name} {state}" for name, state in zip(shown.parents, row.when, strict=True)))
        lines += [f"  {line}" for line in _columns([[cell.state, str(cell)] for cell in row.cells])]
    return lines


def _columns(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)) for row in cells]


def _about_ranges(shown: ReadBack) -> str:
    if all(cell.low == cell.high for row in shown.rows for cell in row.cells):
        return "Every number is certain."
    how = f"from {shown.draws:,} draws of the gate's own parameters" if shown.draws else "exact"
    return f"In brackets the 90 % range, {how}: how sure the priors are, not whether the arcs are right."


def _foundations(shown: ReadBack, width: int) -> Iterator[str]:
    if shown.statements:
        yield ""
        yield "What it rests on"
        for statement in shown.statements:
            yield from wrapped(_statement(statement), width, first="- ", then="  ")
            if statement.pool is not None:
                for line in pool_in_words(statement.pool, shown.states, statement.reason):
                    yield from wrapped(line, width, first="  ", then="    ")
    if shown.moved:
        yield ""
        yield "What counts made of it"
        for moved in shown.moved:
            yield from wrapped(_moved(moved, shown.states), width, first="- ", then="  ")
    if shown.sources:
        yield ""
        yield "Sources"
        for source in shown.sources:
            yield from wrapped(_source(source), width, first="- ", then="  ")


def _statement(statement: Statement) -> str:
    sure = f", {as_sure(statement.ess, statement.counted)}" if statement.ess else ""
    experts = statement.pool.members if statement.pool is not None else ()
    by_expert = any(reason_of(expert, statement.reason) for expert in experts)
    reason = f" ({statement.reason})" if statement.reason and not by_expert else ""
    cited = f"{', '.join(statement.sources) or 'no source'}{reason}; published: {statement.published}"
    return f"{statement.what}{sure}: {cited} [{statement.file}:{statement.line}]"


def _moved(moved: Moved, states: Sequence[str]) -> str:
    before = f"{moved.statement.what}, {as_sure(moved.ess_before)}"
    after = f"{spread(np.array(moved.after), states)}, {as_sure(moved.ess_after)}"
    return f"{before}; with {', '.join(moved.counts)} ({cases_worth(moved.cases)}): {after}"


def _source(source: Source) -> str:
    where = f", {source.url}" if source.url else ""
    return f"{source.name}: {source.title}. {source.publication}, {source.date}{where} ({source.standing})"
