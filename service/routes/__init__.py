"""Every operation of the service, by subject."""

from service import analyses
from service.routes import forecasts, kept_answers, links, models, pages, questions, revisions, system

OPERATIONS = (
    *pages.OPERATIONS,
    *system.OPERATIONS,
    *models.OPERATIONS,
    *forecasts.OPERATIONS,
    *links.OPERATIONS,
    *analyses.operations(),
    *kept_answers.OPERATIONS,
    *revisions.OPERATIONS,
    *questions.OPERATIONS,
)
