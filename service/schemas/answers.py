"""The shapes of answers, as typed dictionaries: what is declared is what is sent."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.json import schema_components
from typing_extensions import TypedDict

from model.analyses.arc_strength import Sign
from model.uncertainty.intervals import Kind, Reason
from service.http.address import Links
from service.http.json_encoding import AsSaid
from service.http.problems import Problem

Bounds = tuple[float | None, float | None]
"""Where an interval begins and where it ends; None is an open end."""


StateLabel = Annotated[str | UnsetType, Meta(description="How text has it, where the model says.")]
StateBounds = Annotated[
    Bounds | UnsetType, Meta(description="On a measured scale the number from the first up to the second.")
]


class StateP(Struct):
    """Probability of one state; states stand in the order of the file."""

    state: str
    p: float


class StateShift(Struct):
    """Probability of one state, that under the default picture alone (baseline), and the difference.

    Each has its interval; the ends are null where none was asked for, or where the target is too costly to draw.
    Where the question does something, it is also held against the same question without that.
    """

    state: str
    p: float
    lo: float | None
    hi: float | None
    baseline: float
    shift: float
    shift_lo: Annotated[float | None, Meta(description="Under the same draws as the baseline.")]
    shift_hi: float | None
    label: StateLabel = UNSET
    bounds: StateBounds = UNSET
    without: Annotated[
        float | UnsetType | None,
        Meta(description="The same question less its do; null where its findings are impossible then."),
    ] = UNSET
    effect: Annotated[float | UnsetType | None, Meta(description="What its do change: p less without.")] = UNSET
    effect_lo: Annotated[float | UnsetType | None, Meta(description="Under the same draws.")] = UNSET
    effect_hi: float | UnsetType | None = UNSET


class Scale(Struct):
    """What the states of a variable measure, with the bounds between them; null is an open end."""

    unit: str
    bounds: list[float | None]
    series: Annotated[str, Meta(description="What is counted, by whom and when.")]


class Quantile(Struct):
    """A number below which this share of the probability lies."""

    share: float
    number: float


class MeasuredNumber(Struct):
    """What a distribution says of the number that its states measure, spread evenly within each state."""

    unit: str
    mean: float
    quantiles: list[Quantile]


Outside = Annotated[
    Reason | None,
    Meta(
        description="Why the number lies outside its own interval: few_draws (too few count to be weighed), tail (a "
        "few far out carry their mean), baseline (the evidence moves the baseline under the draws) or nonlinear "
        "(their mean is another number); null where it lies inside."
    ),
]


class OutsideInterval(Struct):
    """A number that lies outside its own interval: it is at the stated numbers, the interval is of draws of them."""

    target: str
    state: str
    of: Annotated[Kind, Meta(description="Which number of the state: its probability, or its shift.")]
    value: float
    lo: float
    hi: float
    mean: Annotated[float, Meta(description="Of the draws, by their weights.")]
    why: Outside


class Interval(Struct):
    """What the intervals of an answer hold, rest on, cover and omit."""

    mass: float
    draws: int
    effective_draws: Annotated[float, Meta(description="Draws that the evidence leaves; fewer than 100 is few.")]
    covers: str
    omits: list[str]
    warning: str | None
    outside: Annotated[
        list[OutsideInterval],
        Meta(description="Numbers outside their own intervals, by more than the 1e-9 that may be rounding."),
    ]


class Cited(Struct):
    """Something that the numbers rest on; `judgement` is nobody's publication."""

    name: str
    title: str
    publication: str | None
    date: str | None
    url: str | None
    kind: Annotated[str, Meta(description="publication, argument (it measured nothing) or judgement")]
    status: Annotated[str, Meta(description="verified, unverified or judgement")]
    read: Annotated[str | None, Meta(description="whole, part, or 'quoted by' whom; null where nobody said.")]
    note: str | None


class InSet(AsSaid):
    """Known to be in one of these states, as sent."""

    in_: list[str] = field(name="in")


class NotSet(AsSaid):
    """Known not to be in any of these states, as sent."""

    not_: list[str] = field(name="not")


class LikelihoodSet(AsSaid):
    """A report, as sent."""

    likelihood: dict[str, float]


class AssumedSet(AsSaid):
    """Chances held, as sent."""

    assumed: dict[str, float]


class ChancesSet(AsSaid):
    """Chances set, as sent."""

    p: dict[str, float]


def _state_or(*forms: type) -> Meta:
    """The schema of a statement. As a union of types msgspec takes only those that it can tell apart when it reads."""
    return Meta(extra_json_schema={"anyOf": [{"type": "string"}, *schema_components(forms)[1].values()]})


Finding = Annotated[object, _state_or(InSet, NotSet, LikelihoodSet, AssumedSet)]
Setting = Annotated[object, _state_or(ChancesSet)]


class Header(Struct):
    """Which model, at which revision, knowing what was published when."""

    model: str
    revision: str
    as_of: str


class Asked(Struct):
    """The question as asked, in the order of the file."""

    targets: list[str]
    given: dict[str, Finding]
    do: dict[str, Setting]
    scenario: str | None
    cohort: str | None
    joint: list[list[str]]
    most_probable: bool
    interval: float | None
    events: list[str]


class Controlled(Struct):
    """A variable that was set, and the causes whose arcs to it were cut."""

    variable: str
    cut: list[str]


class SeenAfter(Struct):
    """A finding, and the variables set with do() that it is a consequence of."""

    variable: str
    do: list[str]


class Status(Struct):
    """How each variable spoken of entered the answer, and which targets it settled."""

    observed: Annotated[dict[str, str], Meta(description="The state that is known, by variable.")]
    restricted: Annotated[dict[str, list[str]], Meta(description="The states that are left, by variable.")]
    reported: list[str]
    assumed: list[str]
    controlled: list[Controlled]
    implied: Annotated[dict[str, str], Meta(description="Targets with a state that became certain unasked.")]
    no_effect: list[str]
    after_do: Annotated[list[SeenAfter], Meta(description="Findings that a do can influence: read as seen after it.")]


class Without(Struct):
    """The same question less what it does: what that displaced in scenario or cohort counts again."""

    given: dict[str, Finding]
    do: Annotated[dict[str, Setting], Meta(description="What a scenario sets: that is part of the picture.")]
    p_evidence: float
    log10_p_evidence: float | None
    error: Annotated[Problem | None, Meta(description="Why it has no answer, such as findings impossible in it.")]


class StateEffect(Struct):
    """What one do changes of one state."""

    state: str
    effect: float | None
    effect_lo: float | None
    effect_hi: float | None
    outside: Outside


class TargetEffect(Struct):
    """What one do changes of one target."""

    target: str
    distribution: list[StateEffect]


class Alone(Struct):
    """One do by itself, beside the same question with none; null where the findings are impossible with it alone."""

    variable: str
    do: Setting
    targets: list[TargetEffect]


class About(Header, kw_only=True):
    """What every answer says of itself: what was asked, what was used, and how likely it was.

    Keyword-only fields are sent last, after those of the answer at hand.
    """

    asked: Asked
    sentence: Annotated[str, Meta(description="The question by the labels of its variables and states.")]
    given: Annotated[dict[str, Finding], Meta(description="What was used, scenario and cohort laid in.")]
    do: dict[str, Setting]
    replaced: Annotated[list[str], Meta(description="What of scenario and cohort something more specific replaced.")]
    p_evidence: Annotated[
        float, Meta(ge=0, description="Probability of all findings together under the interventions.")
    ]
    log10_p_evidence: float
    conflict_bits: Annotated[
        float | None, Meta(description="Above 0 where findings sit badly together; null with fewer than two.")
    ]
    interval: Annotated[Interval | None, Meta(description="What the intervals mean; null where none were asked.")]
    status: Status
    no_effect: Annotated[list[str], Meta(description="Variables spoken of that change no target.")]
    sources: list[Cited]
    permalink: Annotated[str | None, Meta(description="This answer, for ever; null when too long for an address.")]
    links: Links
    numbers: Annotated[
        dict[str, MeasuredNumber],
        Meta(description="Targets whose states measure a number, where both ends of the scale are stated."),
    ]
    without: Annotated[
        Without | UnsetType, Meta(description="What effects are measured from, where the question does something.")
    ] = UNSET
    alone: Annotated[list[Alone] | UnsetType, Meta(description="Each do by itself, where targets were named.")] = UNSET


class ForecastAnswer(About):
    """The distribution of one target under a what-if."""

    target: str
    label: str
    distribution: list[StateShift]


class StateInShort(Struct):
    """Probability of one state, its interval, and its difference from that under the default picture alone.

    Where the question does something, also what that changes: null where the findings are impossible without it.
    """

    state: str
    p: float
    lo: float | None
    hi: float | None
    shift: float
    effect: float | UnsetType | None = UNSET


class ForecastInShort(Header):
    """The distribution of one target under a what-if, in short; the permalink gives the same at its revision."""

    target: str
    distribution: list[StateInShort]
    permalink: str | None


class TargetInShort(Struct):
    """One target of several, in short."""

    target: str
    distribution: list[StateInShort]


class MarginalsInShort(Header):
    """Every variable under a what-if, in short; the permalink gives the same at its revision."""

    targets: list[TargetInShort]
    p_evidence: float
    permalink: str | None


class TargetDistribution(Struct):
    """One target of several; ``sources`` are names."""

    target: str
    label: str
    distribution: list[StateShift]
    no_effect: list[str]
    sources: list[str]


class JointRow(Struct):
    """One combination of states, with its interval: under the draws that those of the targets are of.

    The ends are null where no interval was asked for, or where the combinations are too costly to draw.
    """

    states: list[str]
    p: float
    lo: float | None
    hi: float | None


class JointDistribution(Struct):
    """Every combination of states of some variables, the last changing fastest."""

    variables: list[str]
    rows: list[JointRow]
    interval: Annotated[
        Interval | None,
        Meta(description="What its intervals mean; null where none were asked for. More than 256 have none."),
    ]


class MostProbableStates(Struct):
    """The most probable state of every variable together."""

    states: dict[str, str]
    p: float
    tie: Annotated[bool, Meta(description="Whether other states together are as probable, to a relative 1e-12.")]


class QueryAnswer(About):
    """The distributions of several targets under one what-if."""

    targets: list[TargetDistribution]
    joint: list[JointDistribution]
    most_probable: MostProbableStates | None


class StateColumns(TypedDict):
    """What a state means, the last columns of a row: its label, and the number that it stands for."""

    label: str | None
    at_least: float | None
    below: float | None


class StateRow(TypedDict):
    """A row of an answer as CSV."""

    target: str
    state: str
    p: float
    lo: float | None
    hi: float | None
    without: float | None
    effect: float | None
    effect_lo: float | None
    effect_hi: float | None
    baseline: float
    shift: float
    shift_lo: float | None
    shift_hi: float | None
    p_evidence: float
    model: str
    revision: str
    label: str | None
    at_least: float | None
    below: float | None
    outside: Outside
    effect_outside: Outside
    shift_outside: Outside


class CombinationRow(TypedDict):
    """A row of an answer with joints as CSV: a combination of states.

    After ``joint`` stands a column for each variable of any of the tables, empty in those that are not of it; one
    called like another column has ``state.`` before its name.
    """

    joint: Annotated[str, Meta(description="Which table: its variables with commas, or most_probable.")]
    p: float
    lo: float | None
    hi: float | None
    outside: Outside
    tie: Annotated[bool | None, Meta(description="Of the most probable: whether other states are as probable.")]
    p_evidence: float
    model: str
    revision: str


class StateRange(StateP):
    """Probability of one state; the ends of its interval where intervals were asked for.

    Where the case does something, also the probability without that, and the effect.
    """

    lo: float | UnsetType | None = UNSET
    hi: float | UnsetType | None = UNSET
    without: float | UnsetType | None = UNSET
    effect: float | UnsetType | None = UNSET
    effect_lo: float | UnsetType | None = UNSET
    effect_hi: float | UnsetType | None = UNSET
    label: StateLabel = UNSET
    bounds: StateBounds = UNSET


class CaseTarget(Struct):
    """One target of one case."""

    target: str
    distribution: list[StateRange]


class CaseAnswer(Struct):
    """One case, answered or refused: one of ``targets`` and ``error`` is null; pointers are within the case."""

    id: str | None
    p_evidence: float | None
    log10_p_evidence: float | None
    conflict_bits: float | None
    no_effect: list[str] | None
    targets: list[CaseTarget] | None
    error: Problem | None
    outside: Annotated[
        list[OutsideInterval] | UnsetType,
        Meta(description="Probabilities outside their own intervals, where intervals were asked for."),
    ] = UNSET
    after_do: Annotated[
        list[SeenAfter] | UnsetType,
        Meta(description="Findings that a do can influence, read as seen after it, where the case sets something."),
    ] = UNSET


class BatchAnswer(Header):
    """Every case in the order sent."""

    targets: list[str]
    baseline: list[CaseTarget]
    interval: Annotated[float | None, Meta(description="What the intervals hold; null where none were asked for.")]
    answered: int
    refused: int
    cases: list[CaseAnswer]
    sources: list[Cited]


class CaseRow(TypedDict):
    """A row of a batch as CSV: a state of a target of a case, or a case refused."""

    id: str | None
    target: str | None
    state: str | None
    p: float | None
    lo: float | None
    hi: float | None
    without: float | None
    effect: float | None
    effect_lo: float | None
    effect_hi: float | None
    p_evidence: float | None
    error: str | None
    label: str | None
    at_least: float | None
    below: float | None
    outside: Outside
    effect_outside: Outside


class FileProblem(TypedDict):
    """One thing wrong in a prior file."""

    file: str
    line: int
    column: int
    where: str
    found: str
    expected: str
    did_you_mean: str | None


HELD = "Whether its files are right and wait until somebody says why they move a headline so far."


class ModelState(TypedDict):
    """A model of the folder: ready at a revision, or not, with the reasons.

    One that is ready and has reasons is served as it was: its files are wrong now, or are held back.
    """

    name: str
    ready: bool
    revision: str | None
    title: str | None
    description: str | None
    as_of: str | None
    horizon: str | None
    variables: int | None
    headline: list[str]
    reasons: Annotated[list[str], Meta(description="Why its files are not served as they are; none where they are.")]
    problems: list[FileProblem]
    held: Annotated[bool, Meta(description=HELD)]
    link: Annotated[str | None, Meta(description="The model itself.")]


class Models(TypedDict):
    """Every model of the folder."""

    models: list[ModelState]


class ModelRow(TypedDict):
    """A model as CSV."""

    name: str
    ready: bool
    revision: str | None
    title: str | None
    as_of: str | None
    horizon: str | None
    variables: int | None


class ExampleQuestion(Struct):
    """A question worth asking, with its address."""

    label: str
    target: str
    given: dict[str, Finding]
    do: dict[str, Setting]
    scenario: str | None
    cohort: str | None
    link: str
    brief: Annotated[str, Meta(description="The answer as written text.")]
    explanation: Annotated[str, Meta(description="Why it is so.")]
    sensitivity: Annotated[str, Meta(description="What would change it.")]


class FoldedIn(Struct):
    """Something that the subject names and that is no variable of its own."""

    name: str
    into: list[str]
    why: str


class LeftOut(Struct):
    """Something that the subject has and the model leaves out on purpose."""

    name: str
    why: str


class Event(Struct):
    """The event of a forecast question, and what it is asked under."""

    variable: str
    states: list[str]
    given: dict[str, Finding]
    scenario: str | None
    cohort: str | None


class BaseRate(Struct):
    """What would be forecast without the model."""

    p: float
    sources: list[str]
    reason: str | None


class Question(Struct):
    """A question that the world answers by a day, with the model's probability of its event."""

    name: str
    text: str
    asked: str
    resolves_by: str
    event: Event | None
    not_expressible: str | None
    note: str | None
    p: float | None
    reason: Annotated[str | None, Meta(description="Why there is no probability.")]
    base_rate: BaseRate


class Questions(Header):
    """Every forecast question."""

    questions: list[Question]


class Size(Struct):
    """How large the model is, and what exact inference in it holds."""

    variables: int
    arcs: int
    parameters: int
    tree_cells: int


class HeadlineQuestion(Struct):
    """A target that matters most, asked of every case or of some."""

    name: Annotated[str, Meta(description="The target, and after a bar what is given.")]
    label: str
    target: str
    given: dict[str, Finding]
    link: str


class ProbabilityWord(Struct):
    """What probabilities from one number on, up to the next, are called in words (ICD 203)."""

    word: str
    at_least: float


class ModelAnswer(Header):
    """One model."""

    title: str
    description: str
    horizon: str
    default_scenario: Annotated[str | None, Meta(description="Under which questions are asked that name no scenario.")]
    headline: list[str]
    headlines: list[HeadlineQuestion]
    size: Size
    examples: list[ExampleQuestion]
    folded: list[FoldedIn]
    left_out: list[LeftOut]
    probability_words: Annotated[
        list[ProbabilityWord], Meta(description="What briefs call probabilities, from the least up.")
    ]
    permalink: str | None
    resources: Annotated[dict[str, str], Meta(description="What there is of the model, by name.")]


Level = Annotated[
    Literal["group", "individual"],
    Meta(description="What it is said of. Under a cohort only the individual level is answered, where there is one."),
]


Group = Annotated[str, Meta(description="The file that the variable stands in, by which a model is laid out.")]


class Position(Struct):
    """Where a variable stands in a picture of the whole network: causes left of effects, arcs crossing little."""

    column: Annotated[int, Meta(description="From the left, by the longest way from a root.")]
    row: Annotated[float, Meta(description="From the top, in heights of a box: one apart or more.")]


class VariableSummary(Struct):
    """A variable in a list."""

    name: str
    label: str
    role: str
    level: Level
    kind: str
    states: list[str]
    parents: list[str]
    baseline: list[StateP]
    link: str
    labels: Annotated[dict[str, str], Meta(description="States that text calls otherwise than by their names.")]
    nominal: Annotated[bool, Meta(description="Whether its states have no order.")]
    unit: Annotated[str | None, Meta(description="Of the number that its states measure, where they measure one.")]
    group: Group
    position: Position


class Variables(Header):
    """Every variable in the order of the files."""

    variables: list[VariableSummary]


class VariableRow(TypedDict):
    """A state of a variable, with its probability when nothing is known."""

    name: str
    label: str
    role: str
    level: Level
    kind: str
    state: str
    baseline: float
    parents: str


class TableRow(Struct):
    """One row of a conditional table: when the parents are so."""

    when: dict[str, str]
    distribution: list[StateP]


Published = Annotated[
    str, Meta(description="What a cited publication says of it: number (itself), direction (which way) or nothing.")
]


class Counted(Struct):
    """The cases that a sample size comes from: ``n`` were counted, each worth ``discount`` of one here."""

    n: float
    discount: float
    why: str


class Expert(Struct):
    """One of several experts on a number, with what it says."""

    sources: list[str]
    weight: float
    ess: float | None
    reason: str | None
    row: Annotated[list[StateP] | None, Meta(description="Where a row is pooled.")]
    strength: Annotated[float | None, Meta(description="Decibels on the odds, where a strength is pooled.")]
    published: Published
    counted: Counted | None


class Pool(Struct):
    """Several experts on one number, kept apart."""

    method: Annotated[str, Meta(description="linear: one of them is right; log: each knows a part.")]
    disagreement: Annotated[float, Meta(description="Share of the doubt that lies between the experts, 0 to 1.")]
    of: list[Expert]


class Statement(Struct):
    """One prior as written, with what it rests on."""

    what: str
    sources: list[str]
    ess: float | None
    reason: str | None
    published: Published
    counted: Counted | None
    pool: Pool | None
    file: Annotated[str, Meta(description="Where it is written, from the folder of models on.")]
    line: int


class VariableAnswer(Header):
    """One variable: what it means, its table, and what the table rests on."""

    name: str
    label: str
    definition: str | None
    definitions: Annotated[dict[str, str], Meta(description="By state, how a stranger would judge it.")]
    labels: Annotated[dict[str, str], Meta(description="By state, how text has it.")]
    scale: Scale | None
    nominal: Annotated[bool, Meta(description="Whether its states have no order.")]
    role: str
    level: Level
    kind: str
    from_article: str | None
    note: str | None
    states: list[str]
    parts: list[str]
    parents: list[str]
    children: list[str]
    baseline: list[StateP]
    in_words: Annotated[list[str], Meta(description="The gate in sentences.")]
    table: list[TableRow]
    statements: list[Statement]
    sources: list[Cited]
    permalink: str | None
    links: Links


class TableCell(TypedDict):
    """A cell of a conditional table as CSV; ``when`` names the parents' states."""

    variable: str
    when: str
    state: str
    p: float


class Node(Struct):
    """A variable in the graph."""

    name: str
    label: str
    role: str
    states: list[str]
    group: Group
    position: Position


class Arc(Struct):
    """From a cause to what depends on it."""

    from_: str = field(name="from")
    to: str
    sign: Annotated[
        Sign,
        Meta(description="Which way a step up of the cause moves the effect, other causes averaged evenly."),
    ]
    strength: Annotated[
        float, Meta(description="The largest total variation of the effect between two states of the cause, in [0, 1].")
    ]


class Graph(Header):
    """What depends on what."""

    nodes: list[Node]
    arcs: list[Arc]


class CitedBy(Cited):
    """A source and the variables whose numbers rest on it."""

    cited_by: list[str]


class Sources(Header):
    """Everything that the numbers rest on."""

    sources: list[CitedBy]


class SourceRow(TypedDict):
    """A source as CSV."""

    name: str
    title: str
    publication: str | None
    date: str | None
    url: str | None
    kind: str
    status: str
    read: str | None
    note: str | None
    cited_by: str


class Scenario(Struct):
    """Named evidence and interventions."""

    name: str
    label: str
    note: str | None
    given: dict[str, Finding]
    do: dict[str, Setting]
    sources: list[str]


class Scenarios(Header):
    """Every scenario."""

    scenarios: list[Scenario]


class Cohort(Struct):
    """Fighters of one origin: how many (a 90 % range), and what is known of them."""

    name: str
    label: str
    low: int
    high: int
    note: str | None
    given: dict[str, Finding]
    sources: list[str]


class Cohorts(Header):
    """Every cohort."""

    cohorts: list[Cohort]


class CohortRow(TypedDict):
    """What is known of a cohort, one variable a row, as CSV."""

    name: str
    label: str
    low: int
    high: int
    variable: str | None
    said: str | None


class StatementRow(TypedDict):
    """What a scenario says of one variable, as CSV."""

    name: str
    label: str
    verb: Annotated[str, Meta(description="given or do")]
    variable: str
    said: Annotated[str, Meta(description="As in addresses, after the colon.")]


class Alive(TypedDict):
    """The process answers."""

    status: str


class StoreState(TypedDict):
    """Whether anything can be kept."""

    kept: Annotated[str, Meta(description="Where: SQLite in the state folder, PostgreSQL, or nowhere.")]
    trouble: Annotated[str | None, Meta(description="Why nothing can be kept now; null where it can, or never is.")]


class Readiness(TypedDict):
    """Whether questions can be answered: ready, or degraded when some model cannot be loaded or nothing can be kept."""

    status: str
    models: list[ModelState]
    store: StoreState


class LinkMade(TypedDict):
    """A read-only link, this once with its key."""

    id: Annotated[str, Meta(description="What `aftermath link list` and `revoke` call it.")]
    label: str
    question: Annotated[str, Meta(description="What may be asked, parameters in the order of their names.")]
    expires: str
    addresses: Annotated[dict[str, str], Meta(description="The address to hand out, for each form of the answer.")]


class LinkTold(TypedDict):
    """A read-only link without its key."""

    id: str
    label: str
    question: Annotated[str, Meta(description="What may be asked.")]
    created: str
    expires: str
    revoked: Annotated[str | None, Meta(description="When it was ended; null while it was not.")]
    last_used: Annotated[str | None, Meta(description="To the minute; null where it never was.")]


class LinksMade(TypedDict):
    """Every link, revoked ones too."""

    links: list[LinkTold]


class CacheUse(TypedDict):
    """What one cache of the process holds."""

    cache: str
    model: Annotated[str | None, Meta(description="Whose it is; null where all models share it.")]
    bytes: Annotated[int | None, Meta(description="Counted bytes; null where entries are counted, which are small.")]
    limit_bytes: int | None
    entries: int
    limit_entries: int | None


class HeavyWork(TypedDict):
    """Heavy questions of the process, and how many questions it has begun to work out since its start."""

    places: int
    working: int
    queue: int
    waiting: int
    begun: Annotated[
        int, Meta(description="Questions of any weight, without those answered from a cache or with a 304.")
    ]


class LoadAttempt(TypedDict):
    """The last load of a model's files."""

    at: str
    reasons: Annotated[list[str], Meta(description="What was wrong or is waited for; nothing where it is served.")]
    problems: list[FileProblem]
    held: Annotated[bool, Meta(description=HELD)]


class ServedModel(Struct):
    """A model that is answered from, or whose files cannot be loaded."""

    model: str
    revision: Annotated[str | None, Meta(description="The active revision; null where there is none.")]
    origin: Literal["file", "call", "store", "start"] | None = field(name="from")
    since: str | None
    attempt: LoadAttempt | None
    waiting: Annotated[str | None, Meta(description="What the loader waits for before it reads the files again.")]


class WorkerState(TypedDict):
    """A process that answers, what it serves, and how long ago it was last seen."""

    pid: int
    state: Annotated[int, Meta(description="The state that it serves; workers with one number serve the same.")]
    revisions: Annotated[dict[str, str] | None, Meta(description="By model; null of a state that has gone.")]
    seen_seconds: float


class LoaderState(TypedDict):
    """The process that reads files and makes revisions active."""

    pid: int
    role: Annotated[
        Literal["watches", "follows", "calls only"],
        Meta(description="It watches the folder, follows another host that does, or does what it is called for."),
    ]
    unkept: Annotated[int, Meta(description="Changes that the store has not taken yet.")]
    seen_seconds: float


class ProcessStatus(TypedDict):
    """What is served on this host, and what the one process that gave this answer holds and does."""

    pid: int
    uptime_seconds: float | None
    rss_bytes: Annotated[int | None, Meta(description="Resident memory, with what all workers share.")]
    private_bytes: Annotated[int | None, Meta(description="Resident memory that is this process's alone.")]
    threads: int
    trees_bytes: Annotated[int, Meta(description="Junction trees of the models, with their spare workspaces.")]
    caches: list[CacheUse]
    work: HeavyWork
    models: list[ServedModel]
    workers: Annotated[list[WorkerState], Meta(description="Every worker of the host; none of a single process.")]
    loader: LoaderState | None
    store: StoreState
