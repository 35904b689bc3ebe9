"""The diff of two revisions by its address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from model.analyses import question_cost
from model.analyses.revision_diff import RevisionDiff, diff
from model.errors import Place
from model.question import Question
from model.resources.cost import Cost
from service.analyses.revision_diff.body import ROW, DiffJSON, DiffRow, diff_body, diff_rows
from service.analyses.revision_diff.page import LOOKED_AT, markdown
from service.http.csv_tables import Table
from service.http.forms import Form, json_form, table_form
from service.http.json_encoding import encoded
from service.http.operation import A_DAY, Reply, Service, operation
from service.http.problems import BadField
from service.http.validation import Hurried, Text
from service.revisions import HASH
from service.schemas.requests import MOST_SIDES, ShiftInterval
from service.store.revisions import Revision
from service.translate.questions import interval_mass

ERRORS = (404, 422, 429, 503)
BETWEEN = "..."
"""Between two revisions in a path, as git has it."""


class DiffParameters(Hurried):
    """Under which scenarios, and with which intervals."""

    scenario: Annotated[
        list[Text],
        Field(default_factory=list, max_length=MOST_SIDES, description="Repeated; none means every scenario and none."),
    ]
    interval: ShiftInterval = None


@operation(
    "GET",
    "/v1/models/<model>/diff/<between>",
    query=DiffParameters,
    forms=(
        json_form(DiffJSON, write=lambda found: encoded(diff_body(found))),
        table_form(DiffRow, lambda found: Table(ROW, diff_rows(found))),
        Form("md", "text/markdown; charset=utf-8", lambda found: markdown(found, LOOKED_AT).encode(), str),
    ),
    errors=ERRORS,
    of_model=False,
)
def diff_between(service: Service, model: str, between: str, asked: DiffParameters) -> Reply:
    """Show what was edited between two revisions, `a...b`, and the shift of each headline, split by edit.

    A revision is named by its hash, by a name that it was given, or as `active`.
    """
    older, dots, newer = between.partition(BETWEEN)
    if not dots or not older or not newer:
        raise BadField(f"expected two revisions with ... between them; found {between!r}", where=("path", "between"))
    place = ("path", "between")
    sides = two_kept(service, model, (older, place), (newer, place))
    mass = interval_mass(asked.interval, named=True)

    def found() -> RevisionDiff:
        old, new = (service.stored_models.edition(model, each.revision) for each in sides)
        return diff(old, new, scenarios=asked.scenario or None, mass=mass)

    return pinned(
        found,
        service,
        sides,
        (older, newer),
        (*asked.scenario, str(mass)),
        partial(cost_of_diff, service, model, [each.size for each in sides], asked.scenario, mass),
    )


def two_kept(
    service: Service, model: str, older: tuple[str, Place], newer: tuple[str, Place]
) -> tuple[Revision, Revision]:
    """Two revisions that are kept, each with the place where it is said."""
    service.stored_models.demand_model(model)
    old, new = (service.stored_models.revision(model, said, where=where) for said, where in (older, newer))
    return old, new


def pinned(
    found: Callable[[], Any],
    service: Service,
    sides: Sequence[Revision],
    said: Sequence[str],
    asked: Sequence[str],
    cost: Callable[[], Cost],
) -> Reply:
    """What two revisions decide with what was asked; it may be kept for a day where both were said by their hashes."""
    tag = " ".join((service.fingerprint, *(each.revision for each in sides), *asked))
    return Reply(found, tag=tag, cost=cost, cache=A_DAY if all(map(HASH.fullmatch, said)) else None)


def reading(sides: Sequence[Revision]) -> Cost:
    """What it costs to make them ready."""
    return sum((question_cost.of_reading(each.size) for each in sides), Cost())


def cost_of_diff(
    service: Service, model: str, sizes: Sequence[int], scenarios: Sequence[str], mass: float | None
) -> Cost:
    """Files of so many bytes made ready, and each headline under each scenario of the model as it is served."""
    read = sum(map(question_cost.of_reading, sizes), Cost())
    served = service.live.now.ready.get(model)
    if served is None:
        return read * 2
    every: tuple[str | None, ...] = (None, *served.model.scenarios)
    under = [each for each in every if not scenarios or each in scenarios]
    asked = [
        Question((each.target,), each.findings, scenario=name, interval=mass)
        for each in served.model.headlines
        for name in under
    ]
    return sum((question_cost.of_split(served, each) for each in asked), read)


OPERATIONS = (diff_between,)
