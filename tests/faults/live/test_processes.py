"""Processes that die, stop or are told to reload while revisions change (faults 5, 14, 16, 65, 67)."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from service.live.states import PREFIX
from service.store import activations
from service.store.location import Folder
from tests.edited import PATH, becomes, forecast, p_of, revision_of, status_of
from tests.pollers import polling
from tests.servers import gunicorn
from tests.stores import ready

HOMES = Path("/dev/shm")


def loader_of(server):
    return server.settled(lambda: server.get("/v1/status")["loader"])["pid"]


def workers_of(server):
    return {each["pid"] for each in server.get("/v1/status")["workers"]}


def reloads(server, models, *, times):
    """HUP and edits together: new workers serve what is active, and no poll fails."""
    with polling(server.url, PATH) as polls:
        for i in range(times):
            wanted = models.save(0.2 + i / 100)
            server.process.send_signal(signal.SIGHUP)
            becomes(server, wanted)
    assert polls.failures == []
    assert workers_of(server)
    return polls


def test_fault_05_a_reload_signal_keeps_what_is_active_and_loses_no_poll(server, models) -> None:
    becomes(server, models.save(0.25))
    before = workers_of(server)
    with polling(server.url, PATH) as polls:
        server.process.send_signal(signal.SIGHUP)
        server.settled(lambda: not workers_of(server) & before)
        server.settled(lambda: len(workers_of(server)) == 4)
    assert polls.failures == []
    assert p_of(server) == pytest.approx(forecast(0.25))
    assert len(polls.revisions) == 1


def test_fault_05_edits_and_reload_signals_together_end_at_the_last_edit(server, models) -> None:
    reloads(server, models, times=3)


def test_a_loader_that_is_killed_is_begun_again_and_goes_on(server, models) -> None:
    becomes(server, models.save(0.25))
    loader = loader_of(server)
    os.kill(loader, signal.SIGKILL)
    server.settled(lambda: loader_of(server) != loader)
    assert p_of(server) == pytest.approx(forecast(0.25))
    becomes(server, models.save(0.26))
    assert "another one begins" in server.log.read_text()


def test_a_loader_that_is_begun_again_does_not_go_back_to_what_was_served_at_the_start(
    server, models, tmp_path
) -> None:
    edited = becomes(server, models.save(0.25))
    loader = loader_of(server)
    os.kill(loader, signal.SIGKILL)
    server.settled(lambda: loader_of(server) != loader)
    with polling(server.url, PATH) as polls:
        time.sleep(2)
    assert polls.revisions == {edited}
    assert status_of(server)["from"] == "file"
    made = activations.every(ready(Folder(tmp_path / "state")), "asia")
    assert [each.cause for each in made] == ["start", "file"]


def test_a_loader_that_is_killed_while_it_compiles_leaves_the_old_answer_and_reads_again(server, models) -> None:
    for i in range(5):
        loader = loader_of(server)
        wanted = models.save(0.2 + i / 100)
        time.sleep(0.3 + 0.05 * i)
        os.kill(loader, signal.SIGKILL)
        becomes(server, wanted)


def test_fault_16_a_worker_that_is_killed_comes_back_at_the_active_revision(server, models) -> None:
    order = [revision_of(server)]
    with polling(server.url, PATH, clients=2) as polls:
        for i in range(3):
            order.append(becomes(server, models.save(0.2 + i / 100)))
            os.kill(sorted(workers_of(server))[0], signal.SIGKILL)
        server.settled(lambda: len(workers_of(server)) == 4)
    assert polls.backward(order) == 0
    assert polls.revisions <= set(order)
    assert len(polls.failures) <= 2 * 3, "what a killed worker had at hand"


def test_fault_16_a_worker_that_is_stopped_is_replaced_and_not_waited_for(server, models) -> None:
    stopped = sorted(workers_of(server))[-1]
    wanted = models.save(0.3)
    os.kill(stopped, signal.SIGSTOP)
    server.settled(lambda: not runs(stopped), within=60)
    becomes(server, wanted)
    assert f"worker {stopped} did not make revisions ready" in server.log.read_text()


def left_by(server):
    """What lies in memory of one service, whatever others leave there at the same time."""
    return [*HOMES.glob(f"{PREFIX}{os.getuid()}-{server.process.pid}-*")]


def test_nothing_is_left_in_memory_once_the_service_has_ended(models, tmp_path) -> None:
    with gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(tmp_path / "state")) as server:
        becomes(server, models.save(0.3))
        loader = loader_of(server)
        assert left_by(server)
    assert left_by(server) == []
    with pytest.raises(ProcessLookupError):
        os.kill(loader, 0)


def test_a_master_that_is_killed_takes_its_loader_with_it(models, tmp_path) -> None:
    with gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(tmp_path / "state")) as server:
        loader = loader_of(server)
        server.process.kill()
        server.process.wait()
        server.settled(lambda: not runs(loader))
        server.settled(lambda: not left_by(server))


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_fault_67_a_start_on_broken_files_serves_the_last_good_revision_from_the_store(models, tmp_path) -> None:
    state = {"AFTERMATH_STATE": str(tmp_path / "state")}
    with gunicorn(models.root, tmp_path / "log", workers=2, **state) as server:
        good = becomes(server, models.save(0.3))
    models.break_()
    with gunicorn(models.root, tmp_path / "log", workers=2, **state) as server:
        found = status_of(server)
        assert (found["revision"], found["from"]) == (good, "store")
        assert found["attempt"]["problems"][0]["file"] == "asia/diseases.yaml"
        assert p_of(server) == pytest.approx(forecast(0.3))
        assert server.get("/readyz")["status"] == "degraded"
        becomes(server, models.save(0.4))
        assert status_of(server)["from"] == "file"
    assert [each.cause for each in activations.latest(ready(Folder(tmp_path / "state")), "asia")] == [
        "file",
        "file",
        "start",
    ]


def flat(server, models, some, more):
    """Memory of the workers and of the loader, private and in all, in kB, after some activations and after more."""
    measured = []
    for part in (some, more):
        for i in range(part):
            becomes(server, models.save(round(0.2 + len(measured) / 10 + i / 10_000, 6)))
        time.sleep(1)
        processes = [*sorted(workers_of(server)), loader_of(server)]
        measured.append(([private(pid) for pid in processes], [resident(pid) for pid in processes]))
    return measured


def resident(pid):
    """What is its own and what it shares with the master: what comes apart of that is in it before and after."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") // 1_000


def private(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return found["Private_Clean"] + found["Private_Dirty"]


def homes_of(server):
    loader = loader_of(server)
    (home,) = HOMES.glob(f"{PREFIX}*-{os.getpgid(loader)}-*")
    return home


def test_fault_65_of_a_model_at_most_two_revisions_are_held(server, models) -> None:
    home = homes_of(server)
    counts = set()
    ending = threading.Event()

    def look():
        while not ending.is_set():
            counts.add(len([each for each in home.iterdir() if each.is_dir()]))
            time.sleep(0.01)

    looking = threading.Thread(target=look)
    looking.start()
    for i in range(10):
        becomes(server, models.save(0.2 + i / 100))
    ending.set()
    looking.join()
    assert max(counts) <= 2


@pytest.mark.long
def test_fault_65_five_hundred_activations_leave_memory_flat(server, models) -> None:
    (some, in_all), (more, in_all_later) = flat(server, models, 100, 400)
    assert sum(more) < sum(some) + 20_000, "of all; to hold on to one revision each takes 50 kB of each"
    for before, after in zip(in_all, in_all_later, strict=True):
        assert after < before + 3_000, "of each; 400 answers alone take 4,000 kB"


@pytest.mark.long
def test_fault_65_a_thousand_reloads_under_load_fail_no_poll(server, models) -> None:
    order = [revision_of(server)]
    with polling(server.url, PATH, clients=4) as polls:
        for i in range(1_000):
            order.append(becomes(server, models.save(round(0.1 + i / 10_000 + 0.0001, 6))))
    assert polls.failures == []
    assert polls.backward(order) == 0


def test_without_watching_a_saved_file_changes_nothing(models, tmp_path) -> None:
    settings = {"AFTERMATH_STATE": str(tmp_path / "state"), "AFTERMATH_LIVE": "0"}
    with gunicorn(models.root, tmp_path / "log", workers=2, **settings) as server:
        models.save(0.3)
        time.sleep(1.5)
        assert p_of(server) == pytest.approx(forecast(0.1))
        assert server.get("/v1/status")["loader"]["role"] == "calls only"


def test_a_store_that_cannot_be_used_keeps_nothing_and_stops_nothing(models, tmp_path) -> None:
    (tmp_path / "state").write_text("a file where the folder would be")
    with gunicorn(models.root, tmp_path / "log", workers=2, AFTERMATH_STATE=str(tmp_path / "state")) as server:
        becomes(server, models.save(0.3))
        assert server.get("/v1/status")["loader"]["unkept"] > 0
        (tmp_path / "state").unlink()
        server.settled(lambda: server.get("/v1/status")["loader"]["unkept"] == 0)
        server.settled(lambda: server.get("/readyz")["status"] == "ready", within=5)
        revision = revision_of(server)
    active = activations.active(ready(Folder(tmp_path / "state")), "asia")
    assert active.revision == revision


def test_a_folder_without_its_files_is_left_alone_until_they_are_there(server, models) -> None:
    """A model whose folder goes and comes again is served again."""
    shutil.move(models.folder, models.root / ".away")
    server.settled(lambda: server.get("/v1/models")["models"] == [])
    shutil.move(models.root / ".away", models.folder)
    server.settled(lambda: server.get("/v1/models")["models"])
    assert p_of(server) == pytest.approx(forecast(0.1))
