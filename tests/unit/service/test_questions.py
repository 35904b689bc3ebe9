"""Between JSON and the model: canonical questions, addresses, bytes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from model import priors
from model.errors import SeveralErrors, UnknownState
from model.evidence import Assumed, Observed, OneOf, Reported, RuledOut, SetChances, SetTo
from model.forecast import answer, prepare
from model.question import Question, resolve
from service.http import csv_tables
from service.http.address import Address, model_path
from service.http.json_encoding import encoded, rounded
from service.schemas.answers import QueryAnswer, TargetDistribution
from service.translate import forecasts, questions

FORECASTER = prepare(priors.load(Path(__file__).resolve().parents[3] / "priors" / "asia"))
MODEL = FORECASTER.model


def test_a_question_is_put_in_the_order_of_the_file():
    asked = Question(
        ("lung",),
        {"dysp": RuledOut(("no",)), "asia": Reported({"no": 1.0, "yes": 2.0})},
        {"xray": SetTo("yes"), "smoke": SetChances({"no": 0.5, "yes": 0.5})},
    )
    found = resolve(MODEL, asked).question
    assert list(found.findings) == ["asia", "dysp"]
    assert list(found.findings["asia"].likelihood) == ["yes", "no"]
    assert list(found.settings) == ["smoke", "xray"]
    assert list(found.settings["smoke"].probabilities) == ["yes", "no"]
    assert (dict(found.findings), dict(found.settings)) == (dict(asked.findings), dict(asked.settings))


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        (OneOf(("yes",)), Observed("yes")),
        (OneOf(("yes", "yes")), Observed("yes")),
        (OneOf(("no", "yes")), OneOf(("yes", "no"))),
        (RuledOut(("no", "no")), RuledOut(("no",))),
        (Assumed({"yes": 1.0}), Assumed({"yes": 1.0})),
    ],
)
def test_two_ways_of_saying_one_thing_become_one(said, plain):
    assert resolve(MODEL, Question(findings={"xray": said})).question.findings == {"xray": plain}


def test_all_chances_on_one_state_set_that_state():
    assert resolve(MODEL, Question(settings={"xray": SetChances({"no": 1.0})})).question.settings == {
        "xray": SetTo("no")
    }


def test_every_unknown_name_is_told_and_one_alone_is_itself():
    with pytest.raises(SeveralErrors) as raised:
        resolve(MODEL, Question(("lungs",), {"xray": Observed("ye")}, {"x": SetTo("yes")}, cohort="c"))
    assert [error.where for error in raised.value.errors] == [
        ("targets", 0),
        ("given", "xray"),
        ("do", "x"),
        ("cohort",),
    ]
    with pytest.raises(UnknownState):
        resolve(MODEL, Question(("lung",), {"xray": Observed("ye")}))


def test_an_address_is_safe_whatever_the_names_hold():
    address = Address(model_path("a b", "x/y"), (("given", 'x:in("a&b=c#d%",é)'), ("scenario", "a+b")))
    url = address.url("json")
    assert url == "/v1/models/a%20b/x%2Fy.json?given=x:in(%22a%26b=c%23d%25%22,%C3%A9)&scenario=a%2Bb"
    assert url.isascii()


def test_an_answer_with_intervals_holds_them_and_says_what_they_mean():
    question = resolve(MODEL, Question(("lung",), {"xray": Observed("yes")}, interval=0.8)).question
    found = answer(FORECASTER, question)
    body = json.loads(forecasts.answer_body(MODEL, found))
    ends = found.targets.intervals
    assert [row["lo"] for row in body["distribution"]] == list(map(rounded, ends.low.tolist()))
    assert [row["shift_hi"] for row in body["distribution"]] == list(map(rounded, ends.shift_high.tolist()))
    assert all(row["lo"] < row["p"] < row["hi"] for row in body["distribution"])
    assert body["interval"]["mass"] == body["asked"]["interval"] == 0.8
    assert body["interval"]["covers"] == "parameter uncertainty"
    assert body["interval"]["omits"] == ["structure", "sampling of individuals"]
    assert body["permalink"].endswith("interval=0.8&revision=" + MODEL.revision)


def test_every_form_of_an_answer_stands_at_the_whole_of_its_question():
    address = questions.query_address(
        MODEL, Question(("lung",), joint=(("lung", "tub"),), most_probable=True, interval=0.9)
    )
    for form in ("json", "csv"):
        assert address.url(form).endswith(f"query.{form}?target=lung&joint=lung,tub&most_probable=true")


def test_one_function_gives_the_body_that_http_sends():
    single = answer(FORECASTER, resolve(MODEL, Question(("lung",), {"xray": Observed("yes")})))
    several = answer(FORECASTER, resolve(MODEL, Question(("lung", "tub"))))
    assert forecasts.answer_body(MODEL, single).startswith(b'{"model":"asia","revision":"r-')
    assert b'"distribution":[{"state":"yes","p":' in forecasts.answer_body(MODEL, single)
    assert b'"targets":[{"target":"lung"' in forecasts.answer_body(MODEL, several)


def test_the_body_holds_the_numbers_of_the_answer_to_the_last_digit():
    given = {"xray": Reported({"yes": 3.0, "no": 0.1}), "dysp": Observed("yes")}
    found = answer(FORECASTER, resolve(MODEL, Question((), given, {"smoke": SetTo("no")})))
    body = json.loads(forecasts.answer_body(MODEL, found))
    assert body["targets"] == [
        {
            "target": target.target,
            "label": MODEL.described[target.target].label,
            "distribution": [
                {"state": s.state, "p": rounded(s.p), "lo": None, "hi": None, "baseline": rounded(s.baseline)}
                | {"shift": rounded(s.shift), "shift_lo": None, "shift_hi": None, "without": rounded(s.without)}
                | {"effect": rounded(s.effect), "effect_lo": None, "effect_hi": None}
                for s in target.distribution
            ],
            "no_effect": list(target.no_effect),
            "sources": list(target.sources),
        }
        for target in found.targets
    ]
    assert [list(target) for target in body["targets"]] == [list(TargetDistribution.__struct_fields__)] * 8
    assert (*body, "alone") == QueryAnswer.__struct_fields__
    assert body["sources"] == to_builtins(forecasts.cited(MODEL, found.sources))
    alone = answer(FORECASTER, resolve(MODEL, Question(("lung",), given, {"smoke": SetTo("no")})))
    one = json.loads(forecasts.answer_body(MODEL, alone))
    assert one["distribution"] == body["targets"][list(MODEL.network.names).index("lung")]["distribution"]


def test_not_a_number_is_never_sent():
    with pytest.raises(ValueError, match="JSON compliant"):
        encoded({"p": float("nan")})


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.floats(allow_nan=False)
        ),
        max_size=5,
    )
)
def test_a_table_reads_back_and_no_cell_starts_a_formula(rows):
    text = csv_tables.csv_bytes(("id", "p"), [{"id": name, "p": p} for name, p in rows])
    found = [record for _, record in csv_tables.read(text)][1:]
    assert [float(p) for _, p in found] == [rounded(p) for _, p in rows]
    for (name, _), (cell, _) in zip(rows, found, strict=True):
        assert cell in (name, f"'{name}")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
