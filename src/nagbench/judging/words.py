"""The answer in words: who is best, who is not told from the best, what could not be told."""

import math
from collections.abc import Iterable

import pandas as pd

from nagbench.judging.comparisons import ALIKE, BASELINE, BEST, BETTER, UNTESTABLE, WORSE
from nagbench.judging.judgement import Judgement
from nagbench.judging.speed import fastest

_NAMED = 60  # optimizers that a sentence names
_FEW = 12  # of which one that says little names so many
_DIGITS = 5  # that count, of a value among its like


def number(value: float, spread: float = math.nan) -> str:
    """A value with as many decimals as show a hundredth of `spread`, or five digits that count."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("never" if value > 0 else "-∞")
    if math.isfinite(spread) and spread > 0:
        decimals = min(max(0, 2 - math.floor(math.log10(spread))), 9)
        return f"{value + 0:,.{decimals}f}"
    return f"{value + 0:.{_DIGITS}g}"


def difference(value: float) -> str:
    """A difference: two digits that count, with its sign; what is beyond all bounds as –."""
    if not math.isfinite(value):
        return "–"
    return f"{value + 0:+.2g}"


def size(value: float) -> str:
    """A size without a sign: two digits that count."""
    return f"{value:.2g}" if math.isfinite(value) else "–"


def steps(value: float) -> str:
    """A time in steps or epochs."""
    if math.isinf(value):
        return "never"
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread_of(summary: pd.DataFrame) -> float:
    """The usual deviation within groups, by which decimals are chosen."""
    known = summary["sd"][summary["sd"] > 0]
    return float(known.median()) if len(known) else math.nan


def names(found: Iterable[str]) -> str:
    """Names in a sentence; of very many the first."""
    listed = list(found)
    shown = ", ".join(listed[:_NAMED])
    return shown + (f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else "")


def count(number_of: int, word: str) -> str:
    return f"{number_of:,} {word}{'' if number_of == 1 else 's'}"


def answer(judged: Judgement, workload: str) -> list[str]:
    """Sentences on a workload, the most important first."""
    summary = judged.summary[judged.summary["workload"] == workload]
    rows = judged.comparisons[judged.comparisons["workload"] == workload]
    best = summary[summary["best_of_all"]].iloc[0]
    spread = spread_of(summary)
    against = rows[rows["against"] == BEST]
    lines = [_who_is_best(judged, best, against, spread), *_single_runs(summary, best, spread)]
    lines += _against_best(against, str(best["optimizer"]))
    to_baseline = rows[rows["against"] == BASELINE]
    if len(to_baseline):
        lines.append(_against_baseline(to_baseline))
    lines += _speed(judged, workload)
    return lines


def _who_is_best(judged: Judgement, best: pd.Series, against: pd.DataFrame, spread: float) -> str:
    curves = judged.curves
    kind = "lowest" if curves.lower else "highest"
    if best["runs"] < 2:
        return (
            "No optimizer has two runs that could be compared. The "
            f"{kind} final {curves.metric} is {best['optimizer']}'s: "
            f"{number(best['median'], spread)}."
        )
    measure = "median" if best["diverged"] else "mean"
    line = f"{best['optimizer']} has the {kind} {measure} final {curves.metric}, "
    line += number(best[measure], spread)
    if not best["diverged"]:
        low, high = number(best["low"], spread), number(best["high"], spread)
        line += f" ({100 * (1 - judged.question.level):g} % interval {low} to {high}"
        line += f", {count(int(best['runs']), 'run')})"
    alike, worse = (int((against["verdict"] == verdict).sum()) for verdict in (ALIKE, WORSE))
    if alike:
        return f"{line}; {count(alike, 'other')} {'is' if alike == 1 else 'are'} not told from it."
    if worse:
        return f"{line}; {'the other is' if len(against) == 1 else f'{worse} others are'} worse."
    return f"{line}."


def _single_runs(summary: pd.DataFrame, best: pd.Series, spread: float) -> list[str]:
    ahead = summary[(summary["place"] < best["place"]) & (summary["runs"] == 1)]
    if ahead.empty:
        return []
    values = ", ".join(
        f"{row.optimizer} ({number(float(row.mean), spread)})" for row in ahead.itertuples()
    )
    return [f"One run alone ended better, by which nothing can be told: {values}."]


def _against_best(rows: pd.DataFrame, best: str) -> list[str]:
    if rows.empty:
        return []
    lines = []
    alike, worse = rows[rows["verdict"] == ALIKE], rows[rows["verdict"] == WORSE]
    untestable = rows[rows["verdict"] == UNTESTABLE]
    tests = int(rows["tests"].max())
    if len(alike):
        lines.append(f"Not told from {best} by the corrected tests: {names(alike['optimizer'])}.")
        small = alike[alike["difference"].abs() < alike["detectable"]]
        if len(small):
            lines.append(_too_small(small, len(small) == len(alike)))
    if len(worse):
        lines.append(
            f"Shown to end worse than {best}: {len(worse)} of {len(rows)} "
            f"(Holm's correction over {count(tests, 'pair')}: the best was chosen by looking)."
        )
    elif tests:
        lines.append(f"None of {len(rows)} is shown to end worse than {best}.")
    if len(untestable):
        one = untestable["reason"].str.endswith("has one run")
        if one.any():
            lines.append(f"Not testable, with one run: {names(untestable[one]['optimizer'])}.")
        for why, rest in untestable[~one].groupby("reason", sort=False)["optimizer"]:
            lines.append(f"Not testable ({why}): {names(rest)}.")
    return lines


def _too_small(rows: pd.DataFrame, whole: bool) -> str:
    """Of optimizers whose difference from the best lies below what would have been found."""
    seen, could = rows["difference"].abs().max(), rows["detectable"]
    never = bool(could.map(math.isinf).all())
    if len(rows) == 1:
        line = f"{rows['optimizer'].iloc[0]}'s difference of {size(seen)}"
    else:
        whose = "all of these" if whole else names(rows["optimizer"])
        line = f"the differences of {whose}, at most {size(seen)}"
    line = f"Too small to tell with these runs: {line}. "
    if never:
        return line + "With so few pairs no difference could be found."
    found = could[~could.map(math.isinf)]
    bounds = sorted({size(found.min()), size(found.max())}, key=float)
    line += f"Found with probability 0.8 would be {' to '.join(bounds)}"
    if len(bounds) > 1:
        line += ", depending on the number of runs"
    if len(found) < len(could):
        line += "; where pairs are too few, none could be found"
    return line + "."


def _against_baseline(rows: pd.DataFrame) -> str:
    reference = rows["reference"].iloc[0]
    tests = int(rows["tests"].max())
    parts = []
    for verdict, words in (
        (BETTER, "better"),
        (WORSE, "worse"),
        (ALIKE, "not told apart"),
        (UNTESTABLE, "not testable"),
    ):
        chosen = rows[rows["verdict"] == verdict]
        few = len(chosen) <= _FEW or verdict in (BETTER, WORSE)
        if len(chosen):
            named = f" ({names(chosen['optimizer'])})" if few else ""
            parts.append(f"{words} {len(chosen)}{named}")
    return f"Against the baseline {reference} ({count(tests, 'test')}): {'; '.join(parts)}."


def _speed(judged: Judgement, workload: str) -> list[str]:
    rows = judged.speed[judged.speed["workload"] == workload]
    lines = []
    for target, own in rows[rows["target"] == rows["target_from"]].groupby("target", sort=False):
        many = own[own["runs"] > 1]
        first = fastest(many if len(many) else own).iloc[0]
        unit = judged.curves.clock
        never = own[own["arrived"] == 0]["optimizer"]
        if not first["arrived"]:
            lines.append(f"No optimizer with two runs reaches {target:g}.")
            continue
        line = f"First at {target:g}: {first['optimizer']}, "
        if math.isfinite(first["median"]):
            line += f"median {unit} {steps(first['median'])}, "
        line += f"{first['arrived']} of {first['runs']} runs arrive."
        if len(never):
            line += f" Never there: {names(never)}."
        lines.append(line)
    return lines
