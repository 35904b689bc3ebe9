"""The commands that list: models, and the variables, scenarios, cohorts and sources of one.

Each lists what its HTTP resource lists, as aligned columns or as the very bytes of the JSON or CSV answer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.wording import quantity
from service.cli import completion
from service.cli.options import priors_option, ready, root_of
from service.cli.page import say

if TYPE_CHECKING:
    from service.http.operation import Operation

Cells = tuple[str, ...]


@click.command("models", short_help="The models there are.")
@click.argument("word", required=False)
@click.option("--json", "form", flag_value="json", help="Exactly the body of the HTTP answer.")
@click.option("--csv", "form", flag_value="csv", help="Exactly the table of the HTTP answer.")
@priors_option
def models(word: str | None, form: str | None, root: Path | None) -> None:
    """Every model with its title, or those that have WORD in name or title.

    \b
    aftermath models
    """
    from service import revisions
    from service.routes import models as routes
    from service.translate.models import states

    found = {"models": states(revisions.load(root_of(root)))}
    _print(routes.every_model, found, "models", _model_cells, word=word, form=form)


def _list_of(
    name: str, resource: str, cells: Callable[[Any], Iterable[Cells]], *, title: str = "label"
) -> click.Command:
    """A command on MODEL [WORD]; ``resource`` is the operation that lists the same over HTTP."""

    def run(model: str, word: str | None, form: str | None, root: Path | None) -> None:
        from service.routes import models as routes

        listing: Operation = getattr(routes, resource)
        content = listing.view(ready(model, root)).content()
        _print(listing, content, name, cells, word=word, form=form)

    run.__doc__ = f"""The {name} of MODEL, or those that have WORD in name or {title}.

    \b
    aftermath {name} asia
    aftermath {name} asia --csv
    """
    parts: tuple[Callable[[Any], Any], ...] = (
        click.argument("model", shell_complete=completion.models),
        click.argument("word", required=False),
        click.option("--json", "form", flag_value="json", help="Exactly the body of the HTTP answer."),
        click.option("--csv", "form", flag_value="csv", help="Exactly the table of the HTTP answer."),
        priors_option,
    )
    made = reduce(lambda command, part: part(command), reversed(parts), run)
    return click.command(name, short_help=f"The {name} of a model.")(made)


def _print(
    listing: Operation,
    content: Any,
    name: str,
    cells: Callable[[Any], Iterable[Cells]],
    *,
    word: str | None,
    form: str | None,
) -> None:
    """The bytes of a form, or a page of columns whose first two are what ``word`` is looked for in."""
    shown = content if word is None else _with_word(content, name, word)
    if form is not None:
        [chosen] = (each for each in listing.forms if each.suffix == form)
        sys.stdout.flush()
        sys.stdout.buffer.write(chosen.write(shown))
        return
    from service.cli.text import columns

    rows = list(cells(shown))
    if not rows:
        say(f"no {name}" if word is None else f"no {name} with {word!r} in name or label")
        return
    for line in columns(rows, right=set()):
        say(line.removeprefix("  "))


def _with_word(content: Any, name: str, word: str) -> Any:
    """The same body with only those of its items whose name or label has the word, in capitals or not."""
    from msgspec import structs

    if isinstance(content, dict):
        return {**content, name: [each for each in content[name] if _has(word, each["name"], each["title"])]}
    kept = [
        each
        for each in getattr(content, name)
        if _has(word, each.name, each.title if hasattr(each, "title") else each.label)
    ]
    return structs.replace(content, **{name: kept})


def _has(word: str, *texts: str | None) -> bool:
    return any(word.casefold() in text.casefold() for text in texts if text)


def _model_cells(content: Any) -> Iterable[Cells]:
    for each in content["models"]:
        if each["ready"]:
            yield each["name"], each["title"], quantity(each["variables"], "variable"), f"as of {each['as_of']}"
        else:
            yield each["name"], "cannot be loaded: aftermath check says why", "", ""


def _variable_cells(content: Any) -> Iterable[Cells]:
    for each in content.variables:
        yield each.name, each.label, each.role, ", ".join(each.states)


def _scenario_cells(content: Any) -> Iterable[Cells]:
    from service.translate.models import scenario_rows

    said = _said((row["name"], f"{row['verb']} {row['variable']}:{row['said']}") for row in scenario_rows(content))
    for each in content.scenarios:
        yield each.name, each.label, said.get(each.name, "")


def _cohort_cells(content: Any) -> Iterable[Cells]:
    from service.translate.models import cohort_rows

    said = _said((row["name"], f"{row['variable']}:{row['said']}") for row in cohort_rows(content) if row["variable"])
    for each in content.cohorts:
        yield each.name, each.label, _size(each.low, each.high), said.get(each.name, "")


def _size(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _said(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What each of several names says, in a line."""
    return {name: ", ".join(text for _, text in group) for name, group in groupby(pairs, key=lambda pair: pair[0])}


def _source_cells(content: Any) -> Iterable[Cells]:
    for each in content.sources:
        yield each.name, each.title, each.date or "", each.status, _cited(each.cited_by)


def _cited(by: Sequence[str]) -> str:
    return f"cited by {len(by)}" if by else "cited by none"


LISTS = (
    models,
    _list_of("variables", "every_variable", _variable_cells),
    _list_of("scenarios", "scenarios", _scenario_cells),
    _list_of("cohorts", "cohorts", _cohort_cells),
    _list_of("sources", "sources", _source_cells, title="title"),
)
