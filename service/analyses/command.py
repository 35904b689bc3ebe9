"""Commands of analyses, and the lines that their pages share.

A command asks what its HTTP operation asks, and prints a page of text or the very bytes of the JSON answer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import reduce, update_wrapper
from pathlib import Path
from typing import Any

import click

from model.specification import NO_SCENARIO
from model.wording import wrapped
from service.analyses.analysis import Analysed, AnalysisParameters
from service.cli import completion
from service.cli.options import EVENT_HELP, evidence_options, priors_option, ready
from service.cli.page import say, width
from service.cli.text import BAR, ROUNDING, Marks, number, revision_line, ruled_out_text
from service.http.operation import Operation
from service.http.validation import validated

SHARE = click.FloatRange(0, 1)


def command_of(
    asked: Operation, *, before: Sequence[str] = (), target: str = "target"
) -> Callable[[Callable[..., str]], click.Command]:
    """A command on MODEL TARGET [STATE] that finds what the operation finds, and prints the page made of that.

    ``before`` are parameters that stand before the target, each a variable; ``target`` is what the operation calls it.
    ``page`` gets what was found, and those options of the command that are no parameters of the operation.
    """
    shape = asked.query or AnalysisParameters

    def made(page: Callable[..., str]) -> click.Command:
        def run(model: str, root: Path | None, *, as_json: bool, **options: Any) -> None:
            if options[target] is None and options["event"] is None:
                raise click.UsageError(f"Missing argument '{target.upper()}', or --event in its place.")
            found = _found(asked, shape, options, model=model, root=root)
            if as_json:
                sys.stdout.flush()
                sys.stdout.buffer.write(in_form(asked, found, "json"))
                return
            own = {name: value for name, value in options.items() if name not in shape.model_fields}
            say(page(found, **own), nl=False)

        return click.command()(_with_options(update_wrapper(run, page), before, target))

    return made


def _with_options(run: Callable[..., Any], before: Sequence[str], target: str) -> Callable[..., Any]:
    """What every analysis may be told, before the options of its own."""
    parts: tuple[Callable[[Any], Any], ...] = (
        click.argument("model", shell_complete=completion.models),
        *(click.argument(name, shell_complete=completion.variables) for name in before),
        click.argument(target, required=False, shell_complete=completion.variables),
        click.argument("state", required=False, shell_complete=completion.states_of(target)),
        click.option("--event", metavar="EVENT", help=EVENT_HELP),
        evidence_options,
        click.option("--json", "as_json", is_flag=True, help="Exactly the body of the HTTP answer."),
        priors_option,
    )
    return reduce(lambda made, part: part(made), reversed(parts), run)


def _found(
    asked: Operation, shape: type[AnalysisParameters] | Any, options: dict[str, Any], *, model: str, root: Path | None
) -> Analysed:
    """What the operation of the HTTP service finds, asked the same. Raises what it raises."""
    sent = {name: value for name, value in options.items() if name in shape.model_fields and value is not None}
    sent |= {name: list(options[name]) for name in ("given", "do")}
    parameters = validated(shape, sent)
    found: Analysed = asked.view(ready(model, root), parameters).content()
    return found


def in_form(asked: Operation, found: Analysed, suffix: str) -> bytes:
    """The bytes of an answer in one of the operation's forms."""
    [form] = (form for form in asked.forms if form.suffix == suffix)
    return form.write(found)


def page(found: Analysed, lines: Sequence[str]) -> str:
    """Lines with the model's revision below them."""
    return "\n".join([*lines, revision_line(found.model)]) + "\n"


def event_line(found: Analysed, state: str, p: float) -> str:
    """The event asked about, by names and by labels, and its probability."""
    target = found.event.target
    labels = found.model.described[target].labels
    said = f"{label(found, target)}: {labels[state]}" if state in labels else label(found, target)
    return f"{target}={state}  {said}  {number(p)}"


def under_lines(found: Analysed) -> list[str]:
    """The scenario and the cohort that an event was asked under, the default picture too, and what reports rule out."""
    question, known = found.event.question, found.event.asked.case.findings
    scenario = [f"under {question.scenario}"] if question.scenario not in (None, NO_SCENARIO) else []
    cohort = [f"for the cohort {question.cohort}"] if question.cohort else []
    out = [line for each in ruled_out_text(found.model.network, known) for line in wrapped(each, width(), then="  ")]
    return [*scenario, *cohort, *out]


def label(found: Analysed, name: str) -> str:
    """What a variable is called in words."""
    return found.model.described[name].label


def heading(head: str, shown: Sequence[object], count: int) -> str:
    """A heading that says how many of ``count`` rows are shown where that is not all."""
    return f"{head}:" if len(shown) >= count else f"{head}, the first {len(shown)} of {count}:"


def span(ends: tuple[float, float], mark: float, drawn: Marks, *, scale: tuple[float, float] = (0.0, 1.0)) -> str:
    """A bar between two probabilities with a mark at a third, on a scale from one to another.

    >>> from service.cli.text import ASCII
    >>> span((0.25, 0.5), 0.5, ASCII)
    '........########|...............'
    >>> span((0.5, 0.25), 0.0, ASCII)
    '|.......########................'
    """
    wide = scale[1] - scale[0]

    def cell(p: float) -> float:
        return BAR * (p - scale[0]) / wide + ROUNDING if wide else 0.0

    low, high = sorted(map(cell, ends))
    first = min(BAR - 1, int(low))
    after = max(first + 1, round(high))
    cells = list((drawn.empty * first + drawn.full * (after - first)).ljust(BAR, drawn.empty)[:BAR])
    cells[min(BAR - 1, int(cell(mark)))] = drawn.baseline
    return "".join(cells)


def or_dash(p: float | None) -> str:
    """A probability, or a dash where there is none."""
    return "-" if p is None else number(p)
