"""Named questions: conditions that people keep under a name, list and share."""

from __future__ import annotations

from dataclasses import replace

from model.errors import AftermathError
from model.question import resolve
from model.specification import Model
from service.analyses.comparison import place_in, side_of_text
from service.http.access import client
from service.http.address import PREFIX
from service.http.forms import json_body, json_form
from service.http.operation import Reply, Service, forecaster_of, operation
from service.http.preconditions import expected
from service.http.validation import Hurried
from service.schemas import questions as shapes
from service.store import questions
from service.store.tables import iso
from service.translate.questions import refuse_events, side_text, stated

PATH = "/v1/models/<model>/questions"
READ = (404, 422, 503)


@operation("GET", PATH, forms=(json_form(shapes.QuestionsJSON),), query=Hurried, errors=READ, of_model=False)
def every_question(service: Service, model: str, asked: Hurried) -> Reply:
    """List the questions that have a name, each as a query string for any address that takes `given` and `do`."""
    service.stored_models.demand_model(model)

    def found() -> shapes.QuestionsJSON:
        kept = questions.current(service.store, model)
        return shapes.QuestionsJSON(model, [_question_json(each) for each in kept])

    return Reply(found)


@operation(
    "GET",
    f"{PATH}/<name>",
    forms=(json_form(shapes.NamedQuestionJSON, suffix=""),),
    query=Hurried,
    errors=READ,
    of_model=False,
)
def one_question(service: Service, model: str, name: str, asked: Hurried) -> Reply:
    """Say what a name asks and what it asked before."""
    service.stored_models.demand_model(model)
    return Reply(lambda: _named_json(questions.history(service.store, model, name)))


@operation(
    "PUT",
    f"{PATH}/<name>",
    body=(json_body(shapes.QuestionToName),),
    forms=(json_form(shapes.NamedQuestionJSON, suffix=""),),
    errors=(404, 412, 413, 415, 422, 428, 429, 503, 507),
    of_model=False,
    scope="write",
)
def name_question(service: Service, model: str, name: str, body: shapes.QuestionToName) -> Reply:
    """Let a name ask a question from now on, which must be one of the model as it is. `If-Match` has the `seq` that it
    is taken to have until now.
    """
    service.stored_models.demand_model(model)
    canonical = None
    if body.question is not None:
        canonical = _canonical(forecaster_of(service, model).model, body.question)

    def done() -> shapes.NamedQuestionJSON:
        version = expected("version of the question")
        questions.keep(
            service.store,
            model,
            name,
            question=canonical,
            label=body.label,
            expected=version,
            author=client().name,
        )
        return _named_json(questions.history(service.store, model, name))

    return Reply(done)


def _canonical(model: Model, text: str) -> str:
    """A question in the order of the model. Raises the error of what is no question, or none of this model."""
    _, said = side_of_text(text, ("question",))
    try:
        refuse_events(model, stated(said))
        targets = model.headline_of(said.cohort) if said.cohort in model.cohorts else model.headline
        return side_text(None, resolve(model, replace(said, targets=targets[:1])).question)
    except AftermathError as error:
        place_in(error, ("question",))
        raise


def _question_json(kept: questions.Kept) -> shapes.QuestionJSON:
    return shapes.QuestionJSON(kept.seq, kept.name, kept.label, kept.question, _page(kept), iso(kept.at), kept.author)


def _named_json(meant: list[questions.Kept]) -> shapes.NamedQuestionJSON:
    last = meant[0]
    rows = [_question_json(each) for each in meant]
    return shapes.NamedQuestionJSON(last.model, last.name, last.label, last.question, _page(last), last.seq, rows)


def _page(kept: questions.Kept) -> str | None:
    """Where the workbench shows a question."""
    if kept.question is None:
        return None
    said = f"&{kept.question}" if kept.question else ""
    return f"{PREFIX.get()}/?model={kept.model}{said}"


OPERATIONS = (every_question, one_question, name_question)
