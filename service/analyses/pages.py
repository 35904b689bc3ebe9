"""Analyses as plain text for a terminal: a table each, with bars where a picture says it sooner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from model.analyses.active_trails import Trail
from model.analyses.collection_plan import CollectionPlan, Step
from model.analyses.evidence_conflict import Conflict, Surprise
from model.analyses.explanation import Explanation
from model.analyses.goal_seeking import Change, Goals, Policies, Policy
from model.analyses.sensitivity import Sensitivity, Swing
from model.analyses.variance_attribution import Attribution, StatementShare
from model.analyses.weight_of_evidence import Balance
from service.analyses.analysis import Analysed
from service.analyses.rows import tipping
from service.cli.text import BAR, ROUNDING, Marks, bar, columns, number, wrapped

FEW = 10
"""Statements and sources of a page."""


def explanation_text(found: Analysed, drawn: Marks) -> str:
    """A waterfall of the findings, then conflict, ways, and seeing beside doing."""
    result: Explanation = found.result
    lines = [_event(found, result.state, result.balance.p), *_waterfall(result.balance, drawn)]
    lines += [*_conflict(result.conflict), *_surprises(result.surprises)]
    if result.chains:
        lines += ["strongest ways", *columns([_way(chain) for chain in result.chains], right={0})]
    if result.seen_and_done:
        lines += ["seen beside done", *columns(list(_seen_and_done(result)), right={1, 2, 3})]
    return _page(found, lines)


def attribution_text(found: Analysed, drawn: Marks) -> str:
    """Shares of the variance: statements, then sources with what the event is without them."""
    result: Attribution = found.result
    lines = [_event(found, result.state, result.p), f"standard deviation {number(result.sd)}, to first order"]
    if result.statements:
        rows = [
            (_share(row.share), bar(row.share, 0.0, drawn), f"{row.ess:g}" if row.ess else "-", _said(row))
            for row in result.statements[:FEW]
        ]
        lines += [_first("statements, with their share and sample size", rows, len(result.statements))]
        lines += columns(rows, right={0, 2})
    if result.sources:
        named = [
            (_share(row.share), row.source, f"{row.statements}", _or_dash(row.p_without), _or_dash(row.p_without_any))
            for row in result.sources[:FEW]
        ]
        head = ("share", "source", "statements", "without it", "without all that cite it")
        lines += [_first("sources", named, len(result.sources)), *columns([head, *named], right={0, 2, 3, 4})]
    return _page(found, lines)


def sensitivity_text(found: Analysed, drawn: Marks, *, most: int) -> str:
    """A tornado: what each number's own 90 % range does to the event, the widest first."""
    result: Sensitivity = found.result
    rows = result.rows[:most]
    lines = [_event(found, result.state, result.p)]
    if not rows:
        return _page(found, [*lines, "no prior number matters to it"])
    ends = [end for row in rows for end in (row.p_low, row.p_high)]
    scale = min(*ends, result.p), max(*ends, result.p)
    head = f"each number over its own 90 % range; bars from {number(scale[0])} to {number(scale[1])}"
    lines += [_first(f"{head}, {drawn.baseline} at {number(result.p)}", rows, len(result.rows))]
    lines += columns([_swing(row, result, drawn, scale) for row in rows], right={0, 2})
    return _page(found, lines)


def plan_text(found: Analysed) -> str:
    """Steps in their order, then what was left out and why."""
    result: CollectionPlan = found.result
    about = f"all states of {result.target}" if result.state is None else f"{result.target}={result.state}"
    lines = [
        f"{result.target}  {_label(found, result.target)}",
        f"what to find out about {about}: expected Brier score now {number(result.score)}",
    ]
    if result.steps:
        head = ("", "value", "in all", "cost", "days", "reliability", "find out", "how")
        rows = [_step(i, step) for i, step in enumerate(result.steps, 1)]
        lines += [*columns([head, *rows], right={0, 1, 2, 3, 4, 5}), f"cost of all steps {result.cost:g}"]
    else:
        lines.append("nothing that can be collected would tell more")
    if result.skipped:
        lines += ["not in the plan", *columns([(each.variable, each.why) for each in result.skipped], right=set())]
    return _page(found, lines)


def goals_text(found: Analysed) -> str:
    """The smallest sets of changes that do it, and how far was searched."""
    result: Goals = found.result
    goal = f"below {result.below:g}" if result.below is not None else f"above {result.above:g}"
    lines = [_event(found, result.state, result.p), f"goal: {goal}"]
    if result.met:
        return _page(found, [*lines, "met already: nothing needs to change"])
    if not result.sets:
        lines.append("no set of changes that was tried reaches it")
    else:
        rows = [(number(each.p), f"{each.margin:.4f}", _changes(each.changes)) for each in result.sets]
        lines += [_first("sets that reach it", rows, result.found)]
        lines += columns([("p", "margin", "changes"), *rows], right={0, 1})
    lines += [f"size {row.size}: {row.tried:,} tried, of {row.possible} changes" for row in result.searched]
    if result.cut:
        lines.append("not every set was tried: there may be others")
    return _page(found, lines)


def policies_text(found: Analysed, drawn: Marks) -> str:
    """Settings of levers, the lowest probability first."""
    result: Policies = found.result
    lines = [_event(found, result.state, result.p)]
    if result.rows:
        lines.append(f"each lever set alone; ranges hold {100 * result.mass:g} % of the draws")
        lines += columns([_policy(row, result.p, drawn) for row in result.rows], right={1, 4})
    else:
        lines.append("no lever is left to set")
    if result.impossible:
        lines += wrapped("impossible with what is known", [_changes((each,)) for each in result.impossible])
    if result.warning:
        lines.append(result.warning)
    return _page(found, lines)


def span(ends: tuple[float, float], mark: float, drawn: Marks, *, scale: tuple[float, float] = (0.0, 1.0)) -> str:
    """A bar between two probabilities with a mark at a third, on a scale from one to another.

    >>> from service.cli.text import ASCII
    >>> span((0.25, 0.5), 0.5, ASCII)
    '........########|...............'
    >>> span((0.5, 0.25), 0.0, ASCII)
    '|.......########................'
    """
    width = scale[1] - scale[0]

    def cell(p: float) -> float:
        return BAR * (p - scale[0]) / width + ROUNDING if width else 0.0

    low, high = sorted(map(cell, ends))
    first = min(BAR - 1, int(low))
    after = max(first + 1, round(high))
    cells = list((drawn.empty * first + drawn.full * (after - first)).ljust(BAR, drawn.empty)[:BAR])
    cells[min(BAR - 1, int(cell(mark)))] = drawn.baseline
    return "".join(cells)


def _page(found: Analysed, lines: Sequence[str]) -> str:
    model = found.model
    return "\n".join([*lines, f"{model.name} {model.revision}, as of {model.as_of}"]) + "\n"


def _label(found: Analysed, name: str) -> str:
    return found.model.described[name].label


def _event(found: Analysed, state: str, p: float) -> str:
    target = found.event.target
    return f"{target}={state}  {_label(found, target)}  {number(p)}"


def _first(head: str, shown: Sequence[object], count: int) -> str:
    return f"{head}:" if len(shown) >= count else f"{head}, the first {len(shown)} of {count}:"


def _waterfall(balance: Balance, drawn: Marks) -> Iterator[str]:
    """From the probability before to the one after, finding by finding in the order of the file."""
    if not balance.weights:
        yield "nothing is known, so nothing has a weight"
        return
    how = "averaged over all orders" if balance.method == "all orders" else "in this order"
    yield f"findings in order, each moving the bar to {drawn.baseline}; dB is the weight {how}:"
    path = [balance.p_before, *(each.p_in_order for each in balance.weights)]
    rows = [("before", "", number(path[0]), bar(path[0], path[0], drawn), "")]
    for each, ends in zip(balance.weights, pairwise(path), strict=True):
        without = f"without it {number(each.p_without)}"
        rows.append((each.statement, _db(each.db), number(ends[1]), span(ends, ends[1], drawn), without))
    yield from columns(rows, right={1, 2})
    if balance.change_db is not None:
        yield f"together {_db(balance.change_db)}"
    if balance.reason:
        yield balance.reason


def _conflict(found: Conflict) -> Iterator[str]:
    if found.flagged and found.bits is not None:
        yield f"conflict {found.bits:.2f} bits, worst {found.findings[0].statement}"
        for each in found.resolved_by:
            yield f"  {each.variable}={each.state} would account for it ({number(each.before)} to {number(each.p)})"


def _surprises(found: Sequence[Surprise]) -> Iterator[str]:
    if found:
        p = "" if found[0].p is None else f", probability {number(found[0].p)} given the rest"
        yield f"least expected: {found[0].statement} ({found[0].bits:.2f} bits{p})"


def _way(chain: Trail) -> tuple[str, str]:
    """A trail with its arcs as they point."""
    arrows = "".join(f" {'->' if step.forward else '<-'} {step.end}" for step in chain.steps)
    return _signed(chain.change), f"{chain.finding}{arrows}"


def _seen_and_done(found: Explanation) -> Iterator[tuple[str, ...]]:
    yield "", "seen", "done", "gap", ""
    for each in found.seen_and_done:
        contrast, backdoor = each.contrast, each.backdoor
        gap = "-" if contrast.gap is None else _signed(contrast.gap)
        causes = f"common causes: {', '.join(backdoor.confounders)}" if backdoor.confounders else ""
        why = "; ".join(part for part in (causes, "the target comes first" if backdoor.reverse else "") if part)
        yield f"{each.finding}={contrast.state}", _or_dash(contrast.observe), _or_dash(contrast.intervene), gap, why


def _said(row: StatementShare) -> str:
    return f"{row.variable}, {row.what} ({row.file}:{row.line})"


def _swing(row: Swing, result: Sensitivity, drawn: Marks, scale: tuple[float, float]) -> tuple[str, ...]:
    tips = tipping(row.threshold)
    return (
        number(row.p_low),
        span((row.p_low, row.p_high), result.p, drawn, scale=scale),
        number(row.p_high),
        f"{row.variable}, {row.what} ({row.low:.3g} to {row.high:.3g})",
        f"tips {tips}" if tips else "",
    )


def _step(i: int, step: Step) -> tuple[str, ...]:
    return (
        f"{i}",
        f"{step.value:.4f}",
        f"{step.cumulative:.4f}",
        f"{step.cost:g}",
        f"{step.lead_days:g}",
        f"{step.reliability:g}",
        step.variable,
        step.how,
    )


def _changes(changes: Sequence[Change]) -> str:
    return ", ".join(f"{each.verb} {each.variable}={each.state}" for each in changes)


def _policy(row: Policy, before: float, drawn: Marks) -> tuple[str, ...]:
    ends = "" if row.low is None or row.high is None else f"{row.low:.2f} to {row.high:.2f}"
    return f"{row.variable}={row.state}", number(row.p), ends, bar(row.p, before, drawn), _signed(row.shift)


def _share(part: float) -> str:
    return f"{100 * part:.1f} %"


def _db(decibels: float | None) -> str:
    return "infinite" if decibels is None else f"{round(decibels, 2) + 0.0:+.2f} dB"


def _signed(difference: float) -> str:
    """A difference of probabilities, one that rounds to nothing without a minus."""
    return f"{round(difference, 4) + 0.0:+.4f}"


def _or_dash(p: float | None) -> str:
    return "-" if p is None else number(p)
