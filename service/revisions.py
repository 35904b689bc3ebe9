"""The models that are served, each at its active revision, each ready or with the reason why not.

A request takes one reference to one immutable forecaster and keeps it; nothing here is changed in
place, so a later revision can only come as a new value of ``Revisions``.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Literal

from model import priors
from model.errors import AftermathError, BadPriors, UnknownName
from model.errors import Problem as PriorProblem
from model.forecast import Forecaster, prepare
from model.priors.files import files_of, stamps
from model.resources.deadline import DeadlinePassed, Watch, watched
from model.resources.memory import limited
from service.settings import LOAD_MEMORY, LOAD_SECONDS

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


class NeedsReason(AftermathError):
    """A revision that moves a headline further than the model lets pass without a word."""

    code = "needs_reason"

    def __init__(self, revision: str, moved: Iterable[object]) -> None:
        super().__init__(f"{revision} is served only once somebody has said why: {'; '.join(map(str, moved))}")


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


Origin = Literal["file", "call", "store", "start"]
"""Where an active revision is from: its files were saved, a call, the store beside wrong files, the start."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last load of a model: when, and what was wrong, which is nothing where ``found`` is None.

    Where it ``is_held`` back ``found`` says which reason is waited for.
    """

    at: datetime
    found: Broken | None = None
    is_held: bool = False

    def in_public(self) -> Attempt:
        """The same without a word of the files."""
        if self.found is None:
            return self
        held = Broken(self.found.name, (f"{NeedsReason.code}; the log has what moves",))
        return replace(self, found=held if self.is_held else self.found.in_public())


@dataclass(frozen=True, slots=True, eq=False)
class Revisions:
    """Every model by name, ready or broken; one broken model does not take down the others.

    ``since`` is when each that is ready came to be served, ``origins`` where it is from, ``files`` what its prior files
    were when it was loaded at the start. ``attempts`` are the last loads: one that failed leaves a model ready at the
    revision before. ``taken`` is the number of the last activation in the store that is taken into account.
    """

    ready: Mapping[str, Forecaster]
    broken: Mapping[str, Broken] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    taken: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Every model, ready or not, in order of name."""
        return tuple(sorted({*self.ready, *self.broken}))

    def failed(self, name: str) -> Broken | None:
        """Why the files of a model are not served as they were last loaded; None where they are."""
        attempt = self.attempts.get(name)
        return self.broken.get(name) if attempt is None else attempt.found

    @property
    def is_degraded(self) -> bool:
        """Whether the files of some model cannot be loaded, or wait for a reason."""
        return any(self.failed(name) is not None for name in self.names)

    def is_held(self, name: str) -> bool:
        """Whether a model's files are right and wait until somebody says why they move a headline so far."""
        attempt = self.attempts.get(name)
        return attempt is not None and attempt.is_held

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

    The number at ``pointer`` says which state that is, for all processes that share it: where it is another than the
    one at hand, ``follow`` gets that, and returns once it has it.

    >>> Live(Revisions({})).now.names
    ()
    """

    def __init__(self, revisions: Revisions) -> None:
        self._held = (0, revisions)
        self._pointer: Sequence[int] = (0,)
        self._follow: Callable[[int], tuple[int, Revisions]] | None = None

    @property
    def now(self) -> Revisions:
        """Every model at the revision that is active now; immutable."""
        number, held = self._held
        if number == self._pointer[0] or self._follow is None:
            return held
        self._held = number, held = self._follow(number)
        return held

    def catch_up(self) -> None:
        """Take the present state now, so that the one before is let go."""
        _ = self.now

    def put(self, revisions: Revisions) -> None:
        """Serve something else, in a process that follows no pointer."""
        self._held = (0, revisions)

    def follow(self, pointer: Sequence[int], follow: Callable[[int], tuple[int, Revisions]]) -> None:
        """Serve from now on whatever state the pointer says."""
        self._pointer, self._follow = pointer, follow


NUMERICS = "scipy.special"
"""What is imported before memory is limited: where its threads find none, its library interrupts the process."""


def load(
    root: Path, *, public: bool = False, seconds: float = math.inf, memory: int | None = None, ahead: bool = False
) -> Revisions:
    """Load and compile every model of a folder; the log has a line for each, with the time it took.

    What is wrong with a model is told to clients whole, unless whoever reaches the service may read: then its place.
    One that takes longer than ``seconds``, or more than so many bytes of ``memory`` beyond what the process has, is
    broken, and the next one is begun. ``ahead`` of the first question the tables are drawn as well, within the same
    limits. Memory can be limited only in a process that does nothing else meanwhile.
    """
    if memory is not None:
        import_module(NUMERICS)
    ready: dict[str, Forecaster] = {}
    broken: dict[str, Broken] = {}
    attempts: dict[str, Attempt] = {}
    files: dict[str, Mapping[str, bytes]] = {}
    for name, folder in priors.models(root).items():
        before = _stamps(folder)
        found = prepared(name, folder, seconds, memory=memory, ahead=ahead)
        files[name] = _files(folder, before)
        if isinstance(found, Broken):
            broken[name] = found.in_public() if public else found
            attempts[name] = Attempt(datetime.now(UTC), broken[name])
        else:
            ready[name], attempts[name] = found, Attempt(datetime.now(UTC))
    since = {name: attempts[name].at for name in ready}
    origins: dict[str, Origin] = dict.fromkeys(ready, "start")
    return Revisions(ready, broken, since, files, origins, attempts)


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


def prepared(
    name: str, folder: Path, seconds: float, *, memory: int | None = None, ahead: bool = False
) -> Forecaster | Broken:
    """The model of a folder, compiled; or all that is wrong with it, which the log has too.

    ``memory`` limits the whole process meanwhile. ``ahead`` of the first question its tables are drawn as well.
    """
    started = time.monotonic()
    bounded = nullcontext() if memory is None else limited(memory)
    logger.info("model %s: loading", name)
    try:
        with watched(Watch(seconds)), bounded:
            found = prepare(priors.load(folder))
            if ahead:
                found.draws.warm()
        count = len(found.model.network.names)
        logger.info("model %s: %d variables, ready in %.1f s", name, count, time.monotonic() - started)
        return found
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
    except MemoryError:
        reason = f"it needs more memory than loading may take ({LOAD_MEMORY} sets another limit)"
        logger.error("model %s is not ready: %s", name, reason)
        return Broken(name, (reason,))
    except Exception:
        logger.exception("model %s is not ready", name)
        return Broken(name, ("an internal error, written to the log",))


def _within(folder: Path, file: str) -> str:
    """A file's name from the model's folder on: where the folder lies on this machine is nobody's business."""
    _, found, rest = file.rpartition(f"{folder.name}/")
    return found + rest
