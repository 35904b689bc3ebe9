"""Answers with joints as CSV: one row a combination of states, a column for each variable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.answers import Answer, TargetAnswer
from model.specification import Model
from model.uncertainty.intervals import Intervals, Reason
from service.http.csv_tables import Table, csv_bytes
from service.schemas import answers
from service.translate import forecasts
from service.translate.forecasts import AddressedAnswer
from service.translate.questions import query_address

FIXED = tuple(answers.CombinationRow.__annotations__)
MOST_PROBABLE = "most_probable"


@dataclass(frozen=True, slots=True)
class _Combination:
    """A combination of states of some variables in one of the tables of an answer."""

    joint: str
    states: dict[str, str]
    p: float
    ends: tuple[float | None, float | None] = (None, None)
    outside: Reason | None = None
    tie: bool | None = None


def answer_csv(model: Model, answer: Answer) -> bytes:
    """The table of an answer, as HTTP sends it."""
    table = query_table(AddressedAnswer(model, answer, query_address(model, answer.question)))
    return csv_bytes(table.columns, table.rows)


def query_table(found: AddressedAnswer) -> Table:
    """An answer as a table: a row a state of a target; where joints or the most probable states are asked for, a row a
    combination of states of each joint, of each target that was named, and of all variables.
    """
    answer = found.answer
    if not answer.joint and not answer.most_probable:
        return Table(tuple(answers.StateRow.__annotations__), forecasts.rows(found))
    listed = list(_combinations(found))
    columns = {name: column(name) for each in listed for name in each.states}
    common = {"p_evidence": answer.p_evidence, "model": answer.model, "revision": answer.revision}
    rows = (
        dict.fromkeys(columns.values())
        | {columns[name]: state for name, state in each.states.items()}
        | {
            "joint": each.joint,
            "p": each.p,
            "lo": each.ends[0],
            "hi": each.ends[1],
            "outside": each.outside,
            "tie": each.tie,
        }
        | common
        for each in listed
    )
    return Table((FIXED[0], *columns.values(), *FIXED[1:]), rows)


def column(name: str) -> str:
    """The column of a variable: its name, unless another column is called so.

    >>> column("lung"), column("p")
    ('lung', 'state.p')
    """
    return f"state.{name}" if name in FIXED else name


def _combinations(found: AddressedAnswer) -> Iterator[_Combination]:
    """Of the joints, then of the targets that the question names, then the most probable."""
    answer = found.answer
    for joint in answer.joint:
        name = ",".join(joint.variables)
        for (states, p), ends in zip(joint.rows, joint.ends(), strict=True):
            said = dict(zip(joint.variables, states, strict=True))
            yield _Combination(name, said, p, ends, _reason(joint.intervals, name, ",".join(states)))
    for target in answer.targets if answer.question.targets else ():
        yield from _of_target(answer, target)
    if answer.most_probable:
        every = forecasts.shown(found.model, answer.most_probable.states)
        yield _Combination(MOST_PROBABLE, every, answer.most_probable.p, tie=answer.most_probable.tie)


def _of_target(answer: Answer, target: TargetAnswer) -> Iterator[_Combination]:
    for row in target.distribution:
        outside = _reason(answer.targets.intervals, target.target, row.state)
        yield _Combination(target.target, {target.target: row.state}, row.p, (row.low, row.high), outside)


def _reason(found: Intervals | None, target: str, state: str) -> Reason | None:
    return forecasts.outside_by_state(found).get((target, state, "p"))
