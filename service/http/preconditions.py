"""``If-Match``: for which state a change was made, so that of two changes to the same state one is refused."""

from __future__ import annotations

from flask import request

from service.http.problems import PreconditionRequired
from service.store.activations import Expected


def expected(what: str) -> str | Expected | None:
    """What the client takes to be there now: an entity tag of If-Match, or anything where that is ``*``.

    Where If-None-Match is ``*`` the client takes nothing to be there. Raises PreconditionRequired without either, or
    with more than one tag.
    """
    if request.if_none_match.star_tag:
        return None
    if request.if_match.star_tag:
        return Expected.ANY
    tags = list(request.if_match)
    if len(tags) != 1:
        raise PreconditionRequired(
            f'say which {what} you take to be there: If-Match: "r-0123456789abcdef", If-Match: * for any, '
            "or If-None-Match: * for none"
        )
    return str(tags[0])
