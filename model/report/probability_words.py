"""Probabilities in the words that intelligence assessments use (ICD 203, 2 January 2015)."""

from __future__ import annotations

from bisect import bisect_right

from model.errors import BadQuestion

EDGES = (0.01, 0.05, 0.20, 0.45, 0.55, 0.80, 0.95, 0.99)
"""Where one word ends and the next begins; an edge belongs to the word above it."""

REMOTE, SURE = "remote: less than 1 %", "more than 99 %"
WORDS = (
    REMOTE,
    "almost no chance",
    "very unlikely",
    "unlikely",
    "roughly even chance",
    "likely",
    "very likely",
    "almost certain",
    SURE,
)
"""One row of the directive's table, which is not to be mixed with the other, and what lies beyond its ends."""


def in_words(p: float) -> str:
    """The directive's expression for a probability, which must be the number as computed, not as printed.

    >>> in_words(0.31)
    'unlikely'
    >>> in_words(0.049999), in_words(0.05)
    ('almost no chance', 'very unlikely')

    Raises BadQuestion for a number that is not a probability.
    """
    return WORDS[_band(p)]


def range_in_words(low: float, high: float) -> str:
    """The expression for an interval: both ends where it spans several.

    >>> range_in_words(0.22, 0.41)
    'unlikely'
    >>> range_in_words(0.22, 0.50)
    'unlikely to roughly even chance'

    Raises BadQuestion for an end that is not a probability, or a low end above the high one.
    """
    if low > high:
        raise BadQuestion(f"an interval from {low!r} to {high!r} is upside down")
    first, last = in_words(low), in_words(high)
    return first if first == last else f"{first} to {last}"


def percent(p: float) -> str:
    """A probability in percent that never looks like another band than the one its words name.

    >>> percent(0.4887), percent(0.1996), percent(0.049999), percent(0.0004), percent(0.995)
    ('49 %', 'just under 20 %', 'just under 5 %', 'less than 1 %', 'more than 99 %')
    >>> percent(0.198)
    '19.8 %'
    """
    words = in_words(p)
    if words == REMOTE:
        return "less than 1 %"
    if words == SURE:
        return words
    for digits in (0, 1):
        said = round(100 * p, digits)
        if in_words(said / 100) == words:
            return f"{said:.{digits}f} %"
    return f"just under {100 * p:.0f} %"


def _band(p: float) -> int:
    if not 0.0 <= p <= 1.0:
        raise BadQuestion(f"{p!r} is not a probability; it must be from 0 to 1")
    return bisect_right(EDGES, p)
