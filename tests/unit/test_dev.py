"""dev.py before it installs anything: what it demands of the machine, reads and leaves alone, and its lock."""

import ast
import re
import shutil
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

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


REFUSED = ([], ["fly"], ["pictures", "x"], ["run", "--prot", "80"], ["run", "--port", "http"], ["lock", "x"])


@pytest.mark.parametrize("command", REFUSED)
def test_a_command_that_does_not_exist_is_refused(command: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        dev.parsed(command)


def test_what_is_written_after_test_goes_to_pytest() -> None:
    options, rest = dev.parsed(["test", "--long", "-k", "lung", "tests/unit"])
    assert (options.command, rest) == ("test", ["--long", "-k", "lung", "tests/unit"])


def test_bytecode_is_written_at_set_up_though_it_may_not_be_written_later_and_a_package_has_a_bad_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(dev, "ROOT", tmp_path / "checkout")
    files = ["venv/lib/good.py", "checkout/model/a.py", "checkout/service/b.py", "checkout/wsgi.py"]
    for name in (*files, "venv/lib/bad.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = (\n" if name.endswith("bad.py") else "x = 1\n")
    dev.compile_bytecode(tmp_path / "venv", Path(sys.executable))
    made = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert made == {Path(name).stem for name in files}
    shutil.rmtree(tmp_path / "checkout" / "model" / "__pycache__")
    (tmp_path / "checkout" / "model" / "a.py").write_text("x = (  # never closed\n")
    with pytest.raises(dev.CannotSetUp, match="bytecode"):
        dev.compile_bytecode(tmp_path / "venv", Path(sys.executable))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which an environment is made of nothing but its folder."""
    for name in ("make_venv", "install_packages", "install_project", "compile_bytecode", "compile_kernels"):
        monkeypatch.setattr(dev, name, lambda *_: None)
    place = at(tmp_path / "mine", monkeypatch)
    monkeypatch.setattr(sys, "argv", ["dev.py", "test", "-k", "lung"])
    return place


def at(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """dev.py as it runs in another checkout."""
    place.mkdir(exist_ok=True)
    for name in ("dev.py", "setup.cfg", "requirements.txt"):
        (place / name).write_text(name)
    monkeypatch.setattr(dev, "ROOT", place)
    monkeypatch.setattr(dev, "LOCK", place / "requirements.txt")
    return place


def made_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment named by AFTERMATH_VENV, made, with a file by which to see whether it is made anew."""
    monkeypatch.setenv("AFTERMATH_VENV", str(folder))
    assert dev.environment() == folder / "bin" / "python"
    (folder / "mark").touch()
    return folder


def test_an_environment_of_another_checkout_is_left_alone_while_that_one_exists(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_in(tmp_path / "shared", monkeypatch)
    theirs = at(tmp_path / "theirs", monkeypatch)
    with pytest.raises(dev.CannotSetUp) as refused:
        dev.environment()
    assert str(refused.value).splitlines() == [
        f"{folder} is the environment of another checkout, {checkout}, so it is left alone.",
        "Name a folder of this checkout's own: AFTERMATH_VENV=DIR python3 dev.py test -k lung",
        f"Without AFTERMATH_VENV it is {theirs / '.venv'}.",
    ]
    assert (folder / "mark").exists()
    at(checkout, monkeypatch)
    dev.environment()
    assert (folder / "mark").exists()


def test_an_environment_whose_checkout_is_gone_is_made_anew(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_in(tmp_path / "shared", monkeypatch)
    theirs = at(tmp_path / "theirs", monkeypatch)
    shutil.rmtree(checkout)
    dev.environment()
    assert not (folder / "mark").exists()
    assert dev.owned_by(folder) == theirs


@pytest.mark.usefixtures("checkout")
def test_an_environment_that_names_no_owner_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made_in(tmp_path / "shared", monkeypatch)
    dev.owner(folder).unlink()
    theirs = at(tmp_path / "theirs", monkeypatch)
    dev.environment()
    assert not (folder / "mark").exists()
    assert dev.owned_by(folder) == theirs


def test_an_environment_that_was_copied_with_its_checkout_is_made_anew(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in(checkout / ".venv", monkeypatch)
    shutil.copytree(checkout, tmp_path / "copy")
    copy = at(tmp_path / "copy", monkeypatch)
    monkeypatch.delenv("AFTERMATH_VENV")
    dev.environment()
    assert not (copy / ".venv" / "mark").exists()
    assert (checkout / ".venv" / "mark").exists()


def test_the_owner_of_an_environment_makes_it_anew_when_its_lock_changes(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_in(tmp_path / "shared", monkeypatch)
    (checkout / "requirements.txt").write_text("newer")
    dev.environment()
    assert not (folder / "mark").exists()


def test_a_ready_environment_is_used_where_nothing_can_be_written(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_in(tmp_path / "shared", monkeypatch)

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    for name in ("open", "mkdir", "write_text", "write_bytes", "touch"):
        monkeypatch.setattr(Path, name, refused if name != "open" else read_only(Path.open, refused))
    assert dev.environment() == folder / "bin" / "python"


def read_only(opened: Any, refused: Any) -> Any:
    """``Path.open`` that opens nothing to be written."""
    return lambda path, mode="r", *rest, **named: (opened if set(mode) <= {"r", "b"} else refused)(
        path, mode, *rest, **named
    )


CHATTER = "import sys, time; print('WARNING: ignored'); time.sleep({0}); sys.exit({1})"


def test_what_a_step_prints_is_shown_only_where_it_fails(capfd: pytest.CaptureFixture[str]) -> None:
    assert dev.succeeds([sys.executable, "-c", CHATTER.format(0, 0)], "Installing", str)
    assert "WARNING" not in "".join(capfd.readouterr())
    with pytest.raises(dev.CannotSetUp, match="no such luck"):
        dev.call([sys.executable, "-c", CHATTER.format(0, 3)], "Installing", "no such luck", str)
    assert "WARNING: ignored" in capfd.readouterr().err


def test_a_long_step_says_how_far_it_is_in_whole_lines(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < dev.EVERY < 5
    monkeypatch.setattr(dev, "EVERY", 0.1)
    assert dev.succeeds([sys.executable, "-c", CHATTER.format(1, 0)], "Installing", lambda: "3 of 9")
    out = capfd.readouterr().out
    assert len(out.splitlines()) > 3
    assert "\r" not in out
    assert {re.sub(r"\d+ s", "N s", line) for line in out.splitlines()} == {"Installing: N s  3 of 9"}


def test_on_a_terminal_a_long_step_says_it_in_one_line(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert dev.succeeds([sys.executable, "-c", CHATTER.format(0.5, 0)], "Installing", str)
    out = capfd.readouterr().out
    assert out.count("\n") == 1
    assert out.count("\r") > 2


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


EXTRAS = ("plots", "postgresql", "dask")
IF_THERE = {"pandas"}
"""What the client file, which may be copied by itself, makes data frames with where somebody has it."""


def asked_for_by_the_program() -> set[str]:
    """What it needs, and what it needs for pictures, for PostgreSQL and for a cluster."""
    setup = ConfigParser()
    setup.read(dev.ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    lines = setup["options"]["install_requires"].split() + [each for name in EXTRAS for each in extras[name].split()]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def test_whoever_tests_has_what_pictures_and_postgresql_need() -> None:
    setup = ConfigParser()
    setup.read(dev.ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    assert {each for name in EXTRAS for each in extras[name].split()} <= set(extras["test"].split())


def imported_by_the_program() -> dict[str, set[str]]:
    """For each name that model/ and service/ import and we did not write: the packages that bring it."""
    names = {name.split(".")[0] for room in ("model", "service") for path in modules(room) for name in imports(path)}
    theirs = names - set(sys.stdlib_module_names) - {"model", "service", "wsgi"} - IF_THERE
    brought_by = packages_distributions()
    return {name: {canonicalize_name(package) for package in brought_by[name]} for name in theirs}


def test_every_package_that_the_program_imports_is_asked_for() -> None:
    asked = asked_for_by_the_program()
    assert [name for name, packages in imported_by_the_program().items() if not packages & asked] == []


def test_every_package_asked_for_is_imported_by_the_program() -> None:
    imported: set[str] = set().union(*imported_by_the_program().values())
    assert asked_for_by_the_program() - imported == set()


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A page whose packages and build are a word each in the list."""
    web = tmp_path / "web"
    web.mkdir()
    (web / "package-lock.json").write_text("{}")
    (web / "main.tsx").write_text("1")
    done: list[str] = []
    monkeypatch.setattr(dev, "WEB", web)
    monkeypatch.setattr(dev, "STATIC", tmp_path / "static")

    def succeeds(command: list[str], doing: str, *_: object) -> bool:
        done.append(doing)
        (tmp_path / ("static" if "vite.js" in str(command) else "web/node_modules")).mkdir(exist_ok=True)
        return True

    monkeypatch.setattr(dev, "succeeds", succeeds)
    return done


def test_the_page_is_built_once_and_again_when_a_source_of_it_changes(page: list[str]) -> None:
    python = Path(sys.executable)
    assert dev.build_page(python)
    assert page == ["Installing packages of the page", "Building the page"]
    assert dev.build_page(python)
    assert len(page) == 2
    (dev.WEB / "openapi.json").write_text("what is generated is no source")
    (dev.WEB / "node_modules" / "a.js").write_text("nor is a package")
    assert dev.build_page(python)
    assert len(page) == 2
    (dev.WEB / "main.tsx").write_text("2")
    assert dev.build_page(python)
    assert page[2:] == ["Building the page"]


def test_a_page_that_cannot_be_built_is_said_and_tried_again(
    page: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "succeeds", lambda *_: False)
    assert not dev.build_page(Path(sys.executable))
    assert "must reach an npm registry" in capsys.readouterr().out
    assert dev.built_from() is None


def test_the_lock_of_the_page_names_no_place_to_fetch_from() -> None:
    lock = (Path(dev.__file__).parent / "service" / "web" / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def test_an_environment_is_made_by_the_python_below_and_not_by_that_of_the_one_it_replaces(
    monkeypatch, tmp_path
) -> None:
    """Under the environment's own Python, as these tests run: it is gone by the time a new one is made."""
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "call", lambda command, *_: commands.append(command))
    dev.make_venv(tmp_path / "environment", Path())
    [[python, *_]] = commands
    assert sys.prefix != sys.base_prefix
    assert not Path(python).is_relative_to(sys.prefix)
