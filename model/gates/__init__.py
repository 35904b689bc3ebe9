"""Gates: words turned into tables, once for the stated numbers or many times for numbers drawn around them.

Two layers. ``formulas`` and ``calibration`` are arithmetic on arrays with leading batch axes; ``kinds`` are
the statements of one variable, which know how sure they are, and ``pooling`` what several experts say of one.
"""

from model.gates.calibration import calibrated_nominal, calibrated_ordinal
from model.gates.formulas import NATS_PER_DECIBEL, Combine, all_needed, any_cause, nominal, ordinal, ranked
from model.gates.kinds import (
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
from model.gates.pooling import Experts, RowPool, StrengthPool, exponential_races
from model.gates.streams import Stream, named_stream

__all__ = [
    "NATS_PER_DECIBEL",
    "AllNeeded",
    "AnyCause",
    "Combine",
    "Experts",
    "Gate",
    "Influence",
    "Influences",
    "Pinned",
    "Ranked",
    "RowPool",
    "Rule",
    "Stream",
    "StrengthPool",
    "TableGate",
    "all_needed",
    "any_cause",
    "calibrated_nominal",
    "calibrated_ordinal",
    "exponential_races",
    "named_stream",
    "nominal",
    "ordinal",
    "ranked",
]
