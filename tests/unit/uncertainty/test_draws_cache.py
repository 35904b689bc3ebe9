"""Drawn tables on disk: the same to the bit, never those of another gate, drawn again where a file is not whole."""

from pathlib import Path

import numpy as np
import pytest

from model import priors
from model.gates import TableGate
from model.network import Network
from model.resources import disk_cache
from model.specification import Model
from model.uncertainty import draws_cache
from model.uncertainty.draws import Draws
from tests.servers import ROOT

MOSUL = ROOT / "priors" / "mosul-2017"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "draws"


@pytest.fixture(scope="module")
def mosul() -> Model:
    return priors.load(MOSUL)


def tables(model: Model, names: list[str]) -> dict[str, np.ndarray | None]:
    draws = Draws(model)
    return {name: draws.table(name) for name in names}


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.tobytes() == other.tobytes() and (one.shape, one.strides) == (other.shape, other.strides)


def test_every_table_is_the_same_to_the_bit_drawn_and_read(mosul: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(mosul.network.names)
    drawn = tables(mosul, names)
    with monkeypatch.context() as context:
        for kind in {type(each.gate) for each in mosul.described.values()}:
            context.setattr(kind, "draw", None)  # nothing can be drawn: all is read
        read = tables(mosul, names)
    assert all(same(drawn[name], read[name]) for name in names)
    assert all(table is None or not table.flags.writeable for table in read.values())
    monkeypatch.setenv(disk_cache.CACHE, "")
    again = tables(mosul, names[:20])
    assert all(same(drawn[name], again[name]) for name in again)


def test_a_damaged_file_is_drawn_again(mosul: Model, cache: Path) -> None:
    name = mosul.network.names[0]
    before = tables(mosul, [name])[name]
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    for damage in (b"", whole[:-8], whole[:40] + b"x" + whole[41:]):
        file.write_bytes(damage)
        assert same(tables(mosul, [name])[name], before)
        assert file.read_bytes() == whole


def test_the_place_is_moved_by_each_number_by_the_seeds_and_by_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, other = TableGate(np.array([0.3, 0.7]), np.array(20.0)), TableGate(np.array([0.3, 0.7]), np.array(21.0))
    places = {draws_cache.place(gate, 1, 2), draws_cache.place(other, 1, 2), draws_cache.place(gate, 1, 3)}
    monkeypatch.setattr(disk_cache, "code", lambda: "another")
    places.add(draws_cache.place(gate, 1, 2))
    assert len(places - {None}) == 4
    monkeypatch.setattr(disk_cache, "code", lambda: None)
    assert draws_cache.place(gate, 1, 2) is None


def test_every_gate_of_the_shipped_models_can_be_kept(mosul: Model) -> None:
    assert isinstance(mosul.network, Network)
    assert [name for name, each in mosul.described.items() if draws_cache.place(each.gate, 1) is None] == []
