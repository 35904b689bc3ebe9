"""What is served on this host as JSON: which revision of each model and why, by which workers, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping

from service.live.board import Worker
from service.live.host import Host
from service.revisions import Attempt, Revisions
from service.schemas import answers
from service.store.database import Store
from service.store.errors import StoreUnavailable
from service.store.location import Folder, Nowhere, Server
from service.translate.models import file_problem


def status(revisions: Revisions, host: Host) -> dict[str, object]:
    """Models, those that are waited for too, workers and the loader."""
    loading = host.loading()
    waiting: Mapping[str, str] = {} if loading is None else loading.waiting
    names = sorted({*revisions.names, *waiting})
    return {
        "models": [_model(name, revisions, waiting.get(name)) for name in names],
        "workers": [_worker(each, host.revisions_in(each.served)) for each in host.workers()],
        "loader": _loader(host),
    }


def _model(name: str, revisions: Revisions, waiting: str | None) -> answers.ServedModel:
    forecaster, since = revisions.ready.get(name), revisions.since.get(name)
    return answers.ServedModel(
        model=name,
        revision=None if forecaster is None else forecaster.model.revision,
        origin=revisions.origins.get(name),
        since=None if since is None else since.isoformat(timespec="seconds"),
        attempt=_attempt(revisions.attempts.get(name)),
        waiting=waiting,
    )


def _attempt(attempt: Attempt | None) -> answers.LoadAttempt | None:
    if attempt is None:
        return None
    found = attempt.found
    return {
        "at": attempt.at.isoformat(timespec="seconds"),
        "reasons": [] if found is None else list(found.reasons),
        "problems": [] if found is None else [file_problem(problem) for problem in found.problems],
        "held": attempt.is_held,
    }


def _worker(worker: Worker, revisions: Mapping[str, str] | None) -> answers.WorkerState:
    return {
        "pid": worker.pid,
        "state": worker.served,
        "revisions": None if revisions is None else dict(revisions),
        "seen_seconds": round(worker.seconds, 3),
    }


def _loader(host: Host) -> answers.LoaderState | None:
    seen, loading = host.loader(), host.loading()
    if seen is None or loading is None:
        return None
    pid, seconds = seen
    return {"pid": pid, "role": loading.role, "unkept": loading.unkept, "seen_seconds": round(seconds, 3)}


def store_state(store: Store, host: Host, *, public: bool) -> answers.StoreState:
    """Whether the store can be written to, and takes what the loader keeps in it; where, and what is wrong with it, is
    told ``public``ly by kind alone.
    """
    place = store.place
    kind = {Folder: "SQLite", Server: "PostgreSQL"}.get(type(place), "nowhere")
    if isinstance(place, Nowhere):
        return {"kept": kind, "trouble": None}
    loading = host.loading()
    trouble = store.trouble() or (None if loading is None else loading.trouble)
    if public:
        return {"kept": kind, "trouble": trouble and StoreUnavailable.code}
    return {"kept": str(place), "trouble": trouble}
