"""The page for programs that write language: what can be asked and how, made from the served models and operations."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence

from model.forecast import Forecaster
from model.specification import Model
from service.http.address import PREFIX, model_path
from service.http.operation import Operation
from service.translate.models import example

MOST_MODELS = 12
MOST_EACH = 8
INTRODUCTION = """# Aftermath

> What-if forecasts from Bayesian networks: exact probabilities with intervals, each with the revision of its model, the
> sources that it rests on, and a permalink under which it never changes.

`given` is what is known and `do` is what is done; the two differ. `lo` and `hi` hold 90 % of what the stated confidence
of the priors leaves open. Cite the `permalink` of each answer that you use; `POST {prefix}/v1/prose` with
`{{"text": …}}` says which numbers of a text the answers that it cites do not support.
"""
VERBS = """## How a question is written

In an address: `given=variable:state`, also `variable:in(a,b)`, `variable:not(a)`, `variable:like(a=4,b=1)` for a
report and `variable:assumed(a=0.7,b=0.3)`; `do=variable:state`, both as often as needed; `scenario=NAME` in place of
the default picture, `scenario=none` without one; `cohort=NAME`. `.json` or `.csv` at the end of a path is the form,
`fields=all` the whole of an answer that comes in short, `revision=` the revision of the model. What does not fit in
an address is sent to `query`, `compare` or `batch` by POST. Refusals are problem documents (RFC 9457) with `allowed`
and `did_you_mean`.
"""


def page(forecasters: Sequence[Forecaster], operations: Iterable[Operation], tools: Sequence[str]) -> str:
    """What can be asked and how: of these models, at these operations, by these tools."""
    lines = [INTRODUCTION.format(prefix=PREFIX.get()), "## Models", ""]
    for forecaster in forecasters[:MOST_MODELS]:
        lines += [*_model(forecaster.model), ""]
    if len(forecasters) > MOST_MODELS:
        lines += [f"{len(forecasters) - MOST_MODELS} more: {_link('every model', f'{PREFIX.get()}/v1/models')}", ""]
    lines += [VERBS, "## Addresses", "", *_addresses(operations), "", "## For agents", ""]
    lines += [
        f"- `POST {PREFIX.get()}/mcp` is a stateless endpoint of the Model Context Protocol with the tools "
        f"{', '.join(f'`{name}`' for name in tools)}.",
        f"- {_link('Every address with its parameters', f'{PREFIX.get()}/openapi.json')}: OpenAPI 3.1.",
        f"- {_link('What the codes of refusals mean', f'{PREFIX.get()}/errors')}.",
    ]
    return "\n".join(lines) + "\n"


def _model(model: Model) -> Iterator[str]:
    """A model with its headline targets and questions worth asking."""
    horizon = f", horizon: {model.horizon}" if model.horizon else ""
    yield f"### {_plain(model.title)} (`{model.name}`)"
    yield ""
    path = model_path(model.name)
    yield f"- {_link('The model', path)}: as of {model.as_of}{horizon}; {len(model.network.names)} variables."
    yield f"- {_link('Its variables', f'{path}/variables')}, {_link('scenarios', f'{path}/scenarios')}, " + (
        f"{_link('cohorts', f'{path}/cohorts')} and {_link('sources', f'{path}/sources')}."
    )
    for name in model.headline[:MOST_EACH]:
        said = f"{_plain(model.described[name].label)}: {', '.join(model.network[name].states)}"
        yield f"- {_link(f'`{name}`', model_path(model.name, 'forecast', name))}: {said}."
    for each in model.examples[:MOST_EACH]:
        yield f"- {_link(_plain(each.label), example(model, each).link)}"


def _addresses(operations: Iterable[Operation]) -> Iterator[str]:
    """Each operation that reads, with what it is for; those of one form of words once."""
    yield f"With the name of a model in place of `<model>`{f', below `{PREFIX.get()}`' if PREFIX.get() else ''}:"
    yield ""
    for each in operations:
        if each.scope == "read" and each.path.startswith("/v1/models"):
            summary = (inspect.getdoc(each.view) or "").partition("\n\n")[0].replace("\n", " ")
            yield f"- `{each.method} {each.path}`: {summary}"


def _link(text: str, address: str) -> str:
    """A link of Markdown; parentheses in an address would end it.

    >>> _link("it", "/v1?given=a:in(b)")
    '[it](/v1?given=a:in%28b%29)'
    """
    return f"[{text}]({address.replace('(', '%28').replace(')', '%29')})"


def _plain(text: str) -> str:
    """A text of a model without what Markdown would read."""
    return text.replace("[", "(").replace("]", ")").replace("`", "'").replace("\n", " ")
