"""Which units of a study train next, and where their files lie, for training without Snakemake.

Files go where the workflow would put them, and finished runs into the store that both share, so
that either goes on where the other stopped.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nagbench.errors import InputError
from nagbench.integrity import check_unit
from nagbench.records import read_units
from nagbench.runner.attest import Attestation, equal_codes
from nagbench.runner.decision import decide
from nagbench.sources import code_digest
from nagbench.study.choice import read_choice, write_choice
from nagbench.study.unit import Unit


def matching(units: Iterable[Unit], pattern: str) -> list[Unit]:
    """Units whose names match, in the plan's order, each tuning right before its first test.

    The plan lists those first that claims need first. Bands come after all tests.
    """
    units = list(units)
    first: dict[str, int] = {}  # by the name of a unit that tunes: the place of its first test
    for n, unit in enumerate(units):
        if unit.stage == "test":
            first.setdefault(unit.tuned_by, n)

    def place(entry: tuple[int, Unit]) -> tuple[bool, int, bool]:
        n, unit = entry
        tunes = unit.halving is not None
        return unit.stage == "band", first.get(unit.name, n) if tunes else n, not tunes

    ordered = [unit for _, unit in sorted(enumerate(units), key=place)]
    matched = [unit for unit in ordered if fnmatchcase(unit.name, pattern)]
    if not matched:
        names = ", ".join(unit.name for unit in ordered)
        raise InputError("--units", f"no unit matches {pattern!r}", names)
    return matched


def record_path(folder: Path, unit: Unit) -> Path:
    """Where a unit's records lie under the results folder."""
    return folder / unit.study / f"{unit.name}.parquet"


def choice_for(unit: Unit, units: Iterable[Unit], folder: Path) -> dict[str, Any] | None:
    """What a unit tests; None for one that tunes.

    It is chosen now, if it was not yet or from other records than those that are there.
    """
    if unit.halving is not None:
        return None
    path = folder / unit.study / "chosen" / unit.tuned_on / f"{unit.optimizer}.json"
    tuned = next((other for other in units if other.name == unit.tuned_by), None)
    records = folder / unit.study / f"{unit.tuned_by}.parquet"
    if tuned is None or not records.is_file():
        raise InputError(unit.name, f"no records {records}", f"{unit.tuned_by} trained before")
    choice = decide(tuned, records)
    if not path.is_file() or read_choice(path) != choice:
        write_choice(path, choice)
    return choice


def is_current(
    unit: Unit, units: Iterable[Unit], folder: Path, attestations: Iterable[Attestation] = ()
) -> bool:
    """Whether a unit's records are there, and are those that training it today would leave."""
    path = record_path(folder, unit)
    if not path.is_file():
        return False
    runs, curves = read_units([path])
    try:
        check_unit(unit, runs, curves, choice_for(unit, units, folder))
    except InputError:
        return False
    equal, arm = equal_codes(attestations), (unit.workload, unit.optimizer)
    today = equal(*arm, code_digest(unit.base.modules()))
    return {equal(*arm, code) for code in runs["code"]} == {today}
