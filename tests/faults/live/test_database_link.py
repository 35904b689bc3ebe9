"""The link to the database is slow, is cut, or takes all and answers nothing, while the service runs (fault 42)."""

import time

import pytest

from tests.edited import PATH, becomes, posted, revision_of
from tests.faulty_link import faulty_link
from tests.pollers import polling
from tests.servers import gunicorn
from tests.stores import postgresql

PATIENCE = 12.0
"""Seconds in which a write is answered: a connection is waited for 5, a lock 4.5, a word of the server 3."""


@pytest.fixture(scope="module")
def database():
    with postgresql(durable=False) as server:
        yield server


def kept(server, given):
    """The status of a write, and the seconds that it took."""
    started = time.monotonic()
    status, _ = posted(server, "/v1/answers", {"model": "asia", "targets": ["lung"], "given": {"xray": given}})
    return status, time.monotonic() - started


@pytest.mark.needs("initdb")
@pytest.mark.parametrize("state", ["slow", "cut", "silent"])
def test_fault_42_over_a_slow_cut_or_silent_link_to_the_database_polls_and_edits_go_on(
    database, models, tmp_path, state
) -> None:
    with faulty_link(database.port) as link:
        url = database.database(f"link_{state}").replace(f":{database.port}/", f":{link.port}/")
        with gunicorn(models.root, tmp_path / "log", workers=2, DATABASE_URL=url) as server:
            server.settled(lambda: server.get("/v1/status")["loader"])
            order = [revision_of(server)]
            server.settled(lambda: kept(server, "yes")[0] == 200)
            with polling(server.url, PATH, clients=2) as polls:
                time.sleep(2)
                before = polls.slowest
                link.become(state)
                status, seconds = kept(server, "no")
                order.append(becomes(server, models.save(0.3)))
                assert status == (200 if state == "slow" else 503)
                assert seconds < PATIENCE
                link.become("well")
                server.settled(lambda: server.get("/v1/status")["loader"]["unkept"] == 0, within=60)
                server.settled(lambda: kept(server, "no")[0] == 200, within=60)
                order.append(becomes(server, models.save(0.35)))
            assert polls.failures == []
            assert polls.backward(order) == 0
            assert polls.slowest < before + 1, "no poll waits for the database"
