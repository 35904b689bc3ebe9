"""One part of a sweep: its cases are read, answered and written, block by block, in whatever process that is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from model import inference
from model.analyses.case_columns import answered
from model.errors import AftermathError
from model.forecast import Forecaster, restored
from model.question import Question
from model.specification import Model
from service import malloc
from service.http.arrow_tables import COMPRESSION
from service.http.fingerprint import fingerprint
from service.jobs.answer_rows import answer_rows
from service.jobs.cases import BadCases, Part, Source
from service.jobs.folder import ABOUT, MODEL, Done, written_aside
from service.live import mapped
from service.translate import questions

ROWS = 500_000
"""Rows of answers that are held at a time: some 100 MB with what they are made of."""
MOST_CASES = 125_000
"""Cases that are answered at a time: of fewer, what is made for each pattern of evidence costs more than the cases."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is asked of which cases: all that a process needs to answer a part, beside the files that it names.

    ``targets`` are variables and then ``events``, as each is called; ``interval`` is the share that each interval
    holds. Answers go into the folder ``out``, in which the model is too.
    """

    out: Path
    source: Source
    model: str
    revision: str
    software: str
    targets: tuple[str, ...]
    events: tuple[str, ...]
    interval: float | None
    with_cases: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a part cannot be answered, in words: trying again would not help."""

    number: int
    why: str


def answer_part(sweep: Sweep, part: Part) -> Done | Failed:
    """Answer a part and write its file. Raises OSError where that cannot be."""
    try:
        forecaster = _forecaster(sweep)
        return _written(sweep, forecaster, part)
    except AftermathError as error:
        return Failed(part.number, str(error))


def _forecaster(sweep: Sweep) -> Forecaster:
    """The model of a sweep, in this process. Raises BadCases where other software would answer."""
    if fingerprint_here() != sweep.software:
        raise BadCases(f"a worker has another version of the software than {sweep.software[:12]}: install the same")
    base = _restored(sweep.out / MODEL, sweep.revision)
    return questions.about(base, sweep.events)[0]


@lru_cache(1)
def fingerprint_here() -> str:
    """The fingerprint of the software in this process."""
    return fingerprint()


@lru_cache(1)
def _restored(folder: Path, revision: str) -> Forecaster:
    """The forecaster that was written into a folder: its arrays are mapped, shared by the processes of a machine."""
    found = restored(mapped.read(folder))
    if found.model.revision != revision:
        raise BadCases(f"the model in the folder is {found.model.revision}, not {revision}", where=(str(folder),))
    inference.keep_to_one_thread(found.plan)
    malloc.bound()  # what a block took is given back before the next
    return found


def cases_at_a_time(model: Model, targets: tuple[str, ...]) -> int:
    """Cases of a block: as many as make ROWS rows, within bounds."""
    return max(100, min(MOST_CASES, ROWS // sum(model.network.cards(targets))))


def _written(sweep: Sweep, forecaster: Forecaster, part: Part) -> Done:
    from pyarrow.parquet import ParquetWriter
    from pyarrow.types import is_floating

    common = Question(sweep.targets, interval=sweep.interval)
    size = cases_at_a_time(forecaster.model, sweep.targets)
    refused = rows = 0
    with written_aside(sweep.out, part.number) as aside:
        writer: ParquetWriter | None = None
        try:
            for block in sweep.source.blocks(part, size):
                read = [column.read() for column in block.columns]
                found = answered(forecaster, read, len(block.ids), common)
                kept = block.columns if sweep.with_cases else ()
                batch, count = answer_rows(forecaster.model, sweep.targets, block, found, kept=kept)
                if writer is None:
                    texts = [field.name for field in batch.schema if not is_floating(field.type)]
                    writer = ParquetWriter(
                        aside, batch.schema, compression=COMPRESSION, use_dictionary=texts, store_schema=False
                    )
                writer.write_batch(batch)
                refused, rows = refused + count, rows + len(batch)
            if writer is not None:
                said = {"model": sweep.model, "revision": sweep.revision, "part": part.number}
                counts = {"cases": part.cases, "refused": refused}
                writer.add_key_value_metadata({ABOUT: json.dumps(said | counts)})
        finally:
            if writer is not None:
                writer.close()
    return Done(part.number, part.cases, refused, rows)
