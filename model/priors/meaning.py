"""Definitions to a model: names that exist, dates that hold, no cycle, and every number in its table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter
from math import fsum
from typing import Any

from model import document, evidence
from model.document import JUDGEMENT, Model
from model.engine import Evidence, joint
from model.engine import compile as compiled
from model.errors import AftermathError, BadNetwork, Problem, listed, nearest
from model.gates import Gate
from model.network import SUM_TOLERANCE, Network, Table, topological
from model.priors import definitions
from model.priors.contents import Contents, collected
from model.priors.definitions import Definition
from model.priors.learning import Lesson
from model.priors.learning import lesson as learnt
from model.priors.shape import Written
from model.priors.sheet import Sheet, Steps
from model.priors.statements import Known
from model.priors.tables import Drafted, draft


def understood(name: str, settings: Sheet, sheets: Sequence[Sheet], problems: list[Problem]) -> Model | None:
    """The model that the files mean; None, with everything that is wrong in ``problems``, when they mean none."""
    contents = collected(settings, sheets, problems)
    drafts = _drafts(contents, problems)
    _check_cycles(contents, problems)
    said = _Said(contents, problems)
    parts = said.parts()
    if problems or contents.settings is None or not drafts:
        return None
    gates = _gates(drafts, problems)
    if problems:
        return None
    model_file = contents.settings.said
    lesson = _lesson(contents, drafts, gates, parts["counts"], problems)
    if problems:
        return None
    tables = {name: gate.table() for name, gate in (gates | lesson.gates).items()}
    return Model(
        name=name,
        title=model_file.title,
        description=model_file.description,
        as_of=model_file.as_of,
        horizon=model_file.horizon,
        headline=tuple(model_file.headline),
        network=Network([drafted.variable for drafted in drafts.values()], tables),
        described={name: _description(drafted, gates[name], lesson) for name, drafted in drafts.items()},
        content=_content(settings, sheets),
        fading=model_file.fading,
        learned=lesson.learned,
        counts_notes=lesson.notes,
        **parts,
    )


def _content(settings: Sheet, sheets: Sequence[Sheet]) -> str:
    """Hash of what the files say, whatever their comments, their names and the order of their keys."""
    said: dict[str, Any] = {"model": {key: value for key, value in settings.data.items() if key != "files"}}
    for sheet in sheets:
        for kind, named in sheet.data.items():
            said.setdefault(kind, {}).update(named)
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


# Variables


def _drafts(contents: Contents, problems: list[Problem]) -> dict[str, Drafted]:
    known = Known(
        states=contents.states,
        variables=contents.names("variables"),
        sources=contents.names("sources"),
        told={name: written.said for name, written in contents.entries["sources"].items()},
        words=contents.words,
        complete=contents.complete,
    )
    drafts = {name: draft(written, known, problems) for name, written in contents.variables.items()}
    return {name: drafted for name, drafted in drafts.items() if drafted is not None}


def _check_cycles(contents: Contents, problems: list[Problem]) -> None:
    """Every cycle, one after the other: each is cut where it is found, and the rest looked through again."""
    variables = contents.variables
    parents = {name: {p for p in written.said.parents if p in variables} for name, written in variables.items()}
    while cycle := _cycle(parents):
        child, parent = cycle[1], cycle[0]
        position = variables[child].said.parents.index(parent)
        problems.append(
            variables[child].problem(
                "parents", position, found=f"a cycle: {' -> '.join(cycle)}", expected="no way from a variable to itself"
            )
        )
        parents[child].discard(parent)


def _cycle(parents: Mapping[str, Collection[str]]) -> list[str]:
    try:
        TopologicalSorter({name: sorted(before) for name, before in parents.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _gates(drafts: Mapping[str, Drafted], problems: list[Problem]) -> dict[str, Gate]:
    """The gate of each variable; a typical one is calibrated when the tables of all before it are known."""
    gates = {name: drafted.finished(None) for name, drafted in drafts.items() if not drafted.is_typical}
    if len(gates) == len(drafts):
        return gates
    try:
        plan = compiled(_with_gaps(drafts, gates))
    except AftermathError as error:
        first = next(drafted for drafted in drafts.values() if drafted.is_typical)
        expected = "a network in which 'typical' can be worked out, or 'when: reference'"
        problems.append(first.written.problem("base", "when", found=error.detail, expected=expected))
        return gates
    known: dict[str, Table] = {}
    for name in topological([drafted.variable for drafted in drafts.values()]):
        if drafts[name].is_typical:
            together = joint(plan, drafts[name].variable.parents, Evidence(tables=known))
            gate = _calibrated(drafts[name], together, problems)
            if gate is None:
                return gates
            gates[name] = gate
            known[name] = gate.table()[None]
    return gates


def _calibrated(drafted: Drafted, together: Table, problems: list[Problem]) -> Gate | None:
    """The finished gate; None where no base fits, which is noted."""
    if drafted.exceptions is not None and not together[~drafted.exceptions.mask].any():
        expected = "some left for the base and the influences, or a rule"
        found = "exceptions to every case that can happen"
        problems.append(drafted.written.problem("except", found=found, expected=expected, at_key=True))
        return None
    try:
        gate = drafted.finished(together)
        gate.table()
    except BadNetwork as error:
        expected = "a base that the influences can keep to on average"
        problems.append(drafted.written.problem("base", found=error.detail, expected=expected))
        return None
    return gate


def _with_gaps(drafts: Mapping[str, Drafted], gates: Mapping[str, Gate]) -> Network:
    """The typical variables and all above them, every table that is not yet known held open by a uniform one.

    What is below a variable sums to 1 whatever its table says, so an open table changes nothing above it.
    """
    needed = [name for name, drafted in drafts.items() if drafted.is_typical]
    for name in needed:
        needed.extend(parent for parent in drafts[name].variable.parents if parent not in needed)
    kept = [drafted for name, drafted in drafts.items() if name in set(needed)]
    tables = {d.written.name: gates[d.written.name].table() if d.written.name in gates else d.uniform() for d in kept}
    return Network([drafted.variable for drafted in kept], tables)


def _lesson(
    contents: Contents,
    drafts: Mapping[str, Drafted],
    gates: Mapping[str, Gate],
    said: Mapping[str, document.Counts],
    problems: list[Problem],
) -> Lesson:
    """What the counts teach once the priors are known."""
    assert contents.settings is not None
    settings, counts = contents.settings.said, contents.entries["counts"]
    return learnt(drafts, gates, counts, said=said, as_of=settings.as_of, fading=settings.fading, problems=problems)


def _description(drafted: Drafted, gate: Gate, lesson: Lesson) -> document.Description:
    said = drafted.written.said
    name = drafted.written.name
    return document.Description(
        name=name,
        label=said.label,
        definition=said.definition,
        role=said.role,
        kind=str(getattr(said, "kind", "table")),
        from_article=said.from_article,
        note=said.note,
        gate=lesson.gates.get(name, gate),
        statements=lesson.statements.get(name, drafted.statements),
        prior=gate if name in lesson.gates else None,
    )


# Everything beside the variables


class _Said:
    """What the files say beside the variables: checked against the names that there are, and made into values."""

    def __init__(self, contents: Contents, problems: list[Problem]) -> None:
        self.contents = contents
        self.problems = problems

    def parts(self) -> dict[str, Any]:
        entries = self.contents.entries
        self._check_dates()
        parts: dict[str, Any] = {
            "sources": {name: self._source(written) for name, written in entries["sources"].items()},
            "scenarios": {name: self._scenario(written) for name, written in entries["scenarios"].items()},
            "cohorts": {name: self._cohort(written) for name, written in entries["cohorts"].items()},
            "checks": {name: self._check(written) for name, written in entries["checks"].items()},
            "counts": {name: self._counts(written) for name, written in entries["counts"].items()},
            "collection": {name: self._collectable(written) for name, written in entries["collection"].items()},
        }
        settings = self.contents.settings
        if settings is not None:
            self._names("variables", settings.said.headline, settings, "headline")
            parts["examples"] = tuple(self._example(settings, i) for i in range(len(settings.said.examples)))
            parts["folded"] = {name: self._folded(settings, name) for name in settings.said.folded}
        return parts

    def _note(
        self, written: Written[Definition], *steps: str | int, found: str, expected: str, at_key: bool = False
    ) -> None:
        self.problems.append(written.problem(*steps, found=found, expected=expected, at_key=at_key))

    def _names(self, kind: str, names: Iterable[str], written: Written[Definition], *steps: str | int) -> None:
        """Names in a list must exist, each once."""
        seen: set[str] = set()
        for position, name in enumerate(names):
            if name in seen:
                self._note(written, *steps, position, found=f"{name!r} again", expected="each name once")
            self._name(kind, name, written, *steps, position)
            seen.add(name)

    def _name(
        self, kind: str, name: str, written: Written[Definition], *steps: str | int, at_key: bool = False
    ) -> bool:
        """Whether something of that kind has this name; it is a problem when it is known that nothing has."""
        names = self.contents.names(kind)
        if name not in names and self.contents.complete:
            one = kind.removesuffix("s")
            expected = f"one of {listed(list(names))}" if names else f"a {one}, but the model has none"
            near = nearest(name, names)
            found = f"no {one} {name!r}"
            self.problems.append(
                written.problem(*steps, found=found, expected=expected, at_key=at_key, did_you_mean=near)
            )
        return name in names

    def _states(
        self, variable: str, states: Iterable[tuple[str, Steps]], written: Written[Definition], *, at_key: bool = False
    ) -> None:
        """States of a variable, each with its place, must exist, each once."""
        among = self.contents.states.get(variable)
        if among is None:
            return
        seen: set[str] = set()
        for state, steps in states:
            if state not in among:
                found, expected = f"no state {state!r} of {variable}", f"one of {listed(among)}"
                near = nearest(state, among)
                self.problems.append(
                    written.problem(*steps, found=found, expected=expected, at_key=at_key, did_you_mean=near)
                )
            if state in seen:
                self._note(written, *steps, found=f"the state {state!r} again", expected="each state once")
            seen.add(state)

    # Sources and dates

    def _check_dates(self) -> None:
        said, settings = self.contents.as_of, self.contents.settings
        as_of = _first_day(said) if said else None
        if settings and as_of is None:
            self._note(settings, "as_of", found=repr(said), expected="a day of the calendar")
        for written in self.contents.entries["sources"].values():
            source: definitions.Source = written.said
            if written.name == JUDGEMENT:
                expected = "another name: judgement is what nobody published"
                self._note(written, found=f"a source called {JUDGEMENT!r}", expected=expected, at_key=True)
            self._check_date(written, "published", source.date, as_of)
        for counted in self.contents.entries["counts"].values():
            self._check_date(counted, "seen", counted.said.date, as_of)

    def _check_date(self, written: Written[Definition], verb: str, said: str | int, as_of: date | None) -> None:
        """A date must be of the calendar and begin by the day of knowledge."""
        first = _first_day(str(said))
        if first is None:
            self._note(written, "date", found=repr(str(said)), expected="a date of the calendar")
        elif as_of and first > as_of:
            found = f"{verb} {said}, later than the model's as-of date"
            self._note(written, "date", found=found, expected=f"{as_of.isoformat()} or earlier")

    def _source(self, written: Written[definitions.Source]) -> document.Source:
        said = written.said
        return document.Source(
            name=written.name,
            title=said.title,
            publication=said.publication,
            date=str(said.date),
            url=said.url,
            status=said.status,
            note=said.note,
            read=said.read,
            kind=said.kind,
        )

    # Evidence and interventions

    def _findings(
        self, given: Mapping[str, Any], written: Written[Definition], *steps: str | int
    ) -> dict[str, evidence.Finding]:
        findings: dict[str, evidence.Finding] = {}
        for variable, said in given.items():
            if self._name("variables", variable, written, *steps, variable, at_key=True):
                findings[variable] = self._finding(variable, said, written, *steps, variable)
        return findings

    def _finding(self, variable: str, said: Any, written: Written[Definition], *steps: str | int) -> evidence.Finding:
        match said:
            case definitions.FindingSet():
                self._states(variable, _listed(said.in_, *steps, "in"), written)
                return evidence.OneOf(tuple(said.in_))
            case definitions.FindingNot():
                return self._ruled_out(variable, said, written, *steps)
            case definitions.FindingLikelihood():
                self._states(variable, _keyed(said.likelihood, *steps, "likelihood"), written, at_key=True)
                if not any(said.likelihood.values()):
                    expected = "a number above 0 for one state at least"
                    self._note(written, *steps, "likelihood", found="a report that is impossible", expected=expected)
                return evidence.Reported(dict(said.likelihood))
            case definitions.FindingAssumed():
                self._distribution(variable, said.assumed, written, *steps, "assumed")
                return evidence.Assumed(dict(said.assumed))
        self._states(variable, [(said, steps)], written)
        return evidence.Observed(said)

    def _ruled_out(
        self, variable: str, said: definitions.FindingNot, written: Written[Definition], *steps: str | int
    ) -> evidence.RuledOut:
        several = isinstance(said.not_, list)
        states = said.not_ if isinstance(said.not_, list) else [said.not_]
        self._states(variable, _listed(states, *steps, "not") if several else [(states[0], (*steps, "not"))], written)
        if set(self.contents.states.get(variable, ("",))) <= set(states):
            self._note(written, *steps, "not", found="every state ruled out", expected="one state at least left over")
        return evidence.RuledOut(tuple(states))

    def _distribution(
        self, variable: str, chances: Mapping[str, float], written: Written[Definition], *steps: str | int
    ) -> None:
        self._states(variable, _keyed(chances, *steps), written, at_key=True)
        total = fsum(chances.values())
        if abs(total - 1) > SUM_TOLERANCE:
            self._note(written, *steps, found=f"sums to {total:.12g}", expected="1")

    def _settings(
        self, do: Mapping[str, Any], given: Mapping[str, Any], written: Written[Definition], *steps: str | int
    ) -> dict[str, evidence.Setting]:
        settings: dict[str, evidence.Setting] = {}
        for variable, said in do.items():
            place = (*steps, variable)
            if variable in given:
                found = f"{variable!r} both given and set"
                self._note(written, *place, found=found, expected="one of the two", at_key=True)
            if not self._name("variables", variable, written, *place, at_key=True):
                continue
            if isinstance(said, definitions.SettingDistribution):
                self._distribution(variable, said.p, written, *place, "p")
                settings[variable] = evidence.SetChances(dict(said.p))
            else:
                self._states(variable, [(said, place)], written)
                settings[variable] = evidence.SetTo(said)
        return settings

    # Scenarios, cohorts, checks, examples, folded

    def _scenario(self, written: Written[definitions.Scenario]) -> document.Scenario:
        said = written.said
        self._names("sources", (s for s in said.sources if s != JUDGEMENT), written, "sources")
        return document.Scenario(
            name=written.name,
            label=said.label,
            note=said.note,
            findings=self._findings(said.given, written, "given"),
            settings=self._settings(said.do, said.given, written, "do"),
            sources=tuple(said.sources),
        )

    def _cohort(self, written: Written[definitions.Cohort]) -> document.Cohort:
        said = written.said
        self._names("sources", said.sources, written, "sources")
        if said.size.low > said.size.high:
            found = f"low {said.size.low:,} above high {said.size.high:,}"
            self._note(written, "size", found=found, expected="low, then high")
        return document.Cohort(
            name=written.name,
            label=said.label,
            low=said.size.low,
            high=said.size.high,
            findings=self._findings(said.given, written, "given"),
            sources=tuple(said.sources),
            note=said.note,
        )

    def _check(self, written: Written[definitions.Check]) -> document.Check:
        said = written.said
        self._names("sources", said.sources, written, "sources")
        self._question(said, written)
        self._states(said.target, _listed(said.states, "states"), written)
        low, high = said.range
        if low > high:
            self._note(written, "range", found=f"{low:g} above {high:g}", expected="the lower number first")
        return document.Check(
            name=written.name,
            label=said.label,
            target=said.target,
            states=tuple(said.states),
            scenario=said.scenario,
            cohort=said.cohort,
            findings=self._findings(said.given, written, "given"),
            low=low,
            high=high,
            sources=tuple(said.sources),
            note=said.note,
        )

    def _counts(self, written: Written[definitions.Counts]) -> document.Counts:
        said = written.said
        self._names("sources", said.sources, written, "sources")
        self._names("variables", said.updates, written, "updates")
        for position, case in enumerate(said.cases):
            self._findings(case.seen, written, "cases", position, "seen")
        return document.Counts(
            name=written.name,
            label=said.label,
            date=str(said.date),
            sources=tuple(said.sources),
            cases=tuple(document.Seen(case.n, dict(case.seen)) for case in said.cases),
            updates=tuple(said.updates),
            note=said.note,
        )

    def _collectable(self, written: Written[definitions.Collectable]) -> document.Collectable:
        said = written.said
        self._name("variables", written.name, written, at_key=True)
        self._cited(said.sources, said.reason, written)
        states = len(self.contents.states.get(written.name, ()))
        if states > 1 and said.reliability * states <= 1:
            found = f"{said.reliability:g}, no better than a guess among {states} states"
            self._note(written, "reliability", found=found, expected=f"a number above {1 / states:.4g}")
        return document.Collectable(
            name=written.name,
            how=said.how,
            cost=said.cost,
            lead_days=said.lead_days,
            reliability=said.reliability,
            sources=tuple(said.sources),
            reason=said.reason,
        )

    def _cited(self, sources: Sequence[str], reason: str | None, written: Written[Definition]) -> None:
        """Sources must exist, each once; a judgement needs its reason."""
        for position, source in enumerate(sources):
            place = ("sources", position)
            if source != JUDGEMENT:
                self._name("sources", source, written, *place)
            elif reason is None:
                expected = "a reason beside it, in one line"
                self._note(written, *place, found="judgement without a reason", expected=expected)
            if source in sources[:position]:
                self._note(written, *place, found=f"{source!r} again", expected="each name once")

    def _question(
        self, said: definitions.Check | definitions.ExampleQuestion, written: Written[Definition], *steps: str | int
    ) -> None:
        """The target, scenario and cohort that a question names must exist."""
        self._name("variables", said.target, written, *steps, "target")
        if said.scenario is not None:
            self._name("scenarios", said.scenario, written, *steps, "scenario")
        if said.cohort is not None:
            self._name("cohorts", said.cohort, written, *steps, "cohort")

    def _example(self, settings: Written[definitions.ModelFile], position: int) -> document.Example:
        said = settings.said.examples[position]
        steps = ("examples", position)
        self._question(said, settings, *steps)
        return document.Example(
            label=said.label,
            target=said.target,
            findings=self._findings(said.given, settings, *steps, "given"),
            settings=self._settings(said.do, said.given, settings, *steps, "do"),
            scenario=said.scenario,
            cohort=said.cohort,
        )

    def _folded(self, settings: Written[definitions.ModelFile], name: str) -> document.Folded:
        said = settings.said.folded[name]
        self._names("variables", said.into, settings, "folded", name, "into")
        if name in self.contents.names("variables"):
            expected = "a name that is not a variable"
            self._note(settings, "folded", name, found=f"the variable {name!r}", expected=expected, at_key=True)
        return document.Folded(name, tuple(said.into), said.why)


def _listed(states: Iterable[str], *steps: str | int) -> Iterator[tuple[str, Steps]]:
    return ((state, (*steps, position)) for position, state in enumerate(states))


def _keyed(states: Iterable[str], *steps: str | int) -> Iterator[tuple[str, Steps]]:
    return ((state, (*steps, state)) for state in states)


def _first_day(text: str) -> date | None:
    """The first day of a year, month or day; None when there is no such.

    >>> _first_day("2017-03"), _first_day("2017-02-30")
    (datetime.date(2017, 3, 1), None)
    """
    year, month, day = ([int(part) for part in text.split("-")] + [1, 1])[:3]
    try:
        return date(year, month, day)
    except ValueError:
        return None
