"""Our answers against pgmpy's where pgmpy can be trusted, and right where it is known to be silently wrong.

Trusted: ``VariableElimination`` with the greedy order, hard evidence, one target, a fresh object for every
question. The six silent errors (``T1`` to ``T10``) each have a test that our answer is right and a canary:
a test of pgmpy that is expected to fail, strictly, so that an upgrade that mends it is noticed.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model import inference
from model.errors import ImpossibleEvidence
from model.evidence import Case, Observed, Reported, SetTo, distribution, observe
from model.forecast import answer, prepare
from model.inference.arrays import encode
from model.interchange import to_pgmpy, write
from model.network import Network, Variable
from model.question import Question
from tests.networks import enumerated, marginal, networks
from tests.textbook import model_of

ROOT = Path(__file__).resolve().parents[2]
TWO = ("0", "1")

canary = pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="pgmpy is wrong here; when this passes, it is mended"
)


def theirs(network, target, evidence):
    """pgmpy's distribution of one target, read by the names of states."""
    from pgmpy.inference import VariableElimination

    found = VariableElimination(to_pgmpy(network)).query(
        [target], evidence=dict(evidence), elimination_order="greedy", show_progress=False
    )
    return by_name(found, network, target)


def by_name(factor, network, target):
    values = dict(zip(factor.state_names[target], factor.values, strict=True))
    return np.array([values[state] for state in network[target].states])


def ours(network, target, case):
    plan = inference.compile(network)
    return inference.posterior(plan, encode(network, [case]), (target,)).of(target)[0]


def mutilated(network, settings):
    """The network after graph surgery: arcs into what is set are gone, its table is the setting."""
    variables = [Variable(v.name, v.states, () if v.name in settings else v.parents) for v in network.variables]
    cut = {name: distribution(network[name], setting) for name, setting in settings.items()}
    return Network(variables, {**network.tables, **cut})


@st.composite
def hard_questions(draw):
    """A network, observations on some variables, interventions on others, and a target among the rest."""
    network = draw(networks())
    roles = {name: draw(st.sampled_from("nnos")) for name in network.names}
    target = draw(st.sampled_from(network.names))
    roles[target] = "n"
    states = {name: draw(st.sampled_from(network[name].states)) for name in network.names}
    seen = {name: states[name] for name, role in roles.items() if role == "o"}
    done = {name: SetTo(states[name]) for name, role in roles.items() if role == "s"}
    return network, target, seen, done


@given(hard_questions())
def test_an_answer_to_hard_evidence_and_interventions_equals_pgmpys_on_the_cut_network(question):
    network, target, seen, done = question
    case = Case(observe(**seen).findings, done)
    joint = enumerated(network, case)
    assume(joint.sum() > 0)
    found = ours(network, target, case)
    np.testing.assert_allclose(found, theirs(mutilated(network, done), target, seen), rtol=0, atol=1e-12)
    np.testing.assert_allclose(found, marginal(joint, network, target), rtol=0, atol=1e-12)


# T1: CausalInference.query drops evidence that is not in its adjustment set

CONFOUNDED = Network(
    [Variable("Z", TWO), Variable("W", TWO), Variable("X", TWO, ("Z",)), Variable("Y", TWO, ("Z", "X", "W"))],
    {
        "Z": np.array([0.4, 0.6]),
        "W": np.array([0.7, 0.3]),
        "X": np.array([[0.8, 0.2], [0.3, 0.7]]),
        "Y": np.array([[[[0.9, 0.1], [0.6, 0.4]], [[0.5, 0.5], [0.2, 0.8]]],
                       [[[0.7, 0.3], [0.4, 0.6]], [[0.3, 0.7], [0.1, 0.9]]]]),
    },
)  # fmt: skip
T1_EXACT = [0.4 * 0.2 + 0.6 * 0.1, 0.4 * 0.8 + 0.6 * 0.9]


def test_t1_evidence_beside_an_intervention_is_used():
    case = Case({"W": Observed("1")}, {"X": SetTo("1")})
    np.testing.assert_allclose(ours(CONFOUNDED, "Y", case), T1_EXACT, rtol=0, atol=1e-15)


@canary
def test_canary_t1_pgmpy_uses_evidence_beside_an_intervention():
    from pgmpy.inference import CausalInference

    found = CausalInference(to_pgmpy(CONFOUNDED)).query(["Y"], do={"X": "1"}, evidence={"W": "1"}, show_progress=False)
    np.testing.assert_allclose(by_name(found, CONFOUNDED, "Y"), T1_EXACT, atol=1e-9)


# T2: two interventions, one a parent of the other

CHAINED = Network(
    [Variable("A", TWO), Variable("B", TWO, ("A",)), Variable("Y", TWO, ("A", "B"))],
    {
        "A": np.array([0.3, 0.7]),
        "B": np.array([[0.9, 0.1], [0.2, 0.8]]),
        "Y": np.array([[[0.8, 0.2], [0.11, 0.89]], [[0.5, 0.5], [0.35, 0.65]]]),
    },
)


def test_t2_two_interventions_hold_together():
    case = Case({}, {"A": SetTo("0"), "B": SetTo("1")})
    np.testing.assert_allclose(ours(CHAINED, "Y", case), [0.11, 0.89], rtol=0, atol=1e-15)


@canary
def test_canary_t2_pgmpy_holds_two_interventions_together():
    from pgmpy.inference import CausalInference

    found = CausalInference(to_pgmpy(CHAINED)).query(["Y"], do={"A": "0", "B": "1"}, show_progress=False)
    np.testing.assert_allclose(by_name(found, CHAINED, "Y"), [0.11, 0.89], atol=1e-9)


# T4: factors that become equal collapse into one

NOISY = np.array([[0.9, 0.1], [0.1, 0.9]])


def repeated(prior):
    """A -> E, A -> C, E -> C with two tables that are equal once E and C are seen in state 0."""
    two = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.1, 0.9], [0.5, 0.5]]])
    variables = [Variable("A", TWO), Variable("E", TWO, ("A",)), Variable("C", TWO, ("A", "E"))]
    return Network(variables, {"A": np.array(prior), "E": NOISY, "C": two})


@pytest.mark.parametrize("order", [("C", "E"), ("E", "C")])
def test_t4_equal_factors_both_count_in_any_order_of_evidence(order):
    case = Case({name: Observed("0") for name in order})
    assert ours(repeated([0.5, 0.5]), "A", case)[0] == pytest.approx(0.81 / 0.82, abs=1e-15)


@pytest.mark.parametrize("order", [("C", "E"), ("E", "C")])
def test_t4_the_most_probable_state_does_not_depend_on_the_order_of_evidence(order):
    ready = prepare(model_of(repeated([0.05, 0.95])))
    found = answer(ready, Question(findings={name: Observed("0") for name in order}, most_probable=True))
    assert found.most_probable is not None
    assert found.most_probable.states["A"] == "0"
    assert found.most_probable.p == pytest.approx(0.05 * 0.81 / (0.05 * 0.81 + 0.95 * 0.01), abs=1e-15)


@canary
def test_canary_t4_pgmpy_gives_one_answer_for_every_elimination_order():
    from pgmpy.inference import VariableElimination

    network = repeated([0.5, 0.5])
    found = VariableElimination(to_pgmpy(network)).query(
        ["A"], evidence={"C": "0", "E": "0"}, elimination_order="MinFill", show_progress=False
    )
    np.testing.assert_allclose(by_name(found, network, "A")[0], 0.81 / 0.82, atol=1e-9)


@canary
def test_canary_t4_pgmpys_most_probable_state_does_not_depend_on_the_order_of_evidence():
    from pgmpy.inference import VariableElimination

    model = to_pgmpy(repeated([0.05, 0.95]))
    found = VariableElimination(model).map_query(["A"], evidence={"C": "0", "E": "0"}, show_progress=False)
    assert found == {"A": "0"}


# T6: virtual evidence changes the object that is asked

REPORTED = {"A": Reported({"0": 3.0, "1": 1.0}), "B": Reported({"0": 1.0, "1": 4.0})}


def test_t6_reports_leave_the_forecaster_as_it_was_whatever_the_threads():
    ready = prepare(model_of(CHAINED))
    questions = [Question(("Y",), {name: finding}) for name, finding in REPORTED.items()] + [Question(("Y",))]
    alone = [answer(ready, question) for question in questions]
    before = ready.model.network.digest()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda i: answer(ready, questions[i % 3]), range(600)))
    assert all(found == alone[i % 3] for i, found in enumerate(together))
    assert ready.model.network.digest() == before
    assert ready.plan.network.names == ("A", "B", "Y")


def test_t6_two_reports_multiply():
    case = Case({"A": Reported({"0": 3.0 * 2.0, "1": 1.0})})
    weight = np.array([0.3 * 6.0, 0.7])
    np.testing.assert_allclose(ours(CHAINED, "A", case), weight / weight.sum(), rtol=0, atol=1e-15)


@canary
def test_canary_t6_pgmpy_is_unchanged_by_virtual_evidence():
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.inference import VariableElimination

    asked = VariableElimination(to_pgmpy(CHAINED))
    report = TabularCPD("A", 2, [[0.9], [0.3]], state_names={"A": list(TWO)})
    asked.query(["Y"], virtual_evidence=[report], show_progress=False)
    assert sorted(asked.model.nodes()) == ["A", "B", "Y"]


@canary
@pytest.mark.filterwarnings("ignore")
def test_canary_t6_pgmpy_multiplies_two_virtual_evidences():
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.inference import VariableElimination

    reports = [TabularCPD("A", 2, [[p], [0.3]], state_names={"A": list(TWO)}) for p in (0.9, 0.6)]
    found = VariableElimination(to_pgmpy(CHAINED)).query(["A"], virtual_evidence=reports, show_progress=False)
    weight = np.array([0.3 * 6.0, 0.7])
    np.testing.assert_allclose(by_name(found, CHAINED, "A"), weight / weight.sum(), atol=1e-9)


# T7: UAI scrambles parents by the hash seed; our formats do not depend on it

SCRAMBLED = Network(
    [
        Variable("a", ("n", "y")),
        Variable("b", ("n", "y")),
        Variable("c", ("n", "y")),
        Variable("d", ("n", "y"), ("b", "c", "a")),
    ],
    {
        **{name: np.array([0.5, 0.5]) for name in "abc"},
        "d": np.stack([np.arange(1, 9).reshape(2, 2, 2) / 10, 1 - np.arange(1, 9).reshape(2, 2, 2) / 10], axis=-1),
    },
)

READ_AGAIN = """
import sys
from pathlib import Path
from model.interchange import read
for path in sorted(Path(sys.argv[1]).iterdir()):
    print(read(path).network.tables["d"].tolist())
"""

READ_UAI = """
import sys
from pgmpy.readwrite import UAIReader
(cpd,) = (cpd for cpd in UAIReader(sys.argv[1]).get_model().get_cpds() if len(cpd.variables) == 4)
states = {"var_3": 0, "var_0": 0, "var_1": 1, "var_2": 0}
print(cpd.values[tuple(states[name] for name in cpd.variables)])
"""


def printed(program, folder, seed):
    """What a fresh interpreter prints under a hash seed."""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


@pytest.mark.slow
def test_t7_files_are_read_the_same_under_every_hash_seed(tmp_path):
    for ending in (".bif", ".xmlbif", ".xdsl"):
        write(SCRAMBLED, tmp_path / f"x{ending}")
    found = {printed(READ_AGAIN, tmp_path, seed) for seed in (0, 1, 2)}
    assert found == {f"{SCRAMBLED.tables['d'].tolist()}\n" * 3}


@canary
@pytest.mark.slow
def test_canary_t7_pgmpys_uai_keeps_the_order_of_parents_under_every_hash_seed(tmp_path):
    from pgmpy.readwrite import UAIWriter

    UAIWriter(to_pgmpy(SCRAMBLED)).write(str(tmp_path / "x.uai"))
    found = [float(printed(READ_UAI, tmp_path / "x.uai", seed)) for seed in (0, 1)]
    assert found == [SCRAMBLED.tables["d"][1, 0, 0, 0]] * 2


# T10: impossible evidence that pgmpy does not notice

DEAD_END = Network(
    [Variable("A", TWO), Variable("B", TWO, ("A",)), Variable("C", TWO, ("B",))],
    {
        "A": np.array([0.5, 0.5]),
        "B": np.array([[1.0, 0.0], [0.5, 0.5]]),
        "C": np.array([[0.2, 0.8], [0.6, 0.4]]),
    },
)


def test_t10_impossible_evidence_is_refused_naming_what_conflicts():
    with pytest.raises(ImpossibleEvidence) as refused:
        answer(prepare(model_of(DEAD_END)), Question(("C",), {"B": Observed("1"), "A": Observed("0")}))
    assert sorted(refused.value.conflict) == ["A=0", "B=1"]


@canary
def test_canary_t10_pgmpy_notices_impossible_evidence():
    found = theirs(DEAD_END, "C", {"B": "1", "A": "0"})
    assert not np.isfinite(found).all()
