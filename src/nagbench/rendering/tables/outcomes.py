"""Tables of what the runs showed: quality, speed and stability."""

import math

import pandas as pd

from nagbench.rendering.lookup import Tables, leading, middle_target, times_at
from nagbench.rendering.table import Cell, PerWorkload, Table, interval, number, p_value, time


def results(tables: Tables) -> Table:
    """Final test accuracy, time below the targets, arrivals at the middle one, and broken runs.

    Marked are the optimizers that no other one is shown to differ from upwards: the best of a
    workload and those whose difference from it the corrected test does not establish.
    """
    page = PerWorkload(tables)
    below = {
        (row.workload, row.optimizer): row
        for row in tables["times_below"].itertuples()
        if row.clock == "gradients"
    }
    for row in tables["summary"].itertuples():
        times = times_at(tables, row.workload, middle_target(tables, row.workload))
        speed = below.get((row.workload, row.optimizer))
        at = times.loc[row.optimizer] if row.optimizer in times.index else None
        page.add(
            row.workload,
            row.optimizer,
            Cell(f"{100 * row.accuracy:.1f}", row.optimizer in leading(tables, row.workload)),
            Cell(interval(100 * row.low, 100 * row.high)),
            Cell(number(100 * row.sd, 1)),
            Cell("–" if speed is None else number(speed.mean, 0)),
            Cell("–" if speed is None else f"{speed.fails}/{speed.runs}"),
            Cell("–" if at is None else time(at["median"])),
            Cell("–" if at is None else f"{at['reached']}/{at['runs']}"),
            Cell(f"{row.diverged}/{row.runs}"),
            Cell(f"{row.failed}/{row.runs}"),
        )
    header = [
        "Acc. (%)", "95 % interval", "SD", "T (grad.)", "Too slow", "Epochs", "Arrived", "Div.",
        "Failed",
    ]  # fmt: skip
    return page.table("Optimizer", header, "S[table-format=2.1]cS[table-format=2.1]rcrccc")


def comparisons(tables: Tables) -> Table:
    """Every optimizer against the baseline: difference, interval, corrected p."""
    page = PerWorkload(tables)
    for other, row, sign in against_baseline(tables, tables["comparisons"]):
        low, high = sorted((100 * sign * row["low"], 100 * sign * row["high"]))
        page.add(
            row["workload"],
            other,
            Cell(_signed(100 * sign * row["difference"], 1)),
            Cell(interval(low, high, "+.1f")),
            Cell(_wins(row, sign)),
            Cell(number(row["correlation"], 2)),
            Cell(p_value(row["p_adjusted"])),
        )
    header = ["Points", "95 % interval", "Wins", "Corr.", "p (Bonf.)"]
    return page.table(f"Against {page.baseline}", header, "rccrr")


def _signed(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:+.{digits}f}"


def _wins(row: pd.Series, sign: int) -> str:
    """Pairs won and lost, where a run fails and they decide."""
    if not row["fails"] + row["reference_fails"]:
        return "–"
    won, lost = (row["wins"], row["losses"])[::sign]
    return f"{won} : {lost}"


def quality(tables: Tables) -> Table:
    """Interquartile mean, probability of improvement on the baseline, and mean rank by seed."""
    page = PerWorkload(tables)
    ranks = tables["ranks"].set_index(["scope", "optimizer"])
    for row in tables["effects"].itertuples():
        if row.workload not in set(tables["workloads"]["workload"]):
            continue
        rank = ranks.loc[(row.workload, row.optimizer)]
        page.add(
            row.workload,
            row.optimizer,
            Cell(f"{100 * row.interquartile_mean:.1f}"),
            Cell(interval(100 * row.low, 100 * row.high)),
            Cell(number(row.improvement, 2)),
            Cell(interval(row.improvement_low, row.improvement_high, ".2f")),
            Cell(p_value(row.p_adjusted)),
            Cell(number(rank["mean_rank"], 1)),
        )
    header = ["IQM (%)", "95 % interval", "Improves", "95 % interval", "p (BM)", "Rank"]
    return page.table("Optimizer", header, "S[table-format=2.1]crcrr")


def speed(tables: Tables) -> Table:
    """Time below the targets against the baseline's, in gradient evaluations and as ratios."""
    page = PerWorkload(tables)
    found = tables["speed_comparisons"]
    epochs = {
        (row["workload"], other): (row, sign)
        for other, row, sign in against_baseline(tables, found[found["clock"] == "epochs"])
    }
    for other, row, sign in against_baseline(tables, found[found["clock"] == "gradients"]):
        low, high = sorted((sign * row["low"], sign * row["high"]))
        page.add(
            row["workload"],
            other,
            Cell(_signed(sign * row["difference"], 0)),
            Cell(interval(low, high, "+.0f")),
            Cell(_wins(row, sign)),
            Cell(p_value(row["p_adjusted"])),
            *map(Cell, _ratio(row, sign)),
            Cell(_ratio(*epochs[row["workload"], other])[0]),
        )
    header = ["Gradients", "95 % interval", "Wins", "p (Bonf.)", "Ratio", "95 % interval", "Epochs"]
    return page.table(f"Against {page.baseline}", header, "rccrrcr")


def _ratio(row: pd.Series, sign: int) -> tuple[str, str]:
    """How many times the baseline's time, and its interval."""
    ratio, low, high = row["ratio"], row["ratio_low"], row["ratio_high"]
    if sign < 0:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return number(ratio, 2), interval(low, high, ".2f")


def stability(tables: Tables) -> Table:
    """Spread between seeds, unrest within runs, and divergence."""
    page = PerWorkload(tables)
    for row in tables["stability"].itertuples():
        page.add(
            row.workload,
            row.optimizer,
            Cell(number(100 * row.sd, 2)),
            Cell(number(100 * row.interquartile, 2)),
            Cell(p_value(row.spread_p_adjusted)),
            Cell(number(100 * row.last_spread, 2)),
            Cell(number(100 * row.largest_fall, 1)),
            Cell(number(row.spikes, 1)),
            Cell(f"{row.caught}/{row.bad}"),
            Cell(f"{row.alarms}/{row.good}"),
            Cell(f"{row.diverged}/{row.runs}"),
            Cell(interval(100 * row.diverged_low, 100 * row.diverged_high, ".0f")),
            Cell(p_value(row.diverged_p_adjusted)),
            Cell(f"{row.failed}/{row.runs}"),
        )
    header = [
        "SD", "IQR", "p (BF)", "Unrest", "Fall", "Spikes", "Caught", "False", "Div.",
        "95 % interval", "p (exact)", "Failed",
    ]  # fmt: skip
    return page.table("Optimizer", header, "rrrrrrrrrcrr")


def against_baseline(tables: Tables, pairs: pd.DataFrame) -> list[tuple[str, pd.Series, int]]:
    """Of `pairs` those with the baseline: the other one, the row, and the sign that makes it the
    first."""
    baseline = tables["study"]["baseline"].iloc[0]
    found = []
    for _, row in pairs.iterrows():
        if row["reference"] == baseline:
            found.append((row["optimizer"], row, 1))
        elif row["optimizer"] == baseline:
            found.append((row["reference"], row, -1))
    return found
