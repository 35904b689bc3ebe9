"""The application, for a WSGI server: ``gunicorn wsgi:app``."""

import sys

from model.errors import AftermathError
from model.inference.precompile import warm
from service import create_app, malloc

malloc.bound()
try:
    app = create_app(ahead=True)
except AftermathError as error:
    sys.exit(str(error))
warm()
