"""Units and runs: what is trained, with every name resolved, and the file that lists it.

A unit holds all that its training needs as plain values, so a plan, the list of a study's units,
can be written as JSON and trained where neither the study file nor what reads it is at hand.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nagbench.data.registry import data_set
from nagbench.engine.recipe import Recipe, digest, plain
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.optimizers.relative_rates import relative_rates
from nagbench.plain_data import made
from nagbench.study.halving import Halving, Scores, planned, progress
from nagbench.time_below import Targets

VERSION = 2  # of the JSON file
_MOST = 10**7  # epochs, images or seeds: more than anybody could train


@dataclass(frozen=True)
class Run:
    """One training from one seed with one setting.

    Attributes:
        trial: Which of the unit's settings it has, counted from 0.
        settings: That setting, without what the optimizer's row fixes.
        recipe: All that decides it.
        epochs: How far it trains: to the recipe's end, or less where tuning leaves it behind.
    """

    trial: int
    settings: Mapping[str, Any]
    recipe: Recipe
    epochs: int

    @property
    def id(self) -> str:
        return self.recipe.id

    @property
    def seed(self) -> int:
        return self.recipe.seed


@dataclass(frozen=True)
class Unit:
    """The runs of one workload, optimizer and stage: one job, one file of records.

    Attributes:
        study, stage, workload, optimizer: Names.
        base: A recipe of the unit with neither seed nor settings of its own: what all runs share.
        fixed: Settings of the optimizer that no trial changes.
        seeds: Those that settings train with.
        trials: The settings that may be tried, in order; of a unit that tests, none.
        halving: Which of them are tried, and how far; None for a unit that tests.
        choices: What a setting is chosen by.
        targets: The grid of targets, for choosing a setting by its times; None if none is.
        few: How many test seeds the second best setting trains with.
        tuned_on: The workload on which the settings are chosen.
        factors: Of a unit that measures a band, what the chosen rate is multiplied by.
    """

    study: str
    stage: str
    workload: str
    optimizer: str
    base: Recipe
    fixed: Mapping[str, Any]
    seeds: tuple[int, ...]
    trials: tuple[Mapping[str, Any], ...] = ()
    halving: Halving | None = None
    choices: tuple[str, ...] = ()
    targets: Targets | None = None
    few: int = 0
    tuned_on: str = ""
    factors: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.stage}/{self.workload}/{self.optimizer}"

    @property
    def tuned_by(self) -> str:
        """The name of the unit whose records decide the settings that this one tests."""
        return f"tune/{self.tuned_on}/{self.optimizer}"

    def runs(
        self, scores: Scores | None = None, choice: Mapping[str, Any] | None = None
    ) -> list[Run]:
        """The runs that are wanted now.

        Args:
            scores: Of a unit that tunes, what has trained so far: more may be wanted then.
            choice: Of a unit that tests or measures a band, what `study.choice` chose.
        """
        if self.halving is not None:
            epochs = self.base.epochs
            wanted = progress(self.halving, self.seeds, epochs, scores or {}).epochs
            return [
                self._run(trial, self.trials[trial], seed, far)
                for (trial, seed), far in sorted(wanted.items())
            ]
        if choice is None:
            found = "no chosen setting"
            raise InputError(self.name, found, "the result of `nagbench choose`")
        if self.factors:
            chosen = next(one for one in choice["tested"] if "accuracy" in one["roles"])
            return [
                self._run(n, settings, seed, self.base.epochs)
                for n, settings in enumerate(relative_rates(chosen["settings"], self.factors))
                for seed in self.seeds
            ]
        return [
            self._run(entry["trial"], entry["settings"], seed, self.base.epochs)
            for entry in choice["tested"]
            for seed in self.seeds[: self.few if entry["roles"] == ["runner_up"] else None]
        ]

    @property
    def images(self) -> int:
        """Images that a run trains on in an epoch."""
        recipe = self.base
        size = recipe.train_size or data_set(recipe.data).train - recipe.validation_size
        return size // recipe.batch_size * recipe.batch_size

    def expected(
        self, scores: Scores | None = None, choice: Mapping[str, Any] | None = None
    ) -> Mapping[tuple[int, int], int]:
        """The epochs of each trial and seed in the end, as far as is known now; see `runs`."""
        if self.halving is not None:
            return planned(self.halving, self.seeds, self.base.epochs, scores)
        return {(run.trial, run.seed): run.epochs for run in self.runs(choice=choice)}

    def planned(self) -> list[int]:
        """The epochs of each run, as far as they are known beforehand: if no space grows, and one
        setting is chosen by all."""
        if self.halving is not None:
            return list(self.expected().values())
        if self.factors:
            return [self.base.epochs] * len(self.factors) * len(self.seeds)
        return [self.base.epochs] * (len(self.seeds) + min(self.few, len(self.seeds)))

    def _run(self, trial: int, settings: Mapping[str, Any], seed: int, epochs: int) -> Run:
        return Run(trial, settings, self.recipe(settings, seed), epochs)

    def recipe(self, settings: Mapping[str, Any], seed: int) -> Recipe:
        """The recipe of the unit's run with these settings and this seed."""
        words = self.base.definition()
        return Recipe(**{**words, "settings": {**self.fixed, **settings}, "seed": seed})

    def definition(self) -> dict[str, Any]:
        """The unit as plain data; `plain_data.made` makes it again."""
        return {
            "study": self.study,
            "stage": self.stage,
            "workload": self.workload,
            "optimizer": self.optimizer,
            "base": self.base.definition(),
            "fixed": plain(self.fixed),
            "seeds": list(self.seeds),
            "trials": plain(self.trials),
            "halving": None if self.halving is None else plain(self.halving.definition()),
            "choices": list(self.choices),
            "targets": None if self.targets is None else asdict(self.targets),
            "few": self.few,
            "tuned_on": self.tuned_on,
            "factors": list(self.factors),
        }


def unit(units: Iterable[Unit], name: str) -> Unit:
    """The unit of that name, such as `tune/seed_cnn/nag`."""
    by_name = {unit.name: unit for unit in units}
    if name not in by_name:
        raise InputError("unit", f"found {name!r}", ", ".join(by_name))
    return by_name[name]


def first_settings(units: Iterable[Unit]) -> dict[str, Mapping[str, Any]]:
    """By optimizer the settings that are tried first, at which its cost is measured; of those that
    none of the units tunes, none."""
    found: dict[str, Mapping[str, Any]] = {}
    for unit in units:
        if unit.trials:
            found.setdefault(unit.optimizer, unit.trials[0])
    return found


def write_plan(path: Path, units: Iterable[Unit]) -> None:
    """Write units as JSON, with a digest by which `read_plan` knows them whole."""
    words = [unit.definition() for unit in units]
    content = {"version": VERSION, "digest": digest(words), "units": words}
    with atomic_path(path) as temporary:
        text = json.dumps(content, indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_plan(path: Path) -> list[Unit]:
    """The units of a file that `write_plan` wrote; any other is an `InputError`.

    A plan is trusted word by word, so one that was changed by hand or cut off is refused whole.
    """
    allowed = "a file written by `nagbench plan --output`"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(path, "no such file", allowed) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"not readable ({error})", allowed) from None
    if not isinstance(content, dict) or content.keys() != {"version", "digest", "units"}:
        raise InputError(path, "no plan", allowed)
    if content["version"] != VERSION:
        raise InputError(path, f"a plan of version {content['version']!r}", f"version {VERSION}")
    try:
        if content["digest"] != digest(content["units"]):
            raise InputError(path, "a plan that was changed after it was written", allowed)
        found = [made(Unit, words) for words in content["units"]]
    except (KeyError, TypeError, RecursionError) as error:
        other = f"a plan of other code ({type(error).__name__}: {error})"
        raise InputError(path, other, f"{allowed} of this version") from None
    for one in found:
        if wrong := _impossible(one):
            raise InputError(path, f"a unit {one.name} with {wrong}", allowed)
    return found


def _impossible(unit: Unit) -> str:
    """What no unit has that could train; empty if this one can."""
    base, halving = unit.base, unit.halving
    counts = {
        "epochs": base.epochs,
        "batch_size": base.batch_size,
        "seeds": len(unit.seeds),
        "finalists": 1 if halving is None else halving.finalists,
        **({} if base.train_size is None else {"train_size": base.train_size}),
    }
    for name, count in counts.items():
        if not 1 <= count <= _MOST:
            return f"{count} {name}"
    if halving is None:
        return ""
    grown = (trial for strip in halving.strips for trial in (*strip.trials, *strip.near))
    entered = {*halving.space, *halving.beside}
    if not entered or not {*entered, *grown} <= set(range(len(unit.trials))):
        return "other trials than it lists"
    steps = [rung.epochs for rung in halving.rungs]
    if sorted({*steps, base.epochs}) != [*steps, base.epochs] or min([*steps, 1]) < 1:
        return "rungs that do not rise to its epochs"
    return "rungs that keep none" if any(rung.keep < 1 for rung in halving.rungs) else ""
