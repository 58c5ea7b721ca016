"""Every optimizer against the baseline, and against the best, with what each comparison decides.

The baseline was named beforehand: its family are the comparisons with it. The best was chosen by
looking at all, which is as if all pairs had been compared: its family are all pairs of optimizers
of the workload. Holm's correction holds the chance of any false verdict of a family at the level.
"""

import itertools
import math
from typing import Any

import numpy as np

from nagbench.judging.groups import Group
from nagbench.judging.two_groups import RANKS, WINS, compared, decided, pairs, remark
from nagbench.statistics.intervals import holm

BASELINE, BEST = "baseline", "best"
BETTER, WORSE, ALIKE, UNTESTABLE = "better", "worse", "not told apart", "not testable"
Row = dict[str, Any]


def against_baseline(
    ordered: list[Group], baseline: Group, level: float, *, paired: bool
) -> list[Row]:
    """The rows of the baseline's family."""
    others = [group for group in ordered if group is not baseline]
    p_values = [decided(group, baseline, paired=paired)[1] for group in others]
    return _rows(BASELINE, others, baseline, p_values, holm(np.array(p_values)), level, paired)


def against_best(ordered: list[Group], best: Group, level: float, *, paired: bool) -> list[Row]:
    """The rows with the best, corrected for all pairs of the workload."""
    others = [group for group in ordered if group is not best]
    all_pairs = list(itertools.combinations(range(len(ordered)), 2))
    p_values = np.array(
        [decided(ordered[a], ordered[b], paired=paired)[1] for a, b in all_pairs], dtype=float
    )
    adjusted = holm(p_values)
    place = ordered.index(best)
    mine = [n for n, pair in enumerate(all_pairs) if place in pair]
    # The pairs with one place come in the order of the other.
    return _rows(BEST, others, best, list(p_values), adjusted, level, paired, mine)


def _rows(
    family: str,
    others: list[Group],
    reference: Group,
    p_values: list[float],
    adjusted: np.ndarray,
    level: float,
    paired: bool,
    chosen: list[int] | None = None,
) -> list[Row]:
    tests = int(np.isfinite(np.array(p_values, dtype=float)).sum())
    places = range(len(others)) if chosen is None else chosen
    rows = []
    for group, place in zip(others, places, strict=True):
        row: Row = compared(group, reference, level, tests, paired=paired)
        p, p_adjusted = float(row["p"]), float(adjusted[place])
        said = remark(group, reference, row["test"], p, level, paired=paired)
        rows.append(
            {
                **row,
                "against": family,
                "tests": tests,
                "p_adjusted": p_adjusted,
                "verdict": _verdict(group, reference, row["test"], p_adjusted, level, row),
                "reason": said,
            }
        )
    return rows


def _verdict(own: Group, other: Group, test: str, p_adjusted: float, level: float, row: Row) -> str:
    if math.isnan(p_adjusted):
        return UNTESTABLE
    if p_adjusted > level:
        return ALIKE
    if test == RANKS:
        ahead = float(row["improvement"]) > 0.5
    elif test == WINS:
        found = pairs(own, other)
        failed = found.other_failures - found.failures
        values = np.nan_to_num(own.sign * found.differences)
        ahead = float(np.sign(np.where(failed != 0, failed, values)).sum()) > 0
    else:
        ahead = own.sign * float(row["difference"]) > 0
    return BETTER if ahead else WORSE
