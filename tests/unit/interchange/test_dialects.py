"""What other tools write into the formats we read: rounded digits, names, labels, gates, the order of the parents."""

import itertools
import re

import numpy as np
import pytest

from model.errors import BadExchangeFile
from model.gates import AllNeeded, Rule
from model.interchange import FORMATS, Beside, beside, from_pgmpy, losses, read, to_priors, write
from model.interchange.unchecked import difference, renamings
from model.network import Network, Variable
from model.priors import load
from model.specification import Source
from tests.sources import ROOT

FILES = ROOT / "tests" / "data" / "dialects"
SOURCE = Source("somewhere", "A network", "a file", "2017-03", None, "unverified")

ONE = """\
network one { }
variable x { type discrete [ 3 ] { a, b, c }; }
probability ( x ) { table ROW; }
"""


@pytest.fixture
def one(tmp_path):
    """Writes a BIF of one variable with this row and returns its path."""

    def written(row):
        path = tmp_path / "one.bif"
        path.write_text(ONE.replace("ROW", row))
        return path

    return written


@pytest.fixture
def imported(tmp_path):
    """Makes prior files of a file and returns the model."""

    def made(path, **options):
        found = read(path, **options)
        folder = tmp_path / "priors" / path.stem
        to_priors(found.network, folder, title="T", source=SOURCE, as_of="2017-03-01", beside=found.beside)
        return load(folder)

    return made


# Rounded tables


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("0.142857, 0.428572, 0.428572", id="six places, one millionth over"),
        pytest.param("0.500001, 0.25, 0.25", id="zeros cut at the end"),
        pytest.param("0.3333, 0.3333, 0.3333", id="four places"),
        pytest.param("0.33, 0.33, 0.33", id="two places"),
        pytest.param("1.23457e-05, 0.999988, 0", id="six digits that count"),
        pytest.param("3.333333e-1, 3.333333e-1, 3.333333e-1", id="powers of ten"),
        pytest.param("0.33333334, 0.33333334, 0.33333334", id="single precision"),
    ],
)
def test_a_row_that_misses_1_by_what_its_digits_allow_is_scaled_and_said(one, row):
    found = read(one(row))
    assert found.network.tables["x"].sum() == pytest.approx(1, abs=1e-15)
    stated = np.array([float(word) for word in row.split(",")])
    np.testing.assert_allclose(found.network.tables["x"], stated / stated.sum(), rtol=1e-15)
    first, second = found.notes
    assert f"missed 1 by up to {abs(stated.sum() - 1):.1e} were scaled, in the tables of 'x'" in first
    assert second == f"the largest miss: table of 'x', row, which sums to {stated.sum():.10g}"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("0.333333, 0.333333, 0.333330", id="six places and four millionths"),
        pytest.param("0.33, 0.33, 0.31", id="two places and three hundredths"),
        pytest.param("0.9, 0.1, 0.1", id="one digit is taken as meant"),
        pytest.param("0.123456789, 0.4, 0.5", id="the number with the most digits says how many there are"),
        pytest.param("20, 30, 50", id="per cent"),
    ],
)
def test_a_row_that_misses_1_by_more_is_refused_by_name_unless_told_to_scale(one, row):
    with pytest.raises(BadExchangeFile, match=r"one\.bif:3: table of 'x', row: sums to .*, not 1 \(.* --scale"):
        read(one(row))
    stated = np.array([float(word) for word in row.split(",")])
    found = read(one(row), scale=True)
    np.testing.assert_allclose(found.network.tables["x"], stated / stated.sum(), rtol=1e-15)
    assert f"row, which sums to {stated.sum():.10g}" in found.notes[-1]


@pytest.mark.parametrize("row", ["0, 0, 0", "-0.5, 0.5, 1", "1e999, 0, 0"])
def test_what_is_no_distribution_is_refused_even_when_told_to_scale(one, row):
    with pytest.raises(BadExchangeFile, match=r"nothing that could be scaled|negative or not finite"):
        read(one(row), scale=True)


def test_the_largest_miss_of_a_file_is_named_by_its_row():
    notes = read(FILES / "six_digits.bif").notes
    assert "were scaled, in the tables of 'weather', 'late'" in notes[1]
    assert notes[2].startswith("the largest miss: table of 'late', row when {weather: ")


def test_digits_that_count_are_counted_in_xml_too(tmp_path):
    found = read(FILES / "significant.bifxml")
    np.testing.assert_allclose(found.network.tables["b"][1], np.array([0.572235, 0.427766]) / 1.000001, rtol=1e-15)
    coarse = tmp_path / "coarse.xml"
    coarse.write_text((FILES / "significant.bifxml").read_text().replace("0.427766", "0.427769"))
    with pytest.raises(BadExchangeFile, match=r"row when \{a: 1\}: sums to 1.000004, not 1 \(its digits allow 1e-06"):
        read(coarse)


# The order of the parents in XDSL


def test_agrum_lets_the_first_parent_change_fastest():
    found = read(FILES / "agrum.xdsl")
    table = found.network.tables["c"]
    assert table.shape == (2, 3, 2, 2)
    np.testing.assert_array_equal(table[:, 0, 0, 0], [0.9, 0.8])
    np.testing.assert_array_equal(table[0, :, 0, 0], [0.9, 0.7, 0.5])
    np.testing.assert_array_equal(table[0, 0, :, 0], [0.9, 0.95])
    np.testing.assert_allclose(table[1, 2, 1], [1 / 3, 2 / 3], atol=1e-6)
    assert any("written by aGrUM 3.3.1" in note for note in found.notes)
    assert "row when {p: 1, q: 2, r: y}" in found.notes[-1]


def test_every_other_writer_lets_the_last_parent_change_fastest(tmp_path):
    path = tmp_path / "genie.xdsl"
    path.write_text((FILES / "agrum.xdsl").read_text().replace("aGrUM 3.3.1", "GeNIe 4.1"))
    table = read(path).network.tables["c"]
    np.testing.assert_array_equal(table[0, 0, :, 0], [0.9, 0.8])
    np.testing.assert_array_equal(table[:, 0, 0, 0], [0.9, 0.95])


# Gates of XDSL


def strongest_of(*causes):
    """P(each state | independent causes), the states from the strongest down, by going through all that may happen."""
    total = np.zeros(len(causes[0]))
    for states in itertools.product(range(len(causes[0])), repeat=len(causes)):
        total[min(states)] += np.prod([cause[k] for cause, k in zip(causes, states, strict=True)])
    return total


def test_a_noisy_max_is_a_gate_whose_strongest_cause_decides(imported):
    cold = {"bad": (0.5, 0.3, 0.2), "slight": (0.1, 0.4, 0.5), "none": (0, 0, 1)}
    dust = {"no": (0, 0, 1), "yes": (0.2, 0.3, 0.5)}
    leak = (0.02, 0.08, 0.9)
    model = imported(FILES / "canonical.xdsl")
    described = model.described["cough"]
    assert isinstance(described.gate, AllNeeded)
    assert described.kind == "all_needed"
    for (i, a), (j, b) in itertools.product(enumerate(cold.values()), enumerate(dust.values())):
        np.testing.assert_allclose(model.network.tables["cough"][i, j], strongest_of(a, b, leak), atol=1e-15)


def test_parameters_listed_by_strength_are_put_back_by_the_state_without_effect(tmp_path):
    text = (FILES / "canonical.xdsl").read_text()
    turned = text.replace("0 0 1 0 0 1 0.2 0.3 0.5 0.02", "0 0 1 0.2 0.3 0.5 0 0 1 0.02")
    assert turned != text
    path = tmp_path / "turned.xdsl"
    path.write_text(turned)
    assert difference(read(FILES / "canonical.xdsl").network, read(path).network) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0 0 1 0 0 1 0.2 0.3 0.5", "0 0 1 0 0 1 0 0 1", "the weakest state of 'dust'"),
        ("0 0 1 0 0 1 0.2", "0 0.5 0.5 0 0 1 0.2", "the weakest state of 'cold'"),
        ("0 1 2 1 0<", "0 1 1 1 0<", "strengths of node 'cough' are not each parent's states"),
        ("0.02 0.08 0.9<", "0.02 0.08<", "17 numbers, not 6 x 3 = 18"),
        ("0.02 0.08 0.9<", "0.02 0.08 0.5<", "parameter row 6: sums to 0.6, not 1"),
        ("on on off on off off", "on on off on off", "names 5 states for 6 combinations"),
        ("on on off on off off", "on on of on off off", "node 'alarm' has no state 'of'; the states are"),
    ],
)
def test_a_gate_that_is_not_whole_is_refused(tmp_path, old, new, message):
    text = (FILES / "canonical.xdsl").read_text()
    assert old in text
    path = tmp_path / "bad.xdsl"
    path.write_text(text.replace(old, new))
    with pytest.raises(BadExchangeFile, match=re.escape(message)):
        read(path)


def test_a_deterministic_node_is_a_rule(imported):
    model = imported(FILES / "canonical.xdsl")
    assert isinstance(model.described["alarm"].gate, Rule)
    off_on = {"off": [1.0, 0.0], "on": [0.0, 1.0]}
    wanted = [off_on[state] for state in ("on", "on", "off", "on", "off", "off")]
    np.testing.assert_array_equal(model.network.tables["alarm"].reshape(-1, 2), wanted)
    np.testing.assert_array_equal(model.network.tables["always"], [0, 1])


# Labels and definitions


def test_genies_names_and_comments_are_labels_and_definitions(imported):
    model = imported(FILES / "canonical.xdsl")
    assert model.described["cold"].label == "The worst cold & its signs"
    assert model.described["cough"].definition == "As the patient tells it"
    assert model.described["cough"].label == "cough"


def test_properties_are_labels_and_definitions(imported):
    described = imported(FILES / "six_digits.bif").described
    assert described["weather"].label == "Weather at noon"
    assert described["late"].definition == "The train is over 5 minutes late; by its own clock"
    assert read(FILES / "six_digits.bif").notes[0] == "1 property left out (positions and the like)"
    assert read(FILES / "significant.bifxml").beside.labels == {"a": "How it began"}


@pytest.mark.parametrize("ending", FORMATS)
def test_labels_and_definitions_survive_a_trip(tmp_path, ending):
    network = Network([Variable("x", ("a", "b"))], {"x": np.array([0.5, 0.5])})
    said = Beside(
        labels={"x": "A name; of <two> & more // words (état)"}, definitions={"x": "What's meant: [a, b] | {c}"}
    )
    write(network, tmp_path / f"x{ending}", beside=said)
    found = read(tmp_path / f"x{ending}")
    assert (found.beside.labels, found.beside.definitions) == (said.labels, said.definitions)
    assert found.network.digest() == network.digest()


@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_exported_comes_back_with_its_labels(tmp_path, ending):
    model = load(ROOT / "priors" / "asia")
    write(model.network, tmp_path / f"asia{ending}", beside=beside(model))
    found = read(tmp_path / f"asia{ending}").beside
    assert found.labels == {name: said.label for name, said in model.described.items()}
    assert found.definitions["either"] == model.described["either"].definition
    lost = losses(model, tmp_path / f"asia{ending}")
    assert any(one.startswith("the definitions of single states of 'asia'") for one in lost)
    assert not any(one.startswith("label") for one in lost)


@pytest.mark.parametrize("ending", [".bif", ".xmlbif", ".xdsl"])
def test_pgmpy_reads_numbers_past_labels_and_definitions(tmp_path, ending):
    from pgmpy.readwrite import BIFReader, XDSLReader, XMLBIFReader

    model = load(ROOT / "priors" / "asia")
    path = tmp_path / f"asia{ending}"
    write(model.network, path, name="asia", beside=beside(model))
    reader = {".bif": BIFReader, ".xmlbif": XMLBIFReader, ".xdsl": XDSLReader}[ending]
    assert difference(model.network, from_pgmpy(reader(str(path)).get_model()), ordered=False) is None


# XML


def test_xml_is_told_by_its_root_and_a_harmless_document_type_is_passed_over(tmp_path):
    from pgmpy.readwrite import XMLBIFReader

    found = read(FILES / "declared.xml")
    np.testing.assert_array_equal(found.network.tables["late"], [[0.6, 0.4], [0.1, 0.9]])
    theirs = from_pgmpy(XMLBIFReader(str(FILES / "declared.xml")).get_model())
    assert difference(found.network, theirs, ordered=False) is None
    smile = tmp_path / "canonical.xml"
    smile.write_bytes((FILES / "canonical.xdsl").read_bytes())
    assert read(smile).network.digest() == read(FILES / "canonical.xdsl").network.digest()
    other = tmp_path / "other.xml"
    other.write_text("<html/>")
    with pytest.raises(BadExchangeFile, match="expected one of <BIF>, <NETWORK>, <smile>, found <html>"):
        read(other)


@pytest.mark.parametrize("ending", [".xmlbif", ".bifxml", ".xml", ".BIFXML"])
@pytest.mark.parametrize("form", ["as it is", "without BIF", "with a default namespace", "with a prefix"])
def test_xmlbif_is_read_under_every_ending_and_namespace(tmp_path, ending, form):
    text = re.sub(r"<!DOCTYPE.*?\]>", "", (FILES / "declared.xml").read_text(), flags=re.DOTALL)
    if form == "without BIF":
        text = re.sub(r"</?BIF[^>]*>", "", text)
    elif form == "with a default namespace":
        text = text.replace("<BIF ", '<BIF xmlns="http://www.cs.ubc.ca/labs/lci/fopi/ve/XMLBIFv0_3" ')
    elif form == "with a prefix":
        text = re.sub(r"<(/?)([A-Z])", r"<\1b:\2", text).replace("<b:BIF ", '<b:BIF xmlns:b="urn:bif" ')
    path = tmp_path / f"x{ending}"
    path.write_text(text)
    assert read(path).network.digest() == read(FILES / "declared.xml").network.digest()


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE BIF [ <!ENTITY a "b"> ]>',
        '<!DOCTYPE BIF [ <!ENTITY % a "b"> ]>',
        '<!DOCTYPE BIF SYSTEM "bif.dtd">',
        '<!DOCTYPE BIF PUBLIC "-//x" "http://example.org/bif.dtd">',
        '<!DOCTYPE BIF [ <!NOTATION n SYSTEM "n"> ]>',
    ],
)
def test_a_document_type_that_names_other_text_is_refused(tmp_path, doctype):
    text = re.sub(r"<!DOCTYPE.*?\]>", doctype, (FILES / "declared.xml").read_text(), flags=re.DOTALL)
    path = tmp_path / "x.xmlbif"
    path.write_text(text)
    with pytest.raises(BadExchangeFile, match="a document type declaration with entities or the name of another file"):
        read(path)


def test_text_that_a_document_type_keeps_elsewhere_is_refused_and_not_left_out(tmp_path):
    text = re.sub(
        r"<!DOCTYPE.*?\]>", "<!DOCTYPE BIF [ %other; ]>", (FILES / "declared.xml").read_text(), flags=re.DOTALL
    )
    path = tmp_path / "x.xmlbif"
    path.write_text(text.replace("<TABLE>0.2 0.8", "<TABLE>0.2 0.8&more;"))
    with pytest.raises(BadExchangeFile, match="a document type declaration"):
        read(path)


# Names


NEW = {
    "light-on": "light_on_2",
    "visit to Asia?": "visit_to_Asia",
    "doświadczenie": "doswiadczenie",
    "天气": "TianQi",
    "0": "v_0",
    "Light_On": "Light_On_2",
}


def test_names_that_cannot_be_kept_are_told_at_once_each_with_a_proposal():
    with pytest.raises(BadExchangeFile, match="--rename") as refused:
        read(FILES / "strange_names.bif")
    proposed = dict(re.findall(r"'([^']*)' as '([^']*)'", str(refused.value)))
    assert set(proposed) == set(NEW)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*[A-Za-z0-9]", name) for name in proposed.values())
    assert {name: new for name, new in proposed.items() if name not in ("light-on", "Light_On")} == {
        name: new for name, new in NEW.items() if name not in ("light-on", "Light_On")
    }


def test_renamed_variables_keep_their_names_as_labels_and_are_written_back(tmp_path, imported):
    model = imported(FILES / "strange_names.bif", rename=True)
    called = {said.called: name for name, said in model.described.items() if said.called}
    assert set(called) == set(NEW)
    assert all(model.described[name].label == theirs for theirs, name in called.items())
    assert model.network["doswiadczenie"].parents == ("TianQi", "v_0")
    for ending in (".bif", ".xmlbif"):
        notes = write(model.network, tmp_path / f"x{ending}", beside=beside(model))
        assert notes == ()
        with pytest.raises(BadExchangeFile, match="'visit to Asia\\?' as 'visit_to_Asia'"):
            read(tmp_path / f"x{ending}")
        again = read(tmp_path / f"x{ending}", rename=True)
        assert again.network.digest() == model.network.digest()
        assert dict(again.beside.called) == {name: theirs for theirs, name in called.items()}


def test_names_are_unique_whatever_their_case_and_length():
    new = renamings(["é" * 70, "è" * 70, "a", "A", "?", "!", "-1", "1"])
    assert len({name.casefold() for name in (*new.values(), "a")}) == len(new) + 1
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) for name in new.values())


def test_what_xdsl_cannot_name_is_written_otherwise_and_said(tmp_path, imported):
    text = (FILES / "strange_names.bif").read_text()
    path = tmp_path / "ours.bif"
    path.write_text(text.replace("małe, duże", "1, s_1").replace("晴", "_a").replace("雨", "b"))
    model = imported(path, rename=True)
    notes = write(model.network, tmp_path / "x.xdsl", beside=beside(model))
    assert any("'visit to Asia?' as 'visit_to_Asia'" in note for note in notes)
    prefixed = next(note for note in notes if "prefix" in note)
    assert "'1' of doswiadczenie as 's_1_2'" in prefixed
    assert "'_a' of TianQi as 's__a'" in prefixed
    found = read(tmp_path / "x.xdsl", rename=True)
    assert found.network["doswiadczenie"].states == ("s_1_2", "s_1")
    assert found.beside.labels["visit_to_Asia"] == "visit to Asia?"
    for name in model.network.names:
        np.testing.assert_array_equal(found.network.tables[name], model.network.tables[name])


# Import


def test_one_line_for_many_combinations_is_few_rows(imported):
    model = imported(FILES / "default_of_16.bif")
    table = model.network.tables["x"]
    assert table.shape == (2,) * 17
    np.testing.assert_array_equal(table[(1,) * 16], [0.02, 0.98])
    assert (np.count_nonzero(table[..., 0] == 0.75), table[..., 0].size) == (2**16 - 1, 2**16)
    assert len(model.described["x"].statements) == 17


def test_an_import_parses_no_file_that_it_wrote(tmp_path, monkeypatch):
    def parsed(*_args, **_options):
        raise AssertionError("a prior file was parsed")

    monkeypatch.setattr("model.priors.yaml.reader.read", parsed)
    monkeypatch.setattr("model.priors.folder.read_file", parsed)
    found = read(FILES / "declared.xml")
    to_priors(found.network, tmp_path / "x", title="T", source=SOURCE, as_of="2017-03-01")
    assert (tmp_path / "x" / "model.yaml").is_file()


def test_a_schema_is_named_only_where_it_is(tmp_path):
    network = read(FILES / "declared.xml").network
    (tmp_path / "schema").mkdir()
    for schema in (ROOT / "priors" / "schema").iterdir():
        (tmp_path / "schema" / schema.name).write_bytes(schema.read_bytes())
    for folder, named in ((tmp_path / "there", True), (tmp_path / "far" / "away", False)):
        to_priors(network, folder, title="T", source=SOURCE, as_of="2017-03-01")
        for path in folder.iterdir():
            first = path.read_text().partition("\n")[0]
            assert first.startswith("# yaml-language-server: $schema=") == named
            assert not named or (folder / first.partition("=")[2]).is_file()


def test_an_imported_model_has_the_words_of_the_models_that_come_with_the_program(tmp_path):
    from model.priors.yaml.reader import read_file

    to_priors(read(FILES / "declared.xml").network, tmp_path / "x", title="T", source=SOURCE, as_of="2017-03-01")
    made = read_file(tmp_path / "x" / "model.yaml", file="x").data["words"]
    shipped = read_file(ROOT / "priors" / "mosul-2017" / "model.yaml", file="x").data["words"]
    assert made["confidence"].pop("unstated") == 10
    assert made == shipped


def test_rows_that_no_prior_file_could_hold_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("model.priors.yaml.reader.SIZE_LIMIT", 300)
    with pytest.raises(BadExchangeFile, match="a prior file has at most 300 bytes"):
        to_priors(read(FILES / "declared.xml").network, tmp_path / "x", title="T", source=SOURCE, as_of="2017-03-01")
    assert list(tmp_path.iterdir()) == []
