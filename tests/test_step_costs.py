"""Costs of steps: intervals as binomial tables have them, and no comparison of unlike things."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nagbench.engine.recipe import digest
from nagbench.errors import InputError
from nagbench.step_costs import StepCost, StepCosts, interval, read, table, write

MACHINE = {"device": "a processor", "backend": "cpu"}


def cost(optimizer: str, *seconds: float, **words: Any) -> StepCost:
    base = StepCost("seed_cnn", optimizer, "eager", 1, 1, seconds)
    return replace(base, **words)


SLOW = (2.0, 4.0, 6.0, 8.0, 10.0, 120.0)
FAST = (1.0, 2.0, 3.0, 4.0, 5.0, 40.0)
MEASURED = StepCosts(MACHINE, [cost("sgd", *FAST), cost("nag", *SLOW)], {"seed_cnn": 1e-4})


@pytest.mark.parametrize(
    ("count", "place"), [(6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (15, 3), (20, 5), (25, 7)]
)
def test_an_interval_is_the_tables(count: int, place: int) -> None:
    """Which order statistics hold the median with 95 %: Conover's table for the sign test."""
    values = [float(n) for n in range(count)]
    assert interval(values[::-1]) == (place, count - 1 - place)


def test_fewer_rounds_have_no_interval() -> None:
    with pytest.raises(InputError, match="6 at least"):
        interval([1.0] * 5)


def test_rounds_are_compared_one_by_one() -> None:
    """The last round was slow for both: its ratio is 3, and the median stays what it is."""
    assert MEASURED.ratio("seed_cnn", "nag", "sgd") == (2.0, 2.0, 3.0)
    assert MEASURED.of("seed_cnn", "nag").median == 7.0


@pytest.mark.parametrize("other", [{"execution": "graph"}, {"lanes": 8}])
def test_steps_executed_otherwise_are_not_compared(other: dict[str, Any]) -> None:
    unlike = replace(MEASURED, costs=[cost("sgd", *FAST), cost("nag", *SLOW, **other)])
    with pytest.raises(InputError, match="executed alike"):
        unlike.ratio("seed_cnn", "nag", "sgd")
    assert table(unlike).splitlines()[2].split()[2:5] == [
        "7000.00",
        "1",
        f"{unlike.costs[1].execution},",
    ]


def test_what_was_not_measured_is_named() -> None:
    with pytest.raises(InputError, match="none of adam on seed_cnn"):
        MEASURED.of("seed_cnn", "adam")


def test_a_file_is_read_as_it_was_written_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "step_costs.json"
    write(path, MEASURED, "the command")
    assert read(path) == MEASURED
    kept = json.loads(path.read_text())
    assert kept["command"] == "the command"
    assert kept["costs"][1]["median"] == 7.0
    assert kept["costs"][1]["interval"] == [2.0, 120.0]
    assert kept["costs"][1]["over_sgd"] == [2.0, 2.0, 3.0]
    kept["costs"][1]["seconds"][0] = 1.0
    path.write_text(json.dumps(kept))
    with pytest.raises(InputError, match="changed after it was written"):
        read(path)
    for text, found in (("{", "not readable"), ("{}", "version"), ('{"version": 1}', "incomplete")):
        path.write_text(text)
        with pytest.raises(InputError, match=found):
            read(path)
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ((-1.0,) * 6, "no time"),
        ((0.0,) * 6, "no time"),
        ((float("nan"),) * 6, "no time"),
        ((float("inf"),) * 6, "no time"),
        (("1",) * 6, r"seconds\[0\] is '1'"),
        ((1.0,) * 5, "5 rounds"),
        ((1.0,) * 7, "other rounds than its neighbours"),
    ],
)
def test_costs_that_cannot_be_are_refused(tmp_path: Path, seconds: Any, said: str) -> None:
    """Though whoever wrote them signed them."""
    path = tmp_path / "step_costs.json"
    write(path, MEASURED, "nagbench bench optimizers")
    kept = json.loads(path.read_text())
    kept["costs"][1]["seconds"] = list(seconds)
    kept["digest"] = digest({name: kept[name] for name in ("machine", "images", "costs")})
    path.write_text(json.dumps(kept))
    with pytest.raises(InputError, match=said):
        read(path)
