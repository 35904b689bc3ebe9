"""Tables as spreadsheets and programs read them: the real client where there is one, else what it is known to send."""

import csv
import gzip
import http.client
import io
import json
import re
import shutil
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest

from service import create_app
from service.http.csv_tables import FORMULA_STARTS, PLAIN_NUMBER
from service.settings import Settings
from service.store import tokens
from service.store.location import Folder
from tests.servers import ROOT, Server, gunicorn

pandas = pytest.importorskip("pandas", reason="needs pandas, an extra of the tests")
pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow, which the product brings")

FORECAST = "/v1/models/asia/forecast/lung.csv?given=xray:yes"
TABLES = (
    FORECAST,
    "/v1/models/asia/marginals.csv",
    "/v1/models/asia/query.csv?target=lung&joint=lung,tub",
    "/v1/models/asia/compare.csv?target=lung",
    "/v1/models/asia/history/lung.csv",
    "/v1/models/asia/history/lung.csv?shape=wide",
    "/v1/models/asia/matrix.csv",
    "/v1/models/asia/sensitivity.csv?target=lung",
    "/v1/models/asia/collection-plan.csv?target=lung",
    "/v1/models/asia/variables.csv",
    "/v1/models/oddities/forecast/odd.csv",
    "/v1/models.csv",
)
SHEETS = {
    "User-Agent": "Mozilla/5.0 (compatible; GoogleDocs; apps-spreadsheets; +http://docs.google.com)",
    "Accept-Encoding": "gzip, deflate, br",
}
"""What IMPORTDATA is known to send: no header of its user's choice, and so no token."""
MASHUP = {
    "User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "Keep-Alive",
}
"""What Web.Contents of Power Query sends."""
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.33"}
MOST_CELLS = 10_000_000
"""Of a spreadsheet of Google."""
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
SHEET = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def models(folder: Path) -> Path:
    shutil.copytree(ROOT / "priors" / "asia", folder / "models" / "asia")
    shutil.copytree(ROOT / "tests" / "data" / "models" / "oddities", folder / "models" / "oddities")
    return folder / "models"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tables")
    with gunicorn(models(folder), folder / "log", AFTERMATH_STATE=str(folder / "state")) as server:
        server.settled(
            lambda: server.get("/v1/models/asia/history/lung.json")["rows"]
        )  # noted beside the first answers
        yield server


def fetched(server: Server, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """What comes back for exactly these headers and Host, unpacked as it says."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    found = {name.lower(): value for name, value in answer.getheaders()}
    assert found.get("content-encoding", "gzip") == "gzip"
    return answer.status, found, gzip.decompress(data) if "content-encoding" in found else data


def whole(rows: list[list[str]]) -> list[dict[str, str]]:
    """Rows under their header, every one as long as it, no cell of which a spreadsheet would run."""
    header, *rest = rows
    assert len(set(header)) == len(header)
    assert rest
    for row in rest:
        assert len(row) == len(header)
        for cell in row:
            assert not cell.startswith(FORMULA_STARTS) or PLAIN_NUMBER.fullmatch(cell)
    return [dict(zip(header, row, strict=True)) for row in rest]


@pytest.mark.slow
@pytest.mark.parametrize("path", TABLES)
def test_importdata_takes_every_table(running, path):
    status, headers, data = fetched(running, path, SHEETS)
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert not data.startswith(b"\xef\xbb\xbf")
    found = whole(list(csv.reader(io.StringIO(data.decode(), newline=""))))
    assert len(found) * len(found[0]) < MOST_CELLS
    assert {"location", "content-disposition", "set-cookie"} & headers.keys() == set()


def test_importdata_reads_a_table_by_the_key_in_its_address_where_nobody_may_without(tmp_path):
    app = create_app(Settings(models(tmp_path), place=Folder(tmp_path / "state")))
    outside, here = app.test_client(), app.test_client()
    assert outside.get(FORECAST, headers=SHEETS, environ_overrides=ELSEWHERE).status_code == 401
    link = here.post("/v1/links", json={"address": FORECAST.replace(".csv", "")}).json["addresses"]["csv"]
    answer = outside.get(link, headers=SHEETS, environ_overrides=ELSEWHERE)
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.data == here.get(FORECAST).data
    assert (
        outside.get(link.replace("xray:yes", "xray:no"), headers=SHEETS, environ_overrides=ELSEWHERE).status_code == 403
    )
    for method in ("HEAD", "OPTIONS"):
        assert outside.open(link, method=method, headers=SHEETS, environ_overrides=ELSEWHERE).status_code == 200


@pytest.mark.slow
def test_power_query_reads_a_table_with_its_parameters_encoded(running):
    """As ``Csv.Document(Web.Contents(base, [RelativePath = …, Query = […]]), [Encoding = 65001])`` asks for it."""
    plain = fetched(running, FORECAST, {})[2]
    encoded = f"/v1/models/asia/forecast/lung.csv?{urlencode({'given': 'xray:yes'})}"
    assert "%3A" in encoded
    status, headers, data = fetched(running, encoded, MASHUP)
    assert (status, headers["content-type"], data) == (200, "text/csv; charset=utf-8", plain)
    rows = whole(list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""))))
    assert float(rows[0]["p"]) + float(rows[1]["p"]) == pytest.approx(1)
    odd = fetched(running, "/v1/models/oddities/forecast/odd.csv", MASHUP)[2].decode("utf-8")
    assert {'say "x"', "a,b"} <= {row["state"] for row in whole(list(csv.reader(io.StringIO(odd, newline=""))))}


def test_power_query_is_told_to_come_back_in_whole_seconds(tmp_path):
    """It reads Retry-After in seconds alone, of 429 and 503, and asks three times more."""
    app = create_app(Settings(models(tmp_path), place=Folder(tmp_path / "state"), public_read=True, rate=3))
    client = app.test_client()
    answers = [client.get(FORECAST, headers=MASHUP, environ_overrides=ELSEWHERE) for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    assert re.fullmatch(r"[1-9][0-9]?", answers[-1].headers["Retry-After"])


@pytest.mark.slow
@pytest.mark.parametrize("path", TABLES)
def test_pandas_reads_every_table_by_its_address(running, path):
    found = pandas.read_csv(running.url + path)
    rows = list(csv.DictReader(io.StringIO(fetched(running, path, {})[2].decode(), newline="")))
    assert (list(found.columns), len(found)) == (list(rows[0]), len(rows))
    for name in found.columns:
        filled = [row[name] for row in rows if row[name] != ""]
        if filled and all(PLAIN_NUMBER.fullmatch(cell) for cell in filled):
            assert found[name].dtype.kind in "fi"
            assert list(found[name].dropna()) == [float(cell) for cell in filled]


@pytest.mark.slow
def test_pandas_reads_a_history_with_times_and_chosen_columns(running):
    history = pandas.read_csv(f"{running.url}/v1/models/asia/history/lung.csv", parse_dates=["time"])
    assert isinstance(history["time"].dtype, pandas.DatetimeTZDtype)
    chosen = pandas.read_csv(
        f"{running.url}{FORECAST}&fields=time,revision,as_of,state,p", parse_dates=["time", "as_of"]
    )
    assert list(chosen.columns) == ["time", "revision", "as_of", "state", "p"]
    assert isinstance(chosen["time"].dtype, pandas.DatetimeTZDtype)
    assert chosen["p"].sum() == pytest.approx(1)


@pytest.mark.slow
def test_pandas_reads_the_rows_of_json(running):
    url = f"{running.url}/v1/models/asia/forecast/lung.json?given=xray:yes&fields=distribution"
    found = pandas.json_normalize(pandas.read_json(url)["distribution"])
    assert list(found["state"]) == ["yes", "no"]
    assert found["p"].sum() == pytest.approx(1)
    rows = pandas.json_normalize(pandas.read_json(f"{running.url}/v1/models/asia/matrix.json?fields=rows")["rows"])
    assert {"cause", "target", "state", "shift"} <= set(rows.columns)


@pytest.mark.slow
def test_pandas_sends_a_token_where_it_is_given_one(running):
    state = running.log.parent / "state"
    made = subprocess.run(
        [sys.executable, "-m", "service.cli.main", "token", "new", "pandas", "--state", state, "--scopes", "read"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = tokens.KIND.written.search(made.stdout)
    assert found is not None
    secret = found[0]
    sent = {"Authorization": f"Bearer {secret}"}
    assert pandas.read_csv(running.url + FORECAST, storage_options=sent)["p"].sum() == pytest.approx(1)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        pandas.read_csv(running.url + FORECAST, storage_options={"Authorization": f"Bearer {secret}x"})


@pytest.mark.slow
@pytest.mark.parametrize("path", TABLES)
def test_pandas_reads_every_table_as_parquet_by_its_address(running, path):
    found, read = (
        pandas.read_parquet(running.url + path.replace(".csv", ".parquet")),
        pandas.read_csv(running.url + path),
    )
    assert (list(found.columns), len(found)) == (list(read.columns), len(read))
    for name in found.columns:
        if read[name].notna().any() and found[name].dtype.kind in "fib":
            assert list(found[name].dropna()) == list(read[name].dropna())


@pytest.mark.slow
def test_pyarrow_reads_a_stream_of_record_batches_over_http(running):
    with urlopen(f"{running.url}/v1/models/asia/history/lung.arrow") as answer:
        assert answer.headers["Content-Type"] == "application/vnd.apache.arrow.stream"
        with pyarrow.ipc.open_stream(answer) as stream:
            assert stream.schema.field("time").type == pyarrow.timestamp("ms", "UTC")
            [batch] = stream
    assert batch.schema.field("p").type == pyarrow.float64()
    assert sum(batch.column("p").to_pylist()) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.needs("soffice")
@pytest.mark.parametrize("path", [FORECAST, "/v1/models/oddities/forecast/odd.csv?do=odd:plain"])
def test_libreoffice_opens_a_table_by_its_address(running, tmp_path, path):
    expected = list(csv.reader(io.StringIO(fetched(running, path, {})[2].decode(), newline="")))
    sheet = opened(running.url + path, tmp_path)
    assert len(sheet) == len(expected)
    for cells, row in zip(sheet, expected, strict=True):
        for (kind, value), text in zip(cells, row, strict=True):
            if PLAIN_NUMBER.fullmatch(text):
                assert (kind, float(value)) == ("float", float(text))
            else:
                assert (kind, value) == ("string" if text else "", text)


@pytest.mark.slow
@pytest.mark.needs("soffice")
def test_libreoffice_opens_a_read_only_link(running, tmp_path):
    asked = http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=20)
    body = json.dumps({"address": FORECAST.replace(".csv", "")})
    asked.request("POST", "/v1/links", body, {"Content-Type": "application/json"})
    link = json.load(asked.getresponse())["addresses"]["csv"]
    asked.close()
    sheet = opened(running.url + link, tmp_path)
    assert [value for _, value in sheet[0]][:3] == ["target", "state", "p"]
    assert len(sheet) == 3


def opened(url: str, folder: Path) -> list[list[tuple[str, str]]]:
    """What LibreOffice makes of an address: of each cell the kind, empty where it is empty, and the value.

    It reads commas, quotes and UTF-8 (76) and begins with the first line.
    """
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{quote(str(folder / 'profile'))}"]
    command += ["--infilter=CSV:44,34,76,1", "--convert-to", "fods:OpenDocument Spreadsheet Flat XML"]
    ran = subprocess.run(
        [*command, "--outdir", str(folder), url], capture_output=True, text=True, timeout=180, check=False
    )
    [made] = folder.glob("*.fods")
    assert ran.returncode == 0, ran.stderr
    return [
        cells
        for row in ElementTree.parse(made).iter(f"{SHEET}table-row")
        for cells in [[cell for each in row.iter(f"{SHEET}table-cell") for cell in repeated(each)]]
        if any(kind for kind, _ in cells)
    ]


def repeated(cell: ElementTree.Element) -> list[tuple[str, str]]:
    kind = cell.get(f"{OFFICE}value-type", "")
    value = cell.get(f"{OFFICE}value") or "".join(cell.itertext()).strip()
    return [(kind, value)] * int(cell.get(f"{SHEET}number-columns-repeated", "1"))


@pytest.mark.slow
@pytest.mark.needs("curl")
def test_curl_asks_only_for_what_has_changed(running, tmp_path):
    """By tag (``--etag-save``, ``--etag-compare``) and by date (``-z``)."""
    url = running.url + FORECAST
    first = curl("-s", "--etag-save", tmp_path / "tag", "-o", tmp_path / "table", "-w", "%{http_code}", url)
    assert first == "200"
    held = (tmp_path / "table").read_bytes()
    again = curl(
        *("-s", "--etag-compare", tmp_path / "tag", "--etag-save", tmp_path / "tag"),
        *("-o", tmp_path / "other", "-w", "%{http_code} %{size_download}", url),
    )
    assert again == "304 0"
    assert (tmp_path / "table").read_bytes() == held
    until_dated(running)
    assert curl("-s", "-R", "-o", tmp_path / "dated", "-w", "%{http_code}", url) == "200"
    assert curl("-s", "-z", tmp_path / "dated", "-o", tmp_path / "other", "-w", "%{http_code}", url) == "304"
    assert curl("-sI", "--compressed", "-w", "%{http_code}", url).endswith("200")


def until_dated(server: Server) -> None:
    """Wait until the second is over in which the service began."""
    server.settled(lambda: "last-modified" in fetched(server, FORECAST, {})[1])


def curl(*arguments: Any) -> str:
    ran = subprocess.run(["curl", "-g", *map(str, arguments)], capture_output=True, text=True, timeout=30, check=True)
    return ran.stdout
