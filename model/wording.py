"""Numbers as text, and text in lines: what sentences, tables and pages have in common."""

from __future__ import annotations

import math
from textwrap import TextWrapper

SMALLEST_WRITTEN = 1e-300
"""Below this a probability is written from its logarithm: as a number it loses digits, and then is 0."""


def percent(p: float) -> str:
    """A probability for people: two figures, more near the ends, words for what is certain.

    >>> [percent(p) for p in (0, 0.0001, 0.021, 0.31, 0.996, 1)]
    ['never', '<0.1 %', '2.1 %', '31 %', '99.6 %', 'certain']
    """
    if p in (0, 1):
        return "certain" if p else "never"
    return f"{figure(p)} %"


def figure(p: float) -> str:
    """A probability in percent, without the sign.

    >>> [figure(p) for p in (0, 0.0001, 0.05, 0.314)]
    ['0', '<0.1', '5', '31']
    """
    if 0 < p < 0.0005:
        return "<0.1"
    if 0.9995 <= p < 1:
        return ">99.9"
    near_an_end = min(p, 1 - p) < 0.0995
    return f"{100 * p:.{1 if near_an_end else 0}f}".removesuffix(".0")


def decimal(value: float) -> str:
    """A number to four decimals; a small one in powers of ten, since 0.0000 would hide it.

    >>> decimal(0.25), decimal(0.00001), decimal(-6.5), decimal(0.0)
    ('0.2500', '1.00e-05', '-6.5000', '0.0000')
    """
    return f"{value:.4f}" if value == 0 or abs(value) >= 5e-4 else f"{value:.2e}"


def share(part: float) -> str:
    """A share of a whole in percent.

    >>> share(0.41), share(0.002), share(1.0)
    ('41 %', 'less than 1 %', '100 %')
    """
    return "less than 1 %" if part < 0.01 else f"{100 * part:.0f} %"


def signed(difference: float, digits: int = 4) -> str:
    """A difference with its sign; one that rounds to nothing has no minus.

    >>> signed(0.25), signed(-0.00001), signed(-6.5, 2)
    ('+0.2500', '+0.0000', '-6.50')
    """
    return f"{round(difference, digits) + 0.0:+.{digits}f}"


def portion(part: float) -> str:
    """The part of all draws that an interval holds, as it was asked for.

    >>> portion(0.9), portion(0.975)
    ('90 %', '97.5 %')
    """
    return f"{100 * part:g} %"


def quantity(count: int, what: str, several: str | None = None) -> str:
    """How many there are of something; ``several`` is what more than one of them are called where that takes no s.

    >>> quantity(1, "row"), quantity(3000, "row"), quantity(2, "entry", "entries")
    ('1 row', '3,000 rows', '2 entries')
    """
    return f"{count:,} {what if count == 1 else several or what + 's'}"


def cases_worth(cases: float) -> str:
    """How much was learnt from counts, as cases of its own.

    >>> cases_worth(1.0), cases_worth(9.8712), cases_worth(1234.0)
    ("1 case's worth", "9.87 cases' worth", "1,234 cases' worth")
    """
    said = f"{cases:,.0f}" if cases >= 1000 else f"{cases:.3g}"
    return f"{said} case's worth" if said == "1" else f"{said} cases' worth"


def signed_points(difference: float) -> str:
    """A difference in points of a hundred with its sign, to one decimal, a second where that would say 0.

    >>> signed_points(-0.045), signed_points(0.0004), signed_points(-0.0000004), signed_points(0.0)
    ('-4.5', '+0.04', '-0.00', '0')
    """
    if difference == 0:
        return "0"
    points = 100 * difference
    return f"{points:+.1f}" if abs(points) >= 0.05 else f"{points:+.2f}"


def effect_text(effect: float | None, low: float | None, high: float | None, *, none: str = "no effect") -> str:
    """What something moved an event, in points of a hundred, with the ends of its interval; nothing is ``none``.

    >>> effect_text(-0.045, -0.061, 0.002)
    '-4.5 points (-6.1 to +0.2, perhaps nothing)'
    >>> effect_text(0.0, 0.0, 0.0), effect_text(0.0004, 0.0001, 0.0009), effect_text(None, None, None)
    ('no effect', '+0.04 points (+0.01 to +0.1)', '-')
    """
    if effect is None:
        return "-"
    if effect == 0 and not low and not high:
        return none
    words = f"{signed_points(effect)} points"
    if low is None or high is None:
        return words
    doubt = ", perhaps nothing" if low <= 0 <= high else ""
    return f"{words} ({signed_points(low)} to {signed_points(high)}{doubt})"


def points(difference: float) -> str:
    """How far apart two probabilities are, in percentage points, without its sign.

    >>> points(0.4337), points(-0.0144), points(0.01), points(0.0007)
    ('43 points', '1.4 points', '1 point', '0.1 points')
    >>> points(0.0004)
    'less than 0.1 points'
    """
    size = abs(100 * difference)
    said = f"{size:.0f}" if size >= 9.95 else f"{size:.1f}".removesuffix(".0")
    if said == "0":
        return "less than 0.1 points"
    return f"{said} point" if said == "1" else f"{said} points"


def wrapped(text: str, width: int, *, first: str = "", then: str = "") -> list[str]:
    """Lines of at most this width; an address is never broken."""
    wrapper = TextWrapper(width, initial_indent=first, subsequent_indent=then)
    wrapper.break_long_words = wrapper.break_on_hyphens = False
    return wrapper.wrap(text)


def chance(log: float) -> str:
    """A probability from its natural logarithm, to three digits, however small it is.

    >>> chance(math.log(0.25)), chance(-921.0)
    ('0.25', '1.03e-400')
    """
    p = math.exp(log)
    if p > SMALLEST_WRITTEN:
        return f"{p:.3g}"
    power = math.floor(log / math.log(10))
    return f"{math.exp(log - power * math.log(10)):.3g}e{power}"
