"""What a deployment may choose, read from the environment once, at the start."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from model.errors import AftermathError

PRIORS = "AFTERMATH_PRIORS"
HOSTS = "AFTERMATH_HOSTS"


class BadSettings(AftermathError):
    """A setting that the service cannot start with."""

    code = "bad_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """``priors`` is the folder of models; ``hosts`` are the names, beside loopback names and IP addresses,
    under which the service may be addressed, '*' for any.
    """

    priors: Path
    hosts: tuple[str, ...] = ()

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
    )


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
