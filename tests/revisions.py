"""Revisions of small models made by editing their text, and a split of their shift by brute force."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np

from model.analyses.revision_diff import Edition, edition
from model.forecast import answer, prepare
from model.priors import load
from model.priors.files import files_of
from model.question import Question
from tests.prior_copies import copied

Change = tuple[str, str, str]
"""A file, a text that stands in it once, and what is written in its place."""


def of(folder: Path) -> Edition:
    """The revision that a folder is."""
    return edition(prepare(load(folder)), files_of(folder))


def changed(source: Path, into: Path, *changes: Change) -> Edition:
    """The revision that a copy of a folder is after some changes."""
    into.mkdir(exist_ok=True)
    folder = copied(source, into)
    for file, old, new in changes:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return of(folder)


def p_of(found: Edition, question: Question) -> np.ndarray:
    """The probabilities of a question's target."""
    return answer(found.forecaster, question).targets.p


def brute_force(worth: Mapping[frozenset[int], np.ndarray], players: int) -> np.ndarray:
    """The Shapley value by its definition: the mean over every order of what each adds as it comes."""
    parts = np.zeros((players, *worth[frozenset()].shape))
    orders = list(permutations(range(players)))
    for order in orders:
        for position, player in enumerate(order):
            before = frozenset(order[:position])
            parts[player] += worth[before | {player}] - worth[before]
    return parts / len(orders)


def worths(source: Path, into: Path, changes: Sequence[Change], question: Question) -> dict[frozenset[int], np.ndarray]:
    """What a question's target has with each set of changes, every one written out and read by the loader."""
    into.mkdir()
    found = {}
    for bits in range(1 << len(changes)):
        chosen = [i for i in range(len(changes)) if bits >> i & 1]
        mixed = changed(source, into / str(bits), *(changes[i] for i in chosen))
        found[frozenset(chosen)] = p_of(mixed, question)
    return found
