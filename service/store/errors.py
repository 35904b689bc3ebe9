"""What can go wrong with the store, each with what a client may do about it."""

from __future__ import annotations

from typing import ClassVar

from model.errors import AftermathError, UnknownName


class StoreError(AftermathError):
    """A mistake of ours in a statement to the database; the log has it.

    ``retry_after`` is how many seconds a client should wait before it asks again, None where that would not help.
    """

    code = "store_failed"
    retry_after: ClassVar[int | None] = None


class StoreUnavailable(StoreError):
    """A store that cannot be reached, read or written to, or no store at all; questions are answered all the same."""

    code = "store_unavailable"
    retry_after = 10


class StoreUnreachable(StoreUnavailable):
    """A store whose server does not answer."""


class StoreBusy(StoreError):
    """A store that another process has been writing to for too long."""

    code = "store_busy"
    retry_after = 1


class StoreFull(StoreError):
    """A store whose disk, or whose limit, has no room for more; what is in it can be read."""

    code = "store_full"
    retry_after = 60


class QuotaExceeded(StoreError):
    """More new answers kept for one client in a day than it may have."""

    code = "quota_exceeded"
    retry_after = 3600


class TooLargeToKeep(StoreError):
    """An answer or a revision with more bytes than the store takes at once."""

    code = "too_large_to_keep"


class StalePrecondition(StoreError):
    """A change that was made for another state than the present one: somebody else was first."""

    code = "stale_precondition"

    def __init__(self, detail: str, *, current: str | None) -> None:
        super().__init__(detail)
        self.current = current


class BadText(StoreError):
    """A text with a character that no database of ours keeps, or a name that is not spelt as names are."""

    code = "bad_text"


class RevisionNotKept(StoreError):
    """A revision that the store does not hold."""

    code = "revision_not_kept"

    def __init__(self, model: str, revision: str) -> None:
        super().__init__(f"the store holds no revision {revision!r} of the model {model!r}")


class RevisionInUse(StoreError):
    """A revision that cannot be removed, since an answer, an activation or a name refers to it."""

    code = "revision_in_use"


class AnswerNotKept(StoreError):
    """An answer that the store does not hold: it never did, or it was pruned."""

    code = "answer_not_kept"

    def __init__(self, answer: str) -> None:
        super().__init__(f"the store holds no answer {answer!r}")


class UnknownRevisionName(UnknownName):
    """A name that no revision of the model has."""

    kind, kinds, code = "revision named", "names", "unknown_revision_name"


class UnknownQuestion(UnknownName):
    """A name that no question of the model has."""

    kind, kinds, code = "question named", "questions", "unknown_question"


class UnknownToken(UnknownName):
    """A token that the store does not hold."""

    kind, kinds, code = "token", "tokens", "unknown_token"


class UnknownScope(UnknownName):
    """A scope that no token can have."""

    kind, kinds, code = "scope", "scopes", "unknown_scope"


class BadToken(StoreError):
    """A token that is unknown, damaged, expired or revoked; which of them is not said."""

    code = "bad_token"


class EndedToken(BadToken):
    """A token that was right and has expired or was revoked: clients are told the same, and it is no guess."""


class UnknownLink(UnknownName):
    """A link that the store does not hold."""

    kind, kinds, code = "link", "links", "unknown_link"


class BadKey(StoreError):
    """A key of a link that is unknown, damaged, expired or revoked; which of them is not said."""

    code = "bad_key"


class EndedKey(BadKey):
    """A key that was right and whose link has expired or was revoked: clients are told the same, and it is no guess."""


class BadLinkAddress(StoreError):
    """An address that no link can lead to: it is none of an answer that is read by GET."""

    code = "bad_link_address"


class BadBackup(StoreError):
    """A file that cannot be restored from, or a store that cannot be restored into."""

    code = "bad_backup"
