"""Runs of one study that trained in two places: how far they lie apart, and what may be compared.

Another instruction set, precision or version of torch gives other numbers. So the baseline trains
in both places, and its shift says whether runs of the one may stand beside runs of the other.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nagbench.metrics import METRICS
from nagbench.statistics.columns import REAL, TEXT, TRUTH, WHOLE, Columns, declared
from nagbench.statistics.comparison import compared, correlation
from nagbench.statistics.contrast import GREATER, LESS, Contrast, contrast
from nagbench.statistics.intervals import holm
from nagbench.statistics.measures import Measured, of_runs
from nagbench.statistics.roles import Selection
from nagbench.study.model import Study

TABLES: dict[str, Columns] = {
    "shift": {
        "metric": (TEXT, "`accuracy` at the end, or time below the targets in `gradients`"),
        "pairs": (WHOLE, "seeds of the baseline that trained in both places"),
        "difference": (REAL, "mean here less there; NaN if a run fails"),
        "low": (REAL, "lower end of its interval"),
        "high": (REAL, "upper end of it"),
        "correlation": (REAL, "between the places over seeds"),
        "equal": (TRUTH, "every pair is equal to the last bit, runs that fail too"),
        "margin": (REAL, "differences within it do not matter"),
        "comparable": (TRUTH, "pairs are equal, or the interval lies within the margin"),
    },
    "beside": {
        "optimizer": (TEXT, "of the committed records"),
        "metric": (TEXT, "`accuracy` at the end, or time below the targets in `gradients`"),
        "mean": (REAL, "its mean there; NaN if a run fails"),
        "comparable": (TRUTH, "the baseline's shift lies within the margin"),
        "pairs": (WHOLE, "seeds that both have"),
        "difference": (REAL, "the newcomer's mean less that; NaN where not comparable"),
        "low": (REAL, "lower end of its interval"),
        "high": (REAL, "upper end of it"),
        "better": (WHOLE, "1: the newcomer; -1: the other; 0: neither, or not comparable"),
        "p": (REAL, "two-sided; NaN where not comparable"),
        "p_adjusted": (REAL, "after Holm's correction over the optimizers"),
        "differs": (TRUTH, "the corrected p is at most the study's level"),
    },
}
Place = tuple[Selection, str]  # records, and which optimizer of them


def shift(
    study: Study, here: Selection, there: Selection, baseline: str, margins: dict[str, float]
) -> pd.DataFrame:
    """The baseline's difference between two places, by metric.

    Args:
        study: Of one workload.
        here, there: Records of the places.
        baseline: The optimizer that trained in both.
        margins: By metric, in its unit.
    """
    rows = []
    for metric, margin in margins.items():
        one, other = _sides(study, metric, [(here, baseline), (there, baseline)])
        pair = _pair(metric, one, other)
        found = compared(pair, study.level)
        same = np.array_equal(pair.failures, pair.other_failures)
        equal = bool(pair.pairs > 0 and same and not pair.differences.any())
        within = bool(-margin <= found["low"] and found["high"] <= margin)
        rows.append(
            {
                "metric": metric,
                **{name: found[name] for name in ("pairs", "difference", "low", "high")},
                "correlation": correlation(one, other),
                "equal": equal,
                "margin": margin,
                "comparable": equal or within,
            }
        )
    return declared("shift", pd.DataFrame(rows), TABLES)


def beside(
    study: Study,
    here: Selection,
    there: Selection,
    newcomer: str,
    others: Sequence[str],
    shifts: pd.DataFrame,
) -> pd.DataFrame:
    """The newcomer, trained here, against optimizers that trained there: compared where the
    baseline's shift allows it. The others of a metric are a family for Holm's correction."""
    frames = []
    for metric, comparable in zip(shifts["metric"], shifts["comparable"], strict=True):
        rows = []
        for name in others:
            one, other = _sides(study, metric, [(here, newcomer), (there, name)])
            found = compared(_pair(metric, one, other), study.level, nothing=not comparable)
            if not comparable:
                found |= dict.fromkeys(("difference", "low", "high"), np.nan)
            kept = ("pairs", "difference", "low", "high", "better", "p")
            rows.append(
                {
                    "optimizer": name,
                    "metric": metric,
                    "mean": np.nan if other.fails.any() else float(other.measures.mean()),
                    "comparable": comparable,
                    **{column: found[column] for column in kept},
                }
            )
        frame = pd.DataFrame(rows)
        if len(frame):
            frame["p_adjusted"] = holm(frame["p"].to_numpy(float))
            frame["differs"] = frame["p_adjusted"] <= study.level
            frames.append(frame)
    found_all = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return declared("beside", found_all, TABLES)


def _sides(study: Study, metric: str, places: Sequence[Place]) -> list[Measured]:
    (workload,) = study.workloads.values()
    groups = [
        (selection.of(METRICS[metric], (workload.name, optimizer)), selection.curves)
        for selection, optimizer in places
    ]
    found = of_runs(METRICS[metric], groups, [workload.targets] * len(groups))
    return [Measured(values, fails, len(values)) for values, fails in found]


def _pair(metric: str, one: Measured, other: Measured) -> Contrast:
    better = LESS if METRICS[metric].better == "less" else GREATER
    return contrast([one], [other], better=better)
