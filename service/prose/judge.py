"""Which numbers of a text some answers support, and for those that they do not, the nearest that they do.

A number is supported where it is a number of the answers, rounded as it is printed, of the target and the state that
the sentence names, in the direction that it says. What it would have to be instead is the nearest number of that target
and state. Rules, in short: 23 % is anything from 22.5 to 23.5 %; 3 per cent is no 3 points; "about" widens by a digit;
an end of an interval is no probability, unless the words say which end it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from service.prose.claims import Claim, Reader
from service.prose.comparisons import compared_facts, is_about, is_under, levels_alike
from service.prose.conditions import ANY
from service.prose.facts import CHANGES, Fact, Facts, pairs
from service.prose.numerals import Numeral
from service.prose.readings import BEFORE
from service.prose.sentences import Prose

ROUNDING = 1e-9
NEAR_FIVE = 0.025
"""How far a probability may be from a multiple of five per cent that is said to be about it."""
WORDED = {"": 0.025, "about": 0.04}
"""How far a probability may be from a fraction in words, by its hedge."""
BOUND = 0.10
"""How far a probability may be beyond what it is said to be over or under."""
JUST = 0.025
"""The same, of "just over" and "nearly"."""
SPANS = (("lo", "hi"), ("shift_lo", "shift_hi"), ("effect_lo", "effect_hi"), ("difference_lo", "difference_hi"))
STEPS = (("baseline", "p"), ("without", "p"), ("p_without", "p"), ("before", "after"))


@dataclass(frozen=True, slots=True)
class Nearest:
    """A number that the answers have: its value, what it is of, and in which answer."""

    value: float
    name: str
    target: str | None
    state: str | None
    side: str | None
    permalink: str
    said: str
    """As the text might have it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A number of a text that claims something: where it stands, whether it is supported, and why not."""

    start: int
    end: int
    line: int
    column: int
    text: str
    around: str
    supported: bool
    why: str = ""
    target: str | None = None
    state: str | None = None
    nearest: Nearest | None = None


WHY = {
    "direction": "the answers have this change, in the other direction",
    "denied": "the sentence denies what the answers say",
    "points": "the answers have this change in percentage points, not in per cent",
    "percent": "the answers have this number as a level in per cent, not as a change in points",
    "end": "this is an end of an interval, not the probability itself",
    "before": "this is the probability before what is known or done, not after it",
    "condition": "this number holds under other conditions than the sentence names",
    "answer": "this number is of another answer than the one cited in this sentence",
    "state": "this number belongs to another state than the one named",
    "target": "this number belongs to another target than the one named",
    "unit": "the answers have this number in another unit",
    "unknown": "the answers say nothing of what is named here",
    "none": "the answers have no such number",
}
"""Why a number is not supported, by what would have been right."""


def judged(text: str, facts: Facts, *, others: Mapping[str, str] | None = None) -> Iterator[Judged]:
    """Every number of a text that claims something of a forecast, in order, judged one after the other.

    ``others`` are the labels of further variables of the models, by name: a number of one of them is not supported.

    >>> known = Facts()
    >>> row = {"state": "yes", "p": 0.2317, "lo": 0.11, "hi": 0.15, "shift": -0.03}
    >>> known.add("/v1/answers/1", {"target": "lung", "label": "Lung cancer", "distribution": [row]})
    >>> [(each.text, each.supported, each.why) for each in judged("Lung cancer is at 23 %, up 3 points.", known)]
    [('23 %', True, ''), ('3 points', False, 'the answers have this change, in the other direction')]
    """
    prose, reader = Prose(text), Reader(facts, others or {}, text)
    return (_judged(prose, claim, facts) for claim in reader.claims(prose.sentences()))


def _judged(prose: Prose, claim: Claim, facts: Facts) -> Judged:
    start, end = claim.place
    why = _why(claim, facts)
    near = _nearest(claim, facts) if why else None
    return Judged(
        start,
        end,
        *prose.place(start),
        prose.text[start:end],
        prose.around(start, end),
        not why,
        WHY[why] if why else "",
        claim.target,
        claim.state,
        near,
    )


def _why(claim: Claim, facts: Facts) -> str:
    """A key of WHY, nothing where the claim is supported."""
    if claim.foreign:
        return "unknown"
    own = _own(claim, facts)
    if _holds(claim, own, facts):
        return "denied" if claim.denied else ""
    if claim.denied and claim.kind == "level" and not claim.sign and own:
        wide = replace(claim, fields=claim.fields | {"p"})  # far from 23 %
        return "denied" if _holds(wide, own, facts) else ""
    if claim.sign and _holds(replace(claim, sign=-claim.sign), own, facts):
        return "direction"
    for kind, why in (("change", "points"), ("level", "percent")):
        other = replace(claim, kind=kind)
        if claim.kind != kind and claim.number.unit in ("percent", "points") and _holds(other, own, facts):
            return why
    if _holds(replace(claim, fields=claim.fields | {"lo", "hi"}), own, facts):
        return "end"
    if _holds(replace(claim, fields=claim.fields | {"baseline", "without"}), own, facts):
        return "before"
    wider = {
        "condition": replace(claim, under=(), compared=ANY) if claim.under else None,
        "answer": replace(claim, sources=frozenset()) if claim.sources else None,
    }
    for why, other_claim in wider.items():
        if other_claim is not None and _why(other_claim, facts) == "":
            return why
    for why, other in (("state", replace(claim, state=None)), ("target", replace(claim, target=None, state=None))):
        if other != claim and _holds(other, _own(other, facts), facts):
            return why
    scaled = replace(claim, number=replace(claim.number, unit="none" if claim.number.unit == "percent" else "percent"))
    return "unit" if _holds(scaled, own, facts) else "none"


def _own(claim: Claim, facts: Facts) -> list[Fact]:
    """The facts that a claim may be of, under its conditions."""
    return [each for each in facts.facts if is_about(claim, each) and is_under(claim.under, each, facts)]


def _holds(claim: Claim, facts: Sequence[Fact], known: Facts) -> bool:
    """Whether one of these facts, or two of a row, are what is claimed."""
    number = claim.number
    match claim.kind:
        case "pair" | "pair change" | "step":
            return any(_is_pair(claim, low, high) for low, high in _pairs(claim, facts, known))
        case "change":
            return any(_is_change(claim, each) for each in _changes(claim, facts, known))
        case "relative":
            return any(_is_change(claim, each - 1) for each in _ratios(claim, facts, known))
        case "ratio":
            wanted = 1 / number.values[0] if claim.sign < 0 and number.values[0] > 1 else number.values[0]
            step = number.steps[0] if wanted > 1 else number.steps[0] * wanted * wanted
            return any(_is_so_many_times(wanted, each, step, number.hedge) for each in _ratios(claim, facts, known))
        case "other":
            unit = {"decibels": ("db",), "bits": ("bits",)}[number.unit]
            own = [each for each in facts if each.name.endswith(unit)]
            return any(_is_near(number.values[0], abs(each.value), number.steps[0], number.hedge) for each in own)
    return any(_is_level(claim, each) for each in _levels(claim, facts))


def _changes(claim: Claim, facts: Sequence[Fact], known: Facts) -> Iterator[float]:
    """The changes that one may be: within an answer, and from what the sentence compares to the other."""
    compared = claim.compared
    if not (compared.subject and compared.reference):
        yield from (each.value for each in _named(claim, facts, "change"))
    if not (compared.is_open and claim.sign):
        yield from (first.value - second.value for first, second in compared_facts(claim, known))


def _ratios(claim: Claim, facts: Sequence[Fact], known: Facts) -> Iterator[float]:
    """The ratios that one may be, in the same way."""
    compared = claim.compared
    if not (compared.subject and compared.reference):
        yield from (each.value for each in facts if each.kind == "ratio")
    if not compared.is_open:
        yield from (first.value / second.value for first, second in compared_facts(claim, known) if second.value > 0)


def _is_so_many_times(said: float, value: float, step: float, hedge: str) -> bool:
    """Whether a ratio is what is said of it; over or under it, by no more than half."""
    match hedge:
        case "above" | "just above":
            return said - step / 2 <= value <= 1.5 * said
        case "below" | "just below":
            return said / 1.5 <= value <= said + step / 2
    return _is_near(said, value, step, hedge)


def _levels(claim: Claim, facts: Sequence[Fact]) -> Iterator[Fact]:
    """The probabilities, and other shares, that a number may be; of a state that is denied what is left."""
    every, named = "*" in claim.fields, claim.fields
    if "p" not in named and named == BEFORE and not any(each.name in named for each in facts):
        named = frozenset(("p",))
    for each in facts:
        if not (every or each.name in named):
            continue
        if claim.negated and each.name in ("p", "baseline", "without"):
            if each.state == claim.state:
                yield replace(each, value=1 - each.value, moves=tuple(-move for move in each.moves))
        elif not claim.negated:
            yield each


def _named(claim: Claim, facts: Sequence[Fact], kind: str) -> Iterator[Fact]:
    for each in facts:
        is_end = each.name[-3:] in claim.fields
        if each.kind != kind or (each.name not in CHANGES and not is_end and "*" not in claim.fields):
            continue
        if claim.negated:
            if each.state == claim.state:
                yield replace(each, value=-each.value)
        else:
            yield each


def _is_level(claim: Claim, fact: Fact) -> bool:
    """Whether a fact is the level that is claimed, and moved as is claimed."""
    if claim.sign and fact.moves and not any(move * claim.sign > 0 for move in fact.moves):
        return False
    if "*" in claim.fields and fact.kind == "change":
        return _is_change(claim, fact.value)
    number = claim.number
    if number.unit == "none":
        value, scale = number.values[0], 1.0
        if value <= 1 or fact.kind == "other":
            return _is_near(value, fact.value, number.steps[0], number.hedge)
        return _is_near(value / 100, fact.value, number.steps[0] / 100, number.hedge)
    scale = 100.0 if number.unit in ("percent", "points") else 1.0
    return _is_share(number, fact.value, scale)


def _is_share(number: Numeral, value: float, scale: float) -> bool:
    said, step = number.values[0] / scale, number.steps[0] / scale
    if number.unit == "share":
        if number.hedge in WORDED:
            return abs(said - value) <= WORDED[number.hedge] + ROUNDING
    elif number.unit == "odds":
        wide = 1.6 if number.hedge == "about" else 1.0
        step = 2 * wide * min(0.03, step / 2, max(0.08 * said, 0.0005))
    return _is_near(said, value, step, "" if number.unit == "odds" and number.hedge == "about" else number.hedge)


def _is_near(said: float, value: float, step: float, hedge: str) -> bool:
    """Whether a number rounds to what is said of it, wider where it is hedged.

    >>> _is_near(0.23, 0.2317, 0.01, ""), _is_near(0.23, 0.2379, 0.01, ""), _is_near(0.25, 0.2317, 0.01, "about")
    (True, False, True)
    >>> _is_near(0.2, 0.2317, 0.01, "above"), _is_near(0.3, 0.2317, 0.01, "above")
    (True, False)
    """
    half = step / 2 + ROUNDING
    match hedge:
        case "above":
            return -half <= value - said <= BOUND
        case "below":
            return -half <= said - value <= BOUND
        case "just above":
            return -half <= value - said <= JUST + ROUNDING
        case "just below":
            return -half <= said - value <= JUST + ROUNDING
        case "about":
            fives = step == 0.01 and abs(said * 20 - round(said * 20)) < ROUNDING
            return abs(said - value) <= (NEAR_FIVE if fives else step) + ROUNDING
    return abs(said - value) <= half


def _is_change(claim: Claim, change: float) -> bool:
    """Whether a change is of the size and in the direction that is claimed."""
    number = claim.number
    if number.unit in ("share", "odds"):
        return change * (claim.sign or 1) > 0 and abs(abs(change) - number.values[0]) <= WORDED["about"]
    scale = 100.0 if number.unit in ("percent", "points") or number.values[0] > 1 else 1.0
    if claim.sign and change * claim.sign < 0 and abs(change) > number.steps[0] / scale / 2:
        return False
    hedge = number.hedge
    step = number.steps[0] / scale
    if hedge in ("above", "below", "just above", "just below"):
        said = number.values[0] / scale
        return _is_near(said, abs(change), step, hedge) and abs(abs(change) - said) < max(0.03, said / 4)
    wide = step if hedge == "about" else step / 2
    return abs(abs(change) - number.values[0] / scale) <= wide + ROUNDING


def _pairs(claim: Claim, facts: Sequence[Fact], known: Facts) -> Iterator[tuple[Fact, Fact]]:
    """The two numbers that two ends may be."""
    if claim.kind != "step":
        spans = SPANS[1:] if claim.kind == "pair change" else SPANS[:1]
        for low, high in spans:
            for first, second in pairs(facts, low, high):
                if not claim.negated:
                    yield first, second
                elif first.state == claim.state:
                    yield replace(second, value=1 - second.value), replace(first, value=1 - first.value)
    if claim.kind == "step" or (claim.kind == "pair" and claim.number.introduced == "from"):
        for before, after in STEPS:
            yield from pairs(facts, before, after)
    if claim.kind in ("step", "pair"):
        for alike in levels_alike(claim, known):
            for first, second in permutations(alike, 2):
                if is_under(claim.under, second, known):
                    yield first, second


def _is_pair(claim: Claim, low: Fact, high: Fact) -> bool:
    number = claim.number
    if claim.kind == "pair change" and not any(number.signs) and low.value < 0 and high.value < 0:
        low, high = replace(high, value=-high.value), replace(low, value=-low.value)
    percent = number.unit in ("percent", "points") or (number.unit == "none" and max(number.values) > 1)
    scale = 100.0 if percent else 1.0
    if claim.kind == "step" and claim.sign and (high.value - low.value) * claim.sign < 0:
        return False
    ends = zip(number.values, number.signs, number.steps, (low.value, high.value), strict=True)
    for said, sign, step, value in ends:
        signed = (sign or 1) * said / scale if claim.kind == "pair change" else said / scale
        if not _is_near(signed, value, step / scale, "about" if number.hedge == "about" else ""):
            return False
    return True


def _nearest(claim: Claim, facts: Facts) -> Nearest | None:
    """The number of the answers that is nearest to what is claimed, of the target and state that are named."""
    own = [] if claim.foreign else _own(claim, facts)
    number = claim.number
    scale = 100.0 if number.unit in ("percent", "points") or (number.unit == "none" and number.values[0] > 1) else 1.0
    said = number.values[0] / scale * (claim.sign or 1 if claim.kind in ("change", "relative") else 1)
    if number.is_range:
        found = list(_pairs(replace(claim, sign=0), own, facts))
        if not found:
            return None
        ends = [value / scale for value in number.values]
        low, high = min(found, key=lambda pair: abs(pair[0].value - ends[0]) + abs(pair[1].value - ends[1]))
        text = f"{_percent(low.value)} to {_percent(high.value)}"
        return _made(low, facts, f"{low.name} to {high.name}", text)
    kinds: Callable[[Fact], bool] = _kind_of(claim)
    candidates = [each for each in own if kinds(each)]
    if not candidates:
        return None
    if claim.negated:
        candidates = [
            replace(each, value=1 - each.value) for each in candidates if each.state == claim.state
        ] or candidates
    best = min(
        candidates, key=lambda each: abs(each.value - said) if each.kind == "change" else abs(abs(each.value) - said)
    )
    return _made(best, facts, best.name, _as_said(best))


def _kind_of(claim: Claim) -> Callable[[Fact], bool]:
    match claim.kind:
        case "change" | "relative":
            return lambda fact: fact.name in CHANGES
        case "ratio":
            return lambda fact: fact.kind == "ratio"
        case "other":
            return lambda fact: fact.name.endswith(("db", "bits"))
    wanted = claim.fields if "*" not in claim.fields else frozenset(("p", "lo", "hi", "shift"))
    return lambda fact: fact.name in wanted


def _made(fact: Fact, facts: Facts, name: str, said: str) -> Nearest:
    return Nearest(fact.value, name, fact.target, fact.state, fact.side, facts.permalinks[fact.source], said)


def _as_said(fact: Fact) -> str:
    if fact.kind == "change":
        return f"{100 * fact.value:+.1f} points"
    if fact.kind == "ratio":
        return f"{fact.value:.2f} times"
    return _percent(fact.value) if fact.kind in ("level", "share") else f"{fact.value:.6g}"


def _percent(value: float) -> str:
    """A probability as per cent, with as many digits as it needs.

    >>> _percent(0.2317), _percent(0.00042)
    ('23.2 %', '0.042 %')
    """
    return f"{100 * value:.1f} %" if 0.001 <= value <= 0.999 else f"{100 * value:.2g} %"


def unsupported(found: Iterable[Judged]) -> list[Judged]:
    """Those that no answer supports."""
    return [each for each in found if not each.supported]
