"""What the store takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the store takes: bytes in all, bytes of an answer with its forms, bytes of a revision with its files, and
    new answers for one client in a day.
    """

    total_bytes: int = 4_000_000_000
    answer_bytes: int = 8_000_000
    revision_bytes: int = 32_000_000
    answers_a_day: int = 5_000
