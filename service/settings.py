"""What a deployment may choose, read from the environment once, at the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
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


def default_priors() -> Path:
    """The folder of models that the project, or the installed package, brings."""
    return Path(str(files("priors")))
