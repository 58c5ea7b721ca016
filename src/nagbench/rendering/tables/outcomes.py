"""Tables of what the runs showed: quality, speed and stability."""

import pandas as pd

from nagbench.rendering.lookup import Tables, leading, middle_target, times_at
from nagbench.rendering.table import Cell, PerWorkload, Table, interval, number, p_value, time


def results(tables: Tables) -> Table:
    """Final test accuracy, time to the middle target, and divergence.

    Marked are the optimizers that no other one is shown to differ from upwards: the best of a
    workload and those whose difference from it the corrected test does not establish.
    """
    page, rows = PerWorkload(tables), []
    for row in tables["summary"].itertuples():
        times = times_at(tables, row.workload, middle_target(tables, row.workload))
        at = times.loc[row.optimizer]
        rows.append(
            [
                *page.cells(row.workload, row.optimizer),
                Cell(f"{100 * row.accuracy:.1f}", row.optimizer in leading(tables, row.workload)),
                Cell(interval(100 * row.low, 100 * row.high)),
                Cell(number(100 * row.sd, 1)),
                Cell(time(at["median"])),
                Cell(f"{at['reached']}/{at['runs']}"),
                Cell(f"{row.diverged}/{row.runs}"),
            ]
        )
    header = ["Acc. (%)", "95 % interval", "SD", "Epochs", "Arrived", "Div."]
    return page.table("Optimizer", header, "S[table-format=2.1]cS[table-format=2.1]rcc", rows)


def comparisons(tables: Tables) -> Table:
    """Every optimizer against the baseline: difference, interval, corrected p."""
    page, rows = PerWorkload(tables), []
    for other, row, sign in against_baseline(tables, tables["comparisons"]):
        low, high = sorted((100 * sign * row["low"], 100 * sign * row["high"]))
        rows.append(
            [
                *page.cells(row["workload"], other),
                Cell(f"{100 * sign * row['difference']:+.1f}"),
                Cell(interval(low, high, "+.1f")),
                Cell(number(row["correlation"], 2)),
                Cell(p_value(row["p_adjusted"])),
            ]
        )
    header = ["Points", "95 % interval", "Corr.", "p (Holm)"]
    return page.table(f"Against {page.baseline}", header, "rccr", rows)


def quality(tables: Tables) -> Table:
    """Interquartile mean, probability of improvement on the baseline, and mean rank by seed."""
    page, rows = PerWorkload(tables), []
    ranks = tables["ranks"].set_index(["scope", "optimizer"])
    for row in tables["effects"].itertuples():
        if row.workload not in set(tables["workloads"]["workload"]):
            continue
        rank = ranks.loc[(row.workload, row.optimizer)]
        rows.append(
            [
                *page.cells(row.workload, row.optimizer),
                Cell(f"{100 * row.interquartile_mean:.1f}"),
                Cell(interval(100 * row.low, 100 * row.high)),
                Cell(number(row.improvement, 2)),
                Cell(interval(row.improvement_low, row.improvement_high, ".2f")),
                Cell(p_value(row.p_adjusted)),
                Cell(number(rank["mean_rank"], 1)),
            ]
        )
    header = ["IQM (%)", "95 % interval", "Improves", "95 % interval", "p (BM)", "Rank"]
    return page.table("Optimizer", header, "S[table-format=2.1]crcrr", rows)


def speed(tables: Tables) -> Table:
    """Time to the middle target against the baseline's, on two clocks."""
    page, rows = PerWorkload(tables), []
    found = tables["speed_comparisons"]
    sustained = found[found["kind"] == "sustained"]
    gradients = {
        (row["workload"], row["target"], other): (row, sign)
        for other, row, sign in against_baseline(
            tables, sustained[sustained["clock"] == "gradients"]
        )
    }
    epochs = sustained[sustained["clock"] == "epochs"]
    for other, row, sign in against_baseline(tables, epochs):
        if row["target"] != middle_target(tables, row["workload"]):
            continue
        low, high = sorted((sign * row["low"], sign * row["high"]))
        rows.append(
            [
                *page.cells(row["workload"], other),
                Cell(f"{sign * row['difference']:+.1f}"),
                Cell(interval(low, high, "+.1f")),
                Cell(p_value(row["p_adjusted"])),
                Cell(p_value(row["logrank_p"])),
                *map(Cell, _ratio(row, sign)),
                Cell(_ratio(*gradients[row["workload"], row["target"], other])[0]),
            ]
        )
    header = ["Epochs", "95 % interval", "p (Holm)", "Log-rank", "Ratio", "95 % interval", "Grad."]
    return page.table(f"Against {page.baseline}", header, "rcrrrcr", rows)


def _ratio(row: pd.Series, sign: int) -> tuple[str, str]:
    """How many times the baseline's time, and its interval."""
    ratio, low, high = row["ratio"], row["ratio_low"], row["ratio_high"]
    if sign < 0:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return number(ratio, 2), interval(low, high, ".2f")


def stability(tables: Tables) -> Table:
    """Spread between seeds, unrest within runs, and divergence."""
    page = PerWorkload(tables)
    rows = [
        [
            *page.cells(row.workload, row.optimizer),
            Cell(number(100 * row.sd, 2)),
            Cell(number(100 * row.interquartile, 2)),
            Cell(p_value(row.spread_p_adjusted)),
            Cell(number(100 * row.last_spread, 2)),
            Cell(number(100 * row.largest_fall, 1)),
            Cell(number(row.spikes, 1)),
            Cell(f"{row.diverged}/{row.runs}"),
            Cell(interval(100 * row.diverged_low, 100 * row.diverged_high, ".0f")),
            Cell(p_value(row.diverged_p_adjusted)),
        ]
        for row in tables["stability"].itertuples()
    ]
    header = [
        "SD", "IQR", "p (BF)", "Unrest", "Fall", "Spikes", "Div.", "95 % interval", "p (Fisher)",
    ]  # fmt: skip
    return page.table("Optimizer", header, "rrrrrrrcr", rows)


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
