"""What jobs ask of a cluster: the plan's time and memory where they are known."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from nagbench.data.registry import data_set
from nagbench.runner import requests
from nagbench.runner.estimate import estimate
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.model import Study
from nagbench.study.plan import units


def measured(step: float) -> StepCosts:
    """Steps of SGD alone, that took so many seconds; an image took none to speak of."""
    cost = StepCost("tiny", "sgd", "graph", 1, 1.0, (step,) * 6)
    return StepCosts({"backend": "cuda"}, [cost], {"tiny": 1e-12})


def test_time_is_twice_the_plans_and_some_to_start(small_study: Study) -> None:
    unit = units(small_study)[0]
    steps = unit.images // 16 * sum(unit.planned())
    assert requests.minutes(unit, measured(29.999)) == requests.STARTING + steps


def test_time_is_that_of_the_estimate(small_study: Study) -> None:
    costs = replace(measured(0.5), images={"tiny": 0.01})
    tested = [unit for unit in units(small_study) if unit.optimizer == "sgd"]
    for one in estimate(tested, "cpu", costs).units:
        assert one.seconds == pytest.approx(requests.run_seconds(one.unit, 0.5, 0.01))


def test_what_was_not_measured_has_hours(small_study: Study) -> None:
    sgd, other = units(small_study, "test")
    assert requests.minutes(sgd, None) == requests.UNKNOWN
    assert requests.minutes(other, measured(30.0)) == requests.UNKNOWN


def test_memory_grows_with_the_data(small_study: Study) -> None:
    small = units(small_study)[0]
    large = replace(small, base=replace(small.base, data="cifar10"))
    placed = [data_set(name).train + data_set(name).test for name in ("synthetic", "cifar10")]
    grown = 4 * (placed[1] - placed[0]) * 40 * 40 * 3 / 1e6
    found = requests.megabytes(large) - requests.megabytes(small)
    assert found == pytest.approx(grown, abs=1)
    assert requests.megabytes(small) > requests.LIBRARIES


def test_no_torch_is_imported_to_ask() -> None:
    """Snakemake asks at every start, and once for every job on a cluster."""
    script = "import sys, nagbench.runner.requests; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ)
