"""Networks of the literature, and the smallest model that can be made of one."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from model.forecast import Forecaster, prepare
from model.gates import TableGate
from model.interchange import read
from model.network import Network, Variable
from model.specification import Description, Model


def collection() -> Path:
    """The folder of public .bif.gz files that the pgmpy wheel brings."""
    spec = find_spec("pgmpy")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "utils" / "example_models"


@cache
def network(name: str) -> Network:
    """A network by its name in the literature."""
    return sprinkler() if name == "sprinkler" else read(collection() / f"{name}.bif.gz").network


def sprinkler() -> Network:
    """Cloudy, sprinkler, rain, wet grass (Pearl 1988), states T and F."""
    two = ("T", "F")
    variables = [
        Variable("Cloudy", two),
        Variable("Sprinkler", two, ("Cloudy",)),
        Variable("Rain", two, ("Cloudy",)),
        Variable("Wet", two, ("Sprinkler", "Rain")),
    ]
    tables = {
        "Cloudy": np.array([0.5, 0.5]),
        "Sprinkler": np.array([[0.1, 0.9], [0.5, 0.5]]),
        "Rain": np.array([[0.8, 0.2], [0.2, 0.8]]),
        "Wet": np.array([[[0.99, 0.01], [0.9, 0.1]], [[0.9, 0.1], [0.0, 1.0]]]),
    }
    return Network(variables, tables)


def model_of(network: Network, name: str = "test") -> Model:
    """A model without words: the network and nothing said about it."""
    described = {
        v.name: Description(
            name=v.name,
            label=v.name,
            definition=None,
            role="state",
            kind="table",
            from_article=None,
            note=None,
            gate=TableGate(network.tables[v.name], np.full(network.tables[v.name].shape[:-1], np.inf)),
            statements=(),
        )
        for v in network.variables
    }
    return Model(
        name=name,
        title=name,
        description=name,
        as_of="2017-03-06",
        horizon="none",
        headline=(network.names[0],),
        network=network,
        described=described,
    )


@cache
def forecaster(name: str) -> Forecaster:
    """A network of the literature, compiled."""
    return prepare(model_of(network(name), name))
