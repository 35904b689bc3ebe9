"""Thresholds of the packed layout drawn at random, so that small networks meet what is made for large ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from model import inference
from model.inference import Plan
from model.inference.junction_tree.packed import index_maps, prior_passes, shortcuts
from model.inference.junction_tree.packed.layout import SPREAD, STREAM
from model.network import Network

Layout = Mapping[ModuleType, Mapping[str, Any]]


def short_runs() -> st.SearchStrategy[Mapping[int, int]]:
    """Lengths below which runs are looked up, small enough for small tables to have runs."""
    return st.fixed_dictionaries({kind: st.integers(1, 4) for kind in (STREAM, SPREAD)})


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Thresholds of the packed layout, so that runs, parts, repeated lists, compression and shortcuts all occur."""
    return {
        index_maps: {
            "SHORT_RUNS": draw(short_runs()),
            "MAP_ROWS": draw(st.sampled_from([1, 4, 2048])),
            "PART": draw(st.sampled_from([1, 3, 8, 2187])),
        },
        prior_passes: {
            "DENSE": draw(st.sampled_from([0.0, 0.7, 1.1])),
            "SMALLEST_SPARSE": draw(st.sampled_from([0, 32])),
            "LITTLE": draw(st.sampled_from([0.9, 1.0])),
        },
        shortcuts: {"SHORTCUT_LIMIT": draw(st.sampled_from([0, 8, 1 << 20]))},
    }


def compiled(network: Network, layout: Layout) -> Plan:
    """A network packed for the tree executor under these thresholds."""
    with ExitStack() as stack:
        for module, thresholds in layout.items():
            stack.enter_context(mock.patch.multiple(module, **thresholds))
        plan = inference.compile(network)
        _ = plan.packed, plan.whole, plan.best, plan.best_whole
    return plan
