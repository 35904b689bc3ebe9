"""/mcp: what the protocol asks of a server without sessions, and that tools are bounded as other questions are."""

import json
import re
from ipaddress import ip_network

import jsonschema
import pytest

from service import create_app
from service.http.admission import Busy
from service.mcp.tools import TOOLS
from service.mcp.versions import STATELESS, SUPPORTED
from service.settings import Settings
from service.store.location import Folder
from tests.http.test_access import ELSEWHERE

META = {"io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {}}
LARGEST = 12_000
"""Bytes of the answer of a tool, a long permalink aside."""
JSON = {"Content-Type": "application/json"}


def posted(client, body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/mcp", data=data, headers={**JSON, **named})


def asked(client, method, params=None, *, id=1, **headers):
    """A request of the revision without sessions, whole unless a header is given as None."""
    params = {"_meta": META, **(params or {})}
    named = {"MCP_Protocol_Version": STATELESS, "Mcp_Method": method}
    if method == "tools/call":
        named["Mcp_Name"] = params.get("name")
    named = {name: value for name, value in {**named, **headers}.items() if value is not None}
    return posted(client, {"jsonrpc": "2.0", "id": id, "method": method, "params": params}, **named)


def called(client, name, **arguments):
    answer = asked(client, "tools/call", {"name": name, "arguments": arguments})
    assert answer.status_code == 200, answer.text
    return answer.get_json()["result"]


def failure(answer, status, code):
    assert (answer.status_code, answer.content_type) == (status, "application/json"), answer.text
    body = answer.get_json()
    assert body["error"]["code"] == code, body
    assert set(body) == {"jsonrpc", "id", "error"}
    return body


def test_discovery_says_versions_capabilities_and_how_to_begin(client):
    found = asked(client, "server/discover").get_json()["result"]
    assert found["resultType"] == "complete"
    assert found["supportedVersions"] == list(SUPPORTED)
    assert found["capabilities"] == {"tools": {}}
    assert "list_models" in found["instructions"]
    assert found["ttlMs"] > 0


def test_nothing_is_remembered_between_requests(client):
    answer = asked(client, "tools/list")
    assert answer.status_code == 200
    assert "Mcp-Session-Id" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
def test_earlier_revisions_are_answered_from_each_request_alone(client, version):
    begun = posted(client, {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": version}})
    assert begun.get_json()["result"]["protocolVersion"] == version
    assert posted(client, {"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
    listed = posted(client, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, MCP_Protocol_Version=version)
    assert [tool["name"] for tool in listed.get_json()["result"]["tools"]] == [tool.name for tool in TOOLS]
    assert "resultType" not in listed.get_json()["result"]
    pinged = posted(client, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, MCP_Protocol_Version=version)
    assert pinged.get_json()["result"] == {}


def test_a_client_of_a_version_that_is_not_spoken_is_offered_the_newest_with_sessions(client):
    begun = posted(client, {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "1"}})
    assert begun.get_json()["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b'{"a": 1, "a": 2}', -32700),
        (b"\xff", -32700),
        ([], -32600),
        ([{"jsonrpc": "2.0", "id": 1, "method": "ping"}], -32600),
        ("ping", -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "result": {}}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}, -32602),
    ],
)
def test_what_is_no_message_is_refused_with_the_code_of_json_rpc(client, body, code):
    found = failure(posted(client, body, MCP_Protocol_Version="2025-11-25"), 400, code)
    assert found["id"] == (1 if isinstance(body, dict) and body.get("id") == 1 else None)


def test_an_unknown_method_is_404_and_named_with_those_there_are(client):
    found = failure(asked(client, "tools/lst"), 404, -32601)
    assert "tools/list" in found["error"]["message"]
    failure(asked(client, "initialize"), 404, -32601)


def test_an_unknown_tool_and_bad_parameters_are_errors_of_the_protocol(client):
    assert "check_prose" in failure(asked(client, "tools/call", {"name": "nope"}), 400, -32602)["error"]["message"]
    failure(asked(client, "tools/call", {"name": "forecast", "arguments": []}), 400, -32602)
    failure(asked(client, "tools/list", {"cursor": "2"}), 400, -32602)


@pytest.mark.parametrize(
    "headers",
    [
        {"Mcp_Method": None},
        {"Mcp_Method": "tools/list"},
        {"MCP_Protocol_Version": None},
        {"MCP_Protocol_Version": "2025-11-25"},
        {"Mcp_Name": None},
        {"Mcp_Name": "compare"},
        {"Mcp_Name": "=?base64?!?="},
    ],
)
def test_headers_that_differ_from_the_body_are_refused(client, headers):
    failure(asked(client, "tools/call", {"name": "forecast", "arguments": {}}, **headers), 400, -32020)


def test_a_name_may_be_sent_encoded(client):
    answer = asked(client, "tools/call", {"name": "list_models"}, Mcp_Name="=?base64?bGlzdF9tb2RlbHM=?=")
    assert answer.status_code == 200


def test_a_version_that_is_not_spoken_is_refused_with_those_that_are(client):
    meta = {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    answer = asked(client, "tools/list", {"_meta": meta}, MCP_Protocol_Version="2099-01-01")
    assert failure(answer, 400, -32022)["error"]["data"] == {"supported": list(SUPPORTED), "requested": "2099-01-01"}


@pytest.mark.parametrize("lost", META)
def test_a_request_lacks_nothing_that_each_must_have(client, lost):
    meta = {key: value for key, value in META.items() if key != lost}
    failure(asked(client, "tools/list", {"_meta": meta}), 400, -32602)


def test_a_notification_is_taken_and_has_no_answer(client):
    answer = posted(client, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    assert (answer.status_code, answer.data) == (202, b"")
    assert "Content-Type" not in answer.headers
    failure(posted(client, {"jsonrpc": "2.0", "method": "x"}, MCP_Protocol_Version="1"), 400, -32022)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_stream_and_no_session_to_end(client, method):
    answer = client.open("/mcp", method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_pages_of_other_sites_and_other_names_are_refused(client, refused):
    refused(posted(client, {}, Origin="https://attacker.example"), 403, "foreign_origin")
    refused(client.post("/mcp", data=b"{}", headers={**JSON, "Host": "attacker.example"}), 400, "foreign_host")
    refused(client.post("/mcp", data=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    refused(posted(client, b" " * 1_000_001), 413, "body_too_large")


def test_every_tool_says_what_it_takes_and_says_and_that_it_changes_nothing(client):
    tools = asked(client, "tools/list").get_json()["result"]["tools"]
    names = "list_models find_variables forecast compare explain sensitivity collection_plan diff check_prose"
    assert [tool["name"] for tool in tools] == names.split()
    for tool in tools:
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert tool["annotations"]["readOnlyHint"] is True
        assert tool["description"].endswith(".")


def cited(client):
    return client.get("/v1/models/asia/forecast/lung?given=xray:yes").get_json()["permalink"]


EVENT = {"model": "asia", "target": "lung", "state": "yes", "given": {"xray": "yes"}, "do": {"smoke": "no"}}
CALLS = [
    ("list_models", {}),
    ("find_variables", {"model": "asia", "text": "cancer"}),
    ("find_variables", {"model": "asia"}),
    ("forecast", {"model": "asia", "target": "lung", "given": {"xray": {"likelihood": {"yes": 4, "no": 1}}}}),
    ("forecast", {"model": "asia", "target": "lung", "do": {"smoke": {"p": {"yes": 0.2, "no": 0.8}}}, "interval": 0.5}),
    ("forecast", {"model": "asia", "event": "any(lung:yes,tub:yes)", "given": {"xray": "yes"}}),
    ("forecast", {"model": "asia", "target": "tub", "scenario": "back_from_asia", "interval": "none"}),
    ("compare", {"model": "asia"}),
    ("compare", {"model": "asia", "targets": ["lung"], "sides": [{"do": {"smoke": "no"}}, {"given": {"smoke": "no"}}]}),
    ("explain", EVENT),
    ("sensitivity", {**EVENT, "threshold": 0.4}),
    ("collection_plan", {"model": "asia", "target": "lung", "given": {"dysp": "yes"}, "steps": 2}),
    ("diff", {"model": "asia", "older": "active"}),
    ("check_prose", {"text": "Lung cancer: 49 %. It falls by 3 points."}),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_every_tool_answers_in_short_as_it_says_with_revision_and_permalink(client, name, arguments):
    if name == "check_prose":
        arguments = {**arguments, "permalinks": [cited(client)]}
    answer = asked(client, "tools/call", {"name": name, "arguments": arguments})
    assert len(answer.data) <= LARGEST
    found = answer.get_json()["result"]
    assert found["isError"] is False, found
    [tool] = (each for each in TOOLS if each.name == name)
    said = found["structuredContent"]
    jsonschema.validate(said, tool.described()["outputSchema"], jsonschema.Draft202012Validator)
    jsonschema.validate(arguments, tool.described()["inputSchema"], jsonschema.Draft202012Validator)
    assert json.loads(found["content"][0]["text"]) == said
    links = (
        said["permalinks"]
        if name == "check_prose"
        else [(said["models"][0] if "models" in said else said)["permalink"]]
    )
    for link in links:
        pinned = client.get(link)
        assert pinned.status_code == 200
        assert name == "check_prose" or (said["models"][0] if "models" in said else said)["revision"] in link


def test_a_tool_says_what_the_address_says(client):
    said = called(client, "forecast", model="asia", target="lung", given={"xray": "yes"})["structuredContent"]
    body = client.get(said["permalink"]).get_json()
    assert said["revision"] == body["revision"]
    for row, short in zip(body["distribution"], said["distribution"], strict=True):
        assert [short[key] for key in ("p", "lo", "hi")] == pytest.approx(
            [row[key] for key in ("p", "lo", "hi")], rel=1e-5
        )


@pytest.mark.parametrize(
    ("name", "arguments", "code", "meant"),
    [
        ("forecast", {"model": "asi", "target": "lung"}, "unknown_model", "asia"),
        ("forecast", {"model": "asia", "target": "lnug"}, "unknown_variable", "lung"),
        ("forecast", {"model": "asia", "target": "lung", "given": {"xray": "yess"}}, "unknown_state", "yes"),
        ("forecast", {"model": "asia", "target": "lung", "givn": {}}, "unknown_field", "given"),
        ("forecast", {"target": "lung"}, "missing_field", None),
        ("forecast", {"model": "asia"}, "missing_field", None),
        ("forecast", {"model": 3, "target": "lung"}, "bad_field", None),
        ("forecast", {"model": "asia", "target": "lung", "event": "lung:yes"}, "bad_field", None),
        (
            "forecast",
            {"model": "asia", "target": "lung", "given": {"tub": "yes", "either": "no"}},
            "impossible_evidence",
            None,
        ),
        ("forecast", {"model": "asia", "target": "lung", "revision": "r-0123456789abcdef"}, "unknown_revision", None),
        ("forecast", {"model": "broken", "target": "lung"}, "model_not_ready", None),
        ("collection_plan", {"model": "asia", "target": "lung", "steps": 9}, "bad_field", None),
        ("find_variables", {"model": "asia", "most": True}, "bad_field", None),
        ("find_variables", {"model": "asia", "text": "a b " * 51}, "bad_field", None),
        ("diff", {"model": "asia", "older": "r-0123456789abcdef"}, "revision_not_kept", None),
        ("check_prose", {"text": "49 %"}, "bad_permalink", None),
    ],
)
def test_what_refuses_a_question_is_told_in_the_words_of_the_service(client, name, arguments, code, meant):
    found = called(client, name, **arguments)
    assert found["isError"] is True
    assert "structuredContent" not in found
    told = json.loads(found["content"][0]["text"])
    assert (told["code"], told["did_you_mean"]) == (code, meant)
    assert told["detail"]


@pytest.fixture
def poor(priors, tmp_path):
    """A service that may work next to nothing out."""
    return create_app(Settings(priors, place=Folder(tmp_path), cost=1_000)).test_client()


def test_what_a_tool_costs_is_counted_as_of_any_question(poor, client):
    told = called(poor, "forecast", model="asia", target="lung")
    assert told["isError"] is True
    assert json.loads(told["content"][0]["text"])["code"] == "too_costly"
    over_http = poor.get("/v1/models/asia/forecast/lung").get_json()
    assert json.loads(told["content"][0]["text"])["detail"] == over_http["detail"]
    text = {"text": "49 %", "permalinks": [cited(client)]}
    assert json.loads(called(poor, "check_prose", **text)["content"][0]["text"])["code"] == "too_costly"


def test_a_tool_may_read_what_its_client_may(client, refused):
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    refused(client.post("/mcp", json=body, environ_overrides={"REMOTE_ADDR": ELSEWHERE}), 401, "token_needed")


def test_llms_txt_names_what_is_served_and_every_address_in_it_answers(client):
    page = client.get("/llms.txt")
    assert page.content_type == "text/plain; charset=utf-8"
    addresses = re.findall(r"\]\(([^)]*)\)", page.text)
    assert len(addresses) > 15
    assert [address for address in addresses if client.get(address).status_code != 200] == []
    for name in ("asia", "oddities", *(tool.name for tool in TOOLS)):
        assert f"`{name}`" in page.text
    assert "broken" not in page.text
    assert len(page.data) < 16_000
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert set(re.findall(r"^- `(?:GET|POST) (/v1\S*)`", page.text, re.MULTILINE)) <= rules


def test_messages_are_counted_as_any_request_is(priors, tmp_path, refused):
    client = create_app(Settings(priors, place=Folder(tmp_path), rate=2)).test_client()
    for left in ("1", "0"):
        assert asked(client, "tools/list").headers["RateLimit-Remaining"] == left
    assert refused(asked(client, "tools/list"), 429, "rate_limited")


def test_where_too_many_wait_a_tool_says_when_to_come_back(client, monkeypatch):
    def full(*_):
        raise Busy("ask again in 3 s", seconds=3)

    monkeypatch.setattr("service.http.admission.Turn.begin", full)
    told = called(client, "sensitivity", model="asia", target="dysp", state="yes", given={"smoke": "yes"})
    assert told["isError"] is True
    assert json.loads(told["content"][0]["text"])["retry_after"] == 3


def test_behind_a_proxy_every_address_is_as_its_client_sees_it(priors, tmp_path):
    settings = Settings(priors, place=Folder(tmp_path), proxies=(ip_network("10.0.0.0/8"),), public_read=True, rate=0)
    client = create_app(settings).test_client()
    seen = {"headers": {"X-Forwarded-For": ELSEWHERE, "X-Forwarded-Prefix": "/forecasts"}}
    seen["environ_overrides"] = {"REMOTE_ADDR": "10.0.0.1"}
    page = client.get("/llms.txt", **seen).text
    assert all(address.startswith("/forecasts/") for address in re.findall(r"\]\(([^)]*)\)", page))
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "forecast", "_meta": META}}
    body["params"]["arguments"] = {"model": "asia", "target": "lung"}
    headers = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": "forecast"}
    answer = client.post("/mcp", json=body, **{**seen, "headers": seen["headers"] | headers})
    permalink = answer.get_json()["result"]["structuredContent"]["permalink"]
    assert permalink.startswith("/forecasts/v1/models/asia/forecast/lung")
    text = {"text": f"Lung cancer is at 5.5 % ({permalink})."}
    assert client.post("/v1/prose", json=text, **seen).get_json()["supported"] is True
