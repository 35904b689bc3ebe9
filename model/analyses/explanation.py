"""Why an answer is what it is: findings weighed, tested, followed to the target, and seen beside done."""

from __future__ import annotations

from dataclasses import dataclass

from model import notebook
from model.analyses.active_trails import Trail, chains
from model.analyses.causal_effect import SeenAndDone, seen_and_done
from model.analyses.evidence_conflict import Conflict, Surprise, conflict, surprises
from model.analyses.evidence_subsets import whole
from model.analyses.weight_of_evidence import Balance, weigh
from model.evidence import in_words
from model.forecast import Forecaster
from model.question import Question, of_target, resolve


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons for the probability of one state of a target, ``settings`` in place, under a model's revision.

    ``balance`` weighs each finding, ``conflict`` says whether they sit badly together, ``surprises`` which of them the
    others expect least; ``chains`` are the strongest ways from a finding to the target, and
    ``seen_and_done`` sets each finding beside the intervention that would bring it about.
    """

    model: str
    revision: str
    target: str
    state: str
    settings: tuple[str, ...]
    balance: Balance
    conflict: Conflict
    surprises: tuple[Surprise, ...]
    chains: tuple[Trail, ...]
    seen_and_done: tuple[SeenAndDone, ...]

    def _repr_html_(self) -> str:
        odd = ("statement", "p", "bits")
        trails = [(str(chain), chain.strength, chain.change, chain.direction) for chain in self.chains]
        beside = [
            (each.finding, each.contrast.state, each.contrast.observe, each.contrast.intervene, str(each.backdoor))
            for each in self.seen_and_done
        ]
        return notebook.html(
            f"Why P({self.target}={self.state}) is {notebook.text(self.balance.p)}: {self.model} {self.revision}",
            self.balance._repr_html_(),
            self.conflict._repr_html_(),
            _part("Surprise", notebook.table(odd, notebook.records(odd, self.surprises), bar="bits")),
            _part("Ways", notebook.table(("way", "strength", "change", "direction"), trails, bar="strength")),
            _part("Seen and done", notebook.table(("finding", "state", "observe", "intervene", "why"), beside)),
        )


def explain(forecaster: Forecaster, question: Question, *, target: str, state: str) -> Explanation:
    """Explain the probability of one state of a target under a question's findings and interventions.

    Raises what ``resolve`` raises, UnknownVariable or UnknownState for the names given, ImpossibleEvidence naming what
    cannot hold together.
    """
    model, plan = forecaster.model, forecaster.plan
    which = model.network.variable(target, where=("target",)).state(state, where=("state",))
    case = resolve(model, of_target(question, target)).case
    evidence = whole(plan, case)
    return Explanation(
        model=model.name,
        revision=model.revision,
        target=target,
        state=state,
        settings=tuple(in_words(name, setting) for name, setting in case.settings.items()),
        balance=weigh(plan, case, target, which),
        conflict=conflict(plan, case),
        surprises=surprises(plan, case),
        chains=chains(plan, case, target, which, evidence=evidence),
        seen_and_done=seen_and_done(plan, case, target, which),
    )


def _part(title: str, table: str) -> str:
    return notebook.html(title, table) if table else ""
