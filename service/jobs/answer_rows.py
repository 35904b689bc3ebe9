"""Answers of a block of cases as rows with the columns of a batch, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.analyses.case_columns import Columned
from model.answers import Answer
from model.errors import AftermathError
from model.network import Table
from model.specification import Model
from service.http.arrow_tables import column_types
from service.http.json_encoding import all_rounded
from service.http.problems import problem
from service.jobs.cases import Block, TextColumn
from service.schemas.answers import CaseRow
from service.translate import forecasts
from service.translate.batch import COLUMNS, problem_line

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]

STATED = ("target", "state", "label", "at_least", "below")
"""Columns that say which state a row is of."""
OF_A_STATE = ("p", "lo", "hi", "without", "effect", "effect_lo", "effect_hi")
"""Columns of the numbers of a state."""
REASONS = ("outside", "effect_outside")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Which case and which state of the targets each row is of, shape (rows,): state -1 in the row of a case refused.

    ``which`` (cases,) is the place of each case among the different ones.
    """

    case: Ints
    state: Ints
    which: Ints

    def numbers(self, table: Table) -> pa.Array:
        """A column of numbers (different cases, states), none where they are NaN."""
        import pyarrow as pa

        found = np.where(self.state >= 0, table[self.which[self.case], self.state], np.nan)
        return pa.array(found, mask=np.isnan(found))

    def texts(self, places: NDArray[Any], texts: Sequence[str]) -> pa.Array:
        """A column of few texts, each once: ``places`` (rows,) are in ``texts``, below 0 where there is none."""
        import pyarrow as pa

        codes = np.asarray(places, dtype=np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(texts, pa.string()))


def answer_rows(
    model: Model, targets: Sequence[str], block: Block, found: Columned, *, kept: Sequence[TextColumn] = ()
) -> tuple[pa.RecordBatch, int]:
    """The rows of a block of cases as a batch has them, with the columns of the cases that are kept beside them.

    A case that was answered has a row for each state of each target, one that was refused a row with its error; how
    many those are is the second value.
    """
    import pyarrow as pa

    error, texts = _errors(block, found)
    counts = np.where(error >= 0, 1, found.p.shape[1])
    case = np.repeat(np.arange(len(counts)), counts)
    state = np.arange(len(case)) - np.repeat(np.cumsum(counts) - counts, counts)
    state[error[case] >= 0] = -1
    rows, tables = _Rows(case, state, found.which), _tables(found)
    made = {
        "id": _repeated(block.ids, case),
        "p_evidence": rows.numbers(np.broadcast_to(tables.p_evidence[:, None], found.p.shape)),
        "error": rows.texts(error[case], texts),
        **dict(_stated(model, targets, rows)),
        **{name: rows.numbers(table) for name, table in tables.numbers.items()},
        **{name: rows.texts(tables.place(name, rows), tables.words) for name in tables.reasons},
    }
    kinds = column_types(CaseRow)
    columns = {name: made[name] if name in made else pa.nulls(len(case), kinds[name]) for name in COLUMNS}
    columns |= {each.name: rows.texts(each.codes[case], each.texts) for each in kept}
    return pa.RecordBatch.from_pydict(columns), int((error >= 0).sum())


def _errors(block: Block, found: Columned) -> tuple[Ints, list[str]]:
    """The place of each case's error among the texts, -1 of one that was answered; and the texts."""
    wrong = {place: error for place, error in found.singly.items() if isinstance(error, AftermathError)}
    lines = [problem_line(problem(error)) for error in (*wrong.values(), *block.broken.values())]
    texts = {text: place for place, text in enumerate(dict.fromkeys(lines))}
    places = np.array([texts[line] for line in lines], dtype=np.int64)
    of_different = np.full(len(found.p), -1, dtype=np.int64)
    of_different[list(wrong)] = places[: len(wrong)]
    error = of_different[found.which]
    error[list(block.broken)] = places[len(wrong) :]
    return error, list(texts)


def _repeated(ids: pa.Array, case: Ints) -> pa.Array:
    """The id of each row's case. Each different one once: of a text that is there twice Parquet has bytes unset."""
    import pyarrow as pa

    coded = ids.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.take(pa.array(case)), coded.dictionary)


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """The numbers of every different case by column, shape (different cases, states), and of its evidence.

    ``reasons`` are places in ``words``, -1 where there is none: why a number lies outside its interval.
    """

    numbers: Mapping[str, Table]
    p_evidence: Table
    reasons: Mapping[str, Ints]
    words: tuple[str, ...]

    def place(self, name: str, rows: _Rows) -> Ints:
        """The place of each row's reason."""
        return np.where(rows.state >= 0, self.reasons[name][rows.which[rows.case], rows.state], -1)


def _tables(found: Columned) -> _Tables:
    """What was answered side by side, and laid into it what was answered singly."""
    numbers: dict[str, Table] = {"p": found.p, "without": found.without, "effect": found.effect}
    p_evidence, reasons, words = found.p_evidence, dict[str, Ints](), dict[str, int]()
    own = {place: answer for place, answer in found.singly.items() if isinstance(answer, Answer)}
    if found.drawn:
        none = np.full_like(found.p, np.nan)
        numbers |= {name: none.copy() for name in OF_A_STATE if name not in numbers}
        reasons = {name: np.full(found.p.shape, -1, dtype=np.int64) for name in REASONS}
    if own:
        numbers = {name: table.copy() for name, table in numbers.items()}
        p_evidence = p_evidence.copy()
    for place, answer in own.items():
        p_evidence[place] = answer.p_evidence
        for i, row in enumerate(forecasts.numbers(answer)):
            for name, table in numbers.items():
                table[place, i] = np.array(row[name], dtype=np.float64)  # NaN for None
            for name, places in reasons.items():
                word = row[name]
                places[place, i] = -1 if word is None else words.setdefault(str(word), len(words))
    rounded = {name: all_rounded(table) for name, table in numbers.items()}
    return _Tables(rounded, all_rounded(p_evidence), reasons, tuple(words))


def _stated(model: Model, targets: Sequence[str], rows: _Rows) -> Iterator[tuple[str, pa.Array]]:
    """The columns that say which state of which target a row is of."""
    kinds = column_types(CaseRow)
    stated = [
        {"target": target, "state": state, **forecasts.columns_of(model.described[target], i, state)}
        for target in targets
        for i, state in enumerate(model.network[target].states)
    ]
    for name in STATED:
        each = [of_state[name] for of_state in stated]
        if kinds[name] == kinds["p"]:
            numbers = np.array([np.nan if number is None else number for number in each], dtype=np.float64)
            yield name, rows.numbers(np.broadcast_to(numbers, (rows.which.max(initial=0) + 1, len(numbers))))
            continue
        texts = list(dict.fromkeys(str(text) for text in each if text is not None))
        places = np.array([-1 if text is None else texts.index(str(text)) for text in each])
        yield name, rows.texts(np.where(rows.state >= 0, places[rows.state], -1), texts)
