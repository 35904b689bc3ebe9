"""An edit that moves a headline over the model's limit is kept, and served once somebody has said why."""

import time

import pytest

from tests.edited import becomes, copied, forecast, p_of, posted, revision_of, status_of
from tests.servers import gunicorn


@pytest.fixture
def models(tmp_path):
    models = copied(tmp_path / "models")
    settings = models.folder / "model.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("headline:", "acknowledge_over: 0.03\nheadline:", 1), encoding="utf-8")
    return models


@pytest.fixture
def server(models, tmp_path):
    with gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(tmp_path / "state")) as running:
        yield running


def activated(server, **said):
    return posted(server, "/v1/models/asia/activate", said, **{"If-Match": "*"})


def held_in(server):
    """Whether the status and the health check say that files wait for a reason, and how ready the service is."""
    ready = server.get("/readyz")
    return status_of(server)["attempt"]["held"], ready["models"][0]["held"], ready["status"]


def started(models, tmp_path):
    return gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(tmp_path / "state"))


def test_an_edit_over_the_limit_while_the_service_was_down_waits_for_a_reason_too(models, tmp_path) -> None:
    with started(models, tmp_path) as server:
        before = becomes(server, models.save(0.13))
    models.save(0.4)
    for _ in range(2):
        with started(models, tmp_path) as server:
            found = status_of(server)
            assert (found["revision"], found["from"]) == (before, "store")
            assert "lung: yes moves by 14 points, over acknowledge_over" in found["attempt"]["reasons"][0]
            assert held_in(server) == (True, True, "degraded")
            time.sleep(1)
            assert p_of(server) == pytest.approx(forecast(0.13))
    with started(models, tmp_path) as server:
        large = found["attempt"]["reasons"][0].partition("activate asia ")[2].split()[0]
        status, refused = activated(server, revision=large)
        assert (status, refused["code"]) == (409, "needs_reason")
        status, _ = activated(server, revision=large, reason="a new study")
        assert (status, p_of(server)) == (200, pytest.approx(forecast(0.4)))
        assert held_in(server) == (False, False, "ready")
        becomes(server, models.save(0.41))
    with started(models, tmp_path) as server:
        assert p_of(server) == pytest.approx(forecast(0.41))


def test_what_waited_for_a_reason_is_served_once_it_no_longer_moves_too_far(models, tmp_path) -> None:
    """Files that were held back are no wrong files: saved again beside something near to them they are served."""
    with started(models, tmp_path) as server:
        becomes(server, models.save(0.13))
    models.save(0.19)
    with started(models, tmp_path) as server:
        assert status_of(server)["from"] == "store"
        becomes(server, models.save(0.16))
        becomes(server, models.save(0.19))


def test_an_edit_over_the_limit_waits_for_a_reason_and_one_below_it_does_not(server, models) -> None:
    before = revision_of(server)
    becomes(server, models.save(0.13))
    small = revision_of(server)
    models.save(0.4)
    [reason, *_] = server.settled(lambda: status_of(server)["attempt"]["reasons"])
    assert "lung: yes moves by 14 points, over acknowledge_over" in reason
    assert (revision_of(server), p_of(server)) == (small, pytest.approx(forecast(0.13)))
    assert held_in(server) == (True, True, "degraded")
    kept = server.get("/v1/models/asia/revisions")["revisions"]
    assert [each["active"] for each in kept] == [False, True, False]
    large = kept[0]["revision"]
    assert large in reason
    status, refused = activated(server, revision=large)
    assert (status, refused["code"]) == (409, "needs_reason")
    status, done = activated(server, revision=large, reason="a new study")
    assert (status, done["revision"], done["reason"]) == (200, large, "a new study")
    assert p_of(server) == pytest.approx(forecast(0.4))
    assert held_in(server) == (False, False, "ready")
    models.break_()
    server.settled(lambda: status_of(server)["attempt"]["problems"])
    assert held_in(server) == (False, False, "degraded")
    assert before not in (small, large)
