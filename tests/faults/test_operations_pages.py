"""The pages for operators are true: their commands, run in their order, do what the pages say.

They run in a folder that stands for the root of a machine, against a real service. What only a machine of its own has
(systemd, a registry's Python, the network) is stood for by small programs; ``test_container`` does the rest in earnest.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.cli.main import commands as own_commands
from tests.servers import ROOT, free_port

pytestmark = pytest.mark.slow

PAGES = ROOT / "docs" / "operations"
ROOTS = ("/opt/", "/srv/", "/var/", "/etc/")
FOLDERS = [
    "bin",
    "opt",
    "srv/backup",
    "var/lib",
    "var/log/aftermath",
    "etc/systemd/system",
    "etc/logrotate.d",
    "var/tmp",
]
QUESTION = {"model": "asia", "targets": ["lung"], "given": {"xray": "yes"}}

AFTERMATH = """#!/bin/sh
export PYTHONPATH={code} AFTERMATH_PRIORS={root}/srv/models AFTERMATH_STATE={root}/var/lib/aftermath
exec {python} -m service.cli.main "$@"
"""
PYTHON3 = """#!/bin/sh
case "$*" in
"-m venv "*)
    mkdir -p "$3/bin"
    cp {root}/bin/aftermath "$3/bin/aftermath"
    printf '#!/bin/sh\\necho pip "$@" >> {root}/ran\\n' > "$3/bin/pip"
    printf '#!/bin/sh\\nPYTHONPATH={code} exec {python} "$@"\\n' > "$3/bin/python"
    chmod +x "$3/bin/pip" "$3/bin/python" ;;
*) echo python3 "$@" >> {root}/ran ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
stop() {{
    [ -f {root}/pid ] || return 0
    kill -TERM "$(cat {root}/pid)"
    tail --pid="$(cat {root}/pid)" -f /dev/null
    rm {root}/pid
}}
start() {{
    AFTERMATH_ACCESS_LOG={root}/var/log/aftermath/access.log WEB_CONCURRENCY=2 \\
        {root}/opt/aftermath/bin/aftermath serve --port {port} > {root}/service.log 2>&1 < /dev/null &
    echo $! > {root}/pid
    for _ in $(seq 600); do
        curl --fail --silent http://127.0.0.1:{port}/readyz > {root}/readyz && return
        kill -0 "$(cat {root}/pid)" || exit 1
        sleep 0.1
    done
    exit 1
}}
case "$*" in
"start aftermath" | "enable --now aftermath") start ;;
"stop aftermath") stop ;;
"restart aftermath") stop; start ;;
"kill --kill-whom=main --signal=USR1 aftermath") kill -USR1 "$(cat {root}/pid)" ;;
daemon-reload) ;;
*) echo "systemctl has no $*" >&2; exit 1 ;;
esac
"""
SYSTEMD_RUN = """#!/bin/sh
while [ "${{1#--}}" != "$1" ]; do shift; done
exec "$@"
"""
STANDING_FOR = {"aftermath": AFTERMATH, "python3": PYTHON3, "systemctl": SYSTEMCTL, "systemd-run": SYSTEMD_RUN}
RECORDED = ("podman", "journalctl")


def blocks(page: str, kind: str = "console") -> list[str]:
    """The blocks of one kind on a page."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """The commands of a page in their order."""
    found = [line.removeprefix("$ ") for block in blocks(page) for line in block.splitlines()]
    assert found, f"{page} shows no commands"
    return found


@dataclass(frozen=True)
class Machine:
    """A folder that stands for a machine's root, and the port on which its service answers."""

    root: Path
    port: int

    def run(self, command: str) -> str:
        """Run a command of a page. What it prints; it must end well."""
        path = f"{self.root}/bin:{os.environ['PATH']}"
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.placed(command)],
            cwd=self.root,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def placed(self, text: str) -> str:
        """A text with its paths below the folder, and the port of its service."""
        text = text.replace("127.0.0.1:8000/", f"127.0.0.1:{self.port}/")
        return re.sub(rf"(?<![\w./])({'|'.join(ROOTS)})", rf"{self.root}\1", text)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url(path), timeout=20) as answer:
            return bytes(answer.read())

    def keep(self, question: object) -> str:
        """Keep an answer: the path of its permalink."""
        body = json.dumps(question).encode()
        asked = urllib.request.Request(self.url("/v1/answers"), body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return str(json.load(answer)["permalink"])

    def ran(self) -> str:
        return (self.root / "ran").read_text(encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path, asia: Path) -> Iterator[Machine]:
    made = Machine(tmp_path, free_port())
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True)
    shutil.copytree(asia, tmp_path / "srv" / "models")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "ran").touch()
    for name, text in STANDING_FOR.items():
        write(tmp_path / "bin" / name, text.format(root=tmp_path, code=ROOT, python=sys.executable, port=made.port))
    for name in RECORDED:
        write(tmp_path / "bin" / name, f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/ran\n')
    made.run("python3 -m venv /opt/aftermath-1 && ln -sfn /opt/aftermath-1 /opt/aftermath")
    yield made
    made.run("systemctl stop aftermath")


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def test_the_commands_of_installing_run_and_end_in_a_service_and_a_token(machine: Machine) -> None:
    said = [machine.run(command) for command in commands("install")]
    assert any(re.search(r"\bam_[a-z0-9]{12}_", each) for each in said)
    assert json.loads(machine.get("/readyz"))["status"] == "ready"
    unit = (machine.root / "etc" / "systemd" / "system" / "aftermath.service").read_text()
    assert unit == (ROOT / "docs" / "aftermath.service").read_text()
    assert "python3 dev.py wheels wheels" in machine.ran()


def test_the_commands_of_a_backup_and_of_its_restore_bring_everything_back(machine: Machine) -> None:
    machine.run("systemctl start aftermath")
    kept = machine.keep(QUESTION)
    before = machine.get(kept)
    token = re.search(r"am_\S+", machine.run("aftermath token new before"))[0]  # type: ignore[index]
    for command in commands("backup"):
        machine.run(command)
        if command.startswith("aftermath db backup"):
            lost = machine.keep({**QUESTION, "given": {"xray": "no"}})
    assert machine.get(kept) == before
    with pytest.raises(urllib.error.HTTPError, match="404"):
        machine.get(lost)
    asked = urllib.request.Request(machine.url("/v1/models"), headers={"Authorization": f"Bearer {token}"})
    assert urllib.request.urlopen(asked, timeout=20).status == 200
    assert (machine.root / "var" / "tmp" / "aftermath-drill").is_dir()


def test_the_commands_of_an_upgrade_and_of_the_way_back_run_and_keep_what_was_kept(machine: Machine) -> None:
    machine.run("systemctl start aftermath")
    kept = machine.keep(QUESTION)
    before = machine.get(kept)
    up, down = (blocks("upgrade")[i].replace("$ ", "").splitlines() for i in (0, 1))
    assert [*up, *down] == commands("upgrade")
    for steps, folder in ((up, "aftermath-2"), (down, "aftermath-1")):
        for command in steps:
            machine.run(command)
        assert (machine.root / "opt" / "aftermath").resolve().name == folder
        assert machine.get(kept) == before
    assert (machine.root / "var" / "lib" / "aftermath.newer").is_dir()


@pytest.mark.needs("logrotate")
def test_the_logs_are_rotated_by_the_file_of_the_page_and_no_line_is_lost(machine: Machine) -> None:
    (text,) = blocks("logs", "logrotate")
    (machine.root / "etc" / "logrotate.d" / "aftermath").write_text(machine.placed(text))
    (machine.root / "var" / "log" / "aftermath").chmod(0o755)
    machine.run("systemctl start aftermath")
    log = machine.root / "var" / "log" / "aftermath" / "access.log"
    asked = []

    def ask() -> None:
        for _ in range(10):
            with urllib.request.urlopen(machine.url("/livez"), timeout=20) as answer:
                asked.append(answer.headers["X-Request-Id"])

    def wait_for_lines() -> None:
        until = time.monotonic() + 20
        while not log.exists() or not log.read_text():
            assert time.monotonic() < until
            time.sleep(0.05)

    ask()
    for command in commands("logs"):
        if command.startswith("logrotate"):
            command += " --state /var/lib/logrotate.state"
            wait_for_lines()
            ask()
        machine.run(command)
        ask()
    machine.run("systemctl stop aftermath")
    files = sorted(log.parent.glob("access.log*"))
    assert [file.name for file in files] == ["access.log", "access.log.1"]
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="ascii").splitlines()]
    assert sorted(line["id"] for line in lines if line["id"] in asked) == sorted(asked)
    assert log.read_text() != ""
    assert "journalctl --unit aftermath" in machine.ran()


def test_every_command_of_the_program_on_the_pages_exists() -> None:
    for page in ("backup", "upgrade"):
        for command in commands(page):
            words = command.split()
            if words[0].rpartition("/")[2] == "aftermath":
                assert words[1] in own_commands.commands, command
