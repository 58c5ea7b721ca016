"""Speed: the mean time that a run spends below a grid of targets.

T = ∫₀ᴴ [1 − clip((a(t) − τ_lo)/(τ_hi − τ_lo), 0, 1)] dt: the time that a run needs to a target, as
the mean over all targets from τ_lo to τ_hi, if its accuracy a rises. That is validation accuracy as
measured, linear between evaluations: no maximum is taken and nothing has to hold, since both reward
noise. What the clip leaves of that, at τ_lo for noise and at τ_hi against it, cancels in a run that
passes both; a run that stays within its noise of one of them keeps some.
"""

from dataclasses import dataclass

import numpy as np

_SINGLE = 1e-12  # the width of a grid of one target


@dataclass(frozen=True)
class Targets:
    """Where the grid of targets begins and ends: validation accuracies; equal ones are one."""

    low: float
    high: float


@dataclass(frozen=True)
class TimesBelow:
    """Of a group of runs.

    Attributes:
        times: Mean time below the grid of targets, in units of the clock.
        fails: Whether the run diverged, or never reached the lowest target.
    """

    times: np.ndarray
    fails: np.ndarray


def times_below(
    clock: np.ndarray,
    accuracy: np.ndarray,
    lengths: np.ndarray,
    diverged: np.ndarray,
    targets: Targets,
    horizon: float,
) -> TimesBelow:
    """The time below of each run.

    Args:
        clock: Of all evaluations of the first run, then of the second, and so on; ascending in
            each run. Those of a run that did not diverge reach up to `horizon`.
        accuracy: At each evaluation; where it is NaN none was made.
        lengths: Evaluations of each run.
        diverged: Of each run; its time is the horizon.
        targets: The grid.
        horizon: H; what lies behind it does not count.
    """
    runs = np.repeat(np.arange(len(lengths)), lengths)
    made = ~np.isnan(accuracy)
    runs, clock, accuracy = runs[made], clock[made], accuracy[made]
    same = runs[1:] == runs[:-1]
    run, start, end = (part[same] for part in (runs[1:], clock[:-1], clock[1:]))
    before, after = accuracy[:-1][same], accuracy[1:][same]
    length = np.clip(horizon - start, 0.0, end - start)
    # Where the horizon cuts a segment, the accuracy there is between its ends.
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(end > start, length / (end - start), 1.0)
    after = before + share * (after - before)
    # What no two evaluations span counts as below all targets.
    reached = length * (1 - mean_share_below(before, after, targets))
    times = horizon - np.bincount(run, reached, len(lengths))
    highest = np.full(len(lengths), -np.inf)
    inside = clock <= horizon
    np.maximum.at(highest, runs[inside], accuracy[inside])
    np.maximum.at(highest, run[length > 0], after[length > 0])
    fails = diverged | ~(highest >= targets.low)
    return TimesBelow(np.where(diverged, horizon, times), fails)


def mean_share_below(before: np.ndarray, after: np.ndarray, targets: Targets) -> np.ndarray:
    """Mean over each segment of the share of targets that lie above the accuracy.

    Exact for an accuracy that goes from `before` to `after` in a straight line.
    """
    width = max(targets.high - targets.low, _SINGLE)
    lacks, lacked = ((targets.high - ends) / width for ends in (before, after))
    least, most = np.minimum(lacks, lacked), np.maximum(lacks, lacked)
    inner_least, inner_most = np.clip(least, 0.0, 1.0), np.clip(most, 0.0, 1.0)
    span = most - least
    with np.errstate(invalid="ignore", divide="ignore"):
        all_above = (np.maximum(most, 1.0) - np.maximum(least, 1.0)) / span
        between = (inner_most - inner_least) / span
    moving = all_above + between * (inner_least + inner_most) / 2
    return np.where(span > 0, moving, inner_least)
