"""What the command prints: the answer and one line an optimizer, within 80 columns."""

import textwrap

from nagbench.judging.comparisons import ALIKE, BEST, BETTER, UNTESTABLE, WORSE
from nagbench.judging.judgement import Judgement
from nagbench.judging.words import answer, difference, number, spread_of, steps
from nagbench.rendering.table import p_value
from nagbench.rendering.terminal import WIDTH, aligned

_MARKS = {BETTER: "better", WORSE: "worse", ALIKE: "≈", UNTESTABLE: "?"}


def printed(judged: Judgement) -> str:
    """The answer, a table of final values, and times to the hardest target."""
    parts = []
    for workload in judged.curves.workloads:
        if workload:
            parts.append(f"== {workload} ==")
        parts += ["\n".join(_wrapped(line) for line in answer(judged, workload))]
        parts.append(_table(judged, workload))
    if judged.notes:
        parts.append("\n".join(_wrapped(f"Note: {note}") for note in judged.notes))
    return "\n\n".join(parts)


def _table(judged: Judgement, workload: str) -> str:
    summary = judged.summary[judged.summary["workload"] == workload]
    found = judged.comparisons[judged.comparisons["workload"] == workload]
    best = found[found["against"] == BEST].set_index("optimizer")
    times = judged.speed[judged.speed["workload"] == workload]
    times = times[times["target"] == times["target_from"]]
    hardest = times[times["target"] == times["target"].iloc[-1]] if len(times) else times
    medians = hardest.set_index("optimizer")
    spread = spread_of(summary)
    head = [
        "optimizer",
        "runs",
        "div",
        "mean",
        "less best",
        "p",
        "",
        *(["median"] if len(times) else []),
    ]
    rows = [head]
    for one in summary.itertuples():
        line = [
            one.optimizer,
            str(one.runs),
            str(one.diverged or ""),
            number(one.mean, spread),
        ]
        if one.best_of_all:
            line += ["", "", "best"]
        else:
            other = best.loc[one.optimizer]
            line += [
                difference(other["difference"]),
                p_value(float(other["p_adjusted"])).replace("< 0.001", "<.001"),
                _MARKS[other["verdict"]],
            ]
        if len(times):
            line.append(steps(float(medians.loc[one.optimizer, "median"])))
        rows.append(line)
    if not summary["diverged"].any():
        rows = [[*line[:2], *line[3:]] for line in rows]
    return aligned(rows)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent="  "))
