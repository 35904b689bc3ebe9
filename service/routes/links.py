"""Read-only links over HTTP: an admin makes the address of one question that needs no token, lists and ends them."""

from __future__ import annotations

from datetime import datetime, timedelta

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

    It expires, and ends before that by DELETE or `aftermath link revoke`. Its key is in this answer and nowhere else.
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


@operation("GET", "/v1/links", forms=(json_form(answers.LinksMade),), errors=(503,), scope=ADMIN, cacheable=False)
def every_link(service: Service) -> Reply:
    """List the links to models that the client may administer, without their keys: the first that was made first."""
    return Reply(lambda: {"links": [_told(each) for each in links.every(service.store) if _may(each)]})


@operation(
    "DELETE",
    "/v1/links/<link>",
    forms=(json_form(answers.LinkTold, suffix=""),),
    errors=(404, 503, 507),
    scope=ADMIN,
)
def end_link(service: Service, link: str) -> Reply:
    """End a link now: every worker refuses it within two seconds. It stays in the list."""
    access.demand(ADMIN, _model(links.find(service.store, link, where=("path", "link"))))
    asking = access.client()
    ended = links.revoke(service.store, link, author=asking.name, origin=asking.address)
    access.is_noted()
    return Reply(lambda: _told(ended))


def _model(link: links.Link) -> str:
    """The model that a link is about, for who administers some."""
    found = access.operation_at(link.question.path)
    return (found[1] if found else None) or access.EVERY


def _may(link: links.Link) -> bool:
    return access.client().allows(ADMIN, _model(link))


def _told(link: links.Link) -> answers.LinkTold:
    return {
        "id": link.id,
        "label": link.label,
        "question": str(link.question),
        "created": _time(link.created),
        "expires": _time(link.expires),
        "revoked": _time(link.revoked) if link.revoked else None,
        "last_used": _time(link.last_used) if link.last_used else None,
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


OPERATIONS = (new_link, every_link, end_link)
