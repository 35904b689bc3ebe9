"""Requests per second and processor time per request, under the shipped gunicorn.conf.py, by wrk."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import networks, questions, table
from bench.baseline_app import CHECKED, HELLO

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 8
BATCH = 50
OTHERS = 4_000
"""Questions of which each is another: more than a worker answers in a round, and more answers than it keeps."""
ELSEWHERE = 1_000
"""Questions about variables of their own: more than a worker keeps the words of."""
READY = 120.0
PAIRS = (
    ("what-if", "no inference"),
    ("what-if elsewhere", "no inference"),
    ("what-if again", "no inference again"),
    ("what-if by GET again", "no inference again"),
    ("304 poll", "hello"),
)
"""Ratios of requests per second that are looked at."""


@dataclass(frozen=True, slots=True)
class Request:
    """What wrk sends over and over, and the status that is right; several bodies are sent in turn."""

    path: str
    status: int = 200
    bodies: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def lua(self) -> str:
        """The script that makes wrk send it, and count answers of another status."""
        said = [f'wrk.headers["{name}"] = {json.dumps(value)}' for name, value in self.headers.items()]
        if self.bodies:
            said += ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"']
            said.append(f"wrk.body = {json.dumps(self.bodies[0])}")
        if len(self.bodies) > 1:
            said.append(f"local bodies, sent = {{{','.join(map(json.dumps, self.bodies))}}}, 0")
            said.append(
                "function request() sent = sent % #bodies + 1; return wrk.format(nil, nil, nil, bodies[sent]) end"
            )
        said.append("local threads = {}")
        said.append("function setup(thread) table.insert(threads, thread) end")
        said.append("wrong = 0")
        said.append(f"function response(status) if status ~= {self.status} then wrong = wrong + 1 end end")
        said.append(
            'function done() local n = 0; for _, t in ipairs(threads) do n = n + t:get("wrong") end; '
            'print("wrong " .. n) end'
        )
        return "\n".join(said)


@dataclass(frozen=True, slots=True)
class Load:
    """One run of wrk: requests per second, and the workers' processor seconds per request."""

    per_second: float
    cpu: float


def run(*, quick: bool, csv: Path | None) -> int:
    """Measure every request in turn, round after round, and print medians and ratios."""
    if shutil.which("wrk") is None:
        print("wrk is not on the PATH; it makes the load (Debian and Homebrew: install wrk)")
        return 1
    rounds, seconds = (1, 3) if quick else (7, 3)
    with _served() as (url, master):
        model = _model(url)
        asked = _requests(url, model)
        found: dict[str, list[Load]] = {name: [] for name in asked}
        for request in asked.values():
            _load(url, request, 1, master, warming=True)
        for _ in range(rounds):
            for name, request in asked.items():
                found[name].append(_load(url, request, seconds, master))
    rows = [_row(name, loads) for name, loads in found.items()]
    print(f"{model}, {CONNECTIONS} connections, {rounds} rounds of {seconds} s; a batch has {BATCH} cases")
    for row in rows:
        print(f"{row['request']!s:<22}{row['per_second']:>10.0f} requests/s{row['cpu_us']:>10.0f} us of CPU each")
    for one, other in PAIRS:
        ratios = [a.per_second / b.per_second for a, b in zip(found[one], found[other], strict=True)]
        print(f"{one} / {other}: {statistics.median(ratios):.2f} (rounds from {min(ratios):.2f} to {max(ratios):.2f})")
    if csv:
        table.write(csv, rows)
    return 0


def _row(name: str, loads: Sequence[Load]) -> dict[str, float | str]:
    per_second = statistics.median(one.per_second for one in loads)
    return {"request": name, "per_second": per_second, "cpu_us": 1e6 * statistics.median(one.cpu for one in loads)}


@contextmanager
def _served() -> Iterator[tuple[str, int]]:
    """The product and what it is measured against, on a free port: address, and process of gunicorn's master."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "bench.baseline_app:app"], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield url, process.pid
        except RuntimeError as error:
            log.seek(0)
            raise SystemExit(f"{error}\n{log.read().decode(errors='replace')[-2000:]}") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(timeout=40)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url + HELLO, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not answer")


def _model(url: str) -> str:
    """The flagship where it is ready, else the textbook's model, with a line that says so."""
    try:
        urllib.request.urlopen(f"{url}/v1/models/{networks.FLAGSHIP}", timeout=10).close()
    except OSError as error:
        print(f"{networks.FLAGSHIP} is not ready ({error}); measured on asia")
        return "asia"
    return networks.FLAGSHIP


def _requests(url: str, model: str) -> dict[str, Request]:
    """The same three findings in every question, one of them in the varied ones as a report with other odds each time.

    So a question that varies is new to the worker, and its words are not: what a dashboard's slider asks. Those
    about other variables are what analysts ask, each about variables of its own.
    """
    network = networks.load(model)
    rng = np.random.default_rng(networks.SEED)
    (asked,) = questions.asked(network, 1, rng=rng, targeted=True)
    given = {name: network[name].states[state] for name, state in asked.findings.items()}
    same = [json.dumps({"given": given})]
    reported = next(iter(given))
    odds = rng.uniform(0.1, 1.0, (OTHERS, len(network[reported].states))).round(6).tolist()
    reports = [{"likelihood": dict(zip(network[reported].states, row, strict=True))} for row in odds]
    varied = [json.dumps({"given": {**given, reported: report}}) for report in reports]
    anew = questions.asked(network, ELSEWHERE, rng=rng, targeted=False)
    elsewhere = [json.dumps({"given": {n: network[n].states[s] for n, s in each.findings.items()}}) for each in anew]
    many = questions.scenarios(network, BATCH, rng=rng, target=asked.target or "", given=None)
    cases = [{"given": {name: network[name].states[s] for name, s in case.findings.items()}} for case in many]
    evidence = urllib.parse.urlencode([("given", f"{name}:{state}") for name, state in given.items()])
    poll = f"/v1/models/{model}/forecast/{asked.target}.json?{evidence}"
    with urllib.request.urlopen(url + poll, timeout=30) as answer:
        tag = answer.headers["ETag"]
    return {
        "hello": Request(HELLO),
        "304 poll": Request(poll, status=304, headers={"If-None-Match": tag}),
        "no inference": Request(CHECKED.replace("<model>", model), bodies=varied),
        "what-if": Request(f"/v1/models/{model}/query", bodies=varied),
        "what-if elsewhere": Request(f"/v1/models/{model}/query", bodies=elsewhere),
        "no inference again": Request(CHECKED.replace("<model>", model), bodies=same),
        "what-if again": Request(f"/v1/models/{model}/query", bodies=same),
        "what-if by GET again": Request(f"/v1/models/{model}/marginals.json?{evidence}"),
        "batch": Request(f"/v1/models/{model}/batch", bodies=[json.dumps({"targets": [asked.target], "cases": cases})]),
    }


def _load(url: str, request: Request, seconds: int, master: int, *, warming: bool = False) -> Load:
    """One run of wrk. Raises RuntimeError when there was no answer, or one of a status that it should not have."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(request.lua())
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name, url + request.path]
        before = _worker_cpu(master)
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = _worker_cpu(master) - before
    count, rate, wrong = (
        re.search(pattern, said) for pattern in (r"(\d+) requests in", r"Requests/sec:\s+([\d.]+)", r"wrong (\d+)")
    )
    if not (count and rate and wrong) or int(wrong[1]) or "Socket errors" in said or not (warming or int(count[1])):
        raise RuntimeError(f"{request.path}: not every answer was {request.status}:\n{said}")
    return Load(float(rate[1]), used / max(1, int(count[1])))


def _worker_cpu(master: int) -> float:
    """Processor seconds of gunicorn's workers so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == master:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
