"""Every operation of the service, by subject."""

from service import analyses
from service.routes import forecasts, models, pages, system

OPERATIONS = (
    *pages.OPERATIONS,
    *system.OPERATIONS,
    *models.OPERATIONS,
    *forecasts.OPERATIONS,
    *analyses.operations(),
)
