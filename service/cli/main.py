"""The command line: check, show, ask, import, export, serve, and the commands of the files beside this one.

Each command imports what it needs when it runs, so that ``aftermath --help`` answers at once and
only ``import`` and ``export`` come near other tools' formats.
"""

from __future__ import annotations

import datetime
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from model.errors import AftermathError
from service.analyses import ANALYSES
from service.cli.options import evidence_options, folders_of, known, load, priors_option, ready, root_of
from service.cli.plot import plot
from service.cli.questions import questions

if TYPE_CHECKING:
    from model.forecast import Forecaster
    from model.question import Question
    from model.specification import Model

REFUSED = 1
HOME = Path(__file__).resolve().parents[2]
"""Where wsgi.py stands: the work tree, or the folder of installed packages."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command: exit 0, 1 for a refused question or a model with problems, 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        commands.main(args=arguments, prog_name="aftermath", standalone_mode=True)
    except AftermathError as error:
        for line in _lines(error):
            click.echo(line, err=True)
        sys.exit(REFUSED)
    sys.exit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aftermath", message="%(prog)s %(version)s")
def commands() -> None:
    """Conditional forecasts from a Bayesian network: exact, cited, compared with what is known."""


@commands.command(short_help="Problems, size and checks of a model.")
@click.argument("model", required=False)
@priors_option
def check(model: str | None, root: Path | None) -> None:
    """Every problem of MODEL (or of all), its size, what it rests on, and its checks against published figures.

    What it rests on: of how many statements a publication gives the number, of how many only the direction, and how
    many are judgement; then how the sources were read. Headline targets whose 90 % range without evidence is wider
    than 0.5 are named with the prior statements that would narrow it most.

    Exits 1 when a model has problems or a figure lies outside its published range.
    """
    folders = folders_of(root)
    chosen = [known(model, folders)] if model else list(folders)
    if not chosen:
        raise AftermathError(f"no models in {root_of(root)}: a model is a folder with a model.yaml")
    sound = [_checked(name, folders[name]) for name in chosen]
    sys.exit(0 if all(sound) else REFUSED)


@commands.command(short_help="The tables that a variable's words mean.")
@click.argument("model")
@click.argument("variable", metavar="VARIABLE|FILE")
@priors_option
def show(model: str, variable: str, root: Path | None) -> None:
    """The table that the words of VARIABLE mean, with 90 % ranges and sources.

    The name of one of the model's files, such as levers, shows every variable in it.
    """
    from shutil import get_terminal_size

    from model import readback

    loaded = load(model, root)
    chosen = [variable] if variable in loaded.network else (_written_in(loaded, variable) or [variable])
    width = get_terminal_size((100, 24)).columns
    click.echo("\n\n".join(readback.show(loaded, name).text(width).rstrip("\n") for name in chosen))


def _written_in(model: Model, theme: str) -> list[str]:
    """Variables whose file has this name, with or without its ending, in file order."""
    files = {f"{theme}.yaml", theme}
    return [
        name
        for name in model.network.names
        if any(Path(statement.file).name in files for statement in model.described[name].statements)
    ]


@commands.command(short_help="How likely each state of a target is under a what-if.")
@click.argument("model")
@click.argument("targets", metavar="TARGET…", nargs=-1, required=True)
@evidence_options
@click.option(
    "--interval",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="The share of the draws that each range holds.",
)
@click.option("--no-interval", "point", is_flag=True, help="Only the probabilities, without their ranges.")
@click.option("--sources", "whole", is_flag=True, help="Say the whole of every source, not only its name.")
@click.option("--json", "as_json", is_flag=True, help="Exactly the body of the HTTP answer.")
@priors_option
def ask(
    model: str,
    targets: tuple[str, ...],
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: str | None,
    cohort: str | None,
    interval: float,
    point: bool,
    whole: bool,
    as_json: bool,
    root: Path | None,
) -> None:
    """How likely each state of TARGET is under a what-if.

    \b
    aftermath ask asia lung --given xray:yes --do smoke:no
    """
    from model.forecast import answer
    from model.question import Question
    from service.cli import text
    from service.translate import evidence_syntax, forecasts

    question = Question(
        targets,
        evidence_syntax.findings(given),
        evidence_syntax.settings(do),
        scenario=scenario,
        cohort=cohort,
        interval=None if point else interval,
    )
    forecaster = ready(model, root)
    found = answer(forecaster, _canonical(forecaster, question))
    if as_json:
        sys.stdout.flush()
        sys.stdout.buffer.write(forecasts.answer_body(forecaster.model, found))
        return
    click.echo(text.answer_text(forecaster.model, found, drawn=text.marks(), whole=whole), nl=False)


@commands.command("import", short_help="Make prior files from a BIF, XMLBIF or XDSL file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder")
@click.option("--title", help="Title of the model (the file's name by default).")
@click.option("--source", "publication", help="Where the numbers were published; the file itself by default.")
@click.option("--url", help="Address of that publication.")
@click.option("--date", help="When it was published: YYYY, YYYY-MM or YYYY-MM-DD; today by default.")
@click.option("--as-of", help="The model's as-of date, YYYY-MM-DD; today by default.")
@click.option("--ess", type=click.FloatRange(min=0, min_open=True), help="How sure every number is; else 'unstated'.")
@priors_option
def import_file(
    file: Path,
    folder: str,
    title: str | None,
    publication: str | None,
    url: str | None,
    date: str | None,
    as_of: str | None,
    ess: float | None,
    root: Path | None,
) -> None:
    """Make prior files in FOLDER from a BIF, XMLBIF or XDSL FILE, number for number.

    A FOLDER without a slash is made inside the folder of models. Nothing is written over, and nothing
    is written when the network is too large for exact inference.
    """
    from model.inference.junction_tree.triangulation import junction_tree
    from model.interchange import read, to_priors
    from model.specification import Source
    from service.cli import text

    place = Path(folder) if os.sep in folder else root_of(root) / folder
    exchange = read(file)
    tree = junction_tree(exchange.network)
    today = datetime.date.today().isoformat()
    source = Source(
        name=_source_name(file),
        title=f"All tables of the network {exchange.name!r}",
        publication=publication or f"the file {file.name}",
        date=date or today,
        url=url,
        status="unverified",
        note=None
        if publication
        else "The file does not say where its numbers were published; the date is the import's.",
    )
    to_priors(exchange.network, place, title=title or _stem(file), source=source, as_of=as_of or today, ess=ess)
    for note in exchange.notes:
        click.echo(note)
    click.echo(f"{place}: {text.size_text(exchange.network, tree)}")


@commands.command(short_help="Write a model as BIF, XMLBIF or XDSL.")
@click.argument("model")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Write over FILE if it is there.")
@priors_option
def export(model: str, file: Path, overwrite: bool, root: Path | None) -> None:
    """Write MODEL as a BIF, XMLBIF or XDSL FILE and say what the format has no place for."""
    from model.errors import BadExchangeFile
    from model.interchange import losses, write

    loaded = load(model, root)
    lost = losses(loaded, file)
    if file.exists() and not overwrite:
        raise BadExchangeFile("exists already; --overwrite writes over it", where=(str(file),))
    labels = {name: description.label for name, description in loaded.described.items()}
    notes = write(loaded.network, file, name=loaded.name, labels=labels)
    click.echo(f"{file}: {len(loaded.network.names)} variables, {loaded.network.parameters():,} probabilities")
    for note in notes:
        click.echo(note)
    click.echo("no place in this format for:")
    for item in lost:
        click.echo(f"  {item}")


@commands.command(short_help="Serve every model over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@priors_option
def serve(host: str, port: int, root: Path | None) -> None:
    """Serve every model over HTTP, under gunicorn, until stopped."""
    environment = {**os.environ, "AFTERMATH_PRIORS": str(root_of(root).resolve())}
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "--config", str(_configuration()), "--bind", address]
    command += ["--pythonpath", str(HOME), "wsgi:app"]
    click.echo(f"Serving on http://{address} (Ctrl-C stops it).", err=True)
    sys.stderr.flush()
    os.execve(command[0], command, environment)


def _checked(name: str, folder: Path) -> bool:
    """Print what is to be said of one model; whether nothing is wrong with it."""
    from model import priors
    from model.analyses import model_review
    from model.errors import BadPriors
    from model.forecast import prepare
    from service.cli import text

    try:
        forecaster = prepare(priors.load(folder))
    except BadPriors as error:
        for line in (*map(str, error.problems), _count(len(error.problems), "problem", name)):
            click.echo(line)
        return False
    except AftermathError as error:
        click.echo(f"{name}: {error}")
        return False
    model, tree = forecaster.model, forecaster.plan.tree
    held = model_review.held(forecaster)
    click.echo(f"{name}  {model.title} ({model.revision}, as of {model.as_of})")
    click.echo(text.size_text(model.network, tree))
    click.echo(text.footing_text(model_review.footing(model)))
    if model.counts:
        click.echo(text.counts_text(model))
    arcs = model_review.costly_arcs(model.network, tree)
    if arcs:
        click.echo(text.arcs_text(arcs))
    click.echo(text.ranges_text(model_review.ranges(forecaster)))
    if held:
        click.echo(text.checks_text(held))
    if model.questions:
        click.echo(text.expressible_text(model))
    outside = sum(not each.inside for each in held)
    click.echo(f"{len(held)} checks, {outside} outside their range" if held else "no checks")
    return outside == 0


def _count(count: int, what: str, name: str) -> str:
    return f"{name}: {count} {what}{'' if count == 1 else 's'}"


def _lines(error: AftermathError) -> list[str]:
    """An error as plain lines; each of several mistakes on its own."""
    several = getattr(error, "errors", None) or getattr(error, "problems", None) or (error,)
    return [" ".join(str(each).splitlines()) for each in several]


class AnalysisCommand(click.Command):
    """A command of an analysis: its file, and with it all that computes, is imported when the command is called."""

    def __init__(self, name: str, *, file: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.file = file

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the analysis's own command."""
        command: click.Command = import_module(f"service.analyses.{self.file}").command
        return command.make_context(info_name, args, parent, **extra)


commands.add_command(plot)
commands.add_command(questions)
for _each in ANALYSES:
    if _each.command is not None:
        commands.add_command(AnalysisCommand(_each.command, file=_each.file, short_help=_each.summary))


def _canonical(forecaster: Forecaster, question: Question) -> Question:
    from service.translate.questions import canonical

    return canonical(forecaster.model, question)


def _source_name(file: Path) -> str:
    """A name for the imported file as a source.

    >>> _source_name(Path("2nd net.bif.gz"))
    'file_2nd_net'
    """
    words = re.sub(r"[^A-Za-z0-9]+", "_", _stem(file)).strip("_")
    return f"file_{words}"[:64]


def _stem(file: Path) -> str:
    return file.name.split(".")[0] or file.name


def _configuration() -> Path:
    """gunicorn.conf.py: beside the project's code, or where an installed wheel put it."""
    places = (HOME, Path(sys.prefix) / "share" / "aftermath")
    for place in places:
        if (place / "gunicorn.conf.py").is_file():
            return place / "gunicorn.conf.py"
    raise AftermathError(f"gunicorn.conf.py is in none of {', '.join(map(str, places))}; install the project again")


if __name__ == "__main__":
    main()
