"""Read-back: what the words of the files mean as numbers, shown to those who wrote them."""

from model.readback.gate_sentences import in_words
from model.readback.table_text import Cell, ReadBack, ReadRow, show

__all__ = ["Cell", "ReadBack", "ReadRow", "in_words", "show"]
