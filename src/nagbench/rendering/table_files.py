"""The tables by name, written from result tables into files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Table
from nagbench.rendering.tables import claims, outcomes, setup, theory
from nagbench.rendering.tables.headlines import headlines
from nagbench.study.wording import perhaps

TABLES: Mapping[str, Callable[[Tables], Table]] = {
    "headlines": headlines,
    "verdicts": claims.verdicts,
    "untested": claims.untested,
    "elsewhere": claims.elsewhere,
    "results": outcomes.results,
    "comparisons": outcomes.comparisons,
    "quality": outcomes.quality,
    "speed": outcomes.speed,
    "stability": outcomes.stability,
    "rules": setup.rules,
    "settings": setup.settings,
    "tuning": setup.tuning,
    "workloads": setup.workloads,
    "computing": setup.computing,
    "checklist": setup.checklist,
    "rates": theory.rates,
    "calibration": theory.calibration,
}


def write_table(name: str, tables: Tables, outputs: Sequence[Path]) -> None:
    """Write the table into every file of `outputs` (.tex, .csv or .md)."""
    if name not in TABLES:
        raise InputError("table", f"found {name!r}{perhaps(name, TABLES)}", ", ".join(TABLES))
    table = TABLES[name](tables)
    for output in outputs:
        if output.suffix not in table.formats:
            found = f"a table as {output.suffix or 'no type'}"
            raise InputError(output, found, ", ".join(table.formats))
        with atomic_path(output) as path:
            path.write_text(table.formats[output.suffix](), encoding="utf-8")
