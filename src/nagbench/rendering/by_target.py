"""At which accuracies NAG is ahead of its rivals, and at which behind, in a sentence."""

import pandas as pd

from nagbench.rendering.answer import SPEED, SUBJECT, claimed, rival_name
from nagbench.rendering.lookup import Tables
from nagbench.rendering.prose import joined

DESCRIPTION = (
    "No claim is about single targets: each is compared by itself, at 95 %, and a run that never "
    "reaches it counts with its whole budget."
)


def by_target(tables: Tables) -> str:
    """What the 95 % intervals of single targets show, each by itself, on the first workload; empty
    where no claim on NAG's speed has runs."""
    gains, workload = tables["gains"], tables["workloads"]["workload"].iloc[0]
    own = gains[(gains["workload"] == workload) & (gains["optimizer"] == SUBJECT)]
    rivals = [rival for rival in claimed(tables, SPEED) if rival in set(own["reference"])]
    if not rivals:
        return ""
    own = own[own["reference"].isin(rivals)].sort_values("target")
    named = {rival: rival_name(tables, rival) for rival in rivals}
    ahead = _grouped(own[own["high"] < 0], named, "of ")
    behind = _grouped(own[own["low"] > 0], named)
    said = [f"it is ahead {joined(ahead) or 'nowhere'}"]
    if behind:
        most = own["difference"].where(own["low"] > 0).max()
        said.append(f"**behind** {joined(behind)}, by up to {most:,.0f} gradients")
    found = f"Target by target, from {100 * own['target'].min():.3g} % on, {'; '.join(said)}."
    arrived = own.groupby("target")[["arrived", "reference_arrived"]].sum().sum(axis=1)
    if not arrived.iloc[-1]:
        never = f"{100 * arrived.index[arrived == 0].min():.3g} %"
        found += f" None of these runs reaches {never} of validation accuracy."
    return f"{found} {DESCRIPTION}"


def _grouped(steps: pd.DataFrame, named: dict[str, str], before: str = "") -> list[str]:
    """Names and ranges of the rivals that have steps here; those of the same range together."""
    by_range: dict[str, list[str]] = {}
    for rival, name in named.items():
        own = steps[steps["reference"] == rival]
        if len(own):
            by_range.setdefault(_ranges(own), []).append(name)
    return [f"{before}{joined(names)} {where}" for where, names in by_range.items()]


def _ranges(steps: pd.DataFrame) -> str:
    """From where to where steps follow each other; `steps` ascend."""
    parts: list[list[float]] = []
    for begins, ends in zip(steps["target"], steps["next_target"], strict=True):
        if parts and begins <= parts[-1][1] + 1e-9:
            parts[-1][1] = ends
        else:
            parts.append([begins, ends])
    return joined([f"from {100 * begins:.3g} to {100 * ends:.3g} %" for begins, ends in parts])
