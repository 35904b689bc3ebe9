"""Time that a request waits for a thread is time of its own: it counts towards the deadline."""

import time

from service.http.telemetry import RECORD, Record

NEW = "/v1/models/asia/attribution?target=lung&state=yes&given=xray:{}&deadline_ms=20000"


def arrived(seconds_ago):
    return {RECORD: Record(arrived=time.perf_counter_ns() - int(seconds_ago * 1e9))}


def test_what_waited_beyond_its_deadline_is_not_worked_out(client, refused):
    problem = refused(client.get(NEW.format("yes"), environ_overrides=arrived(60)), 503, "deadline")
    assert "not done after 60." in problem["detail"]
    assert client.get(NEW.format("yes"), environ_overrides=arrived(0)).status_code == 200


def test_a_poll_that_waited_is_answered(client):
    poll = "/v1/models/asia/forecast/lung?deadline_ms=20000"
    tag = client.get(poll).headers["ETag"]
    again = client.get(poll, headers={"If-None-Match": tag}, environ_overrides=arrived(60))
    assert again.status_code == 304
