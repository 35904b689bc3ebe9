"""What is presented is looked up once in a while, ends when it is revoked, is limited when guessed, and is not told."""

import logging
import statistics
import time
from datetime import timedelta
from ipaddress import ip_network

import pytest

from service import create_app
from service.http import credentials
from service.settings import Settings
from service.store import audit, links, revocable, tokens
from service.store.errors import BadToken, StoreBusy
from service.store.location import Folder
from tests.stores import ready

FORECAST = "/v1/models/asia/forecast/lung"
ELSEWHERE = "192.0.2.1"


class Service:
    """A service that needs tokens, asked from elsewhere."""

    def __init__(self, priors, folder, **options):
        self.store = ready(Folder(folder))
        chosen = {"tokens": True, "rate": 0, "place": Folder(folder), **options}
        self.app = create_app(Settings(priors, **chosen))
        self.client = self.app.test_client()
        self.client.application.extensions["aftermath"].store.prepare()

    def ask(self, path=f"{FORECAST}.json", method="GET", *, token=None, address=ELSEWHERE, headers=None, **options):
        sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token is not None else {})}
        return self.client.open(
            path, method=method, headers=sent, environ_overrides={"REMOTE_ADDR": address}, **options
        )

    def deeds(self):
        return [each.deed for each in audit.latest(self.store)]


@pytest.fixture
def service(priors, tmp_path):
    made = Service(priors, tmp_path / "state")
    yield made
    made.store.close()


@pytest.fixture
def make(priors, tmp_path):
    made = []

    def service_of(**options):
        made.append(Service(priors, tmp_path / "state", **options))
        return made[-1]

    yield service_of
    for each in made:
        each.store.close()


@pytest.fixture
def looked_up(monkeypatch):
    """The secrets that were looked up in the store."""
    seen = []
    really = tokens.presented
    monkeypatch.setattr(tokens, "presented", lambda store, secret: (seen.append(secret), really(store, secret))[1])
    return seen


def test_a_token_is_looked_up_once_in_a_while(service, looked_up, monkeypatch):
    token = tokens.new(service.store, "a dashboard").secret
    assert [service.ask(token=token).status_code for _ in range(20)] == [200] * 20
    assert len(looked_up) == 1
    monkeypatch.setattr(credentials, "FRESH", 0.0)
    other = tokens.new(service.store, "another").secret
    assert [service.ask(token=other).status_code for _ in range(3)] == [200] * 3
    assert len(looked_up) == 4


def test_a_revoked_token_is_refused_within_two_seconds_polls_too(service, refused):
    issued = tokens.new(service.store, "a dashboard")
    tag = {"If-None-Match": service.ask(token=issued.secret).headers["ETag"]}
    assert [service.ask(token=issued.secret, headers=tag).status_code for _ in range(3)] == [304] * 3
    tokens.revoke(service.store, issued.token.id)
    until = time.monotonic() + credentials.FRESH + 0.5
    while time.monotonic() < until and service.ask(token=issued.secret, headers=tag).status_code == 304:
        time.sleep(0.05)
    refused(service.ask(token=issued.secret, headers=tag), 401, "bad_token")


def test_a_token_that_is_known_ends_at_its_time(service, refused):
    issued = tokens.new(service.store, "a dashboard", lasting=timedelta(days=1))
    assert service.ask(token=issued.secret).status_code == 200
    used = service.app.extensions["aftermath"].store
    later = used.clock() + timedelta(days=1)
    used.clock = lambda: later
    refused(service.ask(token=issued.secret), 401, "bad_token")


def test_while_the_store_cannot_be_asked_a_known_token_stays_valid_and_no_other(service, refused, monkeypatch):
    monkeypatch.setattr(credentials, "FRESH", 0.0)
    known, other = (tokens.new(service.store, name).secret for name in ("known", "other"))
    assert service.ask(token=known).status_code == 200

    def busy(*_):
        raise StoreBusy("another process writes to the store")

    monkeypatch.setattr(tokens, "presented", busy)
    assert [service.ask(token=known).status_code for _ in range(3)] == [200] * 3
    refused(service.ask(token=other), 503, "store_busy")
    assert service.ask("/livez", token=other).status_code == 200
    monkeypatch.setattr(credentials, "GRACE", 0.0)
    refused(service.ask(token=known), 503, "store_busy")


def test_a_token_is_known_where_its_use_cannot_be_noted(service, monkeypatch):
    token = tokens.new(service.store, "a dashboard").secret
    used = service.app.extensions["aftermath"].store

    def full(**_):
        raise StoreBusy("another process writes to the store")

    monkeypatch.setattr(type(used), "writing", lambda self, **_: full())
    assert service.ask(token=token).status_code == 200


def test_a_service_without_a_store_has_no_tokens(priors, refused):
    client = create_app(Settings(priors)).test_client()
    answer = client.get("/v1/models", headers={"Authorization": "Bearer am_x"})
    assert "this service keeps none" in refused(answer, 401, "bad_token")["detail"]


def test_fault_57_an_unknown_token_costs_what_a_wrong_one_costs(service, monkeypatch):
    issued = tokens.new(service.store, "a dashboard")
    wrong = {"known": f"am_{issued.token.id}_{'A' * 43}", "unknown": f"am_{'a' * 12}_{'A' * 43}"}
    took = {name: [] for name in wrong}
    for _ in range(400):
        for name, secret in wrong.items():
            started = time.perf_counter()
            with pytest.raises(BadToken):
                tokens.presented(service.store, secret)
            took[name].append(time.perf_counter() - started)
    known, unknown = (statistics.median(took[name]) for name in ("known", "unknown"))
    assert 0.7 < known / unknown < 1.4, (known, unknown)
    compared = []
    really = revocable.hmac.compare_digest
    monkeypatch.setattr(
        revocable.hmac, "compare_digest", lambda a, b: (compared.append((len(a), len(b))), really(a, b))[1]
    )
    for secret in (*wrong.values(), issued.secret, "nothing"):
        try:
            tokens.presented(service.store, secret)
        except BadToken:
            continue
    assert compared == [(64, 64)] * 4


@pytest.mark.parametrize("kind", ["token", "key"])
def test_fault_58_the_eleventh_guess_in_a_minute_is_refused_before_it_is_looked_up(service, refused, looked_up, kind):
    user, other = (tokens.new(service.store, name).secret for name in ("somebody", "somebody else"))
    assert service.ask(token=user).status_code == 200

    def guess(number, address=ELSEWHERE):
        secret = f"a{'m' if kind == 'token' else 'l'}_{'a' * 12}_{number:043d}"
        if kind == "token":
            return service.ask(token=secret, address=address)
        return service.ask(f"{FORECAST}.json?key={secret}", address=address)

    for number in range(10):
        refused(guess(number), 401, "bad_token" if kind == "token" else "bad_key")
    before = len(looked_up)
    for number in range(10, 30):
        assert refused(guess(number), 429, "too_many_guesses")
    assert len(looked_up) == before
    assert int(guess(30).headers["Retry-After"]) > 0
    assert service.ask(token=user).status_code == 200
    assert service.ask(token=other, address="192.0.2.9").status_code == 200
    assert guess(31, "192.0.2.10").status_code == 429
    assert service.ask("/livez").status_code == 200


def test_a_token_that_has_ended_is_no_guess(service, refused):
    issued = tokens.new(service.store, "somebody")
    tokens.revoke(service.store, issued.token.id)
    for _ in range(15):
        refused(service.ask(token=issued.secret), 401, "bad_token")
    assert service.ask(token=tokens.new(service.store, "another").secret).status_code == 200


def test_fault_58_networks_of_ipv6_are_one_guesser(service):
    for number in range(12):
        answer = service.ask(token="nothing", address=f"2001:db8::{number}:1")
    assert answer.status_code == 429
    assert service.ask(token="nothing", address="2001:db8:0:1::1").status_code == 401


def test_every_answer_says_how_much_is_left_and_polls_count(make, refused):
    service = make(rate=5)
    token = tokens.new(service.store, "a dashboard").secret
    first = service.ask(token=token)
    tag = {"If-None-Match": first.headers["ETag"]}
    left = [first, *(service.ask(token=token, headers=tag) for _ in range(4))]
    assert [each.status_code for each in left] == [200, 304, 304, 304, 304]
    assert [each.headers["RateLimit-Remaining"] for each in left] == ["4", "3", "2", "1", "0"]
    over = service.ask(token=token, headers=tag)
    refused(over, 429, "rate_limited")
    assert over.headers["RateLimit-Limit"] == "5"
    assert 0 < int(over.headers["RateLimit-Reset"]) <= 60
    assert int(over.headers["Retry-After"]) > 0
    assert service.ask(token=tokens.new(service.store, "another").secret).status_code == 200
    assert service.ask("/livez", token=token).status_code == 200


def test_this_machine_is_limited_only_where_a_setting_says_so(make, refused):
    unlimited, limited = make(rate=None), make(rate=2)
    assert "RateLimit-Limit" not in unlimited.ask(address="127.0.0.1").headers
    assert unlimited.ask().headers["RateLimit-Limit"] == "3000"
    assert [limited.ask(address="127.0.0.1").status_code for _ in range(3)] == [200, 200, 429]


def test_fault_60_a_user_that_anybody_but_a_trusted_proxy_names_is_ignored(make, refused):
    options = {"proxies": (ip_network("10.0.0.0/8"),), "user_header": "X-Remote-User"}
    service, writer = make(**options), make(**options, user_scope="admin")
    user = {"X-Remote-User": "alice"}
    link = {"address": FORECAST}
    for each in (ELSEWHERE, "11.0.0.1", "", "::1", "127.0.0.2"):
        passed_on = {**user, "X-Forwarded-For": "10.0.0.1"}
        refused(service.ask(headers=passed_on, address=each), 401, "token_needed")
    assert service.ask(headers=user, address="10.0.0.1").status_code == 200
    refused(service.ask(headers={"X-Remote-User": " "}, address="10.0.0.1"), 401, "token_needed")
    refused(service.ask(headers={"X-Remote-User": "a" * 201}, address="10.0.0.1"), 400, "bad_request")
    refused(service.ask("/v1/links", "POST", headers=user, address="10.0.0.1", json=link), 403, "not_allowed")
    assert writer.ask("/v1/links", "POST", headers=user, address="10.0.0.1", json=link).status_code == 200
    assert writer.deeds()[0].who == "user alice"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "127.0.0.1"}, 200),
        ({"X-Forwarded-For": "127.0.0.1, 127.0.0.1"}, 200),
        ({"X-Forwarded-For": "192.0.2.1"}, 401),
        ({"X-Forwarded-For": "127.0.0.1, 192.0.2.1"}, 401),
        ({"X-Forwarded-For": "127.0.0.1, 10.0.0.1"}, 401),
        ({"X-Forwarded-For": "unknown"}, 401),
        ({"X-Forwarded-Proto": "https"}, 401),
        ({"X-Real-IP": "127.0.0.1"}, 401),
        ({"Forwarded": "for=127.0.0.1"}, 200),
        ({"Forwarded": "for=_hidden"}, 401),
    ],
)
def test_through_a_trusted_proxy_the_client_and_every_hop_have_to_be_on_this_machine(make, headers, status):
    service = make(proxies=(ip_network("127.0.0.1"), ip_network("10.0.0.0/8")))
    assert service.ask(headers=headers, address="127.0.0.1").status_code == status


@pytest.fixture
def link(service):
    question = links.question(f"{FORECAST}?given=xray:yes&given=dysp:no")
    return links.new(service.store, question, lasting=timedelta(days=1))


@pytest.mark.parametrize("form", ["", ".json", ".csv"])
def test_a_link_asks_its_question_in_every_form_and_names_no_key(service, link, form):
    answer = service.ask(link.address(form))
    plain = service.ask(f"{FORECAST}{form}?given=xray:yes&given=dysp:no", address="127.0.0.1")
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, plain.data, plain.headers["ETag"])
    assert "al_" not in answer.text + str(answer.headers)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, max-age=5"
    again = service.ask(link.address(form), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert service.ask(link.address(form), "HEAD").status_code == 200


@pytest.mark.parametrize(
    ("change", "method"),
    [
        (lambda address: address.replace("lung", "tub"), "GET"),
        (lambda address: address.replace("xray:yes", "xray:no"), "GET"),
        (lambda address: address + "&do=smoke:yes", "GET"),
        (lambda address: address.replace("given=dysp:no&", ""), "GET"),
        (lambda address: address.replace("/forecast/lung", "/query"), "POST"),
        (lambda address: address.replace("/forecast/lung", ""), "GET"),
        (lambda address: address.replace("/v1/models/asia/forecast/lung", "/v1/models"), "GET"),
        (lambda address: address.replace("/v1/models/asia/forecast/lung", "/v1/status"), "GET"),
    ],
)
def test_a_link_asks_nothing_else(service, link, refused, change, method):
    problem = refused(service.ask(change(link.address()), method), 403, "not_allowed")
    assert "is for /v1/models/asia/forecast/lung?given=xray:yes&given=dysp:no, by GET" in problem["detail"]
    assert "al_" not in str(problem)


def test_a_key_said_twice_or_damaged_is_refused_and_a_token_goes_before_it(service, link, refused):
    refused(service.ask(f"{link.address()}&key={link.key}"), 401, "bad_key")
    refused(service.ask(link.address()[:-1]), 401, "bad_key")
    token = tokens.new(service.store, "somebody").secret
    assert service.ask(f"/v1/models?key={link.key}", token=token).status_code == 200


def test_an_admin_makes_a_link_by_call(service, refused):
    admin, other = (
        tokens.new(service.store, "admin", scopes=["admin"], models=models).secret for models in (["*"], ["odd*"])
    )
    asked = {"address": f"{FORECAST}.csv?given=xray:yes", "days": 3, "label": "a spreadsheet"}
    made = service.ask("/v1/links", "POST", token=admin, json=asked)
    assert made.headers["Cache-Control"] == "no-store"
    body = made.get_json()
    assert (body["label"], body["question"]) == ("a spreadsheet", f"{FORECAST}?given=xray:yes")
    assert [service.ask(body["addresses"][form]).status_code for form in ("json", "csv")] == [200, 200]
    refused(service.ask("/v1/links", "POST", token=other, json=asked), 403, "not_allowed")
    for address in ("/v1/models/asia/nowhere", "/livez", "/v1/models/asia/batch", "x", "/v1/openapi.yaml"):
        refused(service.ask("/v1/links", "POST", token=admin, json={"address": address}), 422, "bad_link_address")
    assert [each.what for each in service.deeds()].count("link new") == 1
    links.revoke(service.store, body["id"])
    service.app.wsgi_app._links._known.clear()
    refused(service.ask(body["addresses"]["csv"]), 401, "bad_key")


def test_each_write_and_each_refusal_of_one_is_a_line_in_the_audit_log(service):
    token = tokens.new(service.store, "reader").secret
    service.ask("/v1/links", "POST", address="127.0.0.1", json={"address": FORECAST})
    service.ask("/v1/links", "POST", token=token, json={"address": FORECAST})
    service.ask("/v1/links", "POST", json={"address": FORECAST})
    service.ask(token="am_\x1b[31mnothing")
    service.ask()
    found = [(each.who.partition(" ")[0], each.what, each.origin, each.outcome) for each in service.deeds()]
    assert found[:-1] == [
        ("anybody", f"GET {FORECAST}.json", ELSEWHERE, "bad_token"),
        ("anybody", "POST /v1/links", ELSEWHERE, "token_needed"),
        ("token", "POST /v1/links", ELSEWHERE, "not_allowed"),
        ("this", "link new", "127.0.0.1", "done"),
    ]


def test_refusals_cannot_fill_the_disk(service):
    for number in range(40):
        service.ask(token="nothing", address=f"192.0.2.{number % 2}")
    assert len(service.deeds()) == 20


def test_without_a_store_the_log_has_the_line(priors, caplog):
    client = create_app(Settings(priors, public_read=True)).test_client()
    with caplog.at_level(logging.INFO, logger="service"):
        client.post("/v1/links", json={}, environ_overrides={"REMOTE_ADDR": ELSEWHERE})
    assert "audit: 'anybody' 'POST /v1/links' from '192.0.2.1': token_needed" in caplog.text


def test_fault_61_no_answer_log_or_status_has_a_token_or_a_key(service, link, caplog):
    token = tokens.new(service.store, "somebody", scopes=["admin"]).secret
    with caplog.at_level(logging.DEBUG):
        answers = [
            service.ask(token=token),
            service.ask(link.address()),
            service.ask(f"/v1/status?key={link.key}"),
            service.ask("/v1/status", token=token),
            service.ask("/nowhere?x=1", headers={"Referer": f"http://site.test{link.address()}"}),
            service.ask(f"/{token}/{link.key}"),
            service.ask(token=token[:-1]),
        ]
    told = caplog.text + str(service.deeds()) + "".join(each.text + str(each.headers) for each in answers[:-2])
    for secret in (token, link.key):
        assert secret.split("_", 2)[2] not in told + str(service.deeds())
