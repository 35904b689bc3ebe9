"""Files of Hugin, Netica, the inference competitions and old GeNIe: orders, dialects, refusals, influence diagrams."""

import gzip
import re

import numpy as np
import pytest

from model.errors import BadExchangeFile
from model.interchange import READ_ONLY, from_pgmpy, read, to_priors, write
from model.interchange.unchecked import difference
from model.network import Network, Variable
from model.priors import load
from model.specification import Source
from tests.textbook import network as textbook

SOURCE = Source("somewhere", "A network", "a file", "2017-03", None, "unverified")

# Parents stand in another order than they are declared in, every axis has another length and no two
# numbers are the same: whatever is taken for another axis or turned round fails.
LATE = np.array(
    [
        [[0.11, 0.12, 0.13, 0.64], [0.21, 0.22, 0.23, 0.34]],
        [[0.31, 0.32, 0.33, 0.04], [0.41, 0.42, 0.03, 0.14]],
        [[0.51, 0.02, 0.07, 0.40], [0.06, 0.62, 0.08, 0.24]],
    ]
)
EXPECTED = Network(
    [
        Variable("rain", ("yes", "no")),
        Variable("road", ("dry", "wet", "flooded"), ("rain",)),
        Variable("late", ("not", "little", "much", "absent"), ("road", "rain")),
    ],
    {"rain": np.array([0.2, 0.8]), "road": np.array([[0.1, 0.7, 0.2], [0.85, 0.1, 0.05]]), "late": LATE},
)

NET = """\
% made by hand
net { node_size = (80 40); HR_Desc = "50 % \\"sure\\""; name = "commute"; }
node rain { label = "Does it rain?"; position = (25 275); states = ("yes" "no"); HR_State_0 = ""; }
node road
{
  states = ("dry" "wet" "flooded");
}
discrete node late { subtype = label; states = ("not" "little" "much" "absent"); label = "";}
potential (late | road rain)
{
  data = ((( 0.11 0.12 0.13 0.64 )   % road = dry, rain = yes
           ( 0.21 0.22 0.23 0.34 ))
          (( 0.31 0.32 0.33 .04 )
           ( 0.41 0.42 3e-2 0.14 ))
          (( 0.51 0.02 0.07 0.40 )
           ( 0.06 0.62 0.08 0.24 )));
}
potential (rain) { data = ( 0.2 0.8 ); }
potential (road | rain) { model_nodes = (); model_data = ( if (rain == "yes", 1, 2) );
  data = ( 0.1 0.7 0.2 0.85 0.1 0.05 ); }
"""

DNE = """\
// ~->[DNET-1]->~
bnet commute {
autoupdate = TRUE;
title = "Commute; to work";
visual V1 { defdispform = BELIEFBARS; font = font {shape= "Arial"; size= 9;}; };
node rain {
\tkind = NATURE; discrete = TRUE; chance = CHANCE;
\tstates = (yes, no);
\tparents = ();
\tprobs = (0.2, 0.8);
\ttitle = "Does it rain?";
\tcomment = "said {by} a \\"friend\\";\\n\\
and more";
\tvisual V1 { center = (252, 180); height = 1; };
\t};
node road {
\tstates = (dry, wet, flooded);
\tstatetitles = (, "wet, not slippery", "under water");
\tparents = (rain);
\tprobs =
\t\t// dry  wet  flooded   // rain
\t\t(0.1, 0.7, 0.2, 0.85, 0.1, 0.05);
\t};
node late {
\tnumstates = 4; states = (not, little, much, absent);
\tinputs = (surface, );
\tparents = (road, rain);
\tprobs =
\t\t(((0.11, 0.12, 0.13, 0.64),
\t\t  (0.21, 0.22, 0.23, 0.34)),
\t\t ((0.31, 0.32, 0.33, 0.04),
\t\t  (0.41, 0.42, 0.03, 0.14)),
\t\t ((0.51, 0.02, 0.07, 0.40),
\t\t  (0.06, 0.62, 0.08, 0.24)));
\t};
};
"""

DSL = """\
net commute
{
 HEADER = { ID = commute; NAME = "To work"; };
 /* layout
    here */ NUMSAMPLES = 1000; /# and here #/
 node rain
  {
   TYPE = CPT;
   HEADER = { ID = rain; NAME = "Does it rain?"; };
   PARENTS = ();
   DEFINITION = { NAMESTATES = (yes, no); PROBABILITIES = (0.20000000, 0.80000000); };
   EXTRA_DEFINITION = { DOCUMENTATION = { }; DOCUMENTATION = { }; };
  };
 node road
  {
   TYPE = CPT; HEADER = { ID = road; NAME = "road"; }; PARENTS = (rain);
   DEFINITION = { NAMESTATES = (dry, wet, flooded); PROBABILITIES = (0.1, 0.7, 0.2, 0.85, 0.1, 0.05); };
  };
 node late
  {
   TYPE = CPT; PARENTS = (road, rain);
   DEFINITION =
    {
     NAMESTATES = (not, little, much, absent); // how
     PROBABILITIES = (0.11, 0.12, 0.13, 0.64, 0.21, 0.22, 0.23, 0.34, 0.31, 0.32, 0.33, 0.04,
      0.41, 0.42, 0.03, 0.14, 0.51, 0.02, 0.07, 0.40, 0.06, 0.62, 0.08, 0.24);
    };
  };
};
"""

UAI = """\
BAYES
3
2 3 4
3
3 1 0 2
1 0
2 0 1

24
 0.11 0.12 0.13 0.64 0.21 0.22 0.23 0.34
 0.31 0.32 0.33 0.04 0.41 0.42 0.03 0.14
 0.51 0.02 0.07 0.40 0.06 0.62 0.08 0.24
2
 0.2 0.8
6
 0.1 0.7 0.2
 0.85 0.1 0.05
"""

TEXTS = {".net": NET, ".dne": DNE, ".dsl": DSL, ".uai": UAI}
NAMED = (".net", ".dne", ".dsl")


@pytest.fixture
def file(tmp_path):
    """Writes a text under a name and returns the path."""

    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def numbered(network):
    """The same network with the names that a .uai file's are given."""
    at = {name: f"v{k}" for k, name in enumerate(network.names)}
    variables = [
        Variable(at[v.name], tuple(f"s{i}" for i in range(len(v.states))), tuple(at[p] for p in v.parents))
        for v in network.variables
    ]
    return Network(variables, {at[name]: table for name, table in network.tables.items()})


# Orders


@pytest.mark.parametrize("ending", NAMED)
def test_the_first_parent_changes_slowest_and_the_states_fastest(file, ending):
    found = read(file(f"commute{ending}", TEXTS[ending]))
    assert difference(found.network, EXPECTED) is None
    assert found.name == "commute"


def test_in_uai_the_last_of_a_scope_is_the_child_and_changes_fastest(file):
    found = read(file("commute.uai", UAI))
    assert difference(found.network, numbered(EXPECTED)) is None
    assert found.notes == ("the file names nothing: variables are v0, v1, … and states s0, s1, …",)


def test_the_chest_clinic_of_the_net_language_is_the_one_of_the_article(file):
    """Shortness of breath given bronchitis and either disease, as the manual of the net language prints it."""
    nodes = "".join(f'node {name} {{ states = ("yes" "no"); }} ' for name in ("B", "E", "D"))
    roots = "".join(f"potential ({name}) {{ data = (0.5 0.5); }} " for name in ("B", "E"))
    table = "potential (D | B E) { data = (((0.9 0.1) (0.8 0.2)) ((0.7 0.3) (0.1 0.9))); }"
    found = read(file("chest.net", nodes + roots + table)).network
    np.testing.assert_array_equal(found.tables["D"], textbook("asia").tables["dysp"])


@pytest.mark.parametrize("ending", [".net", ".dne"])
def test_brackets_that_group_another_order_of_parents_are_refused(file, ending):
    turned = TEXTS[ending].replace("late | road rain", "late | rain road").replace("(road, rain)", "(rain, road)")
    with pytest.raises(BadExchangeFile, match="brackets around 8 values, which is no block of 2 x 3 x 4"):
        read(file(f"turned{ending}", turned))


def test_a_class_that_takes_nothing_from_outside_is_a_plain_network(file):
    text = f"class commute {{ inputs = (); outputs = (late); node_size = (80 40);\n{NET} }} % class commute"
    assert read(file("a.net", text)).network.digest() == EXPECTED.digest()


def test_packed_files_are_unpacked(file):
    assert read(file("commute.net.gz", gzip.compress(NET.encode()))).network.digest() == EXPECTED.digest()


@pytest.mark.parametrize("ending", TEXTS)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.rstrip("\n"), id="no newline at the end"),
        pytest.param(lambda text: "\ufeff" + text, id="a byte order mark"),
        pytest.param(lambda text: text.replace(" ", "  "), id="two spaces for one"),
    ],
)
def test_line_ends_and_spaces_change_nothing(file, ending, change):
    again = read(file(f"a{ending}", change(TEXTS[ending]).replace("%  ", "% "))).network
    assert again.digest() == read(file(f"b{ending}", TEXTS[ending])).network.digest()


def test_pgmpy_reads_the_same_from_net_files(file):
    from pgmpy.readwrite import NETReader

    text = re.sub(r"%.*|model_\w+ = .*?;|HR_\w+ = .*?;", "", NET).replace("discrete node", "node")
    theirs = from_pgmpy(NETReader(string=text.replace(" .04", " 0.04")).get_model())
    assert difference(read(file("commute.net", NET)).network, theirs, ordered=False) is None


def test_what_pgmpy_writes_as_net_is_read(tmp_path):
    from pgmpy.readwrite import NETWriter

    from model.interchange import to_pgmpy

    path = tmp_path / "sachs.net"
    NETWriter(to_pgmpy(EXPECTED)).write(str(path))
    assert difference(read(path).network, EXPECTED, ordered=False) is None


def test_pgmpy_finds_the_same_arcs_and_numbers_in_uai_files():
    """It keeps no order of parents, so that its model cannot be compared, but what it reads can."""
    from pgmpy.readwrite import UAIReader

    reader = UAIReader(string=UAI)
    assert set(reader.get_edges()) == {("var_0", "var_1"), ("var_0", "var_2"), ("var_1", "var_2")}
    values = {child: [float(value) for value in numbers] for child, numbers in reader.get_tables()}
    assert values["var_2"] == LATE.ravel().tolist()


# Titles, and what is left out


def test_titles_become_labels_and_what_is_left_out_is_said(file):
    net, dne, dsl = (read(file(f"commute{ending}", TEXTS[ending])) for ending in NAMED)
    assert net.beside.labels == dne.beside.labels == dsl.beside.labels == {"rain": "Does it rain?"}
    assert dne.beside.state_labels == {"road": {"wet": "wet, not slippery", "flooded": "under water"}}
    assert net.notes == ("left out: 1 HR_…, 1 model_data, 1 model_nodes, 1 position",)
    assert dne.beside.definitions == {"rain": 'said {by} a "friend"; and more'}
    assert dne.notes == ("left out: 1 inputs",)


def test_imported_labels_stand_in_the_prior_files(file, tmp_path):
    found = read(file("commute.dne", DNE))
    to_priors(
        found.network,
        tmp_path / "commute",
        title="x",
        source=SOURCE,
        as_of="2017-03-01",
        beside=found.beside,
    )
    described = load(tmp_path / "commute").described
    assert described["rain"].label == "Does it rain?"
    assert described["rain"].definition == 'said {by} a "friend"; and more'
    assert described["road"].labels == {"dry": "dry", "wet": "wet, not slippery", "flooded": "under water"}


def test_findings_entered_in_netica_are_left_out_and_said(file):
    found = read(file("a.dne", DNE.replace("parents = (rain);", "parents = (rain); evidence = wet;")))
    assert "left out: the findings entered on 'road'" in found.notes


def test_a_node_that_netica_decides_by_its_parents_becomes_a_table_of_zeros_and_ones(file):
    late = re.sub(
        r"probs =\s*\(\(\(.*?\)\)\);", "functable = ((not, #1), (much, absent), (#0, little));", DNE, flags=re.S
    )
    found = read(file("a.dne", late.replace("numstates", "chance = DETERMIN; numstates"))).network
    assert found.tables["late"].argmax(axis=-1).tolist() == [[0, 1], [2, 3], [0, 1]]
    assert found.tables["late"].sum(axis=-1).tolist() == [[1, 1]] * 3


def test_intervals_name_their_states_where_the_file_does_not(file):
    net = 'node x { subtype = interval; states = ("" "" ""); state_values = (-infinity 0 2.5 10); }'
    found = read(file("a.net", net + "potential (x) { data = (0.2 0.3 0.5); }"))
    assert found.network["x"].states == ("-inf_to_0", "0_to_2.5", "2.5_to_10")
    dne = "bnet a { node x { discrete = FALSE; levels = (0, 1, 5); probs = (0.2, 0.8); }; };"
    assert read(file("a.dne", dne)).network["x"].states == ("0_to_1", "1_to_5")


# Refusing


BAD = [
    ("a.net", "", "no variable is declared"),
    ("a.net", "just words", "a.net:1:11: expected '{' or '=' after 'just words', found the end of the file"),
    ("a.net", NET.replace("node road", "continuous node road"), "a.net:4:1: 'continuous node' is a continuous node"),
    ("a.net", NET.replace("node road", "function road"), "is a function node, which is computed from others"),
    ("a.net", NET + 'instance i : Other (a = b; c = d) { label = "x"; }', "unfold it in Hugin"),
    ("a.net", f"class c {{ inputs = (rain); {NET} }}", "a class with inputs, or one of several: unfold"),
    ("a.net", f"class c {{ {NET} }} class d {{ }}", "a class with inputs, or one of several: unfold"),
    ("a.net", "class c { instance i : d (a = b) { } }", "is an instance of another network: unfold it"),
    ("a.net", NET.replace("node road", "nod road"), "expected 'net', 'node', 'decision', 'utility' or 'potential'"),
    ("a.net", NET.replace("data = ( 0.2 0.8 );", ""), r"a.net:18:1: potential of 'rain' has no 'data'"),
    ("a.net", NET.replace("data = ( 0.2 0.8 );", "model_data = (x);"), "is an expression without a table"),
    ("a.net", NET.replace("( 0.2 0.8 )", "normal (0, 1)"), "a.net:18:27: table of 'rain': expected a number"),
    ("a.net", NET.replace("( 0.2 0.8 )", "( 1 1 )"), "a.net:18: table of 'rain', row: sums to 2, not 1"),
    ("a.net", NET.replace("( 0.2 0.8 )", "( 0.2 0.7 0.1 )"), "a.net:18:37: table of 'rain' has over 2 values"),
    ("a.net", NET.replace("( 0.2 0.8 )", "( 0.2 )"), "has 1 values, not 2 = 2"),
    ("a.net", NET.replace("( 0.2 0.8 )", "0.2 ) 0.8"), "a.net:18:31: data: '\\)' closes nothing"),
    ("a.net", NET.replace("( 0.2 0.8 )", '( 0.2 "0.8" )'), "expected a number, found '0.8'"),
    ("a.net", NET.replace("(rain) {", "(rain road) {"), "potential of 2 variables at once"),
    ("a.net", NET.replace("| road rain", "| road rian"), "no variable 'rian' is declared. Did you mean 'rain'"),
    ("a.net", NET.replace("potential (rain)", "potential (snow)"), "potential of 'snow': no node of this name"),
    ("a.net", NET.replace("potential (rain)", "potential (road)"), "second table of 'road'|table of 'road'"),
    ("a.net", NET.replace('("yes" "no")', "()"), "no 'states' with names"),
    ("a.net", NET.replace('"dry" "wet"', '"dry" "dry"'), "state 'dry' named twice"),
    ("a.net", NET.replace("rain", "the-rain"), "variable 'the-rain': a name is a letter"),
    (
        "a.net",
        NET.replace('states = ("yes" "no");', 'states = ("yes" "no"); states = ("a" "b");'),
        "given twice, first on",
    ),
    ("a.net", NET.replace('("yes" "no");', '("yes" "no")'), "a.net:3:"),
    (
        "a.net",
        NET.replace('"Does it rain?"', '"Does it rain?'),
        "a.net:19: this quotation mark, or one before it, is never closed",
    ),
    ("a.net", NET.replace("( 0.2 0.8 ); }", "( 0.2 0.8 );"), "is never closed|expected"),
    ("a.net", NET.replace("Does it", "Fährt er").encode("latin-1"), "a.net:3: not UTF-8 text .*'iconv -f latin1"),
    ("a.net", NET.encode() + b"\0", "a NUL character"),
    ("a.net", "node x { data = " + "(" * 1000 + ")" * 1000 + "; }", "no 'states'"),
    ("a.net", "a {" * 1000, "over 64 blocks within each other"),
    ("a.net", NET.replace("( 0.2 0.8 )", "(" * 1000 + "0.2 0.8" + ")" * 1000), "over 64 brackets within each other"),
    ("a.net", "{ } x { }", "a.net:1:1: expected a word, found '{'"),
    ("a.net", 'label = "x"; node a { }', "a field 'label' outside of any block"),
    ("a.net", NET.replace("( 0.2 0.8 )", "( 0.2 ²0.8 )"), "expected a number, found '²0.8'"),
    ("a.dne", DNE.replace("bnet commute", "net commute"), "expected one block 'bnet name"),
    ("a.dne", DNE.replace("node road {", "node road : rain {"), "node 'road' inherits from another"),
    ("a.dne", DNE.replace("kind = NATURE", "kind = MAGIC"), "of the kind 'MAGIC'; the kinds are 'NATURE'"),
    ("a.dne", DNE.replace("discrete = TRUE", "discrete = FALSE"), "node 'rain' is continuous"),
    (
        "a.dne",
        DNE.replace("probs = (0.2, 0.8)", 'equation = "x = 1"'),
        "'rain' is an equation without a table: in Netica",
    ),
    ("a.dne", DNE.replace("probs = (0.2, 0.8);", ""), "node 'rain' has no 'probs'"),
    ("a.dne", DNE.replace("(0.2, 0.8)", "(@imposs, @imposs)"), "a row is marked impossible"),
    ("a.dne", DNE.replace("parents = (rain);", "parents = (rain); delays = (1);"), "links over time"),
    ("a.dne", DNE.replace("parents = (rain);", "parents = (rain, );"), "a comma with nothing before or after it"),
    ("a.dne", DNE.replace("numstates = 4", "numstates = 5"), "numstates: says 5, and 4 are named"),
    ("a.dne", DNE.replace('(, "wet', '("wet'), "statetitles: 2 titles for 3 states"),
    ("a.dne", DNE.replace("states = (yes, no);", "numstates = 1000000000;"), "expected 1 to 1,000"),
    ("a.dne", DNE.replace("states = (yes, no)", "states = (yes no)"), "expected ',' before 'no'"),
    ("a.dne", DNE.replace("// ~->", "/* ~->"), "a comment '/\\*' is never closed"),
    ("a.dsl", DSL.replace("TYPE = CPT;\n", "TYPE = NOISY_MAX;\n"), "node 'rain' is of the type NOISY_MAX"),
    (
        "a.dsl",
        DSL.replace("TYPE = CPT; PARENTS", "TYPE = EQUATION; PARENTS"),
        "of the type EQUATION; only CPT and TRUTHTABLE nodes",
    ),
    ("a.dsl", DSL.replace("TYPE = CPT;\n", ""), "no field 'TYPE'"),
    ("a.dsl", DSL.replace("PROBABILITIES = (0.2", "PROBS = (0.2"), "DEFINITION: no field 'PROBABILITIES'"),
    ("a.dsl", DSL + "x", "expected '{' or '='"),
    ("a.uai", "", "a.uai:1:1: expected 'BAYES', found the end of the file"),
    ("a.uai", UAI.replace("BAYES", "MARKOV"), "a.uai:1:1: expected 'BAYES', found 'MARKOV': only Bayesian networks"),
    ("a.uai", UAI.replace("3 1 0 2", "3 1 2 0"), "a.uai:6:1: a second table of v0; the first is on line 5"),
    ("a.uai", UAI.replace("3\n3 1 0 2\n1 0\n2 0 1", "2\n3 1 0 2\n1 0"), "no table is given for 'v1' as its last"),
    ("a.uai", UAI.replace("3 1 0 2", "3 1 0 3"), "a.uai:5:7: expected a variable's number, a whole number up to 2"),
    ("a.uai", UAI.replace("3 1 0 2", "3 1 1 2"), "names a variable twice"),
    ("a.uai", UAI.replace("\n24\n", "\n25\n"), "a.uai:9:1: table of 'v2' has 25 numbers, not 3 x 2 x 4 = 24"),
    ("a.uai", UAI.replace("0.12", "nan"), "expected a number of the table of 'v2', found 'nan'"),
    ("a.uai", UAI + "1", "a.uai:18:1: after the last table: '1' is not understood"),
    ("a.uai", UAI[:-5], "expected a number of the table of 'v1', found the end of the file|sums to"),
    ("a.uai", "BAYES 1 999999999 1 1 0 999999999 0.5", "found the end of the file"),
    ("a.uai", "BAYES 2 2 999999999 1 1 0 2 .5 .5", "no table is given for 'v1'"),
    ("a.uai", UAI.replace("2 3 4", "2 3 -4"), "expected the number of states of v2, a whole number"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD, ids=[f"{name} {message[:40]}" for name, _, message in BAD])
def test_a_bad_file_is_refused_with_its_place(file, name, text, message):
    with pytest.raises(BadExchangeFile) as refused:
        read(file(name, text))
    assert re.search(message, str(refused.value))


def test_a_file_of_nothing_but_blocks_is_refused_before_it_fills_the_memory(file, monkeypatch):
    monkeypatch.setattr("model.interchange.block_text.ENTRY_LIMIT", 1000)
    with pytest.raises(BadExchangeFile, match=r"a\.net:1:3001: over 1,000 blocks and fields"):
        read(file("a.net", "a{}" * 2000))
    with pytest.raises(BadExchangeFile, match=r"a\.net:1:33: expected '\{' or '='"):
        read(file("a.net", "a " * 2000))


def test_a_table_that_a_few_lines_make_enormous_is_refused_before_it_is_made(file):
    nodes = "".join(f'node p{k} {{ states = ("a" "b"); }}\n' for k in range(40))
    text = nodes + f"potential (p0 | {' '.join(f'p{k}' for k in range(1, 40))}) {{ data = (1); }}"
    with pytest.raises(BadExchangeFile, match="39 parents make 1,099,511,627,776 cells"):
        read(file("wide.net", text))


def test_nodes_that_genie_decides_by_their_parents_are_rules(file, tmp_path):
    late = re.sub(
        r"PROBABILITIES = \(0\.11.*?\)", "RESULTINGSTATES = (not, little, much, absent, not, little)", DSL, flags=re.S
    )
    found = read(file("a.dsl", late.replace("TYPE = CPT; PARENTS = (road", "TYPE = TRUTHTABLE; PARENTS = (road")))
    assert found.network.tables["late"].argmax(axis=-1).tolist() == [[0, 1], [2, 3], [0, 1]]
    to_priors(found.network, tmp_path / "a", title="x", source=SOURCE, as_of="2017-03-01", beside=found.beside)
    assert load(tmp_path / "a").described["late"].kind == "rule"


@pytest.mark.parametrize("ending", READ_ONLY)
def test_formats_that_are_only_read_are_not_written(tmp_path, ending):
    with pytest.raises(BadExchangeFile, match=r"read and not written; the endings are '.bif', '.xmlbif', '.xdsl'"):
        write(EXPECTED, tmp_path / f"a{ending}")


# Influence diagrams: whether to take the drug, on a test's result

DIAGRAMS = {
    ".net": """\
node ill { states = ("yes" "no"); }
node test { states = ("pos" "neg"); }
decision treat { label = "Treat?"; states = ("drug" "wait" "cut"); }
node well { states = ("yes" "no"); }
utility gain { }
potential (ill) { data = (0.1 0.9); }
potential (test | ill) { data = ((0.8 0.2) (0.05 0.95)); }
potential (treat | test) { }
potential (well | treat ill) { data = (((0.7 0.3) (0.9 0.1)) ((0.2 0.8) (0.99 0.01)) ((0.6 0.4) (0.5 0.5))); }
potential (gain | well treat) { data = (10 20 30 40 50 60); }
""",
    ".dne": """\
bnet d {
node ill { kind = NATURE; states = (yes, no); probs = (0.1, 0.9); };
node test { kind = NATURE; states = (pos, neg); parents = (ill); probs = ((0.8, 0.2), (0.05, 0.95)); };
node treat { kind = DECISION; states = (drug, wait, cut); parents = (test); title = "Treat?"; };
node well { states = (yes, no); parents = (treat, ill);
  probs = (((0.7, 0.3), (0.9, 0.1)), ((0.2, 0.8), (0.99, 0.01)), ((0.6, 0.4), (0.5, 0.5))); };
node gain { kind = UTILITY; discrete = FALSE; chance = DETERMIN; parents = (well, treat);
  functable = ((10, 20, 30), (40, 50, 60)); };
node TEXT1 { kind = CONSTANT; discrete = FALSE; title = "A note"; };
};
""",
    ".dsl": """\
net d {
node ill { TYPE = CPT; DEFINITION = { NAMESTATES = (yes, no); PROBABILITIES = (0.1, 0.9); }; };
node test { TYPE = CPT; PARENTS = (ill);
  DEFINITION = { NAMESTATES = (pos, neg); PROBABILITIES = (0.8, 0.2, 0.05, 0.95); }; };
node treat { TYPE = LIST; HEADER = { ID = treat; NAME = "Treat?"; }; PARENTS = (test);
  DEFINITION = { NAMECHOICES = (drug, wait, cut); }; };
node well { TYPE = CPT; PARENTS = (treat, ill); DEFINITION = { NAMESTATES = (yes, no);
  PROBABILITIES = (0.7, 0.3, 0.9, 0.1, 0.2, 0.8, 0.99, 0.01, 0.6, 0.4, 0.5, 0.5); }; };
node gain { TYPE = TABLE; PARENTS = (well, treat); DEFINITION = { UTILITIES = (10, 20, 30, 40, 50, 60); }; };
};
""",
    ".xdsl": """\
<smile version="1.0" id="d"><nodes>
<cpt id="ill"><state id="yes"/><state id="no"/><probabilities>0.1 0.9</probabilities></cpt>
<cpt id="test"><state id="pos"/><state id="neg"/><parents>ill</parents>
<probabilities>0.8 0.2 0.05 0.95</probabilities></cpt>
<decision id="treat"><state id="drug"/><state id="wait"/><state id="cut"/><parents>test</parents></decision>
<cpt id="well"><state id="yes"/><state id="no"/><parents>treat ill</parents>
<probabilities>0.7 0.3 0.9 0.1 0.2 0.8 0.99 0.01 0.6 0.4 0.5 0.5</probabilities></cpt>
<utility id="gain"><parents>well treat</parents><utilities>10 20 30 40 50 60</utilities></utility>
</nodes></smile>
""",
}
TREATED = Network(
    [
        Variable("ill", ("yes", "no")),
        Variable("test", ("pos", "neg"), ("ill",)),
        Variable("treat", ("drug", "wait", "cut")),
        Variable("well", ("yes", "no"), ("treat", "ill")),
    ],
    {
        "ill": np.array([0.1, 0.9]),
        "test": np.array([[0.8, 0.2], [0.05, 0.95]]),
        "treat": np.full(3, 1 / 3),
        "well": np.array([[[0.7, 0.3], [0.9, 0.1]], [[0.2, 0.8], [0.99, 0.01]], [[0.6, 0.4], [0.5, 0.5]]]),
    },
)


@pytest.mark.parametrize("ending", DIAGRAMS)
def test_an_influence_diagram_is_refused_with_the_option_that_reads_it(file, ending):
    with pytest.raises(BadExchangeFile) as refused:
        read(file(f"d{ending}", DIAGRAMS[ending]))
    assert "with the decision 'treat' and the utility 'gain'; only with --chance-only is it read" in str(refused.value)


@pytest.mark.parametrize("ending", DIAGRAMS)
def test_with_chance_only_decisions_are_levers_and_utilities_are_left_out(file, ending):
    found = read(file(f"d{ending}", DIAGRAMS[ending]), chance_only=True)
    assert difference(found.network, TREATED) is None
    assert found.beside.left_out == {"gain": "a utility that depends on 'well', 'treat': utilities are not imported"}
    said = "a lever with a uniform prior, which is a convention and not the file's"
    said += "; that it was informed by 'test' is left out"
    assert found.beside.levers == {"treat": said}
    assert f"decision treat: {said}" in found.notes
    assert "left out: gain, a utility that depends on 'well', 'treat': utilities are not imported" in found.notes


def test_an_imported_diagram_says_what_it_left_out_and_which_are_levers(file, tmp_path):
    found = read(file("d.net", DIAGRAMS[".net"]), chance_only=True)
    to_priors(
        found.network,
        tmp_path / "d",
        title="x",
        source=SOURCE,
        as_of="2017-03-01",
        beside=found.beside,
    )
    model = load(tmp_path / "d")
    assert model.network.digest() == TREATED.digest()
    assert model.left_out == found.beside.left_out
    assert model.described["treat"].role == "lever"
    assert model.described["treat"].label == "Treat?"
    assert {name for name, d in model.described.items() if d.role == "lever"} == {"treat"}


def test_renamed_decisions_and_utilities_stay_what_they_are(file, tmp_path):
    text = DIAGRAMS[".net"].replace("treat", "to-treat").replace("gain", "net-gain")
    found = read(file("d.net", text), chance_only=True, rename=True)
    assert list(found.beside.levers) == ["to_treat"]
    assert list(found.beside.left_out) == ["net_gain"]
    to_priors(found.network, tmp_path / "d", title="x", source=SOURCE, as_of="2017-03-01", beside=found.beside)
    model = load(tmp_path / "d")
    assert model.described["to_treat"].role == "lever"
    assert list(model.left_out) == ["net_gain"]


def test_rows_rounded_to_two_digits_are_scaled_in_every_format(file):
    """What the digits allow is judged by what stands in the file, brackets and all."""
    rounded = {
        ".net": "( 0.85 0.1 0.05 )",
        ".dne": "(0.85, 0.1, 0.05)",
        ".dsl": "0.85, 0.1, 0.05",
        ".uai": "0.85 0.1 0.05",
    }
    for ending, text in TEXTS.items():
        row = rounded[ending].strip("( )")
        found = read(file(f"a{ending}", text.replace(row, row.replace("0.85", "0.84"))))
        name = "v1" if ending == ".uai" else "road"
        np.testing.assert_allclose(found.network.tables[name][1], np.array([0.84, 0.1, 0.05]) / 0.99, rtol=1e-12)
        assert any("scaled" in note for note in found.notes)


def test_chance_only_changes_nothing_where_there_is_no_decision(file):
    path = file("commute.net", NET)
    assert read(path, chance_only=True).network.digest() == read(path).network.digest()
    assert read(path, chance_only=True).notes == read(path).notes


@pytest.mark.parametrize("ending", [".net", ".dne", ".dsl"])
def test_a_chance_variable_below_a_utility_is_refused(file, ending):
    swap = {".net": ("potential (test | ill)", "potential (test | gain)")}
    text = DIAGRAMS[ending].replace(*swap.get(ending, ("parents = (ill)", "parents = (gain)")))
    text = text.replace("PARENTS = (ill)", "PARENTS = (gain)")
    with pytest.raises(BadExchangeFile, match="'gain'"):
        read(file(f"d{ending}", text), chance_only=True)


def test_a_netica_constant_that_a_node_depends_on_is_refused(file):
    text = DIAGRAMS[".dne"].replace("parents = (ill)", "parents = (TEXT1)")
    with pytest.raises(BadExchangeFile, match="node 'test' depends on 'TEXT1', a CONSTANT"):
        read(file("d.dne", text), chance_only=True)


def test_a_netica_constant_that_nothing_depends_on_is_left_out_and_said(file):
    assert "left out: the constants and texts 'TEXT1'" in read(file("d.dne", DIAGRAMS[".dne"]), chance_only=True).notes


@pytest.mark.parametrize("ending", [*TEXTS, *(f"diagram{ending}" for ending in DIAGRAMS)])
def test_a_file_cut_at_any_character_is_refused_or_whole(tmp_path, ending):
    text = TEXTS[ending] if ending in TEXTS else DIAGRAMS[ending.removeprefix("diagram")]
    path = tmp_path / f"cut.{ending.rpartition('.')[2]}"
    path.write_text(text)
    whole = read(path, chance_only=True).network
    refused = 0
    for length in range(len(text.rstrip())):
        path.write_text(text[:length])
        try:
            assert difference(whole, read(path, chance_only=True).network) is None
        except BadExchangeFile:
            refused += 1
    assert refused >= len(text.rstrip()) - 2
