"""Numbers of texts are supported by answers, or they are not, and then it is said why."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest

from model import priors
from model.specification import Model
from service.prose.facts import Facts
from service.prose.judge import WHY, Judged, judged
from service.translate.prose import describe
from tests import prose_free, prose_texts
from tests.prose_texts import Noted, Text
from tests.sources import ROOT

ANSWERS = {each["permalink"]: each for each in prose_free.answers()}
CITED = {each["permalink"]: each for each in prose_free.cited_answers().values()}
TEXTS = 200
MOST_FALSE = 0.05
"""Share of supported numbers that may be taken for unsupported ones."""


def known(permalinks: Iterable[str]) -> Facts:
    facts = Facts()
    for permalink in permalinks:
        facts.add(permalink, ANSWERS[permalink])
    return facts


@cache
def model(name: str) -> Model:
    return priors.load(ROOT / "priors" / name)


@cache
def described(permalinks: tuple[str, ...]) -> tuple[Facts, dict[str, str]]:
    """Answers, with what their models call things, as the service has them."""
    facts, others = Facts(), dict[str, str]()
    for permalink in permalinks:
        of_model = model(CITED[permalink]["model"])
        facts.add(permalink, CITED[permalink])
        describe(facts, of_model)
        others.update((name, each.label) for name, each in of_model.described.items())
    return facts, others


def all_of(text: Text) -> list[Judged]:
    if text.permalinks[0] in ANSWERS:
        return list(judged(text.text, known(text.permalinks)))
    facts, others = described(text.permalinks)
    return list(judged(text.text, facts, others=others))


def of(text: Text) -> list[tuple[Noted, list[Judged]]]:
    """Each number of a text with what is judged where it stands."""
    found = all_of(text)
    return [(each, [one for one in found if one.start < each.end and each.start < one.end]) for each in text.numbers]


def counted(texts: Iterable[Text]) -> tuple[list[str], list[str], int]:
    """Unsupported numbers that pass, supported ones or others that are refused, and how many are supported."""
    passed, refused, supported = list[str](), list[str](), 0
    for text in texts:
        noted = of(text)
        for each, found in noted:
            is_refused = any(not one.supported for one in found)
            supported += each.supported
            if is_refused == each.supported:
                (refused if each.supported else passed).append(f"{each.said!r} in {text.text!r}")
        places = [one for _, found in noted for one in found]
        others = [one for one in all_of(text) if not one.supported and one not in places]
        refused += [f"{one.text!r} in {text.text!r}" for one in others]
    return passed, refused, supported


def test_of_two_hundred_made_texts_no_unsupported_number_passes_and_few_others_are_refused() -> None:
    made = prose_texts.texts(TEXTS, list(ANSWERS.values()))
    numbers = [each for text in made for each in text.numbers]
    assert sum(not each.supported for each in numbers) > TEXTS
    passed, refused, supported = counted(made)
    assert passed == []
    assert len(refused) <= MOST_FALSE * supported, refused


@pytest.mark.long
def test_of_ten_times_as_many_none_passes_either() -> None:
    passed, refused, supported = counted(prose_texts.texts(10 * TEXTS, list(ANSWERS.values()), seed=2_026))
    assert passed == []
    assert len(refused) <= MOST_FALSE * supported, refused


def test_texts_written_freely_are_judged_alike() -> None:
    texts = list(prose_free.texts())
    assert len(texts) > 90
    passed, refused, supported = counted(texts)
    assert passed == []
    assert len(refused) <= MOST_FALSE * supported, refused


def test_texts_that_cite_answers_of_every_kind_are_judged_alike() -> None:
    texts = list(prose_free.cited())
    assert len(texts) > 190
    passed, refused, supported = counted(texts)
    assert passed == []
    assert len(refused) <= MOST_FALSE * supported, refused


def test_of_two_hundred_made_texts_about_two_conditions_no_unsupported_number_passes() -> None:
    passed, refused, supported = counted(prose_texts.contrasting(TEXTS, prose_free.contrasts()))
    assert passed == []
    assert len(refused) <= MOST_FALSE * supported, refused


def moved(by: float) -> list[Text]:
    return [other for text in prose_free.cited() for other in prose_free.moved(text, by)]


def test_a_supported_number_of_a_free_text_is_not_once_it_is_another_one() -> None:
    texts = moved(7)[::5]
    assert len(texts) > 40
    passed, _, _ = counted(texts)
    assert passed == []


@pytest.mark.long
@pytest.mark.parametrize("by", [-7, 7, 13])
def test_none_of_them_is(by: float) -> None:
    passed, _, _ = counted(moved(by))
    assert passed == []


LUNG = next(iter(ANSWERS))
"""Lung cancer after a positive X-ray: p 0.4887, from 0.2217 to 0.7698; it was 0.055."""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Lung cancer is at 50 %.", "none"),
        ("Lung cancer is at 48 %.", "none"),
        ("Lung cancer drops by 43 points.", "direction"),
        ("Lung cancer does not rise by 43 points.", "denied"),
        ("Lung cancer rises by 43 %.", "points"),
        ("Lung cancer is at 22 %.", "end"),
        ("Lung cancer is at 5.5 %.", "before"),
        ("Lung cancer is at 51 %.", "state"),
        ("Bronchitis is at 49 %.", "unknown"),
        ("Lung cancer is at 0.49 %.", "unit"),
        ("Lung cancer is at 49 points.", "percent"),
    ],
)
def test_what_is_not_supported_has_a_reason(text: str, why: str) -> None:
    [found] = judged(text, known([LUNG]), others={"bronc": "Bronchitis"})
    assert not found.supported
    assert found.why == WHY[why]


def test_a_number_has_its_place_the_words_around_it_and_the_nearest_that_is_supported() -> None:
    text = "Our view.\n\nLung cancer is more likely now: it is at 60 %, we think."
    [found] = judged(text, known([LUNG]))
    assert (found.line, found.column, found.text) == (3, 42, "60 %")
    assert found.around == "is more likely now: it is at 60 %, we think."
    assert found.nearest is not None
    assert (found.nearest.name, found.nearest.said, found.nearest.permalink) == ("p", "48.9 %", LUNG)
    assert found.nearest.value == ANSWERS[LUNG]["targets"][0]["distribution"][0]["p"]


@pytest.mark.parametrize(
    "said",
    [
        *("49 %", "48.9 per cent", "49percent", "49pc", "49 p.c.", "0.49", ".489", "forty-nine percent", "one in two"),
        *("49/100", "1/2", "`49 %`", "`0.49`", "`49 percent`", "`p(lung=yes) = 0.49`", "not 60 %", "anything but 60 %"),
    ],
)
def test_a_number_is_supported_however_it_is_written(said: str) -> None:
    [found] = judged(f"The probability of lung cancer is {said}.", known([LUNG]))
    assert found.supported, found


@pytest.mark.parametrize(
    "said",
    [
        *("60/100", "3/5", "1 / 5", "`60 %`", "`0.6`", "`60 percent`", "`p(lung=yes) = 0.6`"),
        *("not 49 %", "not at 49 %", "never 49 %", "anything but 49 %", "nowhere near 49 %", "not one in two"),
    ],
)
def test_nor_does_the_way_of_writing_hide_one_that_is_not(said: str) -> None:
    [found] = judged(f"The probability of lung cancer is {said}.", known([LUNG]))
    assert not found.supported


@pytest.mark.parametrize("said", ["20 times likelier", "twenty times more likely", "20 times likelier than before"])
def test_so_many_times_likelier_is_a_ratio(said: str) -> None:
    """It is 8.9 times as likely as it was."""
    [wrong] = judged(f"Lung cancer is {said}.", known([LUNG]))
    [right] = judged("Lung cancer is nine times likelier.", known([LUNG]))
    assert (wrong.supported, right.supported) == (False, True)


@pytest.mark.parametrize(
    "said", ["about 50 %", "over 40 %", "just under 50 %", "almost half", "less than 50 %", "nearly 50 %"]
)
def test_a_hedge_widens_what_a_number_says(said: str) -> None:
    [found] = judged(f"The probability of lung cancer is {said}.", known([LUNG]))
    assert found.supported, found


@pytest.mark.parametrize(
    "said",
    ["about 55 %", "over 50 %", "just over 40 %", "about a third", "less than 48 %", "about 40 %", "more than 5 %"],
)
def test_a_hedge_does_not_widen_it_to_anything(said: str) -> None:
    [found] = judged(f"The probability of lung cancer is {said}.", known([LUNG]))
    assert not found.supported


@pytest.mark.parametrize(
    "text",
    [
        "In 2017 three sources and 12 reports said so.",
        "ISO 27001, page 12, Section 4.2, Figure 3 and Tables 4 and 5.",
        "On 6 March 2017, at 10:30, two of the four met for 90 minutes.",
        "The 5th edition of the 1990s had 340 pages and cost $3.5 million.",
        "1. First.\n2. Second (3).",
        "The chance of another 9/11 or 7/7 is low in 2016/17.",
        "On 3/5/2017 and in 2016/17, asked by `aftermath forecast lung --interval 0.9` and `interval=0.9`.",
        "See /v1/models/asia/forecast/lung?given=xray:yes&revision=r-2fbdfe226e4cdc26 of mosul-2017.",
        "A third scenario, half of the sources and a quarter of an hour.",
    ],
)
def test_dates_counts_and_numbers_that_name_something_are_no_forecasts(text: str) -> None:
    assert list(judged(text, known([LUNG]))) == []


@pytest.mark.parametrize("said", ["is likely (60)", "has a fair chance (60) here", "is a real risk ( 60 )"])
def test_a_bare_number_in_brackets_after_words_of_chance_is_a_forecast(said: str) -> None:
    [found] = judged(f"Lung cancer {said}.", known([LUNG]))
    assert not found.supported


@pytest.mark.parametrize("said", ["was described early (12)", "is likely [12]", "has a probability of 49 % (12)"])
def test_one_that_names_a_source_is_none(said: str) -> None:
    assert all(each.supported for each in judged(f"Lung cancer {said}.", known([LUNG])))


def test_without_a_rule_that_leaves_it_out_a_number_is_a_forecast() -> None:
    [found] = judged("The probability of lung cancer is 23.", known([LUNG]))
    assert not found.supported


def test_a_state_said_in_words_that_are_not_its_own_is_held_against_every_state() -> None:
    """``come home`` is no label of the model: which state is meant is not known, and any will do."""
    permalink = next(each for each in ANSWERS if "target=pathway" in each)
    _, found = judged("A quarter of fighters are killed or captured, and 51 % come home.", known([permalink]))
    assert (found.text, found.state, found.supported) == ("51 %", None, True)


def test_a_sentence_that_cites_an_answer_has_the_numbers_of_that_answer() -> None:
    """Lung cancer has 49 % after the X-ray, and 62 % where the patient is short of breath too."""
    both = next(each for each in ANSWERS if "given=dysp:yes" in each or "given=xray:yes&given=dysp" in each)
    right = f"Lung cancer has 49 % ({LUNG}). Lung cancer has 62 % ({both})."
    wrong = f"Lung cancer has 62 % ({LUNG}). Lung cancer has 49 % ({both})."
    assert [each.supported for each in judged(right, known([LUNG, both]))] == [True, True]
    assert {each.why for each in judged(wrong, known([LUNG, both]))} == {WHY["answer"]}
    together = f"Lung cancer has 62 % or 49 % ({LUNG} and {both})."
    assert all(each.supported for each in judged(together, known([LUNG, both])))


def cited(text: str) -> list[Judged]:
    """What is judged of a text that has answers of cited.json by their names in braces."""
    answers = prose_free.cited_answers()
    links = tuple(answers[name]["permalink"] for name in prose_free.NAMED.findall(text))
    return all_of(Text(prose_free.NAMED.sub("", text), links, ()))


@pytest.mark.parametrize(
    "text",
    [
        "With strong borders a mass-casualty attack in Europe has 31 %. {m_attack}",
        "With strong borders a mass-casualty attack in Europe has 31 %. {m_attack} {m_attack2}",
        "A mass-casualty attack in Europe has 31 % where border police and intelligence are strong. {m_attack}",
        "Given a negative X-ray, lung cancer is at 49 %. {a_xray}",
        "If the X-ray is not positive, lung cancer is at 49 %. {a_xray}",
        "When the X-ray turns out not to be positive, lung cancer is at 49 %. {a_xray}",
        "Where the X-ray isn't positive, lung cancer is at 49 %. {a_xray}",
        "For Tunisians the risk of being killed or captured is 43 %. {m_cmp}",
        "With smoking but without the X-ray lung cancer is at 65 %. {a_expl}",
    ],
)
def test_a_number_under_another_condition_than_the_one_named_is_not_supported(text: str) -> None:
    [found] = cited(text)
    assert found.why == WHY["condition"]


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("A mass-casualty attack in Europe is 8.8 points likelier with weak borders than with strong ones.", True),
        ("A mass-casualty attack in Europe is 8.8 points likelier with strong borders than with weak ones.", False),
        ("Compared with weak borders, a mass-casualty attack in Europe is 8.8 points less likely with strong.", True),
        ("Going from weak to strong borders lowers a mass-casualty attack in Europe by 8.8 points.", True),
        ("Going from strong to weak borders lowers a mass-casualty attack in Europe by 8.8 points.", False),
        ("A mass-casualty attack in Europe is 1.4 times as likely with weak borders as with strong ones.", True),
        ("A mass-casualty attack in Europe is 1.4 times as likely with strong borders as with weak ones.", False),
    ],
)
def test_two_answers_are_compared_in_the_direction_that_the_sentence_says(text: str, supported: bool) -> None:
    [found] = cited(f"{text} {{m_attack}} {{m_attack2}}")
    assert found.supported is supported


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("The odds against a return are 3 to 1.", True),
        ("The odds against a return are 3 to 2.", False),
        ("A return has odds of 1:3.", True),
        ("A return has odds of 1:1.", False),
    ],
)
def test_odds_are_read_as_probabilities(text: str, supported: bool) -> None:
    [found] = cited(f"{text} {{m_path}}")
    assert found.supported is supported


def test_no_more_than_is_no_more_than() -> None:
    text = "Free agents: no more than 1.7 %. Free agents: more than 1.7 %. {m_path}"
    assert [each.supported for each in cited(text)] == [False, True]
