"""How a study was made, in sentences: tuned, registered, amended."""

import json

import pandas as pd

from nagbench.rendering.prose import joined

_SPREAD = {"quasirandom": "points of a scrambled Sobol sequence", "grid": "evenly spaced"}


def tuned(study: pd.Series) -> str:
    """How of a space's settings one comes to be chosen; from the row of the table `study`."""
    rungs = json.loads(study["rungs"])
    kept = joined([f"the best {keep} after {epochs} epochs" for epochs, keep in rungs])
    rung = "a rung each" if len(rungs) > 1 else "a rung"
    halved = f"; {kept} ({rung}) go on from where they were, the last of them"
    beside = ", beside the default setting" if study["trials"] > study["points"] else ""
    trained = (
        f"Of each space {study['points']} settings, {_SPREAD[study['search']]}, train from one "
        f"tuning seed{halved if rungs else ''} to the end{beside}."
    )
    count, seeds = min(study["finalists"], study["trials"]), study["tuning_seeds"]
    further = f", and train from {seeds} tuning seeds" if seeds > 1 else ""
    return f"{trained} The best {count} are the finalists{further}."


def registered(history: pd.DataFrame) -> str:
    """When the study was, and how often that was amended; a sentence."""
    if not len(history):
        return "The study was not registered before its runs."
    first = history.iloc[0]
    often = {0: "nothing was amended", 1: "amended once since", 2: "amended twice since"}
    later = often.get(len(history) - 1, f"amended {len(history) - 1} times since")
    day, commit = first["time"][:10], first["commit"][:12]
    return f"The study was registered on {day}, before its runs (commit {commit}), and {later}."


def amendments(history: pd.DataFrame) -> list[str]:
    """Of each its day, what it changed, why, and what was seen before."""
    return [
        f"{one.time[:10]}: {one.what}; why: {one.why}; seen before: {one.seen}."
        for one in history.iloc[1:].itertuples()
    ]
