"""How long commands take from their start to their end, beside another checkout: what a terminal waits for.

Processor time of a command and all that it starts, under both checkouts in turn, the caches of both warm.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
COMMAND = "from service.cli.main import main; main()"
STATES = ("s0", "s1", "s2", "s3")
PORT = 18_471


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout with an environment, and a folder of its own for what it keeps and makes."""

    place: Path
    room: Path

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command of this checkout."""
        own = self.place / ".venv" / "bin" / "python"
        return subprocess.Popen(
            [str(own if own.exists() else sys.executable), "-c", COMMAND, *arguments],
            cwd=self.place,
            env={**os.environ, "AFTERMATH_CACHE": str(self.room / "cache"), "WEB_CONCURRENCY": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def seconds(self, *arguments: str) -> float:
        """Processor time of a command."""
        return _seconds(self.start(*arguments))


def _seconds(process: subprocess.Popen[bytes]) -> float:
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1 is a model with a figure outside its range
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def run(beside: Path, *, rounds: int = ROUNDS) -> int:
    """Print the median of each command under both checkouts, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        (made / "wide.bif").write_text(wide(), encoding="utf-8")
        (made / "large.bif").write_text(large(), encoding="utf-8")
        checkouts = [Checkout(place, made / str(n)) for n, place in enumerate((ROOT, beside.resolve()))]
        for each in checkouts:
            shutil.copytree(ROOT / "priors" / "mosul-2017", each.room / "edited" / "mosul-2017")
            each.seconds("import", str(made / "wide.bif"), str(each.room / "wide" / "wide"), "--ess", "20")
        print(f"| command | here, s | {beside.name}, s | ratio |\n|---|---|---|---|")
        for name, measure in cases(made).items():
            turns = [[measure(each) for each in checkouts] for _ in range(rounds + 1)][1:]
            ours, theirs = (statistics.median(column) for column in zip(*turns, strict=True))
            print(f"| {name} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} |", flush=True)
    return 0


def cases(made: Path) -> dict[str, Callable[[Checkout], float]]:
    """What is measured, by its name."""
    return {
        "ask asia": lambda each: each.seconds("ask", "asia", "lung", "--given", "xray:yes"),
        "ask mosul-2017, no interval": lambda each: each.seconds("ask", "mosul-2017", "pathway", "--no-interval"),
        "ask mosul-2017": lambda each: each.seconds("ask", "mosul-2017", "pathway"),
        "check mosul-2017, unchanged": lambda each: each.seconds("check", "mosul-2017"),
        "check mosul-2017, a number changed": _check_after_an_edit,
        "import of a BIF of 4 MB": lambda each: _imported(each, made / "large.bif"),
        "serve a table of 4,096 rows": _served,
    }


EDITS = itertools.count(10_000)


def _check_after_an_edit(each: Checkout) -> float:
    priors = each.room / "edited"
    text = (ROOT / "priors" / "mosul-2017" / "fighter.yaml").read_text("utf-8")
    changed = text.replace("p: {yes: 0.23}", f"p: {{yes: 0.23{next(EDITS)}}}", 1)
    if changed == text:
        raise RuntimeError("fighter.yaml no longer has the number that is changed")
    (priors / "mosul-2017" / "fighter.yaml").write_text(changed, encoding="utf-8")
    return each.seconds("check", "mosul-2017", "--priors", str(priors))


def _imported(each: Checkout, file: Path) -> float:
    place = each.room / "imported" / "large"
    shutil.rmtree(place, ignore_errors=True)
    return each.seconds("import", str(file), str(place))


def _served(each: Checkout) -> float:
    """Until it listens, and is stopped."""
    process = each.start("serve", "--port", str(PORT), "--priors", str(each.room / "wide"))
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/livez", timeout=5).close()
            break
        except OSError:
            time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    return _seconds(process)


# Networks as other tools write them


def large() -> str:
    """A BIF of 4 MB: 216 variables of four states, each with the four before it as parents."""
    names = [f"v{i}" for i in range(216)]
    return _bif(dict.fromkeys(names, STATES), {name: names[max(0, i - 4) : i] for i, name in enumerate(names)})


def wide() -> str:
    """A BIF with a table of 4,096 rows: twelve causes of two states and their effect."""
    causes = [f"c{i}" for i in range(12)]
    return _bif(dict.fromkeys((*causes, "effect"), STATES[:2]), {**{cause: [] for cause in causes}, "effect": causes})


def _bif(states: dict[str, tuple[str, ...]], parents: dict[str, list[str]]) -> str:
    rng = random.Random(1)
    return "".join(["network made {\n}\n", *_variables(states), *_tables(states, parents, rng)])


def _variables(states: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for name, own in states.items():
        yield f"variable {name} {{\n  type discrete [ {len(own)} ] {{ {', '.join(own)} }};\n}}\n"


def _tables(states: dict[str, tuple[str, ...]], parents: dict[str, list[str]], rng: random.Random) -> Iterator[str]:
    for name, own in parents.items():
        yield f"probability ( {name}{' | ' if own else ''}{', '.join(own)} ) {{\n"
        for combination in itertools.product(*(states[parent] for parent in own)):
            shares = [rng.random() + 0.01 for _ in states[name]]
            row = ", ".join(f"{share / sum(shares):.12f}" for share in shares)
            yield f"  ({', '.join(combination)}) {row};\n" if own else f"  table {row};\n"
        yield "}\n"
