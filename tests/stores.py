"""Stores for tests: in SQLite files, and in a real PostgreSQL server that a test starts and stops."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from service.store import revisions
from service.store.database import Store
from service.store.location import Place
from tests.servers import free_port

UNPRIVILEGED = ("postgres", "nobody")
MEMORY = Path("/dev/shm")
"""Where nothing waits for a disk: for tests that ask what is stored and not what survives."""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A server on a port of this machine, with its own folder."""

    folder: Path
    port: int
    options: str = ""

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=60 {self.options}"
        control(self.folder, "start", "-w", "-t", "120", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends transactions, ``immediate`` is a crash of the server."""
        control(self.folder, "stop", "-m", mode, "-w", "-t", "120")

    def database(self, name: str) -> str:
        """The URL of a database, made when it is not there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/{name}"


def control(folder: Path, *arguments: str) -> None:
    ran = unprivileged(["pg_ctl", "-D", str(folder / "data"), *arguments])
    assert ran.returncode == 0, ran.stdout + (folder / "log").read_text()[-4000:]


def unprivileged(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as a user who may not do everything; as root, PostgreSQL refuses to run."""
    with tempfile.TemporaryFile("w+") as said:  # a pipe would be held open by the server that pg_ctl leaves behind
        ran = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **identity())
        said.seek(0)
        return subprocess.CompletedProcess(ran.args, ran.returncode, said.read(), "")


def identity() -> dict[str, object]:
    """What ``subprocess`` takes to run as somebody else, where this is root."""
    if os.getuid() != 0:
        return {}
    who = unprivileged_user()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": [], "cwd": "/"}


def unprivileged_user() -> pwd.struct_passwd:
    known = {each.pw_name: each for each in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)


def quick_folder() -> str | None:
    """The folder in memory, where the machine has one."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


@contextmanager
def postgresql(*, durable: bool = True) -> Iterator[PostgreSQL]:
    """A PostgreSQL server of its own, its folder removed at the end; one that is not durable is quicker."""
    folder = Path(tempfile.mkdtemp(prefix="aftermath-pg-", dir=None if durable else quick_folder()))
    try:
        if os.getuid() == 0:
            os.chown(folder, unprivileged_user().pw_uid, unprivileged_user().pw_gid)
        made = ["initdb", "-D", str(folder / "data"), "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C"]
        ran = unprivileged(made)
        assert ran.returncode == 0, ran.stdout
        server = PostgreSQL(folder, free_port(), "" if durable else "-c fsync=off")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ready(place: Place, **options: object) -> Store:
    """A store at a place, which must be usable."""
    store = Store(place, **options)  # type: ignore[arg-type]
    store.prepare()
    return store


def with_revisions(store: Store, count: int = 2, model: str = "asia") -> list[str]:
    """Keep some revisions, none of them active, and return what they are called."""
    names = [f"r-{number:016x}" for number in range(1, count + 1)]
    for name in names:
        files = {"model.yaml": b"title: A model\n", "variables.yaml": f"# {name}\n".encode()}
        revisions.keep(
            store, model, name, files=files, content=name.encode(), engine="1.0", tree_cells=40, author="a test"
        )
    return names


def raw(store: Store, *statements: str) -> None:
    """Run statements in one transaction, past every function of the store."""
    with store.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def small_disk(*, megabytes: int) -> Iterator[Path]:
    """A file system of so many MB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
        mounted = subprocess.run(command, capture_output=True)
        if mounted.returncode != 0:
            pytest.skip(f"this machine mounts nothing: {mounted.stderr.decode().strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)
