"""Folders of prior files of any size: chains, grids, and one table with many parents."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

YES_NO = ("no", "yes")


def chain(folder: Path, count: int) -> Path:
    """``count`` variables, each with the one before it as its parent."""
    return written(folder, {f"v{i}": [f"v{i - 1}"] if i else [] for i in range(count)})


def grid(folder: Path, side: int) -> Path:
    """``side`` times ``side`` variables, each with those above and left of it as its parents."""
    cells = product(range(side), range(side))
    return written(folder, {f"g{i}x{j}": _above(i, j) for i, j in cells})


def wide(folder: Path, parents: int) -> Path:
    """One variable with so many parents, its table written row by row as far as 14 parents, and beyond by a default."""
    causes = {f"c{i}": list[str]() for i in range(parents)}
    return written(folder, {**causes, "effect": list(causes)})


def _above(i: int, j: int) -> list[str]:
    return [*([f"g{i - 1}x{j}"] if i else []), *([f"g{i}x{j - 1}"] if j else [])]


def written(folder: Path, parents: Mapping[str, Sequence[str]]) -> Path:
    """A model over variables of two states, by the parents of each."""
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(
        f"title: Large\ndescription: For the limits.\nas_of: 2017-03-06\nhorizon: none\nfiles: [variables.yaml]\n"
        f"words:\n  strength: {{weak: 3}}\n  confidence: {{low: 10}}\n  spread: {{broad: 0.05}}\n"
        f"headline: [{next(reversed(parents))}]\n...\n",
        encoding="utf-8",
    )
    lines = [line for name, own in parents.items() for line in _variable(name, own)]
    (folder / "variables.yaml").write_text("\n".join(["variables:", *lines, "...", ""]), encoding="utf-8")
    return folder


def _variable(name: str, parents: Sequence[str]) -> Iterator[str]:
    yield from (f"  {name}:", f"    label: {name}", "    states: [no, yes]", "    role: condition")
    if parents:
        yield f"    parents: [{', '.join(parents)}]"
    yield "    rows:"
    if len(parents) > 14:
        yield f"      - {{when: {{{parents[0]}: no}}, p: {{no: 0.9, yes: rest}}}}"
        yield f"      - {{when: {{{parents[0]}: yes}}, p: {{no: 0.2, yes: rest}}}}"
    else:
        for number, states in enumerate(product(YES_NO, repeat=len(parents))):
            when = ", ".join(f"{parent}: {state}" for parent, state in zip(parents, states, strict=True))
            chance = f"{{no: {0.1 + 0.7 * (number % 97) / 97:.4f}, yes: rest}}"
            yield f"      - {{when: {{{when}}}, p: {chance}}}" if parents else f"      - p: {chance}"
    yield from ("    confidence: low", "    sources: [judgement]", "    reason: For the limits.")
