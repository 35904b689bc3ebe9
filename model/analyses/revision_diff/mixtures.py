"""Mixed models: the older revision with some of the edits applied, made of variables' definitions, not of text.

A set of edits is a number whose bit i says whether unit i is applied. Tables are worked out once for all the edits that
they depend on; sets that differ in numbers alone are answered side by side, as cases that replace tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from math import prod
from typing import Any

import numpy as np

from model import inference
from model.analyses.revision_diff.editions import SETTINGS, Edition, Entry
from model.analyses.revision_diff.edits import Edits
from model.analyses.revision_diff.items import SURENESS, Item, assembled, items_of
from model.analyses.revision_diff.units import Condition, Unit
from model.errors import BadNetwork, Problem
from model.evidence import Case, assumptions
from model.gates import Gate, Influences, Pinned
from model.inference import Evidence, Plan
from model.inference.arrays import encode
from model.inference.proportional_fitting import fit
from model.network import Network, Table, Variable, topological
from model.priors.build.gate import Drafted, draft
from model.priors.build.statements import Known
from model.priors.schema.definitions import Words
from model.priors.schema.validation import fitted_variable
from model.priors.yaml.source_map import Sheet
from model.resources.deadline import checkpoint
from model.specification import JUDGEMENT

SAME = 12
"""Decimals to which two joints of parents are the same: a base calibrated over either then gives the same table."""

COMBINATIONS = 1_000
"""Combinations of parents whose joint is asked of one variable laid over the network; beyond, case by case."""

CASES = 512
"""Mixed models that are answered side by side."""


class InvalidMixture(Exception):
    """A set of edits that makes no model."""


@dataclass(eq=False)
class Mixtures:
    """Every mixture of two revisions: what of a variable belongs to which unit, and what was drafted of it so far."""

    old: Edition
    found: Edits
    units: Sequence[Unit]
    drafts: dict[tuple[str, int], Drafted | None] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)

    @cached_property
    def owners(self) -> dict[str, dict[Item, int]]:
        """The unit of each edited item of each variable; that of the empty item has all the others."""
        owners: dict[str, dict[Item, int]] = {}
        for number, unit in enumerate(self.units):
            for edit in (self.found.edits[i] for i in unit.edits):
                if edit.kind == "variables":
                    owners.setdefault(edit.name, {})[edit.item] = number
        return owners

    @cached_property
    def words(self) -> dict[Item, int]:
        """The unit of each word of model.yaml."""
        every = ((n, self.found.edits[i]) for n, unit in enumerate(self.units) for i in unit.edits)
        return {edit.item: number for number, edit in every if edit.kind == "model" and edit.item[0] == "words"}

    @cached_property
    def structural(self) -> int:
        """The units that change which variables, states or arcs there are."""
        return sum(1 << number for number, unit in enumerate(self.units) if unit.edit_class == "structural")

    @cached_property
    def names(self) -> list[str]:
        """Every variable of either revision under its newer name, those of the older first."""
        return [name for kind, name in {**self.found.old, **self.found.new} if kind == "variables"]

    @cached_property
    def _old_names(self) -> dict[str, str]:
        return {new: old for old, new in self.found.names.items()}

    @cached_property
    def own(self) -> dict[str, int]:
        """By variable the units that its table depends on, whatever stands above it."""
        words = sum(1 << number for number in set(self.words.values()))
        return {name: self._own(name, words) for name in self.names}

    def _own(self, name: str, words: int) -> int:
        units = set(self.owners.get(name, {}).values())
        entries = [entries.get(("variables", name)) for entries in (self.found.old, self.found.new)]
        for entry in (entry for entry in entries if entry is not None):
            for parent in entry.data.get("parents", []):
                owned = self.owners.get(parent, {})
                units |= {owned[item] for item in ((), ("states",)) if item in owned}
        by_word = any(entry is not None and entry.data.get("kind") in ("influences", "ranked") for entry in entries)
        return sum(1 << unit for unit in units) | (words if by_word else 0)

    @cached_property
    def arcs(self) -> dict[str, set[str]]:
        """The parents of each variable in either revision."""
        both = (self.found.old, self.found.new)
        return {
            name: {p for entries in both if (e := entries.get(("variables", name))) for p in e.data.get("parents", [])}
            for name in self.names
        }

    def above(self, names: Iterable[str]) -> set[str]:
        """Variables and all above them in either revision."""
        seen: set[str] = set()
        waiting = [name for name in names if name in self.arcs]
        while waiting:
            if (name := waiting.pop()) not in seen:
                seen.add(name)
                waiting += self.arcs[name]
        return seen

    def relevant(self, names: Iterable[str]) -> int:
        """The units that variables, or any above them in either revision, depend on."""
        return _union(self.own[name] for name in self.above(names))

    # Definitions

    def data(self, name: str, applied: int) -> dict[str, Any] | None:
        """The definition of a variable in a mixture; None where it has no such variable."""
        old, new = (_items(entries.get(("variables", name))) for entries in (self.found.old, self.found.new))
        owned = self.owners.get(name, {})
        if () in owned:
            chosen = new if applied >> owned[()] & 1 else old
            return assembled(chosen) if chosen else None
        mixed = {item: old[item] for item in old}
        for item, unit in owned.items():
            if applied >> unit & 1:
                mixed.pop(item, None)
                mixed |= {item: new[item]} if item in new else {}
        return assembled(mixed)

    def states(self, name: str, applied: int) -> tuple[str, ...] | None:
        """The states of a variable in a mixture."""
        data = self.data(name, applied)
        return None if data is None else tuple(data["states"])

    def draft(self, name: str, applied: int) -> Drafted | None:
        """A variable understood as the loader does; None where it cannot be. Sources and sureness are left out."""
        key = name, applied & self.own[name]
        if key not in self.drafts:
            checkpoint()
            self.drafts[key] = self._draft(name, applied)
        return self.drafts[key]

    def _draft(self, name: str, applied: int) -> Drafted | None:
        data = self.data(name, applied)
        if data is None:
            return None
        problems: list[Problem] = []
        sheet = Sheet("", {"variables": {name: _without_sources(data)}})
        written = fitted_variable(sheet, ("variables", name), problems)
        if written is None:
            return None
        parents = {parent: self.states(parent, applied) for parent in written.said.parents if parent in self.arcs}
        states = {name: tuple(written.said.states), **{p: s for p, s in parents.items() if s is not None}}
        sources = [name for entries in (self.found.old, self.found.new) for kind, name in entries if kind == "sources"]
        known = Known(states, states, sources, {}, self._words(applied), lambda _: False)
        drafted = draft(written, known, problems)
        return None if problems else drafted

    def _words(self, applied: int) -> Words:
        old, new = (entries[SETTINGS].data["words"] for entries in (self.found.old, self.found.new))
        mixed = {group: dict(words) for group, words in old.items()}
        mixed["confidence"] = {**old["confidence"], **new["confidence"]}
        for (_, group, word), unit in self.words.items():
            if applied >> unit & 1:
                mixed[group].pop(word, None)
                mixed[group] |= {word: new[group][word]} if word in new[group] else {}
        return Words.model_validate(mixed)

    # Whether a set of edits makes a model

    def tests(self) -> list[Condition]:
        """What must hold of every set: each variable can be understood, and no way leads from one back to itself."""
        found = [Condition(self.own[name], _Understood(self, name)) for name in self.names if self.own[name]]
        return [*found, Condition(self.structural, self._is_acyclic)] if self.structural else found

    def _is_acyclic(self, applied: int) -> bool:
        try:
            TopologicalSorter({name: sorted(self.parents(name, applied)) for name in self.names}).prepare()
        except CycleError:
            return False
        return True

    def parents(self, name: str, applied: int) -> list[str]:
        """The parents of a variable in a mixture."""
        data = self.data(name, applied) if self.own[name] & applied else self._plain(name)
        return [] if data is None else list(data.get("parents", []))

    def _plain(self, name: str) -> Mapping[str, Any] | None:
        entry = self.found.old.get(("variables", name))
        return None if entry is None else entry.data

    # Answers

    def group(self, applied: int) -> Group:
        """The mixtures with the structure of this one."""
        structure = applied & self.structural
        if structure not in self.groups:
            checkpoint()
            self.groups[structure] = Group(self, structure)
        return self.groups[structure]

    def old_variable(self, name: str) -> Variable:
        """A variable of the older revision under the newer names."""
        found = self.old.model.network[self._old_names.get(name, name)]
        names = self.found.names
        return Variable(name, found.states, tuple(names.get(parent, parent) for parent in found.parents))

    def old_gate(self, name: str) -> Gate:
        """Its gate."""
        return self.old.model.described[self._old_names.get(name, name)].gate

    def old_table(self, name: str) -> Table:
        """Its table."""
        return self.old.model.network.tables[self._old_names.get(name, name)]


@dataclass(frozen=True, slots=True, eq=False)
class _Understood:
    """Whether a variable can be understood in a mixture, or is not there."""

    mixtures: Mixtures
    name: str

    def __call__(self, applied: int) -> bool:
        there = self.mixtures.data(self.name, applied) is not None
        return not there or self.mixtures.draft(self.name, applied) is not None


@dataclass(eq=False)
class Group:
    """The mixtures of one structure: one network, whose tables some of them replace.

    ``tables`` are by variable and by those applied units that the table depends on.
    """

    mixtures: Mixtures
    structure: int
    tables: dict[str, dict[int, Table]] = field(default_factory=dict)
    calibrated: dict[tuple[str, int, bytes], Table] = field(default_factory=dict)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The variables that there are. Raises InvalidMixture."""
        found = {}
        for name in self.mixtures.names:
            if not self.mixtures.own[name] & self.structure:
                if ("variables", name) in self.mixtures.found.old:
                    found[name] = self.mixtures.old_variable(name)
            elif self.mixtures.data(name, self.structure) is not None:
                found[name] = self._drafted(name, self.structure).variable
        return found

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The variables, parents first. Raises InvalidMixture."""
        try:
            return topological(list(self.variables.values()))
        except (BadNetwork, KeyError):
            raise InvalidMixture from None

    @cached_property
    def depends(self) -> dict[str, int]:
        """By variable the units that its table depends on: its own, and where it is typical those of all above it."""
        above: dict[str, int] = {}
        found: dict[str, int] = {}
        for name in self.order:
            upward = _union(above[parent] for parent in self.variables[name].parents)
            found[name] = self.mixtures.own[name] | (upward if self._may_be_typical(name) else 0)
            above[name] = upward | found[name]
        return found

    def _may_be_typical(self, name: str) -> bool:
        entries = (entries.get(("variables", name)) for entries in (self.mixtures.found.old, self.mixtures.found.new))
        return any(entry is not None and entry.data.get("base", {}).get("when") == "typical" for entry in entries)

    @cached_property
    def plan(self) -> Plan:
        """The network made ready; a table that some mixture replaces is held open by a uniform one."""
        return inference.compile(Network(list(self.variables.values()), self._open_tables))

    @cached_property
    def _open_tables(self) -> dict[str, Table]:
        return {
            name: self._uniform(name) if self.depends[name] else self.mixtures.old_table(name)
            for name in self.variables
        }

    def _uniform(self, name: str) -> Table:
        variable = self.variables[name]
        cards = [len(self.variables[parent].states) for parent in variable.parents]
        return np.full((*cards, len(variable.states)), 1 / len(variable.states))

    @cached_property
    def with_joints(self) -> Plan:
        """The same with a variable laid over it for the parents of each typical variable that edits reach."""
        added, tables = [], {}
        for name in self.order:
            if self.depends[name] and self._may_be_typical(name) and self._combinations(name) <= COMBINATIONS:
                parents = self.variables[name].parents
                cards = [len(self.variables[parent].states) for parent in parents]
                states = tuple(map(str, range(prod(cards))))
                added.append(Variable(_joint_name(name), states, parents))
                tables[_joint_name(name)] = np.eye(len(states)).reshape(*cards, len(states))
        network = Network([*self.variables.values(), *added], {**self._open_tables, **tables})
        return inference.laid_over(self.plan, network)

    def _combinations(self, name: str) -> int:
        return prod(len(self.variables[parent].states) for parent in self.variables[name].parents)

    def _drafted(self, name: str, applied: int) -> Drafted:
        found = self.mixtures.draft(name, applied)
        if found is None:
            raise InvalidMixture
        return found

    # Tables

    def replaced(self, names: Iterable[str], applied: Sequence[int]) -> dict[str, Table]:
        """The tables of variables that edits reach, in each mixture: (mixtures or 1, *parents' states, states)."""
        found = {}
        for name in self.order:
            if name in names and self.depends[name]:
                self._work_out(name, applied)
                keys = [each & self.depends[name] for each in applied]
                alike = keys[:1] if len(set(keys)) == 1 else keys
                found[name] = np.stack([self.tables[name][key] for key in alike])
        return found

    def _work_out(self, name: str, applied: Sequence[int]) -> None:
        known = self.tables.setdefault(name, {})
        missing = [key for key in dict.fromkeys(each & self.depends[name] for each in applied) if key not in known]
        gates = {key: self._gate(name, key) for key in missing}
        typical = [key for key, gate in gates.items() if _is_typical(gate)]
        known |= {key: _table(gate) for key, gate in gates.items() if key not in typical}
        if typical:
            self._calibrate(name, gates, self._joints(name, typical))

    def _calibrate(self, name: str, gates: Mapping[int, Drafted | Gate], joints: Mapping[int, Table]) -> None:
        """The tables of a typical variable over each joint of its parents, those of one definition side by side."""
        same = {key: (key & self.mixtures.own[name], joint.round(SAME).tobytes()) for key, joint in joints.items()}
        first = {alike: key for key, alike in reversed(same.items()) if (name, *alike) not in self.calibrated}
        for own in dict.fromkeys(own for own, _ in first):
            checkpoint()
            keys = [key for (definition, _), key in first.items() if definition == own]
            tables = _tables_over(gates[keys[0]], np.stack([joints[key] for key in keys]))
            self.calibrated |= {(name, *same[key]): table for key, table in zip(keys, tables, strict=True)}
        self.tables[name] |= {key: self.calibrated[name, *alike] for key, alike in same.items()}

    def _gate(self, name: str, applied: int) -> Drafted | Gate:
        if not applied & self.mixtures.own[name]:
            return self.mixtures.old_gate(name)
        return self._drafted(name, applied)

    def _joints(self, name: str, applied: Sequence[int]) -> dict[int, Table]:
        """How the parents of a variable stand together in each mixture."""
        parents = self.variables[name].parents
        cards = tuple(len(self.variables[parent].states) for parent in parents)
        tables = self.replaced(self.plan.network.ancestors(parents), applied)
        if self._combinations(name) > COMBINATIONS:
            each = ({other: _of_case(rows, i) for other, rows in tables.items()} for i in range(len(applied)))
            joints = (inference.joint(self.plan, parents, Evidence(1, {}, one)) for one in each)
            return dict(zip(applied, joints, strict=True))
        asked = _joint_name(name)
        found: dict[int, Table] = {}
        for start in range(0, len(applied), CASES):
            some = applied[start : start + CASES]
            part = {other: rows if len(rows) == 1 else rows[start : start + CASES] for other, rows in tables.items()}
            rows = inference.marginals(self.with_joints, Evidence(len(some), {}, part), (asked,))[asked]
            found |= zip(some, np.broadcast_to(rows, (len(some), rows.shape[1])).reshape(-1, *cards), strict=True)
        return found

    # Answers

    def answers(self, target: str, case: Case, applied: Sequence[int]) -> list[dict[str, float] | None]:
        """The probability of each state of a target in a case, in each mixture; None where the case is impossible.

        Raises InvalidMixture where the network does not have what the case speaks of.
        """
        self._check(target, case)
        network = self.plan.network
        once = encode(network, [case])
        reached = network.ancestors([target, *case.findings]) - case.settings.keys()
        found: list[dict[str, float] | None] = []
        for start in range(0, len(applied), CASES):
            checkpoint()
            some = applied[start : start + CASES]
            tables = {**self.replaced(reached, some), **once.tables}
            likelihood = {name: np.repeat(rows, len(some), axis=0) for name, rows in once.likelihood.items()}
            rows = _posterior(self.plan, Evidence(len(some), likelihood, tables), target, case)
            found += [_by_state(network[target], row) for row in rows]
        return found

    def _check(self, target: str, case: Case) -> None:
        for name in (target, *case.findings, *case.settings):
            if name not in self.variables:
                raise InvalidMixture
        for name, said in (*case.findings.items(), *case.settings.items()):
            if not _states_of(said) <= set(self.variables[name].states):
                raise InvalidMixture


def _posterior(plan: Plan, evidence: Evidence, target: str, case: Case) -> Table:
    """The target's distribution in each case, NaN where it is impossible."""
    done = np.ones(evidence.cases, dtype=np.bool_)
    if assumptions(case):
        evidence, done = fit(plan, evidence, [case] * evidence.cases)
    found = inference.posterior(plan, evidence, (target,))
    possible = np.isfinite(found.log_evidence) & done
    return np.where(np.broadcast_to(possible, evidence.cases)[:, None], found.of(target), np.nan)


def _by_state(variable: Variable, row: Table) -> dict[str, float] | None:
    return None if np.isnan(row).any() else dict(zip(variable.states, row.tolist(), strict=True))


def _states_of(said: Any) -> set[str]:
    """The states that a finding or a setting names."""
    for key in ("state", "states", "likelihood", "probabilities"):
        if hasattr(said, key):
            named = getattr(said, key)
            return {named} if isinstance(named, str) else set(named)
    return set()


def _is_typical(gate: Drafted | Gate) -> bool:
    if isinstance(gate, Drafted):
        return gate.is_typical
    inner = gate.gate if isinstance(gate, Pinned) else gate
    return isinstance(inner, Influences) and inner.when == "typical"


def _table(gate: Drafted | Gate) -> Table:
    return gate.finished(None).table() if isinstance(gate, Drafted) else gate.table()


def _tables_over(gate: Drafted | Gate, joints: Table) -> Table:
    """The tables of a typical variable over other joints of its parents. Raises InvalidMixture where no base fits."""
    try:
        if isinstance(gate, Drafted):
            gate = gate.finished(joints[0])
        inner = gate.gate if isinstance(gate, Pinned) else gate
        assert isinstance(inner, Influences)
        if not isinstance(gate, Pinned):
            return inner.tables_over(joints)
        tables = inner.tables_over(np.where(gate.mask, 0.0, joints))
        return np.where(gate.mask[..., None], gate.rows, tables)
    except BadNetwork:
        raise InvalidMixture from None


def _without_sources(data: Mapping[str, Any]) -> dict[str, Any]:
    """A definition that rests on judgement throughout: what a number rests on and how sure it is move no point."""
    plain = {key: _unsourced(value) for key, value in data.items() if key not in SURENESS}
    return {**plain, "sources": [JUDGEMENT], "reason": "a mixture of two revisions", "ess": 1}


def _unsourced(data: Any) -> Any:
    if isinstance(data, list):
        return [_unsourced(each) for each in data]
    if not isinstance(data, dict):
        return data
    if "pool" in data:
        experts = [{k: v for k, v in each.items() if k != "published"} for each in data["pool"]["of"]]
        own = {key: value for key, value in data.items() if key not in SURENESS}
        return {**own, "pool": {**data["pool"], "of": experts}}
    return {key: _unsourced(value) for key, value in data.items() if key not in SURENESS}


def _items(entry: Entry | None) -> dict[Item, Any]:
    return {} if entry is None else {item: value.data for item, value in items_of("variables", entry.data).items()}


def _joint_name(name: str) -> str:
    return f"parents of {name}"


def _of_case(rows: Table, case: int) -> Table:
    return rows[:1] if len(rows) == 1 else rows[case : case + 1]


def _union(sets: Iterable[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found
