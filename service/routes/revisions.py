"""Revisions of models: which are kept, their files, what they are called, and which of them is served."""

from __future__ import annotations

from service.http.access import client
from service.http.forms import Form, csv_form, json_body, json_form
from service.http.operation import FOR_EVER, Reply, Service, operation
from service.http.preconditions import expected
from service.http.problems import NoSuchFile
from service.http.validation import Hurried
from service.revisions import HASH
from service.schemas import revisions as shapes
from service.store import activations, names, revisions
from service.translate import revisions as translated

PATH = "/v1/models/<model>/revisions"
NAMES = "/v1/models/<model>/names"
READ = (404, 422, 503)
WRITE = (404, 409, 412, 413, 415, 422, 428, 503, 507)


@operation(
    "GET",
    PATH,
    query=shapes.Page,
    forms=(json_form(shapes.RevisionsJSON), csv_form(shapes.RevisionRow, translated.revision_rows)),
    errors=READ,
    of_model=False,
)
def every_revision(service: Service, model: str, asked: shapes.Page) -> Reply:
    """List the revisions of a model that are kept, the last first: every one that was ever served is."""
    service.stored_models.demand_model(model)

    def found() -> shapes.RevisionsJSON:
        kept = revisions.latest(service.store, model, most=asked.most, before=asked.before)
        named = names.current(service.store, model)
        return translated.revisions_json(model, kept, _active(service, model), named, most=asked.most)

    return Reply(found)


@operation(
    "GET", f"{PATH}/<revision>", query=Hurried, forms=(json_form(shapes.RevisionAnswer),), errors=READ, of_model=False
)
def one_revision(service: Service, model: str, revision: str, asked: Hurried) -> Reply:
    """Show a revision, by its hash, a name or as `active`: whose it is, its files, and when it was made active."""
    service.stored_models.demand_model(model)

    def found() -> shapes.RevisionAnswer:
        kept = service.stored_models.revision(model, revision, where=("path", "revision"))
        return translated.revision_json(
            kept,
            revisions.files(service.store, model, kept.revision),
            _active(service, model),
            names.current(service.store, model),
            activations.of_revision(service.store, model, kept.revision),
        )

    return Reply(found)


@operation(
    "GET",
    f"{PATH}/<revision>/files/<file>",
    query=Hurried,
    forms=(Form("", "text/plain; charset=utf-8", lambda content: content, str),),
    errors=READ,
    of_model=False,
)
def file_of_revision(service: Service, model: str, revision: str, file: str, asked: Hurried) -> Reply:
    """Read a file of a revision as it was."""
    service.stored_models.demand_model(model)
    kept = service.stored_models.revision(model, revision, where=("path", "revision"))
    found = revisions.files(service.store, model, kept.revision)
    if file not in found:
        raise NoSuchFile(file, found, where=("path", "file"))
    return Reply(lambda: found[file], cache=FOR_EVER if HASH.fullmatch(revision) else None)


@operation("GET", NAMES, forms=(json_form(shapes.NamesJSON),), query=Hurried, errors=READ, of_model=False)
def every_name(service: Service, model: str, asked: Hurried) -> Reply:
    """List the names that were given to revisions of a model: `?revision=` takes them."""
    service.stored_models.demand_model(model)
    return Reply(lambda: shapes.NamesJSON(model, names.current(service.store, model)))


@operation(
    "GET",
    f"{NAMES}/<name>",
    forms=(json_form(shapes.NamedJSON, suffix=""),),
    query=Hurried,
    errors=READ,
    of_model=False,
)
def one_name(service: Service, model: str, name: str, asked: Hurried) -> Reply:
    """Say what a name means and what it meant before."""
    service.stored_models.demand_model(model)

    def found() -> shapes.NamedJSON:
        meant = names.history(service.store, model, name)
        if not meant:
            names.resolve(service.store, model, name)
        return translated.named_json(model, name, meant)

    return Reply(found)


@operation(
    "PUT",
    f"{NAMES}/<name>",
    body=(json_body(shapes.RevisionToName),),
    forms=(json_form(shapes.NamedJSON, suffix=""),),
    errors=WRITE,
    of_model=False,
    scope="write",
)
def give_name(service: Service, model: str, name: str, body: shapes.RevisionToName) -> Reply:
    """Let a name mean a revision from now on. `If-Match` says what it is taken to mean until now."""
    service.stored_models.demand_model(model)

    def done() -> shapes.NamedJSON:
        meant = expected("revision")
        revision = None if body.revision is None else service.stored_models.hash_of(model, body.revision)
        names.point(service.store, model, name, revision=revision, expected=meant, author=client().name)
        return translated.named_json(model, name, names.history(service.store, model, name))

    return Reply(done)


@operation(
    "POST",
    "/v1/models/<model>/activate",
    body=(json_body(shapes.RevisionToActivate),),
    forms=(json_form(shapes.ActivationJSON, suffix=""),),
    errors=WRITE,
    of_model=False,
    scope="write",
)
def activate(service: Service, model: str, body: shapes.RevisionToActivate) -> Reply:
    """Serve a revision that is kept, until the folder changes. `If-Match` says which one is taken to be served now.

    The answer comes once every answer that begins after it is from that revision. One that moves a headline over the
    limit of the model, `acknowledge_over`, needs a reason (409).
    """
    service.stored_models.demand_model(model)

    def done() -> shapes.ActivationJSON:
        served = expected("revision")
        chosen = service.stored_models.hash_of(model, body.revision)
        service.stored_models.demand_reason(model, chosen, body.reason)
        made = activations.activate(
            service.store,
            model,
            chosen,
            cause="call",
            expected=served,
            author=client().name,
            reason=body.reason,
        )
        service.host.activated(service.live, service.store, service.settings, made)
        return translated.activation_json(made)

    return Reply(done)


def _active(service: Service, model: str) -> str | None:
    found = service.live.now.ready.get(model)
    return found.model.revision if found else None


OPERATIONS = (every_revision, one_revision, file_of_revision, every_name, one_name, give_name, activate)
