"""The tables of the manual that list what there is: keys of prior files, commands, addresses.

They are made from the definitions that the program itself uses and stand in the pages between two comments,
``<!-- made: … -->`` and ``<!-- end -->``. ``python docs/tables.py`` writes them anew; a test holds the pages to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from model.priors.schema.cited import DATE, DAY, FILE_NAME, NAME, READ, Definition
from model.priors.schema.json_schema import schema_of

FOLDER = Path(__file__).parent
MADE = re.compile(r"(<!-- made: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
PAGES = ("format.md", "reference.md", "analysts.md")

PATTERNS = {
    NAME: "name",
    FILE_NAME: "name of a file",
    DAY: "YYYY-MM-DD",
    DATE: "YYYY, YYYY-MM or YYYY-MM-DD",
    READ: "`whole`, `part` or `quoted by` and whom",
}
SEVERAL = {
    "FindingSet": "[finding](#findings-and-settings)",
    "SettingDistribution": "[setting](#findings-and-settings)",
}
"""What stands for a choice of many, by one of its members."""


def definitions(above: type[Definition] = Definition) -> dict[str, type[Definition]]:
    """Every definition of the format by its name."""
    found: dict[str, type[Definition]] = {}
    for each in above.__subclasses__():
        found |= {each.__name__: each, **definitions(each)}
    return found


def title(name: str) -> str:
    """A definition's name in words.

    >>> title("AnyCauseVariable")
    'any cause variable'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def own_keys(definition: type[Definition]) -> list[str]:
    """The keys that a definition has beside those of the one it is a kind of, as files write them."""
    fields = definition.model_fields
    return [fields[name].alias or name for name in definition.__annotations__ if name in fields]


def value(said: dict[str, Any]) -> str:
    """What may stand at a key, in words, from its JSON Schema.

    >>> value({"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}})
    'list: number from 0 to 1'
    """
    if "$ref" in said:
        name = said["$ref"].rpartition("/")[2]
        return f"[{title(name)}](#keys-{title(name).replace(' ', '-')})"
    if "const" in said or "enum" in said:
        return " or ".join(f"`{word}`" for word in said.get("enum", [said.get("const")]))
    if choices := said.get("oneOf") or said.get("anyOf"):
        return _one_of(choices)
    match said.get("type"):
        case "array":
            return f"list: {value(said['items'])}"
        case "object":
            return _mapping(said)
        case "string":
            return PATTERNS.get(said.get("pattern", ""), "state" if said.get("maxLength") == 64 else "text")
        case "null":
            return "null"
    return _number(said)


def _one_of(choices: Sequence[dict[str, Any]]) -> str:
    names = {choice.get("$ref", "").rpartition("/")[2] for choice in choices}
    many = next((words for member, words in SEVERAL.items() if member in names), None)
    return f"state or {many}" if many else " or ".join(map(value, choices))


def _mapping(said: dict[str, Any]) -> str:
    by_name = said.get("patternProperties")
    inner = next(iter(by_name.values())) if by_name else said["additionalProperties"]
    key = "name" if by_name else value({"type": "string", **said.get("propertyNames", {})})
    return f"mapping: {key} to {value(inner)}"


def _number(said: dict[str, Any]) -> str:
    kind = "whole number" if said["type"] == "integer" else "number"
    ends = (
        f"above {said['exclusiveMinimum']:g}" if "exclusiveMinimum" in said else "",
        f"from {said['minimum']:g}" if "minimum" in said else "",
        f"to {said['maximum']:g}" if "maximum" in said else "",
        f"and below {said['exclusiveMaximum']:g}" if "exclusiveMaximum" in said else "",
    )
    return " ".join((kind, *filter(None, ends)))


def left_out(said: dict[str, Any], *, needed: bool) -> str:
    """What holds where a key is left out."""
    default = said.get("default")
    return "needed" if needed else "" if default in (None, [], {}) else f"`{default}`"


def keys(name: str) -> Iterator[str]:
    """The table of one definition's own keys, and where the others stand that it has too."""
    definition = definitions()[name]
    said = schema_of(definition)
    yield f"#### Keys: {title(name)}"
    yield ""
    yield (definition.__doc__ or "").strip().replace("``", "`")
    if one_of := [each["required"][0] for each in said.get("oneOf", ())]:
        yield f"Exactly one of {' and '.join(f'`{key}`' for key in one_of)}."
    base = definition.__bases__[0]
    if base is not Definition:
        yield f"It has the keys of {value({'$ref': base.__name__})} too."
    yield ""
    yield from table(
        ("key", "value", "left out", "meaning"),
        (
            (
                f"`{key}`",
                value(said["properties"][key]),
                left_out(said["properties"][key], needed=key in said.get("required", ())),
                said["properties"][key].get("description", ""),
            )
            for key in own_keys(definition)
        ),
    )


def commands() -> Iterator[str]:
    """Every command with its arguments and options."""
    from service.cli.main import commands as group

    for name, command in _every("aftermath", group):
        context = click.Context(command, info_name=name)
        arguments = [each.make_metavar(context) for each in command.params if isinstance(each, click.Argument)]
        yield f"### {' '.join([name, *arguments])}"
        yield ""
        yield (command.help or "").partition("\n\n")[0].replace("\n", " ")
        yield ""
        options = [each for each in command.params if isinstance(each, click.Option)]
        yield from table(("option", "without it", "meaning"), (_option(each, context) for each in options))
        yield ""


def _every(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The commands of a group and of the groups in it, each whole."""
    if isinstance(command, click.Group):
        for each, inner in command.commands.items():
            yield from _every(f"{name} {each}", inner)
    else:
        with command.make_context(name, [], resilient_parsing=True) as context:
            yield name, context.command


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    words = ", ".join(option.opts) + (f" {option.make_metavar(context)}" if not option.is_flag else "")
    default = option.default if option.show_default and not callable(option.default) else None
    return f"`{words}`", "" if default is None else f"`{default}`", option.help or ""


def addresses() -> Iterator[str]:
    """Every address of the service, in which forms, with what it may be told in the query string."""
    from service.http.validation import Pinned
    from service.routes import OPERATIONS

    rows = []
    for each in OPERATIONS:
        fields = each.query.model_fields.items() if each.query else ()
        asked = [field.alias or name for name, field in fields if name not in Pinned.model_fields]
        forms = ", ".join(f"`.{form.suffix}`" for form in each.forms if form.suffix)
        said = (each.view.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
        path = re.sub(r"<(\w+)>", r"{\1}", each.path)
        rows.append((f"`{each.method} {path}`", forms, ", ".join(f"`{name}`" for name in asked), said))
    yield from table(("address", "forms", "parameters", "it does this"), rows)


def table(head: Sequence[str], rows: Any) -> Iterator[str]:
    """Rows as a Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(' '.join(str(cell).split()).replace('|', '&#124;') for cell in row)} |"


def words() -> Iterator[str]:
    """The words of likelihood, each with the probabilities that it stands for."""
    from model.report.probability_words import EDGES, WORDS

    ends = [0.0, *EDGES, 1.0]
    rows = []
    for word, (low, high) in zip(WORDS, pairwise(ends), strict=True):
        bounds = f"from {100 * low:g} %", f"below {100 * high:g} %"
        said = bounds[1] if low == 0 else bounds[0] if high == 1 else " to ".join(bounds)
        rows.append((word.partition(":")[0], said))
    yield from table(("words", "probability"), rows)


LISTS: dict[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "addresses": addresses,
    "words of likelihood": words,
}


def made(what: str) -> str:
    """The lines of one of ``LISTS``, or of the ``keys of`` one or several definitions."""
    if what in LISTS:
        return "\n".join(LISTS[what]()).rstrip() + "\n"
    names = re.split(r",\s*", what.removeprefix("keys of "))
    return "\n\n".join("\n".join(keys(name)) for name in names) + "\n"


def with_tables(page: str) -> str:
    """A page with each of its tables as the definitions make it now."""
    return MADE.sub(lambda found: f"{found[1]}{made(found[2])}{found[3]}", page)


if __name__ == "__main__":
    for name in PAGES:
        path = FOLDER / name
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
