"""Numbers of measured scales over HTTP: said in every way of asking, read as states, refused off the cut points."""

import csv
import io
import shutil

import pytest

from service import create_app
from service.settings import Settings
from tests.prior_copies import DATA, edited

ARMY = "/v1/models/levels"
FORT = "/v1/models/fort"
STATES = "    states: [few, some, many]\n"
LABELLED = "    states: {few: Hardly any, some: Some, many: A full army}\n"
DEFINITION = "    definition: Under 450, under 900, or more.\n"
SERIES = "series: the quartermaster's muster of each month"
SAID = {
    "over(450)": ({"over": 450}, {"in": ["some", "many"]}),
    "over(900)": ({"over": 900}, "many"),
    "under(900)": ({"under": 900}, {"in": ["few", "some"]}),
    "under(450)": ({"under": 450.0}, "few"),
    "between(450,900)": ({"between": [450, 900]}, "some"),
    "between(0,900)": ({"between": [0, 900]}, {"in": ["few", "some"]}),
    "over( 4.5e2 )": ({"over": 450}, {"in": ["some", "many"]}),
    "over(+450.0)": ({"over": 450}, {"in": ["some", "many"]}),
}
OFF = {
    "over(500)": ({"over": 500}, "not_a_cut_point", "500 soldiers is not a cut point; the cut points are 450, 900"),
    "under(449.999)": ({"under": 449.999}, "not_a_cut_point", "449.999"),
    "between(450,901)": ({"between": [450, 901]}, "not_a_cut_point", "901"),
    "over(-1e300)": ({"over": -1e300}, "not_a_cut_point", "not a cut point"),
    "between(900,450)": ({"between": [900, 450]}, "bad_question", "nothing lies from 900 up to 450"),
    "between(450,450)": ({"between": [450, 450]}, "bad_question", "nothing lies"),
}
MALFORMED = [
    "over()",
    "over(x)",
    "over(450,900)",
    "over(1e999)",
    "over(nan)",
    "over(450",
    "between(450)",
    "under(4_50)",
]


@pytest.fixture(scope="module")
def army(tmp_path_factory):
    """An army whose stock has an open end, and one whose stock has both."""
    folder = tmp_path_factory.mktemp("armies")
    (folder / "armies").mkdir()
    for name, last in (("levels", "null"), ("fort", "1000")):
        scale = f"    scale: {{unit: soldiers, bounds: [0, 450, 900, {last}], {SERIES}}}\n"
        made = edited(DATA / "levels", folder / "made", "variables.yaml", (STATES, LABELLED + scale))
        checks = made / "checks.yaml"
        checks.write_text("".join(line for line in checks.read_text().splitlines(True) if "bounds:" not in line))
        shutil.move(made, folder / "armies" / name)
    return create_app(Settings(folder / "armies")).test_client()


def asked(client, said, **also):
    return client.get(f"{ARMY}/forecast/war.json", query_string={"given": f"stock:{said}", "fields": "all", **also})


@pytest.mark.parametrize("said", SAID)
def test_a_number_is_read_as_the_states_it_names(army, said):
    _, states = SAID[said]
    answer = asked(army, said)
    assert answer.status_code == 200
    assert answer.json["asked"]["given"] == answer.json["given"] == {"stock": states}
    text = states if isinstance(states, str) else f"in({','.join(states['in'])})"
    by_states = asked(army, text)
    assert (by_states.data, by_states.headers["ETag"]) == (answer.data, answer.headers["ETag"])


@pytest.mark.parametrize("said", SAID)
def test_the_permalink_and_the_links_give_the_same_answer(army, said):
    links = asked(army, said).json["links"]
    answer = asked(army, said, fields="target,distribution,links,permalink")
    assert army.get(f"{answer.json['permalink']}&fields=target,distribution,links,permalink").data == answer.data
    answer = army.get(links["json"])
    assert army.get(answer.json["permalink"]).data == answer.data
    table = army.get(links["csv"])
    assert table.data == army.get(f"{ARMY}/forecast/war.csv", query_string={"given": f"stock:{said}"}).data
    again = army.get(answer.json["permalink"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("said", SAID)
def test_a_body_says_the_same_number(army, said):
    body, _ = SAID[said]
    sent = army.post(f"{ARMY}/query", json={"targets": ["war"], "given": {"stock": body}})
    got = army.get(f"{ARMY}/query", query_string={"target": "war", "given": f"stock:{said}"})
    assert sent.status_code == 200
    assert sent.data == got.data == army.get(sent.json["permalink"]).data
    compared = {"targets": ["war"], "given": {"stock": body}}
    address = {"query_string": {"target": "war", "given": f"stock:{said}"}}
    assert army.post(f"{ARMY}/compare", json=compared).data == army.get(f"{ARMY}/compare", **address).data


@pytest.mark.parametrize("said", SAID)
def test_a_batch_says_the_same_number_in_json_and_csv(army, said):
    body, _ = SAID[said]
    single = asked(army, said).json
    expected = [row["p"] for row in single["distribution"]]
    [case] = army.post(f"{ARMY}/batch", json={"targets": ["war"], "cases": [{"given": {"stock": body}}]}).json["cases"]
    assert [row["p"] for row in case["targets"][0]["distribution"]] == pytest.approx(expected, abs=1e-12)
    table = f'stock\r\n"{said}"\r\n'
    sent = army.post(f"{ARMY}/batch.csv?target=war", data=table, content_type="text/csv")
    rows = list(csv.DictReader(io.StringIO(sent.text, newline="")))
    assert [float(row["p"]) for row in rows] == pytest.approx(expected, abs=1e-12)
    assert [row["error"] for row in rows] == ["", ""]


def test_a_number_that_names_one_state_may_be_done(army):
    sent = army.post(f"{ARMY}/query", json={"targets": ["war"], "do": {"stock": {"over": 900}}})
    got = army.get(f"{ARMY}/query?target=war&do=stock:over(900)")
    by_state = army.get(f"{ARMY}/query?target=war&do=stock:many")
    assert sent.json["do"] == {"stock": "many"}
    assert sent.data == got.data == by_state.data
    table = "do.stock\r\nover(900)\r\n"
    assert army.post(f"{ARMY}/batch", data=table, content_type="text/csv").json["answered"] == 1


def test_a_number_that_names_several_states_cannot_be_done(army, refused):
    for sent in (
        army.get(f"{ARMY}/forecast/war?do=stock:over(450)"),
        army.post(f"{ARMY}/query", json={"do": {"stock": {"over": 450}}}),
    ):
        problem = refused(sent, 422, "bad_question")
        assert problem["pointer"] == "/do/stock"
        assert "some, many" in problem["detail"]
        assert "chances(...)" in problem["detail"]


@pytest.mark.parametrize("said", OFF)
def test_a_number_that_is_no_cut_point_is_refused_with_those_that_are(army, refused, said):
    body, code, detail = OFF[said]
    for sent in (asked(army, said), army.post(f"{ARMY}/query", json={"given": {"stock": body}})):
        problem = refused(sent, 422, code)
        assert problem["pointer"] == "/given/stock"
        assert detail in problem["detail"]
        assert problem["allowed"] == (["450", "900"] if code == "not_a_cut_point" else [])
    refused(army.get(f"{ARMY}/explanation", query_string={"target": "war", "given": f"stock:{said}"}), 422, code)


def test_a_batch_refuses_the_case_off_the_cut_points_alone(army):
    cases = [{"given": {"stock": {"over": 500}}}, {"given": {"stock": {"over": 450}}}]
    found = army.post(f"{ARMY}/batch", json={"targets": ["war"], "cases": cases}).json
    assert [case["error"] and case["error"]["code"] for case in found["cases"]] == ["not_a_cut_point", None]
    assert found["cases"][0]["error"]["allowed"] == ["450", "900"]
    sent = army.post(f"{ARMY}/batch.csv?target=war", data="stock\r\nover(500)\r\nmany\r\n", content_type="text/csv")
    errors = [row["error"] for row in csv.DictReader(io.StringIO(sent.text, newline=""))]
    assert errors[0].startswith("not_a_cut_point: /given/stock: 500 soldiers is not a cut point")
    assert errors[1:] == ["", ""]


@pytest.mark.parametrize("said", MALFORMED)
def test_a_number_that_is_none_is_refused_with_an_example(army, refused, said):
    assert refused(asked(army, said), 422, "bad_question")["pointer"] == "/given/0"
    refused(army.get(f"{ARMY}/forecast/war", query_string={"do": f"stock:{said}"}), 422, "bad_question")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"over": "450"}, "bad_field", "/given/stock/over"),
        ({"over": True}, "bad_field", "/given/stock/over"),
        ({"between": [450]}, "bad_field", "/given/stock/between"),
        ({"between": [450, 900, 1000]}, "bad_field", "/given/stock/between"),
        ({"between": [450, None]}, "bad_field", "/given/stock/between/1"),
        ({"over": 450, "under": 900}, "unknown_field", "/given/stock/under"),
        ({"above": 450}, "bad_field", "/given/stock"),
    ],
)
def test_a_number_of_the_wrong_shape_is_refused(army, refused, body, code, pointer):
    problem = refused(army.post(f"{ARMY}/query", json={"given": {"stock": body}}), 422, code)
    assert problem["pointer"] == pointer


def test_what_is_not_measured_takes_no_number(army, refused):
    problem = refused(army.get(f"{ARMY}/forecast/stock?given=war:over(1)"), 422, "no_scale")
    assert (problem["pointer"], problem["allowed"]) == ("/given/war", ["lost", "held"])


def test_states_have_their_labels_and_bounds(army):
    rows = army.get(f"{ARMY}/forecast/stock?fields=all").json["distribution"]
    assert [row["label"] for row in rows] == ["Hardly any", "Some", "A full army"]
    assert [row["bounds"] for row in rows] == [[0, 450], [450, 900], [900, None]]
    plain = army.get(f"{ARMY}/forecast/war?fields=all").json["distribution"]
    assert all("label" not in row and "bounds" not in row for row in plain)


def test_a_table_has_them_as_columns(army):
    sent = army.get(f"{ARMY}/query.csv?target=war&target=stock")
    rows = list(csv.DictReader(io.StringIO(sent.text, newline="")))
    assert sent.text.partition("\r\n")[0].endswith(
        ",revision,label,at_least,below,outside,effect_outside,shift_outside"
    )
    assert [(row["label"], row["at_least"], row["below"]) for row in rows] == [
        ("", "", ""),
        ("", "", ""),
        ("Hardly any", "0.0", "450.0"),
        ("Some", "450.0", "900.0"),
        ("A full army", "900.0", ""),
    ]


def test_a_number_has_a_mean_and_quantiles_where_both_ends_are_stated(army):
    assert army.get(f"{ARMY}/forecast/stock?fields=all").json["numbers"] == {}
    answer = army.get(f"{FORT}/forecast/stock?fields=all").json
    p = [row["p"] for row in answer["distribution"]]
    [(name, number)] = answer["numbers"].items()
    assert (name, number["unit"]) == ("stock", "soldiers")
    assert number["mean"] == pytest.approx(p[0] * 225 + p[1] * 675 + p[2] * 950)
    shares, found = zip(*(each.values() for each in number["quantiles"]), strict=True)
    assert shares == (0.05, 0.5, 0.95)
    assert found == pytest.approx([450 * 0.05 / p[0], 450 + 450 * (0.5 - p[0]) / p[1], 1000 - 100 * 0.05 / p[2]])


def test_what_is_known_moves_the_number(army):
    answer = army.get(f"{FORT}/forecast/stock?fields=all&given=stock:under(450)").json
    assert answer["numbers"]["stock"]["mean"] == pytest.approx(225)
    both = army.get(f"{FORT}/query?target=war&target=stock&given=war:held").json
    assert list(both["numbers"]) == ["stock"]


def test_an_event_of_a_number_has_no_number_of_its_own(army):
    assert army.get(f"{FORT}/query?event=stock:over(450)").json["numbers"] == {}


def test_a_variable_shows_its_scale(army):
    scale = army.get(f"{ARMY}/variables/stock").json["scale"]
    assert scale == {"unit": "soldiers", "bounds": [0, 450, 900, None], "series": SERIES.removeprefix("series: ")}
    assert army.get(f"{ARMY}/variables/war").json["scale"] is None


def test_numbers_are_documented(army):
    document = army.get("/openapi.json").json
    schemas = document["components"]["schemas"]
    assert {"Over", "Under", "Between"} <= set(schemas)
    given = [
        each
        for each in document["paths"]["/v1/models/{model}/forecast/{target}"]["get"]["parameters"]
        if each["name"] == "given"
    ]
    assert "over(5000)" in given[0]["description"]
