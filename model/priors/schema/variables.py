"""What a variable may say: its states and what they mean, its kind of table, and several experts on one number."""

from __future__ import annotations

from math import inf, nan
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from model.priors.schema.cited import (
    Amount,
    Cells,
    Cited,
    Definition,
    Meaning,
    Name,
    Share,
    StateName,
    StateNames,
    States,
    Text,
    When,
    _scale,
)


class Expert(Cited):
    """One of several experts or sources on the same number."""

    sources: Annotated[
        list[Name], Field(min_length=1, description="Whose number it is; in one expert of the pool only.")
    ]
    weight: (
        Annotated[Share, Field(description="Its share in the pool; all given and summing to 1, or none.")] | None
    ) = None


class RowExpert(Expert):
    """What one expert says of a row."""

    p: Annotated[Cells, Field(min_length=1, description="Probability by state; 'rest' once, 'never' for zero.")]


class StrengthExpert(Expert):
    """What one expert says of a strength."""

    strength: Annotated[
        Amount, Field(description="A strength word of model.yaml, or a number of decibels on the odds.")
    ]


class RowPool(Definition):
    """What several experts say of one row."""

    method: Annotated[
        Literal["linear", "log"],
        Field(description="linear: one of them is right; log: each knows a part, and a zero of one is a veto."),
    ]
    of: Annotated[list[RowExpert], Field(min_length=2, description="The experts, two at least.")]


class StrengthPool(Definition):
    """What several experts say of one strength: the mean of their decibels."""

    of: Annotated[list[StrengthExpert], Field(min_length=2, description="The experts, two at least.")]


def _one_of(*keys: str) -> ConfigDict:
    """Of these keys exactly one: the loader says so in words, editors by the schema."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


class Distribution(Cited):
    """A distribution over the states: of one voice in ``p``, or of several in ``pool``."""

    model_config = _one_of("p", "pool")

    p: (
        Annotated[
            Cells,
            Field(min_length=1, description="Probability by state; 'rest' once, 'never' for zero."),
        ]
        | None
    ) = None
    pool: Annotated[RowPool, Field(description="Several experts, instead of p.")] | None = None


class Strength(Cited):
    """A strength: of one voice in ``strength``, or of several in ``pool``."""

    model_config = _one_of("strength", "pool")

    strength: (
        Annotated[Amount, Field(description="A strength word of model.yaml, or a number of decibels on the odds.")]
        | None
    ) = None
    pool: Annotated[StrengthPool, Field(description="Several experts, instead of strength.")] | None = None


class Row(Distribution):
    """One row of a table, or several alike: when the parents are so, the states have these probabilities."""

    when: Annotated[
        When,
        Field(description="State (or list of states) of each parent that this row is about; of one left out, any."),
    ] = {}


class Base(Distribution):
    """The distribution before any influence; of two states one is enough."""

    when: Annotated[
        Literal["typical", "reference"],
        Field(description="typical: the marginal where no exception holds; reference: all influences at reference."),
    ]


class Effect(Strength):
    """What some states of one parent do to an ordered child, against the parent's other states."""

    if_: Annotated[States, Field(alias="if", description="The state, or list of states, of the parent.")]
    effect: Annotated[Literal["raises", "lowers"], Field(description="raises or lowers the child.")]


class Slope(Strength):
    """What one ordered parent does to an ordered child, spread evenly from its lowest to its highest state."""

    effect: Annotated[Literal["raises", "lowers"], Field(description="raises or lowers the child.")]
    reference: (
        Annotated[
            StateName,
            Field(description="The state that changes nothing; left out, with a typical base alone, the first."),
        ]
        | None
    ) = None


class Shift(Cited):
    """What some states of one parent do to each state of a child whose states have no order."""

    if_: Annotated[States, Field(alias="if", description="The state, or list of states, of the parent.")]
    towards: Annotated[dict[StateName, Amount], Field(description="States made likelier, each with its strength.")] = {}
    away_from: Annotated[
        dict[StateName, Amount], Field(description="States made less likely, each with its strength.")
    ] = {}


def _influence(value: Any) -> str:
    several = isinstance(value, list)
    items = value if several else [value]
    keys = {key for item in items if isinstance(item, dict) for key in item}
    if keys & {"towards", "away_from"}:
        return "influence:shifts" if several else "influence:shift"
    if several:
        return "influence:effects"
    return "influence:effect" if "if" in keys else "influence:slope"


Influence = Annotated[
    Annotated[Slope, Tag("influence:slope")]
    | Annotated[Effect, Tag("influence:effect")]
    | Annotated[Annotated[list[Effect], Field(min_length=1)], Tag("influence:effects")]
    | Annotated[Shift, Tag("influence:shift")]
    | Annotated[Annotated[list[Shift], Field(min_length=1)], Tag("influence:shifts")],
    Discriminator(_influence),
]


class Cause(Distribution):
    """What some states of one parent do alone: the distribution of the child if nothing else acted."""

    if_: Annotated[States, Field(alias="if", description="The state, or list of states, of the parent.")]


Causes = Annotated[list[Cause], Field(min_length=1)]


class Weight(Cited):
    """How much one ordered parent counts in the average of a ranked child."""

    weight: Annotated[
        Share, Field(description="A number above 0; only the ratios count. Not said where combine is mixminmax.")
    ] = 1.0
    effect: Annotated[Literal["raises", "lowers"], Field(description="raises or lowers the child.")]


class RuleRow(Definition):
    """One line of a rule: when the parents are so, the variable is in this state for certain."""

    when: Annotated[When, Field(min_length=1, description="State (or list of states) of each parent.")]
    is_: Annotated[StateName, Field(alias="is", description="The state that the variable then has.")]


Role = Literal["lever", "condition", "state", "pathway", "outcome"]


class MeasuredScale(Definition):
    """States that are intervals of a number, so that anybody can say afterwards which of them came true."""

    unit: Annotated[Text, Field(description="What the number counts: fighters, % of territory, attacks a year.")]
    bounds: Annotated[
        list[float | None],
        Field(
            min_length=2,
            description="Where each state begins, ascending, and where the last ends; null for an open end.",
        ),
    ]
    series: Annotated[Text, Field(description="What is counted, by whom and when.")]

    @property
    def limits(self) -> tuple[float, ...]:
        """The bounds with open ends as infinities; an open end inside is not a number."""
        ends = {0: -inf, len(self.bounds) - 1: inf}
        return tuple(ends.get(i, nan) if bound is None else bound for i, bound in enumerate(self.bounds))


AnyScale = Annotated[
    Annotated[Literal["ordinal", "nominal"], Tag("scale:word")] | Annotated[MeasuredScale, Tag("scale:measured")],
    Discriminator(_scale),
]


class VariableBase(Cited):
    """What every variable has, whatever kind of table it uses."""

    label: Annotated[Text, Field(description="A short name for people.")]
    definition: (
        Annotated[
            Meaning,
            Field(description="What is meant; by state, where nothing is measured, how a stranger would judge each."),
        ]
        | None
    ) = None
    states: Annotated[
        StateNames,
        Field(description="In order, low to high where there is an order: a list, or a mapping from names to labels."),
    ]
    scale: Annotated[
        AnyScale,
        Field(description="ordinal: low to high; nominal: no order; or the unit, bounds and series of a number."),
    ] = "ordinal"
    role: Annotated[Role, Field(description="lever, condition, state, pathway or outcome.")]
    level: Annotated[
        Literal["group", "individual"],
        Field(description="What it is said of: the group as a whole, or one member of a cohort."),
    ] = "group"
    from_article: (
        Annotated[
            Text, Field(description="Where the text behind the model names it: a paragraph, such as P1 or 'P1, P11'.")
        ]
        | None
    ) = None
    parents: Annotated[list[Name], Field(description="The variables that this one depends on directly.")] = []
    parts: Annotated[
        list[Name],
        Field(description="Variables of the same states that this one was split into: do() on it is do() on each."),
    ] = []
    called: (
        Annotated[Text, Field(description="Its name in the file it was imported from; exports write it again.")] | None
    ) = None
    was: (
        Annotated[
            Name, Field(description="The name that it had before: what is renamed and edited at once is one edit.")
        ]
        | None
    ) = None
    note: Annotated[Text, Field(description="Anything worth knowing beside it.")] | None = None

    @property
    def order(self) -> Literal["ordinal", "nominal"]:
        """Whether its states have an order; those that measure a number have."""
        return self.scale if isinstance(self.scale, str) else "ordinal"


class TableVariable(VariableBase):
    """A variable whose table is written row by row."""

    kind: Annotated[Literal["table"], Field(description="How its table is said: row by row.")] = "table"
    rows: Annotated[list[Row], Field(min_length=1, description="Rows that cover each combination of the parents once.")]
    default: (
        Annotated[
            Distribution,
            Field(description="What holds where no row does; left out, the rows cover every combination."),
        ]
        | None
    ) = None


class AnyCauseVariable(VariableBase):
    """Noisy-OR or noisy-MAX: any one cause can bring the child up; the strongest decides (Diez 1993, net form)."""

    kind: Annotated[Literal["any_cause"], Field(description="How its table is said: any one cause can bring it up.")]
    causes: Annotated[
        dict[Name, Causes],
        Field(min_length=1, description="Per parent, what some of its states do alone; states not named do nothing."),
    ]
    leak: Annotated[Row, Field(description="What happens with no cause at all.")]
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class AllNeededVariable(VariableBase):
    """Noisy-AND or noisy-MIN: every parent must allow it; the most limiting decides."""

    kind: Annotated[Literal["all_needed"], Field(description="How its table is said: everything is needed.")]
    needs: Annotated[
        dict[Name, Causes],
        Field(min_length=1, description="Per parent, its limiting states; states not named allow everything."),
    ]
    ceiling: Annotated[Row, Field(description="What happens when every parent allows everything.")]
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class InfluencesVariable(VariableBase):
    """Influences that add on the log odds (logistic, proportional odds or multinomial logit)."""

    kind: Annotated[
        Literal["influences"], Field(description="How its table is said: influences add up on the log odds.")
    ]
    base: Annotated[Base, Field(description="The distribution before any influence: p and when.")]
    influences: Annotated[
        dict[Name, Influence], Field(min_length=1, description="Per parent, what it does to this variable.")
    ]
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class RankedVariable(VariableBase):
    """A ranked node: a truncated normal about a weighted combination of ordered parents (Fenton et al. 2007)."""

    kind: Annotated[
        Literal["ranked"], Field(description="How its table is said: a weighted average of ranked parents.")
    ]
    combine: Annotated[
        Literal["mean", "min", "max", "mixminmax"], Field(description="mean, min, max or mixminmax of the parents.")
    ]
    weights: Annotated[
        dict[Name, Weight], Field(min_length=1, description="Per parent, its weight and whether it raises or lowers.")
    ]
    spread: Annotated[Amount, Field(description="A spread word of model.yaml, or a variance on the 0 to 1 scale.")]
    worst: (
        Annotated[Share, Field(description="The weight of the lowest parent: with mixminmax, and there needed.")] | None
    ) = None
    best: (
        Annotated[Share, Field(description="The weight of the highest parent: with mixminmax, and there needed.")]
        | None
    ) = None
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class RuleVariable(VariableBase):
    """A variable that its parents decide for certain."""

    kind: Annotated[Literal["rule"], Field(description="How its table is said: its parents decide it.")]
    rules: Annotated[list[RuleRow], Field(min_length=1, description="When the parents are so, the state is this.")]
    otherwise: (
        Annotated[
            StateName,
            Field(description="The state in every combination that no rule names; left out, the rules name each."),
        ]
        | None
    ) = None


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

VARIABLE_KINDS: dict[str, type[VariableBase]] = {
    "table": TableVariable,
    "any_cause": AnyCauseVariable,
    "all_needed": AllNeededVariable,
    "influences": InfluencesVariable,
    "ranked": RankedVariable,
    "rule": RuleVariable,
}
"""By the word after ``kind``."""

TELLING_KEYS = {"causes": "any_cause", "needs": "all_needed", "influences": "influences"} | {
    "weights": "ranked",
    "rules": "rule",
}
"""Keys that only one kind of variable has."""
