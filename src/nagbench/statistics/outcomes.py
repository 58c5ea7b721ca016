"""What each test run came to: the values that means, intervals and paired tests are made of."""

import pandas as pd

from nagbench.metrics import METRICS
from nagbench.statistics.measures import of_runs
from nagbench.statistics.roles import Selection
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study

SHOWN = ("accuracy", "gradients")


def outcomes(study: Study, selection: Selection) -> pd.DataFrame:
    """One row a run of the test stage: its final test accuracy, and its time below the targets.

    Each metric is of the runs of its own setting. Within a workload times share one horizon, the
    cheapest optimizer's planned number, as in the table `times_below`.
    """
    frames = []
    for workload in study.workloads.values():
        names = study.optimizers_of(workload.name)
        for name in SHOWN:
            metric = METRICS[name]
            source = getattr(selection, metric.role)
            groups = {one: own for one in names if len(own := runs_of(source, workload.name, one))}
            found = of_runs(
                metric,
                [(group, selection.curves) for group in groups.values()],
                [workload.targets] * len(groups),
            )
            frames += [
                pd.DataFrame(
                    {
                        "workload": workload.name,
                        "optimizer": optimizer,
                        "metric": name,
                        "seed": values.index,
                        "run": group.set_index("seed")["run"][values.index].to_numpy(),
                        "value": values.to_numpy(float),
                        "fails": fails.to_numpy(bool),
                    }
                ).sort_values("seed")
                for (optimizer, group), (values, fails) in zip(groups.items(), found, strict=True)
            ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
