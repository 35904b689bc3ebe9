"""Who may ask what: every method of every route, by everybody who may come."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from flask import Response

from service import create_app, routes
from service.http import access
from service.http.forms import json_form
from service.http.operation import Reply, operation
from service.http.problems import STATUSES
from service.settings import Settings
from service.store import audit, links, names, tokens
from service.store.location import Folder
from tests.stores import ready

MATRIX = {
    "GET /": "open",
    "GET /errors": "open",
    "GET /plain": "open",
    "GET /embed": "open",
    "GET /assets/<asset>": "open",
    "GET /livez": "open",
    "GET /readyz": "open",
    "GET /metrics": "read of every model, with a token",
    "GET /openapi.json": "read",
    "GET /v1/openapi.json": "read",
    "GET /v1/status": "read of every model",
    "GET /v1/models": "read",
    "GET /v1/models/<model>": "read",
    "GET /v1/models/<model>/variables": "read",
    "GET /v1/models/<model>/variables/<variable>": "read",
    "GET /v1/models/<model>/graph": "read",
    "GET /v1/models/<model>/sources": "read",
    "GET /v1/models/<model>/scenarios": "read",
    "GET /v1/models/<model>/cohorts": "read",
    "GET /v1/models/<model>/forecast/<target>": "read",
    "GET /v1/models/<model>/marginals": "read",
    "GET /v1/models/<model>/query": "read",
    "POST /v1/models/<model>/query": "read",
    "POST /v1/models/<model>/batch": "read",
    "POST /v1/models/<model>/validate": "write",
    "POST /v1/links": "admin",
    "GET /v1/links": "admin",
    "DELETE /v1/links/<link>": "admin",
    "POST /v1/answers": "write",
    "POST /v1/prose": "read",
    "POST /mcp": "read",
    "GET /llms.txt": "open",
    "GET /v1/answers/<answer>": "read",
    "GET /v1/answers/<answer>/latest": "read",
    "GET /v1/models/<model>/revisions": "read",
    "GET /v1/models/<model>/revisions/<revision>": "read",
    "GET /v1/models/<model>/revisions/<revision>/files/<file>": "read",
    "GET /v1/models/<model>/names": "read",
    "GET /v1/models/<model>/names/<name>": "read",
    "PUT /v1/models/<model>/names/<name>": "write",
    "GET /v1/models/<model>/questions": "read",
    "GET /v1/models/<model>/questions/<name>": "read",
    "PUT /v1/models/<model>/questions/<name>": "write",
    "POST /v1/models/<model>/activate": "write",
    "POST /v1/models/<model>/changed": "write",
}
"""What each operation needs. One that is not here fails a test: whoever adds it says here what it needs."""
READERS = {"here", "read", "write", "admin", "a user"}
ALLOWED = {
    "open": READERS | {"passed on", "elsewhere", "another model", "expired", "revoked", "a link"},
    "read": READERS,
    "read of every model": READERS,
    "read of every model, with a token": READERS,
    "write": {"here", "write", "admin"},
    "admin": {"here", "admin"},
}
ELSEWHERE = "192.0.2.1"


@operation("POST", "/v1/models/<model>/changed", forms=(json_form(dict[str, str]),), scope="write")
def changed(_: object) -> Reply:
    """Stand for an operation that changes something."""
    return Reply(lambda: {"changed": "nothing"})


@dataclass(frozen=True)
class Who:
    """Where somebody asks from, and with what."""

    address: str = ELSEWHERE
    headers: dict[str, str] = field(default_factory=dict)
    key: str = ""


def bearer(secret):
    return Who(headers={"Authorization": f"Bearer {secret}"})


def everybody(store):
    """Who may come, by name."""
    expired = tokens.new(store, "expired", scopes=["admin"], lasting=timedelta(microseconds=1))
    revoked = tokens.new(store, "revoked", scopes=["admin"])
    tokens.revoke(store, revoked.token.id)
    link = links.new(store, links.question("/v1/models/asia/forecast/lung"), lasting=timedelta(days=1))
    return {
        "here": Who("127.0.0.1"),
        "passed on": Who("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        "elsewhere": Who(),
        "read": bearer(tokens.new(store, "read").secret),
        "write": bearer(tokens.new(store, "write", scopes=["write"], models=["*"]).secret),
        "another model": bearer(tokens.new(store, "another", scopes=["write"], models=["odd*"]).secret),
        "admin": bearer(tokens.new(store, "admin", scopes=["admin"]).secret),
        "expired": bearer(expired.secret),
        "revoked": bearer(revoked.secret),
        "a user": Who("10.0.0.1", {"X-Forwarded-For": ELSEWHERE, "X-Remote-User": "alice"}),
        "a link": Who(key=link.key),
    }


@pytest.fixture(scope="module", params=["tokens", "public"])
def service(request, priors, tmp_path_factory):
    """A service in each of the ways in which it may be reached from elsewhere."""
    place = Folder(tmp_path_factory.mktemp("state"))
    open_to = {"public_read": True} if request.param == "public" else {"tokens": True}
    proxies = (ip_network("10.0.0.0/8"),)
    settings = Settings(priors, place=place, proxies=proxies, user_header="X-Remote-User", rate=0, **open_to)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(routes, "OPERATIONS", (*routes.OPERATIONS, changed))
        patched.setattr("service.http.credentials.GUESSES", 1_000_000)
        app = create_app(settings)
        store = ready(place)
        yield SimpleNamespace(
            app=app, client=app.test_client(), public=settings.public_read, store=store, who=everybody(store)
        )
        store.close()


def ask(service, who, path, method="GET", **options):
    headers = {**who.headers, **options.pop("headers", {})}
    if who.key:
        path += ("&" if "?" in path else "?") + f"key={who.key}"
    return service.client.open(
        path, method=method, headers=headers, environ_overrides={"REMOTE_ADDR": who.address}, **options
    )


def each_route(app):
    """The operation, a method and an address of every rule of the URL map, something at each place of a name."""
    names = {"model": "asia", "target": "lung", "variable": "lung"}
    for rule in app.url_map.iter_rules():
        number = rule.endpoint.partition(" ")[0]
        each = app.extensions[access.EXTENSION][int(number)]
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", names.get(name, "nothing"))
        yield from ((each, asked, path) for asked in sorted(rule.methods or ()))


def needed(each):
    """What the matrix says of an operation; all analyses read."""
    is_analysis = each.path.startswith("/v1/models/<model>/") and each.view.__module__.startswith("service.analyses")
    return MATRIX.get(f"{each.method} {each.path}", "read" if is_analysis and each.scope == "read" else None)


def test_every_route_is_in_the_matrix_and_says_the_same_of_itself(service):
    asked = list(each_route(service.app))
    assert len(asked) > 200
    assert [f"{each.method} {each.path}" for each, _, _ in asked if needed(each) is None] == []
    assert {f"{each.method} {each.path}" for each, _, _ in asked} >= set(MATRIX)
    assert [each.path for each, _, _ in asked if each.scope != needed(each).split()[0]] == []


def begun(each, *_):
    """Stand for the work of an operation, but for what looks at the client itself."""
    if each.path in ("/v1/status", "/metrics"):
        access.demand("read", access.EVERY)
    if each.path == "/metrics":
        access.demand_known()
    return Response(status=204)


def expected(name, needs, method, public, each):
    if method == "OPTIONS" and name not in ("expired", "revoked"):
        return "allowed"
    if name in ALLOWED[needs]:
        return "allowed"
    if name in ("expired", "revoked"):
        return 401
    if name in ("passed on", "elsewhere"):
        return "allowed" if public and needs.startswith("read") and not needs.endswith("with a token") else 401
    if name == "another model" and "<model>" not in each.path and needs in ("read", "write"):
        return "allowed"
    return 403


CODES = {401: {"token_needed", "bad_token"}, 403: {"not_allowed"}}


def test_fault_56_every_method_of_every_route_is_for_those_whom_the_matrix_names(service, refused, monkeypatch):
    wrong = []
    monkeypatch.setattr("service.http.operation._run", begun)
    for (each, method, path), (name, who) in itertools.product(each_route(service.app), service.who.items()):
        if name == "a link" and path.startswith("/v1/models/asia/forecast/lung"):
            continue
        answer = ask(service, who, path, method)
        right = expected(name, needed(each), method, service.public, each)
        found = "allowed" if answer.status_code not in CODES else answer.status_code
        if found != right or answer.status_code >= 500:
            wrong.append((name, method, path, answer.status, right))
        elif right in CODES and method != "HEAD":
            problem = refused(answer, right, answer.get_json(force=True)["code"])
            assert problem["code"] in CODES[right]
            assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="aftermath"')
    assert wrong == []


@pytest.mark.parametrize("path", ["/v1/status", "/metrics", "/v1/models/asia"])
def test_the_operations_themselves_refuse_too(service, refused, path):
    refused(ask(service, service.who["another model"], path), 403, "not_allowed")


def test_what_is_counted_is_for_nobody_without_a_token_though_everybody_may_read(service, refused):
    refused(ask(service, service.who["elsewhere"], "/metrics"), 401, "token_needed")
    assert ask(service, service.who["read"], "/metrics").status_code == 200


def test_an_answer_is_kept_and_read_by_those_who_may_ask_its_model(service, refused):
    question = {"model": "asia", "targets": ["lung"], "given": {"xray": "yes"}}
    refused(ask(service, service.who["another model"], "/v1/answers", "POST", json=question), 403, "not_allowed")
    refused(ask(service, service.who["read"], "/v1/answers", "POST", json=question), 403, "not_allowed")
    kept = ask(service, service.who["write"], "/v1/answers", "POST", json=question).get_json()
    for address in (kept["permalink"], kept["latest"]):
        refused(ask(service, service.who["another model"], address), 403, "not_allowed")
        assert ask(service, service.who["read"], address).status_code == 200
    assert ask(service, service.who["elsewhere"], kept["permalink"]).status_code == (200 if service.public else 401)


def test_whoever_names_a_revision_stands_in_the_log_of_names(service):
    revision = ask(service, service.who["here"], "/v1/models/asia").headers["X-Model-Revision"]
    path = "/v1/models/asia/names/approved"
    named = ask(service, service.who["write"], path, "PUT", json={"revision": revision}, headers={"If-Match": "*"})
    if named.status_code in (412, 428):
        named = ask(service, service.who["write"], path, "PUT", json={"revision": revision})
    assert named.status_code == 200, named.text
    assert names.history(service.store, "asia", "approved")[0].author.startswith("token ")
    assert audit.latest(service.store)[0].deed.what == f"PUT {path}"


def test_what_is_not_there_is_told_to_those_who_may_read(service, refused):
    for path, method in (("/nowhere", "GET"), ("/v1/models/asia/nowhere", "GET"), ("/v1/models", "PUT")):
        refused(ask(service, service.who["expired"], path, method), 401, "bad_token")
        assert ask(service, service.who["read"], path, method).status_code in (404, 405)
        anybody = ask(service, service.who["elsewhere"], path, method)
        assert anybody.status_code in ((404, 405) if service.public else (401,))


def test_a_token_is_looked_at_on_this_machine_too(service, refused):
    token = service.who["read"].headers
    answer = ask(service, Who("127.0.0.1", token), "/v1/models/asia/changed", "POST")
    problem = refused(answer, 403, "not_allowed")
    assert "needs a token of scope write, admin of the model 'asia'; yours has read of *" in problem["detail"]
    assert answer.headers["WWW-Authenticate"].endswith('error="insufficient_scope", scope="write"')
    refused(ask(service, Who("127.0.0.1", bearer("nothing").headers), "/v1/models"), 401, "bad_token")
    assert ask(service, Who("127.0.0.1", {"Authorization": "Basic YTpi"}), "/v1/models").status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/plain", "/readyz"])
def test_a_token_of_some_models_sees_no_others(service, path):
    names = {"asia", "oddities", "broken"}
    everything = ask(service, service.who["here"], path).text
    assert all(name in everything for name in names)
    if path != "/plain":
        limited = ask(service, bearer(tokens.new(service.store, "one", models=["asia"]).secret), path).text
        hidden = names - {"asia"} if path == "/v1/models" else names - {"asia"} if service.public else names
        if not (service.public and path == "/readyz"):
            assert [name for name in hidden if f'"{name}"' in limited] == []
    if not service.public:
        assert [name for name in names if f">{name}<" in ask(service, service.who["elsewhere"], path).text] == []


def test_examples_of_the_description_are_of_a_model_that_the_client_may_read(service):
    limited = bearer(tokens.new(service.store, "one", models=["oddities"]).secret)
    described = ask(service, limited, "/openapi.json").get_json()
    parameters = described["paths"]["/v1/models/{model}"]["get"]["parameters"]
    assert [each["example"] for each in parameters if each["name"] == "model"] == ["oddities"]


def test_the_description_says_what_each_operation_needs(service):
    described = ask(service, service.who["here"], "/openapi.json").get_json()
    assert set(described["components"]["securitySchemes"]) == {"token", "link"}
    for each in service.app.extensions[access.EXTENSION]:
        said = described["paths"][each.path.replace("<", "{").replace(">", "}")][each.method.lower()]
        if each.scope == "open":
            assert said["security"] == []
            continue
        assert {"token": [each.scope]} in said["security"]
        assert {"401", "403", "429"} <= set(said["responses"])
    forecast = described["paths"]["/v1/models/{model}/forecast/{target}.csv"]["get"]
    assert {"link": []} in forecast["security"]


def test_what_one_client_reads_is_kept_for_no_other(service):
    path = "/v1/models/asia/forecast/lung.json"
    for name, kept in (("here", "public"), ("read", "private"), ("a user", "private")):
        answer = ask(service, service.who[name], path)
        assert answer.headers["Cache-Control"] == f"{kept}, max-age=5"
        assert ("Authorization" in ", ".join(answer.headers.getlist("Vary"))) == (name != "here")
        pinned = ask(service, service.who[name], f"{path}?revision={answer.headers['X-Model-Revision']}")
        assert pinned.headers["Cache-Control"] == f"{kept}, max-age=86400"


def test_fault_53_a_poll_that_one_client_may_make_is_answered_to_no_other(service):
    path = "/v1/models/asia/forecast/lung.json?given=xray:yes"
    tag = {"If-None-Match": ask(service, service.who["read"], path).headers["ETag"]}
    for _ in range(3):
        assert ask(service, service.who["read"], path, headers=tag).status_code == 304
        for name, status in (("another model", 403), ("expired", 401), ("revoked", 401), ("a link", 403)):
            assert ask(service, service.who[name], path, headers=tag).status_code == status
        assert ask(service, service.who["elsewhere"], path, headers=tag).status_code == (304 if service.public else 401)


def test_an_operation_that_changes_something_says_what_it_needs():
    with pytest.raises(ValueError, match="says which scope it needs"):
        operation("DELETE", "/v1/x", forms=(json_form(dict[str, str]),))


def test_every_refusal_of_access_has_its_status():
    codes = {kind.code: status for kind, status in STATUSES.items()}
    assert {code: codes[code] for code in ("token_needed", "bad_token", "bad_key", "not_allowed")} == {
        "token_needed": 401,
        "bad_token": 401,
        "bad_key": 401,
        "not_allowed": 403,
    }
    assert codes["rate_limited"] == codes["too_many_guesses"] == 429


def test_an_admin_lists_links_and_ends_one_and_its_key_is_refused(service, refused):
    admin, target = service.who["admin"], "/v1/models/asia/forecast/lung"
    made = ask(service, admin, "/v1/links", "POST", json={"address": f"{target}?given=smoke:yes", "label": "a sheet"})
    id, address = made.get_json()["id"], made.get_json()["addresses"]["csv"]
    assert service.client.get(address).status_code == 200
    listed = ask(service, admin, "/v1/links")
    assert listed.headers["Cache-Control"] == "no-store"
    (told,) = [each for each in listed.get_json()["links"] if each["id"] == id]
    assert (told["label"], told["question"], told["revoked"]) == ("a sheet", f"{target}?given=smoke:yes", None)
    assert address.partition("key=")[2] not in listed.text
    ended = ask(service, admin, f"/v1/links/{id}", "DELETE")
    assert (ended.status_code, ended.get_json()["id"]) == (200, id)
    assert ask(service, admin, f"/v1/links/{id}", "DELETE").get_json() == ended.get_json()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("service.http.credentials.FRESH", 0)
        ask(service, service.who["here"], "/livez")
    refused(create_app(service.app.extensions["aftermath"].settings).test_client().get(address), 401, "bad_key")
    assert [each["revoked"] is None for each in ask(service, admin, "/v1/links").get_json()["links"]][-1:] == [False]
    with service.store.reading() as connection:
        deeds = [row.what for row in connection.execute(audit.audit.select().order_by(audit.audit.c.seq))]
    assert deeds.count("link revoke") == 1


def test_an_admin_of_one_model_sees_and_ends_only_links_to_that(service, refused):
    link = links.new(service.store, links.question("/v1/models/asia/marginals"), lasting=timedelta(days=1)).link
    other = bearer(tokens.new(service.store, "another admin", scopes=["admin"], models=["odd*"]).secret)
    assert ask(service, other, "/v1/links").get_json() == {"links": []}
    refused(ask(service, other, f"/v1/links/{link.id}", "DELETE"), 403, "not_allowed")
    refused(ask(service, service.who["admin"], "/v1/links/nothing", "DELETE"), 404, "unknown_link")
    assert links.find(service.store, link.id).revoked is None


def test_an_agent_asks_of_the_models_that_its_token_names(service, refused):
    def called(name, **arguments):
        params = {"name": name, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        who = service.who["another model"]
        return ask(service, who, "/mcp", "POST", json=body, headers={"MCP-Protocol-Version": "2025-11-25"})

    listed = called("list_models").get_json()["result"]["structuredContent"]["models"]
    assert [each["name"] for each in listed] == ["oddities"]
    for name, arguments in (("forecast", {"target": "lung"}), ("find_variables", {}), ("diff", {"older": "active"})):
        refused(called(name, model="asia", **arguments), 403, "not_allowed")
    permalink = ask(service, service.who["here"], "/v1/models/asia/forecast/lung").get_json()["permalink"]
    refused(called("check_prose", text="49 %", permalinks=[permalink]), 403, "not_allowed")
