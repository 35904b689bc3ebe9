"""The family of errors: each says where, what was found and what would have been right.

Place and kind are attributes, so that a command line, an HTTP answer and a test read the same
facts; the text is made from them and never parsed back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import takewhile
from typing import ClassVar

Place = tuple[str | int, ...]


class ExplainedError(Exception):
    """An error that tells its reader what happened.

    ``where`` is the path to the offending value in what the caller sent, as keys and indices;
    ``allowed`` lists what would have been right, where that is a short list.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self,
        detail: str,
        *,
        where: Place = (),
        allowed: Sequence[str] = (),
        did_you_mean: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where
        self.allowed = tuple(allowed)
        self.did_you_mean = did_you_mean

    def __str__(self) -> str:
        place = ".".join(str(step) for step in self.where)
        hint = f" Did you mean {self.did_you_mean!r}?" if self.did_you_mean else ""
        body = f"{self.detail}.{hint}" if hint else self.detail
        return f"{place}: {body}" if place else body


class AftermathError(ExplainedError):
    """What a caller did wrong, or asked for that cannot be: root of the family.

    >>> str(UnknownState("halfed", ("halved", "sustained"), where=("evidence", "finances")))
    "evidence.finances: no state 'halfed'; the states are 'halved', 'sustained'. Did you mean 'halved'?"
    """


class WorkEnded(ExplainedError):
    """Work that was ended before it was done, through no fault of what was asked for.

    It is of no family with what is wrong with a question, so that no answer to many questions takes it for one's
    refusal: it ends them all.
    """


class UnknownName(AftermathError):
    """A name that is not among those that exist."""

    kind: ClassVar[str] = "name"
    kinds: ClassVar[str] = "names"
    code = "unknown_name"

    def __init__(self, found: str, allowed: Iterable[str], *, where: Place = ()) -> None:
        names = tuple(allowed)
        there = f"the {self.kinds} are {listed(names)}" if names else f"there are no {self.kinds}"
        super().__init__(
            f"no {self.kind} {found!r}; {there}",
            where=where,
            allowed=names,
            did_you_mean=nearest(found, names),
        )
        self.found = found


class UnknownVariable(UnknownName):
    """A variable that the network does not have."""

    kind, kinds, code = "variable", "variables", "unknown_variable"


class UnknownState(UnknownName):
    """A state that the variable does not have."""

    kind, kinds, code = "state", "states", "unknown_state"


class UnknownScenario(UnknownName):
    """A scenario that the model does not name."""

    kind, kinds, code = "scenario", "scenarios", "unknown_scenario"


class UnknownCohort(UnknownName):
    """A cohort that the model does not name."""

    kind, kinds, code = "cohort", "cohorts", "unknown_cohort"


class UnknownSource(UnknownName):
    """A source that the model does not declare."""

    kind, kinds, code = "source", "sources", "unknown_source"


class BadQuestion(AftermathError):
    """A question whose words are known but which has no meaning: an empty set, a negative likelihood."""

    code = "bad_question"


class NotACutPoint(BadQuestion):
    """A number at which no state of a measured scale begins: a question cannot tell what lies on either side."""

    code = "not_a_cut_point"

    def __init__(self, found: float, cut_points: Sequence[float], *, unit: str, where: Place = ()) -> None:
        shown = [f"{number:.10g}" for number in cut_points]
        self.found = f"{found:.10g} {unit}"
        super().__init__(
            f"{self.found} is not a cut point; the cut points are {', '.join(shown) or 'none'}",
            where=where,
            allowed=shown,
        )


class NoScale(BadQuestion):
    """A number said of a variable whose states do not measure one."""

    code = "no_scale"

    def __init__(self, variable: str, states: Sequence[str], *, where: Place = ()) -> None:
        detail = f"{variable} has no measured scale, so no number can be said of it; its states are {listed(states)}"
        super().__init__(detail, where=where, allowed=states)
        self.variable = variable


class DuplicateEvidence(BadQuestion):
    """Two statements about one variable in one question."""

    code = "duplicate_evidence"


class EvidenceOnIntervened(BadQuestion):
    """A variable that is set by do() and also observed."""

    code = "evidence_on_intervened"


class GroupOutcomeOfCohort(BadQuestion):
    """A cohort's evidence, which is of its own members, with a target that is of the group as a whole.

    ``target`` is None where the question asks for the most probable states of all variables together.
    """

    code = "group_outcome_of_cohort"

    def __init__(self, target: str | None, cohort: str, instead: Sequence[str], *, where: Place = ()) -> None:
        asked = f"{target} is of the group as a whole" if target else "most_probable is of the group as well"
        super().__init__(
            f"{asked}, and the evidence of the cohort {cohort} is of its own members, not of the group: "
            f"leave the cohort out, or ask for what is of an individual, such as {listed(instead, most=6)}",
            where=where,
            allowed=instead,
        )
        self.target, self.cohort = target, cohort


class ImpossibleEvidence(AftermathError):
    """Evidence of probability zero; ``conflict`` is a smallest set that cannot hold together.

    Where the search for one would have taken too long, ``smallest`` is False and the set is minimal: without any of
    its members the others may hold. ``under`` is what is set with do() and rules it out: without it, it may happen.
    """

    code = "impossible_evidence"

    def __init__(
        self, conflict: Sequence[str], *, where: Place = (), smallest: bool = True, under: Sequence[str] = ()
    ) -> None:
        if len(conflict) == 1:
            detail = f"{conflict[0]} cannot happen {'once' if under else 'in this model'}"
        else:
            detail = f"{conflict[0]} cannot hold together with {' and '.join(conflict[1:])}{' once' if under else ''}"
        detail += f" {' and '.join(under)} {'is' if len(under) == 1 else 'are'} set" if under else ""
        super().__init__(detail if smallest else f"{detail} (none of these can be spared)", where=where)
        self.conflict, self.smallest = tuple(conflict), smallest


class SeveralErrors(AftermathError):
    """Several mistakes in one question or one request, each an error of its own."""

    def __init__(self, errors: Sequence[AftermathError]) -> None:
        super().__init__(errors[0].detail)
        self.errors = tuple(errors)


class JointTooLarge(AftermathError):
    """A joint distribution with more cells than an answer may hold."""

    code = "joint_too_large"


class NetworkTooLarge(AftermathError):
    """A network whose exact inference would need more table cells than the limit, known before allocation."""

    code = "network_too_large"

    def __init__(self, *, cells: int, limit: int, width: int, largest_clique: Sequence[str]) -> None:
        super().__init__(
            f"exact inference needs {cells:,} table cells, more than the limit of {limit:,}; "
            f"width {width}, largest clique {', '.join(largest_clique)}"
        )
        self.cells, self.limit, self.width = cells, limit, width
        self.largest_clique = tuple(largest_clique)


class BadNetwork(AftermathError):
    """Variables and tables that do not make a Bayesian network."""

    code = "bad_network"


class BadExchangeFile(AftermathError):
    """A file of another tool that is unsafe, damaged, or says something we cannot keep."""

    code = "bad_exchange_file"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a prior file, where it is, and what would have been right.

    >>> str(Problem("priors/asia/chest.yaml", 41, 9, "lung, row when {smoke: yes}", "sums to 0.9", "1"))
    'priors/asia/chest.yaml:41:9: lung, row when {smoke: yes}: sums to 0.9, expected 1.'
    """

    file: str
    line: int
    column: int
    where: str
    found: str
    expected: str
    did_you_mean: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: "
        subject = f"{self.where}: " if self.where else ""
        hint = f" Did you mean {self.did_you_mean!r}?" if self.did_you_mean else ""
        return f"{place}{subject}{self.found}, expected {self.expected}.{hint}"


class BadPriors(AftermathError):
    """Prior files that cannot be loaded; ``problems`` holds every one of them, in file order."""

    code = "bad_priors"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(found: str, names: Iterable[str]) -> str | None:
    """The name most like the one found, or None when none is near.

    Of names that are equally like it, the one that begins like it for longest.

    >>> nearest("halfed", ["collapsed", "halved", "sustained"]), nearest("B2O", ["B12", "B20", "B92"])
    ('halved', 'B20')
    """
    close = get_close_matches(found, tuple(names), n=20, cutoff=0.6)

    def likeness(name: str) -> tuple[float, int]:
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, found, strict=False)))
        return SequenceMatcher(None, name, found).ratio(), alike

    return max(close, key=likeness, default=None)


def listed(names: Sequence[str], *, most: int = 12) -> str:
    """Names quoted and joined, a long list cut with its length.

    >>> listed(["low", "high"])
    "'low', 'high'"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
