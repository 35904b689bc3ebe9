"""The command line: what each command prints, where, and with which exit code."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model import priors
from model.evidence import syntax
from model.interchange import read
from service.cli import main
from service.settings import default_priors
from tests.servers import free_port, served
from tests.textbook import collection

ROOT = Path(main.__file__).resolve().parent.parent.parent
ASIA = default_priors() / "asia"
LEVELS = ROOT / "tests" / "data"


@pytest.fixture
def models(tmp_path):
    """A folder of models of one's own, with a copy of asia in it."""
    shutil.copytree(ASIA, tmp_path / "models" / "asia")
    return tmp_path / "models"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# ask


def test_ask_prints_each_state_with_a_bar_its_baseline_and_its_shift(run):
    ran = run("ask", "asia", "lung", "--given", "xray:yes")
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split() for line in ran.out.splitlines()[1:3]]
    assert [(row[0], row[1], row[6]) for row in rows] == [("yes", "+43.4", "0.4887"), ("no", "-43.4", "0.5113")]
    assert all(float(row[7]) < float(row[6]) < float(row[9]) for row in rows)
    yes, no = (row[10] for row in rows)
    assert (len(yes), yes.index("│"), no.index("│")) == (32, 1, 30)
    assert (yes.count("█"), yes.count("▌")) == (14, 1)


def test_ask_prints_the_labels_of_states(run):
    rows = run("ask", "mosul-2017", "pathway", "--no-interval").out.splitlines()[1:5]
    labels = ["Killed or captured", "Hardcore underground", "Free agent", "Returnee"]
    assert [re.split(r"  +", row.strip())[0] for row in rows] == labels


def test_ask_prints_what_each_state_measures_with_the_unit_once(run):
    head, *rows = run("ask", "mosul-2017", "return_flow", "--no-interval").out.splitlines()[:4]
    assert head == "return_flow  Flow of returnees (fighters)"
    assert [re.split(r"  +", row.strip())[:2] for row in rows] == [
        ["trickle", "0 to 1,000"],
        ["moderate", "1,000 to 3,000"],
        ["surge", "3,000 or more"],
    ]


def test_ask_says_of_a_number_with_both_ends_what_its_json_says(run):
    asked = ("ask", "mosul-2017", "foreign_fighter_stock", "--no-interval")
    found = json.loads(run(*asked, "--json").out)["numbers"]["foreign_fighter_stock"]
    quantiles = [f"{100 * each['share']:.0f} % below {each['number']:,.0f}" for each in found["quantiles"]]
    assert run(*asked).out.splitlines()[4] == f"  mean {found['mean']:,.0f}; {'; '.join(quantiles)}"
    assert "mean" not in run("ask", "mosul-2017", "return_flow").out


def test_ask_says_how_likely_the_evidence_is_and_what_the_answer_rests_on(run):
    ran = run("ask", "asia", "lung", "--given", "xray:yes")
    assert "given: xray=yes" in ran.out
    assert "P(evidence) 0.11;" in ran.out
    assert "lauritzen_spiegelhalter_1988: Local computations" in ran.out
    assert ran.out.rstrip().endswith(f"asia {priors.load(ASIA).revision}, as of 1988-12-31")


def test_ask_says_which_evidence_has_no_effect(run):
    ran = run("ask", "asia", "smoke", "--given", "asia:yes", "--given", "smoke:not(no)")
    assert ran.out.count("asia\n") == 1
    assert ran.out.count("no effect") == 1
    assert "no effect: asia" in ran.out


def test_what_has_no_effect_is_said_once_with_its_target_or_of_all(run):
    of_one = run(
        "ask", "asia", "bronc", "lung", "--given", "smoke:yes", "--given", "asia:yes", "--given", "xray:yes"
    ).out
    bronc, lung, about = of_one.split("\n\n")
    assert "no effect on it: asia, xray" in bronc
    assert "no effect" not in lung + about
    of_all = run("ask", "asia", "dysp", "lung", "--given", "either:yes", "--given", "xray:yes").out
    assert re.findall("no effect.*", of_all) == ["no effect: xray"]


def test_bars_that_are_marked_have_their_legend(run):
    marked = "│ marks the answer under march_2017 alone"
    assert marked in run("ask", "mosul-2017", "return_flow", "--given", "is_finances:halved").out
    assert f"nothing known; {marked}" in run("ask", "mosul-2017", "return_flow", "--scenario", "none").out
    assert "nothing known" not in run("ask", "asia", "lung", "--scenario", "none").out


@pytest.mark.parametrize(
    ("option", "verbs"), [("--given EVIDENCE", syntax.FINDING_VERBS), ("--do SETTING", syntax.DO_VERBS)]
)
def test_the_help_of_a_question_names_every_verb(run, option, verbs):
    said = " ".join(run("ask", "--help").out.split())
    said = said[said.index(option) :]
    said = said[: said.index("repeat for more")]
    assert [verb for verb in verbs if f"{verb}(…)" not in said] == []


def test_the_page_of_a_matrix_has_the_intervals_that_were_asked_for(run):
    asked = ("matrix", "asia", "--interval", "0.5")
    page = run(*asked).out
    [row] = [
        each
        for each in json.loads(run(*asked, "--json").out)["rows"]
        if each["cause"] == "asia" and each["state"] == "yes"
    ]
    said = f"yes {100 * row['shift']:+.1f} ({100 * row['lo']:+.1f} to {100 * row['hi']:+.1f})"
    assert said in page
    assert said in run(*asked, "--markdown").out
    assert "in brackets what holds 50 % of the draws" in page
    assert "(" not in run("matrix", "asia").out.replace("do()", "")


def test_an_answer_has_one_layout_whether_something_is_known_or_done(run):
    """What moved it stands first, in points with their interval; where nothing can, there is no such column."""
    number = r"[+-]\d+\.\d+"
    row = rf"  yes  {number} points \({number} to {number}.*\)  0\.\d{{4}}  0\.\d\d to 0\.\d\d  \S+"
    for asked in (("--given", "bronc:yes"), ("--do", "bronc:yes"), ("--scenario", "back_from_asia")):
        out = run("ask", "asia", "dysp" if asked[0] != "--scenario" else "tub", *asked).out
        assert re.fullmatch(row, out.splitlines()[1]), out
    assert re.fullmatch(r"  yes  0\.\d{4}  0\.\d\d to 0\.\d\d  \S+", run("ask", "asia", "tub").out.splitlines()[1])
    assert "  yes  no shift  0.5000" in run("ask", "asia", "smoke", "--given", "asia:yes").out


def test_an_intervention_is_not_an_observation(run):
    seen = run("ask", "asia", "smoke", "--given", "bronc:yes").out
    done = run("ask", "asia", "smoke", "--do", "bronc:yes").out
    assert re.search(r"yes  \+16\.7 points \(.*\)  0\.6667", seen)
    assert "yes  no effect  0.5000" in done


def test_scenario_and_cohort_bring_their_evidence(run):
    ran = run("ask", "asia", "tub", "--scenario", "back_from_asia", "--cohort", "a_smoker", "--given", "dysp:no")
    assert "given: dysp=no, smoke=yes, asia=yes" in ran.out
    assert "replaced: dysp=yes of scenario back_from_asia" in ran.out


def test_what_is_of_the_group_is_refused_under_a_cohort(run):
    levels = ("--cohort", "borderers", "--priors", LEVELS)
    for asked in (("ask", "levels", "stock"), ("explain", "levels", "stock", "few"), ("brief", "levels", "stock")):
        ran = run(*asked, *levels)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("TARGET: stock is of the group as a whole, and the evidence of the cohort")
    assert re.search(r"stays   -10\.0 points \(.*\)  0\.3000", run("ask", "levels", "fate", *levels).out)


def test_several_targets_are_answered_together(run):
    out = run("ask", "asia", "lung", "bronc").out
    assert [line.split()[0] for line in out.split("\n\n")[:2]] == ["lung", "bronc"]


def test_json_is_the_body_of_the_http_answer_byte_for_byte(run):
    from service import create_app
    from service.settings import Settings

    client = create_app(Settings(default_priors())).test_client()
    over_http = client.get("/v1/models/asia/forecast/lung.json?given=xray:yes&do=smoke:no&fields=all")
    assert over_http.status_code == 200
    assert (
        run("ask", "asia", "lung", "--given", "xray:yes", "--do", "smoke:no", "--json").out.encode() == over_http.data
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["asia", "lung", "--given", "xray:ys"],
            "--given xray: no state 'ys'; the states are 'yes', 'no'. Did you",
        ),
        (["asia", "lnug"], "no variable 'lnug'; the variables are 'asia', 'tub'"),
        (["asai", "lung"], "no model 'asai'; the models are 'asia'"),
        (["asia", "lung", "--scenario", "back"], "no scenario 'back'; the scenarios are 'back_from_asia'"),
        (["asia", "lung", "--given", "xray"], "expected name:state or name:verb(...), found 'xray'"),
        (["asia", "lung", "--given", "tub:yes", "--given", "tub:no"], "two statements about 'tub'"),
        (["asia", "lung", "--given", "tub:yes", "--do", "tub:no"], "tub is set by do() and also given as evidence"),
        (["asia", "dysp", "--given", "either:no", "--given", "lung:yes"], "cannot hold together with"),
    ],
)
def test_a_refused_question_is_one_plain_line_on_stderr_and_exit_1(run, arguments, message):
    ran = run("ask", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_each_of_several_mistakes_has_its_line(run):
    ran = run("ask", "asia", "lnug", "--given", "xry:yes", "--do", "smoke:maybe")
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["TARGET", "--given xry", "--do smoke"]


@pytest.mark.parametrize("arguments", [["ask", "asia"], ["ask"], ["aks"], ["ask", "asia", "lung", "--giben", "x:y"]])
def test_wrong_usage_exits_2(run, arguments):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: aftermath")


def test_a_folder_of_models_that_is_not_there_is_wrong_usage(run, tmp_path):
    ran = run("check", "--priors", tmp_path / "none")
    assert ran.code == 2
    assert "does not exist" in ran.err


# check


def test_check_prints_size_footing_and_checks(run):
    ran = run("check", "asia")
    assert (ran.code, ran.err) == (0, "")
    assert "8 variables, 8 arcs, 36 parameters" in ran.out
    assert "40 table entries in 6 cliques, width 2; the largest: bronc, either, dysp" in ran.out
    assert "17 statements: 0 with a published number, 17 with a published direction, 0 by judgement, 0 on " in ran.out
    assert "; 0 resting on a count, 0 citing nothing verified, 3 certain\n" in ran.out
    assert "sources: 0 read whole, 0 in part, 0 as quoted by others, 1 with nothing said of how\n" in ran.out
    assert "headline targets with a 90 % range wider than 0.5, and what would narrow it most:\n  none\n" in ran.out
    assert "smoke -> lung" not in ran.out
    assert "inside  0.0550  0.0549 to 0.0551  lung_cancer " in ran.out
    assert "2 checks, 0 outside their range" in ran.out


def test_check_prints_costly_arcs_where_it_is_asked_to(run):
    ran, plain = run("check", "asia", "--size"), run("check", "asia")
    assert "table entries that would go without this arc:\n" in ran.out
    assert "  12  smoke -> lung" in ran.out
    assert set(plain.out.splitlines()) < set(ran.out.splitlines())


def test_check_names_headlines_that_are_wide_open_with_what_would_narrow_them(run, models):
    edit(models / "asia" / "diseases.yaml", "p: {yes: 0.6, no: 0.4}", "p: {yes: 0.6, no: 0.4}\n        ess: 0.5")
    edit(models / "asia" / "diseases.yaml", "p: {yes: 0.3, no: 0.7}", "p: {yes: 0.3, no: 0.7}\n        ess: 0.5")
    ran = run("check", "asia", "--priors", models)
    assert re.search(r"^  bronc=(yes|no)  0\.0\d to 0\.9\d$", ran.out, re.MULTILINE)
    assert re.search(r"^    \d\d % bronc: when \{smoke: yes\}: yes 0.6, no 0.4 \[asia/", ran.out, re.MULTILINE)


def test_check_says_what_counts_made_of_the_tables(run):
    ran = run("check", "counts", "--priors", ROOT / "tests" / "data")
    assert ran.code == 0
    assert "  moved rain: 2 rows by 9.48 cases' worth, the furthest probability by 0.13\n" in ran.out
    assert "counts" not in run("check", "asia").out


def test_check_without_a_model_checks_every_one(run, models):
    shutil.copytree(models / "asia", models / "second")
    out = run("check", "--priors", models).out
    assert [line.split()[0] for line in out.splitlines() if "as of" in line] == ["asia", "second"]


def test_a_figure_outside_its_published_range_exits_1(run, models):
    edit(models / "asia" / "checks.yaml", "[0.0549, 0.0551]", "[0.06, 0.07]")
    ran = run("check", "asia", "--priors", models)
    assert ran.code == 1
    assert "OUTSIDE  0.0550  0.0600 to 0.0700  lung_cancer " in ran.out
    assert "2 checks, 1 outside their range" in ran.out


def test_check_prints_what_a_check_across_levels_implies_beside_the_likely_states(run):
    ran = run("check", "levels", "--priors", LEVELS)
    lines = ran.out.splitlines()
    assert ran.code == 0
    at = next(i for i, line in enumerate(lines) if line.startswith("  inside  400 to 480  stock_agrees "))
    said = "0.4000 of 1,000 to 1,200; likely stock: few 0.4600 (0 to 450); some 0.2700 (450 to 900)"
    assert lines[at + 1].strip() == said
    assert "many 0.6000 (900 and more)" in ran.out
    assert "3 checks, 0 outside their range" in ran.out


def test_check_counts_the_forecast_questions(run):
    assert "3 forecast questions, 2 of them expressible\n" in run("check", "levels", "--priors", LEVELS).out
    assert "forecast question" not in run("check", "asia").out


def test_questions_stand_beside_their_base_rates_their_text_cut_to_the_width(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    ran = run("questions", "levels", "--priors", LEVELS)
    header, first, second, third, total = ran.out.splitlines()
    assert (ran.code, header.split()) == (0, ["question", "text", "resolves", "by", "p", "base", "rate"])
    assert first.split()[-4:] == ["the…", "2017-06-30", "0.7300", "0.7000"]
    assert second.split()[-4:] == ["border…", "2017-06-30", "0.4000", "0.0500"]
    assert third.split()[-4:] == ["dismissed?", "2017-04-30", "-", "0.1000"]
    assert {len(line) for line in (header, first, second, third)} == {len(header)}
    assert 85 < len(header) <= 90
    assert total == "3 forecast questions, 2 of them expressible"


def test_questions_as_json_are_whole(run):
    found = json.loads(run("questions", "levels", "--json", "--priors", LEVELS).out)
    assert found["model"] == "levels"
    first, second, third = found["questions"]
    assert first["p"] == pytest.approx(0.73)
    assert second["event"] == {
        "variable": "fate",
        "states": ["leaves"],
        "given": {"stock": {"not": ["few"]}},
        "scenario": "the_fort_holds",
        "cohort": "borderers",
    }
    assert second["text"].endswith("came back to the ranks?")
    assert (third["p"], third["event"], third["reason"]) == (None, None, "No variable is about the general.")


def test_a_model_without_questions_says_so(run):
    ran = run("questions", "asia")
    assert (ran.code, ran.out) == (0, "asia has no forecast questions\n")
    assert run("questions", "asai").code == 1


def test_a_check_across_levels_that_does_not_hold_exits_1(run, models):
    shutil.copytree(ROOT / "tests" / "data" / "levels", models / "levels")
    edit(models / "levels" / "checks.yaml", "likely: 0.7", "likely: 0.4")
    ran = run("check", "levels", "--priors", models)
    assert ran.code == 1
    assert "OUTSIDE  400 to 480  stock_agrees " in ran.out
    assert "likely stock: few 0.4600 (0 to 450)\n" in ran.out
    assert "3 checks, 1 outside their range" in ran.out


def test_a_check_whose_evidence_is_impossible_is_outside_with_the_reason(run, models):
    checks = models / "asia" / "checks.yaml"
    edit(checks, "    target: lung\n", "    target: dysp\n    given: {lung: yes, either: no}\n")
    ran = run("check", "asia", "--priors", models)
    assert ran.code == 1
    assert "OUTSIDE" in ran.out
    assert "cannot hold together" in ran.out


def test_every_problem_is_printed_with_its_place_and_exits_1(run, models):
    edit(models / "asia" / "checks.yaml", "target: lung", "target: lnug")
    edit(models / "asia" / "scenarios.yaml", "asia: yes", "asia: ys")
    shutil.copytree(ASIA, models / "sound")
    ran = run("check", "--priors", models)
    lines = ran.out.splitlines()
    assert ran.code == 1
    assert lines[0].startswith(f"{models}/asia/checks.yaml:5:13: ")
    assert "Did you mean 'lung'?" in lines[0]
    assert lines[1].startswith(f"{models}/asia/scenarios.yaml:6:19: ")
    assert lines[2] == "asia: 2 problems"
    assert lines[3].startswith("sound  A chest clinic")


def test_a_model_too_large_to_answer_is_said_in_a_line_and_the_others_are_checked(run, models, monkeypatch):
    from model import forecast
    from model.errors import NetworkTooLarge

    def too_large(model):
        if model.name == "asia":
            raise NetworkTooLarge(cells=10**9, limit=10**6, width=30, largest_clique=("lung", "bronc"))
        return whole(model)

    whole = forecast.prepare
    monkeypatch.setattr(forecast, "prepare", too_large)
    shutil.copytree(models / "asia", models / "second")
    ran = run("check", "--priors", models)
    assert ran.code == 1
    assert ran.out.startswith("asia: exact inference needs 1,000,000,000 table cells, more than the limit of 1,000,000")
    assert "second  A chest clinic" in ran.out


def test_a_folder_without_models_is_said_plainly(run, tmp_path):
    ran = run("check", "--priors", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert f"no models in {tmp_path}" in ran.err


# show


def test_many_sources_are_named_and_said_whole_on_request(run):
    asked = ("ask", "mosul-2017", "radicalised_youth_pool")
    short, whole = run(*asked).out, run(*asked, "--sources").out
    assert re.search(r"^\d+ sources \(--sources prints them whole\): B\d\d, ", short, re.MULTILINE)
    assert "\n  B40: Of 274 German returnees" not in short
    assert "\n  B40: Of 274 German returnees" in whole


def test_little_conflict_is_not_worth_a_word(run):
    given = ("--given", "is_finances:halved", "--given", "border_intel_strength:weak")
    assert "conflict" not in run("ask", "mosul-2017", "pathway", *given).out
    assert "conflict 2.46 bits" in run("ask", "asia", "tub", "--given", "smoke:no", "--given", "lung:yes").out


def test_show_prints_the_table_and_its_sources(run):
    ran = run("show", "asia", "dysp")
    assert (ran.code, ran.err) == (0, "")
    assert "bronc" in ran.out
    assert "lauritzen_spiegelhalter_1988" in ran.out


def test_show_lists_each_state_by_name_with_what_it_means(run):
    out = run("show", "mosul-2017", "foreign_fighter_stock").out
    assert "- 10k_to_20k: 10,000 to 20,000 foreign fighters" in out
    assert "What is measured: All who ever travelled" in out
    assert "- free_agent (Free agent): One who left Iraq and Syria" in run("show", "mosul-2017", "pathway").out


def test_show_has_no_states_where_nothing_is_said_of_them(run):
    assert "States" not in run("show", "asia", "bronc").out


def test_show_refuses_a_variable_that_is_not_there(run):
    ran = run("show", "asia", "dsyp")
    assert (ran.code, ran.out) == (1, "")
    assert "Did you mean 'dysp'?" in ran.err


def test_show_takes_the_name_of_a_file_for_every_variable_in_it(run):
    out = run("show", "asia", "findings").out
    titles = [line.split(":")[0] for line in out.splitlines() if re.match(r"\w+: .+ \(\w+\)$", line)]
    assert titles == ["either", "xray", "dysp"]
    assert run("show", "asia", "findings.yaml").out == out


# import and export


def test_an_imported_file_can_be_asked_and_checked_at_once(run, tmp_path):
    ran = run("import", collection() / "cancer.bif.gz", tmp_path / "m" / "cancer", "--ess", 25, "--title", "Cancer")
    assert (ran.code, ran.err) == (0, "")
    assert "5 variables, 4 arcs, 20 parameters" in ran.out
    asked = run("ask", "cancer", "Cancer", "--given", "Xray:positive", "--priors", tmp_path / "m")
    assert re.search(r"True   \+3\.9 points \(.*\)  0\.0503", asked.out)
    assert run("check", "cancer", "--priors", tmp_path / "m").code == 0


def test_a_name_without_a_slash_is_made_in_the_folder_of_models(run, models):
    assert run("import", collection() / "cancer.bif.gz", "cancer", "--priors", models).code == 0
    assert sorted(priors.models(models)) == ["asia", "cancer"]


def test_what_was_changed_in_reading_is_said(run, tmp_path):
    out = run("import", collection() / "sachs.bif.gz", tmp_path / "sachs").out
    assert "rows that missed 1 by up to 1.0e-07 were scaled" in out


DIAGRAM = """\
node ill { states = ("yes" "no"); }
decision treat { states = ("drug" "wait"); label = "Treat?"; }
node well { states = ("yes" "no"); }
utility gain { }
potential (ill) { data = (0.25 0.75); }
potential (well | treat ill) { data = (((0.5 0.5) (1 0)) ((0.25 0.75) (0.75 0.25))); }
potential (gain | well treat) { data = (1 2 3 4); }
"""


def test_an_influence_diagram_is_imported_with_its_decisions_as_levers_only_when_told_to(run, tmp_path):
    file = tmp_path / "d.net"
    file.write_text(DIAGRAM)
    refused = run("import", file, tmp_path / "m" / "d")
    assert (refused.code, (tmp_path / "m").exists()) == (1, False)
    assert "d.net:2: an influence diagram, with the decision 'treat' and the utility 'gain'" in refused.err
    assert "--chance-only" in refused.err
    ran = run("import", file, tmp_path / "m" / "d", "--chance-only")
    assert (ran.code, ran.err) == (0, "")
    assert "left out: gain, a utility that depends on 'well', 'treat': utilities are not imported" in ran.out
    assert "decision treat: a lever with a uniform prior" in ran.out
    assert run("check", "d", "--priors", tmp_path / "m").code == 0
    asked = run("ask", "d", "well", "--do", "treat:drug", "--priors", tmp_path / "m")
    assert "  0.8750  " in asked.out


def test_an_import_says_what_is_cited(run, tmp_path):
    run("import", collection() / "cancer.bif.gz", tmp_path / "a", "--source", "A journal", "--date", "2001")
    (source,) = priors.load(tmp_path / "a").sources.values()
    assert (source.name, source.publication, source.date) == ("file_cancer", "A journal", "2001")
    assert (source.status, source.note) == ("unverified", None)


@pytest.mark.slow
def test_a_network_too_large_for_exact_inference_is_refused_and_nothing_is_written(run, tmp_path):
    ran = run("import", collection() / "munin1.bif.gz", tmp_path / "munin1")
    assert (ran.code, ran.out) == (1, "")
    assert "exact inference needs" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".bif", ".xmlbif", ".xdsl"])
def test_an_exported_model_comes_back(run, tmp_path, ending):
    file = tmp_path / f"asia{ending}"
    ran = run("export", "asia", file)
    assert (ran.code, ran.err) == (0, "")
    assert f"{file}: 8 variables, 36 probabilities" in ran.out
    assert "no place in this format for:\n  1 source\n" in ran.out
    assert read(file).network.digest() == priors.load(ASIA).network.digest()


def test_an_export_writes_over_nothing_unless_told_to(run, tmp_path):
    file = tmp_path / "asia.bif"
    file.write_text("mine")
    ran = run("export", "asia", file)
    assert (ran.code, file.read_text()) == (1, "mine")
    assert "exists already; --overwrite writes over it" in ran.err
    assert run("export", "asia", file, "--overwrite").code == 0
    assert file.read_text().startswith("network asia {")


def test_an_export_to_an_unknown_ending_names_the_known_ones(run, tmp_path):
    ran = run("export", "asia", tmp_path / "asia.net")
    assert ran.code == 1
    assert "the endings are '.bif', '.xmlbif', '.xdsl'" in ran.err


# The program


def test_every_command_that_reads_a_model_by_its_name_takes_a_folder_of_models(run):
    by_name = {name: each for name, each in main.commands.commands.items() if name not in ("new", "schema")}
    for name, command in by_name.items():
        for words in [(name, part) for part in getattr(command, "commands", ())] or [(name,)]:
            assert "--priors DIR" in run(*words, "--help").out, words


def program(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_comes_without_loading_numbers_or_other_tools():
    code = "import sys, service.cli.main; print(sorted({n.split('.')[0] for n in sys.modules} & set(sys.argv[1:])))"
    heavy = ["numpy", "scipy", "pandas", "pgmpy", "pydantic", "ruamel", "flask", "rich"]
    assert program("-c", code, *heavy).stdout == "[]\n"


def test_a_question_does_not_load_pgmpy_or_the_statistics_of_scipy():
    code = (
        "import sys\nfrom service.cli import main\n"
        "try: main.main(['ask', 'asia', 'lung'])\n"
        "except SystemExit: print(sorted({'pgmpy', 'pandas', 'scipy.stats'} & set(sys.modules)))"
    )
    ran = program("-c", code)
    assert ran.stdout.endswith("[]\n"), ran.stderr


def test_a_terminal_without_blocks_gets_plain_characters():
    ran = program("-m", "service.cli.main", "ask", "asia", "lung", PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "#|......" in ran.stdout


def test_a_reader_that_goes_away_is_no_error_of_ours():
    command = f"{sys.executable} -m service.cli.main ask asia lung dysp tub bronc | head -n 1"
    ran = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("lung  Lung cancer\n", "")


@pytest.mark.slow
def test_serve_answers_from_the_folder_of_models_wherever_it_is_started(models, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "service.cli.main", "serve", "--port", str(port), "--priors", str(models)]
    settings = {"PYTHONPATH": str(ROOT), "WEB_CONCURRENCY": "1"}
    with served(command, port=port, cwd=tmp_path, log=tmp_path / "log", **settings) as server:
        found = server.get("/v1/models/asia/forecast/lung.json?given=xray:yes")
    assert found["distribution"][0]["p"] == pytest.approx(0.4887114013, abs=1e-10)


def test_compare_holds_each_scenario_that_is_named_against_the_default_picture(run):
    ran = run("compare", "asia", "lung", "--scenario", "none", "--scenario", "back_from_asia", "--no-interval")
    assert [line for line in ran.out.splitlines() if line.startswith(("B: ", "C: "))] == [
        "B: none",
        "C: back_from_asia",
    ]


@pytest.mark.parametrize("option", ["--scenario", "--cohort"])
def test_what_may_be_said_once_is_not_said_twice_in_silence(run, option):
    ran = run("ask", "asia", "lung", option, "a_smoker", option, "none")
    assert ran.code == 2
    assert f"Invalid value for '{option}': said 2 times (a_smoker, none); it may be said once" in ran.err


def test_setting_an_effect_of_the_target_says_why_it_changes_nothing(run):
    said = " ".join(run("ask", "asia", "smoke", "--do", "lung:yes", "--do", "bronc:no").out.split())
    assert "lung follows from smoke: set, it says nothing of its causes; known, it does (--given)" in said
    assert "bronc follows from smoke" in said
    assert "follows from" not in run("ask", "asia", "lung", "--do", "smoke:yes").out
    assert "follows from" not in run("ask", "asia", "tub", "--do", "smoke:yes").out
