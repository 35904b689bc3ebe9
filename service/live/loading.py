"""A folder read and compiled in a child of the loader, within limits of time and memory, and left for workers to map.

What a folder does to the process that reads it, a crash or all memory taken, it does to this child alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from model.analyses.revision_diff import over_limit
from model.errors import Problem
from model.forecast import Forecaster, compiled, restored
from model.priors.files import files_of, stamps
from model.resources.deadline import DeadlinePassed, Watch, watched
from service.live import mapped, record
from service.revisions import Broken, prepared
from service.settings import LOAD_SECONDS

logger = logging.getLogger(__name__)

FILES, RESULT = "files", "result"
GRACE = 2.0
"""Seconds after the limit at which the child, which ends by itself between two steps, is ended."""
LOOKED = 0.005
NICE = 5
"""The child gives way to workers: answers are not slower while a model is compiled."""


class Result(msgspec.Struct, frozen=True):
    """How a load ended: with a revision, with everything that is wrong, or with files that changed meanwhile.

    ``digest`` is that of the files that were read, ``content`` what the revision is the hash of.
    """

    kind: Literal["ready", "broken", "changed"]
    digest: str | None = None
    revision: str | None = None
    content: str = ""
    reasons: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    tree_cells: int = 0
    moved: tuple[str, ...] = ()
    """Shifts of headlines over the model's limit: it is served once somebody has said why."""


def nothing() -> None:
    """No model is served that the one read is held against."""


def load(
    name: str,
    folder: Path,
    into: Path,
    *,
    seconds: float,
    memory: int,
    waits: Callable[[], None] = lambda: None,
    served: Callable[[], Forecaster | None] = nothing,
) -> Result:
    """Read and compile a model's folder in a child, into a new folder: the compiled model, and in ``files`` its files.

    ``served`` gives, in the child, what it is held against. ``waits`` is called while the child works.

    Raises OSError where no child can be made.
    """
    into.mkdir()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _end_as(lambda: _left(name, folder, into, seconds, memory, served))
    status = _waited(child, started + seconds + GRACE, waits)
    if status is None:
        reason = f"not read and compiled within {seconds:g} s, the limit ({LOAD_SECONDS} sets another)"
        return Result("broken", reasons=(reason,))
    try:
        return result_in(into)
    except (OSError, msgspec.DecodeError):
        how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"code {os.waitstatus_to_exitcode(status)}"
        logger.error("model %s is not ready: its loading ended with %s", name, how)
        return Result("broken", reasons=(f"its loading ended with {how}",))


def result_in(folder: Path) -> Result:
    """How the load into a folder ended. Raises FileNotFoundError where it has not."""
    return msgspec.json.decode((folder / RESULT).read_bytes(), type=Result)


def files_in(folder: Path) -> dict[str, bytes]:
    """The files of a model that was compiled into a folder, as they were read."""
    return {path.name: path.read_bytes() for path in (folder / FILES).iterdir()}


def leave(folder: Path, result: Result) -> None:
    """Say how the load into a folder ended, for who waits for it."""
    part = folder / "part"
    part.write_bytes(msgspec.json.encode(result))
    part.replace(folder / RESULT)


def _waited(child: int, until: float, waits: Callable[[], None]) -> int | None:
    """The status of a child that ended by itself; None of one that had to be ended."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        waits()
        time.sleep(LOOKED)


def _end_as(work: Callable[[], None]) -> None:
    """Work, then end this process: nothing of the loader's may run in it."""
    try:
        work()
        os._exit(0)
    except BaseException:
        logger.exception("loading failed")
        os._exit(1)


def _left(
    name: str, folder: Path, into: Path, seconds: float, memory: int, served: Callable[[], Forecaster | None]
) -> None:
    os.nice(NICE)
    _limit(memory)
    leave(into, _result(name, folder, into, seconds, served))


def _result(name: str, folder: Path, into: Path, seconds: float, served: Callable[[], Forecaster | None]) -> Result:
    started = time.monotonic()
    try:
        before, files = stamps(folder), files_of(folder)
        found = prepared(name, folder, seconds)
        if stamps(folder) != before or files_of(folder) != files:
            return Result("changed")
    except OSError:
        return Result("changed")
    if isinstance(found, Broken):
        return Result("broken", digest_of(files), reasons=found.reasons, problems=found.problems)
    try:
        with watched(Watch(seconds - (time.monotonic() - started))):
            found.draws.warm()
            moved = _moved(served(), found)
        mapped.write(into, compiled(found))
        restored(mapped.read(into))
        (into / FILES).mkdir()
        for each, data in files.items():
            (into / FILES / each).write_bytes(data)
    except (MemoryError, DeadlinePassed, OSError) as error:
        reason = f"compiled, and not made ready for the workers: {str(error) or 'no memory is left'}"
        logger.error("model %s is not ready: %s", name, reason)
        return Result("broken", digest_of(files), reasons=(reason,))
    content = record.content_of(found.model).decode()
    return Result("ready", digest_of(files), found.model.revision, content, tree_cells=found.plan.cells, moved=moved)


def _moved(served: Forecaster | None, found: Forecaster) -> tuple[str, ...]:
    return () if served is None else tuple(map(str, over_limit(served, found)))


def digest_of(files: Mapping[str, bytes]) -> str:
    """A digest of a model's files: the same content is not read twice."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name!r} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _limit(memory: int) -> None:
    """Let this process take so many bytes beyond what it has."""
    has = 0
    try:
        has = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = has + memory
    if hard in (resource.RLIM_INFINITY, -1) or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
