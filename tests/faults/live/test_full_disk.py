"""The disk of the store is full while the service runs under gunicorn (fault 37)."""

from contextlib import closing
from pathlib import Path

import pytest

from service.store import activations, checks
from service.store.location import Folder
from tests.edited import PATH, becomes, forecast, got, p_of, posted, revision_of
from tests.pollers import polling
from tests.servers import gunicorn
from tests.stores import ready, small_disk

FULL = "the disk of the store is full"


def filled(disk: Path) -> Path:
    """A file that takes all room which a disk has left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


def kept(server, given, **more):
    return posted(server, "/v1/answers", {"model": "asia", "targets": ["lung"], "given": given, **more})


def activated(server, revision):
    return posted(server, "/v1/models/asia/activate", {"revision": revision}, **{"If-Match": "*"})


def unkept(server):
    return server.get("/v1/status")["loader"]["unkept"]


def test_fault_37_a_full_disk_stops_no_poll_and_no_edit_and_is_told_until_there_is_room(models, tmp_path) -> None:
    with (
        small_disk(megabytes=4) as disk,
        gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(disk / "state")) as server,
    ):
        server.settled(lambda: server.get("/v1/status")["loader"])
        order = [revision_of(server), becomes(server, models.save(0.2))]
        assert kept(server, {"xray": "yes"})[0] == 200
        with polling(server.url, PATH) as polls:
            filler = filled(disk)
            order += [becomes(server, models.save(p)) for p in (0.3, 0.35)]
            server.settled(lambda: unkept(server) > 0)
            for path in ("/readyz", "/v1/status"):
                assert server.get(path)["store"]["trouble"] == FULL
            assert server.get("/readyz")["status"] == "degraded"
            status, refused = kept(server, {"smoke": "yes"}, revision=order[1])
            assert (status, refused["code"]) == (507, "store_full")
            for asked in (kept(server, {"smoke": "yes"}), got(server, f"/v1/models/asia/revisions/{order[-1]}")):
                assert (asked[0], asked[1]["code"]) == (503, "store_unavailable")
                assert f"{order[-1]} of asia is served and not kept yet" in asked[1]["detail"]
            status, refused = activated(server, order[0])
            assert (status, refused["code"]) == (507, "store_full")
            assert p_of(server) == pytest.approx(forecast(0.35))
            filler.unlink()
            server.settled(lambda: unkept(server) == 0)
            server.settled(lambda: server.get("/readyz")["status"] == "ready", within=5)
        assert polls.failures == []
        assert polls.revisions <= set(order)
        assert polls.backward(order) == 0
        assert kept(server, {"smoke": "yes"})[0] == 200
        assert activated(server, order[0])[0] == 200
        with closing(ready(Folder(disk / "state"))) as store:
            assert [each.revision for each in activations.every(store, "asia")] == [*order, order[0]]
            assert checks.check(store).damage == ()
