"""What an edit does: the edits between two revisions of a model, and what each did to the forecasts.

Read it in this order: ``editions`` (a revision with its files), ``items`` and ``edits`` (what differs, and what that
can move), ``units`` (edits that make a model only together), ``mixtures`` (models with some of the edits applied),
``shapley`` and ``splitting`` (a shift in parts that add up), ``revision_diff`` (all of it together),
``acknowledgement`` (what somebody has to answer for).
"""

from model.analyses.revision_diff.acknowledgement import Moved, over_limit
from model.analyses.revision_diff.editions import Edition, edition
from model.analyses.revision_diff.edits import Edit, edits
from model.analyses.revision_diff.revision_diff import (
    CheckMoved,
    Part,
    RevisionDiff,
    Shifted,
    StateShift,
    diff,
    older_names,
    question_under,
    why,
)
from model.analyses.revision_diff.units import Unit

__all__ = [
    "CheckMoved",
    "Edit",
    "Edition",
    "Moved",
    "Part",
    "RevisionDiff",
    "Shifted",
    "StateShift",
    "Unit",
    "diff",
    "edition",
    "edits",
    "older_names",
    "over_limit",
    "question_under",
    "why",
]
