"""What the service stands on: a light start, gunicorn's settings, and files that fit any machine."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import dev

ROOT = dev.ROOT
ROOMS = ("model", "service", "priors", "tests", "bench", "docs", ".ci")
NOT_OURS = ("__pycache__", "static", "node_modules")
GENERATED = ("openapi.json", "schema.d.ts")
PICTURES = (".png",)
HEAVY = {"pgmpy", "pandas", "scipy.stats", "sklearn", "statsmodels", "matplotlib"}

# In pieces, so that this file does not hold what it forbids.
HOSTS = tuple(map("".join, (("pypi", ".org"), ("files.python", "hosted"), ("registry.npm", "js"), ("deb.", "debian"))))
PLACES = re.compile(r"(?<![\w.-])/(?:work|root|farm|home|tmp|opt/pypi)/|" + r"\.libr" + r"ary\b")


def project_files() -> list[Path]:
    inside = [path for room in ROOMS for path in (ROOT / room).rglob("*")]
    top = [path for path in ROOT.iterdir() if not path.name.startswith(".venv")]
    files = [path for path in (*top, *inside) if path.is_file()]
    ours = [path for path in files if not set(path.relative_to(ROOT).parts) & set(NOT_OURS)]
    return [path for path in ours if path.name not in GENERATED and path.suffix not in PICTURES]


def text_of(path: Path) -> str:
    """What a file says, packed or not."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")


def test_serving_and_answering_import_nothing_heavy() -> None:
    talk = (
        "import json, sys, wsgi\n"
        "client = wsgi.app.test_client()\n"
        "answer = client.get('/v1/models/asia/forecast/lung.json?given=xray:yes')\n"
        "assert answer.status_code == 200, answer.text\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", talk], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    imported = {name for name in HEAVY if f'"{name}"' in ran.stdout}
    assert imported == set()


def test_gunicorn_accepts_its_configuration() -> None:
    command = [sys.executable, "-m", "gunicorn", "--check-config", "--config", "gunicorn.conf.py", "wsgi:app"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_gunicorn_runs_one_blas_thread_and_no_control_socket() -> None:
    command = [sys.executable, "-m", "gunicorn", "--print-config", "--config", "gunicorn.conf.py", "wsgi:app"]
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    shown = dict(re.split(r"\s+= ", line, maxsplit=1) for line in ran.stdout.splitlines() if " = " in line)
    wanted = {"control_socket_disable": "True", "threads": "16", "preload_app": "True"}
    assert {name: shown[name] for name in wanted} == wanted

    said = "import os, runpy; runpy.run_path('gunicorn.conf.py'); print(os.environ['OPENBLAS_NUM_THREADS'])"
    ran = subprocess.run([sys.executable, "-c", said], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.stdout.strip() == "1"


def test_no_file_names_a_place_on_one_machine_or_a_package_registry() -> None:
    files = project_files()
    assert len(files) > 30
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if PLACES.search(line) or any(host in line for host in HOSTS)
    ]
    assert named == []


def test_a_place_on_one_machine_is_seen() -> None:
    assert PLACES.search("open('/" + "work/x')")
    assert not PLACES.search("see example.test/" + "work/x")
