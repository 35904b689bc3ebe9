"""Requests that nobody thought of, to a real server: each is answered as documented, and none ends in an error of ours.

The long version sends 100,000: ``python3 dev.py test --long -k fuzzed_requests``.
"""

import json
import re
import threading
from collections import Counter
from http.client import HTTPConnection, HTTPException
from itertools import islice

import pytest

from model import priors
from tests.clients import run_all
from tests.fuzzed_requests import Request, requests, sendable
from tests.servers import ROOT

UNKNOWN = {200, 400, 404, 405, 414}
"""What an address that is not documented may be answered with: 200 where its page is no part of the contract."""
ENDED = {"deadline", "model_not_ready", "not_ready"}
"""What a 503 may say."""
EVERYWHERE = {304, 400, 401, 403, 404, 405, 413, 414}
"""Statuses that stand above all operations: a known answer, a request that is foreign, has no token where it came by
a proxy, or cannot be read.
"""


class Contract:
    """The statuses of each documented operation."""

    def __init__(self, spec):
        self.operations = [
            (re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)) + r"\Z"), each)
            for path, each in spec["paths"].items()
        ]

    def allows(self, request: Request, status: int) -> bool:
        path = request.path.partition("?")[0]
        method = "get" if request.method == "HEAD" else request.method.lower()
        found = [each for pattern, each in self.operations if pattern.match(path)]
        documented = {int(code) for each in found for code in each.get(method, {}).get("responses", ())}
        if not documented:
            return status in UNKNOWN | EVERYWHERE
        return status != 500 and status in documented | EVERYWHERE


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def wrong(contract: Contract, request: Request, status: int, media: str, body: bytes) -> str | None:
    """What is wrong with an answer, None where nothing is."""
    if not contract.allows(request, status):
        return "a status that is not documented"
    if request.method == "HEAD" or status == 304:
        return "a body" if body else None
    if "json" not in media:
        return None if status < 400 else "a refusal that is no problem document"
    try:
        found = json.loads(body, parse_constant=refuse)
    except ValueError as error:
        return f"no JSON: {error}"
    if status >= 400 and (not found["code"] or found["status"] != status):
        return "a problem document without a code"
    if status == 503 and found["code"] not in ENDED:
        return f"503 {found['code']}"
    return None


def sent_all(server, count: int, *, clients: int = 4) -> Counter:
    """Send so many requests; how often each status came back. Raises AssertionError with the first that are wrong."""
    contract = Contract(server.get("/openapi.json"))
    models = [priors.load(ROOT / "priors" / "asia"), priors.load(ROOT / "tests/data/models/oddities")]
    statuses: Counter = Counter()
    faults: list[str] = []
    lock = threading.Lock()

    def client(seed: int) -> None:
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=120)
        for request in islice(filter(sendable, requests(models, seed)), count // clients):
            headers = {"Content-Type": "application/json", **request.headers} if request.body else request.headers
            for again in (True, False):
                try:
                    connection.request(request.method, request.path, request.body, dict(headers))
                    answer = connection.getresponse()
                    body = answer.read()
                    break
                except (HTTPException, OSError) as error:
                    connection.close()
                    if not again:
                        raise AssertionError(f"{request}: {error!r}") from error
            fault = wrong(contract, request, answer.status, answer.headers.get("Content-Type", ""), body)
            with lock:
                code = json.loads(body)["code"] if answer.status == 503 and body else ""
                statuses[f"{answer.status} {code}".strip()] += 1
                if fault:
                    faults.append(f"{fault}: {answer.status} to {request}: {body[:300]!r}")
        connection.close()

    run_all([lambda seed=seed: client(seed) for seed in range(clients)])
    print(dict(sorted(statuses.items())))
    assert not faults, f"{len(faults):,} of {count:,}:\n" + "\n".join(faults[:10])
    return statuses


def test_fault_32_two_thousand_fuzzed_requests_are_answered_as_documented(server) -> None:
    statuses = sent_all(server, 2_000)
    assert min(statuses["200"], statuses["422"], statuses["404"], statuses["400"]) > 20, statuses
    assert "Traceback" not in server.log.read_text()


@pytest.mark.long
def test_fault_32_a_hundred_thousand_fuzzed_requests_are_answered_as_documented(server) -> None:
    sent_all(server, 100_000)
    assert "Traceback" not in server.log.read_text()
