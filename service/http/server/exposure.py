"""Whether a server's addresses can be reached from other machines, and whether that is meant."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from model.errors import AftermathError
from service.settings import PUBLIC_READ, TOKENS, is_public, needs_tokens


class Exposed(AftermathError):
    """An address beyond this machine, without the word that this is meant."""

    code = "exposed"


def checked(addresses: Iterable[Any], environment: Mapping[str, str] = os.environ) -> str | None:
    """What to tell an operator of addresses that others can reach, None where none can.

    Raises Exposed unless ``AFTERMATH_PUBLIC_READ`` or ``AFTERMATH_TOKENS`` says that it is meant.

    >>> checked([("127.0.0.1", 8000), "/run/aftermath.sock"], {}) is None
    True
    >>> checked([("0.0.0.0", 8000)], {"AFTERMATH_PUBLIC_READ": "1"})
    'whoever reaches 0.0.0.0:8000 may read every model and ask anything (--public-read)'
    """
    open_ones = ", ".join(written(each) for each in addresses if not is_of_this_machine(each))
    if not open_ones:
        return None
    if needs_tokens(environment):
        return f"whoever reaches {open_ones} needs a token, but for the page and checks of health (--tokens)"
    if not is_public(environment):
        raise Exposed(
            f"{open_ones} can be reached from other machines: listen on 127.0.0.1, or start with --tokens ({TOKENS}=1) "
            f"if whoever reaches it needs a token, or with --public-read ({PUBLIC_READ}=1) if whoever reaches it may "
            "read every model and ask anything"
        )
    return f"whoever reaches {open_ones} may read every model and ask anything (--public-read)"


def demand(addresses: Iterable[Any], log: Any) -> None:
    """End the start of a server that would be open by mistake, and say in the log what is open on purpose.

    gunicorn shows a RuntimeError as one line and ends.
    """
    try:
        said = checked(addresses)
    except AftermathError as error:
        raise RuntimeError(str(error)) from None
    if said:
        log.warning(said)


def is_of_this_machine(address: Any) -> bool:
    """Whether only this machine reaches an address: a Unix socket, or a host and port of the loopback.

    >>> [is_of_this_machine((host, 80)) for host in ("localhost", "127.8.9.1", "::1", "0.0.0.0", "::", "")]
    [True, True, True, False, False, False]
    """
    if isinstance(address, (str, bytes)):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return bool(host) and all(is_of_this_machine(found) for found in _found(host))


def _found(host: str) -> list[Any]:
    try:
        return [found[4] for found in socket.getaddrinfo(host, None)]
    except OSError:
        return [("0.0.0.0", 0)]  # an unknown name is refused by the bind; until then it counts as open


def written(address: Any) -> str:
    """An address as a person writes it.

    >>> written(("::", 80)), written("/run/aftermath.sock")
    ('[::]:80', '/run/aftermath.sock')
    """
    if isinstance(address, (str, bytes)):
        return os.fsdecode(address)
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
