"""A chain of hashes over the rows of a table: each row's is made of its own content and of the one before it.

A row that was changed in any bit no longer fits its hash, and a row that was taken out leaves a gap in the numbers.
Rows cut from the end leave none: note the last hash elsewhere to see that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from model.wording import quantity
from service.store.database import next_number
from service.store.tables import iso

START = "0" * 64


def append(connection: Connection, table: Table, record: Mapping[str, Any]) -> int:
    """Add a row to a chained table and return its number, in a transaction that writes."""
    number = next_number(connection, table)
    before = connection.execute(select(table.c.chain).where(table.c.seq == number - 1)).scalar_one_or_none() or START
    row = {"seq": number, **record}
    connection.execute(insert(table).values(**row, chain=link(before, row)))
    return number


def link(before: str, row: Mapping[str, Any]) -> str:
    """The hash of a row, its own apart, after the hash of the row before.

    >>> link(START, {"seq": 1})[:16]
    'a453da8151216b5a'
    """
    content = json.dumps(dict(row), sort_keys=True, separators=(",", ":"), default=iso)
    return hashlib.sha256(f"{before}\n{content}".encode(errors="surrogatepass")).hexdigest()


def broken(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """The number of each row that was changed, or before which rows are missing, with what is wrong.

    A changed row is named and not the ones after it, which still follow from what it was or from the hash it has.
    """
    expected, before = 1, {START}
    for row in rows:
        content = {name: value for name, value in row.items() if name != "chain"}
        if row["seq"] != expected:
            yield row["seq"], f"missing before it: {quantity(row['seq'] - expected, 'row')}"
        elif row["chain"] not in {link(each, content) for each in before}:
            yield row["seq"], "it is not what was written"
        before = {row["chain"], *(link(each, content) for each in before)} if row["seq"] == expected else {row["chain"]}
        expected = row["seq"] + 1
