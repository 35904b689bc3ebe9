"""Probabilities in words: every edge, every word, and intervals that span several."""

import math

import pytest

from model.errors import BadQuestion
from model.report.probability_words import EDGES, WORDS, in_words, range_in_words


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0, "remote: less than 1 %"),
        (0.0099999, "remote: less than 1 %"),
        (0.01, "almost no chance"),
        (0.049, "almost no chance"),
        (0.05, "very unlikely"),
        (0.20, "unlikely"),
        (0.45, "roughly even chance"),
        (0.55, "likely"),
        (0.80, "very likely"),
        (0.95, "almost certain"),
        (0.99, "more than 99 %"),
        (1.0, "more than 99 %"),
    ],
)
def test_a_probability_has_the_word_of_its_band(p, words):
    assert in_words(p) == words


@pytest.mark.parametrize("edge", EDGES)
def test_an_edge_belongs_to_the_word_above_and_what_is_just_under_it_to_the_word_below(edge):
    at = WORDS.index(in_words(edge))
    assert WORDS.index(in_words(math.nextafter(edge, 0.0))) == at - 1


def test_a_number_that_would_round_up_to_an_edge_keeps_its_own_word():
    assert f"{0.5499:.2f}" == "0.55"
    assert in_words(0.5499) == "roughly even chance"


def test_an_interval_in_one_band_is_said_in_one_word():
    assert range_in_words(0.20, 0.4499) == "unlikely"


def test_an_interval_over_several_bands_is_said_by_both_ends():
    assert range_in_words(0.22, 0.56) == "unlikely to likely"


@pytest.mark.parametrize("p", [-0.01, 1.01, math.nan, math.inf])
def test_what_is_no_probability_is_refused_by_its_value(p):
    with pytest.raises(BadQuestion, match=f"{p!r} is not a probability"):
        in_words(p)


def test_an_interval_upside_down_is_refused():
    with pytest.raises(BadQuestion, match="upside down"):
        range_in_words(0.6, 0.4)
