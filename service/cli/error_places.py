"""Where an error lies, in the words of the command line: options and arguments in place of fields of a request."""

from __future__ import annotations

from model.errors import AftermathError, Place

OPTIONS = {
    "evidence": "--given",
    "given": "--given",
    "do": "--do",
    "scenario": "--scenario",
    "scenarios": "--scenario",
    "cohort": "--cohort",
    "event": "--event",
    "events": "--event",
    "joint": "--joint",
    "side": "--side",
    "sides": "--side",
    "interval": "--interval",
    "below": "--below",
    "above": "--above",
    "using": "--using",
    "largest": "--largest",
    "threshold": "--threshold",
    "steps": "--steps",
    "budget": "--budget",
    "targets": "TARGET",
    "target": "TARGET",
    "state": "STATE",
    "cause": "CAUSE",
    "effect": "EFFECT",
}
"""What a field of a request is called on the command line."""

NUMBERED = ("--given", "--do", "--event", "--joint", "--side", "--scenario")
"""Options that repeat: one of them is known by its number."""


def as_options(error: AftermathError) -> None:
    """Say of an error where it lies as an option or an argument; a place that is neither stays as it is.

    >>> error = AftermathError("no state 'maybe'", where=("side", 1, "given", "xray"))
    >>> as_options(error)
    >>> str(error)
    "--side 2, given xray: no state 'maybe'"
    """
    error.where = in_options(error.where)


def in_options(where: Place) -> Place:
    """A place in a request as one on the command line.

    >>> in_options(("evidence", "xray")), in_options(("targets", 0)), in_options(("priors/asia.yaml",))
    (('--given xray',), ('TARGET',), ('priors/asia.yaml',))
    """
    option = OPTIONS.get(str(where[0])) if where else None
    if option is None:
        return where
    first, *rest = where[1:] or ("",)
    if isinstance(first, int):
        head = f"{option} {first + 1}" if option in NUMBERED else option
    else:
        head = f"{option} {first}".rstrip()
    words = [str(step + 1) if isinstance(step, int) else step for step in rest]
    return (f"{head}, {' '.join(words)}" if words else head,)
