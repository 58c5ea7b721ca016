"""NAG's two forms are one method, judged at two points: what lies between these, in one run."""

from dataclasses import replace

import numpy as np
import pandas as pd

from nagbench.metrics import METRICS
from nagbench.statistics.contrast import contrast
from nagbench.statistics.measures import measured
from nagbench.statistics.roles import Selection
from nagbench.statistics.sign_flips import interval
from nagbench.study.model import Study

_JUDGED = ("accuracy", "gradients")
_PREFIX = "iterate_"


def points(study: Study, selection: Selection) -> pd.DataFrame:
    """For each arm that was judged at both: the iterate's measure less that at the point ahead."""
    curves = selection.curves
    columns = [name for name in curves if name.startswith(_PREFIX)]
    there = replace(
        selection, curves=curves.assign(**{name[len(_PREFIX) :]: curves[name] for name in columns})
    )
    judged = set(curves["run"][curves[_PREFIX + "validation_accuracy"].notna()])
    rows = []
    for workload, optimizer in study.pairs():
        arm = workload.name, optimizer.name
        for metric in _JUDGED:
            runs = selection.of(METRICS[metric], arm)["run"]
            if not len(runs) or not set(runs) <= judged:
                continue
            (iterate,) = measured(study, there, metric, [arm])
            (ahead,) = measured(study, selection, metric, [arm])
            found = contrast([iterate], [ahead])
            low, high = interval(found.differences, study.level)
            rows.append(
                {
                    "workload": arm[0],
                    "optimizer": arm[1],
                    "metric": metric,
                    "runs": found.pairs,
                    "ahead": float(ahead.measures.mean()),
                    "difference": float(found.differences.mean()),
                    "low": low,
                    "high": high,
                    "largest": float(np.abs(found.differences).max()),
                }
            )
    return pd.DataFrame(rows)
