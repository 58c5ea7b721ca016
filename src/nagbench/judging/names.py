"""What the columns of other people's files are, and which way their metric is better."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nagbench.errors import InputError
from nagbench.study.wording import listed, perhaps, shown

LOWER, HIGHER = "lower", "higher"
# By role: the names by which a column is known, in any case; earlier ones come first.
KNOWN: Mapping[str, Sequence[str]] = {
    "optimizer": ("optimizer",),
    "run": ("seed", "run"),
    "clock": ("step", "epoch"),
    "workload": ("workload",),
    "planned": ("steps", "planned_steps", "total_steps", "max_steps", "epochs"),
}
_OPTIONAL = ("workload", "planned")
# Columns of numbers that many logs have and nobody judges by.
_BESIDE = ("time", "timestamp", "wall_time", "seconds", "index", "_timestamp", "_runtime")
_IS_LOWER = (
    *("loss", "losses", "error", "err", "perplexity", "ppl", "nll", "mse", "rmse", "mae", "wer"),
    *("cer", "bpb", "bpc", "entropy", "regret", "fid", "objective"),
)
_IS_HIGHER = (
    *("acc", "accuracy", "f1", "auc", "auroc", "bleu", "rouge", "precision", "recall", "iou"),
    *("miou", "dice", "map", "ndcg", "mrr", "psnr", "ssim", "reward", "r2", "top1", "top5"),
)
_RUN_NAME = r"(?P<optimizer>.+?)[-_ ./]+(?:seed|run|trial|rep)[-_ =.]*(?P<run>\d+)"


@dataclass(frozen=True)
class Wanted:
    """What the user said of a file.

    Attributes:
        metric: The metric to judge; None: the only one that there is.
        columns: By role, a key of `KNOWN`: the column's name in the file.
        run_name: Pattern with the groups `optimizer` and `run` that splits the names of runs, in
            formats that have one name for both; None: `OPTIMIZER-seed-NUMBER` and the like.
    """

    metric: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    run_name: str | None = None


def column(place: str, header: Sequence[str], role: str, wanted: Wanted) -> str | None:
    """The column of a role in a file; None where it is optional and missing."""
    option = {"clock": "step"}.get(role, role)
    if role in wanted.columns:
        name = wanted.columns[role]
        if name not in header:
            found = f"no column {shown(name)}{perhaps(name, header)}"
            raise InputError(f"{place}, --{option}-column", found, listed(header))
        return name
    known = KNOWN[role]
    found_here = [name for word in known for name in header if name.strip().lower() == word]
    if (role == "run" and len(found_here) > 1) or len({n.lower() for n in found_here}) < len(
        found_here
    ):
        allowed = f"one of them, or --{option}-column NAME"
        raise InputError(place, f"columns {' and '.join(map(shown, found_here))}", allowed)
    if found_here:
        return found_here[0]
    if role in _OPTIONAL:
        return None
    near = next((said for word in known for name in header if (said := _near(word, name))), "")
    found = f"no column {' or '.join(map(repr, known))} among {listed(header)}{near}"
    raise InputError(place, found, f"such a column, or --{option}-column NAME")


def _near(word: str, name: str) -> str:
    return f" (is {name} meant?)" if perhaps(name.lower(), [word]) else ""


def metric(place: str, candidates: Sequence[str], wanted: Wanted) -> str:
    """The metric to judge among those of a file: the one that is wanted, or the only one."""
    if wanted.metric is not None:
        if wanted.metric in candidates:
            return wanted.metric
        found = f"no metric {shown(wanted.metric)}{perhaps(wanted.metric, candidates)}"
        raise InputError(f"{place}, --metric", found, listed(candidates))
    if len(candidates) == 1:
        return candidates[0]
    found = f"{len(candidates) or 'no'} columns that may be the metric"
    if candidates:
        raise InputError(place, found, f"--metric with one of {listed(candidates)}")
    raise InputError(place, found, "a column of numbers beside those of optimizer, seed and step")


def is_beside(name: str) -> bool:
    """Whether a column of numbers is of a kind that nobody judges optimizers by."""
    words = {word for known in KNOWN.values() for word in known}
    return name.strip().lower() in {*words, *_BESIDE} or name.startswith("Unnamed:") or not name


def better(metric_name: str, said: str | None = None) -> str:
    """`lower` or `higher`: what was said, else what the metric's name says."""
    if said is not None:
        return said
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", metric_name)
    words = [word for word in re.split(r"[^A-Za-z0-9]+", split.lower()) if word]
    joined = "".join(words)
    lower = any(word in _IS_LOWER for word in words) or any(
        long in joined for long in ("loss", "error", "perplexity")
    )
    higher = any(word in _IS_HIGHER for word in words) or "accuracy" in joined
    if lower == higher:
        found = f"metric {shown(metric_name)}, whose name does not say which way is better"
        raise InputError("--better", found, "--better lower or --better higher")
    return LOWER if lower else HIGHER


def split_run_name(name: str, wanted: Wanted) -> tuple[str, str]:
    """Optimizer and run of a name for both; a name that says no run is an optimizer's only one."""
    try:
        pattern = re.compile(wanted.run_name or _RUN_NAME)
    except re.error as error:
        allowed = "a regular expression with the groups optimizer and run"
        raise InputError(
            "--run-name", f"found {shown(wanted.run_name)} ({error})", allowed
        ) from None
    if wanted.run_name is not None and not {"optimizer", "run"} <= set(pattern.groupindex):
        allowed = "a pattern with the groups (?P<optimizer>…) and (?P<run>…)"
        raise InputError("--run-name", f"found {shown(wanted.run_name)}", allowed)
    match = pattern.fullmatch(name)
    if match is None and wanted.run_name is not None:
        allowed = "a pattern that every run's name matches as a whole"
        raise InputError("--run-name", f"run {shown(name)} does not match", allowed)
    if match is None:
        return name, "0"
    return match["optimizer"] or "", match["run"] or ""
