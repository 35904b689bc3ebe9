"""Models that are too large, or take too long, are refused early, with what was counted; large ones are served."""

import math
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from model import inference, priors
from model.errors import BadPriors, NetworkTooLarge
from model.forecast import prepare
from model.inference.arrays import NOTHING
from model.inference.junction_tree import elimination_order
from model.inference.junction_tree.reference import belief
from model.inference.junction_tree.triangulation import CELL_LIMIT
from model.network import Network
from model.priors import folder as reading
from model.priors.build import model as building
from model.priors.yaml.reader import read
from model.resources import deadline, disk_cache
from service import revisions
from service.settings import Settings, from_environment
from tests import large_models
from tests.networks import networks
from tests.prior_copies import ASIA, copied, said
from tests.servers import ROOT


def test_fault_21_a_grid_that_is_too_wide_is_refused_before_any_table_with_cells_width_and_clique(
    tmp_path: Path,
) -> None:
    model = priors.load(large_models.grid(tmp_path / "grid", 20))
    with pytest.raises(
        NetworkTooLarge,
        match=r"needs [\d,]+ table cells, more than the limit of 30,000,000; width [0-9]+, largest clique g",
    ):
        prepare(model)


def test_fault_21_a_grid_that_fits_is_not_refused_for_one_poor_order(tmp_path: Path) -> None:
    plan = inference.compile(priors.load(large_models.grid(tmp_path / "grid", 15)).network)
    assert 1_000_000 < plan.cells <= CELL_LIMIT
    assert plan.too_large is None


def test_fault_21_the_order_of_the_files_is_tried_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a wide grid whose variables are listed row by row it is better than what the search finds."""
    network = priors.load(large_models.grid(tmp_path / "grid", 17)).network
    graph, cards = elimination_order.moral_graph(network), network.cards(network.names)
    tried = elimination_order.best_order(graph, cards)
    monkeypatch.setattr(elimination_order, "cells_of_cliques", lambda *_: 0)  # the first candidate, which is searched
    searched = elimination_order.best_order(graph, cards)
    monkeypatch.undo()
    cells = [cells_of(graph, cards, order) for order in (tried, searched, range(len(cards)))]
    assert cells[0] <= min(cells[1:])
    assert cells[0] < cells[1]


def cells_of(graph: list[int], cards: Sequence[int], order: Sequence[int]) -> int:
    """Table cells of the maximal cliques of an order, by the definition."""
    later = elimination_order.later_neighbours(graph, order)
    cliques = {frozenset({v, *around}) for v, around in later.items()}
    return sum(
        math.prod(cards[v] for v in clique) for clique in cliques if not any(clique < other for other in cliques)
    )


def test_fault_21_the_order_of_a_long_search_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "cache"))
    network = priors.load(large_models.grid(tmp_path / "grid", 15)).network
    first = inference.compile(network).cells
    monkeypatch.setattr("model.inference.junction_tree.order_cache.best_order", None)  # nothing can be searched
    assert inference.compile(network).cells == first


@settings(max_examples=500)
@given(networks(variables=6))
def test_fault_22_the_cells_that_are_counted_are_those_that_are_allocated(network: Network) -> None:
    plan = inference.compile(network)
    collected = [belief(plan.cliques, c, NOTHING)[0] for c in range(len(plan.tree.cliques))]
    assert plan.cells == sum(table.size for table in collected)


def test_a_table_that_is_too_large_by_itself_is_refused_before_it_is_built(tmp_path: Path) -> None:
    [problem] = said(large_models.wide(tmp_path / "wide", 20))
    assert "effect, parents: a table of 2,097,152 cells" in problem
    assert "at most 1,000,000 and 30 parents" in problem


def test_a_chain_costs_in_proportion_to_its_length(tmp_path: Path) -> None:
    """Twice the variables take less than three times the work, so that nothing in it grows with the square."""

    def seconds(count: int) -> float:
        started = time.process_time()
        prepare(priors.load(large_models.chain(tmp_path / f"chain-{count}", count)))
        return time.process_time() - started

    seconds(20)  # what is loaded once
    assert seconds(1_200) < 3 * seconds(600) + 1


def test_a_folder_of_too_many_files_bytes_or_variables_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(ASIA, tmp_path)
    with monkeypatch.context() as context:
        context.setattr(reading, "MOST_FILES", 3)
        assert said(folder)[0].endswith("8 files, expected at most 3.")
    with monkeypatch.context() as context:
        context.setattr(reading, "MOST_BYTES", 100)
        [problem] = said(folder)
        assert "bytes together, expected at most 100." in problem
    monkeypatch.setattr(building, "MOST_VARIABLES", 7)
    [problem] = said(folder)
    assert problem == "model.yaml:2:1: 8 variables, expected at most 7."


def test_a_model_that_takes_too_long_is_broken_and_the_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(disk_cache.CACHE, "")
    copied(ASIA, tmp_path)
    large_models.chain(tmp_path / "chain", 2_000)
    prepare(priors.load(tmp_path / "asia"))

    monkeypatch.setattr(revisions, "Watch", lambda _seconds: ending(1_500))
    found = revisions.load(tmp_path, seconds=7)
    assert tuple(found.ready) == ("asia",)
    assert found.broken["chain"].reasons == (
        "not read and compiled within 7 s, the limit (AFTERMATH_LOAD_SECONDS sets another)",
    )


def test_the_limits_of_loading_are_settings() -> None:
    assert (from_environment({}).load_seconds, from_environment({}).load_memory) == (120, 4_000_000_000)
    assert from_environment({"AFTERMATH_LOAD_SECONDS": "5"}).load_seconds == 5
    assert from_environment({"AFTERMATH_LOAD_MEMORY": "500000000"}).load_memory == 500_000_000
    assert (Settings(ASIA.parent).load_seconds, Settings(ASIA.parent).load_memory) == (120, 4_000_000_000)


def test_a_model_that_takes_too_much_memory_is_broken_and_the_others_are_served(tmp_path: Path) -> None:
    """In a process of its own, whose address space is limited while it loads and free again after it."""
    copied(ASIA, tmp_path)
    large_models.grid(tmp_path / "grid", 14)
    program = (
        "import logging, resource, sys; from pathlib import Path; from service import revisions\n"
        "from model import priors; from model.forecast import prepare\n"
        "prepare(priors.load(Path(sys.argv[1]) / 'asia'))\n"
        "before = resource.getrlimit(resource.RLIMIT_AS)\n"
        "found = revisions.load(Path(sys.argv[1]), memory=100_000_000, ahead=True)\n"
        "assert resource.getrlimit(resource.RLIMIT_AS) == before\n"
        "print(*found.ready, *found.broken['grid'].reasons, sep='|')\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    reason = "it needs more memory than loading may take (AFTERMATH_LOAD_MEMORY sets another limit)"
    assert ran.stdout == f"asia|{reason}\n", ran.stderr[-3_000:]


class Counted(deadline.Watch):
    """Ends at one of its steps, so that no slow machine matters."""

    most = 0

    def check(self) -> None:
        self.steps += 1
        if self.steps > self.most:
            raise deadline.DeadlinePassed("too many steps")


def ending(most: int) -> Counted:
    watch = Counted(60.0)
    watch.most = most
    return watch


def test_loading_ends_at_any_of_its_steps_and_that_is_no_problem_of_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gates that are calibrated are compiled in the middle: what ends that is no fault of theirs."""
    monkeypatch.setenv(disk_cache.CACHE, "")
    whole = ending(10**9)
    folder = ROOT / "priors" / "colombia-2016"
    with deadline.watched(whole):
        prepare(priors.load(folder)).draws.warm()
    assert whole.steps > 100
    for most in range(0, whole.steps, whole.steps // 23):
        with deadline.watched(ending(most)), pytest.raises(deadline.DeadlinePassed, match="too many steps"):
            prepare(priors.load(folder)).draws.warm()


def test_a_file_with_a_fault_is_read_slowly_and_ends_too() -> None:
    text = "a: &b\n" + "".join(f"v{i}: {i}\n" for i in range(20_000)) + "...\n"
    watch = ending(500)
    with deadline.watched(watch), pytest.raises(deadline.DeadlinePassed):
        read(text.encode(), file="x.yaml")
    assert watch.steps == 501


def test_a_long_flat_file_ends_too() -> None:
    text = "".join(f"v{i}: {i}\n" for i in range(20_000)) + "...\n"
    with deadline.watched(ending(5)), pytest.raises(deadline.DeadlinePassed):
        read(text.encode(), file="x.yaml")


def test_loading_ends_by_itself_in_each_of_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk_cache.CACHE, "")
    with deadline.watched(deadline.Watch(0.0)), pytest.raises(deadline.DeadlinePassed):
        priors.load(ASIA)
    model = priors.load(large_models.grid(tmp_path / "grid", 6))
    with deadline.watched(deadline.Watch(0.0)), pytest.raises(deadline.DeadlinePassed):
        inference.compile(model.network)


def test_a_model_within_its_limits_still_loads(tmp_path: Path) -> None:
    folder = large_models.chain(tmp_path / "chain", 30)
    assert said(folder) == []
    with pytest.raises(BadPriors):
        priors.load(large_models.wide(tmp_path / "wide", 20))
