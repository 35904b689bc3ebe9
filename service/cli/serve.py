"""The command ``serve``: every model over HTTP, under gunicorn."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import click

from model.errors import AftermathError
from service.cli.options import root_of
from service.cli.page import say
from service.cli.store_options import store_options

HOME = Path(__file__).resolve().parents[2]
"""Where wsgi.py stands: the work tree, or the folder of installed packages."""


class CannotServe(AftermathError):
    """An address that cannot be listened on, or nothing to serve."""

    code = "cannot_serve"


@click.command(short_help="Serve every model over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8000, show_default=True, help="Port to listen on, from 1 to 65535.")
@click.option("--public-read", is_flag=True, help="Let whoever reaches HOST, beyond this machine too, read and ask.")
@click.option("--tokens", is_flag=True, help="Let whoever reaches HOST ask with a token ('aftermath token new').")
@store_options
def serve(host: str, port: int, public_read: bool, tokens: bool, root: Path | None, state: Path | None) -> None:
    """Serve every model over HTTP, under gunicorn, until stopped."""
    from service.http.server import exposure
    from service.store import location

    folder = root_of(root).resolve()
    demand_models(folder)
    demand_the_port(host, port)
    environment = {**os.environ, "AFTERMATH_PRIORS": str(folder)}
    if public_read:
        environment["AFTERMATH_PUBLIC_READ"] = "1"
    if tokens:
        environment["AFTERMATH_TOKENS"] = "1"
    if state is not None:
        location.place(folder, state=state)
        environment |= {location.STATE: str(state.absolute()), location.DATABASE_URL: ""}
    exposure.checked([(host, port)], environment)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "--config", str(_configuration()), "--bind", address]
    command += ["--pythonpath", str(HOME), "wsgi:app"]
    say(f"Serving on http://{address} once the models are loaded (Ctrl-C stops it).", err=True)
    sys.stderr.flush()
    # Ctrl-C waits for gunicorn.conf.py to hear it, since gunicorn does not at its start.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    os.execve(command[0], command, environment)


def demand_models(folder: Path) -> None:
    """Raise CannotServe where no folder inside is a model."""
    if not any(folder.glob("[!.]*/model.yaml")):
        from service.settings import nothing_to_serve

        raise CannotServe(nothing_to_serve(folder, ()))


def demand_the_port(host: str, port: int) -> None:
    """Raise CannotServe unless the address can be listened on now.

    >>> demand_the_port("127.0.0.1", 70_000)
    Traceback (most recent call last):
    service.cli.serve.CannotServe: --port 70000: a port is a number from 1 to 65535
    """
    if not 0 < port < 65536:
        raise CannotServe(f"--port {port}: a port is a number from 1 to 65535")
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise CannotServe(f"--host {host}: no address has this name; 127.0.0.1 is this machine's own") from None
    try:
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        raise CannotServe(f"{host} port {port} cannot be listened on: {error.strerror}. {_advice(error)}") from None


def _advice(error: OSError) -> str:
    """What mends an address that cannot be listened on."""
    from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL

    return {
        EADDRINUSE: "Is it served already? Name another port with --port",
        EADDRNOTAVAIL: "It is no address of this machine: 127.0.0.1 serves this machine alone, 0.0.0.0 every network",
        EACCES: "Ports below 1024 may be kept for the administrator: name another with --port",
    }.get(error.errno or 0, "Name another address with --host, or another port with --port")


def _configuration() -> Path:
    """gunicorn.conf.py: beside the project's code, or where an installed wheel put it."""
    places = (HOME, Path(sys.prefix) / "share" / "aftermath")
    for place in places:
        if (place / "gunicorn.conf.py").is_file():
            return place / "gunicorn.conf.py"
    raise CannotServe(f"gunicorn.conf.py is in none of {', '.join(map(str, places))}; install the project again")
