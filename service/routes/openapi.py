"""The OpenAPI 3.1 document, made from the operations themselves, so that the two cannot differ."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

from msgspec import Meta
from msgspec.json import schema_components
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from model.evidence import syntax
from model.forecast import Forecaster
from model.priors.files import MODEL_FILE
from service.http import arrow_tables
from service.http.forms import Form, Intake
from service.http.json_encoding import encoded
from service.http.operation import Operation, Service
from service.http.problems import MEDIA, Problem, codes
from service.http.validation import Pinned
from service.revisions import ACTIVE
from service.schemas import requests
from service.store.scopes import OPEN
from service.translate import questions

ALWAYS = (400, 405, 500)
TOO_LONG, UNREADABLE = 414, 422
PRECONDITION_REQUIRED = 428
BUSY = 429
ACCESS = (401, 403, 429, 503)
"""Of a client that may not ask, or not so often, and where the store cannot say whether it may."""
SECURITY: dict[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the scope that the operation names: write may read, admin may do both. Beyond the "
        "machine itself it is needed, but for reading where that is public.",
    },
    "link": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The key of a read-only link: it lets that one question be asked, in any form of its answer.",
    },
}
JSON_MEDIA = "application/json"
REFERENCE = "#/components/schemas/"

JSON = dict[str, Any]

CONDITIONS: tuple[JSON, ...] = (
    {
        "name": "If-Match",
        "in": "header",
        "description": 'The revision that is taken to be there now, such as `"r-0123456789abcdef"`, or `*` for any.',
        "schema": {"type": "string"},
        "example": "*",
    },
    {
        "name": "If-None-Match",
        "in": "header",
        "description": "In its place `*`, where none is taken to be there.",
        "schema": {"type": "string"},
    },
)
"""Of changes: for which state they are made. One of the two is needed."""


def document(service: Service, model: str | None) -> JSON:
    """Every operation with its parameters, bodies, answers and refusals, and what it needs of a client; examples from a
    model that is served, if one is named.
    """
    examples = _examples(service.live.now.ready.get(model) if model else None)
    return _described(service.operations, encoded(examples))


@lru_cache(maxsize=4)
def _described(known: tuple[Operation, ...], example: bytes) -> JSON:
    """The document of some operations, with examples as JSON."""
    operations = [(each, address, form) for each in known for address, form in each.addresses]
    schemas = _Schemas(known)
    examples: JSON = json.loads(example)
    paths: JSON = {}
    for each, address, form in operations:
        paths.setdefault(_template(address), {})[each.method.lower()] = _operation(
            each, address, form, schemas=schemas, examples=examples
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aftermath",
            "version": "1",
            "description": "What-if questions to Bayesian networks, answered exactly, with what each answer rests on.",
        },
        "servers": [],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "responses": _responses(),
            "securitySchemes": SECURITY,
        },
    }


GUARD = "Text that a spreadsheet would run (=, +, - or @ first, and no plain number) begins with an apostrophe."


TYPES = (
    "Its columns have the names of the CSV form and types of their own: float64, int64, string, bool, and where a "
    "column is a time timestamp[ms, UTC]; a value that is not there is null."
)


class _Schemas:
    """The JSON Schema of every shape, each named once: of requests by pydantic, of answers by msgspec."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        intakes = [intake.shape for each in operations for intake in each.body if intake.shape is not str]
        written = [form for each in operations for form in each.forms if form.media == JSON_MEDIA]
        forms = [shape for form in written for shape in (form.shape, form.short) if shape is not None]
        read, sent = dict.fromkeys([requests.Case, *intakes]), dict.fromkeys([Problem, *forms])
        made, common = models_json_schema([(shape, "validation") for shape in read], ref_template=REFERENCE + "{model}")
        of_answers, definitions = schema_components(sent, schema_hook=_of_anything, ref_template=REFERENCE + "{name}")
        self.definitions: JSON = dict(sorted((common["$defs"] | definitions).items()))
        self._of = {shape: made[(shape, "validation")] for shape in read} | dict(zip(sent, of_answers, strict=True))

    def of(self, shape: Any) -> JSON:
        """The schema of a shape, as a reference where it has a name."""
        return dict(self._of[shape])


def _of_anything(kind: type) -> JSON:
    """The schema of ``object``, which msgspec leaves to its caller."""
    if kind is object:
        return {"description": "Any JSON."}
    raise NotImplementedError


def _operation(each: Operation, address: str, form: Form, *, schemas: _Schemas, examples: Mapping[str, Any]) -> JSON:
    summary, _, details = (inspect.getdoc(each.view) or "").partition("\n\n")
    some = [TOO_LONG, UNREADABLE] * bool(each.query) + [BUSY] * each.of_model + [*ACCESS] * (each.scope != OPEN)
    statuses = sorted({*ALWAYS, *each.errors, *some})
    refusals = {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}
    entry: JSON = {
        "operationId": _identity(each, address),
        "summary": summary.replace("\n", " "),
        "parameters": [
            *_path_parameters(address, examples),
            *_query_parameters(each, examples),
            *(CONDITIONS if PRECONDITION_REQUIRED in each.errors else ()),
        ],
        "responses": {"200": _success(each, form, schemas), **refusals, **_also(each, form, schemas)},
        "security": _security(each),
    }
    if details:
        entry["description"] = details
    if each.body:
        content = {intake.media: _body(intake, schemas, examples) for intake in each.body}
        entry["requestBody"] = {"required": True, "content": content}
    return entry


def _security(each: Operation) -> list[JSON]:
    """What a client may present; nothing, from the machine itself, and where reading is public for that."""
    if each.scope == OPEN:
        return []
    link: list[JSON] = [{"link": []}] if each.is_linkable else []
    return [{}, {"token": [each.scope]}, *link]


def _identity(each: Operation, address: str) -> str:
    suffix = address.removeprefix(each.path).removeprefix(".")
    return "_".join(part for part in (each.view.__name__, suffix) if part)


def _template(address: str) -> str:
    return re.sub(r"<(\w+)>", r"{\1}", address)


def _path_parameters(address: str, examples: Mapping[str, Any]) -> list[JSON]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            **({"example": examples[name]} if name in examples else {}),
        }
        for name in re.findall(r"<(\w+)>", address)
    ]


def _query_parameters(each: Operation, examples: Mapping[str, Any]) -> list[JSON]:
    if each.query is None:
        return []
    properties = each.query.model_json_schema(ref_template=REFERENCE + "{model}")["properties"]
    return [_parameter(name, field, each.query, examples) for name, field in properties.items()]


def _parameter(name: str, field: JSON, shape: type[BaseModel], examples: Mapping[str, Any]) -> JSON:
    schema = {key: value for key, value in field.items() if key not in ("title", "default", "description")}
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        schema = options[0] if len(options) == 1 else {"anyOf": options}
    own_examples = schema.pop("examples", ())
    own = next(each for key, each in shape.model_fields.items() if name in (key, each.alias))
    entry: JSON = {"name": name, "in": "query", "schema": schema}
    if own.is_required() and get_origin(own.annotation) is not list:
        entry["required"] = True
    if "description" in field:
        entry["description"] = field["description"]
    if get_origin(own.annotation) is list:
        entry |= {"style": "form", "explode": True}
    if own_examples:
        entry["example"] = own_examples[0]
    elif name in examples and shape is not Pinned:
        entry["example"] = examples[name]
    return entry


def _body(intake: Intake, schemas: _Schemas, examples: Mapping[str, Any]) -> JSON:
    schema = {"type": "string", "minLength": 1} if intake.shape is str else schemas.of(intake.shape)
    key = intake.media if intake.shape is str else intake.shape.__name__
    return {"schema": schema, **({"example": examples[key]} if key in examples else {})}


def _success(each: Operation, form: Form, schemas: _Schemas) -> JSON:
    media = form.media.partition(";")[0]
    schema = schemas.of(form.shape) if media == JSON_MEDIA else {"type": "string"}
    entry: JSON = {"description": "The answer.", "content": {media: {"schema": schema}}}
    if form.short is not None:
        schema = {"anyOf": [schemas.of(form.short), schema]}
        entry = {
            "description": "The answer in short, or with `fields=all` in full.",
            "content": {media: {"schema": schema}},
        }
    if form.suffix == "csv":
        columns = "of its kind of question" if form.shape is str else _columns(form.shape)
        entry["description"] = f"The answer as CSV (RFC 4180). {GUARD} It comes with the columns {columns}."
    if form.suffix in arrow_tables.WRITERS:
        entry["description"] = f"The table of the CSV form as {media}. {TYPES}"
        entry["content"] = {media: {"schema": {"type": "string", "format": "binary"}}}
    if each.cacheable:
        entry["headers"] = {
            "ETag": {"description": "Send it as If-None-Match: 304 when nothing changed.", "schema": {"type": "string"}}
        }
    if each.cacheable and (each.of_model or each.path.startswith("/v1/answers")):
        entry["headers"]["Last-Modified"] = {
            "description": "Since when the address gives this, where that is known. Send it as If-Modified-Since.",
            "schema": {"type": "string"},
        }
    return entry


def _also(each: Operation, form: Form, schemas: _Schemas) -> JSON:
    """Statuses that come in the form of the answer, a refusal's own form too where it has one."""
    if not each.also:
        return {}
    own = {form.media.partition(";")[0]: {"schema": schemas.of(form.shape)}}
    problem = {MEDIA: {"schema": {"$ref": REFERENCE + Problem.__name__}}}
    return {
        str(status): {"description": "Refused.", "content": own | problem}
        if status >= 400
        else {"description": "Taken; there is nothing to say."}
        for status in each.also
    }


def _columns(rows: Any) -> str:
    """The columns of a table, each with what is said of it; of one that may have other rows, those as well."""
    kinds = get_args(rows) or (rows,)
    return "; or ".join(", ".join(map(_column, *zip(*_hints(kind).items(), strict=True))) for kind in kinds)


def _hints(row: type) -> dict[str, Any]:
    return get_type_hints(row, include_extras=True)


def _column(name: str, hint: Any) -> str:
    said = next((each.description for each in get_args(hint) if isinstance(each, Meta) and each.description), None)
    return f"{name} ({said.rstrip('.')})" if said else name


def _responses() -> JSON:
    """The refusals of each status, with the codes that have it."""
    meanings: dict[int, list[str]] = {}
    for code, (status, _) in codes().items():
        meanings.setdefault(status, []).append(code)
    content = {MEDIA: {"schema": {"$ref": REFERENCE + Problem.__name__}}}
    return {
        str(status): {"description": f"Refused: {', '.join(named)}.", "content": content}
        for status, named in sorted(meanings.items())
    }


def _examples(forecaster: Forecaster | None) -> dict[str, Any]:
    """Values that make every operation answer, taken from a model that is served."""
    if forecaster is None:
        return {}
    model = forecaster.model
    posed = [questions.example_question(model, each) for each in model.examples]
    question = next((each for each in posed if each.findings), None) or next(iter(posed), None)
    target = question.targets[0] if question else model.headline[0]
    given = question.findings if question else {}
    evidence = {"given": questions.findings_json(given)}
    columns = [(name, syntax.text_of(finding)) for name, finding in given.items() if "," not in syntax.text_of(finding)]
    return {
        "model": model.name,
        "target": target,
        "variable": target,
        "revision": ACTIVE,
        "between": f"{ACTIVE}...{ACTIVE}",
        "file": MODEL_FILE,
        "asset": "page.css",
        "effect": target,
        "cause": next((name for name in (*given, *model.network.names) if name != target), target),
        "below": 0.5,
        "given": [f"{name}:{syntax.text_of(finding)}" for name, finding in given.items()],
        "LinkAsked": {"address": f"/v1/models/{model.name}/forecast/{target}"},
        "AskedInFull": {"targets": [target], **evidence},
        "ComparedInFull": {"targets": [target], **evidence},
        "AnswerToKeep": {"model": model.name, "targets": [target], **evidence},
        "FilesToValidate": {"files": {}},
        "RevisionToActivate": {"revision": ACTIVE, "reason": "as it is"},
        "RevisionToName": {"revision": ACTIVE},
        "ProseSent": {"text": f"See /v1/models/{model.name}/forecast/{target}?revision={model.revision}."},
        "RPCMessage": {"jsonrpc": "2.0", "id": 1, "method": "initialize"},
        "BatchInFull": {"targets": [target], "cases": [{"id": "1", **evidence}, {"id": "2"}]},
        "text/csv": "\r\n".join(
            [",".join(["id", *(name for name, _ in columns)]), ",".join(["1", *(text for _, text in columns)]), ""]
        ),
    }
