"""Questions and answers: the dashboard's GET, the analyst's POST and batches."""

from __future__ import annotations

from functools import partial

from model.analyses import question_cost
from model.errors import UnknownVariable
from model.forecast import Forecaster, answer
from model.question import Question, Resolved, resolve
from service.http.forms import MEGABYTE, Intake, csv_form, json_body, json_form, table_form
from service.http.operation import Reply, operation
from service.schemas import answers, requests
from service.translate import batch, combinations, forecasts, questions

FORECAST_FORMS = (
    json_form(
        answers.ForecastAnswer,
        write=forecasts.forecast_body,
        in_short=forecasts.short_body,
        short=answers.ForecastInShort,
    ),
    csv_form(answers.StateRow, forecasts.rows),
)
MARGINALS_FORMS = (
    json_form(
        answers.QueryAnswer,
        write=forecasts.query_body,
        in_short=forecasts.short_marginals,
        short=answers.MarginalsInShort,
    ),
    csv_form(answers.StateRow, forecasts.rows),
)
QUERY_FORMS = (
    json_form(answers.QueryAnswer, write=forecasts.query_body),
    table_form(answers.StateRow | answers.CombinationRow, combinations.query_table),
)
BATCH_BODY = (
    Intake("application/json", requests.BatchInFull, batch.read_json),
    Intake("text/csv", str, batch.read_csv),
)


@operation(
    "GET",
    "/v1/models/<model>/forecast/<target>",
    query=requests.ForecastParameters,
    forms=FORECAST_FORMS,
    errors=(404, 422, 503),
)
def forecast(forecaster: Forecaster, target: str, asked: requests.ForecastParameters) -> Reply:
    """Forecast one target under a what-if: the answer that a dashboard polls.

    As JSON it is short unless `fields` says otherwise: `fields=all` gives everything.
    """
    model = forecaster.model
    if target not in model.network.by_name:
        raise UnknownVariable(target, model.network.names, where=("path", "target"))
    resolved = questions.question_from_address(model, asked, targets=(target,))
    address = questions.forecast_address(model, resolved.question)
    cost = partial(question_cost.of_question, forecaster, resolved)
    return Reply(lambda: forecasts.AddressedAnswer(model, answer(forecaster, resolved), address), address, cost)


@operation(
    "GET",
    "/v1/models/<model>/marginals",
    query=requests.ForecastParameters,
    forms=MARGINALS_FORMS,
    errors=(404, 422, 503),
)
def marginals(forecaster: Forecaster, asked: requests.ForecastParameters) -> Reply:
    """Forecast every variable under a what-if, in one pass.

    As JSON it is short unless `fields` says otherwise: `fields=all` gives everything.
    """
    resolved = questions.question_from_address(forecaster.model, asked, targets=())
    return _query(forecaster, resolved, resource="marginals")


@operation(
    "GET",
    "/v1/models/<model>/query",
    query=requests.QueryParameters,
    forms=QUERY_FORMS,
    errors=(404, 422, 503),
)
def query_by_address(forecaster: Forecaster, asked: requests.QueryParameters) -> Reply:
    """Answer a what-if of several targets that fits in an address: the permalink of the same question sent by POST.

    As CSV a row is a state of a target. With `joint` or `most_probable` a row is a combination of states: of each
    joint, then of each target that is named, then of all variables; `joint` says of which, and each variable has a
    column, empty in the rows that are not of it.
    """
    forecaster, named = questions.about(forecaster, asked.event, beside=asked.target)
    return _query(forecaster, questions.query_from_address(forecaster.model, asked, named))


@operation(
    "POST",
    "/v1/models/<model>/query",
    body=(json_body(requests.AskedInFull),),
    forms=QUERY_FORMS,
    errors=(404, 413, 415, 422, 503),
)
def query(forecaster: Forecaster, body: requests.AskedInFull) -> Reply:
    """Answer a what-if: each target's distribution given what is known, reported, assumed and set."""
    forecaster, named = questions.about(forecaster, body.events, where="events", beside=body.targets)
    return _query(forecaster, questions.question_from_body(forecaster.model, body, named))


def _query(forecaster: Forecaster, resolved: Resolved, *, resource: str = "query") -> Reply:
    model = forecaster.model
    address = questions.query_address(model, resolved.question, resource=resource)
    cost = partial(question_cost.of_question, forecaster, resolved)
    return Reply(lambda: forecasts.AddressedAnswer(model, answer(forecaster, resolved), address), address, cost)


@operation(
    "POST",
    "/v1/models/<model>/batch",
    query=requests.BatchParameters,
    body=BATCH_BODY,
    forms=(json_form(answers.BatchAnswer, write=batch.body), csv_form(answers.CaseRow, batch.rows)),
    errors=(404, 413, 415, 422, 503),
    largest=8 * MEGABYTE,
)
def cases(forecaster: Forecaster, asked: requests.BatchParameters, body: batch.JSONCases | batch.CSVCases) -> Reply:
    """Answer up to 10,000 cases, each on its own: a bad case has its error in its place, the others are answered.

    As CSV a column is a variable and a cell a state (or a verb as in addresses); an empty cell is unknown.
    A column `do.<variable>` sets the variable; `id`, `scenario` and `cohort` are columns of their own.
    A case without an id gets its line as one. The answer has a row for each state of each target.
    """
    in_body = body if isinstance(body, batch.JSONCases) else None
    own = asked.target or (in_body.targets if in_body else ())
    said, where = (in_body.events, "events") if in_body and not asked.event else (asked.event, "event")
    forecaster, events = questions.about(forecaster, said, where=where, beside=own)
    model, named = forecaster.model, (*own, *events)
    targets = resolve(model, Question(named or model.headline)).targets
    in_address = questions.interval_mass(asked.interval, named=False)
    interval = in_body.interval if in_body else in_address
    posed = batch.asked(model, body, targets, interval)
    batch.demand_short(forecaster, posed, targets, interval)
    return Reply(
        lambda: batch.answered(forecaster, posed, targets, interval), cost=lambda: batch.cost(forecaster, posed)
    )


OPERATIONS = (
    forecast,
    marginals,
    query_by_address,
    query,
    cases,
)
