"""What a prior file may say: the shape of each file, as pydantic models.

The loader validates with these and the JSON Schema for editors is made from them, so the two
cannot differ. Meaning (does the parent exist, do the rows cover every combination) is checked
in ``meaning``; here only shape.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
"""A variable, scenario, cohort or source: letters, digits and underscores, a letter first."""

StateName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Cell = Probability | Literal["rest", "never"]
Share = Annotated[float, Field(gt=0)]
Date = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]

Cells = dict[StateName, Cell]
States = StateName | list[StateName]
When = dict[Name, States]


class Definition(BaseModel):
    """A mapping in a prior file: unknown keys are refused, values are never coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Cited(Definition):
    """A number and what it rests on."""

    sources: Annotated[
        list[Name], Field(min_length=1, description="Sources declared in sources.yaml, or 'judgement' with a reason.")
    ] | None = None
    reason: Annotated[Text, Field(description="Why this number, in one line; needed for judgement.")] | None = None
    confidence: (
        Annotated[Text, Field(description="How sure: a confidence word of model.yaml, such as low or medium.")] | None
    ) = None
    ess: (
        Annotated[float, Field(gt=0, description="How sure, as an equivalent sample size, instead of a word.")] | None
    ) = None


class Row(Cited):
    """One row of a table, or several alike: when the parents are so, the states have these probabilities."""

    when: Annotated[When, Field(description="State (or list of states) of each parent that this row is about.")] = {}
    p: Annotated[Cells, Field(min_length=1, description="Probability by state; 'rest' once, 'never' for zero.")]


class Base(Cited):
    """The distribution before any influence."""

    p: Annotated[Cells, Field(min_length=1)]
    when: Annotated[
        Literal["typical", "reference"],
        Field(description="typical: the overall marginal; reference: every influence at its reference state."),
    ]


class Effect(Cited):
    """What some states of one parent do to an ordered child, against the parent's other states."""

    if_: Annotated[States, Field(alias="if")]
    effect: Literal["raises", "lowers"]
    strength: Annotated[
        Text | Share, Field(description="A strength word of model.yaml, or a number of decibels on the odds.")
    ]


class Slope(Cited):
    """What one ordered parent does to an ordered child, spread evenly from its lowest to its highest state."""

    effect: Literal["raises", "lowers"]
    strength: Annotated[
        Text | Share, Field(description="Between the lowest and the highest state: a word, or decibels on the odds.")
    ]
    reference: Annotated[StateName, Field(description="The state that changes nothing.")] | None = None


class Shift(Cited):
    """What some states of one parent do to each state of a child whose states have no order."""

    if_: Annotated[States, Field(alias="if")]
    towards: dict[StateName, Text | Share] = {}
    away_from: dict[StateName, Text | Share] = {}


class Cause(Cited):
    """What some states of one parent do alone: the distribution of the child if nothing else acted."""

    if_: Annotated[States, Field(alias="if")]
    p: Annotated[Cells, Field(min_length=1)]


class Weight(Cited):
    """How much one ordered parent counts in the average of a ranked child."""

    weight: Share
    effect: Literal["raises", "lowers"]


class RuleRow(Definition):
    """One line of a rule: when the parents are so, the variable is in this state for certain."""

    when: When
    is_: Annotated[StateName, Field(alias="is")]


Role = Literal["lever", "condition", "state", "pathway", "outcome"]


class VariableBase(Cited):
    """What every variable has, whatever kind of table it uses."""

    label: Annotated[Text, Field(description="A short name for people.")]
    definition: Annotated[Text, Field(description="What is meant, in a sentence or two.")] | None = None
    states: Annotated[list[StateName], Field(min_length=1, description="In order, low to high where there is an order.")]
    role: Role
    from_article: Annotated[Text, Field(description="Paragraph of the article, such as P1 or 'P1, P11'.")] | None = None
    parents: list[Name] = []
    note: Text | None = None


class TableVariable(VariableBase):
    """A variable whose table is written row by row."""

    kind: Literal["table"] = "table"
    rows: Annotated[list[Row], Field(min_length=1)]


class AnyCauseVariable(VariableBase):
    """Noisy-OR or noisy-MAX: any one cause can bring the child up; the strongest decides (Diez 1993, net form)."""

    kind: Literal["any_cause"]
    causes: Annotated[dict[Name, list[Cause]], Field(min_length=1)]
    leak: Annotated[Row, Field(description="What happens with no cause at all.")]
    except_: Annotated[list[Row], Field(alias="except")] = []


class AllNeededVariable(VariableBase):
    """Noisy-AND or noisy-MIN: every parent must allow it; the most limiting decides."""

    kind: Literal["all_needed"]
    needs: Annotated[
        dict[Name, list[Cause]],
        Field(min_length=1, description="Per parent, its limiting states; states not named allow everything."),
    ]
    ceiling: Annotated[Row, Field(description="What happens when every parent allows everything.")]
    except_: Annotated[list[Row], Field(alias="except")] = []


class InfluencesVariable(VariableBase):
    """Influences that add on the log odds (logistic, proportional odds or multinomial logit)."""

    kind: Literal["influences"]
    scale: Annotated[
        Literal["ordinal", "nominal"], Field(description="ordinal: states low to high; nominal: no order.")
    ] = "ordinal"
    base: Base
    influences: Annotated[dict[Name, Slope | Effect | list[Effect] | Shift | list[Shift]], Field(min_length=1)]
    except_: Annotated[list[Row], Field(alias="except")] = []


class RankedVariable(VariableBase):
    """A ranked node: a truncated normal about a weighted combination of ordered parents (Fenton et al. 2007)."""

    kind: Literal["ranked"]
    combine: Literal["mean", "min", "max", "mixminmax"]
    weights: Annotated[dict[Name, Weight], Field(min_length=1)]
    spread: Annotated[Text | Share, Field(description="A spread word of model.yaml, or a variance on the 0 to 1 scale.")]
    except_: Annotated[list[Row], Field(alias="except")] = []


class RuleVariable(VariableBase):
    """A variable that its parents decide for certain."""

    kind: Literal["rule"]
    rules: Annotated[list[RuleRow], Field(min_length=1)]
    otherwise: Annotated[StateName, Field(description="The state in every combination that no rule names.")] | None = None


def kind_of(value: Any) -> str:
    """The kind of a variable as written; a table where none is named."""
    kind = value.get("kind", "table") if isinstance(value, dict) else getattr(value, "kind", "table")
    return kind if isinstance(kind, str) else "table"


AnyVariable = Annotated[
    Annotated[TableVariable, Tag("table")]
    | Annotated[AnyCauseVariable, Tag("any_cause")]
    | Annotated[AllNeededVariable, Tag("all_needed")]
    | Annotated[InfluencesVariable, Tag("influences")]
    | Annotated[RankedVariable, Tag("ranked")]
    | Annotated[RuleVariable, Tag("rule")],
    Discriminator(kind_of),
]


class Source(Definition):
    """Something published that a number rests on."""

    title: Annotated[Text, Field(description="The quantity and its value, or the title of the publication.")]
    publication: Text
    date: Annotated[Date, Field(description="When it was published: YYYY, YYYY-MM or YYYY-MM-DD.")]
    url: Text | None = None
    status: Literal["verified", "unverified"]
    note: Text | None = None


class FindingSet(Definition):
    """One of several states."""

    in_: Annotated[list[StateName], Field(alias="in", min_length=1)]


class FindingNot(Definition):
    """Some states ruled out."""

    not_: Annotated[StateName | list[StateName], Field(alias="not")]


class FindingLikelihood(Definition):
    """A report: how likely it is under each state; only ratios count, states not named count zero."""

    likelihood: Annotated[dict[StateName, Annotated[float, Field(ge=0)]], Field(min_length=1)]


class FindingAssumed(Definition):
    """A distribution to be held whatever else is known (Jeffrey's rule)."""

    assumed: Annotated[dict[StateName, Probability], Field(min_length=1)]


Finding = StateName | FindingSet | FindingNot | FindingLikelihood | FindingAssumed


class SettingDistribution(Definition):
    """An intervention that sets chances rather than a state."""

    p: Annotated[dict[StateName, Probability], Field(min_length=1)]


Setting = StateName | SettingDistribution


class Scenario(Definition):
    """Named evidence and interventions."""

    label: Text
    note: Text | None = None
    given: dict[Name, Finding] = {}
    do: dict[Name, Setting] = {}
    sources: list[Name] = []


class Size(Definition):
    """How many people, as a 90 % range."""

    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=0)]


class Cohort(Definition):
    """Fighters of one origin: how many, and what is known of them as evidence."""

    label: Text
    size: Size
    given: dict[Name, Finding] = {}
    note: Text | None = None
    sources: Annotated[list[Name], Field(min_length=1)]


class Check(Definition):
    """A published figure as a range that the compiled model must stay within."""

    label: Text
    target: Name
    states: Annotated[list[StateName], Field(min_length=1, description="Their probabilities are added.")]
    scenario: Name | None = None
    cohort: Name | None = None
    given: dict[Name, Finding] = {}
    range: Annotated[list[Probability], Field(min_length=2, max_length=2)]
    sources: Annotated[list[Name], Field(min_length=1)]
    note: Text | None = None


class Folded(Definition):
    """Something the source names that is not a variable of its own."""

    into: Annotated[list[Name], Field(min_length=1)]
    why: Text


class Words(Definition):
    """What the words of the files mean as numbers."""

    strength: Annotated[dict[Text, Share], Field(description="Decibels on the odds: 10 is odds times ten.")]
    confidence: Annotated[dict[Text, Share], Field(description="Equivalent sample sizes.")]
    spread: Annotated[dict[Text, Share], Field(description="Variances of a ranked variable on the 0 to 1 scale.")]


class ExampleQuestion(Definition):
    """A question worth asking, shown on the start page."""

    label: Text
    target: Name
    given: dict[Name, Finding] = {}
    do: dict[Name, Setting] = {}
    scenario: Name | None = None
    cohort: Name | None = None


class ModelFile(Definition):
    """model.yaml: what the model is, what its words mean, which files belong to it."""

    title: Text
    description: Text
    as_of: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    horizon: Annotated[Text, Field(description="How far ahead the forecasts look.")]
    files: Annotated[list[Text], Field(min_length=1, description="Every other file of the model, so that none can be lost.")]
    words: Words
    headline: Annotated[list[Name], Field(min_length=1, description="The targets that matter most.")]
    examples: list[ExampleQuestion] = []
    folded: dict[Name, Folded] = {}


class VariablesFile(Definition):
    """Variables by theme."""

    variables: Annotated[dict[Name, AnyVariable], Field(min_length=1)]


class SourcesFile(Definition):
    """Everything published that the numbers rest on."""

    sources: dict[Name, Source]


class ScenariosFile(Definition):
    """Named what-ifs."""

    scenarios: dict[Name, Scenario]


class CohortsFile(Definition):
    """Fighters by origin."""

    cohorts: dict[Name, Cohort]


class ChecksFile(Definition):
    """Published figures that the compiled model is held against."""

    checks: dict[Name, Check]


FILE_KINDS: dict[str, type[Definition]] = {
    "variables": VariablesFile,
    "sources": SourcesFile,
    "scenarios": ScenariosFile,
    "cohorts": CohortsFile,
    "checks": ChecksFile,
}
"""By the one top-level key that a file other than model.yaml has."""
