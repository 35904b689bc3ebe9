"""The same question has the same answer, whatever else goes on (faults 26, 34, 35, 43)."""

import datetime
import itertools
import json
import random
import time
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from service import create_app
from service.settings import Settings
from tests.clients import run_all, side_by_side
from tests.mixed_questions import questions
from tests.servers import gunicorn

YEAR = 366 * 24 * 3600.0


@pytest.fixture(scope="module")
def app(small_priors):
    return create_app(Settings(small_priors))


def joint_of(network):
    """Every combination of states with its probability, by enumeration."""
    names, found = network.names, {}
    for states in itertools.product(*(variable.states for variable in network.variables)):
        said = dict(zip(names, states, strict=True))
        p = 1.0
        for variable in network.variables:
            at = tuple(network[name].states.index(said[name]) for name in (*variable.parents, variable.name))
            p *= float(network.tables[variable.name][at])
        found[states] = p
    return found


def refused_or_finite(app, asia, count, seed):
    """Random findings, many of which cannot be: refused with a conflict exactly where enumeration gives 0."""
    drawn, joint, client = random.Random(seed), joint_of(asia.network), app.test_client()
    outcomes = Counter()
    for _ in range(count):
        names = drawn.sample(asia.network.names, drawn.randint(2, 6))
        weights = {n: {s: drawn.choice([0, 0, 1, 1e-300]) for s in asia.network[n].states} for n in names}
        given = {
            n: {"likelihood": w} if any(w.values()) and drawn.random() < 0.4 else drawn.choice(asia.network[n].states)
            for n, w in weights.items()
        }
        likelihoods = {
            n: said["likelihood"] if isinstance(said, dict) else {s: float(s == said) for s in asia.network[n].states}
            for n, said in given.items()
        }
        possible = any(
            p > 0 and all(likelihoods[n][states[asia.network.position[n]]] > 0 for n in names)
            for states, p in joint.items()
        )
        answer = client.post("/v1/models/asia/query", json={"targets": ["lung"], "given": given, "interval": "none"})
        outcomes[answer.status_code] += 1
        assert "NaN" not in answer.text
        assert "Infinity" not in answer.text
        assert answer.status_code == (200 if possible else 422), (given, answer.text)
        if possible:
            assert sum(row["p"] for row in answer.json["targets"][0]["distribution"]) == pytest.approx(1, abs=1e-9)
        else:
            assert answer.json["code"] == "impossible_evidence"
            assert answer.json["conflict"]
    return outcomes


def test_fault_26_impossible_evidence_is_refused_and_never_nan(app, asia) -> None:
    outcomes = refused_or_finite(app, asia, 1_000, 26)
    assert min(outcomes[200], outcomes[422]) > 40, outcomes


@pytest.mark.long
def test_fault_26_impossible_evidence_is_refused_and_never_nan_ten_thousand_times(app, asia) -> None:
    refused_or_finite(app, asia, 10_000, 2_600)


def same_over_workers(folder, models, count, tmp_path):
    """Bodies of the same questions from one worker, and from four in another order."""
    streams = [questions(model, 34 + i) for i, model in enumerate(models)]
    asked = [each for stream in streams for each in islice(stream, count // len(streams))]
    with gunicorn(folder, tmp_path / "one", workers=1) as one:
        first = side_by_side(one.url, asked, clients=1)
    order = random.Random(34).sample(range(len(asked)), len(asked))
    with gunicorn(folder, tmp_path / "four", workers=4, AFTERMATH_QUEUE="64") as four:
        again = side_by_side(four.url, [asked[i] for i in order], clients=4)
    compared = 0
    for i, answer in zip(order, again, strict=True):
        if 429 not in (answer.status, first[i].status):
            assert (answer.status, answer.body, answer.etag) == (first[i].status, first[i].body, first[i].etag)
            compared += 1
    return compared


def test_fault_34_three_hundred_questions_have_the_same_bytes_from_one_worker_and_four(
    small_priors, asia, colombia, tmp_path
) -> None:
    assert same_over_workers(small_priors, (asia, colombia), 300, tmp_path) > 280


@pytest.mark.long
def test_fault_34_ten_thousand_questions_have_the_same_bytes_from_one_worker_and_four(
    flagship_priors, flagship, tmp_path
) -> None:
    assert same_over_workers(flagship_priors, (flagship,), 10_000, tmp_path) > 9_500


def equal_in_threads(folder, models, count):
    """Bodies from one thread, and from sixteen that share one compiled model whose caches are empty."""
    kinds = (("point", 6), ("forecast", 2), ("query", 2), ("reported", 1), ("joint", 1), ("event", 1), ("batch", 1))
    streams = [questions(model, 35 + i, kinds=kinds) for i, model in enumerate(models)]
    asked = [each for stream in streams for each in islice(stream, count // len(streams))]

    def answers(app, which):
        client, found = app.test_client(), {}
        for i in which:
            each = asked[i]
            answer = client.open(each.path, method=each.method, data=each.body, content_type="application/json")
            found[i] = answer.status_code, answer.data
        return found

    serial = answers(create_app(Settings(folder, heavy=16, queue=64)), range(len(asked)))
    shared, together = create_app(Settings(folder, heavy=16, queue=64)), {}
    run_all([lambda k=k: together.update(answers(shared, range(k, len(asked), 16))) for k in range(16)])
    assert together.keys() == serial.keys()
    assert [i for i, answer in serial.items() if together[i] != answer] == []
    assert Counter(status for status, _ in serial.values())[200] > 0.9 * len(asked)


def test_fault_35_sixteen_threads_give_the_answers_of_one(small_priors, asia, colombia) -> None:
    equal_in_threads(small_priors, (asia, colombia), 2_000)


@pytest.mark.long
def test_fault_35_sixteen_threads_give_the_answers_of_one_a_hundred_thousand_times(
    small_priors, asia, colombia
) -> None:
    equal_in_threads(small_priors, (asia, colombia), 100_000)


@pytest.mark.parametrize("jump", [YEAR, -24 * 3600.0], ids=["a year on", "a day back"])
def test_fault_43_a_clock_that_jumps_ends_no_question_and_fails_none(small_priors, colombia, monkeypatch, jump) -> None:
    own, started = time.time, time.monotonic()
    client = create_app(Settings(small_priors, deadline=60)).test_client()

    def jumped() -> float:
        return own() + (jump if (time.monotonic() - started) % 0.02 < 0.01 else 0.0)

    monkeypatch.setattr(time, "time", jumped)
    assert np.ptp([jumped() for _ in range(20) if not time.sleep(0.003)]) > 3600
    asked = islice(questions(colombia, 43), 120)
    statuses = Counter(
        client.open(each.path, method=each.method, data=each.body, content_type="application/json").status_code
        for each in asked
    )
    assert set(statuses) <= {200, 422}, statuses
    status = client.get("/v1/status")
    assert status.status_code == 200
    since = json.loads(status.data)["models"][0]["since"]
    assert datetime.datetime.fromisoformat(since).tzinfo is not None
