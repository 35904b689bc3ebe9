"""The tables: the same in both databases, made by the migrations, and append-only by their triggers."""

import threading
from contextlib import closing
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from service.store import activations, answers, audit, checks, links, migrate, names, questions, tokens
from service.store.database import Store
from service.store.errors import StoreError, StoreUnavailable
from service.store.tables import FOR_EVER, PRUNABLE, REVOCABLE, metadata
from tests.stores import raw, ready, with_revisions


def filled(store: Store) -> None:
    """At least one row in each table that is append-only."""
    first, second = with_revisions(store)
    activations.activate(store, "asia", first, cause="start")
    activations.retire(store, "asia")
    activations.activate(store, "asia", second, cause="file")
    names.point(store, "asia", "published", revision=first)
    questions.keep(store, "asia", "no-smoke", question="do=smoke:no")
    answers.keep(store, answers.Asked("asia", first, "1.0", "query", "{}"), {"json": b"{}"})
    audit.record(store, audit.Deed("somebody", "activate", "a test", "done"))
    columns = "(seq, at, author, criteria, removed, is_open)"
    raw(
        store,
        f"INSERT INTO prunes {columns} VALUES (1, '2026-03-01T00:00:00.000000Z', 'a', '{{}}', '{{}}', 0)",
        "INSERT INTO attempts (seq, model, at, author, problems) VALUES (1, 'asia', '2026', 'a', '[]')",
    )


def test_the_migrations_make_the_tables_that_statements_expect(store: Store) -> None:
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_store_that_is_up_to_date_takes_no_steps(store: Store) -> None:
    assert store.prepare() == []


def test_tables_of_a_newer_version_are_refused(store: Store) -> None:
    raw(store, "UPDATE alembic_version SET version_num = '9999'")
    newer = r"a newer version of Aftermath made the store \(.* step 9999"
    with closing(Store(store.place)) as other, pytest.raises(StoreUnavailable, match=newer):
        other.prepare()


def test_processes_that_start_at_once_make_the_tables_once(place) -> None:
    stores = [Store(place) for _ in range(6)]
    steps: list[list[str]] = []
    threads = [threading.Thread(target=lambda each=each: steps.append(each.prepare())) for each in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(steps) == [[], [], [], [], [], ["0001", "0002", "0003", "0004", "0005"]]
    for each in stores:
        each.close()


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_append_only_tables_refuse(store: Store, verb: str) -> None:
    filled(store)
    for table in (*PRUNABLE, *FOR_EVER):
        column = metadata.tables[table].primary_key.columns.values()[0].name
        statement = f"UPDATE {table} SET {column} = {column}" if verb == "UPDATE" else f"DELETE FROM {table}"
        with pytest.raises(StoreError) as refused:
            raw(store, statement)
        assert f"append-only: {table} refuses {verb}" in str(refused.value.__cause__)
        with store.reading() as connection:
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() > 0


def test_rows_are_not_replaced_or_emptied_by_another_way(store: Store) -> None:
    filled(store)
    tokens.new(store, "a dashboard")
    links.new(store, links.question("/v1/models/asia/forecast/lung"), lasting=timedelta(days=1))
    is_sqlite = store.described.startswith("SQLite")
    for table in (*PRUNABLE, *FOR_EVER, *REVOCABLE):
        statement = f"REPLACE INTO {table} SELECT * FROM {table}" if is_sqlite else f"TRUNCATE {table} CASCADE"
        with pytest.raises(StoreError) as refused:
            raw(store, statement)
        assert f"refuses {'REPLACE' if is_sqlite else 'TRUNCATE'}" in str(refused.value.__cause__), table


@pytest.mark.parametrize("change", ["scopes = '[\"admin\"]'", "digest = 'x'", "expires = NULL", "label = 'another'"])
def test_a_token_keeps_what_it_was_made_with(store: Store, change: str) -> None:
    tokens.new(store, "a dashboard", lasting=timedelta(days=1))
    with pytest.raises(StoreError):
        raw(store, f"UPDATE tokens SET {change}")


def test_a_token_stays_revoked(store: Store) -> None:
    made = tokens.new(store, "a dashboard")
    tokens.revoke(store, made.token.id)
    with pytest.raises(StoreError):
        raw(store, "UPDATE tokens SET revoked = NULL")


def test_an_unknown_cause_of_an_activation_is_refused(store: Store) -> None:
    (first,) = with_revisions(store, 1)
    with pytest.raises(StoreError):
        activations.activate(store, "asia", first, cause="whim")  # type: ignore[arg-type]


def test_a_check_names_a_trigger_that_is_gone(store: Store) -> None:
    on_table = "" if store.described.startswith("SQLite") else " ON audit"
    raw(store, f"DROP TRIGGER audit_refuses_update{on_table}")
    assert [str(each) for each in checks.check(store).damage] == [
        "audit: nothing refuses UPDATE any more: its trigger is gone"
    ]


def test_a_mistake_in_a_statement_is_an_error_of_the_store(store: Store, caplog) -> None:
    with pytest.raises(StoreError, match="the store refused a statement") as refused:
        raw(store, "SELECT nonsense FROM revisions")
    assert type(refused.value) is StoreError
    assert "nonsense" in caplog.text


def test_the_last_step_is_the_one_that_a_store_is_at(store: Store) -> None:
    with store.reading() as connection:
        assert migrate.version(connection) == migrate.head() == "0005"


def test_a_second_store_at_a_place_sees_what_the_first_kept(store: Store) -> None:
    with_revisions(store)
    with closing(ready(store.place)) as other:
        assert activations.activate(other, "asia", "r-0000000000000001", cause="call").seq == 1
