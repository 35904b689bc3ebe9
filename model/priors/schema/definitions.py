"""What a prior file may say: the shape of each file, as pydantic models.

The loader validates with these and the JSON Schema for editors is made from them, so the two
cannot differ. Meaning (does the parent exist, do the rows cover every combination) is checked
in ``build``; here only shape.
"""

from __future__ import annotations

from math import inf, nan
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.yaml$"
DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
READ = r"^(whole|part|quoted by \S.*)$"

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A variable, scenario, cohort or source: letters, digits and underscores, a letter first."""

StateName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME)]
Text = Annotated[str, StringConstraints(min_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0)]
Day = Annotated[str, StringConstraints(pattern=DAY)]
Read = Annotated[str, StringConstraints(pattern=READ)]

# Each choice below is made by looking at the value, so that a wrong value is held against the one
# alternative that was meant. The part of a tag before the colon names the choice.


def _cell(value: Any) -> str:
    return "cell:word" if isinstance(value, str) else "cell:number"


def _amount(value: Any) -> str:
    return "amount:word" if isinstance(value, str) else "amount:number"


def _date(value: Any) -> str:
    return "date:year" if isinstance(value, int) else "date:text"


def _states(value: Any) -> str:
    return "states:several" if isinstance(value, list) else "states:one"


def _bound(value: Any) -> str:
    return "bound:word" if isinstance(value, str) else "bound:number"


def _names_of_states(value: Any) -> str:
    return "names:labelled" if isinstance(value, dict) else "names:listed"


def _meaning(value: Any) -> str:
    return "meaning:states" if isinstance(value, dict) else "meaning:text"


def _scale(value: Any) -> str:
    return "scale:measured" if isinstance(value, dict) else "scale:word"


Cell = Annotated[
    Annotated[Probability, Tag("cell:number")] | Annotated[Literal["rest", "never"], Tag("cell:word")],
    Discriminator(_cell),
]
Amount = Annotated[Annotated[Text, Tag("amount:word")] | Annotated[Share, Tag("amount:number")], Discriminator(_amount)]
Date = Annotated[
    Annotated[Annotated[str, StringConstraints(pattern=DATE)], Tag("date:text")]
    | Annotated[Annotated[int, Field(ge=1000, le=9999)], Tag("date:year")],
    Discriminator(_date),
]
Bound = Annotated[
    Annotated[float, Tag("bound:number")] | Annotated[Literal["unbounded"], Tag("bound:word")], Discriminator(_bound)
]
SeveralStates = Annotated[list[StateName], Field(min_length=1)]
States = Annotated[
    Annotated[StateName, Tag("states:one")] | Annotated[SeveralStates, Tag("states:several")], Discriminator(_states)
]
StateNames = Annotated[
    Annotated[SeveralStates, Tag("names:listed")]
    | Annotated[Annotated[dict[StateName, Text], Field(min_length=1)], Tag("names:labelled")],
    Discriminator(_names_of_states),
]
Meaning = Annotated[
    Annotated[Text, Tag("meaning:text")]
    | Annotated[Annotated[dict[StateName, Text], Field(min_length=1)], Tag("meaning:states")],
    Discriminator(_meaning),
]
Cells = dict[StateName, Cell]
When = dict[Name, States]


class Definition(BaseModel):
    """A mapping in a prior file: unknown keys are refused, values are never coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Sourced(Definition):
    """Something said and what it rests on; left out, the variable's own sources and reason hold."""

    sources: (
        Annotated[
            list[Name],
            Field(min_length=1, description="Sources declared in sources.yaml, or 'judgement' with a reason."),
        ]
        | None
    ) = None
    reason: Annotated[Text, Field(description="Why this number, in one line; needed for judgement.")] | None = None


class Counted(Definition):
    """How sure a number is, by the cases that a source counted and what each of them is worth here."""

    n: Annotated[Share, Field(description="How many cases were counted.")]
    discount: Annotated[
        float, Field(gt=0, le=1, description="What a counted case is worth here: 1 where it is one of ours.")
    ]
    why: Annotated[Text, Field(description="Why so much and no more, in one line.")]

    @property
    def ess(self) -> float:
        """The equivalent sample size."""
        return self.n * self.discount


class Cited(Sourced):
    """A number, what it rests on and how sure it is; left out, what the variable says holds."""

    confidence: (
        Annotated[Text, Field(description="How sure: a confidence word of model.yaml, such as low or medium.")] | None
    ) = None
    ess: (
        Annotated[float, Field(gt=0, description="How sure, as an equivalent sample size, instead of a word.")] | None
    ) = None
    counted: Annotated[Counted, Field(description="How sure, by cases counted, instead of a word.")] | None = None
    published: (
        Annotated[
            Literal["number", "direction", "nothing"],
            Field(
                description="What of it a cited publication says: the number itself, which way, or nothing. "
                "Left out: nothing where only judgement is cited, else direction."
            ),
        ]
        | None
    ) = None


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

    when: Annotated[When, Field(description="State (or list of states) of each parent that this row is about.")] = {}


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
    reference: Annotated[StateName, Field(description="The state that changes nothing.")] | None = None


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
    from_article: Annotated[Text, Field(description="Paragraph of the article, such as P1 or 'P1, P11'.")] | None = None
    parents: Annotated[list[Name], Field(description="The variables that this one depends on directly.")] = []
    parts: Annotated[
        list[Name],
        Field(description="Variables of the same states that this one was split into: do() on it is do() on each."),
    ] = []
    note: Text | None = None

    @property
    def order(self) -> Literal["ordinal", "nominal"]:
        """Whether its states have an order; those that measure a number have."""
        return self.scale if isinstance(self.scale, str) else "ordinal"


class TableVariable(VariableBase):
    """A variable whose table is written row by row."""

    kind: Literal["table"] = "table"
    rows: Annotated[list[Row], Field(min_length=1, description="Rows that cover each combination of the parents once.")]


class AnyCauseVariable(VariableBase):
    """Noisy-OR or noisy-MAX: any one cause can bring the child up; the strongest decides (Diez 1993, net form)."""

    kind: Literal["any_cause"]
    causes: Annotated[
        dict[Name, Causes],
        Field(min_length=1, description="Per parent, what some of its states do alone; states not named do nothing."),
    ]
    leak: Annotated[Row, Field(description="What happens with no cause at all.")]
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class AllNeededVariable(VariableBase):
    """Noisy-AND or noisy-MIN: every parent must allow it; the most limiting decides."""

    kind: Literal["all_needed"]
    needs: Annotated[
        dict[Name, Causes],
        Field(min_length=1, description="Per parent, its limiting states; states not named allow everything."),
    ]
    ceiling: Annotated[Row, Field(description="What happens when every parent allows everything.")]
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class InfluencesVariable(VariableBase):
    """Influences that add on the log odds (logistic, proportional odds or multinomial logit)."""

    kind: Literal["influences"]
    base: Annotated[Base, Field(description="The distribution before any influence: p and when.")]
    influences: Annotated[
        dict[Name, Influence], Field(min_length=1, description="Per parent, what it does to this variable.")
    ]
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class RankedVariable(VariableBase):
    """A ranked node: a truncated normal about a weighted combination of ordered parents (Fenton et al. 2007)."""

    kind: Literal["ranked"]
    combine: Annotated[
        Literal["mean", "min", "max", "mixminmax"], Field(description="mean, min, max or mixminmax of the parents.")
    ]
    weights: Annotated[
        dict[Name, Weight], Field(min_length=1, description="Per parent, its weight and whether it raises or lowers.")
    ]
    spread: Annotated[Amount, Field(description="A spread word of model.yaml, or a variance on the 0 to 1 scale.")]
    worst: Annotated[Share, Field(description="For mixminmax: the weight of the worst parent.")] | None = None
    best: Annotated[Share, Field(description="For mixminmax: the weight of the best parent.")] | None = None
    except_: Annotated[list[Row], Field(alias="except", description="Rows laid over whatever the gate says.")] = []


class RuleVariable(VariableBase):
    """A variable that its parents decide for certain."""

    kind: Literal["rule"]
    rules: Annotated[list[RuleRow], Field(min_length=1, description="When the parents are so, the state is this.")]
    otherwise: Annotated[StateName, Field(description="The state in every combination that no rule names.")] | None = (
        None
    )


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


class Source(Definition):
    """Something published that a number rests on."""

    title: Annotated[Text, Field(description="The quantity and its value, or the title of the publication.")]
    publication: Annotated[Text, Field(description="Who published it, and where.")]
    date: Annotated[Date, Field(description="When it was published: YYYY, YYYY-MM or YYYY-MM-DD.")]
    url: Text | None = None
    kind: Annotated[
        Literal["publication", "argument"],
        Field(description="publication, or argument: what reasons rather than measures, and so gives no number."),
    ] = "publication"
    status: Annotated[Literal["verified", "unverified"], Field(description="verified or unverified.")]
    read: (
        Annotated[Read, Field(description="How it was read: whole, part, or 'quoted by' and who quotes it.")] | None
    ) = None
    note: Text | None = None


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


class SettingDistribution(Definition):
    """An intervention that sets chances rather than a state."""

    p: Annotated[
        dict[StateName, Probability], Field(min_length=1, description="Probability by state; they add up to 1.")
    ]


def _setting(value: Any) -> str:
    if not isinstance(value, dict):
        return "setting:state"
    return next((f"setting:{verb}" for verb in ("over", "under", "between") if verb in value), "setting:chances")


Setting = Annotated[
    Annotated[StateName, Tag("setting:state")]
    | Annotated[SettingDistribution, Tag("setting:chances")]
    | Annotated[FindingOver, Tag("setting:over")]
    | Annotated[FindingUnder, Tag("setting:under")]
    | Annotated[FindingBetween, Tag("setting:between")],
    Discriminator(_setting),
]


class Scenario(Definition):
    """Named evidence and interventions."""

    label: Annotated[Text, Field(description="A short name for people.")]
    note: Text | None = None
    given: dict[Name, Finding] = {}
    do: dict[Name, Setting] = {}
    sources: list[Name] = []


class Size(Definition):
    """How many people, as a 90 % range."""

    low: Annotated[int, Field(ge=0, description="The lower end of the 90 % range.")]
    high: Annotated[int, Field(ge=0, description="The upper end of the 90 % range.")]


class Cohort(Definition):
    """Fighters of one origin: how many, and what is known of them as evidence."""

    label: Annotated[Text, Field(description="A short name for people.")]
    size: Annotated[Size, Field(description="How many people: low and high.")]
    given: dict[Name, Finding] = {}
    note: Text | None = None
    sources: Annotated[list[Name], Field(min_length=1, description="Sources declared in sources.yaml.")]


class SeenCases(Definition):
    """Cases that were seen alike."""

    n: Annotated[int, Field(ge=1, description="How many cases were seen to be so.")]
    seen: Annotated[
        dict[Name, StateName],
        Field(min_length=1, description="The state of each variable that was seen in them; the others are missing."),
    ]


class Counts(Definition):
    """Cases that somebody counted: they move the rows of tables, and fade back towards the prior as they age."""

    label: Annotated[Text, Field(description="A short name for people.")]
    date: Annotated[Date, Field(description="When they were seen: YYYY, YYYY-MM or YYYY-MM-DD.")]
    sources: Annotated[list[Name], Field(min_length=1, description="Sources declared in sources.yaml.")]
    updates: Annotated[
        list[Name],
        Field(min_length=1, description="The variables whose rows alone these cases may move; all when left out."),
    ] = []
    cases: Annotated[list[SeenCases], Field(min_length=1, description="How many cases were seen to be how.")]
    note: Text | None = None


class CheckBase(Definition):
    """What every check has, whatever it holds the model against."""

    label: Annotated[Text, Field(description="A short name for people.")]
    target: Annotated[Name, Field(description="The variable whose probability is meant.")]
    states: Annotated[list[StateName], Field(min_length=1, description="Their probabilities are added.")]
    scenario: Name | None = None
    cohort: Name | None = None
    given: dict[Name, Finding] = {}
    sources: Annotated[list[Name], Field(min_length=1, description="Sources declared in sources.yaml.")]
    note: Text | None = None


class RangeCheck(CheckBase):
    """A published figure as a range that the compiled model must stay within."""

    kind: Literal["range"] = "range"
    range: Annotated[
        list[Probability], Field(min_length=2, max_length=2, description="The lowest and the highest probability.")
    ]


class AcrossLevelsCheck(CheckBase):
    """A size times a probability, which must lie within the likely states of a variable that says the same number."""

    kind: Literal["across_levels"]
    size: (
        Annotated[Size, Field(description="How many the probability is a share of; left out, the share is meant.")]
        | None
    ) = None
    against: Annotated[Name, Field(description="The variable whose states are intervals of the number, in order.")]
    bounds: (
        Annotated[
            list[Bound],
            Field(
                min_length=2,
                description="Where the states of against begin, ascending, and where the last ends: one more than "
                "the states. The last may be 'unbounded'. Left out, those of its scale.",
            ),
        ]
        | None
    ) = None
    likely: Annotated[
        float, Field(gt=0, le=1, description="What the likely states of against hold together, the fewest that do.")
    ] = 0.8
    given_target: Annotated[
        dict[Name, Finding], Field(description="What the probability alone is given, beside what both are.")
    ] = {}
    do: Annotated[dict[Name, Setting], Field(description="What is done, for both.")] = {}


def check_kind_of(value: Any) -> str:
    """The kind of a check as written; a range where none is named."""
    kind = value.get("kind", "range") if isinstance(value, dict) else getattr(value, "kind", "range")
    return kind if isinstance(kind, str) else "range"


AnyCheck = Annotated[
    Annotated[RangeCheck, Tag("range")] | Annotated[AcrossLevelsCheck, Tag("across_levels")],
    Discriminator(check_kind_of),
]

CHECK_KINDS: dict[str, type[CheckBase]] = {"range": RangeCheck, "across_levels": AcrossLevelsCheck}
"""By the word after ``kind``."""


class Collectable(Definition):
    """What it takes to find out how one variable stands; a variable that is not listed cannot be observed."""

    how: Annotated[Text, Field(description="How it would be learnt: who reports what.")]
    cost: Annotated[Share, Field(description="A number above 0, in units that only compare with each other.")]
    lead_days: Annotated[float, Field(ge=0, description="Days from asking to knowing.")]
    reliability: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Chance that the report names the true state; the rest is spread evenly over the others.",
        ),
    ]
    sources: Annotated[
        list[Name], Field(min_length=1, description="Sources declared in sources.yaml, or 'judgement' with a reason.")
    ]
    reason: Annotated[Text, Field(description="Why these numbers, in one line; needed for judgement.")] | None = None


class Event(Definition):
    """A variable in one of some states."""

    variable: Annotated[Name, Field(description="The variable in which the event is seen.")]
    states: Annotated[list[StateName], Field(min_length=1, description="In any of these it has happened.")]


class BaseRate(Definition):
    """How often such a thing happens, before anything that the model knows."""

    p: Annotated[float, Field(gt=0, lt=1, description="A probability above 0 and below 1.")]
    sources: Annotated[
        list[Name], Field(min_length=1, description="Sources declared in sources.yaml, or 'judgement' with a reason.")
    ]
    reason: Annotated[Text, Field(description="Why this number, in one line; needed for judgement.")] | None = None


class ForecastQuestion(Definition):
    """A question that the world will answer by a day: an event of the model, or why the model cannot express it."""

    model_config = _one_of("event", "not_expressible")

    text: Annotated[Text, Field(description="The question, such that anybody can tell whether it has come true.")]
    asked: Annotated[Day, Field(description="The day on which it is asked, YYYY-MM-DD.")]
    resolves_by: Annotated[Day, Field(description="The day by which it is answered, YYYY-MM-DD.")]
    event: Annotated[Event, Field(description="The event of the model that is closest to it.")] | None = None
    not_expressible: Annotated[Text, Field(description="Why the model has no such event.")] | None = None
    scenario: Name | None = None
    cohort: Name | None = None
    given: dict[Name, Finding] = {}
    note: Annotated[Text, Field(description="What the event misses of the question.")] | None = None
    base_rate: Annotated[BaseRate, Field(description="What would be forecast without the model: p and its sources.")]


class Folded(Definition):
    """Something the source names that is not a variable of its own."""

    into: Annotated[list[Name], Field(min_length=1, description="The variables that carry it.")]
    why: Annotated[Text, Field(description="Why it is not a variable of its own.")]


class Words(Definition):
    """What the words of the files mean as numbers."""

    strength: Annotated[dict[Text, Share], Field(description="Decibels on the odds: 10 is odds times ten.")]
    confidence: Annotated[dict[Text, Share], Field(description="Equivalent sample sizes.")]
    spread: Annotated[dict[Text, Share], Field(description="Variances of a ranked variable on the 0 to 1 scale.")]


class ExampleQuestion(Definition):
    """A question worth asking, shown on the start page."""

    label: Annotated[Text, Field(description="A short name for people.")]
    target: Annotated[Name, Field(description="The variable whose probability is meant.")]
    given: dict[Name, Finding] = {}
    do: dict[Name, Setting] = {}
    scenario: Name | None = None
    cohort: Name | None = None


class HeadlineQuestion(Definition):
    """A headline that is asked of some cases only, such as of those still in the theatre."""

    label: Annotated[Text, Field(description="A short name for people.")]
    target: Annotated[Name, Field(description="The variable whose probability is meant.")]
    given: Annotated[dict[Name, Finding], Field(min_length=1, description="What is known of the cases meant.")]


def _headline(value: Any) -> str:
    return "headline:question" if isinstance(value, dict) else "headline:name"


AnyHeadline = Annotated[
    Annotated[Name, Tag("headline:name")] | Annotated[HeadlineQuestion, Tag("headline:question")],
    Discriminator(_headline),
]


class ModelFile(Definition):
    """model.yaml: what the model is, what its words mean, which files belong to it."""

    title: Annotated[Text, Field(description="What the model is called.")]
    description: Annotated[Text, Field(description="What the model forecasts and for whom.")]
    as_of: Annotated[Day, Field(description="The day of knowledge, YYYY-MM-DD: no source may be later.")]
    horizon: Annotated[Text, Field(description="How far ahead the forecasts look.")]
    files: Annotated[
        list[FileName], Field(min_length=1, description="Every other file of the model, so that none can be lost.")
    ]
    words: Annotated[Words, Field(description="What the words of the files mean as numbers.")]
    fading: Annotated[
        float, Field(gt=0, le=1, description="What a count still weighs a year later: 1 = not at all faded.")
    ] = 1.0
    headline: Annotated[
        list[AnyHeadline],
        Field(min_length=1, description="The targets that matter most: variables, or questions with a condition."),
    ]
    default_scenario: (
        Annotated[Name, Field(description="The scenario under which questions are asked that name none.")] | None
    ) = None
    examples: list[ExampleQuestion] = []
    folded: dict[Name, Folded] = {}
    left_out: Annotated[
        dict[Name, Text], Field(description="What the subject has and the model leaves out on purpose, each with why.")
    ] = {}


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


class CountsFile(Definition):
    """Cases that somebody counted, by when they were seen."""

    counts: dict[Name, Counts]


class ChecksFile(Definition):
    """Published figures that the compiled model is held against."""

    checks: dict[Name, AnyCheck]


class CollectionFile(Definition):
    """What finding out costs, by variable."""

    collection: dict[Name, Collectable]


class QuestionsFile(Definition):
    """Questions that the world will answer."""

    questions: dict[Name, ForecastQuestion]


FILE_KINDS: dict[str, type[Definition]] = {
    "variables": VariablesFile,
    "sources": SourcesFile,
    "scenarios": ScenariosFile,
    "cohorts": CohortsFile,
    "checks": ChecksFile,
    "counts": CountsFile,
    "collection": CollectionFile,
    "questions": QuestionsFile,
}
"""By the one top-level key that a file other than model.yaml has."""
