"""``aftermath import`` of files as other tools write them, and ``aftermath export`` under the names they had there."""

import pytest

from model import priors
from service.cli import main
from tests.sources import ROOT

FILES = ROOT / "tests" / "data" / "dialects"


@pytest.fixture
def run(capsys):
    """Runs a command in this process: its code, what it printed and what it complained of."""

    def ran(*arguments):
        with pytest.raises(SystemExit) as ended:
            main.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return ran


def test_rounded_rows_are_taken_and_the_largest_miss_is_said(run, tmp_path):
    code, out, err = run("import", FILES / "six_digits.bif", tmp_path / "m" / "six")
    assert (code, err) == (0, "")
    assert "were scaled, in the tables of 'weather', 'late'\nthe largest miss: table of 'late', row when" in out
    assert run("check", "six", "--priors", tmp_path / "m")[0] == 0


def test_worse_rows_name_the_option_that_scales_them(run, tmp_path):
    path = tmp_path / "worse.bif"
    path.write_text((FILES / "six_digits.bif").read_text().replace("0.25, 0.75", "0.25, 0.7"))
    code, out, err = run("import", path, tmp_path / "m" / "worse")
    assert (code, out) == (1, "")
    assert "row when {weather: wet}: sums to 0.95, not 1" in err
    assert "--scale" in err
    assert not (tmp_path / "m").exists()
    code, out, _ = run("import", path, tmp_path / "m" / "worse", "--scale")
    assert code == 0
    assert "the largest miss: table of 'late', row when {weather: wet}, which sums to 0.95" in out


def test_names_come_in_when_told_to_rename_and_go_out_as_they_were(run, tmp_path):
    code, out, err = run("import", FILES / "strange_names.bif", tmp_path / "m" / "strange")
    assert (code, out) == (1, "")
    assert "'visit to Asia?' as 'visit_to_Asia'" in err
    assert "--rename" in err
    code, out, err = run("import", FILES / "strange_names.bif", tmp_path / "m" / "strange", "--rename")
    assert (code, err) == (0, "")
    assert "'天气' as 'TianQi'" in out
    assert priors.load(tmp_path / "m" / "strange").described["TianQi"].label == "天气"
    code, out, err = run("export", "strange", tmp_path / "back.bif", "--priors", tmp_path / "m")
    assert (code, err) == (0, "")
    text = (tmp_path / "back.bif").read_text()
    assert 'probability ( "visit to Asia?" | light-on ) {' in text
    assert "variable 天气 {" in text


def test_what_a_gate_is_in_the_file_it_is_in_the_model(run, tmp_path):
    assert run("import", FILES / "canonical.xdsl", tmp_path / "m" / "canonical")[0] == 0
    model = priors.load(tmp_path / "m" / "canonical")
    assert [said.kind for said in model.described.values()] == ["table", "table", "all_needed", "rule", "table"]
    code, out, _ = run("export", "canonical", tmp_path / "back.xdsl", "--priors", tmp_path / "m")
    assert code == 0
    assert "the gates of 'cough', 'alarm': their full tables are written instead" in out


NAMELESS = """network unknown { }
variable a { type discrete [ 3 ] { low, mid, high }; }
probability ( a ) { table 0.33, 0.33, 0.33; }
"""


def test_what_an_import_writes_can_be_read_by_people(run, tmp_path):
    (tmp_path / "weather.bif").write_text(NAMELESS, encoding="utf-8")
    assert run("import", tmp_path / "weather.bif", tmp_path / "m" / "weather")[0] == 0
    said = "".join(path.read_text() for path in sorted((tmp_path / "m" / "weather").iterdir()))
    assert "p: {low: 0.3333333333333333, mid: 0.3333333333333333, high: 0.3333333333333333}" in said
    assert "All tables of the network 'weather'" in said
    assert "unknown" not in said


def test_nothing_of_an_import_is_called_published_before_somebody_has_looked(run, tmp_path):
    (tmp_path / "weather.bif").write_text(NAMELESS, encoding="utf-8")
    run("import", tmp_path / "weather.bif", tmp_path / "m" / "weather", "--source", "An almanac")
    _, out, _ = run("check", "weather", "--priors", tmp_path / "m")
    assert "1 statement: 0 with a published number, 0 with a published direction" in out
    assert "published: nothing" in run("show", "weather", "a", "--priors", tmp_path / "m")[1]
