"""Bytes to plain data: YAML 1.2 as we read it, with the place of every node."""

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from model.priors.yaml.reader import read
from model.priors.yaml.source_map import Mark


def data(text: str) -> Any:
    sheet = read(f"{text}\n...\n".encode(), file="x.yaml")
    assert sheet.problems == ()
    return sheet.data


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "Yes", "NO", "y", "n", "1:30", "1_000", "2017-03-06", "0.1.2", "-", "e5"]
)
def test_a_word_is_a_word(word: str) -> None:
    assert data(f"a: [{word}]" if word != "-" else "a: ['-']") == {"a": [word]}


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-7", -7), ("0.25", 0.25), ("-0.5", -0.5), ("1e-3", 0.001), ("2.5E+3", 2500.0), (".inf", math.inf)],
)
def test_a_number_is_a_number_of_the_core_schema(text: str, value: float) -> None:
    found = data(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["'1'", '"1"', "|-\n  1", ">-\n  1"])
def test_what_is_quoted_or_a_block_is_text(text: str) -> None:
    assert data(f"a: {text}") == {"a": "1"}


def test_true_and_false_are_truth_values() -> None:
    assert data("a: [true, False, TRUE]") == {"a": [True, False, True]}


@pytest.mark.parametrize(
    ("text", "proper"), [("010", "10"), (".5", "0.5"), ("1.", "1.0"), ("+3", "3"), ("-.5", "-0.5"), ("00", "0")]
)
def test_a_number_that_others_read_in_another_way_is_refused_with_its_usual_form(text: str, proper: str) -> None:
    (problem,) = read(f"a: {text}\n...\n".encode(), file="x.yaml").problems
    assert (problem.line, problem.column, problem.found) == (1, 4, text)
    assert problem.expected.startswith(f"{proper}, or ")


@pytest.mark.parametrize("text", ["0x1F", "0o17", ".nan", "-.inf", "1e999", "9" * 5000])
def test_a_number_in_another_base_or_beyond_all_bounds_is_refused(text: str) -> None:
    (problem,) = read(f"a: {text}\n...\n".encode(), file="x.yaml").problems
    assert "number" in problem.expected


def test_every_node_and_key_has_its_place() -> None:
    sheet = read(b"# first\na:\n  b: [x, {c: 1}]\n  'd e': |\n    text\n...\n", file="x.yaml")
    assert sheet.place(("a", "b", 1, "c")) == Mark(3, 14)
    assert sheet.place(("a", "b", 1, "c"), key=True) == Mark(3, 11)
    assert sheet.place(("a", "d e"), key=True) == Mark(4, 3)
    assert sheet.place(("a", "b", 0)) == Mark(3, 7)


def test_a_place_that_is_not_there_is_that_of_what_is_around_it() -> None:
    sheet = read(b"a:\n  b: [x]\n...\n", file="x.yaml")
    assert sheet.place(("a", "b", 5, "z")) == Mark(2, 6)
    assert sheet.place(("q",)) == Mark(1, 1)


def test_columns_count_characters_not_bytes() -> None:
    sheet = read("a: {été: 1, b: 2}\n...\n".encode(), file="x.yaml")
    assert sheet.place(("a", "b")) == Mark(1, 16)


def test_a_repeated_key_keeps_its_first_value_and_names_both_lines() -> None:
    sheet = read(b"a: 1\nb: {c: 2}\na: {x: [1, {y: 2}]}\nd: 4\n...\n", file="x.yaml")
    assert sheet.data == {"a": 1, "b": {"c": 2}, "d": 4}
    assert [str(problem) for problem in sheet.problems] == [
        "x.yaml:3:1: the key 'a' again, as on line 1, expected each key once."
    ]


def test_reading_goes_on_after_each_problem() -> None:
    text = b"a: &x 1\nb: *x\nc: !t 2\nd: 010\ne:\nf: {g: 0,5}\n1: z\n...\n"
    problems = read(text, file="x.yaml").problems
    assert [(problem.line, problem.column) for problem in problems] == [
        (1, 4), (2, 4), (3, 4), (4, 4), (5, 1), (6, 8), (7, 1)
    ]  # fmt: skip


NOT_YAML = (
    *("a: b: c", "a: [1, 2", "a: {b: 1", "a: 'x", "a:\n  - b\n c: 1", "a: 1\nfoo\nb: 2", "a: @x", "- a\nb: 1"),
    *("a: - b", 'a: "\\q"', 'a: "\\UFFFFFFFF"', 'a: "\\xZZ"', "a: [1, 2]]", "a: 'x' y", "a: |9x", "{a: 1} b"),
    *("a: !<x y", "a: ]", "a: & x", "%FOO\na: 1", "a: |\n  x\n y"),
)


@pytest.mark.parametrize("text", NOT_YAML)
def test_text_that_is_not_yaml_is_one_problem_in_our_words(text: str) -> None:
    (problem,) = read(f"{text}\n...\n".encode(), file="x.yaml").problems
    jargon = ("token", "<", "scalar", "flow", "block", "stream", "but found")
    assert [word for word in jargon if word in f"{problem.found} {problem.expected}"] == []


def test_an_escape_cannot_bring_in_what_the_text_may_not_hold() -> None:
    (problem,) = read(b'a: "x\\u200by"\n...\n', file="x.yaml").problems
    assert problem.found == "the invisible character U+200B"


WORDS = st.text(st.sampled_from("abcyno xé<>=/.-0159"), min_size=1, max_size=8)
NODES = st.recursive(
    st.one_of(WORDS, st.integers(-1000, 1000), st.floats(-1e6, 1e6), st.booleans()),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(WORDS, inner, min_size=1, max_size=4),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(WORDS, NODES, min_size=1, max_size=4)


@given(node=MAPPINGS, indent=st.sampled_from([None, 2]))
def test_json_is_read_as_it_is_written(node: dict[str, Any], indent: int | None) -> None:
    assert data(json.dumps(node, ensure_ascii=False, indent=indent)) == node


@given(node=MAPPINGS)
def test_blocks_of_another_yaml_1_2_library_are_read_as_they_were_meant(node: dict[str, Any]) -> None:
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    stream = io.StringIO()
    writer.dump(node, stream)
    assert data(stream.getvalue().rstrip("\n")) == node


@pytest.mark.parametrize(
    ("text", "place", "whole"),
    [
        ("{yes: Rain, or snow, no: Dry}", "1:16", '"Rain, or snow"'),
        ("{no: Dry, yes: Rain, hail, snow}", "1:31", '"Rain, hail, snow"'),
        ("{yes: 'Rain', or snow}", "1:18", '"Rain, or snow"'),
        ("{yes: Größe, über alles}", "1:17", '"Größe, über alles"'),
    ],
)
def test_a_comma_within_text_of_a_flow_mapping_is_said_to_need_quotes(text: str, place: str, whole: str) -> None:
    (problem,) = read(f"a: {text}\n...\n".encode(), file="x").problems
    assert f"{problem.line}:{problem.column}" == place
    assert problem.found.endswith("without a value")
    assert problem.expected.endswith(f"or quotes where the comma is part of the text: {whole}")


@pytest.mark.parametrize("text", ["{yes: 0.5, no}", "{yes, no}", "{when: {rain: yes}, p}", "{yes: a, no: }"])
def test_a_key_without_a_value_that_follows_no_text_is_no_part_of_one(text: str) -> None:
    problems = read(f"a: {text}\n...\n".encode(), file="x").problems
    assert problems
    assert all(each.found.startswith("no value after") for each in problems)


@pytest.mark.parametrize(
    ("text", "place"),
    [("{yes: first: second}", "1:15"), ("[a: b: c]", "1:9"), ("{yes: some {few}, no: b}", "1:15")],
)
def test_a_colon_or_a_bracket_within_text_is_found_where_it_stands(text: str, place: str) -> None:
    (problem,) = read(f"a: {text}\n...\n".encode(), file="x").problems
    assert f"{problem.line}:{problem.column}" == place
    assert "quotes around text that holds a comma, a colon, ' #' or a bracket" in problem.expected
