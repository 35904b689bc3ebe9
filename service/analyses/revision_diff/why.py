"""Why a target moved between two revisions, by its address: through the changes of what was active."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from model.analyses.revision_diff import edits, older_names, question_under, why
from model.evidence import syntax
from model.question import Question
from service.analyses.revision_diff.between import BETWEEN, ERRORS, pinned, reading, two_kept
from service.analyses.revision_diff.body import Step, WhyJSON, why_body
from service.http.forms import json_form
from service.http.operation import Reply, Service, operation
from service.http.validation import Text
from service.revisions import ACTIVE
from service.schemas.requests import ShiftInterval, StatedParameters
from service.store import activations
from service.store.activations import Activation
from service.store.revisions import Revision
from service.translate.questions import interval_mass


class WhyParameters(StatedParameters):
    """Between which revisions, under what."""

    from_: Annotated[
        Text, Field(alias="from", examples=[ACTIVE], description="The older revision: a hash, a name or `active`.")
    ]
    to: Annotated[Text, Field(description="The newer one.")] = ACTIVE
    interval: ShiftInterval = None


@operation(
    "GET",
    "/v1/models/<model>/why/<target>",
    query=WhyParameters,
    forms=(json_form(WhyJSON),),
    errors=ERRORS,
    of_model=False,
)
def why_moved(service: Service, model: str, target: str, asked: WhyParameters) -> Reply:
    """Say why one target moved between two revisions: its shift under a what-if, split by edit."""
    sides = two_kept(service, model, (asked.from_, ("from",)), (asked.to, ("to",)))
    served = service.live.now.ready.get(model)
    if served is not None and served.model.revision == sides[1].revision:
        served.model.network.variable(target, where=("path", "target"))
    mass = interval_mass(asked.interval, named=True)
    findings, settings = syntax.findings(asked.given), syntax.settings(asked.do)
    under = Question((), findings, settings, scenario=asked.scenario, cohort=asked.cohort)

    ways, note = _history(service, sides)

    def found() -> WhyJSON:
        editions = {each: service.stored_models.edition(model, each) for way in ways for each in way[:2]}
        steps: list[Step] = []
        said, name = under, target
        for old, new, made in reversed(ways):
            moved = why(editions[old], editions[new], name, under=said, mass=mass)
            between = edits(editions[old], editions[new])
            steps.append(Step(old, new, made, moved, between.edits))
            earlier = question_under(replace(said, targets=(name,)), older_names(between.names))
            said, [name] = replace(earlier, targets=()), earlier.targets
        return why_body(model, target, steps[::-1], note)

    said = (target, *asked.given, BETWEEN, *asked.do, BETWEEN, str(asked.scenario), str(asked.cohort), str(mass))
    tagged = (*said, *(each for way in ways for each in way[:2]))
    return pinned(found, service, sides, (asked.from_, asked.to), tagged, lambda: reading(sides) * len(ways) * 2)


MOST_STEPS = 8
"""Changes that a shift is split by; beyond, by the edits between its two ends."""

Way = tuple[str, str, Activation | None]
"""From one revision to another, and the change that this was."""


def _history(service: Service, sides: tuple[Revision, Revision]) -> tuple[list[Way], str | None]:
    """The changes of what was active from one revision to another; the two alone, and why, where there are none."""
    old, new = (each.revision for each in sides)
    direct: list[Way] = [(old, new, None)]
    if old == new:
        return direct, None
    made = activations.every(service.store, sides[0].model)
    ends = [i for i, each in enumerate(made) if each.revision == new]
    starts = [i for i, each in enumerate(made) if each.revision == old and ends and i < ends[-1]]
    if not starts:
        return direct, "the newer revision was not active after the older one: split by the edits between the two"
    steps = made[starts[-1] + 1 : ends[-1] + 1]
    if len(steps) > MOST_STEPS:
        return direct, f"{len(steps)} changes lie between the two, more than {MOST_STEPS}: split by the edits between"
    olds = (old, *(each.revision for each in steps))
    return [(before, each.revision, each) for before, each in zip(olds, steps, strict=False)], None


OPERATIONS = (why_moved,)
