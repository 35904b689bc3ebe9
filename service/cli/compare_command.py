"""The whole ``compare`` command that tells what a cohort does from what else a question says does."""

from __future__ import annotations

import shlex
from dataclasses import replace

from model.question import Question
from model.specification import Model
from service.translate.questions import side_text


def beside_its_cohort(model: Model, question: Question) -> str | None:
    """The command that holds a question against its own cohort under the default picture.

    None where a question has no cohort, or says nothing beside it: then its shift from the baseline is the cohort's.
    ``question`` is in canonical order, with its targets and its scenario named.

    >>> from pathlib import Path
    >>> import priors
    >>> from model.evidence import Observed
    >>> from model.priors import load
    >>> asia = load(Path(priors.__path__[0]) / "asia")
    >>> beside_its_cohort(asia, Question(("lung",), cohort="a_smoker", scenario="back_from_asia"))
    'aftermath compare asia lung --cohort a_smoker --scenario back_from_asia'
    >>> beside_its_cohort(asia, Question(("lung",), {"xray": Observed("yes")}, cohort="a_smoker"))
    "aftermath compare asia lung --side cohort=a_smoker --side 'given=xray:yes&cohort=a_smoker'"
    """
    own = bool(question.findings or question.settings)
    pictured = question.scenario if question.scenario != model.default_scenario else None
    if question.cohort is None or not (own or pictured):
        return None
    about = [part for name in question.targets for part in (["--event", name] if name in model.events else [name])]
    if own:
        whole = side_text(None, replace(question, scenario=pictured))
        sides = ["--side", side_text(None, Question(cohort=question.cohort)), "--side", whole]
    else:
        sides = ["--cohort", question.cohort, "--scenario", str(pictured)]
    return shlex.join(["aftermath", "compare", model.name, *about, *sides])
