"""What a number of a sentence claims: of which target and state, a level or a change, upwards or downwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from model.resources.deadline import checkpoint
from service.prose import conditions, cues, names, readings
from service.prose.conditions import Comparison, Named, Vocabulary
from service.prose.facts import YES, Fact, Facts
from service.prose.names import Mention
from service.prose.not_forecasts import is_no_forecast
from service.prose.numerals import Numeral, numerals
from service.prose.sentences import Sentence
from service.prose.situations import SIDE, Condition, holds


@dataclass(frozen=True, slots=True)
class Claim:
    """A number and what it says. None where the text leaves open of what, and then any will do.

    ``unit`` is percent, points, share, odds, times or the like; ``kind`` level, change, ratio, pair or step: a pair are
    both ends of an interval, a step is from one level to another. ``sign`` is the direction, 0 where none is said.
    """

    number: Numeral
    at: int
    kind: str
    sign: int = 0
    target: str | None = None
    state: str | None = None
    under: tuple[Condition, ...] = ()
    compared: Comparison = conditions.ANY
    negated: bool = False
    denied: bool = False
    fields: frozenset[str] = frozenset(("p",))
    foreign: bool = False
    """Whether it is of something of which the answers say nothing."""
    sources: frozenset[int] = frozenset()
    """Places of the answers that its own sentence cites; none where it cites none, and then it may be of any."""

    @property
    def place(self) -> tuple[int, int]:
        """From where to where in the text."""
        return self.at + self.number.start, self.at + self.number.end


@dataclass(slots=True)
class Topic:
    """What the sentences before were about."""

    target: str | None = None
    state: str | None = None
    variable: str | None = None
    """Of which variable the last condition was."""


@dataclass(frozen=True)
class _Line:
    """A sentence and what is in it: numbers that claim something, names they may belong to, and all variables."""

    sentence: Sentence
    spoken: tuple[Numeral, ...]
    found: tuple[Mention, ...]
    variables: tuple[Mention, ...]
    named: tuple[Named, ...] = ()
    """The conditions that it names."""

    @property
    def text(self) -> str:
        return self.sentence.text

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Where the numbers are that belong to something."""
        return [(each.start, each.end) for each in self.spoken if not readings.is_mass(each, self.text)]

    @cached_property
    def levels(self) -> list[tuple[int, int]]:
        """Where those are that stand under a condition each."""
        return [(each.start, each.end) for each in self.spoken if each.unit not in ("points", "times")]

    def since(self, number: Numeral) -> int:
        """Where the number before ends."""
        return max((each.end for each in self.spoken if each.end <= number.start), default=0)


@dataclass(frozen=True)
class Reader:
    """What is known of the answers that a text is read against; ``others`` are further variables of their models."""

    facts: Facts
    others: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """How each target of the answers may be said."""
        named = {fact.target for fact in self.facts.facts if self._is_asked(fact)}
        labels = self.facts.labels
        said = {key: names.ways(key, labels.get(key)) for key in sorted(each for each in named if each)}
        return {key: [*ways, *names.finding(labels.get(key))] for key, ways in said.items()}

    def _is_asked(self, fact: Fact) -> bool:
        """Whether it is of what a question asks, and not of what it says itself."""
        if fact.target is None or fact.name not in ("p", "shift", "difference"):
            return False
        return fact.where is None or fact.target not in self.facts.situations[fact.where]

    @cached_property
    def every(self) -> dict[str, list[str]]:
        """How each variable may be said, those of the answers first, and no other one in words of their states."""
        rest = {key: names.ways(key, label) for key, label in (*self.facts.labels.items(), *self.others.items())}
        states = {names.phrase(way) for said in self.in_words.values() for way in said}
        return self.targets | {
            key: [way for way in said if names.phrase(way) not in states]
            for key, said in rest.items()
            if key not in self.targets
        }

    @cached_property
    def stated(self) -> frozenset[str]:
        """Variables of which the questions say something themselves."""
        return frozenset(self.facts.stated)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """How conditions may be said: what the questions state, sides, cohorts and scenarios."""
        own = sorted(name for name in self.stated if self.facts.states.get(name))
        used = {name for each in self.facts.situations for name in each}
        groups = {name: said for name, said in self.facts.groups.items() if said and name in used}
        sides = {name: label for name, label in self.facts.sides.items() if not cues.UNNAMED.match(name)}
        variables = {name: self.facts.states[name] for name in own}
        return Vocabulary(variables, self.facts.labels, {SIDE: sides, **groups}, frozenset(self.targets))

    @cached_property
    def in_words(self) -> dict[str, list[str]]:
        """How the states of all targets may be said."""
        states = (each for target in self.targets for each in self.facts.states.get(target, {}).items())
        return {state: names.ways(state, label) for state, label in states if state not in YES}

    @cached_property
    def by_states(self) -> dict[str, list[str]]:
        """How the states may be said that only one of the targets has."""
        owners: dict[tuple[str, ...], set[str]] = {}
        for target in self.targets:
            for state, label in self.facts.states.get(target, {}).items():
                for way in names.ways(state, label):
                    owners.setdefault(names.phrase(way), set()).add(target)
        made: dict[str, list[str]] = {}
        for words, found in owners.items():
            if len(found) == 1 and words not in (("yes",), ("no",)):
                made.setdefault(next(iter(found)), []).append(" ".join(words))
        return made

    def claims(self, sentences: Iterable[Sentence]) -> Iterator[Claim]:
        """Every number of some sentences that claims something, in order, sentence by sentence."""
        topic = Topic()
        for sentence in sentences:
            checkpoint()
            if sentence.opens and not sentence.is_row:
                topic = Topic()
            yield from self._of_sentence(sentence, topic)

    def _of_sentence(self, sentence: Sentence, topic: Topic) -> list[Claim]:
        text = sentence.text
        variables = self._variables(text)
        spoken: list[Numeral] = []
        follows = False
        counted = [
            *variables,
            *(each for each in self._every_state(text) if re.search(r"\d", text[each.start : each.end])),
        ]
        for number in numerals(text):
            if names.inside(counted, number.start):
                continue
            follows = is_no_forecast(number, text, follows=follows)
            if not follows:
                spoken.append(_in_unit(number, spoken, text))
        found = self._spoken_of(text, variables, spoken)
        named = [self._as_side(each) for each in self.vocabulary.named(text, topic.variable)]
        said = [each.condition.variable for each in named if each.condition.variable in self.vocabulary.variables]
        topic.variable = said[-1] if said else topic.variable
        line = _Line(sentence, tuple(spoken), tuple(found), tuple(variables), tuple(named))
        if not spoken:
            self._remember(line, topic)
        return [self._claim(number, line, topic) for number in spoken]

    def _variables(self, text: str) -> list[Mention]:
        """Where variables are named; one of no answer not within the name of a state that an answer has."""
        found = names.mentions(text, self.every)
        states = self._every_state(text)
        return [each for each in found if each.key in self.targets or not any(_holds(one, each) for one in states)]

    def _as_side(self, named: Named) -> Named:
        """A condition as the side that alone is under it, where one comparison is cited and all sides differ in it."""
        variable = named.condition.variable
        sides = [each for each in self.facts.situations if SIDE in each and variable in each]
        if len(self.facts.permalinks) > 1 or variable == SIDE or len(sides) < len(self.facts.sides):
            return named
        under = [each for each in sides if holds((named.condition,), each)]
        is_clear = len(under) == 1 and len({each[variable] for each in sides}) == len(sides)
        return replace(named, condition=Condition(SIDE, under[0][SIDE].states)) if is_clear else named

    def _spoken_of(self, text: str, variables: Sequence[Mention], spoken: Sequence[Numeral]) -> list[Mention]:
        """Mentions that a number may belong to: not those of conditions, where there are others."""
        own = [each for each in variables if each.key in self.targets or cues.CHANCE_OF.search(text[: each.start])]
        if not any(each.key in self.targets for each in own):
            implied = names.mentions(text, self.by_states) or self._implied(text, variables)
            own = sorted([*own, *(each for each in implied if not names.inside(variables, each.start))], key=_start)
        if not own:
            own = [each for each in variables if self._is_subject(text, each, spoken)]
        main = [each for each in own if not readings.is_aside(text, each)]
        if main:  # than that of bronchitis (34 %)
            beside = {each.end + 2 for each in own} & {number.start for number in spoken}
            main = [each for each in own if each in main or each.end + 2 in beside]
        return main or [each for each in own if not readings.is_clause(text, each, spoken)]

    def _implied(self, text: str, variables: Sequence[Mention]) -> list[Mention]:
        """Targets of which a single word is there that is no word of a state."""
        of_states = {word for said in self.in_words.values() for way in said for word in names.phrase(way)}
        found = (
            (each, names.stem(text[each.start : each.end])) for each in names.partial(text, self.targets, variables)
        )
        return [each for each, word in found if not any(names.is_related(word, other) for other in of_states)]

    def _is_subject(self, text: str, mention: Mention, spoken: Sequence[Numeral]) -> bool:
        """Whether the number right after what is named is of it; what the questions state is a condition."""
        if mention.key in self.stated or readings.is_aside(text, mention):
            return False
        between = (text[mention.end : each.start] for each in spoken if each.start >= mention.end)
        return any(len(words) < 30 and not re.search(r"[,;]", words) for words in between)

    def _remember(self, line: _Line, topic: Topic) -> None:
        """Take what a sentence without numbers names last as what the next may be about."""
        if line.found:
            topic.target = line.found[-1].key
            topic.state = self._state(line, topic.target, (len(line.text), len(line.text)))[0]
            if self.facts.is_yes_or_no(topic.target) and readings.is_negated(line.text, line.found[-1]):
                topic.state = "no"

    def _claim(self, number: Numeral, line: _Line, topic: Topic) -> Claim:
        text, place = line.text, (number.start, number.end)
        near = names.governing(line.found, place, line.places, names.without(text, self._every_state(text)))
        target = topic.target if near is None else near.key
        if target is None and len(self.targets) == 1 and self._state(line, next(iter(self.targets)), place)[0]:
            target = next(iter(self.targets))  # in words of one of its states
        state, negated = self._state(line, target, place)
        is_other = topic.state == "no" if near is None else readings.is_negated(text, near)
        if near is None:
            state = state or topic.state
        is_other ^= readings.is_denied_after(text, number.end)
        if self.facts.is_yes_or_no(target):
            state, negated = "no" if is_other else "yes", False
        topic.target, topic.state = target, state
        masked = names.without(text, [*line.variables, *self._state_mentions(line, target)])
        kind, sign, denied = readings.kind(number, masked)
        compared = conditions.compared(line.named, text, number.start)
        fields = readings.fields(number, masked, kind, since=line.since(number), is_row=line.sentence.is_row)
        if compared.subject and compared.reference:
            fields |= {"p"}  # from 31 % with weak borders
        return Claim(
            number,
            line.sentence.start,
            kind,
            sign,
            target,
            state,
            tuple(each for each in self._under(line, place, kind) if each.variable != target),
            compared,
            negated,
            denied,
            fields,
            target is not None and target not in self.targets,
            self._cited(line.sentence),
        )

    def _under(self, line: _Line, place: tuple[int, int], kind: str) -> tuple[Condition, ...]:
        if kind == "pair change":
            return conditions.of_any(line.named)
        found = conditions.of_number(line.named, place, line.levels, line.text)
        if len(found) < 2 or self._any_under(found) or not all(self._any_under((each,)) for each in found):
            return found
        near = conditions.nearest(line.named, place, line.levels, line.text)  # rows of one lever each
        return tuple(each for each in found if each.variable == near.condition.variable)

    def _any_under(self, under: Sequence[Condition]) -> bool:
        return any(holds(under, each) for each in self.facts.situations)

    def _cited(self, sentence: Sentence) -> frozenset[int]:
        own = self.text[sentence.start : sentence.start + len(sentence.text)]
        return frozenset(i for i, permalink in enumerate(self.facts.permalinks) if permalink in own)

    def _every_state(self, text: str) -> list[Mention]:
        """Where states of any target are named, so that signs within their names divide nothing."""
        return _of_states(text, self.in_words)

    def _state_mentions(self, line: _Line, target: str | None) -> list[Mention]:
        states = self.facts.states.get(target, {}) if target else {}
        if set(states) == set(YES):
            return []  # "yes" and "no" are words of any sentence
        said = {key: names.ways(key, label) for key, label in states.items()}
        found = [each for each in _of_states(line.text, said) if not names.inside(line.variables, each.start)]
        return sorted([*found, *names.partial(line.text, said, [*line.variables, *found])], key=_start)

    def _state(self, line: _Line, target: str | None, place: tuple[int, int]) -> tuple[str | None, bool]:
        """The state of a target that a number is of, and whether it is said to be another one (not growing)."""
        text = line.text
        found = [each for each in self._state_mentions(line, target) if not cues.AS.search(text[: each.start])]
        masked = re.sub(r"(?<=\x00): ", "\x00\x00", names.without(text, line.variables))
        near = names.governing(found, place, line.places, masked)
        if near is None or (near.end <= place[0] and readings.has_own_verb(text, place[1])):
            return None, False
        return near.key, cues.NEGATED_STATE.search(text[: near.start]) is not None


def _in_unit(number: Numeral, before: Sequence[Numeral], text: str) -> Numeral:
    """A bare number after one in points is in points as well, and a factor is so many times."""
    if number.unit == "none" and cues.FACTOR.search(text[: number.start]):
        return replace(number, unit="times")
    if number.unit != "none" or not before or before[-1].unit != "points":
        return number
    if number.is_range:
        is_beside = re.fullmatch(r"[^.;()]{0,60}[(\[]\s*", text[before[-1].end : number.start])
        return replace(number, unit="points") if is_beside else number
    turned = cues.TURNED.search(text[: number.start]) or cues.ADJACENT.match(text[number.end :])
    return replace(number, unit="points") if turned or number.values[0] > 1 else number


def _of_states(text: str, said: Mapping[str, Sequence[str]]) -> list[Mention]:
    """Where states are named; *under 50* is none where per cent follow."""
    return [each for each in names.mentions(text, said) if not cues.IN_UNIT.match(text[each.end :])]


def _holds(one: Mention, other: Mention) -> bool:
    """Whether another name stands within one."""
    return one.start <= other.start and other.end <= one.end


def _start(mention: Mention) -> int:
    return mention.start
