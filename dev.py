#!/usr/bin/env python3
"""Set Aftermath up on a machine that has only Python, then serve it or test it.

    python3 dev.py run [--host HOST] [--port PORT] [--priors DIR]
    python3 dev.py test [--long] [pytest arguments]
    python3 dev.py lock [--upgrade]
    python3 dev.py pictures
    python3 dev.py wheels DIR

The environment stands in .venv, or where AFTERMATH_VENV says. It holds exactly what requirements.txt
lists, hashes checked, and is made afresh when that file, setup.cfg or the Python changes. A set-up that
was stopped is gone on with at the next start: an environment is used only once its stamp has been written,
and a step that was not finished is done again. It belongs to the checkout that made it, and is left alone by
any other for as long as that one exists.

The workbench (service/web) is built into service/static whenever its sources have changed, by a Node that comes with
the environment. Where it cannot be built the service runs all the same, and says so at its start page.

This file needs nothing but the standard library, and parses under Python 3.6, so that an old Python is
answered with a sentence and not with a syntax error.
"""

import os
import signal


def stopped(_number: int, _frame: object) -> "NoReturn":
    """End at once and in one line, before there is anything to clear up."""
    os.write(2, b"\nStopped. The next start goes on from there.\n")
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stopped)

import argparse
import hashlib
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NoReturn, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.txt"
OLDEST = (3, 11)
WEB = ROOT / "service" / "web"
STATIC = ROOT / "service" / "static"
STAMP = "aftermath.stamp"
GENERATED = ("openapi.json", "schema.d.ts", "build.lock")
TOOLS = {
    "biome": "@biomejs/biome/bin/biome",
    "openapi-typescript": "openapi-typescript/bin/cli.js",
    "tsc": "typescript/bin/tsc",
    "vite": "vite/bin/vite.js",
    "vitest": "vitest/vitest.mjs",
}
DESCRIBE = "import sys; from service import create_app; from pathlib import Path; "
DESCRIBE += "Path(sys.argv[1]).write_bytes(create_app().test_client().get('/openapi.json').data)"
UNFINISHED = "unfinished"
PACKAGES = "Installing packages"
EVERY = 4.0
"""Seconds between lines of progress where there is no terminal."""
WIDTH = 79
MOST_LINES = 30
TAIL = 8_000
"""Lines, and the bytes in which they are sought, that are shown of a program that failed."""
CHECKS = (
    ("ruff check", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "."]),
    ("mypy", ["mypy", "--strict", "model", "service", "dev.py", "wsgi.py"]),
)
PROCESSES = 3 * (os.cpu_count() or 1) // 2
"""Half as many again as there are cores: tests that kill and cut wait for a third of their time."""
PYTEST = ["pytest", f"--numprocesses={PROCESSES}", "--dist=worksteal"]


class CannotSetUp(Exception):
    """What is missing on this machine, in a sentence, with the command that mends it."""


def main(arguments: Sequence[str]) -> int:
    options, rest = parsed(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    try:
        python = environment()
        if options.command == "lock":
            return lock(python, options.upgrade)
        built = build_page(python)
        if options.command == "run":
            serve(python, options.host, options.port, options.priors, public=options.public_read)
        if not built:
            raise CannotSetUp("The page could not be built; the lines above say why.")
        if options.command == "wheels":
            return wheels(python, options.folder)
        if options.command == "pictures":
            return subprocess.call([str(python), "-m", "tests.browser.pictures"], cwd=str(ROOT))
        return test(python, rest)
    except CannotSetUp as missing:
        print(f"\n{missing}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nThis machine refused: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from there.", file=sys.stderr)
        return 130


def ended(number: int, _frame: object) -> NoReturn:
    """Leave as if by an exception, so that what was started is ended too."""
    raise SystemExit(128 + number)


def parsed(arguments: Sequence[str]) -> Tuple[argparse.Namespace, List[str]]:
    """The command with its options, and for ``test`` whatever else was written, which is pytest's."""
    parser = argparse.ArgumentParser(prog="dev.py", description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", metavar="run | test | lock | pictures | wheels")
    commands.required = True
    run = commands.add_parser("run", help="set up and serve", allow_abbrev=False)
    run.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    run.add_argument("--public-read", action="store_true", help="let whoever reaches HOST read and ask")
    run.add_argument("--port", default=8000, type=int, help="port to listen on (8000)")
    run.add_argument("--priors", type=Path, metavar="DIR", help="a folder of models (the project's own)")
    commands.add_parser("test", help="set up and run every check", allow_abbrev=False)
    locked = commands.add_parser("lock", help="make requirements.txt again from setup.cfg", allow_abbrev=False)
    locked.add_argument("--upgrade", action="store_true", help="take the newest versions too")
    commands.add_parser("pictures", help="make a picture of every view of the page", allow_abbrev=False)
    fetched = commands.add_parser("wheels", help="fetch what a machine without a network needs", allow_abbrev=False)
    fetched.add_argument("folder", type=Path, metavar="DIR", help="where to put it")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options, rest


# What the machine must have


def demand_the_machine() -> None:
    """Raise CannotSetUp unless this Python is new enough and can make environments."""
    version = sys.version_info[:2]
    modules = ("venv", "ensurepip", "fcntl", "ssl")
    absent = tuple(name for name in modules if importlib.util.find_spec(name) is None)
    lack = lacking(version, absent)
    if lack:
        raise CannotSetUp(lack)


def lacking(version: Tuple[int, ...], absent: Sequence[str]) -> Optional[str]:
    """The sentence that says what is missing and what mends it, or None when all is there."""
    found = f"Python {'.'.join(map(str, version))} ({sys.executable})"
    if version < OLDEST:
        return f"Aftermath needs Python 3.11 or newer; this is {found}.\n{newer_python()}"
    if "fcntl" in absent:
        return "Aftermath is served by gunicorn, which needs Linux or macOS. On Windows, run it inside WSL."
    if "venv" in absent or "ensurepip" in absent:
        mend = package_command("python3-venv", "python3-libs", "python@3.13")
        return f"{found} cannot make environments: its module {absent[0]} is missing.\n{mend}"
    if "ssl" in absent:
        return f"{found} was built without ssl, so it can fetch no packages. Use another Python."
    return None


def newer_python() -> str:
    """How to get a Python that is new enough, with what this machine has."""
    for minor in range(30, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return f"A newer one is here. Run: {newer} {' '.join(sys.argv)}"
    return package_command("python3.11 python3.11-venv", "python3.11", "python@3.13")


def package_command(debian: str, fedora: str, homebrew: str) -> str:
    """How to install it with this machine's package manager, or with each of three when none is found."""
    commands = (
        ("apt", f"sudo apt install {debian}"),
        ("dnf", f"sudo dnf install {fedora}"),
        ("brew", f"brew install {homebrew}"),
    )
    here = [command for manager, command in commands if shutil.which(manager)]
    return f"Install it: {here[0] if here else ' or '.join(command for _, command in commands)}"


# The environment


def environment() -> Path:
    """The environment's Python, the environment made first if it is missing, stale or half made."""
    demand_the_machine()
    folder = Path(os.environ.get("AFTERMATH_VENV") or ROOT / ".venv").absolute()
    python = folder / "bin" / "python"
    if stamped(folder) != digest(folder):
        with held(folder):
            if stamped(folder) != digest(folder):
                demand_ours(folder)
                make(folder, python)
    return python


def demand_ours(folder: Path) -> None:
    """Raise CannotSetUp where another checkout made the environment and is still there.

    An environment that names no owner is older than owner files; this checkout's .venv may have been copied with it.
    """
    made_by = owned_by(folder)
    if made_by is None or made_by == ROOT or not (made_by / "dev.py").exists() or folder.resolve() == ROOT / ".venv":
        return
    raise CannotSetUp(
        f"{folder} is the environment of another checkout, {made_by}, so it is left alone.\n"
        f"Name a folder of this checkout's own: AFTERMATH_VENV=DIR python3 dev.py {' '.join(sys.argv[1:])}\n"
        f"Without AFTERMATH_VENV it is {ROOT / '.venv'}."
    )


def digest(folder: Path) -> str:
    """What the environment must have been made from: the lock, the metadata, the Python and the place."""
    parts = [LOCK.read_bytes(), (ROOT / "setup.cfg").read_bytes()]
    parts += [text.encode() for text in (sys.version, sys.base_prefix, platform.machine(), str(folder), str(ROOT))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp(folder: Path) -> Path:
    return folder / "aftermath.stamp"


def owner(folder: Path) -> Path:
    return folder / "aftermath.owner"


def owned_by(folder: Path) -> Optional[Path]:
    """The checkout that made an environment, None where it does not say."""
    try:
        return Path(owner(folder).read_text(encoding="utf-8"))
    except OSError:
        return None


def stamped(folder: Path) -> Optional[str]:
    try:
        return stamp(folder).read_text()
    except OSError:
        return None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Only one set-up at a time: a second one waits here, then finds the work done.

    The programs that a set-up starts inherit the lock, so that one which outlives a killed set-up is waited for.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        with Progress(f"Another set-up of {folder} is at work; waiting for it") as progress:
            while not locked_now(file.fileno()):
                progress.tick(str)
        yield


def locked_now(file: int) -> bool:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make(folder: Path, python: Path) -> None:
    """Make the environment, or what of it is not done yet; its stamp is written last and at one stroke.

    The step in which a set-up was stopped is done again. Until packages are whole that is the first one, since half
    of a package looks like a package; what was downloaded is in the installer's cache by then.
    """
    started, wanted = time.monotonic(), digest(folder)
    done = steps_done(folder, wanted)
    if done:
        say(f"Going on with setting up {folder}.")
    else:
        discard(folder)
        say(f"Setting up {folder} (once; the next start skips this).")
        folder.mkdir()
        write_stamp(folder, UNFINISHED)
        owner(folder).write_text(str(ROOT), encoding="utf-8")
    steps = (make_venv, install_packages, install_project, compile_bytecode, compile_kernels)
    for number, step in enumerate(steps, 1):
        if number > done:
            step(folder, python)
            if step is not make_venv:
                write_stamp(folder, f"{UNFINISHED} {number} {wanted}")
    write_stamp(folder, wanted)
    say(f"The environment is ready after {time.monotonic() - started:.0f} s.")


def steps_done(folder: Path, wanted: str) -> int:
    """How many steps of a set-up that was stopped are done, 0 where it was of something else."""
    found = re.fullmatch(rf"{UNFINISHED} (\d) {wanted}", stamped(folder) or "")
    return int(found.group(1)) if found else 0


def write_stamp(folder: Path, content: str) -> None:
    """Write the stamp whole or not at all."""
    new = folder / "aftermath.stamp.new"
    new.write_text(content)
    os.replace(str(new), str(stamp(folder)))


def discard(folder: Path) -> None:
    """Remove an environment that is ours; refuse to touch a folder that is not."""
    rubbish = folder.with_name(folder.name + ".discarded")
    shutil.rmtree(str(rubbish), ignore_errors=True)
    if not folder.exists():
        return
    if stamped(folder) is None and any(folder.iterdir()):
        raise CannotSetUp(
            f"{folder} is not an environment that dev.py made, so it is left alone.\n"
            "Remove it, or name another folder: AFTERMATH_VENV=DIR python3 dev.py run"
        )
    os.replace(str(folder), str(rubbish))
    shutil.rmtree(str(rubbish), ignore_errors=True)


def make_venv(folder: Path, _python: Path) -> None:
    base = getattr(sys, "_base_executable", sys.executable)  # the environment's own Python goes with what is replaced
    command = [base, "-m", "venv", str(folder)]
    call(command, "Making an environment", f"Python could not make an environment in {folder}.")


def install_packages(folder: Path, python: Path) -> None:
    """Everything in the lock, by uv; by pip, from the same file, where uv is not to be had."""
    checked = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
    uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    with_pip = [*pip(python), *checked]
    total = len(re.findall(r"^[\w.-]+==", LOCK.read_text(), re.MULTILINE))

    def here() -> str:
        return f"{len(list(folder.glob('lib/python*/site-packages/*.dist-info')))} of {total} here"

    fetched = succeeds([*with_pip, str(uv_alone(folder))], "Fetching the installer", str)
    if not (fetched and succeeds([*uv, *checked, str(LOCK)], PACKAGES, here)):
        say("uv did not work here; pip does the same from the same file, in some minutes.")
        call(
            [*with_pip, str(LOCK)],
            PACKAGES,
            "The packages could not be installed; the lines above say why. This machine must reach a Python\n"
            "package index, or have one named in pip's configuration. What is done so far is done again next time.",
            here,
        )


def uv_alone(folder: Path) -> Path:
    """A file with uv's own lines of the lock, so that pip checks uv's hashes too."""
    lines = folder / "uv.txt"
    lines.write_text(locked("uv"))
    return lines


def locked(package: str) -> str:
    """The lines of one package in the lock: its version, or one for each Python, and its hashes."""
    found = re.findall(rf"^{re.escape(package)}==(?:.*\\\n)+.*\n", LOCK.read_text(), re.MULTILINE)
    if not found:
        raise CannotSetUp(f"{LOCK.name} has no {package}. Make it again: python3 dev.py lock")
    return "".join(found)


def install_project(_folder: Path, python: Path) -> None:
    """The project itself, as it stands in the work tree, for the command ``aftermath``."""
    call(
        [*pip(python), "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "Installing the project",
        "The project itself could not be installed; the lines above say why. setup.cfg is the place to look.",
        str,
    )


def compile_bytecode(folder: Path, python: Path) -> None:
    """Bytecode of every package and of the project: where nobody may write it later, each start would compile anew.

    A file of a package that does not compile, such as a template, is none of ours; its own tests are not run.
    """
    mine = [str(ROOT / name) for name in ("model", "service", "wsgi.py")]
    command, doing = [str(python), "-m", "compileall", "-q", "-j", "0"], "Compiling bytecode"
    succeeds([*command, "-x", r"/tests/", str(folder / "lib")], doing, quiet=True)
    call(
        [*command, *mine],
        f"{doing} of the project",
        "The project could not be compiled to bytecode; the lines above say why.",
    )


def compile_kernels(_folder: Path, python: Path) -> None:
    """The engine's machine code, into the cache beside its source, so that no question waits for a compiler."""
    command = [str(python), "-m", "model.inference.precompile"]
    call(command, "Compiling the engine", "The engine could not be compiled; the lines above say why.")


# The page


def build_page(python: Path) -> bool:
    """Build the workbench unless what is built is of these sources; False, and why, where that cannot be done."""
    wanted = page_digest()
    try:
        if built_from() == wanted:
            return True
        with held(WEB / "build"):
            if built_from() == wanted:
                return True
            if not install_node_packages(python) or not succeeds(
                tool(python, "vite", "build", str(WEB)), "Building the page"
            ):
                return False
            (STATIC / STAMP).write_text(wanted)
            return True
    except OSError as error:
        say(f"The page was not built: {error}.")
        return False


def install_node_packages(python: Path) -> bool:
    """What the page's lock file lists, unless that is there already."""
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes() + str(python).encode()).hexdigest()
    mark = WEB / "node_modules" / STAMP
    if mark.exists() and mark.read_text() == wanted:
        return True
    quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    if not succeeds([str(python.parent / "npm"), "--prefix", str(WEB), *quiet], "Installing packages of the page"):
        say("The page was not built: its packages could not be installed. This machine must reach an npm registry.")
        return False
    mark.write_text(wanted)
    return True


def tool(python: Path, name: str, *arguments: str) -> List[str]:
    """A tool of the page's lock file, run by the Node of the environment."""
    return [str(python.parent / "node"), str(WEB / "node_modules" / TOOLS[name]), *arguments]


def page_digest() -> str:
    """What the page is built from: its sources, its tools and their versions."""
    files = [path for path in WEB.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    parts = [
        part
        for path in sorted(files)
        if path.name not in GENERATED
        for part in (str(path.relative_to(WEB)).encode(), path.read_bytes())
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def built_from() -> Optional[str]:
    try:
        return (STATIC / STAMP).read_text()
    except OSError:
        return None


def check_page(python: Path) -> List[Tuple[str, List[str]]]:
    """The page's own checks: types against the API as it is, then unit tests."""
    described, types = str(WEB / "openapi.json"), str(WEB / "src" / "api" / "schema.d.ts")
    return [
        ("page: format", tool(python, "biome", "format", ".")),
        ("page: the API", [str(python), "-c", DESCRIBE, described]),
        ("page: types of the API", tool(python, "openapi-typescript", described, "--output", types)),
        ("page: types", tool(python, "tsc", "--project", str(WEB))),
        ("page: tests", tool(python, "vitest", "run", "--root", str(WEB))),
    ]


def pip(python: Path) -> List[str]:
    return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


# The commands


def serve(python: Path, host: str, port: int, priors: Optional[Path], *, public: bool) -> NoReturn:
    """Become ``aftermath serve``."""
    models = ["--priors", str(priors.absolute())] if priors else []
    command = [str(python), "-m", "service.cli.main", "serve", "--host", host, "--port", str(port), *models]
    command += ["--public-read"] if public else []
    os.chdir(str(ROOT))
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))  # until the program hears it
    os.execv(command[0], command)


def test(python: Path, arguments: Sequence[str]) -> int:
    """Every check, each to its end; then which of them failed."""
    narrowed = [argument for argument in arguments if argument != "--long"]
    tests = ["pytest", *arguments] if narrowed else [*PYTEST, *arguments]
    settings = dict(os.environ, PATH=os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]))
    failed = [name for name, command in CHECKS if not passes(name, [str(python), "-m", *command], settings)]
    failed += [name for name, command in check_page(python) if not passes(name, command, settings, WEB)]
    failed += [] if passes("pytest", [str(python), "-m", *tests], settings) else ["pytest"]
    if failed:
        say(f"\nFailed: {', '.join(failed)}.")
    return 1 if failed else 0


def passes(name: str, command: Sequence[str], settings: Dict[str, str], folder: Path = ROOT) -> bool:
    say(f"\n== {name}")
    return subprocess.call(command, cwd=str(folder), env=settings) == 0


def lock(python: Path, upgrade: bool) -> int:
    """Make the lock again from setup.cfg: one file for every platform and every Python from 3.11 on."""
    compiled = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    named = ["--extra", "test", "--extra", "web", "--custom-compile-command", "python3 dev.py lock"]
    named += ["--upgrade"] if upgrade else []
    return subprocess.call(
        [str(python), "-m", *compiled, *named, "setup.cfg", "--output-file", LOCK.name], cwd=str(ROOT)
    )


def wheels(python: Path, folder: Path) -> int:
    """Put the product's part of the lock, its wheels for this Python and the project's own into a folder.

    Where these are, `pip install --no-index` needs nothing else: see docs/Containerfile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = ["--universal", "--python-version", "3.11", "--extra", "postgresql", "--constraint", LOCK.name]
    compiled = [str(python), "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", *named]
    found = subprocess.run([*compiled, "setup.cfg"], cwd=str(ROOT), stdout=subprocess.PIPE, check=False)
    if found.returncode:
        raise CannotSetUp("What the product needs could not be found in the lock; the lines above say why.")
    names = sorted(set(re.findall(r"^([\w.-]+)==", found.stdout.decode(), re.MULTILINE)))
    lines = folder / "requirements.txt"
    lines.write_text("".join(locked(name) for name in names))
    fetch = [str(python), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    checked = ["--only-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(lines)]
    call([*fetch, *checked], "Fetching wheels", "The wheels could not be fetched; the lines above say why.", str)
    build_wheel(python, folder)
    say(f"{len(list(folder.glob('*.whl')))} wheels are in {folder}.")
    return 0


def build_wheel(python: Path, folder: Path) -> None:
    """The project's own wheel, built aside, so that no file of an earlier build comes into it."""
    with tempfile.TemporaryDirectory() as aside:
        aside_too = Path(aside) / "setup.cfg"
        aside_too.write_text(f"[build]\nbuild_base = {aside}/build\n")
        build = ["env", f"DIST_EXTRA_CONFIG={aside_too}", str(python), "-m", "pip", "wheel", "--quiet", "--no-deps"]
        own = ["--disable-pip-version-check", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
        call([*build, *own], "Building the project", "The project could not be built; the lines above say why.", str)


# Talking


def call(command: Sequence[str], doing: str, otherwise: str, detail: Optional[Callable[[], str]] = None) -> None:
    if not succeeds(command, doing, detail):
        raise CannotSetUp(otherwise)


def succeeds(
    command: Sequence[str], doing: str, detail: Optional[Callable[[], str]] = None, quiet: bool = False
) -> bool:
    """Run a command, saying how far it is; its last lines are shown where it fails, unless that is to be ``quiet``.

    Without a ``detail`` the command's own last line says how far. It runs in a session of its own, so that Ctrl-C
    comes here alone, and is ended here with all that it started.
    """
    with tempfile.TemporaryFile() as output, Progress(doing) as progress:
        with held_back():
            process = subprocess.Popen(
                command,
                cwd=str(ROOT),
                close_fds=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while process.poll() is None:
                progress.tick(detail or (lambda: last_lines(output.fileno(), 1)))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        lines = last_lines(output.fileno(), MOST_LINES)
    if process.returncode and not quiet:
        print(lines, file=sys.stderr)
    return process.returncode == 0


@contextmanager
def held_back() -> Iterator[None]:
    """A signal that comes meanwhile is heard afterwards: a program must not be started and then forgotten."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def last_lines(file: int, count: int) -> str:
    """The last lines of what a program has written so far."""
    size = os.fstat(file).st_size
    text = os.pread(file, TAIL, max(0, size - TAIL)).decode(errors="replace")
    return "\n".join(text.rstrip().splitlines()[-count:])


class Progress:
    """What is being done and for how long: on a terminal in one line that changes, else in a line now and then."""

    def __init__(self, doing: str) -> None:
        self.doing, self.started = doing, time.monotonic()
        self.terminal = sys.stdout.isatty()
        self.due = self.started

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.terminal and self.due > self.started:
            say(f"\r\033[K{self.doing}: {time.monotonic() - self.started:.0f} s")

    def tick(self, detail: Callable[[], str]) -> None:
        """Wait a moment; say how far it is where it is time for that."""
        now = time.monotonic()
        if now >= self.due:
            line = f"{self.doing}: {now - self.started:.0f} s  {detail()}".rstrip()
            print(f"\r\033[K{line[:WIDTH]}" if self.terminal else line, end="" if self.terminal else "\n", flush=True)
            self.due = now + (0.2 if self.terminal else EVERY)
        time.sleep(0.02)


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
