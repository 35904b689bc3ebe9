"""libyaml's events to data and places: the quick way through a file in which nothing is wrong.

libyaml (C) reads some thirty times faster than the parser in Python, but it follows YAML 1.1 and words its complaints
in its own way. So it is only asked about sound files: wherever it or a rule of ours finds fault, there is no result,
and the file is read again by ``Composer``, whose problems are the ones that are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from model.priors.yaml.composer import DEPTH_LIMIT
from model.priors.yaml.scalars import NO_VALUE, resolved, wrong_key
from model.priors.yaml.source_map import Mark, Sheet, Steps
from model.resources.deadline import checkpoint

Node = dict[str, Any] | list[Any]

READ_OTHERWISE = re.compile(
    r"""(?<![^\s\[{,:?-])!    # a tag: of the tag "!" alone no event tells
    | \t | ^\ +$           # tabs, and lines of spaces alone
    | [|>][-+0-9]*\#         # a comment at once after the head of a block
    | ["'\]}]:(?!\s)         # a value at once after a quoted key
    | ^(?:---|\.\.\.(?!\s*\Z))  # a mark between documents
    """,
    re.MULTILINE | re.VERBOSE,
)
"""What libyaml may read in another way; found by reading millions of damaged files both ways."""


EVENTS = 1_000
"""Events after which is looked whether the work must end: some 2 ms."""


class _Unsound(Exception):
    """Something that the other composer must look at."""


def quick_sheet(file: str, text: str) -> Sheet | None:
    r"""The file as ``Composer`` reads it; None where it may have a problem, or where there is no libyaml.

    >>> quick_sheet("x.yaml", "size: {low: 5}\n...\n").data
    {'size': {'low': 5}}
    >>> quick_sheet("x.yaml", "size: 5\nsize: 6\n...\n") is None
    True
    """
    if not yaml.__with_libyaml__ or READ_OTHERWISE.search(text):
        return None
    composer = _QuickComposer()
    try:
        composer.compose(yaml.parse(text, Loader=yaml.CLoader))
    except (_Unsound, yaml.YAMLError, ValueError, OverflowError):
        return None
    return Sheet(file, composer.data, (), composer.values, composer.keys)


class _QuickComposer:
    """Puts events together, with a stack of its own in place of recursion; raises _Unsound at the first fault.

    ``node`` is the mapping or list being filled, None before the first; ``steps`` is the way to it, and ``key`` the
    key whose value comes next, None where none does. A file that is one scalar is left to the other composer.
    """

    def __init__(self) -> None:
        self.data: Any = None
        self.values: dict[Steps, Mark] = {}
        self.keys: dict[Steps, Mark] = {}
        self.node: Node | None = None
        self.steps: Steps = ()
        self.key: str | None = None
        self.outer: list[tuple[Node | None, Steps]] = []
        self.good_keys: set[str] = set()
        self.plain_values: dict[str, Any] = {}

    def compose(self, events: Iterator[Event]) -> None:
        """Fill ``data``, ``values`` and ``keys``."""
        documents = 0
        for number, event in enumerate(events):
            if not number % EVENTS:
                checkpoint()
            kind = type(event)
            if kind is ScalarEvent:
                if self.key is None and type(self.node) is dict:
                    self._take_key(event, self.node)
                else:
                    self._attach(self._scalar(event), event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.node, self.steps = self.outer.pop()
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event, {} if kind is MappingStartEvent else [])
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1 or event.version or event.tags:
                    raise _Unsound
            elif kind is AliasEvent:
                raise _Unsound

    def _take_key(self, event: ScalarEvent, node: dict[str, Any]) -> None:
        name: str = event.value
        if event.anchor or event.tag or name in node:
            raise _Unsound
        if name not in self.good_keys or not event.implicit[0]:
            if wrong_key(event):
                raise _Unsound
            if event.implicit[0]:
                self.good_keys.add(name)
        self.key = name
        start = event.start_mark
        self.keys[(*self.steps, name)] = Mark(start.line + 1, start.column + 1)

    def _scalar(self, event: ScalarEvent) -> Any:
        if event.anchor or event.tag or self.node is None:
            raise _Unsound
        text: str = event.value
        if event.implicit[0] and text in self.plain_values:
            value = self.plain_values[text]
        else:
            value, wrong = resolved(event)
            if wrong and not (wrong == NO_VALUE and text and type(self.node) is list):
                raise _Unsound
            if event.implicit[0] and not wrong:
                self.plain_values[text] = value
        if text == "0" and type(self.node) is list and self.node and type(self.node[-1]) is int:
            raise _Unsound  # where it follows the comma at once it is the tail of a number with a decimal comma
        return value

    def _open(self, event: CollectionStartEvent, node: Node) -> None:
        no_value = self.key is None and type(self.node) is dict
        if no_value or event.anchor or event.tag or len(self.outer) >= DEPTH_LIMIT:
            raise _Unsound
        here = self._attach(node, event)
        self.outer.append((self.node, self.steps))
        self.node, self.steps = node, here

    def _attach(self, value: Any, event: NodeEvent) -> Steps:
        """Put a value where it belongs: under its key, at the end of its list, or on top; the way to it."""
        node, key = self.node, self.key
        here: Steps
        if key is not None:
            here = (*self.steps, key)
            node[key] = value  # type: ignore[index, call-overload]
            self.key = None
        elif node is None:
            here, self.data = (), value
        else:
            here = (*self.steps, len(node))
            node.append(value)  # type: ignore[union-attr]
        start = event.start_mark
        self.values[here] = Mark(start.line + 1, start.column + 1)
        return here
