"""Models: variables, tables, sources, scenarios, cohorts, the graph and forecast questions, as they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import PurePosixPath

import numpy as np
from msgspec import to_builtins
from msgspec.structs import asdict

from model.analyses.arc_strength import arc_strengths
from model.analyses.model_review import Forecasted
from model.errors import Problem as PriorProblem
from model.evidence import syntax
from model.forecast import Forecaster
from model.network import Network, Table, Variable
from model.question import Question, resolve
from model.readback import in_words
from model.report import probability_words
from model.specification import JUDGEMENT, Counted, Description, Event, Example, Expert, Headline, Model, Pool
from model.uncertainty.intervals import MASS
from service import layers
from service.http.address import Address, model_path
from service.revisions import Broken, Revisions
from service.schemas import answers, requests
from service.translate import forecasts, questions

RESOURCES = ("variables", "graph", "sources", "scenarios", "cohorts", "marginals", "compare", "matrix")


def states(revisions: Revisions) -> list[answers.ModelState]:
    """Every model of the folder, ready or not, in order of name."""
    return [
        _ready(revisions.ready[name].model, revisions.failed(name), is_held=revisions.is_held(name))
        if name in revisions.ready
        else _broken(revisions.broken[name])
        for name in revisions.names
    ]


def _ready(model: Model, failed: Broken | None, *, is_held: bool) -> answers.ModelState:
    return {
        "name": model.name,
        "ready": True,
        "revision": model.revision,
        "title": model.title,
        "description": model.description,
        "as_of": model.as_of,
        "horizon": model.horizon,
        "variables": len(model.network.names),
        "headline": list(model.headline),
        "reasons": [] if failed is None else list(failed.reasons),
        "problems": [] if failed is None else [file_problem(problem) for problem in failed.problems],
        "held": is_held,
        "link": model_path(model.name),
    }


def _broken(model: Broken) -> answers.ModelState:
    return {
        "name": model.name,
        "ready": False,
        "revision": None,
        "title": None,
        "description": None,
        "as_of": None,
        "horizon": None,
        "variables": None,
        "headline": [],
        "reasons": list(model.reasons),
        "problems": [file_problem(problem) for problem in model.problems],
        "held": False,
        "link": None,
    }


def file_problem(problem: PriorProblem) -> answers.FileProblem:
    """A problem as JSON."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "where": problem.where,
        "found": problem.found,
        "expected": problem.expected,
        "did_you_mean": problem.did_you_mean,
    }


def model_answer(forecaster: Forecaster) -> answers.ModelAnswer:
    """One model: what it forecasts, how large it is, and where the rest of it stands."""
    model = forecaster.model
    return answers.ModelAnswer(
        *forecasts.header(model),
        title=model.title,
        description=model.description,
        horizon=model.horizon,
        default_scenario=model.default_scenario,
        headline=list(model.headline),
        headlines=[_headline(model, each) for each in model.headlines],
        size=answers.Size(
            variables=len(model.network.names),
            arcs=sum(len(variable.parents) for variable in model.network.variables),
            parameters=model.network.parameters(),
            tree_cells=forecaster.plan.cells,
        ),
        examples=[example(model, each) for each in model.examples],
        folded=[answers.FoldedIn(name=each.name, into=list(each.into), why=each.why) for each in model.folded.values()],
        left_out=[answers.LeftOut(name=name, why=why) for name, why in model.left_out.items()],
        probability_words=[
            answers.ProbabilityWord(word=word, at_least=edge)
            for word, edge in zip(probability_words.WORDS, (0.0, *probability_words.EDGES), strict=True)
        ],
        permalink=Address(model_path(model.name)).permalink(model.revision),
        resources={name: model_path(model.name, name) for name in RESOURCES},
    )


def _headline(model: Model, each: Headline) -> answers.HeadlineQuestion:
    """A headline with the address that asks it."""
    question = resolve(model, Question((each.target,), each.findings, interval=MASS)).question
    return answers.HeadlineQuestion(
        name=str(each),
        label=each.label,
        target=each.target,
        given=questions.findings_json(question.findings),
        link=questions.forecast_address(model, question).url("json"),
    )


def example(model: Model, each: Example) -> answers.ExampleQuestion:
    """A question worth asking, with the address that asks it, and those that say more of its most probable state."""
    question = questions.example_question(model, each)
    more = {
        name: Address(model_path(model.name, name), questions.event_parameters(question))
        for name in ("brief", "explanation", "sensitivity")
    }
    return answers.ExampleQuestion(
        label=each.label,
        target=each.target,
        given=questions.findings_json(question.findings),
        do=questions.settings_json(question.settings),
        scenario=each.scenario,
        cohort=each.cohort,
        link=questions.forecast_address(model, question).url("json"),
        brief=more["brief"].url("txt"),
        explanation=more["explanation"].url("json"),
        sensitivity=more["sensitivity"].url("json"),
    )


def forecast_questions(model: Model, found: Sequence[Forecasted]) -> answers.Questions:
    """Forecast questions, each with what the model gives its event."""
    return answers.Questions(*forecasts.header(model), questions=[_question(each) for each in found])


def _question(each: Forecasted) -> answers.Question:
    question, rate = each.question, each.question.base_rate
    return answers.Question(
        name=question.name,
        text=question.text,
        asked=question.asked,
        resolves_by=question.resolves_by,
        event=None if question.event is None else _event(question.event),
        not_expressible=question.not_expressible,
        note=question.note,
        p=each.p,
        reason=each.reason,
        base_rate=answers.BaseRate(p=rate.p, sources=list(rate.sources), reason=rate.reason),
    )


def _event(event: Event) -> answers.Event:
    return answers.Event(
        variable=event.variable,
        states=list(event.states),
        given=questions.findings_json(event.findings),
        scenario=event.scenario,
        cohort=event.cohort,
    )


def variables(forecaster: Forecaster) -> answers.Variables:
    """Every variable in the order of the files."""
    model = forecaster.model
    return answers.Variables(
        *forecasts.header(model), variables=[_summary(forecaster, each) for each in model.network.variables]
    )


def _summary(forecaster: Forecaster, variable: Variable) -> answers.VariableSummary:
    described = forecaster.model.described[variable.name]
    return answers.VariableSummary(
        name=variable.name,
        label=described.label,
        role=described.role,
        level=described.level,
        kind=described.kind,
        states=list(variable.states),
        parents=list(variable.parents),
        baseline=_distribution(variable, forecaster.baseline[variable.name]),
        link=model_path(forecaster.model.name, "variables", variable.name),
        labels=dict(described.labels),
        nominal=described.is_nominal,
        unit=described.scale.unit if described.scale else None,
        group=_group(described),
        position=_position(forecaster.model.network, variable.name),
    )


def _group(described: Description) -> str:
    """The file that a variable stands in, without its folder and its ending."""
    return PurePosixPath(described.file).stem


def _position(network: Network, name: str) -> answers.Position:
    column, row = layers.grid(network)[name]
    return answers.Position(column, row)


def variable_rows(content: answers.Variables) -> Iterator[answers.VariableRow]:
    """Variables as rows, one a state."""
    for each in content.variables:
        for state in each.baseline:
            yield {
                "name": each.name,
                "label": each.label,
                "role": each.role,
                "level": each.level,
                "kind": each.kind,
                "state": state.state,
                "baseline": state.p,
                "parents": " ".join(each.parents),
            }


def variable_answer(forecaster: Forecaster, variable: Variable, address: Address) -> answers.VariableAnswer:
    """One variable with its table, the gate in words, and what it rests on."""
    model, described = forecaster.model, forecaster.model.described[variable.name]
    return answers.VariableAnswer(
        *forecasts.header(model),
        name=variable.name,
        label=described.label,
        definition=described.definition,
        definitions=dict(described.definitions),
        labels=dict(described.labels),
        scale=forecasts.scale_json(described.scale),
        nominal=described.is_nominal,
        role=described.role,
        level=described.level,
        kind=described.kind,
        from_article=described.from_article,
        note=described.note,
        states=list(variable.states),
        parts=list(described.parts),
        parents=list(variable.parents),
        children=list(model.network.children(variable.name)),
        baseline=_distribution(variable, forecaster.baseline[variable.name]),
        in_words=list(in_words(described, variable, model.network)),
        table=list(_table(model, variable)),
        statements=[
            answers.Statement(
                what=each.what,
                sources=list(each.sources),
                ess=each.ess,
                reason=each.reason,
                published=each.published,
                counted=_counted(each.counted),
                pool=_pool(each.pool, variable),
                file=each.file,
                line=each.line,
            )
            for each in described.statements
        ],
        sources=forecasts.cited(model, model.cited([variable.name])),
        permalink=address.permalink(model.revision),
        links=address.links(),
    )


def _pool(pool: Pool | None, variable: Variable) -> answers.Pool | None:
    if pool is None:
        return None
    return answers.Pool(
        method=pool.method,
        disagreement=pool.disagreement,
        of=[_expert(each, variable) for each in pool.members],
    )


def _expert(expert: Expert, variable: Variable) -> answers.Expert:
    return answers.Expert(
        sources=list(expert.sources),
        weight=expert.weight,
        ess=expert.ess,
        reason=expert.reason,
        row=None if expert.row is None else _distribution(variable, np.array(expert.row)),
        strength=expert.strength,
        published=expert.published,
        counted=_counted(expert.counted),
    )


def _counted(counted: Counted | None) -> answers.Counted | None:
    return None if counted is None else answers.Counted(counted.n, counted.discount, counted.why)


def _table(model: Model, variable: Variable) -> Iterator[answers.TableRow]:
    table = model.network.tables[variable.name].reshape(-1, len(variable.states))
    combinations = product(*(model.network[parent].states for parent in variable.parents))
    for combination, row in zip(combinations, table, strict=True):
        when = dict(zip(variable.parents, combination, strict=True))
        yield answers.TableRow(when=when, distribution=_distribution(variable, row))


def table_cells(content: answers.VariableAnswer) -> Iterator[answers.TableCell]:
    """A variable's table as rows, one a cell."""
    for row in content.table:
        when = "; ".join(f"{parent}={state}" for parent, state in row.when.items())
        for cell in row.distribution:
            yield {"variable": content.name, "when": when, "state": cell.state, "p": cell.p}


def graph(model: Model) -> answers.Graph:
    """What depends on what."""
    return answers.Graph(
        *forecasts.header(model),
        nodes=[
            answers.Node(
                name=variable.name,
                label=model.described[variable.name].label,
                role=model.described[variable.name].role,
                states=list(variable.states),
                group=_group(model.described[variable.name]),
                position=_position(model.network, variable.name),
            )
            for variable in model.network.variables
        ],
        arcs=[
            answers.Arc(from_=arc.parent, to=arc.child, sign=arc.sign, strength=arc.strength)
            for arc in arc_strengths(model.network, _nominal(model))
        ],
    )


def _nominal(model: Model) -> frozenset[str]:
    return frozenset(name for name, described in model.described.items() if described.is_nominal)


def dot(content: answers.Graph) -> bytes:
    """The graph in the language of Graphviz."""
    nodes = [f"  {_dot(node.name)} [label={_dot(node.label)}];" for node in content.nodes]
    arcs = [f"  {_dot(arc.from_)} -> {_dot(arc.to)};" for arc in content.arcs]
    return "\n".join([f"digraph {_dot(content.model)} {{", *nodes, *arcs, "}", ""]).encode()


def _dot(text: str) -> str:
    r"""A quoted name; a backslash would be an escape.

    >>> _dot('a "b"')
    '"a \\"b\\""'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def sources(model: Model) -> answers.Sources:
    """Every source with the variables that cite it; judgement too where there is any."""
    cited_by: dict[str, list[str]] = {name: [] for name in model.sources}
    for name in model.network.names:
        for source in model.described[name].sources:
            cited_by.setdefault(source, []).append(name)
    named = sorted(cited_by, key=lambda name: name == JUDGEMENT)
    return answers.Sources(
        *forecasts.header(model),
        sources=[
            answers.CitedBy(**asdict(cited), cited_by=cited_by[cited.name]) for cited in forecasts.cited(model, named)
        ],
    )


def source_rows(content: answers.Sources) -> Iterator[answers.SourceRow]:
    """Sources as rows."""
    for each in content.sources:
        yield {
            "name": each.name,
            "title": each.title,
            "publication": each.publication,
            "date": each.date,
            "url": each.url,
            "kind": each.kind,
            "status": each.status,
            "read": each.read,
            "note": each.note,
            "cited_by": " ".join(each.cited_by),
        }


def scenarios(model: Model) -> answers.Scenarios:
    """Every scenario with what it says."""
    found = [
        answers.Scenario(
            name=each.name,
            label=each.label,
            note=each.note,
            given=questions.findings_json(each.findings),
            do=questions.settings_json(each.settings),
            sources=list(each.sources),
        )
        for each in model.scenarios.values()
    ]
    return answers.Scenarios(*forecasts.header(model), scenarios=found)


def cohorts(model: Model) -> answers.Cohorts:
    """Every cohort with its size and what is known of it."""
    found = [
        answers.Cohort(
            name=each.name,
            label=each.label,
            low=each.low,
            high=each.high,
            note=each.note,
            given=questions.findings_json(each.findings),
            sources=list(each.sources),
        )
        for each in model.cohorts.values()
    ]
    return answers.Cohorts(*forecasts.header(model), cohorts=found)


def scenario_rows(content: answers.Scenarios) -> Iterator[answers.StatementRow]:
    """What scenarios say, one row a statement."""
    for each in content.scenarios:
        yield from _statements(each.name, each.label, each.given, each.do)


def cohort_rows(content: answers.Cohorts) -> Iterator[answers.CohortRow]:
    """Cohorts as rows, one a statement; a cohort of which nothing is known has one row."""
    for each in content.cohorts:
        row: answers.CohortRow = {
            "name": each.name,
            "label": each.label,
            "low": each.low,
            "high": each.high,
            "variable": None,
            "said": None,
        }
        if not each.given:
            yield row
        for statement in _statements(each.name, each.label, each.given, {}):
            yield {**row, "variable": statement["variable"], "said": statement["said"]}


def _statements(
    name: str, label: str, given: Mapping[str, answers.Finding], do: Mapping[str, answers.Setting]
) -> Iterator[answers.StatementRow]:
    said = requests.Case.model_validate({"given": to_builtins(given), "do": to_builtins(do)})
    for variable, finding in questions.findings_from_json(said.given).items():
        yield {
            "name": name,
            "label": label,
            "verb": "given",
            "variable": variable,
            "said": syntax.text_of(finding),
        }
    for variable, setting in questions.settings_from_json(said.do).items():
        yield {
            "name": name,
            "label": label,
            "verb": "do",
            "variable": variable,
            "said": syntax.text_of(setting),
        }


def _distribution(variable: Variable, row: Table) -> list[answers.StateP]:
    numbers: Sequence[float] = row.tolist()
    return [answers.StateP(state, p) for state, p in zip(variable.states, numbers, strict=True)]
