"""Results as pictures, PNG or SVG: the only part of the program that knows matplotlib."""

from service.layers import around
from service.pictures.bars import distribution, tornado, waterfall
from service.pictures.canvas import demand_a_picture, save
from service.pictures.graph import network
from service.pictures.heat_map import matrix
from service.pictures.sides import comparison

__all__ = [
    "around",
    "comparison",
    "demand_a_picture",
    "distribution",
    "matrix",
    "network",
    "save",
    "tornado",
    "waterfall",
]
