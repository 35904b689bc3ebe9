"""Questions and answers: the dashboard's GET, the analyst's POST, batches and comparisons."""

from __future__ import annotations

from model.forecast import Forecaster, answer
from model.question import Question
from service import answers, batch, comparison, grammar, shapes, wire
from service.operation import MEGABYTE, Intake, Reply, csv_form, json_body, json_form, operation

FORECAST_FORMS = (json_form(answers.ForecastAnswer, write=wire.forecast_body), csv_form(answers.StateRow, wire.rows))
QUERY_FORMS = (json_form(answers.QueryAnswer, write=wire.query_body), csv_form(answers.StateRow, wire.rows))
COMPARISON_FORMS = (json_form(answers.ComparisonAnswer), csv_form(answers.ComparisonRow, comparison.rows))
BATCH_BODY = (
    Intake("application/json", shapes.BatchInFull, batch.read_json),
    Intake("text/csv", str, batch.read_csv),
)


@operation(
    "GET",
    "/v1/models/<model>/forecast/<target>",
    query=shapes.ForecastParameters,
    forms=FORECAST_FORMS,
    errors=(404, 422, 503),
)
def forecast(forecaster: Forecaster, target: str, asked: shapes.ForecastParameters) -> Reply:
    """Forecast one target under a what-if: the answer that a dashboard polls."""
    model = forecaster.model
    model.network.variable(target, where=("path", "target"))
    question = wire.question_addressed(model, asked, targets=(target,))
    address = wire.forecast_address(model, question)
    return Reply(lambda: wire.Found(model, answer(forecaster, question), address), address)


@operation(
    "GET",
    "/v1/models/<model>/marginals",
    query=shapes.ForecastParameters,
    forms=QUERY_FORMS,
    errors=(404, 422, 503),
)
def marginals(forecaster: Forecaster, asked: shapes.ForecastParameters) -> Reply:
    """Forecast every variable under a what-if, in one pass."""
    question = wire.question_addressed(forecaster.model, asked, targets=())
    return _query(forecaster, question, resource="marginals")


@operation(
    "GET",
    "/v1/models/<model>/query",
    query=shapes.QueryParameters,
    forms=QUERY_FORMS,
    errors=(404, 422, 503),
)
def query_by_address(forecaster: Forecaster, asked: shapes.QueryParameters) -> Reply:
    """Answer a what-if of several targets that fits in an address: the permalink of the same question sent by POST."""
    return _query(forecaster, wire.query_addressed(forecaster.model, asked))


@operation(
    "POST",
    "/v1/models/<model>/query",
    body=(json_body(shapes.AskedInFull),),
    forms=QUERY_FORMS,
    errors=(404, 413, 415, 422, 503),
)
def query(forecaster: Forecaster, body: shapes.AskedInFull) -> Reply:
    """Answer a what-if: each target's distribution given what is known, reported, assumed and set."""
    return _query(forecaster, wire.question_sent(forecaster.model, body))


def _query(forecaster: Forecaster, question: Question, *, resource: str = "query") -> Reply:
    model = forecaster.model
    address = wire.query_address(model, question, resource=resource)
    return Reply(lambda: wire.Found(model, answer(forecaster, question), address), address)


@operation(
    "POST",
    "/v1/models/<model>/batch",
    query=shapes.BatchParameters,
    body=BATCH_BODY,
    forms=(json_form(answers.BatchAnswer, write=batch.body), csv_form(answers.CaseRow, batch.rows)),
    errors=(404, 413, 415, 422, 503),
    largest=8 * MEGABYTE,
)
def cases(forecaster: Forecaster, asked: shapes.BatchParameters, body: batch.JSONCases | batch.CSVCases) -> Reply:
    """Answer up to 10,000 cases, each on its own: a bad case has its error in its place, the others are answered.

    As CSV a column is a variable and a cell a state (or a verb as in addresses); an empty cell is unknown.
    A column `do.<variable>` sets the variable; `id`, `scenario` and `cohort` are columns of their own.
    A case without an id gets its line as one. The answer has a row for each state of each target.
    """
    model = forecaster.model
    named = asked.target or (list(body.targets) if isinstance(body, batch.JSONCases) else [])
    targets = wire.canonical(model, Question(tuple(named) or model.headline)).targets
    in_address = wire.interval_asked(asked.interval, named=False)
    interval = body.interval if isinstance(body, batch.JSONCases) else in_address
    return Reply(lambda: batch.answered(forecaster, batch.asked(model, body, targets), targets, interval))


@operation(
    "GET",
    "/v1/models/<model>/compare",
    query=shapes.CompareParameters,
    forms=COMPARISON_FORMS,
    errors=(404, 422, 503),
)
def compare_by_address(forecaster: Forecaster, asked: shapes.CompareParameters) -> Reply:
    """Compare scenarios: each target under each scenario, against the same evidence with none."""
    common = Question(
        tuple(asked.target),
        grammar.findings(asked.given),
        grammar.settings(asked.do),
        cohort=asked.cohort,
        interval=wire.interval_asked(asked.interval, named=True),
    )
    return _compared(forecaster, common, asked.scenario)


@operation(
    "POST",
    "/v1/models/<model>/compare",
    body=(json_body(shapes.ComparedInFull),),
    forms=COMPARISON_FORMS,
    errors=(404, 413, 415, 422, 503),
)
def compare(forecaster: Forecaster, body: shapes.ComparedInFull) -> Reply:
    """Compare scenarios under evidence that is too long for an address."""
    common = Question(
        tuple(body.targets),
        wire.findings_sent(body.given),
        wire.settings_sent(body.do),
        cohort=body.cohort,
        interval=wire.interval_asked(body.interval, named=True),
    )
    return _compared(forecaster, common, body.scenarios)


def _compared(forecaster: Forecaster, common: Question, scenarios: list[str]) -> Reply:
    model = forecaster.model
    wanted = comparison.asked(model, common, scenarios)
    return Reply(lambda: comparison.answered(forecaster, wanted), comparison.address(model, wanted))


OPERATIONS = (
    forecast,
    marginals,
    query_by_address,
    query,
    cases,
    compare_by_address,
    compare,
)
