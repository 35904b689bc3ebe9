"""Bad prior files: each thing wrong is one problem, with its place, its row and what would be right."""

import json
import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.errors import BadPriors
from model.priors import load, models, problems
from model.priors.schema.validation import OPPOSITES, SYNONYMS, meant_choice
from model.priors.yaml.composer import DEPTH_LIMIT
from model.priors.yaml.reader import SIZE_LIMIT, read
from tests.prior_copies import ASIA, DATA, copied, edited, said

BAD = DATA / "bad_priors"
ASIA_FILES = sorted(path.name for path in ASIA.glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=../schema/variables.schema.json\n"


def expected() -> dict[str, list[str]]:
    """What each file of bad_priors is refused for: its name on one line, each problem indented below it."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (BAD / "expected.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found[name].append(f"weather.yaml:{line.strip()}")
        else:
            name = line
            found[name] = []
    return found


def edits(name: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((DATA / "bad_edits" / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def weather(content: bytes, into: Path) -> Path:
    """The sprinkler network with other content in its weather.yaml."""
    folder = into / "grass"
    folder.mkdir()
    for file in ("model.yaml", "sources.yaml"):
        (folder / file).write_bytes((BAD / file).read_bytes())
    (folder / "weather.yaml").write_bytes(content)
    return folder


def test_every_bad_file_has_what_is_expected_of_it() -> None:
    files = {path.stem for path in BAD.glob("*.yaml")} - {"model", "sources"}
    assert files == set(expected())
    assert all(expected().values())


@pytest.mark.parametrize("name", expected())
def test_a_bad_file_is_refused_with_its_place_and_what_would_be_right(name: str, tmp_path: Path) -> None:
    folder = weather((BAD / f"{name}.yaml").read_bytes(), tmp_path)
    assert said(folder) == expected()[name]
    with pytest.raises(BadPriors) as caught:
        load(folder)
    assert len(caught.value.problems) == len(expected()[name])


@pytest.mark.parametrize("edit", edits("kinds"), ids=lambda edit: edit["what"])
def test_a_gate_that_does_not_fit_is_refused(edit: dict[str, str], tmp_path: Path) -> None:
    folder = edited(DATA / "kinds", tmp_path, edit["file"], (edit["old"], edit["new"]))
    assert said(folder) == [edit["problem"]]


@pytest.mark.parametrize("edit", edits("asia"), ids=lambda edit: edit["what"])
def test_a_model_that_does_not_hold_together_is_refused(edit: dict[str, str], tmp_path: Path) -> None:
    assert said(edited(ASIA, tmp_path, edit["file"], (edit["old"], edit["new"]))) == [edit["problem"]]


@pytest.mark.parametrize("edit", edits("counts"), ids=lambda edit: edit["what"])
def test_counts_that_do_not_fit_the_model_are_refused(edit: dict[str, str], tmp_path: Path) -> None:
    folder = edited(DATA / "counts", tmp_path, edit["file"], (edit["old"], edit["new"]))
    assert said(folder) == [edit["problem"]]


@pytest.mark.parametrize("edit", edits("levels"), ids=lambda edit: edit["what"])
def test_what_does_not_fit_a_model_of_two_levels_is_refused(edit: dict[str, str], tmp_path: Path) -> None:
    folder = edited(DATA / "levels", tmp_path, edit["file"], (edit["old"], edit["new"]))
    assert said(folder) == [edit["problem"]]


def test_all_problems_of_all_files_are_reported_at_once_in_order(tmp_path: Path) -> None:
    folder = edited(ASIA, tmp_path, "diseases.yaml", ("yes: 0.05, no: 0.95", "yes: 0.05, no: 0.85"), ("0.6", "yes"))
    for file, old, new in (
        ("findings.yaml", "parents: [either]", "parents: [ether]"),
        ("sources.yaml", "date: 1988", "date: 2001"),
        ("model.yaml", "title: A chest clinic\n", ""),
        ("scenarios.yaml", "{asia: yes, dysp: yes}", "{asia: yes, asia: no}"),
        ("checks.yaml", "range: [0.0549", "range: [-0.0549"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert [line.split(": ")[0] for line in said(folder)] == [
        "checks.yaml:7:13",
        "diseases.yaml:19:12",
        "diseases.yaml:54:18",
        "findings.yaml:22:15",
        "model.yaml:2:1",
        "scenarios.yaml:6:24",
        "sources.yaml:6:11",
    ]


def test_a_problem_of_one_variable_does_not_hide_those_of_the_others(tmp_path: Path) -> None:
    folder = edited(
        ASIA,
        tmp_path,
        "diseases.yaml",
        ("    label: Tuberculosis\n", ""),
        ("{smoke: yes}", "{smoke: sometimes}"),
        ("{yes: 0.3, no: 0.7}", "{yes: 0.3, no: 0.6}"),
    )
    assert [line.split(": ")[1] for line in said(folder)] == ["tub", "lung, row when {smoke", "bronc, row when {smoke"]


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "asia").mkdir()
    assert [problem.found for problem in problems(tmp_path / "asia")] == ["no such file"]
    assert [problem.found for problem in problems(tmp_path / "africa")] == ["no such folder"]


def test_a_file_that_is_listed_and_not_there_is_missed(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / "findings.yaml").unlink()
    missed = "model.yaml:9:38: files, item 3: no file 'findings.yaml', expected a file in this folder."
    assert missed in said(folder)


@pytest.mark.parametrize("name", ["extra.yaml", "extra.yml", "model.yml"])
def test_a_prior_file_that_is_not_listed_is_refused(name: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / name).write_text("variables: {}\n...\n", encoding="utf-8")
    assert f"{name}:1:1: a file that the model does not list" in said(folder)[0]


@pytest.mark.parametrize("name", [".extra.yaml.swp", "extra.yaml~", "#extra.yaml#", ".#extra.yaml", "4913", "notes.md"])
def test_what_an_editor_leaves_beside_the_files_is_not_read(name: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / name).write_bytes(b"\xff\x00 half of someth")
    assert load(folder).revision == load(ASIA).revision


def test_fault_24_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (tmp_path / "elsewhere.yaml").write_bytes((folder / "checks.yaml").read_bytes())
    (folder / "checks.yaml").unlink()
    (folder / "checks.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert any("'checks.yaml', a link out of the folder, expected a file in it" in line for line in said(folder))


def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / "checks.yaml").unlink()
    os.mkfifo(folder / "checks.yaml")
    assert any("no file 'checks.yaml'" in line for line in said(folder))


@pytest.mark.parametrize("name", ASIA_FILES)
def test_a_file_cut_at_any_byte_is_refused_or_says_all_that_it_said(name: str) -> None:
    whole = (ASIA / name).read_bytes()
    full = read(whole, file=name)
    assert full.problems == ()
    cut = [read(whole[:length], file=name) for length in range(len(whole))]
    assert all(sheet.problems or sheet.data == full.data for sheet in cut)
    assert [len(whole) - 1] == [length for length, sheet in enumerate(cut) if not sheet.problems]


@pytest.mark.parametrize("name", ASIA_FILES)
def test_a_file_cut_after_any_line_never_loads(name: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    lines = (ASIA / name).read_bytes().splitlines(keepends=True)
    for count in range(len(lines)):
        (folder / name).write_bytes(b"".join(lines[:count]))
        assert problems(folder), f"{name} with {count} lines"


def timed(content: bytes) -> tuple[list[str], float]:
    """What is wrong with the bytes, and the processor's seconds until that is known."""
    start = time.process_time()
    sheet = read(content, file="deep.yaml")
    return [str(problem) for problem in sheet.problems], time.process_time() - start


@pytest.mark.parametrize(
    "content",
    [b"[" * 900_000, b"{a: " * 225_000, b"- " * 450_000 + b"x\n...\n", b"variables: " + b"[" * 900_000 + b"\n...\n"],
    ids=["lists", "mappings", "items", "whole"],
)
def test_fault_17_deep_nesting_is_refused_at_once_and_does_not_end_the_process(content: bytes) -> None:
    found, seconds = timed(content)
    assert any(f"more than {DEPTH_LIMIT} levels, one inside the other" in line for line in found)
    assert seconds < 1


def test_fault_17_deep_indentation_is_refused(tmp_path: Path) -> None:
    levels = "".join(f"{' ' * depth}a:\n" for depth in range(1_200))
    found, seconds = timed(f"{levels}...\n".encode())
    assert len(found) == 1
    assert found[0].startswith(f"deep.yaml:{DEPTH_LIMIT + 1}:")
    assert seconds < 1


def test_fault_18_a_billion_laughs_are_refused_before_they_grow() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    tracemalloc.start()
    found, seconds = timed("\n".join([*lines, "...\n"]).encode())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0] == "deep.yaml:1:5: a0: the anchor '&a0', expected the value written out in each place."
    assert len(found) == 10 + 90
    assert (seconds < 1, peak < 10_000_000) == (True, True)


def test_a_file_over_the_size_limit_is_not_read_further(tmp_path: Path) -> None:
    folder = weather(b"#" * SIZE_LIMIT + b"\nvariables: {}\n...\n", tmp_path)
    assert said(folder) == [
        f"weather.yaml:1:1: more than {SIZE_LIMIT:,} bytes, expected a smaller file, or several by theme."
    ]


def test_a_table_over_the_cell_limit_is_refused_before_it_is_allocated(tmp_path: Path) -> None:
    root = "label: x, states: [no, yes], role: state, rows: [{p: {no: 0.5, yes: 0.5}}], ess: 1, sources: [pearl_1988]"
    roots = "".join(f"  v{n}: {{{root}}}\n" for n in range(24))
    names = ", ".join(f"v{n}" for n in range(24))
    wet = root.replace("rows:", f"parents: [{names}], rows:")
    folder = weather(f"variables:\n{roots}  wet: {{{wet}}}\n...\n".encode(), tmp_path)
    tracemalloc.start()
    found = said(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 1
    assert found[0].startswith("weather.yaml:26:51: wet, parents: a table of 33,554,432 cells (v0 2 x v1 2 x ")
    assert "expected at most 1,000,000 and 30 parents" in found[0]
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("variables: {}\n...\n".encode("utf-16"), "weather.yaml:1:1: text in UTF-16, expected UTF-8."),
        (
            b"variables:\n  caf\xe9: {}\n...\n",
            "weather.yaml:2:6: the byte 0xe9, which is not UTF-8, expected text in UTF-8.",
        ),
        (
            b"variables:\n  a\x00b: {}\n...\n",
            "weather.yaml:2:4: the invisible character U+0000, expected text without it.",
        ),
        (b"variables:\n  a\xc2\xa0b: {}\n...\n", "weather.yaml:2:4: the space U+00A0, expected a plain space."),
        (b"variables:\r  a: {}\r...\r", "weather.yaml:1:11: the invisible character U+000D, expected text without it."),
    ],
    ids=["utf-16", "latin-1", "nul", "no-break space", "carriage returns"],
)
def test_bytes_that_are_not_plain_text_are_refused(content: bytes, problem: str, tmp_path: Path) -> None:
    assert said(weather(content, tmp_path))[0] == problem


@pytest.mark.parametrize(
    ("before", "after"), [(b"# yaml", b"\xef\xbb\xbf# yaml"), (b"\n", b"\r\n")], ids=["byte order mark", "windows"]
)
def test_what_a_windows_editor_adds_changes_nothing(before: bytes, after: bytes, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    for path in folder.glob("*.yaml"):
        path.write_bytes(path.read_bytes().replace(before, after))
        assert after in path.read_bytes()
    assert load(folder).revision == load(ASIA).revision


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_changed_anywhere_loads_or_is_refused_with_places(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(ASIA_FILES))
    content = (ASIA / name).read_bytes()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, min(start + 8, len(content))))
    pieces: list[Any] = [
        b"\t",
        b": ",
        b"- ",
        b"'",
        b'"',
        b"[",
        b"{",
        b"}",
        b"\n",
        b"|\n",
        b"!x ",
        b"&a ",
        b"*a ",
        b"%",
        b"? ",
        b"-1",
        b"0",
    ]
    piece = data.draw(st.one_of(st.sampled_from(pieces), st.binary(max_size=4)))
    folder = tmp_path / "asia"
    if not folder.exists():
        copied(ASIA, tmp_path)
    (folder / name).write_bytes(content[:start] + piece + content[stop:])
    found = problems(folder)
    (folder / name).write_bytes(content)
    assert all(problem.line >= 1 and problem.column >= 1 and problem.expected for problem in found)


def test_a_typical_base_that_no_case_is_left_for_is_refused(tmp_path: Path) -> None:
    old = "      b: {if: yes, effect: lowers, strength: 3.010299956639812}\n"
    new = old + "    except:\n      - {when: {b: [no, yes]}, p: {no: 1, yes: never}}\n"
    (problem,) = said(edited(DATA / "kinds", tmp_path, "variables.yaml", (old, new)))
    assert problem.startswith("variables.yaml:70:5: typical, except: exceptions to every case that can happen")


@pytest.mark.parametrize("kind", ["{a: b}", "[table]", "3", "true"])
def test_a_kind_that_is_not_a_word_is_refused(kind: str, tmp_path: Path) -> None:
    folder = edited(DATA / "kinds", tmp_path, "variables.yaml", ("kind: any_cause", f"kind: {kind}"))
    (problem,) = said(folder)
    assert problem.startswith("variables.yaml:34:11: any, kind: ")


def test_a_folder_name_that_no_address_could_hold_is_refused(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path).rename(tmp_path / "Asia Minor")
    (problem,) = problems(folder)
    assert (problem.found, problem.line) == ("the folder name 'Asia Minor'", 1)
    assert list(models(tmp_path)) == ["Asia Minor"]


def test_gaps_beyond_the_first_twelve_are_counted(tmp_path: Path) -> None:
    root = "label: x, states: [no, yes], role: state, ess: 1, sources: [pearl_1988], rows: [{p: {no: 0.5, yes: 0.5}}]"
    roots = "".join(f"  v{n}: {{{root}}}\n" for n in range(4))
    wet = root.replace("rows: [{", "parents: [v0, v1, v2, v3], rows: [{when: {v0: no, v1: no, v2: no}, ")
    (problem,) = said(weather(f"variables:\n{roots}  wet: {{{wet}}}\n...\n".encode(), tmp_path))
    assert "no row for 14 combinations of the parents: {v0: no, v1: no, v2: yes, v3: no}, " in problem
    assert problem.endswith("{v0: yes, v1: yes, v2: no, v3: yes} and 2 more, expected a row for each.")


# Nothing hides behind anything else


def test_a_tab_in_one_file_hides_nothing_of_it_and_nothing_of_the_others(tmp_path: Path) -> None:
    folder = edited(
        ASIA,
        tmp_path,
        "diseases.yaml",
        ("    role: lever", "\trole: lever"),
        ("yes: 0.6, no: 0.4", "yes: 0.6, no: 0.5"),
    )
    findings = (folder / "findings.yaml").read_text(encoding="utf-8")
    (folder / "findings.yaml").write_text(findings.replace("[either]", "[ether]"), encoding="utf-8")
    assert [line.split(": ")[0] for line in said(folder)] == [
        "diseases.yaml:28:1",
        "diseases.yaml:54:12",
        "findings.yaml:22:15",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("diseases.yaml", "yes: 0.6, no: 0.4}", "yes: 0.6, no: 0.4"),
        ("diseases.yaml", "  bronc:", "\t bronc:"),
        ("scenarios.yaml", "dysp: yes}", "dysp: yes"),
    ],
)
def test_a_name_that_is_nowhere_is_unknown_even_beside_a_file_that_cannot_be_read(
    file: str, old: str, new: str, tmp_path: Path
) -> None:
    folder = edited(ASIA, tmp_path, file, (old, new))
    findings = (folder / "findings.yaml").read_text(encoding="utf-8")
    (folder / "findings.yaml").write_text(findings.replace("[either]", "[ether]"), encoding="utf-8")
    found = said(folder)
    assert len(found) == 2
    assert [line for line in found if "no variable 'ether'" in line]


@pytest.mark.parametrize("file", ["diseases.yaml", "sources.yaml", "findings.yaml"])
def test_a_file_that_is_not_there_is_one_problem(file: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / file).unlink()
    assert [line.split(": ", 1)[1] for line in said(folder)] == [
        f"files, item {1 + ['sources.yaml', 'diseases.yaml', 'findings.yaml'].index(file)}: no file '{file}', "
        "expected a file in this folder."
    ]


@pytest.mark.parametrize("file", ASIA_FILES)
def test_a_missing_end_is_one_problem(file: str, tmp_path: Path) -> None:
    assert len(said(edited(ASIA, tmp_path, file, ("\n...\n", "\n")))) == 1


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("strength: moderate}\n      b", "strength: modrate}\n      b", "no strength 'modrate'"),
        ("base: {p: {no: 0.9, yes: 0.1}", "base: {p: {no: 0.9, yes: 0.2}", "sums to 1.1"),
        ("strength: 3.010299956639812}\n    confidence: low", "strength: 3}\n    confidence: lo", "no confidence 'lo'"),
    ],
)
def test_a_misspelt_parent_hides_nothing_that_is_wrong_with_the_numbers(
    old: str, new: str, line: str, tmp_path: Path
) -> None:
    parents = ("parents: [a, b]\n    kind: influences\n    base", "parents: [a, bb]\n    kind: influences\n    base")
    found = said(edited(DATA / "kinds", tmp_path, "variables.yaml", parents, (old, new)))
    assert len(found) == 2
    assert "no variable 'bb'" in found[0]
    assert line in found[1]


# The folder


def test_a_model_inside_a_model_is_one_problem(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    copied(ASIA, folder)
    expected = "a model inside a model, expected each model in a folder of its own, beside 'asia'."
    assert said(folder) == [f"asia/model.yaml:1:1: {expected}"]


def test_a_model_only_inside_a_folder_is_said_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    copied(ASIA, tmp_path / "outer")
    (line,) = said(tmp_path / "outer")
    assert "but one in the folder 'asia'" in line


# Words for words


OTHERS = [("raises", "lowers", "increases", "decreases"), ("raises", "lowers", "positive", "negative")]


@pytest.mark.parametrize(("first", "second", "means_first", "means_second"), OTHERS)
def test_a_synonym_is_never_taken_for_the_opposite(
    first: str, second: str, means_first: str, means_second: str
) -> None:
    assert [meant_choice(word, [first, second]) for word in (means_first, means_second)] == [first, second]


def test_no_synonym_stands_for_two_choices_that_are_opposites() -> None:
    for pair in OPPOSITES:
        one, other = (set(SYNONYMS.get(choice, "").split()) | {choice} for choice in pair)
        assert not one & other
        assert all(meant_choice(word, sorted(pair)) in (choice, None) for choice in pair for word in [choice])


def test_a_word_that_lowers_is_offered_lowers(tmp_path: Path) -> None:
    folder = edited(DATA / "kinds", tmp_path, "variables.yaml", ("effect: lowers", "effect: decreases"))
    (line,) = said(folder)
    assert line.endswith("Did you mean 'lowers'?")


@pytest.mark.parametrize(("written", "meant"), [("1/5", "0.2"), ("3/4", "0.75"), ("1/3", "0.3333333333")])
def test_a_fraction_is_offered_as_a_number(written: str, meant: str, tmp_path: Path) -> None:
    (line,) = said(edited(ASIA, tmp_path, "diseases.yaml", ("yes: 0.6,", f"yes: {written},")))
    assert line.endswith(f"'{written}', expected {meant}.")


@pytest.mark.parametrize("state", ["null", "~", ".nan", "1", "true", "0x1F"])
def test_fault_19_a_state_that_yaml_takes_for_something_else_is_to_be_quoted(state: str, tmp_path: Path) -> None:
    found = said(edited(ASIA, tmp_path, "diseases.yaml", ("states: [yes, no]", f"states: [{state}, no]")))
    assert "in quotes when it is a name" in found[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("diseases.yaml", "states: [yes, no]", "states: [~, no]", '~, which is no value, expected text; "~" in quotes'),
        ("diseases.yaml", "states: [yes, no]", "states: [.inf, no]", '.inf, expected text; ".inf" in quotes'),
        ("diseases.yaml", "role: lever", "role: ~", "~, which is no value, after 'role:', expected a value, or"),
        ("sources.yaml", "status: verified", "status: null", "null, which is no value, after 'status:'"),
    ],
)
def test_what_stands_for_nothing_is_said_as_it_is_written(
    file: str, old: str, new: str, problem: str, tmp_path: Path
) -> None:
    assert problem in said(edited(ASIA, tmp_path, file, (old, new)))[0]


@pytest.mark.parametrize("word", ["atypical", "untypical", "non-typical", "non typical", "Not_Typical"])
def test_a_word_that_denies_a_choice_is_not_taken_for_it(word: str, tmp_path: Path) -> None:
    (line,) = said(edited(DATA / "kinds", tmp_path, "variables.yaml", ("when: typical", f"when: {word}")))
    assert line.endswith("expected one of 'typical', 'reference'.")


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [
        ("{xray: {likelihood: {yes: 4, no: 1}}}", "{xray: {nott: no}}", "not"),
        ("do: {smoke: no}", "do: {smoke: {q: 1}}", ""),
    ],
)
def test_a_verb_that_is_none_is_named(old: str, new: str, meant: str, tmp_path: Path) -> None:
    (line,) = said(edited(ASIA, tmp_path, "model.yaml", (old, new)))
    assert f"the unknown key {'nott' if meant else 'q'!r}, expected a state, or a mapping with one of" in line
    assert line.endswith(f"Did you mean {meant!r}?" if meant else "'between'.")


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        (
            "leak: {p: {none: 0.9, low: 0.08, high: 0.02}}",
            "leak: 0.1",
            "leak: 0.1, expected a mapping with 'p' or 'pool'.",
        ),
        ("{none: 0.2, some: 0.3, much: rest}", "0.2", "expected a mapping: Probability by state"),
    ],
)
def test_a_number_where_a_mapping_belongs_has_the_keys_that_matter(
    old: str, new: str, keys: str, tmp_path: Path
) -> None:
    (line,) = said(edited(DATA / "kinds", tmp_path, "variables.yaml", (old, new)))
    assert keys in line


def test_a_number_where_a_list_of_mappings_belongs_names_the_keys_of_each(tmp_path: Path) -> None:
    (line,) = said(edited(ASIA, tmp_path, "diseases.yaml", ("rows: [{p: {yes: 0.01, no: 0.99}}]", "rows: 0.01")))
    assert line.endswith("rows: 0.01, expected a list, each a mapping with 'p' or 'pool'.")


def test_names_that_a_lost_end_may_hold_are_named_once_where_the_end_is_missed(tmp_path: Path) -> None:
    folder = edited(ASIA, tmp_path, "sources.yaml", ("    status: verified\n...\n", "    status: verified\n"))
    whole = "expected a last line '...', which shows that the file is whole"
    (line,) = said(folder)
    assert line.endswith(f"{whole}.")
    text = (folder / "findings.yaml").read_text(encoding="utf-8")
    (folder / "findings.yaml").write_text(text.replace("[lauritzen_spiegelhalter_1988]", "[nobody]"), encoding="utf-8")
    (line,) = said(folder)
    assert line.endswith(f"{whole}; before it is read 'nobody' is not called unknown.")


@pytest.mark.parametrize("name", ["model.yml", "Model.yaml", "MODEL.YAML", "models.yaml", "model.yaml.txt"])
def test_a_model_file_under_another_name_is_named(name: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / "model.yaml").rename(folder / name)
    (line,) = said(folder)
    assert line == f"model.yaml:1:1: no such file, but {name!r}, expected that file under the name model.yaml."


@pytest.mark.parametrize("name", ["checks.yml", "Checks.yaml", "more/checks.yaml"])
def test_a_listed_file_that_stands_under_another_name_is_one_problem(name: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / "checks.yaml").rename(folder / name)
    (line,) = said(folder)
    assert f"no file 'checks.yaml', but {name!r}, expected that file under the name checks.yaml." in line


@pytest.mark.parametrize(
    ("old", "new"),
    [("  smoke:\n", "  sm\u043eke:\n"), ("parents: [smoke]", "parents: [sm\u043eke]"), ("[yes, no]", "[y\u043e, no]")],
)
def test_fault_25_a_letter_like_another_is_named_by_its_code_point(old: str, new: str, tmp_path: Path) -> None:
    found = said(edited(ASIA, tmp_path, "diseases.yaml", (old, new)))
    assert "U+043E (Cyrillic small letter o)" in found[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "keys"),
    [
        ("variables.yaml", "c: {weight: 3, effect: raises, ess: 40}", "c: 1", "a mapping with 'effect'."),
        ("variables.yaml", "base: {p: {no: 0.9, yes: 0.1},", "base: {pool: [1],", "a mapping with 'method', 'of'."),
        ("variables.yaml", "leak: {p: {none: 0.9, low: 0.08, high: 0.02}}", "leak: {p: [0.9, 0.1]}", "by state;"),
    ],
)
def test_where_a_mapping_belongs_its_keys_are_named(file: str, old: str, new: str, keys: str, tmp_path: Path) -> None:
    (line,) = said(edited(DATA / "kinds", tmp_path, file, (old, new)))
    assert keys in line


def test_without_words_it_is_said_what_to_write(tmp_path: Path) -> None:
    folder = copied(DATA / "kinds", tmp_path)
    text = (folder / "model.yaml").read_text(encoding="utf-8")
    before, _, rest = text.partition("words:\n")
    (folder / "model.yaml").write_text(before + rest[rest.index("headline:") :], encoding="utf-8")
    assert "{strength: {weak: 3, strong: 10}, confidence:" in said(folder)[0]
