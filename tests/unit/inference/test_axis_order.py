"""The axes of a tree's tables: their order is found once a machine, and is the same whether found or read."""

import json
from pathlib import Path

import pytest

from model.inference.junction_tree.packed import axis_order
from model.inference.junction_tree.packed.axis_order import ordered_tree
from model.inference.junction_tree.triangulation import Clique, JunctionTree
from model.resources import disk_cache

CARDS = [4, 3, 2, 4, 3, 2, 4, 3]
CLIQUES = (Clique((0, 1, 2, 3, 4), 2, 1), Clique((2, 3, 4, 5, 6, 7), 6, -1))
TREE = JunctionTree(CLIQUES, 20_000, 5, ())
"""As if of so many cells: what is searched is small, and worth a file."""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "axes"


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> JunctionTree:
    with monkeypatch.context() as context:
        context.setenv(disk_cache.CACHE, "")
        return ordered_tree(TREE, CARDS)


def test_the_second_time_the_order_is_read(kept: Path, wanted: JunctionTree, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ordered_tree(TREE, CARDS) == wanted
    assert len(list(kept.iterdir())) == 1
    monkeypatch.setattr(axis_order, "_Orders", lambda *_: pytest.fail("searched again"))
    assert ordered_tree(TREE, CARDS) == wanted


@pytest.mark.parametrize(
    "order",
    [
        None,
        [],
        [[0, 1, 2, 3, 4]],
        [[0, 1, 2, 3], [2, 3, 4, 5, 6, 7]],
        [[2, 1, 0, 3, 4], [2, 3, 4, 5, 6, 7]],
        [[0, True, 2, 3, 4], [2, 3, 4, 5, 6, 7]],
        [5, 6],
    ],
)
def test_a_file_that_is_no_order_of_the_tree_is_made_again(order: object, kept: Path, wanted: JunctionTree) -> None:
    ordered_tree(TREE, CARDS)
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    disk_cache.write_order(file, order)
    assert ordered_tree(TREE, CARDS) == wanted
    assert file.read_bytes() == whole
    file.write_bytes(json.dumps({"order": json.loads(whole)["order"], "sum": "another's"}).encode())
    assert ordered_tree(TREE, CARDS) == wanted
    assert file.read_bytes() == whole


def test_other_cards_another_tree_and_another_search_have_other_files(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered_tree(TREE, CARDS)
    ordered_tree(TREE, [*CARDS[:-1], 5])
    ordered_tree(JunctionTree(CLIQUES[1:], 20_000, 5, ()), CARDS)
    monkeypatch.setattr(axis_order, "SEARCH", axis_order.SEARCH + 1)
    ordered_tree(TREE, CARDS)
    assert len(list(kept.iterdir())) == 4


def test_a_small_tree_is_searched_and_leaves_no_file(kept: Path) -> None:
    ordered_tree(JunctionTree(CLIQUES, 500, 5, ()), CARDS)
    assert not kept.exists()
