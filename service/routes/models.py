"""What there is to ask about: models, variables, the graph, sources, scenarios, cohorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from model.forecast import Forecaster
from service.http.access import readable
from service.http.address import Address, model_path
from service.http.forms import Form, csv_form, json_form
from service.http.operation import Reply, Service, operation
from service.schemas import answers
from service.translate import models

GRAPHVIZ = Form("dot", "text/vnd.graphviz; charset=utf-8", models.dot, str)


@operation(
    "GET", "/v1/models", forms=(json_form(answers.Models), csv_form(answers.ModelRow, lambda found: found["models"]))
)
def every_model(service: Service) -> Reply:
    """List the models: what each forecasts, its active revision, and what is wrong with one that cannot be loaded."""
    revisions = service.live.now
    return Reply(lambda: {"models": visible(models.states(revisions))})


@operation("GET", "/v1/models/<model>", forms=(json_form(answers.ModelAnswer),), errors=(404, 422, 503))
def one_model(forecaster: Forecaster) -> Reply:
    """Describe a model: its horizon, size, headline targets, example questions and resources."""
    return _reply(forecaster, lambda: models.model_answer(forecaster))


@operation(
    "GET",
    "/v1/models/<model>/variables",
    forms=(json_form(answers.Variables), csv_form(answers.VariableRow, models.variable_rows)),
    errors=(404, 422, 503),
)
def every_variable(forecaster: Forecaster) -> Reply:
    """List the variables in the order of the files, each with its states and what is expected without evidence."""
    return _reply(forecaster, lambda: models.variables(forecaster), "variables")


@operation(
    "GET",
    "/v1/models/<model>/variables/<variable>",
    forms=(json_form(answers.VariableAnswer), csv_form(answers.TableCell, models.table_cells)),
    errors=(404, 422, 503),
)
def one_variable(forecaster: Forecaster, variable: str) -> Reply:
    """Show a variable: its states, parents, table with named rows, the gate in words, and what the numbers rest on."""
    found = forecaster.model.network.variable(variable, where=("path", "variable"))
    address = Address(model_path(forecaster.model.name, "variables", variable))
    return Reply(lambda: models.variable_answer(forecaster, found, address), address)


@operation("GET", "/v1/models/<model>/graph", forms=(json_form(answers.Graph), GRAPHVIZ), errors=(404, 422, 503))
def graph(forecaster: Forecaster) -> Reply:
    """Show what depends on what, as JSON or for Graphviz."""
    return _reply(forecaster, lambda: models.graph(forecaster.model), "graph")


@operation(
    "GET",
    "/v1/models/<model>/sources",
    forms=(json_form(answers.Sources), csv_form(answers.SourceRow, models.source_rows)),
    errors=(404, 422, 503),
)
def sources(forecaster: Forecaster) -> Reply:
    """List what the numbers rest on, and which variables cite it."""
    return _reply(forecaster, lambda: models.sources(forecaster.model), "sources")


@operation(
    "GET",
    "/v1/models/<model>/scenarios",
    forms=(json_form(answers.Scenarios), csv_form(answers.StatementRow, models.scenario_rows)),
    errors=(404, 422, 503),
)
def scenarios(forecaster: Forecaster) -> Reply:
    """List the scenarios: named evidence and interventions."""
    return _reply(forecaster, lambda: models.scenarios(forecaster.model), "scenarios")


@operation(
    "GET",
    "/v1/models/<model>/cohorts",
    forms=(json_form(answers.Cohorts), csv_form(answers.CohortRow, models.cohort_rows)),
    errors=(404, 422, 503),
)
def cohorts(forecaster: Forecaster) -> Reply:
    """List the cohorts: whom a question may be about, how many they are, and what is known of them."""
    return _reply(forecaster, lambda: models.cohorts(forecaster.model), "cohorts")


def visible(states: Iterable[answers.ModelState]) -> list[answers.ModelState]:
    """Those of the models that whoever asks may read."""
    return [each for each in states if readable(each["name"])]


def _reply(forecaster: Forecaster, content: Callable[[], object], *steps: str) -> Reply:
    return Reply(content, Address(model_path(forecaster.model.name, *steps)))


OPERATIONS = (every_model, one_model, every_variable, one_variable, graph, sources, scenarios, cohorts)
