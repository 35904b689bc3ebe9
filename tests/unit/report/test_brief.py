"""A brief says what the answer, its explanation and its attribution say, in words that follow from the numbers."""

import dataclasses
import re
from dataclasses import replace
from functools import cache

import pytest

from model import priors
from model.analyses.explanation import explain
from model.analyses.variance_attribution import attribution
from model.errors import ImpossibleEvidence, UnknownState, UnknownVariable
from model.evidence import syntax
from model.forecast import Forecaster, answer, prepare
from model.question import Question
from model.report.brief import Brief, Chance, Confidence, brief
from model.report.brief_text import markdown, text
from model.report.probability_words import EDGES, WORDS, in_words, percent, range_in_words
from model.wording import points
from service.settings import default_priors

CASES = [
    ("lung", "yes", ["xray:yes", "smoke:yes", "dysp:yes"], []),
    ("lung", "yes", ["xray:yes"], ["smoke:no"]),
    ("lung", "no", ["xray:like(yes=4,no=1)", "bronc:assumed(yes=0.6,no=0.4)"], ["smoke:chances(yes=0.2,no=0.8)"]),
    ("tub", "yes", ["smoke:no", "lung:yes", "xray:no"], []),
    ("tub", "no", ["smoke:not(no)"], []),
    ("lung", "yes", ["either:no"], []),
    ("dysp", "yes", [], ["smoke:no"]),
    ("asia", "yes", [], []),
]


@cache
def forecaster(name: str) -> Forecaster:
    return prepare(priors.load(default_priors() / name))


@pytest.fixture
def asia() -> Forecaster:
    return forecaster("asia")


def question(given=(), do=(), **named):
    return Question(findings=syntax.findings(given), settings=syntax.settings(do), **named)


def written(target, state, given, do):
    return brief(forecaster("asia"), question(given, do), target=target, state=state)


def values(found, kind):
    """Every value of a kind in a brief, however deep."""
    if dataclasses.is_dataclass(found):
        found = [getattr(found, field.name) for field in dataclasses.fields(found)]
    if isinstance(found, list | tuple):
        return [value for item in found for value in values(item, kind)]
    return [found] if isinstance(found, kind) and not isinstance(found, bool) else []


def renderings(number):
    """A number as it may be printed: itself, in percent or in points, rounded."""
    scaled = [abs(number), abs(100 * number)]
    return {f"{value:.{digits}f}" for value in scaled for digits in range(6)} | {f"{value:g}" for value in scaled}


def numbers_in(said: str, phrases: list[str]) -> list[str]:
    """The numbers printed, those inside phrases that the brief holds word for word left out."""
    for phrase in sorted(set(phrases), key=len, reverse=True):
        said = said.replace(phrase.rstrip("."), "")
    said = re.sub(r"less than (1 %|0\.1 points|0\.1 dB)|Less than 0\.1 dB|more than 99 %", "", said)
    return re.findall(r"\d+(?:\.\d+)?", said)


def unwrapped(said: str) -> str:
    return re.sub(r"\s+", " ", said)


def headline(found: Brief) -> str:
    return unwrapped(text(found).partition("\n\n")[0])


@pytest.mark.parametrize("case", CASES)
def test_every_number_printed_is_a_number_of_the_brief_rounded(case):
    found = written(*case)
    known = set().union(*(renderings(number) for number in values(found, int | float)))
    phrases = [phrase for phrase in values(found, str) if re.search(r"\d", phrase)]
    for said in (unwrapped(text(found)), markdown(found).replace("\\", "")):
        assert [number for number in numbers_in(said, phrases) if number not in known] == []


@pytest.mark.parametrize("case", CASES)
def test_no_sentence_holds_both_confidence_and_a_word_of_likelihood(case):
    likelihood = [word.partition(":")[0] for word in WORDS]
    sentences = re.split(r"(?<=[.:])\s+(?=[A-Z\"-])|\n\n", unwrapped(text(written(*case))))
    told = [sentence for sentence in sentences if re.search(r"\bconfidence in\b", sentence, re.IGNORECASE)]
    assert told
    assert [s for s in told if any(re.search(rf"\b{word}\b", s) for word in likelihood)] == []


@pytest.mark.parametrize("case", CASES)
def test_the_same_question_gives_the_same_text(case):
    first, second = written(*case), written(*case)
    assert first == second
    assert (text(first), markdown(first)) == (text(second), markdown(second))


def test_the_numbers_are_those_of_the_answer_the_explanation_and_the_attribution(asia):
    asked = question(["xray:yes", "dysp:yes"], ["smoke:no"])
    found = brief(asia, asked, target="lung", state="yes")
    told = answer(asia, replace(asked, targets=("lung",), interval=0.9))
    [row] = told.targets
    assert (found.p, found.shift) == (row.distribution[0].p, row.distribution[0].shift)
    assert found.baseline.p == row.distribution[0].baseline
    assert (found.interval.low, found.interval.high) == (row.distribution[0].low, row.distribution[0].high)
    assert found.p_evidence.p == told.p_evidence
    weights = explain(asia, asked, target="lung", state="yes").balance.weights
    assert {(each.variable, each.db) for each in (*found.up, *found.down)} == {(w.finding, w.db) for w in weights}
    shares = attribution(asia, asked, target="lung", state="yes")
    assert [each.share for each in found.priors] == [each.share for each in shares.statements[:3]]
    assert found.sources[0].p_without == shares.sources[0].p_without_any


def test_the_textbook_case_reads_as_the_worked_numbers_do():
    found = written("lung", "yes", ["smoke:yes", "xray:yes", "dysp:yes"], [])
    said = unwrapped(text(found))
    assert said.startswith('"Lung cancer: yes" is likely (72 %; 90 % interval ')
    assert "Without the conditions it is very unlikely (6 %)." in said
    assert "The findings change the log odds by +16.5 dB together" in said
    reasons = ["Positive X-ray: yes (+11.9 dB)", "Smoker: yes (+2.4 dB)", "Shortness of breath: yes (+2.2 dB)"]
    assert re.findall(r"Up: ([^.]*\.\d dB\))", said) == reasons
    assert 'Removing "Positive X-ray: yes" would put it at 15 %.' in said


def test_a_finding_that_explains_another_away_is_a_reason_down():
    found = written("tub", "yes", ["either:yes", "smoke:yes", "lung:yes"], [])
    assert found.down[0].variable == "lung"


@pytest.mark.parametrize("edge", EDGES)
def test_words_change_at_an_edge_by_the_number_before_rounding(edge):
    found = written("lung", "yes", [], [])
    below = edge - 1e-6
    for p in (below, edge):
        said = headline(replace(found, p=p, words=in_words(p), interval=None))
        word = in_words(p).partition(":")[0]
        assert word in said
        assert percent(p) in said
    assert in_words(below) != in_words(edge)


def test_the_percent_printed_never_contradicts_the_word():
    assert (percent(0.5499999), percent(0.546), percent(0.55)) == ("just under 55 %", "54.6 %", "55 %")
    plain = [i / 10_000 + 3e-7 for i in range(1, 9_900)]
    printed = {p: percent(p).removesuffix(" %") for p in plain}
    shown = {p: said for p, said in printed.items() if said[0].isdigit()}
    assert len(shown) > 9_700
    assert [p for p, said in shown.items() if in_words(float(said) / 100) != in_words(p)] == []


@pytest.mark.parametrize("p", [0.0, 1e-9, 0.004, 0.00999])
def test_a_tiny_probability_is_less_than_one_percent_and_never_none(p):
    found = written("lung", "yes", ["xray:yes"], [])
    said = headline(replace(found, p=p, words=in_words(p), interval=None))
    assert said == '"Lung cancer: yes" is remote (less than 1 %).'


def test_an_interval_over_several_bands_says_both_ends():
    found = written("lung", "yes", ["smoke:yes", "xray:yes", "dysp:yes"], [])
    assert found.interval.words == range_in_words(found.interval.low, found.interval.high)
    assert f"The ends of the interval read {found.interval.words}." in unwrapped(text(found))
    assert " to " in found.interval.words


def test_a_brief_without_conditions_has_no_reasons_and_is_sensible():
    found = written("lung", "yes", [], [])
    said = markdown(found)
    assert (found.conditions, found.up, found.down, found.way, found.without) == ((), (), (), None, None)
    headings = re.findall(r"^## (.*)$", said, re.MULTILINE)
    assert headings == ["Answer", "What it rests on", "Confidence", "Reference"]
    assert "conditions" not in said


def test_a_gap_between_seeing_and_doing_is_told_with_what_makes_it():
    found = written("dysp", "yes", ["lung:yes"], [])
    [gap] = found.gaps
    assert gap.confounders == ("Smoker",)
    assert gap.gap == gap.seen - gap.done
    assert "common causes: Smoker" in unwrapped(text(found))


def test_a_gap_of_a_point_or_less_is_not_told():
    assert written("lung", "yes", ["smoke:yes"], []).gaps == ()


def test_conflicting_findings_are_told_with_the_least_expected_and_what_would_account_for_them():
    said = unwrapped(text(written("tub", "yes", ["smoke:no", "lung:yes"], [])))
    assert 'The findings sit badly together (conflict 2.5 bits), worst of all "Smoker: no".' in said
    assert 'Least expected is "Lung cancer: yes", with a probability of ' in said
    assert "Worth checking" not in markdown(written("lung", "yes", ["xray:yes"], []))


def test_what_has_no_effect_is_said_and_is_no_reason():
    found = written("smoke", "yes", ["asia:yes", "bronc:yes"], [])
    assert found.no_effect == ("Recent visit to Asia",)
    assert "No effect on the event: Recent visit to Asia." in text(found)
    assert [reason.variable for reason in found.up] == ["bronc"]


def test_a_reason_that_the_others_make_idle_is_not_the_one_to_remove():
    found = written("either", "yes", ["smoke:yes", "lung:no"], [])
    assert found.nothing_further == ("Smoker",)
    assert found.no_effect == ()
    assert found.without.variable == "lung"


def test_a_settled_event_says_what_settles_it():
    found = written("lung", "yes", ["either:no"], [])
    said = unwrapped(text(found))
    assert found.decided_by == ("Tuberculosis or lung cancer: no",)
    assert "Settled by Tuberculosis or lung cancer: no" in said
    assert "Down: Tuberculosis or lung cancer: no (decisive)." in said


def test_findings_of_every_kind_are_told_in_words():
    found = written("lung", "no", *CASES[2][2:])
    assert [(each.kind, each.words) for each in found.conditions] == [
        ("given", "Bronchitis: assumed chances, yes 0.6, no 0.4"),
        ("given", "Positive X-ray: a report, its likelihood yes 4, no 1"),
        ("do", "Smoker: chances, yes 0.2, no 0.8"),
    ]
    assert found.p_evidence is None


def test_states_are_told_by_their_labels():
    asked = question(["fate_in_theatre:at_large"], scenario="none")
    found = brief(forecaster("mosul-2017"), asked, target="pathway", state="hardcore_underground")
    fate = forecaster("mosul-2017").model.described["fate_in_theatre"]
    assert found.event == "What becomes of the fighter: Hardcore underground"
    assert [each.words for each in found.conditions] == [f"{fate.label}: {fate.labels['at_large']}"]


def test_scenario_and_cohort_are_named_with_what_they_bring(asia):
    asked = question(["dysp:no"], scenario="back_from_asia", cohort="a_smoker")
    found = brief(asia, asked, target="tub", state="yes")
    said = unwrapped(text(found))
    assert "Cohort: One patient who smokes." in said
    assert "Replaced by something more specific: dysp=yes of scenario back_from_asia." in said
    assert [each.variable for each in found.conditions] == ["asia", "smoke", "dysp"]


def test_the_permalink_is_printed_where_there_is_one():
    found = written("lung", "yes", ["xray:yes"], [])
    link = "/v1/models/asia/brief.md?target=lung&given=xray:yes&revision=r-1"
    assert text(found, permalink=link) == f"{text(found)}\n{link}\n"
    assert markdown(found, permalink=link) == f"{markdown(found)}\n`{link}`\n"
    assert f"(asia {found.revision}), as of 1988-12-31." in text(found)


def test_sources_that_nobody_verified_count_and_are_told(asia):
    sources = {name: replace(source, status="unverified") for name, source in asia.model.sources.items()}
    other = replace(asia, model=replace(asia.model, sources=sources))
    found = brief(other, question(["xray:yes"]), target="lung", state="yes")
    assert (found.confidence.sources, found.confidence.unverified) == (1, 1)
    assert "(sample size 50 on average, 1 source beside judgement, 1 unverified)." in unwrapped(text(found))


def test_confidence_goes_by_the_sample_size_and_never_by_a_single_publication():
    found = written("lung", "yes", ["xray:yes"], [])
    assert found.confidence == Confidence("low", pytest.approx(50.0), 1, 0, 0)
    assert (
        "Confidence in the underlying model: low (sample size 50 on average, 1 source beside judgement)."
        in unwrapped(text(found))
    )


def test_points_are_counted_without_a_sign():
    said = ["43 points", "1 point", "0.4 points", "less than 0.1 points"]
    assert [points(p) for p in (0.43, -0.01, 0.004, -0.0001)] == said


def test_words_that_markdown_would_mark_up_are_escaped():
    found = written("lung", "yes", ["xray:yes"], [])
    assert "\\*x\\* \\[y\\](z)" in markdown(replace(found, event="*x* [y](z)"))


def test_an_answer_without_an_interval_says_so():
    found = written("lung", "yes", ["xray:yes"], [])
    assert "It has no interval" in text(replace(found, interval=None))


def test_impossible_evidence_and_unknown_names_are_refused(asia):
    with pytest.raises(ImpossibleEvidence, match="cannot hold together"):
        written("dysp", "yes", ["either:no", "lung:yes"], [])
    with pytest.raises(UnknownVariable, match="lnug"):
        written("lnug", "yes", [], [])
    with pytest.raises(UnknownState, match="'ys'"):
        written("lung", "ys", [], [])


def test_a_brief_is_plain_values():
    found = written("lung", "yes", ["xray:yes"], [])
    assert isinstance(found, Brief)
    assert found.baseline == Chance(pytest.approx(0.055), "very unlikely")
    hash(found)


@pytest.mark.slow
def test_every_example_of_the_flagship_has_a_brief():
    flagship = forecaster("mosul-2017")
    for each in flagship.model.examples:
        asked = Question((), each.findings, each.settings, scenario=each.scenario, cohort=each.cohort)
        for state in flagship.model.network[each.target].states:
            found = brief(flagship, asked, target=each.target, state=state)
            known = set().union(*(renderings(number) for number in values(found, int | float)))
            phrases = [phrase for phrase in values(found, str) if re.search(r"\d", phrase)]
            assert [n for n in numbers_in(unwrapped(text(found)), phrases) if n not in known] == []
