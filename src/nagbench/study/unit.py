"""Units and runs: what is trained, with every name resolved, and the file that lists it.

A unit holds all that its training needs as plain values, so a plan, the list of a study's units,
can be written as JSON and trained where neither the study file nor what reads it is at hand.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nagbench.engine.recipe import Recipe, digest, plain
from nagbench.errors import InputError
from nagbench.files import atomic_path

VERSION = 1  # of the JSON file


@dataclass(frozen=True)
class Run:
    """One training from one seed with one setting.

    Attributes:
        trial: Which of the unit's settings it has, counted from 0.
        settings: That setting, without what the optimizer's row fixes.
        recipe: All that decides it.
    """

    trial: int
    settings: Mapping[str, Any]
    recipe: Recipe

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
        trials: The settings that are tried, in order; empty for a unit that tests what was chosen.
        seeds: Those that every setting trains with.
    """

    study: str
    stage: str
    workload: str
    optimizer: str
    base: Recipe
    fixed: Mapping[str, Any]
    trials: tuple[Mapping[str, Any], ...]
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.stage}/{self.workload}/{self.optimizer}"

    @property
    def tuned_by(self) -> str:
        """The name of the unit whose records decide the settings that this one tests."""
        return f"tune/{self.workload}/{self.optimizer}"

    def runs(self, chosen: Mapping[str, Any] | None = None) -> list[Run]:
        """All runs; the test stage needs what the choose step wrote: `trial` and `settings`."""
        tried: Sequence[tuple[int, Mapping[str, Any]]] = list(enumerate(self.trials))
        if not self.trials:
            if chosen is None:
                found = "no chosen setting"
                raise InputError(self.name, found, "the result of `nagbench choose`")
            tried = [(chosen["trial"], chosen["settings"])]
        return [
            Run(trial, settings, self.recipe(settings, seed))
            for trial, settings in tried
            for seed in self.seeds
        ]

    def recipe(self, settings: Mapping[str, Any], seed: int) -> Recipe:
        """The recipe of the unit's run with these settings and this seed."""
        words = self.base.definition()
        return Recipe(**{**words, "settings": {**self.fixed, **settings}, "seed": seed})

    def definition(self) -> dict[str, Any]:
        """The unit as plain data; `Unit.of` makes it again."""
        return {
            "study": self.study,
            "stage": self.stage,
            "workload": self.workload,
            "optimizer": self.optimizer,
            "base": self.base.definition(),
            "fixed": plain(self.fixed),
            "trials": plain(self.trials),
            "seeds": list(self.seeds),
        }

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> "Unit":
        """The unit whose definition this is."""
        return cls(
            **{
                **words,
                "base": Recipe(**words["base"]),
                "trials": tuple(words["trials"]),
                "seeds": tuple(words["seeds"]),
            }
        )


def unit(units: Iterable[Unit], name: str) -> Unit:
    """The unit of that name, such as `tune/seed_cnn/nag`."""
    by_name = {unit.name: unit for unit in units}
    if name not in by_name:
        raise InputError("unit", f"found {name!r}", ", ".join(by_name))
    return by_name[name]


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
        return [Unit.of(words) for words in content["units"]]
    except (KeyError, TypeError, RecursionError) as error:
        found = f"a plan of other code ({type(error).__name__}: {error})"
        raise InputError(path, found, f"{allowed} of this version") from None
