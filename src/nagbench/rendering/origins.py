"""Where each number that the paper quotes comes from: a row of a result table, and the runs."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering.answer import ACCURACY, SPEED, SUBJECT
from nagbench.rendering.lookup import Tables, middle_target
from nagbench.statistics.columns import TABLES
from nagbench.study.model import Arm
from nagbench.study.wording import listed, perhaps

_HYPOTHESIS = {
    "verdict": (
        *("verdict", "remark", "statistic", "pairs", "effect", "low", "high", "p", "conditions"),
        *("runner_up_effect", "runner_up_pairs", "depends_on_tuning", "edge", "untuned"),
        "devices",
    ),
    "effect": ("effect", "low", "high", "confidence"),
    "p": ("p", "level", "statistic"),
}
_STUDY = {
    "seeds.tuning": "tuning_seeds",
    "seeds.testing": "testing_seeds",
    "computing": "hours",
}
_ALL_PAIRS = {
    "leaders": ("differs", "better"),
    "above_baseline": ("differs", "better"),
    "pairs": ("differs",),
    "pairs.differ": ("differs",),
    "others": ("differs",),
    "correlation": ("correlation",),
    "power": ("can_reject",),
    "smallest_p": ("smallest_p",),
}
_SAID = ("hypothesis", "verdict", "remark", "effect", "low", "high", "depends_on_tuning")
_STEPS = ("reference", "target", "difference", "low", "high", "arrived", "reference_arrived")
_CLAIMED = {"optimizer": SUBJECT, "contrast": ""}
# Of the sentences on the first workload: table, columns, what picks rows, and the metric.
_FINDINGS: Mapping[str, tuple[str, tuple[str, ...], Mapping[str, Any], str]] = {
    "setting": ("workloads", ("parameters", "train_size", "batch_size", "epochs"), {}, ""),
    "speed": ("hypotheses", _SAID, _CLAIMED | {"metric": SPEED.metrics}, "gradients"),
    "by_target": ("gains", _STEPS, {"optimizer": SUBJECT}, "gradients"),
    "accuracy": ("hypotheses", _SAID, _CLAIMED | {"metric": ACCURACY.metrics}, "accuracy"),
    "missing": ("summary", ("runs",), {}, ""),
    "spread": ("stability", ("sd", "spread_p_adjusted"), {}, "accuracy"),
    "diverged": ("stability", ("diverged", "runs"), {}, "diverged"),
    "inputs": ("workloads", ("padding", "flip", "schedule"), {}, ""),
    "arrivals": ("time_to_target", ("target", "kind", "median"), {"clock": "epochs"}, "epochs"),
    "chance": ("tuning", ("another_wins", "regret"), {"role": "accuracy"}, ""),
    "rates": ("settings", ("roles", "learning_rate", "others"), {}, ""),
}  # fmt: skip
# What is measured of the runs behind a cell, where it is neither a time nor the accuracy.
_CELLS = {
    ("summary", "spikes"): "spikes",
    ("stability", "spikes"): "spikes",
    ("stability", "last_spread"): "unrest",
    ("stability", "largest_fall"): "largest_fall",
    ("stability", "diverged"): "diverged",
}
_COMPARED = {"p": ("p_adjusted",), "direction": ("differs", "better", "p_adjusted")}
_SUMMED = ("accuracy", "low", "high", "sd", "diverged", "failed", "runs", "learning_rate")


@dataclass(frozen=True)
class Origin:
    """What a number is made of.

    Attributes:
        table: The result table.
        columns: Those of its columns that the number is made of.
        where: What picks its rows: values of other columns, or tuples of them. Empty: all of them.
        arms: Workloads and optimizers whose runs decided it.
        metric: What is measured of these runs, a name in `METRICS`; empty if nothing is.
    """

    table: str
    columns: tuple[str, ...]
    where: Mapping[str, Any] = field(default_factory=dict)
    arms: tuple[Arm, ...] = ()
    metric: str = ""

    def rows(self, tables: Tables) -> pd.DataFrame:
        """The rows of the table that it speaks of."""
        found = tables[self.table]
        for column, value in self.where.items():
            allowed = value if isinstance(value, tuple) else (value,)
            found = found[found[column].isin(allowed)]
        return found

    def __str__(self) -> str:
        picked = ", ".join(
            f"{column} {'|'.join(value) if isinstance(value, tuple) else value}"
            for column, value in self.where.items()
            if value != ""
        )
        return f"{self.table}: {', '.join(self.columns)}{f' of {picked}' if picked else ''}"


def origin(key: str, tables: Tables) -> Origin | None:
    """Of a key of `rendering.numbers`; None if there is no such key."""
    return origins(tables)(key)


def origins(tables: Tables) -> Callable[[str], Origin | None]:
    """`origin` of many keys, for which the tables are looked through once."""
    known = _known(tables)

    def of_key(key: str) -> Origin | None:
        first, *rest = key.split(".")
        main = next(iter(known.arms), "")
        found = _general(first, rest)
        if found is None and first == "finding" and ".".join(rest) in _FINDINGS:
            table, columns, where, metric = _FINDINGS[".".join(rest)]
            arms = known.arms.get(main, ()) if metric else ()
            found = Origin(table, columns, {"workload": main, **where}, arms, metric)
        if found is None:
            workload = main if first == "main" else first
            found = _of_workload(workload, rest, known) if workload in known.arms else None
        return found

    return of_key


@dataclass(frozen=True)
class _Known:
    """What of the result tables decides origins.

    Attributes:
        arms: By workload, those that have runs.
        leaders: By workload, the optimizer of the highest accuracy; none without runs.
        goals: By workload, its middle target, where there is one yet.
        pairs: By result table, (workload, optimizer, reference) of its rows.
    """

    arms: Mapping[str, tuple[Arm, ...]]
    leaders: Mapping[str, str]
    goals: Mapping[str, float]
    pairs: Mapping[str, set[tuple[str, str, str]]]


def _known(tables: Tables) -> _Known:
    summary, timed = tables["summary"], set(tables["time_to_target"]["workload"])
    groups = {
        name: summary[summary["workload"] == name] for name in tables["workloads"]["workload"]
    }
    fast = tables["speed_comparisons"]
    compared = {
        "comparisons": tables["comparisons"],
        "speed_comparisons": fast[fast["clock"] == "gradients"],
    }
    return _Known(
        {
            name: tuple((name, optimizer) for optimizer in group["optimizer"])
            for name, group in groups.items()
        },
        {
            name: str(group.loc[group["accuracy"].idxmax(), "optimizer"])
            for name, group in groups.items()
            if len(group)
        },
        {name: middle_target(tables, name) for name in groups if name in timed},
        {
            name: set(zip(table["workload"], table["optimizer"], table["reference"], strict=True))
            for name, table in compared.items()
        },
    )


def _general(first: str, rest: list[str]) -> Origin | None:
    """What is about no workload."""
    match [first, *rest]:
        case ["check", "engine"]:
            return Origin("cross_check", ("way", "runs", "mean", "difference", "low", "high"))
        case ["finding", "devices"]:
            return Origin("hypotheses", ("hypothesis", "devices"))
        case ["finding", "elsewhere"]:
            return Origin("elsewhere", ("place", "runs", "hypothesis", "verdict"))
        case ["controls"]:
            return Origin("controls", ("control", "metric", "difference", "p"))
        case ["theory", *_]:
            return Origin("theory", ("problem", "method", "measured", "proven"))
        case ["calibration", *_]:
            return Origin("calibration", ("procedure", "situation", "found", "holds"))
        case ["claims", verdict, *_]:
            picked = {"verdict": verdict.replace("_", " ")}
            return Origin("hypotheses", ("hypothesis", "verdict"), picked)
        case ["claims"] | ["finding", "claims" | "verdicts"]:
            return Origin("hypotheses", ("hypothesis", "verdict"))
        case ["claim", name, what] if what in _HYPOTHESIS:
            return Origin("hypotheses", _HYPOTHESIS[what], {"hypothesis": name})
        case ["baseline", "label"]:
            return Origin("study", ("baseline",))
        case ["shown", "acceleration"]:
            return Origin("speed_comparisons", ("workload", "optimizer", "reference"))
        case ["shown", name]:
            return Origin(name, ("place",))
        case ["study", "registration" | "registered" | "amendments"]:
            return Origin("registration", ("time", "commit", "what"))
        case ["study", "tuned"]:
            return Origin("study", ("points", "trials", "search", "rungs", "finalists"))
        case ["study", *names] if ".".join(names) in {**TABLES["study"], **_STUDY}:
            name = ".".join(names)
            return Origin("study", (_STUDY.get(name, name),))
    return None


def _of_workload(workload: str, rest: list[str], known: _Known) -> Origin | None:
    here = {"workload": workload}
    arms = known.arms[workload]
    match rest:
        case [("label" | "parameters" | "batch_size" | "epochs" | "precision") as column]:
            return Origin("workloads", (column,), here)
        case ["target"]:
            return Origin("time_to_target", ("target",), here)
        case ["targets"]:
            return Origin("log_rank", ("target",), here)
        case ["points"]:
            columns = ("metric", "runs", "ahead", "difference", "low", "high")
            return Origin("points", columns, here | {"optimizer": "nag"}, ((workload, "nag"),))
        case ["log_rank"]:
            where = here | {"kind": "sustained", "clock": "gradients"}
            return Origin("log_rank", ("p",), where | _goal(known, workload), arms, "gradients")
        case ["leader", "label"]:
            return Origin("summary", ("accuracy",), here, arms, "accuracy")
        case names if ".".join(names) in _ALL_PAIRS:
            return Origin("comparisons", _ALL_PAIRS[".".join(names)], here, arms, "accuracy")
        case [name, *what]:
            leader = known.leaders.get(workload, "")
            return _of_optimizer((workload, leader if name == "leader" else name), what, known)
    return None


def _of_optimizer(arm: Arm, what: list[str], known: _Known) -> Origin | None:
    workload, optimizer = arm
    where: dict[str, Any] = {"workload": workload, "optimizer": optimizer}
    match what:
        case ["spikes"]:
            return Origin("stability", ("spikes",), where, (arm,), "spikes")
        case ["unrest"]:
            return Origin("stability", ("last_spread",), where, (arm,), "unrest")
        case [column] if column in _SUMMED:
            return Origin("summary", (column,), where, (arm,), "accuracy")
        case [kind, ("median" | "reached") as column]:
            where |= _goal(known, workload) | {"clock": "epochs", "kind": kind}
            return Origin("time_to_target", (column,), where, (arm,), "epochs")
        case [other, "time", column]:
            columns = _COMPARED.get(column, ("ratio",))
            where |= {"reference": other, "clock": "gradients"}
            return _pair("speed_comparisons", columns, where, known, "gradients")
        case [other, column]:
            columns = _COMPARED.get(column, ("difference", "low", "high"))
            return _pair("comparisons", columns, where | {"reference": other}, known, "accuracy")
    return None


def _goal(known: _Known, workload: str) -> dict[str, float]:
    return {"target": known.goals[workload]} if workload in known.goals else {}


def _pair(
    table: str, columns: tuple[str, ...], where: dict[str, Any], known: _Known, metric: str
) -> Origin:
    """The row of a pair, which the table has in one of its two orders."""
    one, other = where["optimizer"], where["reference"]
    arms = ((where["workload"], one), (where["workload"], other))
    if (where["workload"], one, other) not in known.pairs[table]:
        where = where | {"optimizer": other, "reference": one}
    return Origin(table, columns, where, arms, metric)


def cell(key: str, tables: Tables) -> Origin | None:
    """Of a cell, TABLE.COLUMN, with as many values of other columns after it as pick its row; None
    if there is no such column.
    """
    table, _, rest = key.partition(".")
    column, _, rest = rest.partition(".")
    if column not in TABLES.get(table, ()) or table not in tables:
        return None
    found = tables[table]
    where: dict[str, Any] = {}
    while rest:
        places = [
            (name, value)
            for name in found.columns
            if name not in (*where, column)
            for value in found[name].drop_duplicates()
            if rest == _text(value) or rest.startswith(f"{_text(value)}.")
        ]
        if not places:
            name = next((name for name in found.columns if name not in (*where, column)), column)
            known = list(map(_text, found[name].drop_duplicates()))
            place = f"table {table}"
            raise InputError(place, f"no row of {rest}{perhaps(rest, known)}", listed(known))
        name, value = max(places, key=lambda place: len(_text(place[1])))
        where[name] = value
        found = found[found[name] == value]
        rest = rest[len(_text(value)) + 1 :]
    sides = [where[name] for name in ("optimizer", "reference") if name in where]
    arms = tuple((str(where["workload"]), str(side)) for side in sides if "workload" in where)
    clocks = set(found["clock"]) if "clock" in found else set()
    metric = str(clocks.pop()) if len(clocks) == 1 else _CELLS.get((table, column), "")
    return Origin(table, (column,), where, arms, metric)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}"
    return str(value)
