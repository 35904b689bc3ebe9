"""What is kept: bounded by weight, the least wanted goes first, and threads do not disturb each other."""

from concurrent.futures import ThreadPoolExecutor

from service.http.lru import Kept


def test_what_was_not_asked_for_the_longest_makes_room():
    kept = Kept[int](80)
    for i in range(8):
        kept.put(i, i, weight=10)
    assert kept.get(0) == 0
    kept.put(8, 8, weight=10)
    assert [kept.get(i) for i in (0, 1, 2, 8)] == [0, None, 2, 8]


def test_a_value_put_again_is_weighed_once():
    kept = Kept[str](80)
    for value in "abcdefghijklmnopq":
        kept.put("same", value, weight=10)
        kept.put("other", value, weight=10)
    assert (kept.get("same"), kept.get("other")) == ("q", "q")


def test_a_value_that_would_push_out_many_is_not_kept():
    kept = Kept[str](80)
    kept.put("small", "s", weight=10)
    kept.put("large", "l", weight=11)
    assert (kept.get("small"), kept.get("large")) == ("s", None)


def test_threads_together_stay_within_the_bound_and_get_what_was_put():
    kept = Kept[int](800)

    def work(thread: int) -> bool:
        for i in range(2_000):
            key = (thread * i) % 97
            kept.put(key, key, weight=1 + key % 100)
            if kept.get(key) not in (key, None):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1, 9)))
    left = [key for key in range(97) if kept.get(key) is not None]
    assert left
    assert sum(1 + key % 100 for key in left) <= 800
