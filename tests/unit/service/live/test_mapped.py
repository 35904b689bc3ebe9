"""A compiled model on disk is the same when it is mapped: every value, every bit, every answer."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from model.forecast import answer, compiled, prepare, restored
from model.priors import load
from model.question import Question
from service.live import mapped
from service.live.mapped import Unwritable
from tests.sources import ROOT


def again(folder: Path, value: object) -> object:
    mapped.write(folder, value)
    return mapped.read(folder)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        1.0,
        -0.0,
        float("inf"),
        "text",
        (1, 1.0, True, "1", None),
        [(), ({"a": (1,)},)],
        frozenset({"a", "b"}),
        slice(1, None, 2),
        {"a": {"b": 2**40}},
    ],
)
def test_a_value_is_the_same_again(value, tmp_path) -> None:
    found = again(tmp_path, value)
    assert repr(found) == repr(value) or found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_an_array_has_its_bits_and_its_layout_again_and_cannot_be_written_to(shape, order, tmp_path) -> None:
    array = np.asarray(np.random.default_rng(1).random(shape), order=order)
    (found,) = again(tmp_path, (array,))
    assert found.tobytes() == array.tobytes()
    assert (found.shape, found.dtype) == (array.shape, array.dtype)
    assert found.strides == array.strides or array.size < 2
    assert not found.flags.writeable


def test_what_is_shared_is_shared_again(tmp_path) -> None:
    table = np.ones(3)
    found = again(tmp_path, (table, {"a": table}))
    assert found[0] is found[1]["a"]


@pytest.mark.parametrize("value", [object(), {1j: 1}, np.array([None]), lambda: 1, Path("a"), json.JSONDecoder()])
def test_what_is_no_value_of_a_model_is_not_written(value, tmp_path) -> None:
    with pytest.raises((Unwritable, TypeError)):
        mapped.write(tmp_path, (value,))


@pytest.mark.parametrize("name", ["os:system", "subprocess:Popen", "model.priors:load", "model.network:hashlib", "a:b"])
def test_a_file_can_make_nothing_but_values_of_the_model(name, tmp_path) -> None:
    mapped.write(tmp_path, ())
    (tmp_path / "values").write_bytes(msgspec.msgpack.encode(([name], ["true", [mapped.OBJECT, 0, 0]])))
    with pytest.raises((Unwritable, ImportError)):
        mapped.read(tmp_path)


def test_the_file_may_be_removed_while_it_is_in_use(tmp_path) -> None:
    found = again(tmp_path, (np.arange(10_000.0),))
    for path in tmp_path.iterdir():
        path.unlink()
    assert float(found[0].sum()) == 49_995_000.0


@pytest.mark.parametrize("name", ["asia", "colombia-2016"])
def test_a_mapped_model_answers_with_the_same_bits(name, tmp_path) -> None:
    own = prepare(load(ROOT / "priors" / name))
    own.draws.warm()
    other = restored(again(tmp_path, compiled(own)))
    assert other.model.revision == own.model.revision
    for target in own.model.headline:
        ours, theirs = (answer(each, Question((target,), interval=0.9)) for each in (own, other))
        assert ours.targets.p.tobytes() == theirs.targets.p.tobytes()
        assert ours.targets.intervals.low.tobytes() == theirs.targets.intervals.low.tobytes()
    assert own.draws.caches["drawn tables"] == other.draws.caches["drawn tables"]


def test_the_mapped_model_shares_its_tables_with_the_file(tmp_path) -> None:
    own = prepare(load(ROOT / "priors" / "asia"))
    own.draws.warm()
    other = restored(again(tmp_path, compiled(own)))
    assert not other.draws.table("lung").flags.owndata
    assert not other.plan.packed.floats.flags.owndata
