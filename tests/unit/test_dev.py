"""dev.py before it makes anything: what it demands of the machine, what it reads, and its lock."""

import ast
import re
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import dev
from tests.sources import imports, modules


def test_an_old_python_is_told_its_version_and_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/opt/python3.12" if name == "python3.12" else None)
    monkeypatch.setattr(dev.subprocess, "call", lambda *_, **__: 0)
    monkeypatch.setattr(sys, "argv", ["dev.py", "test"])
    said = dev.lacking((3, 9), ()) or ""
    assert "needs Python 3.11 or newer; this is Python 3.9" in said
    assert said.endswith("Run: /opt/python3.12 dev.py test")


def test_where_no_newer_python_is_found_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/opt/homebrew/bin/brew" if name == "brew" else None)
    assert (dev.lacking((3, 9), ()) or "").endswith("Install it: brew install python@3.13")


def test_a_python_without_venv_is_told_the_package_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/usr/bin/apt" if name == "apt" else None)
    said = dev.lacking((3, 11), ("ensurepip",)) or ""
    assert "its module ensurepip is missing" in said
    assert said.endswith("sudo apt install python3-venv")


def test_this_python_lacks_nothing() -> None:
    dev.demand_the_machine()
    assert dev.lacking((3, 14), ()) is None


def test_dev_py_parses_under_an_old_python() -> None:
    source = Path(dev.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    with pytest.raises(SyntaxError):
        ast.parse("if (n := 1): pass", feature_version=(3, 7))


def test_dev_py_needs_only_the_standard_library() -> None:
    roots = {name.split(".")[0] for name in imports(Path(dev.__file__))}
    assert "subprocess" in roots
    assert roots <= set(sys.stdlib_module_names)


REFUSED = ([], ["fly"], ["run", "--prot", "80"], ["run", "--port", "http"], ["lock", "x"])


@pytest.mark.parametrize("command", REFUSED)
def test_a_command_that_does_not_exist_is_refused(command: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        dev.parsed(command)


def test_what_is_written_after_test_goes_to_pytest() -> None:
    options, rest = dev.parsed(["test", "--long", "-k", "lung", "tests/unit"])
    assert (options.command, rest) == ("test", ["--long", "-k", "lung", "tests/unit"])


def pins() -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", dev.LOCK.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(Version(version))
    return found


def asked_for() -> list[Requirement]:
    setup = ConfigParser()
    setup.read(dev.ROOT / "setup.cfg")
    lines = f"{setup['options']['install_requires']}\n{setup['options.extras_require']['test']}".split("\n")
    return [Requirement(line) for line in lines if line.strip()]


def test_the_lock_satisfies_what_setup_cfg_asks_for() -> None:
    locked = pins()
    unmet = [
        str(asked)
        for asked in asked_for()
        if not all(asked.specifier.contains(pin) for pin in locked.get(asked.name.replace(".", "-"), [Version("0")]))
    ]
    assert unmet == []


def test_every_package_of_the_lock_has_hashes_and_none_an_address() -> None:
    text = dev.LOCK.read_text()
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) > 50
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"https?://|^-", text, re.MULTILINE)


def test_the_lines_of_one_package_end_where_the_next_begins() -> None:
    lines = dev.locked("uv").splitlines()
    assert lines[0].startswith("uv==")
    assert len(lines) > 1
    assert all(line.lstrip().startswith("--hash=sha256:") for line in lines[1:])


def asked_for_by_the_program() -> set[str]:
    """What it needs, and what it needs for pictures."""
    setup = ConfigParser()
    setup.read(dev.ROOT / "setup.cfg")
    lines = setup["options"]["install_requires"].split() + setup["options.extras_require"]["plots"].split()
    return {canonicalize_name(Requirement(line).name) for line in lines}


def test_whoever_tests_has_what_pictures_need() -> None:
    setup = ConfigParser()
    setup.read(dev.ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    assert set(extras["plots"].split()) <= set(extras["test"].split())


def imported_by_the_program() -> dict[str, set[str]]:
    """For each name that model/ and service/ import and we did not write: the packages that bring it."""
    names = {name.split(".")[0] for room in ("model", "service") for path in modules(room) for name in imports(path)}
    theirs = names - set(sys.stdlib_module_names) - {"model", "service", "wsgi"}
    brought_by = packages_distributions()
    return {name: {canonicalize_name(package) for package in brought_by[name]} for name in theirs}


def test_every_package_that_the_program_imports_is_asked_for() -> None:
    asked = asked_for_by_the_program()
    assert [name for name, packages in imported_by_the_program().items() if not packages & asked] == []


def test_every_package_asked_for_is_imported_by_the_program() -> None:
    imported: set[str] = set().union(*imported_by_the_program().values())
    assert asked_for_by_the_program() - imported == set()
