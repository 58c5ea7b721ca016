"""The table of what damaged input did."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from limits import Tally
from tried import PLACE, Tried, renewed

PAGE = "Before.\n<!-- fuzz: begin -->\n<!-- fuzz: end -->\nAfter.\n"


def rows(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize(
    ("cases", "failed", "stands"),
    [(999, False, True), (1000, False, False), (999, True, False)],
)
def test_a_row_stands_until_as_many_were_tried_or_one_failed(
    cases: int, failed: bool, stands: bool
) -> None:
    first = renewed(PAGE, {"plan": Tried(Tally(1000, 7), failed=False, seconds=2.0)})
    assert rows(first) == ["| plan | 1,000 | 7 | none | 2.0 |"]
    other = {
        "plan": Tried(Tally(cases, 8), failed, seconds=1.0),
        "Choice": Tried(Tally(0, 0), failed=True, seconds=1.0),
    }
    second = renewed(first, other)
    choice, plan = rows(second)
    assert choice == "| Choice | 0 | 0 | yes | 1000.0 |"
    assert (plan == rows(first)[0]) == stands
    assert failed == ("yes" in plan)
    assert second.startswith("Before.\n<!-- fuzz: begin -->\n| input ")
    assert second.endswith("|\n<!-- fuzz: end -->\nAfter.\n")


def test_the_page_has_a_row_for_each_kind_of_input() -> None:
    modules = [import_module(path.stem) for path in Path(__file__).parent.glob("test_damaged_*.py")]
    kinds = [
        mark.args[0]
        for module in modules
        for value in vars(module).values()
        for mark in getattr(value, "pytestmark", ())
        if mark.name == "fuzz"
    ]
    page = PLACE.read_text(encoding="utf-8")
    found = [line.split(" | ")[0].removeprefix("| ") for line in rows(renewed(page, {}))]
    assert [kind for kind in found if kind in kinds] == sorted(kinds, key=str.casefold)
    assert renewed(page, {}) == page
    (table,) = re.findall(r"<!-- fuzz: begin -->\n(.*?)<!-- fuzz: end -->", page, re.DOTALL)
    assert "| yes |" not in table
