"""At which accuracy an optimizer is sooner than another: their time below each single target.

The mean time below a grid of targets, by which speed is judged, is the mean over the grid of the
time below each of them. So these differences say where in the grid a difference in speed lies, and
what is outside. Description: no claim is about single targets.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from nagbench.data.registry import data_set
from nagbench.metrics import METRICS
from nagbench.statistics.course import horizon
from nagbench.statistics.intervals import mean_interval
from nagbench.statistics.speed_comparison import Courses, ratio_interval
from nagbench.study.model import Study
from nagbench.time_below import Targets

_IN_GRID = 15  # steps of the grid


def gains(study: Study, found: dict[tuple[str, str], Courses]) -> pd.DataFrame:
    """A row for each pair of optimizers that a claim on time compares, and each step of targets.

    Steps divide the grid of targets in fifteen, and go on below it, to halfway between it and
    chance. A run that never arrives takes the whole budget.
    """
    rows = []
    for workload, first, second in _claimed(study):
        groups = found[workload, "gradients"]
        targets = study.workloads[workload].targets
        if first in groups and second in groups and targets.high > targets.low:
            chance = data_set(study.data).chance
            for step, inside in _steps(targets, chance):
                pair = {"workload": workload, "optimizer": first, "reference": second}
                rows.append({**pair, **_gain(groups, first, second, step), "in_grid": inside})
    return pd.DataFrame(rows)


def _claimed(study: Study) -> list[tuple[str, str, str]]:
    """Workload, optimizer and reference of each claim on gradients until targets; once each."""
    claims = [
        claim
        for claim in study.hypotheses.values()
        if METRICS[claim.metric].clock == "gradients" and claim.statement == "difference"
    ]
    pairs = [claim.pairs() for claim in claims if claim.contrast is None]
    return list(dict.fromkeys((one[0], one[1], other[1]) for one, other in pairs))


def _steps(targets: Targets, chance: float) -> Iterator[tuple[Targets, bool]]:
    width = (targets.high - targets.low) / _IN_GRID
    below = max(0, round((targets.low - chance) / 2 / width))
    for n in range(-below, _IN_GRID):
        yield Targets(targets.low + n * width, targets.low + (n + 1) * width), n >= 0


def _gain(groups: Courses, first: str, second: str, step: Targets) -> dict[str, float]:
    sides = [groups[name] for name in (first, second)]
    end = horizon(sides)
    times = [side.times(step, end) for side in sides]
    by_seed = [pd.Series(time.times, side.seeds) for time, side in zip(times, sides, strict=True)]
    seeds = by_seed[0].index.intersection(by_seed[1].index)
    one, other = (time[seeds].to_numpy(float) for time in by_seed)
    low, high = mean_interval(one - other)
    ratio_low, ratio_high = ratio_interval(one, other)
    return {
        "target": step.low,
        "next_target": step.high,
        "pairs": len(seeds),
        "difference": float(np.mean(one - other)) if len(seeds) else math.nan,
        "low": low,
        "high": high,
        "ratio": float(one.mean() / other.mean()) if len(seeds) and other.any() else math.nan,
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
        "arrived": int((~times[0].fails).sum()),
        "reference_arrived": int((~times[1].fails).sum()),
    }
