"""How the learning rate changes within a run: a factor for every step.

`t` is the epoch and `s` the step, both from 0, T the number of all steps.
"""

import math
from collections.abc import Sequence

import numpy as np

from nagbench.study import Workload

_MILESTONES = (0.5, 0.75)  # of the epochs, at which `step` divides by ten
_WARM_UP = 0.05  # of the steps
_PATIENCE = 2  # epochs without a lower validation loss before `plateau` lowers the rate


def factors(
    workload: Workload, epoch: int, steps: int, validation_losses: Sequence[float]
) -> np.ndarray | None:
    """The factors of the rate in each of an epoch's `steps`, epochs counted from 1.

    None for a constant rate. `validation_losses` are those of the epochs before, from epoch 0.
    """
    name, decay, t = workload.schedule, workload.decay, epoch - 1
    if name == "constant":
        return None
    if name == "proportional":
        return np.full(steps, decay**t)
    if name == "square":  # a factor ρ^t on the rate of the epoch before
        return np.full(steps, decay ** (t * (t + 1) / 2))
    if name == "step":
        return np.full(steps, 0.1 ** sum(t >= share * workload.epochs for share in _MILESTONES))
    if name == "plateau":
        return np.full(steps, decay ** plateaus(validation_losses))
    s, total = t * steps + np.arange(steps), workload.epochs * steps
    if name == "cosine":
        return (1 + np.cos(math.pi * s / total)) / 2
    warm = max(1, round(_WARM_UP * total))
    share = np.clip((s - warm) / max(total - warm, 1), 0, 1)
    falling = 1 - share if name == "warmup_linear" else (1 + np.cos(math.pi * share)) / 2
    return np.where(s < warm, (s + 1) / warm, falling)


def plateaus(losses: Sequence[float]) -> int:
    """How often the validation loss went without a new minimum for longer than the patience."""
    best, since, found = math.inf, 0, 0
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best, since = loss, 0
        else:
            since += 1
        if since > _PATIENCE:
            found, since = found + 1, 0
    return found
