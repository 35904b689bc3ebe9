"""What a prior file may say beside its variables, and what each file holds, as pydantic models.

The loader validates with these and the JSON Schema for editors is made from them, so the two
cannot differ. Meaning (does the parent exist, do the rows cover every combination) is checked
in ``build``; here only shape.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from model.priors.schema.cited import (
    Bound,
    Date,
    Day,
    Definition,
    FileName,
    Name,
    Probability,
    Read,
    Share,
    StateName,
    Text,
)
from model.priors.schema.findings import Finding, Setting
from model.priors.schema.variables import AnyVariable, _one_of

Note = Annotated[Text, Field(description="Anything worth knowing beside it.")]
ScenarioName = Annotated[
    Name,
    Field(
        description="The scenario under which it is asked; left out, the default one of model.yaml, if there is one; "
        "`none`, without any."
    ),
]
CohortName = Annotated[Name, Field(description="The cohort of which it is asked.")]
Given = Annotated[dict[Name, Finding], Field(description="What is known, by variable.")]
Done = Annotated[dict[Name, Setting], Field(description="What is done, by variable.")]

DECLARED = "Sources declared in sources.yaml; 'judgement' is none of these."
"""Of what is a published figure itself: it is not to be guessed."""


class Source(Definition):
    """Something published that a number rests on."""

    title: Annotated[Text, Field(description="The quantity and its value, or the title of the publication.")]
    publication: Annotated[Text, Field(description="Who published it, and where.")]
    date: Annotated[Date, Field(description="When it was published: YYYY, YYYY-MM or YYYY-MM-DD.")]
    url: Annotated[Text, Field(description="Its address, where it can be read.")] | None = None
    kind: Annotated[
        Literal["publication", "argument"],
        Field(description="publication, or argument: what reasons rather than measures, and so gives no number."),
    ] = "publication"
    status: Annotated[Literal["verified", "unverified"], Field(description="verified or unverified.")]
    read: (
        Annotated[Read, Field(description="How it was read: whole, part, or 'quoted by' and who quotes it.")] | None
    ) = None
    note: Note | None = None


class Scenario(Definition):
    """Named evidence and interventions."""

    label: Annotated[Text, Field(description="A short name for people.")]
    note: Note | None = None
    given: Given = {}
    do: Done = {}
    sources: Annotated[
        list[Name], Field(description="What it rests on: sources declared in sources.yaml, or 'judgement'.")
    ] = []


class Size(Definition):
    """How many people, as a 90 % range."""

    low: Annotated[int, Field(ge=0, description="The lower end of the 90 % range.")]
    high: Annotated[int, Field(ge=0, description="The upper end of the 90 % range.")]


class Cohort(Definition):
    """Members of one kind, such as fighters of one origin: how many, and what is known of each as evidence."""

    label: Annotated[Text, Field(description="A short name for people.")]
    size: Annotated[Size, Field(description="How many people: low and high.")]
    given: Given = {}
    note: Note | None = None
    sources: Annotated[list[Name], Field(min_length=1, description=DECLARED)]


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
    sources: Annotated[list[Name], Field(min_length=1, description=DECLARED)]
    updates: Annotated[
        list[Name],
        Field(min_length=1, description="The variables whose rows alone these cases may move; all when left out."),
    ] = []
    cases: Annotated[list[SeenCases], Field(min_length=1, description="How many cases were seen to be how.")]
    note: Note | None = None


class CheckBase(Definition):
    """What every check has, whatever it holds the model against."""

    label: Annotated[Text, Field(description="A short name for people.")]
    target: Annotated[Name, Field(description="The variable whose probability is meant.")]
    states: Annotated[list[StateName], Field(min_length=1, description="Their probabilities are added.")]
    scenario: (
        Annotated[Name, Field(description="The scenario that is laid in; left out, none is, not even the default one.")]
        | None
    ) = None
    cohort: CohortName | None = None
    given: Given = {}
    sources: Annotated[list[Name], Field(min_length=1, description=DECLARED)]
    note: Note | None = None


class RangeCheck(CheckBase):
    """A published figure as a range that the compiled model must stay within."""

    kind: Annotated[Literal["range"], Field(description="What the check does: holds one figure.")] = "range"
    range: Annotated[
        list[Probability], Field(min_length=2, max_length=2, description="The lowest and the highest probability.")
    ]


class AcrossLevelsCheck(CheckBase):
    """A size times a probability, which must lie within the likely states of a variable that says the same number."""

    kind: Annotated[
        Literal["across_levels"], Field(description="What the check does: holds a share of a group against a count.")
    ]
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
    scenario: ScenarioName | None = None
    cohort: CohortName | None = None
    given: Given = {}
    note: Annotated[Text, Field(description="What the event misses of the question.")] | None = None
    base_rate: Annotated[BaseRate, Field(description="What would be forecast without the model: p and its sources.")]


class Folded(Definition):
    """Something the source names that is not a variable of its own."""

    into: Annotated[list[Name], Field(min_length=1, description="The variables that carry it.")]
    why: Annotated[Text, Field(description="Why it is not a variable of its own.")]


WORDS = (
    "What the words of the files mean as numbers: {strength: {weak: 3, strong: 10}, confidence: {low: 10, high: 100}, "
    "spread: {tight: 0.005, wide: 0.08}}."
)


class Words(Definition):
    """What the words of the files mean as numbers."""

    strength: Annotated[dict[Text, Share], Field(description="Decibels on the odds: 10 is odds times ten.")]
    confidence: Annotated[dict[Text, Share], Field(description="Equivalent sample sizes.")]
    spread: Annotated[dict[Text, Share], Field(description="Variances of a ranked variable on the 0 to 1 scale.")]


class ExampleQuestion(Definition):
    """A question worth asking, shown on the start page."""

    label: Annotated[Text, Field(description="A short name for people.")]
    target: Annotated[Name, Field(description="The variable whose probability is meant.")]
    given: Given = {}
    do: Done = {}
    scenario: ScenarioName | None = None
    cohort: CohortName | None = None


class HeadlineQuestion(Definition):
    """A headline that is asked of some cases only, such as of those who missed their train."""

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
    words: Annotated[Words, Field(description=WORDS)]
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
    acknowledge_over: (
        Annotated[
            float,
            Field(
                gt=0,
                lt=1,
                description="The shift of a headline, 0.1 for ten points, over which a revision is served only once "
                "somebody has said why.",
            ),
        ]
        | None
    ) = None
    examples: Annotated[
        list[ExampleQuestion], Field(description="Questions worth asking; the start page shows them to be clicked.")
    ] = []
    folded: Annotated[
        dict[Name, Folded],
        Field(description="What the subject names and other variables carry, each with these and why."),
    ] = {}
    left_out: Annotated[
        dict[Name, Text], Field(description="What the subject has and the model leaves out on purpose, each with why.")
    ] = {}


class VariablesFile(Definition):
    """Variables by theme."""

    variables: Annotated[dict[Name, AnyVariable], Field(min_length=1, description="Each variable under its name.")]


class SourcesFile(Definition):
    """Everything published that the numbers rest on."""

    sources: Annotated[dict[Name, Source], Field(description="Each source under the name by which numbers cite it.")]


class ScenariosFile(Definition):
    """Named what-ifs."""

    scenarios: Annotated[dict[Name, Scenario], Field(description="Each scenario under its name.")]


class CohortsFile(Definition):
    """Cohorts: members of one kind, such as fighters of one origin."""

    cohorts: Annotated[dict[Name, Cohort], Field(description="Each cohort under its name.")]


class CountsFile(Definition):
    """Cases that somebody counted, by when they were seen."""

    counts: Annotated[dict[Name, Counts], Field(description="Each batch of counted cases under its name.")]


class ChecksFile(Definition):
    """Published figures that the compiled model is held against."""

    checks: Annotated[dict[Name, AnyCheck], Field(description="Each check under its name.")]


class CollectionFile(Definition):
    """What finding out costs, by variable."""

    collection: Annotated[
        dict[Name, Collectable], Field(description="What it takes to find out, under the name of the variable.")
    ]


class QuestionsFile(Definition):
    """Questions that the world will answer."""

    questions: Annotated[dict[Name, ForecastQuestion], Field(description="Each question under its name.")]


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
