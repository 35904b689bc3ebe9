"""A link asks one question: its key is shown once, signs address and expiry, and ends when it expires or is revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.store import audit, links
from service.store.database import Store
from service.store.errors import BadKey, BadLinkAddress, StoreError, UnknownLink
from tests.stores import raw

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ADDRESS = "/v1/models/asia/forecast/lung.csv?given=xray:yes&given=asia:no"


def made(store: Store, days: int = 30) -> links.Issued:
    return links.new(store, links.question(ADDRESS), lasting=timedelta(days=days), author="me", origin="a test")


def test_a_key_that_is_presented_is_known_with_its_question(store: Store) -> None:
    issued = made(store)
    found = links.presented(store, issued.key)
    assert (found.id, found.question) == (issued.link.id, links.question(ADDRESS))
    assert issued.address(".csv") == f"{ADDRESS}&key={issued.key}"


def test_the_store_does_not_hold_the_key(store: Store) -> None:
    issued = made(store)
    with store.reading() as connection:
        rows = [*connection.execute(text("SELECT * FROM links")), *connection.execute(text("SELECT * FROM audit"))]
    assert issued.key.split("_", 2)[2] not in str(rows)
    assert issued.key not in repr(issued)


@pytest.mark.parametrize("key", ["", "al", "al_abcdefghijkl_" + "A" * 43, "am_\0_x", "\u00e4" * 99])
def test_what_is_no_key_is_refused(store: Store, key: str) -> None:
    made(store)
    with pytest.raises(BadKey, match="it is unknown, has expired or was revoked"):
        links.presented(store, key)


def test_a_key_of_one_link_does_not_fit_another(store: Store) -> None:
    one, two = made(store), made(store)
    mixed = f"al_{one.link.id}_{two.key.split('_', 2)[2]}"
    with pytest.raises(BadKey):
        links.presented(store, mixed)


@pytest.mark.parametrize("column", ["address", "expires"])
def test_a_key_does_not_sign_what_was_changed_in_the_store(store: Store, column: str) -> None:
    issued = made(store)
    on_table = "" if store.described.startswith("SQLite") else " ON links"
    value = "2099-01-01T00:00:00.000000Z" if column == "expires" else "/v1/models/asia/marginals"
    raw(store, f"DROP TRIGGER links_refuses_update{on_table}", f"UPDATE links SET {column} = '{value}'")
    with pytest.raises(BadKey):
        links.presented(store, issued.key)


@pytest.mark.parametrize("change", ["address = 'x'", "code = 'x'", "expires = '2099'", "label = 'another'"])
def test_a_link_keeps_what_it_was_made_with(store: Store, change: str) -> None:
    made(store)
    with pytest.raises(StoreError):
        raw(store, f"UPDATE links SET {change}")


def test_a_link_expires_at_its_time(store: Store) -> None:
    store.clock = lambda: DAY
    issued = made(store)
    store.clock = lambda: DAY + timedelta(days=30) - timedelta(microseconds=1)
    assert links.presented(store, issued.key).expires == DAY + timedelta(days=30)
    store.clock = lambda: DAY + timedelta(days=30)
    with pytest.raises(BadKey):
        links.presented(store, issued.key)


def test_a_revoked_link_is_refused_and_stays_in_the_list(store: Store) -> None:
    one, two = made(store), made(store)
    revoked = links.revoke(store, one.link.id)
    assert links.revoke(store, one.link.id) == revoked
    with pytest.raises(BadKey):
        links.presented(store, one.key)
    assert [each.revoked is None for each in links.every(store)] == [False, True]
    assert links.presented(store, two.key).id == two.link.id
    with pytest.raises(UnknownLink, match="no link 'nobody'"):
        links.revoke(store, "nobody")


def test_the_audit_log_has_who_made_and_revoked_a_link(store: Store) -> None:
    issued = made(store)
    links.revoke(store, issued.link.id, author="you", origin="a test")
    found = [(each.deed.who, each.deed.what, each.deed.detail["link"]) for each in audit.latest(store)]
    assert found == [("you", "link revoke", issued.link.id), ("me", "link new", issued.link.id)]


@pytest.mark.parametrize(
    ("address", "question"),
    [
        ("/v1/models/asia/forecast/lung.json", "/v1/models/asia/forecast/lung"),
        ("https://site.test/v1/models/asia/marginals?key=al_x", "/v1/models/asia/marginals"),
        ("/v1/x?b=2&a=%3A&b=1", "/v1/x?a=:&b=2&b=1"),
    ],
)
def test_the_question_of_an_address_leaves_out_host_form_and_key(address: str, question: str) -> None:
    assert str(links.question(address)) == question


@pytest.mark.parametrize(
    "address", ["", "v1/models", "/livez", "//", "/v1/x?a=\n", "/v1/x?a=%ff", "http://[", "/v1/" + "x" * 9_000]
)
def test_what_is_no_address_of_an_answer_is_refused(address: str) -> None:
    with pytest.raises(BadLinkAddress):
        links.question(address)
