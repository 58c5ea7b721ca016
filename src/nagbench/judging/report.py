"""The report: one HTML file that needs nothing beside it, the answer first."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from nagbench.judging.columns import TABLES
from nagbench.judging.comparisons import BASELINE, BEST
from nagbench.judging.figures import all_figures, targets
from nagbench.judging.judgement import Judgement
from nagbench.judging.page import STYLE, Strip, row, table
from nagbench.judging.speed import fastest
from nagbench.judging.words import (
    answer,
    count,
    difference,
    number,
    size,
    spread_of,
    steps,
)
from nagbench.rendering.table import p_value
from nagbench.version import __version__

_VERDICTS = {"better": "▲ better", "worse": "▼ worse", "not told apart": "≈ not told apart"}


def report(judged: Judgement, folder: Path) -> str:
    """The page; its figures are the SVG files of the folder."""
    curves = judged.curves
    parts = [f"<h1>Which optimizer ends best? {_text(curves.metric)}</h1>"]
    several = len(curves.workloads) > 1
    if several:
        parts.append(_overview(judged))
    drawn = all_figures(judged)
    for workload in curves.workloads:
        if several:
            parts.append(f"<h2 class=workload>{_text(workload)}</h2>")
        parts.append(_answer(judged, workload))
        if not several:
            parts.append(_facts(judged))
        parts.append(_final(judged, workload))
        here = {name: what for name, what in drawn.items() if what[1] == workload}
        parts.append(_curves(folder, [n for n, what in here.items() if what[0] == "curves"]))
        parts += _speed(judged, workload, folder, [n for n, w in here.items() if w[0] == "speed"])
        parts.append(_spread(judged, workload))
        parts.append(_detectable(judged, workload))
    parts += [_method(judged), _files()]
    title = f"Judged: {_text(curves.metric)}"
    return (
        "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{''.join(parts)}\n</main></body></html>\n"
    )


def _text(text: object) -> str:
    return html.escape(str(text))


def _name(name: object) -> str:
    """An optimizer's name, which may break after its joints."""
    return re.sub(r"(?<=[-_.])(?=[^-_.])", "<wbr>", _text(name))


def _facts(judged: Judgement) -> str:
    curves, runs = judged.curves, judged.curves.runs
    way = "lower" if curves.lower else "higher"
    optimizers = runs["optimizer"].nunique()
    facts = [
        f"{count(len(runs), 'run')} of {count(optimizers, 'optimizer')}, "
        f"{len(curves.frame):,} evaluations, from {', '.join(map(_text, curves.sources))}.",
        f"{_text(curves.metric)}: {way} is better.",
        "Runs are paired by seed."
        if judged.question.paired
        else "Runs are compared as unpaired: run 0 of two optimizers need not share a seed.",
    ]
    notes = "".join(f"<li>{_text(note)}" for note in judged.notes)
    return f"<p class=facts>{' '.join(facts)}</p>" + (
        f"<ul class=notes>{notes}</ul>" if notes else ""
    )


def _overview(judged: Judgement) -> str:
    """The first sentence on each workload."""
    items = "".join(
        f"<li><b>{_text(workload)}</b>: {_text(answer(judged, workload)[0])}"
        for workload in judged.curves.workloads
    )
    return f"<section class=answer><ul>{items}</ul></section>{_facts(judged)}"


def _answer(judged: Judgement, workload: str) -> str:
    first, *others = answer(judged, workload)
    items = "".join(f"<li>{_text(line)}" for line in others)
    return f"<section class=answer><p class=first>{_text(first)}</p><ul>{items}</ul></section>"


def _final(judged: Judgement, workload: str) -> str:
    """One line an optimizer, the best first."""
    curves = judged.curves
    summary = judged.summary[judged.summary["workload"] == workload]
    finals = curves.runs[curves.runs["workload"] == workload].set_index("optimizer")["final"]
    found = judged.comparisons[judged.comparisons["workload"] == workload]
    best = found[found["against"] == BEST].set_index("optimizer")
    base = found[found["against"] == BASELINE].set_index("optimizer")
    spread = spread_of(summary)
    strip = Strip(finals.to_numpy(float), curves.lower)
    lines = []
    for one in summary.itertuples():
        name = one.optimizer
        mean = number(one.mean if not one.diverged else one.median, spread)
        own = finals[finals.index == name].to_numpy(float)
        cells = [
            ("n wide", str(one.place)),
            ("name", _name(name) + (" <i>baseline</i>" if one.baseline else "")),
            (
                "n",
                str(one.runs) + (f" <b class=bad>{one.diverged} div.</b>" if one.diverged else ""),
            ),
            ("n", mean + (" <small>median</small>" if one.diverged else "")),
            (
                "strip",
                strip.drawn(own, one.mean, one.low, one.high),
            ),
            *_against(best, name, "the best" if one.best_of_all else ""),
        ]
        if len(base):
            cells += _against(base, name, "the baseline" if one.baseline else "", narrow=False)
        lines.append(row(cells, "told" if one.told_from_best else ""))
    head = [
        ("n wide", "#"), ("name", "Optimizer"), ("n", "Runs"), ("n", "Mean"),
        ("strip", f"Runs, mean, interval<br>{strip.ends(spread)}"),
        ("n wide", "less the best"), ("verdict", "vs the best <span>(p)</span>"),
    ]  # fmt: skip
    if len(base):
        named = _text(base["reference"].iloc[0])
        head += [("n wide", f"less {named}"), ("verdict wide", f"vs {named} (p)")]
    about = (
        f"Final {_text(curves.metric)}, the best mean first{_with_diverged(summary)}. "
        f"Grey ticks: runs. Bar: the mean's {100 * (1 - judged.question.level):g} % interval. "
        "p after Holm's correction."
    )
    return f"<h2>Final values</h2><p class=about>{about}</p>" + table(head, lines)


def _with_diverged(summary: pd.DataFrame) -> str:
    if not summary["diverged"].any():
        return ""
    return "; where runs diverged, the median with these as worst"


def _against(
    rows: pd.DataFrame, name: str, itself: str, *, narrow: bool = True
) -> list[tuple[str, str]]:
    """Difference, and verdict with its p; a sign of it also on a narrow screen."""
    kind = "verdict" if narrow else "verdict wide"
    if itself or name not in rows.index:
        return [("n wide", ""), (kind, f"<i>{itself}</i>")]
    one = rows.loc[name]
    gap = difference(one["difference"])
    if one["low"] == one["low"]:
        gap += f" <small>[{difference(one['low'])}, {difference(one['high'])}]</small>"
    word = _VERDICTS.get(one["verdict"])
    if word is None:
        short = "one run" if one["reason"] == f"{name} has one run" else str(one["reason"])
        return [("n wide", gap), (kind, f"<i>{_text(short)}</i>")]
    sign, _, rest = word.partition(" ")
    p = _text(p_value(float(one["p_adjusted"])))
    return [("n wide", gap), (kind, f"{sign} <span>{rest} <small>{p}</small></span>")]


def _curves(folder: Path, figures: Sequence[str]) -> str:
    about = "The best optimizers and the baseline in colour, all others in grey; a line a run, cut "
    about += "to where most runs end."
    drawn = "".join(
        inline(folder / f"{name}.svg", "learning curves of all runs") for name in figures
    )
    return f"<h2>Learning curves</h2><p class=about>{about}</p><figure>{drawn}</figure>"


def _speed(judged: Judgement, workload: str, folder: Path, figures: Sequence[str]) -> list[str]:
    own = judged.speed[judged.speed["workload"] == workload]
    if own.empty:
        return ["<h2>Time to target</h2><p>No target was given: <code>--target VALUE</code>.</p>"]
    unit = f"{_text(judged.curves.clock)}s"
    parts: list[str] = []
    tested = own["p"].notna().any() or own["pair_horizon"].notna().any()
    for target, name in zip(targets(own), figures, strict=True):
        rows = fastest(own[(own["target"] == target) & (own["target_from"] == target)])
        parts.append(f"<h2>Time to {target:g}</h2>" + ("" if parts else _about_speed(rows, unit)))
        lines = [_time_row(one, tested) for one in rows.itertuples()]
        head = [("name", "Optimizer"), ("n", "Arrive"), ("n", f"Median, {unit}"), ("n", "Interval")]
        head += [("n wide", "Time below")]
        if tested:
            head += [("n wide", "less the baseline's"), ("n wide", "log-rank p")]
        parts.append(table(head, lines))
        drawn = inline(folder / f"{name}.svg", f"time to {target:g} by optimizer")
        parts.append(f"<figure>{drawn}</figure>")
    return parts


def _time_row(one: object, tested: bool) -> str:
    found = pd.Series(one._asdict())  # type: ignore[attr-defined]
    band = ""
    if found["arrived"] and found["runs"] > 1:
        band = f"{steps(found['median_low'])} to {steps(found['median_high'])}"
    cells = [
        ("name", _name(found["optimizer"])),
        ("n", f"{found['arrived']}/{found['runs']}"),
        ("n", steps(found["median"]) if found["arrived"] else "never"),
        ("n", band),
        ("n wide", steps(found["time_below"])),
    ]
    if tested:
        gap = found["difference"]
        low, high = (difference_of_steps(found[f"difference_{end}"]) for end in ("low", "high"))
        said = difference_of_steps(gap) + (f" <small>[{low}, {high}]</small>" if low != "–" else "")
        p = found["p_adjusted"]
        shown = f"<i>{_text(found['reason'])}</i>" if p != p else _text(p_value(float(p)))
        cells += [("n wide", said), ("n wide", shown)]
    return row(cells, "" if found["arrived"] else "told")


def difference_of_steps(value: float) -> str:
    if value != value:
        return "–"
    return f"{value:+,.0f}" if abs(value) >= 100 else f"{value:+.2g}"


def _about_speed(rows: pd.DataFrame, unit: str) -> str:
    horizon = rows["horizon"].iloc[0]
    text = (
        "When a run's curve first reaches the target, linear between evaluations; the median is "
        "Kaplan and Meier's, with runs that end before as watched to their end. Time below: the "
        f"mean time below the target up to {steps(horizon)} {unit}, the earliest end of any run, "
        "which counts for a run that does not arrive."
    )
    if rows["pair_horizon"].notna().any():
        text += " The difference to the baseline counts up to the earlier end of the two."
    return f"<p class=about>{text}</p>"


def _spread(judged: Judgement, workload: str) -> str:
    summary = judged.summary[
        (judged.summary["workload"] == workload) & (judged.summary["runs"] > 1)
    ]
    if summary.empty:
        return ""
    tested = summary["spread_p"].notna().any()
    lines = []
    for one in summary.sort_values("sd", kind="stable").itertuples():
        cells = [
            ("name", _name(one.optimizer)), ("n", str(one.runs)), ("n", size(one.sd)),
            ("n", f"{size(one.sd_low)} to {size(one.sd_high)}"),
        ]  # fmt: skip
        if tested:
            cells.append(("n", _text(p_value(one.spread_p_adjusted))))
        lines.append(row(cells))
    head = [("name", "Optimizer"), ("n", "Runs"), ("n", "SD"), ("n", "Interval")]
    about = "Standard deviation of final values between runs, the steadiest first"
    if tested:
        head.append(("n", "p"))
        about += "; Brown and Forsythe's test against the baseline, after Holm"
    inner = f"<p class=about>{about}.</p>" + table(head, lines)
    return f"<details><summary>Spread between runs</summary>{inner}</details>"


def _detectable(judged: Judgement, workload: str) -> str:
    """What each comparison could have found."""
    found = judged.comparisons[judged.comparisons["workload"] == workload]
    parts = []
    for against in (BASELINE, BEST):
        own = found[(found["against"] == against) & found["p"].notna()]
        if own.empty:
            continue
        lines = []
        for one in own.sort_values("detectable", kind="stable").itertuples():
            enough = abs(one.difference) >= one.detectable
            cells = [
                ("name", _name(one.optimizer)), ("n", f"{one.runs} / {one.reference_runs}"),
                ("n", size(one.detectable_alone)), ("n", size(one.detectable)),
                ("n", size(abs(one.difference))), ("wide", "enough" if enough else "too few"),
            ]  # fmt: skip
            lines.append(row(cells))
        head = [
            ("name", "Optimizer"), ("n", "Runs"), ("n", "Alone"), ("n", "In its family"),
            ("n", "Seen"), ("wide", "Runs for what was seen"),
        ]  # fmt: skip
        reference = _text(own["reference"].iloc[0])
        about = (
            f"The smallest difference to {reference} that would be found with probability 0.8, as "
            f"the only test and at the level over {own['tests'].iloc[0]:,} tests."
        )
        inner = f"<p class=about>{about}</p>" + table(head, lines)
        parts.append(
            f"<details><summary>Enough runs to tell from {reference}, the {against}?</summary>"
            f"{inner}</details>"
        )
    return "".join(parts)


def _method(judged: Judgement) -> str:
    level = judged.question.level
    items = [
        "Unpaired runs: the difference of means with Welch's interval. The larger p of Welch's and "
        "Student's test decides, since Welch's alone errs too often after Holm's correction where "
        "few runs stand beside many. comparisons.csv has Welch's p, and Brunner and Munzel's for "
        "the probability of ending better, which is exact where no runs overlap.",
        "Paired runs (--paired): exact sign flips of the differences by seed; where a run "
        "diverged, who wins more pairs.",
        "Where a run diverged no mean decides: ranks do, with it as worst.",
        "Holm's correction: all comparisons with the baseline are one family. The best was chosen "
        "by looking, so comparisons with it are corrected as all pairs.",
        "One run has no spread, so nothing about it can be tested; it gets no p value.",
        f"Level {level:g}. Intervals are not corrected for their number. No test here says that "
        "two optimizers are equal: not told apart is not the same.",
    ]
    listed = "".join(f"<li>{_text(item)}" for item in items)
    made = f"<p class=about>Made by nagbench {__version__}.</p>"
    return f"<details><summary>How it was judged</summary><ul>{listed}</ul>{made}</details>"


def _files() -> str:
    """The tables beside the report, and their columns."""
    parts = []
    for name, columns in TABLES.items():
        lines = [
            row([("name", f"<code>{column}</code>"), ("", _text(about.replace("`", "")))])
            for column, (_, about) in columns.items()
        ]
        parts.append(f"<h3>{name}.csv</h3>" + table([("name", "Column"), ("", "Meaning")], lines))
    return f"<details><summary>The tables and their columns</summary>{''.join(parts)}</details>"


def inline(path: Path, label: str) -> str:
    """An SVG file as it stands within a page: as wide as its place, its names its own."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(
        r"<!--.*?-->|<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL
    )
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{path.stem}-", text)
    head, rest = text.split(">", 1)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{html.escape(label)}">{rest}'
