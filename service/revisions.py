"""The models that are served, each at its active revision, each ready or with the reason why not.

A request takes one reference to one immutable forecaster and keeps it; nothing here is changed in
place, so a later revision can only come as a new value of ``Revisions``.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from model import priors
from model.errors import AftermathError, BadPriors, UnknownName
from model.errors import Problem as PriorProblem
from model.forecast import Forecaster, prepare
from model.priors.files import files_of, stamps
from model.resources.deadline import DeadlinePassed, Watch, watched
from service.settings import LOAD_SECONDS

logger = logging.getLogger(__name__)

ACTIVE = "active"
"""In place of a revision: the one that is served."""

HASHED = "r-"
"""How every hash of a revision begins, and no name."""
HASH = re.compile(rf"{HASHED}[0-9a-f]{{16}}")
"""What a revision is called, in every answer and in the store."""


class UnknownModel(UnknownName):
    """A model that is not served."""

    kind, kinds, code = "model", "models", "unknown_model"


class UnknownRevision(UnknownName):
    """A revision that is not the active one."""

    kind, kinds, code = "revision", "revisions", "unknown_revision"


class ModelNotReady(AftermathError):
    """A model that is in the folder and could not be loaded."""

    code = "model_not_ready"


@dataclass(frozen=True, slots=True)
class Broken:
    """A model that is in the folder and cannot be answered from, with everything that is wrong."""

    name: str
    reasons: tuple[str, ...]
    problems: tuple[PriorProblem, ...] = ()

    def in_public(self) -> Broken:
        """The same without a word of the files: where each problem is, and no more.

        >>> problem = PriorProblem("a/b.yaml", 3, 5, "x", "'secret'", "1")
        >>> Broken("a", (str(problem),), (problem,)).in_public().reasons
        ('a/b.yaml:3:5: bad_priors',)
        """
        problems = tuple(
            PriorProblem(each.file, each.line, each.column, "", BadPriors.code, "") for each in self.problems
        )
        reasons = tuple(f"{each.file}:{each.line}:{each.column}: {BadPriors.code}" for each in problems)
        return Broken(self.name, reasons or ("bad_priors; the log has the reason",), problems)


@dataclass(frozen=True, slots=True, eq=False)
class Revisions:
    """Every model of a folder by name, ready or broken; one broken model does not take down the others.

    ``since`` is when each that is ready came to be served, ``files`` what its prior files were then.
    """

    ready: Mapping[str, Forecaster]
    broken: Mapping[str, Broken] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every model, ready or not, in order of name."""
        return tuple(sorted({*self.ready, *self.broken}))

    @property
    def state(self) -> str:
        """A digest of what is served: it changes when any model's revision or trouble does."""
        held = [(name, f.model.revision) for name, f in sorted(self.ready.items())]
        wrong = [(name, b.reasons) for name, b in sorted(self.broken.items())]
        return hashlib.sha256(repr((held, wrong)).encode()).hexdigest()

    def warm(self) -> None:
        """Draw every table of every model."""
        for name, forecaster in self.ready.items():
            started = time.monotonic()
            logger.info("model %s: drawing its tables", name)
            forecaster.draws.warm()
            logger.info("model %s: tables drawn in %.1f s", name, time.monotonic() - started)

    def current(self, name: str, revision: str | None = None) -> Forecaster:
        """The forecaster of a model, at the revision asked for if one is named.

        Raises UnknownModel, ModelNotReady with the reasons, or UnknownRevision.
        """
        if name in self.broken:
            raise ModelNotReady(f"the model {name!r} cannot be loaded: {self.broken[name].reasons[0]}")
        if name not in self.ready:
            raise UnknownModel(name, self.names, where=("path", "model"))
        forecaster = self.ready[name]
        if revision is not None and revision != forecaster.model.revision:
            raise UnknownRevision(revision, (forecaster.model.revision,), where=("revision",))
        return forecaster


class Live:
    """What this process serves. A request reads ``now`` once, so that it answers from one state of everything.

    >>> Live(Revisions({})).now.names
    ()
    """

    def __init__(self, revisions: Revisions) -> None:
        self._now = revisions

    @property
    def now(self) -> Revisions:
        """Every model at the revision that is active now; immutable."""
        return self._now


def load(root: Path, *, public: bool = False, seconds: float = math.inf) -> Revisions:
    """Load and compile every model of a folder; the log has a line for each, with the time it took.

    What is wrong with a model is told to clients whole, unless whoever reaches the service may read: then its place.
    One that takes longer than ``seconds`` is broken, and the next one is begun.
    """
    ready: dict[str, Forecaster] = {}
    broken: dict[str, Broken] = {}
    since: dict[str, datetime] = {}
    files: dict[str, Mapping[str, bytes]] = {}
    for name, folder in priors.models(root).items():
        started = time.monotonic()
        logger.info("model %s: loading", name)
        before = _stamps(folder)
        found = _prepared(name, folder, seconds)
        if isinstance(found, Broken):
            broken[name] = found.in_public() if public else found
        else:
            ready[name], since[name] = found, datetime.now(UTC)
            files[name] = _files(folder, before)
            count = len(found.model.network.names)
            logger.info("model %s: %d variables, ready in %.1f s", name, count, time.monotonic() - started)
    return Revisions(
        MappingProxyType(ready), MappingProxyType(broken), MappingProxyType(since), MappingProxyType(files)
    )


def _stamps(folder: Path) -> object:
    """When the files of a folder were last written to; None where one cannot be looked at, which loading tells."""
    try:
        return stamps(folder)
    except OSError:
        return None


def _files(folder: Path, before: object) -> Mapping[str, bytes]:
    """The prior files of a folder, none where they are no longer those that were loaded."""
    try:
        found = files_of(folder)
    except OSError:
        return {}
    return found if _stamps(folder) == before else {}


def _prepared(name: str, folder: Path, seconds: float) -> Forecaster | Broken:
    try:
        with watched(Watch(seconds)):
            return prepare(priors.load(folder))
    except DeadlinePassed:
        reason = f"not read and compiled within {seconds:g} s, the limit ({LOAD_SECONDS} sets another)"
        logger.error("model %s is not ready: %s", name, reason)
        return Broken(name, (reason,))
    except BadPriors as error:
        logger.error("model %s is not ready:\n%s", name, error)
        problems = tuple(replace(problem, file=_within(folder, problem.file)) for problem in error.problems)
        return Broken(name, tuple(map(str, problems)), problems)
    except AftermathError as error:
        logger.error("model %s is not ready: %s", name, error)
        return Broken(name, (str(error),))
    except OSError as error:
        logger.error("model %s is not ready: %s", name, error)
        return Broken(name, (f"its files cannot be read: {error.strerror}",))
    except Exception:
        logger.exception("model %s is not ready", name)
        return Broken(name, ("an internal error, written to the log",))


def _within(folder: Path, file: str) -> str:
    """A file's name from the model's folder on: where the folder lies on this machine is nobody's business."""
    _, found, rest = file.rpartition(f"{folder.name}/")
    return found + rest
