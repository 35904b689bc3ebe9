"""``aftermath serve`` before it serves: what cannot be is refused in one line that says what to do."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.main import main
from service.cli.serve import CannotServe, demand_the_port
from tests.servers import ROOT, free_port


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which the command ends."""
    with pytest.raises(SystemExit) as left:
        main(["serve", *arguments])
    said = capsys.readouterr()
    assert (left.value.code, said.out, said.err.count("\n")) == (1, "", 1)
    return said.err


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        said = refused(capsys, "--port", str(port))
    assert said.startswith(
        f"127.0.0.1 port {port} cannot be listened on: Address already in use. Is it served already?"
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_out_of_range(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--port", port) == f"--port {port}: a port is a number from 1 to 65535\n"


def test_an_address_of_another_machine_and_a_name_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "It is no address of this machine" in refused(capsys, "--host", "192.0.2.1", "--port", str(free_port()))
    assert "no address has this name" in refused(capsys, "--host", "256.1.1.1", "--port", str(free_port()))


def test_a_free_port_is_not_refused() -> None:
    demand_the_port("127.0.0.1", free_port())
    with pytest.raises(CannotServe):
        demand_the_port("127.0.0.1", 0)


def test_an_empty_folder_of_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes").mkdir()
    said = refused(capsys, "--priors", str(tmp_path), "--port", str(free_port()))
    assert said.startswith(
        f"no models in {tmp_path}: a model is a folder with a model.yaml. Make one with 'aftermath new"
    )


@pytest.mark.slow
def test_a_folder_of_which_no_model_loads(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "asia")
    (tmp_path / "asia" / "findings.yaml").write_text("variables: [\n...\n")
    command = [sys.executable, "-m", "service.cli.main", "serve", "--port", str(free_port()), "--priors", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode != 0
    assert "Traceback" not in ran.stderr
    assert f"none of the models in {tmp_path} can be loaded: asia. 'aftermath check --priors" in ran.stderr
