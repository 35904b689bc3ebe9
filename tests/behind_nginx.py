"""The nginx site that ships, under the real nginx, in front of one service or two."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers import ROOT, free_port

MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
SERVICE = "127.0.0.1:8000"
LINES = f"    server {SERVICE} max_fails=0;\n" * 2


@contextmanager
def behind_nginx(folder: Path, services: Sequence[int]) -> Iterator[int]:
    """The port of an nginx in front of services at some ports; the site has the two lines of one, which each gets."""
    port = free_port()
    site = (ROOT / "docs" / "nginx.conf").read_text()
    assert site.count(LINES) == 1
    site = site.replace(LINES, "".join(LINES.replace(SERVICE, f"127.0.0.1:{each}") for each in services))
    assert "listen 80;" in site
    (folder / "site.conf").write_text(site.replace("listen 80;", f"listen {port};"))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "main.conf").write_text(MAIN.format(folder=folder, user=user))
    program = shutil.which("nginx") or "nginx"
    nginx = subprocess.Popen([program, "-p", folder, "-c", folder / "main.conf"], stdin=subprocess.DEVNULL)
    try:
        wait_for(port, nginx, folder / "error.log")
        yield port
    finally:
        nginx.terminate()
        nginx.wait(timeout=20)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())
