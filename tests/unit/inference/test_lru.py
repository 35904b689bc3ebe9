"""The cache: bounded by weight, the least recently used evicted first, and threads do not disturb each other."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from model.inference.lru import ByteLRU, weight_of
from model.uncertainty.draws import Sampled


def test_what_was_not_asked_for_the_longest_makes_room():
    cache = ByteLRU[int](80, largest=10)
    for i in range(8):
        cache.put(i, i, weight=10)
    assert cache.find(0) == 0
    cache.put(8, 8, weight=10)
    assert [cache.find(i) for i in (0, 1, 2, 8)] == [0, None, 2, 8]


def test_a_value_put_again_is_weighed_once():
    cache = ByteLRU[str](80, largest=10)
    for value in "abcdefghijklmnopq":
        cache.put("same", value, weight=10)
        cache.put("other", value, weight=10)
    assert (cache.find("same"), cache.find("other")) == ("q", "q")


def test_a_value_that_would_push_out_many_is_not_kept():
    cache = ByteLRU[str](80, largest=10)
    cache.put("small", "s", weight=10)
    cache.put("large", "l", weight=11)
    assert (cache.find("small"), cache.find("large")) == ("s", None)


def test_threads_together_stay_within_the_bound_and_get_what_was_put():
    cache = ByteLRU[int](800, largest=100)

    def work(thread: int) -> bool:
        for i in range(2_000):
            key = (thread * i) % 97
            cache.put(key, key, weight=1 + key % 100)
            if cache.find(key) not in (key, None):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1, 9)))
    left = [key for key in range(97) if cache.find(key) is not None]
    assert left
    assert sum(1 + key % 100 for key in left) <= 800


def test_without_a_largest_a_value_over_the_bound_is_cached_alone():
    cache = ByteLRU[str](80)
    cache.put("small", "s", weight=10)
    cache.put("large", "l", weight=100)
    assert (cache.find("small"), cache.find("large")) == (None, "l")
    cache.put("small", "s", weight=10)
    assert (cache.find("small"), cache.find("large")) == ("s", None)


def test_arrays_are_weighed_wherever_they_are_in_a_value():
    array = np.zeros(1_000)
    plain = weight_of(None)
    assert weight_of(array) == plain + 8_000
    assert weight_of({"a": array, "b": [array, np.zeros(10)]}) == plain + 8_080
    assert weight_of(Sampled(array.reshape(-1, 1), np.zeros(1_000), 1.0)) == plain + 16_000
    assert weight_of((array[:1], array[5:])) == plain + 8_000


def test_what_is_made_is_weighed_with_the_texts_of_its_key():
    cache = ByteLRU[np.ndarray](100_000)
    cache.get(("name", "x" * 5_000), lambda: np.zeros(1_000))
    held, limit, entries = cache.usage
    assert 8_000 + 5_000 < held < 8_000 + 5_000 + 2_000
    assert (limit, entries) == (100_000, 1)
    cache.get("another", lambda: np.zeros(12_000), weigh=lambda made: made.nbytes + 1)
    assert cache.usage.entries == 1
