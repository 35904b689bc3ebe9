"""Gates: words turned into tables, once for the stated numbers or many times for numbers drawn around them.

Two layers. ``formulas`` and ``calibration`` are arithmetic on arrays with leading batch axes; ``kinds`` are
the statements of one variable, which know how sure they are.
"""

from model.gates.calibration import calibrated_nominal, calibrated_ordinal
from model.gates.formulas import Combine, all_needed, any_cause, nominal, ordinal, ranked
from model.gates.kinds import (
    NATS_PER_DECIBEL,
    AllNeeded,
    AnyCause,
    Gate,
    Influence,
    Influences,
    Pinned,
    Ranked,
    Rule,
    TableGate,
)

__all__ = [
    "NATS_PER_DECIBEL",
    "AllNeeded",
    "AnyCause",
    "Combine",
    "Gate",
    "Influence",
    "Influences",
    "Pinned",
    "Ranked",
    "Rule",
    "TableGate",
    "all_needed",
    "any_cause",
    "calibrated_nominal",
    "calibrated_ordinal",
    "nominal",
    "ordinal",
    "ranked",
]
