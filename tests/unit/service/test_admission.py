"""Places for heavy questions: a cap, a short queue, clients in turn."""

import threading
import time
import weakref

import pytest

from model.resources.cost import SECOND
from model.resources.deadline import DeadlinePassed, NobodyWaits, Watch
from service.http import admission
from service.http.admission import HEAVY, Busy, Gate


class Heavies:
    """Threads that take a place and hold it until they are let go."""

    def __init__(self, gate):
        self.gate, self.order, self.threads, self.errors = gate, [], [], []
        self.held = threading.Semaphore(0)

    def come(self, client, *, cost=HEAVY, watch=None):
        before = self.gate.waiting, len(self.order)

        def work():
            try:
                with self.gate.place(client, cost, watch or Watch(60.0)):
                    self.order.append(client)
                    self.held.acquire()
            except (Busy, DeadlinePassed, NobodyWaits) as error:
                self.errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        self.threads.append(thread)
        _until(lambda: (self.gate.waiting, len(self.order)) != before or not thread.is_alive())

    def finish(self):
        for _ in self.threads:
            self.held.release()
        for thread in self.threads:
            thread.join(10)
        return self.order


def _until(held, seconds=10.0):
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_light_questions_need_no_place():
    gate, heavies = Gate(places=1, queue=0), None
    heavies = Heavies(gate)
    heavies.come("a")
    with gate.place("b", HEAVY - 1, Watch(1.0)):
        assert heavies.order == ["a"]
    heavies.finish()


def test_beyond_the_queue_they_are_told_when_to_come_again():
    gate = Gate(places=1, queue=4)
    heavies = Heavies(gate)
    for client in "abcde":
        heavies.come(client, cost=2 * SECOND)
    said = "1 heavy questions are at work and 4 wait, 0 of them yours"
    with pytest.raises(Busy, match=said) as caught, gate.place("f", HEAVY, Watch(60.0)):
        pass
    assert caught.value.retry_after == 9
    assert heavies.finish() == list("abcde")


def test_one_client_takes_half_of_the_queue_and_clients_come_in_turn():
    gate = Gate(places=1, queue=4)
    heavies = Heavies(gate)
    for _ in range(40):
        heavies.come("many")
    assert len(heavies.errors) == 37
    heavies.come("one")
    heavies.finish()
    assert heavies.order == ["many", "many", "one", "many"]


def test_what_would_not_be_begun_before_its_deadline_is_refused_at_once():
    gate = Gate(places=1, queue=4)
    heavies = Heavies(gate)
    heavies.come("a", cost=10 * SECOND)
    with pytest.raises(Busy) as caught, gate.place("b", HEAVY, Watch(3.0)):
        pass
    assert caught.value.retry_after == 5
    heavies.finish()


@pytest.mark.parametrize(("seconds", "error"), [(0.2, DeadlinePassed), (60.0, NobodyWaits)])
def test_one_who_waits_in_vain_leaves_its_place_in_the_queue(seconds, error):
    gate = Gate(places=1, queue=4)
    heavies = Heavies(gate)
    heavies.come("a", cost=HEAVY)
    with pytest.raises(error), gate.place("b", HEAVY, Watch(seconds, lambda: error is NobodyWaits)):
        pass
    assert gate.waiting == 0
    heavies.come("c")
    assert heavies.finish() == ["a", "c"]


def test_a_question_that_fails_gives_its_place_back():
    gate = Gate(places=1, queue=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gate.place("a", HEAVY, Watch(1.0)):
            raise ZeroDivisionError
    with gate.place("a", HEAVY, Watch(1.0)):
        pass


def test_the_load_counts_who_works_who_waits_and_all_that_was_begun():
    gate = Gate(places=1, queue=4)
    with gate.place("a", 0, Watch(1.0)):
        assert gate.load == (1, 0, 4, 0, 0)
    with gate.place("a", 1, Watch(1.0)), gate.place("a", HEAVY, Watch(1.0)):
        assert gate.load == (1, 1, 4, 0, 2)
    assert gate.load == (1, 0, 4, 0, 2)


def work(watch, steps=3):
    for _ in range(steps):
        until = time.thread_time() + 0.01
        while time.thread_time() < until:
            pass
        watch.check()


def test_work_that_turns_out_heavy_takes_a_place_in_its_middle_once(monkeypatch):
    monkeypatch.setattr(admission, "LIGHT", 0.015)
    gate, watch = Gate(places=1, queue=1), Watch(60.0)
    with gate.turn("a", watch) as turn:
        turn.begin(1)
        assert gate.load.working == 0
        work(watch)
        assert gate.load.working == 1
        work(watch)
        assert gate.load.working == 1
    assert gate.load.working == 0
    work(watch)
    assert gate.load.working == 0


def test_work_that_turns_out_heavy_is_refused_where_too_many_are_at_it(monkeypatch):
    monkeypatch.setattr(admission, "LIGHT", 0.015)
    gate = Gate(places=1, queue=1)
    heavies = Heavies(gate)
    heavies.come("a")
    heavies.come("b")
    watch = Watch(60.0)
    with gate.turn("c", watch) as turn:
        turn.begin(1)
        with pytest.raises(Busy):
            work(watch)
    assert heavies.finish() == ["a", "b"]


def test_the_time_of_threads_that_help_is_not_counted_to_them(monkeypatch):
    monkeypatch.setattr(admission, "LIGHT", 0.015)
    gate, watch = Gate(places=1, queue=1), Watch(60.0)
    with gate.turn("a", watch):
        helper = threading.Thread(target=work, args=(watch,))
        helper.start()
        helper.join()
        assert gate.load.working == 0


def test_two_places_are_told_apart():
    gate = Gate(places=2, queue=1)
    for _ in range(3):
        with gate.place("a", HEAVY, Watch(1.0)), gate.place("b", HEAVY, Watch(1.0)):
            assert gate.load.working == 2
        assert gate.load.working == 0


def test_a_request_that_is_over_is_freed_at_once():
    """Not when the collector comes: what a watch looks at holds the whole request."""
    gate, watch = Gate(places=1, queue=1), Watch(60.0)
    with gate.turn("a", watch) as turn:
        turn.begin(HEAVY)
    gone = weakref.ref(turn)
    del turn
    assert gone() is None
