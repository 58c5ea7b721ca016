"""Trains recorded runs again, here and now, and says how far they lie from their records."""

import json
import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nagbench.data.images import ImageSet
from nagbench.errors import InputError
from nagbench.records import CURVE, TIMES
from nagbench.runner.devices import claimed, resolve
from nagbench.runner.many_processes import ManyProcesses
from nagbench.runner.stop import Stop
from nagbench.runner.store import Store, part
from nagbench.sources import Snapshot
from nagbench.study.unit import Unit

SEED = 1983  # decides which of a unit's runs are drawn
COLUMNS = tuple(name for name in CURVE if name not in TIMES)
ALWAYS_SAID = ("validation_accuracy", "train_loss")
# What a record's provenance says that may explain a difference.
MACHINE = ("torch", "numpy", "device", "instructions", "backend", "execution")
WITNESSES = ("code", "data", *MACHINE)


@dataclass(frozen=True)
class Finding:
    """A run trained again, beside its record: what was recorded comes first in a pair.

    Attributes:
        differences: The largest absolute one of each column of the curve, over all epochs.
        final: The larger of those between the accuracies, validation and test, at the end.
        spread: Standard deviation of the final accuracy between the recorded seeds of its setting;
            NaN where there is one seed alone.
    """

    name: str
    ids: tuple[str, str]
    statuses: tuple[str, str]
    differences: Mapping[str, float]
    final: float
    spread: float
    provenances: tuple[Mapping[str, Any], Mapping[str, Any]]

    @property
    def others(self) -> list[str]:
        """What the record's provenance says otherwise than this training's; old ones say less."""
        recorded, here = self.provenances
        return [name for name in WITNESSES if name in recorded and recorded[name] != here[name]]

    @property
    def ended_alike(self) -> bool:
        """Whether both finished, or both diverged."""
        return self.statuses[0] == self.statuses[1]

    @property
    def equal(self) -> bool:
        """Whether all but the times is the same to the last bit."""
        return self.ended_alike and not any(self.differences.values())

    def within(self, tolerance: float) -> bool:
        """Whether it ended as recorded."""
        return self.ended_alike and self.final <= tolerance


def selected(
    runs: pd.DataFrame, units: str = "*", optimizer: str | None = None, run: str | None = None
) -> pd.DataFrame:
    """The rows that a user asks for: of units by a pattern, of an optimizer, or one run.

    Runs that diverged or failed are left out unless nothing else is asked for: what is left of
    them is short, and hardly can disagree.
    """
    names = runs["stage"] + "/" + runs["workload"] + "/" + runs["optimizer"]
    wanted = names.map(lambda name: fnmatchcase(name, units))
    if optimizer is not None:
        wanted &= runs["optimizer"] == optimizer
    if run is not None:
        wanted &= runs["run"] == run
    if not wanted.any():
        known = ", ".join(sorted(set(names)))
        raise InputError("--units, --optimizer, --run", "no such run in the records", known)
    rows = runs[wanted]
    finished = rows["status"] == "finished"
    return rows[finished] if finished.any() else rows


def sample(study: str, runs: pd.DataFrame, count: int) -> pd.DataFrame:
    """The `count` cheapest runs of the study so named, one of each optimizer after the other.

    Those of the test stage come first, because their numbers are quoted. Which of a unit's runs is
    drawn by lot, the same each time.
    """
    own = runs[runs["study"] == study]
    if own.empty:
        found = f"runs of {', '.join(sorted(set(runs['study']))) or 'no study'}"
        raise InputError("--records", found, f"runs of study {study}")
    drawn = own.sort_values(["stage", "run"]).sample(frac=1, random_state=SEED)
    drawn["cost"] = drawn["train_seconds"] + drawn["evaluation_seconds"]
    unit = drawn.groupby(["stage", "workload", "optimizer"])
    drawn["cost"] = unit["cost"].transform("median")
    drawn = drawn.sort_values(["stage", "cost"], kind="stable")  # `test` before `tune`
    drawn["turn"] = drawn.groupby("optimizer").cumcount()
    return drawn.sort_values(["turn", "cost"], kind="stable").head(count)


def verify(
    units: Iterable[Unit],
    rows: pd.DataFrame,
    runs_recorded: pd.DataFrame,
    curves: pd.DataFrame,
    images: ImageSet,
    device: str,
    code: Snapshot,
) -> Iterator[Finding]:
    """Train each of `rows` with the settings of its record.

    Args:
        units: Those of the study, both stages.
        rows: Which of the recorded runs to train again.
        runs_recorded, curves: The records.
        images: The data set that the study names.
        device: `auto`, `cpu` or `cuda`.
        code: The sources as this process loaded them.
    """
    by_name = {unit.name: unit for unit in units}
    data = next(iter(by_name.values())).base.data
    if images.name != data:
        raise InputError("--data", f"the data set {images.name}", data)
    backend = resolve(device)
    with (
        tempfile.TemporaryDirectory() as folder,
        claimed(backend) as place,
        ManyProcesses(images, store := Store(Path(folder)), Stop(), code, 1, place) as trainer,
    ):
        for row in rows.to_dict("records"):
            name = f"{row['stage']}/{row['workload']}/{row['optimizer']}"
            if name not in by_name:
                raise InputError("--records", f"runs of {name}", ", ".join(by_name))
            recipe = by_name[name].recipe(json.loads(row["settings"]), row["seed"])
            recorded = curves[curves["run"] == row["run"]].sort_values("epoch")
            far = int(recorded["epoch"].iloc[-1])
            epochs = far if row["status"] == "stopped" else recipe.epochs
            trainer.train({recipe.id: recipe}, lambda *_: None, epochs)
            again = store.get(recipe.id) or store.get(part(recipe.id, epochs))
            assert again is not None, f"run {recipe.id} is not in the store"
            yield compare(row, recorded, recipe.id, again, spread(row, runs_recorded, curves))


def spread(row: Mapping[str, Any], runs: pd.DataFrame, curves: pd.DataFrame) -> float:
    """Standard deviation of the final accuracy between the finished seeds of a run's setting."""
    same = runs["status"] == "finished"
    for name in ("stage", "workload", "optimizer", "trial"):
        same &= runs[name] == row[name]
    part = "test_accuracy" if row["stage"] == "test" else "validation_accuracy"
    own = curves[curves["run"].isin(runs["run"][same])].sort_values("epoch")
    return float(own.groupby("run")[part].last().std(ddof=1))


def compare(
    row: Mapping[str, Any],
    recorded: pd.DataFrame,
    identity: str,
    again: Mapping[str, Any],
    spread: float,
) -> Finding:
    """A record's row and curve, and what the run left when it was trained again."""
    curves = {
        name: (recorded[name].to_numpy(float), np.array(again[f"curve_{name}"], dtype=float))
        for name in COLUMNS
    }
    ends = [curves[f"{part}_accuracy"] for part in ("validation", "test")]
    return Finding(
        name=f"{row['stage']}/{row['workload']}/{row['optimizer']}, seed {row['seed']}",
        ids=(row["run"], identity),
        statuses=(row["status"], again["status"]),
        differences={name: distance(old, new) for name, (old, new) in curves.items()},
        final=max(distance(old[-1:], new[-1:]) for old, new in ends),
        spread=spread,
        provenances=(json.loads(row["provenance"]), json.loads(again["provenance"])),
    )


def distance(old: np.ndarray, new: np.ndarray) -> float:
    """The largest absolute difference; infinite where one has a value and the other none."""
    if len(old) != len(new) or (np.isnan(old) != np.isnan(new)).any():
        return math.inf
    differs = (old != new) & ~np.isnan(old)
    return float(np.abs(old[differs] - new[differs]).max(initial=0.0))


def said(finding: Finding, tolerance: float) -> str:
    """What was found about one run."""
    verdict = "bit-equal" if finding.equal else "not bit-equal, within the tolerance"
    if not finding.within(tolerance):
        verdict = "NOT within the tolerance"
    lines = [f"{finding.name}: {verdict}"]
    if not finding.ended_alike:
        lines.append("  recorded as {}, here {}".format(*finding.statuses))
    lines += [
        f"  {name:20} {'of other epochs' if math.isinf(size) else f'differs by {size:.3g}'}"
        for name, size in finding.differences.items()
        if size or name in ALWAYS_SAID
    ]
    if finding.final and math.isfinite(finding.spread):
        lines.append(
            f"  final accuracy differs by {finding.final:.3g}, beside a standard deviation of "
            f"{finding.spread:.3g} between seeds"
        )
    recorded, here = finding.provenances
    lines += [
        f"  other {name}: recorded {recorded[name]}, here {here[name]}" for name in finding.others
    ]
    if finding.ids[0] != finding.ids[1]:
        lines.append("  other words: the study says otherwise of this run than when it was trained")
    return "\n".join(lines)


def verdict(findings: Sequence[Finding], tolerance: float) -> str:
    """All runs together."""
    good = sum(finding.within(tolerance) for finding in findings)
    equal = sum(finding.equal for finding in findings)
    text = (
        f"{good} of {len(findings)} runs end within {100 * tolerance:g} points of the recorded "
        f"accuracies; {equal} are bit-equal."
    )
    if good < len(findings) and any(set(finding.others) & set(MACHINE) for finding in findings):
        text += (
            "\nOn another machine a run goes its own way from the first rounding on: what must "
            "agree\nthere are means over seeds, not single runs."
        )
    return text
