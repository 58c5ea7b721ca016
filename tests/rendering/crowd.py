"""Result tables of a study by formula, for figures: as many optimizers as it names, no training."""

import json
import math

import numpy as np
import pandas as pd

from nagbench.statistics import description
from nagbench.statistics.speed import described
from nagbench.statistics.verdict_table import VERDICTS
from nagbench.study.model import Study
from nagbench.validation.calibration import calibration, cases


def crowd(study: Study) -> dict[str, pd.DataFrame]:
    """Optimizer n takes 1 + n / 10 times as long as the first; every third difference is shown,
    the last never arrives. Of more than two the last but one breaks off in every run, after three
    epochs; the last but two in one run of four."""
    names, baseline = list(study.optimizers), study.baseline
    trained = {
        workload: [(names.index(name), name) for name in study.optimizers_of(workload)]
        for workload in study.workloads
    }
    found: dict[str, list[dict]] = {
        name: []
        for name in (
            "learning_curves", "survival", "time_to_target", "speed_comparisons", "stability",
            "summary", "settings", "sensitivity", "outcomes", "times_below", "gains",
        )
    }  # fmt: skip
    for workload in study.workloads.values():
        budget = float(workload.epochs)
        for n, name in trained[workload.name]:
            own = {"workload": workload.name, "optimizer": name}
            slow, end = 1 + n / 10, 0.9 - n / 100
            broken = len(names) > 2 and name == names[-2]
            runs = 3 if len(names) > 2 and name == names[-3] else 4
            for epoch in range(4 if broken else workload.epochs + 1):
                accuracy = 0.1 + (end - 0.1) * (1 - math.exp(-epoch / slow))
                for metric, value in (
                    ("validation_accuracy", accuracy),
                    ("train_loss", 2 - accuracy),
                ):
                    found["learning_curves"].append(
                        own
                        | {"metric": metric, "epoch": epoch, "mean": value}
                        | {"low": value - 0.02, "high": value + 0.02}
                        | {"runs": runs if epoch == workload.epochs else 4, "of": 4}
                    )
            for goal in described(workload.targets):
                keys = own | {"target": goal, "clock": "epochs", "kind": "sustained"}
                time = min(budget, 4 * goal * slow)
                lost = name == names[-1]
                for at, share in ((0.0, 0.0), (time, 0.75), (budget, 0.75)):
                    band = {"low": max(0.0, share - 0.2), "high": min(1.0, share + 0.2)}
                    found["survival"].append(
                        keys | {"time": at, "arrived": 0 if lost else share} | band
                    )
                found["time_to_target"].append(
                    keys
                    | {"runs": 4, "reached": 0 if lost else 3 + n % 2}
                    | {"median": math.inf if lost else time, "low": 0.9 * time}
                    | {"high": math.inf if n % 2 else 1.1 * time}
                )
            for m, other in trained[workload.name]:
                if m >= n:
                    break
                ratio = slow / (1 + m / 10)
                found["speed_comparisons"].append(
                    own
                    | {"clock": "gradients", "reference": other, "ratio": ratio}
                    | {"ratio_low": 0.8 * ratio, "ratio_high": 1.3 * ratio}
                    | {"low": -1.0, "high": 1.0, "differs": n % 3 == 0, "wins": n, "losses": m}
                    | {"pairs": len(names), "fails": 0, "reference_fails": 0}
                )
                # Of claims of the first four, against up to three each.
                for step in range(10) if n < 4 else ():
                    closer = ratio ** (1 - step / 9)
                    found["gains"].append(
                        own
                        | {"reference": other, "target": step / 20, "next_target": (step + 1) / 20}
                        | {"ratio": closer, "ratio_low": 0.9 * closer, "ratio_high": 1.2 * closer}
                        | {"low": -1.0, "difference": 0.0, "high": 1.0, "in_grid": step > 5}
                        | {"arrived": 4, "reference_arrived": 9}
                    )
            found["stability"].append(
                own
                | {"runs": 10, "sd": slow / 100, "spikes": float(n)}
                | {"diverged": 10 if broken else n % 4, "failed": 0}
                | {"diverged_low": n % 4 / 20, "diverged_high": (n % 4 + 2) / 10}
            )
            found["summary"].append(
                own
                | {"accuracy": end, "low": end - 0.01, "high": end + 0.01}
                | {"gradients": 2.0 + (7 * n) % 5}
            )
            found["settings"].append(own | {"trial": 1})
            fails = 3 if name == names[-1] else 0
            found["times_below"].append(
                own
                | {"clock": "gradients", "runs": 10, "fails": fails}
                | {"mean": math.nan if fails else slow, "low": 0.9 * slow, "high": 1.1 * slow}
            )
            for seed in range(10):
                for metric, value in (("accuracy", end), ("gradients", slow)):
                    found["outcomes"].append(
                        own
                        | {"metric": metric, "seed": seed, "value": value * (1 + seed / 100)}
                        | {"fails": metric == "gradients" and seed < fails}
                    )
            for trial in range(3):
                found["sensitivity"].append(
                    own
                    | {"trial": trial, "learning_rate": 10.0 ** (trial - 3 + n % 3)}
                    | {"accuracy": end - 0.2 * abs(trial - 1), "worst": end - 0.3, "best": end}
                    | {"settings": json.dumps({"lr": trial, "momentum": n % 2 * trial}), "runs": 6}
                )
    ranked = {
        "scope": next(iter(study.workloads)),
        "cases": 4,
        "critical_difference": 5.0,
        "friedman_p": 0.0123,
    }
    profiled = {"cases": 8, "area": 0.5}
    return {name: pd.DataFrame(rows) for name, rows in found.items()} | {
        "calibration": calibration(4, [case for case in cases() if case.seeds < 20]),
        "study": pd.DataFrame([{"baseline": baseline, "level": 0.05}]),
        "workloads": description.workloads(study),
        "optimizers": description.optimizers(study),
        "ranks": pd.DataFrame(
            [{"optimizer": name, "mean_rank": 1.0 + n, **ranked} for n, name in enumerate(names)]
        ),
        "profiles": pd.DataFrame(
            [
                {
                    "optimizer": name,
                    "within": [1.0, 1 + 3 * n / len(names), 4.0],
                    "share": list(np.array([0.0, 0.5, 0.5]) * (1 - n / 100)),
                    **profiled,
                }
                for n, name in enumerate(names)
            ]
        ),
        "hypotheses": pd.DataFrame(
            [
                {
                    "hypothesis": f"C{n}_part",
                    "claim": "NAG is at least " + n * "much " + "faster than SGD",
                    "source": f"article {n // 8}",
                    "scale": 1.0,
                    "unit": "points",
                    "effect": (-1) ** n * n / 100,
                    "low": -1.23 * n,
                    "high": 12.3,
                    "inner_low": -1.1 * n,
                    "inner_high": 11.0,
                    "verdict": VERDICTS[n % 5],
                    "waits": n == 4,
                }
                for n in range(40)
            ]
        ),
    }
