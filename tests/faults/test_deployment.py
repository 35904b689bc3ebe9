"""The unit of systemd and the container file hold what they say: no privilege, nothing writable but the store."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import dev
from tests import base_image
from tests.servers import ROOT, Server, free_port, served, start, stop

pytestmark = pytest.mark.slow

UNIT = (ROOT / "docs" / "aftermath.service").read_text(encoding="utf-8")
CONTAINER = (ROOT / "docs" / "Containerfile").read_text(encoding="utf-8")
INSTALL = (ROOT / "docs" / "operations" / "install.md").read_text(encoding="utf-8")
MOST_EXPOSED = 15
"""Tenths of the exposure that ``systemd-analyze security`` counts, of 100."""
USER = 10_001
KNOWN = {"ARG", "CMD", "COPY", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}


def set_in_unit(name: str) -> str:
    """What the unit sets."""
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)
    return value


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_unit_and_counts_it_as_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "aftermath.service"
    unit.write_text(UNIT.replace("/opt/aftermath/bin/aftermath", sys.executable), encoding="utf-8")
    for command in (
        ["verify", "--man=no", str(unit)],
        ["security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(unit)],
    ):
        ran = subprocess.run(["systemd-analyze", *command], capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Unknown" not in ran.stderr


def test_what_the_unit_says_in_words_it_sets() -> None:
    assert set_in_unit("ProtectSystem") == "strict"
    assert set_in_unit("DynamicUser") == set_in_unit("NoNewPrivileges") == "yes"
    assert set_in_unit("CapabilityBoundingSet") == set_in_unit("AmbientCapabilities") == ""
    assert int(set_in_unit("TimeoutStopSec")) > 30  # graceful_timeout of gunicorn.conf.py
    assert set_in_unit("StateDirectory") in set_in_unit("Environment")


def test_the_service_tells_systemd_once_it_listens(tmp_path: Path, asia: Path) -> None:
    assert set_in_unit("Type") == "notify"
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(120)
    port = free_port()
    command = [sys.executable, "-m", "service.cli.main", "serve", "--port", str(port), "--priors", str(asia)]
    settings = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WEB_CONCURRENCY": "1"}
    process = start(command, cwd=ROOT, log=tmp_path / "log", settings=settings)
    try:
        assert heard.recv(1_000).startswith(b"READY=1\n")
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    finally:
        stop(process)
        heard.close()


READ_ONLY = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs {writable}
mount -t tmpfs tmpfs /dev/shm
mount -o remount,bind,ro /
mkdir {writable}/tmp {writable}/state
! touch {root}/written 2>/dev/null
! touch {writable}/../written 2>/dev/null
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all {command}
"""


@pytest.mark.needs("unshare", "setpriv")
def test_the_service_runs_without_privilege_and_with_a_root_that_nobody_may_write_to(
    tmp_path: Path, asia: Path
) -> None:
    writable, port = tmp_path / "writable", free_port()
    writable.mkdir()
    command = [sys.executable, "-m", "service.cli.main", "serve", "--port", str(port), "--priors", str(asia)]
    script = READ_ONLY.format(writable=writable, root=ROOT, command=shlex.join(command))
    private = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody but root make a mount namespace")
    settings = {
        "AFTERMATH_STATE": str(writable / "state"),
        "AFTERMATH_CACHE": "",
        "AFTERMATH_ACCESS_LOG": "-",
        "HOME": str(writable),
        "TMPDIR": str(writable / "tmp"),
        "PYTHONPATH": str(ROOT),
        "WEB_CONCURRENCY": "2",
    }
    log = tmp_path / "log"
    with served([*private, "sh", "-c", script], port=port, cwd=ROOT, log=log, within=120, **settings) as server:
        assert works(server)
        pids = [each["pid"] for each in server.get("/v1/status")["workers"]]
        assert len(pids) == 2
        for pid in pids:
            status = Path(f"/proc/{pid}/status").read_text()
            assert re.findall(r"^(?:CapEff|CapBnd):\t(\w+)$", status, re.MULTILINE) == ["0" * 16, "0" * 16]
            assert "\nNoNewPrivs:\t1\n" in status
    assert "Compiling" not in log.read_text()
    assert list(writable.iterdir()) == []


def works(server: Server) -> bool:
    """Whether it answers, keeps an answer, and writes its log."""
    assert server.get("/readyz")["status"] == "ready"
    body = json.dumps({"model": "asia", "targets": ["lung"]}).encode()
    asked = urllib.request.Request(f"{server.url}/v1/answers", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        kept, own = json.load(answer)["permalink"], answer.headers["X-Request-Id"]
    assert server.get(kept)["targets"]
    return bool(server.settled(lambda: own in server.log.read_text()))


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the container file with its argument."""
    text = re.sub(r"^#.*\n", "", CONTAINER, flags=re.MULTILINE).replace("\\\n", " ")
    found = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(argument.split())) for name, argument in found]


def test_the_container_file_fetches_nothing_and_checks_hashes() -> None:
    assert {name for name, _ in instructions()} <= KNOWN
    runs = [argument for name, argument in instructions() if name == "RUN"]
    installing = [each for each in runs if " pip install " in each]
    assert len(installing) == 2
    assert all("--no-index" in each and "--no-deps" in each for each in installing)
    assert "--require-hashes" in installing[0]
    assert not any(re.search(r"\b(curl|wget|git|apt|apt-get|https?:)", each) for each in runs)


def test_the_image_has_a_user_without_a_name_and_asks_for_tokens() -> None:
    last = max(i for i, (name, _) in enumerate(instructions()) if name == "FROM")
    final = instructions()[last + 1 :]
    assert [argument for name, argument in final if name == "USER"] == [f"{USER}:{USER}"]
    assert all(argument.startswith("--from=made ") for name, argument in final if name == "COPY")
    assert not any(name == "RUN" for name, _ in final)
    (command,) = [json.loads(argument) for name, argument in final if name == "CMD"]
    assert command == ["aftermath", "serve", "--host", "0.0.0.0", "--tokens"]


def test_the_container_file_and_the_page_give_the_same_commands() -> None:
    written = " ".join(line.removeprefix("#").strip() for line in CONTAINER.splitlines() if line.startswith("#"))
    for command in re.findall(r"^\$ (podman build .*|python3 dev.py wheels .*)$", INSTALL, re.MULTILINE):
        assert command in written
    (run,) = re.findall(r"^\$ (podman run .*) aftermath$", INSTALL, re.MULTILINE)
    assert all(option in written for option in run.split())


def test_what_is_fetched_of_the_lock_is_every_version_of_a_package() -> None:
    assert dev.locked("numpy").count("\nnumpy==") + 1 == dev.LOCK.read_text().count("\nnumpy==") > 1


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    assert dev.wheels(Path(sys.executable), folder) == 0
    return folder


def test_the_wheels_that_are_fetched_are_all_that_the_product_needs_and_are_those_of_the_lock(
    wheels: Path, tmp_path: Path
) -> None:
    offline = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--no-index",
        "--find-links",
        str(wheels),
    ]
    aside = [*offline, "--disable-pip-version-check", "--ignore-installed", "--target", str(tmp_path / "aside")]
    report = tmp_path / "report.json"
    checked = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        str(wheels / "requirements.txt"),
    ]
    said(*aside, *checked)
    said(*aside, "--report", report, "aftermath[postgresql]")
    found = {each["metadata"]["name"].lower() for each in json.loads(report.read_text())["install"]}
    assert {"aftermath", "flask", "numba", "prometheus-client", "psycopg-binary"} <= {
        n.replace("_", "-") for n in found
    }
    assert not found & {"pytest", "mypy", "playwright", "distributed"}


# In earnest: some minutes, and as root.


@contextmanager
def buildah(folder: Path) -> Iterator[list[str]]:
    """The command with a storage of its own, which goes at the end. It reaches no network."""
    places = ["--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "overlay"]
    command = ["unshare", "--net", "buildah", *places]
    try:
        yield command
    finally:
        for removed in (["rm", "--all"], ["rmi", "--all", "--force"]):
            subprocess.run([*command, *removed], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def said(*command: str | Path) -> str:
    ran = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=3_000, check=False)
    assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr[-3_000:]
    return ran.stdout.strip()


IN_THE_IMAGE = """
set -e
mount --make-rprivate /
mount --bind {image} {image}
mount -o remount,bind,ro {image}
mount -t tmpfs tmpfs {image}/tmp
chmod 1777 {image}/tmp
mount -t tmpfs tmpfs {image}/dev
mkdir -m 1777 {image}/dev/shm
mknod -m 666 {image}/dev/null c 1 3
mknod -m 666 {image}/dev/urandom c 1 9
mount -t proc proc {image}/proc
mount --bind {state} {image}/var/lib/aftermath
exec chroot --userspec={user}:{user} --groups= {image} /bin/env -i {environment} {command}
"""


@pytest.mark.long
@pytest.mark.needs("buildah", "unshare")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may build and run images here")
def test_the_image_is_built_without_a_network_and_serves_with_a_root_that_nobody_may_write_to(
    wheels: Path, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    base_image.made(base)
    (tmp_path / "Base").write_text("FROM scratch\nCOPY . /\n")
    with buildah(tmp_path / "storage") as command:
        build = [*command, "build", "--isolation", "chroot", "--format", "docker"]
        said(*build, "--file", tmp_path / "Base", "--tag", "base", base)
        of_base = ["--build-arg", "BASE=localhost/base", "--file", ROOT / "docs" / "Containerfile"]
        said(*build, *of_base, "--tag", "aftermath", wheels)
        described = json.loads(said(*command, "inspect", "--type", "image", "aftermath"))["Docker"]["config"]
        assert described["User"] == f"{USER}:{USER}"
        container = said(*command, "from", "aftermath")
        image = Path(said(*command[2:], "mount", container))
        state, port = tmp_path / "state", free_port()
        state.mkdir()
        os.chown(state, USER, USER)
        script = IN_THE_IMAGE.format(
            image=image,
            state=state,
            user=USER,
            environment=shlex.join([*described["Env"], "WEB_CONCURRENCY=1"]),
            command=shlex.join([*described["Cmd"], "--port", str(port)]),
        )
        outside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]
        log = tmp_path / "log"
        with served(outside, port=port, cwd=tmp_path, log=log, within=300) as server:
            assert "Compiling" not in log.read_text()
            passed_on = {"X-Forwarded-For": "192.0.2.1"}  # as from beyond the container, whose network is this one here
            asked = urllib.request.Request(f"{server.url}/v1/models/asia/forecast/lung", headers=passed_on)
            with pytest.raises(OSError, match="401"):
                urllib.request.urlopen(asked, timeout=20)
            settings = ["chroot", f"--userspec={USER}:{USER}", image, "/bin/env", *described["Env"]]
            mounted = ["nsenter", "--mount", "--target", inside(server), *settings]
            token = said(*mounted, "aftermath", "token", "new", "dashboard").split()
            (secret,) = [word for word in token if word.startswith("am_")]
            asked.add_header("Authorization", f"Bearer {secret}")
            assert json.load(urllib.request.urlopen(asked, timeout=20))["distribution"]
        time.sleep(0.5)
        assert {path.stat().st_uid for path in state.iterdir()} == {USER}


def inside(server: Server) -> str:
    """The last process of the server's session: a worker, which has its file system."""
    return said("pgrep", "--session", str(server.process.pid)).split()[-1]
