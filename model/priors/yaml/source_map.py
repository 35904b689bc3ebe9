"""One prior file as read: its data, and where each node of it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from model.errors import Problem

Steps = tuple[str | int, ...]
"""The way to a node: keys and indices from the top of its file."""


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One prior file as read: its data, where each node is written, and what could not be read.

    ``data`` is None when nothing of the file could be read. ``broken`` holds the ways to nodes
    that are named in ``problems`` already, so that nobody complains of them twice. ``text`` is all that the
    file says, read or not; None where that is not known. ``is_cut`` tells that more of it may be lost.

    >>> from model.priors.yaml.reader import read
    >>> sheet = read(b"size: {low: 5, high: 9}\\n...\\n", file="cohorts.yaml")
    >>> sheet.data, sheet.place(("size", "high"))
    ({'size': {'low': 5, 'high': 9}}, Mark(line=1, column=22))
    """

    file: str
    data: Any
    problems: tuple[Problem, ...] = ()
    values: Mapping[Steps, Mark] = field(default_factory=dict)
    keys: Mapping[Steps, Mark] = field(default_factory=dict)
    broken: frozenset[Steps] = frozenset()
    text: str | None = None
    is_cut: bool = False

    def place(self, steps: Steps, *, key: bool = False) -> Mark:
        """Where a node (or its key) is written; the nearest node around it when it is not there."""
        if key and steps in self.keys:
            return self.keys[steps]
        while steps and steps not in self.values:
            steps = steps[:-1]
        return self.values.get(steps, Mark(1, 1))

    def raw(self, steps: Steps) -> str:
        r"""A plain scalar as it is written; nothing where that is not known.

        >>> from model.priors.yaml.reader import read
        >>> read(b"states: [~, fair]\n...\n", file="x").raw(("states", 0))
        '~'
        """
        mark = self.values.get(steps)
        if self.text is None or mark is None:
            return ""
        line = self.text.split("\n")[mark.line - 1]
        return re.split(r"[,\]}]|\s+#|\s*$", line[mark.column - 1 :], maxsplit=1)[0].strip()

    def is_sound(self, steps: Steps) -> bool:
        """Whether everything at and below a node could be read."""
        return not any(steps == broken[: len(steps)] for broken in self.broken)

    def problem(
        self,
        steps: Steps,
        *,
        found: str,
        expected: str,
        at_key: bool = False,
        did_you_mean: str | None = None,
    ) -> Problem:
        """A problem at a node of this file, named by what it is about."""
        mark = self.place(steps, key=at_key)
        return Problem(self.file, mark.line, mark.column, self.subject(steps), found, expected, did_you_mean)

    def subject(self, steps: Steps) -> str:
        """What a node is about, in words.

        >>> from model.priors.yaml.reader import read
        >>> text = b"variables: {wet: {rows: [{when: {rain: yes}, p: {yes: 1.2}}]}}\\n...\\n"
        >>> read(text, file="x").subject(("variables", "wet", "rows", 0, "p", "yes"))
        'wet, row when {rain: yes}, p, yes'
        """
        words: list[str] = []
        node = self.data
        for step in steps:
            node = _child(node, step)
            if isinstance(step, int):
                words[-1:] = [_numbered(words[-1] if words else "", step, node)]
            else:
                words.append(step)
        return ", ".join(words[1:] if len(steps) > 1 and words[0] in HEADINGS else words)


HEADINGS = frozenset({"variables", "sources", "scenarios", "cohorts", "checks", "counts", "collection", "questions"})

ROWS = {
    "rows": "row",
    "except": "exception",
    "rules": "rule",
    "cases": "case",
    "of": "expert",
    "in": "state",
    "if": "state",
    "states": "state",
}


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def _numbered(kind: str, index: int, node: Any) -> str:
    if isinstance(node, dict) and isinstance(node.get("when"), dict):
        return f"{ROWS.get(kind, kind)} when {as_yaml(node['when'])}"
    if kind in ROWS:
        return f"{ROWS[kind]} {index + 1}"
    return f"{kind}, item {index + 1}"


def as_yaml(when: Mapping[str, Any]) -> str:
    """Conditions as they are written in a file.

    >>> as_yaml({"smoke": "yes", "asia": ["no", "yes"]})
    '{smoke: yes, asia: [no, yes]}'
    """
    items = (
        f"{key}: [{', '.join(map(_plain, v))}]" if isinstance(v, list) else f"{key}: {_plain(v)}"
        for key, v in when.items()
    )
    return f"{{{', '.join(items)}}}"


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
