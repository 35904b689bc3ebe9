"""Every operation of the service, by subject."""

from service.routes import forecasts, models, pages, system

OPERATIONS = (*pages.OPERATIONS, *system.OPERATIONS, *models.OPERATIONS, *forecasts.OPERATIONS)
