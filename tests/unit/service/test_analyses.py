"""Analyses are one file each: every file is registered, and has what the list says of it."""

from importlib import import_module

import click
import pytest

from service.analyses import ANALYSES, operations
from tests.sources import ROOT

SHARED = {"__init__", "analysis", "command"}


def test_every_file_is_in_the_list_and_every_name_in_the_list_is_a_file():
    folder = ROOT / "service" / "analyses"
    files = {path.stem for path in (*folder.glob("*.py"), *(each.parent for each in folder.glob("*/__init__.py")))}
    assert {analysis.file for analysis in ANALYSES} == files - SHARED


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.file)
def test_a_file_has_operations_and_a_command_where_the_list_names_one(analysis):
    file = import_module(f"service.analyses.{analysis.file}")
    assert file.OPERATIONS
    assert isinstance(getattr(file, "command", None), click.Command) is (analysis.command is not None)
    assert bool(analysis.summary) is (analysis.command is not None)


def test_every_operation_stands_at_an_address_of_its_own():
    stands = [(operation.method, operation.path) for operation in operations()]
    assert len(stands) == len(set(stands))
    each = [{made.path for made in import_module(f"service.analyses.{one.file}").OPERATIONS} for one in ANALYSES]
    assert sum(map(len, each)) == len(set().union(*each)) == len({path for _, path in stands})
