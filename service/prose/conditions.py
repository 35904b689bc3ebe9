"""Under which conditions a sentence says a number, and which two it compares, in words of what questions state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from service.prose import cues, names
from service.prose.facts import YES
from service.prose.names import Mention
from service.prose.situations import Condition

Place = tuple[int, int]

BESIDE = 32
"""Characters between a variable and its state, at most."""
_PARTED = re.compile(r"[.;:!?()|,\d\x00]|\b(?:and|but|while|whereas|than|from|to|by)\b")
"""What stands between no variable and its state."""
_BARE_BEFORE = re.compile(
    r"\b(?:with|under|if|given|when|where|for|at|than|as|of|to|versus|against|and|or|between|from|are|is|were)\s+"
    r"(?:(?:the|an?|it|they|its|are|is|were|was)\s+)*$",
    re.IGNORECASE,
)
_BARE_AFTER = re.compile(r"\s*(?:ones?\b|[,.;:)(]|$|(?:it|they)\b|instead\b|rather\b|than\b|[-–—]|\d)", re.IGNORECASE)
_WITHOUT = re.compile(
    r"\b(?:without|before|but for|leaving out|ignoring|barring|absent|unless)\s+(?:(?:the|an?|any|such|knowing|seeing)"
    r"\s+)*$",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"(?:\bnon|\bnever|\bno|\bnot|\bnegative|\bnobody|n['’]t|\bstop(?:s|ped|ping)?|\bquit(?:s|ting)?|\bbann?(?:s|ed|ing)?"
    r"|\bgiv(?:e|es|en|ing) up)(?:[\s-]+(?:an?|the|be|being))*[\s-]+$",
    re.IGNORECASE,
)
_TURNS_OUT = r"(?:is|was|are|were|had been|comes? back|came back|turns? out|turned out|proves?|proved)"
_NOT_SO = re.compile(
    rf"\s*(?:[:=]\s*no\b|{_TURNS_OUT}(?: to be)? negative\b|{_TURNS_OUT}(?: not|n['’]t)(?: to be)? positive\b)",
    re.IGNORECASE,
)
_SO = re.compile(rf"\s*(?:[:=]\s*yes\b|{_TURNS_OUT}(?: to be)? positive\b)", re.IGNORECASE)
_BREAK = re.compile(r"[.;:]|,\s|\b(?:and|but|while|whereas|than|against|versus|compared|or)\b")
_FOLLOWS = re.compile(r"[\s(]*\b(?:with|if|under|when|given|where|for|in|among|of|once|after)\b", re.IGNORECASE)
"""Between a number and a condition that comes after it."""
_AGAINST = re.compile(
    r"\b(?:than|instead of|rather than|compared (?:with|to)|relative to|against|versus|vs|over|above|below|unlike"
    r"|as (?:with|for|in))\b|\bas\s+$",
    re.IGNORECASE,
)
"""Between two conditions: the first is compared with the second."""
_CONTRAST_FIRST = re.compile(
    r"\b(?:compared (?:with|to)|relative to|against|than|unlike|instead of|rather than)\s+(?:[\w’'-]+\s+){0,4}$",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"\bfrom\s+(?:[\w’'-]+\s+){0,3}$", re.IGNORECASE)
_TO = re.compile(r"^\W*(?:[\w’'-]+\s+){0,4}to\b", re.IGNORECASE)
_TOGETHER = re.compile(
    r"[\s\w’'-]{0,20}\b(?:instead of|rather than|or|and|not|than|versus|from|to)\b[\s\w’'-]{0,20}", re.IGNORECASE
)
_BRACKET = re.compile(r"[\s,]*[(\[]\s*(?:[\w%. ]{0,24}:?\s)?")
DEMONYMS = {
    "france": "french",
    "kingdom": "british",
    "turkey": "turkish",
    "netherlands": "dutch",
    "germany": "german",
    "spain": "spanish",
    "states": "american",
    "saudi": "saudi",
}
_ENDINGS = re.compile(r"(?:ians?|ans?|ish|ese|is?|ns?|s|a|ia|ium|ey|y|e)$")


@dataclass(frozen=True, slots=True)
class Named:
    """A place in a sentence that names a condition."""

    start: int
    end: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change or a ratio compares: conditions of its subject, and of what it is held against.

    Empty ``reference`` is anything else than the subject, empty ``subject`` anything else than the reference; with
    neither, and where ``is_open``, any two may be compared, and the direction is not known.
    """

    subject: tuple[Condition, ...] = ()
    reference: tuple[Condition, ...] = ()
    is_open: bool = True


ANY = Comparison()


@dataclass(frozen=True)
class Vocabulary:
    """How the variables that questions state are said, and their states; ``groups`` are sides, cohorts and the like."""

    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    """Those that answers are about as well: they are a condition only behind words that say so."""

    def named(self, text: str, before: str | None = None) -> list[Named]:
        """Every condition that a sentence names; ``before`` is the variable of the last one of the text before.

        >>> known = Vocabulary({"borders": {"weak": "weak", "strong": "strong"}}, {"borders": "Border police"})
        >>> [each.condition.states for each in known.named("With weak borders it is 31 %, with strong ones 22 %.")]
        [frozenset({'weak'}), frozenset({'strong'})]
        """
        found: list[Named] = []
        for group, said in self.groups.items():
            own = [Named(each.start, each.end, _one(group, each.key)) for each in _of_group(text, said)]
            found += [each for each in own if not _overlaps(each, found)]
        for variable, states in self.variables.items():
            spots = self._spots(text, variable)
            is_binary = set(states) == set(YES)
            said_of = self._binary(text, variable, spots) if is_binary else self._with_state(text, variable, spots)
            found += [each for each in said_of if self._is_said(each, text) and not _overlaps(each, found)]
        found += [each for each in self._distinct(text) if not _overlaps(each, found)]
        last = max(found, key=lambda each: each.start).condition.variable if found else before
        if last is not None and last in self.variables:
            found += [each for each in self._bare(text, last) if not _overlaps(each, found)]
        return sorted(found, key=lambda each: each.start)

    def _is_said(self, named: Named, text: str) -> bool:
        return named.condition.variable not in self.asked or cues.ASIDE.search(text[: named.start]) is not None

    def _ways(self, variable: str) -> list[str]:
        return names.ways(variable, self.labels.get(variable))

    def _spots(self, text: str, variable: str) -> list[Mention]:
        """Where a variable is named, in full or by the word at the head of its label that is of no other one."""
        found = names.mentions(text, {variable: self._ways(variable)})
        heads = self._heads[variable]
        is_binary = set(self.variables[variable]) == set(YES)  # smoking is a condition only behind with, if or the like
        words = ((match, names.stem(match[0])) for match in names.WORD.finditer(text))
        return found + [
            Mention(*match.span(), variable)
            for match, word in words
            if any(names.is_related(word, head) for head in heads) and not names.inside(found, match.start())
            if not is_binary or cues.ASIDE.search(text[: match.start()])
        ]

    @cached_property
    def _heads(self) -> dict[str, set[str]]:
        """The words at the heads of labels, by variable, that are of no other one."""
        ways = {key: self._ways(key) for key in self.variables}
        own = names.distinctive(ways)
        heads = {key: {names.head(way) for way in said}.intersection(own[key]) for key, said in ways.items()}
        for key in self.variables:
            if set(self.variables[key]) == set(YES):  # a positive X-ray is more than positive
                heads[key] &= {names.head(way) for way in ways[key] if len(names.phrase(way)) == 1}
        return heads

    def _binary(self, text: str, variable: str, spots: Sequence[Mention]) -> Iterator[Named]:
        """Whether it is said to be so; of a *positive X-ray* it is not by X-ray alone."""
        rest = names.mentions(text, {variable: names.finding(self.labels.get(variable))})
        for each in [*spots, *(one for one in rest if not any(_within(one, other) for other in spots))]:
            before = text[: each.start]
            if _WITHOUT.search(before):
                yield Named(each.start, each.end, Condition(variable, None))
            elif _NEGATIVE.search(before) or _NOT_SO.match(text[each.end :]):
                yield Named(each.start, each.end, _one(variable, "no"))
            elif each in spots or _SO.match(text[each.end :]):
                yield Named(each.start, each.end, _one(variable, "yes"))

    def _with_state(self, text: str, variable: str, spots: Sequence[Mention]) -> Iterator[Named]:
        if not spots:
            return
        ways = self._state_ways(variable)
        states = names.mentions(text, ways)
        states += names.partial(text, ways, [*states, *spots])
        for state in states:
            if any(_is_beside(text, state, spot) for spot in spots if not _within(state, spot)):
                yield Named(state.start, state.end, _one(variable, state.key))

    def _state_ways(self, variable: str) -> dict[str, list[str]]:
        return {key: names.ways(key, label) for key, label in self.variables[variable].items()}

    def _distinct(self, text: str) -> Iterator[Named]:
        """States of several words that only one variable has: care and mentoring."""
        said = {str(i): [" ".join(words)] for i, words in enumerate(self._alone)}
        of = list(self._alone.values())
        for mention in names.mentions(text, said):
            variable, state = of[int(mention.key)]
            is_out = _WITHOUT.search(text[: mention.start]) is not None
            yield Named(mention.start, mention.end, Condition(variable, None) if is_out else _one(variable, state))

    @cached_property
    def _alone(self) -> dict[tuple[str, ...], tuple[str, str]]:
        """Variables and states by the words of the state, where these are several and of no other one."""
        owners: dict[tuple[str, ...], set[tuple[str, str]]] = {}
        for variable in self.variables:
            for state, said in self._state_ways(variable).items():
                for way in said:
                    owners.setdefault(names.phrase(way), set()).add((variable, state))
        return {words: next(iter(each)) for words, each in owners.items() if len(each) == 1 and len(words) > 1}

    def _bare(self, text: str, variable: str) -> Iterator[Named]:
        """States alone, of the variable that was named before: with strong ones."""
        if set(self.variables[variable]) == set(YES):
            return
        for each in names.mentions(text, self._state_ways(variable)):
            if _BARE_BEFORE.search(text[: each.start]) and _BARE_AFTER.match(text[each.end :]):
                yield Named(each.start, each.end, _one(variable, each.key))


def _one(variable: str, state: str) -> Condition:
    return Condition(variable, frozenset((state,)))


def _of_group(text: str, said: Mapping[str, str]) -> list[Mention]:
    """Where sides, cohorts or scenarios are named, in a form of their one word too, and people of a country."""
    whole = names.mentions(text, {key: names.ways(key, label) for key, label in said.items()})
    found = list(whole)
    short = {key: names.phrase(label)[0] for key, label in said.items() if len(names.phrase(label)) == 1}
    for match in names.WORD.finditer(text):
        word = match[0].lower()
        keys = {key for key, label in said.items() if match[0][0].isupper() and _is_people(word, label.lower())}
        keys |= {key for key, own in short.items() if names.is_related(names.stem(word), own)}
        if len(keys) == 1 and not names.inside(whole, match.start()):
            found.append(Mention(*match.span(), keys.pop()))
    return found


def _is_people(word: str, country: str) -> bool:
    """Whether a word is what people of a country are called.

    >>> [_is_people(*pair) for pair in (("belgians", "belgium"), ("tunisian", "tunisia"), ("french", "france"))]
    [True, True, True]
    """
    for name in country.split():
        if name in DEMONYMS:
            if word.removesuffix("s") == DEMONYMS[name]:
                return True
        elif len(name) > 4 and word != name and _ENDINGS.sub("", word) == _ENDINGS.sub("", name):
            return True
    return False


def _is_beside(text: str, state: Mention, spot: Mention) -> bool:
    between = text[min(state.end, spot.end) : max(state.start, spot.start)]
    return len(between) <= BESIDE and not _PARTED.search(between)


def _within(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _overlaps(one: Named, others: Iterable[Named]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def of_number(found: Sequence[Named], number: Place, numbers: Sequence[Place], text: str) -> tuple[Condition, ...]:
    """The conditions under which a number of a sentence is said, one of each variable."""
    made = (_of_variable(own, number, numbers, text) for own in _by_variable(found))
    return tuple(each for each in made if each is not None)


def of_any(found: Sequence[Named]) -> tuple[Condition, ...]:
    """The conditions of any number of a sentence: of each variable in one of all states that it names."""
    return tuple(_of_all(own) for own in _by_variable(found))


def _by_variable(found: Sequence[Named]) -> list[list[Named]]:
    made: dict[str, list[Named]] = {}
    for each in found:
        made.setdefault(each.condition.variable, []).append(each)
    return list(made.values())


def _of_all(found: Sequence[Named]) -> Condition:
    """Conditions of one variable as one."""
    variable = found[0].condition.variable
    return Condition(variable, frozenset().union(*(each.condition.states or () for each in found)) or None)


def _of_variable(found: Sequence[Named], number: Place, numbers: Sequence[Place], text: str) -> Condition | None:
    if len({each.condition for each in found}) == 1:
        return None if _is_later(found[0], number, numbers, text) else found[0].condition
    number = _anchor(number, numbers, text)
    singles = [place for place in numbers if _anchor(place, numbers, text) == place]
    if len(found) == len(singles) > 1 and number in singles and found[-1].end <= singles[0][0]:
        return found[singles.index(number)].condition  # of the weak and the strong: 31 % and 22 %
    return _joined(nearest(found, number, numbers, text), found, text)


def _is_later(named: Named, number: Place, numbers: Sequence[Place], text: str) -> bool:
    """Whether a condition begins a later part of the sentence, with numbers of its own."""
    if named.start < number[1] or not any(each[0] >= named.end for each in numbers):
        return False
    return _BREAK.search(text[number[1] : named.start]) is not None


def nearest(found: Sequence[Named], number: Place, numbers: Sequence[Place], text: str) -> Named:
    """The condition that stands nearest to a number: behind it where it is of the number alone, else before."""
    start, end = number
    following = [each for each in found if each.start >= end]
    preceding = [each for each in found if each.end <= start]
    if following:
        between = text[end : following[0].start]
        is_free = not any(end <= other[0] < following[0].start for other in numbers) and not _BREAK.search(between)
        if not preceding or (is_free and _FOLLOWS.match(between)):
            return following[0]
    return preceding[-1] if preceding else found[0]


def _joined(one: Named, found: Sequence[Named], text: str) -> Condition:
    """The condition, with those that stand beside it in one phrase: strong instead of weak borders."""
    group = [one]
    at = found.index(one)
    for i in (at - 1, at + 1):
        if 0 <= i < len(found):
            first, second = sorted((one, found[i]), key=lambda each: each.start)
            if _TOGETHER.fullmatch(text[first.end : second.start]):
                group.append(found[i])
    return one.condition if any(each.condition.states is None for each in group) else _of_all(group)


def _anchor(number: Place, numbers: Sequence[Place], text: str) -> Place:
    """A number in brackets stands under the conditions of the one before."""
    before = [each for each in numbers if each[1] <= number[0]]
    if before and _BRACKET.fullmatch(text[before[-1][1] : number[0]]):
        return _anchor(before[-1], numbers, text)
    return number


def compared(found: Sequence[Named], text: str, at: int) -> Comparison:
    """Which conditions a sentence holds against each other in the number that begins ``at`` some place.

    >>> known = Vocabulary({"borders": {"weak": "weak", "strong": "strong"}}, {"borders": "Border police"})
    >>> text = "Strong borders rather than weak ones lower it."
    >>> made = compared(known.named(text), text, 46)
    >>> made.subject[0].states, made.reference[0].states
    (frozenset({'strong'}), frozenset({'weak'}))
    """
    for own in _by_variable(found):
        other = next((each for each in own if each.condition != own[0].condition), None)
        if other is not None:
            return _oriented(own[0], other, text, at)
    if not found:
        return Comparison()
    first = found[0]
    if _CONTRAST_FIRST.search(text[: first.start]):
        return Comparison(reference=(first.condition,), is_open=False)
    return Comparison(subject=tuple(each.condition for each in found), is_open=False)


def _oriented(first: Named, second: Named, text: str, at: int) -> Comparison:
    between = text[first.end : second.start]
    pair = (first.condition,), (second.condition,)
    if _FROM_TO.search(text[: first.start]) and _TO.match(between):
        return Comparison(pair[1], pair[0], is_open=False)
    if _CONTRAST_FIRST.search(text[: first.start]):
        return Comparison(pair[1], pair[0], is_open=False)
    if _AGAINST.search(between):
        return Comparison(*pair, is_open=False)
    if second.end <= at:  # 82 % if it is kept and 56 % if it stalls, 26 points less
        return Comparison(pair[1], pair[0], is_open=False)
    return Comparison(*pair)
