"""The quick way through a file: it never says anything that the slow way does not."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.priors.yaml.composer import Composer
from model.priors.yaml.quick_composer import quick_sheet
from model.priors.yaml.reader import read
from model.priors.yaml.source_map import Sheet
from tests.prior_copies import ASIA, DATA

SHIPPED = sorted(ASIA.parent.glob("*/*.yaml"))
WHOLE = [path for path in sorted(DATA.rglob("*.yaml")) if path.read_bytes()[:2] != b"\xff\xfe"]
SMALL = [text for path in (*SHIPPED, *WHOLE) if len(text := path.read_text("utf-8", errors="replace")) < 20_000]

PIECES = [
    *" \t\n:,-?[]{}'\"|>!&*#%@`\\~.0159eaxyn+_<=é",
    *("\n  ", "\n- ", ": ", "- ", "? ", "''", "!!str ", "! ", "<<: ", "&a ", "*a", "0,5", "1,0", "1:30", "0o7", "0x1F"),
    *("|\n  ", "|2\n", ">-", "# ", "---\n", "...\n", "%YAML 1.1\n", '"a":', "null", "True", "yes", ".inf", "[]", "{}"),
]


def slowly(text: str) -> Sheet:
    composer = Composer("x.yaml", text)
    composer.compose()
    return composer.sheet()


def agree(text: str) -> bool:
    """Hold the quick way against the slow one; whether the quick one had anything to say."""
    quick = quick_sheet("x.yaml", text)
    if quick is None:
        return False
    slow = slowly(text)
    assert slow.problems == ()
    assert repr(quick.data) == repr(slow.data)
    assert (quick.values, quick.keys, quick.broken) == (slow.values, slow.keys, slow.broken)
    return True


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_file_is_read_the_quick_way_and_as_the_slow_way_reads_it(path: Path) -> None:
    assert agree(path.read_text("utf-8"))


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_of_the_tests_is_read_alike_or_left_to_the_slow_way(path: Path) -> None:
    agree(path.read_text("utf-8", errors="replace"))


@pytest.mark.parametrize("name", ["asia", "counts", "kinds", "levels"])
def test_a_recorded_bad_edit_is_read_alike_or_left_to_the_slow_way(name: str) -> None:
    folder = {"asia": ASIA}.get(name, DATA / name)
    edits = json.loads((DATA / "bad_edits" / f"{name}.json").read_text("utf-8"))
    assert edits
    for edit in edits:
        path = folder / edit["file"]
        if path.is_file():
            agree(path.read_text("utf-8").replace(edit["old"], edit["new"]))


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1\na: 2", "a: {b: 1, b: 2}", "a: &x 1", "a: *x", "a: &x 1\nb: *x", "<<: {a: 1}", "a: !!str 1", "a: !t 1"),
        *("a: ! 1", "a: ! '1'", "a: [! 1]", "!!map {a: 1}", "&x {a: 1}", "a: 010", "a: .5", "a: +3", "a: 0o17"),
        *("a: 0x1F", "a: .nan", "a: [1,0]", "a: {b: 0,27}", "1: a", "yes: a\ntrue: b", "? [a]\n: b", "? {a: b}\n: c"),
        *("a:", "a: ~", "a: null", "a:\tb", "a:\t[b]", "a: [\tb]", "%YAML 1.1\n---\na: b", "a: b\n---\nc: d"),
        *('a: "\\u200b"', 'a: "\\q"', "a: ># b\n  c", "a: |-# b\n  c", 'a: ["b":c]', "a: ['b':c]", "a: b\n...\nc: d"),
        *("|\n  a", "a", "'a'", "1", "a: " + "[" * 50 + "b" + "]" * 50, "a: @b", "a: `b", "a: b: c", "a: [b"),
        "a: |\n \n   b",
    ],
)  # fmt: skip
def test_what_the_slow_way_finds_fault_with_or_libyaml_reads_otherwise_is_left_to_it(text: str) -> None:
    assert quick_sheet("x.yaml", f"{text}\n...\n") is None


@pytest.mark.parametrize(
    "word",
    ["yes", "no", "on", "off", "Yes", "NO", "y", "n", "1:30", "190:20:30", "1_000", "2017-03-06", "0b11", "0.1.2"],
)
def test_words_that_yaml_1_1_took_for_something_else_are_words(word: str) -> None:
    sheet = quick_sheet("x.yaml", f"a: [{word}]\n{word}: b\n...\n")
    assert sheet is not None
    assert sheet.data == {"a": [word], word: "b"}


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Some lines of a real file, or none, with pieces put in and characters taken out."""
    lines = draw(st.sampled_from(SMALL)).split("\n")
    start = draw(st.integers(0, len(lines) - 1))
    text = "\n".join(lines[start : start + draw(st.integers(0, 8))])
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(PIECES)) + text[place + draw(st.integers(0, 1)) :]
    return f"{text}\n...\n"


@settings(max_examples=400)
@given(damaged())
def test_a_damaged_file_is_read_alike_or_left_to_the_slow_way(text: str) -> None:
    assume("\r" not in text and "\ufffd" not in text)
    agree(text)


@pytest.mark.parametrize("text", ["a: {b: [1, x]}\n...\n", "a: 1\na: 2\n...\n", "a: [1\n...\n", "a: 010\n"])
def test_without_libyaml_a_file_is_read_alike(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_libyaml = read(text.encode(), file="x.yaml")
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert quick_sheet("x.yaml", "a: b\n...\n") is None
    without = read(text.encode(), file="x.yaml")
    assert (without.data, without.problems, without.values) == (
        with_libyaml.data, with_libyaml.problems, with_libyaml.values
    )  # fmt: skip
