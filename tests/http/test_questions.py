"""Questions are answered with exact numbers, what they rest on, and what was asked."""

import pytest

FORECAST = "/v1/models/asia/forecast/lung"


def p(answer, state="yes"):
    [found] = [row["p"] for row in answer["distribution"] if row["state"] == state]
    return found


def test_a_forecast_has_the_distribution_the_evidence_and_the_sources(client):
    answer = client.get(f"{FORECAST}?fields=all&given=xray:yes").json
    assert [row["state"] for row in answer["distribution"]] == ["yes", "no"]
    assert p(answer) == pytest.approx(0.4887114013196477, abs=1e-12)
    first = answer["distribution"][0]
    assert first["baseline"] == pytest.approx(0.055, abs=1e-12)
    assert first["shift"] == pytest.approx(first["p"] - first["baseline"], abs=1e-15)
    assert answer["p_evidence"] == pytest.approx(0.11029004, abs=1e-12)
    assert 10 ** answer["log10_p_evidence"] == pytest.approx(answer["p_evidence"], rel=1e-12)
    assert answer["conflict_bits"] is None
    assert answer["given"] == {"xray": "yes"}
    assert answer["asked"]["targets"] == ["lung"]
    assert answer["model"] == "asia"
    assert answer["as_of"] == "1988-12-31"
    assert [source["status"] for source in answer["sources"]] == ["verified"]
    assert answer["sources"][0]["url"].startswith("https://doi.org/")


def test_an_intervention_is_not_an_observation(client):
    seen = p(client.get("/v1/models/asia/forecast/smoke?given=dysp:yes").json)
    done = p(client.get("/v1/models/asia/forecast/smoke?do=dysp:yes").json)
    assert seen == pytest.approx(0.6339968796061018, abs=1e-10)
    assert done == pytest.approx(0.5, abs=1e-12)


def test_every_verb_fits_in_an_address(client):
    given = "given=xray:not(no)&given=dysp:in(yes,no)&given=tub:like(yes=3,no=1)&given=bronc:assumed(yes=0.6,no=0.4)"
    answer = client.get(f"{FORECAST}?fields=all&{given}&do=smoke:chances(yes=0.2,no=0.8)").json
    assert answer["given"] == {
        "tub": {"likelihood": {"yes": 3.0, "no": 1.0}},
        "bronc": {"assumed": {"yes": 0.6, "no": 0.4}},
        "xray": {"not": ["no"]},
        "dysp": {"in": ["yes", "no"]},
    }
    assert answer["do"] == {"smoke": {"p": {"yes": 0.2, "no": 0.8}}}
    body = {"targets": ["lung"], "given": answer["given"], "do": answer["do"]}
    sent = client.post("/v1/models/asia/query", json=body).json
    assert sent["targets"][0]["distribution"] == answer["distribution"]


def test_a_scenario_and_a_cohort_are_laid_in_and_what_they_lose_is_named(client):
    answer = client.get(f"{FORECAST}?fields=all&given=dysp:no&scenario=back_from_asia&cohort=a_smoker").json
    assert answer["asked"]["given"] == {"dysp": "no"}
    assert answer["given"] == {"asia": "yes", "smoke": "yes", "dysp": "no"}
    assert answer["replaced"] == ["dysp=yes of scenario back_from_asia"]
    assert answer["conflict_bits"] is not None


def test_evidence_that_changes_nothing_is_named(client):
    answer = client.get("/v1/models/asia/forecast/tub?fields=all&given=smoke:yes").json
    assert answer["no_effect"] == ["smoke"]
    assert all(row["shift"] == pytest.approx(0, abs=1e-12) for row in answer["distribution"])


def test_marginals_are_of_every_variable_in_the_order_of_the_files(client):
    names = [each["name"] for each in client.get("/v1/models/asia/variables").json["variables"]]
    answer = client.get("/v1/models/asia/marginals?given=xray:yes").json
    assert [target["target"] for target in answer["targets"]] == names
    for target in answer["targets"]:
        alone = client.get(f"/v1/models/asia/forecast/{target['target']}?given=xray:yes").json
        assert [row["p"] for row in target["distribution"]] == pytest.approx(
            [row["p"] for row in alone["distribution"]], abs=1e-12
        )
        assert sum(row["p"] for row in target["distribution"]) == pytest.approx(1, abs=1e-12)


def test_a_joint_and_the_most_probable_states_come_on_request(client):
    body = {"targets": ["lung"], "joint": [["tub", "lung"]], "most_probable": True, "given": {"xray": "yes"}}
    answer = client.post("/v1/models/asia/query", json=body).json
    [joint] = answer["joint"]
    assert joint["variables"] == ["tub", "lung"]
    assert [row["states"] for row in joint["rows"]] == [["yes", "yes"], ["yes", "no"], ["no", "yes"], ["no", "no"]]
    lung = sum(row["p"] for row in joint["rows"] if row["states"][1] == "yes")
    assert lung == pytest.approx(answer["targets"][0]["distribution"][0]["p"], abs=1e-12)
    assert answer["most_probable"]["states"]["xray"] == "yes"
    assert 0 < answer["most_probable"]["p"] < 1


def test_a_state_that_looks_like_a_verb_is_asked_for_inside_one(client):
    plain = client.get("/v1/models/oddities/forecast/never?fields=all&given=odd:in(%22in(a)%22)").json
    assert plain["given"] == {"odd": "in(a)"}
    assert client.get(f"{plain['permalink']}&fields=all").json == plain
    several = client.get(
        "/v1/models/oddities/forecast/never?fields=all&given=odd:in(%22a,b%22,%22say%20%22%22x%22%22%22)"
    ).json
    assert several["given"] == {"odd": {"in": ["a,b", 'say "x"']}}
    assert client.get(f"{several['permalink']}&fields=all").json == several
    done = client.post("/v1/models/oddities/query", json={"do": {"odd": "chances(a=1)"}}).json
    assert done["do"] == {"odd": "chances(a=1)"}
    assert client.get(done["permalink"]).json == done


def test_a_comparison_has_every_scenario_against_the_same_evidence_without_one(client):
    answer = client.get("/v1/models/asia/compare?given=smoke:yes&target=tub&target=bronc").json
    assert [column["scenario"] for column in answer["scenarios"]] == ["back_from_asia"]
    assert answer["baseline"]["given"] == {"smoke": "yes"}
    for target in answer["targets"]:
        path = f"/v1/models/asia/forecast/{target['target']}?given=smoke:yes"
        before, after = client.get(path).json, client.get(f"{path}&scenario=back_from_asia").json
        for state in target["states"]:
            [cell] = state["scenarios"]
            assert state["baseline"] == pytest.approx(p(before, state["state"]), abs=1e-12)
            assert cell["p"] == pytest.approx(p(after, state["state"]), abs=1e-12)
            assert cell["difference"] == pytest.approx(cell["p"] - state["baseline"], abs=1e-12)


def test_a_scenario_that_the_evidence_rules_out_is_refused_in_its_column(client):
    answer = client.get("/v1/models/oddities/compare?target=odd&given=never:no").json
    plainly, other = answer["scenarios"]
    assert plainly["error"]["code"] == "impossible_evidence"
    assert plainly["error"]["conflict"] == ["never=no", "odd=plain"]
    assert other["error"] is None
    assert [cell["p"] for cell in answer["targets"][0]["states"][-1]["scenarios"]] == [None, 0.0]


def test_a_comparison_on_impossible_evidence_is_refused(client, refused):
    path = "/v1/models/asia/compare?given=tub:yes&given=either:no"
    refused(client.get(path), 422, "impossible_evidence")


def test_a_comparison_over_the_limit_is_refused_before_any_work(client, refused):
    body = {"targets": ["odd"] * 1000, "scenarios": ["plainly", "not_plainly"] * 50}
    answer = client.post("/v1/models/oddities/compare", json=body)
    assert answer.status_code == 200
    body = {"targets": ["odd"] * 1001}
    assert refused(client.post("/v1/models/oddities/compare", json=body), 422, "bad_field")["pointer"] == "/targets"


def test_nothing_asked_is_every_variable_without_evidence(client):
    answer = client.post("/v1/models/asia/query", json={}).json
    assert len(answer["targets"]) == 8
    assert answer["p_evidence"] == pytest.approx(1, abs=1e-12)
    assert answer["asked"]["targets"] == []


def test_joints_over_the_limit_are_refused_before_any_work(client, refused):
    names = ["asia", "tub", "smoke", "lung", "bronc", "either", "xray", "dysp"]
    full = client.post("/v1/models/asia/query", json={"targets": ["lung"], "joint": [names]})
    assert len(full.json["joint"][0]["rows"]) == 256
    many = client.post("/v1/models/oddities/query", json={"joint": [["odd", "never"]] * 16})
    assert many.status_code == 200
    answer = client.post("/v1/models/asia/query", json={"joint": [[*names, *names]]})
    assert refused(answer, 422, "joint_too_large")["pointer"] == "/joint"
