"""How a source was read, what of a number is published, and which count it comes from: in files and in the model."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from model.priors import load
from model.priors.schema.json_schema import schema
from model.priors.yaml.reader import read_file
from model.readback import show
from model.specification import Counted, Statement
from tests.prior_copies import ASIA, edited, said

ROW = "{yes: 0.1, no: 0.9}"
COUNTED = '{n: 274, discount: 0.2, why: "one registry, sorted by its services"}'
SECOND = """\
status: verified
  another:
    title: Another paper
    publication: A journal
    date: 1987
    status: unverified
"""


def asia(into: Path, *, row: str = "", variable: str = "", source: str = "") -> Path:
    """Asia with more said of the first row of lung, of lung itself, and of the first of two sources."""
    into.mkdir(exist_ok=True)
    sources = edited(ASIA, into / "sources", "sources.yaml", ("    status: verified\n", f"    {SECOND}"))
    text = (
        (sources / "sources.yaml").read_text(encoding="utf-8").replace("status: verified", f"status: verified{source}")
    )
    folder = edited(ASIA, into, "diseases.yaml", (ROW, f"{ROW}{row}"))
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    diseases = (folder / "diseases.yaml").read_text(encoding="utf-8")
    before, after = diseases.split("  bronc:\n")
    head, lung = before.split("  lung:\n")
    changed = f"{head}  lung:\n{lung.replace('    ess: 50', variable or '    ess: 50')}  bronc:\n{after}"
    (folder / "diseases.yaml").write_text(changed, encoding="utf-8")
    return folder


def on_row(*keys: str) -> str:
    return "".join(f"\n        {key}" for key in keys)


def on_source(*keys: str) -> str:
    return "".join(f"\n    {key}" for key in keys)


def lung(folder: Path) -> tuple[Statement, ...]:
    return load(folder).described["lung"].statements


# How a source was read


@pytest.mark.parametrize("read", ["whole", "part", "quoted by Byman & Shapiro 2014"])
def test_a_source_says_how_it_was_read(read: str, tmp_path: Path) -> None:
    model = load(asia(tmp_path, source=on_source(f"read: {read}")))
    assert [source.read for source in model.sources.values()] == [read, None]


@pytest.mark.parametrize("read", ["quoted by", "quoted by ''", "half", "quoted", "Whole", "1"])
def test_another_way_of_reading_is_refused_with_the_three_that_there_are(read: str, tmp_path: Path) -> None:
    [problem] = said(asia(tmp_path, source=on_source(f'read: "{read}"' if "'" not in read else "read: 'quoted by '")))
    assert problem.startswith("sources.yaml:9:11: lauritzen_spiegelhalter_1988, read: ")
    assert problem.endswith(", expected 'whole', 'part', or 'quoted by' and then who quotes it.")


def test_a_source_is_a_publication_unless_it_says_that_it_argues(tmp_path: Path) -> None:
    model = load(asia(tmp_path, source=on_source("kind: argument")))
    assert [source.kind for source in model.sources.values()] == ["argument", "publication"]


def test_how_a_source_was_read_and_what_it_is_are_part_of_the_revision(tmp_path: Path) -> None:
    said_of = ("read: whole", "read: part", "kind: argument")
    revisions = {load(asia(tmp_path / key[-4:], source=on_source(key))).revision for key in said_of}
    assert len(revisions | {load(asia(tmp_path / "plain")).revision}) == 4


# What is published


def test_what_is_published_follows_from_the_sources_where_nobody_says(tmp_path: Path) -> None:
    first, second = lung(asia(tmp_path, row=on_row("sources: [judgement]", "reason: A guess.")))
    assert (first.published, second.published) == ("nothing", "direction")


def test_what_the_variable_says_holds_for_the_statements_that_do_not(tmp_path: Path) -> None:
    folder = asia(tmp_path, row=on_row("published: nothing"), variable="    published: number\n    ess: 50")
    assert [statement.published for statement in lung(folder)] == ["nothing", "number"]


@pytest.mark.parametrize(
    ("row", "source", "problem"),
    [
        (
            on_row("published: number", "sources: [another, judgement]", "reason: A guess."),
            "",
            "diseases.yaml:42:20: lung, row when {smoke: yes}, published: a published number that cites judgement, "
            "expected 'direction', or publications alone as its sources.",
        ),
        (
            on_row("published: number"),
            on_source("kind: argument"),
            "diseases.yaml:42:20: lung, row when {smoke: yes}, published: a published number that cites only the "
            "argument 'lauritzen_spiegelhalter_1988', expected 'direction', or a publication that measured it.",
        ),
        (
            on_row("published: number"),
            on_source("read: quoted by another"),
            "diseases.yaml:42:20: lung, row when {smoke: yes}, published: a published number that nobody read: "
            "'lauritzen_spiegelhalter_1988' as quoted by others, expected 'direction', or a publication read whole "
            "or in part.",
        ),
        (
            on_row("published: direction", "sources: [judgement]", "reason: A guess."),
            "",
            "diseases.yaml:42:20: lung, row when {smoke: yes}, published: a published direction that cites no "
            "publication, expected 'nothing', or a publication among the sources.",
        ),
        (
            on_row("published: numbers"),
            "",
            "diseases.yaml:42:20: lung, row when {smoke: yes}, published: 'numbers', expected one of 'number', "
            "'direction', 'nothing'. Did you mean 'number'?",
        ),
    ],
)
def test_what_no_source_bears_out_is_refused(row: str, source: str, problem: str, tmp_path: Path) -> None:
    assert said(asia(tmp_path, row=row, source=source)) == [problem]


def test_a_number_may_cite_a_quoted_source_and_an_argument_beside_one_that_was_read(tmp_path: Path) -> None:
    cites = on_row("published: number", "sources: [lauritzen_spiegelhalter_1988, another]")
    for way in ("kind: argument", "read: quoted by another"):
        folder = asia(tmp_path / way[:4], row=cites, source=on_source(way))
        assert lung(folder)[0].published == "number"


def test_a_mistake_of_the_variable_is_one_problem_however_many_rows_it_is_about(tmp_path: Path) -> None:
    folder = asia(tmp_path, variable="    published: number\n    ess: 50", source=on_source("kind: argument"))
    [problem] = said(folder)
    assert problem.startswith("diseases.yaml:44:16: lung, published: a published number that cites only the argument")


def test_a_row_whose_sources_do_not_bear_out_what_the_variable_says_is_named_by_them(tmp_path: Path) -> None:
    own = on_row("sources: [judgement]", "reason: A guess.")
    [problem] = said(asia(tmp_path, row=own, variable="    published: number\n    ess: 50"))
    assert problem.startswith("diseases.yaml:42:18: lung, row when {smoke: yes}, sources: a published number that ")


def test_an_unknown_source_is_the_only_problem_of_the_statement_that_cites_it(tmp_path: Path) -> None:
    [problem] = said(asia(tmp_path, row=on_row("published: number", "sources: [anther]")))
    assert "no source 'anther'" in problem


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [("number", "number", "number"), ("nothing", "nothing", "nothing"), ("number", "nothing", "direction")],
)
def test_a_pool_publishes_a_number_or_nothing_only_where_every_expert_does(
    first: str, second: str, together: str, tmp_path: Path
) -> None:
    [statement, _] = lung(pooled(tmp_path, f"published: {first}", f"published: {second}"))
    assert statement.pool is not None
    assert [expert.published for expert in statement.pool.members] == [first, second]
    assert statement.published == together


def test_an_expert_is_held_to_its_own_sources(tmp_path: Path) -> None:
    [problem] = said(pooled(tmp_path, "published: number", "published: number", read="quoted by another"))
    assert problem.startswith("diseases.yaml:44:92: ")
    assert "pool, expert 1, published: a published number that nobody read" in problem


@pytest.mark.parametrize("key", ["published: number", f"counted: {COUNTED}"])
def test_beside_a_pool_only_its_experts_say_it(key: str, tmp_path: Path) -> None:
    folder = pooled(tmp_path, "ess: 5", "ess: 5", beside=f"\n        {key}")
    [problem] = said(folder)
    name = key.partition(":")[0]
    assert f"{name!r} beside 'pool', expected what each expert of the pool says instead" in problem


# What was counted


def test_a_count_is_as_sure_as_its_cases_at_their_discount(tmp_path: Path) -> None:
    model = load(asia(tmp_path, row=on_row(f"counted: {COUNTED}")))
    first, second = model.described["lung"].statements
    assert first.ess == pytest.approx(54.8)
    assert first.counted == Counted(274, 0.2, "one registry, sorted by its services")
    assert first.counts == (first.counted,)
    assert (second.ess, second.counted, second.counts) == (50, None, ())
    assert model.described["lung"].gate.ess.tolist() == pytest.approx([54.8, 50])


def test_a_count_on_the_variable_holds_for_the_statements_that_name_no_size(tmp_path: Path) -> None:
    first, second = lung(asia(tmp_path, row=on_row("ess: 7"), variable=f"    counted: {COUNTED}"))
    assert (first.ess, first.counted) == (7, None)
    assert (second.ess, second.counted) == (
        pytest.approx(54.8),
        Counted(274, 0.2, "one registry, sorted by its services"),
    )


def test_a_row_that_is_certain_rests_on_no_count(tmp_path: Path) -> None:
    folder = asia(tmp_path, variable=f"    counted: {COUNTED}")
    text = (folder / "diseases.yaml").read_text(encoding="utf-8").replace(ROW, "{yes: 1, no: never}")
    (folder / "diseases.yaml").write_text(text, encoding="utf-8")
    assert [(s.ess is None, s.counted is None) for s in lung(folder)] == [(True, True), (False, False)]


def test_the_experts_of_a_pool_may_each_have_counted(tmp_path: Path) -> None:
    [statement, _] = lung(pooled(tmp_path, f"counted: {COUNTED}", "ess: 5"))
    assert statement.pool is not None
    assert [expert.ess for expert in statement.pool.members] == [pytest.approx(54.8), 5]
    assert statement.counted is None
    assert [counted.n for counted in statement.counts] == [274]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (
            (f"counted: {COUNTED}", "ess: 5"),
            "42:9: lung, row when {smoke: yes}, counted: both ess and counted, expected one of them.",
        ),
        (
            ("confidence: low", f"counted: {COUNTED}"),
            "43:9: lung, row when {smoke: yes}, counted: both confidence and counted, expected one of them.",
        ),
        (
            ("counted: {n: 0, discount: 0.2, why: so}",),
            "42:22: lung, row when {smoke: yes}, counted, n: 0, expected a number above 0.",
        ),
        (
            ("counted: {n: 9, discount: 0, why: so}",),
            "42:35: lung, row when {smoke: yes}, counted, discount: 0, expected a number above 0.",
        ),
        (
            ("counted: {n: 9, discount: 20, why: so}",),
            "42:35: lung, row when {smoke: yes}, counted, discount: 20, expected a number of at most 1 "
            "(20 % is written 0.2).",
        ),
        (
            ("counted: {n: 9, discount: 1}",),
            "42:18: lung, row when {smoke: yes}, counted: no 'why', expected one: Why so much and no more, "
            "in one line.",
        ),
    ],
)
def test_a_count_that_is_none_is_refused(keys: tuple[str, ...], problem: str, tmp_path: Path) -> None:
    assert said(asia(tmp_path, row=on_row(*keys))) == [f"diseases.yaml:{problem}"]


# For editors and readers


def test_the_schema_allows_what_the_loader_reads_and_no_more(tmp_path: Path) -> None:
    good = asia(
        tmp_path / "good", row=on_row(f"counted: {COUNTED}", "published: number"), source=on_source("read: part")
    )
    bad = asia(tmp_path / "bad", row=on_row("counted: {n: 3}"), source=on_source("read: quoted by"))
    for file, kind in (("diseases.yaml", "variables"), ("sources.yaml", "sources")):
        is_valid = Draft202012Validator(schema(kind)).is_valid
        assert is_valid(read_file(good / file, file=file).data)
        assert not is_valid(read_file(bad / file, file=file).data)


def test_the_page_prints_the_count_beside_the_size_and_how_the_source_was_read(tmp_path: Path) -> None:
    folder = asia(tmp_path, row=on_row(f"counted: {COUNTED}", "published: number"), source=on_source("read: part"))
    text = show(load(folder), "lung").text(300)
    assert (
        "as sure as 54.8 cases (274 counted x 0.2: one registry, sorted by its services): "
        "lauritzen_spiegelhalter_1988; published: number [asia/diseases.yaml:40]"
    ) in text
    assert "(verified, read in part)" in text


def test_the_page_prints_the_count_of_an_expert(tmp_path: Path) -> None:
    text = show(load(pooled(tmp_path, f"counted: {COUNTED}", "ess: 5")), "lung").text(300)
    assert "as sure as 54.8 cases (274 counted x 0.2: one registry, sorted by its services)" in text


def pooled(into: Path, first: str, second: str, *, read: str = "whole", beside: str = "") -> Path:
    """Asia with two experts on the first row of lung, each with one key more."""
    experts = (("lauritzen_spiegelhalter_1988", first), ("another", second))
    of = "".join(f"\n            - {{sources: [{name}], p: {ROW}, {key}}}" for name, key in experts)
    folder = asia(into, row="X", source=on_source(f"read: {read}"))
    text = (folder / "diseases.yaml").read_text(encoding="utf-8")
    new = f"pool:\n          method: linear\n          of:{of}{beside}"
    (folder / "diseases.yaml").write_text(text.replace(f"p: {ROW}X", new), encoding="utf-8")
    return folder
