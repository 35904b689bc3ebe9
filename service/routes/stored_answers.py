"""Answers that are kept under a permalink: question and bytes stay as they were, whatever becomes of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote

from msgspec import Struct
from pydantic import ConfigDict, Field

from model.forecast import Forecaster
from service.http import arrow_tables
from service.http.access import demand, quota_of
from service.http.address import MODELS, PREFIX, query_string, unprefixed
from service.http.forms import MEGABYTE, Form, json_body, json_form
from service.http.operation import FOR_EVER, Reply, Service, changed, forecaster_of, operation
from service.http.problems import NoSuchForm
from service.http.validation import Shape, Text
from service.store import answers
from service.translate.kinds import Kind, kind_named, posed, posed_again

ANSWERS = "/v1/answers"
MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    **{suffix: media for suffix, (media, _) in arrow_tables.WRITERS.items()},
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}
"""Forms in which answers are kept, by suffix; no kind of question has all of them."""


class AnswerToKeep(Shape):
    """A question of any kind: beside what is named here, the fields of that kind."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    model: Annotated[Text, Field(description="The model that is asked.")]
    kind: Annotated[
        Text,
        Field(
            description="What is asked: `query`, `compare` (with the fields of their bodies), `forecast`, `marginals` "
            "or an analysis such as `sensitivity` (with the parameters of their addresses; `given` and `do` may be "
            "mappings by variable)."
        ),
    ] = "query"
    revision: Annotated[
        Text | None, Field(description="Answer from this revision, by hash or name; without it the active one.")
    ] = None


class AnswerKept(Struct):
    """Where an answer is kept."""

    id: str
    model: str
    revision: str
    kind: str
    question: str
    permalink: str
    links: dict[str, str]
    latest: str


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """An answer of which each form is written, or read, when it is wanted."""

    suffixes: tuple[str, ...]
    write: Callable[[str], bytes]

    def in_form(self, suffix: str) -> bytes:
        """The bytes of a form. Raises NoSuchForm."""
        if suffix not in self.suffixes:
            raise NoSuchForm(suffix, self.suffixes, where=("path",))
        return self.write(suffix)


def _form(suffix: str) -> Form:
    shape = dict[str, object] if suffix == "json" else str
    return Form(suffix, MEDIA[suffix], lambda written: written.in_form(suffix), shape)


FORMS = tuple(map(_form, MEDIA))


@operation(
    "POST",
    ANSWERS,
    body=(json_body(AnswerToKeep),),
    forms=(json_form(AnswerKept, suffix=""),),
    errors=(404, 413, 415, 422, 429, 503, 507),
    largest=MEGABYTE,
    scope="write",
)
def keep(service: Service, body: AnswerToKeep) -> Reply:
    """Answer a question and keep the answer for ever: its `id` is decided by question, revision and software.

    The same question asked again keeps nothing new and works nothing out.
    """
    demand("write", body.model)
    kind = kind_named(service.operations, body.kind)
    forecaster = forecaster_of(service, body.model, body.revision, where=("model",))
    with unprefixed():
        reply = posed(kind, forecaster, body.model_extra or {})
    question = _canonical(reply)
    model = forecaster.model
    asked = answers.Asked(model.name, model.revision, service.fingerprint, kind.name, question)
    suffixes = tuple(form.suffix for form in kind.addressed.forms)
    place = _where(asked, suffixes)
    if answers.is_kept(service.store, asked.id, suffixes):
        return Reply(lambda: place)

    def kept() -> AnswerKept:
        with unprefixed():
            content = reply.content()
            written = {form.suffix: form.write(content) for form in kind.addressed.forms}
        service.stored_models.keep(forecaster, engine=service.fingerprint)
        answers.keep(service.store, asked, written, client=quota_of())
        return place

    return Reply(kept, cost=reply.cost)


def _canonical(reply: Reply) -> str:
    """The address of a question without its form, however long."""
    assert reply.address is not None
    text = query_string(reply.address.parameters)
    return reply.address.path + (f"?{text}" if text else "")


def _where(asked: answers.Asked, suffixes: tuple[str, ...]) -> AnswerKept:
    place = f"{PREFIX.get()}{ANSWERS}/{asked.id}"
    links = {suffix: f"{place}.{suffix}" for suffix in suffixes}
    return AnswerKept(
        id=asked.id,
        model=asked.model,
        revision=asked.revision,
        kind=asked.kind,
        question=asked.question,
        permalink=f"{place}.json",
        links=links,
        latest=f"{place}/latest",
    )


@operation("GET", f"{ANSWERS}/<answer>", forms=FORMS, errors=(404, 503))
def kept_answer(service: Service, answer: str) -> Reply:
    """Read an answer that was kept: the bytes that were sent then, and a link to the same question today."""
    found = answers.answer(service.store, answer)
    demand("read", found.asked.model)
    latest = f"{PREFIX.get()}{ANSWERS}/{found.id}/latest"
    return Reply(
        lambda: Written(found.forms, lambda suffix: answers.body(service.store, found.id, suffix)),
        tag=found.id,
        cache=FOR_EVER,
        changed=found.at,
        headers=(("Link", f'<{latest}>; rel="latest-version"'), ("X-Model-Revision", found.asked.revision)),
    )


@operation("GET", f"{ANSWERS}/<answer>/latest", forms=FORMS, errors=(404, 422, 503))
def latest_answer(service: Service, answer: str) -> Reply:
    """Ask the question of an answer that was kept again, of the model as it is today."""
    asked = answers.answer(service.store, answer).asked
    demand("read", asked.model)
    kind = kind_named(service.operations, asked.kind)
    forecaster = forecaster_of(service, asked.model)
    reply = _again(kind, forecaster, asked.question)
    revision = forecaster.model.revision
    return Reply(
        lambda: _written(kind, reply.content()),
        cost=reply.cost,
        tag=f"{service.fingerprint} {revision} {PREFIX.get()} {_canonical(reply)}",
        headers=(("X-Model-Revision", revision),),
        changed=changed(service, forecaster),
    )


def _again(kind: Kind, forecaster: Forecaster, question: str) -> Reply:
    path, _, query = question.partition("?")
    _, _, *steps = path.removeprefix(f"{MODELS}/").split("/")
    return posed_again(kind, forecaster, dict(zip(kind.steps, map(unquote, steps), strict=True)), query)


def _written(kind: Kind, content: Any) -> Written:
    forms = {form.suffix: form for form in kind.addressed.forms}
    return Written(tuple(forms), lambda suffix: forms[suffix].write(content))


OPERATIONS = (keep, kept_answer, latest_answer)
