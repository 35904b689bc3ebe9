"""A text held against the answers that it cites: which of its numbers they do not support."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from model.errors import Place
from model.forecast import Forecaster
from model.resources.cost import Cost
from service.http.access import demand
from service.http.forms import MEGABYTE, json_body, json_form
from service.http.operation import Operation, Reply, Service, forecaster_of, operation
from service.http.validation import Hurried, Pinned, query_parameters, validated
from service.schemas.prose import MOST_CITED, ProseAnswer, ProseSent
from service.store import answers
from service.translate.citations import BETWEEN, Library, Moved, cited
from service.translate.kinds import OF_MODEL, kinds
from service.translate.prose import cost_of_prose, prose_answer


@operation(
    "POST",
    "/v1/prose",
    query=Hurried,
    body=(json_body(ProseSent),),
    forms=(json_form(ProseAnswer, suffix=""),),
    errors=(404, 413, 415, 422, 503),
    largest=MEGABYTE,
)
def check_prose(service: Service, asked: Hurried, body: ProseSent) -> Reply:
    """Hold a text against the answers that it cites: each number that they do not support, with the nearest one.

    Answers are named by their permalinks, in the text or beside it. A number is supported where it is one of theirs,
    rounded as it is printed, of the target and state and under the conditions that its sentence names, and in the
    direction that it says. Dates, years, counts and numbers that only name something are left out.
    """
    found = cited(library(service), body.text, body.permalinks, most=MOST_CITED)
    return Reply(lambda: prose_answer(body.text, found), cost=lambda: cost_of_prose(body.text, found))


def library(service: Service) -> Library:
    """Where the answers are that whoever asks may read."""
    served = {name: each.model for name, each in service.live.now.ready.items()}
    return Library(
        kinds(service.operations), _forecaster(service), _kept(service), request.host, served, _moved(service)
    )


def _forecaster(service: Service) -> Callable[[str, str, Place], Forecaster]:
    def found(model: str, revision: str, where: Place) -> Forecaster:
        demand("read", model)
        return forecaster_of(service, model, revision, where=where)

    return found


def _kept(service: Service) -> Callable[[str], tuple[str, bytes]]:
    def found(identity: str) -> tuple[str, bytes]:
        asked = answers.answer(service.store, identity).asked
        demand("read", asked.model)
        return asked.model, answers.body(service.store, identity, "json")

    return found


OPERATIONS = (check_prose,)


def _moved(service: Service) -> Moved:
    """What moved between two revisions, by the operations that say so at their addresses."""
    operations = {kind: _operation(service, kind) for kind in BETWEEN}

    def found(kind: str, model: str, step: str, query: str) -> tuple[Callable[[], Cost], Callable[[], bytes]]:
        demand("read", model)
        operation = operations[kind]
        shape = operation.query or Pinned
        asked = validated(shape, query_parameters(query.encode(), shape))
        reply = operation.view(service, model, step, asked=asked)
        form = next(form for form in operation.forms if form.suffix == "json")
        return reply.cost, lambda: form.write(reply.content())

    return found


def _operation(service: Service, kind: str) -> Operation:
    return next(each for each in service.operations if each.path.startswith(f"{OF_MODEL}{kind}/"))
