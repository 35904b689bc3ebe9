"""Parquet and Arrow wherever there is CSV: the same rows with types, the same bytes each time, tags and parts."""

import io
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from service.http.arrow_tables import PARQUET, STREAM
from service.routes import OPERATIONS
from tests.sources import ROOT

FORECAST = "/v1/models/asia/forecast/lung"
TABLES = (
    f"{FORECAST}?given=xray:yes&do=smoke:no",
    "/v1/models",
    "/v1/models/asia/variables",
    "/v1/models/asia/variables/dysp",
    "/v1/models/asia/sources",
    "/v1/models/asia/scenarios",
    "/v1/models/asia/cohorts",
    "/v1/models/asia/marginals",
    "/v1/models/asia/query?joint=lung,tub&target=dysp&most_probable=true",
    "/v1/models/asia/attribution?target=lung",
    "/v1/models/asia/sensitivity?target=lung",
    "/v1/models/asia/explanation?target=lung&given=xray:yes",
    "/v1/models/asia/collection-plan?target=lung",
    "/v1/models/asia/goals?target=dysp&state=yes&below=0.4",
    "/v1/models/asia/policies?target=dysp",
    "/v1/models/asia/cause-effect?cause=smoke&effect=dysp",
    "/v1/models/asia/compare?target=lung",
    "/v1/models/asia/matrix?interval=0.9",
    "/v1/models/asia/history/lung",
    "/v1/models/asia/history/lung?shape=wide",
    "/v1/models/asia/revisions",
    "/v1/models/asia/diff/active...active",
)
FORMS = {"parquet": PARQUET, "arrow": STREAM}


def in_form(address: str, suffix: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{suffix}{mark}{query}"


def table(answer, suffix: str) -> pa.Table:
    assert (answer.status_code, answer.content_type) == (200, FORMS[suffix]), answer.text[:500]
    if suffix == "arrow":
        return pa.ipc.open_stream(answer.data).read_all()
    return parquet.read_table(io.BytesIO(answer.data))


def cell(value: object) -> str:
    """A value as CSV has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    return "" if value is None else str(value)


def test_every_address_of_csv_has_both_forms() -> None:
    with_csv = [each for each in OPERATIONS if any(form.suffix == "csv" for form in each.forms)]
    assert len(with_csv) > 25
    for each in with_csv:
        assert {"parquet", "arrow"} <= {form.suffix for form in each.forms}, each.path


def test_every_table_is_tried() -> None:
    asked = {address.partition("?")[0].removeprefix("/v1/models/asia") for address in TABLES}
    for each in OPERATIONS:
        if each.method == "GET" and any(form.table for form in each.forms):
            path = each.path.removeprefix("/v1/models/<model>").partition("<")[0]
            assert any(address.startswith(path) for address in asked), each.path


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("address", TABLES)
def test_a_table_has_the_rows_of_csv(client, address: str, suffix: str) -> None:
    read = pd.read_csv(io.StringIO(client.get(in_form(address, "csv")).text), dtype=str, keep_default_na=False)
    found = table(client.get(in_form(address, suffix)), suffix)
    assert found.column_names == list(read.columns)
    for name, kind in zip(found.column_names, found.schema.types, strict=True):
        expected, values = list(read[name]), found[name].to_pylist()
        if pa.types.is_floating(kind):
            assert values == [None if text == "" else float(text) for text in expected]
        elif pa.types.is_timestamp(kind):
            assert values == [pd.Timestamp(text).floor("ms").to_pydatetime() for text in expected]
        else:
            assert list(map(cell, values)) == [text.removeprefix("'") for text in expected]


@pytest.mark.parametrize("suffix", FORMS)
def test_types_are_those_of_the_rows_whatever_the_answer(client, suffix: str) -> None:
    plain, acting = (
        table(client.get(in_form(f"{FORECAST}?interval=none{more}", suffix)), suffix) for more in ("", "&do=smoke:no")
    )
    assert plain["effect"].null_count == len(plain)
    assert acting["effect"].null_count == 0
    assert plain.schema == acting.schema
    assert {name: str(kind) for name, kind in zip(plain.column_names, plain.schema.types, strict=True)}["p"] == "double"


def test_a_history_has_times_and_whether_an_interval_was_left(client) -> None:
    schema = table(client.get("/v1/models/asia/history/lung.parquet"), "parquet").schema
    assert schema.field("time").type == pa.timestamp("ms", "UTC")
    assert schema.field("left_interval").type == pa.bool_()
    wide = table(client.get("/v1/models/asia/history/lung.arrow?shape=wide"), "arrow").schema
    kinds = {name: str(kind) for name, kind in zip(wide.names, wide.types, strict=True)}
    fixed = ("timestamp[ms, tz=UTC]", "string", "string")
    assert (kinds.pop("time"), kinds.pop("revision"), kinds.pop("cause")) == fixed
    assert set(kinds.values()) <= {"double"}


@pytest.mark.parametrize("suffix", FORMS)
def test_the_same_answer_is_the_same_bytes_under_a_tag_of_its_own(client, suffix: str) -> None:
    address = in_form(FORECAST, suffix)
    first = client.get(address)
    tags = {client.get(in_form(FORECAST, each)).headers["ETag"] for each in (*FORMS, "csv", "json")}
    assert len(tags) == 4
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    code = f"""
from service import create_app
from service.settings import Settings, default_priors
import hashlib
answer = create_app(Settings(default_priors())).test_client().get({address!r})
print(answer.headers["ETag"], hashlib.sha256(answer.data).hexdigest())
"""
    command = [sys.executable, "-c", code]
    said = {subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1


@pytest.mark.parametrize("suffix", FORMS)
def test_columns_are_chosen_and_added_as_in_csv(client, suffix: str) -> None:
    found = table(client.get(in_form(f"{FORECAST}?fields=time,revision,as_of,state,p", suffix)), suffix)
    assert [(name, str(kind)) for name, kind in zip(found.column_names, found.schema.types, strict=True)] == [
        ("time", "timestamp[ms, tz=UTC]"),
        ("revision", "string"),
        ("as_of", "string"),
        ("state", "string"),
        ("p", "double"),
    ]
    read = pd.read_csv(io.StringIO(client.get(in_form(f"{FORECAST}?fields=time,p", "csv")).text), parse_dates=["time"])
    assert found["time"].to_pylist() == [each.floor("ms").to_pydatetime() for each in read["time"]]
    assert found["p"].to_pylist() == list(read["p"])
    refused = client.get(in_form(f"{FORECAST}?fields=state,q", suffix))
    assert (refused.status_code, refused.json["code"]) == (422, "unknown_field")


@pytest.mark.parametrize("suffix", FORMS)
def test_a_batch_is_answered_as_columns(client, suffix: str) -> None:
    text = "id,xray\na,yes\nb,ye\n"
    answer = client.post(f"/v1/models/asia/batch.{suffix}?target=lung", data=text, content_type="text/csv")
    found = table(answer, suffix)
    assert found["id"].to_pylist() == ["a", "a", "b"]
    assert found["p"].null_count == 1
    assert found["error"].to_pylist()[2].startswith("unknown_state")


@pytest.mark.parametrize("suffix", FORMS)
def test_an_answer_is_kept_in_both_forms(client, suffix: str) -> None:
    links = client.post("/v1/answers", json={"model": "asia", "kind": "forecast", "target": "lung"}).json["links"]
    kept = client.get(links[suffix])
    assert kept.data == client.get(in_form(FORECAST, suffix)).data
    assert table(client.get(f"{links[suffix]}?fields=state,p"), suffix).column_names == ["state", "p"]


def test_a_mistake_is_a_problem_document(client) -> None:
    refused = client.get("/v1/models/asia/forecast/lugn.parquet")
    assert (refused.status_code, refused.content_type) == (404, "application/problem+json")


def test_a_link_leads_to_every_form_of_a_table(client) -> None:
    found = client.post("/v1/links", json={"address": f"{FORECAST}.parquet"}).json["addresses"]
    assert set(found) == {"json", "csv", *FORMS}
    for suffix in FORMS:
        assert len(table(client.get(found[suffix]), suffix)) == 2


def test_a_service_that_is_asked_for_no_such_table_does_not_load_what_writes_them() -> None:
    code = f"""
import sys
from service import create_app
from service.settings import Settings, default_priors
client = create_app(Settings(default_priors())).test_client()
assert client.get("{FORECAST}.csv").status_code == 200
print("pyarrow" in sys.modules)
client.get("{FORECAST}.parquet")
print("pyarrow" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]
