"""A brief as written text: short sentences, the same for the same brief, words of likelihood from one fixed table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.report.brief import Brief, Carrier, Clash, Prior, Range, Reason, SeenBesideDone, Way
from model.report.probability_words import REMOTE, percent
from model.wording import points, share, wrapped

WIDTH = 100
FAINT = 0.1
"""Decibels below which a reason is only named."""
PHRASES = {
    REMOTE: "is remote",
    "almost no chance": "has almost no chance",
    "roughly even chance": "has a roughly even chance",
}
"""How the words that are no adjectives stand in a sentence."""


@dataclass(frozen=True, slots=True)
class _Section:
    """Sentences under a heading, then points."""

    heading: str
    sentences: tuple[str, ...]
    points: tuple[str, ...] = ()


def markdown(brief: Brief, *, permalink: str | None = None) -> str:
    """The brief as Markdown, ``permalink`` being where it can be found again."""
    parts = [f"# {_escaped(brief.event)}", f"**{_escaped(headline(brief))}**"]
    for section in _sections(brief):
        parts.append(f"## {section.heading}")
        if section.sentences:
            parts.append(_escaped(" ".join(section.sentences)))
        if section.points:
            parts.append("\n".join(f"- {_escaped(point)}" for point in section.points))
    if permalink:
        parts.append(f"`{permalink}`")
    return "\n\n".join(parts) + "\n"


def text(brief: Brief, *, permalink: str | None = None) -> str:
    """The brief as plain text, WIDTH columns wide."""
    parts = [_filled(headline(brief))]
    for section in _sections(brief):
        lines = [section.heading.upper()]
        if section.sentences:
            lines.append(_filled(" ".join(section.sentences)))
        lines.extend(_filled(point, first="- ", after="  ") for point in section.points)
        parts.append("\n".join(lines))
    if permalink:
        parts.append(permalink)
    return "\n\n".join(parts) + "\n"


def headline(brief: Brief) -> str:
    """The answer in a sentence."""
    event, p = f'"{brief.event}"', percent(brief.p)
    within = f"{_mass(brief.interval)} interval {_ends(brief.interval)}" if brief.interval else None
    if brief.words == p:
        return f"{event} has a probability of {p}{f' ({within})' if within else ''}."
    return f"{event} {_phrase(brief.words)} ({'; '.join(part for part in (p, within) if part)})."


def _sections(brief: Brief) -> Iterator[_Section]:
    """What is to be said, in order; what there is nothing to say about has no section."""
    yield _Section("Answer", tuple(_answer(brief)))
    if brief.conditions:
        yield _Section("Conditions", tuple(_odds_of_conditions(brief)), tuple(_conditions(brief)))
    if brief.up or brief.down or brief.way or brief.decided_by:
        yield _Section("Reasons", tuple(_balance(brief)), tuple(_reasons(brief)))
    if brief.gaps:
        yield _Section("Seen beside done", (), tuple(map(_gap, brief.gaps)))
    if brief.conflict or brief.unexpected:
        yield _Section("Worth checking", tuple(_checks(brief)))
    yield _Section("What it rests on", tuple(_rests(brief)), tuple(_carried(brief)))
    yield _Section("Confidence", tuple(_confidence(brief)))
    reference = f"{brief.title.rstrip('.')} ({brief.model} {brief.revision}), as of {brief.as_of}."
    yield _Section("Reference", (reference,))


def _answer(brief: Brief) -> Iterator[str]:
    if brief.interval:
        yield f"In words, the interval is {_short(brief.interval.words)}."
    else:
        yield "It has no interval, because its tables are too large to draw."
    yield f"Horizon: {brief.horizon.rstrip('.')}."
    if brief.conditions:
        before, p = brief.baseline, percent(brief.baseline.p)
        said = f"has a probability of {p}" if before.words == p else f"{_phrase(before.words)} ({p})"
        yield f"Without the conditions it {said}."
        yield _shift(brief)


def _shift(brief: Brief) -> str:
    size = points(brief.shift)
    moved = f"{size} {'higher' if brief.shift > 0 else 'lower'}" if brief.shift else "nowhere else"
    if brief.interval is None:
        return f"The conditions put it {moved}."
    low, high = (round(100 * end) for end in (brief.interval.shift_low, brief.interval.shift_high))
    ends = f"{low:+d} to {high:+d} points" if low or high else "less than 1 point either way"
    return (
        f"The conditions put it {moved} ({_mass(brief.interval)} interval of the difference, under the same draws: "
        f"{ends})."
    )


def _conditions(brief: Brief) -> Iterator[str]:
    for each in brief.conditions:
        yield f"{'Known' if each.kind == 'given' else 'Set from outside'}: {each.words}."
    if brief.no_effect:
        yield f"No effect on the event: {_listed(brief.no_effect)}."
    if brief.nothing_further:
        yield f"Nothing further beside the others: {_listed(brief.nothing_further)}."
    if brief.replaced:
        yield f"Replaced by something more specific: {_listed(brief.replaced)}."


def _odds_of_conditions(brief: Brief) -> Iterator[str]:
    if brief.scenario_label:
        yield f"Scenario: {brief.scenario_label.rstrip('.')}."
    if brief.cohort_label:
        yield f"Cohort: {brief.cohort_label.rstrip('.')}."
    if brief.p_evidence:
        p = percent(brief.p_evidence.p)
        word = "" if brief.p_evidence.words == p else f" ({_short(brief.p_evidence.words)})"
        yield f"Before they were known, the findings together had a probability of {p}{word}."


def _balance(brief: Brief) -> Iterator[str]:
    if brief.decided_by:
        yield f"Settled by {_listed(brief.decided_by)}, so that no weight in decibels is finite."
    elif brief.change_db is not None and (brief.up or brief.down):
        how = "averaged over all orders of the findings" if brief.method == "all orders" else "in the order given"
        yield f"The findings change the log odds by {_db(brief.change_db)} together; weights are {how}."
    if brief.way:
        yield _way(brief.way)
    if brief.without:
        yield f'Removing "{brief.without.words}" would put it at {percent(brief.without.p_without)}.'


def _way(way: Way) -> str:
    first, *between, last = way.labels
    over = f" by way of {_listed(between)}" if between else ""
    said = f"The strongest chain runs from {first}{over} to {last}"
    if way.direction == "none":
        return f"{said}; it leaves this state where it is."
    word = "higher" if way.change > 0 else "lower"
    return f"{said}; with its first link the event is {points(way.change)} {word} than without."


def _reasons(brief: Brief) -> Iterator[str]:
    yield from (f"Up: {_reason(each)}." for each in brief.up if not _faint(each))
    yield from (f"Down: {_reason(each)}." for each in brief.down if not _faint(each))
    faint = [each.words for each in (*brief.up, *brief.down) if _faint(each)]
    if faint:
        yield f"Less than {FAINT:g} dB: {'; '.join(faint)}."


def _faint(reason: Reason) -> bool:
    return reason.db is not None and abs(reason.db) < FAINT


def _reason(reason: Reason) -> str:
    return f"{reason.words} ({'decisive' if reason.db is None else _db(reason.db)})"


def _gap(gap: SeenBesideDone) -> str:
    because = []
    if gap.confounders:
        because.append(f"common causes: {_listed(gap.confounders)}")
    if gap.reverse:
        because.append("the target comes before it")
    if gap.downstream:
        because.append(f"findings on its consequences: {_listed(gap.downstream)}")
    why = f" ({'; '.join(because)})" if because else ""
    return (
        f'"{gap.words}" as seen goes with {percent(gap.seen)}, brought about with {percent(gap.done)}: '
        f"a gap of {points(gap.gap)}{why}."
    )


def _checks(brief: Brief) -> Iterator[str]:
    if brief.conflict:
        yield from _clash(brief.conflict)
    if brief.unexpected:
        found = brief.unexpected
        p = "" if found.p is None else f", with a probability of {percent(found.p)} given all else"
        yield f'Least expected is "{found.words}"{p} ({found.bits:.1f} bits).'


def _clash(clash: Clash) -> Iterator[str]:
    yield f'The findings sit badly together (conflict {clash.bits:.1f} bits), worst of all "{clash.findings[0]}".'
    yield "Either one of them is wrong or the case is rare."
    if clash.hypothesis and clash.hypothesis_before is not None and clash.hypothesis_p is not None:
        before, p = percent(clash.hypothesis_before), percent(clash.hypothesis_p)
        yield f'It would be accounted for by "{clash.hypothesis}" (from {before} to {p}).'


def _rests(brief: Brief) -> Iterator[str]:
    if brief.priors:
        yield "The priors and sources that carry most of the answer's variance:"
    else:
        yield "No prior that matters to it is stated as uncertain."


def _carried(brief: Brief) -> Iterator[str]:
    yield from map(_prior, brief.priors)
    yield from map(_carrier, brief.sources)


def _prior(prior: Prior) -> str:
    size = "" if prior.ess is None else f", sample size {prior.ess:g}"
    return f"Prior: {prior.words} ({share(prior.share)}{size}; {_listed(prior.sources)})."


def _carrier(carrier: Carrier) -> str:
    without = "" if carrier.p_without is None else f"; without what it supports, {percent(carrier.p_without)}"
    return f"Source: {carrier.source}, {carrier.title.rstrip('.')} ({share(carrier.share)}{without})."


def _confidence(brief: Brief) -> Iterator[str]:
    found = brief.confidence
    if found.ess is None:
        yield f"Confidence in the underlying model: {found.word}."
    else:
        count = f"{found.sources} publication{'' if found.sources == 1 else 's'}"
        yield f"Confidence in the underlying model: {found.word} (sample size {found.ess:.0f} on average, {count})."
    if found.judged > 0:
        yield f"Judgement carries {share(found.judged)} of the variance."
    if brief.interval:
        yield f"The interval covers {brief.covers}, not {' and '.join(brief.omits)}."
        if brief.interval.warning:
            yield f"{brief.interval.warning[:1].upper()}{brief.interval.warning[1:]}."


def _phrase(words: str) -> str:
    return PHRASES.get(words, f"is {words}")


def _short(words: str) -> str:
    """Words that are followed by their number without the number in them."""
    return words.replace(REMOTE, "remote")


def _ends(found: Range) -> str:
    return f"{percent(found.low)} to {percent(found.high)}"


def _mass(found: Range) -> str:
    return f"{100 * found.mass:g} %"


def _db(decibels: float) -> str:
    return f"{decibels:+.1f} dB" if abs(decibels) >= FAINT else f"less than {FAINT:g} dB"


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items)


def _filled(said: str, *, first: str = "", after: str = "") -> str:
    """Lines of at most WIDTH columns; no number is parted from its percent sign."""
    lines = wrapped(said.replace(" %", "\0%"), WIDTH, first=first, then=after)
    return "\n".join(lines).replace("\0%", " %")


def _escaped(said: str) -> str:
    r"""Text in which Markdown finds nothing to mark up.

    >>> _escaped("a_b *c* [d]")
    'a\\_b \\*c\\* \\[d\\]'
    """
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", said)
