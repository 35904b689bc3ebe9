"""One process has the right to watch; who only asks whether somebody has it takes nothing."""

from contextlib import closing

from service.store.database import Store
from service.store.lease import Lease, is_taken
from service.store.location import Nowhere


def test_whoever_asks_whether_somebody_watches_takes_nothing(store: Store) -> None:
    assert [is_taken(store) for _ in range(3)] == [False] * 3
    lease = Lease(store)
    assert lease.held()
    with closing(Store(store.place)) as other:
        assert is_taken(other)
        assert Lease(other).held() is False
        assert is_taken(other)
    assert lease.held()


def test_nobody_watches_for_others_without_a_store() -> None:
    assert not is_taken(Store(Nowhere("a test")))
