"""The parser's events to data and places, with a stack of our own: no depth of nesting can crash the process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from model.errors import Problem
from model.priors.yaml.scalars import NO_VALUE, Wrong, is_integer, resolved, wrong_key
from model.priors.yaml.source_map import Mark, Sheet, Steps
from model.resources.deadline import checkpoint

DEPTH_LIMIT = 40


class _Stop(Exception):
    """The rest of the file cannot be read."""


@dataclass(slots=True, eq=False)
class _Frame:
    """A mapping or list being filled; ``key`` is the key whose value comes next, if one does."""

    node: dict[str, Any] | list[Any]
    steps: Steps
    flow: bool
    discarded: bool = False
    key: str | None = None
    key_discarded: bool = False
    key_start: int = 0

    def next_steps(self) -> Steps:
        return (*self.steps, len(self.node) if self.key is None else self.key)


class Composer:
    """Puts the parser's events together, with a stack of its own in place of recursion."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.data: Any = None
        self.documents = 0
        self.stack: list[_Frame] = []
        self.notes: list[tuple[Mark, Steps, str, str]] = []
        self.values: dict[Steps, Mark] = {}
        self.keys: dict[Steps, Mark] = {}
        self.broken: set[Steps] = set()
        self.whole = False
        self.stopped = False
        self.previous: tuple[ScalarEvent, Steps] | None = None
        self.split: tuple[ScalarEvent, str] | None = None

    def compose(self) -> None:
        try:
            for event in YAML(typ="safe", pure=True).parse(self.text):
                checkpoint()
                self._take(event)
            self.whole = True
        except _Stop:
            self.stopped = True
        except MarkedYAMLError as error:
            mark, found, expected = _syntax(error)
            here = self._here()
            self._note(mark, here[:-1] if here and isinstance(here[-1], int) else here, found, expected)
        except (YAMLError, ValueError, OverflowError):
            self._note(self._so_far(), self._here(), "a character or escape that YAML does not know", "plain text")

    def sheet(self) -> Sheet:
        """What was read, with every problem named by what it is about."""
        sheet = Sheet(self.file, self.data, (), self.values, self.keys, frozenset(self.broken))
        problems = tuple(
            Problem(self.file, mark.line, mark.column, sheet.subject(steps), found, expected)
            for mark, steps, found, expected in self.notes
        )
        return replace(sheet, data=self.data if self.whole else None, problems=problems)

    def _take(self, event: Event) -> None:
        match event:
            case DocumentStartEvent():
                self._document(event)
            case CollectionEndEvent():
                self.stack.pop()
            case AliasEvent():
                self._refuse(event, f"the alias '*{event.anchor}'", "the value itself, written out")
            case NodeEvent():
                self._node(event)

    def _document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if event.version or event.tags:
            self._note(_mark(event), (), "a YAML directive before this line", "a file without directives")
        if self.documents > 1:
            self._note(_mark(event), (), "a second document", "one document, which ends with the last line '...'")
            raise _Stop

    def _node(self, event: NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        for found, expected in _decorations(event.anchor, tag):
            self._note(_mark(event), self._here(), found, expected)
        if tag is not None:
            self.broken.add(self._here())
        if self._expects_key():
            self._key(event)
        elif isinstance(event, ScalarEvent):
            self._scalar(event)
        else:
            self._open(event)

    def _here(self) -> Steps:
        """The way to the node that comes next; to the mapping, when that node is a key."""
        if not self.stack:
            return ()
        return self.stack[-1].steps if self._expects_key() else self.stack[-1].next_steps()

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, dict) and self.stack[-1].key is None

    def _key(self, event: NodeEvent) -> None:
        frame = self.stack[-1]
        if not isinstance(event, ScalarEvent):
            self._note(_mark(event), frame.steps, "a list or mapping as a key", "a word")
            frame.key, frame.key_discarded = "", True
            self._push(event, steps=frame.steps, discarded=True, as_key=True)
            return
        name, mark, frame.key_start = event.value, _mark(event), event.start_mark.index
        if self._decimal_comma(event, frame):
            frame.key, frame.key_discarded = name, True
            return
        steps = (*frame.steps, name)
        wrong = wrong_key(event)
        if wrong and not frame.discarded:
            self._note(mark, frame.steps, *wrong)
            self.broken.add(steps)
        if isinstance(frame.node, dict) and name in frame.node and not frame.discarded:
            first = self.keys[steps]
            self._note(mark, frame.steps, f"the key {name!r} again, as on line {first.line}", "each key once")
            self.broken.add(steps)
            frame.key, frame.key_discarded = name, True
            return
        frame.key, frame.key_discarded = name, frame.discarded
        if not frame.discarded:
            self.keys[steps] = mark

    def _decimal_comma(self, event: ScalarEvent, frame: _Frame) -> bool:
        """Whether this scalar is the tail of a number written with a decimal comma, as in {yes: 0,27}."""
        if self.previous is None or not frame.flow or not (is_integer(event) and is_integer(self.previous[0])):
            return False
        head, steps = self.previous
        end, start = head.end_mark, event.start_mark
        if steps[:-1] != frame.steps or (end.line, end.column + 1) != (start.line, start.column):
            return False
        if isinstance(frame.node, list) and not event.value.startswith("0"):
            return False
        number = f"{head.value}.{event.value}"
        self._note(_mark(head), steps, f"{head.value},{event.value}", f"a decimal point: {number}")
        self.broken.add(steps)
        return True

    def _scalar(self, event: ScalarEvent) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.node, list) and self._decimal_comma(event, frame):
            return
        steps = frame.next_steps() if frame else ()
        value, wrong = resolved(event)
        if wrong == NO_VALUE and event.value and frame and isinstance(frame.node, list):
            wrong = None
        if wrong and not self._is_discarded():
            at_key = wrong == NO_VALUE and steps in self.keys
            about = steps[:-1] if at_key else steps
            if wrong == NO_VALUE and event.value:
                said = _written_null(event.value, steps)
            else:
                said = self._split_text(event, frame) or _for_key(wrong, steps)
            self._note(self.keys[steps] if at_key else _mark(event), about, *said)
            self.broken.add(steps)
        self.previous = None if self._is_discarded() else (event, steps)
        self._attach(value, _mark(event))

    def _split_text(self, event: ScalarEvent, frame: _Frame | None) -> Wrong | None:
        """What a key without its colon is in {…}, as in {yes: a, b}: the rest of a text that holds a comma."""
        if frame is None or not frame.flow or frame.key is None or self.previous is None:
            return None
        head, place = self.previous
        goes_on = self.split is not None and self.split[0] is head
        if place[:-1] != frame.steps or ":" in self.text[frame.key_start : event.start_mark.index]:
            return None
        if not goes_on and not (isinstance(resolved(head)[0], str) and head.value):
            return None
        text = f"{self.split[1] if self.split and goes_on else head.value}, {frame.key}"
        if goes_on:
            self.notes.pop()
        self.split = event, text
        whole = json.dumps(text, ensure_ascii=False)
        expected = f"'{frame.key}: …', or quotes where the comma is part of the text: {whole}"
        return f"{frame.key!r} without a value", expected

    def _is_discarded(self) -> bool:
        return bool(self.stack) and (self.stack[-1].discarded or self.stack[-1].key_discarded)

    def _open(self, event: NodeEvent) -> None:
        steps = self.stack[-1].next_steps() if self.stack else ()
        self._push(event, steps=steps, discarded=self._is_discarded())

    def _push(self, event: NodeEvent, *, steps: Steps, discarded: bool, as_key: bool = False) -> None:
        node: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        if len(self.stack) >= DEPTH_LIMIT:
            self._note(
                _mark(event), steps[:3], f"more than {DEPTH_LIMIT} levels, one inside the other", "a flatter file"
            )
            raise _Stop
        if not as_key:
            self._attach(node, _mark(event))
        flow = isinstance(event, MappingStartEvent | SequenceStartEvent) and bool(event.flow_style)
        self.stack.append(_Frame(node, steps, flow, discarded))

    def _attach(self, value: Any, mark: Mark) -> None:
        """Put a finished or opened value where it belongs: under its key, at the end of its list, or on top."""
        if not self.stack:
            self.data, self.values[()] = value, mark
            return
        frame = self.stack[-1]
        if not self._is_discarded():
            self.values[frame.next_steps()] = mark
            if isinstance(frame.node, list):
                frame.node.append(value)
            elif frame.key is not None:
                frame.node[frame.key] = value
        frame.key, frame.key_discarded = None, False

    def _refuse(self, event: AliasEvent, found: str, expected: str) -> None:
        """A node that is no value: it is noted, and nothing stands in its place."""
        self._note(_mark(event), self._here(), found, expected)
        if self._expects_key():
            self.stack[-1].key, self.stack[-1].key_discarded = "", True
            return
        steps = self.stack[-1].next_steps() if self.stack else ()
        self.broken.add(steps)
        self._attach(None, _mark(event))

    def _note(self, mark: Mark, steps: Steps, found: str, expected: str) -> None:
        self.notes.append((mark, steps, found, expected))

    def _so_far(self) -> Mark:
        return max(self.values.values(), key=lambda mark: (mark.line, mark.column), default=Mark(1, 1))


def _mark(event: Event) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _decorations(anchor: str | None, tag: object) -> Iterator[Wrong]:
    if anchor is not None:
        yield f"the anchor '&{anchor}'", "the value written out in each place"
    if tag is not None:
        yield f"the tag '{str(tag).replace('tag:yaml.org,2002:', '!!')}'", "a value without a tag"


def _for_key(wrong: Wrong, steps: Steps) -> Wrong:
    """The same, said with the key when a value is missing after it."""
    name = steps[-1] if steps else None
    if wrong != NO_VALUE or not isinstance(name, str):
        return wrong
    if ":" in name:
        return f"no space after the colon in {name!r}", f"'{name.replace(':', ': ', 1)}'"
    return f"no value after {name + ':'!r}", "a value, or the whole line left out"


def _written_null(text: str, steps: Steps) -> Wrong:
    """What stands for nothing where a key has its value."""
    key = f" after {steps[-1] + ':'!r}" if steps and isinstance(steps[-1], str) else ""
    return f"{text}, which is no value,{key}", f'a value, or "{text}" in quotes when it is a name'


def _syntax(error: MarkedYAMLError) -> tuple[Mark, str, str]:
    """A parser's complaint in our words, at the place where a person would look."""
    said = str(error.problem or "")
    context = str(error.context or "")
    at, begun = error.problem_mark, error.context_mark or error.problem_mark
    here = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
    there = Mark(begun.line + 1, begun.column + 1) if begun else here
    if "quoted scalar" in context and "unexpected" in said:
        return there, "a quote that is never closed", "a closing quote"
    for context_name, what, end in (("flow sequence", "list", "]"), ("flow mapping", "mapping", "}")):
        if context_name in context:
            if here.line == there.line and (mark := re.search(r"got '([:{\[])'", said)):
                return here, f"{mark[1]!r} within an item of a {what}", f"',' before the next item, or {QUOTES}"
            found = f"a {what} whose items are not told apart, or that is not closed"
            return there, found, f"',' between items and {end!r} at the end, and {QUOTES}"
    if "could not find expected ':'" in said:
        return there, "a line without a colon", "'key: value'"
    if "cannot start any token" in said and "\\t" in said:
        return here, "a tab", "a space"
    if "cannot start any token" in said:
        return here, f"{said.partition(chr(39))[2][:1]!r} where a value begins", "quotes around the text"
    known = ((here, found, expected) for sign, found, expected in COMPLAINTS if sign in said)
    return next(known, (here, "text that YAML cannot read", "plain text, or text in quotes"))


QUOTES = "quotes around text that holds a comma, a colon, ' #' or a bracket"

COMPLAINTS = (
    (
        "mapping values",
        "a colon where no key can be",
        "one key to a line, as far in as its neighbours, or quotes around text that holds ': '",
    ),
    ("sequence entries", "a list item on the line of its key", "the item on a line of its own, below the key"),
    ("<block end>", "text that is not lined up with what is around it", "the same indentation for keys of one mapping"),
    ("<document start>", "text after the end of the data", "one mapping, and '...' as the last line"),
    ("node content", "a closing bracket that was never opened", "a value"),
    ("escape", "an escape that YAML does not know", "text without a backslash, or in single quotes"),
)
