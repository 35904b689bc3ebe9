"""Numbers that forecast nothing: dates, years, counts of things, numbers that only name something.

A number is left out where the words beside it say what it is. One of which nothing is known counts as a forecast.
"""

from __future__ import annotations

import re

from service.prose import cues
from service.prose.numerals import Numeral

MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
NAMES = (
    "page|pages|p|pp|section|sections|sec|chapter|chapters|ch|article|articles|art|paragraph|paragraphs|para|paras|"
    "figure|figures|fig|figs|table|tables|appendix|annex|annexes|box|note|notes|footnote|line|lines|column|row|item|"
    "number|numbers|no|nos|nr|version|versions|v|revision|release|step|steps|phase|phases|part|parts|volume|vol|issue|"
    "edition|level|tier|stage|wave|round|question|questions|scenario|scenarios|option|options|case|cases|example|"
    "examples|model|models|class|type|group|iso|iec|rfc|din|en|ansi|ieee|resolution|resolutions|regulation|directive|"
    "act|law|bill|decree|order|route|flight|room|unit|brigade|division|corps|battalion|area|zone|district|chapter|"
    "year|years|since|until|till|week|day|month|quarter|q|season|century|age|aged|grade|point|equation|eq|theorem|"
    "python|windows|covid|b|operation|source|sources|finding|findings|exhibit|slide|slides|schedule|clause|clauses|isbn"
)
DURATIONS = "second|minute|hour|day|week|fortnight|month|quarter|year|decade|century|centurie"
_NAMED = re.compile(rf"(?:\b(?:{NAMES})\.?|[#§№])[\s-]*$", re.IGNORECASE)
_MONTH_BEFORE = re.compile(rf"\b(?:{MONTHS})\.?\s+$", re.IGNORECASE)
_MONTH_AFTER = re.compile(rf"\s*(?:(?:st|nd|rd|th)\b)?\s*(?:of\s+)?(?:{MONTHS})\b", re.IGNORECASE)
_MONEY = re.compile(r"(?:[$€£¥]|\b(?:USD|EUR|GBP|US\$))\s*$")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_JOINED = re.compile(r"[\d.]*[:/-]\d|\s?[ap]\.?m\b")
_JOINED_BEFORE = re.compile(r"\d[:/.-]$")
_LETTERED = re.compile(r"[A-Za-z°²³]")
_COUNTED = re.compile(
    r"[\s\u00a0-]+(?:(?:of|or so)\s+(?:the|its|our|these|those|them|us|all|which)\b|([A-Za-z][\w’'-]*))"
)
_ITEM = re.compile(r"(?:^|\n)\s*[(\[]?$")
_ITEM_END = re.compile(r"[.)\]](?:\s|$)")
_IN_BRACKETS = re.compile(r"[(\[]$")
_AFTER_NUMBER = re.compile(r"(?:\d|[%％]|per ?cent|points?)\s*[(\[]$", re.IGNORECASE)
_AND = re.compile(r"(?:\s*,\s*|\s*,?\s+(?:and|or|to|through)\s+|\s*[–—-]\s*|\s*/\s*)$")

NO_NOUNS = frozenset(
    re.findall(
        r"\w+",
        """a an the and or but nor so yet for of in on at to from by with without under over about as than that
        which who when while where if whether once after before because since until is are was were be been
        being has have had does do did will would can could may might must shall should not only now then there
        here it its this these those they we you he she up down off higher lower more less above below against
        beside both either neither likely unlikely probable overall respectively again instead versus vs rather
        given assuming compared even still just too also chance chances probability likelihood risk odds""",
    )
)
"""Words that may follow a number and are not what it counts."""
SHARED = re.compile(
    r"\s+of\s+(?:the\s+|an?\s+|its\s+|our\s+|all\s+|these\s+|those\s+)?(?:\d{4}|year|month|week|day|hour|decade|century|sources?|"
    r"reports?|scenarios?|variables?|models?|states|experts?|pages?|text|paper|article|sentences?|territory|"
    r"population|country|readers?|numbers?|them|us|which)\b",
    re.IGNORECASE,
)
_PERIOD = re.compile(rf"\s+(?:an?\s+)?(?:{DURATIONS})s?\b", re.IGNORECASE)
_THINGS = re.compile(
    r"\s+(?:of\s+)?(?:the\s+|its\s+|our\s+)?(?:sources?|reports?|scenarios?|variables?|models?|states|experts?|pages?|"
    r"tables?|figures?|cohorts?|runs?|draws|rules|tests?|files?|numbers?)\b",
    re.IGNORECASE,
)
ORDINALS = ("a third", "a fourth", "a fifth", "a sixth", "a seventh", "a eighth", "a ninth", "a tenth")
_ENUMERATED = re.compile(
    r"\b(?:(?:first|second|last|other|latter|former|next|one|two)\s+(?:and\s+)?|(?:a|one|two|three|\d+)\s+and\s+)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?:^|[,;:(]|\band|\bbut|\bwhile)\s*$", re.IGNORECASE)
VERBS = frozenset(
    re.findall(
        r"\w+", "come comes go goes become becomes return returns die dies stay stays remain join get gets end ends"
    )
)
"""What a share of people may do."""
WILL = frozenset(("will", "would", "may", "might", "could", "can", "should"))
"""The same, with another verb behind."""
_SHARE_SAID = re.compile(
    r"\b(?:at|is|to|by|of|than|about|around|roughly|nearly|almost|over|under|some|just|stands?)\s+$", re.IGNORECASE
)


def is_no_forecast(number: Numeral, text: str, *, follows: bool = False) -> bool:
    """Whether a number of a sentence forecasts nothing.

    ``text`` is the sentence; ``follows`` says that the number just before it forecasts nothing either.

    >>> from service.prose.numerals import numerals
    >>> text = "On 6 March 2017 three sources, ISO 27001 and page 12 gave it 23 %, or 0.231, within 12 months."
    >>> [text[each.start : each.end] for each in numerals(text) if not is_no_forecast(each, text)]
    ['23 %', '0.231']
    """
    before, after = text[: number.start], text[number.end :]
    match number.unit:
        case "share":
            return _is_no_share(text, number)
        case "odds":
            return bool(_THINGS.match(after) or _PERIOD.match(after))
        case "times":
            return not _is_ratio(text, number)
        case "none":
            pass
        case _:
            return False
    if follows and _AND.search(before):
        return True
    return _names_something(number, before, after) or _counts_something(number, before, after)


def _names_something(number: Numeral, before: str, after: str) -> bool:
    if _NAMED.search(before) and not _is_decimal_share(number, before):
        return True
    if _MONTH_BEFORE.search(before) or _MONTH_AFTER.match(after) or _MONEY.search(before):
        return True
    if re.match(r"s\b", after):
        return number.values[0] >= 100  # the 1990s; in the 60s may be per cent
    if _JOINED.match(after) or _JOINED_BEFORE.search(before) or _ORDINAL.match(after):
        return True
    if _ITEM.search(before) and _ITEM_END.match(after):
        return True
    whole = all(step >= 1 for step in number.steps)
    if whole and all(1500 <= value <= 2100 for value in number.values[:1]):
        return True
    return whole and not number.is_range and _is_reference(before, after)


def _is_reference(before: str, after: str) -> bool:
    """Whether a whole number alone in brackets names a note or a source, and is not how likely the words before are.

    >>> _is_reference("They leave [", "]"), _is_reference("Chances of leaving: 23 % (", ")")
    (True, True)
    >>> _is_reference("Staying is more likely (", ") than leaving")
    False
    """
    if not _IN_BRACKETS.search(before) or after[:1] not in (")", "]"):
        return False
    return before.endswith("[") or bool(_AFTER_NUMBER.search(before)) or not cues.CHANCE.search(before)


def _is_decimal_share(number: Numeral, before: str) -> bool:
    """Whether it is 0.23 after a word that may name something, such as ``case`` or ``level``."""
    named = re.search(
        r"\b(?:section|version|v|figure|fig|table|chapter|sec|edition|python)\.?\s*$", before, re.IGNORECASE
    )
    return not named and all(value <= 1 and step < 1 for value, step in zip(number.values, number.steps, strict=True))


def _counts_something(number: Numeral, before: str, after: str) -> bool:
    if _LETTERED.match(after):
        return not re.match(r"s\b", after)
    if all(value <= 1 and step < 1 for value, step in zip(number.values, number.steps, strict=True)):
        return False
    if number.is_word:
        return True
    counted = _COUNTED.match(after)
    if counted is None:
        return False
    noun = counted[1]
    if noun is None:
        return not cues.CHANCE.search(before)
    return noun.lower() not in NO_NOUNS


def _is_no_share(text: str, number: Numeral) -> bool:
    """Whether a fraction in words is of something else than a probability, or an ordinal (a third scenario)."""
    before, after = text[: number.start], text[number.end :]
    said = text[number.start : number.end].lower()
    if SHARED.match(after) or _PERIOD.match(after) or _ENUMERATED.search(before):
        return True
    noun = re.match(r"[\s-]+([A-Za-z]+)", after)
    stands_alone = noun is None or noun[1].lower() in NO_NOUNS or noun[1].lower() in VERBS
    if cues.CHANCE.search(text):
        return said in ORDINALS and not stands_alone
    begins = noun is not None and (
        noun[1].lower() in VERBS | WILL or (noun[1].lower() == "of" and _CLAUSE.search(before))
    )
    return not (begins or (stands_alone and _SHARE_SAID.search(before)))


_OF_BEFORE = re.compile(
    r"\s+(?:its|their|the|what)\s+(?:\w+\s+){0,2}"
    r"(?:prior|baseline|base|default|before|was|were|value|level|probability|chance|likelihood|risk)\b",
    re.IGNORECASE,
)


_AS_LIKELY = re.compile(
    r"\s+(?:likelier|(?:as|more|less)\s+(?:likely|probabl[ey]|high|often|frequent(?:ly)?|common(?:ly)?))\b",
    re.IGNORECASE,
)


def _is_ratio(text: str, number: Numeral) -> bool:
    after = text[number.end :]
    said = text[number.start : number.end].lower()
    if re.match(r"(?:\s+(?:as|more|less|higher|lower|likelier|greater|the)\b)", after):
        return bool(cues.CHANCE.search(text) or _AS_LIKELY.match(after))
    if _OF_BEFORE.match(after):
        return True
    if re.search(r"[×x]$|fold$", said):
        return True
    return said in ("doubles", "doubled", "triples", "tripled", "halves") and bool(cues.CHANCE.search(text))
