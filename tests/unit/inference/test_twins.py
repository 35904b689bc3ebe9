"""Each compiled kernel has a numpy twin, and each twin is compared with its kernel."""

import ast
from pathlib import Path
from types import ModuleType

from tests.sources import ROOT
from tests.twins import explanations, gradients, interpreters, loading, orders, passes, programs, tables, touched

TWINS: dict[str, tuple[ModuleType, ...]] = {
    "model/inference/junction_tree/packed/table_kernels.py": (tables,),
    "model/inference/junction_tree/packed/evidence_kernels.py": (touched,),
    "model/inference/junction_tree/packed/collect_kernels.py": (passes,),
    "model/inference/junction_tree/packed/distribute_kernels.py": (passes,),
    "model/inference/junction_tree/packed/marginal_kernels.py": (passes,),
    "model/inference/junction_tree/packed/mpe_kernels.py": (explanations,),
    "model/inference/junction_tree/packed/gradient_kernels.py": (gradients,),
    "model/inference/variable_elimination/compiler.py": (programs,),
    "model/inference/greedy_order.py": (orders,),
    "model/inference/variable_elimination/program.py": (programs,),
    "model/inference/variable_elimination/relevance.py": (programs,),
    "model/inference/variable_elimination/simd_kernels.py": (loading, interpreters),
    "model/inference/variable_elimination/per_case_kernels.py": (loading,),
    "model/inference/variable_elimination/case_groups.py": (loading,),
    "model/inference/variable_elimination/load_kernels.py": (loading,),
    "model/inference/variable_elimination/single_kernels.py": (loading, interpreters),
}
"""Where the twins of a file's kernels are: functions of the same names, without a leading underscore.

A folder with a file here has all its files of kernels here.
"""


def kernels(path: Path) -> list[str]:
    """Names of the functions that a file marks with ``@kernel``."""
    functions = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))
    return [f.name for f in functions if any(ast.unparse(decorator) == "kernel" for decorator in f.decorator_list)]


def without_twins(path: Path, modules: tuple[ModuleType, ...]) -> list[str]:
    return [name for name in kernels(path) if not any(hasattr(module, name.lstrip("_")) for module in modules)]


def used(path: Path) -> set[tuple[str, str]]:
    """Pairs (module of twins, function) that a file uses."""
    tree = ast.parse(path.read_text("utf-8"))
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    twins = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in imports
        for alias in node.names
        if (node.module or "").split(".")[-1] == "twins"
    }
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {(twins.get(ast.unparse(node.value), ""), node.attr) for node in attributes}


def test_every_kernel_has_a_numpy_twin() -> None:
    lacking = {name: without_twins(ROOT / name, modules) for name, modules in TWINS.items()}
    assert {name: found for name, found in lacking.items() if found} == {}
    assert all(kernels(ROOT / name) for name in TWINS)


def test_every_file_of_kernels_is_listed_here() -> None:
    folders = {(ROOT / name).parent for name in TWINS}
    found = {path for folder in folders for path in folder.glob("*.py") if kernels(path)}
    assert {str(path.relative_to(ROOT)) for path in found} == set(TWINS)


def test_every_twin_is_used_by_a_property_test() -> None:
    uses = set().union(*(used(path) for path in (ROOT / "tests" / "property").glob("*.py")))
    idle = [
        f"{module.__name__}.{name.lstrip('_')}"
        for path, modules in TWINS.items()
        for name in kernels(ROOT / path)
        for module in modules
        if hasattr(module, name.lstrip("_")) and (module.__name__, name.lstrip("_")) not in uses
    ]
    assert idle == []


def test_a_kernel_without_a_twin_is_found(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text("@kernel\ndef _lost(): ...\n\n@kernel\ndef begin(): ...\n\ndef plain(): ...\n")
    assert without_twins(tmp_path / "new.py", (touched,)) == ["_lost"]
