"""A token is shown once, is known by a digest, and ends when it expires or is revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.store import audit, tokens
from service.store.database import Store
from service.store.errors import BadToken, UnknownScope, UnknownToken

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_token_that_is_presented_is_known(store: Store) -> None:
    issued = tokens.new(store, "a dashboard", scopes=["write", "read"], models=["mosul-*"])
    found = tokens.presented(store, issued.secret)
    assert (found.id, found.label, found.scopes, found.models) == (
        issued.token.id,
        "a dashboard",
        ("read", "write"),
        ("mosul-*",),
    )


def test_the_store_does_not_hold_the_secret(store: Store) -> None:
    issued = tokens.new(store, "a dashboard")
    with store.reading() as connection:
        (row,) = connection.execute(text("SELECT * FROM tokens")).all()
    assert issued.secret.split("_", 2)[2] not in str(row)
    assert issued.secret not in repr(issued)


@pytest.mark.parametrize("change", [lambda secret: secret[:-1] + "!", lambda secret: secret[:15] + secret[:-16:-1]])
def test_a_token_with_another_secret_is_refused(store: Store, change) -> None:
    issued = tokens.new(store, "a dashboard")
    with pytest.raises(BadToken, match="it is unknown, has expired or was revoked"):
        tokens.presented(store, change(issued.secret))


@pytest.mark.parametrize("secret", ["", "am", "am_abcdefghijkl_" + "A" * 43, "Bearer x", "am_\0_x", "ä" * 99])
def test_what_is_no_token_is_refused(store: Store, secret: str) -> None:
    with pytest.raises(BadToken):
        tokens.presented(store, secret)


def test_a_token_expires_at_its_time(store: Store) -> None:
    store.clock = lambda: DAY
    issued = tokens.new(store, "a dashboard", lasting=timedelta(days=30))
    store.clock = lambda: DAY + timedelta(days=30) - timedelta(microseconds=1)
    assert tokens.presented(store, issued.secret).expires == DAY + timedelta(days=30)
    store.clock = lambda: DAY + timedelta(days=30)
    with pytest.raises(BadToken):
        tokens.presented(store, issued.secret)


def test_a_revoked_token_is_refused_and_stays_in_the_list(store: Store) -> None:
    one, two = tokens.new(store, "one"), tokens.new(store, "two")
    revoked = tokens.revoke(store, one.token.id)
    assert tokens.revoke(store, one.token.id) == revoked
    with pytest.raises(BadToken):
        tokens.presented(store, one.secret)
    assert [(each.label, each.revoked is None) for each in tokens.every(store)] == [("one", False), ("two", True)]
    assert tokens.presented(store, two.secret).label == "two"


def test_the_last_use_is_noted_by_the_minute(store: Store) -> None:
    store.clock = lambda: DAY
    issued = tokens.new(store, "a dashboard")
    for seconds, noted in ((0, 0), (59, 0), (61, 61), (70, 61)):
        store.clock = lambda seconds=seconds: DAY + timedelta(seconds=seconds)
        tokens.presented(store, issued.secret)
        (token,) = tokens.every(store)
        assert token.last_used == DAY + timedelta(seconds=noted)


def test_an_unknown_scope_and_an_unknown_token_are_named(store: Store) -> None:
    with pytest.raises(UnknownScope, match=r"no scope 'reed'.*Did you mean 'read'"):
        tokens.new(store, "a dashboard", scopes=["reed"])
    known = tokens.new(store, "a dashboard").token.id
    with pytest.raises(UnknownToken, match=f"no token 'nobody'; the tokens are '{known}'"):
        tokens.revoke(store, "nobody")


def test_the_audit_log_has_who_made_and_revoked_a_token(store: Store) -> None:
    issued = tokens.new(store, "a dashboard", author="me", origin="a test")
    tokens.revoke(store, issued.token.id, author="you", origin="a test")
    found = [(each.seq, each.deed.who, each.deed.what, each.deed.detail["token"]) for each in audit.latest(store)]
    assert found == [(2, "you", "token revoke", issued.token.id), (1, "me", "token new", issued.token.id)]
