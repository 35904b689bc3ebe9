"""The kernels of the tree executor, each against its numpy twin on the same workspace."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")
from model.inference.junction_tree.packed import (
    collect_kernels,
    distribute_kernels,
    evidence_kernels,
    executor,
    gradient_kernels,
    layout,
    marginal_kernels,
    mpe_kernels,
)
from tests.twins import explanations, gradients, passes, touched
from tests.twins.asked import best_questions, questions, whole_questions
from tests.twins.dense import over

CLOSE = {"rtol": 1e-12, "atol": 1e-300}
compared = settings(deadline=None, max_examples=60)
thoroughly = settings(deadline=None, max_examples=200)
seeds = st.integers(0, 2**32 - 1)


def holed(seed, length):
    """Random numbers of many sizes, a third of them zero."""
    rng = np.random.default_rng(seed)
    return rng.random(length) * 10.0 ** rng.integers(-9, 9, length) * (rng.random(length) < 2 / 3)


def assert_as_large(found, log, wanted):
    """A table with the logarithm taken out of it is as the twin's, however the two were scaled."""
    table, wanted_log = wanted
    np.testing.assert_allclose(found * math.exp(log - wanted_log), table, **CLOSE)


def assert_proportional(found, wanted):
    np.testing.assert_allclose(passes.normalise(found), passes.normalise(wanted), **CLOSE)


def assert_same_marks(found, wanted):
    assert found.modes == wanted.modes
    assert found.findings == wanted.findings
    assert found.replaced == wanted.replaced


# Marks.


@thoroughly
@given(questions())
def test_the_marks_of_a_question_are_those_of_its_twin_and_go_when_it_ends(asked):
    ints, _, work, state = asked.arrays
    twin = asked.written_out()
    touched.begin(twin, asked.findings, asked.swaps)
    evidence_kernels.begin(ints, work, state, len(asked.findings), len(asked.swaps))
    assert_same_marks(asked.written_out(), twin)
    targets = asked.targets or []
    if asked.targets is not None:
        top = evidence_kernels.mark_targets(ints, state, len(targets), len(asked.findings), len(asked.swaps))
        assert top == touched.mark_targets(twin, targets, asked.findings, asked.swaps)
        found = asked.written_out()
        assert (found.needed, found.places) == (twin.needed, twin.places)
    evidence_kernels.end(ints, state, len(asked.swaps), len(targets))
    touched.end(twin, asked.swaps, targets)
    found = asked.written_out()
    assert (found.replaced, found.places) == (twin.replaced, twin.places) == (set(), {})


@compared
@given(st.lists(st.sampled_from([1.0, 1.0, 1.0, 0.0, 0.5, 2.0]), min_size=2, max_size=4))
def test_a_finding_says_nothing_where_its_twin_says_so(likelihood):
    work = np.array([0.0, *likelihood, 0.0])
    assert evidence_kernels._says_nothing(work, 1, len(likelihood)) == touched.says_nothing(work[1:-1])


@compared
@given(questions(), st.integers(0, 2), seeds)
def test_the_likelihoods_of_one_of_several_cases_enter_where_they_are_looked_for(asked, case, seed):
    ints, _, work, state = asked.arrays
    rows = holed(seed, 3 * sum(asked.dense.cards[v] for v in asked.findings)).reshape(3, -1)
    evidence_kernels.enter(ints, work, state, rows, case, len(asked.findings))
    found = asked.written_out()
    for v, likelihood in touched.enter(asked.dense, rows[case], asked.findings).items():
        np.testing.assert_array_equal(found.likelihoods[v].ravel(), likelihood)


# Small steps of the passes.


@compared
@given(seeds, st.integers(0, 6), st.sampled_from([0.0, 1e-320, 1.0]))
def test_a_table_is_lowered_as_its_twin_is(seed, length, size):
    work = np.concatenate([[7.0], size * holed(seed, length + 1), [9.0]])
    table, largest = passes.rescale(work[1:-1])
    assert collect_kernels.rescale(work, 1, length + 1) == largest
    np.testing.assert_allclose(work, [7.0, *table, 9.0], **CLOSE)


@compared
@given(questions(), st.data(), seeds)
def test_a_message_is_made_relative_as_its_twin_is_or_left_alone(asked, data, seed):
    ints, floats, work, _ = asked.arrays
    c = data.draw(st.sampled_from(asked.dense.cliques))
    at, cells = asked.dense.clique(c, layout.MESSAGE_AT), asked.dense.clique(c, layout.CELLS)
    said = asked.dense.clique(c, layout.MESSAGE)
    numbers = np.array(floats)
    numbers[said : said + cells] *= data.draw(st.sampled_from([1.0, 1.0, 1e-150, 1e-250]))
    numbers.setflags(write=False)
    message = numbers[said : said + cells]
    heard = holed(seed, cells) * (1.0 if data.draw(st.booleans()) else message > 0)
    work[at : at + cells] = heard
    wanted = passes.relative(heard, message)
    assert collect_kernels._relative(ints, numbers, work, asked.record(c)) == (wanted is not None)
    np.testing.assert_allclose(work[at : at + cells], heard if wanted is None else wanted, **CLOSE)


@compared
@given(questions(), st.data(), seeds)
def test_a_belief_is_put_over_what_was_said_as_its_twin_is(asked, data, seed):
    ints, floats, work, _ = asked.arrays
    c, relative = data.draw(st.sampled_from(asked.dense.cliques)), data.draw(st.booleans())
    at, below = asked.dense.clique(c, layout.MESSAGE_AT), asked.dense.clique(c, layout.SEPARATOR_BELIEF_AT)
    cells, said = asked.dense.clique(c, layout.CELLS), asked.dense.clique(c, layout.MESSAGE)
    heard, believed = holed(seed, cells), holed(seed + 1, cells)
    work[at : at + cells], work[below : below + cells] = heard, believed
    distribute_kernels._turned(ints, floats, work, asked.record(c), relative)
    wanted = passes.turned(heard, believed, floats[said : said + cells] if relative else 1.0)
    np.testing.assert_allclose(work[at : at + cells], wanted, **CLOSE)


@compared
@given(questions(), seeds)
def test_marginals_are_normalised_as_their_twins_are(asked, seed):
    asked.begun()
    ints, _, _, state = asked.arrays
    out = holed(seed, sum(asked.dense.cards[v] for v in asked.wanted))
    wanted = {v: passes.normalise(part) for v, part in laid(asked, out).items()}
    distribute_kernels.normalise(ints, state, out, asked.count)
    for v, part in laid(asked, out).items():
        np.testing.assert_allclose(part, wanted[v], **CLOSE)


def laid(asked, out):
    """Marginals end to end, by variable: every one where its record says, targets in the order asked."""
    if asked.targets is None:
        starts = {v: asked.dense.variable(v, layout.OUT) for v in asked.wanted}
    else:
        starts = dict(zip(asked.targets, np.cumsum([0, *(asked.dense.cards[v] for v in asked.targets)]), strict=False))
    return {v: out[at : at + asked.dense.cards[v]].copy() for v, at in starts.items()}


# The passes.


@thoroughly
@given(questions(), st.data())
def test_what_meets_in_a_clique_is_what_meets_in_its_twin(asked, data):
    asked.begun()
    c = data.draw(st.just(asked.root) | st.sampled_from(asked.dense.cliques))
    assume(c == 0 or asked.climbed(c - 1) > -math.inf)
    twin = asked.written_out()
    assume(twin.modes[c] != evidence_kernels.CLEAN)
    ints, floats, work, state = asked.arrays
    entries = asked.dense.clique(c, layout.ENTRIES)
    log = collect_kernels._absorb(ints, floats, work, state, c, 0, 0, entries)
    stored = work[:entries]
    assert_as_large(asked.dense.in_clique(c, stored), log, passes.absorb(twin, c))


@thoroughly
@given(st.one_of(questions().map(lambda asked: (asked, False)), best_questions().map(lambda asked: (asked, True))))
def test_the_pass_up_says_what_its_twin_says(question):
    asked, best = question
    top = asked.begun()
    twin = asked.written_out()
    log, wanted = asked.climbed(top, best=best), passes.up(twin, top, best=best)
    assert log == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    if log > -math.inf:
        found = asked.written_out()
        assert found.modes == twin.modes
        for c in asked.dense.cliques[: top + 1]:
            if found.modes[c] != evidence_kernels.CLEAN:
                assert (c in found.relative) == (c in twin.relative)
                assert_proportional(found.visited[c], twin.visited[c])
                np.testing.assert_allclose(found.heard[c], twin.heard[c], **CLOSE)


@thoroughly
@given(questions(), st.data())
def test_the_two_passes_turn_at_what_their_twins_turn_at(asked, data):
    asked.begun()
    entered = [asked.dense.top(v) for v in asked.findings]
    top = asked.root if asked.swaps else data.draw(st.sampled_from([*asked.dense.cliques, *entered, *entered]))
    assume(asked.climbed(top) > -math.inf)
    twin = asked.written_out()
    log, wanted = distribute_kernels.start_distribution(*asked.arrays, top), passes.start_distribution(twin, top)
    assert log == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    if log > -math.inf:
        np.testing.assert_allclose(asked.written_out().believed[top], twin.believed[top], **CLOSE)


@compared
@given(questions(), st.data(), seeds)
def test_marginals_are_read_from_a_table_as_their_twins_are(asked, data, seed):
    asked.begun()
    ints, _, _, state = asked.arrays
    twin = asked.written_out()
    c, everything = data.draw(st.sampled_from(asked.dense.cliques)), asked.targets is None
    above = data.draw(st.booleans())
    size, what = (layout.CELLS, layout.READ_ABOVE) if above else (layout.ENTRIES, layout.READ)
    p, listed = asked.dense.clique(c, what), asked.dense.listed(c, what)
    assert distribute_kernels._asks(ints, state, p) == passes.asks(twin, listed)
    stored = holed(seed, asked.dense.clique(c, size))
    out = np.zeros(sum(asked.dense.cards[v] for v in asked.wanted))
    distribute_kernels._read(ints, state, p, np.concatenate([[0.5], stored]), 1, out, everything, (0, len(stored)))
    dense = asked.dense.in_separator(c, stored) if above else asked.dense.in_clique(c, stored)
    assert_laid(asked, out, passes.read(dense, [v for v in listed if everything or v in twin.places]))


def assert_laid(asked, out, wanted):
    """The marginals wanted are where they belong, and zeros elsewhere."""
    for v, part in laid(asked, out).items():
        np.testing.assert_allclose(part, wanted.get(v, np.zeros(len(part))), **CLOSE)


@compared
@given(questions(), st.data(), seeds)
def test_a_shortcut_says_of_a_branch_what_all_its_conditionals_say(asked, data, seed):
    seeing = [c for c in asked.dense.cliques if asked.dense.clique(c, layout.SHORTCUT) >= 0]
    assume(seeing)
    asked.begun()
    ints, floats, work, state = asked.arrays
    c = data.draw(st.sampled_from(seeing))
    at, cells = asked.dense.clique(c, layout.SEPARATOR_BELIEF_AT), asked.dense.clique(c, layout.CELLS)
    above = asked.dense.clique(c, layout.SEPARATOR_PRIOR_AT)
    work[at : at + cells] = np.random.default_rng(seed).random(cells) * (floats[above : above + cells] > 0)
    out = np.zeros(sum(asked.dense.cards[v] for v in asked.wanted))
    distribute_kernels._read_shortcut(ints, floats, work, state, asked.record(c), out, asked.count)
    assert_laid(asked, out, passes.read_shortcut(asked.written_out(), c, asked.wanted))


@thoroughly
@given(questions(), st.data(), st.booleans())
def test_a_belief_spreads_through_a_clique_as_through_its_twin(asked, data, keep):
    top = asked.begun()
    assume(asked.climbed(top) > -math.inf and distribute_kernels.start_distribution(*asked.arrays, top) > -math.inf)
    ints, floats, work, state = asked.arrays
    dense, everything = asked.dense, asked.targets is None
    c = data.draw(st.just(top) | st.sampled_from([j for j in dense.cliques if j in dense.branch(top)]))
    at, cells = dense.clique(c, layout.SEPARATOR_BELIEF_AT), dense.clique(c, layout.CELLS)
    if c != top:
        above = dense.clique(c, layout.SEPARATOR_PRIOR_AT)
        work[at : at + cells] = floats[above : above + cells]
    twin = asked.written_out()
    for j in dense.children(c):
        below = dense.clique(j, layout.SEPARATOR_BELIEF_AT)
        work[below : below + dense.clique(j, layout.CELLS)] = 0.0
        read_above = dense.listed(j, layout.READ_ABOVE)
        sought = passes.wanted(twin, j, read_above, everything=everything)
        assert distribute_kernels._wanted(ints, state, j, asked.count) == sought
    out = np.zeros(sum(dense.cards[v] for v in asked.wanted))
    place = distribute_kernels._distribute_clique(ints, floats, work, state, out, c, asked.count, keep)
    table, found = passes.distribute_clique(twin, c), asked.written_out()
    if keep:
        stored = work[place : place + dense.clique(c, layout.ENTRIES)]
        np.testing.assert_allclose(dense.in_clique(c, stored), table, **CLOSE)
    for j in dense.children(c):
        if passes.wanted(twin, j, dense.listed(j, layout.READ_ABOVE), everything=everything):
            np.testing.assert_allclose(found.believed[j], over(table, dense.separator(j)), **CLOSE)
    read = [v for v in dense.listed(c, layout.READ) if everything or v in twin.places]
    assert_laid(asked, out, passes.read(table, read))


@thoroughly
@given(questions())
def test_the_pass_down_finds_the_marginals_of_its_twin(asked):
    top = asked.begun()
    assume(asked.targets is None or asked.targets)
    assume(asked.climbed(top) > -math.inf and distribute_kernels.start_distribution(*asked.arrays, top) > -math.inf)
    wanted = passes.down(asked.written_out(), top, asked.wanted)
    out = np.zeros(sum(asked.dense.cards[v] for v in asked.wanted))
    distribute_kernels.down(*asked.arrays, out, top, asked.count, -1)
    for v, part in laid(asked, out).items():
        assert_proportional(part, wanted[v])


# Whole answers.


@compared
@given(questions())
def test_marginals_and_the_chance_of_the_evidence_are_those_of_the_joint(asked):
    wanted, log = passes.marginals(asked.ended(), asked.wanted)
    out = np.full((1, 1 + sum(asked.dense.cards[v] for v in asked.wanted)), np.nan)
    counts = len(asked.findings), len(asked.swaps), asked.count
    marginal_kernels.marginals(*asked.arrays, executor.NO_ROWS, out, counts)
    assert out[0, -1] == pytest.approx(log, rel=1e-12, abs=1e-12)
    assert_laid(asked, out[0], wanted)
    assert asked.written_out().replaced == set()


@compared
@given(questions(), st.data())
def test_the_belief_of_a_clique_is_its_share_of_the_joint(asked, data):
    twin = asked.ended()
    c = data.draw(st.sampled_from(asked.dense.cliques))
    table = np.empty(asked.dense.clique(c, layout.ENTRIES))
    log = marginal_kernels.belief(*asked.arrays, table, (len(asked.findings), len(asked.swaps)), c)
    wanted, wanted_log = passes.belief(twin, c)
    assert log == pytest.approx(wanted_log, rel=1e-12, abs=1e-12)
    if log > -math.inf:
        assert_proportional(asked.dense.in_clique(c, table), wanted)
    assert asked.written_out().replaced == set()


# The most probable explanation.


@compared
@given(st.lists(st.integers(0, 30), min_size=1, unique=True).map(sorted), st.data())
def test_a_cell_has_the_rank_that_its_twin_counts(cells, data):
    cell = data.draw(st.sampled_from(cells))
    assert mpe_kernels._rank(np.array([0, *cells], dtype=np.int32), 1, len(cells), cell) == explanations.rank(
        cells, cell
    )


@compared
@given(best_questions(), st.data(), seeds)
def test_the_state_chosen_of_a_clique_is_that_of_its_twin(asked, data, seed):
    dense, rng = asked.dense, np.random.default_rng(seed)
    c = data.draw(st.sampled_from(dense.cliques))
    kept, cells = (part[c] for part in (asked.tree.packed.kept.tables, asked.tree.packed.kept.separators))
    s = data.draw(st.integers(0, dense.clique(c, layout.CELLS) - 1))
    table = np.concatenate([[9.0], rng.integers(0, 5, dense.clique(c, layout.ENTRIES)) / 4])
    axes = [dense.cards[v] for v in dense.separator(c)]
    whole = np.full(asked.tree.packed.whole[c], -1.0)
    whole[slice(None) if kept is None else kept] = table[1:]
    wanted = explanations.chosen(whole.reshape(-1, math.prod(axes)), s if cells is None else cells[s])
    assert mpe_kernels._chosen(asked.tree.packed.ints, table, 1, asked.record(c), s) == wanted


@compared
@given(best_questions())
def test_the_most_probable_explanation_is_one_of_those_of_its_twin(asked):
    wanted, wanted_log = explanations.explain(asked.ended())
    states, logs = np.empty((1, len(asked.dense.variables)), dtype=np.int64), np.empty(1)
    ties, counts = np.empty(1, dtype=np.bool_), (len(asked.findings), len(asked.swaps))
    mpe_kernels.explain(*asked.arrays, executor.NO_ROWS, (states, logs, ties), counts)
    assert logs[0] == pytest.approx(wanted_log, rel=1e-12, abs=1e-12)
    assert states[0].tolist() in wanted.tolist()
    assert ties[0] == (len(wanted) > 1 and wanted_log > -math.inf)
    assert asked.written_out().replaced == set()


# Gradients.


@thoroughly
@given(whole_questions(), st.data())
def test_what_meets_all_but_one_in_a_clique_is_what_meets_in_its_twin(asked, data):
    ints, floats, work, state = asked.arrays
    logs = gradient_of(asked)[1]
    asked.begun()
    twin, dense = asked.written_out(), asked.dense
    c = data.draw(st.just(asked.root) | st.sampled_from(dense.cliques))
    family = data.draw(st.integers(-1, len(dense.listed(c, layout.FAMILY)) - 1))
    child = data.draw(st.integers(-1, len(dense.children(c)) - 1))
    above = data.draw(st.booleans())
    log = gradient_kernels._product(ints, floats, work, state, logs, c, (family, child), above)
    at, entries = ints[layout.STACK_AT], dense.clique(c, layout.ENTRIES)
    found = dense.in_clique(c, work[at : at + entries])
    without = None if family < 0 else dense.listed(c, layout.FAMILY)[family]
    left_out = None if child < 0 else dense.children(c)[child]
    assert_as_large(found, log, gradients.product(twin, logs, c, without=without, child=left_out, above=above))
    heard, cells = dense.clique(c, layout.MESSAGE_AT), dense.clique(c, layout.CELLS)
    largest = gradient_kernels._message(ints, work, dense.clique(c, layout.TO_SEPARATOR), heard, entries, cells)
    message, wanted = gradients.message(found, dense.separator(c))
    assert largest == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(dense.in_separator(c, work[heard : heard + cells]), message, **CLOSE)


def gradient_of(asked, reference=0.0):
    """What the kernel gives, and the logarithms of its messages."""
    out = np.full(sum(table.size for table in asked.tree.network.tables.values()), np.nan)
    logs = np.full(2 * len(asked.dense.cliques), np.nan)
    gradient_kernels.gradient(*asked.arrays, logs, out, (len(asked.findings), len(asked.swaps)), reference)
    return out, logs


@compared
@given(whole_questions(), st.sampled_from([0.0, -3.0]))
def test_each_derivative_is_the_joint_without_the_table(asked, reference):
    out, _ = gradient_of(asked, reference)
    assert asked.written_out().replaced == set()
    asked.begun()
    twin, dense = asked.written_out(), asked.dense
    for v in dense.variables:
        at, size = dense.variable(v, layout.CPT), dense.variable(v, layout.SIZE)
        found = dense.spread(out[at : at + size], dense.family(v))
        np.testing.assert_allclose(found, gradients.gradient(twin, v, reference), **CLOSE)
