"""A client of a running service in one file: questions and answers as objects, tables as data frames.

It needs Python 3.11 and nothing else, so that it may be copied to where it is wanted.

>>> asked = Question("lung", given={"xray": "yes"}, do={"smoke": chances(yes=0.2, no=0.8)})
>>> asia = Client("http://127.0.0.1:8000").model("asia")
>>> answer = asia.query(asked)  # doctest: +SKIP
>>> answer.targets[0].distribution[0].p, answer.probability("yes"), answer.permalink  # doctest: +SKIP
>>> for answer in asia.poll("lung", every=60):  # doctest: +SKIP
...     print(answer.revision, answer.probability("yes"))

A client may be used by several threads at once: each has a connection of its own, which stays open between questions.
Neither proxies of the environment nor redirects are followed: a token is sent to the client's own address alone.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode, urlsplit

MOST_CASES = 10_000
"""Cases that the service takes at once."""
MOST_BYTES = 7_500_000
"""Bytes of them, somewhat below what it takes."""
TOO_MUCH = frozenset({"answer_too_large", "body_too_large", "too_costly", "too_many"})
"""Codes of refusals of more than it answers at once: a part of it may be answered."""
LONGEST_WAIT = 600.0
"""Seconds at most between two polls that fail."""
SHOWN = 20
"""Rows that a notebook shows."""

Interval = float | Literal["none"] | None
Stated = str | Mapping[str, Any]
"""A state, or what one of ``one_of``, ``ruled_out``, ``reported`` … makes."""


class ClientError(Exception):
    """What went wrong between a question and its answer."""


class Unreachable(ClientError):
    """No answer came: nobody listens there, the connection broke, or ``timeout`` passed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: ``where`` in what was sent it is, and what would have been right."""

    code: str
    detail: str
    where: tuple[str | int, ...] = ()
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None

    def __str__(self) -> str:
        place = ".".join(map(str, self.where))
        hint = f". Did you mean {self.did_you_mean!r}?" if self.did_you_mean else ""
        return f"{place}: {self.detail}{hint}" if place else f"{self.detail}{hint}"


class Refusal(ClientError):
    """The service refused a question. Each mistake is in ``problems``; the first of them is told by the attributes.

    ``conflict`` are findings that cannot hold together, ``id`` finds the request in the log of the service,
    ``retry_after`` is after how many seconds it is worth asking again, None where that would not help.

    >>> said = {"code": "unknown_state", "detail": "no state 'y'", "pointer": "/given/xray", "did_you_mean": "yes"}
    >>> refused = Refusal(said, 422)
    >>> refused.where, refused.did_you_mean
    (('given', 'xray'), 'yes')
    >>> print(refused)
    unknown_state: given.xray: no state 'y'. Did you mean 'yes'?
    """

    def __init__(self, said: Mapping[str, Any], status: int, retry_after: float | None = None) -> None:
        super().__init__(said, status, retry_after)
        self.status, self.retry_after = status, retry_after
        self.problems = tuple(_problem(each) for each in said.get("errors") or (said,))
        first = self.problems[0]
        self.code, self.detail, self.where = first.code, first.detail, first.where
        self.allowed, self.did_you_mean = first.allowed, first.did_you_mean
        self.conflict: tuple[str, ...] = tuple(said.get("conflict", ()))
        self.id: str | None = said.get("id")

    def __str__(self) -> str:
        return "\n".join(f"{each.code}: {each}" for each in self.problems)


def _problem(said: Mapping[str, Any]) -> Problem:
    steps = (said.get("pointer") or "").split("/")[1:]
    named = (step.replace("~1", "/").replace("~0", "~") for step in steps)
    where = tuple(int(step) if step.isascii() and step.isdigit() else step for step in named)
    allowed = tuple(said.get("allowed") or ())
    return Problem(said.get("code", "error"), said.get("detail", ""), where, allowed, said.get("did_you_mean"))


def one_of(*states: str) -> Stated:
    """Known to be in one of these states."""
    return {"in": list(states)}


def ruled_out(*states: str) -> Stated:
    """Known to be in none of these states."""
    return {"not": list(states)}


def reported(likelihood: Mapping[str, float] | None = None, /, **by_state: float) -> Stated:
    """A report: how likely it is under each state. Only ratios count; a state that is not named is ruled out."""
    return {"likelihood": {**(likelihood or {}), **by_state}}


def assumed(p: Mapping[str, float] | None = None, /, **by_state: float) -> Stated:
    """Probabilities that hold whatever else is known; they sum to 1."""
    return {"assumed": {**(p or {}), **by_state}}


def chances(p: Mapping[str, float] | None = None, /, **by_state: float) -> Stated:
    """Under ``do``: made to follow these probabilities, whatever its causes; they sum to 1."""
    return {"p": {**(p or {}), **by_state}}


def over(number: float) -> Stated:
    """The number that the variable measures is this cut point of its scale or more."""
    return {"over": number}


def under(number: float) -> Stated:
    """It is less than this cut point."""
    return {"under": number}


def between(low: float, high: float) -> Stated:
    """It lies from one cut point up to another."""
    return {"between": [low, high]}


VERBS = {"in": "in", "not": "not", "likelihood": "like", "assumed": "assumed", "p": "chances"}
"""How addresses call what bodies say by a key; the others are called alike."""
_OPENS = re.compile(r"[a-z]+\(")
_QUOTED = re.compile(r'[,()="]|^\s|\s$')


def statement(name: str, said: Stated, *, done: bool = False) -> str:
    """A finding, or what is ``done``, as addresses have it.

    >>> statement("xray", reported(yes=4, no=1)), statement("tub", "in(a)"), statement("odd", one_of("a,b", "c"))
    ('xray:like(yes=4,no=1)', 'tub:in("in(a)")', 'odd:in("a,b",c)')
    """
    if isinstance(said, str):
        literal = f"chances({_quoted(said)}=1)" if done else f"in({_quoted(said)})"
        return f"{name}:{literal if _OPENS.match(said) else said}"
    [(key, value)] = said.items()
    if isinstance(value, Mapping):
        inside = ",".join(f"{_quoted(state)}={_text(number)}" for state, number in value.items())
    elif isinstance(value, Sequence):
        inside = ",".join(_quoted(each) if isinstance(each, str) else _text(each) for each in value)
    else:
        inside = _text(value)
    return f"{name}:{VERBS.get(key, key)}({inside})"


def _text(number: float) -> str:
    return json.dumps(number, allow_nan=False)


def _quoted(state: str) -> str:
    return '"' + state.replace('"', '""') + '"' if _QUOTED.search(state) else state


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which targets or events, given what, and if what is done.

    ``given`` and ``do`` are by variable: a state, or what ``one_of``, ``reported``, ``chances`` … make. ``interval`` is
    the share of the draws that intervals hold, "none" for none, and None for what is usual. Nothing is checked here but
    the form: what names mean, and how the question is written in full, is for the service to say.

    >>> Question("lung", given={"xray": "yes"}, scenario="none").body()
    {'targets': ['lung'], 'given': {'xray': 'yes'}, 'scenario': 'none'}
    """

    targets: Sequence[str] = ()
    given: Mapping[str, Stated] = field(default_factory=dict)
    do: Mapping[str, Stated] = field(default_factory=dict)
    scenario: str | None = None
    cohort: str | None = None
    events: Sequence[str] = field(default=(), kw_only=True)
    joint: Sequence[Sequence[str]] = field(default=(), kw_only=True)
    most_probable: bool = field(default=False, kw_only=True)
    interval: Interval = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("targets", "events"):
            said = getattr(self, name)
            object.__setattr__(self, name, (said,) if isinstance(said, str) else tuple(said))
        for name in ("given", "do"):
            object.__setattr__(self, name, dict(getattr(self, name)))

    def body(self) -> dict[str, Any]:
        """What it says, as the body of a request has it; nothing of what it leaves open."""
        said = {
            "targets": list(self.targets),
            "events": list(self.events),
            "given": dict(self.given),
            "do": dict(self.do),
            "scenario": self.scenario,
            "cohort": self.cohort,
            "joint": [list(each) for each in self.joint],
            "most_probable": self.most_probable,
            "interval": self.interval,
        }
        return {name: value for name, value in said.items() if value not in (None, False, [], {})}

    def parameters(self) -> list[tuple[str, str]]:
        """The same as the parameters of an address."""
        return [
            *(("target", each) for each in self.targets),
            *(("event", each) for each in self.events),
            *(("given", statement(name, said)) for name, said in self.given.items()),
            *(("do", statement(name, said, done=True)) for name, said in self.do.items()),
            *(("joint", ",".join(each)) for each in self.joint),
            *([("scenario", self.scenario)] if self.scenario else []),
            *([("cohort", self.cohort)] if self.cohort else []),
            *([("most_probable", "true")] if self.most_probable else []),
            *([("interval", str(self.interval))] if self.interval is not None else []),
        ]


NOTHING = Question()
"""A question about nothing in particular: what is not said is as the model has it."""

STATED = frozenset({"given", "do", "scenario", "cohort"})
ASKED = STATED | {"interval"}
ABOUT = STATED | {"target", "event"}
"""What of a question the addresses take that forecast, and those of the analyses."""


def _taken(question: Question, takes: frozenset[str]) -> list[tuple[str, str]]:
    """The parameters of a question for an address that takes these. Raises ValueError for what it does not take."""
    found = question.parameters()
    left = sorted({name for name, _ in found} - takes)
    if left:
        raise ValueError(f"{', '.join(left)}: not part of this kind of question; it takes {', '.join(sorted(takes))}")
    return found


class Record(dict[str, Any]):
    """An object of an answer, its keys as attributes too.

    One that is a word of Python or a method of dictionaries has a ``_`` behind it.

    >>> Record(state="yes", p=0.5).p, Record({"from": 1}).from_, Record(values=[2]).values_
    (0.5, 1, [2])
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        for key in (name, name.removesuffix("_")):
            if key in self:
                return self[key]
        raise AttributeError(f"{name!r} is not in this answer, which has {', '.join(self)}")

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *(key for key in self if key.isidentifier())]


TABLES = (
    "rows",
    "steps",
    "sets",
    "statements",
    "models",
    "variables",
    "sources",
    "scenarios",
    "cohorts",
    "revisions",
    "questions",
)
"""Where an answer of another kind than a forecast has its rows."""


class Answer(Record):
    """An answer: its keys as attributes, its numbers as rows, as a data frame, and as a table in a notebook.

    ``requested`` is the address that was asked, ``etag`` tells the answer from every other, and ``served`` is the
    revision that it is from, where its keys do not say so too.
    """

    __slots__ = ("etag", "requested", "served")

    def __init__(self, said: Mapping[str, Any], *, requested: str = "", etag: str | None = None) -> None:
        super().__init__(said)
        self.requested, self.etag = requested, etag
        self.served: str | None = said.get("revision")

    def probability(self, state: str, target: str | None = None) -> float:
        """Of a state of a target, which may be left out where there is one. Raises KeyError where there is none."""
        found = [
            row["p"]
            for row in self.as_rows()
            if row.get("state") == state and target in (None, row.get("target")) and "p" in row
        ]
        if len(found) != 1:
            raise KeyError(f"{len(found)} probabilities of {target or 'any target'} in state {state!r}")
        return float(found[0])

    def as_rows(self) -> list[dict[str, Any]]:
        """The answer as a flat table: states of targets, cells of a comparison, cases of a batch, rows of an analysis.

        Without any of these it is one row.
        """
        if "cases" in self:
            return [row for case in self["cases"] for row in _case_rows(case)]
        if "distribution" in self and "target" in self:
            return [{"target": self["target"], **state} for state in self["distribution"]]
        targets = self.get("targets") or ()
        if targets and isinstance(targets[0], dict) and "states" in targets[0]:
            return list(_compared_rows(targets))
        if targets and isinstance(targets[0], dict):
            return [row for each in targets for row in _target_rows(each)]
        if "balance" in self:
            return [dict(each) for each in self["balance"]["weights"]]
        for name in TABLES:
            if isinstance(self.get(name), list):
                return [dict(each) if isinstance(each, dict) else {name: each} for each in self[name]]
        return [{name: value for name, value in self.items() if not isinstance(value, list | dict)}]

    def frame(self) -> Any:
        """The same as a pandas data frame, times as times. Raises ImportError where there is no pandas."""
        import pandas  # type: ignore[import-not-found, import-untyped, unused-ignore]

        found = pandas.DataFrame(self.as_rows())
        if "time" in found:
            found["time"] = pandas.to_datetime(found["time"], utc=True)
        return found

    def __repr__(self) -> str:
        states = [
            f"{row['state']} {row['p']:.4f}"
            for row in self.as_rows()[:4]
            if row.get("p") is not None and "state" in row
        ]
        name = " ".join(str(self[key]) for key in ("model", "revision", "target") if key in self)
        return f"<{type(self).__name__} {', '.join(filter(None, [name, *states]))}>"

    def _repr_html_(self) -> str:
        title = " ".join(str(self[key]) for key in ("model", "target", "revision", "sentence") if self.get(key))
        return f"<div><strong>{escape(title or self.requested)}</strong>{_html_table(self.as_rows())}</div>"


class Batch(Answer):
    """Answers to many cases, in their order; one that was refused has its ``error``, a Refusal, in its place."""

    __slots__ = ()


def _target_rows(target: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for state in target.get("distribution", ()):
        yield {"target": target["target"], **state}


def _compared_rows(targets: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is compared one after the other, in each the states of each target."""
    places = [
        (each["target"], state, state.get("sides") or state["scenarios"])
        for each in targets
        for state in each["states"]
    ]
    for k in range(max((len(cells) for _, _, cells in places), default=0)):
        for target, state, cells in places:
            yield {"target": target, "state": state["state"], **cells[k], "baseline": state["baseline"]}


def _case_rows(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    own = {"id": case.get("id"), "p_evidence": case.get("p_evidence"), "error": case.get("error")}
    if not case.get("targets"):
        yield own
    for target in case.get("targets") or ():
        for row in _target_rows(target):
            yield {"id": own["id"], **row, "p_evidence": own["p_evidence"], "error": None}


def _html_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as HTML, every text escaped, with bars of what is a probability."""
    every = dict.fromkeys(
        key for row in rows[:SHOWN] for key, value in row.items() if not isinstance(value, list | dict)
    )
    columns = [name for name in every if any(row.get(name) is not None for row in rows[:SHOWN])]
    heads = "".join(f'<th style="text-align:left">{escape(name.replace("_", " "))}</th>' for name in columns)
    lines = "".join(f"<tr>{''.join(_cell(name, row.get(name)) for name in columns)}</tr>" for row in rows[:SHOWN])
    more = f"<div>and {len(rows) - SHOWN:,} more</div>" if len(rows) > SHOWN else ""
    return f"<table><tr>{heads}</tr>{lines}</table>{more}"


def _cell(name: str, value: Any) -> str:
    if isinstance(value, float):
        wide = 120 * min(max(value, 0.0), 1.0)
        bar = f'<div style="background:#0072b2;height:4px;width:{wide:.1f}px"></div>' if name == "p" else ""
        return f'<td style="text-align:right">{value:.4f}{bar}</td>'
    return f'<td style="text-align:left">{escape("–" if value is None else str(value))}</td>'


@dataclass(frozen=True, slots=True)
class _Sent:
    """What came back. ``headers`` are by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def retry_after(self) -> float | None:
        said = self.headers.get("retry-after", "")
        return float(said) if said.isascii() and said.isdigit() else None


class Client:
    """A service at an address, with what it is asked with.

    ``token`` is sent with every request; ``timeout`` is how many seconds each step of one may take, ``deadline`` after
    how many the service is to give up a question, and ``patience`` for how many a question is asked again that was
    refused with the word to come back. ``context`` checks the certificate of an https address.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        token: str | None = None,
        timeout: float = 60.0,
        deadline: float | None = None,
        patience: float = 30.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname or place.query or place.username:
            raise ValueError(f"{url!r}: expected an address such as https://forecasts.example, or one with a path")
        self.url = url.rstrip("/")
        self.timeout, self.deadline, self.patience = timeout, deadline, patience
        self._place, self._prefix = place, place.path.rstrip("/")
        self._context = context or (ssl.create_default_context() if place.scheme == "https" else None)
        self._headers = {"Accept-Encoding": "gzip", "User-Agent": "aftermath-client"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._own = threading.local()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection of this thread; the next question opens another."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            self._own.connection = None
            connection.close()

    def model(self, name: str, revision: str | None = None) -> Model:
        """A model to ask, as it is served or at a revision: its hash, or a name that it was given."""
        return Model(self, name, revision)

    def models(self) -> Answer:
        """What models there are."""
        return self._answer("GET", "/v1/models.json")

    def status(self) -> Answer:
        """Which revision of each model is served since when, and what the service is about."""
        return self._answer("GET", "/v1/status")

    def ready(self) -> Answer:
        """Whether the service can answer. Raises Refusal where it can answer nothing."""
        return self._answer("GET", "/readyz")

    def read(self, address: str) -> Answer:
        """The answer as JSON at an address of the service, such as a permalink."""
        return self._answer("GET", address)

    def text(self, address: str) -> str:
        """What is at an address as text: a table as CSV, a brief, a prior file."""
        return self._answered("GET", address).data.decode()

    def kept(self, id: str) -> Answer:
        """An answer that was kept, with the bytes of then."""
        return self._answer("GET", f"/v1/answers/{quote(id, safe='')}.json")

    def latest(self, id: str) -> Answer:
        """The question of an answer that was kept, asked again today."""
        return self._answer("GET", f"/v1/answers/{quote(id, safe='')}/latest.json")

    def check_prose(self, text: str, permalinks: Sequence[str] = ()) -> Answer:
        """Which numbers of a text the answers do not support that it cites, in itself or beside it."""
        address = _joined("/v1/prose", _hurry(self.deadline))
        return self._answer("POST", address, {"text": text, "permalinks": list(permalinks)})

    def link(self, address: str, *, days: int = 30, label: str = "") -> Answer:
        """An address of one question that needs no token, for a spreadsheet: its ``addresses`` by form. For admins."""
        return self._answer("POST", "/v1/links", {"address": address, "days": days, "label": label}, again=False)

    def poll(
        self,
        address: str,
        *,
        every: float = 60.0,
        stop: threading.Event | None = None,
        failed: Callable[[ClientError, float], object] | None = None,
    ) -> Iterator[Answer]:
        """The answer at an address, and then each other one that comes to be there, until ``stop`` is set.

        It is asked for every so many seconds with the tag of the last one, so that one that did not change is not sent,
        read or yielded. What may pass (no connection, 429, 5xx) is told to ``failed`` with the seconds until the next
        try, at least those of Retry-After and each time twice as many; other refusals are raised.
        """
        ended, known, wait = stop or threading.Event(), None, every
        while not ended.is_set():
            try:
                sent = self._answered("GET", address, known=known, patience=0.0)
            except ClientError as error:
                if isinstance(error, Refusal) and error.status != 429 and error.status < 500:
                    raise
                asked_for = getattr(error, "retry_after", None) or 0.0
                wait = max(asked_for, min(wait * random.uniform(1.6, 2.4), max(every, LONGEST_WAIT)))
                if failed is not None:
                    failed(error, wait)
            else:
                wait, tag = every, sent.headers.get("etag")
                if sent.status != 304 and (tag is None or tag != known):
                    known = tag
                    yield _read(sent, address)
            ended.wait(wait)

    def _answer(self, method: str, address: str, body: Any = None, *, again: bool = True) -> Answer:
        return _read(self._answered(method, address, body, again=again), address)

    def _answered(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        known: str | None = None,
        again: bool = True,
        patience: float | None = None,
    ) -> _Sent:
        """What comes back, once it is no word to come back later. Raises Refusal and Unreachable."""
        until = time.monotonic() + (self.patience if patience is None else patience)
        headers = {**self._headers, "Accept": "*/*"}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body, allow_nan=False).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        if known is not None:
            headers["If-None-Match"] = known
        path = self._path(address)
        while True:
            sent = self._sent(method, path, data, headers, again=again)
            if sent.status in (200, 304):
                return sent
            wait = sent.retry_after
            if sent.status not in (429, 503) or wait is None or time.monotonic() + wait > until:
                raise Refusal(_refusal(sent), sent.status, wait)
            time.sleep(wait)

    def _path(self, address: str) -> str:
        """The path of an address of this service. Raises ValueError for one of another, which may not see a token."""
        if address.startswith(f"{self.url}/"):
            address = address.removeprefix(self.url)
        elif not address.startswith("/") or address.startswith("//"):
            raise ValueError(f"{address!r} is not an address of {self.url}")
        own = not self._prefix or address.startswith(f"{self._prefix}/")
        return address if own and self._prefix else f"{self._prefix}{address}"

    def _sent(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str], *, again: bool) -> _Sent:
        """One request on the connection of this thread; once more where that was closed since the last one."""
        while True:
            connection = self._connection()
            was_open = connection.sock is not None
            try:
                connection.request(method, path, data, dict(headers))
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if was_open and again and not isinstance(error, TimeoutError):
                    continue
                raise Unreachable(f"{method} {self.url}{path[:200]}: {str(error) or type(error).__name__}") from error
            found = {name.lower(): value for name, value in answer.getheaders()}
            if found.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            return _Sent(answer.status, found, body)

    def _connection(self) -> http.client.HTTPConnection:
        """That of this thread, of this process."""
        if getattr(self._own, "process", None) != os.getpid():
            self._own.connection, self._own.process = None, os.getpid()
        connection: http.client.HTTPConnection | None = self._own.connection
        if connection is None:
            name, port = self._place.hostname or "", self._place.port
            if self._context is not None:
                connection = http.client.HTTPSConnection(name, port, timeout=self.timeout, context=self._context)
            else:
                connection = http.client.HTTPConnection(name, port, timeout=self.timeout)
            self._own.connection = connection
        return connection


def _read(sent: _Sent, address: str) -> Answer:
    try:
        said = json.loads(sent.data, object_hook=Record)
    except ValueError:
        raise ClientError(f"{address[:200]}: no JSON but {sent.headers.get('content-type')}") from None
    answer = Answer(said, requested=address, etag=sent.headers.get("etag"))
    answer.served = sent.headers.get("x-model-revision", answer.served)
    return answer


def _refusal(sent: _Sent) -> Mapping[str, Any]:
    """What a refusal says; of one that is not the service's, such as a proxy's, what it looks like."""
    try:
        said = json.loads(sent.data)
    except ValueError:
        said = None
    if not isinstance(said, dict) or "code" not in said:
        said = {"code": f"http_{sent.status}", "detail": sent.data[:200].decode(errors="replace")}
    return {"id": sent.headers.get("x-request-id"), **said}


@dataclass(frozen=True, slots=True)
class Model:
    """A model to ask. ``revision`` pins its answers; ``fields`` and ``sources`` say which parts of them are sent."""

    client: Client
    name: str
    revision: str | None = None
    fields: tuple[str, ...] | None = None
    sources: Literal["none", "names", "full"] | None = None

    def at(self, revision: str | None) -> Model:
        """The same model at a revision: its hash, or a name that it was given."""
        return replace(self, revision=revision)

    def parts(self, *fields: str, sources: Literal["none", "names", "full"] | None = None) -> Model:
        """The same model, of whose answers these fields are sent: ``parts("all")`` everything, of a forecast too."""
        return replace(self, fields=fields or None, sources=sources)

    def describe(self) -> Answer:
        """Its horizon, size, headline targets, and example questions."""
        return self._get("")

    def variables(self) -> Answer:
        """Every variable with its states."""
        return self._get("variables")

    def variable(self, name: str) -> Answer:
        """A variable with its table and what that rests on."""
        return self._get("variables", name)

    def graph(self) -> Answer:
        """What depends on what."""
        return self._get("graph")

    def cited(self) -> Answer:
        """What the numbers rest on."""
        return self._get("sources")

    def scenarios(self) -> Answer:
        """Named evidence and interventions."""
        return self._get("scenarios")

    def cohorts(self) -> Answer:
        """Whom a question may be about."""
        return self._get("cohorts")

    def forecast(self, target: str, question: Question = NOTHING) -> Answer:
        """One target under a question that names none, in short; ``parts("all")`` gives everything."""
        return self._get("forecast", target, said=_taken(question, ASKED))

    def marginals(self, question: Question = NOTHING) -> Answer:
        """Every variable under a question, in short; ``parts("all")`` gives everything."""
        return self._get("marginals", said=_taken(question, ASKED))

    def query(self, question: Question) -> Answer:
        """The targets, events and joints of a question, however long it is; no target means every variable."""
        return self._post("query", question.body())

    def poll(
        self,
        target: str,
        question: Question = NOTHING,
        *,
        every: float = 60.0,
        stop: threading.Event | None = None,
        failed: Callable[[ClientError, float], object] | None = None,
    ) -> Iterator[Answer]:
        """The forecast of a target now, and whenever it has changed: see ``Client.poll``."""
        address = self._address("forecast", target, said=_taken(question, ASKED))
        return self.client.poll(address, every=every, stop=stop, failed=failed)

    def compare(self, sides: Sequence[Question] | Mapping[str, Question], common: Question = NOTHING) -> Answer:
        """Questions beside each other, each held against the first. ``common`` has the targets, and what all say."""
        named = sides.items() if isinstance(sides, Mapping) else ((None, each) for each in sides)
        said = [{**({"name": name} if name else {}), **each.body()} for name, each in named]
        return self._post("compare", {**common.body(), "sides": said})

    def compare_scenarios(self, scenarios: Sequence[str] = (), common: Question = NOTHING) -> Answer:
        """Scenarios, all of them unless some are named, each held against the default picture."""
        return self._post("compare", {**common.body(), **({"scenarios": list(scenarios)} if scenarios else {})})

    def batch(
        self,
        cases: Iterable[Question | Mapping[str, Any]] | Mapping[str, Question],
        about: Question = NOTHING,
        *,
        size: int = MOST_CASES,
    ) -> Batch:
        """Every case, answered or refused on its own, in their order and from one revision, however many there are.

        They are sent ``size`` at a time, and fewer where that is too much at once. ``about`` has the targets, events
        and interval. Cases by name have it as their ``id``.
        """
        named = cases.items() if isinstance(cases, Mapping) else ((None, each) for each in cases)
        said = (
            {**(each.body() if isinstance(each, Question) else each), **({"id": id} if id else {})}
            for id, each in named
        )
        pinned, parts = self, list[Answer]()
        for encoded in _cut(said, min(size, MOST_CASES)):
            for part in pinned._few(encoded, about):
                parts.append(part)
                pinned = pinned.at(part.served)
        if not parts:
            raise ValueError("a batch of no cases")
        every = [_with_error(case) for part in parts for case in part["cases"]]
        refused = sum(case.get("error") is not None for case in every)
        cited = {str(each): each for part in parts for each in part.get("sources", ())}
        counts = {"answered": len(every) - refused, "refused": refused}
        whole = {**parts[0], **counts, "cases": every, "sources": list(cited.values())}
        return Batch(whole, requested=parts[0].requested)

    def _few(self, cases: Sequence[bytes], about: Question) -> Iterator[Answer]:
        """The answers to these cases at once, or to one half and then the other where they are too much."""
        head = json.dumps({**about.body(), "cases": []}, allow_nan=False).encode().removesuffix(b"]}")
        try:
            yield self._post("batch", head + b",".join(cases) + b"]}")
        except Refusal as error:
            if error.code not in TOO_MUCH or len(cases) == 1:
                raise
            half = len(cases) // 2
            for part in self._few(cases[:half], about):
                yield part
                yield from self.at(part.served)._few(cases[half:], about)

    def matrix(
        self,
        targets: Sequence[str] = (),
        *,
        by: Literal["do", "given"] = "do",
        scenario: str | None = None,
        interval: Interval = None,
    ) -> Answer:
        """What each cause does to each target, or tells of it."""
        question = Question(targets, scenario=scenario, interval=interval)
        return self._get("matrix", said=[("by", by), *question.parameters()])

    def explanation(self, about: Question, state: str | None = None) -> Answer:
        """What each ``do`` moved and each finding weighs, and along which ways they reach the target or event."""
        return self._analysis("explanation", about, state)

    def attribution(self, about: Question, state: str | None = None) -> Answer:
        """Which statements and sources carry the doubt."""
        return self._analysis("attribution", about, state)

    def sensitivity(self, about: Question, state: str | None = None, *, threshold: float | None = None) -> Answer:
        """How far each prior number moves the answer, and where it would tip it."""
        return self._analysis("sensitivity", about, state, {"threshold": threshold})

    def collection_plan(
        self, about: Question, state: str | None = None, *, steps: int | None = None, budget: float | None = None
    ) -> Answer:
        """What to find out next, by what it improves for its cost."""
        return self._analysis("collection-plan", about, state, {"steps": steps, "budget": budget})

    def goals(
        self,
        about: Question,
        state: str | None = None,
        *,
        below: float | None = None,
        above: float | None = None,
        using: Literal["levers", "findings", "both"] | None = None,
        largest: int | None = None,
    ) -> Answer:
        """The fewest changes that bring the probability below or above a threshold."""
        more = {"below": below, "above": above, "using": using, "largest": largest}
        return self._analysis("goals", about, state, more)

    def policies(self, about: Question, state: str | None = None) -> Answer:
        """Every lever by what it alone does."""
        return self._analysis("policies", about, state, takes=ABOUT | {"interval"})

    def brief(self, about: Question, state: str | None = None) -> Answer:
        """All of it in words: its ``text``."""
        return self._analysis("brief", about, state)

    def cause_effect(self, cause: str, about: Question, state: str | None = None) -> Answer:
        """A cause seen beside the same cause brought about; ``about`` has the effect as its target or event."""
        said = [("effect" if name == "target" else name, text) for name, text in _taken(about, ABOUT)]
        return self._get("cause-effect", said=[("cause", cause), *said, *_optional({"state": state})])

    def history(
        self,
        target: str,
        question: Question = NOTHING,
        *,
        since: str | None = None,
        until: str | None = None,
        wide: bool = False,
    ) -> Answer:
        """The forecast under every revision that was active, from when on; ``wide`` has a column for each state."""
        more = _optional({"from": since, "to": until, "shape": "wide" if wide else None})
        return self._get("history", target, said=[*_taken(question, STATED), *more], pinned=False)

    def diff(
        self, older: str, newer: str = "active", *, scenarios: Sequence[str] = (), interval: Interval = None
    ) -> Answer:
        """What was edited between two revisions, and what that moved."""
        said = [*(("scenario", each) for each in scenarios), *_optional({"interval": interval})]
        return self._get("diff", f"{older}...{newer}", said=said, pinned=False)

    def why(self, target: str, older: str, newer: str = "active", question: Question = NOTHING) -> Answer:
        """Why a target moved between two revisions, split by edit."""
        said = [("from", older), ("to", newer), *_taken(question, ASKED)]
        return self._get("why", target, said=said, pinned=False)

    def revisions(self, *, most: int | None = None, before: int | None = None) -> Answer:
        """The revisions that are kept, the last first; ``before`` a ``seq`` the page after."""
        return self._get("revisions", said=_optional({"most": most, "before": before}), pinned=False)

    def kept_revision(self, revision: str = "active") -> Answer:
        """A revision: whose it is, its files, and when it was active."""
        return self._get("revisions", revision, pinned=False)

    def file(self, file: str, revision: str = "active") -> str:
        """A prior file of a revision as it was."""
        return self.client.text(_joined(self._path("revisions", revision, "files", file), _hurry(self.client.deadline)))

    def names(self) -> Answer:
        """The names that revisions were given."""
        return self._get("names", pinned=False)

    def meaning(self, name: str) -> Answer:
        """What a name means and what it meant before."""
        path = self._path("names", name)
        return self.client.read(_joined(path, [*_hurry(self.client.deadline), *self._parts()]))

    def questions(self) -> Answer:
        """The questions that have a name, each as a query string."""
        return self._get("questions", pinned=False)

    def named_question(self, name: str) -> Answer:
        """What a name asks and what it asked before."""
        path = self._path("questions", name)
        return self.client.read(_joined(path, [*_hurry(self.client.deadline), *self._parts()]))

    def keep(self, question: Question, kind: str = "query", more: Mapping[str, Any] | None = None) -> Answer:
        """Ask and keep the answer for ever: its ``permalink``, its ``id``, and ``latest``, the same question today.

        ``kind`` is the last step of an address, such as ``sensitivity``, and ``more`` its other parameters.
        """
        said = question.body()
        if kind not in ("query", "compare"):
            for several, one in (("targets", "target"), ("events", "event")):
                if len(said.get(several, ())) == 1:
                    [said[one]] = said.pop(several)
        place = {"model": self.name, "kind": kind, **({"revision": self.revision} if self.revision else {})}
        return self.client._answer("POST", "/v1/answers", {**place, **said, **(more or {})})

    def _analysis(
        self,
        kind: str,
        about: Question,
        state: str | None,
        more: Mapping[str, Any] | None = None,
        *,
        takes: frozenset[str] = ABOUT,
    ) -> Answer:
        return self._get(kind, said=[*_taken(about, takes), *_optional({"state": state, **(more or {})})])

    def _get(self, *steps: str, said: Sequence[tuple[str, str]] = (), pinned: bool = True) -> Answer:
        return self.client.read(self._address(*steps, said=said, pinned=pinned))

    def _post(self, step: str, body: Any) -> Answer:
        return self.client._answer("POST", self._address(step), body)

    def _address(self, *steps: str, said: Sequence[tuple[str, str]] = (), pinned: bool = True) -> str:
        pin = [("revision", self.revision)] if self.revision and pinned else []
        return _joined(f"{self._path(*steps)}.json", [*said, *pin, *_hurry(self.client.deadline), *self._parts()])

    def _path(self, *steps: str) -> str:
        return "/".join(("/v1/models", *(quote(step, safe="") for step in (self.name, *steps) if step)))

    def _parts(self) -> list[tuple[str, str]]:
        return _optional({"fields": ",".join(self.fields) if self.fields else None, "sources": self.sources})


def _hurry(seconds: float | None) -> list[tuple[str, str]]:
    """The parameter that gives the service so many seconds, none where it may take its own."""
    return [] if seconds is None else [("deadline_ms", str(max(1, round(1000 * seconds))))]


def _joined(path: str, said: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(said, safe=':(),', quote_via=quote)}" if said else path


def _optional(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in said.items() if value is not None]


def _cut(cases: Iterable[Mapping[str, Any]], size: int) -> Iterator[list[bytes]]:
    """Cases as JSON, so many at a time, and fewer where they are long."""
    part, room = list[bytes](), MOST_BYTES
    for case in cases:
        encoded = json.dumps(case, allow_nan=False).encode()
        if part and (len(part) == size or len(encoded) >= room):
            yield part
            part, room = [], MOST_BYTES
        part.append(encoded)
        room -= len(encoded) + 1
    if part:
        yield part


def _with_error(case: Record) -> Record:
    said = case.get("error")
    return Record(case, error=Refusal(said, said["status"])) if said else case
