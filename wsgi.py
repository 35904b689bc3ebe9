"""The application, for a WSGI server: ``gunicorn wsgi:app``."""

from model.inference.precompile import warm
from service import create_app

warm()
app = create_app(ahead=True)
