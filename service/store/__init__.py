"""What outlives a process: revisions with their files, which of them is active and since when, issued answers, names,
named questions, tokens, read-only links and the audit log, in SQLite or PostgreSQL.

Read it in this order: ``location`` (where it is), ``database`` (transactions, and what a failure is called),
``tables``, ``migrations``; then a file a subject, each of functions that take the store first: ``revisions``,
``activations``, ``attempts``, ``answers``, ``names``, ``questions``, ``tokens``, ``links``, ``audit``, ``history``;
then what operators do: ``prune``, ``checks``, ``backup``. Every failure is one of ``errors``; no exception of a
database leaves this package.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.store.database import Store
    from service.store.location import Place

logger = logging.getLogger(__name__)


def opened(place: Place) -> Store:
    """The store at a place, its tables made or brought up to date where that can be done now.

    It never fails: where the store cannot be used, the log says why, ``trouble()`` says it again, and every use raises
    StoreUnavailable with it until the cause has gone. Connections are opened on first use, in each process anew.

    The imports stand here so that the service's table of errors can name those of the store without a database.
    """
    from service.store.database import Store
    from service.store.errors import StoreError

    store = Store(place)
    try:
        store.prepare()
    except StoreError as error:
        logger.warning("nothing is kept: %s", error)
    if store.caution:
        logger.warning("%s", store.caution)
    return store
