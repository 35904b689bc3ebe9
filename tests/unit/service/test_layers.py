"""Where variables stand in a picture of the whole network."""

import numpy as np
import pytest

from model.network import Network, Variable
from model.priors import load
from service import layers
from service.settings import default_priors


def spots(network: Network) -> list[tuple[int, float]]:
    return [layers.grid(network)[name] for name in network.names]


@pytest.mark.parametrize("name", ["asia", "colombia-2016"])
def test_causes_stand_left_of_effects_and_no_two_boxes_overlap(name: str) -> None:
    network = load(default_priors() / name).network
    at = layers.grid(network)
    assert all(at[parent][0] < at[v.name][0] for v in network.variables for parent in v.parents)
    columns: dict[int, list[float]] = {}
    for column, row in spots(network):
        columns.setdefault(column, []).append(row)
    for rows in columns.values():
        assert min(np.diff(sorted(rows)), default=1.0) >= 0.999
        assert min(rows) >= 0


def test_a_network_too_large_to_count_crossings_is_stacked_in_the_order_of_the_file() -> None:
    two, even = ("no", "yes"), np.array([0.5, 0.5])
    names = [f"v{i}" for i in range(layers.LARGEST + 1)]
    network = Network([Variable(name, two) for name in names], dict.fromkeys(names, even))
    assert spots(network) == [(0, float(i)) for i in range(len(names))]
