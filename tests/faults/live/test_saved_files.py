"""A prior file that is saved while the service runs (faults 11 to 16)."""

import os
import random
import shutil
import subprocess
import time
import urllib.request

import pytest

from service.store import activations
from service.store.location import Folder
from tests.edited import PATH, STATED, becomes, forecast, p_of, revision_of, status_of
from tests.pollers import polling
from tests.stores import ready


def test_fault_11_a_broken_file_leaves_the_old_answer_and_its_place_is_told_everywhere(server, models) -> None:
    before, tag = status_of(server), revision_of(server)
    with polling(server.url, PATH) as polls:
        models.break_()
        found = server.settled(lambda: status_of(server)["attempt"]["problems"])
    assert polls.failures == []
    assert polls.revisions == {tag}
    (problem,) = found
    assert (problem["file"], problem["line"]) == ("asia/diseases.yaml", line_of(models, "yes: 0.1, no: 0.95"))
    assert "1.05" in problem["found"]
    ready_now = server.get("/readyz")
    assert ready_now["status"] == "degraded"
    assert f"asia/diseases.yaml:{problem['line']}:{problem['column']}" in ready_now["models"][0]["reasons"][0]
    assert f"diseases.yaml:{problem['line']}:{problem['column']}" in server.log.read_text()
    assert f"asia/diseases.yaml:{problem['line']}:{problem['column']}" in page(server)
    assert status_of(server)["revision"] == before["revision"]


def line_of(models, words):
    return next(i for i, line in enumerate(models.file.read_text().splitlines(), start=1) if words in line)


def page(server):
    with urllib.request.urlopen(server.url + "/plain", timeout=10) as answer:
        return answer.read().decode()


def mutated(text, drawn):
    """The text with a stretch taken out, doubled, or replaced."""
    start = drawn.randrange(len(text))
    stretch = text[start : start + drawn.randint(1, 30)]
    other = drawn.choice(["", stretch * 2, "[", "{", "\t", "yes", "-", ": ", "9", "\x00"])
    return text[:start] + other + text[start + len(stretch) :]


def survive_mutations(server, models, count):
    """Files changed at random are refused or loaded; no poll fails."""
    drawn, text = random.Random(11), models.text(0.1)
    with polling(server.url, PATH, clients=2) as polls:
        for _ in range(count):
            models.file.write_text(mutated(text, drawn))
            time.sleep(drawn.uniform(0.0, 0.8))
        wanted = models.save(0.31)
        becomes(server, wanted)
    assert polls.failures == []
    assert server.get("/readyz")["status"] == "ready"


def test_fault_11_twenty_files_changed_at_random_fail_no_poll(server, models) -> None:
    survive_mutations(server, models, 20)


@pytest.mark.long
def test_fault_11_a_thousand_files_changed_at_random_fail_no_poll(server, models) -> None:
    survive_mutations(server, models, 1_000)


def written_in_parts(models, text, cut, *, pause=0.6):
    """Truncate the file and write it in two parts, with a pause that is longer than a folder takes to settle."""
    with models.file.open("w") as file:
        file.write(text[:cut])
        file.flush()
        time.sleep(pause)
        file.write(text[cut:])


def never_half(server, models, cuts):
    whole, text = {revision_of(server)}, models.text(0.2)
    with polling(server.url, PATH, clients=2) as polls:
        for cut in cuts:
            whole.add(becomes(server, models.save(0.15)))
            written_in_parts(models, text, cut)
            whole.add(becomes(server, forecast(0.2)))
    assert polls.failures == []
    assert polls.revisions <= whole
    assert len(whole) == 3


def test_fault_12_a_file_that_is_open_for_writing_is_waited_for_however_much_of_it_is_there(server, models) -> None:
    lines = models.text(0.2).splitlines(keepends=True)
    ends = [len("".join(lines[:count])) for count in (1, len(lines) // 2, len(lines) - 1)]
    never_half(server, models, ends)


@pytest.mark.long
def test_fault_12_no_prefix_of_a_file_is_ever_active(server, models) -> None:
    never_half(server, models, range(0, len(models.text(0.2)), 7))


def in_place(models, text):
    models.file.write_text(text)


def by_rename(models, text):
    part = models.folder / ".diseases.yaml.part"
    part.write_text(text)
    part.replace(models.file)


def like_vim(models, text):
    """The old file becomes a backup, the new one is written under its name, the backup goes."""
    swap = models.folder / ".diseases.yaml.swp"
    swap.write_text("what vim notes")
    (models.folder / "4913").write_text("")
    (models.folder / "4913").unlink()
    backup = models.folder / "diseases.yaml~"
    models.file.replace(backup)
    models.file.write_text(text)
    backup.unlink()
    swap.unlink()


def like_emacs(models, text):
    """A lock that points nowhere, a save of its own, a backup that stays."""
    lock = models.folder / ".#diseases.yaml"
    os.symlink("somebody@somewhere.1", lock)
    (models.folder / "#diseases.yaml#").write_text(text[:50])
    shutil.copy2(models.file, models.folder / "diseases.yaml~")
    models.file.write_text(text)
    (models.folder / "#diseases.yaml#").unlink()
    lock.unlink()


def by_link(models, text):
    """The name is a link inside the folder that is turned to another file."""
    target = models.folder / f"version-{time.monotonic_ns()}.txt"
    target.write_text(text)
    new = models.folder / ".new"
    os.symlink(target.name, new)
    new.replace(models.file)


def by_folder(models, text):
    """The whole folder is swapped for a copy."""
    copy = models.root / ".copy"
    shutil.copytree(models.folder, copy)
    (copy / "diseases.yaml").write_text(text)
    old = models.root / ".old"
    models.folder.rename(old)
    copy.rename(models.folder)
    shutil.rmtree(old)


WAYS = (in_place, by_rename, like_vim, like_emacs, by_link, by_folder)


def test_fault_13_each_way_in_which_editors_save_is_activated_once(server, models, tmp_path) -> None:
    with polling(server.url, PATH, clients=2) as polls:
        for i, way in enumerate(WAYS):
            way(models, models.text(0.2 + i / 100))
            becomes(server, forecast(0.2 + i / 100))
        time.sleep(1)
    assert polls.failures == []
    store = ready(Folder(tmp_path / "state"))
    assert len(activations.latest(store, "asia")) == 1 + len(WAYS)


def two_fit(server, models, times):
    """Two files that only fit together, saved one after the other with a pause shorter than the folder's quiet."""
    findings = models.folder / "findings.yaml"
    texts = [(models.file.read_text(), findings.read_text())]
    renamed = [text.replace("lung", "lungs") for text in texts[0]]
    others = {path: path.read_text() for path in models.folder.glob("*.yaml") if path not in (models.file, findings)}
    first = status_of(server)
    with polling(server.url, "/v1/models/asia/forecast/dysp?interval=none", clients=2) as polls:
        for turn in range(times):
            new = renamed if turn % 2 == 0 else texts[0]
            models.file.write_text(new[0])
            time.sleep(0.15)
            findings.write_text(new[1])
            for path, text in others.items():
                path.write_text(text.replace("lung", "lungs") if new is renamed else text)
            wanted = "lungs" if new is renamed else "lung"
            server.settled(lambda wanted=wanted: wanted in names(server))
    assert polls.failures == []
    assert len(polls.revisions) <= 2
    assert status_of(server)["attempt"]["reasons"] == first["attempt"]["reasons"] == []
    return polls


def names(server):
    return [each["name"] for each in server.get("/v1/models/asia/variables")["variables"]]


def test_fault_15_two_files_that_only_fit_together_are_taken_together(server, models) -> None:
    two_fit(server, models, 4)


def test_fault_15_a_checkout_that_switches_branches_is_waited_for(server, models) -> None:
    git(models.root, "init", "-q")
    git(models.root, "add", ".")
    git(models.root, "commit", "-qm", "As the book has it")
    lock = models.root / ".git" / "index.lock"
    lock.write_text("")
    models.save(0.3)
    time.sleep(1)
    assert status_of(server)["waiting"] == "git is changing the checkout"
    assert p_of(server) == pytest.approx(forecast(0.1))
    lock.unlink()
    becomes(server, forecast(0.3))


def test_fault_15_a_listed_file_that_is_not_there_yet_is_waited_for(server, models) -> None:
    text = models.text(0.3)
    models.file.unlink()
    time.sleep(1)
    assert "diseases.yaml is listed" in status_of(server)["waiting"]
    assert server.get("/readyz")["status"] == "ready"
    models.file.write_text(text)
    becomes(server, forecast(0.3))


def git(folder, *words):
    who = ["-c", "user.name=A modeller", "-c", "user.email=modeller@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def no_step_back(server, models, times, *, clients):
    order = [revision_of(server)]
    with polling(server.url, PATH, clients=clients) as polls:
        for i in range(times):
            models.save(0.2 + i / 1000)
            order.append(becomes(server, forecast(0.2 + i / 1000)))
    assert polls.failures == []
    assert polls.revisions <= set(order)
    assert polls.backward(order) == 0
    by_revision = {(revision, p, tag) for each in polls.seen for revision, p, tag in each}
    assert len(by_revision) == len(polls.revisions), "a revision has one answer and one tag, whichever worker gives it"
    return polls


def test_fault_16_no_client_steps_back_over_ten_edits_and_four_workers(server, models) -> None:
    polls = no_step_back(server, models, 10, clients=6)
    assert len(polls.revisions) > 5
    assert polls.count > 100
    workers = server.settled(lambda: same_state(server))
    assert len(workers) == 4
    assert all(each["revisions"] == {"asia": revision_of(server)} for each in workers)


def same_state(server):
    workers = server.get("/v1/status")["workers"]
    return workers if len({each["state"] for each in workers}) == 1 else None


def test_a_published_check_out_of_its_range_does_not_block(server, models) -> None:
    assert STATED in (models.folder / "diseases.yaml").read_text()
    becomes(server, models.save(0.9))
    assert server.get("/readyz")["status"] == "ready"


def test_bad_good_bad_and_the_same_good_again_end_as_they_should(server, models) -> None:
    def compiled():
        return server.log.read_text().count("model asia: loading")

    first = revision_of(server)
    for _ in range(2):
        models.break_()
        server.settled(lambda: status_of(server)["attempt"]["problems"])
        models.save(0.4)
        second = becomes(server, forecast(0.4))
        server.settled(lambda: not status_of(server)["attempt"]["problems"])
    before = compiled()
    for _ in range(3):
        models.break_()
        server.settled(lambda: status_of(server)["attempt"]["problems"])
        assert revision_of(server) == second
        models.save(0.4)
        server.settled(lambda: not status_of(server)["attempt"]["problems"])
    assert compiled() - before <= 3, "what is known to be bad is not compiled again"
    assert first != second == revision_of(server)


def test_a_new_folder_is_a_new_model_and_a_removed_one_is_retired(server, models, tmp_path) -> None:
    shutil.copytree(models.folder, models.root / "second")
    server.settled(lambda: "second" in [each["name"] for each in server.get("/v1/models")["models"]])
    assert status_of(server, "second")["from"] == "file"
    revision = revision_of(server, "second")
    shutil.rmtree(models.root / "second")
    server.settled(lambda: "second" not in [each["name"] for each in server.get("/v1/models")["models"]])
    assert revision_of(server)
    store = ready(Folder(tmp_path / "state"))
    assert activations.active(store, "second") is None
    assert [each.revision for each in activations.latest(store, "second")] == [revision]
    assert server.get(f"/v1/models/second/revisions/{revision}")["files"]
    pinned = server.get(f"/v1/models/second/forecast/lung?interval=none&revision={revision}")
    assert (pinned["revision"], pinned["distribution"][0]["p"]) == (revision, pytest.approx(forecast(0.1)))
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.get("/v1/models/second/forecast/lung")
    shutil.copytree(models.folder, models.root / "second")
    server.settled(lambda: "second" in [each["name"] for each in server.get("/v1/models")["models"]])
    assert [each.previous for each in activations.every(store, "second")] == [None, None]
