"""Any network written as Hugin, Netica, old GeNIe or the inference competitions write it is read to the last bit."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import BadExchangeFile
from model.interchange import read
from model.interchange.unchecked import difference
from tests.networks import networks
from tests.textbook import network as textbook


def nested(table, separator):
    """Numbers with a pair of brackets around each axis."""
    if not table.ndim:
        return repr(float(table))
    return f"({separator.join(nested(part, separator) for part in table)})"


def flat(table):
    return f"({', '.join(map(repr, table.ravel().tolist()))})"


def net(network):
    quoted = {v.name: " ".join(f'"{state}"' for state in v.states) for v in network.variables}
    nodes = [f"node {name} {{ states = ({states}); }}" for name, states in quoted.items()]
    potentials = [
        f"potential ({v.name}{' | ' if v.parents else ''}{' '.join(v.parents)}) "
        f"{{ data = {nested(network.tables[v.name], ' ')}; }}"
        for v in network.variables
    ]
    return "net { }\n" + "\n".join([*nodes, *reversed(potentials)])


def dne(network, numbers=lambda table: nested(table, ", ")):
    nodes = [
        f"node {v.name} {{ states = ({', '.join(v.states)}); parents = ({', '.join(v.parents)});\n"
        f"  probs = {numbers(network.tables[v.name])}; }};"
        for v in network.variables
    ]
    return "\n".join(["bnet x {", *nodes, "};"])


def old_dne(network):
    return dne(network, flat)


def dsl(network):
    nodes = [
        f"node {v.name} {{ TYPE = CPT; PARENTS = ({', '.join(v.parents)}); DEFINITION = {{\n"
        f"  NAMESTATES = ({', '.join(v.states)}); PROBABILITIES = {flat(network.tables[v.name])}; }}; }};"
        for v in network.variables
    ]
    return "\n".join(["net x {", *nodes, "};"])


def uai(network):
    """Only for networks whose variables are v0, v1, … in this order."""
    at = {name: k for k, name in enumerate(network.names)}
    scopes = [[at[p] for p in v.parents] + [at[v.name]] for v in network.variables]
    tables = [network.tables[v.name].ravel().tolist() for v in network.variables]
    lines = ["BAYES", str(len(at)), " ".join(str(len(v.states)) for v in network.variables), str(len(at))]
    lines += [" ".join(map(str, [len(scope), *scope])) for scope in scopes]
    return "\n".join([*lines, *(f"{len(table)}\n{' '.join(map(repr, table))}" for table in tables)])


WRITERS = {"net": net, "dne": dne, "old dne": old_dne, "dsl": dsl, "uai": uai}


def reread(text, kind):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{kind.split()[-1]}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path).network


@pytest.mark.parametrize("kind", ["net", "dne", "old dne", "dsl"])
@given(network=networks())
def test_every_name_order_and_bit_is_read(kind, network):
    assert reread(WRITERS[kind](network), kind).digest() == network.digest()


@given(networks())
def test_every_size_order_and_bit_of_a_uai_file_is_read(network):
    again = reread(uai(network), "uai")
    at = {name: f"v{k}" for k, name in enumerate(network.names)}
    for variable in network.variables:
        assert again[at[variable.name]].parents == tuple(at[p] for p in variable.parents)
        np.testing.assert_array_equal(again.tables[at[variable.name]], network.tables[variable.name])


@pytest.mark.parametrize("kind", ["net", "dne", "old dne", "dsl"])
@pytest.mark.parametrize("name", ["asia", "alarm", "hailfinder"])
def test_a_public_network_survives_each_dialect(kind, name):
    network = textbook(name)
    assert difference(network, reread(WRITERS[kind](network), kind)) is None


@pytest.mark.parametrize("kind", WRITERS)
@given(st.data())
def test_a_file_with_bytes_changed_is_read_or_refused_and_nothing_else(kind, data):
    content = bytearray(WRITERS[kind](textbook("cancer")).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"(", b")", b"{", b"}", b'"', b";", b"=", b",", b"|", b"%", b"/*"])
        )
    try:
        network = reread(bytes(content), kind)
    except BadExchangeFile:
        return
    assert all(np.isclose(table.sum(axis=-1), 1, rtol=0, atol=1e-9).all() for table in network.tables.values())
