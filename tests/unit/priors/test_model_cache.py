"""Models kept between runs: the same values as from the files, and the files again wherever anything is amiss."""

import inspect
import os
import pickle
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import BadPriors
from model.gates import TableGate
from model.priors import folder, load, model_cache
from model.resources import disk_cache
from model.specification import Model
from tests.prior_copies import ASIA, DATA, copied, edited

MODELS = [
    *sorted(path.parent for path in ASIA.parent.glob("*/model.yaml")),
    *(DATA / name for name in ("kinds", "counts")),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing may be read from prior files."""
    monkeypatch.setattr(folder, "understand", lambda _: pytest.fail("the files were read"))


def alike(one: Any, other: Any) -> None:
    """Equal in value, type, order of keys and layout in memory, all the way down."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes("A")) == (other.dtype, other.shape, other.tobytes("A"))
        assert not other.flags.writeable
        steps = [(s, t) for s, t, n in zip(one.strides, other.strides, one.shape, strict=True) if n > 1]
        assert all(s == t for s, t in steps)
    elif isinstance(one, Mapping):
        assert list(one) == list(other)
        for key in one:
            alike(one[key], other[key])
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for each, twin in zip(one, other, strict=True):
            alike(each, twin)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            alike(getattr(one, name), getattr(other, name))
    else:
        assert one == other


def kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("*"))


@pytest.mark.parametrize("source", MODELS, ids=lambda path: path.name)
def test_a_model_that_was_kept_is_the_model_of_the_files(source: Path) -> None:
    made, _ = folder.understand(source)
    assert made is not None
    key = model_cache.key(source)
    model_cache.write(key, made)
    alike(made, model_cache.read(key))


def test_a_folder_that_did_not_change_is_not_read_again(
    tmp_path: Path, cache: Path, request: pytest.FixtureRequest
) -> None:
    source = copied(ASIA, tmp_path)
    first = load(source)
    assert len(kept(cache)) == 1
    request.getfixturevalue("unread")
    assert load(source).revision == first.revision


CHANGES = {
    "a number": ("diseases.yaml", "yes: 0.05, no: 0.95", "yes: 0.06, no: 0.94"),
    "a comment": ("model.yaml", "# decibels", "# in decibels"),
    "a space": ("findings.yaml", "variables:\n", "variables: \n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_changes_in_a_file_is_read(change: tuple[str, str, str], tmp_path: Path) -> None:
    source = copied(ASIA, tmp_path)
    before = model_cache.key(source)
    file, old, new = change
    text = (source / file).read_text("utf-8")
    assert old in text
    (source / file).write_text(text.replace(old, new, 1), "utf-8")
    assert model_cache.key(source) != before


def test_a_mistake_is_told_after_a_model_was_kept_and_is_not_kept_itself(tmp_path: Path, cache: Path) -> None:
    source = copied(ASIA, tmp_path)
    load(source)
    (source / "diseases.yaml").write_text("variables: [\n...\n", "utf-8")
    for _ in range(2):
        with pytest.raises(BadPriors):
            load(source)
    assert len(kept(cache)) == 1


def test_the_key_is_moved_by_a_file_more_another_name_another_place_and_a_link(tmp_path: Path) -> None:
    source = copied(ASIA, tmp_path)
    keys = {model_cache.key(source)}
    (source / "more.yaml").write_text("...\n", "utf-8")
    keys.add(model_cache.key(source))
    (source / "more.yaml").rename(source / "others.yaml")
    keys.add(model_cache.key(source))
    outside = tmp_path / "others.yaml"
    (source / "others.yaml").rename(outside)
    (source / "others.yaml").symlink_to(outside)
    keys.add(model_cache.key(source))
    keys.add(model_cache.key(source.rename(tmp_path / "clinic")))
    assert len(keys - {None}) == 5


@pytest.mark.parametrize("what", ["code", "package", "threads"])
def test_the_key_is_moved_by_other_code_other_packages_and_other_threads(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model_cache.key(ASIA)
    if what == "code":
        (tmp_path / "gates.py").write_text("# another way\n")
        monkeypatch.setattr(disk_cache, "CODE", tmp_path)
    elif what == "package":
        monkeypatch.setattr(os, "listdir", lambda _: ["numpy-9.9.9.dist-info"])
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", "7")
    disk_cache.code.cache_clear()
    after = model_cache.key(ASIA)
    disk_cache.code.cache_clear()
    assert after is not None
    assert after != before


def test_the_code_is_all_that_makes_models_and_draws() -> None:
    assert (disk_cache.CODE / "gates" / "kinds.py").samefile(inspect.getfile(TableGate))
    assert (disk_cache.CODE / "priors" / "__init__.py").samefile(inspect.getfile(load))


def test_without_sources_or_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk_cache.CACHE, "")
    assert model_cache.key(ASIA) is None
    assert load(ASIA).name == "asia"
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path))
    monkeypatch.setattr(disk_cache, "CODE", tmp_path)
    disk_cache.code.cache_clear()
    assert model_cache.key(ASIA) is None
    disk_cache.code.cache_clear()
    assert kept(tmp_path / "models") == []


def test_a_file_that_is_not_whole_is_made_again(tmp_path: Path, cache: Path) -> None:
    source = copied(ASIA, tmp_path)
    revision = load(source).revision
    (place,) = kept(cache)
    whole = place.read_bytes()
    for damage in (b"", whole[:-1], whole[: len(whole) // 2], whole[:50] + b"x" + whole[51:], b"\0" * len(whole)):
        place.write_bytes(damage)
        assert load(source).revision == revision
        assert place.read_bytes() == whole


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("harmed",)


def test_a_file_that_someone_else_wrote_can_run_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = copied(ASIA, tmp_path)
    revision = load(source).revision
    (place,) = kept(cache)
    for value in (Harmful(), {"a": 1}, None):
        content = pickle.dumps(value, protocol=5)
        place.write_bytes(sha256(content).digest() + content)
        assert load(source).revision == revision
    assert not (tmp_path / "harmed").exists()


def test_a_model_that_changed_while_it_was_read_is_not_kept(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = copied(ASIA, tmp_path)
    understand = folder.understand

    def slowly(place: Path) -> tuple[Model | None, list[Any]]:
        found = understand(place)
        with (source / "diseases.yaml").open("a") as file:
            file.write("# written meanwhile\n")
        return found

    monkeypatch.setattr(folder, "understand", slowly)
    assert load(source).name == "asia"
    assert kept(cache) == []


def test_the_least_recently_used_are_removed(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_cache, "MOST_FILES", 2)
    made = load(ASIA)
    cache.joinpath(f"{model_cache.key(ASIA)}.model").unlink()
    for number, key in enumerate(("one", "two", "three"), start=1):
        model_cache.write(key, made)
        os.utime(cache / f"{key}.model", (number, number))
        if key == "two":
            assert model_cache.read("one") is not None
    assert [place.stem for place in kept(cache)] == ["one", "three"]


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "file"))
    for _ in range(2):
        assert load(ASIA).name == "asia"


def test_an_edit_is_answered_as_if_nothing_had_been_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(ASIA)
    source = edited(ASIA, tmp_path, "diseases.yaml", ("yes: 0.05, no: 0.95", "yes: 0.06, no: 0.94"))
    found = load(source)
    monkeypatch.setenv(disk_cache.CACHE, "")
    alike_tables = zip(found.network.tables.values(), load(source).network.tables.values(), strict=True)
    assert all(np.array_equal(one, other) for one, other in alike_tables)
