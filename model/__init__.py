"""Conditional forecasts over Bayesian networks: read a model, ask a question, get an exact answer.

>>> import model
>>> from pathlib import Path
>>> asia = model.prepare(model.load(Path("priors/asia")))
>>> asked = model.Question(("lung",), {"xray": model.Observed("yes")})
>>> [(state.state, round(state.p, 4)) for state in model.answer(asia, asked).targets[0].distribution]
[('yes', 0.4887), ('no', 0.5113)]

Read top-down: ``specification``, ``question``, ``forecast``, ``analyses``. Below them are ``priors`` and ``gates``,
which turn files into tables, and ``inference``, which turns tables and evidence into probabilities.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.evidence import Assumed, Observed, OneOf, Reported, RuledOut, SetChances, SetTo
    from model.forecast import answer, prepare
    from model.priors import load
    from model.question import Question

__all__ = [
    "Assumed",
    "Observed",
    "OneOf",
    "Question",
    "Reported",
    "RuledOut",
    "SetChances",
    "SetTo",
    "answer",
    "load",
    "prepare",
]

_HOMES = {
    "evidence": ("Assumed", "Observed", "OneOf", "Reported", "RuledOut", "SetChances", "SetTo"),
    "forecast": ("answer", "prepare"),
    "priors": ("load",),
    "question": ("Question",),
}


def __getattr__(name: str) -> Any:
    """What is named above, imported when it is first asked for: ``import model.errors`` stays light."""
    for home, names in _HOMES.items():
        if name in names:
            globals()[name] = getattr(import_module(f"model.{home}"), name)
            return globals()[name]
    raise AttributeError(f"module 'model' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
