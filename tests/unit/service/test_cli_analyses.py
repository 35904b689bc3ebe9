"""The commands that analyse an event: a page each, or the bytes of the HTTP answer."""

import json
import re
import shlex
import shutil

import pytest
from flask.testing import FlaskClient

from model import priors
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.variance_attribution import attribution
from model.evidence import syntax
from model.forecast import prepare
from model.question import Question
from model.wording import effect_text
from service import create_app
from service.analyses.command import span
from service.cli.text import ASCII
from service.settings import Settings, default_priors
from tests.sources import ROOT


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings(default_priors())).test_client()


@pytest.fixture(scope="module")
def asia():
    return prepare(priors.load(default_priors() / "asia"))


ASKED = ["asia", "lung", "yes", "--given", "xray:yes", "--given", "dysp:not(no)", "--cohort", "a_smoker"]
ADDRESS = "target=lung&state=yes&given=xray:yes&given=dysp:not(no)&cohort=a_smoker"
VERBS = [
    ("explain", "explanation", [], ""),
    ("attribution", "attribution", [], ""),
    ("sensitivity", "sensitivity", ["--threshold", "0.4", "--most", "2"], "&threshold=0.4"),
    ("plan", "collection-plan", ["--steps", "2", "--budget", "5"], "&steps=2&budget=5"),
    ("goals", "goals", ["--below", "0.6", "--using", "both", "--largest", "2"], "&below=0.6&using=both&largest=2"),
    ("policies", "policies", [], ""),
    ("brief", "brief", [], ""),
]


@pytest.mark.parametrize(("verb", "resource", "options", "parameters"), VERBS)
def test_json_is_the_body_of_the_http_answer_byte_for_byte(run, client, verb, resource, options, parameters):
    over_http = client.get(f"/v1/models/asia/{resource}.json?{ADDRESS}{parameters}")
    assert over_http.status_code == 200, over_http.text
    ran = run(verb, *ASKED, *options, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.encode() == over_http.data


def test_the_event_is_said_by_its_names_and_by_its_labels(run):
    first = run("explain", "mosul-2017", "pathway", "returnee").out.splitlines()[0]
    assert first.startswith("pathway=returnee  What becomes of the fighter: Returnee  0.")


@pytest.mark.parametrize(("verb", "resource", "options"), [(v, r, o) for v, r, o, _ in VERBS if v != "goals"])
def test_without_a_state_it_is_asked_as_the_address_without_one_is(run, client, verb, resource, options):
    over_http = client.get(f"/v1/models/asia/{resource}.json?target=lung&do=smoke:yes")
    assert run(verb, "asia", "lung", "--do", "smoke:yes", "--json").out.encode() == over_http.data


@pytest.mark.parametrize(("form", "options"), [("txt", []), ("md", ["--markdown"])])
def test_a_brief_is_the_text_of_the_http_answer_byte_for_byte(run, client, form, options):
    over_http = client.get(f"/v1/models/asia/brief.{form}?{ADDRESS}")
    assert run("brief", *ASKED, *options).out.encode() == over_http.data


@pytest.mark.parametrize(("verb", "options"), [(verb, options) for verb, _, options, _ in VERBS])
def test_every_page_ends_with_the_revision_it_is_from(run, asia, verb, options):
    ran = run(verb, *ASKED, *options)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count(asia.model.revision) >= 1
    if verb != "brief":
        assert ran.out.rstrip().endswith(f"asia {asia.model.revision}, as of 1988-12-31")


def test_explain_draws_a_waterfall_of_the_findings(run, asia):
    out = run("explain", "asia", "lung", "yes", "--given", "smoke:yes", "--given", "xray:yes").out
    found = explain(
        asia, Question(findings=syntax.findings(["smoke:yes", "xray:yes"])), target="lung", state="yes"
    ).balance
    rows = [line.split() for line in out.splitlines() if re.match(r"  (smoke|xray)=yes .* dB ", line)]
    assert [(row[1], row[3]) for row in rows] == [
        (f"{each.db:+.2f}", f"{each.p_in_order:.4f}") for each in found.weights
    ]
    assert all(len(row[4]) == 32 for row in rows)
    assert f"together {found.change_db:+.2f} dB" in out
    assert "xray <- either <- lung" in out


def test_explain_says_what_conflicts_and_what_would_account_for_it(run):
    out = run("explain", "asia", "tub", "yes", "--given", "smoke:no", "--given", "lung:yes").out
    assert "conflict 2.46 bits, worst smoke=no" in out
    assert "either=yes would account for it" in out
    assert "least expected: lung=yes" in out
    assert "-0.0000" not in out


def test_explain_without_findings_says_so(run):
    assert "nothing is known, so nothing has a weight" in run("explain", "asia", "tub", "yes").out


def test_attribution_lists_statements_and_sources_with_their_shares(run, asia):
    out = run("attribution", "asia", "lung", "yes", "--given", "xray:yes").out
    found = attribution(asia, Question(findings=syntax.findings(["xray:yes"])), target="lung", state="yes")
    shares = [line.split()[0] for line in out.splitlines() if re.match(r" +<?[\d.]+ %  [│█▌]", line)]
    assert shares == [f"{row.share:.1%}"[:-1] if row.share >= 0.0005 else "<0.1" for row in found.statements]
    assert "lauritzen_spiegelhalter_1988           8      0.5000" in out


def test_sensitivity_draws_a_tornado_of_the_widest_swings(run, asia):
    out = run("sensitivity", "asia", "lung", "yes", "--given", "xray:yes", "--threshold", "0.5", "--most", "3").out
    found = sensitivity(
        asia, Question(findings=syntax.findings(["xray:yes"])), target="lung", state="yes", threshold=0.5
    )
    rows = [line for line in out.splitlines() if "  tips it " in line]
    assert len(rows) == 3
    assert f"the first 3 of {len(found.rows)}:" in out
    assert rows[0].split()[0] == f"{found.rows[0].p_low:.4f}"
    assert rows[0].split()[2] == f"{found.rows[0].p_high:.4f}"
    assert "tips it below 0.0473" in rows[0]
    assert all("│" in row for row in rows)


def test_plan_lists_what_to_find_out_and_why_the_rest_is_left(run):
    out = run("plan", "mosul-2017", "pathway", "--steps", "1").out
    assert re.search(r"^  1  +0\.\d{4}  .*status_end_2016", out, re.MULTILINE)
    assert "not in the plan" in out
    assert "it can tell nothing of pathway, given what is known" in out


def test_plan_says_when_nothing_would_tell_more(run):
    assert "nothing that can be collected would tell more" in run("plan", "asia", "lung", "--given", "either:no").out


def test_goals_lists_the_sets_that_reach_it(run, asia):
    out = run("goals", "asia", "dysp", "yes", "--below", "0.4").out
    [only] = goals(asia, Question(), target="dysp", state="yes", below=0.4).sets
    assert f"{only.p:.4f}  {only.margin:.4f}  do smoke=no" in out
    assert "sets of 1 change: 2 tried, of the 2 changes that may be made" in out


def test_goals_says_when_it_is_met_or_out_of_reach(run):
    assert "met already" in run("goals", "asia", "dysp", "yes", "--below", "0.9").out
    assert "no set of changes that was tried reaches it" in run("goals", "asia", "dysp", "yes", "--above", "0.99").out


def test_policies_ranks_the_settings_of_levers(run, asia):
    out = run("policies", "asia", "lung", "yes", "--given", "xray:yes").out
    found = policies(asia, Question(findings=syntax.findings(["xray:yes"])), target="lung", state="yes")
    rows = [line.split("  ") for line in out.splitlines() if line.startswith("  smoke=")]
    said = [tuple(part.strip() for part in row if part)[:3] for row in rows]
    assert said == [
        (f"{row.variable}={row.state}", effect_text(row.shift, row.shift_low, row.shift_high), f"{row.p:.4f}")
        for row in found.rows
    ]


def test_policies_without_a_lever_left_says_so(run):
    assert "no lever is left to set" in run("policies", "asia", "lung", "yes", "--do", "smoke:no").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "asia", "lung", "ys"], "STATE: no state 'ys'"),
        (["attribution", "asia", "lnug"], "TARGET: no variable 'lnug'"),
        (["sensitivity", "asai", "lung"], "no model 'asai'"),
        (["goals", "asia", "lung"], "below: a goal has one threshold"),
        (["goals", "asia", "lung", "--below", "0.1", "--above", "0.2"], "below: a goal has one threshold"),
        (["brief", "asia", "dysp", "--given", "either:no", "--given", "lung:yes"], "cannot hold together with"),
        (["policies", "asia", "lung", "--given", "xray"], "expected name:state"),
        (["plan", "asia", "lung", "--given", "xray:ys"], "--given xray: no state 'ys'"),
    ],
)
def test_a_refused_question_is_one_plain_line_on_stderr_and_exit_1(run, arguments, message):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "asia"],
        ["sensitivity", "asia", "lung", "--threshold", "2"],
        ["plan", "asia", "lung", "--steps", "0"],
        ["goals", "asia", "lung", "--using", "magic"],
        ["brief", "asia", "lung", "yes", "no"],
    ],
)
def test_wrong_usage_exits_2(run, arguments):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: aftermath")


@pytest.mark.parametrize("verb", [verb for verb, *_ in VERBS])
def test_help_shows_an_example_and_the_options_of_evidence(run, verb):
    out = run(verb, "--help").out
    assert f"aftermath {verb} " in out
    assert all(option in out for option in ("--given", "--do", "--scenario", "--cohort", "--json", "--priors DIR"))


def test_a_span_runs_between_its_ends_whichever_is_first():
    assert span((0.25, 0.75), 0.5, ASCII) == span((0.75, 0.25), 0.5, ASCII)
    assert span((0.0, 1.0), 1.0, ASCII) == "#" * 31 + "|"
    assert span((2.0, 2.0), 2.0, ASCII, scale=(2.0, 2.0)) == "|" + "." * 31
    assert span((0.1, 0.2), 0.1, ASCII, scale=(0.1, 0.2)) == "|" + "#" * 31


SIDES = ["--side", "do=smoke:yes", "--side", "do=smoke:no&name=Never smoked", "--given", "dysp:yes"]


def test_compare_has_a_line_for_each_question_and_its_difference_from_the_first(run):
    said = run("compare", "asia", "lung", *SIDES)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[:2] == ["A: do smoke:yes", "B: Never smoked (do smoke:no)"]
    [yes] = [line for line in lines if line.startswith("  yes")]
    below = lines[lines.index(yes) + 1]
    assert "points" not in yes
    assert re.search(r"^ +B  0\.0\d+  .* -\d+\.\d points \(-\d+\.\d to -\d+\.\d\)$", below)
    assert "B: dysp is read as seen after smoke was set" in lines


def test_compare_in_json_and_as_a_table_is_the_http_answer(run, client):
    address = "target=lung&given=dysp:yes&side=do%3Dsmoke:yes&side=do%3Dsmoke:no%26name%3DNever%20smoked"
    for form in ("json", "csv"):
        expected = client.get(f"/v1/models/asia/compare.{form}?{address}").text
        assert run("compare", "asia", "lung", *SIDES, f"--{form}").out.replace("\r\n", "\n") == expected.replace(
            "\r\n", "\n"
        )


def test_compare_without_a_side_is_of_scenarios(run):
    said = run("compare", "asia", "tub").out
    assert said.startswith("A: no scenario\nB: back_from_asia\n")


def test_what_is_done_leads_in_ask_and_in_explain(run):
    said = run("ask", "asia", "lung", "--do", "smoke:no", "--given", "xray:yes").out
    assert re.search(r"^  yes  -\d+\.\d points \(-\d+\.\d to -\d+\.\d\)  0\.\d+", said.splitlines()[1])
    assert "xray is read as seen after smoke was set" in said
    explained = run("explain", "asia", "lung", "yes", "--do", "smoke:no", "--do", "bronc:no", "--given", "xray:yes").out
    assert "do(smoke=no) and do(bronc=no) moved it from" in explained
    assert "do(bronc=no)  no effect" in explained


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rare")
    shutil.copytree(ROOT / "tests" / "data" / "rare", folder / "rare")
    return folder


def test_a_ranking_says_what_a_setting_replaces_what_is_left_out_and_what_lies_outside(run, rare):
    out = run("policies", "rare", "breach", "yes", "--cohort", "guarded", "--priors", rare).out
    assert "set in place of what cohort or scenario says\n  guard  guard=high of cohort guarded\n" in out
    assert "numbers lie outside their ranges: p under do(" in out
    out = run("policies", "rare", "breach", "yes", "--given", "guard:high", "--priors", rare).out
    assert "left out\n  guard  the question itself says guard=high\n" in out


def test_a_goal_says_what_its_sets_replace_and_what_is_left_out(run, rare):
    out = run("goals", "rare", "breach", "yes", "--above", "0.9", "--cohort", "guarded", "--priors", rare).out
    assert "set in place of what cohort or scenario says\n  guard=high of cohort guarded\n" in out
    out = run("goals", "rare", "breach", "yes", "--above", "0.9", "--given", "guard:high", "--priors", rare).out
    assert "left out\n  guard  the question itself says guard=high\n" in out


def test_an_explanation_and_a_brief_say_what_the_scenario_does(run, rare):
    out = " ".join(run("explain", "rare", "breach", "yes", "--scenario", "shut", "--priors", rare).out.split())
    assert "set by shut: do(fence=closed) do(fence=closed) moved it from " in out
    own = " ".join(run("explain", "rare", "breach", "yes", "--do", "fence:closed", "--priors", rare).out.split())
    [moved] = re.findall(r"do\(fence=closed\) moved it from [0-9.]+ to [0-9.]+", own)
    assert moved in out
    out = " ".join(run("brief", "rare", "breach", "yes", "--scenario", "shut", "--priors", rare).out.split())
    assert re.search(
        r"REASONS What the scenario does \(The fence: closed\) puts the event \d+\.\d points (higher|lower)", out
    )


def test_a_goal_that_nothing_reaches_says_the_nearest_and_by_what(run, rare):
    out = run("goals", "rare", "breach", "yes", "--above", "0.5", "--priors", rare).out
    assert "the nearest to it: 0.0200, 0.4800 short, by do guard=low, do fence=open\n" in out
    levers = ("--do", "guard:low", "--do", "fence:open")
    out = run("goals", "rare", "breach", "yes", "--above", "0.5", *levers, "--priors", rare).out
    assert "the nearest to it: 0.0200, 0.4800 short, by no change at all\n" in out


def test_a_collection_plan_says_its_units(run):
    out = run("plan", "asia", "lung", "yes").out
    assert "value, in all: expected drop of the Brier score" in out
    assert "cost: in units that only" in " ".join(out.split())


def test_a_joint_is_shown_with_its_ranges(run, rare, capsys):
    out = run("ask", "asia", "--joint", "lung,tub", "--given", "xray:yes").out
    assert "lung, tub  together: Lung cancer; Tuberculosis\n" in out
    assert re.search(r"\n  yes  no   0\.4836  0\.\d\d to 0\.\d\d  ", out)
    assert out.index("lung  Lung cancer") < out.index("tub  Tuberculosis") < out.index("lung, tub  together")
    plain = run("ask", "asia", "smoke", "--joint", "lung,tub", "--no-interval").out
    assert "tub  Tuberculosis\n" not in plain.replace("; Tuberculosis\n", "")
    assert re.search(r"\n  no   no   0\.9352  [^0-9 ]", plain)
    assert "pathway" not in plain
    outside = run("ask", "rare", "--joint", "breach,guard", "--priors", rare).out
    assert "1 number lies outside its range: breach,guard=yes,high (0.0005, not" in " ".join(outside.split())


def test_a_joint_of_what_there_is_not_is_refused(run):
    ended = run("ask", "asia", "--joint", "lung,lungs")
    assert (ended.code, "lungs" in ended.err) == (1, True)
    assert run("ask", "asia").code == 2


def test_the_most_probable_states_are_shown_and_a_tie_is_said(run, client):
    said = run("ask", "asia", "lung", "--most-probable", "--given", "xray:yes").out
    assert "most probable together  0.2351\n" in said
    assert "\n  smoke   yes\n" in said
    tied = run("ask", "asia", "smoke", "--most-probable", "--do", "asia:no", "--do", "tub:no", "--do", "lung:no").out
    found = client.get("/v1/models/asia/query?target=smoke&most_probable=true&do=asia:no&do=tub:no&do=lung:no").json
    assert ("and other states are as probable" in tied) == found["most_probable"]["tie"]


def test_ask_gives_the_table_of_http(run, client):
    for asked, address in (
        ([], "forecast/lung.csv?"),
        (["--most-probable"], "query.csv?target=lung&most_probable=true&"),
    ):
        said = run("ask", "asia", "lung", "--given", "xray:yes", *asked, "--csv").out
        assert said.splitlines() == client.get(f"/v1/models/asia/{address}given=xray:yes").text.splitlines()


# What a shift is held against, and what a page is about


def test_a_shift_under_a_cohort_says_what_it_is_held_against_and_how_to_tell_the_cohort_apart(run):
    out = run("ask", "asia", "dysp", "--cohort", "a_smoker", "--scenario", "back_from_asia").out
    assert "marks the answer without evidence and without the cohort a_smoker" in " ".join(out.split())
    command = "aftermath compare asia dysp --cohort a_smoker --scenario back_from_asia"
    assert f"\n  {command}\n" in out
    assert run(*command.split()[1:]).code == 0


def test_the_command_that_tells_a_cohort_apart_holds_the_question_against_the_cohort_alone(run):
    asked = ["--cohort", "a_smoker", "--given", "xray:like(yes=4,no=1)", "--given", "dysp:yes"]
    out = run("ask", "asia", "lung", *asked).out
    [command] = (line.strip() for line in out.splitlines() if line.startswith("  aftermath compare "))
    with_all, alone = (json.loads(run("ask", "asia", "lung", *more, "--json").out) for more in (asked, asked[:2]))
    compared = json.loads(run(*shlex.split(command)[1:], "--json").out)
    first, second = compared["targets"][0]["states"][0]["sides"]
    assert first["p"] == alone["distribution"][0]["p"]
    assert second["p"] == with_all["distribution"][0]["p"]


def test_a_cohort_alone_needs_no_comparison(run):
    assert "aftermath compare" not in run("ask", "asia", "lung", "--cohort", "a_smoker").out
    assert "aftermath compare" not in run("ask", "asia", "lung", "--scenario", "back_from_asia").out


def test_a_brief_of_a_cohort_says_so_of_its_baseline_and_has_the_command(run, client):
    asked = ["--cohort", "a_smoker", "--given", "xray:yes"]
    page = run("brief", "asia", "lung", "yes", *asked).out
    assert "and of no cohort, it is very unlikely" in " ".join(page.split())
    assert "The cohort and the conditions together put it" in " ".join(page.split())
    command = "aftermath compare asia lung --side cohort=a_smoker --side 'given=xray:yes&cohort=a_smoker'"
    assert f"\n{command}\n" in page
    over_http = client.get("/v1/models/asia/brief.md?target=lung&state=yes&given=xray:yes&cohort=a_smoker").text
    assert f"`{command}`" in over_http


@pytest.mark.parametrize(
    "command",
    [
        ["ask", "asia", "lung"],
        ["explain", "asia", "lung", "yes"],
        ["attribution", "asia", "lung", "yes"],
        ["sensitivity", "asia", "lung", "yes"],
        ["plan", "asia", "lung", "yes"],
        ["goals", "asia", "dysp", "yes", "--below", "0.4"],
        ["policies", "asia", "dysp", "yes"],
        ["cause-effect", "asia", "bronc", "dysp", "yes"],
    ],
    ids=lambda command: command[0],
)
def test_every_page_says_what_a_report_rules_out(run, command):
    said = "xray reported (yes=4) rules out no, which it does not name"
    assert said in run(*command, "--given", "xray:like(yes=4)").out
    assert "rules out" not in run(*command, "--given", "xray:like(yes=4,no=1)").out


@pytest.mark.parametrize(
    "command",
    [
        ["attribution", "asia", "lung", "yes"],
        ["sensitivity", "asia", "lung", "yes"],
        ["plan", "asia", "lung", "yes"],
        ["goals", "asia", "dysp", "yes", "--below", "0.4"],
        ["policies", "asia", "dysp", "yes"],
        ["cause-effect", "asia", "bronc", "dysp", "yes"],
    ],
    ids=lambda command: command[0],
)
def test_every_page_of_an_event_names_its_scenario_and_its_cohort(run, command):
    lines = run(*command, "--scenario", "back_from_asia", "--cohort", "a_smoker").out.splitlines()
    assert "under back_from_asia" in lines
    assert "for the cohort a_smoker" in lines


def test_a_brief_says_what_a_report_rules_out(run):
    page = " ".join(run("brief", "asia", "lung", "yes", "--given", "xray:like(yes=4)").out.split())
    assert "Known: Positive X-ray: a report, its likelihood yes 4, which rules out no." in page


def test_attribution_says_what_its_columns_hold(run):
    page = " ".join(run("attribution", "asia", "lung", "yes", "--given", "xray:yes").out.split())
    assert "without it: the probability when what cites this source alone says nothing;" in page
    assert "without all that cite it: when everything that cites it says nothing" in page


def test_what_is_over_the_budget_says_what_is_left_of_it(run):
    out = run("plan", "asia", "lung", "yes", "--given", "dysp:yes", "--budget", "11", "--steps", "8").out
    assert "asia  it costs 1, and nothing is left of the budget after the steps before" in out
    out = run("plan", "asia", "lung", "yes", "--given", "dysp:yes", "--budget", "3", "--steps", "8").out
    assert "xray  it costs 10, and only " in out


def test_no_value_of_a_plan_is_shown_as_nothing_that_is_something(run):
    page = run("plan", "asia", "lung", "yes", "--given", "dysp:yes")
    body = json.loads(run("plan", "asia", "lung", "yes", "--given", "dysp:yes", "--json").out)
    assert min(step["value"] for step in body["steps"]) < 5e-5
    assert "0.0000" not in page.out


# Where an error lies, as an option


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["ask", "asia", "lung", "nope"], "TARGET: "),
        (["ask", "asia", "lung", "--given", "xray"], "--given 1: "),
        (["ask", "asia", "lung", "--given", "tub:yes", "--given", "nope:yes"], "--given nope: "),
        (["ask", "asia", "lung", "--do", "smoke:maybe"], "--do smoke: "),
        (["ask", "asia", "lung", "--scenario", "nope"], "--scenario: "),
        (["ask", "asia", "lung", "--cohort", "nope"], "--cohort: "),
        (["ask", "asia", "--event", "nope:yes"], "--event"),
        (["ask", "asia", "lung", "--joint", "lung,nope"], "--joint 1: "),
        (["ask", "asia", "lung", "--given", "either:no", "--given", "lung:yes"], "--given: "),
        (["explain", "asia", "lung", "nope"], "STATE: "),
        (["explain", "asia", "nope"], "TARGET: "),
        (["goals", "asia", "lung"], "--below: "),
        (["cause-effect", "asia", "nope", "dysp"], "CAUSE: "),
        (["cause-effect", "asia", "bronc", "nope"], "EFFECT: "),
        (["compare", "asia", "lung", "--scenario", "nope"], "--scenario 1: "),
        (["compare", "asia", "lung", "--side", "do=smoke:no"], "--side: "),
        (["compare", "asia", "lung", "--side", "do=smoke:no", "--side", "given=nope:yes"], "--side 2, given nope: "),
        (["compare", "asia", "lung", "--side", "do=smoke:no", "--side", "when=nope"], "--side 2, when: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_an_error_names_the_option_or_the_argument_that_it_lies_in(run, arguments, place):
    ran = run(*arguments)
    assert ran.code == 1
    assert ran.err.startswith(place), ran.err
