"""What a deployment may choose, read from the environment once, at the start."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import cast

from model.errors import AftermathError
from model.resources.cost import SECOND
from service.store import location
from service.store.limits import Limits
from service.store.location import BadLocation, Nowhere, Place
from service.store.scopes import READ, SCOPES, Scope

PRIORS = "AFTERMATH_PRIORS"
HOSTS = "AFTERMATH_HOSTS"
ORIGINS = "AFTERMATH_ORIGINS"
FRAMES = "AFTERMATH_FRAMES"
PROXIES = "AFTERMATH_PROXIES"
PUBLIC_READ = "AFTERMATH_PUBLIC_READ"
TOKENS = "AFTERMATH_TOKENS"
USER_HEADER = "AFTERMATH_USER_HEADER"
USER_SCOPE = "AFTERMATH_USER_SCOPE"
RATE = "AFTERMATH_RATE"
DEADLINE = "AFTERMATH_DEADLINE"
COST = "AFTERMATH_COST"
HEAVY = "AFTERMATH_HEAVY"
QUEUE = "AFTERMATH_QUEUE"
LOAD_SECONDS = "AFTERMATH_LOAD_SECONDS"
LOAD_MEMORY = "AFTERMATH_LOAD_MEMORY"
LIVE = "AFTERMATH_LIVE"
STORE_BYTES = "AFTERMATH_STORE_BYTES"
ANSWERS_A_DAY = "AFTERMATH_ANSWERS_A_DAY"
ACCESS_LOG = "AFTERMATH_ACCESS_LOG"
LOG_QUESTIONS = "AFTERMATH_LOG_QUESTIONS"

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


class BadSettings(AftermathError):
    """A setting that the service cannot start with."""

    code = "bad_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """``priors`` is the folder of models; ``hosts`` are the names, beside loopback names and IP addresses, under
    which the service may be addressed, '*' for any; ``origins`` are the sites whose pages may ask, '*' for any;
    ``frames`` those whose pages may hold a chart in a frame, '*' for any;
    ``proxies`` are the networks whose word on the client is believed, 'unix' for Unix sockets; ``public_read``
    says that whoever reaches the service may read all of it, so that it tells less of what is wrong with its files.
    ``tokens`` says that whoever reaches it from beyond this machine needs a token, and ``user_header`` in which header
    a trusted proxy names its users, who have the scope ``user_scope``. ``rate`` are the requests that one client may
    make in a minute, 0 as many as it likes; None limits those from beyond this machine.

    No question works longer than ``deadline`` seconds, or is begun whose counted ``cost`` is higher; so many
    ``heavy`` ones work at once in each process, and ``queue`` wait. A model that is not read and compiled in
    ``load_seconds`` and ``load_memory`` bytes is not served. ``place`` is where the store is, and ``limits`` what it
    takes; ``live`` says that a model whose files change is served as they are then. ``access_log`` is the file to which
    a line is written for each request, '-' for standard output, None for no lines; with the address that was asked
    where ``log_questions`` says so.
    """

    priors: Path
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    proxies: tuple[IPv4Network | IPv6Network | str, ...] = ()
    public_read: bool = False
    tokens: bool = False
    user_header: str | None = None
    user_scope: Scope = READ
    rate: int | None = None
    deadline: float = 20.0
    cost: int = 15 * SECOND
    heavy: int = 1
    queue: int = 8
    load_seconds: float = 120.0
    load_memory: int = 4_000_000_000
    place: Place = field(default_factory=lambda: Nowhere("no place was chosen"))
    limits: Limits = field(default_factory=Limits)
    live: bool = True
    access_log: str | None = None
    log_questions: bool = False

    def __post_init__(self) -> None:
        if not self.priors.is_dir():
            raise BadSettings(f"the folder of models is not there: {self.priors} (set {PRIORS} to a folder)")
        for name, origins in ((ORIGINS, self.origins), (FRAMES, self.frames)):
            for origin in origins:
                if origin != "*" and not _ORIGIN.fullmatch(origin):
                    raise BadSettings(f"{name}: {origin!r} is no origin; it would be such as https://site.example")
        if self.public_read and self.tokens:
            raise BadSettings(f"{PUBLIC_READ} and {TOKENS} exclude each other: either everybody may read or nobody")
        if self.user_header is not None and not _HEADER.fullmatch(self.user_header):
            raise BadSettings(f"{USER_HEADER}: {self.user_header!r} is no header; it would be such as X-Remote-User")
        if self.user_scope not in SCOPES:
            raise BadSettings(f"{USER_SCOPE} is {self.user_scope!r}; it is one of {', '.join(SCOPES)}")


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that environment variables give, the project's own models by default.

    >>> from_environment({"AFTERMATH_HOSTS": "forecasts.example, localhost"}).hosts
    ('forecasts.example', 'localhost')
    >>> from_environment({"AFTERMATH_PROXIES": "10.0.0.0/8,unix"}).proxies
    (IPv4Network('10.0.0.0/8'), 'unix')
    """
    priors = Path(environment.get(PRIORS) or default_priors())
    return Settings(
        priors=priors,
        hosts=_listed(environment.get(HOSTS, "")),
        origins=_listed(environment.get(ORIGINS, "")),
        frames=_listed(environment.get(FRAMES, "")),
        proxies=tuple(_proxy(each) for each in _listed(environment.get(PROXIES, ""))),
        public_read=is_public(environment),
        tokens=needs_tokens(environment),
        user_header=environment.get(USER_HEADER, "").strip() or None,
        user_scope=cast(Scope, environment.get(USER_SCOPE, "").strip() or READ),
        rate=_rate(environment.get(RATE, "")),
        deadline=_number(DEADLINE, environment.get(DEADLINE, ""), 20),
        cost=int(_number(COST, environment.get(COST, ""), 15) * SECOND),
        heavy=_whole(HEAVY, environment.get(HEAVY, ""), 1),
        queue=_whole(QUEUE, environment.get(QUEUE, ""), 8),
        load_seconds=_number(LOAD_SECONDS, environment.get(LOAD_SECONDS, ""), 120),
        load_memory=_whole(LOAD_MEMORY, environment.get(LOAD_MEMORY, ""), 4_000_000_000),
        place=_place(priors, environment),
        limits=_limits(environment),
        live=_switch(LIVE, environment.get(LIVE, ""), default=True),
        access_log=environment.get(ACCESS_LOG, "").strip() or None,
        log_questions=_switch(LOG_QUESTIONS, environment.get(LOG_QUESTIONS, ""), default=False),
    )


def _place(priors: Path, environment: Mapping[str, str]) -> Place:
    """Where the store is. Raises BadSettings where no store may be."""
    try:
        return location.place(priors, environment=environment)
    except BadLocation as error:
        raise BadSettings(str(error)) from error


def _limits(environment: Mapping[str, str]) -> Limits:
    default = Limits()
    return replace(
        default,
        total_bytes=_whole(STORE_BYTES, environment.get(STORE_BYTES, ""), default.total_bytes),
        answers_a_day=_whole(ANSWERS_A_DAY, environment.get(ANSWERS_A_DAY, ""), default.answers_a_day),
    )


def _rate(said: str) -> int | None:
    """Requests in a minute: nothing said, 0 for no limit, or a whole number."""
    if not said.strip():
        return None
    return 0 if said.strip() == "0" else _whole(RATE, said, 600)


def _whole(name: str, said: str, default: int) -> int:
    """A setting that is a whole number of at least one. Raises BadSettings for anything else."""
    number = _number(name, said, default)
    if number != int(number):
        raise BadSettings(f"{name} is {said[:60]!r}; it is a whole number, as in {name}={default}")
    return int(number)


def _number(name: str, said: str, default: float) -> float:
    """A setting that is a number above nothing. Raises BadSettings for anything else.

    >>> _number("AFTERMATH_DEADLINE", "1.5", 20.0), _number("AFTERMATH_DEADLINE", "", 20.0)
    (1.5, 20.0)
    """
    try:
        number = float(said) if said.strip() else default
    except ValueError:
        number = math.nan
    if not 0 < number < 1e15:
        raise BadSettings(f"{name} is {said[:60]!r}; it is a number above 0, as in {name}={default:g}")
    return number


def nothing_to_serve(priors: Path, broken: Collection[str]) -> str:
    """What is wrong with a folder of which no model can be served, and what to do.

    >>> nothing_to_serve(Path("models"), ["asia"])
    "none of the models in models can be loaded: asia. 'aftermath check --priors models' says what is wrong with each"
    """
    if broken:
        every = f"'aftermath check --priors {priors}' says what is wrong with each"
        return f"none of the models in {priors} can be loaded: {', '.join(sorted(broken))}. {every}"
    return (
        f"no models in {priors}: a model is a folder with a model.yaml. Make one with "
        f"'aftermath new {priors / 'NAME'}', or name another folder with --priors or {PRIORS}"
    )


def is_public(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the service may listen beyond this machine. Raises BadSettings for a value that says neither.

    >>> is_public({"AFTERMATH_PUBLIC_READ": "1"}), is_public({})
    (True, False)
    """
    return _switch(PUBLIC_READ, environment.get(PUBLIC_READ, ""), default=False)


def needs_tokens(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the service may listen beyond this machine, since all who ask from there need a token."""
    return _switch(TOKENS, environment.get(TOKENS, ""), default=False)


def _switch(name: str, said: str, *, default: bool) -> bool:
    """A setting that is on or off. Raises BadSettings for a value that says neither."""
    word = said.strip().lower()
    if not word:
        return default
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise BadSettings(f"{name} is {word!r}; it would be 1 or 0")


def _listed(value: str) -> tuple[str, ...]:
    named = (name.strip().lower() for name in value.split(","))
    return tuple(name for name in named if name)


def _proxy(text: str) -> IPv4Network | IPv6Network | str:
    if text == "unix":
        return text
    try:
        return ip_network(text)
    except ValueError as error:
        raise BadSettings(
            f"{PROXIES}: {text!r} is no address or network ({error}); it would be such as 127.0.0.1 or 10.0.0.0/8"
        ) from error


def default_priors() -> Path:
    """The folder of models that the project, or the installed package, brings."""
    return Path(str(files("priors")))
