"""Words beside a number that say what it is: a rise, an end of an interval, what was before, what is denied."""

from __future__ import annotations

import re


def words(*parts: str) -> str:
    """An alternative of words and phrases, each a pattern of its own, as a pattern.

    >>> words("rise|rises", "go up")
    '(?:rise|rises|go up)'
    """
    return f"(?:{'|'.join(parts)})"


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile(rf"\b{words(*parts)}\b", re.IGNORECASE)


UP = words(
    r"rises?|rose|risen|rising|increas(?:e|es|ed|ing)|climb(?:s|ed)?|grows?|grew|grown|gain(?:s|ed)?|add(?:s|ed|ing)?|up",
    r"higher|above|more|rais(?:e|es|ed|ing)|lift(?:s|ed)?|jump(?:s|ed)?|surges|surged|soar(?:s|ed)|boost(?:s|ed)?|plus",
    r"greater|upwards?|likelier|worsens?|exceeds?",
)
DOWN = words(
    r"falls?|fell|fallen|falling|drop(?:s|ped|ping)?|declin(?:e|es|ed|ing)|decreas(?:e|es|ed|ing)|lower(?:s|ed|ing)?|down",
    r"below|less|fewer|reduc(?:e|es|ed|ing)|cuts?|cutting|shrinks|shrank|shrunk|sinks?|sank|slip(?:s|ped)?|dip(?:s|ped)?",
    r"minus|diminish(?:es|ed)?|loses?|lost|halves|halved|smaller|downwards?|plunge[sd]?|takes? off|took off|shave[sd]?",
    r"knock(?:s|ed) off",
)
TURNS = re.compile(rf"\b(?:(?P<up>{UP})|(?P<down>{DOWN}))\b", re.IGNORECASE)
ADJACENT = re.compile(rf"^[\s-]*(?:or so\s+)?(?:(?P<up>{UP})|(?P<down>{DOWN}|off))\b", re.IGNORECASE)
"""A word of direction right after a number: 3 points higher, a 3-point rise."""
TURNED = re.compile(rf"\b(?:{UP}|{DOWN})\s+(?:(?!from\b|than\b)\w+\s+)?$", re.IGNORECASE)
"""A word of direction right before it, and not what it moves from."""
DENIED = re.compile(r"(?:\bnot|n['’]t|\bnever|\bno)\s+(?:\w+\s+)?$", re.IGNORECASE)
DENIED_LEVEL = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\banything but|\bother than|\bfar from|\bnowhere near)\s+"
    r"(?:(?:be|at|exactly|really)\s+)*$",
    re.IGNORECASE,
)
"""Right before a number: it is what a probability is not."""
CHANCE = re.compile(r"\b(?:probabilit|likelihood|chance|risk|odds|likely|forecast)", re.IGNORECASE)
"""In a sentence: it speaks of how likely something is."""
TO = re.compile(r"\b(?:to|at)\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
BY = re.compile(r"\bby\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
FROM = re.compile(r"\bfrom\s+(?:\w+\s+)?$", re.IGNORECASE)
FACTOR = re.compile(r"\bfactor\s+of\s+(?:\w+\s+)?$", re.IGNORECASE)
ODDS = re.compile(r"\bodds\b[^.;:]{0,60}$", re.IGNORECASE)
ODDS_AGAINST = re.compile(r"\bodds\s+(?:\w+\s+)?against\b[^.;:]{0,60}$", re.IGNORECASE)
FROM_OR_BY = re.compile(r"\b(?:from|by|goes)\s+$", re.IGNORECASE)
OF_TURNS = words("rise|fall|increase|decrease|drop|gain|decline|reduction|cut|jump|growth|higher|lower")
BY_SHARE = re.compile(rf"\b{OF_TURNS}\s+of\s+(?:\w+\s+){{0,2}}$", re.IGNORECASE)
RELATIVE = re.compile(rf"^[\s-]*(?:(?:more|less)\s+(?:likely|probable|often)|{OF_TURNS}\b)", re.IGNORECASE)
"""After a number in per cent: it is a share of what was before."""

LOW = _any(
    r"low(?:er)? (?:end|bound|limit|edge)|as (?:low|little|few) as|at (?:the )?(?:very )?(?:least|lowest|worst|best)",
    r"bottom|minimum|floor|lows?|lowest|5th percentile|not below|no lower than",
)
HIGH = _any(
    r"(?:high(?:er)?|upper|top) (?:end|bound|limit|edge)|as (?:high|much|many) as",
    r"at (?:the )?(?:very )?(?:most|highest|worst|best)|maximum|ceiling|highs?",
    r"highest|not above|no higher than|up to|95th percentile",
)
BEFORE = _any(
    r"baseline|before|without|otherwise|by default|default picture|rather than|instead of|against|compared (?:with|to)",
    r"versus|vs|relative to|from|prior|a priori|unconditional(?:ly)?|in general|ordinarily|normally|base rate|was|were",
    r"had been|would (?:have been|be|stay|stand|remain)|(?<!more )(?<!less )(?<!fewer )than(?! not\b)|alone|untreated|"
    r"nothing (?:is )?(?:known|done)",
    r"general (?:\w+ )?population|population at large|on average",
)
ONLY_BEFORE = re.compile(
    r"\b(?:a priori|baseline|base rate|prior|(?:up|down) from|previously|formerly|had been|used to be|what was)"
    r"[\s:(]*(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
"""Right before a number: it is what was before, and nothing else."""
FRONTED = re.compile(
    r"^\W*(?:without|before|otherwise|by default|untreated|in the baseline|a priori|ordinarily|normally)\b",
    re.IGNORECASE,
)
"""At the beginning of a sentence: all of it is of what was before."""
EVIDENCE = _any(r"p\(evidence|evidence|conditions?|findings?|observations?|combination|this case|such a case|together")
RANGE = _any(r"intervals?|ranges?|credible|confidence|draws|band|holds?|of what|CI")
RANGE_AFTER = re.compile(
    r"[\s-]*(?:credible |confidence |probability )?(?:interval|range|band|CI\b|of (?:the )?draws)", re.IGNORECASE
)
"""After a number in per cent: it is what an interval holds."""
FIELDS = {
    "reliability": r"reliab|right|correct|accura",
    "value": r"\bvalue|brier|worth|improve|gain|drop",
    "cumulative": r"in all|cumulativ|together|brier",
    "score": r"score|brier",
    "swing": r"swing|sensitiv|moves?\b|range",
    "threshold": r"threshold|limit|past|tip",
    "covered": r"cover",
    "said": r"assum|held|hold|report|suppos|set|take|given|likel|chance|if\b",
    "derivative": r"derivative|slope",
    "sd": r"deviation|spread|sd\b",
    "share": r"share|of the (?:doubt|variance|spread|uncertainty)",
}
"""Words that let a number be of a field with which nothing else is meant."""

_QUOTE = r"[“\"‘]?"
NEGATED = re.compile(
    r"\b(?:no|not|without|absence of|absent|free of|lack of|never|non|nor|neither|against|avoid(?:s|ing)?"
    r"|negative|escap(?:e|es|ing)|rules? out|ruled out|ruling out|isn['’]t|hasn['’]t|doesn['’]t have)"
    r"(?:[\s-]+(?:a|an|any|the|have|having|being|be|to|get|getting|develop|developing|is|of|there|patient|has|case))*"
    r"[\s“\"‘']*$",
    re.IGNORECASE,
)
NEGATED_AFTER = re.compile(
    r"^[\s”\"’']*(?:is|are|being|was|were|has been|does|do|did|can be|to be)?\s*"
    r"(?:not\s+(?:present|there|found|the case|occur|happen|have|seen|going)|absent|ruled out|excluded"
    r"|(?:(?:would|will)\s+)?(?:come|turn)s? (?:back|out) negative|negative\b"
    r"|n['’]t (?:occur|happen|present)|missing|avoided|: no\b|= ?no\b|\(no\))",
    re.IGNORECASE,
)
DO_NOT = re.compile(
    r"^(?:[\s-]+(?:or|so|of|them|such|the|people|patients|cases|\w+ers))*\s+(?:do|does|did|will|would)"
    r"(?: not|n['’]t)\s*(?:[.,;)]|$)",
    re.IGNORECASE,
)
"""After a number: it is of what is not so."""
OWN_VERB = re.compile(r"^\s+(?:come|go|become|return|die|stay|remain|join|get|end)(?:e?s)?\b", re.IGNORECASE)
"""After a number: a clause that says in words of its own what happens."""
NEGATED_STATE = re.compile(rf"\b(?:not|other than|anything but|non)[\s-]+(?:\w+\s+)?{_QUOTE}$", re.IGNORECASE)
AS = re.compile(r"\bas\s+$", re.IGNORECASE)
IN_UNIT = re.compile(r"\s?(?:%|per ?cent|percent|points?|pp)(?!\w)", re.IGNORECASE)
UNNAMED = re.compile(r"(?:do|given|cohort|scenario)\s", re.IGNORECASE)
"""The beginning of a name that a side has because nobody gave it one."""
_CONDITION = words(
    "given|if|when|under|after|once|assuming|provided|seeing|knowing|despite|because|where|suppose|supposing|following"
)
_COMPARED = words(
    "with|without|than|unlike|besides?|compared with|compared to|rather than|versus|vs|whether|for|do|doing|setting"
)
ASIDE = re.compile(
    rf"\b(?:{_CONDITION}|{_COMPARED})\s+(?:that\s+)?(?:[\w’'“-]+\s+){{0,3}}{_QUOTE}$",
    re.IGNORECASE,
)
"""Before a name: it is a condition, or what something is compared with."""
SAID_OF = re.compile(r"(?:%|\bper ?cent|\bpoints?|\d)\s+(?:for|of|to)\s+(?:[\w’'“-]+\s+){0,2}$", re.IGNORECASE)
"""Before a name: a number right before is of it."""
SUBORDINATE = re.compile(rf"\s*{_CONDITION}\b", re.IGNORECASE)
CHANCE_OF = re.compile(
    r"\b(?:chances?|probabilit(?:y|ies)|likelihoods?|risks?|odds|prospects?|p)\s*(?:of|that|for|on|is for|\()\s*"
    rf"(?:[\w’'“-]+\s+){{0,3}}{_QUOTE}$",
    re.IGNORECASE,
)
"""Before a name: a probability is of it."""
CLAUSE = re.compile(r"[,;:]\s|\(|\s[–—]\s|\b(?:and|but|while|whereas)\b")
"""Where a clause begins."""
