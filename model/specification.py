"""A model: a network together with what its files say about it, under one revision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.errors import UnknownCohort, UnknownScenario, UnknownSource
from model.evidence import Finding, SetChances, Setting, SetTo, labelled, spoken, syntax, unnamed
from model.evidence.scale import Scale
from model.network import Network

if TYPE_CHECKING:
    from model.gates import Gate

JUDGEMENT = "judgement"
"""The source of a number that nobody published: always given with its reason, always shown."""

NO_SCENARIO = "none"
"""Named in place of a scenario, it asks without one; no scenario may be called so."""

QUOTED = "quoted by "
"""How ``Source.read`` begins for what was known only through somebody else."""

Published = Literal["number", "direction", "nothing"]
"""What of a statement a cited publication says: the number itself, which way it goes, or nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something published that a number rests on; ``date`` is YYYY, YYYY-MM or YYYY-MM-DD.

    ``read`` is whole, part or 'quoted by' somebody, None where nobody said; ``kind`` is publication or argument:
    an argument reasons rather than measures.
    """

    name: str
    title: str
    publication: str
    date: str
    url: str | None
    status: str
    note: str | None = None
    read: str | None = None
    kind: Literal["publication", "argument"] = "publication"
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def standing(self) -> str:
        """How far it can be relied on, in words.

        >>> Source("a", "A", "A journal", "2016", None, "verified", read="part").standing
        'verified, read in part'
        >>> Source("b", "B", "A newspaper", "2016", None, "unverified", read="quoted by a", kind="argument").standing
        'an argument, unverified, as quoted by a'
        """
        kind = "an argument" if self.kind == "argument" else None
        read = {None: None, "whole": "read whole", "part": "read in part"}.get(self.read, f"as {self.read}")
        return ", ".join(part for part in (kind, self.status, read) if part)


@dataclass(frozen=True, slots=True)
class Counted:
    """The cases behind a statement: ``n`` were counted, each worth ``discount`` of one here, and why."""

    n: float
    discount: float
    why: str


@dataclass(frozen=True, slots=True)
class Expert:
    """One of several experts on a number: ``row``, probability by state, or ``strength``, decibels on the odds."""

    sources: tuple[str, ...]
    weight: float
    ess: float | None
    reason: str | None
    row: tuple[float, ...] | None = None
    strength: float | None = None
    published: Published = "nothing"
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """What several experts say of one number.

    ``method`` is linear (one of them is right: draws follow one at a time) or log (each knows a part: draws
    pool a row of each). ``disagreement`` is the share of their mixture's variance that lies between them.
    """

    method: Literal["linear", "log"]
    members: tuple[Expert, ...]
    disagreement: float


@dataclass(frozen=True, slots=True)
class Statement:
    """One prior as written: a row of a table, or one parameter of a gate, with what it rests on.

    ``what`` is the statement in words, ``ess`` the equivalent sample size, ``sources`` names of
    sources or 'judgement', ``file`` and ``line`` where it is written, ``place`` the keys that lead to it
    within the variable, as ``("causes", "smoke", 0)``. Where several experts are pooled,
    ``ess`` is that of the pool, ``sources`` are those of all and ``pool`` keeps the experts apart.
    ``published`` is what of it a cited publication says, ``counted`` the cases that ``ess`` comes from, if any.
    """

    variable: str
    what: str
    sources: tuple[str, ...]
    ess: float | None
    reason: str | None
    file: str
    line: int
    place: tuple[str | int, ...] = ()
    pool: Pool | None = None
    published: Published = "nothing"
    counted: Counted | None = None

    @property
    def counts(self) -> tuple[Counted, ...]:
        """The counts that it rests on: its own, or those of a pool's experts."""
        experts = self.pool.members if self.pool else ()
        each = (self.counted, *(expert.counted for expert in experts))
        return tuple(counted for counted in each if counted is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """What the files say about one variable beside its numbers.

    ``prior`` is the gate as written where counts have moved it; None where ``gate`` is as written. ``level`` is what
    the variable is said of: the group as a whole, or one individual, who may be of a cohort.

    What its states mean: ``labels`` and ``definitions`` by state, where the files give them, and the measured
    ``scale`` whose intervals they are; where ``is_nominal`` they have no order. ``file``, ``line`` and ``column`` say
    where it begins. ``defaulted`` is how many combinations of the parents have the row that holds where no other does.
    """

    name: str
    label: str
    definition: str | None
    role: str
    kind: str
    from_article: str | None
    note: str | None
    gate: Gate
    statements: tuple[Statement, ...]
    prior: Gate | None = None
    level: Literal["group", "individual"] = "group"
    parts: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    scale: Scale | None = None
    is_nominal: bool = False
    called: str | None = None
    file: str = ""
    line: int = 0
    column: int = 0
    defaulted: int = 0

    @property
    def can_be_judged(self) -> bool:
        """Whether a stranger could say afterwards which state came true: by a scale, or by a definition of each."""
        return self.scale is not None or bool(self.definitions)

    def state_label(self, state: str) -> str:
        """A state as text has it: its label, else its name in words."""
        return self.labels.get(state) or spoken(state)

    @property
    def label_with_unit(self) -> str:
        """The label, and after it the unit of the scale where there is one, so that its intervals need none."""
        return f"{self.label} ({self.scale.unit})" if self.scale else self.label

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that a number of this variable cites, in the order of the file."""
        return tuple(dict.fromkeys(source for statement in self.statements for source in statement.sources))


@dataclass(frozen=True, slots=True)
class Scenario:
    """Named evidence and interventions."""

    name: str
    label: str
    note: str | None
    findings: Mapping[str, Finding]
    settings: Mapping[str, Setting]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cohort:
    """Fighters of one origin: a size as a 90 % range, and what is known of them as evidence.

    Its evidence is of its own members. Where a model has variables of the individual level, only those are
    answered under a cohort.
    """

    name: str
    label: str
    low: int
    high: int
    findings: Mapping[str, Finding]
    sources: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A published figure as a range on the probability that ``target`` is in one of ``states``."""

    name: str
    label: str
    target: str
    states: tuple[str, ...]
    scenario: str | None
    cohort: str | None
    findings: Mapping[str, Finding]
    low: float
    high: float
    sources: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AcrossLevels:
    """One number said twice: ``low`` to ``high`` times a probability, and the states of a variable.

    The probability is that ``target`` is in one of ``states``, given ``of_target`` beside what both sides are
    given. State i of ``against`` is the number from ``bounds[i]`` up to ``bounds[i + 1]``, the last of which may be
    infinite; ``likely`` is what its likely states hold together.
    """

    name: str
    label: str
    target: str
    states: tuple[str, ...]
    against: str
    bounds: tuple[float, ...]
    likely: float
    scenario: str | None
    cohort: str | None
    findings: Mapping[str, Finding]
    settings: Mapping[str, Setting]
    of_target: Mapping[str, Finding]
    low: float
    high: float
    sources: tuple[str, ...]
    note: str | None = None


AnyCheck = Check | AcrossLevels
"""What the compiled model is held against."""


@dataclass(frozen=True, slots=True)
class Collectable:
    """What it takes to find out how a variable stands: by whom, for how much, how soon and how surely.

    ``cost`` only compares with other costs. ``reliability`` is the chance that the report names the true
    state; the rest is spread evenly over the other states.
    """

    name: str
    how: str
    cost: float
    lead_days: float
    reliability: float
    sources: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BaseRate:
    """How often such a thing happens, before anything that the model knows."""

    p: float
    sources: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A variable in one of some states, under a scenario, a cohort and findings."""

    variable: str
    states: tuple[str, ...]
    scenario: str | None
    cohort: str | None
    findings: Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class ForecastQuestion:
    """A question asked on one day that the world answers by another (YYYY-MM-DD).

    It has an ``event`` of the model, with a ``note`` on what that misses, or the reason why it is ``not_expressible``.
    """

    name: str
    text: str
    asked: str
    resolves_by: str
    base_rate: BaseRate
    event: Event | None = None
    not_expressible: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """So many cases that were seen alike: the state of each variable seen in them; the others are missing."""

    n: int
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases that somebody counted, and when they were seen (YYYY, YYYY-MM or YYYY-MM-DD).

    ``updates`` names the variables whose rows alone they may move; empty, all of them.
    """

    name: str
    label: str
    date: str
    sources: tuple[str, ...]
    cases: tuple[Seen, ...]
    updates: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One statement of a table that counts have moved: its row and equivalent sample size, before and after.

    ``statement`` is as written, ``cases`` how many cases, faded, fell under its rows and said something of them,
    ``counts`` the names of those that moved it.
    """

    statement: Statement
    cases: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    ess_before: float
    ess_after: float
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """What counts did to one variable: the statements they moved, in the order of the file."""

    variable: str
    rows: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class CountsNote:
    """Something to know about counts: what could not be used, or what may count twice; ``variable`` where of one."""

    counts: str
    variable: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A question worth asking, for the start page."""

    label: str
    target: str
    findings: Mapping[str, Finding]
    settings: Mapping[str, Setting]
    scenario: str | None = None
    cohort: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """A target that matters most, asked of every case or, with ``findings``, of some."""

    label: str
    target: str
    findings: Mapping[str, Finding] = field(default_factory=dict)

    def __str__(self) -> str:
        """The target and its condition, as probabilities are written: what is asked, given what.

        >>> from model.evidence import Observed
        >>> str(Headline("From here", "pathway", {"status_end_2016": Observed("in_theatre")}))
        'pathway|status_end_2016:in_theatre'
        """
        given = ",".join(f"{name}:{syntax.text_of(said)}" for name, said in self.findings.items())
        return f"{self.target}|{given}" if given else self.target


@dataclass(frozen=True, slots=True)
class Folded:
    """Something the source names that is not a variable of its own, and where it went."""

    name: str
    into: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network, what its files say about it, and the revision: the hash of everything that answers depend on.

    ``content`` is a hash of what the files say, which does not depend on how a table was worked out from
    them; a model that has no files is known by its tables. ``fading`` is what a count still weighs a year later,
    ``learned`` what the counts did, by variable: the network's tables and the gates are those after it.
    ``left_out`` is what the subject has and the model leaves out on purpose, by a short name, each with why.
    ``questions`` are no part of the revision, since no answer depends on them.
    ``individual`` are the variables of the individual level, in the order of the file.
    ``headline`` are the targets that matter most, each once, and ``headlines`` the questions about them, one a target
    unless the files ask them of some cases only.
    ``default_scenario`` is the scenario under which questions are asked that name none.
    ``acknowledge_over`` is the shift of a headline over which a revision is served only once somebody has said why.
    ``events`` are variables laid over it for one question (see ``model.events``): no part of it or its revision.
    ``citable`` are the sources that a number cites, in the order of the file, judgement last; ``citing``, shape
    (variables, citable), says which variable cites which.
    """

    name: str
    title: str
    description: str
    as_of: str
    horizon: str
    headline: tuple[str, ...]
    network: Network
    described: Mapping[str, Description]
    sources: Mapping[str, Source] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    cohorts: Mapping[str, Cohort] = field(default_factory=dict)
    checks: Mapping[str, AnyCheck] = field(default_factory=dict)
    folded: Mapping[str, Folded] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    collection: Mapping[str, Collectable] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    questions: Mapping[str, ForecastQuestion] = field(default_factory=dict)
    content: str | None = None
    counts: Mapping[str, Counts] = field(default_factory=dict)
    fading: float = 1.0
    learned: Mapping[str, Learned] = field(default_factory=dict)
    counts_notes: tuple[CountsNote, ...] = ()
    default_scenario: str | None = None
    acknowledge_over: float | None = None
    events: tuple[str, ...] = ()
    headlines: tuple[Headline, ...] = ()
    individual: tuple[str, ...] = field(init=False)
    revision: str = field(init=False)
    citable: tuple[str, ...] = field(init=False)
    citing: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        each = [self.described[name].sources for name in self.network.names]
        first_met = dict.fromkeys(source for sources in each for source in sources)
        citable = sorted(first_met, key=JUDGEMENT.__eq__)
        citing = np.array([[source in sources for source in citable] for sources in each], dtype=np.bool_)
        individual = (name for name in self.network.names if self.described[name].level == "individual")
        object.__setattr__(self, "individual", tuple(individual))
        if not self.headlines:
            plain = (Headline(self.described[name].label, name) for name in self.headline)
            object.__setattr__(self, "headlines", tuple(plain))
        object.__setattr__(self, "revision", _revision(self))
        object.__setattr__(self, "citable", tuple(citable))
        object.__setattr__(self, "citing", citing.reshape(len(each), len(citable)))

    def in_words(self, name: str, said: Finding | Setting) -> str:
        """A finding or a setting in running text, by labels, with what a report rules out by not naming it."""
        about = self.described[name]
        words = labelled(about.label, said, about.state_label)
        out = [] if isinstance(said, SetTo | SetChances) else unnamed(self.network[name], said)
        return f"{words}, which rules out {' and '.join(map(about.state_label, out))}" if out else words

    def scenario(self, name: str, *, where: tuple[str | int, ...] = ("scenario",)) -> Scenario:
        """The scenario of that name. Raises UnknownScenario."""
        if name not in self.scenarios:
            raise UnknownScenario(name, self.scenarios, where=where)
        return self.scenarios[name]

    def picture(self, name: str | None, *, where: tuple[str | int, ...] = ("scenario",)) -> str | None:
        """What a question's scenario is called in full: unsaid, the default one. Raises UnknownScenario."""
        if name is None:
            return self.default_scenario
        if name == NO_SCENARIO:
            return NO_SCENARIO if self.default_scenario else None
        if name not in self.scenarios:
            without = (NO_SCENARIO,) if self.default_scenario else ()
            raise UnknownScenario(name, (*self.scenarios, *without), where=where)
        return name

    def cohort(self, name: str, *, where: tuple[str | int, ...] = ("cohort",)) -> Cohort:
        """The cohort of that name. Raises UnknownCohort."""
        if name not in self.cohorts:
            raise UnknownCohort(name, self.cohorts, where=where)
        return self.cohorts[name]

    def answerable(self, cohort: str | None) -> tuple[str, ...]:
        """Variables that may be asked about: under a cohort those of the individual level, where there are any."""
        return self.individual if cohort is not None and self.individual else self.network.names

    def headline_of(self, cohort: str | None) -> tuple[str, ...]:
        """The headline targets that may be asked about; all that may be, where none of them may."""
        answerable = self.answerable(cohort)
        return tuple(name for name in self.headline if name in answerable) or answerable

    def source(self, name: str, *, where: tuple[str | int, ...] = ("source",)) -> Source:
        """The source of that name. Raises UnknownSource."""
        if name not in self.sources:
            raise UnknownSource(name, self.sources, where=where)
        return self.sources[name]

    def cited(self, variables: Iterable[str]) -> tuple[str, ...]:
        """Sources that the tables of these variables cite, in the order of ``citable``."""
        tables = np.zeros((1, len(self.network.names)), dtype=np.bool_)
        tables[0, [self.network.position[name] for name in variables]] = True
        return self.cited_each(tables)[0]

    def cited_each(self, tables: NDArray[np.bool_]) -> list[tuple[str, ...]]:
        """The same for many sets of tables at once: each row of shape (sets, variables) marks one."""
        with np.errstate(invalid="ignore"):  # products of zeros and ones; the library may look beyond the ends of rows
            times_cited = tables.astype(np.float32) @ self.citing.astype(np.float32)
        return [tuple(compress(self.citable, row)) for row in times_cited.tolist()]


def _revision(model: Model) -> str:
    """The hash of what was said: nothing in it is worked out, whose last bits may differ from machine to machine."""
    if model.content is not None:
        return f"r-{hashlib.sha256(json.dumps([model.name, model.content]).encode()).hexdigest()[:16]}"
    said: dict[str, Any] = {
        "name": model.name,
        "title": model.title,
        "description": model.description,
        "as_of": model.as_of,
        "horizon": model.horizon,
        "headline": model.headline,
        "described": [_plain(model.described[name]) for name in model.network.names],
    }
    for part in ("sources", "scenarios", "cohorts", "checks", "folded", "collection"):
        said[part] = [_plain(value) for value in getattr(model, part).values()]
    said["examples"] = [_plain(value) for value in model.examples]
    for part in ("individual", "left_out"):
        if getattr(model, part):
            said[part] = _plain(getattr(model, part))
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return f"r-{hashlib.sha256((model.network.digest() + text).encode()).hexdigest()[:16]}"


def _plain(value: Any) -> Any:
    """A value of this module as JSON, without places and gates, which answers do not show, and what only files say."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        skipped = {"gate", "prior", "file", "line", "level", "parts", "labels", "definitions", "scale", "is_nominal"}
        skipped |= {"called", "defaulted"}
        fields = {key: _plain(getattr(value, key)) for key in value.__dataclass_fields__ if key not in skipped}
        return {"is": type(value).__name__, **fields}
    return value
