"""Answers as CSV: RFC 4180, numbers as numbers, and nothing that a spreadsheet would run."""

import csv
import io

import pytest


def table(answer):
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.text.replace("\r\n", "").count("\n") == 0
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


@pytest.mark.parametrize(
    "resource",
    [
        "forecast/lung",
        "marginals",
        "query",
        "compare",
        "variables",
        "variables/dysp",
        "sources",
        "scenarios",
        "cohorts",
    ],
)
def test_every_table_has_its_form_as_csv(client, resource):
    rows = table(client.get(f"/v1/models/asia/{resource}.csv"))
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)


def test_models_are_a_table_too(client):
    rows = table(client.get("/v1/models.csv"))
    assert [(row["name"], row["ready"]) for row in rows] == [
        ("asia", "true"),
        ("broken", "false"),
        ("oddities", "true"),
    ]


def test_the_numbers_are_those_of_the_json_to_the_last_digit(client):
    path = "/v1/models/asia/forecast/lung.{}?given=xray:yes&given=smoke:no"
    rows, answer = table(client.get(path.format("csv"))), client.get(f"{path.format('json')}&fields=all").json
    assert [float(row["p"]) for row in rows] == [row["p"] for row in answer["distribution"]]
    assert [float(row["shift"]) for row in rows] == [row["shift"] for row in answer["distribution"]]
    assert {float(row["p_evidence"]) for row in rows} == {answer["p_evidence"]}
    assert {row["revision"] for row in rows} == {answer["revision"]}


def test_a_variable_s_table_names_its_rows(client):
    rows = table(client.get("/v1/models/asia/variables/dysp.csv"))
    [cell] = [row for row in rows if row["when"] == "bronc=yes; either=no" and row["state"] == "yes"]
    assert float(cell["p"]) == 0.8


def test_fault_54_text_that_a_spreadsheet_would_run_is_defused_and_numbers_are_left_alone(client):
    rows = table(client.get("/v1/models/oddities/forecast/odd.csv?do=odd:plain"))
    assert [row["state"] for row in rows] == [
        "'=1+1",
        "-2",
        "in(a)",
        "a,b",
        'say "x"',
        "chances(a=1)",
        "plain",
    ]
    assert float(rows[0]["shift"]) == pytest.approx(-0.1)
    labels = {row["label"] for row in table(client.get("/v1/models/oddities/variables.csv"))}
    assert labels == {'\'=HYPERLINK("x")', "Never"}


@pytest.mark.parametrize("number", ["-1", "+1", "-0.5", "-1e-3", "-.5", "-2."])
def test_a_plain_number_is_written_as_one(client, number):
    rows = table(client.post("/v1/models/asia/batch.csv", json={"targets": ["lung"], "cases": [{"id": number}]}))
    assert {row["id"] for row in rows} == {number}


@pytest.mark.parametrize("text", ["-1+1", "-a", "+49 30", "--1", "-1 ", "-", "-e1", "-0x1", "-\u0661", "-1,5"])
def test_what_only_begins_like_a_number_is_defused(client, text):
    rows = table(client.post("/v1/models/asia/batch.csv", json={"targets": ["lung"], "cases": [{"id": text}]}))
    assert {row["id"] for row in rows} == {f"'{text}"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_an_id_that_comes_back_is_defused_too(client, start):
    body = {"targets": ["lung"], "cases": [{"id": f"{start}cmd|x"}]}
    rows = table(client.post("/v1/models/asia/batch.csv", json=body))
    assert {row["id"] for row in rows} == {f"'{start}cmd|x"}
