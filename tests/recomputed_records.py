"""Metrics of runs, and what tuning chose, once more: written from docs/reference/statistics.md.

What that page does not describe, or no registered study has, is an error here, never a guess.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recomputed_tuning import BROKEN, CHANCE, Choice, choice

Array = np.ndarray
Arm = tuple[str, str]  # a workload, and an optimizer that trains there
CLOCKS = {"gradients": "gradient_evaluations", "epochs": "epoch"}
EVENTS = ("diverged", "spiked")


def time_below(
    clock: Array, accuracy: Array, targets: Mapping[str, float], end: float
) -> tuple[float, bool]:
    """Mean time below the targets until `end`, and whether even the lowest was never reached."""
    made = ~np.isnan(accuracy)
    clock, accuracy = clock[made], accuracy[made]
    low, high = targets["low"], targets["high"]
    knots = [clock, np.array([end])]
    for target in (low, high):  # between two knots the share of targets above is linear
        crossed = np.flatnonzero((accuracy[:-1] - target) * (accuracy[1:] - target) < 0)
        way = (target - accuracy[crossed]) / np.diff(accuracy)[crossed]
        knots.append(clock[crossed] + way * np.diff(clock)[crossed])
    times = np.unique(np.concatenate(knots))
    times = times[times <= end]
    reached = np.interp(times, clock, accuracy)
    share = 1 - np.clip((reached - low) / (high - low), 0, 1)
    return float(np.trapezoid(share, times)), bool(reached.max() < low)


def of_run(metric: str, curve: pd.DataFrame, status: str) -> float:
    """A metric of one run that is no time; `curve` has its evaluations in order."""
    accuracy, broken = curve["validation_accuracy"], status in BROKEN
    if metric in ("accuracy", "deviation"):
        return CHANCE if broken else float(curve["test_accuracy"].iloc[-1])
    if metric == "spiked":
        return float(curve["spikes"].sum() > 0)
    if metric == "diverged":
        return math.nan if status == "failed" else float(status == "diverged")
    if metric in ("gradient_ratio", "gradient_imbalance"):
        ratio = curve["gradient_ratio"]
        decades = np.log10(ratio[np.isfinite(ratio) & (ratio > 0)])
        return float((decades if metric == "gradient_ratio" else decades.abs()).mean())
    if metric == "lost_by_stopping":
        norm, before = curve["gradient_norm"], curve["gradient_norm"].shift()
        settled = accuracy[(norm - before).abs() < 0.05 * before]
        return 0.0 if broken or settled.empty else float(accuracy.iloc[-1] - settled.iloc[0])
    raise LookupError(f"no rule for the metric {metric}")


def band(trials: pd.DataFrame, threshold: float, offsets: Sequence[float]) -> tuple[float, bool]:
    """Decades round the best rate that reach the threshold, and whether they are a lower bound:
    accuracies by trial of one seed, `offsets` how far off the chosen rate each lies."""
    ordered = trials.sort_values("trial")
    rates_tried, height = np.array(offsets), ordered["accuracy"].to_numpy() - threshold
    if np.diff(rates_tried).max() > 0.25 + 1e-9 or (trials.status == "stopped").any():
        return math.nan, False
    best, width = int(height.argmax()), 0.0
    if height[best] < 0:
        return 0.0, any((np.delete(height, end) < height[end]).all() for end in (0, -1))
    cut = False
    for step in (-1, 1):
        here = best
        while 0 <= here + step < len(height) and height[here + step] >= 0:
            here += step
        width += abs(rates_tried[here] - rates_tried[best])
        if 0 <= here + step < len(height):
            gap = abs(rates_tried[here + step] - rates_tried[here])
            width += gap * height[here] / (height[here] - height[here + step])
        else:
            cut = True
    return round(width, 9), cut


class Records:
    """A study's registered definition, with the records that are held against it."""

    def __init__(
        self,
        definition: Mapping[str, Any],
        runs: pd.DataFrame,
        curves: pd.DataFrame,
        costs: Sequence[Mapping[str, Any]] | None,
    ) -> None:
        self.definition, self.costs = definition, costs
        self.curves = {run: own.sort_values("epoch") for run, own in curves.groupby("run")}
        groups = runs.sort_values(["trial", "seed"]).groupby(["stage", "workload", "optimizer"])
        self.groups, self.none = dict(iter(groups)), runs.iloc[:0]
        self.choices: dict[Arm, Choice] = {}

    def of(self, stage: str, arm: Arm) -> pd.DataFrame:
        return self.groups.get((stage, *arm), self.none)

    def chosen(self, arm: Arm) -> Choice:
        """What tuning chose of an arm."""
        source = self.definition["workloads"][arm[0]]["tuned_on"] or arm[0], arm[1]
        if source not in self.choices:
            own, work = self.of("tune", source), self.definition["workloads"][source[0]]

            def speed(trials: list[int]) -> "pd.Series[float]":
                return -self.tuned(own[own.trial.isin(trials)], "speed", work).mean(axis=1)

            self.choices[source] = (
                Choice({}, [], [])
                if own.empty
                else choice(self.definition, source, own, self.curves, speed)
            )
        return self.choices[source]

    def tested(self, arm: Arm, role: str) -> pd.DataFrame:
        """The test runs of the setting that was chosen in that role."""
        trials, own = self.chosen(arm).roles, self.of("test", arm)
        return own[
            own.trial == trials.get(role, trials.get("accuracy", -1) if role == "speed" else -1)
        ]

    def tuning(self, arm: Arm) -> Mapping[str, Any]:
        return self.definition["workloads"][arm[0]]["tuning"] or self.definition["tuning"]

    def tuned(self, own: pd.DataFrame, role: str, work: Mapping[str, Any]) -> pd.DataFrame:
        """Trials by tuning seeds: final validation accuracy, or the negative time below."""
        if role == "speed":
            (found,) = self.times([own], [work["targets"]], "gradients")
            values = -found["value"].to_numpy()
        else:
            last = [self.curves[run]["validation_accuracy"].iloc[-1] for run in own.run]
            values = np.where(own.status.isin(BROKEN), CHANCE, last)
        return own.assign(score=values).pivot_table("score", "trial", "seed", dropna=False)

    def times(
        self, groups: Sequence[pd.DataFrame], targets: Sequence[Mapping[str, float]], clock: str
    ) -> list[pd.DataFrame]:
        """Time below of each run of groups that share a horizon, and which runs fail."""
        column, planned, found = CLOCKS[clock], [], []
        for group in groups:
            unbroken = ~group["status"].isin(BROKEN)
            for run in group[unbroken if unbroken.any() else ~unbroken].itertuples():
                last = self.curves[str(run.run)].iloc[-1]
                if last["epoch"] > 0:
                    planned.append(last[column] * run.epochs / last["epoch"])
        end = min(planned, default=math.nan)
        for group, grid in zip(groups, targets, strict=True):
            rows = []
            for run in group.itertuples():
                curve = self.curves[str(run.run)]
                values = curve[column].to_numpy(), curve["validation_accuracy"].to_numpy()
                broken = run.status in BROKEN
                rows.append((end, True) if broken else time_below(*values, grid, end))
            frame = pd.DataFrame(rows, index=group["seed"], columns=["value", "fails"])
            found.append(frame)
        return found

    def measured(self, metric: str, arms: Sequence[Arm], roles: Sequence[str]) -> list[Any]:
        """Of each arm a frame by seed: `value`, and whether the run `fails`."""
        if metric == "step_cost":
            known = {(one["workload"], one["optimizer"]): one for one in self.costs or ()}
            ways = {(known[arm]["execution"], known[arm]["lanes"]) for arm in arms}
            assert len(ways) == 1, "steps that were executed otherwise cannot be compared"
            return [
                pd.DataFrame({"value": np.log(known[arm]["seconds"][:40]), "fails": False})
                for arm in arms
            ]
        if metric == "band":
            return [self.bands(arm) for arm in arms]
        groups = [self.tested(arm, role) for arm, role in zip(arms, roles, strict=True)]
        if metric in CLOCKS:
            targets = [self.definition["workloads"][arm[0]]["targets"] for arm in arms]
            return self.times(groups, targets, metric)
        found = []
        for group in groups:
            each = [of_run(metric, self.curves[run.run], run.status) for run in group.itertuples()]
            broken = group.status.isin(BROKEN).to_numpy() & (metric not in EVENTS)
            frame = pd.DataFrame({"value": each, "fails": broken}, index=group.seed)
            if metric == "deviation":
                frame["value"] = (frame["value"] - frame["value"].median()).abs()
            found.append(frame)
        return found

    def bands(self, arm: Arm) -> pd.DataFrame:
        """The band of each seed that trained all rates of the first one."""
        own = self.of("band", arm)
        last = [self.curves[run]["validation_accuracy"].iloc[-1] for run in own.run]
        own = own.assign(accuracy=np.where(own.status.isin(BROKEN), CHANCE, last))
        seeds = dict(iter(own.groupby("seed")))
        whole = set(seeds[min(seeds)].trial) if seeds else set()
        threshold = self.definition["band"]["threshold"] if seeds else math.nan
        reach, most = (
            self.definition["band"][name] if seeds else 1.0 for name in ("decades", "step")
        )
        each_side = math.ceil(reach / most - 1e-9)
        offsets = [reach * n / each_side for n in range(-each_side, each_side + 1)]
        kept = {n: one for n, one in seeds.items() if set(one.trial) == whole}
        widths = {n: band(one, threshold, offsets) for n, one in kept.items()}
        frame = pd.DataFrame(widths.values(), index=list(widths), columns=["value", "bound"])
        return frame.astype({"value": float, "bound": bool}).assign(fails=False)

    def another_wins(self, arm: Arm, role: str) -> float:
        """How often resampled tuning seeds choose another of the settings that had all seeds."""
        source = self.definition["workloads"][arm[0]]["tuned_on"] or arm[0], arm[1]
        own, work = self.of("tune", source), self.definition["workloads"][source[0]]
        seeds = own.seed.nunique()
        whole = own[own.status != "stopped"].groupby("trial").seed.nunique() == seeds
        own = own[own.trial.isin(whole.index[whole])]
        if "speed" not in self.tuning(source)["choices"]:
            role = "accuracy"
        if len(own) < 2 * seeds or seeds < 2:
            return math.nan
        scores = self.tuned(own, role, work).to_numpy()
        drawn = np.random.default_rng(0).integers(0, seeds, (2000, seeds))
        winners = scores[:, drawn].mean(axis=2).argmax(axis=0)
        return float((winners != scores.mean(axis=1).argmax()).mean())
