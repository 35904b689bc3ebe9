"""Elimination orders kept between runs: never another answer, whatever became of the file."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from model.inference.junction_tree import elimination_order, order_cache
from model.inference.junction_tree.elimination_order import best_order
from model.inference.junction_tree.order_cache import kept_order
from model.resources import disk_cache
from tests.networks import grid


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A graph of 16 vertices, and the folder that its order is kept in."""
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "cache"))
    return grid(4), [2, 3] * 8, tmp_path / "cache" / "orders"


def only_file(place):
    (found,) = place.iterdir()
    return found


def test_the_second_time_the_order_is_read_and_not_searched_for(kept, monkeypatch):
    graph, cards, place = kept
    wanted = best_order(graph, cards)
    assert kept_order(graph, cards) == wanted
    assert only_file(place).suffix == ".json"
    monkeypatch.setattr(order_cache, "best_order", lambda *_: pytest.fail("searched again"))
    assert kept_order(graph, cards) == wanted


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[1, 2]",
        b"{}",
        b'{"order": [0, 0], "sum": ""}',
        b'{"order": null}',
        json.dumps({"order": list(range(16)), "sum": "another's"}).encode(),
        json.dumps({"order": [True, *range(1, 16)], "sum": ""}).encode(),
    ],
)
def test_a_file_that_is_not_whole_is_searched_for_again_and_made_whole(kept, text):
    graph, cards, place = kept
    wanted = kept_order(graph, cards)
    whole = only_file(place).read_bytes()
    only_file(place).write_bytes(text)
    assert kept_order(graph, cards) == wanted
    assert only_file(place).read_bytes() == whole


def test_an_order_cut_short_or_of_another_graph_is_not_taken(kept):
    graph, cards, place = kept
    wanted = kept_order(graph, cards)
    file = only_file(place)
    file.write_bytes(file.read_bytes()[:-7])
    assert kept_order(graph, cards) == wanted
    assert kept_order(graph, [3, 2] * 8) == best_order(graph, [3, 2] * 8)
    assert len(list(place.iterdir())) == 2


def test_another_version_or_setting_of_the_search_has_another_file(kept, monkeypatch):
    graph, cards, _ = kept
    before = order_cache.digest(graph, cards)
    monkeypatch.setattr(elimination_order, "SEARCH", elimination_order.SEARCH + 1)
    after = order_cache.digest(graph, cards)
    monkeypatch.setattr(elimination_order, "WORK", elimination_order.WORK + 1)
    assert len({before, after, order_cache.digest(graph, cards)}) == 3


def test_there_is_an_end_of_what_is_kept_and_what_is_used_stays(kept, monkeypatch):
    monkeypatch.setattr(disk_cache, "MOST_ORDERS", 3)
    graph, cards, place = kept
    kept_order(graph, cards)
    own = only_file(place)
    for i in range(6):
        kept_order(graph, [2 + (i >> bit & 1) for bit in range(3)] + cards[3:])
        assert kept_order(graph, cards)
        assert own.exists()
        assert len(list(place.iterdir())) <= 3


def test_where_nothing_can_be_written_the_order_is_searched_for(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "file"))
    assert kept_order(grid(4), [2] * 16) == best_order(grid(4), [2] * 16)


def test_a_full_disk_leaves_no_half_written_file(kept, monkeypatch):
    graph, cards, place = kept

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert kept_order(graph, cards) == best_order(graph, cards)
    assert list(place.iterdir()) == []


def test_an_empty_setting_keeps_nothing_and_no_home_keeps_nothing(monkeypatch):
    monkeypatch.setenv(disk_cache.CACHE, "")
    assert order_cache.folder() is None
    assert kept_order(grid(4), [2] * 16) == best_order(grid(4), [2] * 16)


def test_without_a_setting_the_users_cache_folder_is_used(tmp_path, monkeypatch):
    monkeypatch.delenv(disk_cache.CACHE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert order_cache.folder() == tmp_path / "aftermath" / "orders"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert order_cache.folder() == tmp_path / ".cache" / "aftermath" / "orders"


def test_many_writers_at_once_leave_one_whole_file(kept):
    graph, cards, place = kept
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: kept_order(graph, cards), range(24)))
    assert all(order == found[0] for order in found)
    assert sorted(json.loads(only_file(place).read_bytes())["order"]) == list(range(16))
