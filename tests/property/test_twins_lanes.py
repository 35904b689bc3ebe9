"""The kernels of variable elimination against their twins: sets, graphs and einsum instead of loops."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.inference import greedy_order, variable_elimination
from model.inference.arrays import Evidence
from model.inference.simd import LANES
from model.inference.variable_elimination import (
    binding,
    case_groups,
    compiler,
    load_kernels,
    per_case_kernels,
    relevance,
    scheduler,
    simd_kernels,
    single_kernels,
)
from model.inference.variable_elimination import program as programs
from model.inference.variable_elimination.coded_evidence import code_evidence, findings_of, role_of, swapped_in
from model.inference.variable_elimination.columns import (
    CARD,
    COUNT,
    CUT,
    DIFFERS,
    FACTOR,
    FIRST,
    HARD,
    INC,
    LANED,
    OUT,
    ROWS,
    RUN,
    SIZE,
    SOFT,
    SOURCE,
    VARYING,
    WEIGHTS_AT,
    Numbers,
)
from model.inference.variable_elimination.compiler import HEAD, MAPS_END, MOST_FACTORS, Draft, Factors
from tests.networks import networks
from tests.twins import interpreters
from tests.twins import loading as loading_twins
from tests.twins import orders as orders_twins
from tests.twins import programs as programs_twins

CLOSE = {"rtol": 1e-12, "atol": 1e-300}
SEEDS = st.integers(0, 2**32 - 1)
ROLES = (0, 0, HARD, SOFT, CUT, CUT | HARD, CUT | SOFT)


def whole_numbers(values):
    return np.array(list(values), dtype=np.int64)


def ragged(lists):
    """Lists end to end, and where each begins."""
    return whole_numbers(np.cumsum([0, *map(len, lists)])), whole_numbers(v for part in lists for v in part)


def parents_of(network):
    return [[network.position[p] for p in variable.parents] for variable in network.variables]


def words_of(graph):
    """A graph as the kernels hold it: a row of 64-bit words a vertex."""
    table = np.zeros((len(graph), 64 * -(-len(graph) // 64)), dtype=np.bool_)
    for v, near in graph.items():
        table[v, list(near)] = True
    return np.packbits(table, axis=1, bitorder="little").view(np.uint64)


def graph_in(words):
    return {v: frozenset(orders_twins.members(row)) for v, row in enumerate(words)}


@st.composite
def graphs(draw, most=14):
    """A random graph and the states of its vertices; a wide one has more vertices than a word has bits."""
    wide = draw(st.booleans()) and most > 14
    count = draw(st.integers(63, most) if wide else st.integers(1, min(most, 14)))
    rng = np.random.default_rng(draw(SEEDS))
    edges = np.triu(rng.random((count, count)) < (0.04 if wide else draw(st.sampled_from([0.2, 0.4, 0.8]))), 1)
    card = np.full(count, 2.0) if wide else rng.integers(2, 14, count).astype(np.float64)
    return {v: frozenset(np.flatnonzero((edges | edges.T)[v]).tolist()) for v in range(count)}, card


@st.composite
def shapes(draw, laned=False):
    """A network, what a question does to each of its variables, and the target."""
    network = draw(networks())
    role = [draw(st.sampled_from(ROLES)) for _ in network.names]
    if laned:
        role = [bits | draw(st.sampled_from([0, LANED])) for bits in role]
    target = draw(st.integers(-1, len(role) - 1))
    role = [bits & ~HARD if v == target else bits for v, bits in enumerate(role)]
    return network, whole_numbers(role), target


@st.composite
def roles(draw, laned=False):
    """The same without tables: parents and children of more variables, and what is done to each."""
    rng, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 9))
    rank = rng.permutation(count)
    likely = draw(st.sampled_from([0.2, 0.4]))
    parents = [[p for p in range(count) if rank[p] < rank[v] and rng.random() < likely] for v in range(count)]
    children = [[v for v in range(count) if p in parents[v]] for p in range(count)]
    role = rng.choice([*ROLES, HARD, HARD], count) | (LANED * rng.integers(0, 2, count) if laned else 0)
    target = draw(st.integers(-1, count - 1))
    if target >= 0:
        role[target] &= ~HARD
    return parents, (*ragged(parents), *ragged(children)), role, target


# orders


@given(st.integers(1, 2**64 - 1))
def test_the_lowest_bit_is_found(word):
    assert greedy_order.lowest(np.uint64(word)) == orders_twins.lowest(word)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3))
def test_the_bits_set_are_listed(words):
    found = np.empty(64 * len(words), np.int64)
    count = greedy_order.members(np.array(words, dtype=np.uint64), found)
    assert found[:count].tolist() == orders_twins.members(words)


@given(graphs(most=70), st.data())
def test_joined_vertices_are_neighbours(drawn, data):
    graph, _ = drawn
    scope = data.draw(st.lists(st.sampled_from(sorted(graph)), unique=True))
    words = words_of(graph)
    greedy_order.join(words, whole_numbers([*scope, 0]), len(scope))
    assert graph_in(words) == orders_twins.join(graph, scope)


@given(st.integers(1, 70), st.data())
def test_a_graph_joins_each_family(count, data):
    scopes = data.draw(st.lists(st.lists(st.integers(0, count - 1), unique=True, max_size=5), max_size=8))
    scope_at, flat = ragged(scopes)
    assert graph_in(greedy_order.graph_of(flat, scope_at, count)) == orders_twins.graph_of(scopes, count)


@given(graphs(most=70), st.sampled_from([0, 1, 2]))
def test_scores_are_those_of_the_definitions(drawn, heuristic):
    graph, card = drawn
    words, spare = words_of(graph), np.empty(len(graph), np.int64)
    for v in graph:
        assert greedy_order.score(words, card, v, spare, heuristic) == orders_twins.score(graph, card, v, heuristic)


@given(st.integers(1, 70), st.integers(1, 30))
def test_scores_are_perturbed_by_the_generator_of_the_c_standard(count, noise):
    assert greedy_order.perturbed(count, noise).tolist() == orders_twins.perturbed(count, noise)


@given(graphs(most=66), st.data(), st.sampled_from([0, 1, 2]))
def test_eliminating_a_vertex_joins_its_neighbours_and_marks_whose_scores_change(drawn, data, heuristic):
    graph, card = drawn
    v = data.draw(st.sampled_from(sorted(graph)))
    words, changed, spare = words_of(graph), np.zeros(len(graph), np.bool_), np.empty(len(graph), np.int64)
    greedy_order.eliminate(words, v, whole_numbers(sorted(graph[v])), heuristic > 0, changed, spare)
    left = orders_twins.eliminate(graph, v)
    found = graph_in(words)
    assert {u: found[u] for u in left} == left
    for u in left:
        before, after = (orders_twins.score(each, card, u, heuristic) for each in (graph, left))
        assert changed[u] or before == after


@settings(deadline=None)
@given(graphs(most=66), st.data(), st.sampled_from([0, 1, 2]), st.sampled_from([0.0, 0.5]))
def test_a_greedy_order_takes_the_least_score_each_time(drawn, data, heuristic, shift):
    graph, card = drawn
    last = data.draw(st.sampled_from([-1, *graph]))
    weights = np.array(
        data.draw(st.lists(st.sampled_from([0.25, 1.0, 1.7, 4.0]), min_size=len(graph), max_size=len(graph)))
    )
    order, cost = greedy_order.greedy(words_of(graph), card, last, heuristic, weights, shift, math.inf)
    assert (order.tolist(), cost) == orders_twins.greedy(graph, card, last, heuristic, weights, shift)
    if cost > 1:
        assert greedy_order.greedy(words_of(graph), card, last, heuristic, weights, shift, cost - 1)[1] == math.inf


@settings(deadline=None)
@given(graphs(), st.data(), st.sampled_from([0, 3]))
def test_the_best_order_is_the_cheapest_of_those_searched(drawn, data, restarts):
    graph, card = drawn
    last = data.draw(st.sampled_from([-1, *graph]))
    order, cost = greedy_order.best_order(words_of(graph), card, last, restarts)
    assert (order.tolist(), cost) == orders_twins.best_order(graph, card, last, restarts)


@given(graphs(most=66), st.randoms(use_true_random=False))
def test_the_largest_table_of_an_order_is_named(drawn, random):
    graph, card = drawn
    order = random.sample(sorted(graph), len(graph))
    clique, width = greedy_order.largest(words_of(graph), card, whole_numbers(order))
    assert (frozenset(clique.tolist()), width) == orders_twins.largest(graph, card, order)


# which tables count


@settings(deadline=None, max_examples=300)
@given(roles(), st.booleans())
def test_the_tables_that_count_are_those_of_ancestors_or_of_d_separation(shape, with_p_evidence):
    parents, links, role, target = shape
    found = relevance.relevant(target, with_p_evidence, role, links)
    if with_p_evidence:
        same, wanted = relevance.ancestors(target, role, *links[:2]), programs_twins.ancestors
    else:
        same, wanted = relevance.requisite(target, role, links), programs_twins.requisite
    assert set(np.flatnonzero(same).tolist()) == wanted(target, role, parents)
    assert set(np.flatnonzero(found).tolist()) == programs_twins.relevant(target, with_p_evidence, role, parents)


@settings(deadline=None)
@given(roles(), st.data())
def test_scopes_are_families_less_what_is_known(shape, data):
    parents, (above_at, above, _, _), role, _ = shape
    needed = data.draw(st.sets(st.sampled_from(range(len(role)))))
    mask = np.isin(np.arange(len(role)), list(needed))
    sources, scope_at, scopes, globally = relevance.scopes_of(mask, role, above_at, above)
    found = [
        (source, tuple(globally[scopes[start:stop]].tolist()))
        for source, start, stop in zip(sources.tolist(), scope_at[:-1], scope_at[1:], strict=True)
    ]
    assert found == programs_twins.scopes_of(needed, role, parents)
    assert globally.tolist() == list(dict.fromkeys(v for _, scope in found for v in scope))


@settings(deadline=None)
@given(roles(laned=True))
def test_a_factor_differs_between_cases_by_its_numbers_or_by_its_slices(shape):
    parents, (above_at, above, _, _), role, _ = shape
    for source in range(2 * len(role)):
        found = relevance.lanes_differ(source, role, above_at, above)
        assert found == programs_twins.lanes_differ(source, role, parents)


# from an order to steps


@given(st.integers(1, 30))
def test_a_program_is_written_where_there_is_room_for_its_factors(most):
    made = compiler.blank(most)
    assert tuple(each.shape for each in made) == programs_twins.blank(most)
    assert made[-1].tolist() == [0, 0]


@given(st.integers(0, 9), st.integers(0, 30))
def test_an_array_is_made_longer_when_it_is_too_short(length, needed):
    array = np.arange(length)
    found, wanted = compiler.longer(array, needed), programs_twins.longer(array, needed)
    assert len(found) == len(wanted)
    assert found[:length].tolist() == wanted[:length].tolist() == array.tolist()


@st.composite
def factors_in_order(draw, most=4):
    """States of some variables and the scopes of some factors, axes in elimination order (that of the variables)."""
    card = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 6)))]
    scope = st.lists(st.sampled_from(range(len(card))), unique=True, max_size=4).map(sorted).map(tuple)
    return whole_numbers(card), draw(st.lists(scope, min_size=1, max_size=most))


@given(factors_in_order(), st.randoms(use_true_random=False))
def test_variables_of_several_factors_are_united_in_elimination_order(drawn, random):
    card, scopes = drawn
    place = random.sample(range(len(card)), len(card))
    drop = random.choice([-1, *range(len(card))])
    parts = random.sample(range(len(scopes)), random.randint(0, len(scopes)))
    scope_at, flat = ragged(scopes)
    found = np.empty(len(card) + 1, np.int64)
    count = compiler.union(flat, scope_at, whole_numbers(parts), whole_numbers(place), found, drop)
    wanted = programs_twins.union([scopes[i] for i in parts], place, drop)
    assert found[:count].tolist() == wanted
    assert compiler.size_of(found, count, card) == programs_twins.size_of(wanted, card)


@given(st.lists(st.integers(0, 3), max_size=9, unique=False), st.booleans(), SEEDS)
def test_buckets_hold_factors_in_the_order_in_which_they_came(places, single_case, seed):
    buckets, after = np.full((4, 2), -1, np.int64), np.full(len(places) + 1, -1, np.int64)
    factors = np.random.default_rng(seed).integers(0, 2, (len(places) + 1, 4))
    wanted = {b: [] for b in range(4)}
    for f, b in enumerate(places):
        compiler.enlist(buckets, after, b, f)
        wanted = programs_twins.enlist(wanted, b, f)
    parts = np.empty(len(places) + 1, np.int64)
    for b in range(4):
        count, counted = compiler.listed(buckets[b, HEAD], after, factors, single_case, parts)
        listed = programs_twins.listed(wanted[b], lambda f: single_case or factors[f, DIFFERS] == 1)
        assert (parts[:count].tolist(), counted) == listed


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=2, max_size=6), st.booleans(), st.booleans())
def test_the_two_smallest_factors_are_taken_together(drawn, single_case, differing):
    factors = whole_numbers([-1, size, -1, differs] for size, differs in drawn).reshape(-1, 4)
    eligible = [i for i, (_, differs) in enumerate(drawn) if (single_case or differs) == differing]
    assume(len(eligible) > 1)
    pair, parts = np.empty(2, np.int64), np.arange(len(drawn))
    compiler.smallest_pair(factors, parts, differing, single_case, pair)
    wanted = programs_twins.smallest_pair([size for size, _ in drawn], eligible)
    assert pair.tolist() == wanted
    count = compiler.without(parts, len(drawn), pair)
    assert parts[: count - 1].tolist() == programs_twins.without(range(len(drawn)), wanted)


@settings(deadline=None, max_examples=500)
@given(factors_in_order(), st.data())
def test_a_run_is_made_of_the_last_axes_that_each_input_holds_all_or_none_of(drawn, data):
    card, scopes = drawn
    result = tuple(
        programs_twins.union(
            scopes, range(len(card)), data.draw(st.sampled_from([-1, min(map(min, filter(None, scopes)), default=-1)]))
        )
    )
    scope_at, flat = ragged(scopes)
    used = data.draw(st.lists(st.sampled_from(range(len(scopes))), unique=True))
    found = compiler.shared_axes(whole_numbers(used), flat, scope_at, whole_numbers(result), len(result))
    assert found == programs_twins.shared_axes([scopes[i] for i in used], result)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 20)), max_size=4))
def test_an_odometer_adds_digits_times_strides(digits):
    lengths, strides = [n for n, _ in digits], [s for _, s in digits]
    maps = np.empty(math.prod(lengths), np.int64)
    compiler.odometer(maps, 0, whole_numbers([*lengths, *lengths]), whole_numbers(strides), len(digits))
    assert maps.tolist() == programs_twins.odometer(lengths, strides).tolist()


@given(factors_in_order(), st.data())
def test_strides_are_those_of_an_array(drawn, data):
    card, scopes = drawn
    result = tuple(programs_twins.union(scopes, range(len(card)), -1))
    scope_at, flat = ragged(scopes)
    for f, scope in enumerate(scopes):
        strides = np.empty(len(result), np.int64)
        compiler.strides_in(flat, scope_at[f], scope_at[f + 1], whole_numbers(result), len(result), card, strides)
        assert strides.tolist() == programs_twins.strides_in(scope, result, card)


@settings(deadline=None)
@given(factors_in_order(), st.booleans(), SEEDS)
def test_a_step_is_the_einsum_of_its_inputs(drawn, summing, seed):
    card, scopes = drawn
    rng = np.random.default_rng(seed)
    x = min((v for scope in scopes for v in scope), default=-1) if summing else -1
    result, used, made = tuple(programs_twins.union(scopes, range(len(card)), x)), np.arange(len(scopes)), len(scopes)
    scope_at, flat = ragged([*scopes, (0,) * (len(card) + 1)])
    records = np.zeros((made + 1, 4), np.int64)
    factors = Factors(records, scope_at, flat, card)
    for f, scope in enumerate(scopes):
        records[f] = -1, programs_twins.size_of(scope, card), -1, rng.integers(2)
    compiler.enter(used, made, whole_numbers(result), factors)
    assert tuple(records[made].tolist()) == programs_twins.enter(result, records[used, DIFFERS], card)
    assert tuple(flat[scope_at[made] : scope_at[made + 1]].tolist()) == result
    step, draft = (
        np.empty((1, 7), np.int64),
        Draft(np.empty((made, 4), np.int64), np.empty(1, np.int64), np.zeros(2, int)),
    )
    spare = np.empty(len(card) + 1, np.int64), np.empty(2 * len(card) + 2, np.int64)
    maps = compiler.write_step(step[0], draft, used, x, made, factors, spare)
    tables = [rng.random([card[v] for v in scope]) for scope in scopes]
    found = interpreted(step, draft.inputs, maps[: draft.ends[MAPS_END]], records, tables)
    wanted = programs_twins.write_step(zip(tables, scopes, strict=True), result)
    np.testing.assert_allclose(found, wanted.ravel(), **CLOSE)


def interpreted(steps, inputs, maps, factors, tables):
    """What the last factor holds after the steps, run by the interpreter in numpy."""
    at = np.cumsum([0, *factors[:-1, SIZE]])
    memory, exponents = np.full(int(factors[:, SIZE].sum()), np.nan), np.empty(len(factors))
    loaded = [table.ravel() for table in tables]
    memory[: sum(map(len, loaded))] = np.concatenate([*loaded, np.empty(0)])
    interpreters.run_steps(steps, inputs, maps, at, memory, exponents)
    return np.ldexp(memory[at[-1] :], int(exponents[-1]))


@st.composite
def sliced(draw):
    """The factors that a question leaves, as kernels hold them, and an order that eliminates them."""
    network, role, target = draw(shapes(laned=True))
    packed, with_p_evidence = programs.pack(network), draw(st.booleans())
    wanted = relevance.relevant(target, with_p_evidence, role, packed.links)
    sources, given_at, given, globally = relevance.scopes_of(wanted, role, *packed.links[:2])
    last = globally.tolist().index(target) if target in globally else -1
    order = draw(st.permutations([v for v in range(len(globally)) if v != last]))
    differs = np.array([draw(st.booleans()) for _ in sources], dtype=np.bool_)
    return (
        packed,
        role,
        (whole_numbers(order), last, sources, given_at, given, packed.cards[globally], differs),
        globally,
    )


@st.composite
def crowded(draw):
    """More factors about fewer variables than a network makes, in the same form."""
    card, scopes = draw(factors_in_order(most=9))
    given_at, given = ragged([*scopes, *((v,) for v in range(len(card)))])
    last = draw(st.integers(-1, len(card) - 1))
    order = draw(st.permutations([v for v in range(len(card)) if v != last]))
    sources = np.arange(len(given_at) - 1)
    differs = np.array([draw(st.booleans()) for _ in sources], dtype=np.bool_)
    return None, None, (whole_numbers(order), last, sources, given_at, given, card, differs), None


def scopes_in(flat, scope_at):
    return [tuple(flat[a:b].tolist()) for a, b in pairwise(scope_at)]


@settings(deadline=None)
@given(sliced())
def test_factors_begin_in_the_bucket_of_the_first_of_their_variables(drawn):
    _, _, (order, last, sources, given_at, given, card, differs), _ = drawn
    place, factors, buckets = compiler.begin(order, last, sources, given_at, given, card, differs)
    count = len(sources)
    turned, listed, places = programs_twins.begin(order.tolist(), last, scopes_in(given, given_at))
    assert scopes_in(factors.scopes, factors.scope_at[: count + 1]) == turned
    assert {v: place[v] for v in places} == places
    sizes = [programs_twins.size_of(scope, card) for scope in turned]
    assert factors.records[:count].tolist() == [
        [source, size, -1, int(lane)] for source, size, lane in zip(sources, sizes, differs, strict=True)
    ]
    parts = np.empty(count + 1, np.int64)
    for b, wanted in listed.items():
        first, after = buckets.ends[b, HEAD], buckets.after
        assert parts[: compiler.listed(first, after, factors.records, True, parts)[0]].tolist() == wanted


@settings(deadline=None, max_examples=200)
@given(st.one_of(sliced(), crowded()), st.booleans(), SEEDS)
def test_a_program_run_step_by_step_is_the_einsum_of_its_factors(drawn, single_case, seed):
    _, _, (order, last, sources, given_at, given, card, differs), _ = drawn
    rng = np.random.default_rng(seed)
    steps, inputs, maps, factors, cells = compiler.emit(
        order, last, sources, given_at, given, card, differs, single_case
    )
    turned = scopes_in(factors.scopes, factors.scope_at)[: len(sources)]
    tables = [rng.random([card[v] for v in scope]) * rng.integers(0, 2, [card[v] for v in scope]) for scope in turned]
    found = interpreted(steps, inputs, maps, factors.records, tables)
    wanted = programs_twins.emit(zip(tables, turned, strict=True), last)
    np.testing.assert_allclose(found, wanted.ravel(), **CLOSE)
    assert cells == (steps[:, CARD] * steps[:, ROWS] * steps[:, RUN]).sum()
    for step in steps:
        lanes_read = factors.records[inputs[step[FIRST] : step[FIRST] + step[COUNT], FACTOR], DIFFERS]
        assert step[VARYING] == lanes_read.any()
        assert (len(lanes_read) if single_case else max(lanes_read.sum(), (1 - lanes_read).sum())) <= MOST_FACTORS


@settings(deadline=None)
@given(sliced(), SEEDS)
def test_load_maps_slice_and_transpose(drawn, seed):
    packed, role, (order, last, sources, given_at, given, card, differs), globally = drawn
    rng = np.random.default_rng(seed)
    states = rng.integers(packed.cards)
    *_, written, _ = compiler.emit(order, last, sources, given_at, given, card, differs, True)
    above_at, above, _, _ = packed.links
    maps, hard_at, hard, stride = compiler.load_maps(written, globally, role, packed.cards, above_at, above)
    factors, scope_at, scopes, _ = written
    parents = programs_twins.without_arrows(parents_of(packed.network), role)
    known = {v: int(states[v]) for v in range(len(role)) if role[v] & HARD}
    nowhere, at_zero = np.full(len(role), -1), np.zeros(len(role), np.int64)
    moved = load_kernels.bases(factors, (hard_at, hard, stride), at_zero, nowhere, states)
    swapped = load_kernels.bases(factors, (hard_at, hard, stride), at_zero, at_zero + 5, states)
    for f, (source, size, first, _) in enumerate(factors.tolist()):
        if not 0 <= source < len(role):
            assert (first, hard_at[f]) == (-1, hard_at[f + 1])
            continue
        family = (*parents[source], source)
        scope = tuple(globally[scopes[scope_at[f] : scope_at[f + 1]]].tolist())
        wanted = programs_twins.load_maps(family, known, scope, packed.cards)
        assert (moved[f] + maps[first : first + size]).tolist() == wanted.tolist()
        index = [known.get(v, 0) for v in family]
        assert moved[f] == loading_twins.bases(packed.cards[list(family)], index)
        assert swapped[f] == -1 - (5 + moved[f])
        table = rng.random(packed.cards[list(family)])
        for base, held, other in ((moved[f], table, None), (-1 - moved[f], None, table)):
            empty, memory, at = np.empty(0), np.empty(size), np.full(len(factors), -1)
            at[f] = 0
            load_kernels.load_tables(
                memory, at, factors, maps, np.where(at == 0, base, 0),
                empty if held is None else held.ravel(), empty if other is None else other.ravel(),
            )  # fmt: skip
            assert memory.tolist() == loading_twins.load_tables(table, family, known, scope).ravel().tolist()


@settings(deadline=None)
@given(shapes(), st.booleans(), st.booleans(), SEEDS)
def test_a_program_compiled_from_a_question_sums_the_joint(shape, with_p_evidence, single_case, seed):
    network, role, target = shape
    packed, rng = programs.pack(network), np.random.default_rng(seed)
    links, count = packed.links, len(role)
    cost, code, cells = programs.compiled(target, with_p_evidence, single_case, role, packed.cards, links, 0, math.inf)
    steps, inputs, maps, factors, load, *held = code
    assert cells == (steps[:, CARD] * steps[:, ROWS] * steps[:, RUN]).sum()
    states, chances, vectors = told(network, rng)
    known = {v: states[v] for v in range(count) if role[v] & HARD}
    tables = [packed.network.tables[name] for name in network.names]
    tables = [chances[v] if role[v] & CUT else table for v, table in enumerate(tables)]
    tables = [np.eye(len(chances[v]))[states[v]] if v in known and role[v] & CUT else t for v, t in enumerate(tables)]
    likelihoods = {v: vectors[v] for v in range(count) if role[v] & SOFT}
    parents = programs_twins.without_arrows(parents_of(network), role)
    wanted = np.atleast_1d(programs_twins.compiled(tables, parents, target, known, likelihoods))
    replaced = np.where(role & CUT, np.cumsum([0, *map(len, chances[:-1])]), -1)
    base = load_kernels.bases(factors, tuple(held), packed.table_at, replaced, states)
    memory, at = np.full(int(factors[:, SIZE].sum()), np.nan), np.cumsum([0, *factors[:-1, SIZE]])
    load_kernels.load_tables(memory, at, factors, load, base, packed.values, np.concatenate(chances))
    for f in np.flatnonzero(factors[:, SOURCE] >= count):
        memory[at[f] : at[f] + factors[f, SIZE]] = vectors[factors[f, SOURCE] - count]
    exponents = np.empty(len(factors))
    interpreters.run_steps(steps, inputs, maps, at, memory, exponents)
    found = np.ldexp(memory[at[-1] :], int(exponents[-1]))
    if not with_p_evidence and wanted.sum() > 0:
        found, wanted = found / found.sum(), wanted / wanted.sum()
    if with_p_evidence or wanted.sum() > 0:
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
    if cost > 0:
        over, nothing, _ = programs.compiled(
            target, with_p_evidence, single_case, role, packed.cards, links, 0, cost - 1
        )
        assert (over, sum(map(len, nothing))) == (cost, 0)


def told(network, rng):
    """For each variable a state, a distribution and a likelihood, some of them with zeros."""
    cards = np.array(network.cards(network.names))
    chances = [rng.dirichlet(np.ones(n)) for n in cards]
    vectors = [rng.integers(0, 3, n) / 2.0 for n in cards]
    return rng.integers(cards), chances, vectors


# evidence in classes


@given(st.integers(1, 9), st.integers(1, 4), st.data(), SEEDS)
def test_likelihoods_are_classified_by_comparing_them_with_ones_and_unit_vectors(cases, card, data, seed):
    rng = np.random.default_rng(seed)
    kinds = [np.ones((cases, card)), np.eye(card)[rng.integers(card, size=cases)], rng.integers(0, 3, (cases, card))]
    rows = [np.choose(rng.integers(0, 3, (cases, 1)), kinds).astype(np.float64) for _ in range(2)]
    tables = whole_numbers((r.ctypes.data, card) for r in rows).reshape(-1, 2)
    start, count = data.draw(st.integers(0, cases - 1)), data.draw(st.integers(0, cases + 2))
    codes, counts = np.full((2, cases), 99, np.int32), np.full((2, 2), 5)
    case_groups.codes_of_all(tables, codes, start, count, counts)
    for v in range(2):
        wanted, spoken = loading_twins.codes_of_all(rows[v][start : start + count])
        assert codes[v].tolist() == [*[99] * start, *wanted, *[99] * (cases - start - len(wanted))]
        assert (counts[v] - 5).tolist() == list(spoken)


@given(st.integers(0, 6), st.integers(1, 30), SEEDS)
def test_cases_are_classed_by_what_they_say(rows, cases, seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(-2, 4, (rows, cases)).astype(np.int32)
    codes = codes[:, rng.integers(0, cases, cases)]
    cards, ranked, picks = rng.integers(1, 5, rows), rng.permutation(rows), rng.permutation(cases)[: cases // 2 + 1]
    order = case_groups.by_effort(picks, codes, ranked)
    assert order.tolist() == loading_twins.by_effort(codes[:, picks], ranked.tolist())
    kinds = case_groups.kinds_of(codes, cards)
    np.testing.assert_array_equal(kinds, loading_twins.kinds_of(codes, cards))
    np.testing.assert_array_equal(case_groups.spoken_of(kinds, picks), loading_twins.spoken_of(kinds, picks))
    for table in (kinds, np.repeat(kinds[:, :1], cases, axis=1)):
        assert case_groups.alike(table) == loading_twins.alike(table)
    first, which = case_groups.distinct(codes)
    assert (first.tolist(), which.tolist()) == loading_twins.distinct(codes)


# cases side by side


@st.composite
def batches(draw, tables=True):
    """A network and cases: known states, likelihoods and silences, tables set or drawn for each case or for all."""
    network = draw(networks().filter(lambda network: len(network.names) > 1))
    rng, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 2 * LANES + 5))
    mixed = draw(st.sampled_from([True, False, False]))
    likelihood, replaced = {}, {}
    for variable in network.variables:
        card, own = len(variable.states), network.tables[variable.name]
        known = np.eye(card)[rng.integers(card, size=count)]
        soft = rng.integers(0, 3, (count, card)) * 2.0 ** rng.integers(-40, 40, (count, 1))
        said = rng.choice(3, p=[0.3, 0.5, 0.2] if mixed else [0.1, 0.8, 0.1], size=(count if mixed else 1, 1))
        if rng.random() < 0.6:
            likelihood[variable.name] = np.choose(
                np.broadcast_to(said, (count, 1)), [np.ones((count, card)), known, soft]
            )
        what = draw(st.sampled_from(["", "", "drawn", "one", "set"])) if tables else ""
        if what in ("drawn", "one"):
            many = count if what == "drawn" else 1
            drawn = rng.dirichlet(np.ones(card), size=(many, *own.shape[:-1]))
            replaced[variable.name] = np.where(rng.random((many, *own.shape[:-1], 1)) < 0.3, np.eye(card)[0], drawn)
        elif what == "set":
            chosen = (
                np.eye(card)[rng.integers(card, size=count)]
                if rng.random() < 0.5
                else rng.dirichlet(np.ones(card), count)
            )
            replaced[variable.name] = np.broadcast_to(
                chosen.reshape(count, *[1] * (own.ndim - 1), card), (count, *own.shape)
            )
    evidence = Evidence(count, likelihood, replaced)
    return network, evidence, draw(st.integers(-1, len(network.names) - 1))


def told_by_enumeration(network, evidence, target):
    """Each case as the twins take it: its tables, the graph, the target, nothing sliced, its likelihoods."""
    tables = {n: np.broadcast_to(rows, (evidence.cases, *rows.shape[1:])) for n, rows in evidence.tables.items()}
    return [
        (
            [tables[n][i] if n in tables else network.tables[n] for n in network.names],
            parents_of(network),
            target,
            {},
            {network.position[n]: rows[i] for n, rows in evidence.likelihood.items()},
        )
        for i in range(evidence.cases)
    ]


def assert_agree(found, wanted, with_p_evidence):
    """The same distribution; the same P(evidence) where that was asked for."""
    (row, log), (row_wanted, log_wanted) = found, wanted
    if log_wanted > -math.inf:
        np.testing.assert_allclose(row, row_wanted, rtol=1e-10, atol=1e-13)
    if with_p_evidence:
        assert log == pytest.approx(log_wanted, rel=1e-12, abs=1e-12)
        assert log > -math.inf or not row.any()


@settings(deadline=None)
@given(batches(), st.booleans())
def test_one_case_run_alone_equals_the_enumerated_joint(drawn, with_p_evidence):
    network, evidence, target = drawn
    prepared = variable_elimination.prepare(network)
    packed, said = (
        prepared.packed,
        code_evidence(network, prepared.workers, evidence.cases, evidence.likelihood, evidence.tables),
    )
    for i, case in list(enumerate(told_by_enumeration(network, evidence, target)))[:5]:
        role = role_of(packed, said, said.codes[:, i : i + 1], target)
        program = programs.program(packed, target, role, with_p_evidence=with_p_evidence)
        findings, vectors = findings_of(said, said.variables.tolist(), said.codes[:, i].tolist(), role)
        row, log = per_case_kernels.run_one(
            program.code, packed.table_at, packed.values, findings, vectors, *swapped_in(said, i)
        )
        assert_agree((row, log + said.scale[i]), loading_twins.run_one(*case), with_p_evidence)


@settings(deadline=None)
@given(batches(tables=False), st.booleans(), st.randoms(use_true_random=False))
def test_cases_with_programs_of_their_own_equal_the_enumerated_joint(drawn, with_p_evidence, random):
    network, evidence, target = drawn
    prepared = variable_elimination.prepare(network)
    packed, said = prepared.packed, code_evidence(network, prepared.workers, evidence.cases, evidence.likelihood, {})
    picks = random.sample(range(evidence.cases), random.randint(1, evidence.cases))
    to = random.sample(range(evidence.cases), len(picks))
    result, logs = np.empty((evidence.cases, packed.cards[target] if target >= 0 else 1)), np.empty(evidence.cases)
    soft = np.concatenate([*(vectors.ravel() for vectors in said.likelihoods), np.empty(0)])
    per_case_kernels.run_each(
        (packed.cards, packed.links, packed.table_at, packed.values),
        (target, with_p_evidence, math.inf),
        whole_numbers(picks),
        whole_numbers(to),
        (said.codes, said.variables, soft, np.cumsum([0, *(v.size for v in said.likelihoods)])),
        result,
        logs,
    )
    told = told_by_enumeration(network, evidence, target)
    for place, case, wanted in zip(to, picks, loading_twins.run_each(told[i] for i in picks), strict=True):
        assert_agree((result[place], logs[place] + said.scale[case]), wanted, with_p_evidence)


def shared_program(drawn, with_p_evidence):
    """A batch as the lanes see it: evidence in codes, one program for all cases, and its lane form."""
    network, evidence, target = drawn
    prepared = variable_elimination.prepare(network)
    said = code_evidence(network, prepared.workers, evidence.cases, evidence.likelihood, evidence.tables)
    union = case_groups.spoken_of(
        case_groups.kinds_of(said.codes, prepared.packed.cards[said.variables]), np.arange(evidence.cases)
    )
    same = case_groups.alike(case_groups.kinds_of(said.codes, prepared.packed.cards[said.variables]))
    role = role_of(prepared.packed, said, said.codes, target, single_case=False, union=None if same else union)
    program = programs.program(prepared.packed, target, role, with_p_evidence=with_p_evidence, single_case=False)
    return prepared, said, role, program, binding.link(prepared.packed, said, program, 0)


@settings(deadline=None)
@given(batches(), st.booleans(), st.randoms(use_true_random=False))
def test_cases_side_by_side_equal_the_enumerated_joint(drawn, with_p_evidence, random):
    network, evidence, target = drawn
    prepared, said, role, _, _ = shared_program(drawn, with_p_evidence)
    picks = random.sample(range(evidence.cases), random.randint(1, evidence.cases))
    to = random.sample(range(evidence.cases), len(picks))
    found = np.empty((evidence.cases, prepared.packed.cards[target] if target >= 0 else 1)), np.empty(evidence.cases)
    scheduler._side_by_side(
        prepared,
        said,
        (target, role, with_p_evidence),
        whole_numbers(picks),
        found,
        whole_numbers(to),
        union=random.random() < 0.5,
    )
    wanted = loading_twins.run_lanes(told_by_enumeration(network, evidence, target), picks, to)
    for case, place in zip(picks, to, strict=True):
        assert_agree((found[0][place], found[1][place] + said.scale[case]), wanted[place], with_p_evidence)


@settings(deadline=None, max_examples=200)
@given(batches(), st.booleans(), st.randoms(use_true_random=False))
def test_what_differs_between_cases_is_loaded_lane_by_lane(drawn, with_p_evidence, random):
    _, evidence, _ = drawn
    prepared, said, role, program, linked = shared_program(drawn, with_p_evidence)
    packed, count = prepared.packed, len(role)
    loads, soft = binding.loads_of(packed, said, linked)
    picks = random.sample(range(evidence.cases), random.randint(1, min(LANES, evidence.cases)))
    live, memory = np.ones(len(linked.place), np.uint8), np.full(linked.memory * LANES, np.nan)
    load_kernels.load_lanes(whole_numbers(picks), live, loads, Numbers(packed.values, said.codes, soft), memory)
    filled, in_lanes = memory.reshape(-1, LANES), loading_twins.load_lanes(picks, LANES)
    row_of, there = {v: r for r, v in enumerate(said.variables.tolist())}, []
    for f, (source, size, first, lane) in enumerate(program.factors.tolist()):
        table = filled[linked.place[f] : linked.place[f] + size]
        if source < 0 or not lane:
            assert live[f] == 1
            continue
        if source >= count:
            r = row_of[source - count]
            assert live[f] == (2 if (said.codes[r, picks] >= 0).any() else 0)
            wanted = loading_twins.load_likelihoods(said.codes[r, in_lanes], said.likelihoods[r])
        else:
            own = slice(program.sliced_at[f], program.sliced_at[f + 1])
            known, strides = [row_of[v] for v in program.sliced[own].tolist()], program.slice_strides[own]
            moves, entries = strides @ said.codes[known][:, in_lanes], program.load_maps[first : first + size]
            replaced = said.tables.get(source)
            assert live[f] == 2
            if replaced is None:
                wanted = loading_twins.load_slices(packed.values[packed.table_at[source] :], entries, moves)
            else:
                by_case = np.broadcast_to(replaced, (evidence.cases, replaced.shape[1]))
                wanted = loading_twins.load_streams(by_case[in_lanes], entries, moves)
        if live[f] == 2:
            np.testing.assert_array_equal(table, wanted)
            there.append(table)
    memory *= 10.0 ** -np.array([random.choice([0, 0, 0, 90]) for _ in memory])
    wide = np.zeros(LANES, np.bool_)
    for tables in loads[:3]:
        simd_kernels.mark_loaded(tables, live, memory, wide)
    marked = loading_twins.mark_loaded([np.zeros((1, LANES)), *there], simd_kernels.NARROW)
    np.testing.assert_array_equal(wide, marked)


@settings(deadline=None)
@given(batches(), st.booleans(), SEEDS)
def test_the_lane_form_of_a_step_holds_its_maps_entry_by_entry_and_the_product_of_its_constants(
    drawn, with_p_evidence, seed
):
    _, _, _, program, _ = shared_program(drawn, with_p_evidence)
    rng, differing = np.random.default_rng(seed), program.factors[:, DIFFERS] == 1
    at, exponents = (
        np.cumsum([0, *program.factors[:-1, SIZE]]),
        rng.integers(-9, 9, len(program.factors)).astype(np.float64),
    )
    memory = rng.random(program.entries)
    steps, inputs, maps, weights, weight_exponents = simd_kernels.expand(
        program.steps, program.inputs, program.maps, program.factors, at, memory, exponents
    )
    lane_steps = [step for step in program.steps.tolist() if step[VARYING]]
    assert len(steps) == len(lane_steps)
    for s, (card, rows, first, many, out, run, _) in enumerate(lane_steps):
        read = program.inputs[first : first + many].tolist()
        wanted = loading_twins.expand(rows, run, card, read, program.maps)
        constant = [i for i, entry in enumerate(read) if not differing[entry[0]]]
        laned = [i for i, entry in enumerate(read) if differing[entry[0]]]
        begin, size = steps[s, WEIGHTS_AT], rows * run * card
        there = loading_twins.mix(np.ones((rows * run, card)), [memory[at[read[i][0]] + wanted[i]] for i in constant])
        np.testing.assert_allclose(weights[begin : begin + size], there.ravel(), **CLOSE)
        assert weight_exponents[s] == sum(exponents[read[i][0]] for i in constant)
        assert steps[s, [CARD, ROWS, COUNT, OUT]].tolist() == [card, rows * run, len(laned), out]
        entries = inputs[steps[s, FIRST] : steps[s, FIRST] + steps[s, COUNT]].tolist()
        for (f, stride, at_map), i in zip(entries, laned, strict=True):
            assert (f, stride) == tuple(read[i][:2])
            assert maps[at_map : at_map + rows * run].tolist() == wanted[i][:, 0].tolist()


@given(st.lists(st.integers(0, 20), min_size=1, max_size=4), st.integers(1, 4), st.booleans(), st.integers(1, 3), SEEDS)
def test_row_maps_are_spelt_out_and_tables_multiplied_in(row_map, run, inc, card, seed):
    rng = np.random.default_rng(seed)
    spelt, stride = np.full(len(row_map) * run, -1), int(rng.integers(0, 5))
    simd_kernels.spell_out(whole_numbers(row_map), run, int(inc), spelt)
    np.testing.assert_array_equal(spelt, loading_twins.spell_out(whole_numbers(row_map), run, int(inc)))
    weights, table = rng.random((len(spelt), card)), rng.random(40)
    found = weights.ravel().copy()
    simd_kernels.multiply_in(found, card, table, spelt, stride)
    np.testing.assert_array_equal(
        found.reshape(weights.shape), loading_twins.multiply_in(weights, table, spelt, stride)
    )


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), SEEDS)
def test_lanes_are_summed_over_states(laned, rows, card, seed):
    rng = np.random.default_rng(seed)
    entries = 30
    memory = rng.random((entries, LANES)) * rng.integers(0, 2, (entries, LANES))
    weights, maps = rng.random((rows, card)) * rng.integers(0, 2, (rows, card)), rng.integers(0, 8, laned * rows)
    place, stride, map_at = rng.integers(0, 8, laned), rng.integers(0, 5, laned), np.arange(laned) * rows
    table = np.full((rows, LANES), np.nan)
    simd_kernels.sum_lanes(
        laned, rows, card, weights.ravel(), maps, (place, stride * LANES, map_at), memory.ravel(), table.ravel()
    )
    tables = [
        memory[place[i] + maps[i * rows : (i + 1) * rows, None] + stride[i] * np.arange(card)] for i in range(laned)
    ]
    np.testing.assert_allclose(table, loading_twins.sum_lanes(weights, tables), **CLOSE)


@given(st.lists(st.sampled_from([0.0, 1.0, 1.7]), min_size=1, max_size=4), st.integers(-300, 300))
def test_a_table_far_from_one_is_scaled_by_a_power_of_two(numbers, exponent):
    table = np.array(numbers) * 10.0**exponent
    wanted, power = loading_twins.near_one(table, single_kernels.SMALL, single_kernels.LARGE)
    assert single_kernels.near_one(table) == power
    np.testing.assert_array_equal(table, wanted)


@given(st.integers(1, 5), st.integers(1, 4), SEEDS)
def test_numbers_that_lie_apart_are_read_and_summed(count, apart, seed):
    numbers, row = np.random.default_rng(seed).random(count * apart), np.full(count, np.nan)
    wanted, total = loading_twins.read(numbers, apart, count)
    assert simd_kernels.read(numbers, apart, row) == pytest.approx(total)
    np.testing.assert_array_equal(row, wanted)


@given(st.integers(0, 5), SEEDS)
def test_the_lane_form_has_room_for_what_differs(count, seed):
    steps = np.random.default_rng(seed).integers(1, 6, (count, 7))
    steps[:, VARYING] %= 2
    assert simd_kernels.room(steps) == loading_twins.room(steps)


@given(st.integers(1, MOST_FACTORS), st.integers(0, MOST_FACTORS), SEEDS)
def test_inputs_that_run_along_are_listed_first_and_those_left_out_are_not(running, constant, seed):
    rng = np.random.default_rng(seed)
    count, first = running + constant, int(rng.integers(0, 3))
    inputs = rng.integers(0, 50, (first + count, 4))
    inputs[:, INC] = rng.permutation([0] * first + [1] * running + [0] * constant)
    inputs[:, FACTOR] = rng.permutation(first + count)
    step = np.zeros(7, dtype=np.int64)
    step[[FIRST, COUNT, OUT]] = first, count, first + count
    at, exponents = rng.integers(-20, 50, first + count + 1), rng.integers(-5, 5, first + count + 1).astype(np.float64)
    listed = tuple(np.full(2 * MOST_FACTORS, -1) for _ in range(3))
    wanted, along = interpreters.list_inputs(step, inputs, at)
    total = exponents[step[OUT]] + exponents[inputs[first:, FACTOR]].sum()
    assert single_kernels.list_inputs(step, inputs, at, exponents, listed) == (along, len(wanted))
    assert np.stack(listed, axis=1)[: len(wanted)].tolist() == wanted.tolist()
    assert exponents[step[OUT]] == total


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_a_row_is_divided_by_its_sum(numbers):
    row = np.array(numbers, dtype=np.float64)
    wanted, log = loading_twins.divide(row)
    assert simd_kernels.divide(row, row.sum()) == pytest.approx(log)
    np.testing.assert_allclose(row, wanted, rtol=1e-15)


@settings(deadline=None)
@given(batches(), st.booleans(), SEEDS)
def test_messages_that_are_as_without_evidence_are_mixed_into_the_weights(drawn, with_p_evidence, seed):
    _, _, _, _, linked = shared_program(drawn, with_p_evidence)
    rng = np.random.default_rng(seed)
    live = rng.integers(0, 3, len(linked.place)).astype(np.uint8)
    constant_at = np.maximum(linked.constant_at, 0)
    constants = rng.random(len(linked.constants))
    bound = linked.bound._replace(constant_at=constant_at, constants=constants)
    for s, (card, rows, first, many, _, w) in enumerate(linked.steps.tolist()):
        read = linked.inputs[first : first + many]
        found = simd_kernels.live_constants(linked.inputs, first, first + many, live)
        assert found == loading_twins.live_constants(read[:, FACTOR], live)
        mixed = np.full(rows * card, np.nan)
        simd_kernels.mix(bound, s, live, mixed)
        entries = [
            constants[constant_at[f] + linked.maps[at : at + rows, None] + stride * np.arange(card)]
            for f, stride, at in read.tolist()
            if live[f] == 1
        ]
        wanted = loading_twins.mix(linked.weights[w : w + rows * card].reshape(rows, card), entries)
        np.testing.assert_allclose(mixed, wanted.ravel(), **CLOSE)


@given(st.integers(1, 5), SEEDS)
def test_each_lane_is_scaled_by_a_power_of_two_of_its_own(rows, seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 3, (rows, LANES)) * 10.0 ** rng.integers(-300, 290, LANES)
    wanted, powers = loading_twins.rescale(table)
    found, exponents = table.ravel().copy(), np.ones(LANES)
    simd_kernels.rescale(found, rows, exponents)
    np.testing.assert_array_equal(found.reshape(rows, LANES), wanted)
    np.testing.assert_array_equal(exponents - 1, powers)
    wide = np.zeros(LANES, np.bool_)
    simd_kernels.mark_wide(table.ravel(), rows, wide)
    np.testing.assert_array_equal(wide, loading_twins.mark_wide(table, simd_kernels.NARROW))


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 0.7]), st.integers(-3000, 1)), min_size=1, max_size=4))
def test_entries_with_powers_of_their_own_are_summed_as_by_their_logarithms(drawn):
    mantissas, powers = np.array([m for m, _ in drawn]), whole_numbers(p for _, p in drawn)
    (row, log), (wanted, with_p_evidence) = (
        per_case_kernels.total_of(mantissas, powers),
        loading_twins.total_of(mantissas, powers),
    )
    np.testing.assert_allclose(row, wanted, rtol=0, atol=1e-12)
    assert log == pytest.approx(with_p_evidence, rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(1e-9, 1))
def test_a_row_is_summed_and_divided(drawn, z):
    row = np.array(drawn)
    divided = row / z
    assert per_case_kernels.sum_of(row) == pytest.approx(loading_twins.sum_of(row), rel=1e-14)
    per_case_kernels.divide(row, z)
    assert (row == divided).all()
