"""Every operation of the service, by subject."""

from service import analyses
from service.routes import (
    agents,
    forecasts,
    links,
    metrics,
    models,
    pages,
    prose,
    questions,
    revisions,
    stored_answers,
    system,
)

OPERATIONS = (
    *pages.OPERATIONS,
    *system.OPERATIONS,
    *metrics.OPERATIONS,
    *models.OPERATIONS,
    *forecasts.OPERATIONS,
    *links.OPERATIONS,
    *analyses.operations(),
    *stored_answers.OPERATIONS,
    *prose.OPERATIONS,
    *agents.OPERATIONS,
    *revisions.OPERATIONS,
    *questions.OPERATIONS,
)
