"""The official client of the Model Context Protocol against the service under gunicorn: every tool is called."""

import asyncio
import json
import shutil

import jsonschema
import pytest
from mcp import Client
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_PROTOCOL_VERSION

from service.mcp.tools import TOOLS
from tests.http.test_mcp import LARGEST
from tests.servers import ROOT, gunicorn

FLAGSHIP = "mosul-2017"
EVENT = {"model": FLAGSHIP, "target": "radicalised_youth_pool", "state": "growing", "given": {"is_finances": "halved"}}
CARE = {"returnee_response_model": "care_and_mentoring"}
CALLS = {
    "list_models": {},
    "find_variables": {"model": FLAGSHIP, "text": "returnees", "most": 16},
    "forecast": {"model": FLAGSHIP, "target": "radicalised_youth_pool", "given": EVENT["given"], "do": CARE},
    "compare": {"model": FLAGSHIP, "scenarios": []},
    "explain": {**EVENT, "do": CARE},
    "sensitivity": {**EVENT, "threshold": 0.2},
    "collection_plan": {"model": FLAGSHIP, "target": "radicalised_youth_pool", "steps": 2},
    "diff": {"model": "asia", "older": "active"},
    "check_prose": {"text": "Lung cancer has 49 %, after a fall of 43 points: "},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    for name in ("asia", FLAGSHIP):
        shutil.copytree(ROOT / "priors" / name, folder / "priors" / name)
    with gunicorn(folder / "priors", folder / "log", AFTERMATH_STATE=str(folder / "state")) as running:
        yield running


@pytest.mark.parametrize(("mode", "spoken"), [("auto", LATEST_PROTOCOL_VERSION), ("legacy", LATEST_HANDSHAKE_VERSION)])
def test_the_official_client_calls_every_tool(server, mode, spoken):
    assert set(CALLS) == {tool.name for tool in TOOLS}
    asia = server.get("/v1/models/asia/forecast/lung?given=xray:yes")

    async def talk():
        async with Client(f"{server.url}/mcp", mode=mode) as client:
            assert client.protocol_version == spoken
            assert client.server_info.name == "aftermath"
            listed = {tool.name: tool for tool in (await client.list_tools()).tools}
            said = {}
            for name, arguments in CALLS.items():
                own = (
                    {**arguments, "text": arguments["text"] + asia["permalink"]} if name == "check_prose" else arguments
                )
                found = await client.call_tool(name, own)
                assert not found.is_error, found.content
                jsonschema.validate(found.structured_content, listed[name].output_schema)
                assert listed[name].annotations.read_only_hint is True
                assert json.loads(found.content[0].text) == found.structured_content
                assert 2 * len(json.dumps(found.structured_content)) < LARGEST
                said[name] = found.structured_content
            refused = await client.call_tool("forecast", {"model": FLAGSHIP, "target": "pathwy"})
            assert refused.is_error
            assert json.loads(refused.content[0].text)["did_you_mean"] == "pathway"
            return said

    said = asyncio.run(talk())
    assert {each["name"] for each in said["list_models"]["models"]} == {"asia", FLAGSHIP}
    assert "return_flow" in {each["name"] for each in said["find_variables"]["variables"]}
    assert [each["text"] for each in said["check_prose"]["unsupported"]] == ["43 points"]
    for name in set(CALLS) - {"list_models", "check_prose"}:
        assert server.get(said[name]["permalink"])
        assert said[name]["revision"].startswith("r-")
    whole = server.get(said["forecast"]["permalink"])
    assert [row["p"] for row in said["forecast"]["distribution"]] == pytest.approx(
        [row["p"] for row in whole["distribution"]], rel=1e-5
    )
