"""The history of the tables, one for both databases: each file of ``versions`` is a step, which ``migrate`` runs.

A step is never changed once it was released. The next is written by hand after the pattern of the last: a file
``v0002_what.py`` with ``revision``, ``down_revision`` and ``upgrade``. CHECK constraints and triggers have to be
written out, since no tool compares them; the tests compare the tables with ``service.store.tables``.
"""
