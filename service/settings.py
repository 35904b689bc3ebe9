"""What a deployment may choose, read from the environment once, at the start."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from model.errors import AftermathError
from model.work.cost import SECOND

PRIORS = "AFTERMATH_PRIORS"
HOSTS = "AFTERMATH_HOSTS"
DEADLINE = "AFTERMATH_DEADLINE"
COST = "AFTERMATH_COST"
HEAVY = "AFTERMATH_HEAVY"
QUEUE = "AFTERMATH_QUEUE"
LOAD_SECONDS = "AFTERMATH_LOAD_SECONDS"


class BadSettings(AftermathError):
    """A setting that the service cannot start with."""

    code = "bad_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """``priors`` is the folder of models; ``hosts`` are the names, beside loopback names and IP addresses,
    under which the service may be addressed, '*' for any. No question works longer than ``deadline`` seconds, or is
    begun whose counted ``cost`` is higher; so many ``heavy`` ones work at once in each process, and ``queue`` wait.
    A model that is not read and compiled in ``load_seconds`` is not served.
    """

    priors: Path
    hosts: tuple[str, ...] = ()
    deadline: float = 20.0
    cost: int = 20 * SECOND
    heavy: int = 1
    queue: int = 8
    load_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not self.priors.is_dir():
            raise BadSettings(f"the folder of models is not there: {self.priors} (set {PRIORS} to a folder)")


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that environment variables give, the project's own models by default.

    >>> from_environment({"AFTERMATH_HOSTS": "forecasts.example, localhost"}).hosts
    ('forecasts.example', 'localhost')
    """
    named = (name.strip().lower() for name in environment.get(HOSTS, "").split(","))
    return Settings(
        priors=Path(environment.get(PRIORS) or default_priors()),
        hosts=tuple(name for name in named if name),
        deadline=_number(environment, DEADLINE, 20.0),
        cost=int(_number(environment, COST, 20.0) * SECOND),
        heavy=max(1, int(_number(environment, HEAVY, 1))),
        queue=int(_number(environment, QUEUE, 8)),
        load_seconds=_number(environment, LOAD_SECONDS, 120.0),
    )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    """A setting that is a number above nothing. Raises BadSettings for anything else.

    >>> _number({"AFTERMATH_DEADLINE": "1.5"}, "AFTERMATH_DEADLINE", 20.0)
    1.5
    """
    said = environment.get(name, "").strip()
    try:
        number = float(said) if said else default
    except ValueError:
        number = math.nan
    if not 0 < number < 1e9:
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


def default_priors() -> Path:
    """The folder of models that the project, or the installed package, brings."""
    return Path(str(files("priors")))
