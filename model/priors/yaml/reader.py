"""Bytes to plain data: a strict subset of YAML 1.2, every problem with its place.

No tags, anchors, aliases, merge keys, duplicate keys, directives or second documents; plain scalars by the core
schema, so that yes and no are words; a last line ``...`` in every file, so that one cut short is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from model.errors import Problem
from model.priors.files import NotInFolder, read_inside
from model.priors.yaml.composer import Composer
from model.priors.yaml.quick_composer import quick_sheet
from model.priors.yaml.scalars import odd_character
from model.priors.yaml.source_map import Mark, Sheet

SIZE_LIMIT = 16_000_000


def read_file(path: Path, *, file: str) -> Sheet:
    """Read one file of its folder, never more of it than the size limit; ``file`` names it in problems."""
    try:
        return read(read_inside(path, path.parent, most=SIZE_LIMIT + 1), file=file)
    except NotInFolder as error:
        return _unreadable(file, Mark(1, 1), str(error), "a file in this folder")
    except OSError as error:
        reason = (error.strerror or "an error").lower()
        return _unreadable(file, Mark(1, 1), f"the file cannot be read ({reason})", "a file that can be read")


def read(content: bytes, *, file: str) -> Sheet:
    """Plain data and places from the bytes of one file; every problem found is in the result."""
    if len(content) > SIZE_LIMIT:
        return _unreadable(file, Mark(1, 1), f"more than {SIZE_LIMIT:,} bytes", "a smaller file, or several by theme")
    text = _decoded(content, file)
    if isinstance(text, Sheet):
        return text
    problems = tuple(_odd_characters(text, file))
    if problems:
        return replace(_read_past_tabs(text, file), problems=problems)
    if _is_empty(text):
        return _unreadable(
            file, Mark(1, 1), "the file is empty", "'variables:' or another key, with what belongs under it"
        )
    sound = quick_sheet(file, text) if _has_end(text) else None
    if sound is not None:
        return replace(sound, text=text)
    composer = Composer(file, text)
    composer.compose()
    if not _has_end(text):
        return _torn(composer.sheet(), text, stopped=composer.stopped)
    return replace(composer.sheet(), text=text)


def _is_empty(text: str) -> bool:
    """Whether there is nothing in a file but comments and its end."""
    lines = (line.strip() for line in text.split("\n"))
    return all(line in ("", "...", "---") or line.startswith("#") for line in lines)


def _has_end(text: str) -> bool:
    return text.rstrip("\r\n").replace("\r\n", "\n").rpartition("\n")[2] == "..."


def _torn(sheet: Sheet, text: str, *, stopped: bool) -> Sheet:
    """A file without its end: nothing of it counts, and what is wrong at the tear is not told apart."""
    lines = text.rstrip("\r\n").split("\n")
    found = f"the file ends with {lines[-1].strip()[:40]!r}"
    end = Problem(sheet.file, len(lines), 1, "", found, "a last line '...', which shows that the file is whole")
    before = sheet.problems if stopped else tuple(p for p in sheet.problems if p.line < len(lines))
    return Sheet(sheet.file, None, (*before, end), text=text, is_cut=True)


def _unreadable(file: str, mark: Mark, found: str, expected: str) -> Sheet:
    return Sheet(file, None, (Problem(file, mark.line, mark.column, "", found, expected),))


def _decoded(content: bytes, file: str) -> str | Sheet:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _unreadable(file, Mark(1, 1), "text in UTF-16", "UTF-8")
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        mark = _mark_after(before)
        return _unreadable(file, mark, f"the byte 0x{content[error.start]:02x}, which is not UTF-8", "text in UTF-8")


def _mark_after(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


TAB_WIDTHS = (2, 4, 8)
"""Columns of a tab stop in the editors that put tabs in."""


def _read_past_tabs(text: str, file: str) -> Sheet:
    """What a file says but for tabs in its indentation, so that its names are known and its numbers looked at.

    The width of a tab is that at which all of the file can be read; where there is none, there is no data.
    """
    for width in TAB_WIDTHS:
        spaced = "\n".join(_spaced(line, width) for line in text.split("\n"))
        if any(_odd_characters(spaced, file)):
            return Sheet(file, None)
        sheet = read(spaced.encode(), file=file)
        if sheet.data is not None and not sheet.problems:
            return sheet
    return Sheet(file, None, text=text)


def _spaced(line: str, width: int) -> str:
    bare = line.lstrip(" \t")
    return line.removesuffix(bare).expandtabs(width) + bare


TAB_INDENT = re.compile(r" *\t")


def _odd_characters(text: str, file: str) -> Iterator[Problem]:
    """What no line may hold: tabs that indent, characters that the eye cannot tell; the first of each line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if tab := TAB_INDENT.match(line):
            yield Problem(file, number, tab.end(), "", "a tab in the indentation", "spaces, two for each level")
            continue
        bare = line.removesuffix("\r").replace("\t", " ")
        if bare.isascii() and bare.isprintable():
            continue
        if odd := odd_character(bare):
            column, found, expected = odd
            yield Problem(file, number, column + 1, "", found, expected)
