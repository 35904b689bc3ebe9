"""The order of the rooms: every import points down."""

from pathlib import Path

from tests.sources import ROOT, imports, modules

# Each may import those before it.
MODEL_ORDER = (
    "errors",
    "notebook",
    "native",
    "network",
    "batch",
    "gates",
    "ordering",
    "orders",
    "triangulation",
    "separation",
    "layout",
    "maps",
    "axes",
    "calibrated",
    "shape",
    "outlooks",
    "packed",
    "vectors",
    "map_kernels",
    "mark_kernels",
    "up_kernels",
    "down_kernels",
    "tree_kernels",
    "best_kernels",
    "gradient_kernels",
    "tree",
    "numpy_tree",
    "elimination",
    "lanes",
    "plan",
    "engine",
    "gradient",
    "warm",
    "evidence",
    "document",
    "updating",
    "parameters",
    "leaving_out",
    "priors",
    "readback",
    "draws",
    "intervals",
    "forecast",
    "wording",
    "status",
    "subsets",
    "weights",
    "conflict",
    "trails",
    "causes",
    "explanation",
    "moves",
    "sensitivity",
    "attribution",
    "brief",
    "brief_text",
    "review",
    "information",
    "collection",
    "goals",
    "interchange",
)
ABOVE_THE_MODEL = {"service", "wsgi", "flask", "werkzeug", "gunicorn", "sqlalchemy", "alembic", "click", "rich"}


def floor(name: str) -> int | None:
    """Position in the model's order of the module that a full name stands in."""
    parts = name.split(".")
    return MODEL_ORDER.index(parts[1]) if parts[0] == "model" and parts[1] in MODEL_ORDER else None


def own_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_every_module_of_the_model_has_its_place_in_the_order() -> None:
    unplaced = [own_name(path) for path in modules("model") if floor(own_name(path)) is None]
    assert unplaced == ["model.__init__"]


def test_no_module_of_the_model_imports_one_above_it() -> None:
    upward = [
        f"{own_name(path)} -> {name}"
        for path in modules("model")
        for name in imports(path)
        if (floor(name) or 0) > (floor(own_name(path)) or 0)
    ]
    assert upward == []


def test_the_model_knows_no_web_no_database_and_no_command_line() -> None:
    upward = [
        f"{own_name(path)} -> {name}"
        for path in modules("model")
        for name in imports(path)
        if name.split(".")[0] in ABOVE_THE_MODEL
    ]
    assert upward == []


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
    assert drawing == {"service.pictures.bars", "service.pictures.canvas", "service.pictures.graph"}
    assert [name for name in at_start if not name.startswith("service.pictures")] == []


def test_no_module_is_called_utils() -> None:
    names = {path.stem for room in ("model", "service", "tests") for path in modules(room)}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_an_arrow_that_points_up_is_found(tmp_path: Path) -> None:
    (tmp_path / "low.py").write_text("def late():\n    from model.forecast import answer\n")
    (name,) = imports(tmp_path / "low.py")
    assert (floor(name) or 0) > (floor("model.errors") or 0)
    assert list(imports(tmp_path / "low.py", at_start=True)) == []
