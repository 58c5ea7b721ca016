"""What a tune unit's records decide: the setting that its test unit trains."""

from pathlib import Path
from typing import Any

from nagbench.integrity import check_unit
from nagbench.records import digest, read_units
from nagbench.study.choice import choose
from nagbench.study.unit import Unit


def decide(unit: Unit, path: Path) -> dict[str, Any]:
    """The setting that a tune unit's records choose, with the digest of these records."""
    runs, curves = read_units([path])
    check_unit(unit, runs, curves)
    return {**choose(unit, runs, curves), "records": digest(runs, curves)}
