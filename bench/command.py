"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from bench import inference, limit, networks, table
from bench.peers import PEERS, Hired, Refused

RESULTS = Path(__file__).resolve().parent / "results"


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands."""
    options = _parser().parse_args(arguments)
    run = {
        "inference": _inference,
        "http": _http,
        "beside": _beside,
        "scale": _scale,
        "analyses": _analyses,
        "cost": _cost,
        "costliest": _costliest,
        "start": _start,
        "live": _live,
        "web": _web,
        "sweep": _sweep,
        "report": _report,
    }
    return run[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=(__doc__ or "").strip())
    commands = parser.add_subparsers(dest="command", required=True)
    engine = commands.add_parser("inference", help="the engine beside pgmpy, pyAgrum and compiled-knowledge")
    engine.add_argument("--quick", action="store_true", help=f"only {', '.join(networks.QUICK)}, in under a minute")
    engine.add_argument("--networks", type=lambda text: text.split(","), help="a,b,…; all by default")
    engine.add_argument("--cases", default="abcde", help="letters among abcde")
    engine.add_argument("--budget", type=float, help="seconds for each network (150; 3 with --quick)")
    engine.add_argument("--cut", type=float, help="seconds that one turn of a peer may take (30; 4 with --quick)")
    engine.add_argument("--json", type=Path, metavar="FILE", help="write case, network, seconds, ratios, difference")
    web = commands.add_parser("http", help="requests per second under the shipped gunicorn.conf.py; needs wrk")
    web.add_argument("--quick", action="store_true", help="one round of each")
    answer = commands.add_parser("beside", help="what an HTTP answer to a new question costs beside the engine")
    growth = commands.add_parser("scale", help="how cost grows with scenarios, slices, variables and width")
    growth.add_argument("--quick", action="store_true", help="without the largest sizes")
    beyond = commands.add_parser("analyses", help="intervals, sensitivity, explanation … beside the point answer")
    beyond.add_argument("--quick", action="store_true", help="three rounds")
    counted = commands.add_parser("cost", help="the counted cost of every kind of question beside its time")
    counted.add_argument("--only", default="", metavar="TEXT", help="kinds whose name has this in it")
    worst = commands.add_parser("costliest", help="search for the questions that take longest, and longer than counted")
    worst.add_argument("--seconds", type=float, default=300, help="how long to search (300)")
    worst.add_argument("--limit", type=float, default=15, help="the highest cost that is accepted, in seconds (15)")
    worst.add_argument("--seed", type=int, default=1, help="of the search (1)")
    worst.add_argument("--only", default="", metavar="TEXT", help="kinds whose name has this in it")
    worst.add_argument("--write", type=Path, metavar="FILE", help="write the ten costliest of different kinds as JSON")
    swept = commands.add_parser("sweep", help="sweeps beside the same cases in this process, one worker beside two")
    swept.add_argument("--quick", action="store_true", help="one round of an eighth of the cases")
    for each in (engine, web, answer, growth, beyond, counted, swept):
        each.add_argument("--csv", type=Path, metavar="FILE", help="write the rows (bench/results/ after a full run)")
    for each in (engine, growth):
        each.add_argument("--plot", type=Path, metavar="FILE", help="draw them; needs matplotlib")
    start = commands.add_parser("start", help="commands from start to end, beside another checkout")
    start.add_argument("beside", type=Path, metavar="CHECKOUT", help="a folder of the project with an environment")
    start.add_argument("--quick", action="store_true", help="one round of each")
    live = commands.add_parser("live", help="from a saved file to its answer; what the watcher costs polls; a diff")
    live.add_argument("--quick", action="store_true", help="three rounds")
    clicks = commands.add_parser("web", help="a click in the workbench, in Chromium")
    clicks.add_argument("--quick", action="store_true", help="ten clicks")
    clicks.add_argument("--csv", type=Path, metavar="FILE", help="write the rows")
    report = commands.add_parser("report", help="the newest results as tables")
    report.add_argument("--write", action="store_true", help="put them into bench/README.md")
    return parser


def _file(given: Path | None, full: bool, command: str, ending: str) -> Path | None:
    """Where results go: where the options say; after a full run, into the results."""
    return given or (RESULTS / f"{date.today().isoformat()}-{command}.{ending}" if full else None)


def _inference(options: argparse.Namespace) -> int:
    full = not (options.quick or options.networks or options.cases != "abcde")
    names = options.networks or (networks.QUICK if options.quick else networks.NAMES)
    unknown = [name for name in names if name not in networks.NAMES]
    if unknown:
        print(f"no network {', '.join(unknown)}; there are {', '.join(networks.NAMES)}")
        return 2
    rate = limit.rate()
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {rate / 1e9:.2f}e9 multiply-adds a second and core"
    )
    print(table.HEAD)
    hired = {name: Hired(name) for name in PEERS}
    for peer in hired.values():
        peer.start()
    for peer in hired.values():
        with suppress(Refused):
            peer.greet()
    seconds = options.budget or (3.0 if options.quick else 150.0)
    cut = options.cut or (4.0 if options.quick else 30.0)
    rows = []
    try:
        for row in inference.rows(names, options.cases, seconds=seconds, cut=cut, rate=rate, peers=hired):
            rows.append(row)
            print(table.line(row), flush=True)
    finally:
        for peer in hired.values():
            peer.dismiss()
    if options.json:
        options.json.write_text(table.as_json(rows), encoding="utf-8")
    if file := _file(options.csv, full, "inference", "csv"):
        table.write_inference(rows, file)
    if file := _file(options.plot, full, "inference", "svg"):
        print(table.plot_inference(file, rows))
    return 0


def _http(options: argparse.Namespace) -> int:
    from bench import http

    return http.run(quick=options.quick, csv=_file(options.csv, not options.quick, "http", "csv"))


def _beside(options: argparse.Namespace) -> int:
    from bench import beside

    return beside.run(csv=options.csv)


def _sweep(options: argparse.Namespace) -> int:
    from bench import sweep

    return sweep.run(quick=options.quick, csv=_file(options.csv, not options.quick, "sweep", "csv"))


def _web(options: argparse.Namespace) -> int:
    from bench import web

    return web.run(quick=options.quick, csv=options.csv)


def _start(options: argparse.Namespace) -> int:
    from bench import start

    return start.run(options.beside, rounds=1 if options.quick else start.ROUNDS)


def _live(options: argparse.Namespace) -> int:
    from bench import live

    return live.run(rounds=3 if options.quick else live.ROUNDS)


def _scale(options: argparse.Namespace) -> int:
    from bench import scale

    file = _file(options.csv, not options.quick, "scale", "csv")
    return scale.run(quick=options.quick, csv=file, plot=_file(options.plot, not options.quick, "scale", "svg"))


def _analyses(options: argparse.Namespace) -> int:
    from bench import analyses

    return analyses.run(quick=options.quick, csv=_file(options.csv, not options.quick, "analyses", "csv"))


def _cost(options: argparse.Namespace) -> int:
    from bench import cost

    return cost.run(csv_file=options.csv, only=options.only)


def _costliest(options: argparse.Namespace) -> int:
    from bench import costliest

    return costliest.run(
        seconds=options.seconds, limit=options.limit, seed=options.seed, kinds=options.only, file=options.write
    )


def _report(options: argparse.Namespace) -> int:
    from bench import report

    return report.run(RESULTS, write=options.write)
