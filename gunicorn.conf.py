"""How gunicorn serves Aftermath: one worker per core, a few threads in each, nothing outside the project.

Every setting can be overridden on gunicorn's command line.
"""

import gc
import logging
import os
import signal
from pathlib import Path
from typing import Any

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
MEMORY = Path("/dev/shm")


def cores() -> int:
    """The cores that this process may use, which in a container are fewer than the machine's."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def stopped(_number: int, _frame: object) -> None:
    """End at once and in one line, while nothing is served yet."""
    os.write(2, b"\nStopped.\n")
    os._exit(130)


# gunicorn hears Ctrl-C by itself once it listens. ``aftermath serve`` held it back until here.
signal.signal(signal.SIGINT, stopped)
signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))

# The last bits of a product depend on the number of BLAS threads, and answers are the same bytes on
# every worker. BLAS reads this when numpy is imported, which the preload below does.
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))

# The service listens once its models are loaded: until then its log says what it is doing.
LOG = logging.StreamHandler()
LOG.setFormatter(logging.Formatter("[%(asctime)s] [%(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S"))
logging.getLogger("service").handlers = [LOG]  # a reload signal reads this file again
logging.getLogger("service").setLevel(logging.INFO)

bind = "127.0.0.1:8000"
backlog = 512

# The models are read and compiled once, before the fork, and shared by all workers. A reload signal keeps
# the code and the models it finds in memory: restart to change the code.
preload_app = True
worker_class = "service.http.server.worker.Worker"  # threads that never wait for a client
workers = int(os.environ.get("WEB_CONCURRENCY") or cores())
threads = 16

timeout = 60  # of a worker whose main loop is dead; a slow request does not trip it
graceful_timeout = 30
keepalive = 5
worker_connections = 800  # open at a time in a worker, most of them idle; the one that waits longest makes room

limit_request_line = 8190  # a what-if with much evidence still fits in a URL
limit_request_fields = 64
limit_request_field_size = 8190

# gunicorn believes no proxy, by a Unix socket neither: AFTERMATH_PROXIES names those that the service believes.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

control_socket_disable = True  # it would stand in the home folder, shared by all of one user's servers
if os.access(MEMORY, os.W_OK):
    worker_tmp_dir = str(MEMORY)  # a heartbeat on a slow disk would look like a dead worker


def on_starting(server: Any) -> None:
    """Before anything is listened on: refuse addresses that other machines reach, unless that is meant."""
    from service.http.server import exposure

    exposure.demand(server.cfg.address, server.log)


def when_ready(server: Any) -> None:
    """Leave what all workers share, the models above all, out of their garbage collection and in shared memory.

    Sockets that were handed over by a service manager are looked at here, before anything of them is accepted.
    """
    from service.http.server import exposure
    from service.live import process

    exposure.demand([listener.sock.getsockname() for listener in server.LISTENERS], server.log)
    process.begin(server)
    gc.collect()
    gc.freeze()


# The loader, a process beside the workers, makes saved prior files the active revisions: see service/live.


def pre_fork(server: Any, worker: Any) -> None:
    """Before a worker is forked."""
    from service.live import process

    process.reserve(server, worker)


def post_worker_init(worker: Any) -> None:
    """In a worker, before its first request."""
    from service.live import process

    process.follow(worker)


def child_exit(server: Any, worker: Any) -> None:
    """After a worker has ended."""
    from service.live import process

    process.release(server, worker)


def on_exit(server: Any) -> None:
    """At the master's end."""
    from service.live import process

    process.end(server)
