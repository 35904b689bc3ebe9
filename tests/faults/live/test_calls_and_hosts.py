"""A revision that becomes active by call, and hosts that share one store (faults 14, 16)."""

import http.client
import json
import os
import shutil
import signal
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from model import priors
from model.priors.files import files_of
from service.live import record
from service.live.states import PREFIX
from service.live.unwatched import REASON
from service.store import activations, revisions
from service.store.activations import Expected
from service.store.errors import StalePrecondition
from service.store.lease import Lease
from service.store.location import Folder, Server
from tests.behind_nginx import behind_nginx
from tests.clients import run_all
from tests.edited import PATH, becomes, copied, forecast, got, p_of, posted, revision_of, status_of
from tests.pollers import polling
from tests.servers import gunicorn
from tests.stores import postgresql, ready


@pytest.fixture(scope="module")
def database():
    with postgresql(durable=False) as server:
        yield server


@contextmanager
def place(kind, tmp_path, request):
    """Settings of a store of either kind, and the store itself."""
    if kind == "sqlite":
        yield {"AFTERMATH_STATE": str(tmp_path / "state")}, Folder(tmp_path / "state")
        return
    url = request.getfixturevalue("database").database(f"live_{tmp_path.name[-20:].lower()}".replace("-", "_"))
    yield {"DATABASE_URL": url}, Server(url)


ADDRESSES = [f"127.0.0.{number}" for number in range(1, 41)]
"""Of this machine: clients that nginx takes for different ones, of which each of two hosts has some."""

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("initdb"))]


def by_call(store, revision, *, expected=Expected.ANY):
    return activations.activate(store, "asia", revision, cause="call", expected=expected, author="a test")


@pytest.mark.parametrize("kind", KINDS)
def test_a_modeller_edits_reads_the_diff_breaks_mends_and_rolls_back_under_load(
    kind, models, tmp_path, request
) -> None:
    with (
        place(kind, tmp_path, request) as (settings, where),
        gunicorn(models.root, tmp_path / "log", workers=4, **settings) as server,
        closing(ready(where)) as store,
        polling(server.url, PATH) as polls,
    ):
        first = revision_of(server)
        links = permalinks(server)
        edited = becomes(server, models.save(0.3))
        assert status_of(server)["from"] == "file"
        read_the_diff(server, models, first, edited)
        models.break_()
        (problem,) = server.settled(lambda: status_of(server)["attempt"]["problems"])
        assert problem["line"] == 41
        assert p_of(server) == pytest.approx(forecast(0.3))
        mended = becomes(server, models.save(0.35))
        status, done = posted(server, "/v1/models/asia/activate", {"revision": first}, **{"If-Match": f'"{mended}"'})
        assert (status, done["previous"], done["cause"]) == (200, mended, "call")
        assert p_of(server) == pytest.approx(forecast(0.1)), "of every answer that begins after the call"
        assert status_of(server)["from"] == "call"
        last = becomes(server, models.save(0.4))
        polls.ending.set()
        assert {link: body(server, link) for link in links} == links
        history = [each.revision for each in reversed(activations.latest(store, "asia"))]
        assert history == [first, edited, mended, first, last]
        assert set(revisions.files(store, "asia", edited)) == {path.name for path in models.folder.glob("*.yaml")}
        assert revisions.files(store, "asia", edited)["diseases.yaml"].decode() == models.text(0.3)
    assert polls.failures == []
    assert polls.revisions <= {*history}
    with gunicorn(models.root, tmp_path / "log", workers=2, **settings) as server:
        assert {link: body(server, link) for link in links} == links, "from processes of another day"


def permalinks(server):
    """An answer that is kept: every address of it, with its tag and its bytes."""
    asked = {"model": "asia", "kind": "forecast", "target": "lung", "given": {"xray": "yes"}}
    status, found = posted(server, "/v1/answers", asked)
    assert status == 200
    return {link: body(server, link) for link in found["links"].values()}


def read_the_diff(server, models, first, edited):
    """One edit with its line, and a shift of the headline that is all its own."""
    status, diff = got(server, f"/v1/models/asia/diff/{first}...{edited}")
    ((edit,), lung) = diff["edits"], next(each for each in diff["shifts"] if each["headline"] == "lung")
    assert (status, edit["class"], edit["new_place"]["file"]) == (200, "numeric", "asia/diseases.yaml")
    assert models.file.read_text().splitlines()[edit["new_place"]["line"] - 1].strip().startswith(("- ", "p:", "{"))
    (yes,) = [each for each in lung["states"] if each["state"] == "yes"]
    assert yes["shift"] == pytest.approx(forecast(0.3) - forecast(0.1), abs=1e-9)
    assert sum(part["shift"] for part in yes["parts"]) == pytest.approx(yes["shift"], abs=1e-9)


def test_a_revision_that_a_call_made_active_outlives_a_restart_until_the_folder_changes(models, tmp_path) -> None:
    state = {"AFTERMATH_STATE": str(tmp_path / "state")}
    with gunicorn(models.root, tmp_path / "log", workers=2, **state) as server:
        first = revision_of(server)
        becomes(server, models.save(0.3))
        by_call(ready(Folder(tmp_path / "state")), first)
        server.settled(lambda: revision_of(server) == first)
    with gunicorn(models.root, tmp_path / "log", workers=2, **state) as server:
        assert (revision_of(server), status_of(server)["from"]) == (first, "call")
        becomes(server, models.save(0.4))


def test_a_revision_that_is_not_served_is_compiled_beside_the_workers_and_answers_as_it_did(server, models) -> None:
    first = revision_of(server)
    pinned = f"{PATH}&revision={first}"
    as_it_was = body(server, pinned)
    for p in (0.2, 0.3):
        becomes(server, models.save(p))
    assert body(server, pinned) == as_it_was
    (older,) = Path("/dev/shm").glob(f"{PREFIX}{os.getuid()}-{server.process.pid}-*/older/asia@{first}")
    assert older.is_dir()
    becomes(server, models.save(0.35))
    assert body(server, pinned) == as_it_was
    with pytest.raises(urllib.error.HTTPError, match="404"):
        body(server, f"{PATH}&revision=r-0000000000000000")


def test_files_that_are_saved_again_with_a_comment_are_served_in_place_of_what_was_activated_by_call(
    server, models, tmp_path
) -> None:
    first, edited = revision_of(server), becomes(server, models.save(0.3))
    by_call(ready(Folder(tmp_path / "state")), first)
    server.settled(lambda: revision_of(server) == first)
    models.file.write_text(f"# looked at again\n{models.text(0.3)}")
    server.settled(lambda: revision_of(server) == edited)


def test_files_that_are_the_first_thing_that_changes_end_what_was_activated_by_call_before(models, tmp_path) -> None:
    state = {"AFTERMATH_STATE": str(tmp_path / "state")}
    with gunicorn(models.root, tmp_path / "log", workers=2, **state) as server:
        first, edited = revision_of(server), becomes(server, models.save(0.3))
        by_call(ready(Folder(tmp_path / "state")), first)
        server.settled(lambda: revision_of(server) == first)
    with gunicorn(models.root, tmp_path / "log", workers=2, **state) as server:
        server.settled(lambda: server.get("/v1/status")["loader"])
        time.sleep(1)
        assert revision_of(server) == first
        models.file.write_text(f"# looked at again\n{models.text(0.3)}")
        server.settled(lambda: revision_of(server) == edited)


def races(server, store, order, count):
    """Of two who would both follow what is active one wins; every answer is of one of the revisions."""
    for i in range(count):
        present = activations.active(store, "asia").revision
        others = [each for each in order if each != present][:2]

        won = []

        def run(revision, present=present, won=won):
            with suppress(StalePrecondition):
                won.append(by_call(store, revision, expected=present))

        run_all([partial(run, revision) for revision in others])
        assert len(won) == 1, i
    server.settled(lambda: revision_of(server) == activations.active(store, "asia").revision)


def test_fault_14_of_two_activations_that_expect_the_same_one_wins(server, models, tmp_path) -> None:
    order = [revision_of(server), *(becomes(server, models.save(p)) for p in (0.2, 0.3))]
    with polling(server.url, PATH, clients=2) as polls:
        races(server, ready(Folder(tmp_path / "state")), order, 20)
    assert polls.failures == []
    assert polls.revisions <= set(order)


@pytest.mark.long
def test_fault_14_of_a_thousand_races_each_has_one_winner(server, models, tmp_path) -> None:
    order = [revision_of(server), *(becomes(server, models.save(p)) for p in (0.2, 0.3))]
    races(server, ready(Folder(tmp_path / "state")), order, 1_000)


@pytest.mark.needs("initdb")
def test_two_hosts_over_one_database_follow_the_one_that_watches(database, tmp_path) -> None:
    """Each has a folder of its own; the other one's files are not looked at while the first runs."""
    url = {"DATABASE_URL": database.database("hosts")}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **url) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        with gunicorn(two.root, tmp_path / "log2", workers=2, **url) as second:
            second.settled(lambda: (second.get("/v1/status")["loader"] or {}).get("role") == "follows")
            assert first.get("/v1/status")["loader"]["role"] == "watches"
            revision = becomes(first, one.save(0.3))
            assert becomes(second, forecast(0.3)) == revision
            assert body(first) == body(second)
            two.save(0.4)
            shutil.copy(one.file, tmp_path / "kept")
            becomes(first, one.save(0.35))
            becomes(second, forecast(0.35))
            first.process.terminate()
            first.process.wait()
            second.settled(lambda: second.get("/v1/status")["loader"]["role"] == "watches")
            becomes(second, forecast(0.4))


def other_models(server):
    return {each["name"] for each in server.get("/v1/models")["models"]} - {"asia"}


@pytest.mark.needs("initdb")
def test_a_model_that_the_watching_host_adds_or_removes_is_served_or_retired_by_the_one_that_follows(
    database, tmp_path
) -> None:
    url = {"DATABASE_URL": database.database("removed")}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    for each in (one, two):
        shutil.copytree(one.folder, each.root / "clinic")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **url) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        with gunicorn(two.root, tmp_path / "log2", workers=2, **url) as second:
            second.settled(lambda: (second.get("/v1/status")["loader"] or {}).get("role") == "follows")
            assert other_models(second) == {"clinic"}
            revision = revision_of(second, "clinic")
            shutil.copytree(one.folder, one.root / "another")
            second.settled(lambda: other_models(second) == {"another", "clinic"})
            shutil.rmtree(one.root / "another")
            shutil.rmtree(one.root / "clinic")
            for each in (first, second):
                each.settled(lambda each=each: other_models(each) == set())
                with pytest.raises(urllib.error.HTTPError, match="404"):
                    body(each, PATH.replace("asia", "clinic"))
                pinned = f"{PATH.replace('asia', 'clinic')}&revision={revision}"
                assert body(each, pinned) == body(first, pinned)
        with gunicorn(two.root, tmp_path / "log3", workers=2, **url) as second:
            assert other_models(second) == set()
            shutil.copytree(one.folder, one.root / "clinic")
            second.settled(lambda: other_models(second) == {"clinic"})
            assert revision_of(second, "clinic") == revision


def waiting_of(server):
    """What the status says that models wait for which are not served."""
    return {each["model"]: each["waiting"] for each in server.get("/v1/status")["models"] if each["revision"] is None}


@pytest.mark.needs("initdb")
def test_a_model_that_only_the_folder_of_a_host_has_which_follows_waits_until_that_watches(database, tmp_path) -> None:
    """Whichever host is asked, there is no such model; the status of the one that has it says why."""
    url = {"DATABASE_URL": database.database("own")}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    shutil.copytree(two.folder, two.root / "clinic")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **url) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        with gunicorn(two.root, tmp_path / "log2", workers=2, **url) as second:
            assert other_models(second) == set()
            second.settled(lambda: waiting_of(second) == {"clinic": REASON})
            shutil.copytree(two.folder, two.root / "later")
            second.settled(lambda: waiting_of(second) == {"clinic": REASON, "later": REASON})
            for each in (first, second):
                assert other_models(each) == set()
            os.killpg(first.process.pid, signal.SIGKILL)
            second.settled(lambda: other_models(second) == {"clinic", "later"})
            second.settled(lambda: waiting_of(second) == {})


def test_a_host_that_follows_one_which_has_just_begun_serves_on_until_it_is_known_what_that_has(tmp_path) -> None:
    """Two that begin at once: the one that watches has kept nothing yet."""
    models = copied(tmp_path / "models")
    shutil.copytree(models.folder, models.root / "clinic")
    model = priors.load(models.folder)
    with closing(ready(Folder(tmp_path / "state"))) as store:
        assert Lease(store).held()
        with gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(tmp_path / "state")) as server:
            assert other_models(server) == {"clinic"}
            record.keep(
                store,
                "asia",
                model.revision,
                record.content_of(model),
                files_of(models.folder),
                engine="1",
                tree_cells=40,
            )
            activations.activate(store, "asia", model.revision, cause="start")
            server.settled(lambda: other_models(server) == set())
            assert waiting_of(server) == {"clinic": REASON}
            assert revision_of(server) == model.revision


@pytest.mark.needs("initdb")
def test_a_host_that_starts_beside_one_that_watches_serves_what_that_made_active(database, tmp_path) -> None:
    """Its own files are of before: no answer is from them."""
    url = {"DATABASE_URL": database.database("later")}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **url) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        revision = becomes(first, one.save(0.3))
        with gunicorn(two.root, tmp_path / "log2", workers=2, **url) as second:
            found = {(revision_of(second), round(p_of(second), 12)) for _ in range(20)}
            assert found == {(revision, forecast(0.3))}


@pytest.mark.needs("initdb", "nginx")
def test_two_hosts_behind_one_nginx_answer_alike_and_one_takes_over_from_the_other(database, tmp_path) -> None:
    """Same bytes and same tags from both; of the host that watches everything is killed, and no poll fails."""
    settings = {"DATABASE_URL": database.database("nginx"), "AFTERMATH_PROXIES": "127.0.0.1"}
    settings |= {"AFTERMATH_PUBLIC_READ": "1", "AFTERMATH_RATE": "0"}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **settings) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        with (
            gunicorn(two.root, tmp_path / "log2", workers=2, **settings) as second,
            behind_nginx(tmp_path, [port_of(first), port_of(second)]) as port,
        ):
            front = f"http://127.0.0.1:{port}"
            second.settled(lambda: (second.get("/v1/status")["loader"] or {}).get("role") == "follows")
            two.save(0.3)  # as a deployment that copies to both would
            revision = becomes(first, one.save(0.3))
            becomes(second, forecast(0.3))
            assert asked_often(front) == {body(first)} == {body(second)}
            pinned = f"{PATH}&revision={revision}"
            assert asked_often(front, pinned) == {body(first, pinned)}
            with polling(front, PATH) as polls:
                os.killpg(first.process.pid, signal.SIGKILL)
                second.settled(lambda: second.get("/v1/status")["loader"]["role"] == "watches")
                last = becomes(second, two.save(0.35))
            assert polls.failures == []
            assert polls.revisions == {revision, last}
            assert polls.backward([revision, last]) == 0


@pytest.mark.needs("initdb", "nginx")
def test_fault_16_no_client_steps_back_over_two_hosts_behind_one_nginx(database, tmp_path) -> None:
    """The host that follows serves each edit later than the one that watches; clients are of both."""
    settings = {"DATABASE_URL": database.database("back"), "AFTERMATH_PROXIES": "127.0.0.1"}
    settings |= {"AFTERMATH_PUBLIC_READ": "1", "AFTERMATH_RATE": "0"}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **settings) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        with (
            gunicorn(two.root, tmp_path / "log2", workers=2, **settings) as second,
            behind_nginx(tmp_path, [port_of(first), port_of(second)]) as port,
        ):
            second.settled(lambda: (second.get("/v1/status")["loader"] or {}).get("role") == "follows")
            order, front = [revision_of(first)], f"http://127.0.0.1:{port}"
            with polling(front, PATH, clients=6, addresses=of_each_host(front, 3)) as polls:
                for i in range(6):
                    order.append(becomes(first, one.save(0.2 + i / 100)))
                    becomes(second, forecast(0.2 + i / 100))
            assert polls.failures == []
            assert polls.revisions == set(order)
            assert polls.backward(order) == 0


@pytest.mark.needs("initdb")
def test_a_roll_back_by_call_outlives_the_host_that_watched(database, tmp_path) -> None:
    """The other host has the same files, which it has not looked at while it followed."""
    url = {"DATABASE_URL": database.database("rolled")}
    one, two = copied(tmp_path / "one"), copied(tmp_path / "two")
    with gunicorn(one.root, tmp_path / "log1", workers=2, **url) as first:
        first.settled(lambda: first.get("/v1/status")["loader"])
        old = revision_of(first)
        with gunicorn(two.root, tmp_path / "log2", workers=2, **url) as second:
            second.settled(lambda: (second.get("/v1/status")["loader"] or {}).get("role") == "follows")
            two.save(0.3)
            becomes(first, one.save(0.3))
            with closing(ready(Server(url["DATABASE_URL"]))) as store:
                by_call(store, old)
            for each in (first, second):
                each.settled(lambda each=each: revision_of(each) == old)
            os.killpg(first.process.pid, signal.SIGKILL)
            second.settled(lambda: second.get("/v1/status")["loader"]["role"] == "watches")
            time.sleep(2)
            assert (revision_of(second), status_of(second)["from"]) == (old, "call")
            becomes(second, two.save(0.31))


@pytest.mark.needs("initdb")
def test_what_was_served_while_the_database_was_down_is_kept_with_its_times_and_in_its_order(tmp_path) -> None:
    with postgresql(durable=False) as database:
        url = database.database("down")
        models = copied(tmp_path / "models")
        with gunicorn(models.root, tmp_path / "log", workers=2, DATABASE_URL=url) as server:
            server.settled(lambda: server.get("/v1/status")["loader"])
            order = [revision_of(server)]
            database.stop("immediate")
            order += [becomes(server, models.save(p)) for p in (0.2, 0.3)]
            down = datetime.now(UTC)
            assert server.get("/v1/status")["loader"]["unkept"] > 0
            database.start()
            server.settled(lambda: server.get("/v1/status")["loader"]["unkept"] == 0)
            time.sleep(1)
            assert revision_of(server) == order[-1]
        with closing(ready(Server(url))) as store:
            made = activations.every(store, "asia")
        assert [each.revision for each in made] == order
        assert all(each.at <= down for each in made)


def port_of(server):
    return port_in(server.url)


def port_in(url):
    return int(url.rpartition(":")[2])


def asked_often(front, path=PATH):
    """The different answers, with their tags, to one question that clients at many addresses ask."""
    return {asked_from(address, front, path) for address in ADDRESSES}


def asked_from(address, front, path):
    """The tag and the body that a client at an address of this machine is answered with."""
    connection = http.client.HTTPConnection("127.0.0.1", port_in(front), timeout=30, source_address=(address, 0))
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.headers["ETag"], answer.read()


def of_each_host(front, count):
    """Addresses of clients, so many that nginx sends to each of two hosts."""
    found = {}
    for address in ADDRESSES:
        host = json.loads(asked_from(address, front, "/v1/status")[1])["loader"]["pid"]
        found.setdefault(host, []).append(address)
    assert len(found) == 2
    return [address for each in found.values() for address in each[:count]]


def body(server, path=PATH):
    with urllib.request.urlopen(server.url + path, timeout=30) as answer:
        return answer.headers["ETag"], answer.read()
