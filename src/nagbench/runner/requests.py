"""What the job of a unit asks of a cluster: minutes and memory, from the plan alone.

A cluster reads the workflow's files once for every job, so nothing here imports torch. A job that
asked for too little is started again with more, and goes on from what it has trained.
"""

import math

from nagbench.data.registry import data_set
from nagbench.engine.outcome import evaluation_points
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.step_costs import StepCosts
from nagbench.study.unit import Unit

UNKNOWN = 240  # minutes, where no step of the unit was timed on such a device
STARTING = 15  # minutes: reading the workflow and torch from a shared folder, and capturing graphs
MARGIN = 2.0  # over the plan: spaces that grow, and devices that are shared
LIBRARIES = 3000  # MB, with a CUDA context
COPIES = 4  # of the data: as read, decoded, and padded for training and for judging


def minutes(unit: Unit, costs: StepCosts | None = None) -> int:
    """What a unit's job may take, where steps cost what `costs` says."""
    if costs is None:
        return UNKNOWN
    try:
        step, image = costs.of(unit.workload, unit.optimizer).median, costs.images[unit.workload]
    except (InputError, KeyError):
        return UNKNOWN
    planned = len(unit.planned()) * run_seconds(unit, step, image)
    return STARTING + math.ceil(MARGIN * planned / 60)


def run_seconds(unit: Unit, step: float, image: float) -> float:
    """The mean over a unit's runs, where a step and judging an image take so many seconds."""
    recipe = unit.base
    data = data_set(recipe.data)
    epoch = unit.images // recipe.batch_size * step
    judging = recipe.validation_size * image
    lengths = unit.planned()
    whole = sum(n * epoch + len(evaluation_points(n)) * judging for n in lengths)
    test = data.test * image if recipe.judged_on_test else 0.0
    return whole / len(lengths) + test


def megabytes(unit: Unit) -> int:
    """The memory that a unit's job takes beside its GPU's."""
    return LIBRARIES + math.ceil(COPIES * data_bytes(unit.base) / 1e6)


def data_bytes(recipe: Recipe) -> int:
    """Bytes of the decoded, padded set."""
    data, border = data_set(recipe.data), 2 * recipe.padding
    pixels = (data.height + border) * (data.width + border) * data.channels
    return (data.train + data.test) * pixels
