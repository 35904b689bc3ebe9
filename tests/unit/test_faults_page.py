"""The table of faults and the tests agree: each names tests that are there, and each numbered test is named."""

import ast
import re
from collections.abc import Iterator

from tests.sources import ROOT, modules

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
UNDER_LOAD = {9, 10, 21, 22, 26, 27, 32, 33, 34, 35, 43, 64, 66}
LIVE = {5, *range(11, 17), 65, 67}
EARLY = {1, 2, 6, 7, 8, *range(17, 21), 23, 24, 25, *range(28, 32), 36}
EXPECTED = {*EARLY, *LIVE, *UNDER_LOAD, *range(45, 64)}


def rows() -> Iterator[tuple[set[int], list[tuple[str, str]]]]:
    """The numbers of each row, and the file and name of each of its tests."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        numbers = re.match(r"[0-9, ]+(?=\.)", cells[1]) if len(cells) > 3 else None
        if numbers is None:
            continue
        tests, file = [], ""
        for word in re.findall(r"`([^`]+)`", cells[3]):
            if word.endswith(".py"):
                file = word
            else:
                tests.append((file, word))
        yield {int(number) for number in numbers[0].split(",")}, tests


def functions() -> dict[str, set[str]]:
    """The names of the tests of each file."""
    return {
        path.relative_to(ROOT).as_posix(): {
            node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
        }
        for path in modules("tests")
    }


def numbers_in(name: str) -> set[int]:
    found = re.match(r"test_fault((?:_\d{1,2})+)_", name)
    return {int(number) for number in found[1].strip("_").split("_")} if found else set()


def test_every_test_on_the_page_is_there() -> None:
    there = functions()
    assert [(file, name) for _, tests in rows() for file, name in tests if name not in there.get(file, ())] == []


def test_every_numbered_test_is_on_the_page_in_the_row_of_its_number() -> None:
    named = {(file, name, number) for numbers, tests in rows() for file, name in tests for number in numbers}
    numbered = {(file, name, n) for file, names in functions().items() for name in names for n in numbers_in(name)}
    assert sorted(numbered - named) == []
    assert all(numbers_in(name) <= numbers for numbers, tests in rows() for _, name in tests)


def test_every_fault_has_one_row_and_a_test() -> None:
    found = [number for numbers, _ in rows() for number in numbers]
    assert len(found) == len(set(found))
    assert set(found) >= EXPECTED
    assert all(tests for _, tests in rows())
