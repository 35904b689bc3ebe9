"""What somebody may do: read, write, or all; each scope has what those before it have."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import Literal

Scope = Literal["open", "read", "write", "admin"]
OPEN: Scope = "open"
"""What everybody has: no token has it, and nobody lacks it."""
READ: Scope = "read"
WRITE: Scope = "write"
ADMIN: Scope = "admin"
SCOPES: tuple[Scope, ...] = (READ, WRITE, ADMIN)


def implies(scopes: Collection[str], wanted: Scope) -> bool:
    """Whether one of the scopes is the one wanted, or one that has it: write may read, admin may do both.

    >>> implies(["write"], "read"), implies(["write"], "admin"), implies([], "open")
    (True, False, True)
    """
    return wanted == OPEN or any(each in scopes for each in SCOPES[SCOPES.index(wanted) :])


def covers(patterns: Iterable[str], model: str) -> bool:
    """Whether one of the patterns matches the name of a model.

    >>> covers(["mosul-*", "asia"], "mosul-2017"), covers(["mosul-*"], "asia")
    (True, False)
    """
    return any(fnmatchcase(model, each) for each in patterns)
