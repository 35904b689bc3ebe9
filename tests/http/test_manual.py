"""The manual is whole: every command and option, every address, every setting; what it says to type can be typed."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from service.cli.main import commands
from tests.pages import Command, page, steps
from tests.servers import ROOT, free_port, served
from tests.unit.test_operators import settings

PAGES = ("README.md", *sorted(path.name for path in (ROOT / "docs").glob("*.md")))
TRIED_ELSEWHERE = {"README.md", "analysts.md", "clients.md", "format.md", "modellers.md", "tutorial.md"}
"""Pages whose commands a test of their own runs."""

REFERENCE = page("reference.md")


def every_command(name: str = "aftermath", command: click.Command = commands) -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, by what is typed for it."""
    if isinstance(command, click.Group):
        for each in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), each)
            assert inner is not None
            yield from every_command(f"{name} {each}", inner)
    else:
        with command.make_context(name, [], resilient_parsing=True) as context:
            yield name, context.command


def options(command: click.Command) -> set[str]:
    return {word for each in command.params if isinstance(each, click.Option) for word in each.opts}


COMMANDS = dict(every_command())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference_with_its_arguments_and_options(name: str) -> None:
    [section] = re.findall(rf"^### {re.escape(name)}(?: .*)?\n(?:(?!###).*\n)*", REFERENCE, re.MULTILINE)
    rows = set(re.findall(r"^\| `([^ `,]+)", section, re.MULTILINE))
    assert options(COMMANDS[name]) - rows == set()
    arguments = [each for each in COMMANDS[name].params if isinstance(each, click.Argument)]
    assert len(section.splitlines()[0].split()) >= len(name.split()) + len(arguments) + 1


def test_every_address_is_in_the_reference(app: Flask) -> None:
    forms = re.compile(r"\.(json|csv|parquet|arrow|md|txt|dot|atom)$")
    rules = [rule for rule in app.url_map.iter_rules() if not forms.search(rule.rule)]
    assert len(rules) > 20
    addresses = [
        f"{method} {re.sub(r'<(?:[^:>]*:)?', '{', rule.rule).replace('>', '}')}"
        for rule in rules
        for method in (rule.methods or set()) & {"GET", "POST"}
    ]
    assert [address for address in addresses if f"`{address}`" not in REFERENCE] == []


def test_every_setting_is_on_the_page_for_operators() -> None:
    assert [name for name in sorted(settings()) if f"`{name}`" not in page("operators.md")] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_command_that_a_page_names_exists_with_the_options_that_it_names(name: str) -> None:
    wrong = []
    for typed in re.findall(r"`aftermath ([^`]+)`", page(name)):
        words = typed.split()
        known = [each for each in COMMANDS if f"aftermath {typed} ".startswith(f"{each} ")]
        groups = {" ".join(each.split()[:-1]) for each in COMMANDS}
        if not known and f"aftermath {words[0]}" not in groups and not typed.startswith("--"):
            wrong.append(typed)
        elif known:
            own = options(COMMANDS[known[0]]) | {"-h", "--help"}
            wrong += [f"{typed}: {word}" for word in words if word.startswith("-") and word not in own]
    assert wrong == []


def console(name: str) -> list[str]:
    return [step.line for step in steps(page(name)) if isinstance(step, Command)]


def test_the_pages_without_a_test_of_their_own_have_no_command_but_one_that_serves() -> None:
    lines = [line for name in PAGES if name not in TRIED_ELSEWHERE for line in console(name)]
    assert len(lines) == 1
    assert "aftermath serve" in lines[0]


def test_the_command_that_serves_serves(priors: Path, tmp_path: Path) -> None:
    [line] = console("operators.md")
    words = shlex.split(line)
    named = dict(word.split("=", 1) for word in words if "=" in word)
    port = free_port()
    instead = {"0.0.0.0": "127.0.0.1", "8000": str(port), "aftermath": sys.executable}
    typed = [instead.get(word, word) for word in words if "=" not in word]
    command = [typed[0], "-m", "service.cli.main", *typed[1:]]
    assert set(named) <= settings()
    log = tmp_path / "log"
    with served(command, port=port, cwd=ROOT, log=log, within=240, **named | {"AFTERMATH_PRIORS": str(priors)}) as it:
        assert "asia" in {each["name"] for each in it.get("/v1/models")["models"]}
