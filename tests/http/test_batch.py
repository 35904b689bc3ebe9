"""Many cases at once: each answered or refused in its own place."""

import csv
import io

import pytest

BATCH = "/v1/models/asia/batch"


def send(client, text, path=BATCH, **options):
    return client.post(path, data=text, **{"content_type": "text/csv", **options})


def rows(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_each_case_gets_the_answer_it_would_get_alone(client):
    cases = [
        {"id": "a", "given": {"xray": "yes"}},
        {"id": "b", "given": {"xray": {"likelihood": {"yes": 4, "no": 1}}}, "do": {"smoke": "no"}},
        {"id": "c", "given": {"bronc": {"assumed": {"yes": 0.5, "no": 0.5}}}, "scenario": "back_from_asia"},
        {"id": "d", "cohort": "a_smoker"},
    ]
    answer = client.post(BATCH, json={"targets": ["lung", "tub"], "cases": cases}).json
    assert (answer["answered"], answer["refused"]) == (4, 0)
    for case, found in zip(cases, answer["cases"], strict=True):
        alone = client.post(
            "/v1/models/asia/query",
            json={"targets": ["lung", "tub"], **{key: value for key, value in case.items() if key != "id"}},
        ).json
        assert found["id"] == case["id"]
        assert found["p_evidence"] == pytest.approx(alone["p_evidence"], rel=1e-12)
        for one, other in zip(found["targets"], alone["targets"], strict=True):
            assert [row["p"] for row in one["distribution"]] == pytest.approx(
                [row["p"] for row in other["distribution"]], abs=1e-12
            )


def test_a_bad_case_is_refused_in_its_place_and_the_others_are_answered(client):
    cases = [
        {"id": "good", "given": {"xray": "yes"}},
        {"id": "state", "given": {"xray": "ye"}},
        {"id": "shape", "given": {"xray": 3}},
        {"id": "field", "givn": {}},
        {"id": "impossible", "given": {"tub": "yes", "either": "no"}},
        {"id": 7},
        "no case",
        {"id": "last", "given": {}},
    ]
    answer = client.post(BATCH, json={"targets": ["lung"], "cases": cases})
    assert answer.status_code == 200
    found = answer.json["cases"]
    assert [case["error"] and (case["error"]["code"], case["error"]["pointer"]) for case in found] == [
        None,
        ("unknown_state", "/given/xray"),
        ("bad_field", "/given/xray"),
        ("unknown_field", "/givn"),
        ("impossible_evidence", "/given"),
        ("bad_field", "/id"),
        ("bad_field", None),
        None,
    ]
    assert found[4]["error"]["conflict"] == ["tub=yes", "either=no"]
    assert [case["targets"] is None for case in found] == [False, True, True, True, True, True, True, False]
    assert (answer.json["answered"], answer.json["refused"]) == (2, 6)


def test_without_targets_the_headline_is_answered_with_its_baseline(client):
    answer = client.post(BATCH, json={"cases": [{}]}).json
    assert answer["targets"] == ["lung", "tub", "bronc"]
    assert answer["baseline"] == answer["cases"][0]["targets"]


def test_csv_columns_are_variables_and_cells_are_states_or_verbs(client):
    text = 'id,xray,do.smoke,tub,scenario\r\none,yes,no,,\r\ntwo,"not(yes)",,"like(yes=3,no=1)",back_from_asia\r\n'
    found = rows(send(client, text, f"{BATCH}.csv?target=lung"))
    assert [(row["id"], row["target"], row["state"]) for row in found] == [
        ("one", "lung", "yes"),
        ("one", "lung", "no"),
        ("two", "lung", "yes"),
        ("two", "lung", "no"),
    ]
    alone = client.get("/v1/models/asia/forecast/lung?given=xray:yes&do=smoke:no").json
    assert float(found[0]["p"]) == pytest.approx(alone["distribution"][0]["p"], abs=1e-12)
    said = "given=xray:not(yes)&given=tub:like(yes=3,no=1)&scenario=back_from_asia"
    address = f"/v1/models/asia/forecast/lung?fields=p_evidence,distribution&{said}"
    assert float(found[2]["p"]) == pytest.approx(client.get(address).json["distribution"][0]["p"], abs=1e-12)
    assert float(found[2]["p_evidence"]) == pytest.approx(client.get(address).json["p_evidence"], rel=1e-12)


def test_csv_in_may_be_json_out_and_the_other_way(client):
    as_json = send(client, "xray\nyes\n", f"{BATCH}?target=lung").json
    assert as_json["cases"][0]["targets"][0]["target"] == "lung"
    body = {"targets": ["lung"], "cases": [{"given": {"xray": "yes"}}]}
    as_csv = rows(client.post(f"{BATCH}.csv", json=body))
    assert float(as_csv[0]["p"]) == as_json["cases"][0]["targets"][0]["distribution"][0]["p"]


def test_a_bad_record_is_refused_in_its_row(client):
    found = rows(send(client, "xray,smoke\nyes,no\nye,no\nyes\nyes,no,no\n,\n", f"{BATCH}.csv?target=lung"))
    assert [row["id"] for row in found] == ["line 2", "line 2", "line 3", "line 4", "line 5", "line 6", "line 6"]
    assert found[2]["error"] == (
        "unknown_state: /given/xray: no state 'ye'; the states are 'yes', 'no'. Did you mean 'yes'?"
    )
    assert found[3]["error"] == "bad_question: line 4 has 1 cells, the header 2."
    assert [row["p"] == "" for row in found] == [False, False, True, True, True, False, False]


def test_a_byte_order_mark_empty_lines_and_quoted_line_ends_are_read(client):
    text = '\ufeffid,xray\r\n\r\n"a\nb",yes\r\n'.encode()
    assert [row["id"] for row in rows(send(client, text, f"{BATCH}.csv?target=lung"))] == ["a\nb", "a\nb"]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 400, "bad_csv"),
        ("xray\n", 400, "bad_csv"),
        ("xray,xray\nyes,no\n", 400, "bad_csv"),
        ('xray\n"yes\n', 400, "bad_csv"),
        ('xray\n"yes"no\n', 400, "bad_csv"),
        ("xray\nyes\0\n", 400, "bad_csv"),
        (b"xray\n\xff\n", 400, "bad_csv"),
        ("xray\n" + "y" * 200_000 + "\n", 400, "bad_csv"),
        ("xry\nyes\n", 422, "unknown_variable"),
        ("do.xry\nyes\n", 422, "unknown_variable"),
        ("xray\n" + "yes\n" * 10_001, 422, "too_many"),
    ],
)
def test_what_is_no_table_of_cases_is_refused_whole(client, refused, text, status, code):
    refused(send(client, text), status, code)


def test_a_column_that_is_no_variable_has_a_suggestion(client, refused):
    problem = refused(send(client, "id,xry\n1,yes\n"), 422, "unknown_variable")
    assert (problem["pointer"], problem["did_you_mean"]) == ("/columns/xry", "xray")


def test_no_cases_or_too_many_are_refused(client, refused):
    assert refused(client.post(BATCH, json={"cases": []}), 422, "bad_field")["pointer"] == "/cases"
    assert refused(client.post(BATCH, json={"cases": [{}] * 10_001}), 422, "bad_field")["pointer"] == "/cases"


def test_an_answer_over_the_limit_is_refused_before_any_work(client, refused):
    body = {"targets": ["lung"] * 100, "cases": [{}] * 10_000}
    assert "2,000,000" in refused(client.post(BATCH, json=body), 422, "answer_too_large")["detail"]


def test_ten_thousand_cases_are_answered_in_order(client):
    states = ["yes", "no"]
    cases = [{"id": str(i), "given": {"xray": states[i % 2], "smoke": states[i // 2 % 2]}} for i in range(10_000)]
    answer = client.post(BATCH, json={"targets": ["lung"], "cases": cases}).json
    assert [case["id"] for case in answer["cases"]] == [case["id"] for case in cases]
    for i in range(4):
        given = "&".join(f"given={name}:{state}" for name, state in cases[i]["given"].items())
        expected = client.get(f"/v1/models/asia/forecast/lung?{given}").json["distribution"][0]["p"]
        found = {case["targets"][0]["distribution"][0]["p"] for case in answer["cases"][i::4]}
        assert len(found) == 1
        assert found.pop() == pytest.approx(expected, abs=1e-12)


def test_a_batch_may_be_pinned_to_the_revision(client, refused):
    revision = client.get("/v1/models/asia").json["revision"]
    assert client.post(f"{BATCH}?revision={revision}", json={"cases": [{}]}).status_code == 200
    refused(client.post(f"{BATCH}?revision=r-0", json={"cases": [{}]}), 404, "unknown_revision")


def test_the_limit_of_a_batch_is_eight_megabytes(client, refused):
    assert "8,000,000" in refused(send(client, b"x" * 8_000_001), 413, "body_too_large")["detail"]


def test_a_batch_has_intervals_when_it_asks_for_them(client):
    cases = [{"id": "smoker", "given": {"smoke": "yes"}}, {"id": "bad", "given": {"smoke": "maybe"}}]
    body = client.post(BATCH, json={"targets": ["lung"], "cases": cases, "interval": 0.9}).json
    [target] = body["cases"][0]["targets"]
    assert all(row["lo"] < row["p"] < row["hi"] for row in target["distribution"])
    assert body["cases"][1]["error"]["code"] == "unknown_state"
    alone = client.get("/v1/models/asia/forecast/lung.json?given=smoke:yes").json["distribution"]
    assert [(row["lo"], row["hi"]) for row in target["distribution"]] == [(row["lo"], row["hi"]) for row in alone]
    plain = client.post(BATCH, json={"targets": ["lung"], "cases": cases}).json
    assert (plain["interval"], set(plain["cases"][0]["targets"][0]["distribution"][0])) == (None, {"state", "p"})


def test_intervals_of_a_batch_as_csv_are_columns(client):
    text = client.post(f"{BATCH}.csv?target=lung&interval=0.5", data="smoke\nyes\n", content_type="text/csv").text
    header, first, *_ = text.splitlines()
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert float(row["lo"]) < float(row["p"]) < float(row["hi"])


def test_a_large_batch_with_intervals_is_refused(client, refused):
    sent = {"targets": ["lung", "tub"], "cases": [{}] * 501, "interval": 0.9}
    problem = refused(client.post(BATCH, json=sent), 422, "answer_too_large")
    assert "the most is 1,000" in problem["detail"]
