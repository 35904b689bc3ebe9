"""What a number of a sentence claims: of which target and state, a level or a change, upwards or downwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from service.prose import names
from service.prose.facts import YES, Facts
from service.prose.names import Mention
from service.prose.not_forecasts import is_no_forecast
from service.prose.numerals import Numeral, numerals
from service.prose.sentences import Sentence

UP = (
    "rise|rises|rose|risen|rising|increase|increases|increased|increasing|climb|climbs|climbed|grow|grows|grew|grown|gain|"
    "gains|gained|add|adds|added|adding|up|higher|above|more|raise|raises|raised|raising|lift|lifts|lifted|jump|jumps|"
    "jumped|surges|surged|soars|soared|boost|boosts|boosted|plus|greater|upwards?|likelier|worsens?|exceeds?"
)
DOWN = (
    "fall|falls|fell|fallen|falling|drop|drops|dropped|dropping|decline|declines|declined|declining|decrease|decreases|"
    "decreased|decreasing|lower|lowers|lowered|lowering|down|below|less|fewer|reduce|reduces|reduced|reducing|cut|cuts|"
    "cutting|shrinks|shrank|shrunk|sinks?|sank|slips?|slipped|dips?|dipped|minus|diminish|diminishes|diminished|loses?|lost|"
    "halves|halved|smaller|downwards?|plunges?|plunged|takes? off|took off|shaves?|shaved|knocks? off|knocked off"
)
TURNS = re.compile(rf"\b(?:(?P<up>{UP})|(?P<down>{DOWN}))\b", re.IGNORECASE)
DENIED = re.compile(r"(?:\bnot|n['’]t|\bnever|\bno)\s+(?:\w+\s+)?$", re.IGNORECASE)
ADJACENT = re.compile(
    rf"^[\s-]*(?:or so\s+)?(?:(?P<up>{UP})|(?P<down>{DOWN}))\b(?!\s+(?:than\s+)?(?:likely\s+)?(?:to\b))", re.IGNORECASE
)
TO = re.compile(r"\b(?:to|at)\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
BY = re.compile(r"\bby\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
RELATIVE = re.compile(
    r"^[\s-]*(?:(?:more|less)\s+(?:likely|probable|often)|(?:higher|lower|rise|fall|increase|decrease|drop|gain|decline|"
    r"reduction|cut|jump|growth)\b)",
    re.IGNORECASE,
)
LOW = re.compile(
    r"\b(?:low(?:er)? (?:end|bound|limit|edge)|as (?:low|little|few) as|at (?:the )?(?:least|lowest|worst|best)|bottom|minimum|"
    r"floor|lows?|lowest|(?:5|5th|fifth) (?:%|per cent|percent)?\s*(?:quantile|percentile)|not below|no lower than)\b",
    re.IGNORECASE,
)
HIGH = re.compile(
    r"\b(?:(?:high(?:er)?|upper|top) (?:end|bound|limit|edge)|as (?:high|much|many) as|at (?:the )?(?:most|highest|worst|best)|"
    r"maximum|ceiling|highs?|highest|not above|no higher than|up to|95th)\b",
    re.IGNORECASE,
)
BEFORE = re.compile(
    r"\b(?:baseline|before|without|otherwise|by default|default picture|rather than|instead of|against|compared (?:with|to)|"
    r"versus|vs|relative to|(?:up|down|rises?|rose|falls?|fell|drops?|dropped|climbs?|climbed|increases?|increased|goes|went)"
    r" (?:\w+ )?from|from|prior|a priori|unconditional(?:ly)?|in general|ordinarily|normally|base rate|was|were|had been|"
    r"would (?:have been|be|stay|stand|remain)|than|alone|untreated|nothing (?:is )?(?:known|done))\b",
    re.IGNORECASE,
)
EVIDENCE = re.compile(
    r"\b(?:p\(evidence\)|evidence|conditions?|findings?|observations?|combination|this case|such a case|together)\b",
    re.I,
)
MASS = re.compile(
    r"\b(?:interval|intervals|range|ranges|credible|confidence|draws|band|hold|holds|of what|CI)\b", re.IGNORECASE
)
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
NEGATED = re.compile(
    r"(?:\b(?:no|not|without|absence of|absent|free of|lack of|never|non|nor|neither|against|avoid(?:s|ing)?|escap(?:e|es|ing)|"
    r"rule(?:s|d)? out|ruling out|isn['’]t|hasn['’]t|doesn['’]t have)(?:[\s-]+(?:a|an|any|the|have|having|being|be|to|get|"
    r"getting|develop|developing|is|of|there|patient|has|case))*[\s“\"‘']*)$",
    re.IGNORECASE,
)
NEGATED_AFTER = re.compile(
    r"^[\s”\"’']*(?:is|are|being|was|were|has been|does|do|did|can be|to be)?\s*(?:not\s+(?:present|there|found|the case|occur|happen|"
    r"have|seen|going)|absent|ruled out|excluded|n['’]t (?:occur|happen|present)|missing|avoided|: no\b|= ?no\b|\(no\))",
    re.IGNORECASE,
)
ASIDE = re.compile(
    r"\b(?:given|if|when|under|after|once|assuming|provided|seeing|knowing|despite|because|where|whether|with|without|than|unlike|"
    r"beside|besides|compared with|compared to|rather than|versus|vs|suppose|supposing|for|following|do|doing|setting)\s+"
    r"(?:that\s+)?(?:[\w’'“-]+\s+){0,3}[“\"‘']?$",
    re.IGNORECASE,
)
CHANCE_OF = re.compile(
    r"\b(?:chances?|probabilit(?:y|ies)|likelihoods?|risks?|odds|prospects?|p)\s*(?:of|that|for|on|is for|\()\s*(?:[\w’'“-]+\s+){0,3}[“\"‘']?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number and what it says. None where the text leaves open of what, and then any will do.

    ``unit`` is percent, points, share, odds, times or the like; ``kind`` level, change, ratio, pair or step: a pair are
    both ends of an interval, a step is from one level to another. ``sign`` is the direction, 0 where none is said.
    """

    number: Numeral
    at: int
    kind: str
    sign: int = 0
    target: str | None = None
    state: str | None = None
    side: str | None = None
    negated: bool = False
    denied: bool = False
    fields: frozenset[str] = frozenset(("p",))
    foreign: bool = False
    """Whether it is of something of which the answers say nothing."""

    @property
    def place(self) -> tuple[int, int]:
        """From where to where in the text."""
        return self.at + self.number.start, self.at + self.number.end


@dataclass(slots=True)
class Topic:
    """What the sentences before were about."""

    target: str | None = None
    state: str | None = None
    negated: bool = False


@dataclass(frozen=True)
class Reader:
    """What is known of the answers that a text is read against; ``others`` are further variables of their models."""

    facts: Facts
    others: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """How each target of the answers may be said."""
        named = {fact.target for fact in self.facts.facts if fact.target and fact.name in ("p", "shift", "difference")}
        return {key: names.ways(key, self.facts.labels.get(key)) for key in sorted(named)}

    @cached_property
    def every(self) -> dict[str, list[str]]:
        """How each variable may be said, those of the answers first."""
        rest = {key: names.ways(key, label) for key, label in (*self.facts.labels.items(), *self.others.items())}
        return self.targets | {key: said for key, said in rest.items() if key not in self.targets}

    @cached_property
    def stated(self) -> frozenset[str]:
        """Variables of which the questions say something themselves."""
        return frozenset(self.facts.stated)

    @cached_property
    def partly(self) -> dict[str, list[str]]:
        """Single words that tell a target from the others."""
        return names.distinctive(self.targets)

    def claims(self, sentences: Iterable[Sentence]) -> list[Claim]:
        """Every number of some sentences that claims something, in order."""
        topic, made = Topic(), list[Claim]()
        for sentence in sentences:
            if sentence.opens and not sentence.is_row:
                topic = Topic()
            made += self._of_sentence(sentence, topic)
        return made

    def _of_sentence(self, sentence: Sentence, topic: Topic) -> list[Claim]:
        text = sentence.text
        variables = names.mentions(text, self.every)
        spoken, follows = [], False
        for number in numerals(text):
            if names.inside(variables, number.start):
                continue
            follows = is_no_forecast(number, text, follows=follows)
            if not follows:
                spoken.append(number)
        found = self._spoken_of(text, variables, spoken)
        if not spoken:
            self._remember(found, text, topic)
            return []
        return [self._claim(number, sentence, spoken, found, variables, topic) for number in spoken]

    def _spoken_of(self, text: str, variables: Sequence[Mention], spoken: Sequence[Numeral]) -> list[Mention]:
        """Mentions that a number may belong to: not those of conditions, where there are others."""
        own = [each for each in variables if each.key in self.targets or CHANCE_OF.search(text[: each.start])]
        if not any(each.key in self.targets for each in own):
            own += [each for each in names.mentions(text, self.partly) if not names.inside(variables, each.start)]
            own.sort(key=lambda each: each.start)
        if not own:
            own = [each for each in variables if self._is_subject(text, each, spoken)]
        main = [each for each in own if not _is_aside(text, each)]
        return main or [each for each in own if not _is_clause(text, each, spoken)]

    def _is_subject(self, text: str, mention: Mention, spoken: Sequence[Numeral]) -> bool:
        """Whether the number right after what is named is of it; what the questions state is a condition."""
        if mention.key in self.stated or _is_aside(text, mention):
            return False
        between = (text[mention.end : each.start] for each in spoken if each.start >= mention.end)
        return any(len(words) < 30 and not re.search(r"[,;]", words) for words in between)

    def _remember(self, found: Sequence[Mention], text: str, topic: Topic) -> None:
        if found:
            topic.target, topic.state, topic.negated = found[-1].key, None, _is_negated(text, found[-1])
            topic.state = self._state(text, topic.target, (len(text), len(text)), ())[0]

    def _claim(
        self,
        number: Numeral,
        sentence: Sentence,
        spoken: Sequence[Numeral],
        found: Sequence[Mention],
        variables: Sequence[Mention],
        topic: Topic,
    ) -> Claim:
        text = sentence.text
        place, places = (
            (number.start, number.end),
            [(each.start, each.end) for each in spoken if not _is_mass(each, text)],
        )
        target = names.governing(found, place, places, text)
        state: str | None
        if target is None:
            target, negated = topic.target, topic.negated
            state, also = self._state(text, target, place, places)
            state = state or topic.state
        else:
            negated = _is_negated(text, _nearest([each for each in found if each.key == target], place))
            state, also = self._state(text, target, place, places)
        if target is not None and tuple(self.facts.states.get(target, ())) == YES:
            state, negated = ("no" if negated or state == "no" else "yes"), False
        else:
            negated = also
        topic.target, topic.state, topic.negated = target, state, state == "no"
        masked = names.without(text, [*variables, *self._state_mentions(text, target)])
        kind, sign, denied = _kind(number, masked)
        return Claim(
            number,
            sentence.start,
            kind,
            sign,
            target,
            state,
            self._side(text, place, places),
            negated,
            denied,
            _fields(number, masked, kind, is_row=sentence.is_row),
            target is not None and target not in self.targets,
        )

    def _state_mentions(self, text: str, target: str | None) -> list[Mention]:
        states = self.facts.states.get(target, {}) if target else {}
        if tuple(states) == YES:
            return []  # "yes" and "no" are words of any sentence
        said = {key: names.ways(key, label) for key, label in states.items()}
        found = names.mentions(text, said)
        if not found:
            found = names.mentions(text, names.distinctive(said))
        return found

    def _state(
        self, text: str, target: str | None, place: tuple[int, int], places: Sequence[tuple[int, int]]
    ) -> tuple[str | None, bool]:
        """The state of a target that a number is of, and whether it is said to be another one (not growing)."""
        found = [each for each in self._state_mentions(text, target) if not _LIKE_AS.search(text[: each.start])]
        key = names.governing(found, place, places, text)
        if key is None:
            return None, False
        near = _nearest([each for each in found if each.key == key], place)
        return key, bool(
            re.search(r"\b(?:not|other than|anything but|non)[\s-]+(?:\w+\s+)?[“\"‘']?$", text[: near.start])
        )

    def _side(self, text: str, place: tuple[int, int], places: Sequence[tuple[int, int]]) -> str | None:
        said = {key: names.ways(key, label) for key, label in self.facts.sides.items()}
        return names.governing(names.mentions(text, said), place, places, text) if said else None


_LIKE_AS = re.compile(r"\bas\s+$", re.IGNORECASE)


def _nearest(found: Sequence[Mention], place: tuple[int, int]) -> Mention:
    return min(found, key=lambda each: max(each.start - place[1], place[0] - each.end))


def _is_negated(text: str, mention: Mention) -> bool:
    return bool(NEGATED.search(text[: mention.start]) or NEGATED_AFTER.match(text[mention.end :]))


def _clause_start(text: str, at: int) -> int:
    marks = [match.end() for match in re.finditer(r"[,;:(]\s|\s[–—]\s|\b(?:and|but|while|whereas)\b", text[:at])]
    return marks[-1] if marks else 0


def _is_aside(text: str, mention: Mention) -> bool:
    """Whether what is named is a condition or is compared with, and no number's own subject."""
    before = text[_clause_start(text, mention.start) : mention.start]
    return bool(ASIDE.search(before)) and not CHANCE_OF.search(before)


def _is_clause(text: str, mention: Mention, spoken: Sequence[Numeral]) -> bool:
    """Whether what is named stands in a subordinate clause that ends before the numbers, or begins after them."""
    before = text[_clause_start(text, mention.start) : mention.start]
    if (
        re.match(
            r"\s*(?:if|when|once|given|assuming|provided|because|where|after|suppose|supposing|seeing|knowing)\b",
            before,
            re.I,
        )
        is None
    ):
        return False
    ends = re.search(r"[,;:]\s", text[mention.end :])
    return ends is not None and all(each.start >= mention.end + ends.start() for each in spoken)


def _is_mass(number: Numeral, text: str) -> bool:
    return (
        number.unit == "percent"
        and not number.is_range
        and bool(
            re.match(
                r"[\s-]*(?:credible |confidence |probability )?(?:interval|range|band|CI\b|of (?:the )?draws)",
                text[number.end :],
                re.I,
            )
        )
    )


def _kind(number: Numeral, text: str) -> tuple[str, int, bool]:
    """Level, change, ratio, pair or step; the direction that is said; and whether that is denied."""
    sign, denied, at = _direction(number, text)
    before, after = text[: number.start], text[number.end :]
    if number.is_range:
        moving = (
            at is not None
            and number.introduced in ("from", "")
            and re.search(r"\b(?:from|by)\s+$|\bgoes\s+$", before, re.I)
        )
        if number.unit == "points":
            return "pair change", 0, False
        if moving and number.introduced == "from":
            return "step", sign, denied
        return ("pair change" if any(number.signs) else "pair"), 0, False
    if number.unit == "points":
        return "change", sign, denied
    if number.unit == "times":
        return "ratio", sign, denied
    if number.unit in ("decibels", "bits"):
        return "other", sign, denied
    if any(number.signs):
        return "change", sign, denied
    if BY.search(before) or RELATIVE.match(after):
        if at is not None or RELATIVE.match(after):
            return ("relative" if number.unit == "percent" else "change"), sign, denied
    if (
        at is not None
        and number.unit == "percent"
        and re.search(rf"\b(?:{UP}|{DOWN})\s+(?:\w+\s+){{0,1}}$", before, re.I)
        and number.hedge == ""
        and not TO.search(before)
        and not re.search(r"\bfrom\s+$", before)
    ):
        return "relative", sign, denied
    towards = TO.search(before) is not None and at is not None and not re.search(r"[,;:]\s", before[at:])
    return "level", (sign if towards else 0), (denied if towards else False)


def _direction(number: Numeral, text: str) -> tuple[int, bool, int | None]:
    """1, -1 or 0; whether it is denied; and where the word stands."""
    signed = [sign for sign in number.signs if sign]
    if signed:
        return signed[0], False, None
    after = ADJACENT.match(text[number.end :])
    if after and not after["up"] == "up":
        return (1 if after["up"] else -1), False, number.end
    hedge = max(0, number.start - 30)
    before = text[: number.start]
    words = [each for each in TURNS.finditer(before) if not _is_hedge(each, before, hedge)]
    if not words:
        later = TURNS.search(text, number.end)
        if later and re.match(r"[^,;:.]{0,30}$", text[number.end : later.start()]) and number.unit == "points":
            return (1 if later["up"] else -1), False, later.start()
        return 0, False, None
    last = words[-1]
    return (1 if last["up"] else -1), bool(DENIED.search(before[: last.start()])), last.start()


def _is_hedge(word: re.Match[str], before: str, _from: int) -> bool:
    """Whether a word of direction is part of a hedge (more than 20 %, up to 30 %), or of lower and upper ends."""
    rest = before[word.end() :]
    said = word[0].lower()
    if said in ("more", "less", "fewer") and re.match(r"\s+than\s*$|\s+(?:likely|probable)\b", rest):
        return bool(re.match(r"\s+than\s*$", rest))
    if (said in ("above", "below") and not rest.strip()) or (said == "up" and rest.strip() == "to"):
        return True
    return said in ("lower", "higher", "upper") and bool(re.match(r"\s+(?:end|bound|limit|edge)", rest))


def _fields(number: Numeral, text: str, kind: str, *, is_row: bool) -> frozenset[str]:
    """The names of the numbers of an answer that this one may be."""
    if is_row:
        return frozenset(("*",))
    if _is_mass(number, text):
        return frozenset(("mass",))
    start = _clause_start(text, number.start)
    ahead = re.search(r"[,;:]\s|\s[–—]\s|\b(?:and|but|while|whereas)\b", text[number.end :])
    end = number.end + ahead.start() if ahead else len(text)
    clause, near = text[start:end], text[max(0, number.start - 40) : number.end + 30]
    found = {"p"}
    if kind == "level":
        low, high = LOW.search(clause), HIGH.search(clause)
        if low or high:
            found |= ({"lo"} if low else set()) | ({"hi"} if high else set())
        if BEFORE.search(text[start : number.start]) or BEFORE.search(text[number.end : end]):
            found |= {"baseline", "without", "p_without", "before"}
        if EVIDENCE.search(clause):
            found |= {"p_evidence"}
        if MASS.search(near) and number.unit == "percent":
            found |= {"mass"}
    found |= {name for name, words in FIELDS.items() if re.search(words, clause, re.IGNORECASE)}
    return frozenset(found)
