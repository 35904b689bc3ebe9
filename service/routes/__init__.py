"""Every operation of the service, by subject."""

from service.routes import analyses, forecasts, models, pages, system

OPERATIONS = (
    *pages.OPERATIONS,
    *system.OPERATIONS,
    *models.OPERATIONS,
    *forecasts.OPERATIONS,
    *analyses.OPERATIONS,
)
