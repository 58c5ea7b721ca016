"""Every number and data-dependent phrase that the paper quotes, by key.

Keys are lower-case with dots. `main` stands for the first workload; `leader`, `baseline` and the
names of optimizers stand for rows.
"""

import json
import math
from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path

import pandas as pd

from nagbench.files import atomic_path
from nagbench.rendering.batch_sizes import series_with_gains
from nagbench.rendering.findings import findings
from nagbench.rendering.latex import escape
from nagbench.rendering.lookup import leading, middle_target
from nagbench.rendering.origins import origins
from nagbench.rendering.procedure import amendments, registered, tuned
from nagbench.rendering.prose import joined
from nagbench.rendering.result_tables import ResultTables
from nagbench.rendering.table import p_value
from nagbench.rendering.tables.claims import effect, in_words
from nagbench.statistics.controls import LOWER, NULL
from nagbench.statistics.intervals import bonferroni
from nagbench.statistics.verdict_table import VERDICTS

_SPOKEN_OF = ("nag", "sgd", "heavy_ball", "adam")  # in the text, whatever the study


def write_numbers(folder: Path, output: Path) -> None:
    """Write every number that the paper may quote, each with where it comes from in a comment."""
    tables = ResultTables(folder)
    origin = origins(tables)
    lines = [
        f"\\setresult{{{key}}}{{{value}}}% {origin(key)}\n"
        for key, value in sorted(numbers(tables).items())
    ]
    with atomic_path(output) as path:
        path.write_text("".join(lines), encoding="utf-8")


def numbers(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """All keys with their text, ready for LaTeX."""
    found: dict[str, str] = {}
    study = tables["study"].iloc[0]
    for key in (
        "name", "title", "edition", "runs", "diverged", "units", "workloads", "optimizers",
        "trials", "level", "validation_size", "device", "backend", "torch", "threads", "version",
        "remark",
    ):  # fmt: skip
        found[f"study.{key}"] = escape(str(study[key]))
    failed = f" Failed with an error, and counted as chance: {study['failures']}."
    found["study.failures"] = escape(failed) if study["failed"] else ""
    for mark in ("demo", "pilot"):
        found[f"study.{mark}"] = "true" if study[mark] else "false"
    found["study.seeds.tuning"] = str(study["tuning_seeds"])
    found["study.seeds.testing"] = str(study["testing_seeds"])
    hours = float(study["hours"])
    found["study.computing"] = f"{hours:.2g} hours" if hours >= 1 else f"{60 * hours:.2g} minutes"
    labels = dict(
        zip(tables["optimizers"]["optimizer"], tables["optimizers"]["label"], strict=True)
    )
    found["baseline.label"] = escape(labels[study["baseline"]])
    found["study.tuned"] = escape(tuned(study))
    found["study.rungs"] = str(len(json.loads(study["rungs"])))
    found["study.registration"] = escape(registered(tables["registration"]))
    found["study.amendments"] = r"\par ".join(map(escape, amendments(tables["registration"])))
    found["study.registered"] = "true" if len(tables["registration"]) else "false"
    found["shown.elsewhere"] = "true" if "elsewhere" in tables else "false"
    found["shown.acceleration"] = "true" if series_with_gains(tables) else "false"
    found["check.engine"] = _cross_check(tables["cross_check"]) if "cross_check" in tables else ""
    found["controls"] = escape(_controls(tables))
    found |= {f"finding.{key}": escape(text) for key, text in findings(tables).items()}
    found |= _theory(tables["theory"])
    found |= _hypotheses(tables["hypotheses"])
    found |= _calibration(tables["calibration"])
    for place, workload in enumerate(tables["workloads"].itertuples()):
        for name in (workload.workload, *(["main"] if place == 0 else [])):
            found |= _workload(tables, workload, name, labels, study["baseline"])
    return found


def _cross_check(compared: pd.DataFrame) -> str:
    """How the engine's accuracy lies beside that of a plain loop; a sentence."""

    def ended(row: pd.Series) -> str:
        return f"{100 * row['mean']:.1f} ± {100 * row['deviation']:.1f} %"

    def points(share: float) -> str:
        return f"{100 * share:+.1f}".replace("-", "−")

    plain, *engines = (row for _, row in compared.iterrows())
    told = " and ".join(
        f"{ended(row)} in {row['way']} ({points(row['difference'])} points, 95 % interval "
        f"{points(row['low'])} to {points(row['high'])})"
        for row in engines
    )
    return escape(
        f"As a check from outside, a plain PyTorch loop that shares no code with the benchmark's "
        f"engine trained the first article's network with NAG (rate {plain['rate']:g}, momentum "
        f"{plain['momentum']:g}, batches of {plain['batch_size']}, {plain['epochs']} epochs of "
        f"{plain['data']}) from {plain['runs']} seeds to {ended(plain)} test accuracy; the engine "
        f"reached {told}."
    )


def _controls(tables: Mapping[str, pd.DataFrame]) -> str:
    """What the test said where the answer is known; sentences."""
    level, table = float(tables["study"].iloc[0]["level"]), tables["controls"]
    null, low = (table[table["control"] == control] for control in (NULL, LOWER))
    if not len(null):
        return "No optimizer had runs enough to be compared with itself."
    said = (
        "Compared with itself, the first half of its seeds against the second, no optimizer "
        f"should differ: {(null['p'] <= level).sum()} of {len(null)} such comparisons did (p at "
        f"most {level:g}, uncorrected)."
    )
    if len(low):
        found = (low["p"] <= level) & (low["difference"] < 0)
        label = tables["optimizers"].set_index("optimizer")["label"]
        missed = joined([str(label[name]) for name in low["optimizer"][~found]])
        said += (
            f" About a third of the chosen rate was found to be worse for {found.sum()} of "
            f"{len(low)} optimizers{f', but not for {missed}' if missed else ''}."
        )
    return said


_CYCLING = 0.1  # of the distance at which a method began: one that ends beyond did not converge


def _at_most(value: float, digits: int) -> str:
    """A number of so many digits that `value` does not exceed."""
    return f"{math.ceil(value * 10**digits) / 10**digits:.{digits}f}"


def _theory(rates: pd.DataFrame) -> dict[str, str]:
    """How near the methods came to what is proven of them."""
    quiet, noisy = rates[rates["noise"] == 0], rates[rates["noise"] > 0].set_index("method")
    there = quiet[quiet["steps"].notna()]
    cycling = quiet[quiet["problem"] == "Lessard-Recht-Packard"].set_index("method")["last"]
    measured = noisy["measured"]
    return {
        "theory.gap": _at_most((there["measured"] - there["proven"]).abs().max(), 3),
        "theory.bound": f"{100 * quiet['bound_reached'].max():.0f}",
        **{
            f"theory.cycle.{name}": "did not" if cycling[name] > _CYCLING else "did"
            for name in ("heavy_ball", "nag")
        },
        "theory.noise.gap": _at_most(100 * (measured / noisy["proven"] - 1).abs().max(), 1),
        **{
            f"theory.noise.{name}": f"{measured[name] / measured['sgd']:.1f}"
            for name in measured.index
            if name != "sgd"
        },
    }


def _calibration(rows: pd.DataFrame) -> dict[str, str]:
    """How many of the simulated situations bear out what is promised, and the worst that do not."""
    level = rows.loc[rows.loc[rows["claim"] == "level", "found"].idxmax()]
    coverage = rows.loc[rows.loc[rows["claim"] == "coverage", "found"].idxmin()]
    return {
        "calibration.rows": str(len(rows)),
        "calibration.hold": str(int(rows["holds"].sum())),
        "calibration.trials": str(int(rows["trials"].max())),
        **{
            key: f"{row['found']:.2f} ({escape(row['procedure'])}, {escape(row['situation'])}, "
            f"{row['seeds']} seeds)"
            for key, row in (("calibration.level", level), ("calibration.coverage", coverage))
        },
    }


def _hypotheses(found: pd.DataFrame) -> dict[str, str]:
    """How many claims came out how, which, and each one's numbers."""
    numbers = {"claims": str(len(found))}
    for verdict in VERDICTS:
        names = found.loc[found["verdict"] == verdict, "hypothesis"]
        key = f"claims.{verdict.replace(' ', '_')}"
        numbers[key] = str(len(names))
        numbers[f"{key}.list"] = escape(
            joined([name.replace("_", " ") for name in names]) or "none"
        )
    for row in found.itertuples():
        key = f"claim.{row.hypothesis}"
        numbers |= {
            f"{key}.verdict": escape(in_words(row)),
            f"{key}.effect": escape(effect(row).replace("-", "−")),
            f"{key}.p": escape(p_value(row.p)),
        }
    return numbers


def _workload(
    tables: Mapping[str, pd.DataFrame],
    workload: tuple,
    name: str,
    labels: Mapping[str, str],
    baseline: str,
) -> dict[str, str]:
    source = workload.workload  # type: ignore[attr-defined]
    summary = _rows(tables["summary"], source)
    found = _untrained(name, dict.fromkeys((*_SPOKEN_OF, *summary["optimizer"]))) | {
        f"{name}.label": escape(workload.label),  # type: ignore[attr-defined]
        f"{name}.parameters": _thousands(workload.parameters),  # type: ignore[attr-defined]
        f"{name}.batch_size": str(workload.batch_size),  # type: ignore[attr-defined]
        f"{name}.epochs": str(workload.epochs),  # type: ignore[attr-defined]
        f"{name}.precision": workload.precision,  # type: ignore[attr-defined]
    }
    if not len(summary):
        return found
    goal = middle_target(tables, source)
    leader = summary.loc[summary["accuracy"].idxmax()]
    found |= {
        f"{name}.target": f"{100 * goal:g}",
        f"{name}.leader.label": escape(labels[leader["optimizer"]]),
        f"{name}.leader.accuracy": f"{100 * leader['accuracy']:.1f}",
        f"{name}.points": escape(_two_points(tables, source)),
        f"{name}.leaders": escape(
            joined([labels[one] for one in labels if one in leading(tables, source)])
        ),
    }
    for row in summary.itertuples():
        key = f"{name}.{row.optimizer}"
        found |= {
            f"{key}.accuracy": f"{100 * row.accuracy:.1f}",
            f"{key}.low": _points(row.low),
            f"{key}.high": _points(row.high),
            f"{key}.sd": _points(row.sd),
            f"{key}.diverged": str(row.diverged),
            f"{key}.failed": str(row.failed),
            f"{key}.runs": str(row.runs),
            f"{key}.learning_rate": f"{row.learning_rate:.4g}",
        }
    times = _rows(tables["time_to_target"], source)
    times = times[(times["target"] == goal) & (times["clock"] == "epochs")]
    for row in times.itertuples():
        key = f"{name}.{row.optimizer}.{row.kind}"
        found[f"{key}.median"] = "never" if math.isinf(row.median) else f"{row.median:.1f}"
        found[f"{key}.reached"] = str(row.reached)
    for row in _rows(tables["comparisons"], source).itertuples():
        found |= _comparison(f"{name}.{row.optimizer}.{row.reference}", row, 1)
        found |= _comparison(f"{name}.{row.reference}.{row.optimizer}", row, -1)
    found |= _speed(tables, source, name, goal)
    found |= _steadiness(tables, source, name)
    pairs = _rows(tables["comparisons"], source)
    others = max(0, len({*pairs["optimizer"], *pairs["reference"]}) - 1)
    found[f"{name}.pairs"] = str(len(pairs))
    found[f"{name}.others"] = str(others)
    found[f"{name}.pairs.differ"] = str(int(pairs["differs"].sum()))
    found[f"{name}.correlation"] = f"{pairs['correlation'].median():.2f}"
    able = int(pairs["can_reject"].sum())
    partly = f"can in {able} of {len(pairs)} pairs"
    found[f"{name}.power"] = "can" if able == len(pairs) else partly if able else "cannot"
    smallest = bonferroni(pairs["smallest_p"].to_numpy(float), others)
    found[f"{name}.smallest_p"] = f"{max(smallest, default=1.0):.2g}"
    against = [
        row
        for row in pairs.itertuples()
        if row.differs and baseline in (row.optimizer, row.reference)
    ]
    better = [
        row.optimizer if row.reference == baseline else row.reference
        for row in against
        if (row.better > 0) == (row.reference == baseline)
    ]
    words = joined([labels[one] for one in better])
    found[f"{name}.above_baseline"] = escape(words) or "no optimizer"
    return found


def _untrained(name: str, optimizers: Iterable[str]) -> dict[str, str]:
    """What the text says of optimizers whose runs are missing, until they are there."""
    dashes = {
        *(f"{name}.{key}" for key in ("target", "targets", "leader.accuracy", "log_rank")),
        *(f"{name}.{key}" for key in ("correlation", "smallest_p")),
    }
    words = {f"{name}.leader.label": "no optimizer", f"{name}.leaders": "none"}
    words |= {f"{name}.above_baseline": "no optimizer", f"{name}.power": "cannot"}
    words |= {f"{name}.pairs": "0", f"{name}.pairs.differ": "0", f"{name}.points": ""}
    words |= {f"{name}.others": "0"}
    for one in optimizers:
        own = ("accuracy", "sd", "unrest", "sustained.median")
        dashes |= {f"{name}.{one}.{key}" for key in own}
    for pair in permutations(optimizers, 2):
        key = ".".join([name, *pair])
        dashes |= {f"{key}.{end}" for end in ("difference", "low", "high", "p", "time.p")}
        words |= {f"{key}.direction": "not compared with", f"{key}.time.ratio": "not formed"}
        words[f"{key}.time.direction"] = "not compared with"
    return dict.fromkeys(dashes, "--") | words


def _speed(
    tables: Mapping[str, pd.DataFrame], source: str, name: str, goal: float
) -> dict[str, str]:
    """Time below the targets, in gradient evaluations, of each pair; arrivals at the middle one."""
    tests = _rows(tables["log_rank"], source)
    middle = (tests["kind"] == "sustained") & (tests["clock"] == "gradients")
    middle &= tests["target"] == goal
    found = {f"{name}.log_rank": escape(p_value(tests.loc[middle, "p"].iloc[0]))}
    goals = sorted(set(tests["target"]))
    found[f"{name}.targets"] = " to ".join(
        f"{100 * one:g}" for one in dict.fromkeys((goals[0], goals[-1]))
    )
    pairs = _rows(tables["speed_comparisons"], source)
    for row in pairs[pairs["clock"] == "gradients"].itertuples():
        words = ("later than", "sooner than") if row.differs else 2 * ("not shown to differ from",)
        for one, other, ratio, word in (
            (row.optimizer, row.reference, row.ratio, words[row.better > 0]),
            (row.reference, row.optimizer, 1 / row.ratio, words[row.better < 0]),
        ):
            key = f"{name}.{one}.{other}.time"
            said = "not formed: a run fails" if math.isnan(ratio) else f"{ratio:.2f}"
            found |= {f"{key}.ratio": said, f"{key}.direction": word}
            found[f"{key}.p"] = escape(p_value(row.p_adjusted))
    return found


def _two_points(tables: Mapping[str, pd.DataFrame], source: str) -> str:
    """What lies between the two points at which NAG was judged in the same runs; a sentence."""
    rows = _rows(tables["points"], source)
    rows = rows[rows["optimizer"] == "nag"].set_index("metric")
    if not len(rows):
        return "In these records NAG was judged at one of its two points alone."
    accuracy, time = rows.loc["accuracy"], rows.loc["gradients"]
    names = ("difference", "low", "high")
    ends = (f"{100 * accuracy[name]:+.2f}" for name in names)
    said = (
        "NAG's two forms are one method judged at two points: in the same {} runs the final "
        "accuracy of its iterates less that of the points ahead, where gradients are taken, is "
        "{} points ({} to {})"
    ).format(accuracy["runs"], *ends)
    if time["ahead"] > 0:
        ends = (f"{100 * time[name] / time['ahead']:+.1f}" for name in names)
        said += "; their mean time below the targets differs by {} % ({} to {})".format(*ends)
    return said.replace(" -", " −").replace("(-", "(−") + "."


def _steadiness(tables: Mapping[str, pd.DataFrame], source: str, name: str) -> dict[str, str]:
    """Per optimizer: spikes and unrest within runs."""
    found = {}
    for row in _rows(tables["stability"], source).itertuples():
        found[f"{name}.{row.optimizer}.spikes"] = f"{row.spikes:.1f}"
        found[f"{name}.{row.optimizer}.unrest"] = _points(row.last_spread)
    return found


def _comparison(key: str, row: tuple, sign: int) -> dict[str, str]:
    low, high = sorted((sign * row.low, sign * row.high))  # type: ignore[attr-defined]
    difference = sign * row.difference  # type: ignore[attr-defined]
    if not row.differs:  # type: ignore[attr-defined]
        direction = "not distinguishable from"
    else:
        ahead = sign * row.better > 0  # type: ignore[attr-defined]
        direction = "more accurate than" if ahead else "less accurate than"
    return {
        f"{key}.difference": _points(difference, "+"),
        f"{key}.low": _points(low, "+"),
        f"{key}.high": _points(high, "+"),
        f"{key}.p": escape(p_value(row.p_adjusted)),  # type: ignore[attr-defined]
        f"{key}.direction": direction,
    }


def _thousands(count: int) -> str:
    """Groups of three from five digits on."""
    return f"{count:,}".replace(",", r"\,") if count >= 10_000 else str(count)


def _rows(frame: pd.DataFrame, workload: str) -> pd.DataFrame:
    return frame[frame["workload"] == workload]


def _points(value: float, sign: str = "") -> str:
    # A hyphen is no minus.
    return "--" if math.isnan(value) else f"{100 * value:{sign}.1f}".replace("-", r"\(-\)")
