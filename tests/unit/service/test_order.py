"""The order of the service's packages: imports point down."""

from tests.sources import ROOT, imports, modules

# Each may import those before it.
ORDER = (
    "client",
    "malloc",
    "prose",
    "store",
    "settings",
    "revisions",
    "live",
    "stored_models",
    "http",
    "schemas",
    "layers",
    "translate",
    "mcp",
    "jobs",
    "pictures",
    "cli",
    "analyses",
    "routes",
    "__init__",
)
UPWARD = {
    "service.cli.main -> service.analyses.ANALYSES",
    "service.cli.plot -> service.analyses.comparison",
    "service.cli.lists -> service.routes.models",
    "service.cli.prose -> service.routes.OPERATIONS",
}
"""The command line has the commands of analyses, whose files use its options and text; a picture asks alike, and a list
is written in the forms of its resource.
"""
MOST_FILES = 10


def package(name: str) -> str:
    return name.split(".")[1]


def place(name: str) -> int:
    """Position in the order; below all where it has none, which another test tells."""
    return ORDER.index(package(name)) if package(name) in ORDER else -1


def test_no_module_of_the_service_imports_one_above_it() -> None:
    upward = set()
    for path in modules("service"):
        own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in imports(path):
            if name.split(".")[0] == "service" and place(name) > place(own):
                upward.add(f"{own} -> {name}")
    assert upward == UPWARD


def test_every_package_of_the_service_has_its_place_in_the_order() -> None:
    found = {package(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in modules("service")}
    assert found == set(ORDER)


def test_few_files_lie_flat_in_the_service() -> None:
    assert len(list((ROOT / "service").glob("*.py"))) <= MOST_FILES
