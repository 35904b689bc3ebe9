"""Files of other tools: what is read exactly, what is refused and with which words, what is never released."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from model.errors import BadExchangeFile, NetworkTooLarge
from model.inference.junction_tree.triangulation import triangulate
from model.interchange import FORMATS, from_pgmpy, losses, read, to_pgmpy, to_priors, write
from model.interchange.unchecked import NAME, difference
from model.network import Network, Variable
from model.priors import load
from model.priors.schema.cited import Name
from model.specification import Source
from tests.textbook import collection
from tests.textbook import network as textbook

PUBLIC = tuple(sorted(path.name.removesuffix(".bif.gz") for path in collection().glob("*.bif.gz")))
TOO_LARGE = {"link", "munin1"}
SMALL = ("asia", "cancer", "earthquake", "survey", "sachs", "child", "insurance", "alarm", "hailfinder", "win95pts")
MIDDLING = ("hepar2", "andes", "pigs", "water")
LARGE = tuple(name for name in PUBLIC if name not in TOO_LARGE and name not in SMALL + MIDDLING)
UNTIDY_STATES = {"child"}
SOURCE = Source("somewhere", "A network", "a file", "2017-03", None, "unverified")

BIF = """\
network test { property "made by hand"; }
variable rain {
  type discrete [ 2 ] { yes, no };
}
variable road {
  type discrete [ 3 ] { dry, wet, flooded };
}
variable late {
  type discrete [ 2 ] { yes, no };
}
probability ( rain ) {
  table 0.2, 0.8;
}
probability ( road | rain ) {
  (yes) 0.1, 0.7, 0.2;
  (no) 0.9, 0.1, 0.0;
}
probability ( late | rain, road ) {
  (yes, dry) 0.2, 0.8;
  (yes, wet) 0.4, 0.6;
  (yes, flooded) 0.9, 0.1;
  (no, dry) 0.1, 0.9;
  (no, wet) 0.3, 0.7;
  (no, flooded) 0.8, 0.2;
}
"""

XMLBIF = """\
<?xml version="1.0"?>
<BIF VERSION="0.3">
<NETWORK><NAME>test</NAME>
<VARIABLE TYPE="nature"><NAME>rain</NAME><OUTCOME>yes</OUTCOME><OUTCOME>no</OUTCOME></VARIABLE>
<VARIABLE TYPE="nature"><NAME>late</NAME><OUTCOME>yes</OUTCOME><OUTCOME>no</OUTCOME></VARIABLE>
<DEFINITION><FOR>rain</FOR><TABLE>0.2 0.8</TABLE></DEFINITION>
<DEFINITION><FOR>late</FOR><GIVEN>rain</GIVEN><TABLE>0.6 0.4 0.1 0.9</TABLE></DEFINITION>
</NETWORK>
</BIF>
"""

XDSL = """\
<?xml version="1.0" encoding="UTF-8"?>
<smile version="1.0" id="test">
<nodes>
<cpt id="rain"><state id="yes" /><state id="no" /><probabilities>0.2 0.8</probabilities></cpt>
<cpt id="late"><state id="yes" /><state id="no" /><parents>rain</parents>
<probabilities>0.6 0.4  0.1 0.9</probabilities></cpt>
</nodes>
</smile>
"""


def public(name):
    return collection() / f"{name}.bif.gz"


@pytest.fixture
def file(tmp_path):
    """Writes a text under a name and returns the path."""

    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def small():
    two = ("low", "high")
    return Network(
        [Variable("b", two, ("a",)), Variable("a", ("x", "y", "z"))],
        {"a": np.array([0.5, 1e-20, 0.5]), "b": np.array([[1 / 3, 2 / 3], [0.0, 1.0], [1e-12, 1 - 1e-12]])},
    )


# Reading


def test_a_bif_file_is_read_by_names(file):
    found = read(file("test.bif", BIF))
    assert found.name == "test"
    assert found.network.names == ("rain", "road", "late")
    assert found.network["late"].parents == ("rain", "road")
    np.testing.assert_array_equal(found.network.tables["late"][1, 2], [0.8, 0.2])
    assert found.notes == ("1 property left out (positions and the like)",)


def test_rows_may_stand_in_any_order(file):
    lines = BIF.splitlines(keepends=True)
    i = lines.index("  (yes, dry) 0.2, 0.8;\n")
    lines[i : i + 6] = reversed(lines[i : i + 6])
    turned = read(file("turned.bif", "".join(lines))).network
    assert turned.digest() == read(file("test.bif", BIF)).network.digest()


def test_a_whole_table_has_the_variable_itself_slowest(file):
    rows = BIF[BIF.index("  (yes, dry)") : BIF.rindex("}")]
    table = "  table 0.2, 0.4, 0.9, 0.1, 0.3, 0.8, 0.8, 0.6, 0.1, 0.9, 0.7, 0.2;\n"
    assert (
        read(file("table.bif", BIF.replace(rows, table))).network.digest()
        == read(file("rows.bif", BIF)).network.digest()
    )


def test_a_default_line_fills_the_combinations_that_have_no_row(file):
    text = BIF.replace("  (no, dry) 0.1, 0.9;\n  (no, wet) 0.3, 0.7;\n", "  default 0.25, 0.75;\n")
    table = read(file("default.bif", text)).network.tables["late"]
    np.testing.assert_array_equal(table[1], [[0.25, 0.75], [0.25, 0.75], [0.8, 0.2]])


OLD_DIALECT = """\
// made by an old tool /* with a half comment
network "old-net" { }
variable "rain" { //2 values
 type discrete[2] {  "yes"  "no" };
 property "position = (73, 165)" ; }
variable "late" { type discrete[2] { "yes" "no" } ; }
probability ( "rain" ) { table 0.2 0.8 ; }
probability (  "late"  "rain" ) { /* in two
lines */ table 0.6 0.1 0.4 0.9 ; }
"""


def test_the_old_dialect_with_quotes_comments_and_no_bar_is_read(file):
    found = read(file("old.bif", OLD_DIALECT))
    assert found.name == "old-net"
    assert found.network["late"].parents == ("rain",)
    np.testing.assert_array_equal(found.network.tables["late"], [[0.6, 0.4], [0.1, 0.9]])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace("\n", "\r"), id="CR"),
        pytest.param(lambda text: text.rstrip("\n"), id="no newline at the end"),
        pytest.param(lambda text: text.replace("}\n", "} \n"), id="a space after each brace"),
        pytest.param(lambda text: "\ufeff" + text, id="a byte order mark"),
        pytest.param(lambda text: " ".join(text.split()), id="all on one line"),
    ],
)
def test_line_ends_and_spaces_change_nothing(file, change):
    assert read(file("a.bif", change(BIF))).network.digest() == read(file("b.bif", BIF)).network.digest()


def test_xmlbif_and_xdsl_have_the_variable_itself_fastest(file):
    for name, text in (("test.xmlbif", XMLBIF), ("test.xdsl", XDSL)):
        table = read(file(name, text)).network.tables["late"]
        np.testing.assert_array_equal(table, [[0.6, 0.4], [0.1, 0.9]])


def test_in_xdsl_the_last_parent_changes_faster_than_the_first(file):
    """The figures are the chest clinic's in GeNIe: shortness of breath given either disease, then bronchitis."""
    nodes = "".join(
        f'<cpt id="{name}"><state id="no"/><state id="yes"/><probabilities>0.5 0.5</probabilities></cpt>'
        for name in ("either", "bronc")
    )
    dysp = '<cpt id="dysp"><state id="no"/><state id="yes"/><parents>either bronc</parents>'
    dysp += "<probabilities>0.9 0.1 0.2 0.8 0.3 0.7 0.1 0.9</probabilities></cpt>"
    found = read(file("a.xdsl", f'<smile version="1.0" id="a"><nodes>{nodes}{dysp}</nodes></smile>')).network
    asia = textbook("asia").tables["dysp"]
    np.testing.assert_array_equal(found.tables["dysp"], asia.transpose(1, 0, 2)[::-1, ::-1, ::-1])


def test_a_packed_file_is_unpacked(file):
    assert read(file("test.bif.gz", gzip.compress(BIF.encode()))).network.names == ("rain", "road", "late")


def test_rows_rounded_to_seven_places_are_scaled_and_it_is_said(file):
    text = BIF.replace("(yes) 0.1, 0.7, 0.2", "(yes) 0.3333333, 0.3333333, 0.3333333")
    found = read(file("test.bif", text))
    np.testing.assert_allclose(found.network.tables["road"][0], 1 / 3, rtol=0, atol=1e-15)
    assert "rows that missed 1 by up to 1.0e-07 were scaled, in the tables of 'road'" in found.notes


def test_rows_that_sum_to_1_are_kept_bit_for_bit(file):
    found = read(file("test.bif", BIF.replace("(yes) 0.1, 0.7, 0.2", "(yes) 0.1, 0.2, 0.7000000000000001")))
    assert found.network.tables["road"][0].tolist() == [0.1, 0.2, 0.7000000000000001]


def test_rows_within_the_tolerance_are_made_exact_without_a_word(file):
    found = read(file("test.bif", BIF.replace("(yes) 0.1, 0.7, 0.2", "(yes) 0.1, 0.2, 0.7000000001")))
    assert abs(found.network.tables["road"][0].sum() - 1) < 1e-15
    assert not any("scaled" in note for note in found.notes)


# Refusing

BAD_BIF = [
    ("", "no variable is declared"),
    ("just some text", "test.bif:1: expected 'network', 'variable' or 'probability', found 'just'"),
    (BIF.replace("[ 2 ] { yes, no }", "[ 5 ] { yes, no }", 1), "test.bif:3: variable rain says 5 states and names 2"),
    (BIF.replace("{ dry, wet, flooded }", "{ dry, wet, wet }"), "test.bif:5: variable 'road': state 'wet' named twice"),
    (BIF.replace("road", "Rain"), "'Rain' and 'rain' differ only in case, first on line 2"),
    (BIF.replace("variable road", "variable rain"), "variable 'rain' is declared twice, first on line 2"),
    (
        BIF.replace("road", "the-road"),
        "variable 'the-road': a name is a letter.*; --rename brings it in as 'the_road', .* label$",
    ),
    (
        BIF.replace("road", "__road"),
        "variable '__road': a name is a letter.*; --rename brings it in as 'road', .* label$",
    ),
    (BIF.replace("type discrete [ 3 ]", "type continuous [ 3 ]"), "variable road is 'continuous'"),
    (BIF.replace("(no) 0.9, 0.1, 0.0;", ""), r"test.bif:14: probability of road has no row for \(no\)"),
    (BIF.replace("(no) 0.9", "(yes) 0.9"), "test.bif:16: .* this combination has a row on line 15 too"),
    (BIF.replace("(no) 0.9", "(nope) 0.9"), "rain has no state 'nope'; the states are 'yes', 'no'"),
    (BIF.replace("(no) 0.9", "(no, no) 0.9"), "2 states for 1 parents"),
    (BIF.replace("0.9, 0.1, 0.0;", "0.9, 0.1;"), "test.bif:16: .* 2 numbers for 3 states"),
    (BIF.replace("0.9, 0.1, 0.0;", "0.9, 0.1, 0.1;"), r"row when \{rain: no\}: sums to 1.1, not 1"),
    (BIF.replace("0.9, 0.1, 0.0;", "1.9, -0.9, 0.0;"), "negative or not finite"),
    (BIF.replace("0.9, 0.1, 0.0;", "nan, 0.1, 0.0;"), "test.bif:16: expected numbers, found 'nan,'"),
    (BIF.replace("0.9, 0.1, 0.0;", "0.9, 1_0, 0.0;"), "expected numbers, found '_0,'"),
    (BIF.replace("0.9, 0.1, 0.0;", "0.9, 0.1.0, 0;"), "could not convert"),
    (BIF.replace("road | rain", "road | rian"), "no variable 'rian' is declared. Did you mean 'rain'?"),
    (BIF.replace("road | rain", "road | road"), "a parent is named twice, or is the variable itself"),
    (BIF.replace("( rain )", "( rain | road )").replace("  table 0.2, 0.8", "  default 0.2, 0.8"), "a cycle: "),
    (BIF + "probability ( rain ) {\n table 0.5, 0.5;\n}\n", "test.bif:26: a second table of 'rain'; .* line 11"),
    (BIF.replace("table 0.2, 0.8;", "table 0.2, 0.8; table 0.2, 0.8;"), "has two 'table' lines"),
    (BIF.replace("table 0.2, 0.8;", ""), "probability of rain has no numbers"),
    (BIF.replace("table 0.2, 0.8;", "tabel 0.2, 0.8;"), "test.bif:12: probability of rain: 'tabel' is not understood"),
    (BIF.replace("network test", "/* network test"), "test.bif:1: a comment '/\\*' is never closed"),
    (BIF.encode().replace(b"flooded", b"\xfcber"), "test.bif:6: not UTF-8 text"),
    (BIF.encode() + b"\0", "a NUL character"),
]


@pytest.mark.parametrize(("text", "message"), BAD_BIF, ids=[message[:40] for _, message in BAD_BIF])
def test_a_bad_bif_file_is_refused_with_its_line(file, text, message):
    with pytest.raises(BadExchangeFile) as refused:
        read(file("test.bif", text))
    assert re.search(message, str(refused.value))


BAD_XML = [
    ("a.xmlbif", XMLBIF.replace("<BIF V", '<!DOCTYPE BIF [ <!ENTITY a "b"> ]><BIF V'), "a document type declaration"),
    ("a.xdsl", XDSL.replace("<smile", '<!DOCTYPE smile SYSTEM "file:///etc/hostname"><smile'), "a document type"),
    ("a.xmlbif", "<a>" * 100_000, "nested too deep"),
    ("a.xmlbif", "", "not well-formed XML: no element found"),
    ("a.xmlbif", XMLBIF.replace("</BIF>", ""), "a.xmlbif:10: not well-formed"),
    ("a.xmlbif", XMLBIF.replace('version="1.0"', 'version="1.0" encoding="klingon"'), "encoding"),
    ("a.xmlbif", XDSL, "expected <BIF>, found <smile>"),
    ("a.xdsl", XMLBIF, "expected <smile>, found <BIF>"),
    ("a.xmlbif", XMLBIF.replace('TYPE="nature"', 'TYPE="decision"', 1), "a.xmlbif:4: a variable of type 'decision'"),
    ("a.xmlbif", XMLBIF.replace("<FOR>late</FOR>", ""), "a.xmlbif:7: <DEFINITION> has 0 <FOR> elements"),
    ("a.xmlbif", XMLBIF.replace("<TABLE>0.2 0.8", "<TABLE>0.2 0.3 0.5"), "3 numbers, not 2 = 2"),
    ("a.xmlbif", XMLBIF.replace("GIVEN", "PARENT"), "<PARENT> in <DEFINITION> is not understood"),
    ("a.xmlbif", XMLBIF.replace("<OUTCOME>no</OUTCOME>", "<OUTCOME/>", 1), "state '' is not 1 to 64 printable"),
    ("a.xdsl", XDSL.replace("cpt", "noisyadder"), "node 'rain' is of the kind <noisyadder>"),
    ("a.xdsl", XDSL.replace("cpt", "equation"), "change its type to a chance node with a CPT in GeNIe"),
    ("a.xdsl", XDSL.replace("cpt", "noisymax"), "<noisymax> has 0 <parameters> elements"),
    ("a.xdsl", XDSL.replace("cpt", "deterministic"), "<deterministic> has 0 <resultingstates> elements"),
    ("a.xdsl", XDSL.replace("</nodes>", '</nodes><dynamic numslices="3"/>'), "over time steps"),
    ("a.xdsl", XDSL.replace("<parents>rain", "<parents>rain rain"), "a parent is named twice"),
    ("a.xdsl", XDSL.replace('id="late"', 'id="rain"'), "variable 'rain' is declared twice"),
    ("a.xdsl", XDSL.replace('<cpt id="late">', "<cpt>"), "<cpt> has no 'id' attribute"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD_XML, ids=[message[:40] for *_, message in BAD_XML])
def test_a_bad_xml_file_is_refused(file, name, text, message):
    with pytest.raises(BadExchangeFile) as refused:
        read(file(name, text))
    assert re.search(re.escape(message), str(refused.value))


def test_a_table_that_a_few_lines_make_enormous_is_refused_before_it_is_made(file):
    names = [f"p{i}" for i in range(40)]
    text = "".join(f"variable {n} {{ type discrete [2] {{ a, b }}; }}\n" for n in names)
    text += "".join(f"probability ( {n} ) {{ table 0.5, 0.5; }}\n" for n in names[1:])
    text += f"probability ( p0 | {', '.join(names[1:])} ) {{ default 0.5, 0.5; }}\n"
    with pytest.raises(BadExchangeFile, match="39 parents make 1,099,511,627,776 cells"):
        read(file("wide.bif", text))


def test_a_small_packed_file_that_unpacks_to_gigabytes_is_refused(file, monkeypatch):
    monkeypatch.setattr("model.interchange.SIZE_LIMIT", 1000)
    with pytest.raises(BadExchangeFile, match="has over 1,000 bytes"):
        read(file("bomb.bif.gz", gzip.compress(b" " * 100_000)))


def test_a_damaged_packed_file_is_refused(file):
    with pytest.raises(BadExchangeFile, match="damaged gzip data"):
        read(file("cut.bif.gz", gzip.compress(BIF.encode())[:-10]))
    with pytest.raises(BadExchangeFile, match="damaged gzip data"):
        read(file("not.bif.gz", BIF))


def test_a_missing_file_and_an_unknown_ending_are_said_plainly(tmp_path):
    with pytest.raises(BadExchangeFile, match="cannot be read: No such file"):
        read(tmp_path / "none.bif")
    with pytest.raises(BadExchangeFile, match=r"the ending '\.foo' is of no known format"):
        read(tmp_path / "none.foo")


# Writing


@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_written_is_read_back_bit_for_bit(tmp_path, small, ending):
    path = tmp_path / f"small{ending}"
    notes = write(small, path, name="small")
    assert difference(small, read(path).network, ordered=ending != ".xdsl") is None
    assert bool(notes) == (ending == ".xdsl")


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_network_gives_the_same_bytes(tmp_path, small, ending):
    write(small, tmp_path / f"one{ending}", name="x")
    write(small, tmp_path / f"two{ending}", name="x")
    assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


@pytest.mark.parametrize(
    ("ending", "state", "rule"),
    [
        (".bif", "two words", "BIF ends a word at spaces"),
        (".bif", "a,b", "BIF ends a word at"),
        (".bif", 'a"b', "BIF ends a word at"),
        (".bif", "a//b", "BIF ends a word at"),
        (".xdsl", "<5", "in XDSL a state is a letter"),
        (".xdsl", "état", "in XDSL a state is a letter"),
        (".xmlbif", " a", "without spaces around them"),
        (".xmlbif", "a\x01b", "is not 1 to 64 printable characters"),
    ],
)
def test_a_state_that_the_format_cannot_hold_is_refused_with_the_reason(tmp_path, ending, state, rule):
    network = Network([Variable("x", (state, "other"))], {"x": np.array([0.5, 0.5])})
    path = tmp_path / f"x{ending}"
    with pytest.raises(BadExchangeFile, match=rule):
        write(network, path)
    assert not path.exists()


def test_a_file_that_does_not_give_the_network_back_is_never_released(tmp_path, small, monkeypatch):
    path = tmp_path / "small.bif"
    path.write_text("what stood here before")
    monkeypatch.setattr("model.interchange.bif._joined", lambda row: ", ".join(f"{p:.4f}" for p in row))
    with pytest.raises(BadExchangeFile, match=r"not give the network back: b: .* moved by up to 3\.33e-05"):
        write(small, path)
    assert path.read_text() == "what stood here before"
    assert [p.name for p in tmp_path.iterdir()] == ["small.bif"]


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path, small):
    with pytest.raises(BadExchangeFile, match="cannot be written: No such file"):
        write(small, tmp_path / "none" / "small.bif")


# pgmpy


def test_pgmpy_keeps_names_orders_and_numbers(small):
    assert from_pgmpy(to_pgmpy(small)).digest() == small.digest()


def test_a_table_that_lists_a_parents_states_in_another_order_is_read_by_name():
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork([("a", "b")])
    model.add_cpds(
        TabularCPD("a", 2, [[0.3], [0.7]], state_names={"a": ["x", "y"]}),
        TabularCPD("b", 2, [[0.9, 0.2], [0.1, 0.8]], ["a"], [2], {"b": ["lo", "hi"], "a": ["y", "x"]}),
    )
    np.testing.assert_array_equal(from_pgmpy(model).tables["b"], [[0.2, 0.8], [0.9, 0.1]])


def test_what_pgmpy_does_not_check_is_checked():
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    loose = DiscreteBayesianNetwork()
    loose.add_node("a")
    loose.add_cpds(TabularCPD("a", 2, [[0.505], [0.504]], state_names={"a": ["x", "y"]}))
    assert loose.check_model()
    with pytest.raises(BadExchangeFile, match=r"sums to 1\.009, not 1"):
        from_pgmpy(loose)
    short = DiscreteBayesianNetwork()
    short.add_node("a")
    short.add_cpds(TabularCPD("a", 3, [[0.2], [0.3], [0.5]], state_names={"a": ["x", "y"]}))
    with pytest.raises(BadExchangeFile, match="names 2 states and has 3"):
        from_pgmpy(short)
    with pytest.raises(BadExchangeFile, match="no variable is declared"):
        from_pgmpy(DiscreteBayesianNetwork())
    bare = DiscreteBayesianNetwork([("a", "b")])
    with pytest.raises(BadExchangeFile, match="no table is given for 'a', 'b'"):
        from_pgmpy(bare)


# The public collection


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_network_imports_or_is_refused_by_its_cost(name):
    network = read(public(name)).network
    if name in TOO_LARGE:
        with pytest.raises(NetworkTooLarge, match=r"exact inference needs .* largest clique"):
            triangulate(network)
    else:
        assert triangulate(network).cells > 0


def test_the_public_collection_is_all_there():
    assert len(PUBLIC) == 24
    assert set(PUBLIC) > TOO_LARGE


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", SMALL)
def test_a_public_network_survives_each_format(tmp_path, name, ending):
    network = textbook(name)
    path = tmp_path / f"{name}{ending}"
    if ending == ".xdsl" and name in UNTIDY_STATES:
        with pytest.raises(BadExchangeFile, match="in XDSL a state is a letter"):
            write(network, path)
        return
    write(network, path)
    assert difference(network, read(path).network, ordered=ending != ".xdsl") is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["asia", "child", "alarm", "sachs"])
def test_pgmpy_reads_the_same_network_from_the_public_file(tmp_path, name):
    from pgmpy.readwrite import BIFReader

    path = tmp_path / f"{name}.bif"
    path.write_bytes(gzip.decompress(public(name).read_bytes()))
    ours, theirs = read(path).network, from_pgmpy(BIFReader(str(path)).get_model())
    assert difference(ours, theirs, ordered=False) is None


@pytest.mark.slow
def test_pgmpy_reads_what_is_written(tmp_path):
    from pgmpy.readwrite import BIFReader, XDSLReader, XMLBIFReader

    network = textbook("insurance")
    for ending, reader in ((".bif", BIFReader), (".xmlbif", XMLBIFReader), (".xdsl", XDSLReader)):
        path = tmp_path / f"insurance{ending}"
        write(network, path, name="insurance")
        assert difference(network, from_pgmpy(reader(str(path)).get_model()), ordered=False) is None


def test_what_pgmpy_writes_is_read(tmp_path):
    from pgmpy.readwrite import BIFWriter, XMLBIFWriter

    network = textbook("sachs")
    for ending, writer in ((".bif", BIFWriter), (".xmlbif", XMLBIFWriter)):
        path = tmp_path / f"sachs{ending}"
        writer(to_pgmpy(network)).write(str(path))
        assert difference(network, read(path).network, ordered=False) is None


# Prior files


@pytest.mark.parametrize(
    "name",
    [
        *SMALL,
        *(pytest.param(name, marks=pytest.mark.slow) for name in MIDDLING),
        *(pytest.param(name, marks=pytest.mark.long) for name in LARGE),
    ],
)
def test_an_imported_network_loads_as_prior_files_bit_for_bit(tmp_path, name):
    network = textbook(name)
    to_priors(network, tmp_path / name, title=name, source=SOURCE, as_of="2017-03-01")
    model = load(tmp_path / name)
    assert model.network.digest() == network.digest()
    assert {source for d in model.described.values() for source in d.sources} == {"somewhere"}
    uncertain = {s.ess for d in model.described.values() for s in d.statements} - {None}
    assert uncertain == {10.0}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_numbers_however_small_and_names_however_odd_come_back(tmp_path):
    states = ("true", "null", "no", "<5", "5", "0.5", "a b", "#", "rest", "never", "état", '"', "{}", "~")
    p = [1e-12, 0.1 + 0.2, 5e-324, 0.0, 1 / 3]
    row = np.array([*p, *[0.0] * (len(states) - len(p) - 1), 0.0])
    row[-1] = 1 - row.sum()
    network = Network([Variable("true", states)], {"true": row})
    to_priors(network, tmp_path / "odd", title="Odd: #1", source=SOURCE, as_of="2017-03-01", ess=25)
    model = load(tmp_path / "odd")
    assert model.network.digest() == network.digest()
    assert model.title == "Odd: #1"
    assert [s.ess for s in model.described["true"].statements] == [25.0]


def test_an_import_never_writes_over_a_folder(tmp_path, small):
    (tmp_path / "mine").mkdir()
    with pytest.raises(BadExchangeFile, match="exists already"):
        to_priors(small, tmp_path / "mine", title="x", source=SOURCE, as_of="2017-03-01")
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_folder_name_that_no_model_can_have_is_refused(tmp_path, small):
    with pytest.raises(BadExchangeFile, match="'My Model' cannot be a model's name"):
        to_priors(small, tmp_path / "My Model", title="x", source=SOURCE, as_of="2017-03-01")


def test_files_that_would_not_load_leave_nothing_behind(tmp_path):
    network = Network([Variable("x", ("A", "a"))], {"x": np.array([0.5, 0.5])})
    with pytest.raises(BadExchangeFile, match="the prior files would not load"):
        to_priors(network, tmp_path / "case", title="x", source=SOURCE, as_of="2017-03-01")
    assert list(tmp_path.iterdir()) == []


def test_a_long_table_is_spread_over_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr("model.interchange.prior_files.FILE_CHARACTERS", 2000)
    network = textbook("asia")
    to_priors(network, tmp_path / "asia", title="x", source=SOURCE, as_of="2017-03-01")
    assert len(list((tmp_path / "asia").glob("variables-*.yaml"))) > 1
    assert load(tmp_path / "asia").network.digest() == network.digest()


def test_what_a_format_has_no_place_for_is_named(tmp_path):
    to_priors(textbook("asia"), tmp_path / "a", title="x", source=SOURCE, as_of="2017-03-01")
    lost = losses(load(tmp_path / "a"), Path("a.bif"))
    assert "1 source" in lost
    assert "14 equivalent sample sizes" in lost
    assert "notes, roles and the revision" in lost
    assert not any("label" in one for one in lost)


def test_a_variable_name_has_the_pattern_of_prior_files():
    pattern = Name.__metadata__[0].pattern
    assert pattern == f"^{NAME.pattern}$"
