"""Other engines behind one small interface, each in a process of its own.

A peer may be slow, run out of memory, or not be installed. Its process has a memory limit and is ended when
it oversteps its time; what happened is said in words, which the table shows in place of a number.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any, ClassVar, Protocol

import numpy as np

from model.network import Network, Table, Variable

MEMORY = 8 * 1024**3
START = 60.0
"""Seconds that a peer may take to import itself."""


class Refused(Exception):
    """What a peer cannot do, in the words that the table shows."""


@dataclass(frozen=True, slots=True)
class Task:
    """One question to a peer; ``tables`` are put into its network first, as part of the time."""

    findings: Mapping[str, int]
    target: str | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """A task by its number, the seconds it took, what was found by variable: nothing where that was shown before."""

    task: int
    seconds: float
    found: Mapping[str, Table]


@contextmanager
def uncollected() -> Iterator[None]:
    """Time without the collector of garbage, as ``timeit`` does: it would count what the benchmark itself keeps."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Peer(Protocol):
    """A package that answers: ``engines`` are its algorithms, of which the best counts."""

    engines: ClassVar[tuple[str, ...]]

    def load(self, network: Network, threads: int) -> None:
        """Take a network, its numbers handed over in code."""

    def refill(self, tables: Mapping[str, Table]) -> None:
        """Replace some tables, shape (*parents' states, states)."""

    def ready(self, names: Sequence[str]) -> None:
        """Make what can be made once for questions about these variables; not part of the time."""

    def answer(self, engine: str, names: Sequence[str], findings: Mapping[str, int]) -> dict[str, Table]:
        """Distributions of some variables. Raises Refused."""


class Agrum(Peer):
    """pyAgrum. An engine object is kept from question to question, which helps it, until tables change."""

    engines: ClassVar[tuple[str, ...]] = ("LazyPropagation", "ShaferShenoyInference", "VariableElimination")

    def __init__(self) -> None:
        import pyagrum

        self.package: Any = pyagrum
        self.kept: dict[tuple[str, bool], Any] = {}

    def load(self, network: Network, threads: int) -> None:
        self.threads, self.size = threads, len(network.names)
        self.net = self.package.BayesNet()
        for variable in network.variables:
            self.net.add(self.package.LabelizedVariable(variable.name, "", list(variable.states)))
        for variable in network.variables:
            for parent in variable.parents:
                self.net.addArc(parent, variable.name)
        self.orders = {v.name: self._order(v) for v in network.variables}
        self.refill(network.tables)

    def _order(self, variable: Variable) -> list[int]:
        """Our axes in the order in which the package fills a table: its first variable fastest."""
        family = [*variable.parents, variable.name]
        return [family.index(name) for name in reversed(self.net.cpt(variable.name).names)]

    def refill(self, tables: Mapping[str, Table]) -> None:
        self.kept.clear()
        for name, table in tables.items():
            self.net.cpt(name).fillWith(table.transpose(self.orders[name]).ravel().tolist())

    def answer(self, engine: str, names: Sequence[str], findings: Mapping[str, int]) -> dict[str, Table]:
        every = len(names) == self.size
        asked = self.kept.get((engine, every))
        if asked is None:
            asked = self.kept[engine, every] = getattr(self.package, engine)(self.net)
            asked.setNumberOfThreads(self.threads)
        if not every:
            asked.setTargets(set(names))
        asked.setEvidence(dict(findings))
        asked.makeInference()
        return {name: asked.posterior(name).toarray() for name in names}


class AgrumAnew(Agrum):
    """pyAgrum as a service without a state would use it: each question makes its engine."""

    engines: ClassVar[tuple[str, ...]] = ("LazyPropagation", "ShaferShenoyInference")

    def answer(self, engine: str, names: Sequence[str], findings: Mapping[str, int]) -> dict[str, Table]:
        self.kept.clear()
        return super().answer(engine, names, findings)


class Pgmpy(Peer):
    """pgmpy's variable elimination; several variables one after another, since together it builds their joint."""

    engines: ClassVar[tuple[str, ...]] = ("VariableElimination",)

    def __init__(self) -> None:
        import warnings

        warnings.simplefilter("ignore")
        import pgmpy
        from pgmpy.factors.discrete import TabularCPD
        from pgmpy.inference import VariableElimination
        from pgmpy.models import DiscreteBayesianNetwork

        pgmpy.config.set_show_progress(False)
        self.cpd: Any = TabularCPD
        self.model: Any = DiscreteBayesianNetwork
        self.inference: Any = VariableElimination

    def load(self, network: Network, threads: int) -> None:
        self.network = network
        self.net = self.model()
        self.net.add_nodes_from(network.names)
        self.net.add_edges_from((p, v.name) for v in network.variables for p in v.parents)
        self.refill(network.tables)

    def refill(self, tables: Mapping[str, Table]) -> None:
        for name, table in tables.items():
            parents = list(self.network[name].parents)
            cards = list(table.shape)
            self.net.add_cpds(self.cpd(name, cards[-1], table.reshape(-1, cards[-1]).T, parents, cards[:-1]))
        self.asked = self.inference(self.net)

    def answer(self, engine: str, names: Sequence[str], findings: Mapping[str, int]) -> dict[str, Table]:
        certain = {name: np.eye(len(self.network[name].states))[findings[name]] for name in names if name in findings}
        others = [name for name in names if name not in findings]
        return certain | {name: self.asked.query([name], dict(findings), show_progress=False).values for name in others}


class CompiledKnowledge(Peer):
    """compiled-knowledge: an arithmetic circuit made once, whose numbers are constants of it."""

    engines: ClassVar[tuple[str, ...]] = ("circuit",)

    def __init__(self) -> None:
        from ck.pgm import PGM  # type: ignore[import-not-found]
        from ck.pgm_circuit.marginals_program import MarginalsProgram  # type: ignore[import-not-found]
        from ck.pgm_compiler import factor_elimination  # type: ignore[import-not-found]

        self.pgm: Any = PGM
        self.program: Any = MarginalsProgram
        self.compiler: Any = factor_elimination

    def load(self, network: Network, threads: int) -> None:
        pgm = self.pgm()
        self.variables = {v.name: pgm.new_rv(v.name, list(v.states)) for v in network.variables}
        for v in network.variables:
            factor = pgm.new_factor(*(self.variables[name] for name in (v.name, *v.parents)))
            factor.set_dense().set_flat(*np.moveaxis(network.tables[v.name], -1, 0).ravel().tolist())
        self.circuit = self.compiler.compile_pgm(pgm, algorithm=self.compiler.MIN_FILL)
        self.programs: dict[tuple[str, ...], Any] = {}

    def refill(self, tables: Mapping[str, Table]) -> None:
        if tables:
            raise Refused("not asked: numbers are constants of its circuit")

    def ready(self, names: Sequence[str]) -> None:
        if tuple(names) not in self.programs:
            self.programs[tuple(names)] = self.program(self.circuit, [self.variables[name] for name in names])

    def answer(self, engine: str, names: Sequence[str], findings: Mapping[str, int]) -> dict[str, Table]:
        wanted = [self.variables[name] for name in names]
        given = [self.variables[name][state] for name, state in findings.items()]
        rows = self.programs[tuple(names)].marginal_for_rvs(wanted, condition=given)
        return {name: np.array(row) for name, row in zip(names, rows, strict=True)}


PEERS: Mapping[str, tuple[str, type[Peer]]] = {
    "pyagrum": ("pyagrum", Agrum),
    "anew": ("pyagrum", AgrumAnew),
    "pgmpy": ("pgmpy", Pgmpy),
    "ck": ("ck", CompiledKnowledge),
}
"""The module that must be there, and the peer, by the name that tables use."""


class Hired:
    """A peer at work in a process of its own, started again after it had to be dismissed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.absent = find_spec(PEERS[name][0]) is None
        self._process: Any = None
        self._line: Connection | None = None
        self._held: tuple[Any, ...] = ()
        self._greeted = self._handed = False
        self._broken = ""

    def take(self, network: Network, *, threads: int = 1) -> None:
        """Work on this network from now on; it is handed over when the first question comes."""
        self._held = (list(network.variables), dict(network.tables), threads)
        self._broken = ""
        self._handed = False

    def run(
        self, engine: str, tasks: Sequence[Task], *, first: int, seconds: float, within: float, wall: bool
    ) -> list[Done]:
        """Tasks from number ``first`` on, round and round, until ``seconds`` are used or each is done once.

        Raises Refused: not installed, out of memory, or cut because they took longer than ``within``.
        """
        if self._broken:
            raise Refused(self._broken)
        self.greet()
        if not self._handed:
            self._say(("take", *self._held), within=within, loading=True)
            self._handed = True
        done: list[Done] = self._say(("run", engine, list(tasks), first, seconds, wall), within=within)
        return done

    def dismiss(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process, self._line, self._handed = None, None, False

    def start(self) -> None:
        """Start the process; its package is imported meanwhile, and waited for when the first question comes."""
        if self.absent:
            return
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(self.name, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._greeted = self._handed = False

    def greet(self) -> None:
        """Wait until the package is imported. Raises Refused."""
        if self.absent:
            raise Refused("not installed")
        if self._line is None:
            self.start()
        if not self._greeted:
            self._greeted = True
            self._say(("hello",), within=START)

    def _say(self, words: tuple[Any, ...], *, within: float, loading: bool = False) -> Any:
        assert self._line is not None
        reason, answered = f"too slow: cut at {within:.0f} s", False
        with suppress(EOFError, OSError):
            reason = "ended by the system"
            self._line.send(words)
            reason = f"too slow: cut at {within:.0f} s"
            if self._line.poll(within):
                reason = "ended by the system: out of memory?"
                good, value = self._line.recv()
                answered = True
        if not answered:
            self.dismiss()
            self._broken = reason if loading else ""
            raise Refused(reason)
        if not good:
            self._broken = value if loading else ""
            raise Refused(value)
        return value


def _work(name: str, line: Connection) -> None:
    """What the process does: answer until the line is closed."""
    import resource

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    desk = _Desk(name)
    with suppress(EOFError):
        while True:
            line.send(_tried(desk, *line.recv()))


def _tried(desk: _Desk, verb: str, *rest: Any) -> tuple[bool, Any]:
    """Whether it could be done, and the result or the reason."""
    try:
        return True, getattr(desk, verb)(*rest)
    except Refused as refused:
        return False, str(refused)
    except MemoryError:
        return False, "out of memory"
    except Exception as error:
        said = " ".join(str(error).split())
        memory = "memory" in said.lower() or "bad_alloc" in said
        return False, "out of memory" if memory else f"refused: {type(error).__name__}: {said[:80]}"


class _Desk:
    """The peer in its own process, with the network that it holds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names: list[str] = []

    def hello(self) -> None:
        self.peer = PEERS[self.name][1]()

    def take(self, variables: Sequence[Variable], tables: Mapping[str, Table], threads: int) -> None:
        self.names = [variable.name for variable in variables]
        self.peer.load(Network(variables, tables), threads)

    def run(self, engine: str, tasks: Sequence[Task], first: int, seconds: float, wall: bool) -> list[Done]:
        with uncollected():
            return self._run(engine, tasks, first, seconds, wall)

    def _run(self, engine: str, tasks: Sequence[Task], first: int, seconds: float, wall: bool) -> list[Done]:
        clock = time.perf_counter if wall else time.process_time
        done: list[Done] = []
        arrived = time.perf_counter()
        for number in (*range(first, len(tasks)), *range(first)):
            if done and time.perf_counter() - arrived + done[-1].seconds > seconds:
                break
            task = tasks[number]
            names = [task.target] if task.target else self.names
            self.peer.ready(names)
            started = clock()
            if task.tables:
                self.peer.refill(task.tables)
            found = self.peer.answer(engine, names, task.findings)
            done.append(Done(number, clock() - started, found))
        return done
