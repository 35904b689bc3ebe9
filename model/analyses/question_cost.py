"""What questions and analyses cost, counted before any of it is worked out, in the units of ``model.resources.cost``.

Counted are table entries times passes, cases, draws and rounds of fitting, beside what each call and each row takes.
The numbers of units are fitted to measured times of a warm service; ``bench cost`` prints the one beside the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from model import inference
from model.analyses.collection_plan import BRANCHES
from model.analyses.goal_seeking import TRIED
from model.analyses.weight_of_evidence import ALL_ORDERS
from model.errors import NetworkTooLarge
from model.evidence import Case, assumptions
from model.forecast import Forecaster
from model.inference import Evidence, Plan
from model.inference.arrays import encode
from model.question import Question, Resolved, resolve
from model.resources.cost import Cost
from model.specification import NO_SCENARIO
from model.uncertainty import draws as drawing
from model.uncertainty.draws import COUNT, WORK
from model.uncertainty.intervals import MASS

T = TypeVar("T")

PACKED = 250
"""An entry of the tree of a network with events of its own, which is laid out for one question that needs all of it."""

CALL = 150_000
"""One question to the engine, its evidence as arrays and its answer out of them."""

ENTRY = 1.7
"""An entry of the tree in both passes, for each case."""

FINDING, FINDING_OF_MANY = 4_000, 400
"""A finding in a question to the engine, and in each case of many."""

OVER = 150_000
"""A target of a network with events of its own: each has a program."""

CASE = 45_000
"""A case of a batch beside its share of the engine's work."""

WRITTEN = 10_000
"""A state of a target in the answer to one case of a batch."""

ROW = 3_500
"""A state of a target in an answer: worked up and written."""

DRAWN = 600_000
"""One target under all draws, beside its multiplications: the quantiles of each state."""

DRAWN_TABLE = 2_000
"""An entry of the tables that it depends on, laid side by side for all draws."""

FITTED = 7_000_000
"""The rounds of a fit under all draws beside its answers: times the square of what is assumed, which calls for more."""

HELD = 7_000_000
"""A target under draws that each hold what is assumed, beside its multiplications: their likelihoods differ."""

SIDE_BY_SIDE = 0.27
"""A multiplication of a program that many draws share lanes of."""

MANY = 16
"""Cases that share lanes."""

DRAWN_ENTRY = 3.5
"""An entry of the tree in both passes with tables of its own."""

DRAWN_FINDING = 70_000
"""A finding under all draws, for each target."""

SWEEPS = 6
"""Rounds of a fit: usual ones."""

NUMBER = 25_000
"""A number of the prior files in a sensitivity or an attribution: its tables at both ends, its row."""


SEARCH = 1_200_000
"""A number sought along a grid."""

SET = 2_500
"""A set of changes in a search, beside its case in the engine."""

CHAINS = 400_000
"""The active trails from one finding."""

TRIAL = 1_500_000
"""A search for goals, beside its sets: those found are asked again."""

WAY = 40_000
"""A variable on the ways between two others."""

CELL = 50_000
"""A shift of one target by one cause in a matrix."""

READ = 3_000
"""A byte of prior files: read, checked, its tables made and the model compiled."""

SPLIT = 256
"""Models with some of the edits between two revisions: all of those of eight units."""

CAUSE = 300_000
"""A cause in a matrix: its two questions share a run with no other's."""

OUTCOMES = 3
"""Outcomes of what is collected: its states, three of 25 of the 28 that can be collected on the flagship."""

COLLECTED = 15_000
"""An outcome of what may be collected, after one outcome of what is in the plan."""

COUNTED = 16
"""Questions of a batch, and targets of a question, that are counted and stand for the others."""


def of_question(forecaster: Forecaster, asked: Question | Resolved) -> Cost:
    """One question with its intervals, joints, most probable states, and what it does held against not doing it."""
    resolved = resolve(forecaster.model, asked)
    question, case, targets = resolved.question, resolved.case, resolved.targets
    plan = forecaster.plan
    sides = 1 + bool(question.settings) * (1 + (len(question.settings) > 1) * len(question.settings))
    cost = of_cases(plan, case, targets, 1) * sides
    cost += Cost(answer=ROW * sum(plan.network.cards(targets))) * sides
    if question.interval is not None:
        cost += of_draws(forecaster, targets, case, resolved.evidence) * sides
    for names in question.joint:
        cells = math.prod(plan.network.cards(names))
        cost += of_cases(plan, case, (), min(cells, inference.JOINT_LIMIT)) + Cost(answer=ROW * cells)
        if question.interval is not None and cells <= drawing.FEWEST * 3:
            cost += of_draws(forecaster, names, case, resolved.evidence)
    if question.joint or question.most_probable:
        cost += _laid_out(plan)
    return cost + (of_cases(plan, case, (), 1) if question.most_probable else Cost())


def of_cases(plan: Plan, case: Case, targets: Sequence[str], count: int) -> Cost:
    """The engine's answer about some targets, at the stated numbers, in so many cases that speak of the same."""
    findings = len(case.findings) + len(case.settings)
    if (plan.base is not None and targets) or _tree(plan).too_large:
        each = _programs(plan, case, targets) + OVER * len(targets)
    else:
        each = round(ENTRY * _tree(plan).packed.packed.cells) if not plan.numpy_alone else 20 * _tree(plan).cells
        if count > 1 and 0 < len(targets) < 8:
            alone = 1 if count >= MANY else 8
            each = min(each, round(SIDE_BY_SIDE * alone * _programs(plan, case, targets)))
    assumed = len(assumptions(case))
    rounds = 1 + SWEEPS * assumed
    calls = CALL if count == 1 else CALL // 8
    own = (FINDING if count == 1 else FINDING_OF_MANY) * findings
    return Cost(point=round(rounds * (CALL + count * (each + own) + (count - 1) * calls * bool(assumed))))


def _tree(plan: Plan) -> Plan:
    """The plan whose tree is counted: of one laid over another that one, since to pack a tree takes longer than most
    answers, and as much memory as the tree."""
    return plan if plan.base is None else _tree(plan.base)


def _laid_out(plan: Plan) -> Cost:
    """The whole tree of a network laid over another, which few questions need: nothing where it is kept anyway."""
    return Cost() if plan.base is None else Cost(analysis=PACKED * min(plan.cells, plan.limit))


def _programs(plan: Plan, case: Case, targets: Sequence[str]) -> int:
    """Multiplications of the programs of some targets; those of the tree where a program is too large."""
    evidence, total = encode(plan.network, [case]), 0
    for name in targets or plan.network.names[:1]:
        try:
            total += inference.draw_cost(plan, name, evidence)
        except NetworkTooLarge:
            total += plan.limit
    return total


def of_draws(forecaster: Forecaster, targets: Sequence[str], case: Case, evidence: Evidence | None = None) -> Cost:
    """Some targets under every draw of the tables in one case; what the baseline takes is kept from the first time.

    ``evidence`` is the case as arrays, where they are there already.
    """
    evidence = encode(forecaster.plan.network, [case]) if evidence is None else evidence
    assumed = assumptions(case)
    units = 0.0
    counted = some(targets)
    for name in counted:
        units += _under_draws(forecaster, name, evidence, alone=bool(assumed)) + HELD * bool(assumed)
        if len(evidence.likelihood) > len(assumed) > 0:
            units += _under_draws(forecaster, name, evidence, alone=False)
    units *= len(targets) / max(1, len(counted))
    units += SWEEPS * sum(_under_draws(forecaster, name, evidence, alone=True) for name in assumed)
    units += FITTED * len(assumed) ** 2
    return Cost(draws=round(units))


def _under_draws(forecaster: Forecaster, name: str, evidence: Evidence, *, alone: bool) -> float:
    """One target under all draws; ``alone``: without the weight that each draw gives the evidence."""
    plan = forecaster.plan
    entries = sum(map(plan.network.entries.__getitem__, inference.needed_tables(plan, (name,), evidence)))
    each = DRAWN + DRAWN_TABLE * entries + DRAWN_FINDING * len(evidence.likelihood)
    return each + _drawn(plan, name, evidence, alone=alone)


def _drawn(plan: Plan, name: str, evidence: Evidence, *, alone: bool) -> float:
    """Units of the multiplications of one target under all draws: nothing where it is not drawn at all."""
    tree = math.inf if plan.base is not None or plan.too_large else DRAWN_ENTRY * plan.packed.packed.cells * COUNT
    try:
        cells = inference.draw_cost(plan, name, evidence, with_p_evidence=not alone)
    except NetworkTooLarge:
        return 0.0
    lanes = SIDE_BY_SIDE * cells * min(COUNT, WORK // max(1, cells))
    return min(tree, lanes)


def of_prior_numbers(forecaster: Forecaster, question: Question, *, searched: int = 0) -> Cost:
    """One pass back through the tree, and each number of the prior files; ``searched`` are sought along a grid."""
    found = of_question(forecaster, replace(question, interval=None))
    numbers = sum(len(each.statements) for each in forecaster.model.described.values())
    gates = sum(each.kind not in ("table", "rule") for each in forecaster.model.described.values())
    return found * 4 + _laid_out(forecaster.plan) + Cost(analysis=NUMBER * numbers + min(searched, gates) * SEARCH)


def of_sets(forecaster: Forecaster, question: Question, sets: int) -> Cost:
    """Some sets of findings or changes, side by side, and how their variables hang together."""
    resolved = resolve(forecaster.model, question)
    ways = Cost(analysis=WAY * len(forecaster.model.network.names))
    return of_cases(forecaster.plan, resolved.case, resolved.targets, max(1, sets)) + ways


def some(every: Sequence[T]) -> Sequence[T]:
    """At most COUNTED of them, evenly spread.

    >>> some(range(40))
    [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 30, 32, 35, 37]
    """
    return every if len(every) <= COUNTED else [every[i * len(every) // COUNTED] for i in range(COUNTED)]


def of_several(forecaster: Forecaster, asked: Sequence[Question | Resolved]) -> Cost:
    """Many questions: some of them are counted, and stand for those between."""
    resolved = [resolve(forecaster.model, each) for each in some(asked)]
    counted = [_of_several(forecaster, each, len(asked)) for each in resolved]
    total, scale = sum(counted, Cost()), len(asked) / max(1, len(counted))
    return Cost(*(round(scale * part) for part in (total.point, total.draws, total.analysis, total.answer)))


def _of_several(forecaster: Forecaster, resolved: Resolved, count: int) -> Cost:
    """One of so many questions: where they are many and assume nothing it shares the engine's work with others."""
    found = of_question(forecaster, resolved)
    written = CASE + (WRITTEN - ROW) * sum(forecaster.plan.network.cards(resolved.targets))
    if count > COUNTED and not assumptions(resolved.case):
        shared = of_cases(forecaster.plan, resolved.case, resolved.targets, count).point // count
        found = replace(found, point=shared * (1 + bool(resolved.question.settings)))
    return found + Cost(answer=written)


def of_matrix(forecaster: Forecaster, targets: Sequence[str], *, intervals: bool) -> Cost:
    """Every cause upstream of some targets, its first state and its last."""
    network = forecaster.model.network
    causes = {name: frozenset(network.ancestors([name])) - {name} for name in targets}
    cells = sum(map(len, causes.values()))
    asked = Case({})
    alone = of_cases(forecaster.plan, asked, targets, 2) + Cost(analysis=CAUSE)
    cost = alone * len(frozenset().union(*causes.values())) + Cost(analysis=CELL * cells)
    cost += Cost(answer=ROW * sum(len(above) * len(network[name].states) for name, above in causes.items()))
    if intervals and targets:
        one = of_draws(forecaster, targets, asked).draws // len(targets)
        cost += Cost(draws=2 * cells * one)
    return cost


def of_policies(forecaster: Forecaster, question: Question, target: str) -> Cost:
    """Each state of each lever, with its interval."""
    resolved = resolve(forecaster.model, replace(question, targets=(target,)))
    settings = _lever_states(forecaster)
    each = of_draws(forecaster, (target,), resolved.case)
    against = Cost(draws=each.draws // 3)  # the interval of what each changes
    return of_cases(forecaster.plan, resolved.case, (target,), settings) + (each + against) * settings


def of_goals(forecaster: Forecaster, question: Question, target: str, *, findings: bool, largest: int) -> Cost:
    """Sets of changes of every size, as many as are tried."""
    model = forecaster.model
    resolved = resolve(model, replace(question, targets=(target,)))
    own = {target, *resolved.question.findings, *resolved.question.settings}
    spoken_of = {target, *resolved.case.findings, *resolved.case.settings}
    levers = [name for name, said in model.described.items() if said.role == "lever" and name not in own]
    found = [name for name in model.network.names if name not in (*spoken_of, *levers)] if findings else []
    changed = [*levers, *found]
    sets = _sets(model.network.cards(changed), largest)
    return of_cases(forecaster.plan, resolved.case, (target,), sets) + Cost(analysis=TRIAL + SET * sets)


def _sets(states: Sequence[int], largest: int) -> int:
    """Sets of at most so many changes, no two of one variable: of each size as many as are tried.

    >>> _sets([2, 3], 2), _sets([2, 3], 3)
    (11, 11)
    """
    of_size = [1] + [0] * largest
    for count in states:
        for size in range(largest, 0, -1):
            of_size[size] += of_size[size - 1] * count
    return sum(min(TRIED, count) for count in of_size[1:])


def of_explanation(forecaster: Forecaster, question: Question, target: str) -> Cost:
    """Every set of findings, or those in order, what stands against what, and what is done beside not doing it."""
    resolved = resolve(forecaster.model, replace(question, targets=(target,)))
    own = len(question.findings)
    sets = 2**own if own <= ALL_ORDERS else 2 * own
    every = 2 * (len(resolved.case.findings) + 1)
    plan, case = forecaster.plan, resolved.case
    scenario = forecaster.model.scenarios.get(resolved.question.scenario or NO_SCENARIO)
    of_scenario = {n: said for n, said in scenario.settings.items() if n not in question.findings} if scenario else {}
    done = [each for each in (question.settings, of_scenario) if each]
    asked = [replace(question, targets=(target,), settings=each, interval=MASS) for each in done]
    effects = sum((of_question(forecaster, each) for each in asked), Cost())
    of_each = of_cases(plan, case, (), every) + _laid_out(plan)
    return of_cases(plan, case, (target,), sets) + of_each + effects + Cost(analysis=CHAINS * own)


def of_collection(forecaster: Forecaster, question: Question, target: str, steps: int) -> Cost:
    """What could be collected, after each outcome of what is in the plan."""
    model = forecaster.model
    states = sum(model.network.cards(tuple(model.collection)))
    resolved = resolve(model, replace(question, targets=(target,)))
    outcomes = sum(min(BRANCHES, OUTCOMES**step) for step in range(steps))
    cases = outcomes * states
    return of_cases(forecaster.plan, resolved.case, (target,), cases) + Cost(analysis=COLLECTED * cases)


def _lever_states(forecaster: Forecaster) -> int:
    model = forecaster.model
    return sum(len(model.network[name].states) for name, said in model.described.items() if said.role == "lever")


def of_brief(forecaster: Forecaster, question: Question, target: str) -> Cost:
    """An answer with its interval, its explanation and what its uncertainty comes from."""
    asked = replace(question, targets=(target,), interval=MASS)
    explained = of_explanation(forecaster, question, target)
    return of_question(forecaster, asked) + explained + of_prior_numbers(forecaster, asked)


def of_reading(size: int) -> Cost:
    """Prior files of so many bytes in all, read and compiled."""
    return Cost(analysis=READ * size)


def of_split(forecaster: Forecaster, question: Question) -> Cost:
    """The shift of one question between two revisions, with its interval if it has one, split by edit."""
    resolved = resolve(forecaster.model, question)
    mixed = of_cases(forecaster.plan, resolved.case, resolved.targets, SPLIT)
    return of_question(forecaster, question) * 2 + mixed
