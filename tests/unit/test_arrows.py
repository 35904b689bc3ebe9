"""The order of the rooms: every import points down."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.sources import ROOT, imports, modules

# Each may import those before it.
MODEL_ORDER = (
    "errors",
    "resources",
    "wording",
    "notebook",
    "network",
    "d_separation",
    "evidence",
    "gates",
    "specification",
    "events",
    "inference",
    "question",
    "uncertainty",
    "readback",
    "answers",
    "forecast",
    "priors",
    "analyses",
    "interchange",
    "report",
)
MOST_ROOMS = 20
MOST_LEVELS = 10
"""A chain of packages of the model that import each other, at the longest."""

CONTENTS = "model.__init__"
"""The contents page: it names what is in other files and imports none of them until it is asked."""

ABOVE_THE_MODEL = {"service", "wsgi", "flask", "werkzeug", "gunicorn", "sqlalchemy", "alembic", "click", "rich"}


def floor(name: str) -> int | None:
    """Position in the model's order of the module that a full name stands in."""
    parts = name.split(".")
    return MODEL_ORDER.index(parts[1]) if parts[0] == "model" and parts[1] in MODEL_ORDER else None


def own_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def test_every_module_of_the_model_has_its_place_in_the_order() -> None:
    unplaced = [own_name(path) for path in modules("model") if floor(own_name(path)) is None]
    assert unplaced == [CONTENTS]


def test_every_place_in_the_order_is_taken() -> None:
    taken = {own_name(path).split(".")[1] for path in modules("model")}
    assert [name for name in MODEL_ORDER if name not in taken] == []


def test_no_module_of_the_model_imports_one_above_it() -> None:
    upward = [
        f"{own_name(path)} -> {name}"
        for path in modules("model")
        for name in imports(path)
        if own_name(path) != CONTENTS and (floor(name) or 0) > (floor(own_name(path)) or 0)
    ]
    assert upward == []


def test_the_contents_page_imports_nothing_of_the_model_when_it_is_imported() -> None:
    at_start = imports(ROOT / "model" / "__init__.py", at_start=True)
    assert [name for name in at_start if name.split(".")[0] == "model"] == []


def running(path: Path) -> Iterator[str]:
    """Modules of the model that a module imports, at the start, later, or for the type checker alone."""
    files = {module_name(other) for other in modules("model")}
    for name in imports(path):
        if name.split(".")[0] == "model":
            yield name if name in files else name.rpartition(".")[0]


def module_name(path: Path) -> str:
    return own_name(path).removesuffix(".__init__")


def levels(arrows: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Length of the longest chain of arrows from each name. Raises ValueError, naming it, where a chain comes back."""
    found: dict[str, int] = {}

    def level(name: str, chain: tuple[str, ...]) -> int:
        if name in chain:
            raise ValueError(" -> ".join((*chain[chain.index(name) :], name)))
        if name not in found:
            below = [level(other, (*chain, name)) for other in arrows.get(name, ()) if other != name]
            found[name] = 1 + max(below, default=0)
        return found[name]

    for name in arrows:
        level(name, ())
    return found


def test_no_imports_inside_the_model_go_in_a_circle() -> None:
    arrows = {module_name(path): set(running(path)) for path in modules("model") if own_name(path) != CONTENTS}
    assert len(levels(arrows)) == len(arrows)


def test_the_rooms_of_the_model_are_few_and_lie_on_few_levels() -> None:
    arrows: dict[str, set[str]] = {}
    for path in modules("model"):
        if own_name(path) != CONTENTS:
            arrows.setdefault(room(own_name(path)), set()).update(room(name) for name in running(path))
    assert len(arrows) <= MOST_ROOMS
    assert max(levels(arrows).values()) <= MOST_LEVELS


def test_a_circle_of_imports_is_named() -> None:
    assert levels({"a": ["b"], "b": ["c"], "c": []}) == {"a": 3, "b": 2, "c": 1}
    with pytest.raises(ValueError, match=r"^b -> c -> b$"):
        levels({"a": ["b"], "b": ["c"], "c": ["b"]})


def test_the_model_knows_no_web_no_database_and_no_command_line() -> None:
    upward = [
        f"{own_name(path)} -> {name}"
        for path in modules("model")
        for name in imports(path)
        if name.split(".")[0] in ABOVE_THE_MODEL
    ]
    assert upward == []


def test_numba_is_known_to_inference_alone() -> None:
    knowing = {
        room(own_name(path))
        for path in modules("model")
        if any(name.split(".")[0] in ("numba", "llvmlite") for name in imports(path))
    }
    assert knowing == {"model.inference"}


def test_nothing_outside_inference_imports_its_executors() -> None:
    """What is needed of them is offered by ``model.inference``; the packages below it are its own affair."""
    outside = [path for path in modules("model") + modules("service") if room(own_name(path)) != "model.inference"]
    below = tuple(f"model.inference.{name}" for name in ("junction_tree", "variable_elimination", "simd", "numba_door"))
    reaching = [
        f"{own_name(path)} -> {name}"
        for path in [*outside, ROOT / "wsgi.py", ROOT / "dev.py"]
        for name in imports(path)
        if name.startswith(below)
    ]
    assert reaching == []


def test_pgmpy_is_imported_only_by_the_interchange_and_only_inside_functions() -> None:
    everywhere = {
        own_name(path).split(".")[1]
        for path in modules("model") + modules("service")
        if any(name.split(".")[0] == "pgmpy" for name in imports(path))
    }
    at_start = [
        own_name(path)
        for path in modules("model") + modules("service")
        if any(name.split(".")[0] == "pgmpy" for name in imports(path, at_start=True))
    ]
    assert everywhere == {"interchange"}
    assert at_start == []


def test_matplotlib_is_imported_only_by_the_pictures_and_pictures_only_inside_functions() -> None:
    drawing = {
        own_name(path)
        for path in modules("model") + modules("service")
        if any(name.split(".")[0] == "matplotlib" for name in imports(path))
    }
    at_start = [
        own_name(path)
        for path in modules("model") + modules("service")
        if any(name.startswith("service.pictures") for name in imports(path, at_start=True))
    ]
    pictures = ("bars", "canvas", "graph", "heat_map", "sides")
    assert drawing == {f"service.pictures.{name}" for name in pictures}
    assert [name for name in at_start if not name.startswith("service.pictures")] == []


def test_no_module_is_called_utils() -> None:
    names = {path.stem for room in ("model", "service", "tests") for path in modules(room)}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_an_arrow_that_points_up_is_found(tmp_path: Path) -> None:
    (tmp_path / "low.py").write_text("def late():\n    from model.forecast import answer\n")
    (name,) = imports(tmp_path / "low.py")
    assert (floor(name) or 0) > (floor("model.errors") or 0)
    assert list(imports(tmp_path / "low.py", at_start=True)) == []
