"""The columns of the result tables: their types and meanings. A table has these and no others.

Accuracies, shares, rates and confidences are from 0 to 1. Names are those of the study. A number
that is not defined is NaN; a time that never came is infinite.
"""

import pandas as pd

TEXT, WHOLE, REAL, TRUTH, REALS = "text", "whole", "real", "truth", "reals"
_TYPES = {TEXT: "str", WHOLE: "int64", REAL: "float64", TRUTH: "bool", REALS: "object"}
Columns = dict[str, tuple[str, str]]  # by name: type and meaning

_WORKLOAD = (TEXT, "the workload")
_OPTIMIZER = (TEXT, "the optimizer")
_LOW = (REAL, "lower end of the interval")
_HIGH = (REAL, "upper end of the interval")
_RUNS = (WHOLE, "number of runs")
_P_HOLM = (REAL, "p after Holm's correction within the family")
_HIT: Columns = {
    "workload": _WORKLOAD,
    "optimizer": _OPTIMIZER,
    "target": (REAL, "validation accuracy to be reached"),
    "clock": (TEXT, "unit of times: `gradients` (evaluations) or `epochs`"),
    "kind": (TEXT, "`first` hit, or `sustained`, the first of three evaluations in a row"),
}
_PAIR: Columns = {
    "optimizer": _OPTIMIZER,
    "reference": (TEXT, "the optimizer that it is compared with"),
    "pairs": (WHOLE, "seeds that both have"),
    "difference": (REAL, "mean of the optimizer's value less the reference's; NaN if a run fails"),
    "low": (REAL, "lower end of its interval at 1 less the study's level, by sign flips"),
    "high": (REAL, "upper end of that"),
    "fails": (WHOLE, "runs of the optimizer that fail"),
    "reference_fails": (WHOLE, "runs of the reference that fail"),
    "wins": (WHOLE, "pairs in which the optimizer is better"),
    "losses": (WHOLE, "pairs in which the reference is better"),
    "better": (WHOLE, "1: the optimizer looks better, -1: the reference, 0: neither"),
    "p": (REAL, "two-sided, by sign flips; by pair wins if a run fails; NaN if untestable"),
}
_OF_PAIRS: Columns = {
    "p_adjusted": _P_HOLM,
    "differs": (TRUTH, "the corrected p is at most the study's level"),
}
_BROKEN: Columns = {
    "diverged": (WHOLE, "runs that diverged"),
    "diverged_low": (REAL, "lower end of the exact interval of their rate"),
    "diverged_high": (REAL, "upper end of that"),
    "failed": (WHOLE, "runs that broke off with an error"),
}

TABLES: dict[str, Columns] = {
    "study": {
        "name": (TEXT, "the study's name"),
        "title": (TEXT, "its title"),
        "demo": (TRUTH, "a demonstration on generated data"),
        "pilot": (TRUTH, "of an older protocol: it decides no claim"),
        "remark": (TEXT, "what a reader must know"),
        "edition": (TEXT, "edition of the data"),
        "baseline": (TEXT, "the optimizer that the others are compared with"),
        "level": (REAL, "of the tests"),
        "runs": (WHOLE, "runs of both stages"),
        "diverged": (WHOLE, "runs that diverged"),
        "failed": (WHOLE, "runs that broke off with an error"),
        "failures": (TEXT, "which optimizers raised an error, in how many runs, and which"),
        "units": (WHOLE, "jobs"),
        "workloads": (WHOLE, "number of workloads"),
        "optimizers": (WHOLE, "number of optimizers"),
        "trials": (WHOLE, "settings tried of each space, the published one among them"),
        "search": (TEXT, "how they are spread"),
        "tuning_seeds": (WHOLE, "number of tuning seeds"),
        "testing_seeds": (WHOLE, "number of test seeds"),
        "validation_size": (WHOLE, "training images held out"),
        "hours": (REAL, "hours of training and evaluation"),
        "device": (TEXT, "what trained"),
        "backend": (TEXT, "torch's backend"),
        "torch": (TEXT, "torch's version"),
        "threads": (TEXT, "threads a run"),
        "python": (TEXT, "Python's version"),
        "system": (TEXT, "operating system"),
        "codes": (TEXT, "number of digests of training code"),
        "data_digest": (TEXT, "start of the data's digest"),
        "version": (TEXT, "this program's version"),
    },
    "workloads": {
        "workload": _WORKLOAD,
        "label": (TEXT, "its name in print"),
        "model": (TEXT, "the network"),
        "parameters": (WHOLE, "its parameters"),
        "flops": (WHOLE, "of a forward pass of one image"),
        "train_size": (REAL, "training images; NaN: all that are not held out"),
        "batch_size": (WHOLE, "images in a step"),
        "epochs": (WHOLE, "passes over the training data"),
        "precision": (TEXT, "number type of activations"),
        "targets": (
            TEXT,
            "JSON list of the targets whose hits are told, the grid's ends first, last",
        ),
        "targets_source": (TEXT, "where the grid of targets comes from"),
    },
    "optimizers": {
        "optimizer": _OPTIMIZER,
        "label": (TEXT, "its name in print"),
        "family": (TEXT, "its family in the catalogue"),
        "citation": (TEXT, "key of the bibliography"),
        "reference": (TEXT, "module and class"),
        "note": (TEXT, "what the catalogue notes"),
        "formula": (TEXT, "its rule, as LaTeX"),
    },
    "settings": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "roles": (TEXT, "what the setting was chosen by: `accuracy`, `speed`, `runner_up`"),
        "trial": (WHOLE, "its number in tuning"),
        "learning_rate": (REAL, "its learning rate; NaN where it has none"),
        "others": (TEXT, "its other settings"),
        "searched": (TEXT, "the space that was searched; empty: untuned"),
        "edge": (TEXT, "borders of the space near which it lies"),
    },
    "costs": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "runs": (WHOLE, "number of runs, of all stages"),
        "epochs": (REAL, "epochs that they trained"),
        "hours": (REAL, "of training and evaluation, of one process"),
        "begun": (TEXT, "when the first began, in UTC; empty: not recorded"),
        "ended": (TEXT, "when the last ended"),
        "claims": (TEXT, "the claims that its runs decide, together with others' or alone"),
    },
    "learning_curves": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "metric": (TEXT, "column of the curves"),
        "epoch": (REAL, "epochs trained"),
        "mean": (REAL, "over the runs that had not broken off by then"),
        "low": _LOW,
        "high": _HIGH,
        "runs": _RUNS,
        "of": (WHOLE, "runs at the start"),
    },
    "summary": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "runs": _RUNS,
        **_BROKEN,
        "accuracy": (REAL, "mean final test accuracy, of broken runs chance"),
        "low": _LOW,
        "high": _HIGH,
        "sd": (REAL, "its standard deviation between seeds"),
        "worst": (REAL, "its least"),
        "best": (REAL, "its greatest"),
        "spikes": (REAL, "mean spikes of the loss in a run"),
        "gradients": (REAL, "median gradient evaluations of a run"),
        "learning_rate": (REAL, "of the setting chosen by accuracy"),
    },
    "effects": {
        "workload": (TEXT, "the workload, or `all`"),
        "optimizer": _OPTIMIZER,
        "interquartile_mean": (REAL, "of final test accuracy"),
        "low": _LOW,
        "high": _HIGH,
        "improvement": (REAL, "probability that a run ends above one of the baseline"),
        "improvement_low": _LOW,
        "improvement_high": _HIGH,
        "cliffs_delta": (REAL, "twice the improvement less one"),
        "p": (REAL, "of no improvement, Brunner and Munzel's"),
        "p_adjusted": _P_HOLM,
    },
    "ranks": {
        "scope": (TEXT, "the workload, or `all`"),
        "optimizer": _OPTIMIZER,
        "mean_rank": (REAL, "by final test accuracy, 1 the best"),
        "cases": (WHOLE, "seeds, or workloads, over which it is the mean"),
        "critical_difference": (REAL, "mean ranks further apart differ"),
        "friedman_p": (REAL, "p that all rank alike"),
        "p": (REAL, "of no difference from the baseline, Wilcoxon's"),
        "p_adjusted": _P_HOLM,
    },
    "survival": {
        **_HIT,
        "time": (REAL, "epochs"),
        "arrived": (REAL, "share of runs that have reached the target by then"),
        "low": _LOW,
        "high": _HIGH,
    },
    "time_to_target": {
        **_HIT,
        "runs": _RUNS,
        "reached": (WHOLE, "runs that reached the target"),
        "median": (REAL, "time by which half of the runs have; infinite if fewer ever do"),
        "low": _LOW,
        "high": _HIGH,
    },
    "times_below": {
        "workload": _WORKLOAD,
        "clock": (TEXT, "unit of times: `gradients` (evaluations) or `epochs`"),
        "optimizer": _OPTIMIZER,
        "runs": _RUNS,
        "fails": (WHOLE, "runs that broke off or never reached the lowest target"),
        "mean": (REAL, "mean time below the targets; NaN if a run fails"),
        "low": _LOW,
        "high": _HIGH,
        "median": (REAL, "median time below the targets, a run that fails counting as infinite"),
        "horizon": (REAL, "until when time is counted, the same for all of the workload"),
    },
    "speed_comparisons": {
        "workload": _WORKLOAD,
        "clock": (TEXT, "unit of times: `gradients` (evaluations) or `epochs`"),
        **_PAIR,
        "ratio": (REAL, "mean time below the targets over the reference's; NaN if a run fails"),
        "ratio_low": _LOW,
        "ratio_high": _HIGH,
        "horizon": (REAL, "until when time is counted, the same for both"),
        **_OF_PAIRS,
    },
    "log_rank": {
        **{name: column for name, column in _HIT.items() if name != "optimizer"},
        "groups": (WHOLE, "optimizers"),
        "p": (REAL, "that all arrive alike; NaN if nobody arrives"),
    },
    "profiles": {
        "optimizer": _OPTIMIZER,
        "cases": (WHOLE, "workloads and targets that somebody reaches, where it trains"),
        "area": (REAL, "mean share solved over factors from 1 to 4"),
        "within": (REALS, "factors of the best median at which the share rises"),
        "share": (REALS, "share of cases solved within each of them"),
    },
    "stability": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "runs": _RUNS,
        "sd": (REAL, "standard deviation of final test accuracy between seeds"),
        "interquartile": (REAL, "its interquartile range"),
        "spread_p": (REAL, "of the baseline's spread, Brown and Forsythe's"),
        **_BROKEN,
        "diverged_p": (REAL, "of the baseline's rate of divergence, exact whatever the dependence"),
        "last_spread": (REAL, "mean over runs: deviation of the last validation accuracies"),
        "largest_fall": (REAL, "mean over runs: largest fall of validation accuracy from its best"),
        "spikes": (REAL, "mean spikes of the loss in a run"),
        "gradient_tail": (REAL, "mean over runs: largest mean gradient over the median one"),
        "bad": (WHOLE, "runs that end 5 points or more under the optimizer's median"),
        "caught": (WHOLE, "of these with a spike of the loss"),
        "caught_low": (REAL, "lower end of the exact 95 % interval of their rate"),
        "caught_high": (REAL, "upper end of it"),
        "good": (WHOLE, "the other runs"),
        "alarms": (WHOLE, "of these with a spike: false alarms"),
        "alarms_low": (REAL, "lower end of the exact 95 % interval of their rate"),
        "alarms_high": (REAL, "upper end of it"),
        "spread_p_adjusted": _P_HOLM,
        "diverged_p_adjusted": _P_HOLM,
    },
    "points": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "metric": (TEXT, "`accuracy` at the end, or time below the targets in `gradients`"),
        "runs": _RUNS,
        "ahead": (REAL, "mean at the points ahead, where the other tables judge"),
        "difference": (REAL, "mean at the iterates less that"),
        "low": _LOW,
        "high": _HIGH,
        "largest": (REAL, "largest difference of a run, without its sign"),
    },
    "controls": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "control": (TEXT, "`null`: halves of its seeds; `lower rate`: a third of the chosen one"),
        "metric": (TEXT, "final `accuracy`, or time below the targets in `gradients`"),
        "pairs": (WHOLE, "pairs of runs"),
        "difference": (REAL, "mean, of the first half less the second; of the lower rate"),
        "p": (REAL, "of that, two-sided, by sign flips"),
    },
    "hypotheses": {
        "hypothesis": (TEXT, "the claim's name"),
        "claim": (TEXT, "in words"),
        "source": (TEXT, "who claims it"),
        "family": (TEXT, "claims that share the level"),
        "metric": (TEXT, "what is compared"),
        "unit": (TEXT, "in which effects are printed"),
        "scale": (REAL, "by which effects are multiplied for that"),
        "statement": (TEXT, "what kind of claim"),
        "direction": (TEXT, "`greater`, `less`, or empty"),
        "margin": (REAL, "differences within it do not matter; 0: none stated"),
        "conditions": (TEXT, "`stated` as in the source, or `transferred`"),
        "conditions_note": (TEXT, "what differs"),
        "level": (REAL, "the study's over the claims of the family"),
        "statistic": (TEXT, "the exact test that decided; pair wins for and against the claim"),
        "pairs": (WHOLE, "seeds that all sides have"),
        "effect": (REAL, "mean difference in the metric's own sign; NaN where no mean decides"),
        "low": _LOW,
        "high": _HIGH,
        "confidence": (REAL, "of the interval"),
        "p": (REAL, "of the test that decided"),
        "power": (REAL, "to see what is claimed, for an effect of the margin"),
        "calibration": (REAL, "how often the test errs on resamples of these differences"),
        "verdict": (TEXT, "a word of the verdict table"),
        "remark": (TEXT, "its reason, or that the difference is below relevance"),
        "another_wins": (REAL, "how often other tuning seeds would have chosen another setting"),
        "runner_up_effect": (REAL, "the effect with the second best setting"),
        "runner_up_pairs": (WHOLE, "seeds of that"),
        "depends_on_tuning": (TRUTH, "the finding turns or fades with the second best setting"),
        "edge": (TEXT, "choices that lie near a border of what was searched"),
    },
    "comparisons": {
        "workload": _WORKLOAD,
        **_PAIR,
        "correlation": (REAL, "between the two over seeds"),
        "smallest_p": (REAL, "that so many pairs can give"),
        "can_reject": (TRUTH, "the corrected test can reject at all"),
        **_OF_PAIRS,
    },
    "sensitivity": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "trial": (WHOLE, "number of the setting"),
        "learning_rate": (REAL, "its learning rate"),
        "settings": (TEXT, "it, as JSON"),
        "accuracy": (REAL, "mean final validation accuracy over the tuning seeds it had"),
        "worst": (REAL, "the least of them"),
        "best": (REAL, "the greatest"),
        "broken": (REAL, "share of runs that broke off"),
        "runs": _RUNS,
        "loss_against_best": (REAL, "accuracy below the best trial's"),
    },
    "tuning": {
        "workload": _WORKLOAD,
        "optimizer": _OPTIMIZER,
        "role": (TEXT, "what was chosen by: `accuracy`, `speed`, `runner_up`"),
        "trial": (WHOLE, "number of the chosen setting"),
        "trials": (WHOLE, "settings tried"),
        "epochs": (REAL, "epochs trained to choose"),
        "another_wins": (REAL, "how often resampled tuning seeds choose another"),
        "regret": (REAL, "what their choices lose: accuracy, or gradient evaluations"),
        "default_loss": (REAL, "validation accuracy below it of the published setting"),
        "grown": (TEXT, "borders at which the space grew"),
        "edge": (TEXT, "borders near which the best lies"),
    },
}


def declared(name: str, table: pd.DataFrame, tables: dict[str, Columns] = TABLES) -> pd.DataFrame:
    """The table with the columns that `tables` declares for it, in their order and types; one
    without rows has them too.

    A table with other columns, or values of another type, is a mistake of the code that made it.
    """
    columns = tables[name]
    if table.empty:
        table = pd.DataFrame({column: [] for column in columns})
    assert set(table.columns) == set(columns), sorted(set(table.columns) ^ set(columns))
    typed = {column: _TYPES[kind] for column, (kind, _) in columns.items()}
    for column, (kind, _) in columns.items():
        found = table[column].dtype.kind
        allowed = {WHOLE: "iu", REAL: "fiu", TRUTH: "b"}.get(kind, "OSUT")
        assert table.empty or found in allowed, f"{name}.{column} is of kind {found}"
    return table[list(columns)].astype(typed)
