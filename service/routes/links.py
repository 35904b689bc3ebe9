"""Read-only links over HTTP: an admin makes the address of one question that needs no token."""

from __future__ import annotations

from datetime import timedelta

from service.http import access
from service.http.address import PREFIX
from service.http.forms import json_body, json_form
from service.http.operation import Reply, Service, operation
from service.schemas import answers, requests
from service.store import links
from service.store.errors import BadLinkAddress
from service.store.scopes import ADMIN


@operation(
    "POST",
    "/v1/links",
    body=(json_body(requests.LinkAsked),),
    forms=(json_form(answers.LinkMade, suffix=""),),
    errors=(413, 415, 422, 503, 507),
    scope=ADMIN,
)
def new_link(service: Service, body: requests.LinkAsked) -> Reply:
    """Make an address that lets whoever has it ask one question: for spreadsheets and pages that can send no token.

    It expires, and ends before that by `aftermath link revoke`. Its key is in this answer and nowhere else.
    """
    asked = links.question(body.address.removeprefix(PREFIX.get()))
    found = access.operation_at(asked.path)
    if found is None or not found[0].is_linkable:
        raise BadLinkAddress(
            f"{asked.path[:80]!r} gives no answer in JSON or CSV that is read by GET", where=("address",)
        )
    each, model = found
    access.demand(ADMIN, model or access.EVERY)
    asking = access.client()
    issued = links.new(
        service.store,
        asked,
        lasting=timedelta(days=body.days),
        label=body.label,
        author=asking.name,
        origin=asking.address,
    )
    access.is_noted()
    forms = {form.suffix: PREFIX.get() + issued.address(f".{form.suffix}") for form in each.forms if form.suffix}
    return Reply(
        lambda: {
            "id": issued.link.id,
            "label": issued.link.label,
            "question": str(issued.link.question),
            "expires": issued.link.expires.isoformat(timespec="seconds"),
            "addresses": forms,
        }
    )


OPERATIONS = (new_link,)
