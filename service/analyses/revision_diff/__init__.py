"""What an edit does: two revisions of a model as JSON, CSV, text and Markdown, by address and by the command ``diff``.

``body`` (as JSON and rows) and ``page`` (as text and Markdown) take what ``model.analyses.revision_diff`` finds,
whichever way its two editions were come by; ``between`` and ``why`` are its addresses, ``command`` the command.
"""

from service.analyses.revision_diff import between, why
from service.analyses.revision_diff.command import command

OPERATIONS = (*between.OPERATIONS, *why.OPERATIONS)

__all__ = ["OPERATIONS", "command"]
