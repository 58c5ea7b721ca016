"""The estimate of a study's size: what can be counted is exact, what is timed adds up."""

from dataclasses import replace

import pytest

from nagbench.data.registry import data_set
from nagbench.errors import InputError
from nagbench.runner.estimate import Estimate, UnitEstimate, _Network, estimate
from nagbench.runner.noise import RATE, kept_for_backward, run_on_noise
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.model import Study
from nagbench.study.plan import units
from small_runs import CPU, recipe_of

WEIGHTS = 30_730 * 4


def test_units_and_runs_are_the_studys(small_study: Study) -> None:
    size = estimate(units(small_study), "cpu")
    assert [unit.unit for unit in size.units] == units(small_study)
    assert [unit.runs for unit in size.units] == [3, 3, 2, 2]
    assert all(unit.seconds > 0 for unit in size.units)


def test_time_is_shared_by_the_lanes_and_memory_is_not(small_study: Study) -> None:
    unit = units(small_study)[0]
    sizes = [
        Estimate([UnitEstimate(unit, 6, 600.0, 1000), UnitEstimate(unit, 3, 1200.0, 10)], lanes)
        for lanes in (1, 2)
    ]
    assert [size.seconds for size in sizes] == [7200.0, 3600.0]
    data = data_set("synthetic")
    placed = (data.train + data.test) * 40 * 40 * 3
    assert [size.memory() for size in sizes] == [placed + 1000, 2 * (placed + 1000)]


@pytest.mark.parametrize(("name", "buffers"), [("sgd", 0), ("heavy_ball", 1), ("adam", 2)])
def test_a_run_holds_its_weights_three_times_and_its_optimizers_state(
    name: str, buffers: int
) -> None:
    """Weights, gradients, the copy for the step's length; and the activations, here the images."""
    recipe = recipe_of("logistic", name, batch_size=8)
    _, _, size = _Network(recipe, CPU).with_optimizer(recipe)
    images = 8 * 3072 * 4
    expected = (3 + buffers) * WEIGHTS + images
    # The rest: a step count, the softmax of ten logits, and the weights that backward keeps too.
    assert expected <= size <= expected + WEIGHTS + 2000


def test_a_scheduled_step_is_timed_as_often_as_it_takes() -> None:
    """More steps are timed than the noise's single batch has."""
    recipe = recipe_of("logistic", "nag", batch_size=8, schedule="cosine")
    seconds, image, _ = _Network(recipe, CPU).with_optimizer(recipe)
    assert seconds > 0
    assert image > 0


def test_activations_grow_with_the_batch() -> None:
    sizes = []
    for batch in (8, 16):
        recipe = recipe_of("tiny_cnn", batch_size=batch)
        run = run_on_noise(recipe, {"lr": RATE}, batch, CPU)
        sizes.append(kept_for_backward(run))
    assert 1.9 < sizes[1] / sizes[0] < 2.1


def test_measured_steps_are_believed_where_the_device_is_not(small_study: Study) -> None:
    planned = units(small_study)
    names = {(unit.workload, unit.optimizer) for unit in planned}
    costs = [StepCost(*name, "graph", 1, 1, (0.5,)) for name in names]
    judging = {workload: 1e-3 for workload, _ in names}
    size = estimate(planned, "cuda", StepCosts({"backend": "cuda"}, costs, judging))
    assert size.lanes == 1
    for unit in size.units:
        recipe = unit.unit.base
        steps = (recipe.train_size or 0) // recipe.batch_size
        assert unit.seconds > recipe.epochs * steps * 0.5
        assert unit.bytes > 0
    with pytest.raises(InputError, match="step costs"):
        estimate(planned, "cuda", StepCosts({"backend": "cuda"}, costs[1:], judging))


def test_units_that_test_cost_what_their_tuning_units_do(small_study: Study) -> None:
    """A workload whose settings are chosen elsewhere has no trials of its own."""
    tiny = small_study.workloads["tiny"]
    other = replace(tiny, name="other", tuned_on="tiny")
    study = replace(small_study, workloads={"tiny": tiny, "other": other})
    planned = units(study)
    assert {unit.stage for unit in planned if unit.workload == "other"} == {"test"}
    found = {one.unit.name: one.bytes for one in estimate(planned, "cpu").units}
    for unit in planned:
        if unit.workload == "other":
            assert found[unit.name] == found[f"tune/tiny/{unit.optimizer}"]
