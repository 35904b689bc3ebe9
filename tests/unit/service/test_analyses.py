"""Analyses are one file each: every file is registered, and has what the list says of it."""

from importlib import import_module

import click
import pytest

from service.analyses import ANALYSES, operations
from tests.sources import ROOT

SHARED = {"__init__", "analysis", "command"}


def test_every_file_is_in_the_list_and_every_name_in_the_list_is_a_file():
    files = {path.stem for path in (ROOT / "service" / "analyses").glob("*.py")}
    assert {analysis.file for analysis in ANALYSES} == files - SHARED


ON_THE_COMMAND_LINE_ALONE = {"revision_diff"}
"""What compares two folders: the service serves one."""


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.file)
def test_a_file_has_operations_and_a_command_where_the_list_names_one(analysis):
    file = import_module(f"service.analyses.{analysis.file}")
    assert bool(file.OPERATIONS) is (analysis.file not in ON_THE_COMMAND_LINE_ALONE)
    assert isinstance(getattr(file, "command", None), click.Command) is (analysis.command is not None)
    assert bool(analysis.summary) is (analysis.command is not None)


def test_every_operation_stands_at_an_address_of_its_own():
    stands = [(operation.method, operation.path) for operation in operations()]
    assert len(stands) == len(set(stands))
    assert len({path for _, path in stands}) == len(ANALYSES) - len(ON_THE_COMMAND_LINE_ALONE)
