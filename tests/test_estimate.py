"""The estimate of a study's size: what can be counted is exact, what is timed adds up."""

import pytest
import torch

from nagbench.data import SETS
from nagbench.estimate import Estimate, UnitEstimate, _kept_for_backward, _Network, estimate
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.study import Study, Workload

WEIGHTS = 30_730 * 4


def network() -> _Network:
    return _Network(Workload("logistic", 8, 1, (0.5,)), torch.device("cpu"))


def test_units_and_runs_are_the_studys(small_study: Study) -> None:
    size = estimate(small_study, "cpu")
    assert [unit.unit.name for unit in size.units] == [u.name for u in small_study.units()]
    assert [unit.runs for unit in size.units] == [3, 3, 2, 2]
    assert all(unit.seconds > 0 for unit in size.units)


def test_hours_are_shared_by_the_lanes_and_memory_is_not(small_study: Study) -> None:
    unit = small_study.units()[0]
    sizes = [
        Estimate([UnitEstimate(unit, 6, 600.0, 1000), UnitEstimate(unit, 3, 1200.0, 10)], lanes)
        for lanes in (1, 2)
    ]
    assert [size.hours for size in sizes] == [2.0, 1.0]
    data = sum(SETS["synthetic"]) * 40 * 40 * 3
    assert [size.memory(small_study) for size in sizes] == [data + 1000, 2 * (data + 1000)]


@pytest.mark.parametrize(("name", "buffers"), [("sgd", 0), ("heavy_ball", 1), ("adam", 2)])
def test_a_run_holds_its_weights_three_times_and_its_optimizers_state(
    name: str, buffers: int
) -> None:
    """Weights, gradients, the copy for the step's length; and the activations, here the images."""
    _, _, found = network().with_optimizer(CATALOGUE[name])
    images = 8 * 3072 * 4
    expected = (3 + buffers) * WEIGHTS + images
    # The rest: a step count, the softmax of ten logits, and the weights that backward keeps too.
    assert expected <= found <= expected + WEIGHTS + 2000


def test_activations_grow_with_the_batch() -> None:
    sizes = []
    for batch in (8, 16):
        one = _Network(Workload("tiny_cnn", batch, 1, (0.5,)), torch.device("cpu"))
        lane = one._lane(CATALOGUE["sgd"], {"lr": 0.1}, batch)
        sizes.append(_kept_for_backward(lane))
    assert 1.9 < sizes[1] / sizes[0] < 2.1
