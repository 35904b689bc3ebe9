"""A row or a strength as it is stated: of one voice, or pooled from several experts who are kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, isinf

import numpy as np

from model.gates import RowPool, StrengthPool
from model.network import SUM_TOLERANCE, Table
from model.priors.build.statements import Reader, Step
from model.priors.schema import cited, variables
from model.specification import JUDGEMENT, Expert, Pool

NOTHING_LEFT = 1e-6
"""An equivalent sample size below this is none."""


@dataclass(frozen=True, slots=True, eq=False)
class StatedRow:
    """A row (states,) with its equivalent sample size; ``pool`` and ``told`` where several experts share it."""

    row: Table
    ess: float
    pool: RowPool | None = None
    told: Pool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StatedStrength:
    """A strength in decibels, not signed, with its equivalent sample size, pooled or not."""

    strength: float
    ess: float
    pool: StrengthPool | None = None
    told: Pool | None = None


def stated_row(
    reader: Reader, said: variables.Distribution, *steps: Step, one_of_two: bool = False
) -> StatedRow | None:
    """The row that is said, None when it is not one. With ``one_of_two``, of two states one is enough."""
    if not _is_one(reader, said, "p", said.p, said.pool, *steps):
        return None
    if said.pool is not None:
        return _pooled_row(reader, said.pool, one_of_two, *steps, "pool")
    cells = said.p or {}
    row = reader.chances(_completed(cells, reader.states) if one_of_two else cells, *steps, "p")
    size = reader.row_size(said, row, *steps)
    return None if row is None else StatedRow(row, size)


def stated_strength(reader: Reader, said: variables.Strength, *steps: Step) -> StatedStrength | None:
    """The strength that is said, None when it is not one."""
    if not _is_one(reader, said, "strength", said.strength, said.pool, *steps):
        return None
    if said.pool is not None:
        return _pooled_strength(reader, said.pool, *steps, "pool")
    strength = None if said.strength is None else reader.amount("strength", said.strength, *steps, "strength")
    size = reader.size(said, *steps)
    return None if strength is None else StatedStrength(strength, size)


def _is_one(reader: Reader, said: cited.Cited, key: str, single: object, pool: object, *steps: Step) -> bool:
    """Whether exactly one of the two is there, and nothing beside a pool that only its experts can say."""
    if single is None and pool is None:
        reader.note(*steps, found=f"neither {key!r} nor 'pool'", expected="one of them")
        return False
    if pool is None:
        return True
    wrong = [(key, "one of them")] if single is not None else []
    wrong += [
        (name, "what each expert of the pool says instead")
        for name in ("sources", "confidence", "ess", "counted", "published")
        if getattr(said, name) is not None
    ]
    for name, expected in wrong:
        reader.note(*steps, name, found=f"{name!r} beside 'pool'", expected=expected, at_key=True)
    return not wrong


def _completed(cells: Mapping[str, float | str], states: Sequence[str]) -> Mapping[str, float | str]:
    """Cells as written; of two states they may name one, since the other then has the rest."""
    other = [state for state in states if state not in cells]
    return {**cells, other[0]: "rest"} if len(states) == 2 and len(cells) == len(other) == 1 else cells


def _pooled_row(reader: Reader, said: variables.RowPool, one_of_two: bool, *steps: Step) -> StatedRow | None:
    weights = _weights(reader, said.of, *steps)
    rows, sizes = [], []
    for position, expert in enumerate(said.of):
        place = (*steps, "of", position)
        cells = _completed(expert.p, reader.states) if one_of_two else expert.p
        rows.append(reader.chances(cells, *place, "p"))
        sizes.append(reader.row_size(expert, rows[-1], *place))
    sound = [row for row in rows if row is not None]
    if weights is None or len(sound) < len(rows):
        return None
    if said.method == "log" and not _agree_on_never(reader, sound, *steps):
        return None
    pool = RowPool(said.method, np.array(sound), weights, np.array(sizes), _known_by(said.of))
    size = pool.size()
    if size < NOTHING_LEFT:
        expected = "an expert who leaves something to another state"
        reader.note(*steps, "of", found="experts who are each certain of another state", expected=expected)
        return None
    voices = _voices(reader, said.of, pool.weights, sizes, *steps)
    experts = tuple(replace(voice, row=tuple(row.tolist())) for voice, row in zip(voices, sound, strict=True))
    return StatedRow(pool.row(), size, pool, Pool(said.method, experts, pool.disagreement()))


def _pooled_strength(reader: Reader, said: variables.StrengthPool, *steps: Step) -> StatedStrength | None:
    weights = _weights(reader, said.of, *steps)
    strengths, sizes = [], []
    for position, expert in enumerate(said.of):
        place = (*steps, "of", position)
        strengths.append(reader.amount("strength", expert.strength, *place, "strength"))
        sizes.append(reader.size(expert, *place))
    sound = [strength for strength in strengths if strength is not None]
    if weights is None or len(sound) < len(strengths):
        return None
    pool = StrengthPool(np.array(sound), weights, np.array(sizes), _known_by(said.of))
    voices = _voices(reader, said.of, pool.weights, sizes, *steps)
    experts = tuple(replace(voice, strength=strength) for voice, strength in zip(voices, sound, strict=True))
    return StatedStrength(pool.mean(), pool.size(), pool, Pool("linear", experts, pool.disagreement()))


def _voices(
    reader: Reader, experts: Sequence[variables.Expert], weights: Table, sizes: Sequence[float], *steps: Step
) -> list[Expert]:
    """The experts with what each rests on; what each says of the number is not in them yet."""
    return [
        Expert(
            sources=tuple(expert.sources),
            weight=float(weight),
            ess=None if isinf(ess) else ess,
            reason=expert.reason,
            published=reader.published(expert, expert.sources, *steps, "of", position),
            counted=None if isinf(ess) else reader.counted(expert),
        )
        for position, (expert, weight, ess) in enumerate(zip(experts, weights, sizes, strict=True))
    ]


def _weights(reader: Reader, experts: Sequence[variables.Expert], *steps: Step) -> Table | None:
    """The experts' weights, equal where none is given; None when they, or the experts' sources, do not hold."""
    before = len(reader.problems)
    _check_apart(reader, experts, *steps)
    given = [expert.weight for expert in experts if expert.weight is not None]
    if given and len(given) < len(experts):
        found = f"weights for {len(given)} of {len(experts)} experts"
        reader.note(*steps, "of", found=found, expected="a weight for each, or for none")
    elif given and abs(fsum(given) - 1) > SUM_TOLERANCE:
        reader.note(*steps, "of", found=f"weights that sum to {fsum(given):.12g}", expected="1")
    if len(reader.problems) > before:
        return None
    return np.array(given) if given else np.full(len(experts), 1 / len(experts))


def _check_apart(reader: Reader, experts: Sequence[variables.Expert], *steps: Step) -> None:
    """Each expert's sources exist, and none stands behind two experts: that would count it twice."""
    seen: set[str] = set()
    for position, (expert, names) in enumerate(zip(experts, _known_by(experts), strict=True)):
        place = (*steps, "of", position)
        reader.check_sources(expert, *place)
        for source in names:
            if source in seen:
                at = (*place, "sources", expert.sources.index(source))
                found = f"{source!r} again, behind a second expert"
                reader.note(*at, found=found, expected="each source in one expert only")
        seen.update(names)


def _known_by(experts: Sequence[variables.Expert]) -> tuple[tuple[str, ...], ...]:
    """Whom each expert is: what is published. A judgement beside it is how that was read, not another expert."""
    return tuple(
        tuple(source for source in dict.fromkeys(expert.sources) if source != JUDGEMENT) or (JUDGEMENT,)
        for expert in experts
    )


def _agree_on_never(reader: Reader, rows: Sequence[Table], *steps: Step) -> bool:
    """Whether the experts of a log pool rule out the same states."""
    for position, row in enumerate(rows[1:], start=1):
        for state, here, first in zip(reader.states, row > 0, rows[0] > 0, strict=True):
            if here != first:
                verbs = ("possible", "'never'") if here else ("'never'", "possible")
                found = f"{state!r} {verbs[0]}, which is {verbs[1]} for expert 1"
                expected = "the same states 'never' for all, since in a log pool a zero of one is a veto"
                reader.note(*steps, "of", position, "p", found=found, expected=expected)
                return False
    return True
