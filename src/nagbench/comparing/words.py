"""What a card says: sentences and rows of text, for its page and its sheet alike."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from nagbench.comparing.comparison import Comparison
from nagbench.comparing.differences import difference
from nagbench.metrics import METRICS
from nagbench.rendering.lookup import labels
from nagbench.rendering.table import number, p_value
from nagbench.rendering.tables import claims
from nagbench.statistics.power import detectable

Rows = list[list[str]]  # the first is the header
_METRICS = {"accuracy": "Final accuracy", "gradients": "Time below the targets"}


def title(found: Comparison) -> str:
    named = labels(found.tables)
    return f"{named[found.newcomer]} against {named[found.baseline]}"


def facts(found: Comparison) -> str:
    """What was trained, on what, and that nobody could know of it before."""
    study, workload = found.tables["study"].iloc[0], found.tables["workloads"].iloc[0]
    seeds = found.runs["seed"].nunique()
    demo = " (DEMO)" if study["demo"] else ""
    return (
        f"{workload['label']}, {workload['epochs']} epochs, batch {workload['batch_size']}, "
        f"{workload['precision']}; data: {study['edition']}{demo}; {seeds} test seeds; "
        f"{study['runs']} runs. Not registered before its runs."
    )


def answers(found: Comparison) -> list[tuple[str, str]]:
    """Of each claim the verdict, and what it rests on."""
    return [
        (str(row.verdict).capitalize(), _answer(row))
        for row in found.tables["hypotheses"].itertuples()
    ]


def _answer(row: Any) -> str:
    said = claims.remarks(row)
    text = f"{row.claim}{f' ({said})' if said else ''}"
    measured = f"{row.pairs} pairs of runs, p {_p(row.p)}."
    if math.isnan(row.effect):
        return f"{text}: {measured}"
    margin = f"Differences within {row.scale * row.margin:g} {row.unit} do not matter."
    return f"{text}: {claims.effect(row)} {claims.in_print(row)}, {measured} {margin}"


def _p(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def board(found: Comparison) -> Rows:
    """The two that trained here, and below them the committed optimizers, best first."""
    named = labels(found.tables)
    summary = found.tables["summary"].sort_values("accuracy", ascending=False)
    times = found.tables["times_below"]
    times = times[times["clock"] == "gradients"].set_index("optimizer")["mean"]
    committed = list(_committed(found))
    head = ["Optimizer", "Accuracy (%)", "SD", "Time (grad.)"]
    against = ["Points", "p", "Gradients", "p"] if committed else []
    trained = [
        [
            named[row.optimizer],
            number(100 * row.accuracy, 1),
            number(100 * row.sd, 1),
            number(times[row.optimizer], 0),
            *(("trained here", "", "", "") if committed else ()),
        ]
        for row in summary.itertuples()
    ]
    return [[*head, *against], *trained, *committed]


def _committed(found: Comparison) -> Iterator[list[str]]:
    beside = found.tables.get("beside", pd.DataFrame())
    if beside.empty:
        return
    by_metric = {metric: rows.set_index("optimizer") for metric, rows in beside.groupby("metric")}
    accuracy, speed = by_metric["accuracy"], by_metric["gradients"]
    for name in accuracy["mean"].sort_values(ascending=False).index:
        one, other = accuracy.loc[name], speed.loc[name]
        yield [
            f"{found.labels[name]} (committed)",
            number(100 * one["mean"], 1),
            "",
            number(other["mean"], 0),
            *_against(one, 100, 1),
            *_against(other, 1, 0),
        ]


def _against(row: pd.Series, scale: float, digits: int) -> tuple[str, str]:
    """The newcomer's difference from a committed optimizer, and its corrected p."""
    if not row["comparable"]:
        return "not comparable", ""
    if math.isnan(row["difference"]):
        return ("ahead", "behind", "equal")[(1, -1, 0).index(row["better"])], p_value(
            row["p_adjusted"]
        )
    return difference(row, scale, digits), p_value(row["p_adjusted"])


def shifts(found: Comparison) -> list[str]:
    """Whether committed rows may stand beside runs from here, and why."""
    if "shift" not in found.tables:
        return [
            "No committed records of this data and precision: all that is compared trained here."
        ]
    named = labels(found.tables)[found.baseline]
    return [_shift(row, named) for row in found.tables["shift"].itertuples()]


def _shift(row: Any, baseline: str) -> str:
    metric, what = METRICS[row.metric], _METRICS[row.metric]
    if not row.pairs:
        return f"{what}: the committed records have no test runs of {baseline}: not comparable."
    if row.equal:
        return (
            f"{what}: {baseline} trained here equals the committed runs to the last bit "
            f"({row.pairs} pairs), so committed rows may stand beside."
        )
    verdict = "within" if row.comparable else "not within"
    ends_with = "committed rows may stand beside" if row.comparable else "not comparable"
    return (
        f"{what}: {baseline} here less committed {difference(row, metric.scale, 2)} "
        f"{metric.unit} ({row.pairs} pairs, correlation {number(row.correlation, 2)}), {verdict} "
        f"the margin of {metric.scale * row.margin:g}: {ends_with}."
    )


def places(found: Comparison) -> Rows:
    """Where and with what the baseline trained, here and there."""
    if found.there is None:
        return [["", "Here"], *([label, said] for label, said in found.here.items())]
    told = ([label, said, found.there[label]] for label, said in found.here.items())
    return [["", "Here", "Committed"], *told]


def tuning(found: Comparison) -> Rows:
    """What choosing the settings took, and what was chosen."""
    named, tuned = labels(found.tables), found.tables["tuning"]
    settings = found.tables["settings"]
    rows = [["Optimizer", "Chosen by", "Settings", "Searched", "Epochs spent", "Tuned"]]
    for row in settings[settings["roles"] != "runner_up"].itertuples():
        spent = tuned.loc[tuned["optimizer"] == row.optimizer, "epochs"]
        where = "in the committed records"
        if row.optimizer == found.newcomer or found.tuned_here:
            where = "here"
        rate = "" if math.isnan(row.learning_rate) else f"lr {row.learning_rate:.4g}"
        rows.append(
            [
                named[row.optimizer],
                row.roles.replace("runner_up", "runner-up"),
                ", ".join(filter(None, (rate, row.others))) or "its defaults",
                row.searched or "nothing: untuned",
                f"{spent.iloc[0]:g}" if len(spent) else "0",
                where if row.searched else "",
            ]
        )
    return rows


def can_show(found: Comparison) -> str:
    """What so many seeds can show."""
    pairs, level = found.runs["seed"].nunique(), found.study.level
    least = detectable(pairs, level)
    text = (
        f"With {pairs} seeds a test finds a difference of {least:.2f} standard deviations of the "
        "paired differences with probability 0.8"
    )
    if (spread := _deviation(found)) > 0:
        text += f": here {100 * least * spread:.2f} points of accuracy"
    return f"{text}."


def _deviation(found: Comparison) -> float:
    """Of the paired differences in final accuracy."""
    by = found.runs.pivot_table(index="seed", columns="optimizer", values="accuracy")
    if not {found.newcomer, found.baseline} <= set(by.columns):
        return math.nan
    return float((by[found.newcomer] - by[found.baseline]).std())
