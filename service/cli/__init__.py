"""The command line: a file for each command, ``main`` with all of them, ``options`` and ``text`` that they share.

The commands of analyses are in ``service.analyses``.
"""
