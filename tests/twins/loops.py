"""Twins of ``model/map_kernels.py``, kept beside the loops: what a map says, and the three things done along it."""

from model.map_kernels import map_cells as cells
from model.map_kernels import table_maxima as maxima
from model.map_kernels import table_sums as sums
from model.map_kernels import table_times as times

__all__ = ["cells", "maxima", "sums", "times"]
