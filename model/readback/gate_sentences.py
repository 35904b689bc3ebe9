"""A gate in words: what its numbers say, in sentences a forecaster can agree or disagree with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from model.gates import AllNeeded, AnyCause, Gate, Influences, Pinned, Ranked, Rule, TableGate
from model.network import Network, Table, Variable
from model.readback.state_boxes import Box, boxes
from model.specification import JUDGEMENT, Counted, Description, Expert, Pool
from model.wording import percent

COUNTS = ("three", "four", "five", "six", "seven", "eight", "nine", "ten")
PARTS = ("a third", "a quarter", "a fifth", "a sixth", "a seventh", "an eighth", "a ninth", "a tenth")

States = Sequence[str]
Parents = Sequence[tuple[str, States]]
"""Parents in the variable's order, each with its states."""


def in_words(description: Description, variable: Variable, network: Network) -> tuple[str, ...]:
    """What the table of a variable means, sentence by sentence.

    >>> rain = Variable("rain", ("no", "yes"))
    >>> gate = TableGate(np.array([0.8, 0.2]), np.array(30.0))
    >>> said = Description(name="rain", label="Rain", definition=None, role="state", kind="table",
    ...                    from_article=None, note=None, gate=gate, statements=())
    >>> in_words(said, rain, Network([rain], {"rain": gate.table()}))
    ('It is no 80 %, yes 20 %; as sure as 30 cases would make it.',)
    """
    parents = [(name, network.variable(name).states) for name in variable.parents]
    return tuple(_sentences(description.gate, variable.states, parents))


def spread(row: Table, states: States) -> str:
    """A distribution in words; what never happens is left out.

    >>> spread(np.array([0.25, 0.75, 0.0]), ("none", "low", "high"))
    'none 25 %, low 75 %'
    """
    said = [f"{state} {percent(float(p))}" for state, p in zip(states, row, strict=True) if p > 0]
    return f"{said[0].removesuffix('certain')}for certain" if len(said) == 1 else ", ".join(said)


def odds(factor: float) -> str:
    """A factor on odds in words.

    >>> [odds(f) for f in (1.98, 3.98, 31.6, 1.26, 0.5, 0.251, 0.7)]
    ['twice', 'four times', '32 times', '1.3 times', 'half', 'a quarter', '0.7 times']
    """
    whole = round(max(factor, 1 / factor))
    close = abs(max(factor, 1 / factor) / whole - 1) < 0.1
    if whole == 2 and close:
        return "twice" if factor > 1 else "half"
    if 3 <= whole <= 10 and close:
        return f"{COUNTS[whole - 3]} times" if factor > 1 else PARTS[whole - 3]
    return f"{factor:.0f} times" if factor > 10 else f"{factor:.2g} times"


def as_sure(ess: float, counted: Counted | None = None) -> str:
    """An equivalent sample size in words, with the count that it comes from.

    >>> as_sure(30.0), as_sure(1.0), as_sure(18.22617)
    ('as sure as 30 cases', 'as sure as 1 case', 'as sure as 18.2 cases')
    >>> as_sure(54.8, Counted(274, 0.2, "a registry of one country"))
    'as sure as 54.8 cases (274 counted x 0.2: a registry of one country)'
    """
    sure = f"as sure as {f'{ess:.3g}' if ess < 1000 else f'{ess:.0f}'} case{'s' if ess != 1 else ''}"
    return f"{sure} ({counted.n:,.10g} counted x {counted.discount:g}: {counted.why})" if counted else sure


def pool_in_words(pool: Pool, states: States, reason: str | None = None) -> Iterator[str]:
    """What each expert of a pool says, and how far they are from one another.

    ``reason`` is that of the variable, on which a judgement stands that has no reason of its own.

    >>> experts = (Expert(("a",), 0.5, 10.0, None, row=(0.25, 0.75)), Expert(("b",), 0.5, 10.0, None, row=(0.5, 0.5)))
    >>> for line in pool_in_words(Pool("linear", experts, 0.46), ("no", "yes")):
    ...     print(line)
    pooled from 2 experts, one of whom is right
    a, weight 0.5: no 25 %, yes 75 %, as sure as 10 cases
    b, weight 0.5: no 50 %, yes 50 %, as sure as 10 cases
    no from 25 % to 50 %, yes from 50 % to 75 %; 46 % of the doubt is disagreement among them
    """
    how = "one of whom is right" if pool.method == "linear" else "each of whom knows a part"
    yield f"pooled from {len(pool.members)} experts, {how}"
    for expert in pool.members:
        own = reason_of(expert, reason)
        why = f" ({own})" if own else ""
        sure = f", {as_sure(expert.ess, expert.counted)}" if expert.ess else ""
        yield f"{', '.join(expert.sources)}, weight {expert.weight:.3g}: {_expert(expert, states)}{sure}{why}"
    yield f"{_apart(pool, states)}; {percent(pool.disagreement)} of the doubt is disagreement among them"


def reason_of(expert: Expert, reason: str | None) -> str | None:
    """Why an expert says a number: its own reason, or the variable's for a judgement that has none."""
    return expert.reason or (reason if JUDGEMENT in expert.sources else None)


def _expert(expert: Expert, states: States) -> str:
    return spread(np.array(expert.row), states) if expert.row is not None else f"{expert.strength:g} dB"


def _apart(pool: Pool, states: States) -> str:
    """The least and the most that any expert of a pool says."""
    strengths = [expert.strength for expert in pool.members if expert.strength is not None]
    if strengths:
        return f"from {min(strengths):g} to {max(strengths):g} dB"
    by_state = zip(*(expert.row for expert in pool.members if expert.row is not None), strict=True)
    apart = [(state, min(said), max(said)) for state, said in zip(states, by_state, strict=True)]
    moved = [f"{state} {_from_to(least, most)}" for state, least, most in apart if least < most]
    return ", ".join(moved) or "all say the same"


def _sentences(gate: Gate, states: States, parents: Parents) -> Iterator[str]:
    match gate:
        case TableGate():
            yield from _of_table(gate, states, parents)
        case AnyCause():
            yield from _of_any_cause(gate, states, parents)
        case AllNeeded():
            yield from _of_all_needed(gate, states, parents)
        case Influences():
            yield from _of_influences(gate, states, parents)
        case Ranked():
            yield from _of_ranked(gate, states, parents)
        case Rule():
            yield from _of_rule(gate, states, parents)
        case Pinned():
            yield from _sentences(gate.gate, states, parents)
            yield from _of_pinned(gate, states, parents)


def _of_table(gate: TableGate, states: States, parents: Parents) -> Iterator[str]:
    if parents:
        yield f"It is written row by row, for each combination of {_listed([name for name, _ in parents])}."
    else:
        yield f"It is {spread(gate.rows, states)}{_sureness(float(gate.ess))}."


def _of_any_cause(gate: AnyCause, states: States, parents: Parents) -> Iterator[str]:
    yield "Any one of these alone can bring it about; of several that do, the one that brings it highest decides."
    yield from _alone(gate.effects, states, parents, nil=0, said="alone makes it")
    yield f"With none of them it is still {spread(gate.leak, states)}{_sureness(gate.leak_ess)}."


def _of_all_needed(gate: AllNeeded, states: States, parents: Parents) -> Iterator[str]:
    yield "All of these must allow it; of several that limit it, the one that holds it lowest decides."
    yield from _alone(gate.limits, states, parents, nil=-1, said="alone holds it to")
    yield f"When all of them allow everything it is {spread(gate.ceiling, states)}{_sureness(gate.ceiling_ess)}."


def _alone(effects: Sequence[Table], states: States, parents: Parents, *, nil: int, said: str) -> Iterator[str]:
    """What each state of each parent does alone; those that do nothing are left out."""
    for (name, its_states), effect in zip(parents, effects, strict=True):
        for state, row in zip(its_states, effect, strict=True):
            if row[nil] < 1:
                yield f"{name} {state} {said} {spread(row, states)}."


def _of_influences(gate: Influences, states: States, parents: Parents) -> Iterator[str]:
    reference, sure = gate.reference(), _sureness(gate.base_ess)
    if gate.when == "typical":
        yield f"In a typical case it is {spread(gate.base, states)}{sure}."
        sure = ""
    yield f"Where none of these acts it is {spread(reference, states)}{sure}."
    for parent, (name, its_states) in enumerate(parents):
        for state, (label, decibels) in enumerate(zip(its_states, gate.of_parent(parent), strict=True)):
            if np.any(decibels):
                told = _effect(10 ** (decibels / 10), reference, gate.alone(parent, state), states)
                yield f"Compared with that, {name} {label} {told}."


def _effect(factor: Table, before: Table, after: Table, states: States) -> str:
    """What factors on the odds do: one for an ordered child, one for each state of another."""
    moved = [f"{state} {_from_to(p, q)}" for state, p, q in zip(states, before, after, strict=True)]
    if np.ndim(factor):
        told = [f"{states[k]} about {odds(times)} as likely in odds" for k, times in enumerate(factor) if times != 1]
        return f"makes {_listed(told)}: {', '.join(moved)}"
    if len(states) == 2:
        return f"makes {states[1]} about {odds(float(factor))} as likely in odds: {_from_to(before[1], after[1])}"
    verb = "raises" if factor > 1 else "lowers"
    return f"{verb} it, about {odds(float(factor))} as likely in odds to be above any level: {', '.join(moved)}"


def _of_ranked(gate: Ranked, states: States, parents: Parents) -> Iterator[str]:
    yield _combination(gate, [name for name, _ in parents])
    yield (
        f"Around that it varies with a standard deviation of {gate.variance**0.5:.2g} on a scale from "
        f"0 (lowest) to 1 (highest){_sureness(gate.ess or np.inf)}."
    )
    best = tuple(0 if turned else card - 1 for card, turned in zip(gate.cards, gate.reversed, strict=True))
    worst = tuple(card - 1 - place for card, place in zip(gate.cards, best, strict=True))
    table = gate.table()
    for said, when in (("for", best), ("against", worst)):
        yield f"With everything {said} it, it is {spread(table[when], states)}."


def _combination(gate: Ranked, names: Sequence[str]) -> str:
    turned = [f"{name}{' the other way round' * flip}" for name, flip in zip(names, gate.reversed, strict=True)]
    if gate.combine == "mixminmax":
        worst, best = gate.weights
        return f"It lies between the worst (weight {worst:g}) and the best (weight {best:g}) of {_listed(turned)}."
    average = _listed([f"{name} (weight {weight:g})" for name, weight in zip(turned, gate.weights, strict=True)])
    limit = {"min": ", but cannot be much better than the worst", "max": ", but cannot be much worse than the best"}
    return f"It is mostly the average of {average}{limit.get(gate.combine, '')}."


def _of_rule(gate: Rule, states: States, parents: Parents) -> Iterator[str]:
    where = {int(k): boxes(gate.outcome == k) for k in np.unique(gate.outcome)}
    otherwise = max(where, key=lambda k: len(where[k]))
    if len(where) == 1:
        yield f"It is always {states[otherwise]}."
        return
    for state, found in where.items():
        if state != otherwise:
            yield f"It is {states[state]} for certain when {_cases(found, parents)}."
    yield f"Otherwise it is {states[otherwise]} for certain."


def _of_pinned(gate: Pinned, states: States, parents: Parents) -> Iterator[str]:
    rows = np.column_stack([gate.rows[gate.mask], gate.ess[gate.mask]])
    alike = np.unique(rows, axis=0)
    for line in alike:
        here = np.zeros_like(gate.mask)
        here[gate.mask] = (rows == line).all(axis=1)
        yield f"Except when {_cases(boxes(here), parents)}: {spread(line[:-1], states)}{_sureness(float(line[-1]))}."


def _cases(found: Sequence[Box], parents: Parents) -> str:
    """Boxes of combinations in words; a parent that may be in any state is left out."""
    told = []
    for box in found:
        sides = [
            f"{name} {' or '.join(its_states[k] for k in sorted(side))}"
            for (name, its_states), side in zip(parents, box, strict=True)
            if len(side) < len(its_states)
        ]
        told.append(" and ".join(sides) or "anything")
    return "; or ".join(told)


def _from_to(before: float, after: float) -> str:
    return f"from {percent(float(before))} to {percent(float(after))}"


def _sureness(ess: float) -> str:
    return f"; {as_sure(ess)} would make it" if np.isfinite(ess) else ""


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
