"""Exchange files hold a network exactly or not at all, whatever the network and wherever a file is cut."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import BadExchangeFile
from model.interchange import FORMATS, Beside, from_pgmpy, read, to_pgmpy, to_priors, write
from model.interchange.unchecked import difference, rounding, tidy
from model.network import Network, Variable
from model.priors import load
from model.specification import Source
from tests.networks import networks
from tests.textbook import network as textbook

KEEPING_ORDER = sorted(ending for ending, form in FORMATS.items() if form.keeps_order)


def reread(network, ending):
    """The network after a trip through a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x{ending}"
        write(network, path, name="x")
        return read(path).network


@given(networks(), st.sampled_from(KEEPING_ORDER))
def test_bif_and_xmlbif_give_back_every_name_order_and_bit(network, ending):
    assert reread(network, ending).digest() == network.digest()


@given(networks())
def test_xdsl_gives_back_every_name_and_bit_with_parents_first(network):
    again = reread(network, ".xdsl")
    assert difference(network, again, ordered=False) is None
    assert again.names == again.topological


@given(networks())
def test_pgmpy_gives_back_every_name_order_and_bit(network):
    assert from_pgmpy(to_pgmpy(network)).digest() == network.digest()


@pytest.mark.parametrize("ending", [".xmlbif", ".xdsl"])
@given(network=networks())
def test_pgmpy_reads_every_number_of_what_is_written(ending, network):
    from pgmpy.readwrite import XDSLReader, XMLBIFReader

    reader = {".xmlbif": XMLBIFReader, ".xdsl": XDSLReader}[ending]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x{ending}"
        write(network, path, name="x")
        assert difference(network, from_pgmpy(reader(str(path)).get_model()), ordered=False) is None


@given(st.lists(st.floats(0, 1e-6) | st.floats(0, 1), min_size=2, max_size=5).filter(lambda p: sum(p) > 1e-300))
def test_probabilities_of_any_size_are_kept(weights):
    row = np.array(weights) / sum(weights)
    network = Network([Variable("x", tuple(f"s{k}" for k in range(len(row))))], {"x": row})
    for ending in FORMATS:
        assert reread(network, ending).tables["x"].tolist() == row.tolist()


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True), st.sampled_from(sorted(FORMATS)))
def test_any_names_of_states_are_kept_or_refused(states, ending):
    network = Network([Variable("x", tuple(states))], {"x": np.full(len(states), 1 / len(states))})
    try:
        again = reread(network, ending)
    except BadExchangeFile:
        return
    assert again.digest() == network.digest()


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_cut_at_any_byte_is_refused_or_whole(tmp_path, ending):
    network = textbook("asia")
    whole, cut = tmp_path / f"whole{ending}", tmp_path / f"cut{ending}"
    write(network, whole, name="asia")
    data = whole.read_bytes()
    refused = 0
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        try:
            assert difference(network, read(cut).network, ordered=False) is None
        except BadExchangeFile:
            refused += 1
    assert refused >= len(data) - 2


@pytest.mark.parametrize("ending", FORMATS)
@given(st.data())
def test_a_file_with_bytes_changed_is_read_or_refused_and_nothing_else(ending, data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x{ending}"
        write(textbook("cancer"), path)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=4))
        path.write_bytes(content)
        try:
            network = read(path).network
        except BadExchangeFile:
            return
    assert all(np.isclose(table.sum(axis=-1), 1, rtol=0, atol=1e-9).all() for table in network.tables.values())


SOURCE = Source("somewhere", "A network", "a file", "2017-03", None, "unverified")


@given(networks(), st.data())
def test_prior_files_load_as_what_was_checked_before_they_were_written(network, data):
    """The files are not read again on import: what they load as must be what was compared, defaults and texts too."""
    text = st.text(max_size=20).map(tidy)
    said = Beside(
        labels={name: label for name in network.names if (label := data.draw(text))},
        definitions={name: meaning for name in network.names if (meaning := data.draw(text))},
        called={name: called for name in network.names if (called := data.draw(text))},
    )
    tables, defaults = {}, {}
    for variable in network.variables:
        table = np.array(network.tables[variable.name])
        mask = np.array(data.draw(st.lists(st.booleans(), min_size=table[..., 0].size, max_size=table[..., 0].size)))
        defaults[variable.name] = mask.reshape(table.shape[:-1])
        table[defaults[variable.name]] = table.reshape(-1, table.shape[-1])[0]
        tables[variable.name] = table
    network = Network(network.variables, tables)
    said = Beside(said.labels, {}, said.definitions, said.called, {}, defaults)
    with TemporaryDirectory() as folder:
        try:
            to_priors(network, Path(folder) / "x", title="T", source=SOURCE, as_of="2017-03-01", beside=said)
        except BadExchangeFile:
            assert not list(Path(folder).iterdir())
            return
        model = load(Path(folder) / "x")
    assert model.network.digest() == network.digest()
    for name, described in model.described.items():
        assert described.label == said.labels.get(name, name)
        assert (described.definition or "", described.called or "") == (
            said.definitions.get(name, ""),
            said.called.get(name, ""),
        )


@given(
    st.lists(st.floats(1e-9, 1), min_size=2, max_size=6),
    st.integers(2, 9),
    st.sampled_from(["f", "g", "e"]),
)
def test_rows_rounded_to_any_digits_are_within_what_their_digits_allow(weights, digits, style):
    row = [weight / sum(weights) for weight in weights]
    printed = [f"{p:.{digits}{style}}" for p in row]
    if max(len(word.partition("e")[0].replace(".", "").strip("0")) for word in printed) < 2:
        return
    missed = abs(sum(map(float, printed)) - 1)
    assert missed <= rounding(printed) * (1 + 1e-9) + 1e-15
