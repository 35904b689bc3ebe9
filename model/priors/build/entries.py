"""Everything in prior files beside the variables: sources, scenarios, cohorts, checks, questions, made into values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from math import fsum, inf
from typing import Any, TypeVar

from model import evidence, specification
from model.errors import BadQuestion, NotACutPoint, Problem, listed, nearest
from model.evidence.scale import Scale, faults
from model.network import SUM_TOLERANCE, Variable
from model.priors.build.symbols import Contents
from model.priors.schema import definitions, findings, variables
from model.priors.schema.cited import Definition
from model.priors.schema.validation import Written
from model.priors.yaml.source_map import Steps
from model.specification import JUDGEMENT, NO_SCENARIO

Result = TypeVar("Result")

ADDRESS = re.compile(r"(?:https?://[^\s/]|doi:10\.)\S*")
"""Of a source: pages make a link of it, so that no other scheme is one."""
LONGEST_WORD = 40
WORD = re.compile(rf"(?=\S)[^\t\n]{{1,{LONGEST_WORD}}}")


class Entries:
    """What the files say beside the variables: checked against the names that there are, and made into values."""

    def __init__(self, contents: Contents, problems: list[Problem]) -> None:
        self.contents = contents
        self.problems = problems

    def values(self) -> dict[str, Any]:
        entries = self.contents.entries
        self._check_dates()
        self._check_words()
        parts: dict[str, Any] = {
            "sources": {name: self._source(written) for name, written in entries["sources"].items()},
            "scenarios": {name: self._scenario(written) for name, written in entries["scenarios"].items()},
            "cohorts": {name: self._cohort(written) for name, written in entries["cohorts"].items()},
            "checks": {name: self._check(written) for name, written in entries["checks"].items()},
            "counts": {name: self._counts(written) for name, written in entries["counts"].items()},
            "collection": {name: self._collectable(written) for name, written in entries["collection"].items()},
            "questions": {name: self._forecast_question(written) for name, written in entries["questions"].items()},
        }
        settings = self.contents.settings
        if settings is not None:
            parts["headlines"] = self._headlines(settings)
            if settings.said.default_scenario is not None:
                self._name("scenarios", settings.said.default_scenario, settings, "default_scenario")
            parts["examples"] = tuple(self._example(settings, i) for i in range(len(settings.said.examples)))
            parts["folded"] = {name: self._folded(settings, name) for name in settings.said.folded}
            parts["left_out"] = self._left_out(settings)
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
        if kind == "sources" and name == JUDGEMENT:
            declared = f": one of {listed(list(names))}" if names else ", and the model has none"
            expected = f"a source declared under 'sources:'{declared} (a judgement is nobody's figure)"
            self._note(written, *steps, found=f"{JUDGEMENT!r} as a source", expected=expected, at_key=at_key)
            return False
        if name not in names and not self.contents.may_hide(name):
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
            if source.url is not None and not ADDRESS.fullmatch(source.url):
                found = f"the address {source.url[:60]!r}"
                self._note(written, "url", found=found, expected="one that begins with https://, http:// or doi:")
        for counted in self.contents.entries["counts"].values():
            self._check_date(counted, "seen", counted.said.date, as_of)

    def _check_words(self) -> None:
        """A word for a number stands in answers and tables: it has to look like one."""
        settings, words = self.contents.settings, self.contents.words
        if settings is None or words is None:
            return
        for kind in ("strength", "confidence", "spread"):
            for word in getattr(words, kind):
                if not WORD.fullmatch(word):
                    found, expected = f"the word {word[:20]!r}", f"at most {LONGEST_WORD} characters in one line"
                    self._note(settings, "words", kind, word, found=found, expected=expected, at_key=True)

    def _check_date(self, written: Written[Definition], verb: str, said: str | int, as_of: date | None) -> None:
        """A date must be of the calendar and begin by the day of knowledge."""
        first = _first_day(str(said))
        if first is None:
            self._note(written, "date", found=repr(str(said)), expected="a date of the calendar")
        elif as_of and first > as_of:
            found = f"{verb} {said}, later than the model's as-of date"
            self._note(written, "date", found=found, expected=f"{as_of.isoformat()} or earlier")

    def _source(self, written: Written[definitions.Source]) -> specification.Source:
        said, mark = written.said, written.sheet.place(written.steps, key=True)
        return specification.Source(
            name=written.name,
            title=said.title,
            publication=said.publication,
            date=str(said.date),
            url=said.url,
            status=said.status,
            note=said.note,
            read=said.read,
            kind=said.kind,
            file="/".join(written.sheet.file.split("/")[-2:]),
            line=mark.line,
            column=mark.column,
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
            case findings.FindingSet():
                self._states(variable, _listed(said.in_, *steps, "in"), written)
                return evidence.OneOf(tuple(said.in_))
            case findings.FindingNot():
                return self._ruled_out(variable, said, written, *steps)
            case findings.FindingLikelihood():
                self._states(variable, _keyed(said.likelihood, *steps, "likelihood"), written, at_key=True)
                if not any(said.likelihood.values()):
                    expected = "a number above 0 for one state at least"
                    self._note(written, *steps, "likelihood", found="a report that is impossible", expected=expected)
                return evidence.Reported(dict(said.likelihood))
            case findings.FindingAssumed():
                self._distribution(variable, said.assumed, written, *steps, "assumed")
                return evidence.Assumed(dict(said.assumed))
            case findings.FindingOver() | findings.FindingUnder() | findings.FindingBetween():
                return self._number(variable, said, evidence.within_states, written, *steps) or evidence.Observed("")
        self._states(variable, [(said, steps)], written)
        return evidence.Observed(said)

    def _number(
        self,
        variable: str,
        said: findings.FindingOver | findings.FindingUnder | findings.FindingBetween,
        read: Callable[..., Result],
        written: Written[Definition],
        *steps: str | int,
    ) -> Result | None:
        """What a number says of a variable, by its scale; None where it says nothing, which is noted."""
        about = self.contents.variables.get(variable)
        if about is None:
            return None
        match said:
            case findings.FindingOver():
                verb, numbers = "over", evidence.Within(low=said.over)
            case findings.FindingUnder():
                verb, numbers = "under", evidence.Within(high=said.under)
            case findings.FindingBetween():
                verb, numbers = "between", evidence.Within(*said.between)
        scale = measured(about.said)
        try:
            return read(Variable(variable, tuple(about.said.states)), numbers, scale, where=())
        except NotACutPoint as error:
            found, among = f"{error.found}, which is not a cut point", error.allowed
        except BadQuestion as error:
            found, among = error.detail, tuple(f"{number:.10g}" for number in scale.cut_points) if scale else ()
        expected = f"cut points of its scale: {', '.join(among)}" if among else "states, or a scale for the variable"
        self._note(written, *steps, verb, found=found, expected=expected)
        return None

    def _ruled_out(
        self, variable: str, said: findings.FindingNot, written: Written[Definition], *steps: str | int
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
            if isinstance(said, findings.FindingOver | findings.FindingUnder | findings.FindingBetween):
                state = self._number(variable, said, evidence.set_within, written, *place)
                settings[variable] = state or evidence.SetTo("")
            elif isinstance(said, findings.SettingDistribution):
                self._distribution(variable, said.p, written, *place, "p")
                settings[variable] = evidence.SetChances(dict(said.p))
            else:
                self._states(variable, [(said, place)], written)
                settings[variable] = evidence.SetTo(said)
        return settings

    # Scenarios, cohorts, checks, examples, folded

    def _scenario(self, written: Written[definitions.Scenario]) -> specification.Scenario:
        said = written.said
        if written.name == NO_SCENARIO:
            expected = f"another name: scenario={NO_SCENARIO} asks without one"
            self._note(written, found=f"a scenario called {NO_SCENARIO!r}", expected=expected, at_key=True)
        self._names("sources", (s for s in said.sources if s != JUDGEMENT), written, "sources")
        return specification.Scenario(
            name=written.name,
            label=said.label,
            note=said.note,
            findings=self._findings(said.given, written, "given"),
            settings=self._settings(said.do, said.given, written, "do"),
            sources=tuple(said.sources),
        )

    def _cohort(self, written: Written[definitions.Cohort]) -> specification.Cohort:
        said = written.said
        self._names("sources", said.sources, written, "sources")
        self._size(said.size, written)
        return specification.Cohort(
            name=written.name,
            label=said.label,
            low=said.size.low,
            high=said.size.high,
            findings=self._findings(said.given, written, "given"),
            sources=tuple(said.sources),
            note=said.note,
        )

    def _check(self, written: Written[Any]) -> specification.AnyCheck:
        said: definitions.CheckBase = written.said
        self._names("sources", said.sources, written, "sources")
        self._asked(said.target, said, written)
        self._states(said.target, _listed(said.states, "states"), written)
        return self._range(written) if isinstance(said, definitions.RangeCheck) else self._across_levels(written)

    def _range(self, written: Written[definitions.RangeCheck]) -> specification.Check:
        said = written.said
        low, high = said.range
        if low > high:
            self._note(written, "range", found=f"{low:g} above {high:g}", expected="the lower number first")
        return specification.Check(
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

    def _across_levels(self, written: Written[definitions.AcrossLevelsCheck]) -> specification.AcrossLevels:
        said = written.said
        size = said.size or definitions.Size(low=1, high=1)
        self._size(size, written)
        bounds = self._bounds(written)
        if said.cohort is not None:
            self._individual(said.against, written, "against")
        for variable in (name for name in said.given_target if name in said.given or name in said.do):
            found, expected = f"{variable!r} said of both sides and of the target alone", "one of the two"
            self._note(written, "given_target", variable, found=found, expected=expected, at_key=True)
        return specification.AcrossLevels(
            name=written.name,
            label=said.label,
            target=said.target,
            states=tuple(said.states),
            against=said.against,
            bounds=bounds,
            likely=said.likely,
            scenario=said.scenario,
            cohort=said.cohort,
            findings=self._findings(said.given, written, "given"),
            settings=self._settings(said.do, said.given, written, "do"),
            of_target=self._findings(said.given_target, written, "given_target"),
            low=size.low,
            high=size.high,
            sources=tuple(said.sources),
            note=said.note,
        )

    def _bounds(self, written: Written[definitions.AcrossLevelsCheck]) -> tuple[float, ...]:
        """The bounds as written, one more than there are states, or those of the variable's own scale."""
        said = written.said
        if not self._name("variables", said.against, written, "against"):
            return ()
        about = self.contents.variables.get(said.against)
        scale = measured(about.said) if about else None
        if said.bounds is None:
            if about is not None and not isinstance(about.said.scale, variables.MeasuredScale):
                expected = f"where the states of {said.against} begin, or a scale for it"
                self._note(written, found="no 'bounds'", expected=expected, at_key=True)
            return scale.bounds if scale else ()
        bounds = tuple(inf if isinstance(bound, str) else bound for bound in said.bounds)
        if scale is not None and scale.bounds != bounds:
            expected = f"none, since the scale of {said.against} has its bounds"
            self._note(written, "bounds", found="bounds that differ from its scale", expected=expected)
        for position, found, expected in faults(bounds, len(self.contents.states.get(said.against, bounds[1:]))):
            place = ("bounds",) if position is None else ("bounds", position)
            self._note(written, *place, found=found, expected=expected)
        return bounds

    def _size(self, size: definitions.Size, written: Written[Definition]) -> None:
        if size.low > size.high:
            found = f"low {size.low:,} above high {size.high:,}"
            self._note(written, "size", found=found, expected="low, then high")

    def _counts(self, written: Written[definitions.Counts]) -> specification.Counts:
        said = written.said
        self._names("sources", said.sources, written, "sources")
        self._names("variables", said.updates, written, "updates")
        for position, case in enumerate(said.cases):
            self._findings(case.seen, written, "cases", position, "seen")
        return specification.Counts(
            name=written.name,
            label=said.label,
            date=str(said.date),
            sources=tuple(said.sources),
            cases=tuple(specification.Seen(case.n, dict(case.seen)) for case in said.cases),
            updates=tuple(said.updates),
            note=said.note,
        )

    def _collectable(self, written: Written[definitions.Collectable]) -> specification.Collectable:
        said = written.said
        self._name("variables", written.name, written, at_key=True)
        self._cited(said.sources, said.reason, written)
        states = len(self.contents.states.get(written.name, ()))
        if states > 1 and said.reliability * states <= 1:
            found = f"{said.reliability:g}, no better than a guess among {states} states"
            self._note(written, "reliability", found=found, expected=f"a number above {1 / states:.4g}")
        return specification.Collectable(
            name=written.name,
            how=said.how,
            cost=said.cost,
            lead_days=said.lead_days,
            reliability=said.reliability,
            sources=tuple(said.sources),
            reason=said.reason,
        )

    def _forecast_question(self, written: Written[definitions.ForecastQuestion]) -> specification.ForecastQuestion:
        said = written.said
        self._days(written)
        self._cited(said.base_rate.sources, said.base_rate.reason, written, "base_rate")
        self._check_expressed(written)
        return specification.ForecastQuestion(
            name=written.name,
            text=said.text,
            asked=said.asked,
            resolves_by=said.resolves_by,
            base_rate=specification.BaseRate(said.base_rate.p, tuple(said.base_rate.sources), said.base_rate.reason),
            event=None if said.event is None else self._event(said.event, written),
            not_expressible=said.not_expressible,
            note=said.note,
        )

    def _days(self, written: Written[definitions.ForecastQuestion]) -> None:
        """A question must be asked and resolved on days of the calendar, in this order."""
        said = written.said
        days = {key: _first_day(getattr(said, key)) for key in ("asked", "resolves_by")}
        for key, day in days.items():
            if day is None:
                self._note(written, key, found=repr(getattr(said, key)), expected="a day of the calendar")
        asked, resolved = days.values()
        if asked and resolved and resolved < asked:
            expected = f"{said.asked} or later"
            self._note(written, "resolves_by", found=f"{said.resolves_by}, before it is asked", expected=expected)

    def _event(self, event: definitions.Event, written: Written[definitions.ForecastQuestion]) -> specification.Event:
        said = written.said
        self._asked(event.variable, said, written, at=("event", "variable"))
        self._states(event.variable, _listed(event.states, "event", "states"), written)
        return specification.Event(
            variable=event.variable,
            states=tuple(event.states),
            scenario=said.scenario,
            cohort=said.cohort,
            findings=self._findings(said.given, written, "given"),
        )

    def _check_expressed(self, written: Written[definitions.ForecastQuestion]) -> None:
        """A question must have an event, or say why it has none and then nothing of an event's conditions."""
        said = written.said
        if said.event is None and said.not_expressible is None:
            found = "neither 'event' nor 'not_expressible'"
            self._note(written, found=found, expected="one of them", at_key=True)
        beside = ("not_expressible",) if said.event else ("scenario", "cohort", "given")
        for key in (key for key in beside if getattr(said, key)):
            found = f"{key!r} {'beside' if said.event else 'without'} 'event'"
            expected = "one of them" if said.event else "an event, or nothing said of its conditions"
            self._note(written, key, found=found, expected=expected, at_key=True)

    def _cited(
        self, sources: Sequence[str], reason: str | None, written: Written[Definition], *steps: str | int
    ) -> None:
        """Sources must exist, each once; a judgement needs its reason."""
        for position, source in enumerate(sources):
            place = (*steps, "sources", position)
            if source != JUDGEMENT:
                self._name("sources", source, written, *place)
            elif reason is None:
                expected = "a reason beside it, in one line"
                self._note(written, *place, found="judgement without a reason", expected=expected)
            if source in sources[:position]:
                self._note(written, *place, found=f"{source!r} again", expected="each name once")

    def _asked(
        self,
        target: str,
        said: definitions.CheckBase | definitions.ExampleQuestion | definitions.ForecastQuestion,
        written: Written[Definition],
        *steps: str | int,
        at: Steps = ("target",),
    ) -> None:
        """The target, scenario and cohort that a question names must exist, and the target be asked of the cohort."""
        self._name("variables", target, written, *steps, *at)
        if said.scenario not in (None, NO_SCENARIO):
            self._name("scenarios", said.scenario, written, *steps, "scenario")
        if said.cohort is not None:
            self._name("cohorts", said.cohort, written, *steps, "cohort")
            self._individual(target, written, *steps, *at)

    def _individual(self, target: str, written: Written[Definition], *steps: str | int) -> None:
        """What is asked under a cohort must be of the individual level, where there is one."""
        levels = {name: variable.said.level for name, variable in self.contents.variables.items()}
        individual = [name for name, level in levels.items() if level == "individual"]
        if individual and levels.get(target) == "group":
            found = f"{target!r} under a cohort, whose evidence is of its own members and not of the group"
            expected = f"no cohort, or a variable of the individual level: {listed(individual)}"
            self._note(written, *steps, found=found, expected=expected)

    def _example(self, settings: Written[definitions.ModelFile], position: int) -> specification.Example:
        said = settings.said.examples[position]
        steps = ("examples", position)
        self._asked(said.target, said, settings, *steps)
        return specification.Example(
            label=said.label,
            target=said.target,
            findings=self._findings(said.given, settings, *steps, "given"),
            settings=self._settings(said.do, said.given, settings, *steps, "do"),
            scenario=said.scenario,
            cohort=said.cohort,
        )

    def _headlines(self, settings: Written[definitions.ModelFile]) -> tuple[specification.Headline, ...]:
        """The targets that matter most must exist, each asked once of the same cases."""
        found: list[specification.Headline] = []
        seen: set[str] = set()
        for position, said in enumerate(settings.said.headline):
            place = ("headline", position)
            if isinstance(said, str):
                about = self.contents.variables.get(said)
                self._name("variables", said, settings, *place)
                headline = specification.Headline(about.said.label if about else said, said)
            else:
                headline = self._conditional_headline(said, settings, *place)
            found.append(headline)
            if isinstance(said, str) or len(headline.findings) == len(said.given):
                if str(headline) in seen:
                    self._note(settings, *place, found=f"{str(headline)!r} again", expected="each name once")
                seen.add(str(headline))
        return tuple(found)

    def _conditional_headline(
        self, said: definitions.HeadlineQuestion, settings: Written[definitions.ModelFile], *place: str | int
    ) -> specification.Headline:
        """A target asked of some cases, without the conditions on variables that are not there."""
        self._name("variables", said.target, settings, *place, "target")
        if said.target in said.given:
            found, expected = f"{said.target!r}, which is the target", "a condition on other variables"
            self._note(settings, *place, "given", said.target, found=found, expected=expected, at_key=True)
        return specification.Headline(said.label, said.target, self._findings(said.given, settings, *place, "given"))

    def _left_out(self, settings: Written[definitions.ModelFile]) -> dict[str, str]:
        """What is left out must be no variable, nor be folded into some."""
        said = settings.said
        for name in said.left_out:
            is_variable = name in self.contents.names("variables")
            if is_variable or name in said.folded:
                found = f"the variable {name!r}" if is_variable else f"{name!r}, which is folded"
                expected = "a name of what the model does not have"
                self._note(settings, "left_out", name, found=found, expected=expected, at_key=True)
        return dict(said.left_out)

    def _folded(self, settings: Written[definitions.ModelFile], name: str) -> specification.Folded:
        said = settings.said.folded[name]
        self._names("variables", said.into, settings, "folded", name, "into")
        if name in self.contents.names("variables"):
            expected = "a name that is not a variable"
            self._note(settings, "folded", name, found=f"the variable {name!r}", expected=expected, at_key=True)
        return specification.Folded(name, tuple(said.into), said.why)


def measured(said: variables.VariableBase) -> Scale | None:
    """The measured scale of a variable, where it has one that holds."""
    scale = said.scale
    if not isinstance(scale, variables.MeasuredScale) or faults(scale.limits, len(said.states)):
        return None
    return Scale(scale.unit, scale.limits, scale.series)


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
