"""The shapes of requests, as pydantic models: checked once, for shape alone. Meaning is for the model to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

from service.http.address import LONGEST_ADDRESS
from service.http.validation import Hurried, Pinned, Shape, Text

MOST_STATEMENTS = 200
MOST_TARGETS = 1_000
MOST_JOINTS = 16
MOST_EVENTS = 20
MOST_CASES = 10_000
MOST_SIDES = 100

StatementText = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(gt=0, lt=1)]
AS_NUMBER = Field(strict=False)
"""In an address a number is text."""
ShareText = Annotated[Share, AS_NUMBER]


def _whole(value: Any) -> Any:
    """A whole number as written in an address."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value


AS_WHOLE = BeforeValidator(_whole)


IntervalText = Annotated[
    ShareText | Literal["none"] | None,
    Field(
        description="What share of the draws the interval of each state holds, or `none`. Without it 0.9 where targets "
        "are named, none where every variable is asked for."
    ),
]


class InStates(Shape):
    """Known to be in one of these states."""

    in_: Annotated[list[Text], Field(alias="in", min_length=1, max_length=1_000)]


class NotStates(Shape):
    """Known not to be in any of these states."""

    not_: Annotated[list[Text], Field(alias="not", min_length=1, max_length=1_000)]


class Likelihood(Shape):
    """A report: how likely it is under each state. Only ratios count; states not named count zero."""

    likelihood: Annotated[dict[Text, Annotated[Number, Field(ge=0)]], Field(min_length=1, max_length=1_000)]


class AssumedChances(Shape):
    """Chances to be held whatever else is known (Jeffrey's rule); they sum to 1."""

    assumed: Annotated[dict[Text, Annotated[Number, Field(ge=0, le=1)]], Field(min_length=1, max_length=1_000)]


class Over(Shape):
    """The number that the variable's scale measures is this cut point or more."""

    over: Number


class Under(Shape):
    """The number that the variable's scale measures is less than this cut point."""

    under: Number


class Between(Shape):
    """The number that the variable's scale measures lies from one cut point up to another."""

    between: Annotated[list[Number], Field(min_length=2, max_length=2)]


class Chances(Shape):
    """An intervention that sets chances rather than a state; they sum to 1."""

    p: Annotated[dict[Text, Annotated[Number, Field(ge=0, le=1)]], Field(min_length=1, max_length=1_000)]


FORM_KEYS = ("in", "not", "likelihood", "assumed", "p", "over", "under", "between")
"""The keys that tell the forms apart. As tags they begin with a NUL, which no key of a request can hold."""


def _form(value: Any) -> str | None:
    """Which form of statement this is, by its one telling key."""
    if isinstance(value, str):
        return "\0state"
    keys = FORM_KEYS if isinstance(value, dict) else ()
    return next((f"\0{key}" for key in keys if key in value), None)


FindingShape = Annotated[
    Annotated[Text, Tag("\0state")]
    | Annotated[InStates, Tag("\0in")]
    | Annotated[NotStates, Tag("\0not")]
    | Annotated[Likelihood, Tag("\0likelihood")]
    | Annotated[AssumedChances, Tag("\0assumed")]
    | Annotated[Over, Tag("\0over")]
    | Annotated[Under, Tag("\0under")]
    | Annotated[Between, Tag("\0between")],
    Discriminator(
        _form,
        custom_error_type="statement",
        custom_error_message="expected a state, or one of in, not, likelihood, assumed, over, under, between",
    ),
]
SettingShape = Annotated[
    Annotated[Text, Tag("\0state")]
    | Annotated[Chances, Tag("\0p")]
    | Annotated[Over, Tag("\0over")]
    | Annotated[Under, Tag("\0under")]
    | Annotated[Between, Tag("\0between")],
    Discriminator(
        _form,
        custom_error_type="statement",
        custom_error_message="expected a state, or one of p, over, under, between",
    ),
]

Given = Annotated[
    dict[Text, FindingShape],
    Field(max_length=MOST_STATEMENTS, description="What is known, by variable."),
]
Do = Annotated[
    dict[Text, SettingShape],
    Field(max_length=MOST_STATEMENTS, description="What is set by intervention, by variable."),
]


Scenario = Annotated[
    Text | None,
    Field(description="A scenario of the model in place of its default picture; `none` asks without one."),
]


Cohort = Annotated[
    Text | None,
    Field(
        description="A cohort of the model: its evidence is laid in. It is of its own members: where variables have "
        "levels, those of the individual level are answered under it, and no others."
    ),
]


IntervalSent = Annotated[
    Share | Literal["none"] | None,
    Field(description="The share that intervals hold, or none; 0.9 where targets are named."),
]


BatchInterval = Annotated[
    Share | Literal["none"] | None,
    Field(description="The share that intervals hold; none unless asked for, and then for up to 1,000 distributions."),
]


MatrixInterval = Annotated[
    ShareText | Literal["none"] | None,
    Field(description="The share of the draws that the interval of each shift holds; none unless asked for."),
]


ShiftInterval = Annotated[
    ShareText | Literal["none"] | None,
    Field(description="The share of the draws that the interval of each shift holds, or `none`; 0.9 unless said."),
]


EVENT = (
    "`name:state`, `name:in(a,b)`, `name:over(5000)`, or `any(…)`, `all(…)`, `at_least(2,…)` of several of these. "
    "It is answered as a variable whose states are `no` and `yes`."
)
EventSaid = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ADDRESS)]
"""As long as an address: in full, where what is ruled out is said by what is left, an event may be longer than sent."""

EventText = Annotated[EventSaid | None, Field(description=f"In place of a target: {EVENT}")]
EventTexts = Annotated[
    list[EventSaid], Field(max_length=MOST_EVENTS, description=f"Repeated; beside or in place of targets: {EVENT}")
]


class Case(Shape):
    """One case of a batch: what is known and what is set."""

    id: Annotated[Text | None, Field(description="Comes back with the answer.")] = None
    given: Given = {}
    do: Do = {}
    scenario: Scenario = None
    cohort: Cohort = None


class AskedInFull(Shape):
    """A question with any evidence; no targets means every variable."""

    targets: Annotated[
        list[Text], Field(max_length=MOST_TARGETS, description="None means every variable; see cohort.")
    ] = []
    events: EventTexts = []
    given: Given = {}
    do: Do = {}
    scenario: Scenario = None
    cohort: Text | None = None
    joint: Annotated[
        list[Annotated[list[Text], Field(min_length=1, max_length=16)]],
        Field(max_length=MOST_JOINTS, description="Sets of variables whose joint distribution is wanted."),
    ] = []
    most_probable: Annotated[bool, Field(description="Also the most probable states of all variables together.")] = (
        False
    )
    interval: IntervalSent = None


class Side(Shape):
    """One of the questions that are compared, with what it is to be called."""

    name: Annotated[Text | None, Field(description="Without it, what the side says that not all of them say.")] = None
    given: Given = {}
    do: Do = {}
    scenario: Scenario = None
    cohort: Cohort = None


class ComparedInFull(Shape):
    """Two or more questions, each held against the first; or scenarios against the model's default picture.

    What ``given``, ``do`` and ``cohort`` say beside the sides is said by every one of them, unless it says otherwise.
    """

    targets: Annotated[list[Text], Field(max_length=MOST_TARGETS, description="None means the headline targets.")] = []
    events: EventTexts = []
    sides: Annotated[list[Side], Field(max_length=MOST_SIDES, description="Two or more, in place of scenarios.")] = []
    scenarios: Annotated[
        list[Text], Field(max_length=MOST_SIDES, description="Without sides none means every scenario.")
    ] = []
    given: Given = {}
    do: Do = {}
    cohort: Text | None = None
    interval: IntervalSent = None


class BatchInFull(Shape):
    """Up to 10,000 cases; each is answered or refused on its own, a case of the wrong shape too."""

    targets: Annotated[list[Text], Field(max_length=MOST_TARGETS, description="None means the headline targets.")] = []
    events: EventTexts = []
    cases: Annotated[
        list[Annotated[Any, WithJsonSchema({"$ref": "#/components/schemas/Case"})]],
        Field(min_length=1, max_length=MOST_CASES),
    ]
    interval: BatchInterval = None


def _switch(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value)


GivenTexts = Annotated[
    list[StatementText],
    Field(
        max_length=MOST_STATEMENTS,
        description="Evidence, repeated: `name:state`, `name:in(a,b)`, `name:not(a,b)`, `name:like(a=4,b=1)`, "
        "`name:assumed(a=0.7,b=0.3)`; of what is measured, at a cut point of its scale, `name:over(5000)`, "
        '`name:under(5000)`, `name:between(1000,5000)`. A state that holds `,()="` stands in double quotes in a verb.',
    ),
]
DoTexts = Annotated[
    list[StatementText],
    Field(
        max_length=MOST_STATEMENTS,
        description="Interventions, repeated: `name:state`, `name:chances(a=0.3,b=0.7)`; where it names one state, "
        "`name:over(5000)` and its like.",
    ),
]


class StatedParameters(Hurried):
    """What is known and set, as parameters of an address."""

    given: GivenTexts = []
    do: DoTexts = []
    scenario: Scenario = None
    cohort: Cohort = None


class CaseParameters(StatedParameters, Pinned):
    """What is known and set, as parameters of an address of a model as it is served."""


class ForecastParameters(CaseParameters):
    """What is known and set, and how wide the intervals are."""

    interval: IntervalText = None


class QueryParameters(ForecastParameters):
    """A question of several targets as parameters of an address."""

    target: Annotated[
        list[Text], Field(max_length=MOST_TARGETS, description="Repeated; none means every variable; see cohort.")
    ] = []
    event: EventTexts = []
    joint: Annotated[
        list[StatementText],
        Field(max_length=MOST_JOINTS, description="Repeated: variables, separated by commas."),
    ] = []
    most_probable: Annotated[bool, BeforeValidator(_switch), Field(description="true or false")] = False


class SideParameters(Shape):
    """One of the questions that are compared, as it is written in an address."""

    name: Text | None = None
    given: GivenTexts = []
    do: DoTexts = []
    scenario: Scenario = None
    cohort: Cohort = None


class CompareParameters(Pinned):
    """Questions or scenarios to compare, and targets, as parameters of an address."""

    nested: ClassVar[Mapping[str, Sequence[str]]] = {"side": ("given", "do", "scenario", "cohort", "name")}
    """Parameters whose value is a query string, and the parameters of that."""

    target: Annotated[list[Text], Field(max_length=MOST_TARGETS, description="Repeated; none means the headline.")] = []
    event: EventTexts = []
    side: Annotated[
        list[Annotated[str, StringConstraints(max_length=LONGEST_ADDRESS)]],
        Field(
            max_length=MOST_SIDES,
            description="Repeated, two or more, in place of scenarios: a question as a query string of its own, with "
            "`given`, `do`, `scenario`, `cohort` and `name`, such as `do=smoke:no` or, its `&` written `%26`, "
            "`do=smoke:no%26given=xray:yes`. Each is held against the first.",
        ),
    ] = []
    scenario: Annotated[
        list[Text],
        Field(max_length=MOST_SIDES, description="Repeated; without sides none means every scenario."),
    ] = []
    given: GivenTexts = []
    do: DoTexts = []
    cohort: Text | None = None
    interval: IntervalText = None


class BatchParameters(Pinned):
    """The targets of a batch sent as CSV."""

    target: Annotated[
        list[Text],
        Field(max_length=MOST_TARGETS, description="Repeated; for CSV. None means the headline targets."),
    ] = []
    event: EventTexts = []
    interval: Annotated[
        ShareText | Literal["none"] | None,
        Field(description="For CSV: the share that intervals hold; none unless asked for."),
    ] = None


class LinkAsked(Shape):
    """A question that a read-only link is to lead to."""

    address: Annotated[
        str,
        StringConstraints(min_length=1, max_length=8_000),
        Field(description="Such as /v1/models/asia/forecast/lung?given=xray:yes; the ending of a form is left out."),
    ]
    days: Annotated[int, Field(ge=1, le=366, description="After how many days the link expires.")] = 30
    label: Annotated[str, StringConstraints(max_length=200), Field(description="Whose it is.")] = ""
