"""Work that ends by itself: past its deadline, or when nobody waits."""

import threading
import time
from pathlib import Path

import pytest

import priors
from model.analyses.comparison import compare
from model.evidence import Assumed
from model.forecast import answer, answers, prepare
from model.inference.variable_elimination.threads import Workers
from model.priors import load
from model.question import Question
from model.resources import deadline
from model.resources.deadline import DeadlinePassed, NobodyWaits, Watch, checkpoint, watched

ROOT = Path(priors.__path__[0])


@pytest.fixture(scope="module")
def asia():
    return prepare(load(ROOT / "asia"))


def test_without_a_watch_nothing_ends():
    assert deadline.watch() is None
    checkpoint()


def test_a_question_ends_at_its_deadline(asia):
    question = Question(("lung",), {"xray": Assumed({"yes": 0.4, "no": 0.6})}, interval=0.91)
    with watched(Watch(0.0)), pytest.raises(DeadlinePassed, match="the deadline is 0 s, and 1 steps were done"):
        answer(asia, question)
    assert answer(asia, question).targets.intervals is not None


def test_a_question_ends_when_nobody_waits(asia):
    steps = iter(range(1000))
    with watched(Watch(60.0, lambda: next(steps) >= 3)), pytest.raises(NobodyWaits):
        answer(asia, Question((), {"xray": Assumed({"yes": 0.3, "no": 0.7})}, interval=0.92))
    assert next(steps) == 4


@pytest.mark.parametrize("ask", [answers, compare])
def test_many_questions_end_together_and_none_is_refused_for_it(asia, ask):
    """A deadline that is reached in the middle is no refusal of one of the questions, to be kept with the others."""
    questions = [Question(("lung",), {"xray": Assumed({"yes": p, "no": 1 - p})}) for p in (0.3, 0.4, 0.5)]
    for after in (0, 5):
        steps = iter(range(1000))
        with watched(Watch(60.0, lambda steps=steps, after=after: next(steps) >= after)), pytest.raises(NobodyWaits):
            ask(asia, questions)
        assert next(steps) == after + 1


def test_the_watch_of_one_thread_is_not_that_of_another():
    seen = []
    with watched(Watch(60.0)):
        thread = threading.Thread(target=lambda: seen.append(deadline.watch()))
        thread.start()
        thread.join()
        assert deadline.watch() is not None
    assert seen == [None]


def test_threads_that_help_look_at_the_watch_of_the_work_they_help_with():
    done = []

    def do(part: int) -> None:
        time.sleep(0.01)
        done.append(part)

    with watched(Watch(0.05)), pytest.raises(DeadlinePassed):
        Workers().each(do, range(1000))
    time.sleep(0.1)
    assert len(done) < 500


def test_what_was_ended_leaves_nothing_half_done(asia):
    question = Question((), {"xray": Assumed({"yes": 0.35, "no": 0.65})}, interval=0.93)
    fresh = answer(prepare(load(ROOT / "asia")), question)
    for allowed in range(0, 60, 7):
        steps = iter(range(1000))
        with watched(Watch(60.0, lambda steps=steps, allowed=allowed: next(steps) >= allowed)):
            try:
                answer(asia, question)
            except NobodyWaits:
                continue
    found = answer(asia, question)
    assert found.targets.p.tolist() == fresh.targets.p.tolist()
    assert found.targets.intervals.low.tolist() == fresh.targets.intervals.low.tolist()
