"""What a shell offers when a model, a variable or a state is half typed.

Names are read off the files without building the model, so that a file with problems still offers what it has. A
completion never fails: where nothing can be read, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from model.errors import AftermathError

Names = dict[str, list[str]]
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def models(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of models."""
    return _beginning(begun, _folders(context))


def variables(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Variables of the model that the command line names."""
    return _beginning(begun, _states(context))


def states_of(variable: str) -> Complete:
    """States of the variable that stands under another argument, such as ``target``."""

    def states(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        return _beginning(begun, _states(context).get(context.params.get(variable) or "", ()))

    return states


def pictured(*wanted: str) -> Complete:
    """What a picture is about, a variable and perhaps one of its states, and then files for the picture itself."""

    def names(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        said = [str(each) for each in (*(context.params.get("named") or ()), context.params.get("file")) if each]
        known, file = _states(context), CompletionItem(begun, type="file")
        if not said:
            return [*_beginning(begun, known), file]
        return _beginning(begun, known.get(said[0], ())) if wanted[len(said) :] == ("state",) else [file]

    return names


def statements(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """VARIABLE:STATE; variables with the colon until one is whole, then its states."""
    known = _states(context)
    name, colon, _state = begun.partition(":")
    offered = [f"{name}:{state}" for state in known.get(name, ())] if colon else [f"{each}:" for each in known]
    return _beginning(begun, offered)


def _beginning(begun: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def _folders(context: click.Context) -> Mapping[str, Path]:
    from service.cli.options import folders_of

    try:
        return folders_of(context.params.get("root"))
    except (AftermathError, OSError):
        return {}


def _states(context: click.Context) -> Names:
    """States of each variable of the model named, in the order of the files.

    Behind an option that has no value yet, click leaves the arguments unread: the model is the first of them.
    """
    model = context.params.get("model") or next(iter(context.args), "")
    folder = _folders(context).get(model)
    return {} if folder is None else _written_in(folder)


def _written_in(folder: Path) -> Names:
    from model.priors.yaml.reader import read_file

    found: Names = {}
    for path in sorted(folder.glob("*.yaml")):
        data = read_file(path, file=path.name).data
        written = data.get("variables") if isinstance(data, dict) else None
        for name, said in written.items() if isinstance(written, dict) else ():
            found[str(name)] = [str(state) for state in _listed(said)]
    return found


def _listed(said: Any) -> Iterable[Any]:
    """States of a variable: a list, or a mapping whose keys they are."""
    states = said.get("states") if isinstance(said, dict) else None
    return states if isinstance(states, list | dict) else ()
