"""One variable's statements: its states, rows, sizes and sources, each checked where it is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from model.errors import Problem, listed, nearest
from model.network import SUM_TOLERANCE, Table
from model.priors.build.published import contradiction, derived, pooled
from model.priors.schema.cited import Cited
from model.priors.schema.definitions import Source, Words
from model.priors.schema.validation import Written, code_points, meant_number
from model.priors.schema.variables import Row, VariableBase
from model.priors.yaml.source_map import as_yaml
from model.specification import JUDGEMENT, Counted, Pool, Published, Statement

CELL_LIMIT = 1_000_000
"""Cells that one table may have."""

PARENT_LIMIT = 30
"""Parents that one variable may have, whatever their states."""

SURENESS = ("confidence", "ess", "counted")
"""The keys that say how sure a number is, one of them at a time."""

LISTED = 12
"""How many combinations a problem names before it only counts them."""

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Step = str | int


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the words of a variable may refer to.

    ``states`` of the variables whose states could be read; ``variables`` and ``sources`` are all the
    names there are, ``told`` the sources whose definition could be read. A name that stands in what could not
    be read, as ``may_hide`` says, is not called unknown.
    """

    states: Mapping[str, tuple[str, ...]]
    variables: Collection[str]
    sources: Collection[str]
    told: Mapping[str, Source]
    words: Words | None
    may_hide: Callable[[str], bool]


class Reader:
    """Reads one variable: finds states, rows, strengths and sizes, and notes what is wrong with them."""

    def __init__(self, written: Written[VariableBase], known: Known, problems: list[Problem]) -> None:
        self.written = written
        self.said = written.said
        self.known = known
        self.problems = problems
        self.states = tuple(self.said.states)
        self.parents = tuple(self.said.parents)
        self.statements: list[Statement] = []
        self.has_all_parents = self._check_parents()
        self.parent_states = tuple(known.states.get(parent, ()) for parent in self.parents)
        self.cards = tuple(len(states) for states in self.parent_states)
        self.ess = self._stated_ess(self.said)
        self.check_sources(self.said)

    def note(
        self, *steps: Step, found: str, expected: str, at_key: bool = False, did_you_mean: str | None = None
    ) -> None:
        self.problems.append(
            self.written.problem(*steps, found=found, expected=expected, at_key=at_key, did_you_mean=did_you_mean)
        )

    # Parents and their states

    def _check_parents(self) -> bool:
        for position, parent in enumerate(self.parents):
            if parent in self.parents[:position]:
                self.note("parents", position, found=f"the parent {parent!r} again", expected="each parent once")
            elif parent not in self.known.variables and not self.known.may_hide(parent):
                near = nearest(parent, self.known.variables)
                found = f"no variable {parent!r}"
                self.note("parents", position, found=found, expected="the name of a variable", did_you_mean=near)
        return len(set(self.parents)) == len(self.parents) and set(self.parents) <= self.known.states.keys()

    def is_too_large(self) -> bool:
        """Whether the table would exceed the limit, known before any of it is allocated."""
        cells = math.prod(self.cards) * len(self.states)
        if cells <= CELL_LIMIT and len(self.cards) <= PARENT_LIMIT:
            return False
        sizes = " x ".join(f"{parent} {card}" for parent, card in zip(self.parents, self.cards, strict=True))
        self.note(
            "parents",
            at_key=True,
            found=f"a table of {cells:,} cells ({sizes} x {len(self.states)} states)",
            expected=f"at most {CELL_LIMIT:,} and {PARENT_LIMIT} parents: a variable between can sum up some of them",
        )
        return True

    def chosen(self, states: str | Sequence[str], among: Sequence[str], owner: str, *steps: Step) -> list[int] | None:
        """Positions of the states named; None when one is unknown or named twice."""
        names = [states] if isinstance(states, str) else list(states)
        good = True
        for position, name in enumerate(names):
            place = steps if isinstance(states, str) else (*steps, position)
            if name not in among:
                self.unknown_state(name, among, owner, *place)
                good = False
            elif name in names[:position]:
                self.note(*place, found=f"the state {name!r} again", expected="each state once")
                good = False
        return [among.index(name) for name in names] if good else None

    def unknown_state(self, name: str, among: Sequence[str], owner: str, *steps: Step, at_key: bool = False) -> None:
        strange = "" if name.isascii() or any(not each.isascii() for each in among) else f", with {code_points(name)},"
        found, expected = f"no state {name!r}{strange} of {owner}", f"one of {listed(among)}"
        self.note(*steps, found=found, expected=expected, at_key=at_key, did_you_mean=nearest(name, among))

    def combinations(self, when: Mapping[str, str | list[str]], *steps: Step) -> Mask | None:
        """Which combinations of the parents a ``when`` is about; a parent left out may be in any state."""
        choice: dict[str, list[int] | None] = {}
        for parent, states in when.items():
            if parent not in self.parents:
                self.unknown_parent(parent, *steps, parent)
                choice[parent] = None
                continue
            among = self.parent_states[self.parents.index(parent)]
            choice[parent] = self.chosen(states, among, parent, *steps, parent)
        if None in choice.values():
            return None
        mask = np.zeros(self.cards, dtype=np.bool_)
        axes = [choice.get(parent) or range(card) for parent, card in zip(self.parents, self.cards, strict=True)]
        one_each = all(len(axis) == 1 for axis in axes)  # so are most rows of a large table, and np.ix_ is slow
        mask[tuple(axis[0] for axis in axes) if one_each else np.ix_(*axes)] = True
        return mask

    def unknown_parent(self, name: str, *steps: Step) -> None:
        expected = f"one of {listed(self.parents)}" if self.parents else "no condition, since it has no parents"
        found = f"{name!r} is not a parent of {self.written.name}"
        self.note(*steps, found=found, expected=expected, at_key=True, did_you_mean=nearest(name, self.parents))

    def _named(self, combination: Sequence[int]) -> str:
        names = {p: s[k] for p, s, k in zip(self.parents, self.parent_states, combination, strict=True)}
        return as_yaml(names)

    def _each(self, mask: Mask) -> str:
        """The combinations of a mask in words, a long list cut with its count."""
        found = np.argwhere(mask)
        names = ", ".join(self._named(combination) for combination in found[:LISTED])
        return names if len(found) <= LISTED else f"{names} and {len(found) - LISTED:,} more"

    # Numbers, how sure they are and what they rest on

    def chances(self, cells: Mapping[str, float | str], *steps: Step) -> Table | None:
        """A distribution over the variable's states, in their order; None when it is not one."""
        good = self._check_cells(cells, *steps)
        rests = [state for state, cell in cells.items() if cell == "rest"]
        numbers = {state: Decimal(repr(cell)) for state, cell in cells.items() if not isinstance(cell, str)}
        total = sum(numbers.values(), Decimal(0))
        if not good:
            return None
        if rests and total >= 1 - Decimal(SUM_TOLERANCE):
            found = f"'rest' where the others sum to {_plain(total)}"
            self.note(*steps, rests[0], found=found, expected="'never', or others that leave something")
            return None
        if not rests and abs(total - 1) > Decimal(SUM_TOLERANCE):
            self.note(*steps, found=f"sums to {_plain(total)}", expected="1")
            return None
        numbers |= dict.fromkeys(rests, 1 - total)
        return np.array([float(numbers.get(state, 0)) for state in self.states])

    def _check_cells(self, cells: Mapping[str, float | str], *steps: Step) -> bool:
        before = len(self.problems)
        unknown = [state for state in cells if state not in self.states]
        for state in unknown:
            self.unknown_state(state, self.states, self.written.name, *steps, state, at_key=True)
        missing = [state for state in self.states if state not in cells]
        if missing and not unknown:
            found = f"no chance for {listed(missing)}"
            self.note(*steps, found=found, expected="every state named, with 'rest' once or 'never' if need be")
        for state, cell in cells.items():
            if cell == 0:
                self.note(*steps, state, found="0", expected="'never', which says that zero is meant")
        for state in [state for state, cell in cells.items() if cell == "rest"][1:]:
            self.note(*steps, state, found="'rest' again", expected="'rest' at most once")
        return len(self.problems) == before

    def _stated_ess(self, cited: Cited, *steps: Step) -> float | None:
        """The equivalent sample size said here, by number, count or word; None when nothing (good) is said."""
        said = [key for key in SURENESS if getattr(cited, key) is not None]
        if len(said) > 1:
            self.note(*steps, said[1], found=f"both {said[0]} and {said[1]}", expected="one of them", at_key=True)
        if cited.counted is not None:
            return cited.counted.ess
        if cited.ess is not None or cited.confidence is None:
            return cited.ess
        return self.word("confidence", cited.confidence, *steps, "confidence")

    def word(self, kind: str, word: str, *steps: Step) -> float | None:
        """What a word of model.yaml stands for."""
        if self.known.words is None:
            return 1.0
        words: dict[str, float] = getattr(self.known.words, kind)
        if word not in words:
            number = meant_number(word)
            expected = number or f"one of {listed(list(words))}, or a number"
            self.note(*steps, found=f"no {kind} {word!r}", expected=expected, did_you_mean=nearest(word, words))
        return words.get(word)

    def amount(self, kind: str, said: float | str, *steps: Step) -> float | None:
        return self.word(kind, said, *steps) if isinstance(said, str) else float(said)

    def size(self, cited: Cited, *steps: Step) -> float:
        """How sure a number is, said on it or on the variable; it is a problem when nobody says."""
        before = len(self.problems)
        own = self._stated_ess(cited, *steps)
        size = self.ess if own is None else own
        if size is None and len(self.problems) == before and self.said.confidence is None:
            expected = "one of them, here or on the variable"
            self.note(*steps, found="no confidence, ess or counted", expected=expected)
        return 1.0 if size is None else float(size)

    def row_size(self, cited: Cited, row: Table | None, *steps: Step) -> float:
        """As ``_size``; a row that is certain has nothing to be unsure of."""
        if row is not None and np.count_nonzero(row) == 1:
            self._stated_ess(cited, *steps)
            return math.inf
        return self.size(cited, *steps)

    def counted(self, cited: Cited) -> Counted | None:
        """The cases that a size comes from, counted here or on the variable; None where they are not its origin."""
        own = any(getattr(cited, key) is not None for key in SURENESS)
        said = (cited if own else self.said).counted
        return None if said is None else Counted(said.n, said.discount, said.why)

    def published(self, cited: Cited, sources: Sequence[str], *steps: Step) -> Published:
        """What of a statement is published: said on it or on the variable, else derived from its sources."""
        said = cited.published or self.said.published
        if said is None:
            return derived(sources, self.known.told)
        wrong = contradiction(said, sources, self.known.told)
        if wrong is not None:
            place = self._own(cited, *steps)
            problem = self.written.problem(*place, found=wrong[0], expected=wrong[1])
            self.problems.extend([problem] if problem not in self.problems else [])
        return said

    def _own(self, cited: Cited, *steps: Step) -> tuple[Step, ...]:
        """Where that which makes a statement's ``published`` wrong is written: there, or on the variable."""
        key = "published" if cited.published else "sources"
        said_there = cited is not self.said and getattr(cited, key) is not None
        return (*steps, key) if said_there else ("published",)

    def state(
        self, cited: Cited, what: str, ess: float, *steps: Step, pool: Pool | None = None, place: tuple[Step, ...] = ()
    ) -> None:
        """Keep a statement with its sources, those of a pool's experts; it is a problem when it has none.

        ``steps`` lead to where it is written; ``place`` is where its number stands in the gate, where that differs.
        """
        own = cited.sources is not None and cited is not self.said
        if own:
            self.check_sources(cited, *steps)
        sources: Sequence[str] = cited.sources or self.said.sources or []
        if pool is not None:
            sources = list(dict.fromkeys(source for expert in pool.members for source in expert.sources))
        if not sources:
            self.note(*steps, found="no sources", expected="one at least, here or on the variable")
        self._keep(cited, what, sources, ess, *steps, pool=pool, place=place)

    def _keep(
        self,
        cited: Cited,
        what: str,
        sources: Sequence[str],
        ess: float,
        *steps: Step,
        pool: Pool | None = None,
        place: tuple[Step, ...] = (),
    ) -> None:
        experts = None if pool is None else pool.members
        statement = Statement(
            variable=self.written.name,
            what=what,
            sources=tuple(sources),
            ess=None if math.isinf(ess) else ess,
            reason=cited.reason or self.said.reason,
            file="/".join(self.written.sheet.file.split("/")[-2:]),
            line=self.written.line(*steps),
            place=place or steps,
            pool=pool,
            published=pooled(e.published for e in experts) if experts else self.published(cited, sources, *steps),
            counted=None if experts or math.isinf(ess) else self.counted(cited),
        )
        self.statements.append(statement)

    def check_sources(self, cited: Cited, *steps: Step) -> None:
        for position, source in enumerate(cited.sources or ()):
            place = (*steps, "sources", position)
            if source == JUDGEMENT:
                if not (cited.reason or self.said.reason):
                    expected = "a reason beside it, in one line"
                    self.note(*place, found="judgement without a reason", expected=expected)
            elif source not in self.known.sources and not self.known.may_hide(source):
                near = nearest(source, [*self.known.sources, JUDGEMENT])
                expected = "a source declared in sources.yaml, or 'judgement'"
                self.note(*place, found=f"no source {source!r}", expected=expected, did_you_mean=near)
            if source in (cited.sources or ())[:position]:
                self.note(*place, found=f"the source {source!r} again", expected="each source once")

    def said_row(self, row: Table) -> str:
        return ", ".join(f"{s} {f'{p:.6g}' if p else 'never'}" for s, p in zip(self.states, row, strict=True))

    # Rows, of tables and of exceptions

    def check_overlap(self, mask: Mask, owner: Integers, key: str, position: int) -> None:
        if (owner[mask] < 0).all():
            return
        twice = mask & (owner >= 0)
        others = [
            f"{self._each(twice & (owner == other))} as line {self.written.line(key, int(other))} does"
            for other in np.unique(owner[twice])
        ]
        expected = "each combination of the parents once"
        self.note(key, position, found=f"covers {' and '.join(others)}", expected=expected)

    def check_gaps(self, covered: Mask, key: str, expected: str) -> None:
        if covered.all():
            return
        missing = np.size(covered) - int(covered.sum())
        plural = "combinations" if missing > 1 else "combination"
        found = f"no row for {missing:,} {plural} of the parents: {self._each(~covered)}"
        self.note(key, found=found, expected=expected, at_key=True)

    def check_used(self, entries: Collection[str], key: str, *, exceptions_count: bool = True) -> bool:
        """Each entry is about a parent, and each parent has an entry or an exception."""
        strangers = [name for name in entries if name not in self.parents]
        for name in strangers:
            self.unknown_parent(name, key, name)
        rows: list[Row] = getattr(self.said, "except_", []) if exceptions_count else []
        used = {*entries, *(parent for row in rows for parent in row.when)}
        for position, parent in enumerate(self.parents):
            if parent not in used and not strangers:
                found = f"nothing said about the parent {parent!r}"
                self.note("parents", position, found=found, expected=f"an entry under {key!r}, or the parent left out")
        return not strangers

    def states_once(
        self, states: str | list[str], parent: int, owner: Integers, position: int, *steps: Step
    ) -> list[int] | None:
        """Positions of states that no earlier entry of the same parent is about."""
        names = self.parent_states[parent]
        chosen = self.chosen(states, names, self.parents[parent], *steps, "if")
        for state in chosen or ():
            if owner[state] >= 0:
                line = self.written.line(*steps[:-1], int(owner[state]))
                found = f"the state {names[state]!r} again, as on line {line}"
                self.note(*steps, "if", found=found, expected="each state once")
            owner[state] = position
        return chosen

    def state_rule(self, what: str, *steps: Step) -> None:
        """A rule is certain and holds by definition: it needs no source, and has the variable's."""
        self._keep(self.said, what, self.said.sources or [], math.inf, *steps)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
