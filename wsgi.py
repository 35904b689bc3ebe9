"""The application, for a WSGI server: ``gunicorn wsgi:app``."""

from service import create_app

app = create_app()
