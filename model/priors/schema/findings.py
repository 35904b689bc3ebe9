"""What evidence and interventions may say in prior files."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from model.priors.schema.cited import Definition, Probability, StateName, States


class FindingSet(Definition):
    """One of several states."""

    in_: Annotated[list[StateName], Field(alias="in", min_length=1, description="A list of states.")]


class FindingNot(Definition):
    """Some states ruled out."""

    not_: Annotated[States, Field(alias="not", description="The state, or list of states, ruled out.")]


class FindingLikelihood(Definition):
    """A report: how likely it is under each state; only ratios count, states not named count zero."""

    likelihood: Annotated[
        dict[StateName, Annotated[float, Field(ge=0)]],
        Field(min_length=1, description="How likely the report is under each state."),
    ]


class FindingOver(Definition):
    """A number on a measured scale from this cut point up."""

    over: Annotated[float, Field(description="A cut point of the variable's scale.")]


class FindingUnder(Definition):
    """A number on a measured scale below this cut point."""

    under: Annotated[float, Field(description="A cut point of the variable's scale.")]


class FindingBetween(Definition):
    """A number on a measured scale from one cut point up to another."""

    between: Annotated[
        list[float], Field(min_length=2, max_length=2, description="Two cut points of the variable's scale.")
    ]


class FindingAssumed(Definition):
    """A distribution to be held whatever else is known (Jeffrey's rule)."""

    assumed: Annotated[
        dict[StateName, Probability], Field(min_length=1, description="Probability by state; they add up to 1.")
    ]


FINDING_VERBS = ("in", "not", "likelihood", "assumed", "over", "under", "between")


def _finding(value: Any) -> str:
    if not isinstance(value, dict):
        return "finding:state"
    return next((f"finding:{verb}" for verb in FINDING_VERBS if verb in value), "finding:")


Finding = Annotated[
    Annotated[StateName, Tag("finding:state")]
    | Annotated[FindingSet, Tag("finding:in")]
    | Annotated[FindingNot, Tag("finding:not")]
    | Annotated[FindingLikelihood, Tag("finding:likelihood")]
    | Annotated[FindingAssumed, Tag("finding:assumed")]
    | Annotated[FindingOver, Tag("finding:over")]
    | Annotated[FindingUnder, Tag("finding:under")]
    | Annotated[FindingBetween, Tag("finding:between")],
    Discriminator(_finding),
]


SETTING_VERBS = ("p", "over", "under", "between")


class SettingDistribution(Definition):
    """An intervention that sets chances rather than a state."""

    p: Annotated[
        dict[StateName, Probability], Field(min_length=1, description="Probability by state; they add up to 1.")
    ]


def _setting(value: Any) -> str:
    if not isinstance(value, dict):
        return "setting:state"
    verb = next((verb for verb in SETTING_VERBS if verb in value), "")
    return "setting:chances" if verb == "p" else f"setting:{verb}"


Setting = Annotated[
    Annotated[StateName, Tag("setting:state")]
    | Annotated[SettingDistribution, Tag("setting:chances")]
    | Annotated[FindingOver, Tag("setting:over")]
    | Annotated[FindingUnder, Tag("setting:under")]
    | Annotated[FindingBetween, Tag("setting:between")],
    Discriminator(_setting),
]
