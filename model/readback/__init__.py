"""Read-back: what the words of the files mean as numbers, shown to those who wrote them."""

from model.readback.table import Cell, ReadBack, ReadRow, show
from model.readback.words import in_words, percent

__all__ = ["Cell", "ReadBack", "ReadRow", "in_words", "percent", "show"]
