"""What each worker writes down of its requests, wired: the counters, the access log, and what is said of the worker."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from service.http.operation import Service
from service.http.server.access_log import AccessLog
from service.http.server.observer import OBSERVED, Observer
from service.settings import ACCESS_LOG, BadSettings, Settings
from service.translate import worker_gauges


def register(app: Flask, service: Service) -> None:
    """Let the server's workers make their observers. Raises BadSettings where the access log cannot be opened."""
    import_module("service.translate.exposition")  # what a scrape needs, before workers are forked
    log = access_log(service.settings)
    worker_gauges.name_caches(service)

    def observer() -> Observer:
        if log is not None:
            log.reopen()  # it may have been moved away since the master opened it
        return Observer(service.meters, log, lambda: worker_gauges.publish(service))

    app.extensions[OBSERVED] = observer


def access_log(settings: Settings) -> AccessLog | None:
    """The access log where one is asked for, opened. Raises BadSettings."""
    if settings.access_log is None:
        return None
    try:
        return AccessLog(settings.access_log, questions=settings.log_questions)
    except OSError as error:
        raise BadSettings(f"{ACCESS_LOG}: {settings.access_log} cannot be written to: {error.strerror}") from error
