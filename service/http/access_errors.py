"""Why somebody may not ask: each with what would be allowed, or when."""

from __future__ import annotations

from model.errors import AftermathError


class TokenNeeded(AftermathError):
    """A request that needs a token: it comes from beyond this machine, or through a proxy."""

    code = "token_needed"


class NotAllowed(AftermathError):
    """A request that its token, user or link does not allow."""

    code = "not_allowed"

    def __init__(self, detail: str, *, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope


class TooManyGuesses(AftermathError):
    """More tokens or keys from one address that were not valid than may be presented in a minute."""

    code = "too_many_guesses"

    def __init__(self, detail: str, *, seconds: int) -> None:
        super().__init__(detail)
        self.retry_after = seconds


class RateLimited(AftermathError):
    """More requests in a minute than one client may make: ask again after the seconds that Retry-After says."""

    code = "rate_limited"

    def __init__(self, detail: str, *, seconds: int) -> None:
        super().__init__(detail)
        self.retry_after = seconds
