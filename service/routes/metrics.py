"""What the service counts, for Prometheus."""

from __future__ import annotations

from service.http.access import EVERY, demand, demand_known
from service.http.forms import Form
from service.http.operation import Reply, Service, operation
from service.store.scopes import READ

FORM = Form("", "text/plain; version=0.0.4; charset=utf-8", lambda text: text, str)
"""The text format of Prometheus, which is no other than its media type says."""


@operation("GET", "/metrics", forms=(FORM,), cacheable=False)
def metrics(service: Service) -> Reply:
    """Say what all workers have counted, what is served, and the headline forecasts, in the text format of Prometheus.

    Beyond this machine it needs a token that may read every model, where everybody may read too.
    """
    demand_known()
    demand(READ, EVERY)
    from service.translate import exposition, worker_gauges  # the command line imports routes, and none of that

    worker_gauges.publish(service)
    return Reply(lambda: exposition.exposition(service))


OPERATIONS = (metrics,)
