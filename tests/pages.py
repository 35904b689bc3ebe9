"""Pages of the manual as tests read them: their files, and their commands with what is printed under each."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from click.testing import CliRunner

from service.cli.main import commands
from tests.sources import ROOT

BLOCK = re.compile(r"(?:^`([\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = "…"
"""A line that stands for any number of lines."""


@dataclass(frozen=True, slots=True)
class File:
    """A prior file, whole."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command and the lines that the page prints under it."""

    line: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)


def page(name: str) -> str:
    """The text of a page: ``README.md``, or one of docs."""
    return (ROOT / name if name == "README.md" else ROOT / "docs" / name).read_text(encoding="utf-8")


def steps(text: str) -> Iterator[File | Command]:
    """The files and commands of a page, in its order."""
    for name, kind, content in BLOCK.findall(text):
        if kind == "console":
            yield from _commands(content)
        elif kind == "yaml" and name:
            yield File(name, content)


def _commands(content: str) -> Iterator[Command]:
    lines = content.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in pairwise([*starts, len(lines)]):
        yield Command(lines[start].removeprefix("$ "), tuple(lines[start + 1 : end]))


def is_shown(printed: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether the lines shown are those printed, where a line of ``…`` may stand for any number of them.

    >>> is_shown(["a", "b", "c"], ["a", "…"]), is_shown(["a", "b", "c"], ["…", "b", "…"]), is_shown(["a", "b"], ["b"])
    (True, True, False)
    """
    pattern = "".join(r"(?:.*\n)*" if line == LEFT_OUT else re.escape(line) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def run(command: Command, environment: dict[str, str]) -> tuple[int, list[str]]:
    """The exit code of a command of ``aftermath``, and the lines that it prints where there is no terminal."""
    clean: dict[str, str | None] = {"COLUMNS": None, "LINES": None, **environment}
    ran = CliRunner().invoke(commands, command.words[1:], prog_name="aftermath", env=clean)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.output.rstrip("\n").splitlines()


def followed(text: str, folder: Path, *, files_first: bool = False) -> Iterator[tuple[Command, int, list[str]]]:
    """Does in ``folder`` what a page says, step by step, and yields each command with its exit code and output.

    The current folder must be ``folder``'s parent's parent, as the page has it: ``models`` holds the model.
    """
    done = list(steps(text))
    environment = {}
    for step in sorted(done, key=lambda step: not isinstance(step, File)) if files_first else done:
        match step:
            case File(name, content):
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content, encoding="utf-8")
            case Command(line) if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                environment[name] = str(Path(os.getcwd(), value))
            case Command(line) if line.startswith("rm "):
                Path(line.removeprefix("rm ")).unlink()
            case Command():
                assert step.words[0] == "aftermath", step.line
                yield step, *run(step, environment)
