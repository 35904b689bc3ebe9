"""Analyses: one file each holds what it is over HTTP, as CSV rows, as a page of text and on the command line.

A file has ``OPERATIONS``, and ``command`` where the analysis has one; what it computes is in ``model.analyses``.
To add an analysis, write its file and name it in ``ANALYSES``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from service.http.operation import Operation


class Analysis(NamedTuple):
    """A file of this package, and its command with the line that ``aftermath --help`` has for it.

    They stand here so that the command line need not import what computes before it is asked to.
    """

    file: str
    command: str | None = None
    summary: str = ""


ANALYSES = (
    Analysis("attribution", "attribution", "Which prior statements and sources an event's uncertainty comes from."),
    Analysis("sensitivity", "sensitivity", "How far each prior number moves an event."),
    Analysis("explanation", "explain", "What each finding weighs for an event, and along which ways."),
    Analysis("collection_plan", "plan", "What to find out next."),
    Analysis("goals", "goals", "The fewest changes that bring an event below or above a probability."),
    Analysis("policies", "policies", "What each setting of each lever does to an event."),
    Analysis("cause_effect", "cause-effect", "Each state of a cause as it is seen, beside the same brought about."),
    Analysis("comparison", "compare", "Questions, or scenarios, each beside the first."),
    Analysis("matrix", "matrix", "What each cause does to each headline target."),
    Analysis("revision_diff", "diff", "What the edits between two revisions do to the forecasts."),
    Analysis("validation", "validate", "What a folder would be if it were served: its problems, or its shifts."),
    Analysis("history"),
    Analysis("brief", "brief", "What is to be said of an event, written out."),
)


def operations() -> tuple[Operation, ...]:
    """The HTTP operations of every analysis."""
    return tuple(each for analysis in ANALYSES for each in import_module(f"{__name__}.{analysis.file}").OPERATIONS)
