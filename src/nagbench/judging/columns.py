"""The columns of the tables that judging writes: their types and meanings, and no others.

A number that is not defined is NaN, which CSV shows as nothing; a time that never came is infinite.
"""

from nagbench.statistics.columns import REAL, TEXT, TRUTH, WHOLE, Columns

_WORKLOAD = (TEXT, "the workload; empty where the files name none")
_OPTIMIZER = (TEXT, "the optimizer")

TABLES: dict[str, Columns] = {
    "summary": {
        "workload": _WORKLOAD,
        "place": (WHOLE, "1 for the best by mean final value; by median where runs diverged"),
        "optimizer": _OPTIMIZER,
        "baseline": (TRUTH, "is the baseline"),
        "best_of_all": (TRUTH, "is the best of those with two runs or more"),
        "told_from_best": (TRUTH, "the corrected test tells it from the best"),
        "runs": (WHOLE, "number of runs"),
        "diverged": (WHOLE, "runs that diverged"),
        "first_end": (REAL, "the earliest end of a run, in steps or epochs"),
        "last_end": (REAL, "the latest"),
        "mean": (REAL, "mean final value of the runs that did not diverge"),
        "low": (REAL, "lower end of Student's interval for it; NaN for one run"),
        "high": (REAL, "upper end of that"),
        "sd": (REAL, "standard deviation of those final values"),
        "sd_low": (REAL, "lower end of its interval by chi squared, for normal values"),
        "sd_high": (REAL, "upper end of that"),
        "median": (REAL, "median, runs that diverged counting as worst"),
        "interquartile_mean": (REAL, "mean of the middle half, runs that diverged as worst"),
        "interquartile_low": (REAL, "lower end of its bootstrap interval; NaN if a run diverged"),
        "interquartile_high": (REAL, "upper end of that"),
        "best": (REAL, "the best final value"),
        "worst": (REAL, "the worst of the runs that did not diverge"),
        "spread_p": (REAL, "Brown and Forsythe's p that it spreads as the baseline does"),
        "spread_p_adjusted": (REAL, "that after Holm's correction within the workload"),
    },
    "comparisons": {
        "workload": _WORKLOAD,
        "against": (TEXT, "`baseline`, or `best`: the best by mean, chosen by looking"),
        "optimizer": _OPTIMIZER,
        "reference": (TEXT, "the optimizer that it is compared with"),
        "runs": (WHOLE, "runs of the optimizer"),
        "reference_runs": (WHOLE, "runs of the reference"),
        "diverged": (WHOLE, "runs of the optimizer that diverged"),
        "reference_diverged": (WHOLE, "runs of the reference that diverged"),
        "pairs": (WHOLE, "seeds that both have, if runs are paired by seed; else 0"),
        "difference": (REAL, "mean final value less the reference's; NaN if a run diverged"),
        "low": (REAL, "lower end of its interval: Welch's, or by sign flips if paired"),
        "high": (REAL, "upper end of that"),
        "p_welch": (REAL, "two-sided p of Welch's test; NaN if it cannot be made"),
        "improvement": (REAL, "probability that a run of it ends better, a tie counting half"),
        "improvement_low": (REAL, "lower end of its bootstrap interval"),
        "improvement_high": (REAL, "upper end of that"),
        "p_improvement": (REAL, "Brunner and Munzel's p; exact by ranks where none overlap"),
        "test": (
            TEXT,
            "`means`: larger p of Welch and Student; `ranks`; `sign flips`, `pair wins`",
        ),
        "p": (REAL, "p of that test; NaN if it cannot be tested"),
        "tests": (
            WHOLE,
            "tests of Holm's family: with the baseline all, with the best all pairs",
        ),
        "p_adjusted": (REAL, "p after Holm's correction within the family"),
        "verdict": (TEXT, "`better`, `worse`, `not told apart` or `not testable`"),
        "reason": (TEXT, "why it is not testable or not told apart, or a remark"),
        "detectable": (REAL, "difference found with probability 0.8 at the level over `tests`"),
        "detectable_alone": (REAL, "the same at the level itself, were it the only test"),
    },
    "speed": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "target": (REAL, "value to be reached; of a grid the hardest"),
        "target_from": (REAL, "the easiest target of the grid; equals `target` for one"),
        "runs": (WHOLE, "number of runs"),
        "arrived": (WHOLE, "runs that reach the target; of a grid, the easiest"),
        "median": (REAL, "median time to it by Kaplan and Meier; infinite if fewer ever arrive"),
        "median_low": (REAL, "lower end of its interval; NaN where there are too few"),
        "median_high": (REAL, "upper end of that; infinite if not reached"),
        "earliest": (REAL, "time of the first run to arrive"),
        "latest": (REAL, "time of the last that arrives"),
        "time_below": (REAL, "mean time below the targets, at most the horizon"),
        "time_below_low": (REAL, "lower end of Student's interval for it"),
        "time_below_high": (REAL, "upper end of that"),
        "horizon": (REAL, "time up to which it counts: the earliest end in the workload"),
        "p": (REAL, "log-rank p that it arrives as the baseline does; NaN if not testable"),
        "p_adjusted": (REAL, "that after Holm's correction within workload and target"),
        "difference": (REAL, "mean time below less the baseline's, to `pair_horizon`"),
        "difference_low": (REAL, "lower end of Welch's interval for it"),
        "difference_high": (REAL, "upper end of that"),
        "difference_p": (REAL, "p of Welch's test for it"),
        "pair_horizon": (REAL, "the earlier end of the two"),
        "reason": (TEXT, "why a test is missing"),
    },
}


def documentation() -> str:
    """What every table and column is, in Markdown."""
    parts = ["# The tables of this folder\n", __doc__.split("\n\n")[1].replace("\n", " ").strip()]
    for name, columns in TABLES.items():
        parts.append(f"\n## {name}.csv\n\n| column | type | meaning |\n| --- | --- | --- |")
        parts += [f"| `{column}` | {kind} | {about} |" for column, (kind, about) in columns.items()]
    return "\n".join(parts) + "\n"
