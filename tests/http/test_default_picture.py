"""The default picture over HTTP: laid in where no scenario is named, named in every address."""

import pytest

from service import create_app
from service.settings import Settings
from tests.prior_copies import DATA, copied, edited

ARMY = "/v1/models/levels"
PICTURE = "scenario=the_fort_holds"
SCENARIOS = "scenarios:\n"
ANOTHER = "scenarios:\n  the_fort_falls: {label: It falls, given: {war: lost}, sources: [muster]}\n"
ASKED = [
    "forecast/fate?fields=all&",
    "marginals?fields=all&",
    "query?target=fate&target=stock&",
    "query?event=any(fate:leaves,stock:few)&",
    "explanation?target=fate&state=stays&",
    "attribution?target=fate&state=stays&",
    "sensitivity?target=fate&state=stays&",
    "collection-plan?target=fate&",
    "goals?target=fate&state=stays&above=0.1&using=both&",
    "policies?target=fate&state=stays&",
    "cause-effect?effect=fate&state=stays&cause=home&",
    "brief?target=fate&state=stays&",
]


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """An army whose fort holds unless another picture is named."""
    folder = tmp_path_factory.mktemp("pictured")
    made = edited(DATA / "levels", folder, "model.yaml", ("headline:", "default_scenario: the_fort_holds\nheadline:"))
    scenarios = made / "scenarios.yaml"
    scenarios.write_text(scenarios.read_text().replace(SCENARIOS, ANOTHER, 1))
    return create_app(Settings(folder)).test_client()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The same army without a default picture."""
    folder = tmp_path_factory.mktemp("plain")
    copied(DATA / "levels", folder)
    return create_app(Settings(folder)).test_client()


def staying(client, asked=""):
    answer = client.get(f"{ARMY}/forecast/fate?fields=all&{asked}")
    assert answer.status_code == 200, answer.text
    return answer.json["distribution"][0]


@pytest.mark.parametrize("asked", ASKED)
def test_named_it_is_the_same_as_unsaid(pictured, asked):
    silent, named = pictured.get(f"{ARMY}/{asked}"), pictured.get(f"{ARMY}/{asked}{PICTURE}")
    assert silent.status_code == 200
    assert (named.data, named.headers["ETag"]) == (silent.data, silent.headers["ETag"])
    again = pictured.get(f"{ARMY}/{asked}", headers={"If-None-Match": named.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("said", "name"),
    [("", "the_fort_holds"), ("scenario=none", "none"), ("scenario=the_fort_falls", "the_fort_falls")],
)
@pytest.mark.parametrize("asked", ASKED)
def test_every_address_of_an_answer_names_its_picture(pictured, asked, said, name):
    answer = pictured.get(f"{ARMY}/{asked}{said}")
    assert answer.status_code == 200
    assert answer.json["asked"]["scenario"] == name
    for link in (answer.json["permalink"], *answer.json["links"].values()):
        assert f"scenario={name}" in link
        assert pictured.get(link).status_code == 200
    again = pictured.get(answer.json["permalink"] + "&fields=all" * ("fields=all" in asked))
    assert again.data == answer.data


@pytest.mark.parametrize("asked", ASKED)
def test_without_a_default_none_is_as_no_scenario(plain, asked):
    silent, none = plain.get(f"{ARMY}/{asked}"), plain.get(f"{ARMY}/{asked}scenario=none")
    assert silent.status_code == 200
    assert (none.data, none.headers["ETag"]) == (silent.data, silent.headers["ETag"])
    assert none.json["asked"]["scenario"] is None
    assert "scenario" not in none.json["permalink"]


def test_the_baseline_is_the_picture_with_nothing_else_said(pictured):
    silent, without, other = (
        staying(pictured),
        staying(pictured, "scenario=none"),
        staying(pictured, "scenario=the_fort_falls"),
    )
    assert silent["p"] == pytest.approx(0.7)
    assert (silent["baseline"], silent["shift"]) == (silent["p"], 0)
    assert (without["p"], without["baseline"]) == (pytest.approx(0.4), silent["p"])
    assert (other["p"], other["baseline"]) == (pytest.approx(0.2), silent["p"])


def test_a_named_scenario_replaces_it_and_is_not_laid_over_it(pictured, plain):
    replaced = pictured.get(f"{ARMY}/query?target=stock&scenario=the_fort_falls").json
    assert (replaced["given"], replaced["replaced"]) == ({"war": "lost"}, [])
    without = pictured.get(f"{ARMY}/query?target=stock&scenario=none&interval=none").json
    bare = plain.get(f"{ARMY}/query?target=stock&interval=none").json
    assert [row["p"] for row in without["targets"][0]["distribution"]] == [
        row["p"] for row in bare["targets"][0]["distribution"]
    ]


def test_what_the_question_says_wins(pictured):
    answer = pictured.get(f"{ARMY}/forecast/fate?fields=all&given=war:lost").json
    assert answer["given"] == {"war": "lost"}
    assert answer["replaced"] == ["war=held of scenario the_fort_holds"]
    assert answer["distribution"][0]["p"] == pytest.approx(0.2)


def test_a_body_and_a_batch_take_it_too(pictured):
    sent = pictured.post(f"{ARMY}/query", json={"targets": ["fate"]})
    assert sent.json["asked"]["scenario"] == "the_fort_holds"
    assert sent.data == pictured.get(f"{ARMY}/query?target=fate&{PICTURE}").data
    cases = [
        {},
        {"scenario": "the_fort_holds"},
        {"scenario": "none"},
        {"scenario": "the_fort_falls"},
        {"scenario": "?"},
    ]
    found = pictured.post(f"{ARMY}/batch", json={"targets": ["fate"], "cases": cases}).json
    p = [case["targets"][0]["distribution"][0]["p"] for case in found["cases"][:4]]
    assert p == pytest.approx([0.7, 0.7, 0.4, 0.2])
    assert found["cases"][4]["error"]["code"] == "unknown_scenario"
    assert found["baseline"][0]["distribution"][0]["p"] == pytest.approx(0.7)
    table = "id,scenario\r\na,\r\nb,none\r\n"
    rows = pictured.post(f"{ARMY}/batch?target=fate", data=table, content_type="text/csv").json["cases"]
    assert [row["targets"][0]["distribution"][0]["p"] for row in rows] == pytest.approx([0.7, 0.4])


def test_a_comparison_is_against_it(pictured):
    found = pictured.get(f"{ARMY}/compare?target=fate&scenario=the_fort_falls&scenario=none&{PICTURE}").json
    assert found["baseline"]["given"] == {"war": "held"}
    [stays, _] = found["targets"][0]["states"]
    assert stays["baseline"] == pytest.approx(0.7)
    assert [cell["scenario"] for cell in stays["scenarios"]] == ["the_fort_falls", "none", "the_fort_holds"]
    assert [cell["difference"] for cell in stays["scenarios"]] == pytest.approx([-0.5, -0.3, 0])
    assert pictured.get(found["permalink"]).json == found


def test_every_variable_is_shown_as_the_picture_has_it(pictured):
    p = pictured.get(f"{ARMY}/marginals?fields=all").json["targets"]
    assert p[0]["distribution"][1]["p"] == pytest.approx(1)
    assert p[0]["distribution"][1]["baseline"] == pytest.approx(1)


@pytest.mark.parametrize("asked", ["scenario=nobody", "scenario=None", "scenario=the_fort_hold"])
def test_another_name_is_refused(pictured, refused, asked):
    problem = refused(pictured.get(f"{ARMY}/forecast/fate?{asked}"), 422, "unknown_scenario")
    assert problem["pointer"] == "/scenario"
    assert problem["allowed"] == ["the_fort_falls", "the_fort_holds", "none"]


def test_where_there_is_no_picture_none_is_not_offered(plain, refused):
    problem = refused(plain.get(f"{ARMY}/forecast/fate?scenario=nobody"), 422, "unknown_scenario")
    assert problem["allowed"] == ["the_fort_holds"]
